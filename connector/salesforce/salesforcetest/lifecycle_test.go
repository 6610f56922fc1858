package salesforcetest_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/connector/salesforce/salesforcetest"
)

func TestMovesBetweenLicenses(t *testing.T) {
	t.Parallel()
	tests := []struct{ from, to, code string }{
		{"Standard User", "Standard Platform User", ""},
		{"Standard Platform User", "Read Only", ""},
		{"Chatter Free User", "Standard User", ""},
		{"Chatter External User", "Chatter Free User", ""},
		{"Standard User", "Chatter Free User", "FIELD_INTEGRITY_EXCEPTION"},
		{"Chatter Free User", "Chatter External User", "FIELD_INTEGRITY_EXCEPTION"},
		{"Identity User", "Standard User", "FIELD_INTEGRITY_EXCEPTION"},
	}
	s := signIn(t, salesforcetest.Config{})
	profiles := s.ids("Profile", "Name")
	for _, test := range tests {
		t.Run(test.from+" to "+test.to, func(t *testing.T) {
			t.Parallel()
			name := strings.ReplaceAll(test.from+test.to, " ", "") + "@example.com"
			id := s.create("User", s.newUser(name, map[string]any{"ProfileId": profiles[test.from], "Alias": "x"}))
			answer := s.do(http.MethodPatch, data+"/sobjects/User/"+id, `{"ProfileId":"`+profiles[test.to]+`"}`)
			if answer.code(t) != test.code {
				t.Errorf("got %d %s, want %q", answer.status, answer.text, test.code)
			}
		})
	}
}

func TestDeactivationIsGuarded(t *testing.T) {
	t.Parallel()
	config := salesforcetest.Default()
	config.Users = append(config.Users, salesforcetest.UserConfig{Username: "web@sim.example", Profile: "Standard User", Guard: "You cannot disable the Web to Lead Default Creator"})
	config.Users = append(config.Users, salesforcetest.UserConfig{
		Username: "second@sim.example", Password: "Password-2", Profile: "Standard User", PermissionSets: []string{"Users"},
	})
	config.PermissionSets = append(config.PermissionSets, salesforcetest.PermissionSet{Name: "Users", Permissions: []string{"ManageUsers"}})
	s := signIn(t, config)
	users := s.ids("User", "Username")
	deactivate := func(username string) response {
		return s.do(http.MethodPatch, data+"/sobjects/User/"+users[username], `{"IsActive":false}`)
	}
	if answer := deactivate("web@sim.example"); !strings.Contains(answer.text, "Web to Lead") {
		t.Errorf("guarded user: %d %s", answer.status, answer.text)
	}
	if answer := deactivate(salesforcetest.DefaultUsername); answer.status != http.StatusBadRequest {
		t.Errorf("oneself: %d %s", answer.status, answer.text)
	}
	s.token = between(s.login("64.0", "second@sim.example", "Password-2").text, "sessionId")
	if answer := deactivate(salesforcetest.DefaultUsername); answer.code(t) != "CANNOT_DISABLE_LAST_ADMIN" {
		t.Errorf("the last administrator: %d %s", answer.status, answer.text)
	}
	if answer := s.do(http.MethodPatch, data+"/sobjects/User/"+users[salesforcetest.DefaultUsername], `{"IsActive":true}`); answer.status != http.StatusNoContent {
		t.Errorf("activating the active: %d %s", answer.status, answer.text)
	}
}

func TestPermissionsAreAskedFor(t *testing.T) {
	t.Parallel()
	config := salesforcetest.Default()
	config.Profiles = append(config.Profiles, salesforcetest.Profile{Name: "Integration", License: "Salesforce", Permissions: []string{"ApiEnabled"}})
	config.Users = append(config.Users, salesforcetest.UserConfig{Username: "weak@sim.example", Password: "Password-2", Profile: "Integration"})
	s := signIn(t, config)
	body := encode(t, s.newUser("a@example.com"))
	s.token = between(s.login("64.0", "weak@sim.example", "Password-2").text, "sessionId")
	if answer := s.do(http.MethodPost, data+"/sobjects/User", body); answer.status != http.StatusForbidden || answer.code(t) != "INSUFFICIENT_ACCESS_OR_READONLY" {
		t.Errorf("create: %d %s", answer.status, answer.text)
	}
	if answer := s.do(http.MethodGet, data+"/query?q=SELECT+ProfileId+FROM+User", ""); answer.code(t) != "INVALID_FIELD" {
		t.Errorf("profiles are visible: %d %s", answer.status, answer.text)
	}
	if answer := s.do(http.MethodGet, data+"/query?q=SELECT+Profile.Name+FROM+User", ""); answer.code(t) != "INVALID_FIELD" {
		t.Errorf("names of profiles are visible: %d %s", answer.status, answer.text)
	}
	if err := s.org.SetProfilePermission("Integration", "ManageInternalUsers", true); err != nil {
		t.Fatal(err)
	}
	if answer := s.do(http.MethodPost, data+"/sobjects/User", body); answer.status != http.StatusCreated {
		t.Errorf("create with the permission: %d %s", answer.status, answer.text)
	}
	if err := s.org.SetProfilePermission("Integration", "ApiEnabled", false); err != nil {
		t.Fatal(err)
	}
	if answer := s.do(http.MethodGet, data+"/limits", ""); answer.code(t) != "API_CURRENTLY_DISABLED" {
		t.Errorf("without API Enabled: %d %s", answer.status, answer.text)
	}
}

