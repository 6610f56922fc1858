package salesforcetest

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/usher-id/usher/connector/salesforce/unconfirmed"
)

// populate fills an empty org from its configuration.
func (o *Org) populate() error {
	tx := o.begin("")
	tx.trusted = true
	p := &populator{tx: tx, org: o, ids: map[string]string{}}
	p.organization()
	p.licenses()
	p.profiles()
	p.roles()
	p.permissionSets()
	p.users()
	p.groups()
	p.metadata()
	return errors.Join(p.faults...)
}

// populator creates records by name; faults are collected and reported at once.
type populator struct {
	tx     *transaction
	org    *Org
	ids    map[string]string // by object and name in lower case
	faults []error
}

// insert creates a record under a name that others may refer to.
func (p *populator) insert(objectName, name string, values map[string]any) string {
	t := p.org.schema.object(objectName)
	if _, exists := p.ids[objectName+" "+strings.ToLower(name)]; exists {
		p.fault("%s %q is there twice", objectName, name)
		return ""
	}
	members := make([]member, 0, len(values))
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if values[key] != nil && values[key] != "" {
			members = append(members, member{key, plain(values[key])})
		}
	}
	d, _, refused := p.org.draftOf(t, members)
	if refused != nil {
		p.fault("%s %q: %w", objectName, name, refused)
		return ""
	}
	id, refusals := p.tx.create(t, d)
	for _, refusal := range refusals {
		p.fault("%s %q: %w", objectName, name, refusal)
	}
	p.ids[objectName+" "+strings.ToLower(name)] = id
	return id
}

// fault notes what is wrong, and lets the others be looked at.
func (p *populator) fault(format string, arguments ...any) {
	p.faults = append(p.faults, fmt.Errorf(format, arguments...))
}

// id finds what was inserted under a name; an empty name is nothing.
func (p *populator) id(objectName, name string) string {
	id, known := p.ids[objectName+" "+strings.ToLower(name)]
	if name != "" && !known {
		p.fault("there is no %s %q", objectName, name)
	}
	return id
}

// plain turns what YAML and Go give into what JSON gives.
func plain(value any) any {
	switch v := value.(type) {
	case bool, string, nil:
		return v
	}
	return fmt.Sprint(value)
}

// organization makes the one record whose id is not the next of its table.
func (p *populator) organization() {
	c := &p.org.config
	o := p.org.schema.object("Organization")
	d := newDraft(o, nil)
	for name, value := range map[string]string{
		"Name": c.Name, "OrganizationType": c.Edition, "InstanceName": c.InstanceName, "IsSandbox": truth(c.Sandbox),
		"DefaultLocaleSidKey": "en_US", "TimeZoneSidKey": "America/Los_Angeles", "LanguageLocaleKey": "en_US", "Country": "US",
	} {
		d.put(o.field(name), value)
	}
	r := d.build(&p.org.layouts, o)
	r.id, r.created, r.modified, r.stamp = p.org.id, p.tx.now, p.tx.now, p.tx.now
	p.org.tables[o.name].put(r)
}

// licenses makes user licenses and permission set licenses.
func (p *populator) licenses() {
	for _, l := range p.org.config.Licenses {
		id := p.insert("UserLicense", l.Name, map[string]any{
			"Name": l.Name, "MasterLabel": l.Name, "LicenseDefinitionKey": l.DefinitionKey, "Status": "Active", "TotalLicenses": l.Total,
		})
		fill(&l.UserType, "Standard")
		p.org.userTypes[id] = l.UserType
	}
	p.featureMetrics()
	for _, l := range p.org.config.PermissionSetLicenses {
		fill(&l.Label, l.DeveloperName)
		p.insert("PermissionSetLicense", l.DeveloperName, map[string]any{
			"DeveloperName": l.DeveloperName, "MasterLabel": l.Label, "PermissionSetLicenseKey": l.DeveloperName, "TotalLicenses": l.Total,
		})
	}
}

// featureMetrics are measured once, when the org is made, as a real org does it
// once a day: nobody has a feature by then.
func (p *populator) featureMetrics() {
	for _, flag := range slices.Sorted(maps.Keys(p.org.config.FeatureLicenses)) {
		p.insert("ActiveFeatureLicenseMetric", flag, map[string]any{
			"FeatureType": strings.TrimPrefix(flag, "UserPermissions"), "MetricsDate": time.Now().UTC().Format(time.DateOnly),
			"TotalLicenseCount": p.org.config.FeatureLicenses[flag], "AssignedUserCount": 0, "ActiveUserCount": 0,
		})
	}
}

