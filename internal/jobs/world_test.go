package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/connector/salesforce"
	"github.com/usher-id/usher/connector/salesforce/salesforcetest"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/jobs"
	"github.com/usher-id/usher/internal/store/sqlstore"
	"github.com/usher-id/usher/internal/store/storetest"
	"github.com/usher-id/usher/provisioning"
)

// world is what a service runs on: a database with a few people, of whom those of
// the group Sales are assigned, and a simulated org that is reached without sockets.
type world struct {
	store  *sqlstore.Store
	org    *salesforcetest.Org
	app    directory.Application
	job    string
	url    string // of the PostgreSQL database, empty on SQLite
	data   string // folder of the SQLite files
	open   openSessions
	seen   observed
	latest *jobs.Service // that was started
}

type worldOptions struct {
	people   int // in the group Sales; 3
	latency  time.Duration
	postgres bool
	password string // instead of the right one
	notify   provisioning.Notify
	settings func(*provisioning.Job)
}

func newWorld(tb testing.TB, options worldOptions) *world {
	tb.Helper()
	w := &world{data: tb.TempDir()}
	config := salesforcetest.Default()
	config.Latency = options.latency
	config.DailyLimit = 1_000_000
	org, err := salesforcetest.New(config)
	must(tb, err)
	w.org = org
	database := sqlstore.Config{Path: filepath.Join(w.data, "usher.db"), Sealer: plainSealer{}}
	if options.postgres {
		w.url = storetest.Postgres(tb)
		database.Path, database.URL = "", w.url
	}
	w.store, err = sqlstore.Open(tb.Context(), database)
	must(tb, err)
	tb.Cleanup(func() { must(tb, w.store.Close()) })
	w.fill(tb, options)
	return w
}

// plainSealer seals nothing: these tests keep no secret.
type plainSealer struct{}

func (plainSealer) Seal(plain, _ []byte) ([]byte, error)  { return plain, nil }
func (plainSealer) Open(sealed, _ []byte) ([]byte, error) { return sealed, nil }

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

func name(number int) string { return fmt.Sprintf("user%04d", number) }

func person(number int, surname string) directory.User {
	id := name(number)
	return directory.User{
		ID: id, UserPrincipalName: id + "@contoso.example", DisplayName: "Name " + surname, AccountEnabled: true,
		Attributes: attr.New("User", id, map[string]attr.Value{
			"givenName": attr.Text("Name"), "surname": attr.Text(surname), "mail": attr.Text(id + "@contoso.example"),
		}),
	}
}

func (w *world) fill(tb testing.TB, options worldOptions) {
	tb.Helper()
	ctx := tb.Context()
	_, err := w.store.Import(ctx, func(yield func(directory.Delta, error) bool) {
		put := func(content directory.Content) bool { return yield(directory.Delta{Content: content}, nil) }
		more := put(directory.Group{ID: "sales", DisplayName: "Sales", SecurityEnabled: true})
		for number := 0; more && number < max(3, options.people); number++ {
			more = put(person(number, "First")) && put(directory.Member{Group: "sales", Member: name(number), Type: "User"})
		}
	}, false)
	must(tb, err)
	template := salesforce.Template(salesforce.Options{})
	instance := template.Instantiate("Salesforce", time.Now().UTC())
	instance.Job.Schedule.State = provisioning.ScheduleActive
	instance.Job.Status.Code = provisioning.NotRun
	instance.Job.Settings.Notify = options.notify
	if options.settings != nil {
		options.settings(&instance.Job)
	}
	w.app, w.job = instance.Application, instance.Job.ID
	must(tb, w.store.AddApplication(ctx, instance.Application, instance.Job, instance.Schema))
	w.signIn(tb, "")
	session, err := w.runner().Open(ctx, w.app.ID)
	must(tb, err)
	_, _, err = w.runner().ImportRoles(ctx, session)
	must(tb, errors.Join(err, session.Connector.Close()))
	_, err = w.store.Assign(ctx, directory.AssignmentRequest{Application: w.app.ID, PrincipalType: "Group", Principal: "sales", Role: "Standard User"})
	must(tb, err)
	if options.password != "" {
		w.signIn(tb, options.password)
	}
}

// signIn saves what to sign in with; an empty password is the right one.
func (w *world) signIn(tb testing.TB, password string) {
	tb.Helper()
	known := w.org.Credentials()
	if password == "" {
		password = known.Password
	}
	must(tb, w.store.PutCredentials(tb.Context(), w.job, provisioning.Credentials{}.
		With("UserName", known.Username).With("Password", password).With("SecretToken", known.SecurityToken)))
}