func TestPermissionSetsAskForLicenses(t *testing.T) {
	t.Parallel()
	config := salesforcetest.Default()
	config.PermissionSetLicenses[0].Total = 1
	s := signIn(t, config)
	sets, groups, profiles := s.ids("PermissionSet", "Name"), s.ids("PermissionSetGroup", "DeveloperName"), s.ids("Profile", "Name")
	standard := s.create("User", s.newUser("standard@example.com"))
	second := s.create("User", s.newUser("second@example.com"))
	platform := s.create("User", s.newUser("platform@example.com", map[string]any{"ProfileId": profiles["Standard Platform User"]}))
	chatter := s.create("User", s.newUser("chatter@example.com", map[string]any{"ProfileId": profiles["Chatter Free User"]}))
	tests := []struct{ name, user, field, set, code string }{
		{"any license", platform, "PermissionSetId", sets["Report_Runner"], ""},
		{"the license", standard, "PermissionSetId", sets["Event_Editor"], ""},
		{"another license", platform, "PermissionSetId", sets["Event_Editor"], "FIELD_INTEGRITY_EXCEPTION"},
		{"a license without permission sets", chatter, "PermissionSetId", sets["Report_Runner"], "FIELD_INTEGRITY_EXCEPTION"},
		{"a group with such a set", platform, "PermissionSetGroupId", groups["Sales_Tools"], "FIELD_INTEGRITY_EXCEPTION"},
		{"a group", standard, "PermissionSetGroupId", groups["Sales_Tools"], ""},
		{"the last seat", standard, "PermissionSetId", sets["Sales_Console"], ""},
		{"no seat", second, "PermissionSetId", sets["Sales_Console"], "LICENSE_LIMIT_EXCEEDED"},
		{"nothing", standard, "ExpirationDate", "", "REQUIRED_FIELD_MISSING"},
	}
	for _, test := range tests {
		body := encode(t, map[string]any{"AssigneeId": test.user, test.field: test.set})
		if answer := s.do(http.MethodPost, data+"/sobjects/PermissionSetAssignment", body); answer.code(t) != test.code {
			t.Errorf("%s: got %d %s, want %q", test.name, answer.status, answer.text, test.code)
		}
	}
	user, _ := s.org.User("standard@example.com")
	got := [][]string{user.PermissionSets, user.PermissionSetGroups, user.PermissionSetLicenses}
	if diff := cmp.Diff([][]string{{"Event_Editor", "Sales_Console"}, {"Sales_Tools"}, {"SalesConsoleUser"}}, got); diff != "" {
		t.Errorf("held (-want +got):\n%s", diff)
	}
}

// assignments lists what is assigned to a user: the type of the permission set,
// and the id of the group if it stands for one.
func (s *session) assignments(user string) [][2]string {
	s.t.Helper()
	list := [][2]string{}
	for _, r := range s.query("SELECT PermissionSet.Type, PermissionSet.PermissionSetGroupId, PermissionSetGroupId FROM PermissionSetAssignment WHERE AssigneeId = '" + user + "' ORDER BY Id") {
		set, _ := r["PermissionSet"].(map[string]any)
		kind, _ := set["Type"].(string)
		group, _ := r["PermissionSetGroupId"].(string)
		if stands, _ := set["PermissionSetGroupId"].(string); stands != group {
			s.t.Errorf("an assignment of group %q names the set of group %q", group, stands)
		}
		list = append(list, [2]string{kind, group})
	}
	return list
}

