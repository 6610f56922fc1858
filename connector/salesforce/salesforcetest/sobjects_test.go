package salesforcetest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/connector/salesforce/salesforcetest"
)

func TestAUserIsCreatedReadChangedAndDeactivated(t *testing.T) {
	t.Parallel()
	s := signIn(t, salesforcetest.Default())
	id := s.create("User", s.newUser("ana@example.com"))
	if user, _ := s.org.User("ANA@example.com"); user.ID != id || user.ProfileName != "Standard User" || !user.IsActive {
		t.Errorf("the org holds %+v", user)
	}
	answer := s.do(http.MethodGet, data+"/sobjects/User/"+id+"?fields=Username,isactive,ManagerId", "")
	want := `{"attributes":{"type":"User","url":"/services/data/v64.0/sobjects/User/` + id + `"},"Username":"ana@example.com","IsActive":true,"ManagerId":null}`
	if answer.text != want {
		t.Errorf("read %s, want %s", answer.text, want)
	}
	if limits := answer.header.Get("Sforce-Limit-Info"); !strings.HasPrefix(limits, "api-usage=") {
		t.Errorf("Sforce-Limit-Info = %q", limits)
	}
	answer = s.do(http.MethodPatch, data+"/sobjects/User/"+id, `{"Title":"Engineer","IsActive":false}`)
	if answer.status != http.StatusNoContent || answer.text != "" {
		t.Errorf("change: %d %q", answer.status, answer.text)
	}
	if user, _ := s.org.User("ana@example.com"); user.Get("title") != "Engineer" || user.IsActive {
		t.Errorf("after the change the org holds %+v", user)
	}
	answer = s.do(http.MethodDelete, data+"/sobjects/User/"+id, "")
	if answer.status != http.StatusBadRequest {
		t.Errorf("a user was deleted: %d %s", answer.status, answer.text)
	}
}

func TestSingleCallsRefuse(t *testing.T) {
	t.Parallel()
	s := signIn(t, salesforcetest.Default())
	id := s.create("User", s.newUser("taken@example.com", map[string]any{"CommunityNickname": "nick", "FederationIdentifier": "fed"}))
	s.org.User("taken@example.com")
	without := func(name string) map[string]any { return map[string]any{name: nil} }
	with := func(name string, value any) map[string]any { return map[string]any{name: value} }
	tests := []struct {
		name, code, message string
		change              map[string]any
	}{
		{"no alias", "REQUIRED_FIELD_MISSING", "Required fields are missing: [Alias]", without("Alias")},
		{"no profile", "REQUIRED_FIELD_MISSING", "Required fields are missing: [ProfileId]", without("ProfileId")},
		{"username in use", "DUPLICATE_USERNAME", "Duplicate Username.<br>", with("Username", "Taken@Example.com")},
		{"nickname in use", "DUPLICATE_COMM_NICKNAME", "Duplicate Nickname.<br>", with("CommunityNickname", "NICK")},
		{"federation id in use", "FIELD_INTEGRITY_EXCEPTION", "This Federation ID is already in use", with("FederationIdentifier", "fed")},
		{"username without @", "FIELD_INTEGRITY_EXCEPTION", "Username must be in the form of an email address (for example, john@acme.com): Username", with("Username", "ana")},
		{"long alias", "STRING_TOO_LONG", "Alias: data value too large: abcdefghi (max length=8)", with("Alias", "abcdefghi")},
		{"unknown time zone", "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "Time Zone: bad value for restricted picklist field: Foo/Bar", with("TimeZoneSidKey", "Foo/Bar")},
		{"bad address", "INVALID_EMAIL_ADDRESS", "Email: invalid email address: foo", with("Email", "foo")},
		{"id of another kind", "MALFORMED_ID", "Profile ID: id value of incorrect type: " + id, with("ProfileId", id)},
		{"id of nothing", "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", with("ManagerId", "005000000000001")},
		{"read-only field", "INVALID_FIELD_FOR_INSERT_UPDATE", "Unable to create/update fields: LastLoginDate.", with("LastLoginDate", "2026-01-01T00:00:00Z")},
		{"unknown field", "INVALID_FIELD", "No such column 'Foo' on sobject of type User", with("Foo", 1)},
		{"wrong type", "JSON_PARSER_ERROR", "Cannot deserialize instance of boolean from VALUE_STRING value maybe", with("IsActive", "maybe")},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			answer := s.do(http.MethodPost, data+"/sobjects/User", encode(t, s.newUser("new@example.com", test.change)))
			if answer.status != http.StatusBadRequest || answer.code(t) != test.code {
				t.Fatalf("got %d %s, want 400 %s", answer.status, answer.text, test.code)
			}
			if message, _ := answer.list(t)[0]["message"].(string); !strings.HasPrefix(message, test.message) {
				t.Errorf("message = %q, want %q", message, test.message)
			}
		})
	}
}

