package csv

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

const (
	maxFaults  = 10000 // kept; whoever has more mends these first
	shownCount = 50    // printed by Faults.Error
)

// Fault is one thing that is wrong with a file.
type Fault struct {
	File    string // name below the folder
	Line    int    // from 1; 0 for the file as a whole
	Column  int    // character within the line, from 1; 0 for the line as a whole
	Message string
}

// String returns the fault as "users.csv:12:7: message".
func (f Fault) String() string {
	switch {
	case f.Line == 0:
		return f.File + ": " + f.Message
	case f.Column == 0:
		return fmt.Sprintf("%s:%d: %s", f.File, f.Line, f.Message)
	}
	return fmt.Sprintf("%s:%d:%d: %s", f.File, f.Line, f.Column, f.Message)
}

// Faults is everything that is wrong with a set of files, in the order of the files
// and lines. As an error it means that nothing was reported from any of them.
type Faults []Fault //nolint:errname // it reads as what it is: faults in files

// Error lists the faults one a line, the first fifty of them.
func (f Faults) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s in the CSV files, nothing was imported", counted(len(f)))
	for _, fault := range f[:min(shownCount, len(f))] {
		b.WriteString("\n  " + fault.String())
	}
	if more := len(f) - shownCount; more > 0 {
		fmt.Fprintf(&b, "\n  and %d more", more)
	}
	return b.String()
}

func counted(n int) string {
	if n == 1 {
		return "1 fault"
	}
	return fmt.Sprintf("%d faults", n)
}

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
