package store

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

// Users keeps the users of the directory. Every change goes to the change feed in
// the same transaction.
type Users interface {
	// PutUser creates the user or makes it exactly this; putting what is there already
	// changes nothing and is not in the feed. A user principal name that another user
	// has who is not deleted is ErrConflict; a manager who does not exist, a missing id or name and a text
	// that is not UTF-8 or holds a NUL byte are ErrInvalid. Attributes without a value
	// are not kept, and what is kept belongs to the user, whatever the attributes' own
	// type and id.
	PutUser(ctx context.Context, user directory.User) error

	// User returns the user with this id or user principal name (whatever its letter
	// case), deleted ones too, or ErrNotFound. Of several with the name it is the one who
	// is not deleted, or else who was deleted last.
	User(ctx context.Context, idOrName string) (directory.User, error)

	// Users yields all users in the order of id, after the id given.
	Users(ctx context.Context, after string) iter.Seq2[directory.User, error]

	// RemoveUser soft-deletes, which frees the name; RestoreUser undoes it, and is
	// ErrConflict when somebody else has the name by now. PurgeUser removes the user, with
	// memberships and assignments, for good; who had the user as manager has none. A
	// user who does not exist is ErrNotFound.
	RemoveUser(ctx context.Context, id string) error
	RestoreUser(ctx context.Context, id string) error
	PurgeUser(ctx context.Context, id string) error

	// CountUsers returns the number of users that are not deleted.
	CountUsers(ctx context.Context) (int, error)
}

// UserTexts reads long lists of users.
type UserTexts interface {
	// UserTexts gives visit the first users after an id, in the order of id, until there
	// were so many or visit returns false. Visit must be quick and not use the store.
	UserTexts(ctx context.Context, after string, limit int, visit func(user UserText) (more bool)) error
}

// UserText is a user whose attributes nobody has read: for long lists, most of which is
// sent as it is kept.
type UserText struct {
	User       directory.User // without attributes
	Attributes string         // their JSON: names to values, each in the canonical JSON of package attr
}

// Read returns the user with the attributes.
func (t UserText) Read() (directory.User, error) {
	var values map[string]attr.Value
	if err := json.Unmarshal([]byte(t.Attributes), &values); err != nil {
		return t.User, fmt.Errorf("read attributes of User %s: %w", t.User.ID, err)
	}
	user := t.User
	user.Attributes = attr.New("User", user.ID, values)
	return user, nil
}

// Groups keeps groups and memberships. A change of a membership is a change of
// the member in the feed.
type Groups interface {
	// PutGroup creates the group or makes it exactly this.
	PutGroup(ctx context.Context, group directory.Group) error

	// Group returns the group with this id or, if only one has it, display name, or
	// ErrNotFound; several are ErrConflict.
	Group(ctx context.Context, idOrName string) (directory.Group, error)

	// Groups yields all groups in the order of display name.
	Groups(ctx context.Context) iter.Seq2[directory.Group, error]

	// RemoveGroup soft-deletes a group: its members lose what they had through it. So
	// they do when PutGroup makes it a group that is not a security group.
	RemoveGroup(ctx context.Context, id string) error

	// Members yields the direct members of a group, by id.
	Members(ctx context.Context, groupID string) iter.Seq2[directory.Member, error]

	// PutMember adds a member, RemoveMember removes one; both take ids or names, and
	// doing what is done already is no error. An unknown one is ErrNotFound.
	PutMember(ctx context.Context, member directory.Member) error
	RemoveMember(ctx context.Context, member directory.Member) error
}

// Importer takes what a source reports into the directory.
type Importer interface {
	// Import takes in all deltas in one transaction, or none of them: an error of the
	// sequence, a conflict, a manager or member who does not exist undoes everything.
	// With replace, users, groups and memberships that the sequence did not put are
	// removed (users and groups softly), after it ended without error; kinds that it
	// did not put at all are left alone. Of objects that exist only the
	// properties that the delta is about change, and whether they are deleted only if it
	// is about all, or with replace. Deltas of objects that are the same already
	// change nothing, and neither do removals of what does not exist. Managers, members
	// and assignments may come before those whom they name, and users may swap their
	// names. The error lists the first twenty faults and says how many there are. The
	// sequence is read within the transaction, so it must not use the store. Imports of
	// one process wait for one another.
	Import(ctx context.Context, deltas iter.Seq2[directory.Delta, error], replace bool) (ImportReport, error)

	// ImportIf is Import that counts only when agree agrees with what it does, where
	// needsRole says of which applications nobody is entitled to by default access: an error of
	// agree undoes everything, and comes back. The record that agree returns is written to
	// the audit log with it. Agree must not use the store.
	ImportIf(
		ctx context.Context, deltas iter.Seq2[directory.Delta, error], replace bool,
		needsRole func(directory.Application) bool, agree func(ImportEffect) (journal.Audit, error),
	) error
}

