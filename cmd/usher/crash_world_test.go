package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/usher-id/usher/connector/salesforce/salesforcetest"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/examples/contoso"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
	"github.com/usher-id/usher/source/csv"
)

// crashWorld is a company that is set up to be provisioned, as it lies on the disk,
// and an org to provision it into. Each case begins with a copy of both.
type crashWorld struct {
	options options
	company contoso.Company
	orgFile string           // the org's content
	server  *httptest.Server // where the org of the present case answers
	entries int64            // the last entry of the log before the cases begin
	cases   int
	witness atomic.Pointer[salesforcetest.Witness]
}

// newCrashWorld sets a company up as an administrator does, in the embedded database.
func newCrashWorld(t *testing.T, users int) *crashWorld {
	t.Helper()
	return newCrashWorldOn(t, users, "")
}

// newCrashWorldOn sets it up in a PostgreSQL database.
func newCrashWorldOn(t *testing.T, users int, database string) *crashWorld {
	t.Helper()
	folder := t.TempDir()
	w := &crashWorld{
		options: options{data: filepath.Join(folder, "data"), database: database, output: "table"}, orgFile: filepath.Join(folder, "org.json"),
		company: contoso.Generate(contoso.Options{Users: users, Seed: 7}),
	}
	w.server = httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) { w.witness.Load().ServeHTTP(out, r) }))
	t.Cleanup(w.server.Close)
	org := newOrg(t, w.orgFile)
	w.witness.Store(salesforcetest.NewWitness(org))
	must(t, w.company.Write(filepath.Join(folder, "contoso")))
	w.open(t, w.options, mayBeMade, func(work *workspace) {
		files := csv.StandardFiles()
		files.Assignments = ""
		_, err := work.importFolder(t.Context(), filepath.Join(folder, "contoso"), files, true)
		must(t, err)
		app, err := work.addApplication(t.Context(), "salesforce", contoso.Application)
		must(t, err)
		w.setUp(t, work, app, org.Credentials())
	})
	must(t, org.Save())
	return w
}

