package scim

// The schemas of users (RFC 7643, sections 4.1 and 4.3).
const (
	UserSchema           = "urn:ietf:params:scim:schemas:core:2.0:User"
	EnterpriseUserSchema = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
)

// User is a user of the core schema with the enterprise extension. An empty text and
// an empty list say that nothing is said of the attribute.
type User struct {
	Schemas           []string        `json:"schemas,omitzero"`
	ID                string          `json:"id,omitzero"`
	ExternalID        string          `json:"externalId,omitzero"`
	UserName          string          `json:"userName,omitzero"`
	Name              Name            `json:"name,omitzero"`
	DisplayName       string          `json:"displayName,omitzero"`
	NickName          string          `json:"nickName,omitzero"`
	ProfileURL        string          `json:"profileUrl,omitzero"`
	Title             string          `json:"title,omitzero"`
	UserType          string          `json:"userType,omitzero"`
	PreferredLanguage string          `json:"preferredLanguage,omitzero"`
	Locale            string          `json:"locale,omitzero"`
	Timezone          string          `json:"timezone,omitzero"`
	Active            *bool           `json:"active,omitzero"` // nil: nothing is said
	Emails            []Labelled      `json:"emails,omitzero"`
	PhoneNumbers      []Labelled      `json:"phoneNumbers,omitzero"`
	Addresses         []Address       `json:"addresses,omitzero"`
	Enterprise        *EnterpriseUser `json:"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User,omitzero"`
}

// HasSchema reports whether the user names a schema.
func (u User) HasSchema(schema string) bool { return named(u.Schemas, schema) }

// Name is the parts of a person's name.
type Name struct {
	Formatted       string `json:"formatted,omitzero"`
	FamilyName      string `json:"familyName,omitzero"`
	GivenName       string `json:"givenName,omitzero"`
	MiddleName      string `json:"middleName,omitzero"`
	HonorificPrefix string `json:"honorificPrefix,omitzero"`
	HonorificSuffix string `json:"honorificSuffix,omitzero"`
}

// Labelled is one value of an attribute that has several, with what it is for.
type Labelled struct {
	Value   string `json:"value,omitzero"`
	Display string `json:"display,omitzero"`
	Type    string `json:"type,omitzero"` // such as work, home, mobile
	Primary bool   `json:"primary,omitzero"`
}

// Address is a physical address.
type Address struct {
	Formatted     string `json:"formatted,omitzero"`
	StreetAddress string `json:"streetAddress,omitzero"`
	Locality      string `json:"locality,omitzero"`
	Region        string `json:"region,omitzero"`
	PostalCode    string `json:"postalCode,omitzero"`
	Country       string `json:"country,omitzero"` // ISO 3166-1 alpha-2
	Type          string `json:"type,omitzero"`    // such as work, home
	Primary       bool   `json:"primary,omitzero"`
}

// EnterpriseUser is what the enterprise extension says of a user.
type EnterpriseUser struct {
	EmployeeNumber string  `json:"employeeNumber,omitzero"`
	CostCenter     string  `json:"costCenter,omitzero"`
	Organization   string  `json:"organization,omitzero"`
	Division       string  `json:"division,omitzero"`
	Department     string  `json:"department,omitzero"`
	Manager        Manager `json:"manager,omitzero"`
}

// Manager names a user's manager.
type Manager struct {
	Value       string `json:"value,omitzero"` // the id that the other side knows the manager by
	Reference   string `json:"$ref,omitzero"`
	DisplayName string `json:"displayName,omitzero"`
}
