package main

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/spf13/cobra"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/journal"
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
				return w.session(ctx, applicationID, func(app directory.Application, s engine.Session) error {
					p, err := w.undo(ctx, s, cycleID, users)
					if err != nil {
						return err
					}
					return o.writePlan(ctx, command.OutOrStdout(), w, app, p, limit)
				})
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
	cycleID = id
	if p, err := w.store.Plan(ctx, id); err == nil {
		cycleID = p.Key
	}
	for entry, err := range w.store.Entries(ctx, journal.Query{CycleID: cycleID, Limit: 1}) {
		return cycleID, entry.ApplicationID, err
	}
	return "", "", fmt.Errorf("the log has no entry of a cycle or an applied plan %q; \"usher status APP\" shows the last cycle, \"usher logs APP -o json\" all of them", id)
}

func (w *workspace) undo(ctx context.Context, s engine.Session, cycleID string, users []string) (engine.Plan, error) {
	query := journal.Query{JobID: s.Job.ID, CycleID: cycleID, OldestFirst: true}
	entries := w.store.Entries(ctx, query)
	if len(users) > 0 {
		people, err := w.formerUsers(ctx, users)
		if err != nil {
			return engine.Plan{}, err
		}
		entries = w.entriesOf(ctx, query, people)
	}
	p, err := w.runner.Undo(ctx, s, engine.Run{InitiatedBy: actor()}, cycleID, entries)
	if errors.Is(err, engine.ErrNothingToUndo) {
		return p, fmt.Errorf("%w: the cycle %s wrote nothing to these accounts", err, cycleID)
	}
	if err != nil {
		return p, explained(err)
	}
	return p, nil
}

// formerUsers finds the ids of people, who may be gone from the directory by now: then
// the id itself is meant.
func (w *workspace) formerUsers(ctx context.Context, names []string) ([]string, error) {
	var ids []string
	for _, name := range names {
		user, err := w.user(ctx, name)
		if err == nil {
			ids = append(ids, user.ID)
			continue
		}
		known := false
		for _, failure := range w.store.Entries(ctx, journal.Query{SourceID: name, Limit: 1}) {
			if failure != nil {
				return nil, failure
			}
			known = true
		}
		if !known {
			return nil, err
		}
		ids = append(ids, name)
	}
	return ids, nil
}

// entriesOf yields the entries of these people, one after the other.
func (w *workspace) entriesOf(ctx context.Context, query journal.Query, people []string) iter.Seq2[journal.Entry, error] {
	return func(yield func(journal.Entry, error) bool) {
		for _, id := range people {
			query.SourceID = id
			for entry, err := range w.store.Entries(ctx, query) {
				if !yield(entry, err) || err != nil {
					return
				}
			}
		}
	}
}
