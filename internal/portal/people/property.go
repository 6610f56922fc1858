package people

import (
	"slices"
	"strings"
	"unicode"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/directory"
)

// property is a property of a user or a group with its value.
type property struct {
	Name    string // as Microsoft Graph has it
	Title   string
	Values  []string
	Copy    bool   // it is an id
	Path    string // where more is told, empty for none
	Differs bool   // it is another one today
}

// section is a part of the properties.
type section struct {
	Title      string
	Properties []property
}

// layout is which properties belong together. What is in none of them is in the last.
func layout() []struct {
	title string
	names []string
} {
	return []struct {
		title string
		names []string
	}{
		{"Identity", []string{"id", "userPrincipalName", "displayName", "givenName", "surname", "userType", "mailNickname"}},
		{"Job information", []string{"jobTitle", "department", "companyName", "employeeId", "employeeType", "division", "costCenter", "officeLocation", "manager"}},
		{"Contact information", []string{
			"mail", "otherMails", "businessPhones", "mobilePhone", "faxNumber", "streetAddress", "postalCode", "city", "state", "country",
			"preferredLanguage", "usageLocation",
		}},
	}
}

// userSections returns the properties that a user has. The manager's name is given,
// because the user has the id alone.
func userSections(user directory.User, manager string) []section {
	shown := map[string]bool{"accountEnabled": true}
	var sections []section
	for _, each := range layout() {
		s := section{Title: each.title}
		for _, name := range each.names {
			shown[name] = true
			if p, found := newProperty(name, user.Get(name)); found {
				s.Properties = append(s.Properties, p.linked(manager))
			}
		}
		sections = append(sections, s)
	}
	rest := section{Title: "Other properties", Properties: properties(user.Attributes, func(name string) bool { return shown[name] })}
	return slices.DeleteFunc(append(sections, rest), func(s section) bool { return len(s.Properties) == 0 })
}

// properties returns attributes by name, without those that are left out.
func properties(attributes attr.Object, without func(name string) bool) []property {
	var list []property
	for name, value := range attributes.All() {
		if p, found := newProperty(name, value); found && !without(name) {
			list = append(list, p)
		}
	}
	slices.SortFunc(list, func(a, b property) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// newProperty returns a property; false: it has no value.
func newProperty(name string, value attr.Value) (property, bool) {
	p := property{Name: name, Title: titleOf(name), Copy: name == "id"}
	for _, item := range value.Items() {
		if text := textOf(item); text != "" {
			p.Values = append(p.Values, text)
		}
	}
	return p, len(p.Values) > 0
}

func textOf(value attr.Value) string {
	switch value.Kind() { //nolint:exhaustive // the others write themselves.
	case attr.Boolean:
		if value.Bool() {
			return "Yes"
		}
		return "No"
	case attr.Reference:
		return value.Ref().ID
	}
	return value.String()
}

// linked returns the property with the page that its value leads to.
func (p property) linked(manager string) property {
	switch p.Name {
	case "manager":
		p.Path = userPath(p.Values[0])
		p.Values = []string{nameOf(manager, p.Values[0])}
	case "department":
		p.Path = departmentPath(p.Values[0])
	}
	return p
}

// titleOf writes a name of Microsoft Graph in words: jobTitle is "Job title".
func titleOf(name string) string {
	known := map[string]string{
		"id": "Object ID", "employeeId": "Employee ID", "onPremisesImmutableId": "On-premises immutable ID",
		"onPremisesSamAccountName": "On-premises SAM account name", "onPremisesSecurityIdentifier": "On-premises security identifier",
		"onPremisesSyncEnabled": "On-premises sync enabled", "otherMails": "Other mail addresses", "proxyAddresses": "Proxy addresses",
		"faxNumber": "Fax number", "costCenter": "Cost center",
	}
	if title, found := known[name]; found {
		return title
	}
	if directory.IsExtensionName(name) {
		return name
	}
	var title strings.Builder
	for i, letter := range name {
		switch {
		case i == 0:
			title.WriteRune(unicode.ToUpper(letter))
		case unicode.IsUpper(letter):
			title.WriteString(" " + string(unicode.ToLower(letter)))
		default:
			title.WriteRune(letter)
		}
	}
	return title.String()
}