func TestBodiesAndAddressesThatMakeNoSense(t *testing.T) {
	t.Parallel()
	s := signIn(t, salesforcetest.Config{})
	const missing = "The HTTP entity body is required, but this request has no entity body."
	tests := []struct {
		method, path, body string
		status             int
		code, message      string
	}{
		{http.MethodPost, "/sobjects/User", "", 400, "JSON_PARSER_ERROR", missing},
		{http.MethodPost, "/composite", "", 400, "JSON_PARSER_ERROR", missing},
		{http.MethodPost, "/sobjects/User", "[]", 400, "JSON_PARSER_ERROR", "Cannot deserialize instance of SObject"},
		{http.MethodPost, "/sobjects/User", "null", 400, "JSON_PARSER_ERROR", "Cannot deserialize instance of SObject"},
		{http.MethodPost, "/sobjects/User", `{"LastName":`, 400, "JSON_PARSER_ERROR", "Unexpected end-of-input at [line:1, column:13]"},
		{http.MethodPost, "/sobjects/User", "{\n}}", 400, "JSON_PARSER_ERROR", "Unexpected character ('}' (code 125)) at [line:2, column:2]"},
		{http.MethodPut, "/sobjects/User", "{}", 405, "METHOD_NOT_ALLOWED", "HTTP Method 'PUT' not allowed. Allowed are GET,POST,HEAD"},
		{http.MethodGet, "/composite", "", 405, "METHOD_NOT_ALLOWED", "HTTP Method 'GET' not allowed. Allowed are POST"},
		{http.MethodGet, "/composite/sobjects", "", 405, "METHOD_NOT_ALLOWED", "HTTP Method 'GET' not allowed. Allowed are POST,PATCH,DELETE"},
		{http.MethodPatch, "/composite/sobjects/User", "{}", 405, "METHOD_NOT_ALLOWED", "HTTP Method 'PATCH' not allowed. Allowed are GET,POST"},
		{http.MethodPost, "/composite/sobjects/User/Id", "{}", 405, "METHOD_NOT_ALLOWED", "HTTP Method 'POST' not allowed. Allowed are PATCH"},
		{http.MethodDelete, "/composite/sobjects", "", 400, "MISSING_ARGUMENT", "The ids parameter is required"},
		{http.MethodGet, "/limits/nothing", "", 404, "NOT_FOUND", "The requested resource does not exist"},
		{http.MethodGet, "/sobjects/Nothing/describe", "", 404, "NOT_FOUND", "The requested resource does not exist"},
		{http.MethodGet, "/query", "", 400, "MALFORMED_QUERY", "A query string has to be specified"},
		{http.MethodPost, "/sobjects/UserRole", `{"Name":"CEO"}`, 400, "DUPLICATE_DEVELOPER_NAME", ""},
	}
	for _, test := range tests {
		answer := s.do(test.method, data+test.path, test.body)
		message, _ := answer.list(t)[0]["message"].(string)
		if answer.status != test.status || answer.code(t) != test.code || !strings.HasPrefix(message, test.message) {
			t.Errorf("%s %s %q: got %d %s, want %d %s %q", test.method, test.path, test.body, answer.status, answer.text, test.status, test.code, test.message)
		}
	}
}

