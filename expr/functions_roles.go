package expr

import (
	"fmt"

	"github.com/usher-id/usher/attr"
)

// The members of one value of the attribute appRoleAssignments, whose values are
// in the order of preference.
const (
	roleDisplayName = "displayName"
	roleValue       = "value"
)

//nolint:gochecknoglobals // compile-time table
var roleFunctions = []definition{
	{
		Function: Function{
			Name: "SingleAppRoleAssignment", Result: TypeString, Reference: true,
			Summary: "Returns the name of the role that is assigned. Of several, the directory's order of preference decides: " +
				"direct assignments come before those through groups. The log then carries a warning.",
			Parameters: []FunctionParameter{roles()},
			Example:    Example{Expression: `SingleAppRoleAssignment([appRoleAssignments])`, Result: "Standard User"},
		}, build: simple(evalSingleRole),
	},
	{
		Function: Function{
			Name: "AppRoleAssignments", Result: TypeMultiValued,
			Summary:    "Returns the names of all roles that are assigned, each one once.",
			Parameters: []FunctionParameter{roles()},
			Example:    Example{Expression: `AppRoleAssignments([appRoleAssignments])`, Result: "Standard User;Support"},
		}, build: simple(evalRoles),
	},
	{
		Function: Function{
			Name: "AppRoleAssignmentsComplex", Result: TypeMultiValued, Reference: true,
			Summary:    "Returns all roles that are assigned as complex values with primary, type, displayName and value. The target keeps roles that it has besides.",
			Parameters: []FunctionParameter{roles()},
			Example:    Example{Expression: `AppRoleAssignmentsComplex([appRoleAssignments])`, Result: "displayName=Standard User primary=False type=WindowsAzureActiveDirectoryRole value=standard"},
		}, build: simple(func(c *call, f *frame) (attr.Value, error) { return evalComplexRoles(c, f, "displayName") }),
	},
	{
		Function: Function{
			Name: "AssertiveAppRoleAssignmentsComplex", Result: TypeMultiValued,
			Summary:    "Returns all roles that are assigned as complex values with primary, type, display and value. The target loses roles that it has besides.",
			Parameters: []FunctionParameter{roles()},
			Example:    Example{Expression: `AssertiveAppRoleAssignmentsComplex([appRoleAssignments])`, Result: "display=Standard User primary=False type=WindowsAzureActiveDirectoryRole value=standard"},
		}, build: simple(func(c *call, f *frame) (attr.Value, error) { return evalComplexRoles(c, f, "display") }),
	},
}

func roles() FunctionParameter {
	return required("source", TypeRoles, "The attribute [appRoleAssignments].")
}

// roles evaluates argument 0 to the assigned roles that have a name.
func (c *call) roles(f *frame) ([]attr.Object, error) {
	value, err := c.value(f, 0)
	if err != nil {
		return nil, err
	}
	items := value.Items()
	if err := c.charge(f, len(items)); err != nil {
		return nil, err
	}
	assigned := make([]attr.Object, 0, len(items))
	for _, item := range items {
		if item.Kind() != attr.Complex {
			return nil, c.fail("%s does not hold app role assignments", c.describe(0))
		}
		if role := item.Nested(); isRole(role) {
			assigned = append(assigned, role)
		}
	}
	return assigned, nil
}

// isRole passes over default access, which has no name. A role that was imported
// from a target, such as a Salesforce profile, has a name and no value.
func isRole(role attr.Object) bool { return !role.Get(roleDisplayName).IsEmpty() }

func evalSingleRole(c *call, f *frame) (attr.Value, error) {
	assigned, err := c.roles(f)
	if err != nil || len(assigned) == 0 {
		return attr.Value{}, err
	}
	first := assigned[0].Get(roleDisplayName)
	for _, role := range assigned[1:] {
		if other := role.Get(roleDisplayName); !attr.Equal(first, other, true) {
			f.warnings = append(f.warnings, fmt.Sprintf("%d roles are assigned; %q is used and others such as %q are not", len(assigned), first, other))
			break
		}
	}
	return first, nil
}

func evalRoles(c *call, f *frame) (attr.Value, error) {
	assigned, err := c.roles(f)
	if err != nil || len(assigned) == 0 {
		return attr.Value{}, err
	}
	var names []attr.Value
	seen := make(map[string]bool, len(assigned))
	for _, role := range assigned {
		if name := role.Get(roleDisplayName); !seen[name.String()] {
			seen[name.String()] = true
			names = append(names, name)
		}
	}
	return c.produceList(f, names)
}

// evalComplexRoles returns the roles; the two functions name the member that
// holds the role's name differently, as the published requests do.
func evalComplexRoles(c *call, f *frame, nameMember string) (attr.Value, error) {
	assigned, err := c.roles(f)
	if err != nil || len(assigned) == 0 {
		return attr.Value{}, err
	}
	values := make([]attr.Value, len(assigned))
	for i, role := range assigned {
		builder := attr.NewBuilder("", "", 4)
		builder.Set(nameMember, role.Get(roleDisplayName))
		builder.Set("primary", attr.Bool(false))
		builder.Set("type", attr.Text("WindowsAzureActiveDirectoryRole"))
		builder.Set("value", role.Get(roleValue))
		values[i] = attr.Nested(builder.Object())
	}
	return c.produceList(f, values)
}
