package directory

import (
	"regexp"
	"slices"
	"strconv"

	"github.com/usher-id/usher/attr"
)

// Property describes one property of a user as Microsoft Graph has it.
type Property struct {
	Name        string // Graph's name: "jobTitle"
	Kind        attr.Kind
	Multivalued bool
}

// UserProperties returns every property that a user can have besides custom
// directory extensions, in Graph's spelling and in the order of the names. The
// fifteen onPremisesExtensionAttributes stand on their own, without that prefix.
func UserProperties() []Property {
	properties := []Property{
		{Name: "accountEnabled", Kind: attr.Boolean},
		{Name: "businessPhones", Kind: attr.String, Multivalued: true},
		{Name: "city", Kind: attr.String},
		{Name: "companyName", Kind: attr.String},
		{Name: "costCenter", Kind: attr.String},
		{Name: "country", Kind: attr.String},
		{Name: "department", Kind: attr.String},
		{Name: "displayName", Kind: attr.String},
		{Name: "division", Kind: attr.String},
		{Name: "employeeId", Kind: attr.String},
		{Name: "employeeType", Kind: attr.String},
		{Name: "faxNumber", Kind: attr.String},
		{Name: "givenName", Kind: attr.String},
		{Name: "id", Kind: attr.String},
		{Name: "jobTitle", Kind: attr.String},
		{Name: "mail", Kind: attr.String},
		{Name: "mailNickname", Kind: attr.String},
		{Name: "manager", Kind: attr.Reference},
		{Name: "mobilePhone", Kind: attr.String},
		{Name: "officeLocation", Kind: attr.String},
		{Name: "onPremisesImmutableId", Kind: attr.String},
		{Name: "onPremisesSamAccountName", Kind: attr.String},
		{Name: "onPremisesSecurityIdentifier", Kind: attr.String},
		{Name: "onPremisesSyncEnabled", Kind: attr.Boolean},
		{Name: "otherMails", Kind: attr.String, Multivalued: true},
		{Name: "postalCode", Kind: attr.String},
		{Name: "preferredLanguage", Kind: attr.String},
		{Name: "proxyAddresses", Kind: attr.String, Multivalued: true},
		{Name: "state", Kind: attr.String},
		{Name: "streetAddress", Kind: attr.String},
		{Name: "surname", Kind: attr.String},
		{Name: "usageLocation", Kind: attr.String},
		{Name: "userPrincipalName", Kind: attr.String},
		{Name: "userType", Kind: attr.String},
	}
	for n := range 15 {
		properties = append(properties, Property{Name: "extensionAttribute" + strconv.Itoa(n+1), Kind: attr.String})
	}
	slices.SortFunc(properties, func(a, b Property) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	return properties
}

// extensionName is the form of a custom directory extension: the id of the
// application that declares it, without dashes, then its name.
var extensionName = regexp.MustCompile(`^extension_[0-9a-fA-F]{4,32}_[A-Za-z0-9_]{1,128}$`)

// IsExtensionName reports whether a property name is that of a custom directory
// extension: extension_{application id without dashes}_{name}.
func IsExtensionName(name string) bool { return extensionName.MatchString(name) }
