package store

import (
	"context"
	"time"

	"github.com/usher-id/usher/journal"
)

// Comparison is a comparison of a plan with the log of an incumbent.
type Comparison struct {
	ID      string // sorts by the moment when it was made
	PlanKey string
	At      time.Time
	By      string
	Files   []string // names of the files that the log was in
	Entries int      // of the log
	From    time.Time
	Until   time.Time // from when to when the entries are
	Counts  map[journal.Likeness]int
}

// DifferenceSearch selects what a comparison says of people.
type DifferenceSearch struct {
	Comparison string           // id
	Text       string           // part of a name or id of the person or the account, whatever the letter case
	Likeness   journal.Likeness // empty: any
}

// FoundDifference is what a comparison says of one person.
type FoundDifference struct {
	journal.Difference

	Number int // from 1, in the order of the comparison
}

// Comparisons keeps comparisons of plans. They go with their plan.
type Comparisons interface {
	// BeginComparison keeps a comparison that nobody sees until it is finished, and
	// AddDifferences adds to it. An unknown plan is ErrNotFound.
	BeginComparison(ctx context.Context, c Comparison) error
	AddDifferences(ctx context.Context, id string, differences []FoundDifference) error

	// FinishComparison replaces the head of a comparison, which is seen from now on.
	FinishComparison(ctx context.Context, c Comparison, audits ...journal.Audit) error

	// Comparison returns a finished comparison, or ErrNotFound; Comparisons those of a
	// plan, by its key, the newest first, and no more than 20.
	Comparison(ctx context.Context, id string) (Comparison, error)
	Comparisons(ctx context.Context, planKey string) ([]Comparison, error)

	// FindDifferences returns a part of what a comparison says, in its order. It looks at a
	// bounded number of people: a part may hold fewer than asked for, even none, and have a
	// part after it.
	FindDifferences(ctx context.Context, search DifferenceSearch, page Page) (Listing[FoundDifference], error)

	// RemoveComparison removes a comparison, also one that is not finished. One that is not
	// there is no error, and writes no audit record.
	RemoveComparison(ctx context.Context, id string, audits ...journal.Audit) error
}
