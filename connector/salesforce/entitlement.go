package salesforce

import (
	"slices"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/plan"
)

const (
	attributePermissionSets        = "PermissionSets"
	attributePermissionSetGroups   = "PermissionSetGroups"
	attributePermissionSetLicenses = "PermissionSetLicenses"
	attributePublicGroups          = "PublicGroups"
	attributeIsFrozen              = "IsFrozen"

	objectPermissionSetAssignment = "PermissionSetAssignment"
	objectLicenseAssignment       = "PermissionSetLicenseAssign"
	objectGroupMember             = "GroupMember"
	objectUserLogin               = "UserLogin"
)

// entitlement is a kind of thing that users have any number of: an attribute
// whose values are the names of records that other records tie to the user.
type entitlement struct {
	attribute string   // "PermissionSets"
	reference string   // type of what is assigned: "PermissionSet"
	junction  string   // object whose records assign it
	user      string   // field of the junction with the user
	target    string   // field of the junction with what is assigned
	name      []string // path from the junction to the name
}

// entitlements lists the kinds.
func entitlements() []entitlement {
	return []entitlement{
		{attributePermissionSets, "PermissionSet", objectPermissionSetAssignment, "AssigneeId", "PermissionSetId", []string{"PermissionSet", "Name"}},
		{attributePermissionSetGroups, "PermissionSetGroup", objectPermissionSetAssignment, "AssigneeId", "PermissionSetGroupId", []string{"PermissionSetGroup", "DeveloperName"}},
		{attributePermissionSetLicenses, "PermissionSetLicense", objectLicenseAssignment, "AssigneeId", "PermissionSetLicenseId", []string{"PermissionSetLicense", "DeveloperName"}},
		{attributePublicGroups, "Group", objectGroupMember, "UserOrGroupId", "GroupId", []string{"Group", "DeveloperName"}},
	}
}

// findEntitlement returns the kind that an attribute stands for.
func findEntitlement(attribute string) (entitlement, bool) {
	// It is asked for each field of each record, and the answer is nearly always no.
	switch attribute {
	case attributePermissionSets, attributePermissionSetGroups, attributePermissionSetLicenses, attributePublicGroups:
	default:
		return entitlement{}, false
	}
	kinds := entitlements()
	i := slices.IndexFunc(kinds, func(k entitlement) bool { return k.attribute == attribute })
	return kinds[i], true
}

// isApart reports whether an attribute is not a field of User and is read and
// written by calls of its own.
func isApart(attribute string) bool {
	_, found := findEntitlement(attribute)
	return found || attribute == attributeIsFrozen
}

// newEntitlementNames makes the lists of names, by attribute. A permission set of
// a managed package is named with the prefix of the package, as in the API.
// Those that belong to a profile or stand for a group cannot be assigned.
func newEntitlementNames() map[string]*directory {
	list := func(kind, column, soql string) *directory {
		return &directory{kind: kind, code: codeInvalidEntitlement, column: column, soql: soql, exact: true, turn: make(chan struct{}, 1)}
	}
	return map[string]*directory{
		attributePermissionSets: list("permission set", "Name",
			"SELECT Id, Name, NamespacePrefix, Type FROM PermissionSet WHERE IsOwnedByProfile = false ORDER BY Name, Id"),
		attributePermissionSetGroups: list("permission set group", "DeveloperName",
			"SELECT Id, DeveloperName FROM PermissionSetGroup ORDER BY DeveloperName, Id"),
		attributePermissionSetLicenses: list("permission set license", "DeveloperName",
			"SELECT Id, DeveloperName FROM PermissionSetLicense ORDER BY DeveloperName, Id"),
		attributePublicGroups: list("public group or queue", "DeveloperName",
			"SELECT Id, DeveloperName, Type FROM Group WHERE Type IN ('Regular', 'Queue') ORDER BY DeveloperName, Id"),
	}
}

// assignable reports whether a record of a list of names can be assigned.
func assignable(r record) bool {
	return r.text("Type") != "Group" && r.text("Type") != "Profile"
}

