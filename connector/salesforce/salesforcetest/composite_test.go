package salesforcetest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/connector/salesforce/salesforcetest"
)

func subrequest(method, path, reference string, body any) map[string]any {
	r := map[string]any{"method": method, "url": data + path, "referenceId": reference}
	if body != nil {
		r["body"] = body
	}
	return r
}

// codes lists the httpStatusCode of every subrequest.
func codes(t *testing.T, results any) []int {
	t.Helper()
	list := []int{}
	for _, item := range results.([]any) {
		status, _ := item.(map[string]any)["httpStatusCode"].(float64)
		list = append(list, int(status))
	}
	return list
}

func TestCompositeFollowsReferences(t *testing.T) {
	t.Parallel()
	s := signIn(t, salesforcetest.Default())
	sets := s.ids("PermissionSet", "Name")
	body := map[string]any{"allOrNone": true, "compositeRequest": []any{
		subrequest("POST", "/sobjects/User", "user", s.newUser("a@example.com")),
		subrequest("POST", "/sobjects/PermissionSetAssignment", "set", map[string]any{"AssigneeId": "@{user.id}", "PermissionSetId": sets["Report_Runner"]}),
		subrequest("GET", "/query?q=SELECT+Username+FROM+User+WHERE+Id='@{user.id}'", "found", nil),
		subrequest("PATCH", "/sobjects/User/@{user.id}", "title", map[string]any{"Title": "@{found.records[0].Username}"}),
		subrequest("POST", "/composite/sobjects", "more", map[string]any{"records": []any{typed("User", s.newUser("b@example.com", map[string]any{"ManagerId": "@{user.id}"}))}}),
	}}
	before := s.org.Statistics()
	answer := s.do(http.MethodPost, data+"/composite", encode(t, body))
	if diff := cmp.Diff([]int{201, 201, 200, 204, 200}, codes(t, answer.object(t)["compositeResponse"])); diff != "" {
		t.Fatalf("codes (-want +got):\n%s\n%s", diff, answer.text)
	}
	user, _ := s.org.User("a@example.com")
	report, _ := s.org.User("b@example.com")
	if user.Get("Title") != "a@example.com" || len(user.PermissionSets) != 1 || report.ManagerID != user.ID {
		t.Errorf("the org holds %+v and %+v", user, report)
	}
	after := s.org.Statistics()
	if after.Calls-before.Calls != 1 || after.ByKind["composite"] != 1 || after.RowsWritten-before.RowsWritten != 4 {
		t.Errorf("statistics: %+v", after)
	}
}

func TestCompositeUndoesEverythingWhenAsked(t *testing.T) {
	t.Parallel()
	s := signIn(t, salesforcetest.Default())
	requests := []any{
		subrequest("POST", "/sobjects/User", "one", s.newUser("a@example.com")),
		subrequest("POST", "/sobjects/User", "two", map[string]any{"LastName": "x"}),
		subrequest("POST", "/sobjects/User", "three", s.newUser("c@example.com")),
	}
	answer := s.do(http.MethodPost, data+"/composite", encode(t, map[string]any{"allOrNone": true, "compositeRequest": requests}))
	if diff := cmp.Diff([]int{400, 400, 400}, codes(t, answer.object(t)["compositeResponse"])); diff != "" {
		t.Errorf("codes (-want +got):\n%s", diff)
	}
	if n := len(s.org.Users()); n != 1 {
		t.Errorf("%d users are left", n)
	}
	answer = s.do(http.MethodPost, data+"/composite", encode(t, map[string]any{"allOrNone": false, "compositeRequest": requests}))
	if diff := cmp.Diff([]int{201, 400, 201}, codes(t, answer.object(t)["compositeResponse"])); diff != "" {
		t.Errorf("codes without allOrNone (-want +got):\n%s", diff)
	}
}

func TestSetupAndDataObjectsDoNotMix(t *testing.T) {
	t.Parallel()
	s := signIn(t, salesforcetest.Default())
	requests := []any{
		subrequest("POST", "/sobjects/Account", "account", map[string]any{"Name": "Acme"}),
		subrequest("POST", "/sobjects/User", "user", s.newUser("a@example.com")),
	}
	answer := s.do(http.MethodPost, data+"/composite", encode(t, map[string]any{"allOrNone": true, "compositeRequest": requests}))
	second := answer.object(t)["compositeResponse"].([]any)[1].(map[string]any)
	fault := second["body"].([]any)[0].(map[string]any)
	if fault["errorCode"] != "MIXED_DML_OPERATION" {
		t.Errorf("got %v", fault)
	}
}

