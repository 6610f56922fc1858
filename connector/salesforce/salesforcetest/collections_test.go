package salesforcetest_test

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/connector/salesforce/salesforcetest"
)

// typed adds the attributes that a row of a collection needs.
func typed(object string, values map[string]any) map[string]any {
	row := map[string]any{"attributes": map[string]any{"type": object}}
	maps.Copy(row, values)
	return row
}

// statuses lists ok or the statusCode of every row.
func statuses(t *testing.T, answer response) []string {
	t.Helper()
	if answer.status != http.StatusOK {
		t.Fatalf("got %d %s", answer.status, answer.text)
	}
	var list []string
	for _, row := range answer.list(t) {
		if row["success"] == true {
			list = append(list, "ok")
			continue
		}
		if _, given := row["id"]; given {
			t.Errorf("a failed row has an id: %v", row)
		}
		for _, item := range row["errors"].([]any) {
			code, _ := item.(map[string]any)["statusCode"].(string)
			list = append(list, code)
		}
	}
	return list
}

func TestCollectionsAnswerRowByRow(t *testing.T) {
	t.Parallel()
	s := signIn(t, salesforcetest.Default())
	rows := []any{
		typed("User", s.newUser("a@example.com")), typed("user", s.newUser("b@example.com", map[string]any{"Alias": nil})),
		typed("User", s.newUser("A@example.com")), typed("User", s.newUser("c@example.com")),
	}
	answer := s.do(http.MethodPost, data+"/composite/sobjects", encode(t, map[string]any{"allOrNone": false, "records": rows}))
	if diff := cmp.Diff([]string{"ok", "REQUIRED_FIELD_MISSING", "DUPLICATE_USERNAME", "ok"}, statuses(t, answer)); diff != "" {
		t.Errorf("created (-want +got):\n%s", diff)
	}
	id := func(i int) any { return answer.list(t)[i]["id"] }
	changes := []any{
		typed("User", map[string]any{"id": id(0), "Title": "x", "IsActive": "false"}), typed("User", map[string]any{"Id": id(3), "Alias": "much too long"}),
		typed("User", map[string]any{"Title": "x"}),
	}
	changed := s.do(http.MethodPatch, data+"/composite/sobjects", encode(t, map[string]any{"records": changes}))
	if diff := cmp.Diff([]string{"ok", "STRING_TOO_LONG", "MISSING_ARGUMENT"}, statuses(t, changed)); diff != "" {
		t.Errorf("changed (-want +got):\n%s", diff)
	}
	read := s.do(http.MethodPost, data+"/composite/sobjects/User", encode(t, map[string]any{"ids": []any{id(3), "005000000000001AAA", id(0)}, "fields": []string{"Username", "IsActive"}}))
	want := `[{"Username":"c@example.com","IsActive":true},null,{"Username":"a@example.com","IsActive":false}]`
	if got := withoutAttributes(read.text); got != want {
		t.Errorf("read %s, want %s", got, want)
	}
}

func withoutAttributes(text string) string {
	for {
		start := strings.Index(text, `"attributes":{`)
		if start < 0 {
			return text
		}
		end := start + strings.IndexByte(text[start:], '}')
		text = text[:start] + text[end+2:]
	}
}

func TestAllOrNoneUndoesEverything(t *testing.T) {
	t.Parallel()
	s := signIn(t, salesforcetest.Default())
	rows := []any{typed("User", s.newUser("a@example.com")), typed("User", s.newUser("b@example.com", map[string]any{"Alias": nil}))}
	answer := s.do(http.MethodPost, data+"/composite/sobjects", encode(t, map[string]any{"allOrNone": true, "records": rows}))
	if diff := cmp.Diff([]string{"ALL_OR_NONE_OPERATION_ROLLED_BACK", "REQUIRED_FIELD_MISSING"}, statuses(t, answer)); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if users, seats := s.org.Users(), s.org.Licenses()[0].Used; len(users) != 1 || seats != 1 {
		t.Errorf("%d users in %d seats are left", len(users), seats)
	}
	s.create("User", s.newUser("a@example.com"))
}

