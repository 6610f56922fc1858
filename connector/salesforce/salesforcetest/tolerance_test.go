package salesforcetest_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/connector/salesforce/salesforcetest"
)

// Real clients send odd but legal input. Each form has a test.

func TestDoubledAndTrailingSlashes(t *testing.T) {
	t.Parallel()
	s := signIn(t, salesforcetest.Config{})
	id := s.query("SELECT Id FROM User")[0]["Id"].(string)
	for _, path := range []string{
		"//services/data/v64.0/limits", "/services/data/", "/services/data/v64.0/", "/services/data/v64.0/query/?q=SELECT+Id+FROM+User",
		"/services/data/v64.0//sobjects/User/" + id + "/", "//services/data/v64.0/sobjects/User/" + id + "/password", "/services/data/v64.0/sobjects/",
	} {
		if answer := s.do(http.MethodGet, path, ""); answer.status != http.StatusOK {
			t.Errorf("%s: %d %s", path, answer.status, answer.text)
		}
	}
	if answer := s.do(http.MethodPost, data+"/sobjects/User/", encode(t, s.newUser("a@example.com"))); answer.status != http.StatusCreated {
		t.Errorf("create: %d %s", answer.status, answer.text)
	}
	if answer := s.do(http.MethodPost, data+"/composite/sobjects/", `{"records":[]}`); answer.status != http.StatusOK || answer.text != "[]" {
		t.Errorf("collections: %d %s", answer.status, answer.text)
	}
}

func TestNamesInAnyCase(t *testing.T) {
	t.Parallel()
	s := signIn(t, salesforcetest.Config{})
	body := map[string]any{}
	for name, value := range s.newUser("a@example.com") {
		body[strings.ToLower(name)] = value
	}
	answer := s.do(http.MethodPost, data+"/sobjects/user/", encode(t, body))
	if answer.status != http.StatusCreated {
		t.Fatalf("create: %d %s", answer.status, answer.text)
	}
	if found := s.query("select ID, userNAME from user where USERNAME='A@EXAMPLE.COM'"); len(found) != 1 || found[0]["Username"] != "a@example.com" {
		t.Errorf("found %v", found)
	}
}

func TestBooleansAsTextAndAttributesInBodies(t *testing.T) {
	t.Parallel()
	s := signIn(t, salesforcetest.Config{})
	body := typed("User", s.newUser("a@example.com", map[string]any{"IsActive": "false", "UserPermissionsMarketingUser": "TRUE"}))
	id := s.create("User", body)
	if user, _ := s.org.User("a@example.com"); user.IsActive || user.Get("UserPermissionsMarketingUser") != "true" {
		t.Errorf("the org holds %+v", user)
	}
	if answer := s.do(http.MethodPatch, data+"/sobjects/User/"+id, `{"attributes":{"type":"User"},"IsActive":"true"}`); answer.status != http.StatusNoContent {
		t.Errorf("change: %d %s", answer.status, answer.text)
	}
	answer := s.do(http.MethodPatch, data+"/composite/sobjects", `{"records":[{"attributes":{"type":"User"},"Id":"`+id+`","Title":"a"},{"attributes":{"type":"User"},"id":"`+id[:15]+`","Title":"b"}]}`)
	if diff := cmp.Diff([]string{"ok", "ok"}, statuses(t, answer)); diff != "" {
		t.Errorf("collections (-want +got):\n%s", diff)
	}
}

func TestVersions(t *testing.T) {
	t.Parallel()
	s := signIn(t, salesforcetest.Config{})
	tests := []struct {
		version string
		status  int
	}{{"v31.0", 200}, {"v50.0", 200}, {"v67.0", 200}, {"v28.0", 410}, {"v21.0", 410}, {"v20.0", 404}, {"v68.0", 404}, {"v99.0", 404}, {"64.0", 404}, {"v64.5", 404}}
	for _, test := range tests {
		if answer := s.do(http.MethodGet, "/services/data/"+test.version+"/limits", ""); answer.status != test.status {
			t.Errorf("%s: %d, want %d", test.version, answer.status, test.status)
		}
	}
	if answer := s.do(http.MethodGet, "/services/data/v28.0/limits", ""); answer.code(t) != "UNSUPPORTED_API_VERSION" {
		t.Errorf("retired: %s", answer.text)
	}
	s.token = ""
	list := s.do(http.MethodGet, "/services/data", "").list(t)
	want := map[string]any{"label": "Summer '25", "url": "/services/data/v64.0", "version": "64.0"}
	if diff := cmp.Diff(want, list[33]); diff != "" {
		t.Errorf("version 64.0 (-want +got):\n%s", diff)
	}
}

