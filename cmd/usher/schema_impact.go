package main

import (
	"context"
	"fmt"
	"io"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/administration"
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

func (o *options) showImpact(ctx context.Context, out io.Writer, w *workspace, app administration.Application, schema mapping.Schema, differences []mapping.Difference) error {
	view := impactView{Differences: make([]differenceView, len(differences))}
	for i, difference := range differences {
		view.Differences[i] = differenceView{difference, difference.Change()}
	}
	impact, err := w.service.WholeImpact(ctx, app, schema, func(change plan.Change) {
		if len(view.Changes) < mostShown || o.output == "json" {
			view.Changes = append(view.Changes, change)
		}
	})
	if err != nil {
		return explained(unopened(err))
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
