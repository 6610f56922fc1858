package directory

import (
	"fmt"
	"time"
)

// Shrinkage is how many users an import with replacement removed at once: a source
// that was read only in part looks like many people who left.
type Shrinkage struct {
	At      time.Time `json:"at"`
	Before  int       `json:"before"`  // users before it, without deleted ones
	Removed int       `json:"removed"` // of them
}

// Shrinking tells from how many users on a share of them says anything, and which
// share is out of the ordinary.
const (
	shrinkingFrom    = 10
	shrinkingPercent = 10
)

// Suspicious reports whether the source may have been cut short.
func (s Shrinkage) Suspicious() bool {
	return s.Before >= shrinkingFrom && s.Removed*100 > shrinkingPercent*s.Before
}

// String is a sentence for people.
func (s Shrinkage) String() string {
	return fmt.Sprintf("the import of %s removed %d of %d users (%d %%): the source may have been cut short",
		s.At.UTC().Format(time.RFC3339), s.Removed, s.Before, s.Removed*100/max(1, s.Before))
}
