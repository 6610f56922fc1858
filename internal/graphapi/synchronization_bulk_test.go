package graphapi_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/directory"
)

// upload sends operations, which are numbered from 1, and returns the answer.
func (w *world) upload(users ...string) (status int, location, body string) {
	w.tb.Helper()
	operations := make([]string, len(users))
	for i, user := range users {
		operations[i] = fmt.Sprintf(`{"method":"POST","bulkId":"%d","path":"/Users","data":%s}`, i+1, user)
	}
	text := `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"failOnErrors":null,"Operations":[` + strings.Join(operations, ",") + `]}`
	return w.uploadText("application/scim+json", text)
}

func (w *world) uploadText(mediaType, text string) (status int, location, body string) {
	w.tb.Helper()
	t, ok := w.tb.(*testing.T)
	if !ok {
		w.tb.Fatal("not in a benchmark")
	}
	got := send(t, w.handler, "administrator", http.MethodPost, jobPath+"/bulkUpload", strings.NewReader(text), "Content-Type", mediaType)
	return got.Code, got.Header().Get("Location"), got.Body.String()
}

// must202 uploads and returns what the log says of it, the newest first.
func (w *world) must202(users ...string) []string {
	w.tb.Helper()
	status, location, body := w.upload(users...)
	if status != http.StatusAccepted || body != "" {
		w.tb.Fatalf("status %d: %s", status, body)
	}
	address, err := url.Parse(location)
	w.must(err)
	rows, _ := w.object(w.want(http.StatusOK, http.MethodGet, address.RequestURI(), ""))["value"].([]any)
	var log []string
	for _, row := range rows {
		row := row.(map[string]any)
		reason := row["resultReason"].(string)
		if _, after, found := strings.Cut(reason, ", operation "); found {
			reason = after
		} else {
			_, reason, _ = strings.Cut(reason, ": ")
		}
		log = append(log, fmt.Sprintf("%s %s: %s", row["activityDisplayName"], row["result"], reason))
	}
	return log
}

func (w *world) person(name string) directory.User {
	w.tb.Helper()
	user, err := w.store.User(w.tb.Context(), name)
	w.must(err)
	return user
}

const uploadedDora = `{
	"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
	"externalId":"7001","userName":"dora@contoso.com","name":{"givenName":"Dora","familyName":"Lund"},"title":"Tour Guide","userType":"Employee","active":true,
	"preferredLanguage":"nb-NO","emails":[{"value":"home@example.org","type":"home"},{"value":"dora.lund@contoso.com","type":"work","primary":true}],
	"phoneNumbers":[{"value":"555-1","type":"work"},{"value":"555-2","type":"mobile"},{"value":"555-3","type":"pager"}],
	"addresses":[{"type":"home","locality":"Bergen"},{"type":"work","streetAddress":"1 Quay","locality":"Oslo","region":"Oslo","postalCode":"0150","country":"NO"}],
	"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"employeeNumber":"x","costCenter":"4130","organization":"Contoso","division":"Tours","department":"Guides","manager":{"value":"7002"}},
	"urn:contoso:unknown":{"a":1}}`

