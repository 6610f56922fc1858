package storetest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/provisioning"
)

// Run runs the whole suite. Each test calls open for an empty store of its own,
// which can seal credentials and which open closes at the end of the test.
func Run(t *testing.T, open func(t *testing.T) store.Store) {
	t.Helper()
	t.Run("Basic", func(t *testing.T) { basic(t, open) })
	t.Run("Atomic", func(t *testing.T) { atomic(t, open) })
	t.Run("Concurrent", func(t *testing.T) { concurrent(t, open) })
	t.Run("Model", func(t *testing.T) { model(t, open) })
	t.Run("Standings", func(t *testing.T) { Standings(t, open) })
	t.Run("History", func(t *testing.T) { historyModel(t, open) })
}

// test is one test of the suite. Its name reads as a sentence.
type test struct {
	name string
	run  func(t *testing.T, w *world)
}

// runAll runs tests at the same time, each in a world of its own.
func runAll(t *testing.T, open func(t *testing.T) store.Store, tests []test) {
	t.Helper()
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(t, newWorld(t, open(t)))
		})
	}
}

func basic(t *testing.T, open func(t *testing.T) store.Store) {
	t.Helper()
	runAll(t, open, slices.Concat(userTests(), groupTests(), importTests(), importFaultTests(), importEffectTests(), applicationTests(), assignmentTests(), jobTests(), configurationTests(),
		collectTests(), subjectTests(), commitTests(), referenceTests(), removalTests(), waitingTests(), heldTests(), nestedTests(), restartTests(), roleTests(), journalTests(), dispatchTests(), attemptTests(), planTests(), driftTests(), recordedTests(),
		retentionTests(), progressTests(), schemaDraftTests(), operationTests(), comparisonTests(), uploadTests(),
		administratorTests(), sessionTests(), signInLinkTests(), settingsTests(), nodeTests(),
		listTests(), insightTests(), historyTests(), apiClientTests(), serviceKeyTests(), editTests(), registrationTests(), deletedApplicationTests(), changeTests()))
}

// world is a store with one application, and short words for what tests do all the
// time. Its methods end the test on an error that it does not return.
type world struct {
	t *testing.T
	store.Store
	cycles store.Engine
	app    directory.Application
	job    string
}

func newWorld(t *testing.T, opened store.Store) *world {
	t.Helper()
	w := &world{t: t, Store: opened, cycles: opened.Engine()}
	w.app, w.job = w.addApplication("Salesforce")
	return w
}

// application returns an application of this name whose ids derive from it, and its
// job.
func application(name string) (directory.Application, provisioning.Job) {
	app := directory.Application{
		ID: "principal-" + name, ObjectID: "object-" + name, AppID: "client-" + name, TemplateID: "salesforce", DisplayName: name,
		CreatedAt: time.Date(2026, 1, 31, 10, 0, 0, 123_456_000, time.UTC),
	}
	return app, provisioning.Job{
		ID: "salesforce.tenant." + name, ApplicationID: app.ID, TemplateID: "salesforce",
		Schedule: provisioning.Schedule{Interval: 40 * time.Minute, State: provisioning.ScheduleDisabled},
		Settings: provisioning.Settings{RemovalLimit: 500}, Status: provisioning.Status{Code: provisioning.NotConfigured},
	}
}

func (w *world) addApplication(name string) (directory.Application, string) {
	w.t.Helper()
	app, job := application(name)
	w.must(w.AddApplication(w.ctx(), app, job, mapping.Schema{ID: "schema"}))
	return app, job.ID
}

func (w *world) ctx() context.Context { return w.t.Context() }

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// wantError checks that an error is of a kind.
func (w *world) wantError(err, kind error) {
	w.t.Helper()
	if !errors.Is(err, kind) {
		w.t.Fatalf("got the error %v, want one that is %q", err, kind)
	}
}

