package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/administration"
)

func newRemovalsCommand(o *options) *cobra.Command {
	command := &cobra.Command{
		Use: "removals", Short: "Look at removals that are held, and decide on them",
		Long: `When a cycle would take away more accounts than the limit of its job, it takes none
away and holds them all. Look at them, and allow or reject them. What was rejected
stays on the list as such and is not taken away, until the person was in scope
again or you have it reconsidered.`,
		Example: "  usher removals list Salesforce\n  usher removals allow Salesforce --user ana@contoso.com",
	}
	command.AddCommand(newRemovalsListCommand(o), newRemovalsAllowCommand(o), newRemovalsRejectCommand(o), newRemovalsReconsiderCommand(o))
	return command
}

// removalView is a held or rejected removal as the command line shows it.
type removalView struct {
	User   string              `json:"user"`
	ID     string              `json:"id"`
	State  engine.RemovalState `json:"state"`
	Reason string              `json:"reason"`
	Since  time.Time           `json:"since"` // when it was found, or rejected
}

// why tells of a rejected removal also when it was rejected.
func (v removalView) why() string {
	if v.State == engine.RemovalRejected {
		return v.Reason + "; rejected on " + v.Since.Format(time.DateOnly)
	}
	return v.Reason
}

func newRemovalsListCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use: "list APP", Short: "List removals that are held, allowed or rejected", Example: "  usher removals list Salesforce", Args: arguments("APP"),
		RunE: func(command *cobra.Command, given []string) error {
			return o.with(command, func(ctx context.Context, w *workspace) error {
				app, err := w.provisioned(ctx, given[0])
				if err != nil {
					return err
				}
				views, err := w.removals(ctx, app)
				if err != nil {
					return err
				}
				return o.show(command.OutOrStdout(), views, func(out io.Writer) error {
					rows := make([][]string, len(views))
					for i, view := range views {
						rows[i] = []string{view.User, string(view.State), view.why()}
					}
					return writeTable(out, []string{"USER", "STATE", "WHY"}, rows)
				})
			})
		},
	}
}

func (w *workspace) removals(ctx context.Context, app administration.Application) ([]removalView, error) {
	views := []removalView{}
	for removal, err := range w.service.Removals(ctx, app, "") {
		if err != nil {
			return nil, err
		}
		views = append(views, removalView{
			ID: removal.SourceID, User: w.userName(ctx, removal.SourceID, ""), State: removal.State, Reason: removal.Reason, Since: removal.Since,
		})
	}
	return views, nil
}

func newRemovalsAllowCommand(o *options) *cobra.Command {
	return newDecideCommand(o, administration.Allow, "Let held removals go ahead with the next cycle")
}

func newRemovalsRejectCommand(o *options) *cobra.Command {
	return newDecideCommand(o, administration.Reject, "Leave the accounts of held removals alone until the people were in scope again")
}

func newRemovalsReconsiderCommand(o *options) *cobra.Command {
	return newDecideCommand(o, administration.Reconsider, "Have the next cycle look anew at removals that were rejected")
}

func newDecideCommand(o *options, verb administration.Decision, short string) *cobra.Command {
	var users []string
	command := &cobra.Command{
		Use: string(verb) + " APP", Short: short, Args: arguments("APP"),
		Example: fmt.Sprintf("  usher removals %s Salesforce\n  usher removals %s Salesforce --user ana@contoso.com", verb, verb),
		RunE: func(command *cobra.Command, given []string) error {
			return o.with(command, func(ctx context.Context, w *workspace) error {
				app, err := w.provisioned(ctx, given[0])
				if err != nil {
					return err
				}
				var ids []string
				for _, name := range users {
					user, err := w.user(ctx, name)
					if err != nil {
						return err
					}
					ids = append(ids, user.ID)
				}
				count, err := w.acts().DecideRemovals(ctx, app, verb, ids)
				if err != nil {
					return err
				}
				return o.show(command.OutOrStdout(), map[string]int{"removals": count}, func(out io.Writer) error {
					_, err := fmt.Fprintf(out, "%s: %s\n", verb, counted(count, "removal", "removals"))
					return err
				})
			})
		},
	}
	command.Flags().StringArrayVar(&users, "user", nil, "only this person; may be repeated. Without it, all of them")
	return command
}
