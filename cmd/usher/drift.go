package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/administration"
)

// driftFlags say what to look at and what to do about it.
type driftFlags struct {
	users   []string
	recent  bool
	repair  bool
	accept  string
	retract string
	listed  bool
	limit   int
	apply   applyFlags
}

func newDriftCommand(o *options) *cobra.Command {
	var flags driftFlags
	command := &cobra.Command{
		Use:   "drift APP",
		Short: "Find accounts that were changed in the application, and repair or accept that",
		Long: `Drift looks for accounts that are not any more as Usher left them although nothing
changed in the directory: a cycle would write to them now, and their person is
unchanged since the latest cycle. Accounts of leavers that are in use again, and
accounts that are gone, are found, too. It looks at all accounts; with --recent only
at those that the application says were changed since the latest check, which takes
a few calls however many accounts there are.

What is found is logged and kept as a plan: "usher apply" sets it right, or --repair
right away. With --accept the application leads for one attribute of these accounts,
until the directory has another value for it; --accepted lists such attributes and
--retract ends them. Leavers and redacted attributes cannot be accepted.

"usher app configure APP --drift report --drift-interval 1h" makes usher serve look
by itself.`,
		Example: "  usher drift Salesforce\n  usher drift Salesforce --repair\n  usher drift Salesforce --accept Title --user ana@contoso.com\n  usher drift Salesforce --retract Title",
		Args:    arguments("APP"),
		RunE: func(command *cobra.Command, given []string) error {
			if err := flags.check(); err != nil {
				return err
			}
			return o.with(command, func(ctx context.Context, w *workspace) error {
				app, err := w.provisioned(ctx, given[0])
				if err != nil {
					return err
				}
				switch {
				case flags.listed:
					return o.listAccepted(ctx, command, w, app)
				case flags.retract != "":
					return o.retract(ctx, command, w, app, flags)
				case flags.accept != "":
					return o.accept(ctx, command, w, app, flags)
				}
				return o.drift(ctx, command, w, app, flags)
			})
		},
	}
	f := command.Flags()
	f.StringArrayVar(&flags.users, "user", nil, "only this person (user principal name or id); may be repeated")
	f.BoolVar(&flags.recent, "recent", false, "only accounts that the application says were changed since the latest check")
	f.BoolVar(&flags.repair, "repair", false, "set right what was found")
	f.BoolVar(&flags.apply.allowRemovals, "allow-removals", false, "with --repair: also take away accounts that the removal guard would hold")
	f.StringVar(&flags.accept, "accept", "", "let the application lead for this attribute where it was changed")
	f.StringVar(&flags.retract, "retract", "", "let the directory lead for this attribute again")
	f.BoolVar(&flags.listed, "accepted", false, "list the attributes for which the application leads")
	f.IntVar(&flags.limit, "limit", mostShown, "show at most so many accounts; 0 for all")
	return command
}

func (f driftFlags) check() error {
	chosen := 0
	for _, given := range []bool{f.repair, f.accept != "", f.retract != "", f.listed} {
		if given {
			chosen++
		}
	}
	switch {
	case chosen > 1:
		return &exitError{exitUsage, errors.New("--repair, --accept, --retract and --accepted exclude one another")}
	case f.recent && len(f.users) > 0:
		return &exitError{exitUsage, errors.New("--recent and --user exclude one another")}
	}
	return checkLimit(f.limit)
}

// looking finds out which accounts are meant.
func (w *workspace) looking(ctx context.Context, flags driftFlags) (administration.Looking, error) {
	where := administration.Looking{Recent: flags.recent}
	for _, name := range flags.users {
		user, err := w.user(ctx, name)
		if err != nil {
			return where, err
		}
		where.Users = append(where.Users, user.ID)
	}
	return where, nil
}

