package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/store"
)

// planIDShown is how much of a plan's id is shown, and enough to name it.
const planIDShown = 12

func newPlanCommand(o *options) *cobra.Command {
	var limit int
	var full bool
	command := &cobra.Command{
		Use:   "plan APP",
		Short: "Compute what a cycle would do, and keep it to be applied",
		Long: `Plan computes a whole cycle and writes nothing to the application: who would be
created, updated, disabled and enabled, with the old and the new value of each
field, whether the removal guard would hold the removals, how many licence seats are
needed and free, and how many API calls it takes. The plan is kept for 30 days under
a name that is the hash of its content, and "usher apply" carries out exactly it.

Values that the mapping redacts, and those that the application does not show, are
not kept: only whether they changed since can be told.`,
		Example: "  usher plan Salesforce\n  usher plan Salesforce --full\n  usher plan Salesforce --output diff", Args: arguments("APP"),
		RunE: func(command *cobra.Command, given []string) error {
			if err := checkLimit(limit); err != nil {
				return err
			}
			return o.with(command, func(ctx context.Context, w *workspace) error {
				app, err := w.provisioned(ctx, given[0])
				if err != nil {
					return err
				}
				p, err := o.makePlan(ctx, command, w, app, full)
				if err != nil {
					return explained(unopened(err))
				}
				return o.writePlan(ctx, command.OutOrStdout(), w, app.Application, p, limit)
			})
		},
	}
	command.Flags().IntVar(&limit, "limit", mostShown, "show at most so many changes; 0 for all")
	command.Flags().BoolVar(&full, "full", false, "look at everyone, not only at what changed")
	command.AddCommand(newPlanShowCommand(o), newPlanListCommand(o), newPlanRemoveCommand(o))
	return command
}

func (o *options) makePlan(ctx context.Context, command *cobra.Command, w *workspace, app administration.Application, full bool) (engine.Plan, error) {
	assigned, err := w.store.CountAssigned(ctx, app.ID)
	if err != nil {
		return engine.Plan{}, err
	}
	bar := newProgressBar(command.ErrOrStderr(), assigned)
	p, err := w.acts().MakePlan(ctx, app, administration.Planning{Full: full, Observe: bar.observe})
	bar.finish()
	return p, err
}

// actor is who types commands, for the logs.
func actor() string { return environment("USHER_ACTOR", environment("USER", "administrator")) }

func newPlanShowCommand(o *options) *cobra.Command {
	var limit int
	command := &cobra.Command{
		Use: "show PLAN", Short: "Show a plan and what became of it",
		Long: `Show prints a plan: its figures, and each change with its fields. Of a plan that was
applied it also says what became of each change. --output json gives all of it as
one JSON document, --output diff the fields as they are and as they will be.`,
		Example: "  usher plan show 3f9c0d1e22ab\n  usher plan show 3f9c0d1e22ab --output diff\n  usher plan show 3f9c0d1e22ab --output json", Args: arguments("PLAN"),
		RunE: func(command *cobra.Command, given []string) error {
			if err := checkLimit(limit); err != nil {
				return err
			}
			return o.with(command, func(ctx context.Context, w *workspace) error {
				p, app, err := w.plan(ctx, given[0])
				if err != nil {
					return err
				}
				return o.writePlan(ctx, command.OutOrStdout(), w, app, p, limit)
			})
		},
	}
	command.Flags().IntVar(&limit, "limit", 0, "show at most so many changes; 0 for all")
	return command
}

// plan finds a plan by its id or the beginning of it, eight digits at least.
func (w *workspace) plan(ctx context.Context, id string) (engine.Plan, directory.Application, error) {
	kept, err := w.service.Plan(ctx, id)
	p := kept.Plan
	switch {
	case errors.Is(err, store.ErrNotFound):
		return p, directory.Application{}, fmt.Errorf("there is no plan whose id begins with %q; \"usher plan list APP\" shows those that are kept: "+
			"a plan goes after 30 days, and with its application; give eight digits of the id at least", id)
	case errors.Is(err, store.ErrConflict):
		return p, directory.Application{}, fmt.Errorf("several plans begin with %q; give more of the name", id)
	case err != nil:
		return p, directory.Application{}, err
	}
	app, err := w.store.Application(ctx, p.ApplicationID)
	return p, app, err
}

// planView is a plan in a list.
type planView struct {
	engine.Plan

	Items map[engine.ItemState]int `json:"items"`
}

func newPlanListCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use: "list APP", Short: "List the plans that are kept", Example: "  usher plan list Salesforce", Args: arguments("APP"),
		RunE: func(command *cobra.Command, given []string) error {
			return o.with(command, func(ctx context.Context, w *workspace) error {
				app, err := w.provisioned(ctx, given[0])
				if err != nil {
					return err
				}
				views := []planView{}
				for kept, err := range w.service.Plans(ctx, app) {
					if err != nil {
						return err
					}
					views = append(views, planView(kept))
				}
				return o.show(command.OutOrStdout(), views, func(out io.Writer) error { return writePlanList(out, views) })
			})
		},
	}
}

func writePlanList(out io.Writer, views []planView) error {
	rows := make([][]string, len(views))
	for i, view := range views {
		counts := view.Counts
		rows[i] = []string{
			shortID(view.ID), string(view.Kind), string(view.State), view.At.Format(time.RFC3339), view.By,
			fmt.Sprintf("create %d, update %d, disable %d, enable %d", counts.Created, counts.Updated, counts.Disabled, counts.Enabled),
			administration.ItemsText(view.Items),
		}
	}
	return writeTable(out, []string{"PLAN", "KIND", "STATE", "MADE", "BY", "TO DO", "ITEMS"}, rows)
}

func shortID(id string) string { return id[:min(len(id), planIDShown)] }

func newPlanRemoveCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use: "remove PLAN", Short: "Forget a plan; nothing that it did is taken back", Example: "  usher plan remove 3f9c0d1e22ab", Args: arguments("PLAN"),
		RunE: func(command *cobra.Command, given []string) error {
			return o.with(command, func(ctx context.Context, w *workspace) error {
				p, app, err := w.plan(ctx, given[0])
				if err != nil {
					return err
				}
				if err := w.acts().RemovePlan(ctx, administration.Application{Application: app}, p); err != nil {
					return err
				}
				return o.show(command.OutOrStdout(), map[string]string{"removed": p.ID}, func(out io.Writer) error {
					_, err := fmt.Fprintf(out, "removed the plan %s of %s\n", shortID(p.ID), app.DisplayName)
					return err
				})
			})
		},
	}
}