func TestAssignmentsOfGroupsAndProfilesNamePermissionSetsToo(t *testing.T) {
	t.Parallel()
	s := signIn(t, salesforcetest.Default())
	profiles, group := s.ids("Profile", "Name"), s.ids("PermissionSetGroup", "DeveloperName")["Sales_Tools"]
	user := s.create("User", s.newUser("a@example.com"))
	assigned := s.create("PermissionSetAssignment", map[string]any{"AssigneeId": user, "PermissionSetGroupId": group})
	if diff := cmp.Diff([][2]string{{"Profile", ""}, {"Group", group}}, s.assignments(user)); diff != "" {
		t.Errorf("assigned (-want +got):\n%s", diff)
	}
	owned := s.query("SELECT Id, PermissionSetId FROM PermissionSetAssignment WHERE PermissionSet.IsOwnedByProfile = true AND AssigneeId = '" + user + "'")[0]
	if answer := s.do(http.MethodDelete, data+"/sobjects/PermissionSetAssignment/"+owned["Id"].(string), ""); answer.code(t) != "INSUFFICIENT_ACCESS_OR_READONLY" {
		t.Errorf("the set of the profile was taken: %d %s", answer.status, answer.text)
	}
	for name, where := range map[string]string{"a profile": "Type = 'Profile'", "a group": "Type = 'Group'"} {
		set := s.query("SELECT Id FROM PermissionSet WHERE " + where + " LIMIT 1")[0]["Id"]
		answer := s.do(http.MethodPost, data+"/sobjects/PermissionSetAssignment", encode(t, map[string]any{"AssigneeId": user, "PermissionSetId": set}))
		if answer.code(t) != "FIELD_INTEGRITY_EXCEPTION" && answer.code(t) != "DUPLICATE_VALUE" {
			t.Errorf("the set of %s was assigned: %d %s", name, answer.status, answer.text)
		}
	}
	s.do(http.MethodPatch, data+"/sobjects/User/"+user, encode(t, map[string]any{"ProfileId": profiles["Read Only"]}))
	moved := s.query("SELECT PermissionSet.ProfileId FROM PermissionSetAssignment WHERE Id = '" + owned["Id"].(string) + "'")
	if set, _ := moved[0]["PermissionSet"].(map[string]any); set["ProfileId"] != profiles["Read Only"] {
		t.Errorf("the assignment did not follow the profile: %v", moved)
	}
	path := data + "/sobjects/PermissionSetAssignment/" + assigned
	if answer := s.do(http.MethodPatch, path, `{"ExpirationDate":"2030-01-02T03:04:05Z"}`); answer.status != http.StatusNoContent {
		t.Errorf("a date of its end: %d %s", answer.status, answer.text)
	}
	if answer := s.do(http.MethodPatch, path, `{"PermissionSetId":"`+owned["PermissionSetId"].(string)+`"}`); answer.code(t) != "INVALID_FIELD_FOR_INSERT_UPDATE" {
		t.Errorf("another set: %d %s", answer.status, answer.text)
	}
	held, _ := s.org.User("a@example.com")
	if len(held.PermissionSets) != 0 || cmp.Diff([]string{"Sales_Tools"}, held.PermissionSetGroups) != "" {
		t.Errorf("held: %v, %v", held.PermissionSets, held.PermissionSetGroups)
	}
}

func TestAPermissionIsTakenFromTheProfileAndFromItsSet(t *testing.T) {
	t.Parallel()
	s := signIn(t, salesforcetest.Default())
	const query = "SELECT PermissionsApiEnabled FROM PermissionSet WHERE Profile.Name = 'Standard User'"
	if before := s.query(query)[0]["PermissionsApiEnabled"]; before != true {
		t.Fatalf("before: %v", before)
	}
	if err := s.org.SetProfilePermission("Standard User", "ApiEnabled", false); err != nil {
		t.Fatal(err)
	}
	if after := s.query(query)[0]["PermissionsApiEnabled"]; after != false {
		t.Errorf("after: %v", after)
	}
}

func TestRolesFormNoCircleAndFollowTheLicense(t *testing.T) {
	t.Parallel()
	s := signIn(t, salesforcetest.Config{})
	top := s.create("UserRole", map[string]any{"Name": "Top Role"})
	low := s.create("UserRole", map[string]any{"Name": "Low Role", "ParentRoleId": top})
	if answer := s.do(http.MethodPatch, data+"/sobjects/UserRole/"+top, `{"ParentRoleId":"`+low+`"}`); answer.status != http.StatusBadRequest {
		t.Errorf("a circle: %d %s", answer.status, answer.text)
	}
	chatter := s.ids("Profile", "Name")["Chatter Free User"]
	answer := s.do(http.MethodPost, data+"/sobjects/User", encode(t, s.newUser("a@example.com", map[string]any{"ProfileId": chatter, "UserRoleId": low})))
	if answer.code(t) != "FIELD_INTEGRITY_EXCEPTION" {
		t.Errorf("a role for Chatter: %d %s", answer.status, answer.text)
	}
	s.create("User", s.newUser("b@example.com", map[string]any{"UserRoleId": low}))
	if answer := s.do(http.MethodDelete, data+"/sobjects/UserRole/"+low, ""); answer.code(t) != "DELETE_FAILED" {
		t.Errorf("a role in use was deleted: %d %s", answer.status, answer.text)
	}
	if user, _ := s.org.User("b@example.com"); user.RoleName != "Low Role" {
		t.Errorf("role = %q", user.RoleName)
	}
}