// profiles come with the permission set that each of them owns (Object Reference,
// PermissionSet: IsOwnedByProfile), which clients have to leave out when they list
// what can be assigned.
func (p *populator) profiles() {
	for _, profile := range p.org.config.Profiles {
		values := p.permissions("profile "+profile.Name, profile.Permissions)
		values["Name"], values["UserLicenseId"] = profile.Name, p.id("UserLicense", profile.License)
		id := p.insert("Profile", profile.Name, values)
		if strings.EqualFold(profile.Name, "System Administrator") {
			p.org.administratorProfile = id
		}
		owned := p.permissions("", profile.Permissions)
		name := unconfirmed.StandInName(id)
		maps.Copy(owned, map[string]any{
			"Name": name, "Label": id, "ProfileId": id, "IsOwnedByProfile": true, "IsCustom": false, "Type": "Profile", "LicenseId": values["UserLicenseId"],
		})
		p.insert("PermissionSet", name, owned)
	}
}

// permissions turns names into the boolean fields of profiles and permission sets.
func (p *populator) permissions(owner string, names []string) map[string]any {
	all := slices.Contains(names, "All")
	granted := withImplied(names)
	values := map[string]any{}
	for _, known := range permissions() {
		if (all && known.name != "ApiUserOnly") || granted[known.name] {
			values["Permissions"+known.name] = true
		}
		delete(granted, known.name)
	}
	delete(granted, "All")
	for _, unknown := range slices.Sorted(maps.Keys(granted)) {
		if owner != "" {
			p.fault("%s: there is no permission %q", owner, unknown)
		}
	}
	return values
}

// roles makes the hierarchy; a role stands behind the one above it.
func (p *populator) roles() {
	for _, role := range p.org.config.Roles {
		fill(&role.DeveloperName, developerName(role.Name))
		p.insert("UserRole", role.Name, map[string]any{
			"Name": role.Name, "DeveloperName": role.DeveloperName, "ParentRoleId": p.id("UserRole", role.Parent),
		})
	}
}

// permissionSets makes them and the groups that bundle them. A group has a
// permission set of the type Group that stands for it in assignments.
func (p *populator) permissionSets() {
	for _, set := range p.org.config.PermissionSets {
		fill(&set.Label, set.Name)
		values := p.permissions("permission set "+set.Name, set.Permissions)
		license := p.ids["PermissionSetLicense "+strings.ToLower(set.License)]
		if license == "" {
			license = p.id("UserLicense", set.License)
		}
		maps.Copy(values, map[string]any{"Name": set.Name, "Label": set.Label, "IsCustom": true, "Type": "Regular", "LicenseId": license})
		p.insert("PermissionSet", set.Name, values)
	}
	for _, group := range p.org.config.PermissionSetGroups {
		fill(&group.Label, group.DeveloperName)
		id := p.insert("PermissionSetGroup", group.DeveloperName, map[string]any{"DeveloperName": group.DeveloperName, "MasterLabel": group.Label})
		if id == "" {
			continue
		}
		name := unconfirmed.StandInName(id)
		p.insert("PermissionSet", name, map[string]any{"Name": name, "Label": id, "PermissionSetGroupId": id, "IsCustom": true, "Type": "Group"})
		for _, set := range group.PermissionSets {
			p.insert("PermissionSetGroupComponent", group.DeveloperName+" "+set, map[string]any{
				"PermissionSetGroupId": id, "PermissionSetId": p.id("PermissionSet", set),
			})
		}
	}
}

// users makes the users and what they hold. The first one owns everything.
func (p *populator) users() {
	for i, u := range p.org.config.Users {
		values := p.userValues(u)
		username := fmt.Sprint(values["Username"])
		for p.org.config.Sandbox && p.taken(username) {
			username = randomLetters(6) + username
			values["Username"] = username
		}
		id := p.insert("User", u.Username, values)
		if id == "" {
			continue
		}
		p.org.configured[strings.ToLower(u.Username)] = id
		p.org.signIns[id] = signIn{password: u.Password, token: u.SecurityToken, expired: u.PasswordExpired, guard: u.Guard}
		for _, set := range u.PermissionSets {
			p.insert("PermissionSetAssignment", u.Username+" "+set, map[string]any{"AssigneeId": id, "PermissionSetId": p.id("PermissionSet", set)})
		}
		if i == 0 {
			p.owner(id)
		}
	}
}

