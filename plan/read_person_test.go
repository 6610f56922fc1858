package plan_test

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/directory"
)

// pair is a line of the form "name: value".
type pair struct{ name, value string }

// pairs reads lines of the form "name: value". Blank lines do not count.
func pairs(text string) ([]pair, error) {
	var list []pair
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		name, value, found := strings.Cut(line, ":")
		if !found {
			return nil, fmt.Errorf("line %q is not of the form \"name: value\"", line)
		}
		list = append(list, pair{strings.TrimSpace(name), strings.TrimSpace(value)})
	}
	return list, nil
}

// readUser reads a user: a line "property: value" for each property, by its name in
// Microsoft Graph. The values of a property with several are divided by ";", and
// a value in quotes may be empty. "deleted: yes" is a user who is soft-deleted.
// The id is u1 unless it is given.
func readUser(text string) (directory.User, error) {
	lines, err := pairs(text)
	if err != nil {
		return directory.User{}, err
	}
	user := directory.User{ID: "u1", AccountEnabled: true}
	attributes := attr.NewBuilder("User", "", len(lines))
	for _, line := range lines {
		switch line.name {
		case "id":
			user.ID = line.value
		case "userPrincipalName":
			user.UserPrincipalName = line.value
		case "displayName":
			user.DisplayName = line.value
		case "accountEnabled":
			user.AccountEnabled = line.value != "False"
		case "manager":
			user.ManagerID = line.value
		case "deleted":
			user.DeletedAt = time.Date(2026, time.March, 1, 8, 0, 0, 0, time.UTC)
		default:
			value, err := propertyValue(line.name, line.value)
			if err != nil {
				return directory.User{}, err
			}
			attributes.Set(line.name, value)
		}
	}
	user.Attributes = attributes.Object().WithRef(attr.Ref{Type: "User", ID: user.ID})
	return user, nil
}

func propertyValue(name, text string) (attr.Value, error) {
	if directory.IsExtensionName(name) {
		return attr.Text(unquoted(text)), nil
	}
	for _, property := range directory.UserProperties() {
		switch {
		case property.Name != name:
		case property.Multivalued:
			return attr.Texts(divided(text)...), nil
		case property.Kind == attr.Boolean:
			return attr.Bool(text == "True"), nil
		default:
			return attr.Text(unquoted(text)), nil
		}
	}
	return attr.Value{}, fmt.Errorf("a user has no property %q", name)
}

func divided(text string) []string {
	parts := strings.Split(text, ";")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return parts
}

func unquoted(text string) string {
	if plain, err := strconv.Unquote(text); err == nil {
		return plain
	}
	return text
}

// readGrants reads assignments, one a line: the name of a role, or "default access",
// and ", through GROUP" where it is not in person.
func readGrants(text string) []directory.Grant {
	var grants []directory.Grant
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		role, group, _ := strings.Cut(line, ", through ")
		grant := directory.Grant{
			AssignmentID: "assignment " + strconv.Itoa(len(grants)+1),
			Role:         directory.AppRole{ID: "id of " + role, DisplayName: role, Enabled: true},
			GroupName:    group,
		}
		if role == "default access" {
			grant.Role = directory.AppRole{ID: directory.DefaultAccess}
		}
		if group != "" {
			grant.GroupID = "id of " + group
		}
		grants = append(grants, grant)
	}
	return grants
}
