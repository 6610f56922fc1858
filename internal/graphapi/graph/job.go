package graph

import (
	"cmp"
	"time"

	"github.com/usher-id/usher/provisioning"
)

// Job is Graph's synchronizationJob. Its schema is a resource of its own.
type Job struct {
	ID         string     `json:"id"`
	TemplateID string     `json:"templateId"`
	Schedule   Schedule   `json:"schedule"`
	Status     Status     `json:"status"`
	Settings   []KeyValue `json:"synchronizationJobSettings"`
}

// KeyValue is Graph's keyValuePair: a name with a text.
type KeyValue struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Schedule is Graph's synchronizationSchedule.
type Schedule struct {
	Expiration *Moment                    `json:"expiration"` // always null
	Interval   Duration                   `json:"interval"`
	State      provisioning.ScheduleState `json:"state"`
}

// Status is Graph's synchronizationStatus.
type Status struct {
	Code                               provisioning.StatusCode `json:"code"`
	CountSuccessiveCompleteFailures    int                     `json:"countSuccessiveCompleteFailures"`
	EscrowsPruned                      bool                    `json:"escrowsPruned"`
	LastExecution                      *TaskExecution          `json:"lastExecution"`
	LastSuccessfulExecution            *TaskExecution          `json:"lastSuccessfulExecution"`
	LastSuccessfulExecutionWithExports *TaskExecution          `json:"lastSuccessfulExecutionWithExports"`
	Progress                           []Progress              `json:"progress"`
	Quarantine                         *Quarantine             `json:"quarantine"`
	SteadyStateFirstAchievedTime       Moment                  `json:"steadyStateFirstAchievedTime"`
	SteadyStateLastAchievedTime        Moment                  `json:"steadyStateLastAchievedTime"`
	SynchronizedEntryCountByType       []CountByType           `json:"synchronizedEntryCountByType"`
	TroubleshootingURL                 *string                 `json:"troubleshootingUrl"`
}

// CountByType is one item of synchronizedEntryCountByType.
type CountByType struct {
	Key   string `json:"key"` // "User to User"
	Value int64  `json:"value"`
}

// TaskExecution is Graph's synchronizationTaskExecution: one cycle.
type TaskExecution struct {
	ActivityIdentifier           string                `json:"activityIdentifier"`
	CountEntitled                int64                 `json:"countEntitled"`
	CountEntitledForProvisioning int64                 `json:"countEntitledForProvisioning"`
	CountEscrowed                int64                 `json:"countEscrowed"`
	CountEscrowedRaw             int64                 `json:"countEscrowedRaw"`
	CountExported                int64                 `json:"countExported"`
	CountExports                 int64                 `json:"countExports"`
	CountImported                int64                 `json:"countImported"`
	CountImportedDeltas          int64                 `json:"countImportedDeltas"`
	CountImportedReferenceDeltas int64                 `json:"countImportedReferenceDeltas"`
	Error                        *SynchronizationError `json:"error"`
	State                        provisioning.RunState `json:"state"`
	TimeBegan                    Moment                `json:"timeBegan"`
	TimeEnded                    Moment                `json:"timeEnded"`
}

// SynchronizationError is Graph's synchronizationError.
type SynchronizationError struct {
	Code             string `json:"code"`
	Message          string `json:"message"`
	TenantActionable bool   `json:"tenantActionable"`
}

// Quarantine is Graph's synchronizationQuarantine.
type Quarantine struct {
	CurrentBegan Moment                        `json:"currentBegan"`
	Error        *SynchronizationError         `json:"error"`
	NextAttempt  Moment                        `json:"nextAttempt"`
	Reason       provisioning.QuarantineReason `json:"reason"`
	SeriesBegan  Moment                        `json:"seriesBegan"`
	SeriesCount  int64                         `json:"seriesCount"`
}

// Progress is Graph's synchronizationProgress.
type Progress struct {
	CompletedUnits              int64  `json:"completedUnits"`
	ProgressObservationDateTime Moment `json:"progressObservationDateTime"`
	TotalUnits                  int64  `json:"totalUnits"`
	Units                       string `json:"units"`
}

// Standing is what a job's resource tells besides the job itself.
type Standing struct {
	Connections int        // accounts that are connected
	Progress    []Progress // of the cycle that is running, none when none is
}

