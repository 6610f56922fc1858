package salesforcetest_test

import (
	"bytes"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/connector/salesforce/salesforcetest"
)

// savedConfig is an org with a data file and a custom field.
func savedConfig(file string) salesforcetest.Config {
	config := salesforcetest.Default()
	config.DataFile = file
	config.CustomFields = []salesforcetest.CustomField{{Object: "User", Name: "Person__c", ExternalID: true}}
	return config
}

// livedIn makes an org in which everything has happened that a data file keeps.
func livedIn(t *testing.T, file string) *session {
	t.Helper()
	s := signIn(t, savedConfig(file))
	boss := s.create("User", s.newUser("boss@example.com", map[string]any{"Person__c": "P-1", "AboutMe": "a\nb \"c\" ø <&>"}))
	ana := s.create("User", s.newUser("ana@example.com", map[string]any{"ManagerId": boss, "UserPermissionsKnowledgeUser": true, "DigestFrequency": "W"}))
	s.create("User", s.newUser("gone@example.com", map[string]any{"IsActive": false}))
	sets, groups, roles := s.ids("PermissionSet", "Name"), s.ids("Group", "DeveloperName"), s.ids("UserRole", "Name")
	s.create("PermissionSetAssignment", map[string]any{"AssigneeId": ana, "PermissionSetId": sets["Sales_Console"]})
	member := s.create("GroupMember", map[string]any{"GroupId": groups["All_Sales"], "UserOrGroupId": ana})
	s.create("GroupMember", map[string]any{"GroupId": groups["Support_Queue"], "UserOrGroupId": boss})
	s.create("UserRole", map[string]any{"Name": "Night shift", "ParentRoleId": roles["CEO"]})
	for _, step := range [][3]string{
		{http.MethodPatch, "User/" + ana, `{"Email":"new@example.com","Title":"Engineer"}`},
		{http.MethodPatch, "UserLogin/" + s.query("SELECT Id FROM UserLogin WHERE UserId = '" + boss + "'")[0]["Id"].(string), `{"IsFrozen":true}`},
		{http.MethodDelete, "GroupMember/" + member, ""},
		{http.MethodPost, "User/" + ana + "/password", `{"NewPassword":"Ana-Password-1"}`},
	} {
		if answer := s.do(step[0], data+"/sobjects/"+step[1], step[2]); answer.status != http.StatusNoContent {
			t.Fatalf("%s %s: %d %s", step[0], step[1], answer.status, answer.text)
		}
	}
	control := func(name, body string) {
		if answer := s.do(http.MethodPost, "/__sim/"+name, body); answer.status != http.StatusNoContent {
			t.Fatalf("%s: %d %s", name, answer.status, answer.text)
		}
	}
	control("license", `{"license":"Identity","total":7}`)
	control("permission", `{"profile":"Read Only","permission":"ViewSetup","granted":true}`)
	control("reserve", `{"username":"elsewhere@example.com"}`)
	control("rotate-security-token", `{"username":"admin@sim.example"}`)
	control("save", "")
	return s
}

// everything is what can be seen of an org from outside its API.
func everything(t *testing.T, s *session) map[string]any {
	t.Helper()
	seen := map[string]any{"id": s.org.OrganizationID(), "licenses": s.org.Licenses(), "credentials": s.org.Credentials()}
	users := s.org.Users()
	users[0] = salesforcetest.User{} // It signs in again; its record is compared below.
	seen["users"] = users
	for _, object := range s.do(http.MethodGet, data+"/sobjects", "").object(t)["sobjects"].([]any) {
		name := object.(map[string]any)["name"].(string)
		if name != "LoginHistory" { // The clients sign in again.
			records := s.org.Records(name)
			for _, record := range records {
				delete(record, "LastLoginDate") // For the same reason.
			}
			seen[name] = records
		}
	}
	seen["with the recycle bin"] = s.do(http.MethodGet, data+"/queryAll?q="+url.QueryEscape("SELECT Id, UserOrGroupId FROM GroupMember"), "").object(t)
	return seen
}

func TestAnOrgIsTheSameAfterASave(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "org.data")
	before := livedIn(t, file)
	refresh := before.org.IssueRefreshToken(salesforcetest.DefaultUsername)
	if err := before.org.Save(); err != nil {
		t.Fatal(err)
	}
	after := signIn(t, savedConfig(file))
	unexported := cmp.AllowUnexported(salesforcetest.User{})
	if diff := cmp.Diff(everything(t, before), everything(t, after), unexported); diff != "" {
		t.Fatalf("the org before and after (-before +after):\n%s", diff)
	}
	ana, _ := after.org.User("ana@example.com")
	boss, _ := after.org.User("boss@example.com")
	if ana.PendingEmail != "new@example.com" || ana.Email != "ana@example.com" || !boss.IsFrozen || boss.Get("Person__c") != "P-1" {
		t.Errorf("Ana %+v, boss %+v", ana, boss)
	}
	for _, step := range []struct{ name, code string }{
		{"elsewhere@example.com", "DUPLICATE_USERNAME"}, {"ANA@example.com", "DUPLICATE_USERNAME"}, {"next@example.com", ""},
	} {
		first := before.do(http.MethodPost, data+"/sobjects/User", encode(t, before.newUser(step.name)))
		second := after.do(http.MethodPost, data+"/sobjects/User", encode(t, after.newUser(step.name)))
		if first.text != second.text || second.code(t) != step.code {
			t.Errorf("create %s: %s before, %s after", step.name, first.text, second.text)
		}
	}
	c := after.org.Credentials()
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}, "client_id": {c.ClientID}, "client_secret": {c.ClientSecret}}
	answer := after.do(http.MethodPost, "/services/oauth2/token", form.Encode(), "Content-Type", "application/x-www-form-urlencoded")
	if answer.object(t)["access_token"] == nil {
		t.Errorf("the refresh token: %s", answer.text)
	}
}

