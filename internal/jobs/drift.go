package jobs

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/riverqueue/river"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/provisioning"
)

// Drift is what is read and kept of checks for changes made in a job's target.
type Drift interface {
	DriftCheck(ctx context.Context, jobID string) (engine.DriftCheck, error)
	PutDriftCheck(ctx context.Context, jobID string, check engine.DriftCheck, audits ...journal.Audit) error
}

// driftTask asks for the check that comes after the one of a moment. Once there is a
// later one the task means nothing any more.
type driftTask struct {
	ApplicationID string    `json:"application_id"`
	After         time.Time `json:"after"`
}

// Kind names the tasks of this kind in the queue.
func (driftTask) Kind() string { return "drift" }

// InsertOpts makes a task unique while it waits or is worked.
func (driftTask) InsertOpts() river.InsertOpts { return cycleTask{}.InsertOpts() }

// sweepDrift asks for a check for drift when one is due.
func (s *Service) sweepDrift(ctx context.Context, job provisioning.Job, now time.Time) error {
	if s.Drift == nil || job.Settings.Drift.Next(time.Time{}).IsZero() {
		return nil
	}
	latest, err := s.Drift.DriftCheck(ctx, job.ID)
	if err != nil || job.Settings.Drift.Next(latest.At).After(now) {
		return err
	}
	if _, err := s.queue.Insert(ctx, driftTask{ApplicationID: job.ApplicationID, After: latest.At}, nil); err != nil {
		return fmt.Errorf("ask for a check for drift: %w", err)
	}
	return nil
}

type driftWorker struct {
	river.WorkerDefaults[driftTask]

	service *Service
}

// Timeout implements river.Worker.
func (*driftWorker) Timeout(*river.Job[driftTask]) time.Duration { return longestCycle }

// Work implements river.Worker. A check has the job for itself, as a cycle has.
func (w *driftWorker) Work(ctx context.Context, task *river.Job[driftTask]) error {
	s := w.service
	job, err := s.Store.Job(ctx, task.Args.ApplicationID)
	if err != nil || s.Drift == nil || !steady(job) {
		return nil // the application is gone, or a cycle is due that sets everything right
	}
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
	latest, err := s.Drift.DriftCheck(ctx, job.ID)
	if err != nil || latest.At.After(task.Args.After) {
		return nil // somebody checked meanwhile; the next sweep asks again where it could not be read
	}
	s.checkDrift(ctx, job, holder, latest)
	app, err := s.application(ctx, job.ApplicationID)
	if err == nil {
		err = s.tell(ctx, app)
	}
	if err != nil && ctx.Err() == nil {
		s.Log.WarnContext(ctx, "notify", "job_id", job.ID, "error", err.Error())
	}
	return nil
}

// checkDrift runs one check and keeps what it found.
func (s *Service) checkDrift(ctx context.Context, job provisioning.Job, holder string, latest engine.DriftCheck) {
	check := engine.DriftCheck{At: time.Now().UTC(), Full: latest.Since().IsZero()}
	err := s.leased(ctx, job, holder, func(ctx context.Context, session engine.Session) error {
		return s.drift(ctx, session, latest.Since(), &check)
	})
	log := s.Log.With("job_id", job.ID, "looked", check.Looked, "found", check.Found, "repaired", check.Repaired, "plan_id", check.PlanID)
	if err != nil {
		check.Error = err.Error()
		log.WarnContext(ctx, "check for drift", "error", check.Error)
	} else {
		log.InfoContext(ctx, "check for drift")
	}
	if ctx.Err() != nil {
		return // the next start checks again
	}
	if err := s.Drift.PutDriftCheck(ctx, job.ID, check); err != nil {
		log.WarnContext(ctx, "keep the check for drift", "error", err.Error())
	}
}

// leased opens the job and does work, which ends early when the lease is lost or the
// job is paused.
func (s *Service) leased(ctx context.Context, job provisioning.Job, holder string, work func(context.Context, engine.Session) error) error {
	session, err := s.Runner.Open(ctx, job.ApplicationID)
	if err != nil {
		return err
	}
	ctx, cancel := stoppable(ctx)
	over := make(chan struct{})
	go func() {
		defer close(over)
		s.keep(ctx, cancel, job, holder)
	}()
	err = work(ctx, session)
	cancel(nil)
	<-over
	return errors.Join(err, session.Connector.Close())
}

// drift looks and, where the job asks for it, sets right what it found. Removals that
// the guard would hold are left to an administrator, with everything else of the plan.
func (s *Service) drift(ctx context.Context, session engine.Session, since time.Time, check *engine.DriftCheck) error {
	p, err := s.Runner.Drift(ctx, session, engine.Run{}, engine.DriftScope{Since: since})
	if err != nil {
		return err
	}
	check.Looked, check.Found, check.PlanID = p.Counts.Collected, p.Found(), p.ID
	if p.ID == "" || session.Job.Settings.Drift.Mode != provisioning.DriftRepair {
		return nil
	}
	run, err := s.Runner.Apply(ctx, session, engine.Run{}, p, false)
	check.Repaired = run.Counts.Writes
	if run.CycleID != "" {
		s.Observer.CycleEnded(session.Job, run)
	}
	if err != nil {
		return fmt.Errorf("repair what was found: %w", err)
	}
	if run.Counts.Failed > 0 {
		// The next check looks at every account: the target does not name these again.
		return fmt.Errorf("%d of %d accounts could not be set right; the log says why", run.Counts.Failed, check.Found)
	}
	return nil
}
