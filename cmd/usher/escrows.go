package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/store"
)

// escrowView is something that failed and is tried again, as the command line shows
// it.
type escrowView struct {
	User      string    `json:"user"`
	ID        string    `json:"id"`
	Attribute string    `json:"attribute,omitzero"` // a reference: only this failed
	Code      string    `json:"code"`
	Message   string    `json:"message"`
	Attempts  int       `json:"attempts"`
	First     time.Time `json:"first"`
	Next      time.Time `json:"next"`
}

func newEscrowsCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "escrows APP",
		Short: "List what failed and is tried again",
		Long: `Escrows lists the people whose last change failed, and references such as managers
that the application refused: how often it was tried, since when, and when it is
tried again. After the first failure that is with the next cycle, then after 1, 2, 4,
8 and 16 hours and daily. A removal is tried at least once an hour.`,
		Example: "  usher app escrows Salesforce", Args: arguments("APP"),
		RunE: func(command *cobra.Command, given []string) error {
			return o.with(command, func(ctx context.Context, w *workspace) error {
				app, err := w.provisioned(ctx, given[0])
				if err != nil {
					return err
				}
				views, err := w.escrows(ctx, app)
				if err != nil {
					return err
				}
				return o.show(command.OutOrStdout(), views, func(out io.Writer) error { return writeEscrows(out, views) })
			})
		},
	}
}

func (w *workspace) escrows(ctx context.Context, app administration.Application) ([]escrowView, error) {
	views := []escrowView{}
	for escrow, err := range w.service.Failures(ctx, app, "") {
		if err != nil {
			return nil, err
		}
		views = append(views, escrowView{
			w.userName(ctx, escrow.SourceID, ""), escrow.SourceID, escrow.Attribute, escrow.Code, escrow.Message,
			escrow.Attempts, escrow.First, escrow.Next,
		})
	}
	return views, nil
}

func writeEscrows(out io.Writer, views []escrowView) error {
	rows := make([][]string, len(views))
	for i, view := range views {
		next := view.Next.Format(time.RFC3339)
		if view.Attempts == 1 {
			next = "with the next cycle"
		}
		what := view.Code
		if view.Attribute != "" {
			what = view.Attribute + ": " + view.Code
		}
		rows[i] = []string{view.User, what, strconv.Itoa(view.Attempts), view.First.Format(time.RFC3339), next}
	}
	return writeTable(out, []string{"USER", "CODE", "TRIED", "SINCE", "NEXT TRY"}, rows)
}

func newRetryCommand(o *options) *cobra.Command {
	var users []string
	var which store.Retry
	var everything bool
	command := &cobra.Command{
		Use:   "retry APP",
		Short: "Try again now what failed",
		Long: `Retry makes failed changes due at once: those of some people, those with one code,
or all. With "usher serve" a cycle follows within seconds, else the next one tries
them.`,
		Example: "  usher app retry Salesforce --all\n  usher app retry Salesforce --code SalesforceLicenseLimitExceeded\n  usher app retry Salesforce --user ana@contoso.com",
		Args:    arguments("APP"),
		RunE: func(command *cobra.Command, given []string) error {
			if everything == (len(users) > 0 || which.Code != "") {
				return &exitError{exitUsage, errors.New("say what to try again: --user and --code, or --all")}
			}
			return o.with(command, func(ctx context.Context, w *workspace) error {
				app, err := w.provisioned(ctx, given[0])
				if err != nil {
					return err
				}
				for _, name := range users {
					id, err := w.formerUser(ctx, app, name)
					if err != nil {
						return err
					}
					which.SourceIDs = append(which.SourceIDs, id)
				}
				count, err := w.acts().Retry(ctx, app, which)
				if err != nil {
					return err
				}
				return o.show(command.OutOrStdout(), map[string]int{"retried": count}, func(out io.Writer) error {
					_, err := fmt.Fprintf(out, "%s tried again with the next cycle\n", counted(count, "failed change is", "failed changes are"))
					return err
				})
			})
		},
	}
	command.Flags().StringArrayVar(&users, "user", nil, "what failed for this person; may be repeated")
	command.Flags().StringVar(&which.Code, "code", "", "what failed with this code")
	command.Flags().BoolVar(&everything, "all", false, "all that failed")
	return command
}

// formerUser returns the id of a user, also of one who is not in the directory any
// more and whom something of the application names by id.
func (w *workspace) formerUser(ctx context.Context, app administration.Application, name string) (string, error) {
	id, err := w.service.Former(ctx, app, name)
	return id, unknownUser(err)
}

// unknownUser tells what to do about a user whom nothing is known of.
func unknownUser(err error) error {
	if refusal := refused(err, administration.UnknownPrincipal); refusal != nil {
		return fmt.Errorf("%s; \"usher directory users\" shows who there is", refusal.Message)
	}
	return err
}
