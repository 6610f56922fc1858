package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/maphash"

	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

// Impact says what another mapping would mean for everybody.
type Impact struct {
	Before, After provisioning.Counts // what a cycle over everyone would do with each of the two
	Changed       int                 // people for whom it would do something else
}

// Impact compares what a cycle over everyone would do with two mappings, those of
// the two sessions, and reports the changes of the second that differ. It writes
// nothing. For each person a number of eight bytes is kept.
func (r *Runner) Impact(ctx context.Context, before, after Session, report func(plan.Change)) (Impact, error) {
	var impact Impact
	seed := maphash.MakeSeed()
	marks := make(map[string]uint64)
	run, err := r.Run(ctx, before, Run{DryRun: true, Full: true, Report: func(change plan.Change) {
		marks[change.Source.ID] = mark(seed, change)
	}})
	if err != nil {
		return impact, fmt.Errorf("preview the mapping in use: %w", err)
	}
	impact.Before = run.Counts
	run, err = r.Run(ctx, after, Run{DryRun: true, Full: true, Report: func(change plan.Change) {
		if known, found := marks[change.Source.ID]; found && known == mark(seed, change) {
			return
		}
		impact.Changed++
		report(change)
	}})
	if err != nil {
		return impact, fmt.Errorf("preview the new mapping: %w", err)
	}
	impact.After = run.Counts
	return impact, nil
}

// mark tells changes apart by what they do: action, fields and reason.
func mark(seed maphash.Seed, change plan.Change) uint64 {
	text, err := json.Marshal([]any{change.Action, change.Status, change.Fields, change.Reason.Code})
	if err != nil {
		return 0
	}
	return maphash.Bytes(seed, text)
}