func TestGraphsHaveADepth(t *testing.T) {
	t.Parallel()
	s := signIn(t, salesforcetest.Default())
	for depth, want := range map[int]string{15: "", 16: "LIMIT_EXCEEDED"} {
		requests := []any{subrequest("POST", "/sobjects/UserRole", "r1", map[string]any{"Name": fmt.Sprintf("Role %d of 1", depth)})}
		for i := 2; i <= depth; i++ {
			body := map[string]any{"Name": fmt.Sprintf("Role %d of %d", depth, i), "ParentRoleId": fmt.Sprintf("@{r%d.id}", i-1)}
			requests = append(requests, subrequest("POST", "/sobjects/UserRole", fmt.Sprintf("r%d", i), body))
		}
		graphs := []any{map[string]any{"graphId": "g", "compositeRequest": requests}}
		answer := s.do(http.MethodPost, data+"/composite/graph", encode(t, map[string]any{"graphs": graphs}))
		if answer.code(t) != want {
			t.Errorf("a depth of %d: %d %.300s", depth, answer.status, answer.text)
		}
		if want == "" && !strings.Contains(answer.text, `"isSuccessful":true`) {
			t.Errorf("a depth of %d: %s", depth, answer.text)
		}
	}
}

func TestABatchTakesBothFormsOfAddresses(t *testing.T) {
	t.Parallel()
	s := signIn(t, salesforcetest.Config{})
	body := `{"batchRequests":[{"method":"GET","url":"v64.0/limits"},{"method":"GET","url":"/services/data/v64.0/limits"},{"method":"GET","url":"/services/oauth2/userinfo"}]}`
	answer := s.do(http.MethodPost, data+"/composite/batch", body).object(t)
	got := []any{}
	for _, result := range answer["results"].([]any) {
		got = append(got, result.(map[string]any)["statusCode"])
	}
	if diff := cmp.Diff([]any{200.0, 200.0, 404.0}, got); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
}

func TestBatchAndGraph(t *testing.T) {
	t.Parallel()
	s := signIn(t, salesforcetest.Default())
	batch := map[string]any{"haltOnError": true, "batchRequests": []any{
		map[string]any{"method": "POST", "url": "v64.0/sobjects/User", "richInput": s.newUser("a@example.com")},
		map[string]any{"method": "GET", "url": "v64.0/sobjects/User/xyz"},
		map[string]any{"method": "GET", "url": "v64.0/limits"},
	}}
	answer := s.do(http.MethodPost, data+"/composite/batch", encode(t, batch)).object(t)
	var got []any
	for _, item := range answer["results"].([]any) {
		got = append(got, item.(map[string]any)["statusCode"])
	}
	if diff := cmp.Diff([]any{201.0, 404.0, 412.0}, got); diff != "" || answer["hasErrors"] != true {
		t.Errorf("batch (-want +got):\n%s", diff)
	}
	graph := map[string]any{"graphs": []any{
		map[string]any{"graphId": "good", "compositeRequest": []any{
			subrequest("POST", "/sobjects/User", "one", s.newUser("g1@example.com")),
			subrequest("POST", "/sobjects/User", "two", s.newUser("g2@example.com", map[string]any{"ManagerId": "@{one.id}"})),
		}},
		map[string]any{"graphId": "bad", "compositeRequest": []any{
			subrequest("POST", "/sobjects/User", "one", s.newUser("g3@example.com")),
			subrequest("POST", "/sobjects/User", "two", s.newUser("g1@example.com")),
		}},
	}}
	graphs := s.do(http.MethodPost, data+"/composite/graph", encode(t, graph)).object(t)["graphs"].([]any)
	if good, bad := graphs[0].(map[string]any), graphs[1].(map[string]any); good["isSuccessful"] != true || bad["isSuccessful"] != false {
		t.Errorf("graphs: %v", graphs)
	}
	if _, made := s.org.User("g3@example.com"); made {
		t.Error("a failed graph left a user behind")
	}
}
