package administration

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/provisioning"
	"github.com/usher-id/usher/source"
)

// Operations runs acts that take longer than a browser waits. What it tells of them is
// in the database: any node answers for an operation, also for one whose process died.
//
// A page begins an operation, sends the browser to a page of its own with the id, and
// asks Operation for it every second or two: StateAt says whether it runs, Progress how
// far it is, PlanID what came of it, Message what went wrong. Begun again after it was
// stopped or broke off, applying a plan goes on where it ended.
type Operations struct {
	*Service

	asked chan func(context.Context)

	mutex   sync.Mutex
	running map[string]*task // what runs in this process, by id
}

// NewOperations makes operations with a service, whose connectors shall end their
// requests when an operation is stopped. Nothing is done before Run.
func NewOperations(service *Service) *Operations {
	return &Operations{Service: service, asked: make(chan func(context.Context)), running: map[string]*task{}}
}

// errEnding stops operations because the service ends.
var errEnding = errors.New("the service ended")

// errStopped stops an operation because somebody asked for it.
var errStopped = errors.New("it was stopped")

// Run runs what is begun until the context ends. Then it takes nothing more, stops what
// runs at the end of the batch under way, and returns when all of it has ended.
func (o *Operations) Run(ctx context.Context) error {
	working, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	defer stop(nil)
	var running sync.WaitGroup
	for {
		select {
		case work := <-o.asked:
			running.Go(func() { work(working) })
		case <-ctx.Done():
			stop(errEnding)
			running.Wait()
			return nil
		}
	}
}

// beginWait is how long an act waits for somebody to take it.
const beginWait = 2 * time.Second

// begin keeps an operation and has it run. One of the same kind that runs for the same
// application already is a Refusal with the code AlreadyUnderWay.
func (o *Operations) begin(
	ctx context.Context, actor string, app Application, operation provisioning.Operation, expected int,
	work func(context.Context, *task) error,
) (provisioning.Operation, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return operation, fmt.Errorf("name the operation: %w", err)
	}
	now := time.Now().UTC()
	operation.ID, operation.ApplicationID, operation.By, operation.State = id.String(), app.ID, actor, provisioning.OperationRunning
	operation.Progress = provisioning.Progress{Began: now, At: now, Expected: expected}
	err = o.Store.BeginOperation(ctx, operation)
	if errors.Is(err, store.ErrConflict) {
		return operation, &Refusal{
			Code: AlreadyUnderWay, Err: err, Message: "that is being done for " + app.DisplayName + " already",
			Advice: "Wait until it is over, or stop it.",
		}
	}
	if err != nil {
		return operation, err
	}
	t := &task{operations: o, latest: operation}
	wait, cancel := context.WithTimeout(ctx, beginWait)
	defer cancel()
	select {
	case o.asked <- func(ctx context.Context) { t.run(ctx, work) }:
		return operation, nil
	case <-wait.Done():
		refusal := refuse(Unavailable, "", "nothing is run in the background: the service ends").advising("Try again when it is started.")
		t.end(ctx, refusal)
		return operation, refusal
	}
}

// task is an operation that runs here.
type task struct {
	operations *Operations
	mutex      sync.Mutex
	latest     provisioning.Operation
}

// noteEach is how often an operation is noted, which says that it runs, and how often
// whether it is to be stopped is looked at.
const noteEach = time.Second

// run does the work and notes how it goes, from a goroutine of its own: a slow database
// does not hold the work up.
func (t *task) run(ctx context.Context, work func(context.Context, *task) error) {
	working, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	noting, over := context.WithCancel(context.WithoutCancel(ctx))
	var notes sync.WaitGroup
	notes.Go(func() { t.note(noting, stop) })
	t.operations.keep(t)
	defer t.operations.forget(t)
	err := t.guarded(working, work)
	over()
	notes.Wait()
	if cause := context.Cause(working); err != nil && (errors.Is(cause, errEnding) || errors.Is(cause, errStopped)) {
		err = cause
	}
	t.end(ctx, err)
}

func (o *Operations) keep(t *task) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.running[t.latest.ID] = t
}

func (o *Operations) forget(t *task) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	delete(o.running, t.latest.ID)
}

// Operation is [Service.Operation], and knows of what runs in this process how far it is
// now. That counts where the work itself holds up who would note it, as one long
// transaction of SQLite does.
func (o *Operations) Operation(ctx context.Context, id string) (provisioning.Operation, error) {
	o.mutex.Lock()
	t, here := o.running[id]
	o.mutex.Unlock()
	if here {
		return t.now(), nil
	}
	return o.Service.Operation(ctx, id)
}

