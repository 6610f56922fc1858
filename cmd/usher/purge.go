package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/usher-id/usher/internal/store"
)

func newPurgeCommand(o *options) *cobra.Command {
	var force bool
	command := &cobra.Command{
		Use:   "purge USER",
		Short: "Remove a deleted user for good",
		Long: `Purge removes a user with memberships and assignments from the directory, for
good: it cannot be undone. The next cycle takes away the accounts that the user
still has; what was done before stays in the logs.

A user who is not deleted is refused without --force. When somebody else has the
name by now, give the id of the one who is deleted.`,
		Example: "  usher directory purge e04711\n  usher directory purge ana@contoso.com --force",
		Args:    arguments("USER"),
		RunE: func(command *cobra.Command, given []string) error {
			return o.with(command, func(ctx context.Context, w *workspace) error {
				user, err := w.user(ctx, given[0])
				if err != nil {
					return err
				}
				if !user.Deleted() && !force {
					return fmt.Errorf("%s (%s) is not deleted: leave them out of an import with --replace first, or give --force", user.UserPrincipalName, user.ID)
				}
				err = w.store.Edit(ctx, "purge user "+user.ID, func(e store.Editor) error {
					if err := e.PurgeUser(ctx, user.ID); err != nil {
						return err
					}
					return e.Audit(ctx, w.acts().Record("Hard Delete user", user.UserPrincipalName, user.ID)) // Microsoft Entra's audit log calls it so
				})
				if err != nil {
					return err
				}
				return o.show(command.OutOrStdout(), map[string]string{"purged": user.ID}, func(out io.Writer) error {
					_, err := fmt.Fprintf(out, "purged %s (%s)\n", user.UserPrincipalName, user.ID)
					return err
				})
			})
		},
	}
	command.Flags().BoolVar(&force, "force", false, "also a user who is not deleted")
	return command
}
