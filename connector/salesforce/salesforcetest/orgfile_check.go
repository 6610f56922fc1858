package salesforcetest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// check finds names that refer to nothing, and values that no org can have.
func (r *fileReader) check(config Config) {
	c := config.filled()
	k := &checker{fileReader: r, config: c, custom: map[string]bool{}}
	for _, f := range config.CustomFields {
		k.custom[strings.ToLower(f.Name)] = true
	}
	if config.Settings.StateAndCountryPicklists {
		k.custom["statecode"], k.custom["countrycode"] = true, true
	}
	k.settings()
	k.names(config)
	k.profiles(config)
	k.permissionSets(config)
	k.users(config)
	k.groups(config)
	k.checkFaults("faults", config.Faults)
}

// checker knows the whole configuration while it looks at the part of the file.
type checker struct {
	*fileReader
	config Config
	custom map[string]bool
}

// at reports a fault of a path.
func (k *checker) at(path, format string, arguments ...any) {
	k.fault(k.lineAt(path), format, arguments...)
}

// lineAt is where a path stands; without a line of its own it has that of its parent.
func (r *fileReader) lineAt(path string) int {
	for {
		line, known := r.lines[path]
		cut := strings.LastIndexAny(path, ".[")
		if known || cut < 0 {
			return line
		}
		path = path[:cut]
	}
}

// refers checks a name against the names that exist.
func (k *checker) refers(path, kind, name string, known []string) {
	if name != "" && !slices.ContainsFunc(known, func(other string) bool { return strings.EqualFold(other, name) }) {
		k.at(path, "there is no %s %q", kind, name)
	}
}

// present checks that a required text is there, and that it is there once.
func (k *checker) present(list, key string, names []string) {
	seen := map[string]bool{}
	for i, name := range names {
		path := fmt.Sprintf("%s[%d].%s", list, i, key)
		switch {
		case name == "":
			k.at(path, "%s[%d] has no %s", list, i, key)
		case seen[strings.ToLower(name)]:
			k.at(path, "%s %q is there twice", key, name)
		}
		seen[strings.ToLower(name)] = true
	}
}

// namesOf lists the names of entries.
func namesOf[T any](list []T, name func(T) string) []string {
	names := make([]string, len(list))
	for i, item := range list {
		names[i] = name(item)
	}
	return names
}

// What entries are called.
func licenseName(l License) string             { return l.Name }
func profileName(p Profile) string             { return p.Name }
func roleName(r Role) string                   { return r.Name }
func setName(s PermissionSet) string           { return s.Name }
func setGroupName(g PermissionSetGroup) string { return g.DeveloperName }
func userName(u UserConfig) string             { return u.Username }
func applicationID(a Application) string       { return a.ClientID }

// groupName is the developer name, also when it is made from the label.
func groupName(g Group) string {
	if g.DeveloperName == "" && g.Name != "" {
		return developerName(g.Name)
	}
	return g.DeveloperName
}

// names checks what everything is called, and what roles and apps refer to.
func (k *checker) names(file Config) {
	k.present("licenses", "name", namesOf(file.Licenses, licenseName))
	k.present("profiles", "name", namesOf(file.Profiles, profileName))
	k.present("roles", "name", namesOf(file.Roles, roleName))
	k.present("permissionSets", "name", namesOf(file.PermissionSets, setName))
	k.present("permissionSetGroups", "developerName", namesOf(file.PermissionSetGroups, setGroupName))
	k.present("users", "username", namesOf(file.Users, userName))
	k.present("applications", "clientId", namesOf(file.Applications, applicationID))
	for i, role := range file.Roles {
		k.refers(fmt.Sprintf("roles[%d].parent", i), "role above this one", role.Parent, namesOf(file.Roles[:i], roleName))
	}
	for i, app := range file.Applications {
		k.refers(fmt.Sprintf("applications[%d].runAs", i), "user", app.RunAs, namesOf(k.config.Users, userName))
		if app.Certificate != "" {
			if _, err := publicKey(app.Certificate); err != nil {
				k.at(fmt.Sprintf("applications[%d].certificate", i), "the certificate is no public key in PEM: %v", err)
			}
		}
	}
}

// settings checks the switches and the fields that feature licenses are named by.
func (k *checker) settings() {
	s := k.config.Settings
	if !slices.Contains([]EmailChange{EmailPending, EmailImmediate, EmailAllowedDomains}, s.EmailChange) {
		k.at("settings.emailChange", "emailChange must be pending, immediate or allowed-domains, not %q", s.EmailChange)
	}
	for _, name := range slices.Sorted(maps.Keys(k.config.FeatureLicenses)) {
		if schema, err := standardSchema(); err == nil && schema.object("User").field(name) == nil {
			k.at("featureLicenses."+name, "the User object has no field %q", name)
		}
	}
}

