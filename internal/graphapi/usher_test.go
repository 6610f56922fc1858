package graphapi_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/expr"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/provisioning"
)

const own = "/usher/v1/applications/" + principal

// at returns what is at a path of names in an object.
func at(object any, path ...string) any {
	for _, name := range path {
		members, _ := object.(map[string]any)
		object = members[name]
	}
	return object
}

// names returns a member of every item of a list, whose items are found by a path.
func names(list any, path ...string) []string {
	var result []string
	items, _ := list.([]any)
	for _, item := range items {
		name, _ := at(item, path...).(string)
		result = append(result, name)
	}
	return result
}

// mapTo adds an attribute mapping to the schema of the job.
func (w *world) mapTo(target, expression string) {
	w.tb.Helper()
	schema, err := w.store.Schema(w.tb.Context(), jobID)
	w.must(err)
	_, object, err := schema.UserMapping()
	w.must(err)
	node, err := expr.Parse(expression)
	w.must(err)
	object.AttributeMappings = append(object.AttributeMappings, mapping.AttributeMapping{
		TargetAttributeName: target, Source: new(expr.ToSource(node)), FlowType: mapping.FlowAlwaysType, FlowBehavior: mapping.FlowWhenChanged,
	})
	w.must(w.store.PutSchema(w.tb.Context(), jobID, schema))
}

func TestWhySaysWhatWouldBeDoneAndHidesWhatIsRedacted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.prepare()
	w.signIn()
	w.mapTo("EmployeeNumber", `Redact([mailNickname])`)
	why := w.object(w.want(http.StatusOK, http.MethodGet, own+"/users/ANA@contoso.com/why", ""))
	if why["inScope"] != true || at(why, "now", "action") != "create" || strings.Join(names(why["assignments"], "group"), ",") != "Sales" {
		t.Errorf("in scope %v, now %v, assignments %v", why["inScope"], at(why, "now", "action"), why["assignments"])
	}
	found := 0
	for _, item := range why["mappings"].([]any) {
		if at(item, "targetAttributeName") == "EmployeeNumber" {
			found++
			if at(item, "redacted") != true || at(item, "value") != nil || len(at(item, "inputs").(map[string]any)) != 0 {
				t.Errorf("redacted mapping: %v", item)
			}
		}
	}
	for _, item := range at(why, "now", "fields").([]any) {
		if at(item, "displayName") == "EmployeeNumber" {
			found++
			if at(item, "newValue") != "[Redact]" {
				t.Errorf("redacted field: %v", item)
			}
		}
	}
	if found != 2 {
		t.Errorf("EmployeeNumber is there %d times: %v", found, why)
	}
	out := w.object(w.want(http.StatusOK, http.MethodGet, own+"/users/"+cleo+"/why", ""))
	if out["inScope"] != false || strings.Join(names(out["reasons"], "code"), ",") != "NotAssigned" {
		t.Errorf("in scope %v, reasons %v", out["inScope"], out["reasons"])
	}
}

