package graphapi_test

import (
	"context"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/connector/salesforce"
	"github.com/usher-id/usher/connector/salesforce/salesforcetest"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/graphapi"
	"github.com/usher-id/usher/internal/store/sqlstore"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/provisioning"
)

// The people of the stories and the application that was instantiated for them.
const (
	principal = "aaaaaaaa-0000-0000-0000-0000000000a1"
	object    = "aaaaaaaa-0000-0000-0000-0000000000a2"
	ana       = "aaaaaaaa-0000-0000-0000-0000000000b1"
	ben       = "aaaaaaaa-0000-0000-0000-0000000000b2"
	cleo      = "aaaaaaaa-0000-0000-0000-0000000000b3"
	sales     = "aaaaaaaa-0000-0000-0000-0000000000c1"
	jobID     = "salesforce.aaaaaaaa0000000000000000000000a1.aaaaaaaa-0000-0000-0000-0000000000d1"
)

// world is an API on a database with three people, ana and ben in the group Sales,
// which may use Salesforce, and a simulated org. Nothing is configured: the job of
// the application is a draft.
type world struct {
	tb      testing.TB
	store   *sqlstore.Store
	org     *salesforcetest.Org
	runner  *engine.Runner
	handler http.Handler
	woken   []string
}

func newWorld(tb testing.TB) *world {
	tb.Helper()
	w := &world{tb: tb}
	var err error
	w.org, err = salesforcetest.New(salesforcetest.Default())
	w.must(err)
	w.store, err = sqlstore.Open(tb.Context(), sqlstore.Config{Path: filepath.Join(tb.TempDir(), "usher.db"), Sealer: plainSealer{}})
	w.must(err)
	tb.Cleanup(func() { w.must(w.store.Close()) })
	template := salesforce.Template(salesforce.Options{})
	w.fill(template)
	ports := w.store.Engine()
	w.runner = &engine.Runner{
		Engine: &engine.Engine{Directory: ports, Ledger: ports, Removals: ports, Attempts: ports, Plans: ports, Log: slog.New(slog.DiscardHandler)},
		Jobs:   w.store, Gallery: connector.Gallery{template, salesforce.SandboxTemplate(salesforce.Options{})},
		Environment: connector.Environment{Transport: w.org.Client().Transport},
	}
	w.handler = newAPI(tb, w.store, graphapi.Dependencies{
		Runner: w.runner, Catalogue: journal.NewCatalogue(),
		Exclusively: func(_ context.Context, _ string, work func() error) error { return work() },
		Wake:        func(_ context.Context, application string) { w.woken = append(w.woken, application) },
	})
	return w
}

// plainSealer seals nothing: these tests keep no real secret.
type plainSealer struct{}

func (plainSealer) Seal(plain, _ []byte) ([]byte, error)  { return plain, nil }
func (plainSealer) Open(sealed, _ []byte) ([]byte, error) { return sealed, nil }

func (w *world) must(err error) {
	w.tb.Helper()
	if err != nil {
		w.tb.Fatal(err)
	}
}

func (w *world) fill(template connector.Template) {
	w.tb.Helper()
	ctx := w.tb.Context()
	for id, name := range map[string]string{ana: "Ana Lima", ben: "Ben Okoye", cleo: "Cleo Marsh"} {
		given, family, _ := strings.Cut(name, " ")
		mail := strings.ToLower(given) + "@contoso.com"
		w.must(w.store.PutUser(ctx, directory.User{
			ID: id, UserPrincipalName: mail, DisplayName: name, AccountEnabled: true,
			Attributes: attr.New("User", id, map[string]attr.Value{
				"givenName": attr.Text(given), "surname": attr.Text(family), "mail": attr.Text(mail), "mailNickname": attr.Text(strings.ToLower(given)),
			}),
		}))
	}
	w.must(w.store.PutGroup(ctx, directory.Group{ID: sales, DisplayName: "Sales", SecurityEnabled: true}))
	for _, id := range []string{ana, ben} {
		w.must(w.store.PutMember(ctx, directory.Member{Group: sales, Member: id, Type: "User"}))
	}
	app := directory.Application{
		ID: principal, ObjectID: object, AppID: "aaaaaaaa-0000-0000-0000-0000000000a3",
		TemplateID: "salesforce", DisplayName: "Salesforce", CreatedAt: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
	}
	job, schema := template.NewJob(app.ID)
	job.ID, schema.ID, job.Draft = jobID, jobID, true
	w.must(w.store.AddApplication(ctx, app, job, schema))
}

// prepare imports the roles of the org and assigns Sales; nothing to sign in with is
// left behind.
func (w *world) prepare() {
	w.tb.Helper()
	ctx := w.tb.Context()
	job, err := w.store.Job(ctx, principal)
	w.must(err)
	w.must(w.store.PutCredentials(ctx, job.ID, provisioning.Credentials{}.With("UserName", salesforcetest.DefaultUsername).
		With("Password", salesforcetest.DefaultPassword).With("SecretToken", salesforcetest.DefaultSecurityToken)))
	session, err := w.runner.Open(ctx, principal)
	w.must(err)
	_, _, err = w.runner.ImportRoles(ctx, session)
	w.must(err)
	w.must(session.Connector.Close())
	_, err = w.store.Assign(ctx, directory.AssignmentRequest{Application: principal, PrincipalType: "Group", Principal: sales, Role: "Standard User"})
	w.must(err)
	w.must(w.store.PutCredentials(ctx, job.ID, nil))
}

// cycle runs one cycle, as usher serve does.
func (w *world) cycle() provisioning.Run {
	w.tb.Helper()
	session, err := w.runner.Open(w.tb.Context(), principal)
	w.must(err)
	run, err := w.runner.Run(w.tb.Context(), session, engine.Run{})
	w.must(err)
	w.must(session.Connector.Close())
	return run
}

func TestSynchronizationStories(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/synchronization/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no stories", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.prepare()
			tell(t, file, w.handler)
		})
	}
}

// initialDone is a job whose next cycle looks at changes alone.
func initialDone(job provisioning.Job) (provisioning.Job, error) {
	job.Status.InitialDone = true
	return job, nil
}