// say notes what is to be told of an operation that is done.
func (t *task) say(text string) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.latest.Message = text
}

// guarded does the work; a fault of the program ends the operation and not the service.
func (t *task) guarded(ctx context.Context, work func(context.Context, *task) error) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("a fault of the program: %v", cause)
		}
	}()
	return work(ctx, t)
}

// note notes the progress until the context ends, and stops the work when somebody asked
// for it or the operation is not there any more.
func (t *task) note(ctx context.Context, stop context.CancelCauseFunc) {
	ticker := time.NewTicker(noteEach)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		asked, err := t.operations.Store.NoteOperation(ctx, t.now())
		switch {
		case asked, errors.Is(err, store.ErrNotFound):
			stop(errStopped)
		case err != nil && ctx.Err() == nil:
			t.operations.log().WarnContext(ctx, "note operation", "operation_id", t.latest.ID, "error", err.Error())
		}
	}
}

// now returns the operation as it is at this moment.
func (t *task) now() provisioning.Operation {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.latest.Progress.At = time.Now().UTC()
	return t.latest
}

// observe takes how far the work is.
func (t *task) observe(progress engine.Progress) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	known := &t.latest.Progress
	known.CycleID, known.Kind, known.Phase, known.Counts = progress.CycleID, progress.Kind, progress.Phase, progress.Counts
	known.Expected = max(known.Expected, progress.Counts.Collected)
}

// about tells which plan the operation is about.
func (t *task) about(planID string) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.latest.PlanID = planID
}

// endWait is how long the end of an operation may take to be noted.
const endWait = 10 * time.Second

// end notes how an operation ended.
func (t *task) end(ctx context.Context, err error) {
	ended := t.now()
	ended.Ended, ended.State = ended.Progress.At, provisioning.OperationDone
	switch {
	case err == nil:
	case errors.Is(err, errEnding), errors.Is(err, errStopped):
		ended.State, ended.Message = provisioning.OperationStopped, err.Error()
	default:
		ended.State, ended.Message = provisioning.OperationFailed, Told(err)
		if refusal, ok := errors.AsType[*Refusal](err); ok {
			ended.Refused = string(refusal.Code)
		}
		t.operations.log().WarnContext(ctx, "operation failed", "operation_id", ended.ID, "kind", string(ended.Kind), "error", err.Error())
	}
	noting, cancel := context.WithTimeout(context.WithoutCancel(ctx), endWait)
	defer cancel()
	if _, err := t.operations.Store.NoteOperation(noting, ended); err != nil && !errors.Is(err, store.ErrNotFound) {
		t.operations.log().ErrorContext(ctx, "note the end of an operation", "operation_id", ended.ID, "error", err.Error())
	}
}

// Told returns what an error says to people: a refusal and a target's words as they are,
// with the advice; of what is wrong inside, no more than that the log has it.
func Told(err error) string {
	if refusal, ok := errors.AsType[*Refusal](err); ok {
		return refusal.Error()
	}
	if _, ok := errors.AsType[*connector.Error](err); ok {
		return Explained(err)
	}
	if faults, ok := errors.AsType[source.Faults](err); ok {
		return faults.Error()
	}
	if unopened, ok := errors.AsType[*OpenError](err); ok {
		return unopened.Error()
	}
	return "an error inside the service; its log says more"
}

// MakePlan is [Acts.MakePlan] in the background.
func (o *Operations) MakePlan(ctx context.Context, actor string, app Application, how Planning) (provisioning.Operation, error) {
	expected, err := o.Store.CountAssigned(ctx, app.ID)
	if err != nil {
		return provisioning.Operation{}, err
	}
	return o.begin(ctx, actor, app, provisioning.Operation{Kind: provisioning.MakingPlan}, expected, func(ctx context.Context, t *task) error {
		how.Observe = t.observe
		made, err := o.By(actor).MakePlan(ctx, app, how)
		t.about(made.ID)
		return err
	})
}

// MakeUndo is [Acts.MakeUndo] in the background.
func (o *Operations) MakeUndo(ctx context.Context, actor string, app Application, what Undoing) (provisioning.Operation, error) {
	return o.begin(ctx, actor, app, provisioning.Operation{Kind: provisioning.MakingUndo}, 0, func(ctx context.Context, t *task) error {
		what.Observe = t.observe
		made, err := o.By(actor).MakeUndo(ctx, app, what)
		t.about(made.ID)
		return err
	})
}