// qualified is a name with the prefix of the package that it comes from.
func qualified(prefix, name string) string {
	if prefix == "" {
		return name
	}
	return prefix + "__" + name
}

// held returns the name of what a record of the junction assigns, empty when it
// is not of this kind: an assignment of a permission set group also names a
// permission set, which is not assigned by itself, every user has the one that
// belongs to the profile, and Salesforce keeps groups of its own.
func (k entitlement) held(r record) string {
	name := r.text(k.name...)
	switch k.attribute {
	case attributePermissionSets:
		if r.text("PermissionSetGroupId") != "" || r.truth("PermissionSet", "IsOwnedByProfile") {
			return ""
		}
		return qualified(r.text("PermissionSet", "NamespacePrefix"), name)
	case attributePublicGroups:
		if kind := r.text("Group", "Type"); kind != "Regular" && kind != "Queue" {
			return ""
		}
	}
	return name
}

// junctionFields are the fields to read of each junction, without Id.
func junctionFields(junction string) (user, fields string) {
	switch junction {
	case objectPermissionSetAssignment:
		return "AssigneeId", "PermissionSetGroupId, PermissionSetGroup.DeveloperName, PermissionSet.Name, PermissionSet.NamespacePrefix, PermissionSet.IsOwnedByProfile"
	case objectLicenseAssignment:
		return "AssigneeId", "PermissionSetLicense.DeveloperName"
	case objectGroupMember:
		// Written with the object in front, because Group alone is also a word of the language.
		return "UserOrGroupId", "GroupMember.Group.DeveloperName, GroupMember.Group.Type"
	}
	return "UserId", "IsFrozen"
}

// junctionOf is the object that holds an attribute which is no field of User.
func junctionOf(attribute string) string {
	if kind, found := findEntitlement(attribute); found {
		return kind.junction
	}
	return objectUserLogin
}

// grant is one thing to give to a user, or to take away.
type grant struct {
	kind   entitlement
	name   string
	id     string // of what is given
	revoke bool
}

// entitled collects what a change gives and takes.
type entitled struct {
	grants []grant
	frozen attr.Value // Boolean when the sign-in is to be frozen or not; null to leave it
}

func (e entitled) isEmpty() bool { return len(e.grants) == 0 && e.frozen.IsNull() }

// looks reports whether what the user has must be known before it is changed.
func (e entitled) looks() bool {
	return !e.frozen.IsNull() || slices.ContainsFunc(e.grants, func(g grant) bool { return g.revoke })
}

// addEntitlement notes what differs between what the user has and is to have.
func (e *encoder) addEntitlement(kind entitlement, field plan.Field) error {
	names := e.connector.entitlementNames[kind.attribute]
	had, wanted := namesOf(field.Old), namesOf(field.New)
	for _, name := range wanted {
		if slices.Contains(had, name) {
			continue
		}
		if err := e.namesErr[kind.attribute]; err != nil {
			return err
		}
		id, err := names.find(kind.attribute, name)
		if err != nil {
			return err
		}
		e.entitled.grants = append(e.entitled.grants, grant{kind: kind, name: name, id: id})
	}
	for _, name := range had {
		if !slices.Contains(wanted, name) {
			e.entitled.grants = append(e.entitled.grants, grant{kind: kind, name: name, revoke: true})
		}
	}
	return nil
}

// namesOf returns the names that a value lists, each once.
func namesOf(value attr.Value) []string {
	var names []string
	for _, item := range value.Items() {
		name := item.String()
		if item.Kind() == attr.Reference {
			name = item.Ref().ID
		}
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// entitlementError is the error for what was asked of an account besides the
// fields of the user.
func entitlementError(c *client, t task, faults []fault) *connector.Error {
	err := c.failure(faults...)
	if t.attribute != "" {
		err.Fields = []string{t.attribute}
		err.Message = t.describe() + ": " + err.Message
	}
	return err
}