// equal compares two values; slices and maps that hold nothing are equal to nil.
func (w *world) equal(what string, got, want any) {
	w.t.Helper()
	if want == nil && got != nil {
		want = reflect.Zero(reflect.TypeOf(got)).Interface()
	}
	if diff := cmp.Diff(want, got, compareAttributes(), emptyIsNil()); diff != "" {
		w.t.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}

func compareAttributes() cmp.Option {
	return cmp.Options{
		cmp.Comparer(attr.Object.Equal),
		cmp.Comparer(func(a, b attr.Value) bool { return attr.Equal(a, b, true) }),
		cmp.Comparer(func(a, b provisioning.Secret) bool { return a.Reveal() == b.Reveal() }),
	}
}

func emptyIsNil() cmp.Option {
	empty := func(p cmp.Path) bool {
		x, y := p.Last().Values()
		return x.IsValid() && y.IsValid() && x.Kind() == reflect.Slice && x.Len() == 0 && y.Len() == 0
	}
	return cmp.FilterPath(empty, cmp.Ignore())
}

// user returns a user of this id, with attributes given as name and value in turn.
func user(id string, attributes ...string) directory.User {
	values := make(map[string]attr.Value)
	for pair := range slices.Chunk(attributes, 2) {
		values[pair[0]] = attr.Text(pair[1])
	}
	return directory.User{
		ID: id, UserPrincipalName: id + "@contoso.com", DisplayName: "Name of " + id, AccountEnabled: true,
		Attributes: attr.New("User", id, values),
	}
}

func group(id string) directory.Group {
	return directory.Group{ID: id, DisplayName: "Group " + id, SecurityEnabled: true, Attributes: attr.New("Group", id, nil)}
}

func (w *world) putUsers(ids ...string) {
	w.t.Helper()
	for _, id := range ids {
		w.must(w.PutUser(w.ctx(), user(id)))
	}
}

func (w *world) putGroup(id string, members ...string) {
	w.t.Helper()
	w.must(w.PutGroup(w.ctx(), group(id)))
	for _, member := range members {
		w.must(w.PutMember(w.ctx(), directory.Member{Group: id, Member: member, Type: "User"}))
	}
}

func (w *world) assign(principalType, principal string) directory.Assignment {
	w.t.Helper()
	assignment, err := w.Assign(w.ctx(), directory.AssignmentRequest{Application: w.app.ID, PrincipalType: principalType, Principal: principal})
	w.must(err)
	return assignment
}

// begin begins a cycle of the world's job.
func (w *world) begin() engine.Cycle {
	w.t.Helper()
	job, err := w.cycles.Begin(w.ctx(), w.job)
	w.must(err)
	return engine.Cycle{ID: fmt.Sprintf("cycle-%d", job.Fence), JobID: job.ID, ApplicationID: job.ApplicationID, Fence: job.Fence}
}

func (w *world) commit(cycle engine.Cycle, commit engine.Commit) {
	w.t.Helper()
	w.must(w.cycles.Commit(w.ctx(), cycle, commit))
}

// connect makes connections, to the target id "target-" and the source id.
func (w *world) connect(enabled bool, sourceIDs ...string) {
	w.t.Helper()
	var connections []engine.Connection
	for _, id := range sourceIDs {
		connections = append(connections, connection(id, enabled))
	}
	w.commit(w.begin(), engine.Commit{Connections: connections})
}

func connection(sourceID string, enabled bool) engine.Connection {
	return engine.Connection{
		SourceID: sourceID, TargetID: "target-" + sourceID, TargetName: sourceID + "@contoso.com", Enabled: enabled,
		Since: time.Date(2026, 1, 31, 11, 0, 0, 654_321_000, time.UTC),
	}
}

func (w *world) head() directory.Cursor {
	w.t.Helper()
	head, err := w.cycles.Head(w.ctx())
	w.must(err)
	return head
}

// collect collects all pages of a collection, and checks that they are in order.
func (w *world) collect(collection engine.Collection) []string {
	w.t.Helper()
	if collection.JobID == "" {
		collection.JobID = w.job
	}
	if collection.Limit == 0 {
		collection.Limit = 3
	}
	var all []string
	for {
		page, err := w.cycles.Collect(w.ctx(), collection)
		w.must(err)
		all = append(all, page...)
		if len(page) < collection.Limit {
			break
		}
		collection.After = page[len(page)-1]
	}
	for i := 1; i < len(all); i++ {
		if all[i-1] >= all[i] {
			w.t.Fatalf("collected %q before %q", all[i-1], all[i])
		}
	}
	return all
}

// touched collects who was touched since a position.
func (w *world) touched(since directory.Cursor) []string {
	w.t.Helper()
	return w.collect(engine.Collection{Kind: provisioning.Incremental, Since: since, Until: w.head()})
}

// wantTouched runs something and checks whom it touched.
func (w *world) wantTouched(what string, do func() error, want ...string) {
	w.t.Helper()
	since := w.head()
	if err := do(); err != nil {
		w.t.Fatalf("%s: %v", what, err)
	}
	w.equal("touched by: "+what, w.touched(since), want)
}

func (w *world) subject(id string) engine.Subject {
	w.t.Helper()
	subjects, err := w.cycles.Subjects(w.ctx(), w.job, []string{id})
	w.must(err)
	if len(subjects) != 1 {
		w.t.Fatalf("%d subjects for one id", len(subjects))
	}
	return subjects[0]
}

// all gathers a sequence.
func all[T any](t *testing.T, sequence iter.Seq2[T, error]) []T {
	t.Helper()
	var items []T
	for item, err := range sequence {
		if err != nil {
			t.Fatal(err)
		}
		items = append(items, item)
	}
	return items
}

// deltas makes a sequence of puts.
func deltas(contents ...directory.Content) iter.Seq2[directory.Delta, error] {
	return func(yield func(directory.Delta, error) bool) {
		for _, content := range contents {
			if !yield(directory.Delta{Operation: directory.Put, Content: content}, nil) {
				return
			}
		}
	}
}

func keys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