// FindDrift is [Acts.FindDrift] in the background. Without a plan nothing was found.
func (o *Operations) FindDrift(ctx context.Context, actor string, app Application, where Looking) (provisioning.Operation, error) {
	links, err := o.Store.CountLinks(ctx, app.Job.ID)
	if err != nil {
		return provisioning.Operation{}, err
	}
	expected := links.Connections
	if where.Recent || len(where.Users) > 0 {
		expected = len(where.Users)
	}
	return o.begin(ctx, actor, app, provisioning.Operation{Kind: provisioning.FindingDrift}, expected, func(ctx context.Context, t *task) error {
		where.Observe = t.observe
		found, err := o.By(actor).FindDrift(ctx, app, where)
		t.about(found.PlanID)
		return err
	})
}

// ApplyPlan is [Acts.ApplyPlan] in the background. A plan that would be refused is so at
// once where that can be told without waiting; else the operation fails with the code in
// Refused. What became of the items is in the plan.
func (o *Operations) ApplyPlan(ctx context.Context, actor string, app Application, p engine.Plan, how Applying) (provisioning.Operation, error) {
	if p.State == engine.PlanApplied {
		return provisioning.Operation{}, planRefused(engine.ErrPlanApplied, p)
	}
	if p.Guard != "" && p.Removals() > 0 && !how.AllowRemovals {
		return provisioning.Operation{}, planRefused(fmt.Errorf("%w: %s", engine.ErrPlanRemovals, p.Guard), p)
	}
	counts := p.Counts
	expected := counts.Created + counts.Updated + counts.Disabled + counts.Enabled + counts.Deleted
	operation := provisioning.Operation{Kind: provisioning.ApplyingPlan, PlanID: p.ID}
	return o.begin(ctx, actor, app, operation, expected, func(ctx context.Context, t *task) error {
		how.Observe = t.observe
		_, err := o.By(actor).ApplyPlan(ctx, app, p.ID, how)
		return err
	})
}

// ImportDirectory is [Acts.ImportDirectory] of files that are kept, in the background. The
// files go when they are imported. It is one transaction: that it was stopped, or broke
// off, changed nothing.
func (o *Operations) ImportDirectory(ctx context.Context, actor string, what Importing, upload store.Upload) (provisioning.Operation, error) {
	expected := 0
	for _, file := range upload.Files {
		expected += max(0, bytes.Count(file.Content, []byte("\n"))-1)
	}
	whole := Application{Application: directory.Application{DisplayName: "the directory"}}
	return o.begin(ctx, actor, whole, provisioning.Operation{Kind: provisioning.Importing, UploadID: upload.ID, Replace: what.Replace}, expected, func(ctx context.Context, t *task) error {
		what.observe = func(count int) {
			t.observe(engine.Progress{Phase: "files", Counts: provisioning.Counts{Collected: count, Unchanged: count}})
		}
		done, err := o.By(actor).ImportDirectory(ctx, what)
		if err != nil {
			return err
		}
		t.say(importText(done.ImportReport, what.Replace))
		o.ForgetUpload(ctx, upload)
		return nil
	})
}

// ForgetUpload removes files that were taken in. An error is logged only: what was done with
// them is done, also where the caller has gone, and what is left expires within the hour.
func (s *Service) ForgetUpload(ctx context.Context, upload store.Upload) {
	removing, cancel := context.WithTimeout(context.WithoutCancel(ctx), endWait)
	defer cancel()
	if _, err := s.Store.RemoveUpload(removing, upload.Owner, upload.ID); err != nil {
		s.log().WarnContext(ctx, "remove an upload that was taken in", "error", err.Error())
	}
}

// Operation returns an operation, or store.ErrNotFound.
func (s *Service) Operation(ctx context.Context, id string) (provisioning.Operation, error) {
	return s.Store.Operation(ctx, id)
}

// Operations returns the latest operations of an application, the newest first.
func (s *Service) Operations(ctx context.Context, app Application, limit int) ([]provisioning.Operation, error) {
	return s.Store.Operations(ctx, app.ID, limit)
}

// StopOperation has an operation stop at the end of the batch under way, on whichever
// node it runs.
func (a Acts) StopOperation(ctx context.Context, app Application, operation provisioning.Operation) error {
	return a.Store.StopOperation(ctx, operation.ID, a.Record("Stop operation", app.DisplayName, string(operation.Kind)+" "+operation.ID))
}