// taken probes the universe for a name of a sandbox user, which then gets
// random characters in front.
func (p *populator) taken(username string) bool {
	if !p.org.config.Universe.claim(username) {
		return true
	}
	p.org.config.Universe.release(username)
	return false
}

// userValues completes a user of the configuration.
func (p *populator) userValues(u UserConfig) map[string]any {
	local, _, _ := strings.Cut(u.Username, "@")
	email := u.Username
	if given, ok := u.Fields["Email"]; ok {
		email = fmt.Sprint(given)
	}
	values := map[string]any{
		"LastName": local, "Alias": local[:min(len(local), 8)], "TimeZoneSidKey": "America/Los_Angeles",
		"LocaleSidKey": "en_US", "EmailEncodingKey": "UTF-8", "LanguageLocaleKey": "en_US",
	}
	maps.Copy(values, u.Fields)
	values["Username"], values["Email"] = u.Username, email
	if p.org.config.Sandbox {
		values["Username"], values["Email"] = u.Username+"."+p.org.config.SandboxName, email+".invalid"
	}
	values["ProfileId"], values["UserRoleId"] = p.id("Profile", u.Profile), p.id("UserRole", u.Role)
	values["ManagerId"] = p.id("User", u.Manager)
	return values
}

// owner makes the first user the creator of everything that came before.
func (p *populator) owner(id string) {
	p.tx.user = id
	for _, t := range p.org.tables {
		for _, r := range t.rows {
			r.createdBy, r.modifiedBy = id, id
		}
	}
}

// groups makes all groups before their members, because groups can be members.
func (p *populator) groups() {
	t := p.org.tables["Group"]
	everybody := newDraft(t.object, nil).put(t.object.field("DeveloperName"), "AllInternalUsers").put(t.object.field("Type"), "Organization")
	p.tx.insert(t, everybody.put(t.object.field("RelatedId"), p.org.id))
	for _, group := range p.org.config.Groups {
		fill(&group.DeveloperName, developerName(group.Name))
		fill(&group.Type, "Regular")
		p.insert("Group", group.key(), map[string]any{
			"Name": group.Name, "DeveloperName": group.DeveloperName, "Type": group.Type, "OwnerId": p.tx.user,
		})
	}
	for _, group := range p.org.config.Groups {
		fill(&group.DeveloperName, developerName(group.Name))
		for _, name := range group.Members {
			member := p.ids["User "+strings.ToLower(name)]
			if member == "" {
				member = p.id("Group", name)
			}
			p.insert("GroupMember", group.key()+" "+name, map[string]any{"GroupId": p.id("Group", group.key()), "UserOrGroupId": member})
		}
	}
}

// key is what a group goes by while the org is made. A queue may share its name
// with a public group, and only the public group can be a member of others.
func (g Group) key() string {
	if g.Type == "Queue" {
		return "queue " + g.DeveloperName
	}
	return g.DeveloperName
}

// metadata describes the restricted picklists of users as records. There are
// hundreds, which is why they are stored without the checks of other records.
func (p *populator) metadata() {
	user := p.org.schema.object("User")
	entity := p.store("EntityDefinition", "QualifiedApiName", user.name, "DeveloperName", user.name, "KeyPrefix", user.prefix, "Label", user.label)
	for _, f := range user.fields {
		if len(f.list) == 0 {
			continue
		}
		particle := p.store("EntityParticle", "QualifiedApiName", f.name, "DeveloperName", f.name, "Label", f.label, "DataType", string(f.kind),
			"EntityDefinitionId", entity)
		for _, value := range f.list {
			p.store("PicklistValueInfo", "DurableId", user.name+"."+f.name+"."+value, "Value", value, "Label", value, "IsActive", "true",
				"IsDefaultValue", truth(value == f.defaultValue), "EntityParticleId", particle)
		}
	}
}

// store inserts a record made of names and values in turns, and returns its id.
func (p *populator) store(objectName string, values ...string) string {
	t := p.org.tables[objectName]
	d := newDraft(t.object, nil)
	for i := 0; i+1 < len(values); i += 2 {
		d.put(t.object.field(values[i]), values[i+1])
	}
	return p.tx.insert(t, d).id
}

// randomLetters is what a copied username gets in front when it is taken.
func randomLetters(n int) string {
	text := make([]byte, n)
	for i := range text {
		text[i] = byte('a' + rand.IntN(26)) //nolint:gosec // a name, not a secret.
	}
	return string(text)
}