func TestPeopleWhoAreUploadedBecomeUsers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.signIn()
	boss := `{"externalId":"7002","userName":"boss@contoso.com","displayName":"The Boss"}`
	log := w.must202(uploadedDora, boss)
	if len(log) != 4 || !strings.Contains(log[0], "2 created, 0 updated, 0 unchanged, 0 refused") || !strings.Contains(log[1], "Set user manager success: 1: manager boss@contoso.com") {
		t.Errorf("the log: %q", log)
	}
	dora := w.person("dora@contoso.com")
	want := map[string]string{
		"employeeId": "7001", "givenName": "Dora", "surname": "Lund", "jobTitle": "Tour Guide", "employeeType": "Employee", "preferredLanguage": "nb-NO",
		"mail": "dora.lund@contoso.com", "mailNickname": "dora", "mobilePhone": "555-2", "streetAddress": "1 Quay", "city": "Oslo", "state": "Oslo",
		"postalCode": "0150", "country": "NO", "costCenter": "4130", "companyName": "Contoso", "division": "Tours", "department": "Guides",
	}
	for name, value := range want {
		if got := dora.Attributes.Get(name).String(); got != value {
			t.Errorf("%s is %q, want %q", name, got, value)
		}
	}
	if phones := dora.Attributes.Get("businessPhones"); !attr.Equal(phones, attr.Texts("555-1"), true) || dora.Attributes.Len() != len(want)+1 {
		t.Errorf("attributes: %v", dora.Attributes)
	}
	if dora.DisplayName != "Dora Lund" || !dora.AccountEnabled || dora.ManagerID != w.person("boss@contoso.com").ID {
		t.Errorf("%+v", dora)
	}

	// The same again changes nothing; a change is found by the employee, whatever the name.
	if log := w.must202(uploadedDora, boss); len(log) != 1 || !strings.Contains(log[0], "0 created, 0 updated, 2 unchanged") {
		t.Errorf("the log: %q", log)
	}
	log = w.must202(`{"externalId":"7001","userName":"dora.berg@contoso.com","name":{"familyName":"Berg"},"title":null,"emails":[],"active":false}`)
	if len(log) != 2 || !strings.Contains(log[1], "Update user success: 1: properties accountenabled, employeeid, surname, userprincipalname") {
		t.Errorf("the log: %q", log)
	}
	after := w.person("dora.berg@contoso.com")
	if after.ID != dora.ID || after.AccountEnabled || after.Attributes.Get("surname").String() != "Berg" || after.Attributes.Get("jobTitle").String() != "Tour Guide" ||
		after.Attributes.Get("mail").String() != "dora.lund@contoso.com" || after.DisplayName != "Dora Lund" || after.ManagerID != dora.ManagerID {
		t.Errorf("%+v", after)
	}
}

func TestAnUploadFindsPeopleOfOtherSources(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.signIn()
	user := w.person(ben)
	user.Attributes = user.Attributes.With("employeeId", attr.Text("200"))
	w.must(w.store.PutUser(t.Context(), user))
	// By name, and by employee id with a name of another kind.
	w.must202(`{"externalId":"100","userName":"ANA@contoso.com","title":"Head"}`, `{"externalId":"200","userName":"bokoye","title":"Hand","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":{"value":"ana@contoso.com"}}}`)
	if found := w.person(ana); found.Attributes.Get("employeeId").String() != "100" || found.Attributes.Get("jobTitle").String() != "Head" {
		t.Errorf("%+v", found)
	}
	if found := w.person(ben); found.UserPrincipalName != "ben@contoso.com" || found.Attributes.Get("jobTitle").String() != "Hand" || found.ManagerID != ana {
		t.Errorf("%+v", found)
	}
}

func TestAnOperationThatIsRefusedStopsNoOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.signIn()
	for _, id := range []string{ben, cleo} {
		user := w.person(id)
		user.Attributes = user.Attributes.With("employeeId", attr.Text("same"))
		w.must(w.store.PutUser(t.Context(), user))
	}
	w.must202(`{"externalId":"gone","userName":"gone@contoso.com"}`)
	w.must(w.store.RemoveUser(t.Context(), w.person("gone@contoso.com").ID))
	before := w.person(ana)
	log := w.must202(
		`{"title":"Nobody"}`, `{"userName":7}`, `{"externalId":"1","userName":"no name"}`, `{"externalId":"2"}`, `{"externalId":"same"}`,
		`{"schemas":["urn:other"],"externalId":"3","userName":"three@contoso.com"}`, `{"externalId":"4","userName":"ben@contoso.com"}`,
		`{"externalId":"gone","userName":"gone@contoso.com"}`, `{"userName":"ana@contoso.com","displayName":"`+strings.Repeat("x", 300)+`","title":"changed"}`,
		`{"userName":"ana@contoso.com","title":"a\u0000b"}`, `7`,
		`{"userName":"self@contoso.com","externalId":"self","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":{"value":"self"}}}`,
		`{"userName":"ana@contoso.com","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":{"value":"nobody"}}}`,
		`{"externalId":"5","userName":"five@contoso.com"}`,
	)
	text := strings.Join(log, "\n")
	for _, says := range []string{
		"1: A user is found by externalId or userName", "2: Invalid value specified for property 'userName'", "3: Invalid value specified for property 'userPrincipalName'",
		"4: Invalid value specified for property 'userPrincipalName'", "5: Several users have the employeeId 'same'", "6: The schemas of a user",
		"7: The name 'ben@contoso.com' is that of the employee 'same'", "8: The user 'gone@contoso.com' with the employeeId 'gone' was deleted",
		"9: Invalid value specified for property 'displayName'", "10: Invalid value specified for property 'jobTitle'", "11: Invalid value",
		"12: Nobody is their own manager", "13: The manager 'nobody' is not in the directory", "2 created, 0 updated, 1 unchanged, 11 refused",
	} {
		if !strings.Contains(text, says) {
			t.Errorf("the log does not say %q:\n%s", says, text)
		}
	}
	if after := w.person(ana); !after.Equal(before) {
		t.Errorf("%+v", after)
	}
	w.person("five@contoso.com")
}

