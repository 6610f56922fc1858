package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/provisioning"
)

// configuration are the settings of a job that a command may change.
type configuration struct {
	provisioning.Settings

	interval time.Duration
	actions  []string // trigger=action
	grace    string
	graceOn  []string // trigger=duration
	drift    string
	vanished string // fail or match
}

func newConfigureCommand(o *options) *cobra.Command {
	var wanted configuration
	command := &cobra.Command{
		Use:   "configure APP",
		Short: "Change how an application is provisioned",
		Long: `Configure changes the settings of an application's job; what is not named stays.

The removal guard holds all removals of a cycle when they are more than the limit,
or more than the share of the accounts in use: 0 switches either of them off.

What becomes of the account of somebody who leaves is set for each trigger:
unassigned, filtered-out (by a scoping filter), source-disabled, soft-deleted and
hard-deleted. --on says what is done: disable, delete, or nothing. Usual is delete
on hard-deleted, else disable. An application that cannot delete disables instead.
When several triggers hold, the strongest of their actions counts. An action counts
for everybody, also for who left before: with --on unassigned=delete the accounts
that were disabled because of that are deleted, as far as the removal guard lets
them. --skip-out-of-scope-deletions does nothing on all but hard-deleted, whatever
--on says.

--grace keeps an account for so long after its owner left, and --grace-on for a
trigger in particular; 0 is at once. It is counted from the cycle that first found
that the person had left; when several triggers hold the shortest counts. Who comes
back before keeps the account. "usher app leavers" lists who is waiting.

A change of --sync-all, --nested-groups, --default-domain or a grace period, and an action that takes
more accounts away than before, make the next cycle look at everyone.`,
		Example: "  usher app configure Salesforce --removal-limit 50 --removal-percent 10\n  usher app configure Salesforce --skip-out-of-scope-deletions\n" +
			"  usher app configure Salesforce --on hard-deleted=disable --on filtered-out=nothing\n" +
			"  usher app configure Salesforce --grace 7d --grace-on source-disabled=0",
		Args: arguments("APP"),
		RunE: func(command *cobra.Command, given []string) error {
			if !slices.ContainsFunc(wanted.setters(), func(s setter) bool { return command.Flags().Changed(s.flag) }) {
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
	flags.IntVar(&wanted.RemovalDays, "removal-days", 0, "look at held removals anew after so many days, and tell of them again (0: 30; -1: never)")
	flags.IntVar(&wanted.ConfirmationDays, "confirmation-days", 0, "warn when a value, such as an e-mail address, waits for a confirmation in the application for more than this many days (0: 3; -1: never)")
	flags.BoolVar(&wanted.SyncAll, "sync-all", false, "provision everyone, not only who is assigned")
	flags.BoolVar(&wanted.NestedGroups, "nested-groups", false, "members of groups inside an assigned group are assigned, too, however deep")
	flags.BoolVar(&wanted.SkipOutOfScopeDeletions, "skip-out-of-scope-deletions", false, "leave the accounts of people who leave the scope as they are")
	flags.StringVar(&wanted.DefaultDomain, "default-domain", "", "what the function DefaultDomain gives")
	flags.StringArrayVar(&wanted.actions, "on", nil, "what becomes of an account, as trigger=action, such as unassigned=disable; may be repeated")
	flags.StringVar(&wanted.grace, "grace", "", "keep an account for so long after its owner left, such as 7d or 12h; 0: not at all")
	flags.StringArrayVar(&wanted.graceOn, "grace-on", nil, "a grace period for one trigger, as trigger=period, such as source-disabled=0; trigger=default takes it back; may be repeated")
	flags.StringVar(&wanted.drift, "drift", "", "what usher serve does about changes made in the application: off, report (log and tell them) or repair")
	flags.DurationVar(&wanted.Drift.Interval, "drift-interval", 0, "time between two looks for such changes, at least 1m; 0: 6h")
	flags.StringVar(&wanted.vanished, "vanished", "", "what is done when the account of somebody in scope is not there any more: fail (InvalidAnchor), or match the person again and make a new account if none matches")
	flags.DurationVar(&wanted.interval, "interval", 0, "time between two cycles, at least 1m")
	return command
}

func (o *options) configure(ctx context.Context, command *cobra.Command, w *workspace, application string, wanted configuration) error {
	if err := wanted.check(command); err != nil {
		return err
	}
	app, err := w.provisioned(ctx, application)
	if err != nil {
		return err
	}
	err = w.acts().ChangeSettings(ctx, app, func(settings provisioning.Settings, interval time.Duration) (provisioning.Settings, time.Duration, error) {
		job, err := wanted.apply(command.Flags().Changed, provisioning.Job{Settings: settings, Schedule: provisioning.Schedule{Interval: interval}})
		return job.Settings, job.Schedule.Interval, err
	})
	if err != nil {
		return err
	}
	view, err := w.appView(ctx, app.Application)
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

// setter puts the value of one flag into a job.
type setter struct {
	flag string
	set  func(job *provisioning.Job) error
}

func (c configuration) setters() []setter {
	plain := func(flag string, set func(*provisioning.Settings)) setter {
		return setter{flag, func(job *provisioning.Job) error {
			set(&job.Settings)
			return nil
		}}
	}
	return []setter{
		plain("removal-limit", func(s *provisioning.Settings) { s.RemovalLimit = c.RemovalLimit }),
		plain("removal-percent", func(s *provisioning.Settings) { s.RemovalPercent = c.RemovalPercent }),
		plain("failure-percent", func(s *provisioning.Settings) { s.FailurePercent = c.FailurePercent }),
		plain("removal-days", func(s *provisioning.Settings) { s.RemovalDays = c.RemovalDays }),
		plain("confirmation-days", func(s *provisioning.Settings) { s.ConfirmationDays = c.ConfirmationDays }),
		plain("sync-all", func(s *provisioning.Settings) { s.SyncAll = c.SyncAll }),
		plain("nested-groups", func(s *provisioning.Settings) { s.NestedGroups = c.NestedGroups }),
		plain("skip-out-of-scope-deletions", func(s *provisioning.Settings) { s.SkipOutOfScopeDeletions = c.SkipOutOfScopeDeletions }),
		plain("default-domain", func(s *provisioning.Settings) { s.DefaultDomain = c.DefaultDomain }),
		{"interval", func(job *provisioning.Job) error {
			job.Schedule.Interval = c.interval
			return nil
		}},
		{"on", c.setActions},
		{"grace", c.setGrace},
		{"grace-on", c.setGraceOn},
		plain("drift", func(s *provisioning.Settings) { s.Drift.Mode = provisioning.DriftMode(c.drift) }),
		plain("drift-interval", func(s *provisioning.Settings) { s.Drift.Interval = c.Drift.Interval }),
		{"vanished", c.setVanished},
	}
}

// apply returns the job with the settings that were named.
func (c configuration) apply(named func(flag string) bool, job provisioning.Job) (provisioning.Job, error) {
	for _, setter := range c.setters() {
		if !named(setter.flag) {
			continue
		}
		if err := setter.set(&job); err != nil {
			return job, &exitError{exitUsage, fmt.Errorf("--%s: %w", setter.flag, err)}
		}
	}
	if err := job.Settings.Drift.Check(); err != nil {
		return job, &exitError{exitUsage, err}
	}
	if err := job.Settings.Leaving.Check(); err != nil {
		return job, &exitError{exitUsage, err}
	}
	return job, nil
}

func (c configuration) setActions(job *provisioning.Job) error {
	for _, pair := range c.actions {
		trigger, action, found := strings.Cut(pair, "=")
		if !found {
			return fmt.Errorf("%q has not the form trigger=action, such as unassigned=disable", pair)
		}
		job.Settings.Leaving = job.Settings.Leaving.With(provisioning.Trigger(trigger), provisioning.LeaveAction(action))
	}
	return nil
}

func (c configuration) setVanished(job *provisioning.Job) error {
	switch c.vanished {
	case "fail":
		job.Settings.Vanished = provisioning.VanishedFail
	case string(provisioning.VanishedMatch):
		job.Settings.Vanished = provisioning.VanishedMatch
	default:
		return fmt.Errorf("%q is neither fail nor match", c.vanished)
	}
	return nil
}

func (c configuration) setGrace(job *provisioning.Job) (err error) {
	job.Settings.Leaving.Grace, err = administration.ParsePeriod(c.grace)
	return err
}

func (c configuration) setGraceOn(job *provisioning.Job) error {
	for _, pair := range c.graceOn {
		trigger, text, found := strings.Cut(pair, "=")
		if !found {
			return fmt.Errorf("%q has not the form trigger=period, such as source-disabled=0", pair)
		}
		if text == "default" {
			job.Settings.Leaving = job.Settings.Leaving.WithoutGrace(provisioning.Trigger(trigger))
			continue
		}
		grace, err := administration.ParsePeriod(text)
		if err != nil {
			return err
		}
		job.Settings.Leaving = job.Settings.Leaving.WithGrace(provisioning.Trigger(trigger), grace)
	}
	return nil
}
