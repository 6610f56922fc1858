package salesforce

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/usher-id/usher/connector"
)

// permission is a system permission of Salesforce with what it is needed for.
// Another permission may bring it along.
type permission struct {
	name    string   // in the field Permissions<name>
	label   string   // in Setup
	feature string   // what does not work without it
	within  []string // permissions that include it
}

// manageUsers is the permission that includes nearly all the others.
const manageUsers = "ManageUsers"

// neededPermissions lists what provisioning needs, the most basic first. API
// Enabled is not among them: without it there is no session to ask with, and the
// sign-in says so. What only some mappings and settings need is listed when they
// are used.
func (c *Connector) neededPermissions() []permission {
	needed := []permission{
		{"ViewSetup", "View Setup and Configuration", "reading profiles and roles of users", []string{manageUsers, "ManageInternalUsers"}},
		{"ManageInternalUsers", "Manage Internal Users", "creating, updating and deactivating users", []string{manageUsers}},
		{"ViewRoles", "View Roles and Role Hierarchy", "UserRoleName and UserRoleId", []string{manageUsers, "ManageInternalUsers"}},
		{"AssignPermissionSets", "Assign Permission Sets", "permission sets, permission set groups and permission set licenses", []string{manageUsers}},
	}
	var features []string
	if slices.Contains(c.mapped, attributePublicGroups) {
		features = append(features, "members of public groups and queues")
	}
	if c.leaving.freeze || slices.Contains(c.mapped, attributeIsFrozen) {
		features = append(features, "freezing the sign-in of users")
	}
	if len(features) > 0 {
		needed = append(needed, permission{manageUsers, "Manage Users", strings.Join(features, "; "), nil})
	}
	return needed
}

// Check signs in anew, finds the API version, and reads the organization and the
// permissions of the user that it signed in as. What does not work comes as a
// *connector.Error with advice; a lacking permission does not.
func (c *Connector) Check(ctx context.Context) (connector.Health, error) {
	s, err := c.client.fresh(ctx)
	if err != nil {
		return connector.Health{}, fmt.Errorf("sign in to Salesforce: %w", err)
	}
	health := connector.Health{Account: s.username, Version: s.version}
	sandbox, err := c.organization(ctx, s, &health)
	if err != nil {
		return connector.Health{}, fmt.Errorf("read the organization in Salesforce: %w", err)
	}
	if err := c.permissions(ctx, s, &health); err != nil {
		return connector.Health{}, fmt.Errorf("read permissions in Salesforce: %w", err)
	}
	health.Warnings = append(c.warnings(sandbox), c.checkLeaving(ctx)...)
	return health, nil
}

// checkLeaving warns of a profile for disabled users that cannot be given.
func (c *Connector) checkLeaving(ctx context.Context) []string {
	if c.leaving.profile == "" {
		return nil
	}
	err := c.profiles.load(ctx, c.client, []string{c.leaving.profile})
	if err == nil {
		if _, fault := c.profiles.find(attributeProfileName, c.leaving.profile); fault != nil {
			return []string{"Disabled users will keep their profile: " + fault.Message}
		}
		return nil
	}
	return []string{"Whether disabled users can be given their profile could not be found out: " + asError(err).Error()}
}

// organization fills in name and id of the org, and tells whether it is a
// sandbox.
func (c *Connector) organization(ctx context.Context, s session, health *connector.Health) (bool, error) {
	records, err := c.client.all(ctx, "SELECT Id, Name, OrganizationType, IsSandbox FROM Organization")
	switch {
	case err != nil && refusedField(err):
		health.Organization = s.organization
		return s.sandbox, nil
	case err != nil:
		return false, err
	case len(records) == 0:
		health.Organization = s.organization
		return s.sandbox, nil
	}
	r := records[0]
	health.Organization = fmt.Sprintf("%s (%s, %s)", r.text("Name"), r.text("OrganizationType"), longID(r.text(attributeID)))
	return r.truth("IsSandbox"), nil
}

// permissions fills in the account and what it lacks. Permissions come from the
// profile and from permission sets; the second are asked for only where the
// first do not suffice.
func (c *Connector) permissions(ctx context.Context, s session, health *connector.Health) error {
	if !isID(s.userID) {
		return nil
	}
	needed := c.neededPermissions()
	granted := map[string]bool{}
	records, known, err := c.grants(ctx, "Id, Username", "Profile.", "User WHERE Id = '"+s.userID+"'", needed)
	if err != nil {
		return err
	}
	for _, r := range records {
		health.Account = r.text("Username")
		collect(granted, r, "Profile", known)
	}
	// Who may not look at setup sees no permissions, not even the own ones. The others
	// all bring View Setup along, so they are lacking too.
	if known != nil && slices.ContainsFunc(needed, func(p permission) bool { return !p.granted(granted) }) {
		records, known, err = c.grants(ctx, "Id", "PermissionSet.", "PermissionSetAssignment WHERE AssigneeId = '"+s.userID+"'", needed)
		if err != nil {
			return err
		}
		for _, r := range records {
			collect(granted, r, "PermissionSet", known)
		}
	}
	for _, p := range needed {
		found := connector.Permission{Name: p.label, Feature: p.feature}
		if p.granted(granted) {
			health.Granted = append(health.Granted, found)
		} else {
			health.Missing = append(health.Missing, found)
		}
	}
	return nil
}

// grants asks for as many permissions as the org knows: an edition may lack a
// field, and an account without View Setup sees none. The names of those asked
// for come back; none means that they cannot be seen.
func (c *Connector) grants(ctx context.Context, fields, parent, from string, needed []permission) ([]record, []string, error) {
	all := []string{manageUsers}
	for _, p := range needed {
		if !slices.Contains(all, p.name) { // a field that is named twice is refused
			all = append(all, p.name)
		}
	}
	for _, asked := range [][]string{all, {manageUsers}, nil} {
		var b strings.Builder
		b.WriteString("SELECT " + fields)
		for _, name := range asked {
			b.WriteString(", " + parent + "Permissions" + name)
		}
		records, err := c.client.all(ctx, b.String()+" FROM "+from)
		if err == nil {
			return records, asked, nil
		}
		if !refusedField(err) {
			return nil, nil, err
		}
	}
	return nil, nil, nil
}

// collect notes the permissions that a record grants.
func collect(granted map[string]bool, r record, parent string, asked []string) {
	for _, name := range asked {
		if r.truth(parent, "Permissions"+name) {
			granted[name] = true
		}
	}
}

// granted reports whether the permission is granted, or included in one that is.
func (p permission) granted(granted map[string]bool) bool {
	return granted[p.name] || slices.ContainsFunc(p.within, func(other string) bool { return granted[other] })
}

// warnings says what works today and will not for long, or is probably not meant.
func (c *Connector) warnings(sandbox bool) []string {
	var warnings []string
	if c.client.account.method == methodPassword {
		warnings = append(warnings, "The sign-in with a password (SOAP login) is switched off in new orgs and retired with Salesforce's Summer '27 release. "+
			"Create an External Client App and sign in with Client ID and Client Secret, or with a private key.")
	}
	switch {
	case sandbox && !c.client.account.sandbox:
		warnings = append(warnings, "This org is a sandbox, but the application was added as Salesforce and not as Salesforce Sandbox: usernames get no suffix.")
	case !sandbox && c.client.account.sandbox:
		warnings = append(warnings, "This org is not a sandbox, but the application was added as Salesforce Sandbox.")
	}
	return warnings
}
