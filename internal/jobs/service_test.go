package jobs_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/jobs"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/provisioning"
)

// onBoth runs a test on both databases.
func onBoth(t *testing.T, test func(t *testing.T, options worldOptions)) {
	t.Helper()
	for name, postgres := range map[string]bool{"SQLite": false, "PostgreSQL": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, worldOptions{postgres: postgres})
		})
	}
}

func TestAChangeInTheDirectoryReachesTheAccountWithinSeconds(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, options worldOptions) {
		t.Helper()
		w := newWorld(t, options)
		stop := w.service(t, nil)
		await(t, "everybody has an account", func() bool { return w.surname(0) == "First" && w.surname(2) == "First" })
		await(t, "the initial cycle is over", func() bool { return w.status(t).Status.InitialDone })
		must(t, w.store.PutUser(t.Context(), person(1, "Second")))
		began := time.Now()
		await(t, "the account has the new name", func() bool { return w.surname(1) == "Second" })
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("the change took %s", took)
		}
		must(t, stop())
		if got := w.status(t).Status; got.Code != provisioning.Active || got.LastRun.Kind != provisioning.Incremental {
			t.Errorf("status %+v", got)
		}
	})
}

func TestAChangeWakesOnlyTheJobsThatItConcerns(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	w.service(t, nil)
	await(t, "the initial cycle is over", func() bool { return w.status(t).Status.InitialDone })
	must(t, w.store.PutUser(t.Context(), person(900, "Stranger")))
	must(t, w.store.PutGroup(t.Context(), directory.Group{ID: "other", DisplayName: "Other", SecurityEnabled: true}))
	must(t, w.store.PutMember(t.Context(), directory.Member{Group: "other", Member: name(900), Type: "User"}))
	time.Sleep(3 * time.Second) // several polls and sweeps
	if got := len(w.seen.cycles()); got != 1 {
		t.Errorf("%d cycles, want the initial one alone", got)
	}
	must(t, w.store.PutMember(t.Context(), directory.Member{Group: "sales", Member: name(900), Type: "User"}))
	await(t, "the stranger has an account", func() bool { return w.surname(900) == "Stranger" })
}

func TestAJobThatIsWokenRunsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	w.service(t, func(config *jobs.Config) { config.Sweep, config.Poll = time.Hour, time.Hour })
	await(t, "the initial cycle is over", func() bool { return w.status(t).Status.InitialDone })
	turn := func(to func(provisioning.Job) provisioning.Job) {
		t.Helper()
		must(t, w.store.UpdateJob(t.Context(), w.job, func(job provisioning.Job) (provisioning.Job, error) { return to(job), nil }))
		w.latest.Wake(t.Context(), w.app.ID)
	}
	turn(provisioning.Job.Stopped)
	time.Sleep(time.Second)
	if got := len(w.seen.cycles()); got != 1 {
		t.Errorf("a job that is off ran: %d cycles", got)
	}
	turn(provisioning.Job.Started)
	await(t, "the next cycle is over", func() bool { return len(w.seen.cycles()) == 2 })
}

func TestOneCycleOfAJobRunsAtATimeOnTwoNodes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{postgres: true, latency: 30 * time.Millisecond})
	w.service(t, nil)
	w.service(t, nil)
	await(t, "the initial cycle is over", func() bool { return w.status(t).Status.InitialDone })
	for round := range 8 {
		surname := "Round" + string(rune('A'+round))
		must(t, w.store.PutUser(t.Context(), person(round%3, surname)))
		await(t, "the change has arrived", func() bool { return w.surname(round%3) == surname })
	}
	if w.open.most != 1 {
		t.Errorf("%d cycles of the job ran at the same time", w.open.most)
	}
	for _, run := range w.seen.cycles() {
		if run.State == provisioning.Failed {
			t.Errorf("a cycle failed: %s", run.Error)
		}
	}
}

