package salesforcetest

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// User is a user of an org as it was when it was asked for.
type User struct {
	ID           string // 18 characters
	Username     string
	Email        string
	PendingEmail string // that waits for its confirmation; empty if none
	IsActive     bool
	IsFrozen     bool
	ProfileID    string
	ProfileName  string
	LicenseName  string
	ManagerID    string
	RoleName     string
	// PermissionSets and PermissionSetGroups are the names that were assigned, sorted.
	PermissionSets      []string
	PermissionSetGroups []string
	// PermissionSetLicenses are developer names, sorted.
	PermissionSetLicenses []string
	// Groups are the developer names of the public groups and queues, sorted.
	Groups  []string
	Created time.Time
	Changed time.Time // SystemModstamp

	fields map[string]string
}

// Get returns a field of the User object by its name in any case, as text:
// true or false for booleans, empty for null and for unknown names.
func (u User) Get(field string) string { return u.fields[strings.ToLower(field)] }

// Users returns all users in the order of their creation.
func (o *Org) Users() []User {
	o.mu.RLock()
	defer o.mu.RUnlock()
	rows := o.tables["User"].rows
	users := make([]User, 0, len(rows))
	for _, r := range rows {
		users = append(users, o.userOf(r))
	}
	return users
}

// User finds a user by username, in any case.
func (o *Org) User(username string) (User, bool) {
	o.mu.RLock()
	defer o.mu.RUnlock()
	if r := o.userNamed(username); r != nil {
		return o.userOf(r), true
	}
	return User{}, false
}

// UserByID finds a user by an id of 15 or 18 characters.
func (o *Org) UserByID(id string) (User, bool) {
	o.mu.RLock()
	defer o.mu.RUnlock()
	if r := o.tables["User"].get(id); r != nil {
		return o.userOf(r), true
	}
	return User{}, false
}

// userOf copies a record. The caller holds the lock.
func (o *Org) userOf(r *record) User {
	t := o.schema.object("User")
	u := User{
		ID: r.id, PendingEmail: o.pendingOf(r.id).address, IsActive: o.isActive(r), IsFrozen: o.signIn(r.id).frozen,
		Created: time.UnixMilli(r.created).UTC(), Changed: time.UnixMilli(r.stamp).UTC(), fields: make(map[string]string, len(t.fields)),
	}
	for _, f := range t.fields {
		if v := o.value(t, r, f); v != "" {
			u.fields[strings.ToLower(f.name)] = v
		}
	}
	u.Username, u.Email, u.ProfileID, u.ManagerID = u.Get("Username"), u.Get("Email"), u.Get("ProfileId"), u.Get("ManagerId")
	if profile := o.tables["Profile"].get(u.ProfileID); profile != nil {
		u.ProfileName = o.name("Profile", u.ProfileID, "Name")
		license, _ := profile.stored(o.profileLicense)
		u.LicenseName = o.name("UserLicense", license, "Name")
	}
	u.RoleName = o.name("UserRole", u.Get("UserRoleId"), "Name")
	u.PermissionSets = o.permissionSetsOf(r.id)
	u.PermissionSetGroups = o.related(r.id, "PermissionSetAssignment", "AssigneeId", "PermissionSetGroupId", "PermissionSetGroup", "DeveloperName")
	u.PermissionSetLicenses = o.related(r.id, "PermissionSetLicenseAssign", "AssigneeId", "PermissionSetLicenseId", "PermissionSetLicense", "DeveloperName")
	u.Groups = o.related(r.id, "GroupMember", "UserOrGroupId", "GroupId", "Group", "DeveloperName")
	return u
}

// permissionSetsOf lists the permission sets that were assigned one by one, not
// those that stand for the profile or for a group.
func (o *Org) permissionSetsOf(user string) []string {
	t, sets := o.schema.object("PermissionSetAssignment"), o.schema.object("PermissionSet")
	var names []string
	for _, r := range o.tables[t.name].find(t.field("AssigneeId"), user) {
		id, _ := r.stored(t.field("PermissionSetId"))
		set := o.tables[sets.name].get(id)
		if set == nil {
			continue
		}
		if kind, _ := set.stored(sets.field("Type")); kind != "Profile" && kind != "Group" {
			names = append(names, o.value(sets, set, sets.field("Name")))
		}
	}
	slices.Sort(names)
	return names
}

