package expr

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Fault is one thing that is wrong with an expression. Line and column start at
// 1; they are 0 when the expression was not parsed from text.
type Fault struct {
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Message string `json:"message"`
}

// String returns "line:column: message".
func (f Fault) String() string {
	if f.Line == 0 {
		return f.Message
	}
	return fmt.Sprintf("%d:%d: %s", f.Line, f.Column, f.Message)
}

// FaultError says that an expression cannot be used, with all its faults in the
// order of the text. [Parse], [Check], [Compile] and [FromSource] return it.
type FaultError struct {
	Faults []Fault
}

// Error returns all faults on one line.
func (e *FaultError) Error() string {
	texts := make([]string, len(e.Faults))
	for i, fault := range e.Faults {
		texts[i] = fault.String()
	}
	return "expression: " + strings.Join(texts, "; ")
}

// faults collects faults up to the limit.
type faults struct {
	list []Fault
}

func (f *faults) add(at Position, format string, args ...any) {
	if len(f.list) < maxFaults {
		f.list = append(f.list, Fault{at.Line, at.Column, fmt.Sprintf(format, args...)})
	}
}

// err returns the faults in the order of the text, nil when there are none.
func (f *faults) err() error {
	if len(f.list) == 0 {
		return nil
	}
	sortFaults(f.list)
	return &FaultError{Faults: f.list}
}

func sortFaults(list []Fault) {
	slices.SortStableFunc(list, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}