// ImportReport counts what an import did.
type ImportReport struct {
	Shrinkage directory.Shrinkage `json:"shrinkage,omitzero"` // set when suspiciously many users were removed

	Restored    int `json:"restored,omitzero"`    // users who were deleted and are back; they count as updated, too
	StayDeleted int `json:"stayDeleted,omitzero"` // users whom the source has, and who stay deleted

	Users, Groups, Members, Assignments ImportCount
}

// ImportEffect is what an import does, and what that means for who may use what.
type ImportEffect struct {
	ImportReport

	Before   int            // users who were there before
	Removed  []string       // user principal names of the first users who are removed
	Accesses []AccessEffect // of the applications for which somebody gains, loses or changes access, by display name

	// Digest stands for every object, membership and assignment that changes, and for
	// everybody whose access does: it is another text when it is about others.
	Digest string
}

// AccessEffect is who may use an application after an import and could not before, the
// other way round, and who may in other roles than before: whoever is enabled, and
// assigned in person or through a group where the application is not for everybody.
type AccessEffect struct {
	ApplicationID string
	DisplayName   string

	Gained, Lost, Changed int
	Losers, Changers      []string // user principal names of the first of those who lose it, and of those whose roles change
}

// ImportCount counts the objects of one kind.
type ImportCount struct {
	Read    int `json:"read"`
	Created int `json:"created"`
	Updated int `json:"updated"`
	Removed int `json:"removed"`
}

// Applications keeps applications, their roles and who is assigned to them.
type Applications interface {
	// AddApplication keeps a new application with its job, credentials empty. A display
	// name that another application has is ErrConflict.
	AddApplication(ctx context.Context, application directory.Application, job provisioning.Job, schema mapping.Schema, audits ...journal.Audit) error

	// Application returns the application with this id, app id or display name (whatever
	// its letter case), or ErrNotFound.
	Application(ctx context.Context, idOrName string) (directory.Application, error)

	// Applications yields all applications in the order of display name.
	Applications(ctx context.Context) iter.Seq2[directory.Application, error]

	// RemoveApplication removes an application with its job, roles, assignments,
	// credentials and connections; the log stays.
	RemoveApplication(ctx context.Context, id string, audits ...journal.Audit) error

	// Roles returns the roles of an application, in the order of display name.
	Roles(ctx context.Context, applicationID string) ([]directory.AppRole, error)
}

// Assignments keeps who may use which application in which role.
type Assignments interface {
	// Assign adds an assignment; it resolves names. The same assignment again changes
	// nothing. An unknown principal or role is ErrNotFound; a group that is not a
	// security group is ErrInvalid. Of several roles with one name an enabled one is
	// meant; several enabled ones are ErrConflict.
	Assign(ctx context.Context, request directory.AssignmentRequest) (directory.Assignment, error)

	// Unassign removes the assignments of a principal to an application, those with the
	// role if the request names one, and returns how many there were.
	Unassign(ctx context.Context, request directory.AssignmentRequest) (int, error)

	// Assignments yields the assignments of an application, in the order of id.
	Assignments(ctx context.Context, applicationID string) iter.Seq2[directory.Assignment, error]

	// CountAssigned returns how many users are assigned, in person or through a group.
	CountAssigned(ctx context.Context, applicationID string) (int, error)
}

