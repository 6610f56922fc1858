package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/administration"
)

// connectionView is a connection as the command line shows it.
type connectionView struct {
	User       string    `json:"user"`
	ID         string    `json:"id"`
	TargetID   string    `json:"targetId"`
	TargetName string    `json:"targetName"`
	Enabled    bool      `json:"enabled"`
	Since      time.Time `json:"since"`
}

func newConnectionsCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:     "connections APP",
		Short:   "List which account belongs to whom",
		Long:    "Connections lists the accounts that Usher manages, with the people whose they are and whether Usher left them enabled.",
		Example: "  usher app connections Salesforce\n  usher app connections Salesforce -o json", Args: arguments("APP"),
		RunE: func(command *cobra.Command, given []string) error {
			return o.with(command, func(ctx context.Context, w *workspace) error {
				app, err := w.provisioned(ctx, given[0])
				if err != nil {
					return err
				}
				views := []connectionView{}
				for connection, err := range w.service.Connections(ctx, app) {
					if err != nil {
						return err
					}
					views = append(views, w.connectionView(ctx, connection))
				}
				return o.show(command.OutOrStdout(), views, func(out io.Writer) error {
					rows := make([][]string, len(views))
					for i, view := range views {
						rows[i] = []string{view.User, view.TargetName, view.TargetID, strconv.FormatBool(view.Enabled), view.Since.Format(time.RFC3339)}
					}
					return writeTable(out, []string{"USER", "ACCOUNT", "ID IN TARGET", "ENABLED", "SINCE"}, rows)
				})
			})
		},
	}
}

func (w *workspace) connectionView(ctx context.Context, c engine.Connection) connectionView {
	return connectionView{w.userName(ctx, c.SourceID, c.SourceID), c.SourceID, c.TargetID, c.TargetName, c.Enabled, c.Since}
}

func newDisconnectCommand(o *options) *cobra.Command {
	var force bool
	command := &cobra.Command{
		Use:   "disconnect APP USER",
		Short: "Forget which account belongs to a person",
		Long: `Disconnect forgets the connection of one person with an account. It touches neither
of the two. The next cycle, or "usher provision --user", looks the person up anew by
the matching attributes. What waited for the person (retries, references, held
removals) is forgotten, too.

Provisioning has to be off: "usher app pause". An account that is not connected is
never taken away. So it refuses, without --force, when the account is in use and its
owner left.`,
		Example: "  usher app pause Salesforce\n  usher app disconnect Salesforce ana@contoso.com", Args: arguments("APP", "USER"),
		RunE: func(command *cobra.Command, given []string) error {
			return o.with(command, func(ctx context.Context, w *workspace) error {
				return o.disconnect(ctx, command, w, given[0], given[1], force)
			})
		},
	}
	command.Flags().BoolVar(&force, "force", false, "also when the account is in use and its owner left; nothing takes it away then")
	return command
}

func (o *options) disconnect(ctx context.Context, command *cobra.Command, w *workspace, application, name string, force bool) error {
	app, err := w.provisioned(ctx, application)
	if err != nil {
		return err
	}
	id, err := w.formerUser(ctx, app, name)
	if err != nil {
		return err
	}
	was, err := w.acts().Disconnect(ctx, app, id, administration.Disconnecting{Force: force, Waiting: func() {
		fmt.Fprintf(command.ErrOrStderr(), "waiting for a cycle of %s that is running\n", app.DisplayName) //nolint:errcheck // there is nowhere else to tell.
	}})
	if refusal := refused(err, administration.TurnedOn); refusal != nil {
		return fmt.Errorf("%s; \"usher app pause %s\" turns it off", refusal.Message, quoted(app.DisplayName))
	}
	if refusal := refused(err, administration.AccountInUse); refusal != nil {
		return fmt.Errorf("%w; --force forgets it all the same", refusal.Err)
	}
	if err != nil {
		return err
	}
	if was.IsZero() {
		return o.show(command.OutOrStdout(), was, func(out io.Writer) error {
			_, err := fmt.Fprintf(out, "%s has no connection with an account of %s\n", name, app.DisplayName)
			return err
		})
	}
	return o.show(command.OutOrStdout(), w.connectionView(ctx, was), func(out io.Writer) error {
		_, err := fmt.Fprintf(out, "%s and the account %s (%s) are not connected any more; neither was touched\n", name, was.TargetName, was.TargetID)
		return err
	})
}
