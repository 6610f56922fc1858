package journal

import (
	"time"

	"github.com/usher-id/usher/plan"
)

// Entry is one row of the provisioning log: one change of one object in one
// cycle. Entries are never altered.
type Entry struct {
	ID            int64         `json:"id"` // increases in the order in which entries were written
	At            time.Time     `json:"activityDateTime"`
	JobID         string        `json:"jobId"`
	ApplicationID string        `json:"applicationId"`
	CycleID       string        `json:"cycleId"`
	Duration      time.Duration `json:"duration,omitzero"` // nanoseconds, of the batch that the change was part of
	InitiatedBy   string        `json:"initiatedBy,omitzero"`
	PlanID        string        `json:"planId,omitzero"` // of the stored plan that was carried out
	Change        plan.Change   `json:"change"`
}

// Query selects entries. The zero Query selects all, newest first.
type Query struct {
	ApplicationID string
	JobID         string
	CycleID       string
	SourceID      string
	TargetID      string
	PlanID        string // entries of this stored plan alone
	Name          string // part of the source's or the target's name or id, whatever the letter case
	Actions       []plan.Action
	Statuses      []plan.Status
	Code          string // reason code
	Since, Until  time.Time
	Before        int64 // only entries with a smaller id: where a page ended
	After         int64 // only entries with a larger id: what was written since, for whoever follows the log
	OldestFirst   bool
	Limit         int // at most so many; 0 for all
}

// Audit is one act of an administrator, or of Usher on its own where the
// original service audits itself, such as a role import.
type Audit struct {
	ID       int64     `json:"id"`
	At       time.Time `json:"activityDateTime"`
	Activity string    `json:"activity"` // "Update provisioning setting or credentials"
	Actor    string    `json:"initiatedBy"`
	Subject  string    `json:"target"` // application or object that it was done to
	Detail   string    `json:"detail,omitzero"`
}