// Jobs keeps jobs with their credentials and schemas.
type Jobs interface {
	// Job returns the job of an application, or ErrNotFound.
	Job(ctx context.Context, applicationID string) (provisioning.Job, error)

	// UpdateJob reads the job, applies the function and writes what it returns, in one
	// transaction. An error of the function changes nothing. Ids and fence stay as they
	// are. The function must not write to the store. Settings that the change feed does
	// not do for (provisioning.Settings.NeedsFullCycle) take the job back to its initial
	// cycle; those that there are none of are ErrInvalid. When it takes the job back to its
	// initial cycle, a cycle that is under way does not undo that at its end.
	UpdateJob(ctx context.Context, jobID string, update func(provisioning.Job) (provisioning.Job, error)) error

	// Credentials returns a job's credentials; PutCredentials replaces them. They are
	// sealed where they are kept.
	Credentials(ctx context.Context, jobID string) (provisioning.Credentials, error)
	PutCredentials(ctx context.Context, jobID string, credentials provisioning.Credentials) error

	// Schema returns a job's schema; PutSchema replaces it, which makes the next cycle
	// an initial one.
	Schema(ctx context.Context, jobID string) (mapping.Schema, error)
	PutSchema(ctx context.Context, jobID string, schema mapping.Schema) error

	// Restart makes a job forget what the scope names. A running cycle goes on; the
	// next one is an initial one when the watermark or the connections are forgotten.
	// Forgetting the connections is ErrConflict while accounts are still to be taken
	// away: their removal is on the list, or failed and is retried. Connections of
	// accounts in use whose person is out of the way are kept even then, so that the
	// next cycle finds leavers who were not found yet.
	Restart(ctx context.Context, jobID string, scope provisioning.RestartScope, audits ...journal.Audit) error
}

// Configuration is what an administrator sets up of a job, and what is written to
// the audit log with a change of it.
type Configuration struct {
	Job         provisioning.Job
	Credentials provisioning.Credentials
	Unreadable  error // why the credentials cannot be read, such as a wrong key; what is put takes their place
	Schema      mapping.Schema
	Default     *mapping.Schema // what the application's schema goes back to; nil: that of its template in the gallery
	Audits      []journal.Audit
}

// Configurations changes what belongs together of a job at once.
type Configurations interface {
	// JobByID returns the job with this id, or ErrNotFound.
	JobByID(ctx context.Context, id string) (provisioning.Job, error)

	// Configure reads a job with its credentials and schema, applies the function and
	// writes what it returns that is different, with the audit records, in one
	// transaction. An error of the function changes nothing. What Jobs.UpdateJob and
	// Jobs.PutSchema say of their effects holds. The function must not use the store.
	Configure(ctx context.Context, jobID string, change func(Configuration) (Configuration, error)) error

	// RenewJob puts another job of the same application, with its schema, in the place
	// of a job, whose status, connections and retries are forgotten; no account is
	// touched. The application keeps its credentials, if they can be read, and the log. An unknown job is
	// ErrNotFound.
	RenewJob(ctx context.Context, jobID string, renewed Configuration) error

	// ForgetJob is RenewJob for an application that is to be as it was when it was made:
	// its credentials and its default schema go as well.
	ForgetJob(ctx context.Context, jobID string, renewed Configuration) error

	// DefaultSchema returns what the schema of an application goes back to, nil when it is
	// that of the template in the gallery.
	DefaultSchema(ctx context.Context, applicationID string) (*mapping.Schema, error)
}

// Links shows what a job has in its target.
type Links interface {
	// Connection returns the connection of a user in a job, zero when there is none.
	Connection(ctx context.Context, jobID, sourceID string) (engine.Connection, error)

	// Connections yields a job's connections in the order of source id.
	Connections(ctx context.Context, jobID string) iter.Seq2[engine.Connection, error]

	// Escrow returns what is kept for retry for a user in a job, zero when nothing is.
	Escrow(ctx context.Context, jobID, sourceID string) (engine.Escrow, error)

	LinkCounts

	// AllowRemovals lets staged removals go ahead with the next cycle, all of them when
	// no id is given, and returns how many. RejectRemovals lets the accounts be until
	// the person was in scope again; by id also those that were allowed and that no cycle
	// has carried out. ReconsiderRemovals takes rejected ones off the list
	// and puts the users into the feed, so that the next cycle finds them anew.
	AllowRemovals(ctx context.Context, jobID string, sourceIDs []string, records ...Record) (int, error)
	RejectRemovals(ctx context.Context, jobID string, sourceIDs []string, records ...Record) (int, error)
	ReconsiderRemovals(ctx context.Context, jobID string, sourceIDs []string, records ...Record) (int, error)
}

// LinkCounts counts what a job keeps.
type LinkCounts interface {
	// CountLinks returns how many connections, enabled ones, escrows, waiting references,
	// staged and rejected removals, and people in a grace period a job has.
	CountLinks(ctx context.Context, jobID string) (LinkCount, error)

	// CountWaiting is CountLinks without connections, of which there are many.
	CountWaiting(ctx context.Context, jobID string) (LinkCount, error)
}

