// Package source says what feeds the directory: the interface that every source
// implements, and how a source describes itself.
//
// It reads nothing itself and stores nothing. Below it there is one folder for each
// kind of source, such as source/csv; the command takes what a source reports into
// the directory.
package source

import (
	"context"
	"iter"

	"github.com/usher-id/usher/directory"
)

// Cursor is where a reading of a source ended, in the source's own terms, such as a
// link for the changes to come. It means something to that source alone. The empty
// Cursor is the beginning.
type Cursor string

// Source is something that feeds the directory.
type Source interface {
	// Describe returns what the source is, without reading it.
	Describe() Descriptor

	// Deltas reads the source from the cursor on and yields what it reports. An error
	// ends the sequence, and then nothing that was yielded counts: whoever takes the
	// deltas in takes all of them or none. Only a sequence that ends without an error
	// moves the cursor on; a nil cursor reads from the beginning. Each range reads the
	// source anew.
	//
	// A manager in a User is the id of a user of the same reading or of the directory,
	// and may come later than the people who report to that manager.
	Deltas(ctx context.Context, cursor *Cursor) iter.Seq2[directory.Delta, error]
}

// Descriptor describes a source.
type Descriptor struct {
	Name string // for people: "CSV files in examples/contoso"

	// Complete says that every reading reports everything that the source has, so that
	// whoever is missing in it is gone from the source. A source that is not complete
	// reports removals itself.
	Complete bool
}