func TestSOAPWithAnyPrefix(t *testing.T) {
	t.Parallel()
	s := anonymous(t, salesforcetest.Config{})
	c := s.org.Credentials()
	body := `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><login xmlns="urn:enterprise.soap.sforce.com"><password>` +
		c.Password + c.SecurityToken + `</password><username>` + c.Username + `</username></login></e:Body></e:Envelope>`
	answer := s.do(http.MethodPost, "/services/Soap/c/60.0/00D000000000001", body, "Content-Type", "text/xml", "SOAPAction", "login")
	s.token = between(answer.text, "sessionId")
	if answer.status != http.StatusOK || s.token == "" {
		t.Fatalf("enterprise login: %d %s", answer.status, answer.text)
	}
	for _, operation := range []string{"getServerTimestamp", "getUserInfo", "describeMetadata"} {
		envelope := `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header><SessionHeader xmlns="urn:partner.soap.sforce.com"><sessionId>` + s.token +
			`</sessionId></SessionHeader></s:Header><s:Body><` + operation + ` xmlns="urn:partner.soap.sforce.com"/></s:Body></s:Envelope>`
		if answer := s.do(http.MethodPost, "/services/Soap/m/60.0", envelope, "SOAPAction", ""); answer.status != http.StatusOK || !strings.Contains(answer.text, operation+"Response") {
			t.Errorf("%s: %d %s", operation, answer.status, answer.text)
		}
	}
}

func TestGzipBothWays(t *testing.T) {
	t.Parallel()
	s := signIn(t, salesforcetest.Config{})
	var zipped bytes.Buffer
	writer := gzip.NewWriter(&zipped)
	_, _ = io.WriteString(writer, encode(t, s.newUser("a@example.com")))
	_ = writer.Close()
	if answer := s.do(http.MethodPost, data+"/sobjects/User", zipped.String(), "Content-Encoding", "gzip"); answer.status != http.StatusCreated {
		t.Fatalf("create: %d %s", answer.status, answer.text)
	}
	answer := s.do(http.MethodGet, data+"/sobjects/User/describe", "", "Accept-Encoding", "gzip")
	if answer.header.Get("Content-Encoding") != "gzip" {
		t.Fatal("the answer is not compressed")
	}
	reader, err := gzip.NewReader(strings.NewReader(answer.text))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(reader)
	if err != nil || !strings.HasPrefix(string(plain), `{"activateable"`) {
		t.Errorf("%v: %.40s", err, plain)
	}
}

func TestOtherMediaTypesAreRefused(t *testing.T) {
	t.Parallel()
	s := signIn(t, salesforcetest.Config{})
	for kind, want := range map[string]int{"application/json": 400, "application/json; charset=UTF-8": 400, "": 400, "text/plain": 415, "application/x-www-form-urlencoded": 415} {
		if answer := s.do(http.MethodPost, data+"/sobjects/User", "{}", "Content-Type", kind); answer.status != want {
			t.Errorf("%q: %d %s", kind, answer.status, answer.text)
		}
	}
}

func TestHeadAndTheMethodInTheQuery(t *testing.T) {
	t.Parallel()
	s := signIn(t, salesforcetest.Config{})
	id := s.create("User", s.newUser("a@example.com"))
	if answer := s.do(http.MethodHead, data+"/sobjects/User/"+id, ""); answer.status != http.StatusOK || answer.text != "" || answer.header.Get("Content-Length") == "0" {
		t.Errorf("HEAD: %d %q", answer.status, answer.text)
	}
	if answer := s.do(http.MethodPost, data+"/sobjects/User/"+id+"?_HttpMethod=PATCH", `{"Title":"x"}`); answer.status != http.StatusNoContent {
		t.Errorf("_HttpMethod: %d %s", answer.status, answer.text)
	}
}

