package engine_test

import (
	"os"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/connector/salesforce/salesforcetest"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/examples/contoso"
	"github.com/usher-id/usher/plan"
)

// everyFault are all kinds of faults of the simulated org.
func everyFault() []salesforcetest.Fault {
	return []salesforcetest.Fault{
		{Kind: salesforcetest.FaultReset},
		{Kind: salesforcetest.FaultResponseLost},
		{Kind: salesforcetest.FaultServerError},
		{Kind: salesforcetest.FaultUnavailable},
		{Kind: salesforcetest.FaultQuota},
		{Kind: salesforcetest.FaultConcurrent},
		{Kind: salesforcetest.FaultRowLock, Times: -1},
		{Kind: salesforcetest.FaultRowError, Times: -1, Code: "FIELD_CUSTOM_VALIDATION_EXCEPTION"},
		{Kind: salesforcetest.FaultSessionExpired},
		{Kind: salesforcetest.FaultHalfPage},
		{Kind: salesforcetest.FaultShortPage},
		{Kind: salesforcetest.FaultTruncatedBody},
		{Kind: salesforcetest.FaultSlow, Delay: 30 * time.Second},
	}
}

// TestEveryFaultInEveryCallOfACycleIsMadeGood lets each kind of fault happen in each request
// of two cycles: an initial one, and one with changes of every kind. Later cycles are
// undisturbed. In the end the org is as it would have been without the fault, nobody
// was disabled but the leavers, and the log has every write that the org saw. The
// company has 40 people, or as many as USHER_SWEEP_PEOPLE says.
func TestEveryFaultInEveryCallOfACycleIsMadeGood(t *testing.T) {
	t.Parallel()
	people := 40
	if text := os.Getenv("USHER_SWEEP_PEOPLE"); text != "" {
		var err error
		if people, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	undisturbed := newFaultRun(t, people)
	calls := undisturbed.run(t, salesforcetest.Fault{}, 0)
	want := undisturbed.content()
	t.Logf("%d kinds of faults in each of %d requests", len(everyFault()), calls)
	for _, fault := range everyFault() {
		t.Run(string(fault.Kind), func(t *testing.T) {
			t.Parallel()
			step := 1
			if testing.Short() {
				step = 4
			}
			for call := 1; call <= calls; call += step {
				synctest.Test(t, func(t *testing.T) { // the waits between attempts pass in no time
					r := newFaultRun(t, people)
					r.run(t, fault, call)
					if diff := cmp.Diff(want, r.content()); diff != "" {
						t.Fatalf("call %d: the org differs from the undisturbed one (-want +got):\n%s", call, diff)
					}
					r.check(t, call)
				})
			}
		})
	}
}

// faultRun is a world whose org is watched.
type faultRun struct {
	*world

	witness *salesforcetest.Witness
}

func newFaultRun(tb testing.TB, people int) *faultRun {
	tb.Helper()
	r := &faultRun{world: newWorld(tb, worldOptions{users: people, managers: true})}
	r.witness = salesforcetest.NewWitness(r.org)
	r.runner.Environment.Transport = r.witness.Client().Transport
	return r
}

// run goes through both cycles and lets the fault happen in one of the requests. It
// returns how many requests the two cycles made.
func (r *faultRun) run(tb testing.TB, fault salesforcetest.Fault, call int) int {
	tb.Helper()
	calls := 0
	disturbed := func() {
		r.witness.Intercept(func(_ int, serve func()) {
			if calls++; calls == call {
				r.org.SetFaults([]salesforcetest.Fault{fault})
			}
			serve()
			r.org.SetFaults(nil)
		})
		_, _ = r.try(tb.Context(), tb, engine.Run{}) // It may fail; the next ones make it good.
		r.witness.Intercept(nil)
		for range 3 {
			r.cycle(tb)
		}
	}
	disturbed()
	r.workingDay(tb)
	disturbed()
	return calls
}

// workingDay lets people join, move and leave.
func (r *faultRun) workingDay(tb testing.TB) {
	tb.Helper()
	changes := contoso.Changes(r.company, 3)
	_, err := r.store.Import(tb.Context(), func(yield func(directory.Delta, error) bool) {
		for _, change := range changes {
			for _, delta := range change.Deltas {
				if !yield(delta, nil) {
					return
				}
			}
		}
	}, false)
	r.must(tb, err)
}

// check looks at what the org saw on the way: nobody was disabled but who left, nothing
// is written any more, and the log tells of every write.
func (r *faultRun) check(t *testing.T, call int) {
	t.Helper()
	written := make(map[string][]plan.Action)
	for _, write := range r.witness.Writes() {
		account, _ := r.org.UserByID(write.ID)
		if write.Action == string(plan.Disable) && account.IsActive {
			t.Errorf("call %d: %s was disabled on the way", call, account.Username)
		}
		written[write.ID] = appendOther(written[write.ID], plan.Action(write.Action))
	}
	logged := make(map[string][]plan.Action)
	for _, entry := range slices.Backward(r.entries(t)) { // oldest first
		if entry.Change.Status == plan.Success {
			logged[entry.Change.Target.ID] = appendOther(logged[entry.Change.Target.ID], entry.Change.Action)
		}
	}
	if diff := cmp.Diff(written, logged); diff != "" {
		t.Errorf("call %d: what the org saw, and what the log tells (-org +log):\n%s", call, diff)
	}
	before := len(r.witness.Writes())
	r.cycle(t)
	_, err := r.try(t.Context(), t, engine.Run{Full: true})
	r.must(t, err)
	if more := r.witness.Writes()[before:]; len(more) > 0 {
		t.Errorf("call %d: cycles with nothing changed wrote %v", call, more)
	}
}

// appendOther appends an action that is not the same as the last one.
func appendOther(actions []plan.Action, action plan.Action) []plan.Action {
	if len(actions) > 0 && actions[len(actions)-1] == action {
		return actions
	}
	return append(actions, action)
}
