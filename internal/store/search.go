package store

import (
	"context"
	"time"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
)

// UserState selects users by what became of them.
type UserState string

// The states of users.
const (
	LivingUsers   UserState = "" // enabled and disabled ones
	EnabledUsers  UserState = "enabled"
	DisabledUsers UserState = "disabled"
	DeletedUsers  UserState = "deleted"
)

// UserSearch selects users. The zero UserSearch selects all who are not deleted.
type UserSearch struct {
	// Text is what somebody typed: each word of it is the beginning of a word of the
	// display name, given name, surname, user principal name, mail or employee id,
	// whatever the letter case and accents.
	Text       string
	State      UserState
	Department string // whatever the letter case and accents; empty for all
}

// GroupKind selects groups by what they are for.
type GroupKind string

// The kinds of group.
const (
	AllGroups      GroupKind = ""
	SecurityGroups GroupKind = "security"
	OtherGroups    GroupKind = "other" // they cannot be assigned
)

// GroupSearch selects groups. The zero GroupSearch selects all that are not deleted.
type GroupSearch struct {
	Text    string // as in UserSearch; of the display name and the description
	Kind    GroupKind
	Deleted bool // deleted ones instead of the others
}

// FoundGroup is a group with how many direct members it has.
type FoundGroup struct {
	directory.Group

	Members Count // counted up to 10,000
}

// FoundPrincipal is a user or a group as lists show it.
type FoundPrincipal struct {
	ID          string
	Type        string // "User" or "Group"
	DisplayName string
	Name        string // user principal name, empty for a group
	Enabled     bool   // a user whose account is enabled, a security group
	Deleted     bool
}

// Search finds users and groups. All lists are in the order of display name, whatever
// its letter case, and id.
type Search interface {
	// FindUsers and FindGroups return a part of the users and groups that are selected.
	FindUsers(ctx context.Context, search UserSearch, page Page) (Listing[directory.User], error)
	FindGroups(ctx context.Context, search GroupSearch, page Page) (Listing[FoundGroup], error)

	// FindMembers returns a part of the direct members of a group, users and groups; with
	// a text those whom UserSearch.Text or GroupSearch.Text would find.
	FindMembers(ctx context.Context, groupID, text string, page Page) (Listing[FoundPrincipal], error)

	// FindMemberOf returns a part of the groups that a user or a group is a direct member
	// of, without deleted ones.
	FindMemberOf(ctx context.Context, id string, page Page) (Listing[FoundGroup], error)

	// FindReports returns a part of the users whose manager somebody is, by id, without
	// deleted ones.
	FindReports(ctx context.Context, managerID string, page Page) (Listing[directory.User], error)

	// CountPeople counts the users who are members of a group, without deleted ones, up to
	// 10,000; nested: those of the groups inside it too, each once.
	CountPeople(ctx context.Context, groupID string, nested bool) (Count, error)
}

// AssignmentSearch selects assignments of an application.
type AssignmentSearch struct {
	ApplicationID string
	Text          string // of the user or group, as in UserSearch and GroupSearch
	PrincipalType string // "User" or "Group"; empty for both
	RoleID        string // only those in this role
}

// FoundAssignment is an assignment with the names of what it is about.
type FoundAssignment struct {
	directory.Assignment

	Principal       FoundPrincipal
	ApplicationName string
	Role            directory.AppRole // as it is; only ID and ApplicationID when it does not exist any more
	Members         Count             // of a group, counted up to 10,000; direct ones
}

// UserAccess is what a user has to do with one application.
type UserAccess struct {
	Application directory.Application
	JobID       string
	Subject     engine.Subject // grants with roles, the account, what failed, removal and grace period
}

// Access tells who may use which application, and through what.
type Access interface {
	Standings

	// FindAssignments returns a part of the assignments that are selected, in the order of
	// the principal's display name and id.
	FindAssignments(ctx context.Context, search AssignmentSearch, page Page) (Listing[FoundAssignment], error)

	// AssignmentsOfPrincipal returns the assignments of a user or group in the order of the
	// application's display name and the role.
	AssignmentsOfPrincipal(ctx context.Context, principalID string) ([]FoundAssignment, error)

	// FindAssigned returns a part of the users who are assigned to an application, in
	// person or through a group, with their accounts, in the order of display name and id.
	// Groups inside groups count if the job's settings say so. Deleted users are not in it.
	FindAssigned(ctx context.Context, applicationID, text string, page Page) (Listing[engine.Subject], error)

	// AccessOf returns every application that a user is assigned to or has an account in,
	// in the order of the application's display name.
	AccessOf(ctx context.Context, userID string) ([]UserAccess, error)

	// Principals finds users and groups by ids and names, many at once, without their
	// attributes: what each of the texts names, by the text.
	Principals(ctx context.Context, idsOrNames []string) (map[string]Principals, error)
}

// Principals is what an id or a name stands for.
type Principals struct {
	User   directory.User    // with this id or user principal name, as of Users.User; zero for none
	Groups []directory.Group // with this id or display name; of those that are not deleted, if there is one
}

// AccountState selects accounts.
type AccountState string

// The states of accounts.
const (
	AllAccounts        AccountState = ""
	EnabledAccounts    AccountState = "enabled"
	DisabledAccounts   AccountState = "disabled"
	OrphanedAccounts   AccountState = "orphaned"   // the user is not in the directory any more
	UnassignedAccounts AccountState = "unassigned" // the user is in the directory and not assigned
)

// AccountSearch selects accounts that a job manages.
type AccountSearch struct {
	JobID string
	Text  string // of the user, as in UserSearch, or the beginning of the account's name
	State AccountState
}

// FailureGroup is what failed in a job for one reason and is tried again.
type FailureGroup struct {
	Code  string
	Count int
	First time.Time // when that failed which has failed longest
	Next  time.Time // when the first of them is tried again
}

// FoundFailure is something that failed, with the names of whom it is about.
type FoundFailure struct {
	engine.Escrow

	DisplayName string // of the user, empty when the user is gone
	Name        string // user principal name
	AccountName string // of the account, empty when there is none
}

// Accounts lists what a job has in its target, and what waits there for something. A
// Subject of somebody who is not in the directory any more has Gone set.
type Accounts interface {
	// FindAccounts returns a part of the accounts that are selected, in the order of the
	// account's name, whatever its letter case, and source id. Looking for orphaned and for
	// unassigned ones takes a bounded time: a part may hold fewer items than asked for,
	// even none, and have a part after it.
	FindAccounts(ctx context.Context, search AccountSearch, page Page) (Listing[engine.Subject], error)

	// FailureGroups groups what failed and is tried again, people and references, by code,
	// the most frequent code first.
	FailureGroups(ctx context.Context, jobID string) ([]FailureGroup, error)

	// FindFailures returns a part of what failed with a code, of everything when it is
	// empty, in the order of source id and attribute.
	FindFailures(ctx context.Context, jobID, code string, page Page) (Listing[FoundFailure], error)

	// FindRemovals returns a part of the removals in a state, in the order of since when
	// they are and source id.
	FindRemovals(ctx context.Context, jobID string, state engine.RemovalState, page Page) (Listing[engine.Subject], error)

	// FindLeavers returns a part of the people whose grace period runs, in the order of
	// when it ends and source id.
	FindLeavers(ctx context.Context, jobID string, page Page) (Listing[engine.Subject], error)
}