func TestRolesHaveGroupsOfTheirOwn(t *testing.T) {
	t.Parallel()
	s := signIn(t, salesforcetest.Config{})
	role := s.create("UserRole", map[string]any{"Name": "New Role"})
	kinds := []string{}
	for _, group := range s.query("SELECT Id, Type, Name, DeveloperName, Related.Name FROM Group WHERE RelatedId = '" + role + "' ORDER BY Type") {
		kinds = append(kinds, group["Type"].(string))
		related, _ := group["Related"].(map[string]any)
		if group["Name"] != nil || group["DeveloperName"] != "New_Role" || related["Name"] != "New Role" {
			t.Errorf("group: %v", group)
		}
		if answer := s.do(http.MethodDelete, data+"/sobjects/Group/"+group["Id"].(string), ""); answer.code(t) != "INSUFFICIENT_ACCESS_OR_READONLY" {
			t.Errorf("a group of a role was deleted: %d %s", answer.status, answer.text)
		}
	}
	if diff := cmp.Diff([]string{"Role", "RoleAndSubordinates"}, kinds); diff != "" {
		t.Errorf("kinds (-want +got):\n%s", diff)
	}
	if answer := s.do(http.MethodPost, data+"/sobjects/Group", `{"Name":"x","Type":"Organization"}`); answer.code(t) != "INSUFFICIENT_ACCESS_OR_READONLY" {
		t.Errorf("a group of the org was made: %d %s", answer.status, answer.text)
	}
	s.do(http.MethodDelete, data+"/sobjects/UserRole/"+role, "")
	if left := s.query("SELECT Id FROM Group WHERE RelatedId = '" + role + "'"); len(left) != 0 {
		t.Errorf("groups are left: %v", left)
	}
}

func TestFeatureLicensesAreCounted(t *testing.T) {
	t.Parallel()
	s := signIn(t, salesforcetest.Config{FeatureLicenses: map[string]int{"UserPermissionsKnowledgeUser": 1}})
	knows := map[string]any{"UserPermissionsKnowledgeUser": true}
	id := s.create("User", s.newUser("a@example.com", knows))
	if answer := s.do(http.MethodPost, data+"/sobjects/User", encode(t, s.newUser("b@example.com", knows))); answer.code(t) != "LICENSE_LIMIT_EXCEEDED" {
		t.Errorf("got %d %s", answer.status, answer.text)
	}
	s.do(http.MethodPatch, data+"/sobjects/User/"+id, `{"IsActive":false}`)
	s.create("User", s.newUser("b@example.com", knows))
}

func TestGroupsAndDeletedRecords(t *testing.T) {
	t.Parallel()
	s := signIn(t, salesforcetest.Config{})
	start := time.Now().UTC().Add(-time.Minute)
	group := s.create("Group", map[string]any{"Name": "Team 7"})
	user := s.create("User", s.newUser("a@example.com"))
	member := s.create("GroupMember", map[string]any{"GroupId": group, "UserOrGroupId": user})
	if answer := s.do(http.MethodPost, data+"/sobjects/Group", `{"Name":"Team 7"}`); answer.status != http.StatusBadRequest {
		t.Errorf("a second group with the developer name: %d %s", answer.status, answer.text)
	}
	if answer := s.do(http.MethodDelete, data+"/sobjects/Group/"+group, ""); answer.status != http.StatusNoContent {
		t.Errorf("delete: %d %s", answer.status, answer.text)
	}
	for _, path := range []string{"/sobjects/Group/" + group, "/sobjects/GroupMember/" + member} {
		if answer := s.do(http.MethodGet, data+path, ""); answer.code(t) != "ENTITY_IS_DELETED" {
			t.Errorf("%s: %d %s", path, answer.status, answer.text)
		}
	}
	all := s.do(http.MethodGet, data+"/queryAll?q="+url.QueryEscape("SELECT Id, IsDeleted FROM Group WHERE Name = 'Team 7'"), "").object(t)
	if found := records(all); len(found) != 1 || found[0]["IsDeleted"] != true {
		t.Errorf("queryAll: %v", all)
	}
	window := "?start=" + url.QueryEscape(start.Format(time.RFC3339)) + "&end=" + url.QueryEscape(start.Add(time.Hour).Format(time.RFC3339))
	if answer := s.do(http.MethodGet, data+"/sobjects/Group/deleted"+window, ""); !strings.Contains(answer.text, group) {
		t.Errorf("deleted: %s", answer.text)
	}
	if answer := s.do(http.MethodGet, data+"/sobjects/User/updated"+window, ""); !strings.Contains(answer.text, user) {
		t.Errorf("updated: %s", answer.text)
	}
}

