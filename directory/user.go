package directory

import (
	"slices"
	"strings"
	"time"

	"github.com/usher-id/usher/attr"
)

// User is one person's account in the directory: Microsoft Graph's user. What
// Usher itself reasons about has a field, everything else is in Attributes under
// its Graph property name.
type User struct {
	ID                string // unique, stable, not reused; a GUID unless the source has ids of its own
	UserPrincipalName string // unique among all users, deleted ones too, whatever the letter case
	DisplayName       string
	AccountEnabled    bool
	ManagerID         string    // id of another user, empty without a manager
	DeletedAt         time.Time // when the user was soft-deleted; zero for a user that is not
	CreatedAt         time.Time // since when the directory has the user; zero when that is not known
	Attributes        attr.Object
}

// Deleted reports whether the user is soft-deleted: still there, restorable, but
// no longer a person with access.
func (u User) Deleted() bool { return !u.DeletedAt.IsZero() }

// Equal reports whether a source would consider both the same: all of the user
// but the moments of its creation and deletion.
func (u User) Equal(other User) bool {
	return u.ID == other.ID && u.UserPrincipalName == other.UserPrincipalName && u.DisplayName == other.DisplayName &&
		u.AccountEnabled == other.AccountEnabled && u.ManagerID == other.ManagerID && u.Deleted() == other.Deleted() &&
		u.Attributes.Equal(other.Attributes)
}

// Merge returns the user with those properties that only names as update has them.
// Without only it is the update. Whether the user is deleted is no property.
func (u User) Merge(update User, only []string) User {
	if only == nil {
		return update
	}
	for _, name := range only {
		switch name {
		case "id":
		case "userPrincipalName":
			u.UserPrincipalName = update.UserPrincipalName
		case "displayName":
			u.DisplayName = update.DisplayName
		case "accountEnabled":
			u.AccountEnabled = update.AccountEnabled
		case "manager":
			u.ManagerID = update.ManagerID
		}
	}
	u.Attributes = mergeAttributes(u.Attributes, update.Attributes, only)
	return u
}

// mergeAttributes returns the attributes with those that only names as update has
// them; an attribute that update does not have is no longer there.
func mergeAttributes(before, update attr.Object, only []string) attr.Object {
	merged := attr.NewBuilder(update.Type, update.ID, before.Len()+update.Len())
	for name, value := range before.All() {
		if !slices.Contains(only, name) {
			merged.Set(name, value)
		}
	}
	for name, value := range update.All() {
		if slices.Contains(only, name) {
			merged.Set(name, value)
		}
	}
	return merged.Object()
}

// Get returns a property by its Graph name, whether it is a field or one of the
// Attributes.
func (u User) Get(name string) attr.Value {
	switch name {
	case "id":
		return attr.Text(u.ID)
	case "userPrincipalName":
		return attr.Text(u.UserPrincipalName)
	case "displayName":
		return attr.Text(u.DisplayName)
	case "accountEnabled":
		return attr.Bool(u.AccountEnabled)
	case "manager":
		if u.ManagerID == "" {
			return attr.Value{}
		}
		return attr.RefTo(attr.Ref{Type: "User", ID: u.ManagerID})
	}
	return u.Attributes.Get(name)
}

// OriginalUserPrincipalName undoes the mangling of a guest's name: Entra keeps
// maria@fabrikam.com as maria_fabrikam.com#EXT#@contoso.onmicrosoft.com. Names
// without "#EXT#" come back as they are. The last underscore before the mark
// stands for the "@", because a domain holds none.
func OriginalUserPrincipalName(name string) string {
	mark := strings.Index(strings.ToUpper(name), "#EXT#")
	if mark < 0 {
		return name
	}
	local := name[:mark]
	at := strings.LastIndexByte(local, '_')
	if at < 0 {
		return local
	}
	return local[:at] + "@" + local[at+1:]
}
