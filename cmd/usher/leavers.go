package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/provisioning"
)

// leaverView is somebody in a grace period as the command line shows it.
type leaverView struct {
	User   string    `json:"user"`
	ID     string    `json:"id"`
	Since  time.Time `json:"since"`
	Due    time.Time `json:"due"`
	Reason string    `json:"reason"`
}

func newLeaversCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "leavers APP",
		Short: "List who left and keeps the account for a grace period",
		Long: `Leavers lists people who left, whose accounts are kept until their grace period is
over: the first cycle after that takes them away, as far as the removal guard lets
it. Who comes back before is taken off the list and keeps the account. The period is
set with "usher app configure --grace".`,
		Example: "  usher app leavers Salesforce", Args: arguments("APP"),
		RunE: func(command *cobra.Command, given []string) error {
			return o.with(command, func(ctx context.Context, w *workspace) error {
				app, err := w.provisioned(ctx, given[0])
				if err != nil {
					return err
				}
				views := []leaverView{}
				for leaver, err := range w.service.Leavers(ctx, app) {
					if err != nil {
						return err
					}
					views = append(views, leaverView{w.userName(ctx, leaver.SourceID, leaver.Name), leaver.SourceID, leaver.Since, leaver.Due, leaver.Reason})
				}
				return o.show(command.OutOrStdout(), views, func(out io.Writer) error {
					rows := make([][]string, len(views))
					for i, view := range views {
						rows[i] = []string{view.User, view.Since.Format(time.RFC3339), view.Due.Format(time.RFC3339), view.Reason}
					}
					return writeTable(out, []string{"USER", "LEFT", "KEPT UNTIL", "WHY"}, rows)
				})
			})
		},
	}
}

// userName returns the user principal name of a user; of one who is gone the other
// name, else the id.
func (w *workspace) userName(ctx context.Context, id, otherwise string) string {
	user, err := w.store.User(ctx, id)
	switch {
	case err == nil:
		return user.UserPrincipalName
	case otherwise != "":
		return otherwise
	}
	return id
}

// leavingRows tell what becomes of the accounts of people who leave.
func leavingRows(settings provisioning.Settings) [][]string {
	var rows [][]string
	for _, trigger := range provisioning.Triggers() {
		text := string(settings.LeaveAction(trigger))
		if grace := settings.Leaving.GraceFor(trigger); grace > 0 && settings.LeaveAction(trigger) != provisioning.LeaveNothing {
			text += fmt.Sprintf(", %s later", administration.ShowPeriod(grace))
		}
		rows = append(rows, []string{"on " + string(trigger), text})
	}
	return rows
}