// runner makes a runner whose connectors are counted while they are open.
func (w *world) runner() *engine.Runner {
	template := salesforce.Template(salesforce.Options{})
	open := template.Open
	template.Open = func(environment connector.Environment) (connector.Connector, error) {
		opened, err := open(environment)
		if err != nil {
			return nil, err
		}
		return w.open.count(opened), nil
	}
	ports := w.store.Engine()
	return &engine.Runner{
		Engine: &engine.Engine{Directory: ports, Ledger: ports, Removals: ports, Attempts: ports, Plans: ports, Log: slog.New(slog.DiscardHandler)},
		Jobs:   w.store, Gallery: connector.Gallery{template},
		Environment: connector.Environment{Transport: w.org.Client().Transport},
	}
}

// openSessions counts connectors that are open at the same time.
type openSessions struct {
	mutex     sync.Mutex
	now, most int
}

func (o *openSessions) count(opened connector.Connector) connector.Connector {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.now++
	o.most = max(o.most, o.now)
	return &counted{opened, o}
}

type counted struct {
	connector.Connector

	sessions *openSessions
}

func (c *counted) Close() error {
	c.sessions.mutex.Lock()
	defer c.sessions.mutex.Unlock()
	c.sessions.now--
	return c.Connector.Close()
}

// observed keeps what services did.
type observed struct {
	mutex   sync.Mutex
	runs    []provisioning.Run
	notices []provisioning.Notice
	fail    int // deliveries that fail before one succeeds
	tries   int
}

func (o *observed) CycleEnded(_ provisioning.Job, run provisioning.Run) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.runs = append(o.runs, run)
}

func (o *observed) Delivered(provisioning.Event, string, error) {}

func (o *observed) Mail(_ context.Context, _ string, notice provisioning.Notice) error {
	return o.deliver(notice)
}

func (o *observed) Post(_ context.Context, _ string, notice provisioning.Notice) error {
	return o.deliver(notice)
}

func (o *observed) deliver(notice provisioning.Notice) error {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.tries++
	if o.tries <= o.fail {
		return errors.New("the mail server is out of order")
	}
	o.notices = append(o.notices, notice)
	return nil
}

func (o *observed) cycles() []provisioning.Run {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return append([]provisioning.Run(nil), o.runs...)
}

func (o *observed) events() []provisioning.Event {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	var events []provisioning.Event
	for _, notice := range o.notices {
		events = append(events, notice.Event)
	}
	return events
}

// service starts a service and returns what stops it.
func (w *world) service(tb testing.TB, adapt func(*jobs.Config)) (stop func() error) {
	tb.Helper()
	config := jobs.Config{
		Runner: w.runner(), Store: w.store, Journal: w.store, Drift: w.store, Notifier: &w.seen, Observer: &w.seen, Log: slog.New(slog.NewTextHandler(tb.Output(), nil)),
		Queue: jobs.Queue{Path: filepath.Join(w.data, "usher-queue.db")}, Sweep: time.Second,
	}
	if w.url != "" {
		config.Queue = jobs.Queue{URL: w.url}
	}
	if adapt != nil {
		adapt(&config)
	}
	service, err := jobs.New(tb.Context(), config)
	must(tb, err)
	w.latest = service
	ctx, cancel := context.WithCancel(tb.Context())
	ended := make(chan error, 1)
	go func() { ended <- service.Run(ctx) }()
	stop = sync.OnceValue(func() error {
		cancel()
		return errors.Join(<-ended, service.Close())
	})
	tb.Cleanup(func() { must(tb, stop()) })
	return stop
}

// await waits until something holds.
func await(tb testing.TB, what string, holds func() bool) {
	tb.Helper()
	for deadline := time.Now().Add(30 * time.Second); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			tb.Fatalf("waited in vain until %s", what)
		}
	}
}

// surname returns the last name of a person's account, empty when there is none.
func (w *world) surname(number int) string {
	user, _ := w.org.User(name(number) + "@contoso.example")
	return user.Get("LastName")
}

func (w *world) status(tb testing.TB) provisioning.Job {
	tb.Helper()
	job, err := w.store.Job(tb.Context(), w.app.ID)
	must(tb, err)
	return job
}
