package directory

import (
	"time"

	"github.com/usher-id/usher/attr"
)

// EventKind says what happened to a user or a group.
type EventKind string

// What happens to users and groups.
const (
	ObjectCreated  EventKind = "created"
	ObjectUpdated  EventKind = "updated"
	ObjectRemoved  EventKind = "removed" // soft-deleted
	ObjectRestored EventKind = "restored"
	ObjectPurged   EventKind = "purged" // removed for good

	MemberJoined EventKind = "joined"     // a membership began, of or in the object
	MemberLeft   EventKind = "left"       // it ended
	RoleGiven    EventKind = "assigned"   // an assignment of the object began
	RoleTaken    EventKind = "unassigned" // it ended
)

// ByImport is the actor of what an import did, which no person is known for.
const ByImport = "import"

// Event is something that happened to a user or a group.
type Event struct {
	At         time.Time
	Kind       EventKind
	Actor      string           // who did it; empty when that is not known
	Properties []PropertyChange // what became different about the object itself
	Membership Membership       // that began or ended
	Assignment RoleTenure       // that began or ended
}

// Period is from when until when something was so.
type Period struct {
	Since   time.Time // zero: since before that was kept
	Until   time.Time // zero: it is still so
	BegunBy string    // who began it; empty when that is not known
	EndedBy string
}

// Membership is that a user or group was a direct member of a group for a time. The
// names are those of today, or the last ones; empty when none is known any more.
type Membership struct {
	GroupID, GroupName   string
	MemberID, MemberName string
	MemberType           string // "User" or "Group"
	Period
}

// RoleTenure is that a user or group was assigned to an application in a role for a time.
// The names are those of today, or, of what is over, those of its end.
type RoleTenure struct {
	Assignment
	ApplicationName, RoleName string // empty when none is known
	Period
}

// PropertyChange is a property, by its Graph name, before and after a change; null for
// none.
type PropertyChange struct {
	Name string     `json:"name"`
	Old  attr.Value `json:"old"`
	New  attr.Value `json:"new"`
}

// CompareUsers returns which properties differ between two states of a user, fields
// first and then attributes by name. Whether the user is deleted is no property.
func CompareUsers(before, after User) []PropertyChange {
	get := func(u User) func(name string) attr.Value {
		return func(name string) attr.Value {
			if name == "manager" {
				return attr.Text(u.ManagerID)
			}
			return u.Get(name)
		}
	}
	return comparison{get(before), get(after)}.changes([]string{"userPrincipalName", "displayName", "accountEnabled", "manager"},
		before.Attributes, after.Attributes)
}

// CompareGroups is CompareUsers for groups.
func CompareGroups(before, after Group) []PropertyChange {
	get := func(g Group) func(name string) attr.Value {
		return func(name string) attr.Value {
			switch name {
			case "displayName":
				return attr.Text(g.DisplayName)
			case "securityEnabled":
				return attr.Bool(g.SecurityEnabled)
			}
			return g.Attributes.Get(name)
		}
	}
	return comparison{get(before), get(after)}.changes([]string{"displayName", "securityEnabled"}, before.Attributes, after.Attributes)
}

// comparison is of two states of an object, which give their properties by name.
type comparison struct {
	before, after func(name string) attr.Value
}

func (c comparison) changes(fields []string, before, after attr.Object) []PropertyChange {
	var changes []PropertyChange
	note := func(name string) {
		old, now := c.before(name), c.after(name)
		if !attr.Equal(old, now, true) {
			changes = append(changes, PropertyChange{name, old, now})
		}
	}
	for _, name := range fields {
		note(name)
	}
	for name := range before.All() {
		note(name)
	}
	for name := range after.All() {
		if _, known := before.Lookup(name); !known {
			note(name)
		}
	}
	return changes
}

// Undo returns the user as before the changes of properties.
func (u User) Undo(changes []PropertyChange) User {
	for _, c := range changes {
		switch c.Name {
		case "userPrincipalName":
			u.UserPrincipalName = c.Old.String()
		case "displayName":
			u.DisplayName = c.Old.String()
		case "accountEnabled":
			u.AccountEnabled = isTrue(c.Old)
		case "manager":
			u.ManagerID = c.Old.String()
		default:
			u.Attributes = undoAttribute(u.Attributes, c)
		}
	}
	return u
}

// Undo returns the group as before the changes of properties.
func (g Group) Undo(changes []PropertyChange) Group {
	for _, c := range changes {
		switch c.Name {
		case "displayName":
			g.DisplayName = c.Old.String()
		case "securityEnabled":
			g.SecurityEnabled = isTrue(c.Old)
		default:
			g.Attributes = undoAttribute(g.Attributes, c)
		}
	}
	return g
}

func isTrue(value attr.Value) bool { return value.String() == attr.Bool(true).String() }

func undoAttribute(attributes attr.Object, c PropertyChange) attr.Object {
	if c.Old.IsNull() {
		return attributes.Without(c.Name)
	}
	return attributes.With(c.Name, c.Old)
}
