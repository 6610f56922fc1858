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
)

// roleValues returns the grants that have a role as the values of
// appRoleAssignments. A role that was imported has no value of its own in
// Microsoft Entra's schema; its name stands in, because role functions pass over
// roles without a value.
func roleValues(grants []directory.Grant) []attr.Value {
	var roles []attr.Value
	for _, grant := range grants {
		if grant.Role.ID == directory.DefaultAccess {
			continue
		}
		principal := "Group"
		if grant.Direct() {
			principal = inPerson
		}
		role := attr.NewBuilder("AppRole", grant.Role.ID, 4)
		role.Set(roleName, attr.Text(grant.Role.DisplayName))
		role.Set("id", attr.Text(grant.Role.ID))
		role.Set(principalType, attr.Text(principal))
		role.Set("value", attr.Text(cmp.Or(grant.Role.Value, grant.Role.DisplayName)))
		roles = append(roles, attr.Nested(role.Object()))
	}
	sortRoles(roles, nil)
	return roles
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