func TestAServiceStopsAtTheEndOfABatchAndGoesOnAtTheNextStart(t *testing.T) {
	t.Parallel()
	const people = 3000 // three times as many batches as are under way at a time
	w := newWorld(t, worldOptions{people: people, latency: 300 * time.Millisecond})
	stop := w.service(t, nil)
	await(t, "a cycle has begun to write", func() bool { return w.org.Statistics().RowsWritten > 0 })
	began := time.Now()
	must(t, stop())
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("stopping took %s", took)
	}
	if w.status(t).Status.InitialDone {
		t.Fatal("the cycle was over before it was stopped")
	}
	links, err := w.store.CountLinks(t.Context(), w.job)
	must(t, err)
	if rows := w.org.Statistics().RowsWritten; rows != links.Connections || rows >= people {
		t.Errorf("%d rows were written and %d noted: it did not stop at the end of a batch", rows, links.Connections)
	}
	w.service(t, nil)
	await(t, "the next start has finished the work", func() bool { return w.status(t).Status.InitialDone })
	if got := w.org.Statistics().RowsWritten; got != people {
		t.Errorf("%d rows written for %d people", got, people)
	}
}

func TestAPausedJobStopsInTheMiddleOfACycle(t *testing.T) {
	t.Parallel()
	const people = 1000
	w := newWorld(t, worldOptions{people: people, latency: 1500 * time.Millisecond})
	before := w.status(t).Fence
	w.service(t, nil)
	await(t, "a cycle is under way", func() bool { return w.status(t).Fence > before })
	must(t, w.store.UpdateJob(t.Context(), w.job, func(job provisioning.Job) (provisioning.Job, error) {
		job.Schedule.State = provisioning.SchedulePaused
		return job, nil
	}))
	await(t, "the cycle has ended", func() bool { return len(w.seen.cycles()) == 1 })
	if w.status(t).Status.InitialDone {
		t.Fatal("the cycle was over before it was paused")
	}
}

func TestANoticeIsDeliveredOnceAndTriedAgainWhenItFails(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, options worldOptions) {
		t.Helper()
		options.password = "wrong"
		options.notify = provisioning.Notify{Recipients: []string{"admin@contoso.example"}}
		w := newWorld(t, options)
		w.seen.fail = 1
		stop := w.service(t, func(c *jobs.Config) { c.Gap = time.Millisecond })
		await(t, "the quarantine was told", func() bool { return len(w.seen.events()) > 0 })
		if got := w.status(t).Status.Code; got != provisioning.Quarantined {
			t.Errorf("status %s", got)
		}
		time.Sleep(2 * time.Second) // more sweeps tell nothing more
		must(t, stop())
		w.service(t, func(c *jobs.Config) { c.Gap = time.Millisecond })
		w.signIn(t, "")
		must(t, w.store.UpdateJob(t.Context(), w.job, func(job provisioning.Job) (provisioning.Job, error) {
			job.Status.Quarantine.NextAttempt = time.Now().UTC()
			return job, nil
		}))
		await(t, "the end of the quarantine was told", func() bool { return len(w.seen.events()) > 1 })
		want := []provisioning.Event{provisioning.QuarantineBegan, provisioning.QuarantineLifted}
		if diff := cmp.Diff(want, w.seen.events()); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	})
}

func TestAJobIsTakenOverWhenTheLeaseOfADeadNodeIsOver(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, options worldOptions) {
		t.Helper()
		w := newWorld(t, options)
		const left = 2 * time.Second
		taken, err := w.store.Lease(t.Context(), w.job, "a dead node", left)
		must(t, err)
		began := time.Now()
		w.service(t, nil)
		await(t, "the initial cycle is over", func() bool { return w.status(t).Status.InitialDone })
		if took := time.Since(began); !taken || took < left {
			t.Errorf("the job was taken over after %s", took)
		}
	})
}

func TestOldEntriesOfTheLogAreRemoved(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, options worldOptions) {
		t.Helper()
		w := newWorld(t, options)
		entries := func() (count int) {
			for _, err := range w.store.Entries(t.Context(), journal.Query{}) {
				must(t, err)
				count++
			}
			return count
		}
		stop := w.service(t, nil)
		await(t, "the initial cycle is over", func() bool { return w.status(t).Status.InitialDone })
		must(t, stop())
		kept := entries()
		stop = w.service(t, func(c *jobs.Config) { c.Pruner, c.LogKept = w.store, func() time.Duration { return time.Hour } })
		time.Sleep(time.Second)
		must(t, stop())
		if kept == 0 || entries() != kept {
			t.Fatalf("%d entries are left of %d that are not old", entries(), kept)
		}
		w.service(t, func(c *jobs.Config) { c.Pruner, c.LogKept = w.store, func() time.Duration { return time.Nanosecond } })
		await(t, "the entries are gone", func() bool { return entries() == 0 })
	})
}
