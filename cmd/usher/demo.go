package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/connector/salesforce/salesforcetest"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/examples/contoso"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
	"github.com/usher-id/usher/source/csv"
)

// demoFlags are what a demo can be asked for.
type demoFlags struct {
	users   int
	seed    uint64
	latency time.Duration
	keep    bool
}

func newDemoCommand(o *options) *cobra.Command {
	var flags demoFlags
	command := &cobra.Command{
		Use:   "demo",
		Short: "Provision a made-up company into a simulated Salesforce org",
		Long: `Demo shows the main job from end to end, on this machine alone: it starts a
simulated Salesforce org and a database in a temporary folder, imports a company,
sets the application up as an administrator would, runs an initial cycle, lets
people join, move and leave, and runs two more cycles. It checks what Usher
promises against the org's content and fails when a promise is broken.`,
		Example: "  usher demo\n  usher demo --users 10000 --latency 0s\n  usher demo --keep",
		Args:    arguments(),
		RunE: func(command *cobra.Command, _ []string) error {
			d := &demo{options: *o, flags: flags, command: command, out: command.OutOrStdout()}
			if o.output == "json" {
				d.out = io.Discard
			}
			return d.run(command.Context())
		},
	}
	command.Flags().IntVar(&flags.users, "users", 1000, "size of the company, at least "+strconv.Itoa(contoso.MinUsers))
	command.Flags().Uint64Var(&flags.seed, "seed", 1, "another seed makes another company")
	command.Flags().DurationVar(&flags.latency, "latency", 20*time.Millisecond, "time that every request to the org takes at least")
	command.Flags().BoolVar(&flags.keep, "keep", false, "stay up afterwards with the web portal, to look around")
	return command
}

// demo is one run of the demo.
type demo struct {
	options options
	flags   demoFlags
	command *cobra.Command
	out     io.Writer // the prose; nothing when JSON is asked for
	folder  string

	company contoso.Company
	org     *salesforcetest.Org
	server  *salesforcetest.Server
	work    *workspace
	app     directory.Application
	leavers []string // user principal names
	report  demoReport
}

// demoReport is the demo as JSON.
type demoReport struct {
	Users    int                 `json:"users"`
	Seed     uint64              `json:"seed"`
	Latency  string              `json:"latency"`
	Cycles   []demoCycle         `json:"cycles"`
	Licenses []connector.License `json:"licenses"`
	Peak     int64               `json:"peak_resident_mib,omitzero"`
	Broken   []string            `json:"broken_promises,omitempty"`
}

// demoCycle are the figures of one cycle.
type demoCycle struct {
	Kind provisioning.CycleKind `json:"kind"`
	provisioning.Counts
	Seconds float64 `json:"seconds"`
}

// step prints what an administrator does next.
func (d *demo) step(format string, args ...any) {
	fmt.Fprintf(d.out, "\n== "+format+"\n", args...) //nolint:errcheck // prose for a person who watches.
}

func (d *demo) say(format string, args ...any) {
	fmt.Fprintf(d.out, "   "+format+"\n", args...) //nolint:errcheck // as above.
}

