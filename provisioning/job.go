package provisioning

import (
	"cmp"
	"time"

	"github.com/usher-id/usher/directory"
)

// Job is an application's synchronization job.
type Job struct {
	ID            string // template, tenant and a GUID, joined by dots, as in Microsoft Graph
	ApplicationID string
	TemplateID    string
	Draft         bool // it came with its application and nobody has asked for it yet; it never runs, and clients of the API do not see it
	Schedule      Schedule
	Settings      Settings
	Status        Status
	Watermark     directory.Cursor // the change feed is worked off up to here
	Fence         int64            // number of the latest cycle begun; older ones may not write any more
}

// ScheduleState says whether a job runs, by Graph's names.
type ScheduleState string

// The states of a schedule.
const (
	ScheduleActive   ScheduleState = "Active"
	ScheduleDisabled ScheduleState = "Disabled"
	SchedulePaused   ScheduleState = "Paused"
)

// Schedule says when cycles run.
type Schedule struct {
	Interval time.Duration `json:"interval"`
	State    ScheduleState `json:"state"`
}

// Settings are an administrator's choices for a job.
type Settings struct {
	SyncAll                 bool `json:"syncAll,omitzero"`                 // everyone, not only who is assigned
	NestedGroups            bool `json:"nestedGroups,omitzero"`            // members of groups inside an assigned group are assigned, too
	SkipOutOfScopeDeletions bool `json:"skipOutOfScopeDeletions,omitzero"` // who leaves the scope keeps the account
	RemovalLimit            int  `json:"removalLimit,omitzero"`            // more removals than this in one cycle are held; 0: no limit by number
	RemovalPercent          int  `json:"removalPercent,omitzero"`          // more than this share of the connected accounts is held; 0: no limit by share
	FailurePercent          int  `json:"failurePercent,omitzero"`          // more than this share of failed objects quarantines the job, from ten on; 0: only Entra's thresholds

	Vanished VanishedAction `json:"vanished,omitzero"` // what is done about a connected account that is not there any more

	Leaving Leaving `json:"leaving,omitzero"` // what becomes of the accounts of people who leave

	// RemovalDays is after how many days held removals are looked at anew and told of
	// again; 0: DefaultRemovalDays, negative: never.
	RemovalDays int `json:"removalDays,omitzero"`

	// ConfirmationDays is how many days a value may wait for a confirmation in the
	// target, such as an e-mail address, before the log warns of it; 0:
	// DefaultConfirmationDays, negative: never.
	ConfirmationDays int `json:"confirmationDays,omitzero"`

	Drift Drift `json:"drift,omitzero"` // looking for changes that are made in the target

	DefaultDomain string `json:"defaultDomain,omitzero"` // what the function DefaultDomain gives

	Notify Notify `json:"notify,omitzero"` // who is told when something is wrong
}

// DefaultRemovalDays is after how many days held removals are looked at anew.
const DefaultRemovalDays = 30

// RemovalsExpireBefore returns since when a removal must be held to be looked at
// anew, zero when none is.
func (s Settings) RemovalsExpireBefore(now time.Time) time.Time {
	if s.RemovalDays < 0 {
		return time.Time{}
	}
	return now.AddDate(0, 0, -cmp.Or(s.RemovalDays, DefaultRemovalDays))
}

// DefaultConfirmationDays is how long the links last that Salesforce mails to
// confirm an e-mail address: 72 hours.
const DefaultConfirmationDays = 3

// UnconfirmedBefore returns the moment before which a value must have been written
// to be warned of, the zero time when nothing is warned of.
func (s Settings) UnconfirmedBefore(now time.Time) time.Time {
	if s.ConfirmationDays < 0 {
		return time.Time{}
	}
	return now.AddDate(0, 0, -cmp.Or(s.ConfirmationDays, DefaultConfirmationDays))
}

// NeedsFullCycle reports whether the next cycle after a change of settings has to
// look at everyone, because the change feed does not tell who is concerned: others
// are to have an account, accounts that were left alone are to be taken away, or
// values are computed differently.
func (s Settings) NeedsFullCycle(after Settings) bool {
	return s.SyncAll != after.SyncAll || s.NestedGroups != after.NestedGroups ||
		after.takesMoreThan(s) ||
		s.DefaultDomain != after.DefaultDomain
}

// VanishedAction is what is done about an account that Usher manages and the target
// does not have any more.
type VanishedAction string

// The actions. Failing with the code InvalidAnchor is what Microsoft Entra does.
const (
	VanishedFail  VanishedAction = ""      // the person fails until somebody mends it
	VanishedMatch VanishedAction = "match" // the person is matched again, and a new account made if none matches
)

// StatusCode is Graph's synchronizationStatusCode.
type StatusCode string

// The status codes of a job.
const (
	NotConfigured StatusCode = "NotConfigured"
	NotRun        StatusCode = "NotRun" // configured, the first cycle is not complete
	Active        StatusCode = "Active"
	Paused        StatusCode = "Paused"
	Quarantined   StatusCode = "Quarantine"
)