func TestASandboxIsRefreshed(t *testing.T) {
	t.Parallel()
	config := salesforcetest.Default()
	config.Sandbox = true
	config.Universe = salesforcetest.NewUniverse()
	s := signIn(t, config)
	before := s.org.OrganizationID()
	if name := s.org.Credentials().Username; name != salesforcetest.DefaultUsername+".sbx" {
		t.Errorf("username = %s", name)
	}
	if found := s.query("SELECT IsSandbox, Id FROM Organization"); found[0]["IsSandbox"] != true || found[0]["Id"] != before {
		t.Errorf("organization: %v", found)
	}
	s.create("User", s.newUser("a@example.com"))
	if err := s.org.Refresh(); err != nil {
		t.Fatal(err)
	}
	if s.org.OrganizationID() == before || len(s.org.Users()) != 1 {
		t.Error("the org is not a new one")
	}
	if answer := s.do(http.MethodGet, data+"/limits", ""); answer.code(t) != "INVALID_SESSION_ID" {
		t.Errorf("the session survived: %d", answer.status)
	}
	signInTo(t, s.org)
	other, err := salesforcetest.New(config)
	if err != nil {
		t.Fatal(err)
	}
	if name := other.Credentials().Username; !strings.HasSuffix(name, salesforcetest.DefaultUsername+".sbx") || name == salesforcetest.DefaultUsername+".sbx" {
		t.Errorf("a taken username became %s", name)
	}
	signInTo(t, other)
}

func TestAPendingAddressExpires(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := signIn(t, salesforcetest.Config{})
		id := s.create("User", s.newUser("a@example.com"))
		change := func() { s.do(http.MethodPatch, data+"/sobjects/User/"+id, `{"Email":"b@example.com"}`) }
		change()
		if user, _ := s.org.User("a@example.com"); user.PendingEmail != "b@example.com" || user.Email != "a@example.com" {
			t.Errorf("after the change: %s, %s", user.Email, user.PendingEmail)
		}
		time.Sleep(73 * time.Hour)
		if s.org.ConfirmEmail("a@example.com") {
			t.Error("an address was confirmed after 73 hours")
		}
	})
}

func TestDescribeTellsTheRulesOfFields(t *testing.T) {
	t.Parallel()
	s := signIn(t, salesforcetest.Config{})
	answer := s.do(http.MethodGet, data+"/sobjects/User/describe", "")
	fields := map[string]map[string]any{}
	for _, item := range answer.object(t)["fields"].([]any) {
		f := item.(map[string]any)
		fields[f["name"].(string)] = f
	}
	tests := []struct {
		field, property string
		want            any
	}{
		{"Username", "length", 80.0},
		{"Username", "nillable", false},
		{"Username", "unique", true},
		{"Username", "idLookup", true},
		{"Alias", "length", 8.0},
		{"FederationIdentifier", "length", 512.0},
		{"FederationIdentifier", "caseSensitive", true},
		{"ProfileId", "relationshipName", "Profile"},
		{"ProfileId", "type", "reference"},
		{"TimeZoneSidKey", "restrictedPicklist", true},
		{"IsActive", "defaultedOnCreate", true},
		{"Name", "createable", false},
		{"CreatedDate", "updateable", false},
		{"Id", "type", "id"},
	}
	for _, test := range tests {
		if got := fields[test.field][test.property]; got != test.want {
			t.Errorf("%s.%s = %v, want %v", test.field, test.property, got, test.want)
		}
	}
	if values := fields["TimeZoneSidKey"]["picklistValues"].([]any); len(values) < 80 {
		t.Errorf("%d time zones", len(values))
	}
	again := s.do(http.MethodGet, data+"/sobjects/User/describe", "", "If-Modified-Since", answer.header.Get("Last-Modified"))
	if again.status != http.StatusNotModified {
		t.Errorf("unchanged: %d", again.status)
	}
}
