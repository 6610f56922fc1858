package engine

import (
	"context"
	"errors"
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

// ErrFenced is returned by a Ledger when a newer cycle of the same job has begun:
// this one must stop and write nothing more.
var ErrFenced = errors.New("another cycle of this job has begun")

// Directory is what a cycle reads of the directory.
type Directory interface {
	// Head returns the position of the newest change in the feed. Every change up to
	// it is visible, also on a database where transactions commit out of order.
	Head(ctx context.Context) (directory.Cursor, error)

	// Collect returns the ids of users that a cycle has to look at, in the order of
	// the ids, at most Collection.Limit of them; fewer mean that there are no more.
	Collect(ctx context.Context, collection Collection) ([]string, error)

	// Shrinkage returns the latest import that removed suspiciously many users, zero when
	// there was none.
	Shrinkage(ctx context.Context) (directory.Shrinkage, error)

	// Subjects returns what is known about these users for a job, in the order of the
	// ids given. A user who is not in the directory any more is there with Gone set.
	Subjects(ctx context.Context, jobID string, userIDs []string) ([]Subject, error)
}

// Collection says which users a cycle looks at.
type Collection struct {
	JobID     string
	Kind      provisioning.CycleKind // Initial: all who are assigned or connected; Incremental: who is touched
	Everyone  bool                   // Initial only: all users, assigned or not
	Connected bool                   // only who can be a leaver: users with an enabled connection, or gone and with any
	Disabled  bool                   // with Connected: also who has a disabled account, which may have to be deleted
	Since     directory.Cursor       // Incremental: changes after this position ...
	Until     directory.Cursor       // ... up to this one
	Due       time.Time              // Incremental: also those whose escrow is due by then, or whose grace period is over
	Overdue   time.Time              // Incremental: also those with a value that waits since before and that nobody was warned of
	After     string                 // only ids after this one: where the last page ended
	Limit     int
}

// Subject is one user with all that a cycle needs to judge and provision them.
type Subject struct {
	User       directory.User
	Gone       bool // not in the directory any more; only User.ID is set
	Grants     []directory.Grant
	Connection Connection   // zero when the user has no account that Usher manages
	Manager    Connection   // connection of the user's manager in the same job; zero when there is none
	Escrow     Escrow       // zero when nothing failed
	Removal    Removal      // zero when the account is not on the list of removals
	Accepted   []Acceptance // attributes for which the target leads
	Leaver     Leaver       // zero when no grace period runs
}

// Connection links a user of the directory to an account of the target.
type Connection struct {
	SourceID   string
	TargetID   string
	TargetName string         // the account's name for people
	Enabled    bool           // Usher left the account enabled
	Since      time.Time      // when the link was made
	Pending    []plan.Pending // values that the target accepted and does not show yet
}

// IsZero reports whether there is no connection.
func (c Connection) IsZero() bool { return c.TargetID == "" }

// Escrow is a failed change that is kept and retried.
type Escrow struct {
	SourceID  string
	Code      string
	Message   string
	Attribute string // that is a reference, when only the reference failed
	Attempts  int
	First     time.Time // when it failed first
	Next      time.Time // not retried before
}

// IsZero reports whether there is no escrow.
func (e Escrow) IsZero() bool { return e.Attempts == 0 }

// Leaver is somebody who left and whose account is kept for a grace period.
type Leaver struct {
	SourceID string
	Name     string    // of the account in the target; only where leavers are listed
	Since    time.Time // when a cycle first found that the person had left
	Due      time.Time // the first cycle after it takes the account away
	Reason   string
}

// IsZero reports whether no grace period runs.
func (l Leaver) IsZero() bool { return l.Since.IsZero() }

// Due is how much of a job comes due in a span of time.
type Due struct {
	Escrows    int // people whose change failed
	References int // references that failed
	Leavers    int // people whose grace period ends
}

// Reference is a reference of an account that waits until the account it points
// to exists in the target.
type Reference struct {
	SourceID   string     // the user whose account has the reference
	Attribute  string     // target attribute, such as ManagerId
	Referenced string     // the user it points to
	Old        attr.Value // what the target held when it was looked at
}

// FailedReference is a reference that the target refused, to be tried again.
type FailedReference struct {
	Reference
	Escrow Escrow
}

// ReadyReference is a Reference that can be written now.
type ReadyReference struct {
	Reference
	Escrow     Escrow     // zero unless it was tried before and failed
	Connection Connection // of the user whose account has the reference
	Name       string     // user principal name of that user
	TargetID   string     // id in the target of the account it points to
}

// RemovalState says what became of a removal.
type RemovalState string

// The states of a removal.
const (
	RemovalPlanned RemovalState = "planned" // found by the running cycle
	RemovalStaged  RemovalState = "staged"  // held by the removal guard
	RemovalAllowed RemovalState = "allowed" // an administrator lets it go ahead

	// An administrator lets the account be, until the person was in scope again.
	RemovalRejected RemovalState = "rejected"
)

// Removal is an account that a cycle is to take away.
type Removal struct {
	SourceID string
	State    RemovalState
	Reason   string
	Since    time.Time
}

// IsZero reports whether there is no removal.
func (r Removal) IsZero() bool { return r.State == "" }

// Commit is everything that one batch changes in Usher's own state. It is written
// in one transaction, or not at all.
type Commit struct {
	Connections []Connection // made or changed; a disabled one ends what waits for the person
	Entries     []journal.Entry
	Escrows     []Escrow    // put
	Cleared     []string    // source ids whose escrow is over
	Waiting     []Reference // put
	Resolved    []Reference // over: written, or not wanted any more
	Refused     []FailedReference
	Removed     []string  // source ids whose removal is carried out or no longer due
	Leavers     []Leaver  // put
	Stayed      []string  // source ids whose grace period is over, or who came back
	Settled     []string  // ids of attempts whose outcome is recorded herewith
	Unsettled   []Attempt // put: what of them is not known

	Retracted []Acceptance // over: the directory leads again

	Revisit []string // source ids whom the next cycle looks at, although nothing changed in the directory

	Plan  string       // key of the plan that is carried out, empty in a cycle
	Items []ItemResult // what became of its items
}

// Ledger is what a cycle reads and writes of Usher's own state. Every method that
// writes checks the cycle's fencing token and returns ErrFenced when a newer cycle
// of the job has begun.
type Ledger interface {
	// Begin starts a cycle: it returns the job with a new fencing token.
	Begin(ctx context.Context, jobID string) (provisioning.Job, error)

	// Look returns the job as it is, for a dry run, which takes no fencing token.
	Look(ctx context.Context, jobID string) (provisioning.Job, error)

	// ImportRoles makes the application's roles those of the target: new ones are
	// added, renamed ones renamed, missing ones disabled. What changed comes back as
	// audit records, which are also written.
	ImportRoles(ctx context.Context, cycle Cycle, roles []connector.Role) ([]journal.Audit, error)

	// Claimed returns which of these target ids are connected already, and to whom.
	Claimed(ctx context.Context, jobID string, targetIDs []string) (map[string]string, error)

	// Ready returns references that can be written: both accounts exist, that of the
	// source is enabled, the user still has this manager, and one that failed before is
	// due by then. They are in the order of source id and attribute, after the one given,
	// at most limit of them.
	Ready(ctx context.Context, jobID string, after Reference, due time.Time, limit int) ([]ReadyReference, error)

	// Commit writes one batch.
	Commit(ctx context.Context, cycle Cycle, commit Commit) error

	// Finish writes the job's watermark, status and counters at the end of a cycle. What
	// an administrator decided on the status and the quarantine since it began stays.
	// The record of the cycle is kept with it; its latency is filled in.
	Finish(ctx context.Context, cycle Cycle, job provisioning.Job, record provisioning.CycleRecord) error
}

// Attempts keeps writes that are under way. After a crash they tell what may have
// been written without a record: the log gets the entry that it lacks, and an account
// that was made or enabled is known to be Usher's, so that whoever leaves before the
// next cycle loses it all the same.
type Attempts interface {
	// Attempting writes an attempt down, before the target is asked. It checks the
	// fencing token.
	Attempting(ctx context.Context, cycle Cycle, attempt Attempt) error

	// Attempts returns the attempts whose outcome was never recorded.
	Attempts(ctx context.Context, jobID string) ([]Attempt, error)

	// Settled forgets attempts whose outcome is recorded.
	Settled(ctx context.Context, cycle Cycle, ids []string) error

	// LaterWrites returns which target attributes of these people were written since the
	// last entry that the log has of a cycle for them, by source id.
	LaterWrites(ctx context.Context, jobID, cycleID string, sourceIDs []string) (map[string][]string, error)

	// Log appends entries to the provisioning log alone: it needs no fencing token,
	// because what was done was done.
	Log(ctx context.Context, cycle Cycle, entries []journal.Entry) error

	// Record keeps the record of a cycle that says nothing about how far the job has come:
	// on demand, or of a plan. It needs no fencing token.
	Record(ctx context.Context, record provisioning.CycleRecord) error
}

// Attempt is a batch of changes that are about to be written.
type Attempt struct {
	ID      string
	Targets []AttemptTarget
}

// AttemptTarget is one person of an attempt, the value that the account is found by,
// and what is to be written.
type AttemptTarget struct {
	SourceID  string       `json:"sourceId"`
	Attribute string       `json:"attribute"`
	Value     string       `json:"value"`
	Action    plan.Action  `json:"action,omitzero"` // empty in what an older version wrote down: create or enable
	Fields    []plan.Field `json:"fields,omitempty"`
	Reason    plan.Reason  `json:"reason,omitzero"`
}

// enables reports whether the attempt was to give somebody an account.
func (t AttemptTarget) enables() bool {
	return t.Action == "" || t.Action == plan.Create || t.Action == plan.Enable
}

// Removals is a job's list of accounts to take away. It is written before the
// first of them is touched, so that the removal guard counts over a whole cycle
// and what it holds survives a restart.
type Removals interface {
	// Plan puts removals on the list as planned. One that is on the list already as
	// staged, allowed or rejected keeps its state.
	Plan(ctx context.Context, cycle Cycle, found []Removal) error

	// Count returns how many removals the list holds by state, without rejected ones.
	Count(ctx context.Context, jobID string) (RemovalCount, error)

	// CountEnabled returns how many accounts are connected and enabled. It costs as
	// much as there are accounts.
	CountEnabled(ctx context.Context, jobID string) (int, error)

	// List returns the removals in one of the states, in the order of source id, after
	// the one given, at most limit of them.
	List(ctx context.Context, jobID string, states []RemovalState, after string, limit int) ([]Removal, error)

	// Hold stages every planned removal.
	Hold(ctx context.Context, cycle Cycle) error

	// Renew gives staged removals another moment since when they are held.
	Renew(ctx context.Context, cycle Cycle, sourceIDs []string, since time.Time) error
}

// RemovalCount is how many removals a job has on its list.
type RemovalCount struct {
	Planned, Staged, Allowed int
}

// Cycle names a running cycle and carries its fencing token.
type Cycle struct {
	ID            string
	JobID         string
	ApplicationID string
	Fence         int64
}