// A plan is made, looked at, applied once, and taken back by another one.
func TestPlansAreMadeAppliedAndTakenBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.prepare()
	w.signIn()
	w.want(http.StatusNoContent, http.MethodPost, jobPath+"/start", "")
	made := w.object(w.want(http.StatusCreated, http.MethodPost, own+"/plans", `{"full":true}`))
	id := made["id"].(string)
	if made["state"] != "ready" || at(made, "counts", "created") != 2.0 {
		t.Fatalf("plan %v", made)
	}
	items := w.object(w.want(http.StatusOK, http.MethodGet, own+"/plans/"+id[:12]+"/items?$top=1", ""))
	next, _ := items["@odata.nextLink"].(string)
	rest := w.object(w.want(http.StatusOK, http.MethodGet, strings.TrimPrefix(next, "https://usher.example"), ""))
	people := append(names(items["value"], "source", "name"), names(rest["value"], "source", "name")...)
	if strings.Join(people, ",") != "ana@contoso.com,ben@contoso.com" {
		t.Errorf("items of the plan: %v", people)
	}
	if status, _ := w.callAs("reader", http.MethodPost, own+"/plans/"+id+"/apply", ""); status != http.StatusForbidden {
		t.Errorf("a reader who applies gets %d", status)
	}
	applied := w.object(w.want(http.StatusOK, http.MethodPost, own+"/plans/"+id+"/apply", ""))
	if applied["state"] != "applied" || at(applied, "items", "done") != 2.0 || !strings.HasPrefix(applied["appliedBy"].(string), "administrator (API client ") {
		t.Errorf("applied %v by %v", applied["items"], applied["appliedBy"])
	}
	if status, body := w.call(http.MethodPost, own+"/plans/"+id+"/apply", ""); status != http.StatusConflict || !strings.Contains(body, "PlanRefused") {
		t.Errorf("applied twice: %d %s", status, body)
	}
	w.wantActive("ana@contoso.com", "ben@contoso.com")

	log := w.object(w.want(http.StatusOK, http.MethodGet, "/v1.0/auditLogs/provisioning?$top=1", ""))
	cycle := names(log["value"], "cycleId")[0]
	undo := w.object(w.want(http.StatusCreated, http.MethodPost, own+"/cycles/"+cycle+"/undo", `{"users":["ben@contoso.com"]}`))
	if undo["kind"] != "undo" || at(undo, "counts", "disabled") != 1.0 {
		t.Fatalf("undo %v", undo["counts"])
	}
	w.want(http.StatusOK, http.MethodPost, own+"/plans/"+undo["id"].(string)+"/apply", `{"allowRemovals":true}`)
	w.wantActive("ana@contoso.com")
	job, err := w.store.Job(t.Context(), principal)
	w.must(err)
	if job.Schedule.State != provisioning.SchedulePaused {
		t.Errorf("after an undo provisioning is %s", job.Schedule.State)
	}
	w.want(http.StatusNoContent, http.MethodDelete, own+"/plans/"+id, "")
	w.want(http.StatusNotFound, http.MethodGet, own+"/plans/"+id, "")
}

// wantActive compares the accounts in use of the org, besides the administrator's.
func (w *world) wantActive(usernames ...string) {
	w.tb.Helper()
	var active []string
	for _, user := range w.org.Users() {
		if user.IsActive && user.Username != w.org.Credentials().Username {
			active = append(active, user.Username)
		}
	}
	if strings.Join(active, ",") != strings.Join(usernames, ",") {
		w.tb.Errorf("active accounts %v, want %v", active, usernames)
	}
}

func TestHeldRemovalsAreDecidedOnOneByOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.prepare()
	w.signIn()
	w.want(http.StatusNoContent, http.MethodPatch, jobPath, `{"synchronizationJobSettings":[{"name":"QuarantineTooManyDeletesThreshold","value":"1"}]}`)
	w.want(http.StatusNoContent, http.MethodPost, jobPath+"/start", "")
	w.cycle()
	for _, id := range []string{ana, ben} {
		w.must(w.store.RemoveMember(t.Context(), directory.Member{Group: sales, Member: id, Type: "User"}))
	}
	w.cycle()
	w.wantActive("ana@contoso.com", "ben@contoso.com")
	held := w.object(w.want(http.StatusOK, http.MethodGet, own+"/removals?$filter=state%20eq%20'staged'", ""))
	if strings.Join(names(held["value"], "userPrincipalName"), ",") != "ana@contoso.com,ben@contoso.com" {
		t.Errorf("held: %v", held["value"])
	}
	status := at(w.object(w.want(http.StatusOK, http.MethodGet, jobPath, "")), "status")
	if at(status, "quarantine", "reason") != "TooManyDeletes" {
		t.Errorf("quarantine: %v", at(status, "quarantine"))
	}
	log := w.object(w.want(http.StatusOK, http.MethodGet, "/v1.0/auditLogs/provisioning?$filter=provisioningAction%20eq%20'stagedDelete'", ""))
	if len(log["value"].([]any)) != 2 {
		t.Errorf("staged in the log: %v", log["value"])
	}
	for verb, name := range map[string]string{"allow": "ana@contoso.com", "reject": ben} {
		answer := w.object(w.want(http.StatusOK, http.MethodPost, own+"/removals/"+verb, `{"users":["`+name+`"]}`))
		if answer["value"] != 1.0 {
			t.Errorf("%s: %v", verb, answer["value"])
		}
	}
	w.cycle()
	w.wantActive("ben@contoso.com")
	health := w.object(w.want(http.StatusOK, http.MethodGet, own+"/health", ""))
	if health["heldRemovals"] != 0.0 || health["rejectedRemovals"] != 1.0 || health["healthy"] != true {
		t.Errorf("health: %v", health)
	}
}

func TestFailuresAreListedAndTriedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.prepare()
	w.signIn()
	user, err := w.store.User(t.Context(), ana)
	w.must(err)
	user.Attributes = user.Attributes.With("mail", attr.Text("no address"))
	w.must(w.store.PutUser(t.Context(), user))
	w.want(http.StatusNoContent, http.MethodPost, jobPath+"/start", "")
	w.cycle()
	failed := w.object(w.want(http.StatusOK, http.MethodGet, own+"/escrows", ""))
	if strings.Join(names(failed["value"], "userPrincipalName"), ",") != "ana@contoso.com" || names(failed["value"], "code")[0] == "" {
		t.Fatalf("failed: %v", failed["value"])
	}
	for _, body := range []string{`{"all":true}`, `{"users":["ana@contoso.com"]}`, `{"code":"` + names(failed["value"], "code")[0] + `"}`} {
		if answer := w.object(w.want(http.StatusOK, http.MethodPost, own+"/escrows/retry", body)); answer["value"] != 1.0 {
			t.Errorf("%s: %v", body, answer["value"])
		}
	}
	why := w.object(w.want(http.StatusOK, http.MethodGet, own+"/users/"+ana+"/why", ""))
	if at(why, "retry", "attempts") == nil || len(why["log"].([]any)) == 0 {
		t.Errorf("retry %v, log %v", why["retry"], why["log"])
	}
	log := w.object(w.want(http.StatusOK, http.MethodGet, "/v1.0/auditLogs/provisioning?$filter=provisioningStatusInfo/status%20eq%20'failure'", ""))
	for _, row := range log["value"].([]any) {
		if at(row, "provisioningStatusInfo", "errorInformation", "errorCategory") != "nonServiceFailure" {
			t.Errorf("failure: %v", at(row, "provisioningStatusInfo"))
		}
	}
}

func TestConnectionsAreForgottenWhileTheJobIsOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.prepare()
	w.signIn()
	w.want(http.StatusNoContent, http.MethodPost, jobPath+"/start", "")
	w.cycle()
	list := w.object(w.want(http.StatusOK, http.MethodGet, own+"/connections?$count=true&$top=1", ""))
	if list["@odata.count"] != 2.0 || len(list["value"].([]any)) != 1 || list["@odata.nextLink"] == nil {
		t.Errorf("connections: %v", list)
	}
	w.want(http.StatusConflict, http.MethodDelete, own+"/connections/ana@contoso.com", "")
	w.want(http.StatusNoContent, http.MethodPost, jobPath+"/pause", "")
	w.want(http.StatusNoContent, http.MethodDelete, own+"/connections/ana@contoso.com", "")
	w.want(http.StatusNotFound, http.MethodGet, own+"/connections/ana@contoso.com", "")
	w.want(http.StatusOK, http.MethodGet, own+"/connections/"+ben, "")
	w.wantActive("ana@contoso.com", "ben@contoso.com")
}

