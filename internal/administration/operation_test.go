package administration_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/provisioning"
)

// operating is a world whose operations run until stop is called, which waits for their
// end.
func (w *world) operating() (operations *administration.Operations, stop func()) {
	w.tb.Helper()
	operations = administration.NewOperations(w.Service)
	ctx, cancel := context.WithCancel(w.tb.Context())
	over := make(chan error, 1)
	go func() { over <- operations.Run(ctx) }()
	stop = func() {
		cancel()
		if err, running := <-over; running {
			w.must(err)
			close(over)
		}
	}
	w.tb.Cleanup(stop)
	return operations, stop
}

// over waits for the end of an operation, as a page does.
func (w *world) over(id string) provisioning.Operation {
	w.tb.Helper()
	for range 600 {
		found, err := w.Operation(w.tb.Context(), id)
		w.must(err)
		if found.State != provisioning.OperationRunning {
			return found
		}
		time.Sleep(20 * time.Millisecond)
	}
	w.tb.Fatal("the operation does not end")
	return provisioning.Operation{}
}

func TestAPlanIsMadeAndAppliedInTheBackground(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.assigned()
	operations, _ := w.operating()
	// The request that begins it is over long before it is.
	request, answered := context.WithCancel(t.Context())
	begun, err := operations.MakePlan(request, "dora@contoso.com", app, administration.Planning{Full: true})
	w.must(err)
	answered()
	made := w.over(begun.ID)
	if made.State != provisioning.OperationDone || made.PlanID == "" || made.Progress.Expected != 2 || made.Progress.Counts.Created != 2 || made.By != "dora@contoso.com" {
		t.Fatalf("made %+v", made)
	}
	p, err := w.Plan(t.Context(), made.PlanID)
	w.must(err)
	begun, err = operations.ApplyPlan(t.Context(), "dora@contoso.com", app, p.Plan, administration.Applying{})
	w.must(err)
	if applied := w.over(begun.ID); applied.State != provisioning.OperationDone || applied.PlanID != p.ID || len(w.profiles()) < 2 {
		t.Errorf("applied %+v", applied)
	}
	// The plan as it was looked at before is refused by what is kept, after it is as well.
	begun, err = operations.ApplyPlan(t.Context(), "dora@contoso.com", app, p.Plan, administration.Applying{})
	w.must(err)
	if again := w.over(begun.ID); again.State != provisioning.OperationFailed || again.Refused != string(administration.PlanApplied) || again.Message == "" {
		t.Errorf("applied twice: %+v", again)
	}
	if p, err = w.Plan(t.Context(), p.ID); err != nil {
		t.Fatal(err)
	}
	_, err = operations.ApplyPlan(t.Context(), "dora@contoso.com", app, p.Plan, administration.Applying{})
	w.refused(err, administration.PlanApplied)
	found, err := w.Operations(t.Context(), app, 10)
	w.must(err)
	if len(found) != 3 {
		t.Errorf("%d operations are kept", len(found))
	}
}

// A plan that is being applied waits for the job here, so that it surely runs when it is
// stopped.
func TestAnOperationIsStoppedFromAnyNode(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.assigned()
	p, err := w.acts.MakePlan(t.Context(), app, administration.Planning{Full: true})
	w.must(err)
	if taken, err := w.store.Lease(t.Context(), app.Job.ID, "somebody", time.Minute); err != nil || !taken {
		t.Fatalf("leased: %v, %v", taken, err)
	}
	operations, _ := w.operating()
	begun, err := operations.ApplyPlan(t.Context(), "dora@contoso.com", app, p, administration.Applying{})
	w.must(err)
	_, err = operations.ApplyPlan(t.Context(), "dora@contoso.com", app, p, administration.Applying{})
	w.refused(err, administration.AlreadyUnderWay)
	elsewhere := (&administration.Service{Store: w.store, Runner: w.Runner}).By("eve@contoso.com")
	w.must(elsewhere.StopOperation(t.Context(), app, begun))
	if stopped := w.over(begun.ID); stopped.State != provisioning.OperationStopped || stopped.Ended.IsZero() {
		t.Errorf("stopped: %+v", stopped)
	}
	w.contains(w.audits(1), "Stop operation | eve@contoso.com | apply "+begun.ID)
}

// A service that ends waits for what runs, and what was begun can be gone on with.
func TestTheEndOfTheServiceStopsOperations(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.assigned()
	p, err := w.acts.MakePlan(t.Context(), app, administration.Planning{Full: true})
	w.must(err)
	if taken, err := w.store.Lease(t.Context(), app.Job.ID, "somebody", time.Minute); err != nil || !taken {
		t.Fatalf("leased: %v, %v", taken, err)
	}
	operations, stop := w.operating()
	begun, err := operations.ApplyPlan(t.Context(), "dora@contoso.com", app, p, administration.Applying{})
	w.must(err)
	stop()
	if ended, err := w.Operation(t.Context(), begun.ID); err != nil || ended.State != provisioning.OperationStopped {
		t.Errorf("when the service has ended it is %s, %v", ended.State, err)
	}
	_, err = operations.MakePlan(t.Context(), "dora@contoso.com", app, administration.Planning{})
	w.refused(err, administration.Unavailable)
	w.must(w.store.Release(t.Context(), app.Job.ID, "somebody"))
	applied, err := w.acts.ApplyPlan(t.Context(), app, p.ID, administration.Applying{})
	w.must(err)
	if applied.Plan.Items[engine.ItemDone] != 2 {
		t.Errorf("gone on, %v", applied.Plan.Items)
	}
}

func TestWhatFailsInTheBackgroundSaysWhy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.connected()
	operations, _ := w.operating()
	begun, err := operations.FindDrift(t.Context(), "dora@contoso.com", app, administration.Looking{})
	w.must(err)
	if failed := w.over(begun.ID); failed.State != provisioning.OperationFailed || failed.Refused != string(administration.NoSteadyState) {
		t.Errorf("before a cycle: %+v", failed)
	}
	begun, err = operations.MakeUndo(t.Context(), "dora@contoso.com", app, administration.Undoing{Cycle: "none"})
	w.must(err)
	if failed := w.over(begun.ID); failed.Refused != string(administration.NothingToUndo) {
		t.Errorf("an undo of nothing: %+v", failed)
	}
	inside := errors.New("canary-77")
	if text := administration.Told(inside); text == inside.Error() {
		t.Errorf("what is wrong inside is told: %s", text)
	}
	_, err = operations.MakePlan(t.Context(), "dora@contoso.com", administration.Application{Application: directory.Application{ID: "gone"}}, administration.Planning{})
	if !errors.Is(err, store.ErrNotFound) {
		t.Errorf("for an application that there is none of: %v", err)
	}
	// Nothing is heard of an operation whose process died.
	now := time.Now().UTC()
	dead := provisioning.Operation{State: provisioning.OperationRunning, Progress: provisioning.Progress{At: now.Add(-time.Minute)}}
	if state := dead.StateAt(now); state != provisioning.OperationBroken {
		t.Errorf("its state is %s", state)
	}
}
