package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/maphash"
	"slices"

	"github.com/usher-id/usher/attr"
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

// ImpactOn is Impact for some people: what runs on demand for them would do, which
// neither count seats nor write references. It reports both changes of whoever would be
// provisioned differently, in the order of the ids.
func (r *Runner) ImpactOn(ctx context.Context, before, after Session, userIDs []string, report func(before, after plan.Change)) (Impact, error) {
	var impact Impact
	if len(userIDs) == 0 {
		return impact, nil
	}
	known, run, err := r.previewed(ctx, before, userIDs)
	if err != nil {
		return impact, fmt.Errorf("preview the mapping in use: %w", err)
	}
	impact.Before = run.Counts
	found, run, err := r.previewed(ctx, after, userIDs)
	if err != nil {
		return impact, fmt.Errorf("preview the new mapping: %w", err)
	}
	impact.After = run.Counts
	for _, id := range userIDs {
		if was, is := known[id], found[id]; !sameEffect(was, is) {
			impact.Changed++
			report(was, is)
		}
	}
	return impact, nil
}

// previewed returns what a run on demand would do, by the ids of the people.
func (r *Runner) previewed(ctx context.Context, session Session, userIDs []string) (map[string]plan.Change, provisioning.Run, error) {
	changes := make(map[string]plan.Change, len(userIDs))
	run, err := r.Engine.Cycle(ctx, session.request(Run{DryRun: true, Users: userIDs, Report: func(change plan.Change) { changes[change.Source.ID] = change }}))
	return changes, run, err
}

// sameEffect reports whether two changes do the same. Whether the guard would hold them
// does not count: it judges a whole cycle, not some people.
func sameEffect(a, b plan.Change) bool {
	status := func(c plan.Change) plan.Status {
		if c.Status == plan.Staged {
			return plan.Planned
		}
		return c.Status
	}
	return a.Action == b.Action && status(a) == status(b) && a.Reason.Code == b.Reason.Code &&
		slices.EqualFunc(a.Fields, b.Fields, func(f, g plan.Field) bool {
			return f.Name == g.Name && f.Redacted == g.Redacted && attr.Equal(f.Old, g.Old, true) && attr.Equal(f.New, g.New, true)
		})
}

// mark tells changes apart by what they do: action, fields and reason.
func mark(seed maphash.Seed, change plan.Change) uint64 {
	text, err := json.Marshal([]any{change.Action, change.Status, change.Fields, change.Reason.Code})
	if err != nil {
		return 0
	}
	return maphash.Bytes(seed, text)
}
