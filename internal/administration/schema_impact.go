package administration

import (
	"context"
	"errors"
	"time"

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
	return Impact{known, guard.Judge(Removals(known.After), links.Enabled)}, err
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
	draft, err := a.SchemaDraft(ctx, app)
	if err != nil {
		return Impact{}, err
	}
	if draft.Tag != tag || !draft.Changed() {
		return Impact{}, changedMeanwhile("the changes are not the ones any more that you looked at")
	}
	known, err := a.Store.DraftImpact(ctx, app.Job.ID, a.actor)
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
	var found store.DraftImpact
	var changes []store.DraftChange
	err = a.Session(ctx, app.Application, func(before engine.Session) error {
		after, err := a.proposing(draft.Schema).Open(ctx, app.ID)
		if err != nil {
			return &OpenError{app.Application, err}
		}
		found, changes, err = a.lookOn(ctx, known, before, after, duration)
		return errors.Join(err, after.Connector.Close())
	})
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

func (a Acts) lookOn(ctx context.Context, known store.DraftImpact, before, after engine.Session, duration time.Duration) (store.DraftImpact, []store.DraftChange, error) {
	began := time.Now()
	var changes []store.DraftChange
	report := func(was, is plan.Change) {
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
