package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/provisioning"
)

func newRestartCommand(o *options) *cobra.Command {
	var scopeText string
	command := &cobra.Command{
		Use:   "restart APP",
		Short: "Forget what a job remembers, so that it begins anew",
		Long: `Restart makes a job forget: Escrows (failures that are retried), Watermark (what
was looked at already: the next cycle looks at everyone), QuarantineState,
ConnectorDataStore (which account belongs to whom: accounts are matched anew);
Full is all of these. ForceDeletes lets held removals go ahead. Without --scope it
is Escrows, Watermark and QuarantineState. No account is touched by a restart.

An account whose connection is forgotten is never taken away. So
ConnectorDataStore is refused while accounts are still to be taken away: their
removal is held, allowed or planned, or failed and is tried again. Decide on them
with "usher removals", run a cycle, and restart then. Accounts in use whose person
is deleted, disabled or not assigned stay connected even then, and the next cycle
takes them away.`,
		Example: "  usher app restart Salesforce\n  usher app restart Salesforce --scope ConnectorDataStore",
		Args:    arguments("APP"),
		RunE: func(command *cobra.Command, given []string) error {
			scope, err := provisioning.ParseRestartScope(scopeText)
			if err != nil {
				return &exitError{exitUsage, err}
			}
			return o.with(command, func(ctx context.Context, w *workspace) error {
				app, err := w.provisioned(ctx, given[0])
				if err != nil {
					return err
				}
				err = w.acts().Restart(ctx, app, scope, scopeText)
				if refusal := refused(err, administration.RemovalsPending); refusal != nil {
					return refusal.Err
				}
				if err != nil {
					return err
				}
				view, err := w.appView(ctx, app.Application)
				if err != nil {
					return err
				}
				return o.show(command.OutOrStdout(), view, func(out io.Writer) error {
					_, err := fmt.Fprintf(out, "restarted %s\n", app.DisplayName)
					return err
				})
			})
		},
	}
	command.Flags().StringVar(&scopeText, "scope", "", "what to forget, names joined by commas")
	return command
}
