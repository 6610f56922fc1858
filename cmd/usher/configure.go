package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/usher-id/usher/provisioning"
)

// configuration are the settings of a job that a command may change.
type configuration struct {
	provisioning.Settings

	interval time.Duration
}

func newConfigureCommand(o *options) *cobra.Command {
	var wanted configuration
	command := &cobra.Command{
		Use:   "configure APP",
		Short: "Change how an application is provisioned",
		Long: `Configure changes the settings of an application's job; what is not named stays.

The removal guard holds all removals of a cycle when they are more than the limit,
or more than the share of the accounts in use: 0 switches either of them off.
A change of --sync-all or --default-domain, and --skip-out-of-scope-deletions=false,
make the next cycle look at everyone.`,
		Example: "  usher app configure Salesforce --removal-limit 50 --removal-percent 10\n  usher app configure Salesforce --skip-out-of-scope-deletions",
		Args:    arguments("APP"),
		RunE: func(command *cobra.Command, given []string) error {
			if command.Flags().NFlag() == 0 || !anyLocal(command) {
				return &exitError{exitUsage, errors.New("name at least one setting; see usher app configure --help")}
			}
			return o.with(command, func(ctx context.Context, w *workspace) error {
				return o.configure(ctx, command, w, given[0], wanted)
			})
		},
	}
	flags := command.Flags()
	flags.IntVar(&wanted.RemovalLimit, "removal-limit", 0, "hold the removals of a cycle when they are more than this")
	flags.IntVar(&wanted.RemovalPercent, "removal-percent", 0, "hold the removals of a cycle when they are more than this share of the accounts in use (counts from 11 removals on)")
	flags.IntVar(&wanted.FailurePercent, "failure-percent", 0, "put the job into quarantine when more than this share of the people of a cycle failed (counts from 10 people on; 0: only from 5,000 failures on)")
	flags.IntVar(&wanted.ConfirmationDays, "confirmation-days", 0, "warn when a value, such as an e-mail address, waits for a confirmation in the application for more than this many days (0: 3; -1: never)")
	flags.BoolVar(&wanted.SyncAll, "sync-all", false, "provision everyone, not only who is assigned")
	flags.BoolVar(&wanted.SkipOutOfScopeDeletions, "skip-out-of-scope-deletions", false, "leave the accounts of people who leave the scope as they are")
	flags.StringVar(&wanted.DefaultDomain, "default-domain", "", "what the function DefaultDomain gives")
	flags.DurationVar(&wanted.interval, "interval", 0, "time between two cycles, at least 1m")
	return command
}

// anyLocal reports whether a flag of this command itself is given.
func anyLocal(command *cobra.Command) bool {
	for _, name := range []string{"removal-limit", "removal-percent", "failure-percent", "confirmation-days", "sync-all", "skip-out-of-scope-deletions", "default-domain", "interval"} {
		if command.Flags().Changed(name) {
			return true
		}
	}
	return false
}

func (o *options) configure(ctx context.Context, command *cobra.Command, w *workspace, application string, wanted configuration) error {
	if err := wanted.check(command); err != nil {
		return err
	}
	app, job, err := w.job(ctx, application)
	if err != nil {
		return err
	}
	err = w.store.UpdateJob(ctx, job.ID, func(job provisioning.Job) (provisioning.Job, error) {
		return wanted.apply(command.Flags().Changed, job), nil
	})
	if err != nil {
		return err
	}
	if err := w.audit(ctx, "Update provisioning setting or credentials", app.DisplayName, "job settings"); err != nil {
		return err
	}
	view, err := w.appView(ctx, app)
	if err != nil {
		return err
	}
	return o.show(command.OutOrStdout(), view, func(out io.Writer) error {
		_, err := fmt.Fprintf(out, "changed the settings of %s\n", app.DisplayName)
		return err
	})
}

func (c configuration) check(command *cobra.Command) error {
	switch {
	case c.RemovalLimit < 0, c.RemovalPercent < 0, c.RemovalPercent > 100, c.FailurePercent < 0, c.FailurePercent > 100:
		return &exitError{exitUsage, errors.New("--removal-limit is 0 or more, --removal-percent and --failure-percent are from 0 to 100")}
	case command.Flags().Changed("interval") && c.interval < time.Minute:
		return &exitError{exitUsage, errors.New("--interval is at least 1m")}
	}
	return nil
}

// apply returns the job with the settings that were named.
func (c configuration) apply(named func(flag string) bool, job provisioning.Job) provisioning.Job {
	before := job.Settings
	if named("removal-limit") {
		job.Settings.RemovalLimit = c.RemovalLimit
	}
	if named("removal-percent") {
		job.Settings.RemovalPercent = c.RemovalPercent
	}
	if named("failure-percent") {
		job.Settings.FailurePercent = c.FailurePercent
	}
	if named("confirmation-days") {
		job.Settings.ConfirmationDays = c.ConfirmationDays
	}
	if named("sync-all") {
		job.Settings.SyncAll = c.SyncAll
	}
	if named("skip-out-of-scope-deletions") {
		job.Settings.SkipOutOfScopeDeletions = c.SkipOutOfScopeDeletions
	}
	if named("default-domain") {
		job.Settings.DefaultDomain = c.DefaultDomain
	}
	if named("interval") {
		job.Schedule.Interval = c.interval
	}
	if before.NeedsFullCycle(job.Settings) {
		job.Status.InitialDone = false
	}
	return job
}