// LinkCount counts what a job keeps.
type LinkCount struct {
	Connections, Enabled, Escrows, Waiting, Staged, Rejected, Leaving int
	// Unconfirmed counts accounts with a value that waits for a confirmation in the target.
	Unconfirmed int
}

// Waiting shows what of a job waits for a moment, and lets an administrator do
// something about it before.
type Waiting interface {
	// Leavers yields the people whose grace period runs, in the order of when it ends.
	Leavers(ctx context.Context, jobID string) iter.Seq2[engine.Leaver, error]

	// Escrows yields what failed and is kept for another try, in the order of source id,
	// references, which have an Attribute, after the person.
	Escrows(ctx context.Context, jobID string) iter.Seq2[engine.Escrow, error]

	// RetryNow makes what failed due at once and returns how much that is.
	RetryNow(ctx context.Context, jobID string, which Retry, records ...Record) (int, error)

	// Disconnect forgets which account belongs to a user, touches neither of the two,
	// and puts the user into the feed, so that the next cycle matches anew. It returns
	// what it forgot, zero when there was nothing. It is ErrConflict while the job is
	// turned on, and, without force, when the account is in use and its owner left or
	// may have left: whoever is not connected never loses an account.
	Disconnect(ctx context.Context, jobID, sourceID string, force bool, records ...func(was engine.Connection) journal.Audit) (engine.Connection, error)
}

// Retry selects what is tried again; the zero Retry is everything.
type Retry struct {
	SourceIDs []string // only of these users
	Code      string   // only what failed with this code
}

// Dispatch is what running jobs by themselves needs to know and to keep.
type Dispatch interface {
	// Lease gives the job to the holder for so long, from now, and reports whether the
	// holder has it: another one's lease must be over. The holder keeps the job by
	// asking again before the time is up. An unknown job is ErrNotFound.
	Lease(ctx context.Context, jobID, holder string, duration time.Duration) (bool, error)

	// Release ends the holder's lease; it changes nothing when the job is not theirs.
	Release(ctx context.Context, jobID, holder string) error

	// CountDue returns how many retries, of people and of references, and grace periods
	// came due after a moment, up to another one.
	CountDue(ctx context.Context, jobID string, after, until time.Time) (engine.Due, error)

	// Told returns what the people who are notified about a job know already.
	Told(ctx context.Context, jobID string) (provisioning.Told, error)

	// Tell replaces it and counts its version up, and reports whether it did: not when
	// somebody else replaced the version that is given. An unknown job is ErrNotFound.
	Tell(ctx context.Context, jobID string, told provisioning.Told) (bool, error)
}

// Drift keeps what is known of changes made in a job's target, and for which of them
// the target leads.
type Drift interface {
	// Accept keeps acceptances; one for the same attribute of the same person is replaced.
	Accept(ctx context.Context, jobID string, accepted []engine.Acceptance, audits ...journal.Audit) error

	// Retract ends those of an attribute, whatever its letter case, for all people when
	// none are named, puts the people into the feed, and returns how many there were.
	Retract(ctx context.Context, jobID, attribute string, sourceIDs []string, records ...Record) (int, error)

	// Acceptances yields a job's acceptances in the order of source id and attribute.
	Acceptances(ctx context.Context, jobID string) iter.Seq2[engine.Acceptance, error]

	// DriftCheck returns the record of the latest check, zero when there was none;
	// PutDriftCheck replaces it.
	DriftCheck(ctx context.Context, jobID string) (engine.DriftCheck, error)
	PutDriftCheck(ctx context.Context, jobID string, check engine.DriftCheck, audits ...journal.Audit) error
}

// PlanItemSearch selects items of a plan.
type PlanItemSearch struct {
	Key     string             // of the plan
	Text    string             // part of a name or id of the person or the account, whatever the letter case
	Actions []plan.Action      // none: any
	States  []engine.ItemState // none: any
	Code    string             // reason code; empty: any
}

