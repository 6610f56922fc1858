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

func TestAnswersInXML(t *testing.T) {
	t.Parallel()
	s := people(t)
	zoe := s.query("SELECT Id FROM User WHERE Username = 'zoe@example.com'")[0]["Id"].(string)
	const (
		head  = `<?xml version="1.0" encoding="UTF-8"?><`
		space = ` xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"`
	)
	query := "/query?q=" + url.QueryEscape("SELECT Name, Title, Department, IsActive, Manager.Username FROM User WHERE Username = 'zoe@example.com'")
	record := ` type="User" url="` + data + `/sobjects/User/`
	tests := []struct{ name, path, accept, want string }{
		{"a record, by the header", "/sobjects/User/" + zoe + "?fields=LastName,IsActive,Department", "application/xml", head + "User" + space + record + zoe + `"><LastName>O&#39;Neil</LastName><IsActive>true</IsActive><Department xsi:nil="true"/></User>`},
		{"a record, by the address", "/sobjects/User/" + zoe + ".xml?fields=LastName", "", head + "User" + space + record + zoe + `"><LastName>O&#39;Neil</LastName></User>`},
		{
			"a query", query, "application/xml;q=0.9, */*",
			head + "QueryResult" + space + "><done>true</done><records" + record + zoe + `"><Name>Zoë O&#39;Neil</Name><Title>50% Engineer</Title><Department xsi:nil="true"/><IsActive>true</IsActive><Manager` + record + "BOSS" + `"><Username>boss@example.com</Username></Manager></records><totalSize>1</totalSize></QueryResult>`,
		},
		{"no rows", "/query.xml?q=" + url.QueryEscape("SELECT Id FROM User WHERE Username = 'x'"), "", head + "QueryResult" + space + "><done>true</done><totalSize>0</totalSize></QueryResult>"},
		{"errors", "/sobjects/User/005000000000001", "application/xml", head + "Errors" + space + "><Error><message>The requested resource does not exist</message><errorCode>NOT_FOUND</errorCode></Error></Errors>"},
	}
	boss := s.query("SELECT Id FROM User WHERE Username = 'boss@example.com'")[0]["Id"].(string)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			answer := s.do(http.MethodGet, data+test.path, "", "Accept", test.accept)
			if diff := cmp.Diff(strings.ReplaceAll(test.want, "BOSS", boss), answer.text); diff != "" || answer.header.Get("Content-Type") != "application/xml;charset=UTF-8" {
				t.Errorf("%s (-want +got):\n%s", answer.header.Get("Content-Type"), diff)
			}
		})
	}
}

func TestOtherAnswersStayInJSON(t *testing.T) {
	t.Parallel()
	s := signIn(t, salesforcetest.Config{})
	id := s.create("User", s.newUser("a@example.com"))
	for path, accept := range map[string]string{
		"/sobjects/User/" + id: "application/json, application/xml", "/sobjects/User/" + id + ".json": "application/xml", "/limits": "application/xml",
		"/sobjects/User/" + id + "?fields=Id": "*/*, application/xml",
	} {
		if answer := s.do(http.MethodGet, data+path, "", "Accept", accept); answer.status != http.StatusOK || !strings.HasPrefix(answer.text, "{") {
			t.Errorf("%s with %q: %d %.40s", path, accept, answer.status, answer.text)
		}
	}
	created := s.do(http.MethodPost, data+"/sobjects/User", encode(t, s.newUser("b@example.com")), "Accept", "application/xml")
	if between(created.text, "success") != "true" || len(between(created.text, "id")) != 18 {
		t.Errorf("create: %s", created.text)
	}
	s.token = ""
	if answer := s.do(http.MethodGet, "/services/data.xml", ""); answer.status != http.StatusNotFound {
		t.Errorf("an address outside of the API: %d", answer.status)
	}
	if answer := s.do(http.MethodGet, "/services/data", "", "Accept", "application/xml"); between(answer.text, "version") != "31.0" {
		t.Errorf("versions: %.200s", answer.text)
	}
}

// Dates have seconds only, so that the clock of a bubble is needed to tell them apart.
func TestConditionalRequests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := signIn(t, salesforcetest.Config{})
		user := data + "/sobjects/User/" + s.create("User", s.newUser("a@example.com"))
		account := data + "/sobjects/Account/" + s.create("Account", map[string]any{"Name": "Contoso"})
		made := time.Now().UTC()
		time.Sleep(time.Hour)
		before, now := made.Add(-time.Minute).Format(http.TimeFormat), time.Now().UTC().Format(http.TimeFormat)
		tag := s.do(http.MethodGet, account, "").header.Get("ETag")
		if tag == "" || s.do(http.MethodGet, user, "").header.Get("ETag") != "" {
			t.Fatal("an account must have an entity tag, and a user none")
		}
		tests := []struct {
			method, path, header, value string
			want                        int
		}{
			{http.MethodGet, user, "If-Modified-Since", before, 200},
			{http.MethodGet, user, "If-Modified-Since", now, 304},
			{http.MethodGet, user, "If-Unmodified-Since", before, 412},
			{http.MethodGet, user, "If-Unmodified-Since", now, 200},
			{http.MethodPatch, user, "If-Modified-Since", now, 204},
			{http.MethodPatch, user, "If-Unmodified-Since", before, 412},
			{http.MethodPatch, user, "If-Unmodified-Since", "yesterday", 400},
			{http.MethodPatch, user, "If-Match", `"x"`, 204}, // Only accounts heed it.
			{http.MethodGet, account, "If-Match", tag, 200},
			{http.MethodGet, account, "If-Match", `"x"`, 412},
			{http.MethodGet, account, "If-None-Match", `"x", ` + tag, 304},
			{http.MethodGet, account, "If-None-Match", `"x"`, 200},
			{http.MethodPatch, account, "If-None-Match", "*", 412},
			{http.MethodPatch, account, "If-Match", `"x"`, 412},
			{http.MethodPatch, account, "If-Match", strings.TrimSuffix(tag, `"`) + `--gzip"`, 204},
			{http.MethodPatch, account, "If-Match", tag, 412}, // It was changed just now.
		}
		for _, test := range tests {
			body := ""
			if test.method == http.MethodPatch {
				body = `{"Phone":"1"}`
			}
			if answer := s.do(test.method, test.path, body, test.header, test.value); answer.status != test.want {
				t.Errorf("%s with %s: %s is %d %s, want %d", test.method, test.header, test.value, answer.status, answer.text, test.want)
			}
		}
	})
}
