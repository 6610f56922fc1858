package graphapi

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/directory"
)

// applyUser returns the user with what a body says. Members that are not known are
// ignored, and so is the password: nobody signs in here.
func applyUser(u directory.User, f fields, declared []directory.ExtensionProperty) (directory.User, error) {
	flat, err := flatten(f)
	if err != nil {
		return u, err
	}
	changes := map[string]attr.Value{}
	for _, name := range sortedNames(flat) {
		raw := flat[name]
		property, known := userProperties()[name]
		switch {
		case known && (property.Name == "id" || property.Name == "manager"):
		case known:
			value, ok := parseValue(raw, property.Kind, property.Multivalued)
			if !ok {
				return u, badValue(property.Name, "User", "")
			}
			changes[property.Name] = value
		case directory.IsExtensionName(name):
			if err := applyExtension(changes, name, raw, declared); err != nil {
				return u, err
			}
		}
	}
	return assemble(u, changes)
}

// flatten puts the members of nested properties beside the others.
func flatten(f fields) (fields, error) {
	flat := make(fields, len(f))
	maps.Copy(flat, f)
	for _, nested := range []string{extensionAttributes, organizationData} {
		if _, there := f[strings.ToLower(nested)]; !there {
			continue
		}
		delete(flat, strings.ToLower(nested))
		object, _, err := member[map[string]json.RawMessage](f, nested)
		if err != nil {
			return nil, err
		}
		for name, raw := range object {
			if slices.ContainsFunc(membersOfNested(nested), func(known string) bool { return strings.EqualFold(known, name) }) {
				flat[strings.ToLower(name)] = raw
			}
		}
	}
	return flat, nil
}

// applyExtension takes the value of a custom extension, under the name by which it is
// declared.
func applyExtension(changes map[string]attr.Value, name string, raw json.RawMessage, declared []directory.ExtensionProperty) error {
	for _, x := range declared {
		if !strings.EqualFold(x.Name, name) {
			continue
		}
		if !slices.Contains(x.TargetObjects, "User") {
			return badValue(x.Name, "User", "It is declared for "+strings.Join(x.TargetObjects, ", ")+".")
		}
		value, ok := parseExtension(raw, x.DataType, x.Multivalued)
		if !ok {
			return badValue(x.Name, "User", "It is declared as "+x.DataType+".")
		}
		changes[x.Name] = value
		return nil
	}
	return badRequest("The extension '%s' is not declared. Declare it with POST /applications/{id}/extensionProperties.", name)
}

// assemble returns the user with changed properties.
func assemble(u directory.User, changes map[string]attr.Value) (directory.User, error) {
	u.Attributes = u.Attributes.WithRef(attr.Ref{Type: "User", ID: u.ID})
	for name, value := range changes {
		switch name {
		case "userPrincipalName":
			u.UserPrincipalName = value.String()
		case "displayName":
			u.DisplayName = value.String()
		case "accountEnabled":
			if value.IsNull() {
				return u, badValue(name, "User", "")
			}
			u.AccountEnabled = value.Bool()
		default:
			if value.IsNull() {
				u.Attributes = u.Attributes.Without(name)
			} else {
				u.Attributes = u.Attributes.With(name, value)
			}
		}
	}
	local, domain, _ := strings.Cut(u.UserPrincipalName, "@")
	if local == "" || domain == "" || strings.ContainsAny(u.UserPrincipalName, " \t\r\n") || strings.Contains(domain, "@") {
		return u, badValue("userPrincipalName", "User", "It must have the form name@domain.")
	}
	if u.DisplayName == "" || len(u.DisplayName) > 256 {
		return u, badValue("displayName", "User", "It must have from 1 to 256 characters.")
	}
	return u, nil
}
