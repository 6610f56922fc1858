package directory

import (
	"time"

	"github.com/usher-id/usher/attr"
)

// Group is a group of the directory: Microsoft Graph's group.
type Group struct {
	ID              string
	DisplayName     string
	SecurityEnabled bool      // only security groups can be assigned to applications
	DeletedAt       time.Time // when the group was soft-deleted; zero for one that is not
	CreatedAt       time.Time // since when the directory has the group; zero when that is not known
	Attributes      attr.Object
}

// Deleted reports whether the group is soft-deleted.
func (g Group) Deleted() bool { return !g.DeletedAt.IsZero() }

// Equal reports whether a source would consider both the same: all of the group but the
// moments of its creation and deletion.
func (g Group) Equal(other Group) bool {
	return g.ID == other.ID && g.DisplayName == other.DisplayName && g.SecurityEnabled == other.SecurityEnabled &&
		g.Deleted() == other.Deleted() && g.Attributes.Equal(other.Attributes)
}

// Merge returns the group with those properties that only names as update has them.
// Without only it is the update. Whether the group is deleted is no property.
func (g Group) Merge(update Group, only []string) Group {
	if only == nil {
		return update
	}
	for _, name := range only {
		switch name {
		case "displayName":
			g.DisplayName = update.DisplayName
		case "securityEnabled":
			g.SecurityEnabled = update.SecurityEnabled
		}
	}
	g.Attributes = mergeAttributes(g.Attributes, update.Attributes, only)
	return g
}

// Member says that a user or a group is a direct member of a group. In what a
// source reports, Group may be an id or a display name and Member an id or a user
// principal name; whoever takes it into the directory resolves them.
type Member struct {
	Group  string
	Member string
	Type   string // "User" or "Group"
}
