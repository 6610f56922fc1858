package source

import (
	"fmt"
	"strings"
)

// shownFaults is how many faults are printed by Faults.Error.
const shownFaults = 50

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
	for _, fault := range f[:min(shownFaults, len(f))] {
		b.WriteString("\n  " + fault.String())
	}
	if more := len(f) - shownFaults; more > 0 {
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
