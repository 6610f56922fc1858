package administration

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

// proposed answers with a schema that is not saved.
type proposed struct {
	engine.Jobs

	schema mapping.Schema
}

// Schema returns the proposed schema.
func (p proposed) Schema(context.Context, string) (mapping.Schema, error) { return p.schema, nil }

// proposing returns a runner that works with a schema that is not saved.
func (s *Service) proposing(schema mapping.Schema) *engine.Runner {
	runner := *s.Runner
	runner.Jobs = proposed{s.Runner.Jobs, schema}
	return &runner
}

const (
	// lookedAtOnce is how many people are looked at between two looks at the clock.
	lookedAtOnce = 100
	// mostDraftChanges is how many changes are kept to be shown; others are counted.
	mostDraftChanges = 10_000
)

// Impact is what is known of what the actor's draft would mean for everybody.
type Impact struct {
	store.DraftImpact

	Guard string // why the removal guard would hold the removals, empty when it would not
	Limit string // what the guard holds, as plan.Guard says it
}

// DraftImpact returns what is known of the actor's draft so far.
func (a Acts) DraftImpact(ctx context.Context, app Application) (Impact, error) {
	known, err := a.Store.DraftImpact(ctx, app.Job.ID, a.actor)
	if err != nil {
		return Impact{}, err
	}
	return a.impact(ctx, app, known)
}

func (a Acts) impact(ctx context.Context, app Application, known store.DraftImpact) (Impact, error) {
	links, err := a.Store.CountLinks(ctx, app.Job.ID)
	guard := plan.Guard{Limit: app.Job.Settings.RemovalLimit, Percent: app.Job.Settings.RemovalPercent}
	return Impact{known, guard.Judge(Removals(known.After), links.Enabled), guard.String()}, err
}

// expected returns about how many people an initial cycle looks at.
func (a Acts) expected(ctx context.Context, app Application) (int, error) {
	if app.Job.Settings.SyncAll {
		return a.Store.CountUsers(ctx)
	}
	assigned, err := a.Store.CountAssigned(ctx, app.ID)
	if err != nil {
		return 0, err
	}
	links, err := a.Store.CountLinks(ctx, app.Job.ID)
	return max(assigned, links.Connections), err
}

// Removals returns how many accounts are taken away, those included that are held.
func Removals(counts provisioning.Counts) int {
	return counts.Disabled + counts.Deleted + counts.Staged
}

// DraftChanges returns some of the people for whom the draft changes something, after a
// number.
func (a Acts) DraftChanges(ctx context.Context, app Application, after, limit int) ([]store.DraftChange, error) {
	return a.Store.DraftChanges(ctx, app.Job.ID, a.actor, after, limit)
}

// LookOn looks at more people for the impact of the actor's draft, for about so long,
// and returns what is known then. It reads the target and writes nothing there. A draft
// with faults is a Refusal, a job that cannot be opened an *OpenError.
func (a Acts) LookOn(ctx context.Context, app Application, tag string, duration time.Duration) (Impact, error) {
	draft, known, err := a.lookedAt(ctx, app, tag)
	if err != nil {
		return Impact{}, err
	}
	if known.Complete {
		return a.impact(ctx, app, known)
	}
	if known.Expected == 0 {
		if known.Expected, err = a.expected(ctx, app); err != nil {
			return Impact{}, err
		}
	}
	found, changes, err := a.lookAt(ctx, app, draft, known, duration)
	if err != nil {
		return Impact{}, err
	}
	err = a.Store.PutDraftImpact(ctx, store.SchemaDraft{JobID: app.Job.ID, Owner: a.actor, Tag: tag}, known.Looked, found, changes)
	if errors.Is(err, store.ErrConflict) {
		return a.DraftImpact(ctx, app) // another window looked on from there, too
	}
	if err != nil {
		return Impact{}, err
	}
	return a.impact(ctx, app, found)
}

// lookedAt returns the actor's draft in the state with the tag, and what is known of it.
func (a Acts) lookedAt(ctx context.Context, app Application, tag string) (SchemaDraft, store.DraftImpact, error) {
	draft, err := a.SchemaDraft(ctx, app)
	if err != nil {
		return draft, store.DraftImpact{}, err
	}
	if draft.Tag != tag || !draft.Changed() {
		return draft, store.DraftImpact{}, changedMeanwhile("the changes are not the ones any more that you looked at")
	}
	known, err := a.Store.DraftImpact(ctx, app.Job.ID, a.actor)
	return draft, known, err
}

// LookAgain looks anew, for about so long, whether those lose their accounts by the
// actor's draft of whom it is known, and reports whether it is so. If not, what was
// found now is what is known. Those whom the time does not reach, and a draft of which
// not everything is known, are taken for as they are known.
func (a Acts) LookAgain(ctx context.Context, app Application, tag string, duration time.Duration) (same bool, err error) {
	draft, known, err := a.lookedAt(ctx, app, tag)
	if err != nil || !known.Complete {
		return err == nil, err
	}
	found, changes, err := a.lookAt(ctx, app, draft, store.DraftImpact{Expected: known.Expected}, duration)
	if err != nil {
		return false, err
	}
	if found.Complete {
		same = found.Losses.Mark == known.Losses.Mark
	} else if same, err = a.allKnown(ctx, app, known, changes); err != nil {
		return false, err
	}
	if same {
		return true, nil
	}
	fresh := store.SchemaDraft{JobID: app.Job.ID, Owner: a.actor, Tag: uuid.NewString(), Base: draft.Base, Schema: draft.Schema, ChangedAt: draft.ChangedAt}
	if err := a.Store.PutSchemaDraft(ctx, fresh, tag); err != nil {
		return false, err
	}
	return false, a.Store.PutDraftImpact(ctx, fresh, 0, found, changes)
}

