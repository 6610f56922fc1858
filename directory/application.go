package directory

import (
	"strings"
	"time"
)

// Application is one instance made from a template of the gallery: Graph's
// application together with its service principal.
type Application struct {
	ID          string // id of the service principal
	ObjectID    string // id of the application object
	AppID       string // client id
	TemplateID  string // gallery template, such as "salesforce"
	DisplayName string // unique among applications, whatever the letter case
	CreatedAt   time.Time
}

// DefaultAccess is the id of the role that every application has and that grants
// nothing in particular: an assignment without a role.
const DefaultAccess = "00000000-0000-0000-0000-000000000000"

// AppRole is a role of an application. For Salesforce the roles are the org's
// profiles, imported.
type AppRole struct {
	ID            string // GUID, stable over renames
	ApplicationID string
	DisplayName   string // for Salesforce the profile's name
	Value         string
	Description   string
	Enabled       bool
	TargetID      string // id of the role in the target, empty for a role that was not imported
	License       string // licence that the role uses up in the target, empty when it uses none
}

// Assignment gives a user or a group an application in a role.
type Assignment struct {
	ID            string
	ApplicationID string
	PrincipalID   string
	PrincipalType string // "User" or "Group"
	AppRoleID     string // DefaultAccess for an assignment without a role
	CreatedAt     time.Time
}

// AssignmentRequest is an assignment as a source or an administrator names it:
// each part an id or a name that whoever takes it into the directory resolves.
type AssignmentRequest struct {
	Application   string // id or display name
	PrincipalType string // "User" or "Group"
	Principal     string // id, user principal name or group display name
	Role          string // id or display name; empty for default access
}

// Grant is one way in which a user has an application: an assignment of the user,
// or of a group that the user is a member of.
type Grant struct {
	AssignmentID string
	Role         AppRole // ID is DefaultAccess when no role was chosen
	GroupID      string  // empty for a direct assignment
	GroupName    string
	Path         []string // names of the groups on the way from that group to the one that the user is a direct member of; empty when it is the same
}

// Through returns the names of the group and of the groups inside it that lead to
// the user, empty for a direct assignment.
func (g Grant) Through() string {
	if g.Direct() {
		return ""
	}
	return strings.Join(append([]string{g.GroupName}, g.Path...), " > ")
}

// Direct reports whether the user was assigned in person.
func (g Grant) Direct() bool { return g.GroupID == "" }