// NewProgress makes the resource of how far a cycle has come that is running now. It
// counts objects, where Microsoft Entra counts pages of them.
func NewProgress(progress provisioning.Progress, status provisioning.Status, now time.Time) []Progress {
	if !progress.Running(status, now) {
		return nil
	}
	done := int64(progress.Done())
	return []Progress{{
		CompletedUnits: done, TotalUnits: max(done, int64(progress.Expected)), Units: "objects", ProgressObservationDateTime: Moment(progress.At),
	}}
}

// NewJob makes the resource of a job.
func NewJob(job provisioning.Job, standing Standing) Job {
	return Job{
		ID: job.ID, TemplateID: job.TemplateID, Schedule: newSchedule(job.Schedule),
		Status: newStatus(job.Status, standing), Settings: Settings(job.Settings),
	}
}

func newSchedule(schedule provisioning.Schedule) Schedule {
	result := Schedule{Interval: Duration(schedule.Interval), State: cmp.Or(schedule.State, provisioning.ScheduleDisabled)}
	if result.State == provisioning.ScheduleDisabled {
		result.Interval = Forever
	}
	return result
}

func newStatus(status provisioning.Status, standing Standing) Status {
	result := Status{
		Code: cmp.Or(status.Code, provisioning.NotConfigured), CountSuccessiveCompleteFailures: status.SuccessiveFailure, EscrowsPruned: status.EscrowsPruned,
		LastExecution: newExecution(status.LastRun, status.Quarantine.Code), LastSuccessfulExecution: newExecution(status.LastSuccess, ""),
		Progress: standing.Progress, Quarantine: newQuarantine(status.Quarantine), SynchronizedEntryCountByType: []CountByType{},
	}
	if result.Progress == nil {
		result.Progress = []Progress{}
	}
	result.LastSuccessfulExecutionWithExports = newExecution(status.LastExport, "")
	if !status.SteadySince.IsZero() {
		result.SteadyStateFirstAchievedTime = Moment(status.SteadySince)
		result.SteadyStateLastAchievedTime = Moment(later(status.SteadySince, status.LastSuccess.Ended))
	}
	if standing.Connections > 0 {
		result.SynchronizedEntryCountByType = []CountByType{{"User to User", int64(standing.Connections)}}
	}
	return result
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// newExecution makes the resource of a cycle, nil for none. Code is that of the
// error which ended it.
func newExecution(run provisioning.Run, code string) *TaskExecution {
	if run.CycleID == "" {
		return nil
	}
	counts := run.Counts
	entitled := max(0, counts.Collected-counts.Codes["NotEffectivelyEntitled"]-counts.Disabled-counts.Deleted-counts.Staged)
	execution := TaskExecution{
		ActivityIdentifier: run.CycleID, State: run.State, TimeBegan: Moment(run.Began), TimeEnded: Moment(run.Ended),
		CountEntitled: int64(entitled), CountEntitledForProvisioning: int64(entitled),
		CountEscrowed: int64(counts.Failed), CountEscrowedRaw: int64(counts.Failed),
		CountExported: int64(counts.Writes), CountExports: int64(counts.Writes + counts.Failed),
		CountImported: int64(counts.Collected), CountImportedReferenceDeltas: int64(counts.References),
	}
	if run.Kind != provisioning.Initial {
		execution.CountImportedDeltas = int64(counts.Collected)
	}
	if run.Error != "" {
		execution.Error = &SynchronizationError{Code: cmp.Or(code, "CycleFailed"), Message: run.Error, TenantActionable: tenantActionable(code)}
	}
	return &execution
}

func newQuarantine(quarantine provisioning.Quarantine) *Quarantine {
	if quarantine.Reason == "" {
		return nil
	}
	return &Quarantine{
		CurrentBegan: Moment(quarantine.Began), NextAttempt: Moment(quarantine.NextAttempt), Reason: quarantine.Reason,
		SeriesBegan: Moment(quarantine.SeriesBegan), SeriesCount: int64(quarantine.SeriesCount),
		Error: &SynchronizationError{
			Code: cmp.Or(quarantine.Code, string(quarantine.Reason)), Message: quarantine.Message, TenantActionable: tenantActionable(quarantine.Code),
		},
	}
}

// tenantActionable reports whether an administrator can do something about an
// error, as opposed to one of the target or of Usher itself.
func tenantActionable(code string) bool { return code != "" && !serviceSide(code) }
