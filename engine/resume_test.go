package engine_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

// cutOff runs a cycle that is stopped once so many people are done.
func (w *world) cutOff(t *testing.T, people int, request engine.Run) provisioning.Run {
	t.Helper()
	stopped := errors.New("provisioning was turned off")
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	done := 0
	request.Report = func(plan.Change) {
		if done++; done == people {
			cancel(stopped)
		}
	}
	run, err := w.try(ctx, t, request)
	if !errors.Is(err, stopped) {
		t.Fatalf("error %v, want that the cycle was stopped", err)
	}
	return run
}

// An initial cycle that is cut off, however often, does in all what one that is not
// does once: nobody is looked at twice but for the batches that were under way.
func TestACycleThatWasPausedGoesOnWhereItLeftOff(t *testing.T) {
	t.Parallel()
	undisturbed := newWorld(t, worldOptions{users: 1600, managers: true})
	whole := undisturbed.cycle(t)
	w := newWorld(t, worldOptions{users: 1600, managers: true, latency: 10 * time.Millisecond})
	created, want := 0, 0
	for n := range 2 {
		run := w.cutOff(t, 450, engine.Run{})
		created += run.Counts.Created
		job, err := w.store.Job(t.Context(), w.app.ID)
		w.must(t, err)
		if run.Kind != provisioning.Initial || job.Status.InitialDone || job.Status.Resume.After == "" {
			t.Errorf("interruption %d: %s cycle, resume %+v", n+1, run.Kind, job.Status.Resume)
		}
		rest, err := w.store.Engine().Collect(t.Context(), engine.Collection{
			JobID: w.job.ID, Kind: provisioning.Initial, After: job.Status.Resume.After, Limit: 5000,
		})
		w.must(t, err)
		want = len(rest)
	}
	last := w.cycle(t)
	created += last.Counts.Created
	if created != whole.Counts.Created {
		t.Errorf("created %d in all, want %d", created, whole.Counts.Created)
	}
	if last.Counts.Collected != want || want >= whole.Counts.Collected-200 {
		t.Errorf("the last cycle collected %d people, want the %d that were left of %d", last.Counts.Collected, want, whole.Counts.Collected)
	}
	if last.Counts.Calls >= whole.Counts.Calls {
		t.Errorf("the last cycle made %d calls, a whole one %d", last.Counts.Calls, whole.Counts.Calls)
	}
	t.Logf("whole: %d collected, %d calls; the last part: %d collected, %d calls", whole.Counts.Collected, whole.Counts.Calls, last.Counts.Collected, last.Counts.Calls)
	if diff := cmp.Diff(undisturbed.content(), w.content()); diff != "" {
		t.Errorf("the org differs from the undisturbed one (-want +got):\n%s", diff)
	}
	before := w.org.Statistics().RowsWritten
	if _, err := w.try(t.Context(), t, engine.Run{Full: true}); err != nil || w.org.Statistics().RowsWritten != before {
		t.Errorf("a full cycle after it wrote %d rows, error %v", w.org.Statistics().RowsWritten-before, err)
	}
}

// What changes while a cycle is cut off is not lost, also of people who were done
// before.
func TestWhatChangesDuringAPauseIsDoneByTheCyclesAfterIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 1600})
	w.cutOff(t, 700, engine.Run{})
	job, err := w.store.Job(t.Context(), w.app.ID)
	w.must(t, err)
	done := w.user(t, func(u directory.User) bool { return u.ID <= job.Status.Resume.After })
	done.Attributes = done.Attributes.With("surname", attr.Text("Changed"))
	w.must(t, w.store.PutUser(t.Context(), done))
	var left string
	for user, err := range w.store.Users(t.Context(), "") {
		w.must(t, err)
		if w.inUse(user.UserPrincipalName) && user.ID != done.ID {
			left = user.UserPrincipalName
			w.must(t, w.store.RemoveUser(t.Context(), user.ID))
			break
		}
	}
	w.cycle(t)
	if w.inUse(left) {
		t.Errorf("%s left during the pause and is in use after the cycle that goes on: leavers are found among everybody", left)
	}
	w.cycle(t)
	if account, _ := w.org.User(done.UserPrincipalName); account.Get("LastName") != "Changed" {
		t.Errorf("the change made during the pause is lost: %q", account.Get("LastName"))
	}
}

func TestAPausedIncrementalCycleGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 1600})
	whole := w.cycle(t)
	for user, err := range w.store.Users(t.Context(), "") {
		w.must(t, err)
		user.Attributes = user.Attributes.With("surname", attr.Text("Renamed"))
		w.must(t, w.store.PutUser(t.Context(), user))
	}
	first := w.cutOff(t, 800, engine.Run{})
	second := w.cycle(t)
	if sum := first.Counts.Updated + second.Counts.Updated; sum != whole.Counts.Created || second.Kind != provisioning.Incremental {
		t.Errorf("updated %d and %d, want %d in all; the second is %s", first.Counts.Updated, second.Counts.Updated, whole.Counts.Created, second.Kind)
	}
	if second.Counts.Collected >= 1600 {
		t.Errorf("the second part collected %d people of 1600", second.Counts.Collected)
	}
	for name, account := range w.active() {
		if account.Get("LastName") != "Renamed" {
			t.Errorf("%s was not renamed", name)
		}
	}
}

// A cycle that goes on by the rules of before would leave people out.
func TestAPausedCycleBeginsAnewWhenTheSettingsChange(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*testing.T, *world){
		"everyone": func(t *testing.T, w *world) {
			t.Helper()
			w.configure(t, func(s *provisioning.Settings) { s.DefaultDomain = "contoso.example" })
		},
		"schema": func(t *testing.T, w *world) {
			t.Helper()
			schema, err := w.store.Schema(t.Context(), w.job.ID)
			w.must(t, err)
			w.must(t, w.store.PutSchema(t.Context(), w.job.ID, schema))
		},
		"restart": func(t *testing.T, w *world) {
			t.Helper()
			w.must(t, w.store.Restart(t.Context(), w.job.ID, provisioning.RestartDefault))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, worldOptions{users: 1000})
			w.cutOff(t, 150, engine.Run{})
			change(t, w)
			job, err := w.store.Job(t.Context(), w.app.ID)
			w.must(t, err)
			if job.Status.Resume != (provisioning.Resume{}) {
				t.Errorf("it would go on at %+v", job.Status.Resume)
			}
			if run := w.cycle(t); run.Counts.Collected < 800 {
				t.Errorf("collected %d", run.Counts.Collected)
			}
		})
	}
}