// Status is what an administrator sees of a job.
type Status struct {
	Code              StatusCode `json:"code"`
	InitialDone       bool       `json:"initialDone,omitzero"` // false: the next cycle is an initial one
	LastRun           Run        `json:"lastRun,omitzero"`
	LastSuccess       Run        `json:"lastSuccess,omitzero"`
	LastExport        Run        `json:"lastExport,omitzero"` // the latest one that came to its end and wrote to the target
	Quarantine        Quarantine `json:"quarantine,omitzero"`
	SteadySince       time.Time  `json:"steadySince,omitzero"` // end of the first complete cycle
	SuccessiveFailure int        `json:"successiveFailures,omitzero"`
	ResumeAt          time.Time  `json:"resumeAt,omitzero"` // the target's quota is used up until then; zero when it is not

	RemovalsRenewed time.Time `json:"removalsRenewed,omitzero"` // when held removals were looked at anew and held again

	Resume Resume `json:"resume,omitzero"` // where a cycle that was cut off goes on

	// EscrowsPruned is set when so much failed in an initial cycle that it was forgotten
	// and the job waits, paused, for an administrator: Graph's escrowsPruned.
	EscrowsPruned bool `json:"escrowsPruned,omitzero"`
}

// Resume is how far a cycle came that was cut off. The zero Resume is nowhere.
type Resume struct {
	Kind  CycleKind        `json:"kind"`
	Until directory.Cursor `json:"until"` // the position in the change feed that it works off
	After string           `json:"after"` // everybody up to this id is done
}

// Anew returns the status of a job whose next cycle looks at everyone.
func (s Status) Anew() Status {
	s.InitialDone, s.Resume = false, Resume{}
	return s
}

// CycleKind says how a cycle collects.
type CycleKind string

// The kinds of cycle.
const (
	Initial     CycleKind = "initial"     // everyone
	Incremental CycleKind = "incremental" // what changed since the watermark
	OnDemand    CycleKind = "onDemand"    // the people that were asked for
	FromPlan    CycleKind = "plan"        // the people of a stored plan
)

// RunState is the outcome of a cycle, by the names of Graph's
// synchronizationTaskExecutionResult.
type RunState string

// The outcomes of a cycle.
const (
	Succeeded        RunState = "Succeeded"
	Failed           RunState = "Failed"
	EntryLevelErrors RunState = "EntryLevelErrors" // it ended, some objects failed
)

// Run is the record of one cycle.
type Run struct {
	CycleID string    `json:"cycleId"`
	Kind    CycleKind `json:"kind"`
	State   RunState  `json:"state"`
	Began   time.Time `json:"began"`
	Ended   time.Time `json:"ended"`
	Counts  Counts    `json:"counts"`
	Error   string    `json:"error,omitzero"` // why it failed as a whole
	// Seats is what the changes of the cycle asked of the target's licences; the free
	// seats are those before the first write.
	Seats []SeatDemand `json:"seats,omitempty"`
}

// Counts are the figures of one cycle, in objects unless said otherwise.
type Counts struct {
	Collected  int            `json:"collected"`
	Created    int            `json:"created"`
	Updated    int            `json:"updated"`
	Disabled   int            `json:"disabled"`
	Enabled    int            `json:"enabled"`
	Deleted    int            `json:"deleted,omitzero"`
	Unchanged  int            `json:"unchanged"`
	Skipped    int            `json:"skipped"`
	Failed     int            `json:"failed"`                     // without references
	Staged     int            `json:"staged,omitzero"`            // removals held by the removal guard
	References int            `json:"references,omitzero"`        // references written after both ends existed
	Refused    int            `json:"refusedReferences,omitzero"` // references that failed
	Writes     int            `json:"writes"`                     // rows written in the target
	Calls      int64          `json:"api_calls"`                  // requests to the target
	Codes      map[string]int `json:"codes,omitzero"`             // skipped and failed objects by reason code
}

// Quarantine says why and since when a job is kept from running as usual. The
// zero Quarantine is none.
type Quarantine struct {
	Reason      QuarantineReason `json:"reason,omitzero"`
	Code        string           `json:"code,omitzero"`
	Message     string           `json:"message,omitzero"`
	Began       time.Time        `json:"began,omitzero"`
	NextAttempt time.Time        `json:"nextAttempt,omitzero"`
	SeriesBegan time.Time        `json:"seriesBegan,omitzero"`
	SeriesCount int              `json:"seriesCount,omitzero"`
	GivenUp     bool             `json:"givenUp,omitzero"` // it lasted too long; the job was turned off
}

// QuarantineReason is Graph's quarantineReason.
type QuarantineReason string

// The reasons of a quarantine.
const (
	EncounteredBaseEscrowThreshold       QuarantineReason = "EncounteredBaseEscrowThreshold"
	EncounteredTotalEscrowThreshold      QuarantineReason = "EncounteredTotalEscrowThreshold"
	EncounteredEscrowProportionThreshold QuarantineReason = "EncounteredEscrowProportionThreshold"
	EncounteredQuarantineException       QuarantineReason = "EncounteredQuarantineException"
	QuarantinedOnDemand                  QuarantineReason = "QuarantinedOnDemand"
	TooManyDeletes                       QuarantineReason = "TooManyDeletes"
	IngestionInterrupted                 QuarantineReason = "IngestionInterrupted"
	UnknownQuarantineReason              QuarantineReason = "Unknown"
)
