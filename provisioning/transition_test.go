package provisioning_test

import (
	"testing"

	"github.com/usher-id/usher/provisioning"
)

func TestJobsAreTurnedOnAndOff(t *testing.T) {
	t.Parallel()
	job := func(state provisioning.ScheduleState, code provisioning.StatusCode, initialDone bool, reason provisioning.QuarantineReason) provisioning.Job {
		return provisioning.Job{
			Schedule: provisioning.Schedule{State: state},
			Status:   provisioning.Status{Code: code, InitialDone: initialDone, Quarantine: provisioning.Quarantine{Reason: reason}},
		}
	}
	tests := []struct {
		name  string
		from  provisioning.Job
		step  func(provisioning.Job) provisioning.Job
		state provisioning.ScheduleState
		code  provisioning.StatusCode
	}{
		{"credentials make it ready", job(provisioning.ScheduleDisabled, provisioning.NotConfigured, false, ""), provisioning.Job.Configured, provisioning.ScheduleDisabled, provisioning.NotRun},
		{"new credentials change nothing else", job(provisioning.ScheduleActive, provisioning.Active, true, ""), provisioning.Job.Configured, provisioning.ScheduleActive, provisioning.Active},
		{"without credentials it waits", job(provisioning.ScheduleActive, provisioning.Active, true, ""), provisioning.Job.Unconfigured, provisioning.ScheduleActive, provisioning.NotConfigured},
		{"started without credentials", job(provisioning.ScheduleDisabled, provisioning.NotConfigured, false, ""), provisioning.Job.Started, provisioning.ScheduleActive, provisioning.NotConfigured},
		{"credentials again", job(provisioning.ScheduleActive, provisioning.NotConfigured, true, ""), provisioning.Job.Configured, provisioning.ScheduleActive, provisioning.Active},
		{"without credentials it stays disabled", job(provisioning.ScheduleDisabled, provisioning.NotRun, false, ""), provisioning.Job.Unconfigured, provisioning.ScheduleDisabled, provisioning.NotConfigured},
		{"started for the first time", job(provisioning.ScheduleDisabled, provisioning.NotRun, false, ""), provisioning.Job.Started, provisioning.ScheduleActive, provisioning.NotRun},
		{"started again", job(provisioning.SchedulePaused, provisioning.Paused, true, ""), provisioning.Job.Started, provisioning.ScheduleActive, provisioning.Active},
		{"started in quarantine", job(provisioning.SchedulePaused, provisioning.Paused, true, provisioning.TooManyDeletes), provisioning.Job.Started, provisioning.ScheduleActive, provisioning.Quarantined},
		{"stopped", job(provisioning.ScheduleActive, provisioning.Active, true, ""), provisioning.Job.Stopped, provisioning.SchedulePaused, provisioning.Paused},
		{"stopped before it was configured", job(provisioning.ScheduleDisabled, provisioning.NotConfigured, false, ""), provisioning.Job.Stopped, provisioning.SchedulePaused, provisioning.NotConfigured},
		{"released while it runs", job(provisioning.ScheduleActive, provisioning.Quarantined, true, provisioning.TooManyDeletes), provisioning.Job.Released, provisioning.ScheduleActive, provisioning.Active},
		{"released before its first cycle", job(provisioning.ScheduleActive, provisioning.Quarantined, false, provisioning.TooManyDeletes), provisioning.Job.Released, provisioning.ScheduleActive, provisioning.NotRun},
		{"released while it is off", job(provisioning.SchedulePaused, provisioning.Quarantined, true, provisioning.TooManyDeletes), provisioning.Job.Released, provisioning.SchedulePaused, provisioning.Paused},
		{"released without a quarantine", job(provisioning.SchedulePaused, provisioning.Paused, true, ""), provisioning.Job.Released, provisioning.SchedulePaused, provisioning.Paused},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := test.step(test.from)
			if got.Schedule.State != test.state || got.Status.Code != test.code {
				t.Errorf("got %s %s, want %s %s", got.Schedule.State, got.Status.Code, test.state, test.code)
			}
		})
	}
}

func TestADraftThatIsStartedIsNoneAnyMore(t *testing.T) {
	t.Parallel()
	draft := provisioning.Job{Draft: true}
	if draft.Started().Draft || !draft.Stopped().Draft || !draft.Configured().Draft {
		t.Errorf("started %v, stopped %v, configured %v", draft.Started().Draft, draft.Stopped().Draft, draft.Configured().Draft)
	}
}
