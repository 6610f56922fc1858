package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/provisioning"
)

// sweep looks at every job: whose time has come, whose retries are due, whose
// removals were allowed, who has changes left; and at what people have to be told.
// It is the safety net under everything that wakes jobs faster.
func (s *Service) sweep(ctx context.Context) error {
	head, err := s.Runner.Engine.Directory.Head(ctx)
	if err != nil {
		return err
	}
	var faults []error
	for app, err := range s.Store.Applications(ctx) {
		if err != nil {
			return errors.Join(append(faults, err)...)
		}
		job, err := s.Store.Job(ctx, app.ID)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		if err := s.sweepJob(ctx, job, head); err != nil {
			faults = append(faults, fmt.Errorf("job %s: %w", job.ID, err))
		}
		if err := s.tell(ctx, app); err != nil {
			faults = append(faults, fmt.Errorf("job %s: %w", job.ID, err))
		}
	}
	return errors.Join(faults...)
}

// Wake asks for a cycle of an application's job now: somebody turned it on or changed
// it. A job that may not run is left alone. When it fails, the job is looked at within
// seconds all the same, so the error is only logged.
func (s *Service) Wake(ctx context.Context, applicationID string) {
	job, err := s.Store.Job(ctx, applicationID)
	if err == nil && runnable(job) && !job.Status.Quarantine.Keeps() && !job.Status.ResumeAt.After(time.Now()) {
		s.memory.leave(job.ID, time.Time{})
		err = s.nudge(ctx, job, "an administrator")
	}
	if err != nil {
		s.Log.WarnContext(ctx, "wake job", "application_id", applicationID, "error", err.Error())
	}
}

func (s *Service) sweepJob(ctx context.Context, job provisioning.Job, head directory.Cursor) error {
	now := time.Now().UTC()
	if s.memory.isWorking(job.ID) || s.memory.isLeft(job.ID, now) {
		return nil
	}
	if due := nextRun(job, now, s.started); !due.IsZero() && !due.After(now) {
		return s.nudge(ctx, job, "schedule")
	}
	if !steady(job) {
		return nil
	}
	removals, err := s.Runner.Engine.Removals.Count(ctx, job.ID)
	if err != nil {
		return err
	}
	if s.memory.allow(job.ID, removals.Allowed) {
		return s.nudge(ctx, job, "allowed removals")
	}
	// A first failure is retried with the next cycle; what came due since the last one
	// had waited for its own time.
	due, err := s.Store.CountDue(ctx, job.ID, job.Status.LastRun.Ended, now)
	if err != nil {
		return err
	}
	if due.Escrows+due.References > 0 {
		return s.nudge(ctx, job, "retries")
	}
	if due.Leavers > 0 {
		return s.nudge(ctx, job, "grace periods that are over")
	}
	if err := s.sweepDrift(ctx, job, now); err != nil {
		return err
	}
	_, err = s.followJob(ctx, job, head)
	return err
}

// follow reads the head of the change feed and wakes the jobs that the changes
// concern. Where there are none it costs the reading of one row.
func (s *Service) follow(ctx context.Context) error {
	head, err := s.Runner.Engine.Directory.Head(ctx)
	if err != nil || s.memory.seen(head) {
		return err
	}
	complete := true
	for app, err := range s.Store.Applications(ctx) {
		if err != nil {
			return err
		}
		job, err := s.Store.Job(ctx, app.ID)
		if err != nil {
			return err
		}
		done, err := s.followJob(ctx, job, head)
		if err != nil {
			return fmt.Errorf("job %s: %w", job.ID, err)
		}
		complete = complete && done
	}
	if complete {
		s.memory.see(head)
	}
	return nil
}

// followJob wakes the job if changes up to the head concern it, and reports whether
// there is nothing more to do about them.
func (s *Service) followJob(ctx context.Context, job provisioning.Job, head directory.Cursor) (bool, error) {
	since := max(job.Watermark, s.memory.lookedAt(job.ID))
	switch {
	case since >= head, !steady(job):
		return true, nil // a job in trouble comes to its changes when it is tried again
	case s.memory.isWorking(job.ID):
		return false, nil
	}
	concerned, err := s.concerned(ctx, job, since, head)
	if err != nil {
		return false, err
	}
	if concerned {
		if err := s.nudge(ctx, job, "changes"); err != nil {
			return false, err
		}
	}
	s.memory.look(job.ID, head)
	return true, nil
}

const (
	// peoplePage is how many of the people who were touched are looked at at a time.
	peoplePage = 500
	// fewPeople is how many are looked at before a cycle is the cheaper way to find out.
	fewPeople = 20 * peoplePage
)

// concerned reports whether changes touch anybody who is assigned to the job's
// application or has an account there.
func (s *Service) concerned(ctx context.Context, job provisioning.Job, since, until directory.Cursor) (bool, error) {
	collection := engine.Collection{JobID: job.ID, Kind: provisioning.Incremental, Since: since, Until: until, Limit: peoplePage}
	for looked := 0; looked < fewPeople; looked += peoplePage {
		ids, err := s.Runner.Engine.Directory.Collect(ctx, collection)
		switch {
		case err != nil:
			return false, err
		case len(ids) == 0:
			return false, nil
		case job.Settings.SyncAll:
			return true, nil
		}
		subjects, err := s.Runner.Engine.Directory.Subjects(ctx, job.ID, ids)
		if err != nil {
			return false, err
		}
		for _, subject := range subjects {
			if len(subject.Grants) > 0 || !subject.Connection.IsZero() {
				return true, nil
			}
		}
		if len(ids) < peoplePage {
			return false, nil
		}
		collection.After = ids[len(ids)-1]
	}
	return true, nil
}