func (d *demo) run(ctx context.Context) (err error) {
	d.folder, err = os.MkdirTemp("", "usher-demo-")
	if err != nil {
		return fmt.Errorf("make a folder for the demo: %w", err)
	}
	defer func() { err = errors.Join(err, d.clean()) }()
	for _, step := range []func(context.Context) error{
		d.startOrg, d.openDirectory, d.setUp, d.initialCycle, d.workingDay, d.quietCycle, d.finish,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (d *demo) clean() error {
	var faults []error
	if d.work != nil {
		faults = append(faults, d.work.store.Close())
	}
	if d.server != nil {
		faults = append(faults, d.server.Close())
	}
	return errors.Join(append(faults, os.RemoveAll(d.folder))...)
}

func (d *demo) startOrg(context.Context) error {
	d.step("A simulated Salesforce org, %s latency", d.flags.latency)
	config := salesforcetest.Default()
	config.Latency = d.flags.latency
	config.Universe = salesforcetest.NewUniverse()
	config.Universe.Reserve(contoso.TakenUsername)
	org, err := salesforcetest.New(config)
	if err != nil {
		return fmt.Errorf("make the simulated org: %w", err)
	}
	d.org = org
	d.server, err = org.Listen("127.0.0.1:0") //nolint:contextcheck // the org is closed by clean, not by the context.
	if err != nil {
		return err
	}
	d.say("%s; one username of the company is taken by somebody else's org: %s", d.server.URL, contoso.TakenUsername)
	return nil
}

func (d *demo) openDirectory(ctx context.Context) error {
	d.company = contoso.Generate(contoso.Options{Users: d.flags.users, Seed: d.flags.seed})
	d.report = demoReport{Users: d.company.Size(), Seed: d.flags.seed, Latency: d.flags.latency.String()}
	d.step("The directory: an SQLite database in %s", d.folder)
	samples := filepath.Join(d.folder, "contoso")
	if err := d.company.Write(samples); err != nil {
		return err
	}
	d.options.data, d.options.database = filepath.Join(d.folder, "data"), ""
	work, err := d.options.open(d.command, mayBeMade) //nolint:contextcheck // the command carries the context.
	if err != nil {
		return err
	}
	d.work = work
	files := csv.StandardFiles()
	files.Assignments = ""
	began := time.Now()
	report, err := work.importFolder(ctx, samples, files, true)
	if err != nil {
		return err
	}
	d.say("imported %d users, %d groups and %d memberships in %.2f s", report.Users.Created, report.Groups.Created, report.Members.Created, time.Since(began).Seconds())
	return nil
}

// setUp does what an administrator does by hand.
func (d *demo) setUp(ctx context.Context) error {
	d.step("Add the application Salesforce from the gallery")
	app, err := d.work.addApplication(ctx, "salesforce", contoso.Application)
	if err != nil {
		return err
	}
	d.app = app
	d.say("%s, %s", app.DisplayName, app.ID)
	d.step("Save username, password, security token and tenant URL, and test the connection")
	if err := d.credentials(ctx); err != nil {
		return err
	}
	d.step("Import the org's profiles as app roles")
	if err := d.roles(ctx); err != nil {
		return err
	}
	d.step("Map three more attributes than the default mapping: ManagerId, Department, Title")
	for _, change := range []mappingChange{
		{target: "ManagerId", expression: "[manager]"}, {target: "Department", expression: "[department]"}, {target: "Title", expression: "[jobTitle]"},
	} {
		if err := d.work.mapAttribute(ctx, app.ID, change); err != nil {
			return err
		}
		d.say("%s <- %s", change.target, change.expression)
	}
	d.step("Assign groups and users with roles")
	if err := d.assign(ctx); err != nil {
		return err
	}
	d.step("Turn provisioning on")
	provisioned, err := d.work.provisioned(ctx, app.ID)
	if err != nil {
		return err
	}
	return d.work.acts().Start(ctx, provisioned, administration.Starting{KeepQuarantine: true})
}

func (d *demo) credentials(ctx context.Context) error {
	known := d.org.Credentials()
	credentials := provisioning.Credentials{}.With("UserName", known.Username).With("Password", known.Password).
		With("SecretToken", known.SecurityToken).With("BaseAddress", d.server.URL)
	app, err := d.work.provisioned(ctx, d.app.ID)
	if err != nil {
		return err
	}
	return d.work.saveCredentials(ctx, app, credentials, true, indented{d.out})
}

// indented puts the demo's margin before every line that is written.
type indented struct{ out io.Writer }

// Write writes whole lines behind the margin.
func (i indented) Write(p []byte) (int, error) {
	for line := range bytes.Lines(p) {
		if _, err := fmt.Fprintf(i.out, "   %s", line); err != nil {
			return 0, fmt.Errorf("write the demo's output: %w", err)
		}
	}
	return len(p), nil
}

func (d *demo) roles(ctx context.Context) error {
	return d.work.session(ctx, d.app.ID, func(_ directory.Application, session engine.Session) error {
		roles, _, err := d.work.runner.ImportRoles(ctx, session)
		for _, role := range roles {
			d.say("%-30s %-20s %s seats", role.Name, role.License.Name, seats(&role.License))
		}
		return err
	})
}

func (d *demo) assign(ctx context.Context) error {
	for _, assignment := range d.company.Assignments() {
		request := directory.AssignmentRequest{
			Application: d.app.ID, PrincipalType: assignment.PrincipalType, Principal: assignment.Principal, Role: assignment.Role,
		}
		if _, err := d.work.store.Assign(ctx, request); err != nil {
			return fmt.Errorf("assign %s: %w", assignment.Principal, err)
		}
		d.say("%-5s %-36s %s", assignment.PrincipalType, assignment.Principal, assignment.Role)
	}
	return nil
}

func (d *demo) initialCycle(ctx context.Context) error {
	d.step("Initial cycle: everyone who is assigned")
	if err := d.cycle(ctx, nil); err != nil {
		return err
	}
	return d.work.session(ctx, d.app.ID, func(_ directory.Application, session engine.Session) error {
		seen := make(map[string]bool)
		for role, err := range session.Connector.Roles(ctx) {
			if err != nil {
				return err
			}
			if !seen[role.License.Name] {
				seen[role.License.Name] = true
				d.report.Licenses = append(d.report.Licenses, role.License)
				d.say("%-20s %s seats are left", role.License.Name, seats(&role.License))
			}
		}
		return nil
	})
}

func (d *demo) cycle(ctx context.Context, report func(plan.Change)) error {
	var run provisioning.Run
	err := d.work.session(ctx, d.app.ID, func(app directory.Application, session engine.Session) error {
		assigned, err := d.work.store.CountAssigned(ctx, app.ID)
		if err != nil {
			return err
		}
		bar := newProgressBar(d.command.ErrOrStderr(), assigned)
		run, err = d.work.runner.Run(ctx, session, engine.Run{Observe: bar.observe, Report: report})
		bar.finish()
		return explained(err)
	})
	if err != nil {
		return err
	}
	d.report.Cycles = append(d.report.Cycles, demoCycle{run.Kind, run.Counts, run.Ended.Sub(run.Began).Seconds()})
	return writeSummary(indented{d.out}, d.work.catalogue, run, false)
}

// workingDay lets people join, move and leave, and runs an incremental cycle.
func (d *demo) workingDay(ctx context.Context) error {
	d.step("A working day: people join, move and leave")
	changes := contoso.Changes(d.company, d.flags.seed)
	var deltas []directory.Delta
	for _, change := range changes {
		d.say("%s", change.Summary)
		deltas = append(deltas, change.Deltas...)
		if change.Kind == contoso.Leaver {
			d.leavers = append(d.leavers, d.leaverName(change))
		}
	}
	if _, err := d.work.store.Import(ctx, sequence(deltas), false); err != nil {
		return fmt.Errorf("apply the changes of the day: %w", err)
	}
	d.step("Incremental cycle: only who changed")
	var done []plan.Change
	err := d.cycle(ctx, func(change plan.Change) {
		if change.Status != plan.Skipped {
			done = append(done, change)
		}
	})
	if err != nil {
		return err
	}
	return d.printChanges(done)
}

// printChanges prints every change with its fields, those of few fields first.
func (d *demo) printChanges(changes []plan.Change) error {
	slices.SortStableFunc(changes, func(a, b plan.Change) int { return len(a.Fields) - len(b.Fields) })
	d.say("")
	return plan.Print(indented{d.out}, changes...)
}

func sequence(deltas []directory.Delta) func(func(directory.Delta, error) bool) {
	return func(yield func(directory.Delta, error) bool) {
		for _, delta := range deltas {
			if !yield(delta, nil) {
				return
			}
		}
	}
}

// quietCycle shows that nothing is written when nothing changed.
func (d *demo) quietCycle(ctx context.Context) error {
	d.step("Third cycle: nothing changed")
	before := d.org.Statistics().RowsWritten
	if err := d.cycle(ctx, nil); err != nil {
		return err
	}
	written := d.org.Statistics().RowsWritten - before
	d.say("the org counted %d rows written", written)
	if written != 0 {
		d.broken("a cycle with nothing changed wrote %d rows", written)
	}
	return d.check(ctx)
}

func (d *demo) finish(ctx context.Context) error {
	d.report.Peak = peakResident() >> 20
	if d.options.output == "json" {
		if err := writeJSON(d.command.OutOrStdout(), d.report); err != nil {
			return err
		}
	}
	if d.flags.keep {
		if err := d.lookAround(ctx); err != nil {
			return err
		}
	}
	if len(d.report.Broken) > 0 {
		return fmt.Errorf("%d promises were broken: %s", len(d.report.Broken), d.report.Broken[0])
	}
	d.step("Every promise was kept")
	return nil
}
