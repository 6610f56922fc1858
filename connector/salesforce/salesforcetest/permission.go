package salesforcetest

// permission is a system permission of a profile or a permission set. Its field
// is named Permissions followed by the name.
type permission struct{ name, label string }

// The permissions that the org itself asks for.
const (
	permissionAPIEnabled           = "ApiEnabled"
	permissionManageUsers          = "ManageUsers"
	permissionManageInternalUsers  = "ManageInternalUsers"
	permissionViewSetup            = "ViewSetup"
	permissionViewRoles            = "ViewRoles"
	permissionAssignPermissionSets = "AssignPermissionSets"
	permissionResetPasswords       = "ResetPasswords"
	permissionFreezeUsers          = "FreezeUsers"
	permissionModifyAllData        = "ModifyAllData"
	permissionUseAnyAPIAuth        = "UseAnyApiAuth"
)

// permissions lists the system permissions that the simulated org knows.
func permissions() []permission {
	return []permission{
		{permissionAPIEnabled, "API Enabled"},
		{permissionUseAnyAPIAuth, "Use Any API Auth"},
		{"ApiUserOnly", "API Only User"},
		{permissionManageUsers, "Manage Users"},
		{permissionManageInternalUsers, "Manage Internal Users"},
		{permissionViewSetup, "View Setup and Configuration"},
		{permissionViewRoles, "View Roles and Role Hierarchy"},
		{"ManageRoles", "Manage Roles"},
		{"ManageProfilesPermissionsets", "Manage Profiles and Permission Sets"},
		{permissionAssignPermissionSets, "Assign Permission Sets"},
		{permissionResetPasswords, "Reset User Passwords and Unlock Users"},
		{permissionFreezeUsers, "Freeze Users"},
		{"PasswordNeverExpires", "Password Never Expires"},
		{"ViewAllUsers", "View All Users"},
		{"ViewAllData", "View All Data"},
		{permissionModifyAllData, "Modify All Data"},
		{"BulkApiHardDelete", "Bulk API Hard Delete"},
		{"CustomizeApplication", "Customize Application"},
		{"EditEvent", "Edit Events"},
		{"EditTask", "Edit Tasks"},
		{"RunReports", "Run Reports"},
		{"ConvertLeads", "Convert Leads"},
		{"ManageSolutions", "Manage Published Solutions"},
		{"ActivateContract", "Activate Contracts"},
	}
}

// implied lists what a permission brings along (Help: User Permissions). Without it
// an integration user with Manage Users would seem to lack half of what it has.
func implied(name string) []string {
	switch name {
	case permissionManageUsers:
		return []string{
			permissionManageInternalUsers, permissionViewSetup, permissionViewRoles, "ManageRoles",
			permissionAssignPermissionSets, permissionResetPasswords, permissionFreezeUsers, "ManageProfilesPermissionsets",
		}
	case permissionManageInternalUsers:
		return []string{permissionResetPasswords, permissionFreezeUsers, permissionViewRoles, permissionViewSetup}
	case permissionModifyAllData:
		return []string{"ViewAllData"}
	}
	return nil
}

// withImplied returns the names and everything they bring along.
func withImplied(names []string) map[string]bool {
	all := map[string]bool{}
	for len(names) > 0 {
		name := names[0]
		names = names[1:]
		if !all[name] {
			all[name] = true
			names = append(names, implied(name)...)
		}
	}
	return all
}