// profiles checks their licenses and permissions.
func (k *checker) profiles(file Config) {
	for i, p := range file.Profiles {
		path := fmt.Sprintf("profiles[%d]", i)
		if p.License == "" {
			k.at(path, "profile %q has no license", p.Name)
		}
		k.refers(path+".license", "license", p.License, namesOf(k.config.Licenses, licenseName))
		k.permissions(path, p.Permissions)
		if _, err := p.restriction(); err != nil {
			k.at(path+".loginHours", "profile %q: %v", p.Name, err)
		}
	}
}

// permissions checks names of permissions.
func (k *checker) permissions(path string, names []string) {
	known := []string{"All"}
	for _, p := range permissions() {
		known = append(known, p.name)
	}
	for i, name := range names {
		if !slices.Contains(known, name) {
			k.at(fmt.Sprintf("%s.permissions[%d]", path, i), "there is no permission %q", name)
		}
	}
}

// permissionSets checks their licenses, their permissions, and their groups.
func (k *checker) permissionSets(file Config) {
	licenses := namesOf(k.config.Licenses, licenseName)
	for _, l := range k.config.PermissionSetLicenses {
		licenses = append(licenses, l.DeveloperName)
	}
	for i, set := range file.PermissionSets {
		path := fmt.Sprintf("permissionSets[%d]", i)
		k.refers(path+".license", "license", set.License, licenses)
		k.permissions(path, set.Permissions)
	}
	for i, group := range file.PermissionSetGroups {
		for n, name := range group.PermissionSets {
			k.refers(fmt.Sprintf("permissionSetGroups[%d].permissionSets[%d]", i, n), "permission set", name, namesOf(k.config.PermissionSets, setName))
		}
	}
}

// users checks what users refer to. A manager stands before those who report.
func (k *checker) users(file Config) {
	schema, err := standardSchema()
	if err != nil {
		k.fault(0, "%v", err)
		return
	}
	for i, u := range file.Users {
		path := fmt.Sprintf("users[%d]", i)
		if u.Profile == "" {
			k.at(path, "user %q has no profile", u.Username)
		}
		k.refers(path+".profile", "profile", u.Profile, namesOf(k.config.Profiles, profileName))
		k.refers(path+".role", "role", u.Role, namesOf(k.config.Roles, roleName))
		k.refers(path+".manager", "earlier user", u.Manager, namesOf(file.Users[:i], userName))
		for n, name := range u.PermissionSets {
			k.refers(fmt.Sprintf("%s.permissionSets[%d]", path, n), "permission set", name, namesOf(k.config.PermissionSets, setName))
		}
		for _, name := range slices.Sorted(maps.Keys(u.Fields)) {
			if schema.object("User").field(name) == nil && !k.custom[strings.ToLower(name)] {
				k.at(path+".fields."+name, "the User object has no field %q", name)
			}
		}
	}
}

// groups checks types and members.
func (k *checker) groups(file Config) {
	members := namesOf(k.config.Users, userName)
	for _, g := range k.config.Groups {
		if g.Type != "Queue" { // A queue is a member of nothing.
			members = append(members, groupName(g))
		}
	}
	seen := map[string]bool{}
	for i, g := range file.Groups {
		path := fmt.Sprintf("groups[%d].name", i)
		key := strings.ToLower(Group{DeveloperName: groupName(g), Type: g.Type}.key())
		switch {
		case g.Name == "":
			k.at(path, "groups[%d] has no name", i)
		case seen[key]:
			k.at(path, "name %q is there twice", g.Name)
		}
		seen[key] = true
		if g.Type != "" && g.Type != "Regular" && g.Type != "Queue" {
			k.at(fmt.Sprintf("groups[%d].type", i), "the type of a group is Regular or Queue, not %q", g.Type)
		}
		for n, name := range g.Members {
			k.refers(fmt.Sprintf("groups[%d].members[%d]", i, n), "user or group", name, members)
		}
	}
}

// checkFaults checks a schedule, which stands under path.
func (r *fileReader) checkFaults(path string, schedule []Fault) {
	for i := range schedule {
		if err := schedule[i].check(); err != nil {
			r.fault(r.lineAt(fmt.Sprintf("%s[%d].kind", path, i)), "%v", err)
		}
	}
}
