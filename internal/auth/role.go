package auth

import (
	"fmt"
	"strings"

	"github.com/usher-id/usher/internal/store"
)

// permission is a permission of Microsoft Graph and the role that stands for it here.
type permission struct {
	name string
	role store.Role
}

// permissions are the application permissions of Microsoft Graph that clients of
// provisioning ask for (Microsoft Graph permissions reference), and Usher's own. A
// client has those of its role and of the roles below it.
func permissions() []permission {
	return []permission{
		{"Usher.Reader", store.RoleReader},
		{"User.Read.All", store.RoleReader},
		{"Group.Read.All", store.RoleReader},
		{"GroupMember.Read.All", store.RoleReader},
		{"Application.Read.All", store.RoleReader},
		{"Directory.Read.All", store.RoleReader},
		{"Organization.Read.All", store.RoleReader},
		{"Domain.Read.All", store.RoleReader},
		{"Synchronization.Read.All", store.RoleReader},
		{"ProvisioningLog.Read.All", store.RoleReader},
		{"AuditLog.Read.All", store.RoleReader},
		{"Usher.Operator", store.RoleOperator},
		{"Usher.Administrator", store.RoleAdministrator},
		{"User.ReadWrite.All", store.RoleAdministrator},
		{"Group.ReadWrite.All", store.RoleAdministrator},
		{"GroupMember.ReadWrite.All", store.RoleAdministrator},
		{"Application.ReadWrite.All", store.RoleAdministrator},
		{"Application.ReadWrite.OwnedBy", store.RoleAdministrator},
		{"AppRoleAssignment.ReadWrite.All", store.RoleAdministrator},
		{"Directory.ReadWrite.All", store.RoleAdministrator},
		{"Synchronization.ReadWrite.All", store.RoleAdministrator},
		{"SynchronizationData-User.Upload", store.RoleAdministrator},
	}
}

// ParseRole returns the role of a name: reader, operator, administrator, or a
// permission of Microsoft Graph, which gives the least role that includes it. The
// error lists the roles.
func ParseRole(name string) (store.Role, error) {
	for _, role := range store.Roles() {
		if strings.EqualFold(name, string(role)) {
			return role, nil
		}
	}
	for _, p := range permissions() {
		if strings.EqualFold(name, p.name) {
			return p.role, nil
		}
	}
	return "", fmt.Errorf("there is no role %q; there are reader, operator and administrator, and the names of Microsoft Graph's permissions stand for them", name)
}

// permissionsOf returns the names of the permissions that a role has, for a token.
func permissionsOf(role store.Role) []string {
	var names []string
	for _, p := range permissions() {
		if role.Allows(p.role) {
			names = append(names, p.name)
		}
	}
	return names
}
