package store

import (
	"context"
	"iter"
	"time"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/provisioning"
)

// Edits changes the directory in transactions, for those who have to look before
// they change.
type Edits interface {
	// Edit runs a function that reads and changes the directory in one transaction, which
	// an error of the function undoes. What says what was tried and stands before any
	// error. The function must not use the store beside the editor.
	Edit(ctx context.Context, what string, change func(e Editor) error) error
}

// Editor is a transaction that reads and changes the directory. What a method of the
// same name of the store says holds.
type Editor interface {
	UserEditor
	GroupEditor
	RelationEditor
	ApplicationEditor
	RoleEditor
	AssignmentEditor

	// Audit writes to the audit log, with the change or not at all.
	Audit(ctx context.Context, audit journal.Audit) error
}

// UserEditor changes users.
type UserEditor interface {
	User(ctx context.Context, idOrName string) (directory.User, error)
	PutUser(ctx context.Context, user directory.User) error
	RemoveUser(ctx context.Context, id string) error
	RestoreUser(ctx context.Context, id string) error
	PurgeUser(ctx context.Context, id string) error
}

// GroupEditor changes groups.
type GroupEditor interface {
	Group(ctx context.Context, idOrName string) (directory.Group, error)
	PutGroup(ctx context.Context, group directory.Group) error
	RemoveGroup(ctx context.Context, id string) error

	// PurgeGroup removes a group with its memberships, owners and assignments for good.
	PurgeGroup(ctx context.Context, id string) error

	// GroupsCalled returns the groups that are not deleted and have this uniqueName,
	// whatever its letter case.
	GroupsCalled(ctx context.Context, uniqueName string) ([]directory.Group, error)
}

// RelationEditor changes who belongs to whom. Ids are taken, not names.
type RelationEditor interface {
	// AddMember and AddOwner report whether the relation is new; RemoveMember and
	// RemoveOwner whether it was there. An unknown group, member or owner is ErrNotFound.
	AddMember(ctx context.Context, member directory.Member) (bool, error)
	RemoveMember(ctx context.Context, member directory.Member) (bool, error)
	AddOwner(ctx context.Context, objectID string, owner directory.Owner) (bool, error)
	RemoveOwner(ctx context.Context, objectID, ownerID string) (bool, error)
}

// ApplicationEditor changes applications.
type ApplicationEditor interface {
	DeletedApplicationEditor

	// Registration returns the application with this id, app id or object id.
	Registration(ctx context.Context, id string) (directory.Registration, error)

	// AddRegistration keeps a new application with its job; see Applications.AddApplication.
	AddRegistration(ctx context.Context, registration directory.Registration, job provisioning.Job, schema mapping.Schema) error

	// UpdateRegistration makes name and details those given. A display name that another
	// application has is ErrConflict.
	UpdateRegistration(ctx context.Context, registration directory.Registration) error

	RemoveApplication(ctx context.Context, id string) error

	// AddExtension declares an extension; a name that is taken is ErrConflict.
	AddExtension(ctx context.Context, extension directory.ExtensionProperty) error
	// RemoveExtension ends a declaration. Values that users have stay.
	RemoveExtension(ctx context.Context, applicationID, id string) error
}

// DeletedApplicationEditor deletes applications in a way that can be undone. A deleted
// application is one that is not there: nothing runs for it, and its display name is
// free.
type DeletedApplicationEditor interface {
	// DeleteApplication removes an application, and keeps its roles, assignments, owners,
	// extensions, schemas and the settings of its job. Credentials, connections and
	// retries are forgotten.
	DeleteApplication(ctx context.Context, id string) error

	// RestoreApplication puts one back that was deleted, by the id of its application
	// object: turned off, without credentials, and without the assignments and owners
	// that are not there any more. A display name that was taken since is ErrConflict.
	RestoreApplication(ctx context.Context, objectID string) (directory.Registration, error)

	// PurgeApplication forgets one that was deleted.
	PurgeApplication(ctx context.Context, objectID string) error

	DeletedApplication(ctx context.Context, objectID string) (DeletedApplication, error)
}

// DeletedApplications tells which applications can be restored.
type DeletedApplications interface {
	// DeletedApplications returns all of them, by the id of the application object.
	DeletedApplications(ctx context.Context) ([]DeletedApplication, error)

	// DeletedApplication returns the one with this id of its application object, or
	// ErrNotFound.
	DeletedApplication(ctx context.Context, objectID string) (DeletedApplication, error)
}

// DeletedApplication is an application that was deleted and can be restored.
type DeletedApplication struct {
	directory.Registration

	Roles     []directory.AppRole
	DeletedAt time.Time
}