func TestASignInAndAPasswordLeaveTheirDates(t *testing.T) {
	t.Parallel()
	s := signIn(t, salesforcetest.Config{})
	id := s.create("User", s.newUser("a@example.com"))
	dates := func(username string) []bool {
		user, _ := s.org.User(username)
		return []bool{user.Get("LastLoginDate") != "", user.Get("LastPasswordChangeDate") != ""}
	}
	if diff := cmp.Diff([][]bool{{true, false}, {false, false}}, [][]bool{dates(salesforcetest.DefaultUsername), dates("a@example.com")}); diff != "" {
		t.Errorf("at first (-want +got):\n%s", diff)
	}
	if answer := s.do(http.MethodPost, data+"/sobjects/User/"+id+"/password", `{"NewPassword":"Password-1"}`); answer.status != http.StatusNoContent {
		t.Fatalf("%d %s", answer.status, answer.text)
	}
	if diff := cmp.Diff([]bool{false, true}, dates("a@example.com")); diff != "" {
		t.Errorf("with a password (-want +got):\n%s", diff)
	}
	if found := s.query("SELECT Id FROM User WHERE LastLoginDate = TODAY"); len(found) != 1 {
		t.Errorf("signed in today: %v", found)
	}
}

func TestSeveralFaultsAreReportedAtOnce(t *testing.T) {
	t.Parallel()
	s := signIn(t, salesforcetest.Default())
	answer := s.do(http.MethodPost, data+"/sobjects/User", encode(t, s.newUser("a@example.com", map[string]any{"Alias": "much too long", "LastName": nil})))
	var codes []string
	for _, fault := range answer.list(t) {
		code, _ := fault["errorCode"].(string)
		codes = append(codes, code)
	}
	if diff := cmp.Diff([]string{"STRING_TOO_LONG", "REQUIRED_FIELD_MISSING"}, codes); diff != "" {
		t.Errorf("codes (-want +got):\n%s", diff)
	}
}

func TestMissingRecordsAndResources(t *testing.T) {
	t.Parallel()
	s := signIn(t, salesforcetest.Default())
	tests := []struct {
		name, method, path string
		status             int
		code               string
	}{
		{"unknown id", http.MethodGet, "/sobjects/User/005000000000001AAA", 404, "NOT_FOUND"},
		{"no id", http.MethodGet, "/sobjects/User/xyz", 404, "NOT_FOUND"},
		{"unknown object", http.MethodGet, "/sobjects/Foo/describe", 404, "NOT_FOUND"},
		{"wrong method", http.MethodPut, "/sobjects/User/005000000000001AAA", 405, "METHOD_NOT_ALLOWED"},
		{"unknown resource", http.MethodGet, "/foo", 404, "NOT_FOUND"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			answer := s.do(test.method, data+test.path, "")
			if answer.status != test.status || answer.code(t) != test.code {
				t.Errorf("got %d %s, want %d %s", answer.status, answer.text, test.status, test.code)
			}
		})
	}
}

func TestUsernamesAreUniqueOverAllOrgs(t *testing.T) {
	t.Parallel()
	universe := salesforcetest.NewUniverse()
	universe.Reserve("elsewhere@example.com")
	config := salesforcetest.Default()
	config.Universe = universe
	first := signIn(t, config)
	config.Users[0].Username = "admin2@sim.example"
	config.Applications[0].RunAs = "admin2@sim.example"
	second := signIn(t, config)
	first.create("User", first.newUser("shared@example.com"))
	for _, username := range []string{"shared@example.com", "Elsewhere@example.com"} {
		answer := second.do(http.MethodPost, data+"/sobjects/User", encode(t, second.newUser(username)))
		if answer.code(t) != "DUPLICATE_USERNAME" {
			t.Errorf("%s: %d %s", username, answer.status, answer.text)
		}
		if found := second.query("SELECT Id FROM User WHERE Username = '" + username + "'"); len(found) != 0 {
			t.Errorf("%s is visible", username)
		}
	}
	id := first.query("SELECT Id FROM User WHERE Username = 'shared@example.com'")[0]["Id"].(string)
	first.do(http.MethodPatch, data+"/sobjects/User/"+id, `{"Username":"renamed@example.com"}`)
	second.create("User", second.newUser("shared@example.com"))
}

