package store

import "slices"

// Role says what a client of the API, or an administrator in the portal, may do.
type Role string

// The roles. Each may do what the one before it may.
const (
	RoleReader        Role = "reader"        // read everything
	RoleOperator      Role = "operator"      // run, pause and retry
	RoleAdministrator Role = "administrator" // change everything
)

// Roles returns all roles, the least first.
func Roles() []Role { return []Role{RoleReader, RoleOperator, RoleAdministrator} }

// Allows reports whether the role may do what needs another one. A role that is not
// one of the three may do nothing.
func (r Role) Allows(needed Role) bool {
	has := slices.Index(Roles(), r)
	return has >= 0 && slices.Contains(Roles()[:has+1], needed)
}