// RoleEditor changes the roles of applications.
type RoleEditor interface {
	Roles(ctx context.Context, applicationID string) ([]directory.AppRole, error)
	// PutRole creates a role or makes it exactly this. The id of a role of another
	// application is ErrConflict.
	PutRole(ctx context.Context, role directory.AppRole) error
	// RemoveRole removes a role with its assignments.
	RemoveRole(ctx context.Context, applicationID, id string) error
}

// AssignmentEditor changes who may use which application.
type AssignmentEditor interface {
	// AddAssignment reports whether the assignment is new.
	AddAssignment(ctx context.Context, request directory.AssignmentRequest) (directory.Assignment, bool, error)
	// RemoveAssignment removes the assignment with this id, or is ErrNotFound.
	RemoveAssignment(ctx context.Context, id string) error
	// Unassign ends the assignments that a request names, with any role when it names
	// none, and returns how many there were.
	Unassign(ctx context.Context, request directory.AssignmentRequest) (int, error)
}

// Relations tells who belongs to whom.
type Relations interface {
	// GroupsByID yields all groups in the order of id, after the id given.
	GroupsByID(ctx context.Context, after string) iter.Seq2[directory.Group, error]

	// CountGroups returns the number of groups that are not deleted.
	CountGroups(ctx context.Context) (int, error)

	// MembersAfter yields the direct members of a group, by id, after the id given.
	MembersAfter(ctx context.Context, groupID, after string) iter.Seq2[directory.Member, error]

	// MemberOf returns the groups that a user or group is a direct member of, by id.
	MemberOf(ctx context.Context, id string) ([]directory.Group, error)

	// Reports returns the users whose manager somebody is, by id.
	Reports(ctx context.Context, managerID string) ([]directory.User, error)

	// Owners returns who answers for an object, by id; Owned the ids of what somebody
	// answers for.
	Owners(ctx context.Context, objectID string) ([]directory.Owner, error)
	Owned(ctx context.Context, ownerID string) ([]string, error)
}

// Nesting tells who belongs to whom by way of groups inside groups. Deleted groups
// lead nowhere, and groups that contain one another in a ring are each met once.
type Nesting interface {
	// MembersBelow yields the members of a group and of all groups inside it, by id, after
	// the id given. Their Group is one of those that they are a direct member of.
	MembersBelow(ctx context.Context, groupID, after string) iter.Seq2[directory.Member, error]

	// GroupsAbove returns the groups that a user or group is a member of, directly or by
	// way of others, by id.
	GroupsAbove(ctx context.Context, id string) ([]directory.Group, error)
}

// Registrations tells what Microsoft Graph shows of applications.
type Registrations interface {
	// Registration returns the application with this id, app id or object id, or
	// ErrNotFound.
	Registration(ctx context.Context, id string) (directory.Registration, error)

	// Registrations returns all applications, by id.
	Registrations(ctx context.Context) ([]directory.Registration, error)

	// Extensions returns the extensions that an application declares, all without an id.
	Extensions(ctx context.Context, applicationID string) ([]directory.ExtensionProperty, error)

	// AssignmentsAfter yields the assignments of an application, by id, after the id given.
	AssignmentsAfter(ctx context.Context, applicationID, after string) iter.Seq2[directory.Assignment, error]

	// AssignmentsOf returns the assignments of a user or group, by id.
	AssignmentsOf(ctx context.Context, principalID string) ([]directory.Assignment, error)

	// Assignment returns the assignment with this id, or ErrNotFound.
	Assignment(ctx context.Context, id string) (directory.Assignment, error)
}

// Changes tells what changed in the directory, for those who follow it.
type Changes interface {
	// DirectoryFeed returns up to where the feed was removed, and the position of the
	// newest change. What changed after an older position is not known any more.
	DirectoryFeed(ctx context.Context) (removed, head directory.Cursor, err error)

	// Changed returns the ids of objects of a kind that changed after a position, up to
	// another one: at most limit of them, by id, after the id given. An object that is
	// not there any more was removed for good. A position that lies before what the feed
	// still has (see Retention) is ErrGone: who follows has to begin anew.
	Changed(ctx context.Context, kind directory.ObjectKind, since, until directory.Cursor, after string, limit int) ([]string, error)

	// ChangedMembers returns the memberships of a group that began or ended.
	ChangedMembers(ctx context.Context, groupID string, since, until directory.Cursor) ([]directory.MemberChange, error)

	// ChangedOwners returns who became or ceased to be an owner of an object, by id.
	ChangedOwners(ctx context.Context, objectID string, since, until directory.Cursor) ([]string, error)
}

// Graph is all that Microsoft Graph's view of the directory needs beyond that of
// provisioning.
type Graph interface {
	Edits
	Relations
	Nesting
	Registrations
	DeletedApplications
	Changes
}