// allKnown reports whether it is known of all who lose an account by some changes. Of
// more changes than are kept it cannot be told, and is taken for granted.
func (a Acts) allKnown(ctx context.Context, app Application, known store.DraftImpact, changes []store.DraftChange) (bool, error) {
	if known.Changed > mostDraftChanges {
		return true, nil
	}
	kept, err := a.DraftChanges(ctx, app, 0, mostDraftChanges)
	if err != nil {
		return false, err
	}
	losses := make(map[string]loss, known.Losses.Count())
	for _, c := range kept {
		losses[c.After.Source.ID] = lossOf(c.Before, c.After)
	}
	return !slices.ContainsFunc(changes, func(c store.DraftChange) bool {
		found := lossOf(c.Before, c.After)
		return found != noLoss && found != losses[c.After.Source.ID]
	}), nil
}

// lookAt looks at more people than those of whom it is known.
func (a Acts) lookAt(ctx context.Context, app Application, draft SchemaDraft, known store.DraftImpact, duration time.Duration) (found store.DraftImpact, changes []store.DraftChange, err error) {
	err = a.Session(ctx, app.Application, func(before engine.Session) error {
		after, err := a.proposing(draft.Schema).Open(ctx, app.ID)
		if err != nil {
			return &OpenError{app.Application, err}
		}
		found, changes, err = a.lookOn(ctx, known, before, after, duration)
		return errors.Join(err, after.Connector.Close())
	})
	return found, changes, err
}

func (a Acts) lookOn(ctx context.Context, known store.DraftImpact, before, after engine.Session, duration time.Duration) (store.DraftImpact, []store.DraftChange, error) {
	began := time.Now()
	var changes []store.DraftChange
	report := func(was, is plan.Change) {
		known.Losses = withLoss(known.Losses, was, is)
		if known.Changed++; known.Changed <= mostDraftChanges {
			changes = append(changes, store.DraftChange{Before: shown(was), After: shown(is)})
		}
	}
	for ids, err := range a.Runner.Everyone(ctx, before.Job, known.Last, lookedAtOnce) {
		if err != nil {
			return known, nil, err
		}
		impact, err := a.Runner.ImpactOn(ctx, before, after, ids, report)
		if err != nil {
			return known, nil, err
		}
		known.Last, known.Looked = ids[len(ids)-1], known.Looked+len(ids)
		known.Expected = max(known.Expected, known.Looked)
		known.Before, known.After = sum(known.Before, impact.Before), sum(known.After, impact.After)
		if time.Since(began) >= duration {
			return known, changes, nil
		}
	}
	known.Complete, known.Expected = true, known.Looked
	return known, changes, nil
}

// loss is what becomes of the account of somebody because of another schema, from the
// least to the most.
type loss int

const (
	noLoss loss = iota
	losesLater
	losesUse // the account is disabled
	losesAll // the account is deleted
)

// lossOf returns what somebody loses with a change who would not lose it, or not as
// much, with another one.
func lossOf(before, after plan.Change) loss {
	if lost := taken(after); lost > taken(before) {
		return lost
	}
	return noLoss
}

// taken returns what a change takes from somebody.
func taken(change plan.Change) loss {
	switch {
	case !change.KeptUntil.IsZero():
		return losesLater
	case change.Status == plan.Failure, change.Status == plan.Skipped:
		return noLoss
	case change.Action == plan.Delete:
		return losesAll
	case change.Action == plan.Disable:
		return losesUse
	}
	return noLoss
}

// mostLosers is how many of those who lose an account are named.
const mostLosers = 10

func withLoss(losses store.DraftLosses, before, after plan.Change) store.DraftLosses {
	lost := lossOf(before, after)
	switch lost {
	case noLoss:
		return losses
	case losesLater:
		losses.Later++
	case losesUse:
		losses.Disabled++
	case losesAll:
		losses.Deleted++
	}
	losses.Mark = Mark([]any{losses.Mark, after.Source.ID, lost})
	if len(losses.First) < mostLosers {
		losses.First = append(losses.First, after.Source)
	}
	return losses
}

// shown leaves out of a change what is not shown of it.
func shown(change plan.Change) plan.Change {
	change.Steps = nil
	return change
}

// sum adds up what is told of several runs.
func sum(a, b provisioning.Counts) provisioning.Counts {
	a.Collected += b.Collected
	a.Created += b.Created
	a.Updated += b.Updated
	a.Disabled += b.Disabled
	a.Enabled += b.Enabled
	a.Deleted += b.Deleted
	a.Unchanged += b.Unchanged
	a.Skipped += b.Skipped
	a.Failed += b.Failed
	a.Staged += b.Staged
	a.Writes += b.Writes
	a.Codes = nil
	return a
}