func TestTheImpactOfASchemaIsShownBeforeItIsSaved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.prepare()
	w.signIn()
	w.want(http.StatusNoContent, http.MethodPost, jobPath+"/start", "")
	w.cycle()
	schema := w.want(http.StatusOK, http.MethodGet, jobPath+"/schema", "")
	same := w.object(w.want(http.StatusOK, http.MethodPost, own+"/schema/impact", schema))
	if same["people"] != 0.0 || len(same["differences"].([]any)) != 0 {
		t.Errorf("the same schema has an impact on %v: %v", same["people"], same["differences"])
	}
	other := strings.NewReplacer(`"[givenName]"`, `"[displayName]"`, `"givenName","parameters"`, `"displayName","parameters"`).Replace(schema)
	changed := w.object(w.want(http.StatusOK, http.MethodPost, own+"/schema/impact", other))
	if changed["people"] != 2.0 || len(changed["changes"].([]any)) != 2 || len(changed["differences"].([]any)) == 0 {
		t.Errorf("impact on %v: %v", changed["people"], changed["differences"])
	}
	if after := w.want(http.StatusOK, http.MethodGet, jobPath+"/schema", ""); after != schema {
		t.Error("looking at the impact changed the schema")
	}
}

func TestLicencesAndBudgetAreThoseOfTheOrg(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.prepare()
	w.signIn()
	licenses := w.object(w.want(http.StatusOK, http.MethodGet, own+"/licenses", ""))
	found := false
	for _, license := range licenses["value"].([]any) {
		if at(license, "name") == "Salesforce" {
			found = true
			if at(license, "total") != 250_000.0 || len(at(license, "roles").([]any)) == 0 {
				t.Errorf("licence %v", license)
			}
		}
	}
	if !found {
		t.Errorf("licences %v", licenses["value"])
	}
	budget := w.object(w.want(http.StatusOK, http.MethodGet, own+"/budget", ""))
	if budget["dailyLimit"] == nil || budget["dailyUsed"] == nil || budget["account"] == "" {
		t.Errorf("budget %v", budget)
	}
}

// A stream tells the state at once and every change of it. It runs over a real
// connection, because a recorder does not flush.
func TestEventsTellOfChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.prepare()
	w.signIn()
	server := httptest.NewServer(w.handler)
	t.Cleanup(server.Close)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+own+"/events", nil)
	w.must(err)
	request.Header.Set("Authorization", "Bearer reader")
	answer, err := server.Client().Do(request)
	w.must(err)
	defer answer.Body.Close() //nolint:errcheck // the end of the test
	if got := answer.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Fatalf("content type %s", got)
	}
	var schedules []string
	lines := bufio.NewScanner(answer.Body)
	for len(schedules) < 2 && lines.Scan() {
		data, found := strings.CutPrefix(lines.Text(), "data: ")
		if !found {
			continue
		}
		var event map[string]any
		w.must(json.Unmarshal([]byte(data), &event))
		schedules = append(schedules, at(event, "schedule", "state").(string))
		if len(schedules) == 1 {
			w.want(http.StatusNoContent, http.MethodPost, jobPath+"/start", "")
		}
	}
	if strings.Join(schedules, ",") != "Disabled,Active" {
		t.Errorf("events: %v, %v", schedules, lines.Err())
	}
}

