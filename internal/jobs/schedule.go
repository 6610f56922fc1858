package jobs

import (
	"cmp"
	"time"

	"github.com/usher-id/usher/provisioning"
)

const (
	// usualInterval is that of a job that names none: the documented interval of the
	// Salesforce connector in Microsoft Entra.
	usualInterval = 40 * time.Minute

	// firstRetry is how long after a cycle that failed as a whole the next one comes;
	// it doubles with every further failure, up to the job's interval.
	firstRetry = 30 * time.Second
)

// NextRun returns when the job's next cycle is due, the zero time for never. A change or
// a retry may bring one before.
func NextRun(job provisioning.Job, now time.Time) time.Time { return nextRun(job, now, time.Time{}) }

// nextRun returns when the job's next cycle is due, the zero time for never. It does
// not know about changes and retries. A cycle that failed before this node was
// started, or was ended with the node before, is tried again at once.
func nextRun(job provisioning.Job, now, started time.Time) time.Time {
	interval := cmp.Or(job.Schedule.Interval, usualInterval)
	last := job.Status.LastRun
	switch {
	case !runnable(job):
		return time.Time{}
	case job.Status.Quarantine.Keeps():
		return job.Status.Quarantine.NextAttempt
	case !job.Status.ResumeAt.IsZero():
		// Leavers do not wait for the quota longer than for the schedule: what is reserved is theirs.
		return earlier(job.Status.ResumeAt, last.Began.Add(interval))
	case job.Status.SuccessiveFailure > 0 && last.Ended.Before(started):
		return now
	case job.Status.SuccessiveFailure > 0:
		return last.Ended.Add(min(interval, firstRetry<<min(job.Status.SuccessiveFailure-1, 12)))
	case !job.Status.InitialDone, last.Began.IsZero():
		return now
	}
	return last.Began.Add(interval)
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// runnable reports whether the job may run at all.
func runnable(job provisioning.Job) bool {
	return job.Schedule.State == provisioning.ScheduleActive && job.Status.Code != provisioning.NotConfigured
}

// steady reports whether the job runs without trouble, so that a change may wake it
// ahead of its schedule.
func steady(job provisioning.Job) bool {
	return runnable(job) && !job.Status.Quarantine.Keeps() && job.Status.InitialDone && job.Status.SuccessiveFailure == 0
}
