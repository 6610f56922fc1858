package mapping

import (
	"cmp"
	"slices"
	"strings"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/directory"
)

const (
	appRoleAssignments = "appRoleAssignments"
	roleName           = "displayName"
	principalType      = "principalType"
	inPerson           = "User"
	isEnabled          = "isEnabled"
)

// roleValues returns the grants that have a role as the values of
// appRoleAssignments. A role that was imported has no value of its own in
// Microsoft Entra's schema; its name stands in, because role functions pass over
// roles without a value.
//
// A role that is disabled, because the target no longer has it, would only make
// every write fail: it is left out beside one that is enabled. Disabled ones alone
// stay, marked as such, so that nobody silently gets another role; see staleRoles.
func roleValues(grants []directory.Grant) []attr.Value {
	var roles []attr.Value
	usable := slices.ContainsFunc(grants, func(g directory.Grant) bool { return g.Role.Enabled && g.Role.ID != directory.DefaultAccess })
	for _, grant := range grants {
		if grant.Role.ID == directory.DefaultAccess || usable && !grant.Role.Enabled {
			continue
		}
		principal := "Group"
		if grant.Direct() {
			principal = inPerson
		}
		role := attr.NewBuilder("AppRole", grant.Role.ID, 5)
		role.Set(roleName, attr.Text(grant.Role.DisplayName))
		role.Set("id", attr.Text(grant.Role.ID))
		if !grant.Role.Enabled {
			role.Set(isEnabled, attr.Bool(false))
		}
		role.Set(principalType, attr.Text(principal))
		role.Set("value", attr.Text(cmp.Or(grant.Role.Value, grant.Role.DisplayName)))
		roles = append(roles, attr.Nested(role.Object()))
	}
	sortRoles(roles, nil)
	return roles
}

// PreferredRole returns the id of the role that counts first of those that somebody is
// given, and of how many different ones that is: an assignment in person before one
// through a group, then by the ranking, which lists names, then by name. Roles that the
// target no longer has count only where there is no other one, default access never. A
// mapping that takes one role, such as SingleAppRoleAssignment, takes that one.
func PreferredRole(grants []directory.Grant, ranking []string) (roleID string, different int) {
	roles := roleValues(grants)
	sortRoles(roles, ranking)
	var ids []string
	for _, role := range roles {
		if id := role.Nested().Get("id").String(); !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return "", 0
	}
	return ids[0], len(ids)
}

// sortRoles puts role assignments into the order of preference: in person before
// through a group, then by the ranking, then by name. Roles that the ranking does
// not name come behind those that it does.
func sortRoles(roles []attr.Value, ranking []string) {
	if len(roles) < 2 {
		return
	}
	slices.SortStableFunc(roles, func(a, b attr.Value) int {
		left, right := a.Nested(), b.Nested()
		return cmp.Or(
			cmp.Compare(distance(left), distance(right)),
			cmp.Compare(rank(left, ranking), rank(right, ranking)),
			strings.Compare(left.Get(roleName).String(), right.Get(roleName).String()),
			strings.Compare(left.Get("id").String(), right.Get("id").String()),
		)
	})
}

func distance(role attr.Object) int {
	if role.Get(principalType).String() == inPerson {
		return 0
	}
	return 1
}

func rank(role attr.Object, ranking []string) int {
	name := role.Get(roleName).String()
	i := slices.IndexFunc(ranking, func(ranked string) bool { return strings.EqualFold(ranked, name) })
	if i < 0 {
		return len(ranking)
	}
	return i
}

// ranked returns the source with its role assignments in the order of the
// ranking.
func ranked(source attr.Object, ranking []string) attr.Object {
	if len(ranking) == 0 {
		return source
	}
	assignments := source.Get(appRoleAssignments)
	if len(assignments.Items()) < 2 {
		return source
	}
	roles := slices.Clone(assignments.Items())
	sortRoles(roles, ranking)
	return source.With(appRoleAssignments, attr.Values(roles...))
}

// staleRoles returns a warning for someone who has no role but such as the target
// no longer has, nil for everybody else.
func (m *Mapping) staleRoles(source attr.Object) []string {
	roles := source.Get(appRoleAssignments).Items()
	if !m.usesRoles || len(roles) == 0 {
		return nil
	}
	names := make([]string, len(roles))
	for i, role := range roles {
		if enabled := role.Nested().Get(isEnabled); enabled.Kind() != attr.Boolean || enabled.Bool() {
			return nil
		}
		names[i] = role.Nested().Get(roleName).String()
	}
	return []string{"the application no longer has the role " + strings.Join(slices.Compact(names), ", ") + "; assign a role that it has"}
}