func (w *crashWorld) setUp(t *testing.T, work *workspace, app directory.Application, known salesforcetest.Credentials) {
	t.Helper()
	provisioned, err := work.provisioned(t.Context(), app.ID)
	must(t, err)
	credentials := provisioning.Credentials{}.With("UserName", known.Username).With("Password", known.Password).
		With("SecretToken", known.SecurityToken).With("BaseAddress", w.server.URL)
	must(t, work.saveCredentials(t.Context(), provisioned, credentials, false, io.Discard))
	must(t, work.session(t.Context(), app.ID, func(_ directory.Application, session engine.Session) error {
		_, _, err := work.runner.ImportRoles(t.Context(), session)
		return err
	}))
	must(t, work.mapAttribute(t.Context(), app.ID, mappingChange{target: "ManagerId", expression: "[manager]"}))
	for _, assignment := range w.company.Assignments() {
		_, err := work.store.Assign(t.Context(), directory.AssignmentRequest{
			Application: app.ID, PrincipalType: assignment.PrincipalType, Principal: assignment.Principal, Role: assignment.Role,
		})
		must(t, err)
	}
	must(t, work.acts().Start(t.Context(), provisioned, administration.Starting{KeepQuarantine: true, Unconfigured: true}))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// open opens a database in this process.
func (w *crashWorld) open(t *testing.T, o options, missing absence, use func(*workspace)) {
	t.Helper()
	command := &cobra.Command{}
	command.SetContext(t.Context())
	work, err := o.open(command, missing)
	must(t, err)
	use(work)
	must(t, work.store.Close())
}

// workingDay runs the initial cycle and lets people join, move and leave: what is
// left to do is an incremental cycle with changes of every kind.
func (w *crashWorld) workingDay(t *testing.T) {
	t.Helper()
	org := newOrg(t, w.orgFile)
	w.witness.Store(salesforcetest.NewWitness(org))
	c := &crashCase{crashWorld: w, options: w.options, org: org}
	c.cycle(t)
	c.cycle(t)
	w.open(t, w.options, mustExist, func(work *workspace) {
		var deltas []directory.Delta
		for _, change := range contoso.Changes(w.company, 3) {
			deltas = append(deltas, change.Deltas...)
		}
		_, err := work.store.Import(t.Context(), sequence(deltas), false)
		must(t, err)
		for entry, err := range work.store.Entries(t.Context(), journal.Query{Limit: 1}) {
			must(t, err)
			w.entries = entry.ID
		}
	})
	must(t, org.Save())
}

// crashCase is one run of the world.
type crashCase struct {
	*crashWorld

	options options
	org     *salesforcetest.Org
	witness *salesforcetest.Witness
}

func (w *crashWorld) begin(t *testing.T) *crashCase {
	t.Helper()
	folder := t.TempDir()
	c := &crashCase{crashWorld: w, options: w.options}
	c.options.data = filepath.Join(folder, "data")
	must(t, os.CopyFS(c.options.data, os.DirFS(w.options.data)))
	if w.options.database != "" {
		w.cases++
		c.options.database = copyDatabase(t, w.options.database, strconv.Itoa(w.cases))
	}
	content, err := os.ReadFile(w.orgFile)
	must(t, err)
	file := filepath.Join(folder, "org.json")
	must(t, os.WriteFile(file, content, 0o600))
	c.org = newOrg(t, file)
	c.witness = salesforcetest.NewWitness(c.org)
	w.witness.Store(c.witness)
	return c
}

// cycle runs one cycle in this process.
func (c *crashCase) cycle(t *testing.T) {
	t.Helper()
	var errs strings.Builder
	code := run(t.Context(), c.arguments(), nil, io.Discard, &errs)
	if code != exitDone && code != exitPartial {
		t.Fatalf("exit code %d: %s", code, errs.String())
	}
}

// arguments are the command line of a cycle.
func (c *crashCase) arguments() []string {
	return []string{"provision", contoso.Application, "--quiet", "--data", c.options.data, "--database", c.options.database}
}

// command is a cycle in a process of its own.
func (c *crashCase) command(t *testing.T) *exec.Cmd {
	t.Helper()
	program, err := os.Executable()
	must(t, err)
	command := exec.CommandContext(context.WithoutCancel(t.Context()), program)
	command.Args = append([]string{"usher"}, c.arguments()...)
	return command
}

// start starts a cycle in a process of its own.
func (c *crashCase) start(t *testing.T) *exec.Cmd {
	t.Helper()
	command := c.command(t)
	must(t, command.Start())
	return command
}

// forget ends what a command that does not answer any more keeps others from working
// with, as 20 seconds do.
func (c *crashCase) forget(t *testing.T) {
	t.Helper()
	driver, location := "sqlite", filepath.Join(c.options.data, "usher.db")
	if c.options.database != "" {
		driver, location = "pgx", c.options.database
	}
	database, err := sql.Open(driver, location)
	must(t, err)
	_, err = database.ExecContext(t.Context(), "delete from leases")
	must(t, errors.Join(err, database.Close()))
}

// crashEnd is the state at the end of a case.
type crashEnd struct {
	Content  map[string]string        // of the org, by username
	Enabled  []string                 // usernames of the accounts that Usher has as enabled
	Actions  map[string][]plan.Action // what the log says was done, by the account's id, oldest first, without repetitions
	Attempts int                      // writes whose outcome is not known
}

// end finishes the work of a case with two more cycles and reads everything.
func (c *crashCase) end(t *testing.T) crashEnd {
	t.Helper()
	c.cycle(t)
	written := len(c.witness.Writes())
	c.cycle(t)
	if more := c.witness.Writes()[written:]; len(more) > 0 {
		t.Errorf("a cycle with nothing changed wrote %v", more)
	}
	end := crashEnd{Content: contentOf(c.org), Actions: make(map[string][]plan.Action)}
	c.open(t, c.options, mustExist, func(work *workspace) {
		app, job, err := work.job(t.Context(), contoso.Application)
		must(t, err)
		for connection, err := range work.store.Connections(t.Context(), job.ID) {
			must(t, err)
			account, found := c.org.UserByID(connection.TargetID)
			if !found || account.IsActive != connection.Enabled {
				t.Errorf("%s is connected to %s, enabled %v; the org has it: %v, active %v", connection.SourceID, connection.TargetID, connection.Enabled, found, account.IsActive)
			}
			if connection.Enabled {
				end.Enabled = append(end.Enabled, account.Username)
			}
		}
		end.Actions = c.journaled(t, work.store, app.ID)
		attempts, err := work.store.Engine().Attempts(t.Context(), job.ID)
		must(t, err)
		end.Attempts = len(attempts)
	})
	slices.Sort(end.Enabled)
	return end
}

// journaled reads what the log says was done, and checks its order.
func (w *crashWorld) journaled(t *testing.T, log store.Journal, applicationID string) map[string][]plan.Action {
	t.Helper()
	actions := make(map[string][]plan.Action)
	last := int64(0)
	for entry, err := range log.Entries(t.Context(), journal.Query{ApplicationID: applicationID, OldestFirst: true}) {
		must(t, err)
		if entry.ID <= last {
			t.Fatalf("entry %d comes after entry %d", entry.ID, last)
		}
		last = entry.ID
		if entry.ID > w.entries && entry.Change.Status == plan.Success {
			id := entry.Change.Target.ID
			actions[id] = appendOther(actions[id], entry.Change.Action)
		}
	}
	return actions
}

// appendOther appends an action that is not the same as the last one: what is written
// again after a crash may be in the log once.
func appendOther(actions []plan.Action, action plan.Action) []plan.Action {
	if len(actions) > 0 && actions[len(actions)-1] == action {
		return actions
	}
	return append(actions, action)
}

// check compares the end of a case with that of an undisturbed run, and the log with
// what the org was seen to do.
func (c *crashCase) check(t *testing.T, what string, want crashEnd) {
	t.Helper()
	got := c.end(t)
	if diff := cmp.Diff(want.Content, got.Content); diff != "" {
		t.Errorf("%s: the org differs from the undisturbed one (-want +got):\n%s", what, diff)
	}
	if diff := cmp.Diff(want.Enabled, got.Enabled); diff != "" {
		t.Errorf("%s: the enabled accounts that Usher knows (-want +got):\n%s", what, diff)
	}
	written := make(map[string][]plan.Action)
	for _, write := range c.witness.Writes() {
		written[write.ID] = appendOther(written[write.ID], plan.Action(write.Action))
	}
	if diff := cmp.Diff(written, got.Actions); diff != "" {
		t.Errorf("%s: what the org saw, and what the log tells (-org +log):\n%s", what, diff)
	}
	if got.Attempts > 0 {
		t.Errorf("%s: the outcome of %d writes is still not known", what, got.Attempts)
	}
}

// newOrg makes an org whose content comes from a file, if it exists.
func newOrg(t *testing.T, file string) *salesforcetest.Org {
	t.Helper()
	config := salesforcetest.Default()
	config.DataFile = file
	config.Universe = salesforcetest.NewUniverse()
	config.Universe.Reserve(contoso.TakenUsername)
	org, err := salesforcetest.New(config)
	must(t, err)
	return org
}

// contentOf is what the org holds, by names instead of ids.
func contentOf(org *salesforcetest.Org) map[string]string {
	names := make(map[string]string)
	for _, user := range org.Users() {
		names[user.ID] = user.Username
	}
	content := make(map[string]string)
	for _, user := range org.Users() {
		content[user.Username] = strings.Join([]string{
			user.Email, user.PendingEmail, user.ProfileName, names[user.ManagerID], user.Get("Alias"), user.Get("FirstName"), user.Get("LastName"),
			user.Get("LanguageLocaleKey"), fmt.Sprint(user.IsActive, user.PermissionSets, user.Groups),
		}, "|")
	}
	return content
}
