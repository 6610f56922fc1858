package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
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
			if flags.listed || flags.retract != "" {
				return o.with(command, func(ctx context.Context, w *workspace) error {
					if flags.listed {
						return o.listAccepted(ctx, command, w, given[0])
					}
					return o.retract(ctx, command, w, given[0], flags)
				})
			}
			return o.withSession(command, given[0], func(ctx context.Context, w *workspace, app directory.Application, s engine.Session) error {
				if flags.accept != "" {
					return o.accept(ctx, command, w, app, s, flags)
				}
				return o.drift(ctx, command, w, app, s, flags)
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

// scope finds out which accounts are meant.
func (w *workspace) driftScope(ctx context.Context, jobID string, flags driftFlags) (engine.DriftScope, error) {
	var scope engine.DriftScope
	for _, name := range flags.users {
		user, err := w.user(ctx, name)
		if err != nil {
			return scope, err
		}
		scope.Users = append(scope.Users, user.ID)
	}
	if flags.recent {
		check, err := w.store.DriftCheck(ctx, jobID)
		if err != nil {
			return scope, err
		}
		scope.Since = check.Since()
	}
	return scope, nil
}

func (o *options) drift(ctx context.Context, command *cobra.Command, w *workspace, app directory.Application, s engine.Session, flags driftFlags) error {
	scope, err := w.driftScope(ctx, s.Job.ID, flags)
	if err != nil {
		return err
	}
	links, err := w.store.CountLinks(ctx, s.Job.ID)
	if err != nil {
		return err
	}
	bar := newProgressBar(command.ErrOrStderr(), links.Connections)
	p, err := w.runner.Drift(ctx, s, engine.Run{InitiatedBy: actor(), Observe: bar.observe}, scope)
	bar.finish()
	if err != nil {
		return driftRefused(err, app)
	}
	if len(scope.Users) == 0 {
		check := engine.DriftCheck{At: p.At, Full: scope.Since.IsZero(), Looked: p.Counts.Collected, Found: p.Found(), PlanID: p.ID}
		if err := w.store.PutDriftCheck(ctx, s.Job.ID, check); err != nil {
			return err
		}
	}
	if p.ID == "" {
		return o.show(command.OutOrStdout(), map[string]int{"looked": p.Counts.Collected, "found": 0}, func(out io.Writer) error {
			_, err := fmt.Fprintf(out, "looked at %s of %s: all as they should be\n", counted(p.Counts.Collected, "account", "accounts"), app.DisplayName)
			return err
		})
	}
	if flags.repair {
		return o.apply(ctx, command, w, app, s, p, flags.apply)
	}
	return o.writePlan(ctx, command.OutOrStdout(), w, app, p, flags.limit)
}

func driftRefused(err error, app directory.Application) error {
	if errors.Is(err, engine.ErrNoSteadyState) {
		return fmt.Errorf("%w, so it cannot be told what was changed in %s; \"usher provision %s\" runs one", err, app.DisplayName, quoted(app.DisplayName))
	}
	return explained(err)
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

func (o *options) accept(ctx context.Context, command *cobra.Command, w *workspace, app directory.Application, s engine.Session, flags driftFlags) error {
	if s.Mapping.Rule(flags.accept) == nil && !mappedInAnyCase(s, flags.accept) {
		return fmt.Errorf("%s is not mapped, so Usher does not write it anyway; \"usher app mappings %s\" shows what is", flags.accept, quoted(app.DisplayName))
	}
	scope, err := w.driftScope(ctx, s.Job.ID, flags)
	if err != nil {
		return err
	}
	found, err := w.runner.Acceptable(ctx, s, engine.Run{InitiatedBy: actor()}, scope, flags.accept)
	if err != nil {
		return driftRefused(err, app)
	}
	if err := w.store.Accept(ctx, s.Job.ID, found); err != nil {
		return err
	}
	if err := w.audit(ctx, "Accept attribute changed in the application", app.DisplayName, flags.accept+", "+counted(len(found), "account", "accounts")); err != nil {
		return err
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

func mappedInAnyCase(s engine.Session, name string) bool {
	for _, target := range s.Mapping.Targets() {
		if strings.EqualFold(target, name) {
			return true
		}
	}
	return false
}

func (o *options) retract(ctx context.Context, command *cobra.Command, w *workspace, application string, flags driftFlags) error {
	app, job, err := w.job(ctx, application)
	if err != nil {
		return err
	}
	scope, err := w.driftScope(ctx, job.ID, flags)
	if err != nil {
		return err
	}
	count, err := w.store.Retract(ctx, job.ID, flags.retract, scope.Users)
	if err != nil {
		return err
	}
	if err := w.audit(ctx, "Retract accepted attribute", app.DisplayName, flags.retract+", "+counted(count, "account", "accounts")); err != nil {
		return err
	}
	return o.show(command.OutOrStdout(), map[string]int{"retracted": count}, func(out io.Writer) error {
		_, err := fmt.Fprintf(out, "the directory leads again for %s of %s\n", flags.retract, counted(count, "account", "accounts"))
		return err
	})
}

func (o *options) listAccepted(ctx context.Context, command *cobra.Command, w *workspace, application string) error {
	_, job, err := w.job(ctx, application)
	if err != nil {
		return err
	}
	views := []acceptedView{}
	for a, err := range w.store.Acceptances(ctx, job.ID) {
		if err != nil {
			return err
		}
		views = append(views, w.acceptedView(ctx, a))
	}
	return o.show(command.OutOrStdout(), views, func(out io.Writer) error { return writeAccepted(out, views) })
}