func TestCollectionsHaveLimits(t *testing.T) {
	t.Parallel()
	s := signIn(t, salesforcetest.Default())
	many := make([]any, 201)
	for i := range many {
		many[i] = typed("User", map[string]any{})
	}
	tests := []struct {
		name, code string
		rows       []any
	}{
		{"201 rows", "EXCEEDED_ID_LIMIT", many},
		{"setup object with another", "INVALID_REQUEST", []any{typed("User", nil), typed("Account", nil)}},
		{"unknown type", "INVALID_TYPE", []any{typed("Foo", nil)}},
		{"unknown field", "INVALID_FIELD", []any{typed("User", map[string]any{"Foo": 1})}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			answer := s.do(http.MethodPost, data+"/composite/sobjects", encode(t, map[string]any{"records": test.rows}))
			if answer.status != http.StatusBadRequest || answer.code(t) != test.code {
				t.Errorf("got %d %s, want %s", answer.status, answer.text, test.code)
			}
		})
	}
}

func TestEntitlementsAreAssignedAndTakenInCollections(t *testing.T) {
	t.Parallel()
	s := signIn(t, salesforcetest.Default())
	user := s.create("User", s.newUser("a@example.com"))
	sets, groups := s.ids("PermissionSet", "Name"), s.ids("Group", "DeveloperName")
	answer := s.do(http.MethodPost, data+"/composite/sobjects", encode(t, map[string]any{"records": []any{
		typed("PermissionSetAssignment", map[string]any{"AssigneeId": user, "PermissionSetId": sets["Report_Runner"]}),
		typed("PermissionSetAssignment", map[string]any{"AssigneeId": user, "PermissionSetId": sets["Report_Runner"]}),
		typed("PermissionSetAssignment", map[string]any{"AssigneeId": user, "PermissionSetId": sets["Sales_Console"]}),
	}}))
	if diff := cmp.Diff([]string{"ok", "DUPLICATE_VALUE", "ok"}, statuses(t, answer)); diff != "" {
		t.Errorf("assigned (-want +got):\n%s", diff)
	}
	first := s.create("GroupMember", map[string]any{"GroupId": groups["All_Sales"], "UserOrGroupId": user})
	if again := s.create("GroupMember", map[string]any{"GroupId": groups["All_Sales"], "UserOrGroupId": user}); again != first {
		t.Error("a membership was made twice")
	}
	held, _ := s.org.User("a@example.com")
	if diff := cmp.Diff([][]string{{"Report_Runner", "Sales_Console"}, {"All_Sales"}, {"SalesConsoleUser"}},
		[][]string{held.PermissionSets, held.Groups, held.PermissionSetLicenses}); diff != "" {
		t.Errorf("held (-want +got):\n%s", diff)
	}
	assignments := s.query("SELECT Id FROM PermissionSetAssignment WHERE PermissionSet.IsOwnedByProfile = false AND AssigneeId = '" + user + "'")
	ids := []string{}
	for _, a := range assignments {
		ids = append(ids, a["Id"].(string))
	}
	taken := s.do(http.MethodDelete, data+"/composite/sobjects?allOrNone=true&ids="+url.QueryEscape(strings.Join(append(ids, first), ",")), "")
	if taken.code(t) != "INVALID_REQUEST" {
		t.Errorf("two setup objects were deleted in one call: %s", taken.text)
	}
	taken = s.do(http.MethodDelete, data+"/composite/sobjects?ids="+strings.Join(ids, ","), "")
	if diff := cmp.Diff([]string{"ok", "ok"}, statuses(t, taken)); diff != "" {
		t.Errorf("taken (-want +got):\n%s", diff)
	}
	if held, _ = s.org.User("a@example.com"); len(held.PermissionSets) != 0 {
		t.Errorf("permission sets are left: %v", held.PermissionSets)
	}
}

func TestUpsertByAnExternalID(t *testing.T) {
	t.Parallel()
	s := signIn(t, salesforcetest.Config{CustomFields: []salesforcetest.CustomField{{Object: "User", Name: "Person__c", ExternalID: true}}})
	path := data + "/sobjects/User/Person__c/P-1"
	created := s.do(http.MethodPatch, path, encode(t, s.newUser("a@example.com")))
	if created.status != http.StatusCreated || created.object(t)["created"] != true {
		t.Fatalf("insert: %d %s", created.status, created.text)
	}
	updated := s.do(http.MethodPatch, path, `{"Title":"x"}`)
	if updated.status != http.StatusOK || updated.object(t)["created"] != false {
		t.Errorf("update: %d %s", updated.status, updated.text)
	}
	if old := s.do(http.MethodPatch, strings.Replace(path, "v64.0", "v45.0", 1), `{"Title":"y"}`); old.status != http.StatusNoContent {
		t.Errorf("update in version 45: %d", old.status)
	}
	if given := s.do(http.MethodPatch, path, `{"Person__c":"P-1"}`); given.code(t) != "INVALID_FIELD" {
		t.Errorf("the external id in the body: %d %s", given.status, given.text)
	}
	s.create("User", s.newUser("b@example.com", map[string]any{"Person__c": "P-1"}))
	if several := s.do(http.MethodPatch, path, `{}`); several.status != http.StatusMultipleChoices {
		t.Errorf("two matches: %d %s", several.status, several.text)
	}
	rows := []any{typed("User", map[string]any{"Person__c": "P-1", "Title": "z"}), typed("User", s.newUser("c@example.com", map[string]any{"Person__c": "P-2"}))}
	answer := s.do(http.MethodPatch, data+"/composite/sobjects/User/Person__c", encode(t, map[string]any{"records": rows}))
	if diff := cmp.Diff([]string{"DUPLICATE_EXTERNAL_ID", "ok"}, statuses(t, answer)); diff != "" {
		t.Errorf("collection (-want +got):\n%s", diff)
	}
}

