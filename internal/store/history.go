package store

import (
	"context"
	"time"

	"github.com/usher-id/usher/directory"
)

// History tells what was known of users and groups before. It begins when the database
// was made, or came to keep it, and is kept as long as the provisioning log. What was
// before the history begins is ErrGone.
type History interface {
	// UserAsOf returns a user as the directory had it at a moment, by id, or ErrNotFound
	// when it had no such user then.
	UserAsOf(ctx context.Context, id string, moment time.Time) (directory.User, error)

	// GroupAsOf is UserAsOf for groups.
	GroupAsOf(ctx context.Context, id string, moment time.Time) (directory.Group, error)

	// FindEvents returns a part of what happened to a user or group, by id, the newest
	// first: to the object, to memberships of it and in it, and to its assignments. A
	// creation, and the beginning of what still is, is among it unless it was before that
	// was kept.
	FindEvents(ctx context.Context, kind directory.ObjectKind, id string, page Page) (Listing[directory.Event], error)

	// MembersAsOf returns a part of the direct members that a group had at a moment, the
	// newest first.
	MembersAsOf(ctx context.Context, groupID string, moment time.Time, page Page) (Listing[directory.Membership], error)

	// MembershipsAsOf returns the groups that users or groups were direct members of at a
	// moment, by ids.
	MembershipsAsOf(ctx context.Context, memberIDs []string, moment time.Time) ([]directory.Membership, error)

	// AssignmentsAsOf returns the assignments that users or groups had at a moment, by ids,
	// in the order of the applications' and roles' names. Through which groups somebody
	// had one is not looked up.
	AssignmentsAsOf(ctx context.Context, principalIDs []string, moment time.Time) ([]directory.RoleTenure, error)

	// ChangedProperties returns which properties of users or groups changed at a moment or
	// later, by id. Those of whom that is not known for certain are left out: who was
	// created, deleted or restored since, and all when the history begins later.
	ChangedProperties(ctx context.Context, kind directory.ObjectKind, ids []string, since time.Time) (map[string][]string, error)
}
