package engine_test

import (
	"cmp"
	"context"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/connector/salesforce"
	"github.com/usher-id/usher/connector/salesforce/salesforcetest"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/examples/contoso"
	"github.com/usher-id/usher/expr"
	"github.com/usher-id/usher/internal/store/sqlstore"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

// world is everything real that a cycle runs on: a SQLite database with a
// company, and a simulated Salesforce org reached without sockets. The org's own
// content is the oracle.
type world struct {
	store   *sqlstore.Store
	org     *salesforcetest.Org
	company contoso.Company
	app     directory.Application
	job     provisioning.Job
	runner  *engine.Runner
}

// worldOptions choose a world. The zero value is a company of contoso.MinUsers and
// an org without latency.
type worldOptions struct {
	users    int
	seed     uint64 // of the company; 7
	latency  time.Duration
	org      func(*salesforcetest.Config)
	settings func(*provisioning.Settings)
	managers bool // map ManagerId
}

func newWorld(tb testing.TB, options worldOptions) *world {
	tb.Helper()
	w := &world{company: contoso.Generate(contoso.Options{Users: options.users, Seed: cmp.Or(options.seed, 7)})}
	config := salesforcetest.Default()
	config.Latency = options.latency
	config.Universe = salesforcetest.NewUniverse()
	config.Universe.Reserve(contoso.TakenUsername)
	if options.org != nil {
		options.org(&config)
	}
	org, err := salesforcetest.New(config)
	w.must(tb, err)
	w.org = org
	w.store, err = sqlstore.Open(tb.Context(), sqlstore.Config{Path: filepath.Join(tb.TempDir(), "usher.db"), Sealer: plainSealer{}})
	w.must(tb, err)
	tb.Cleanup(func() { w.must(tb, w.store.Close()) })
	w.fill(tb, options)
	return w
}

// plainSealer seals nothing: these tests keep no secret.
type plainSealer struct{}

func (plainSealer) Seal(plain, _ []byte) ([]byte, error)  { return plain, nil }
func (plainSealer) Open(sealed, _ []byte) ([]byte, error) { return sealed, nil }

func (w *world) must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

func (w *world) fill(tb testing.TB, options worldOptions) {
	tb.Helper()
	ctx := tb.Context()
	_, err := w.store.Import(ctx, w.people, true)
	w.must(tb, err)
	template := salesforce.Template(salesforce.Options{})
	instance := template.Instantiate("Salesforce", time.Now().UTC())
	if options.managers {
		mapTo(tb, &instance.Schema, "ManagerId", "[manager]")
	}
	if options.settings != nil {
		options.settings(&instance.Job.Settings)
	}
	w.app = instance.Application
	w.must(tb, w.store.AddApplication(ctx, instance.Application, instance.Job, instance.Schema))
	w.job, err = w.store.Job(ctx, w.app.ID)
	w.must(tb, err)
	known := w.org.Credentials()
	credentials := provisioning.Credentials{}.With("UserName", known.Username).With("Password", known.Password).With("SecretToken", known.SecurityToken)
	w.must(tb, w.store.PutCredentials(ctx, w.job.ID, credentials))
	ports := w.store.Engine()
	w.runner = &engine.Runner{
		Engine: &engine.Engine{Directory: ports, Ledger: ports, Removals: ports, Attempts: ports, Plans: ports, Log: slog.New(slog.DiscardHandler)},
		Jobs:   w.store, Gallery: connector.Gallery{template},
		Environment: connector.Environment{Transport: w.org.Client().Transport},
	}
	w.session(tb, func(session engine.Session) {
		_, _, err := w.runner.ImportRoles(ctx, session)
		w.must(tb, err)
	})
	for _, assignment := range w.company.Assignments() {
		_, err := w.store.Assign(ctx, directory.AssignmentRequest{
			Application: w.app.ID, PrincipalType: assignment.PrincipalType, Principal: assignment.Principal, Role: assignment.Role,
		})
		w.must(tb, err)
	}
}

// people yields the company as a source would report it.
func (w *world) people(yield func(directory.Delta, error) bool) {
	for user := range w.company.Users() {
		if !yield(directory.Delta{Content: user.Directory()}, nil) {
			return
		}
	}
	for _, group := range w.company.Groups() {
		if !yield(directory.Delta{Content: directory.Group{ID: group.ID, DisplayName: group.DisplayName, SecurityEnabled: true}}, nil) {
			return
		}
	}
	for member := range w.company.Members() {
		if !yield(directory.Delta{Content: member.Directory()}, nil) {
			return
		}
	}
}

// mapTo adds an attribute mapping to the default schema.
func mapTo(tb testing.TB, schema *mapping.Schema, target, expression string) {
	tb.Helper()
	_, object, err := schema.UserMapping()
	if err != nil {
		tb.Fatal(err)
	}
	node, err := expr.Parse(expression)
	if err != nil {
		tb.Fatal(err)
	}
	source := expr.ToSource(node)
	object.AttributeMappings = append(object.AttributeMappings, mapping.AttributeMapping{
		TargetAttributeName: target, Source: &source, FlowType: mapping.FlowAlwaysType, FlowBehavior: mapping.FlowWhenChanged,
	})
}

func (w *world) session(tb testing.TB, use func(engine.Session)) {
	tb.Helper()
	session, err := w.runner.Open(tb.Context(), w.app.ID)
	w.must(tb, err)
	use(session)
	w.must(tb, session.Connector.Close())
}

// cycle runs one cycle that has to succeed.
func (w *world) cycle(tb testing.TB) provisioning.Run {
	tb.Helper()
	run, err := w.try(tb.Context(), tb, engine.Run{})
	w.must(tb, err)
	return run
}

// try runs one cycle that may fail.
func (w *world) try(ctx context.Context, tb testing.TB, request engine.Run) (run provisioning.Run, err error) {
	tb.Helper()
	w.session(tb, func(session engine.Session) { run, err = w.runner.Run(ctx, session, request) }) //nolint:contextcheck // a session outlives a cycle that is cut off.
	return run, err
}

// changes runs one cycle and returns its changes by user principal name, those
// that were not skipped.
func (w *world) changes(tb testing.TB) map[string]plan.Change {
	tb.Helper()
	changes := make(map[string]plan.Change)
	_, err := w.try(tb.Context(), tb, engine.Run{Report: func(change plan.Change) {
		if change.Status != plan.Skipped {
			changes[change.Source.Name] = change
		}
	}})
	w.must(tb, err)
	return changes
}

// active returns the usernames of accounts in use, besides the administrator's.
func (w *world) active() map[string]salesforcetest.User {
	active := make(map[string]salesforcetest.User)
	for _, user := range w.org.Users() {
		if user.IsActive && user.Username != w.org.Credentials().Username {
			active[user.Username] = user
		}
	}
	return active
}

// user returns the n-th assigned, enabled member of the company.
func (w *world) user(tb testing.TB, suits func(directory.User) bool) directory.User {
	tb.Helper()
	active := w.active()
	for user, err := range w.store.Users(tb.Context(), "") {
		w.must(tb, err)
		if _, found := active[user.UserPrincipalName]; found && suits(user) {
			return user
		}
	}
	tb.Fatal("no user of the company suits")
	return directory.User{}
}

func anyone(directory.User) bool { return true }
