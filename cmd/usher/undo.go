package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/store"
)

func newUndoCommand(o *options) *cobra.Command {
	var users []string
	var limit int
	command := &cobra.Command{
		Use:   "undo CYCLE",
		Short: "Make a plan that takes back what a cycle wrote",
		Long: `Undo reads in the log what a cycle wrote, looks at the accounts, and makes a plan
that restores what was there before: updated fields get their old values, disabled
accounts are enabled, enabled ones disabled, and accounts that were created are
disabled. Deletions, and values that the mapping redacts, cannot be taken back; the
plan says so. An account that was changed since is left alone.

CYCLE is the id of a cycle ("usher status", "usher logs -o json"), or the name of a
plan that was applied. Nothing is written until the plan is applied with
"usher apply". Applying it turns provisioning off, because the next cycle would write
the same again: change the directory or the mapping first, and turn it on then.`,
		Example: "  usher undo 0199c0de-7a11-7c3e-9d0b-2f1e5a6b7c8d\n  usher undo 0199c0de-7a11-7c3e-9d0b-2f1e5a6b7c8d --user ana@contoso.com",
		Args:    arguments("CYCLE"),
		RunE: func(command *cobra.Command, given []string) error {
			if err := checkLimit(limit); err != nil {
				return err
			}
			return o.with(command, func(ctx context.Context, w *workspace) error {
				cycleID, applicationID, err := w.writtenBy(ctx, given[0])
				if err != nil {
					return err
				}
				app, err := w.provisioned(ctx, applicationID)
				if err != nil {
					return err
				}
				p, err := w.undo(ctx, app, cycleID, users)
				if err != nil {
					return err
				}
				return o.writePlan(ctx, command.OutOrStdout(), w, app.Application, p, limit)
			})
		},
	}
	command.Flags().StringArrayVar(&users, "user", nil, "only this person (user principal name or id); may be repeated")
	command.Flags().IntVar(&limit, "limit", mostShown, "show at most so many changes; 0 for all")
	return command
}

// writtenBy finds the cycle that is meant by its own id or by the name of the plan that
// it applied, and its application.
func (w *workspace) writtenBy(ctx context.Context, id string) (cycleID, applicationID string, err error) {
	cycleID, applicationID, err = w.service.WrittenBy(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		err = fmt.Errorf("the log has no entry of a cycle or an applied plan %q; \"usher status APP\" shows the last cycle, \"usher logs APP -o json\" all of them", id)
	}
	return cycleID, applicationID, err
}

func (w *workspace) undo(ctx context.Context, app administration.Application, cycleID string, users []string) (engine.Plan, error) {
	people, err := w.service.FormerAll(ctx, app, users)
	if err != nil {
		return engine.Plan{}, unknownUser(err)
	}
	p, err := w.acts().MakeUndo(ctx, app, administration.Undoing{Cycle: cycleID, Users: people})
	return p, explained(unopened(err))
}