func TestAuthorizationHeaders(t *testing.T) {
	t.Parallel()
	s := signIn(t, salesforcetest.Config{})
	token := s.token
	s.token = ""
	tests := []struct{ header, code string }{
		{"OAuth " + token, ""}, {"Bearer " + token, ""}, {"bearer " + token, ""}, {"Bearer nonsense", "INVALID_SESSION_ID"}, {token, "INVALID_AUTH_HEADER"},
	}
	for _, test := range tests {
		if answer := s.do(http.MethodGet, data+"/limits", "", "Authorization", test.header); answer.code(t) != test.code {
			t.Errorf("%.12s…: %d %s", test.header, answer.status, answer.text)
		}
	}
	if answer := s.do(http.MethodGet, data+"/limits", ""); answer.status != http.StatusUnauthorized {
		t.Errorf("no header: %d %s", answer.status, answer.text)
	}
}

func TestQueryColumns(t *testing.T) {
	t.Parallel()
	s := signIn(t, salesforcetest.Config{})
	answer := s.do(http.MethodGet, data+"/query?columns=true&q="+url.QueryEscape("SELECT Id, Profile.Name, COUNT(Id) FROM User GROUP BY Id, Profile.Name"), "").object(t)
	var names []string
	for _, column := range answer["columnMetadata"].([]any) {
		names = append(names, column.(map[string]any)["columnName"].(string))
	}
	if diff := cmp.Diff([]string{"Id", "Profile", "expr2"}, names); diff != "" || answer["entityName"] != "User" {
		t.Errorf("columns (-want +got):\n%s", diff)
	}
}

func TestSingleAccessAndPassword(t *testing.T) {
	t.Parallel()
	s := signIn(t, salesforcetest.Config{})
	if answer := s.do(http.MethodPost, "/services/oauth2/singleaccess", ""); !strings.HasPrefix(answer.object(t)["frontdoor_uri"].(string), host) {
		t.Errorf("singleaccess: %s", answer.text)
	}
	path := data + "/sobjects/User/" + s.create("User", s.newUser("a@example.com")) + "/password"
	if answer := s.do(http.MethodGet, path, ""); answer.text != `{"isExpired":false}` {
		t.Errorf("get: %s", answer.text)
	}
	if answer := s.do(http.MethodPost, path, `{"NewPassword":"Password-1"}`); answer.status != http.StatusNoContent {
		t.Errorf("set: %d %s", answer.status, answer.text)
	}
	if answer := s.do(http.MethodDelete, path, ""); len(answer.object(t)["NewPassword"].(string)) < 8 {
		t.Errorf("reset: %s", answer.text)
	}
}

func TestAddressesFollowTheHostOfTheRequest(t *testing.T) {
	t.Parallel()
	org, err := salesforcetest.New(salesforcetest.Config{})
	if err != nil {
		t.Fatal(err)
	}
	server, err := org.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close() //nolint:errcheck // the end of the test.
	c := org.Credentials()
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {c.ClientID}, "client_secret": {c.ClientSecret}}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"//services/oauth2/token", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := (&http.Client{Timeout: time.Minute}).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close() //nolint:errcheck // it is read to its end.
	text, err := io.ReadAll(answer.Body)
	if err != nil || !strings.Contains(string(text), `"instance_url":"`+server.URL+`"`) {
		t.Errorf("%v: %s", err, text)
	}
}

// The address of the identity stands in the answer to a sign-in; with and
// without format=json it is the same.
func TestIdentity(t *testing.T) {
	t.Parallel()
	s := signIn(t, salesforcetest.Config{})
	admin, _ := s.org.User(salesforcetest.DefaultUsername)
	path := "/id/" + s.org.OrganizationID() + "/" + admin.ID
	for _, form := range []string{"", "?format=json", "?version=latest"} {
		told := s.do(http.MethodGet, path+form, "").object(t)
		if told["username"] != admin.Username || told["organization_id"] != s.org.OrganizationID() || told["user_id"] != admin.ID || told["active"] != true {
			t.Errorf("%s: %v", form, told)
		}
	}
	s.token = "nonsense"
	if answer := s.do(http.MethodGet, path, ""); answer.status != http.StatusForbidden || answer.text != "Bad_OAuth_Token" {
		t.Errorf("another token: %d %q", answer.status, answer.text)
	}
}
