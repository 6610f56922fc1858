package mapping

import (
	"strconv"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/directory"
)

// The synchronization schema names the attributes of a user as the retired Azure
// AD Graph did, the directory as Microsoft Graph does. This file is the one place
// where the one becomes the other (source: Microsoft Graph documentation,
// "Synchronization schema sample").

// synchronizationName returns the schema's name of a Graph property.
func synchronizationName(property string) string {
	switch property {
	case "id":
		return "objectId"
	case "faxNumber":
		return "facsimileTelephoneNumber"
	case "mobilePhone":
		return "mobile"
	case "officeLocation":
		return "physicalDeliveryOfficeName"
	case "onPremisesSyncEnabled":
		return "dirSyncEnabled"
	case "businessPhones":
		return "telephoneNumber"
	}
	return property
}

// SourceDefinitions returns the attributes that expressions and scoping filters
// can use of a user, besides directory extensions: every property of the
// directory under its name in the synchronization schema, and what is computed
// for each application.
func SourceDefinitions() []AttributeDefinition {
	definitions := []AttributeDefinition{
		{Name: isSoftDeleted, Type: BooleanType},
		{Name: "appRoleAssignments", Type: ReferenceType, Multivalued: true},
		{Name: "originalUserPrincipalName", Type: StringType},
	}
	for _, property := range directory.UserProperties() {
		definition := AttributeDefinition{
			Name: synchronizationName(property.Name), Type: StringType,
			Multivalued: property.Multivalued && property.Name != "businessPhones",
		}
		switch property.Kind { //nolint:exhaustive // users have properties of these kinds only.
		case attr.Boolean:
			definition.Type = BooleanType
		case attr.Reference:
			definition.Type = ReferenceType
		}
		definitions = append(definitions, definition)
	}
	return definitions
}

// Person is what the source side of a mapping is made from.
type Person struct {
	User        directory.User
	Grants      []directory.Grant // in the order of preference
	SoftDeleted bool              // out of scope for whatever reason, or disabled: IsSoftDeleted
}

// Source returns the person as the object that expressions and filters see.
//
// A guest's userPrincipalName comes without the mark that Entra adds,
// originalUserPrincipalName with it. appRoleAssignments holds the grants that
// have a role, each a complex value with the members id, displayName, value and
// principalType, in the order that role functions go by: assignments in person
// before those through a group, and among these by the name of the role.
func Source(person Person) attr.Object {
	user := person.User
	source := attr.NewBuilder("User", user.ID, user.Attributes.Len()+8)
	source.Set(isSoftDeleted, attr.Bool(person.SoftDeleted))
	source.Set("accountEnabled", attr.Bool(user.AccountEnabled))
	if roles := roleValues(person.Grants); len(roles) > 0 {
		source.Set("appRoleAssignments", attr.Values(roles...))
	}
	source.Set("displayName", attr.Text(user.DisplayName))
	if user.ManagerID != "" {
		source.Set("manager", attr.RefTo(attr.Ref{Type: "User", ID: user.ManagerID}))
	}
	source.Set("objectId", attr.Text(user.ID))
	source.Set("originalUserPrincipalName", attr.Text(user.UserPrincipalName))
	source.Set("userPrincipalName", attr.Text(directory.OriginalUserPrincipalName(user.UserPrincipalName)))
	for name, value := range user.Attributes.All() {
		if name == "businessPhones" {
			value = firstOf(value)
		}
		source.Set(synchronizationName(name), value)
	}
	return source.Object()
}

func firstOf(value attr.Value) attr.Value {
	if items := value.Items(); len(items) > 0 {
		return items[0]
	}
	return attr.Value{}
}

// boolText reads a boolean as the expression language writes it.
func boolText(text string) (value, ok bool) {
	switch text {
	case "1":
		return true, true
	case "0":
		return false, true
	}
	value, err := strconv.ParseBool(text)
	return value, err == nil
}
