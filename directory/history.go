package directory

import (
	"time"

	"github.com/usher-id/usher/attr"
)

// UserChangeKind says what happened to a user.
type UserChangeKind string

// What happens to users.
const (
	UserCreated  UserChangeKind = "created"
	UserUpdated  UserChangeKind = "updated"
	UserRemoved  UserChangeKind = "removed" // soft-deleted
	UserRestored UserChangeKind = "restored"
	UserPurged   UserChangeKind = "purged" // removed for good
)

// UserChange is what a change made different about a user.
type UserChange struct {
	ID         string // sorts by the moment
	UserID     string
	At         time.Time
	Kind       UserChangeKind
	Actor      string // who did it; empty when that is not known, as of an import
	Properties []PropertyChange
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
	var changes []PropertyChange
	note := func(name string) {
		old, now := before.Get(name), after.Get(name)
		if name == "manager" {
			old, now = attr.Text(before.ManagerID), attr.Text(after.ManagerID)
		}
		if !attr.Equal(old, now, true) {
			changes = append(changes, PropertyChange{name, old, now})
		}
	}
	for _, name := range []string{"userPrincipalName", "displayName", "accountEnabled", "manager"} {
		note(name)
	}
	for name := range before.Attributes.All() {
		note(name)
	}
	for name := range after.Attributes.All() {
		if _, known := before.Attributes.Lookup(name); !known {
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
			u.AccountEnabled = c.Old.String() == attr.Bool(true).String()
		case "manager":
			u.ManagerID = c.Old.String()
		default:
			if c.Old.IsNull() {
				u.Attributes = u.Attributes.Without(c.Name)
			} else {
				u.Attributes = u.Attributes.With(c.Name, c.Old)
			}
		}
	}
	return u
}
