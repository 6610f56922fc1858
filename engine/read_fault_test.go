package engine_test

import (
	"context"
	"errors"
	"iter"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/provisioning"
)

var errOutOfService = errors.New("503 service unavailable")

// A source that breaks off, at whatever object, changes nothing: also when what it did
// not come to would have been removed.
func TestASourceThatBreaksOffAtAnyObjectDisablesNobody(t *testing.T) {
	t.Parallel()
	r := newFaultRun(t, 40)
	r.cycle(t)
	r.cycle(t)
	want, before := r.content(), len(r.witness.Writes())
	head, err := r.store.Engine().Head(t.Context())
	r.must(t, err)
	objects := 0
	for range r.people { //nolint:errcheck // a made-up company has no faults.
		objects++
	}
	for after := range objects + 1 {
		_, err := r.store.Import(t.Context(), breakingOff(r.people, after), true)
		if !errors.Is(err, errOutOfService) {
			t.Fatalf("a source that broke off after %d objects: %v", after, err)
		}
		if now, err := r.store.Engine().Head(t.Context()); err != nil || now != head {
			t.Fatalf("a source that broke off after %d objects changed the directory: %v", after, err)
		}
		if after%10 == 0 {
			r.cycle(t)
		}
	}
	_, err = r.try(t.Context(), t, engine.Run{Full: true})
	r.must(t, err)
	if diff := cmp.Diff(want, r.content()); diff != "" || len(r.witness.Writes()) > before {
		t.Errorf("the org has changed (-before +after):\n%s", diff)
	}
	t.Logf("broken off at each of %d objects", objects+1)
}

func breakingOff(source iter.Seq2[directory.Delta, error], after int) iter.Seq2[directory.Delta, error] {
	return func(yield func(directory.Delta, error) bool) {
		count := 0
		for delta, err := range source {
			if count == after {
				break
			}
			count++
			if !yield(delta, err) {
				return
			}
		}
		yield(directory.Delta{}, errOutOfService)
	}
}

// outage is what makes a database fail once, at one of the calls that a cycle makes of
// it: before it did what it was asked, or after.
type outage struct {
	mutex sync.Mutex
	calls int
	at    int
	after bool
}

func (o *outage) call(do func() error) error {
	o.mutex.Lock()
	o.calls++
	due := o.calls == o.at
	o.mutex.Unlock()
	if due && !o.after {
		return errOutOfService
	}
	if err := do(); err != nil || !due {
		return err
	}
	return errOutOfService
}

type unreliableDirectory struct {
	engine.Directory

	outage *outage
}

func (u unreliableDirectory) Head(ctx context.Context) (head directory.Cursor, err error) {
	err = u.outage.call(func() error { head, err = u.Directory.Head(ctx); return err })
	return head, err
}

func (u unreliableDirectory) Collect(ctx context.Context, collection engine.Collection) (ids []string, err error) {
	err = u.outage.call(func() error { ids, err = u.Directory.Collect(ctx, collection); return err })
	return ids, err
}

func (u unreliableDirectory) Subjects(ctx context.Context, jobID string, ids []string) (subjects []engine.Subject, err error) {
	err = u.outage.call(func() error { subjects, err = u.Directory.Subjects(ctx, jobID, ids); return err })
	return subjects, err
}

type unreliableLedger struct {
	engine.Ledger

	outage *outage
}

func (u unreliableLedger) Begin(ctx context.Context, jobID string) (job provisioning.Job, err error) {
	err = u.outage.call(func() error { job, err = u.Ledger.Begin(ctx, jobID); return err })
	return job, err
}

func (u unreliableLedger) Claimed(ctx context.Context, jobID string, ids []string) (claimed map[string]string, err error) {
	err = u.outage.call(func() error { claimed, err = u.Ledger.Claimed(ctx, jobID, ids); return err })
	return claimed, err
}

func (u unreliableLedger) Commit(ctx context.Context, cycle engine.Cycle, commit engine.Commit) error {
	return u.outage.call(func() error { return u.Ledger.Commit(ctx, cycle, commit) })
}

func (u unreliableLedger) Finish(ctx context.Context, cycle engine.Cycle, job provisioning.Job, record provisioning.CycleRecord) error {
	return u.outage.call(func() error { return u.Ledger.Finish(ctx, cycle, job, record) })
}

type attemptsPort = engine.Attempts

type unreliableAttempts struct {
	attemptsPort

	outage *outage
}

func (u unreliableAttempts) Attempting(ctx context.Context, cycle engine.Cycle, attempt engine.Attempt) error {
	return u.outage.call(func() error { return u.attemptsPort.Attempting(ctx, cycle, attempt) })
}

func (u unreliableAttempts) Attempts(ctx context.Context, jobID string) (attempts []engine.Attempt, err error) {
	err = u.outage.call(func() error { attempts, err = u.attemptsPort.Attempts(ctx, jobID); return err })
	return attempts, err
}

func (u unreliableAttempts) Settled(ctx context.Context, cycle engine.Cycle, ids []string) error {
	return u.outage.call(func() error { return u.attemptsPort.Settled(ctx, cycle, ids) })
}

// TestADatabaseThatFailsAtAnyCallIsMadeGood lets the database fail at each of the calls of
// an initial cycle and of one with changes of every kind.
func TestADatabaseThatFailsAtAnyCallIsMadeGood(t *testing.T) {
	t.Parallel()
	undisturbed := newFaultRun(t, 40)
	calls := undisturbed.withOutage(t, 0, false)
	want := undisturbed.content()
	t.Logf("each of %d calls, before and after it", calls)
	step := 1
	if testing.Short() {
		step = 5
	}
	for _, after := range []bool{false, true} {
		for call := 1; call <= calls; call += step {
			r := newFaultRun(t, 40)
			r.withOutage(t, call, after)
			if diff := cmp.Diff(want, r.content()); diff != "" {
				t.Fatalf("call %d, after it %v: the org differs from the undisturbed one (-want +got):\n%s", call, after, diff)
			}
			r.check(t, call)
		}
	}
}

func (r *faultRun) withOutage(t *testing.T, at int, after bool) (calls int) {
	t.Helper()
	working := *r.runner.Engine
	failing := &outage{at: at, after: after}
	disturbed := func() {
		r.runner.Engine.Directory = unreliableDirectory{working.Directory, failing}
		r.runner.Engine.Ledger = unreliableLedger{working.Ledger, failing}
		r.runner.Engine.Attempts = unreliableAttempts{working.Attempts, failing}
		_, err := r.try(t.Context(), t, engine.Run{})
		if err != nil && !strings.Contains(err.Error(), errOutOfService.Error()) {
			t.Fatalf("call %d: %v", at, err)
		}
		*r.runner.Engine = working
		for range 3 {
			r.cycle(t)
		}
	}
	disturbed()
	r.workingDay(t)
	disturbed()
	return failing.calls
}