// pendingOf finds an address that can still be confirmed.
func (o *Org) pendingOf(user string) pendingEmail {
	p, waiting := o.pending[user]
	if !waiting || time.Since(time.UnixMilli(p.since)) > confirmationLife {
		return pendingEmail{}
	}
	return p
}

// name reads one field of a record by id; empty if there is none.
func (o *Org) name(object, id, field string) string {
	t := o.schema.object(object)
	if r := o.tables[object].get(id); r != nil && id != "" {
		return o.value(t, r, t.field(field))
	}
	return ""
}

// related lists names at the far end of a junction object, sorted.
func (o *Org) related(id, junction, near, far, target, field string) []string {
	t := o.schema.object(junction)
	var names []string
	for _, r := range o.tables[junction].find(t.field(near), id) {
		if other, _ := r.stored(t.field(far)); other != "" {
			names = append(names, o.name(target, other, field))
		}
	}
	slices.Sort(names)
	return names
}

// SetUser changes fields of a user as an administrator would in the org's own
// pages: it can write what the API cannot, an e-mail address changes at once,
// and seats may be overdrawn. ProfileName is accepted for ProfileId.
func (o *Org) SetUser(username string, fields map[string]any) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	t, r := o.schema.object("User"), o.userNamed(username)
	if r == nil {
		return fmt.Errorf("change user %q in the simulated org: there is none", username)
	}
	var members []member
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		value := fields[name]
		if strings.EqualFold(name, "ProfileName") {
			name, value = "ProfileId", o.idNamed("Profile", fmt.Sprint(value))
		}
		members = append(members, member{name, plain(value)})
	}
	d, _, refused := o.draftOf(t, members)
	if refused != nil {
		return fmt.Errorf("change user %q in the simulated org: %w", username, refused)
	}
	tx := o.begin(r.id)
	tx.trusted = true
	if refusals := tx.update(t, r.id, d); len(refusals) > 0 {
		return fmt.Errorf("change user %q in the simulated org: %w", username, refusals[0])
	}
	return nil
}

// idNamed finds a record by Name; empty if there is none.
func (o *Org) idNamed(object, name string) string {
	t := o.schema.object(object)
	for _, r := range o.tables[object].rows {
		if r != nil && strings.EqualFold(o.value(t, r, t.field("Name")), name) {
			return r.id
		}
	}
	return ""
}

// Licenses returns the user licenses with their seats, in the order of the configuration.
func (o *Org) Licenses() []License {
	o.mu.RLock()
	defer o.mu.RUnlock()
	t := o.schema.object("UserLicense")
	var list []License
	for _, r := range o.tables["UserLicense"].rows {
		list = append(list, License{
			Name: o.value(t, r, t.field("Name")), DefinitionKey: o.definitionKey(r), UserType: o.userTypes[r.id],
			Total: o.integer(r, "UserLicense", "TotalLicenses"), Used: o.used[r.id],
		})
	}
	return list
}

// Records returns every record of an object as texts by field name, in the
// order of their creation. Null fields are left out.
func (o *Org) Records(object string) []map[string]string {
	o.mu.RLock()
	defer o.mu.RUnlock()
	t := o.schema.object(object)
	if t == nil {
		return nil
	}
	var list []map[string]string
	for _, r := range o.tables[t.name].rows {
		if r == nil {
			continue
		}
		values := map[string]string{}
		for _, f := range t.fields {
			if v := o.value(t, r, f); v != "" {
				values[f.name] = v
			}
		}
		list = append(list, values)
	}
	return list
}

// OrganizationID returns the id of the org, which changes with Refresh.
func (o *Org) OrganizationID() string {
	o.mu.RLock()
	defer o.mu.RUnlock()
	return o.id
}

// Credentials returns what signs in as the integration user now.
func (o *Org) Credentials() Credentials {
	o.mu.RLock()
	defer o.mu.RUnlock()
	c := Credentials{ClientID: o.config.Applications[0].ClientID, ClientSecret: o.config.Applications[0].ClientSecret}
	if rows := o.tables["User"].rows; len(rows) > 0 {
		c.Username, _ = rows[0].stored(o.user.username)
		s := o.signIn(rows[0].id)
		c.Password, c.SecurityToken = s.password, s.token
	}
	return c
}