func TestUpsertByAUsername(t *testing.T) {
	t.Parallel()
	s := signIn(t, salesforcetest.Config{})
	body := s.newUser("a@example.com")
	path := data + "/sobjects/User/Username/a@example.com"
	if answer := s.do(http.MethodPatch, path, encode(t, body)); answer.code(t) != "INVALID_FIELD" {
		t.Errorf("the username in the body: %d %s", answer.status, answer.text)
	}
	delete(body, "Username")
	if answer := s.do(http.MethodPatch, path, encode(t, body)); answer.status != http.StatusCreated {
		t.Fatalf("insert: %d %s", answer.status, answer.text)
	}
	if answer := s.do(http.MethodPatch, data+"/sobjects/User/username/A@Example.com", `{"Title":"x"}`); answer.status != http.StatusOK {
		t.Errorf("update: %d %s", answer.status, answer.text)
	}
	if answer := s.do(http.MethodGet, path+"?fields=Title", ""); answer.object(t)["Title"] != "x" {
		t.Errorf("read: %d %s", answer.status, answer.text)
	}
	for field, want := range map[string]int{"FederationIdentifier": 404, "Title": 404, "Id": 404} {
		if answer := s.do(http.MethodGet, data+"/sobjects/User/"+field+"/x", ""); answer.status != want {
			t.Errorf("by %s: %d %s", field, answer.status, answer.text)
		}
	}
	boss := s.create("User", s.newUser("boss@example.com"))
	if answer := s.do(http.MethodPatch, path, `{"Manager":{"Username":"boss@example.com"}}`); answer.status != http.StatusOK {
		t.Fatalf("a manager by username: %d %s", answer.status, answer.text)
	}
	if user, _ := s.org.User("a@example.com"); user.ManagerID != boss {
		t.Errorf("the manager is %q", user.ManagerID)
	}
}

func TestRowsOfAnUpsertThatShareAnExternalID(t *testing.T) {
	t.Parallel()
	s := signIn(t, salesforcetest.Config{CustomFields: []salesforcetest.CustomField{{Object: "User", Name: "Person__c", ExternalID: true}}})
	row := func(username, person string) any {
		return typed("User", s.newUser(username, map[string]any{"Person__c": person}))
	}
	rows := []any{row("a@example.com", "P-1"), row("b@example.com", "P/2 ø"), row("c@example.com", "p-1")}
	answer := s.do(http.MethodPatch, data+"/composite/sobjects/User/Person__c", encode(t, map[string]any{"records": rows}))
	if diff := cmp.Diff([]string{"DUPLICATE_VALUE", "ok", "DUPLICATE_VALUE"}, statuses(t, answer)); diff != "" {
		t.Errorf("collection (-want +got):\n%s", diff)
	}
	path := data + "/sobjects/User/Person__c/" + url.PathEscape("P/2 ø")
	if read := s.do(http.MethodGet, path+"?fields=Username", ""); read.object(t)["Username"] != "b@example.com" {
		t.Errorf("an external id with a slash: %d %s", read.status, read.text)
	}
	job := s.ingest(map[string]any{"object": "User", "operation": "upsert", "externalIdFieldName": "Person__c"}, "Person__c,Title\nP/2 ø,x\nP/2 ø,y\n")
	failed := s.do(http.MethodGet, job+"/failedResults", "").table(t)
	if len(failed) != 3 || !strings.HasPrefix(failed[1][1], "DUPLICATE_VALUE:Duplicate external id specified: P/2 ø:Person__c") {
		t.Errorf("a job: %v", failed)
	}
}