// What somebody changed in the org is found, set right by a plan, or accepted.
func TestDriftIsFoundRepairedAndAccepted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.prepare()
	w.signIn()
	w.want(http.StatusConflict, http.MethodPost, own+"/drift", "")
	w.want(http.StatusNoContent, http.MethodPost, jobPath+"/start", "")
	w.cycle()
	if found := w.object(w.want(http.StatusOK, http.MethodPost, own+"/drift", "")); found["looked"] != 2.0 || found["found"] != 0.0 || found["planId"] != nil {
		t.Errorf("nothing changed: %v", found)
	}
	change := func() {
		t.Helper()
		w.must(w.org.SetUser("ana@contoso.com", map[string]any{"FirstName": "Anna"}))
	}
	change()
	found := w.object(w.want(http.StatusOK, http.MethodPost, own+"/drift", `{"users":["ana@contoso.com"]}`))
	if found["found"] != 1.0 {
		t.Fatalf("found: %v", found)
	}
	w.want(http.StatusOK, http.MethodPost, own+"/plans/"+found["planId"].(string)+"/apply", "")
	if user, _ := w.org.User("ana@contoso.com"); user.Get("FirstName") != "Ana" {
		t.Errorf("after the repair the name is %q", user.Get("FirstName"))
	}
	change()
	w.want(http.StatusBadRequest, http.MethodPost, own+"/drift/accept", `{"all":true,"attribute":"Colour"}`)
	w.want(http.StatusBadRequest, http.MethodPost, own+"/drift/accept", `{"attribute":"FirstName"}`)
	if answer := w.object(w.want(http.StatusOK, http.MethodPost, own+"/drift/accept", `{"all":true,"attribute":"firstname"}`)); answer["value"] != 1.0 {
		t.Errorf("accepted: %v", answer)
	}
	accepted := w.object(w.want(http.StatusOK, http.MethodGet, own+"/drift/accepted", ""))
	if strings.Join(names(accepted["value"], "userPrincipalName"), ",") != "ana@contoso.com" {
		t.Errorf("accepted: %v", accepted["value"])
	}
	if found := w.object(w.want(http.StatusOK, http.MethodPost, own+"/drift", "")); found["found"] != 0.0 {
		t.Errorf("what is accepted is found: %v", found)
	}
	if answer := w.object(w.want(http.StatusOK, http.MethodPost, own+"/drift/retract", `{"all":true,"attribute":"FirstName"}`)); answer["value"] != 1.0 {
		t.Errorf("retracted: %v", answer)
	}
}

func TestAccountsAreListedWithWhoseTheyAre(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.prepare()
	w.want(http.StatusBadRequest, http.MethodGet, own+"/accounts", "") // nothing to sign in with
	w.signIn()
	w.want(http.StatusNoContent, http.MethodPost, jobPath+"/start", "")
	w.cycle()
	w.must(w.store.RemoveMember(t.Context(), directory.Member{Group: sales, Member: ben, Type: "User"}))
	list := w.object(w.want(http.StatusOK, http.MethodGet, own+"/accounts", ""))
	classes := map[string]string{}
	for _, account := range list["value"].([]any) {
		classes[at(account, "targetName").(string)] = at(account, "class").(string)
	}
	want := map[string]string{"ana@contoso.com": "assigned", "ben@contoso.com": "unassigned", w.org.Credentials().Username: "local"}
	for name, class := range want {
		if classes[name] != class {
			t.Errorf("%s is %q, want %q", name, classes[name], class)
		}
	}
	if at(list, "counts", "assigned") != 1.0 || at(list, "counts", "unassigned") != 1.0 {
		t.Errorf("counts: %v", list["counts"])
	}
	local := w.object(w.want(http.StatusOK, http.MethodGet, own+"/accounts?class=local", ""))
	for _, account := range local["value"].([]any) {
		if at(account, "class") != "local" || at(account, "userId") != nil {
			t.Errorf("local: %v", account)
		}
	}
	w.want(http.StatusBadRequest, http.MethodGet, own+"/accounts?class=other", "")
	w.wantActive("ana@contoso.com", "ben@contoso.com")
}

// Whoever may not allow removals may not do it by another name either.
func TestOnlyAdministratorsLetHeldRemovalsGo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.prepare()
	w.signIn()
	made := w.object(w.want(http.StatusCreated, http.MethodPost, own+"/plans", `{"full":true}`))
	for _, call := range []struct{ path, body string }{
		{own + "/removals/allow", `{"all":true}`},
		{own + "/plans/" + made["id"].(string) + "/apply", `{"allowRemovals":true}`},
		{jobPath + "/restart", `{"criteria":{"resetScope":"ForceDeletes"}}`},
		{jobPath + "/restart", `{"criteria":{"resetScope":"Full, ForceDeletes"}}`},
	} {
		if status, body := w.callAs("operator", http.MethodPost, call.path, call.body); status != http.StatusForbidden {
			t.Errorf("%s %s: an operator gets %d %s", call.path, call.body, status, body)
		}
	}
	if status, body := w.callAs("operator", http.MethodPost, jobPath+"/restart", ""); status != http.StatusNoContent {
		t.Errorf("a restart by an operator: %d %s", status, body)
	}
}
