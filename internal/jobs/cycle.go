package jobs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/provisioning"
)

// cycleTask asks for the cycle of a job that comes after the one with this fencing
// token. Once that cycle has begun the task means nothing any more, so that a task
// that a dead node left behind keeps nobody from asking for the next cycle.
type cycleTask struct {
	ApplicationID string `json:"application_id"`
	Fence         int64  `json:"fence"`
}

// Kind names the tasks of this kind in the queue.
func (cycleTask) Kind() string { return "cycle" }

// InsertOpts makes a task unique while it waits or is worked.
func (cycleTask) InsertOpts() river.InsertOpts {
	return river.InsertOpts{
		Queue: cycleQueue, MaxAttempts: 3,
		UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
			rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning, rivertype.JobStateScheduled,
		}},
	}
}

// nudge asks for the job's next cycle.
func (s *Service) nudge(ctx context.Context, job provisioning.Job, why string) error {
	result, err := s.queue.Insert(ctx, cycleTask{ApplicationID: job.ApplicationID, Fence: job.Fence}, nil)
	if err != nil {
		return fmt.Errorf("ask for a cycle: %w", err)
	}
	if !result.UniqueSkippedAsDuplicate {
		s.Log.DebugContext(ctx, "cycle asked for", "job_id", job.ID, "because", why)
	}
	return nil
}

const (
	// leaseDuration is how long a job stays with a node that died.
	leaseDuration = 20 * time.Second
	// leaseRenewal is how often a node that lives renews its lease, and looks whether
	// the job was paused.
	leaseRenewal = 3 * time.Second
	// leaseWait is how long a task waits when somebody else has the job.
	leaseWait = 2 * time.Second
	// longestCycle ends a cycle; what it did not come to the next one does.
	longestCycle = 24 * time.Hour
	// openAgain is when a job is tried again that could not be opened.
	openAgain = time.Minute
)

// The reasons to stop a cycle from outside.
var (
	errLeaseLost = errors.New("another node has taken the job over")
	errPaused    = errors.New("provisioning was turned off")
	errStopping  = errors.New("usher was stopped; the next cycle goes on")
	errTooLong   = errors.New("the cycle took more than a day; the next one goes on")
)

type cycleWorker struct {
	river.WorkerDefaults[cycleTask]

	service *Service
}

// Timeout implements river.Worker.
func (*cycleWorker) Timeout(*river.Job[cycleTask]) time.Duration { return longestCycle }

// Work implements river.Worker. Errors do not reach the queue: what is to be done
// again stands in Usher's own tables.
func (w *cycleWorker) Work(ctx context.Context, task *river.Job[cycleTask]) error {
	s := w.service
	job, wanted := s.wanted(ctx, task.Args)
	if !wanted {
		return nil
	}
	// Every task has a lease of its own: two of one node must not meet either.
	holder := s.node + "/" + strconv.FormatInt(task.ID, 10)
	taken, err := s.Store.Lease(ctx, job.ID, holder, leaseDuration)
	if err != nil {
		s.Log.ErrorContext(ctx, "lease job", "job_id", job.ID, "error", err.Error())
		return nil
	}
	if !taken {
		return river.JobSnooze(leaseWait)
	}
	defer s.release(ctx, job.ID, holder)
	if job, wanted = s.wanted(ctx, task.Args); wanted && (!snoozed(task.JobRow) || s.due(ctx, job)) {
		s.work(ctx, job, holder)
	}
	return nil
}

// snoozed reports whether a task had to wait for somebody else.
func snoozed(row *rivertype.JobRow) bool { return bytes.Contains(row.Metadata, []byte(`"snoozes"`)) }

// due reports whether there is still something to do for a task that had to wait: the
// cycle it waited for may have done it.
func (s *Service) due(ctx context.Context, job provisioning.Job) bool {
	now := time.Now().UTC()
	if due := nextRun(job, now, s.started); !due.IsZero() && !due.After(now) {
		return true
	}
	head, err := s.Runner.Engine.Directory.Head(ctx)
	if err != nil || job.Watermark >= head {
		return err != nil
	}
	concerned, err := s.concerned(ctx, job, job.Watermark, head)
	return concerned || err != nil
}

