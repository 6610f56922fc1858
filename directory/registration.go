package directory

// Registration is an application with what Microsoft Graph keeps of it beyond what
// provisioning needs.
type Registration struct {
	Application

	Principal bool   // it has a service principal: it can be assigned and provisioned
	Details   string // properties of the application object without a field, a JSON object
	// PrincipalDetails are those of the service principal.
	PrincipalDetails string
}

// Owner is somebody who answers for a group, an application or a service principal.
type Owner struct {
	ID   string
	Type string // "User" or "ServicePrincipal", which a client of the API is as well
}

// ExtensionProperty is a custom directory extension that an application declares.
type ExtensionProperty struct {
	ID            string
	ApplicationID string   // id of the service principal, as in Application.ID
	Name          string   // extension_{app id without dashes}_{name}
	DataType      string   // "String", "Boolean", "Integer", "DateTime", "Binary", "LargeInteger"
	TargetObjects []string // "User", "Group"
	Multivalued   bool
}

// ObjectKind is a kind of object that a client can follow the changes of.
type ObjectKind string

// The kinds of object.
const (
	UserObject        ObjectKind = "user"
	GroupObject       ObjectKind = "group"
	ApplicationObject ObjectKind = "application"      // by the id of the application object
	PrincipalObject   ObjectKind = "servicePrincipal" // by the id of the service principal
)

// MemberChange says that a membership of a group began or ended since a position; what
// holds now has to be looked up.
type MemberChange struct {
	Group  string
	Member string
	Type   string // "User" or "Group"
}
