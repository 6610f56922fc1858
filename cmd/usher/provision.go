package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

func newProvisionCommand(o *options) *cobra.Command {
	var users []string
	var request engine.Run
	var quiet bool
	command := &cobra.Command{
		Use:   "provision APP",
		Short: "Run one cycle now",
		Long: `Provision runs one cycle: the first one looks at everyone who is assigned, later
ones at what changed in the directory. With --user it provisions one person on
demand, also somebody who is disabled or deleted in the directory, and shows each
step; who was removed for good is named by the id. With --dry-run it shows what would be done and writes nothing, neither to
the application nor to Usher's own state.`,
		Example: "  usher provision Salesforce\n  usher provision Salesforce --dry-run\n  usher provision Salesforce --user ana@contoso.com",
		Args:    arguments("APP"),
		RunE: func(command *cobra.Command, given []string) error {
			return o.withSession(command, given[0], func(ctx context.Context, w *workspace, app directory.Application, s engine.Session) error {
				for _, name := range users {
					user, err := w.service.Person(ctx, administration.Application{Application: app, Job: s.Job}, name)
					if err != nil {
						return unknownUser(err)
					}
					request.Users = append(request.Users, user.ID)
				}
				return o.provision(ctx, command, w, app, s, request, quiet)
			})
		},
	}
	command.Flags().StringArrayVar(&users, "user", nil, "provision this person on demand (user principal name or id); may be repeated")
	command.Flags().BoolVar(&request.DryRun, "dry-run", false, "show what would be done, write nothing")
	command.Flags().BoolVar(&request.Full, "full", false, "look at everyone, not only at what changed")
	command.Flags().BoolVarP(&quiet, "quiet", "q", false, "print the summary only, not each change")
	return command
}

// provisionView is a cycle with its changes as the command line shows it.
type provisionView struct {
	Run     provisioning.Run `json:"run"`
	DryRun  bool             `json:"dryRun,omitzero"`
	Changes []plan.Change    `json:"changes,omitempty"`
}

// mostShown is how many changes the table output prints; the log has them all.
const mostShown = 100

func (o *options) provision(ctx context.Context, command *cobra.Command, w *workspace, app directory.Application, s engine.Session, request engine.Run, quiet bool) error {
	assigned, err := w.store.CountAssigned(ctx, app.ID)
	if err != nil {
		return err
	}
	view := provisionView{DryRun: request.DryRun}
	bar := newProgressBar(command.ErrOrStderr(), assigned)
	shown := 0
	request.Observe = bar.observe
	request.Report = func(change plan.Change) {
		if quiet || change.Status == plan.Skipped && len(request.Users) == 0 {
			return
		}
		if shown++; shown <= mostShown || o.output == "json" {
			view.Changes = append(view.Changes, change)
		}
	}
	run, failure := o.oneCycle(ctx, command, w, app, s, request)
	bar.finish()
	view.Run = run
	err = o.show(command.OutOrStdout(), view, func(out io.Writer) error {
		if err := printChanges(out, view.Changes, len(request.Users) > 0); err != nil {
			return err
		}
		if shown > mostShown {
			fmt.Fprintf(out, "... and %d more; \"usher logs %s --limit 0\" shows all\n", shown-mostShown, quoted(app.DisplayName)) //nolint:errcheck // the summary below reports it.
		}
		return writeSummary(out, w.catalogue, run, request.DryRun)
	})
	if failure != nil {
		return errors.Join(explained(failure), err)
	}
	return errors.Join(err, partial(run, app.DisplayName))
}

// printChanges prints changes, with the steps that were taken if that is asked for.
func printChanges(out io.Writer, changes []plan.Change, steps bool) error {
	for _, change := range changes {
		if err := plan.Print(out, change); err != nil {
			return err
		}
		if !steps {
			continue
		}
		for _, step := range change.Steps {
			if _, err := fmt.Fprintf(out, "    %-20s %-8s %s\n", step.Type, step.Status, step.Description); err != nil {
				return err
			}
		}
	}
	return nil
}

// oneCycle runs the cycle when no other one of the job runs. A dry run, and one for
// single people, may run beside it.
func (o *options) oneCycle(ctx context.Context, command *cobra.Command, w *workspace, app directory.Application, s engine.Session, request engine.Run) (run provisioning.Run, err error) {
	if request.DryRun || len(request.Users) > 0 {
		return w.runner.Run(ctx, s, request)
	}
	waiting := func() {
		fmt.Fprintf(command.ErrOrStderr(), "waiting for a cycle of %s that is running\n", app.DisplayName) //nolint:errcheck // there is nowhere else to tell.
	}
	err = w.service.Exclusively(ctx, s.Job.ID, waiting, func() error {
		run, err = w.runner.Run(ctx, s, request)
		return err
	})
	return run, err
}

// partial gives the exit code of a cycle in which not everything went well.
func partial(run provisioning.Run, application string) error {
	switch {
	case run.Counts.Failed > 0:
		return &exitError{exitPartial, fmt.Errorf("%s failed and will be tried again; \"usher logs %s --status failure\" says why", counted(run.Counts.Failed, "person", "people"), quoted(application))}
	case run.Counts.Staged > 0:
		return &exitError{exitPartial, fmt.Errorf("%s held; \"usher removals list %s\" shows them", counted(run.Counts.Staged, "removal is", "removals are"), quoted(application))}
	}
	return nil
}