func (o *options) drift(ctx context.Context, command *cobra.Command, w *workspace, app administration.Application, flags driftFlags) error {
	where, err := w.looking(ctx, flags)
	if err != nil {
		return err
	}
	links, err := w.store.CountLinks(ctx, app.Job.ID)
	if err != nil {
		return err
	}
	bar := newProgressBar(command.ErrOrStderr(), links.Connections)
	where.Observe = bar.observe
	found, err := w.acts().FindDrift(ctx, app, where)
	bar.finish()
	if err != nil {
		return driftRefused(err, app)
	}
	if found.PlanID == "" {
		return o.show(command.OutOrStdout(), map[string]int{"looked": found.Looked, "found": 0}, func(out io.Writer) error {
			_, err := fmt.Fprintf(out, "looked at %s of %s: all as they should be\n", counted(found.Looked, "account", "accounts"), app.DisplayName)
			return err
		})
	}
	if flags.repair {
		return o.apply(ctx, command, w, app, found.Plan, flags.apply)
	}
	return o.writePlan(ctx, command.OutOrStdout(), w, app.Application, found.Plan, flags.limit)
}

func driftRefused(err error, app administration.Application) error {
	if refusal := refused(err, administration.NoSteadyState); refusal != nil {
		return fmt.Errorf("%w, so it cannot be told what was changed in %s; \"usher provision %s\" runs one", refusal.Err, app.DisplayName, quoted(app.DisplayName))
	}
	return explained(unopened(err))
}

// acceptedView is an attribute for which the application leads.
type acceptedView struct {
	User      string    `json:"user"`
	ID        string    `json:"id"`
	Attribute string    `json:"attribute"`
	At        time.Time `json:"acceptedDateTime"`
	By        string    `json:"acceptedBy"`
}

func (w *workspace) acceptedView(ctx context.Context, a engine.Acceptance) acceptedView {
	view := acceptedView{User: a.SourceID, ID: a.SourceID, Attribute: a.Attribute, At: a.At, By: a.By}
	if user, err := w.store.User(ctx, a.SourceID); err == nil {
		view.User = user.UserPrincipalName
	}
	return view
}

func writeAccepted(out io.Writer, views []acceptedView) error {
	rows := make([][]string, len(views))
	for i, view := range views {
		rows[i] = []string{view.User, view.Attribute, view.At.UTC().Format(time.RFC3339), view.By}
	}
	return writeTable(out, []string{"USER", "ATTRIBUTE", "ACCEPTED", "BY"}, rows)
}

func (o *options) accept(ctx context.Context, command *cobra.Command, w *workspace, app administration.Application, flags driftFlags) error {
	where, err := w.looking(ctx, flags)
	if err != nil {
		return err
	}
	found, err := w.acts().AcceptDrift(ctx, app, flags.accept, where)
	if refusal := refused(err, administration.NotMapped); refusal != nil {
		return fmt.Errorf("%s; \"usher app mappings %s\" shows what is", refusal.Message, quoted(app.DisplayName))
	}
	if err != nil {
		return driftRefused(err, app)
	}
	views := make([]acceptedView, len(found))
	for i, a := range found {
		views[i] = w.acceptedView(ctx, a)
	}
	return o.show(command.OutOrStdout(), views, func(out io.Writer) error {
		if len(views) == 0 {
			_, err := fmt.Fprintf(out, "no account was changed in %s, so there is nothing to accept\n", flags.accept)
			return err
		}
		return writeAccepted(out, views)
	})
}

func (o *options) retract(ctx context.Context, command *cobra.Command, w *workspace, app administration.Application, flags driftFlags) error {
	where, err := w.looking(ctx, flags)
	if err != nil {
		return err
	}
	count, err := w.acts().RetractDrift(ctx, app, flags.retract, where.Users)
	if err != nil {
		return err
	}
	return o.show(command.OutOrStdout(), map[string]int{"retracted": count}, func(out io.Writer) error {
		_, err := fmt.Fprintf(out, "the directory leads again for %s of %s\n", flags.retract, counted(count, "account", "accounts"))
		return err
	})
}

func (o *options) listAccepted(ctx context.Context, command *cobra.Command, w *workspace, app administration.Application) error {
	views := []acceptedView{}
	for a, err := range w.service.Acceptances(ctx, app) {
		if err != nil {
			return err
		}
		views = append(views, w.acceptedView(ctx, a))
	}
	return o.show(command.OutOrStdout(), views, func(out io.Writer) error { return writeAccepted(out, views) })
}
