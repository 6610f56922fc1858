package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

// impactView is what a schema would mean for everybody, as the command line shows
// it.
type impactView struct {
	Differences []differenceView    `json:"differences"`
	People      int                 `json:"people"` // for whom something would change
	Before      provisioning.Counts `json:"before"` // what a cycle over everyone would do now
	After       provisioning.Counts `json:"after"`  // and with the file
	Changes     []plan.Change       `json:"changes,omitempty"`
}

// proposed answers with a schema that is not saved.
type proposed struct {
	engine.Jobs

	schema mapping.Schema
}

// Schema returns the proposed schema.
func (p proposed) Schema(context.Context, string) (mapping.Schema, error) { return p.schema, nil }

func (o *options) showImpact(ctx context.Context, out io.Writer, w *workspace, job provisioning.Job, schema mapping.Schema, differences []mapping.Difference) error {
	view := impactView{Differences: make([]differenceView, len(differences))}
	for i, difference := range differences {
		view.Differences[i] = differenceView{difference, difference.Change()}
	}
	impact, err := w.impact(ctx, job, schema, func(change plan.Change) {
		if len(view.Changes) < mostShown || o.output == "json" {
			view.Changes = append(view.Changes, change)
		}
	})
	if err != nil {
		return explained(err)
	}
	view.People, view.Before, view.After = impact.Changed, impact.Before, impact.After
	return o.show(out, view, func(out io.Writer) error {
		if err := o.showDifferences(out, differences); err != nil {
			return err
		}
		if err := plan.Print(out, view.Changes...); err != nil {
			return err
		}
		if more := impact.Changed - len(view.Changes); more > 0 {
			if _, err := fmt.Fprintf(out, "... and %d more people\n", more); err != nil {
				return fmt.Errorf("write the impact: %w", err)
			}
		}
		_, err := fmt.Fprintln(out, impactSummary(impact))
		return err
	})
}

// impact previews everybody with the schema in use and with another one.
func (w *workspace) impact(ctx context.Context, job provisioning.Job, schema mapping.Schema, report func(plan.Change)) (engine.Impact, error) {
	before, err := w.runner.Open(ctx, job.ApplicationID)
	if err != nil {
		return engine.Impact{}, err
	}
	runner := *w.runner
	runner.Jobs = proposed{w.runner.Jobs, schema}
	after, err := runner.Open(ctx, job.ApplicationID)
	if err != nil {
		return engine.Impact{}, errors.Join(err, before.Connector.Close())
	}
	impact, err := w.runner.Impact(ctx, before, after, report)
	return impact, errors.Join(err, before.Connector.Close(), after.Connector.Close())
}

// impactSummary says in one line what a schema would mean, removals that the guard
// would hold included.
func impactSummary(impact engine.Impact) string {
	text := fmt.Sprintf("%d of %d people would be provisioned differently: %d instead of %d rows to write, %d instead of %d failures",
		impact.Changed, impact.After.Collected, impact.After.Writes, impact.Before.Writes, impact.After.Failed, impact.Before.Failed)
	if impact.After.Staged > 0 || impact.Before.Staged > 0 {
		text += fmt.Sprintf(", %d instead of %d removals held by the removal guard", impact.After.Staged, impact.Before.Staged)
	}
	return text
}
