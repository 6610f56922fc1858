package jobs

import (
	"testing"
	"time"

	"github.com/usher-id/usher/provisioning"
)

func TestTheNextRun(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	healthy := provisioning.Job{
		Schedule: provisioning.Schedule{Interval: 20 * time.Minute, State: provisioning.ScheduleActive},
		Status: provisioning.Status{
			Code: provisioning.Active, InitialDone: true,
			LastRun: provisioning.Run{Began: ago(5 * time.Minute), Ended: ago(4 * time.Minute)},
		},
	}
	tests := []struct {
		name  string
		adapt func(*provisioning.Job)
		want  time.Time
	}{
		{name: "an interval after the last one began", want: now.Add(15 * time.Minute)},
		{name: "forty minutes when there is no interval", adapt: func(j *provisioning.Job) { j.Schedule.Interval = 0 }, want: now.Add(35 * time.Minute)},
		{name: "at once when there was none", adapt: func(j *provisioning.Job) { j.Status = provisioning.Status{Code: provisioning.NotRun} }, want: now},
		{name: "at once when everybody is to be looked at again", adapt: func(j *provisioning.Job) { j.Status.InitialDone = false }, want: now},
		{name: "never while it is paused", adapt: func(j *provisioning.Job) { j.Schedule.State = provisioning.SchedulePaused }},
		{name: "never while it is disabled", adapt: func(j *provisioning.Job) { j.Schedule.State = provisioning.ScheduleDisabled }},
		{name: "never without credentials", adapt: func(j *provisioning.Job) { j.Status.Code = provisioning.NotConfigured }},
		{name: "half a minute after the first failure", adapt: func(j *provisioning.Job) { j.Status.SuccessiveFailure = 1 }, want: ago(4 * time.Minute).Add(30 * time.Second)},
		{name: "twice as long after the second", adapt: func(j *provisioning.Job) { j.Status.SuccessiveFailure = 2 }, want: ago(3 * time.Minute)},
		{name: "at most an interval after many", adapt: func(j *provisioning.Job) { j.Status.SuccessiveFailure = 1000 }, want: now.Add(16 * time.Minute)},
		{
			name: "at once after a start", adapt: func(j *provisioning.Job) {
				j.Status.SuccessiveFailure, j.Status.LastRun.Ended = 1000, ago(10*time.Minute)
			}, want: now,
		},
		{
			name: "when the quota of the target moves on", adapt: func(j *provisioning.Job) {
				j.Status.SuccessiveFailure, j.Status.ResumeAt = 1, now.Add(10*time.Minute)
			}, want: now.Add(10 * time.Minute),
		},
		{
			name: "when the quota of the target moves on, also after a start", adapt: func(j *provisioning.Job) {
				j.Status.SuccessiveFailure, j.Status.LastRun.Ended, j.Status.ResumeAt = 3, ago(10*time.Minute), now.Add(10*time.Minute)
			}, want: now.Add(10 * time.Minute),
		},
		{
			name: "as usual when the quota takes longer", adapt: func(j *provisioning.Job) {
				j.Status.SuccessiveFailure, j.Status.ResumeAt = 1, now.Add(50*time.Minute)
			}, want: now.Add(15 * time.Minute),
		},
		{
			name: "when the quarantine says", adapt: func(j *provisioning.Job) {
				j.Status.Quarantine = provisioning.Quarantine{Reason: provisioning.EncounteredQuarantineException, NextAttempt: now.Add(6 * time.Hour)}
			}, want: now.Add(6 * time.Hour),
		},
		{
			name: "never in a quarantine without an end", adapt: func(j *provisioning.Job) {
				j.Status.Quarantine.Reason = provisioning.QuarantinedOnDemand
			},
		},
		{
			name: "as usual while removals are held", adapt: func(j *provisioning.Job) {
				j.Status.Quarantine = provisioning.Quarantine{Reason: provisioning.TooManyDeletes, NextAttempt: now.Add(6 * time.Hour)}
			}, want: now.Add(15 * time.Minute),
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			job := healthy
			if tt.adapt != nil {
				tt.adapt(&job)
			}
			if got := nextRun(job, now, ago(6*time.Minute)); !got.Equal(tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}