// wanted returns the job of a task, and whether it still wants the cycle.
func (s *Service) wanted(ctx context.Context, task cycleTask) (provisioning.Job, bool) {
	job, err := s.Store.Job(ctx, task.ApplicationID)
	if err != nil {
		s.Log.WarnContext(ctx, "look up the job of a task", "application_id", task.ApplicationID, "error", err.Error())
		return job, false
	}
	return job, job.Fence == task.Fence && runnable(job)
}

func (s *Service) release(ctx context.Context, jobID, holder string) {
	finish, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.Grace)
	defer cancel()
	if err := s.Store.Release(finish, jobID, holder); err != nil {
		s.Log.WarnContext(ctx, "release job", "job_id", jobID, "error", err.Error())
	}
}

// work runs one cycle of a job that this node has a lease for.
func (s *Service) work(ctx context.Context, job provisioning.Job, holder string) {
	s.memory.begin(job.ID)
	run, err := s.cycle(ctx, job, holder)
	s.memory.end(job.ID, err != nil)
	log := s.Log.With("job_id", job.ID, "cycle_id", run.CycleID)
	switch {
	case errors.Is(err, engine.ErrFenced):
		log.InfoContext(ctx, "cycle stopped", "because", err.Error())
	case err != nil:
		log.WarnContext(ctx, "cycle failed", "error", err.Error())
	}
	if run.CycleID != "" {
		s.Observer.CycleEnded(job, run)
	}
	if ctx.Err() != nil {
		return
	}
	app, err := s.application(ctx, job.ApplicationID)
	if err == nil {
		err = s.tell(ctx, app)
	}
	if err != nil {
		log.WarnContext(ctx, "notify", "error", err.Error())
	}
}

// cycle opens the job and runs one cycle, which ends early when the lease is lost or
// the job is paused.
func (s *Service) cycle(ctx context.Context, job provisioning.Job, holder string) (provisioning.Run, error) {
	session, err := s.Runner.Open(ctx, job.ApplicationID)
	if err != nil {
		s.memory.leave(job.ID, time.Now().Add(openAgain))
		run, failure := s.Runner.Refuse(ctx, job.ID, err)
		if run.CycleID != "" {
			s.memory.leave(job.ID, time.Time{}) // its quarantine says when it is tried again
		}
		return run, errors.Join(err, failure)
	}
	s.memory.leave(job.ID, time.Time{})
	ctx, cancel := stoppable(ctx)
	over := make(chan struct{})
	go func() {
		defer close(over)
		s.keep(ctx, cancel, job, holder)
	}()
	run, err := s.Runner.Run(ctx, session, engine.Run{})
	if cause := context.Cause(ctx); err != nil && cause != nil && !errors.Is(err, cause) {
		err = fmt.Errorf("%w: %w", cause, err)
	}
	cancel(nil)
	<-over
	return run, errors.Join(err, session.Connector.Close())
}

// stoppable returns a context that ends with the given one, with a cause that people
// understand, because it becomes the error of the cycle.
func stoppable(parent context.Context) (context.Context, context.CancelCauseFunc) {
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(parent))
	release := context.AfterFunc(parent, func() {
		if errors.Is(parent.Err(), context.DeadlineExceeded) {
			cancel(errTooLong)
			return
		}
		cancel(errStopping)
	})
	return ctx, func(cause error) {
		release()
		cancel(cause)
	}
}

// keep renews the lease until the context ends, and ends it when the cycle must
// stop.
func (s *Service) keep(ctx context.Context, stop context.CancelCauseFunc, job provisioning.Job, holder string) {
	ticker := time.NewTicker(leaseRenewal)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		kept, err := s.Store.Lease(ctx, job.ID, holder, leaseDuration)
		if err == nil && !kept {
			stop(errLeaseLost)
			return
		}
		now, failure := s.Store.Job(ctx, job.ApplicationID)
		if failure == nil && !runnable(now) {
			stop(errPaused)
			return
		}
		if err = errors.Join(err, failure); err != nil && ctx.Err() == nil {
			s.Log.WarnContext(ctx, "renew lease", slog.String("job_id", job.ID), slog.String("error", err.Error()))
		}
	}
}
