package csv

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/usher-id/usher/source"
)

// maxFaults is how many faults are kept; whoever has more mends these first.
const maxFaults = 10000

// Fault is one thing that is wrong with a file.
type Fault = source.Fault

// Faults is everything that is wrong with a set of files.
type Faults = source.Faults //nolint:errname // it reads as what it is: faults in files

// faultList collects faults up to a bound.
type faultList struct {
	faults Faults
}

// full reports whether no more faults are taken.
func (l *faultList) full() bool { return len(l.faults) >= maxFaults }

func (l *faultList) add(file string, line, column int, format string, args ...any) {
	if !l.full() {
		l.faults = append(l.faults, Fault{File: file, Line: line, Column: column, Message: fmt.Sprintf(format, args...)})
	}
}

// sorted returns the faults in the order of the files given, then of lines and
// columns; nil when there are none.
func (l *faultList) sorted(files []string) Faults {
	slices.SortStableFunc(l.faults, func(a, b Fault) int {
		return cmp.Or(
			cmp.Compare(slices.Index(files, a.File), slices.Index(files, b.File)),
			cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Column, b.Column),
		)
	})
	return l.faults
}
