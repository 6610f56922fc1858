package salesforcetest_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/usher-id/usher/connector/salesforce/salesforcetest"
)

// session is a signed-in plain REST client, the least that a client can be.
type session struct {
	t      testing.TB
	org    *salesforcetest.Org
	client *http.Client
	token  string
	host   string // instead of the org's own
}

const (
	host = "https://simulated.my.salesforce.com"
	data = "/services/data/v64.0"
)

// response is an answer with its body read.
type response struct {
	status int
	header http.Header
	text   string
}

// signIn makes an org of config and signs in with the client credentials.
func signIn(tb testing.TB, config salesforcetest.Config) *session {
	tb.Helper()
	org, err := salesforcetest.New(config)
	if err != nil {
		tb.Fatal(err)
	}
	return signInTo(tb, org)
}

func signInTo(tb testing.TB, org *salesforcetest.Org) *session {
	tb.Helper()
	s := &session{t: tb, org: org, client: org.Client()}
	c := org.Credentials()
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {c.ClientID}, "client_secret": {c.ClientSecret}}
	answer := s.do(http.MethodPost, "/services/oauth2/token", form.Encode(), "Content-Type", "application/x-www-form-urlencoded")
	s.token, _ = answer.object(tb)["access_token"].(string)
	if s.token == "" {
		tb.Fatalf("no access token: %s", answer.text)
	}
	return s
}

// do sends a request. headers are names and values in turns.
func (s *session) do(method, path, body string, headers ...string) response {
	s.t.Helper()
	answer, err := s.try(method, path, body, headers...)
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	return answer
}

func (s *session) try(method, path, body string, headers ...string) (response, error) {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), method, cmp.Or(s.host, host)+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if s.token != "" {
		request.Header.Set("Authorization", "Bearer "+s.token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	answer, err := s.client.Do(request)
	if err != nil {
		return response{}, err
	}
	defer answer.Body.Close() //nolint:errcheck // it is read to its end.
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return response{}, err
	}
	return response{status: answer.StatusCode, header: answer.Header, text: string(text)}, nil
}

// query runs a query and returns its records.
func (s *session) query(soql string) []map[string]any {
	s.t.Helper()
	answer := s.do(http.MethodGet, data+"/query?q="+url.QueryEscape(soql), "")
	if answer.status != http.StatusOK {
		s.t.Fatalf("%s: %d %s", soql, answer.status, answer.text)
	}
	return records(answer.object(s.t))
}

func records(page map[string]any) []map[string]any {
	list, _ := page["records"].([]any)
	found := make([]map[string]any, len(list))
	for i, item := range list {
		found[i], _ = item.(map[string]any)
	}
	return found
}

// ids maps names of an object to ids.
func (s *session) ids(object, name string) map[string]string {
	s.t.Helper()
	found := map[string]string{}
	for _, record := range s.query("SELECT Id, " + name + " FROM " + object) {
		key, _ := record[name].(string)
		found[key], _ = record["Id"].(string)
	}
	return found
}

// newUser is the body of a user that is complete but for what changes says; nil removes a field.
func (s *session) newUser(username string, changes ...map[string]any) map[string]any {
	s.t.Helper()
	local, _, _ := strings.Cut(username, "@")
	user := map[string]any{
		"Username": username, "LastName": local, "Email": username, "Alias": local[:min(8, len(local))],
		"TimeZoneSidKey": "America/Los_Angeles", "LocaleSidKey": "en_US", "EmailEncodingKey": "UTF-8", "LanguageLocaleKey": "en_US",
		"ProfileId": s.ids("Profile", "Name")["Standard User"],
	}
	for _, change := range changes {
		for name, value := range change {
			if value == nil {
				delete(user, name)
				continue
			}
			user[name] = value
		}
	}
	return user
}

// create creates a record that must succeed and returns its id.
func (s *session) create(object string, values map[string]any) string {
	s.t.Helper()
	answer := s.do(http.MethodPost, data+"/sobjects/"+object, encode(s.t, values))
	id, _ := answer.object(s.t)["id"].(string)
	if answer.status != http.StatusCreated || id == "" {
		s.t.Fatalf("create %s: %d %s", object, answer.status, answer.text)
	}
	return id
}

func encode(tb testing.TB, value any) string {
	tb.Helper()
	var b bytes.Buffer
	if err := json.NewEncoder(&b).Encode(value); err != nil {
		tb.Fatal(err)
	}
	return b.String()
}

func (r response) object(tb testing.TB) map[string]any {
	tb.Helper()
	if !strings.HasPrefix(r.text, "{") {
		return map[string]any{}
	}
	var value map[string]any
	if err := json.Unmarshal([]byte(r.text), &value); err != nil {
		tb.Fatalf("%q: %v", r.text, err)
	}
	return value
}

func (r response) list(tb testing.TB) []map[string]any {
	tb.Helper()
	var value []map[string]any
	if err := json.Unmarshal([]byte(r.text), &value); err != nil {
		tb.Fatalf("%q: %v", r.text, err)
	}
	return value
}

// code is the errorCode of a refusal, or empty.
func (r response) code(tb testing.TB) string {
	tb.Helper()
	if !strings.HasPrefix(r.text, "[") {
		return ""
	}
	for _, fault := range r.list(tb) {
		code, _ := fault["errorCode"].(string)
		return code
	}
	return ""
}
