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
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

// applyFlags say how a plan is applied.
type applyFlags struct {
	allowRemovals bool
	keepRunning   bool
	quiet         bool
}

func newApplyCommand(o *options) *cobra.Command {
	var flags applyFlags
	command := &cobra.Command{
		Use:   "apply PLAN",
		Short: "Carry out exactly what a plan says",
		Long: `Apply carries a plan out. Right before each write the person is decided about anew:
when that gives another action, another account or other values than the plan, this
person is left alone and it says what differs. Nobody outside the plan is touched.

A plan is applied once. When applying broke off, applying it again goes on: what is
done is not done twice. Removals that the removal guard would hold need
--allow-removals. After an undo provisioning is paused, because the next cycle would
do again what was undone; --keep-running leaves it on.`,
		Example: "  usher apply 3f9c0d1e22ab\n  usher apply 3f9c0d1e22ab --allow-removals", Args: arguments("PLAN"),
		RunE: func(command *cobra.Command, given []string) error {
			return o.with(command, func(ctx context.Context, w *workspace) error {
				p, app, err := w.plan(ctx, given[0])
				if err != nil {
					return err
				}
				provisioned, err := w.provisioned(ctx, app.ID)
				if err != nil {
					return err
				}
				return o.apply(ctx, command, w, provisioned, p, flags)
			})
		},
	}
	command.Flags().BoolVar(&flags.allowRemovals, "allow-removals", false, "also take away the accounts that the removal guard would hold")
	command.Flags().BoolVar(&flags.keepRunning, "keep-running", false, "after an undo: leave provisioning on")
	command.Flags().BoolVarP(&flags.quiet, "quiet", "q", false, "print the summary only, not each change")
	return command
}

// applyView is what applying a plan did.
type applyView struct {
	Plan    engine.Plan              `json:"plan"`
	Run     provisioning.Run         `json:"run"`
	Items   map[engine.ItemState]int `json:"items"`
	Paused  bool                     `json:"paused,omitzero"` // provisioning was turned off
	Changes []plan.Change            `json:"changes,omitempty"`
}

// apply carries a plan out while no cycle of the job runs.
func (o *options) apply(ctx context.Context, command *cobra.Command, w *workspace, app administration.Application, p engine.Plan, flags applyFlags) error {
	var view applyView
	counts := p.Counts
	bar := newProgressBar(command.ErrOrStderr(), counts.Created+counts.Updated+counts.Disabled+counts.Enabled+counts.Deleted)
	shown := 0
	applied, failure := w.acts().ApplyPlan(ctx, app, p.ID, administration.Applying{
		AllowRemovals: flags.allowRemovals, KeepRunning: flags.keepRunning, Observe: bar.observe,
		Waiting: func() {
			fmt.Fprintf(command.ErrOrStderr(), "waiting for a cycle of %s that is running\n", app.DisplayName) //nolint:errcheck // there is nowhere else to tell.
		},
		Report: func(change plan.Change) {
			if flags.quiet {
				return
			}
			if shown++; shown <= mostShown || o.output == "json" {
				view.Changes = append(view.Changes, change)
			}
		},
	})
	bar.finish()
	if applied.Run.CycleID == "" {
		return applyRefused(unopened(failure), app.Application, p)
	}
	view.Plan, view.Items, view.Run, view.Paused = applied.Plan.Plan, applied.Plan.Items, applied.Run, applied.Paused
	err := o.show(command.OutOrStdout(), view, func(out io.Writer) error { return w.writeApplied(out, app.Application, view) })
	if failure != nil {
		return errors.Join(fmt.Errorf("%w; \"usher apply %s\" goes on where it stopped", explained(failure), shortID(p.ID)), err)
	}
	return errors.Join(err, unapplied(view))
}

func (w *workspace) writeApplied(out io.Writer, app directory.Application, view applyView) error {
	if err := plan.Print(out, view.Changes...); err != nil {
		return err
	}
	total := 0
	for state, count := range view.Items {
		if state != engine.ItemNone {
			total += count
		}
	}
	if more := total - len(view.Changes); more > 0 && len(view.Changes) > 0 {
		fmt.Fprintf(out, "... and %d more; \"usher plan show %s\" shows all\n", more, shortID(view.Plan.ID)) //nolint:errcheck // the summary below reports it.
	}
	counts := view.Run.Counts
	_, err := fmt.Fprintf(out, "plan %s of %s, %s: %s\n  created %d   updated %d   disabled %d   enabled %d   references %d   %d API calls\n",
		shortID(view.Plan.ID), app.DisplayName, stateText(view.Plan), administration.ItemsText(view.Items),
		counts.Created, counts.Updated, counts.Disabled, counts.Enabled, counts.References, counts.Calls)
	if err == nil && view.Paused {
		_, err = fmt.Fprintf(out, "provisioning of %s is paused now: a cycle would do again what was undone. \"usher app start %s\" turns it on.\n",
			app.DisplayName, quoted(app.DisplayName))
	}
	return err
}

// unapplied gives the exit code of a plan of which not everything was done.
func unapplied(view applyView) error {
	refused, failed := view.Items[engine.ItemRefused], view.Items[engine.ItemFailed]
	if refused+failed == 0 {
		return nil
	}
	return &exitError{exitPartial, fmt.Errorf("%d refused because they changed since, %d failed; \"usher plan show %s\" says why", refused, failed, shortID(view.Plan.ID))}
}

// applyRefused explains why a plan was not applied at all.
func applyRefused(failure error, app directory.Application, p engine.Plan) error {
	refusal, ok := errors.AsType[*administration.Refusal](failure)
	if !ok {
		return explained(failure)
	}
	again := fmt.Sprintf("\"usher plan %s\" makes a new one", quoted(app.DisplayName))
	switch refusal.Code { //nolint:exhaustive // the others say all there is to say.
	case administration.PlanApplied:
		return fmt.Errorf("the plan %s was applied already, at %s by %s; a plan is applied once; %s", shortID(p.ID), p.AppliedAt.Format(time.RFC3339), p.AppliedBy, again)
	case administration.PlanSchema:
		return fmt.Errorf("the attribute mappings or scoping filters of %s were changed since the plan was made, so nothing was done; %s", app.DisplayName, again)
	case administration.PlanAltered:
		return fmt.Errorf("the plan in the database is not the one that was made under this name, so nothing was done; %s", again)
	case administration.PlanRemovals:
		return fmt.Errorf("%w; nothing was done. Look at them with \"usher plan show %s\", and add --allow-removals if they are meant", refusal.Err, shortID(p.ID))
	}
	return refusal
}