// Plans keeps stored plans; engine.Plans makes and applies them. A plan goes with its
// application.
type Plans interface {
	// Plan returns the ready or applied plan whose id begins with this, eight digits at
	// least. None, and less, is ErrNotFound; several are ErrConflict.
	Plan(ctx context.Context, id string) (engine.Plan, error)

	// Plans yields the plans of a job that are ready or applied, the newest first.
	Plans(ctx context.Context, jobID string) iter.Seq2[engine.Plan, error]

	// CountPlanItems returns how many items of a plan, by its key, are in each state.
	CountPlanItems(ctx context.Context, key string) (map[engine.ItemState]int, error)

	// FindPlanItems returns a part of the items that are selected, in the order of source
	// id and attribute. It looks at a bounded number of them: a part may hold fewer items
	// than asked for, even none, and have a part after it.
	FindPlanItems(ctx context.Context, search PlanItemSearch, page Page) (Listing[engine.PlanItem], error)

	// RemovePlan removes a plan, by its key, with its items; RemovePlansBefore removes all
	// that were made before a moment, and those whose making broke off a day ago, and
	// returns how many.
	RemovePlan(ctx context.Context, key string, audits ...journal.Audit) error
	RemovePlansBefore(ctx context.Context, before time.Time) (int, error)
}

// Record makes the audit record of an act by how many things it was about. It is written
// with the act or not at all, as the audit records are that other acts are given.
type Record func(count int) journal.Audit

// Journal keeps the provisioning log and the audit log.
type Journal interface {
	// Entries yields the entries that the query selects.
	Entries(ctx context.Context, query journal.Query) iter.Seq2[journal.Entry, error]

	// Audits yields audit records, newest first, at most limit of them (0: all).
	Audits(ctx context.Context, limit int) iter.Seq2[journal.Audit, error]

	// Audit writes an act to the audit log.
	Audit(ctx context.Context, audit journal.Audit) error
}

// Retention removes what is not needed any more. Each call does a bounded amount of work,
// in short transactions; what is left is for the next one.
type Retention interface {
	// PruneEntries removes at most limit entries of the provisioning log from before a
	// moment, and returns how many. Entries of a cycle go when all of them are that old,
	// so that a cycle is undone as a whole or not at all, and those of somebody whose
	// change still fails are kept from its first failure on. The audit log stays. Records
	// of cycles without entries, what was counted of the log, and the history of users go
	// with them, at most limit rows of each.
	PruneEntries(ctx context.Context, before time.Time, limit int) (int, error)

	// PruneChanges removes at most limit changes from the feed that lie before every
	// job's watermark, and that were there already when it was called at least settled
	// ago: a cycle that runs may have begun from there. It returns how many.
	PruneChanges(ctx context.Context, now time.Time, settled time.Duration, limit int) (int, error)
}

// Progress keeps how far the cycles of jobs have come.
type Progress interface {
	// PutProgress replaces what was noted about a job; an unknown one is ErrNotFound.
	PutProgress(ctx context.Context, jobID string, progress provisioning.Progress) error

	// Progress returns what was noted last, zero when nothing was.
	Progress(ctx context.Context, jobID string) (provisioning.Progress, error)
}

// Directory is all that a store keeps of the directory.
type Directory interface {
	Users
	UserTexts
	Groups
	Importer
	Applications
	Assignments
}

// Setup is all that a store keeps of what administrators set up of jobs.
type Setup interface {
	Jobs
	Configurations
	SchemaDrafts
}

// Provisioning is all that a store keeps of jobs.
type Provisioning interface {
	Setup
	Links
	Waiting
	Dispatch
	Plans
	Comparisons
	Drift
}

// Served is all that a store keeps for the API.
type Served interface {
	SignIn
	Graph
}

// SignIn is all that a store keeps for signing in clients of the API.
type SignIn interface {
	APIClients
	ServiceKeys
}

// Service is all that a store keeps of the service itself: who may sign in to the
// portal, the settings, and which nodes serve.
type Service interface {
	People
	ServiceSettings
	Nodes
}

// Records is all that a store keeps of what was done, and of what is being done.
type Records interface {
	Journal
	Retention
	Progress
	Lists
	UnderWay
}

// UnderWay is all that a store keeps of what people have begun and not finished.
type UnderWay interface {
	Operations
	Uploads
}

// Store is all of the above with what the engine needs. Only commands and the
// conformance suite mention it; everybody else asks for the part that they use.
type Store interface {
	Directory
	Provisioning
	Records
	Served
	Service

	Engine() Engine
	Close() error
}

// Engine is what the engine needs of a store.
type Engine interface {
	engine.Directory
	engine.Ledger
	engine.Removals
	engine.Attempts
	engine.Plans
}