func TestLicensesHaveSeats(t *testing.T) {
	t.Parallel()
	config := salesforcetest.Default()
	config.Licenses[0].Total = 2
	s := signIn(t, config)
	id := s.create("User", s.newUser("one@example.com"))
	answer := s.do(http.MethodPost, data+"/sobjects/User", encode(t, s.newUser("two@example.com")))
	if answer.code(t) != "LICENSE_LIMIT_EXCEEDED" {
		t.Fatalf("a third seat was given: %s", answer.text)
	}
	s.create("User", s.newUser("two@example.com", map[string]any{"IsActive": false}))
	s.do(http.MethodPatch, data+"/sobjects/User/"+id, `{"IsActive":false}`)
	s.create("User", s.newUser("three@example.com"))
	answer = s.do(http.MethodPatch, data+"/sobjects/User/"+id, `{"IsActive":true}`)
	if answer.code(t) != "LICENSE_LIMIT_EXCEEDED" {
		t.Errorf("a seat was given to an activated user: %d %s", answer.status, answer.text)
	}
	if seats := s.org.Licenses()[0]; seats.Used != 2 {
		t.Errorf("seats in use = %d, want 2", seats.Used)
	}
}

func TestManagersFormNoCircle(t *testing.T) {
	t.Parallel()
	s := signIn(t, salesforcetest.Default())
	top := s.create("User", s.newUser("top@example.com"))
	low := s.create("User", s.newUser("low@example.com", map[string]any{"ManagerId": top}))
	answer := s.do(http.MethodPatch, data+"/sobjects/User/"+top, `{"ManagerId":"`+low+`"}`)
	if answer.code(t) != "FIELD_INTEGRITY_EXCEPTION" {
		t.Errorf("a circle was made: %d %s", answer.status, answer.text)
	}
}

func TestEmailChangesAsTheOrgIsSet(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		settings salesforcetest.Settings
		status   int
		email    string
	}{
		{"pending", salesforcetest.Settings{EmailChange: salesforcetest.EmailPending}, 204, "a@example.com"},
		{"immediate", salesforcetest.Settings{EmailChange: salesforcetest.EmailImmediate}, 204, "b@example.com"},
		{"allowed domain", salesforcetest.Settings{EmailChange: salesforcetest.EmailAllowedDomains, AllowedEmailDomains: []string{"example.com"}}, 204, "b@example.com"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := signIn(t, salesforcetest.Config{Settings: test.settings})
			id := s.create("User", s.newUser("a@example.com"))
			answer := s.do(http.MethodPatch, data+"/sobjects/User/"+id, `{"Email":"b@example.com","Title":"x"}`)
			user, _ := s.org.User("a@example.com")
			if answer.status != test.status || user.Email != test.email || user.Get("Title") != "x" {
				t.Errorf("got %d and %s, want %d and %s", answer.status, user.Email, test.status, test.email)
			}
			if waiting := s.org.ConfirmEmail("a@example.com"); waiting != (test.name == "pending") {
				t.Errorf("an address was waiting: %t", waiting)
			}
			if user, _ = s.org.User("a@example.com"); user.Email != "b@example.com" {
				t.Errorf("after the confirmation the address is %s", user.Email)
			}
		})
	}
	t.Run("foreign domain, even on a deactivation", func(t *testing.T) {
		t.Parallel()
		s := signIn(t, salesforcetest.Default())
		id := s.create("User", s.newUser("a@other.example"))
		s.org.SetSettings(salesforcetest.Settings{EmailChange: salesforcetest.EmailAllowedDomains, AllowedEmailDomains: []string{"example.com"}})
		answer := s.do(http.MethodPatch, data+"/sobjects/User/"+id, `{"IsActive":false}`)
		if answer.code(t) != "INVALID_EMAIL_ADDRESS" {
			t.Errorf("got %d %s", answer.status, answer.text)
		}
	})
}