// ConfirmEmail confirms the new address of a user as its owner would, and tells
// whether one was waiting. Addresses wait 72 hours.
func (o *Org) ConfirmEmail(username string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	r := o.userNamed(username)
	if r == nil {
		return false
	}
	p := o.pendingOf(r.id)
	delete(o.pending, r.id)
	if p.address == "" {
		return false
	}
	tx := o.begin(r.id)
	tx.replace(o.tables["User"], newDraft(o.tables["User"].object, r).put(o.user.email, p.address))
	return true
}

// ExpireSessions ends every session. Refresh tokens stay.
func (o *Org) ExpireSessions() { o.sessions.endAll(false) }

// ExpireCursors makes the next page of every query stale.
func (o *Org) ExpireCursors() { o.cursors.drop() }

// RotateSecurityToken gives a user another security token and returns it. The
// old one stops working; sessions go on.
func (o *Org) RotateSecurityToken(username string) (string, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	r := o.userNamed(username)
	if r == nil {
		return "", fmt.Errorf("rotate the security token of %q: there is no such user", username)
	}
	s := o.signIns[r.id]
	s.token = newSecurityToken()
	o.signIns[r.id] = s
	return s.token, nil
}

// ExpirePassword makes the user choose a new password before anything else.
func (o *Org) ExpirePassword(username string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	r := o.userNamed(username)
	if r == nil {
		return fmt.Errorf("expire the password of %q: there is no such user", username)
	}
	s := o.signIns[r.id]
	s.expired = true
	o.signIns[r.id] = s
	o.endSessions(r.id)
	return nil
}

// SetLatency changes how long every request takes.
func (o *Org) SetLatency(d time.Duration) { o.latency.set(d) }

// SetDailyLimit changes how many API requests 24 hours allow.
func (o *Org) SetDailyLimit(limit int) { o.usage.setLimit(limit) }

// SetSettings replaces the switches of the org's setup.
func (o *Org) SetSettings(s Settings) {
	o.mu.Lock()
	defer o.mu.Unlock()
	s.StateAndCountryPicklists = o.config.Settings.StateAndCountryPicklists // The fields are there or not.
	o.config.Settings = s.filled()
}

// SetLicenseTotal changes the seats of a license.
func (o *Org) SetLicenseTotal(name string, total int) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	t := o.tables["UserLicense"]
	r := t.get(o.idNamed("UserLicense", name))
	if r == nil {
		return fmt.Errorf("change the seats of license %q: there is none", name)
	}
	f := t.object.field("TotalLicenses")
	o.begin("").replace(t, newDraft(t.object, r).put(f, strconv.Itoa(total)))
	return nil
}

// SetProfilePermission gives a permission such as ApiEnabled to a profile, and to
// the permission set that the profile owns, or takes it from both.
func (o *Org) SetProfilePermission(profile, permission string, granted bool) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	t := o.tables["Profile"]
	r, f := t.get(o.idNamed("Profile", profile)), t.object.field("Permissions"+permission)
	if r == nil || f == nil {
		return fmt.Errorf("change permission %q of profile %q: there is no such profile or permission", permission, profile)
	}
	tx, sets := o.begin(""), o.tables["PermissionSet"]
	tx.replace(t, newDraft(t.object, r).put(f, truth(granted)))
	if owned := sets.get(o.standIn("ProfileId", r.id)); owned != nil {
		tx.replace(sets, newDraft(sets.object, owned).put(sets.object.field(f.name), truth(granted)))
	}
	return nil
}

// Refresh makes the org anew from its configuration, as a refresh of a sandbox
// does: with another organization id, and without any session or token.
func (o *Org) Refresh() error { return o.renew(0) }

// Reset makes the org anew from its configuration and keeps its organization
// id. Sessions end; statistics, usage and the schedule of faults start anew.
func (o *Org) Reset() error {
	if err := o.renew(o.number); err != nil {
		return err
	}
	o.ResetStatistics()
	o.usage.reset()
	o.SetFaults(o.config.Faults)
	return nil
}

// renew empties the org and fills it again; number 0 is the next of the universe.
func (o *Org) renew(number int) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, r := range o.tables["User"].rows {
		username, _ := r.stored(o.user.username)
		o.config.Universe.release(username)
	}
	o.sessions.endAll(true)
	o.cursors.drop()
	o.jobs.drop()
	if err := o.build(number); err != nil {
		return fmt.Errorf("make the content of the simulated org anew: %w", err)
	}
	return nil
}
