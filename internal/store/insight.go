package store

import (
	"context"
	"time"

	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

// CycleSearch selects cycles that are over. The zero CycleSearch selects all.
type CycleSearch struct {
	JobID         string
	ApplicationID string
	Kinds         []provisioning.CycleKind
	States        []provisioning.RunState
	Since, Until  time.Time // when they began
}

// Cycles keeps the cycles that are over, as long as the provisioning log.
type Cycles interface {
	// Cycle returns the record of a cycle, or ErrNotFound.
	Cycle(ctx context.Context, id string) (provisioning.CycleRecord, error)

	// FindCycles returns a part of the cycles that are selected, by when they began, the
	// newest first.
	FindCycles(ctx context.Context, search CycleSearch, page Page) (Listing[provisioning.CycleRecord], error)
}

// TallySearch selects what was counted of the provisioning log.
type TallySearch struct {
	ApplicationID string        // empty for all
	Since, Until  time.Time     // whole hours; zero for no limit
	Step          time.Duration // hours or days that are counted together, a whole number of hours; 0: a day
}

// Tally is how many entries of a kind the provisioning log got in a step.
type Tally struct {
	Began  time.Time // of the step, in UTC
	Action plan.Action
	Status plan.Status
	Count  int
}

// Cause is how often something failed for a reason.
type Cause struct {
	ApplicationID string
	Code          string
	Count         int
	Last          time.Time // the hour in which it did last
}

// Insights tells what happened over time. It is counted when entries are written and
// kept as long as they are, so it costs the same however many there are.
type Insights interface {
	// Tallies returns the tallies of steps in which there was something, in the order of
	// time, action and status.
	Tallies(ctx context.Context, search TallySearch) ([]Tally, error)

	// Causes returns why entries failed, the most frequent first, at most limit.
	Causes(ctx context.Context, search TallySearch, limit int) ([]Cause, error)
}