func TestAnUploadWithAFaultInItsFormWritesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.signIn()
	good := `{"method":"POST","bulkId":"%d","path":"/Users","data":{"externalId":"9%[1]d","userName":"u%[1]d@contoso.com"}}`
	frame := func(operations string) string {
		return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[` + fmt.Sprintf(good, 0) + `,` + operations + `]}`
	}
	var many []string
	for i := range 50 {
		many = append(many, fmt.Sprintf(good, i+1))
	}
	for name, test := range map[string]struct{ mediaType, body string }{
		"media type":   {"application/json", frame(fmt.Sprintf(good, 1))},
		"no JSON":      {"application/scim+json", `{"schemas":`},
		"nothing":      {"application/scim+json", ``},
		"not UTF-8":    {"application/scim+json", frame(strings.Replace(fmt.Sprintf(good, 1), "u1@", "\xff@", 1))},
		"no schema":    {"application/scim+json", strings.Replace(frame(fmt.Sprintf(good, 1)), "BulkRequest", "Other", 1)},
		"wrong type":   {"application/scim+json", frame(`7`)},
		"51":           {"application/scim+json", frame(strings.Join(many, ","))},
		"method":       {"application/scim+json", frame(strings.Replace(fmt.Sprintf(good, 1), "POST", "DELETE", 1))},
		"path":         {"application/scim+json", frame(strings.Replace(fmt.Sprintf(good, 1), "/Users", "/Groups", 1))},
		"bulk id":      {"application/scim+json", frame(fmt.Sprintf(good, 0))},
		"without data": {"application/scim+json", frame(`{"method":"POST","bulkId":"x","path":"/Users"}`)},
	} {
		status, _, body := w.uploadText(test.mediaType, test.body)
		if status != http.StatusBadRequest || !strings.Contains(body, `"error":{"code":"Request_BadRequest"`) {
			t.Errorf("%s: %d %s", name, status, body)
		}
	}
	if count := w.want(http.StatusOK, http.MethodGet, "/v1.0/users?$select=id", ""); strings.Count(count, `"id"`) != 3 {
		t.Errorf("somebody was written: %s", count)
	}
	if status, _ := w.callAs("operator", http.MethodPost, jobPath+"/bulkUpload", "{}"); status != http.StatusForbidden {
		t.Errorf("an operator gets %d", status)
	}
}

func TestFailOnErrorsEndsAnUpload(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.signIn()
	text := `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"failOnErrors":1,"Operations":[` +
		`{"method":"POST","bulkId":"a","path":"/Users","data":{}},{"method":"POST","bulkId":"b","path":"/Users","data":{"userName":"late@contoso.com"}}]}`
	if status, _, body := w.uploadText("application/scim+json", text); status != http.StatusAccepted {
		t.Fatal(status, body)
	}
	w.want(http.StatusNotFound, http.MethodGet, "/v1.0/users/late@contoso.com", "")
}