func TestSavingTwiceGivesTheSameFile(t *testing.T) {
	t.Parallel()
	first, second := filepath.Join(t.TempDir(), "first"), filepath.Join(t.TempDir(), "second")
	livedIn(t, first)
	text, err := os.ReadFile(first)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(second, text, 0o600); err != nil {
		t.Fatal(err)
	}
	org, err := salesforcetest.New(savedConfig(second))
	if err != nil {
		t.Fatal(err)
	}
	if err := org.Save(); err != nil {
		t.Fatal(err)
	}
	again, err := os.ReadFile(second)
	if diff := cmp.Diff(strings.Split(string(text), "\n"), strings.Split(string(again), "\n")); diff != "" || err != nil {
		t.Errorf("%v; lines of the file (-first +second):\n%s", err, diff)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(second), ".*")); len(left) > 0 {
		t.Errorf("the save left %v behind", left)
	}
}

func TestADataFileThatIsNotGoodIsLeftAlone(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "good")
	livedIn(t, file)
	good, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(good, []byte("\n"))
	tests := []struct {
		name   string
		text   []byte
		change func(*salesforcetest.Config)
		want   string
	}{
		{"nothing in it", nil, nil, "it ends in line 1, before its last one"},
		{"cut", good[:len(good)/2], nil, "before its last one"},
		{"without its end", bytes.Join(lines[:len(lines)-2], nil), nil, "before its last one"},
		{"a letter changed", bytes.Replace(good, []byte("Night shift"), []byte("Light shift"), 1), nil, "its checksum does not fit its lines"},
		{"a line missing", bytes.Join(append(lines[:40:40], lines[41:]...), nil), nil, "its checksum does not fit its lines"},
		{"something behind", append(bytes.Clone(good), "x\n"...), nil, "it goes on behind its last line"},
		{"no JSON", bytes.Replace(good, []byte(`{"object":"User"`), []byte(`{"object":"User`), 1), nil, "the file is damaged: line 2: "},
		{"something else", []byte("name: Contoso\n"), nil, "the file is not the content of a simulated org"},
		{"newer", bytes.Replace(good, []byte(`"version":1,`), []byte(`"version":2,"planet":"Mars",`), 1), nil, "a newer program wrote the file: its version is 2, and this program knows them up to 1"},
		{"of another kind", good, func(c *salesforcetest.Config) { c.Sandbox = true }, "that is no sandbox, and this one is"},
		{"without the custom field", good, func(c *salesforcetest.Config) { c.CustomFields = nil }, `User has no field "Person__c"; a custom field must be in the org file`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			config := savedConfig(filepath.Join(t.TempDir(), "org.data"))
			if test.change != nil {
				test.change(&config)
			}
			if err := os.WriteFile(config.DataFile, test.text, 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := salesforcetest.New(config)
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), config.DataFile) {
				t.Errorf("New() = %v, want the file and %q", err, test.want)
			}
			if left, err := os.ReadFile(config.DataFile); err != nil || !bytes.Equal(left, test.text) {
				t.Errorf("the file was changed (%v)", err)
			}
		})
	}
}

func TestASaveThatFailsLeavesNothing(t *testing.T) {
	t.Parallel()
	org, err := salesforcetest.New(salesforcetest.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if err := org.Save(); err == nil || err.Error() != "save the simulated org: it has no data file" {
		t.Errorf("without a data file: %v", err)
	}
	folder := filepath.Join(t.TempDir(), "folder")
	if org, err = salesforcetest.New(savedConfig(filepath.Join(folder, "org.data"))); err != nil {
		t.Fatal(err)
	}
	if err := org.Save(); err == nil {
		t.Error("a file in a folder that does not exist was saved")
	}
	// A folder of the same name cannot be replaced by a file.
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if org, err = salesforcetest.New(savedConfig(filepath.Join(folder, "org.data"))); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(folder, "org.data", "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := org.Save(); err == nil {
		t.Error("a folder was replaced")
	}
	if left, _ := filepath.Glob(filepath.Join(folder, ".*")); len(left) > 0 {
		t.Errorf("the save left %v behind", left)
	}
}

// A sandbox that was refreshed keeps its new id, and gets another one at the next refresh.
func TestTheIDOfARefreshedSandboxIsKept(t *testing.T) {
	t.Parallel()
	config := salesforcetest.Config{Sandbox: true, DataFile: filepath.Join(t.TempDir(), "org.data")}
	seen := map[string]bool{}
	for round := range 3 {
		org, err := salesforcetest.New(config)
		if err != nil {
			t.Fatal(err)
		}
		if id := org.OrganizationID(); round > 0 && !seen[id] {
			t.Errorf("round %d begins with the id %s", round, id)
		}
		if err := org.Refresh(); err != nil {
			t.Fatal(err)
		}
		if seen[org.OrganizationID()] {
			t.Errorf("round %d: the refresh gave an id that was there before", round)
		}
		seen[org.OrganizationID()] = true
		if err := org.Save(); err != nil {
			t.Fatal(err)
		}
	}
}

func BenchmarkSaveAndLoad(b *testing.B) {
	config := salesforcetest.Default()
	config.DataFile = filepath.Join(b.TempDir(), "org.data")
	s := signIn(b, config)
	s.createMany(10_000)
	for b.Loop() {
		if err := s.org.Save(); err != nil {
			b.Fatal(err)
		}
		if _, err := salesforcetest.New(config); err != nil {
			b.Fatal(err)
		}
	}
	info, err := os.Stat(config.DataFile)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(info.Size())/10_000, "B/user")
}
