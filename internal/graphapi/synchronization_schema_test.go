package graphapi_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/connector/salesforce/salesforcetest"
	"github.com/usher-id/usher/directory"
)

// call sends a request as an administrator and returns status and body.
func (w *world) call(method, target, body string) (int, string) {
	w.tb.Helper()
	return w.callAs("administrator", method, target, body)
}

func (w *world) callAs(token, method, target, body string) (int, string) {
	w.tb.Helper()
	request := httptest.NewRequestWithContext(w.tb.Context(), method, target, strings.NewReader(body))
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Content-Type", "application/json")
	recorder := httptest.NewRecorder()
	w.handler.ServeHTTP(recorder, request)
	return recorder.Code, recorder.Body.String()
}

// want sends a request that must have a status, and returns its body.
func (w *world) want(status int, method, target, body string) string {
	w.tb.Helper()
	got, answer := w.call(method, target, body)
	if got != status {
		w.tb.Fatalf("%s %s: status %d, want %d: %s", method, target, got, status, answer)
	}
	return answer
}

// object reads a JSON object.
func (w *world) object(body string) map[string]any {
	w.tb.Helper()
	var object map[string]any
	if err := json.Unmarshal([]byte(body), &object); err != nil {
		w.tb.Fatalf("%v: %s", err, body)
	}
	return object
}

const (
	synchronization = "/v1.0/servicePrincipals/" + principal + "/synchronization"
	jobPath         = synchronization + "/jobs/" + jobID
)

// signIn saves credentials that work and creates the job.
func (w *world) signIn() {
	w.tb.Helper()
	w.want(http.StatusNoContent, http.MethodPut, synchronization+"/secrets", `{"value":[{"key":"UserName","value":"`+salesforcetest.DefaultUsername+
		`"},{"key":"Password","value":"`+salesforcetest.DefaultPassword+`"},{"key":"SecretToken","value":"`+salesforcetest.DefaultSecurityToken+`"}]}`)
	w.want(http.StatusCreated, http.MethodPost, synchronization+"/jobs", `{"templateId":"salesforce"}`)
}

func TestASchemaComesBackAsItWasPut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.prepare()
	w.signIn()
	schema := w.object(w.want(http.StatusOK, http.MethodGet, jobPath+"/schema?$expand=directories", ""))
	if schema["id"] != jobID {
		t.Errorf("the schema has the id %v", schema["id"])
	}
	// Members that Usher gives no meaning to stay, wherever they are.
	schema["novelty"] = map[string]any{"a": 1.0}
	directory := schema["directories"].([]any)[1].(map[string]any)
	directory["discoverabilities"], directory["version"], directory["readOnly"], directory["discoveryDateTime"] = "AttributeNames,ReferenceAttributes", "v", false, "2026-01-01T00:00:00Z"
	attribute := directory["objects"].([]any)[0].(map[string]any)["attributes"].([]any)[0].(map[string]any)
	attribute["flowNullValues"], attribute["apiExpressions"] = true, []any{map[string]any{"name": "k", "value": "v"}}
	rule := schema["synchronizationRules"].([]any)[0].(map[string]any)
	rule["containerFilter"], rule["groupFilter"] = map[string]any{"includedContainers": []any{"c"}}, map[string]any{"includedGroups": []any{}}
	text, err := json.Marshal(schema)
	w.must(err)
	w.want(http.StatusNoContent, http.MethodPut, jobPath+"/schema", string(text))
	after := w.object(w.want(http.StatusOK, http.MethodGet, jobPath+"/schema", ""))
	if diff := cmp.Diff(schema, after); diff != "" {
		t.Errorf("the schema is not the one that was put (-put +got):\n%s", diff)
	}
	definition := w.object(w.want(http.StatusOK, http.MethodGet, jobPath+"/schema/directories/salesforce.com", ""))
	if definition["version"] != "v" || definition["discoverabilities"] != "AttributeNames,ReferenceAttributes" {
		t.Errorf("directory: %v", definition["version"])
	}
}

func TestPatchReplacesTheListsThatItHas(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.prepare()
	w.signIn()
	before := w.object(w.want(http.StatusOK, http.MethodGet, jobPath+"/schema", ""))
	rules := before["synchronizationRules"].([]any)
	mappings := rules[0].(map[string]any)["objectMappings"].([]any)
	for _, attribute := range mappings[0].(map[string]any)["attributeMappings"].([]any) {
		if attribute := attribute.(map[string]any); attribute["targetAttributeName"] == "EmailEncodingKey" {
			attribute["defaultValue"] = "patched"
		}
	}
	text, err := json.Marshal(map[string]any{"synchronizationRules": rules})
	w.must(err)
	w.want(http.StatusNoContent, http.MethodPatch, jobPath+"/schema", string(text))
	after := w.object(w.want(http.StatusOK, http.MethodGet, jobPath+"/schema", ""))
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	w.want(http.StatusNoContent, http.MethodDelete, jobPath+"/schema", "")
	reset := w.want(http.StatusOK, http.MethodGet, jobPath+"/schema", "")
	if strings.Contains(reset, "patched") {
		t.Error("the schema of the template still has what was patched")
	}
}

// What the generated clients of Graph leave out has the defaults of Graph.
func TestMembersThatAreLeftOutTakeTheirDefaults(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.prepare()
	w.signIn()
	w.want(http.StatusNoContent, http.MethodPatch, jobPath+"/schema", `{"synchronizationRules":[{"id":"r","name":"R",
		"sourceDirectoryName":"Azure Active Directory","targetDirectoryName":"salesforce.com","objectMappings":[{"sourceObjectName":"User","targetObjectName":"User",
		"flowTypes":"Add, Update","attributeMappings":[
			{"targetAttributeName":"Username","matchingPriority":1,"source":{"expression":"[userPrincipalName]","type":"Attribute","name":"userPrincipalName"}},
			{"targetAttributeName":"IsActive","source":{"expression":"Not([IsSoftDeleted])"}},
			{"targetAttributeName":"Alias","source":{"type":"Function","name":"Mid","parameters":[{"key":"source","value":{"type":"Attribute","name":"mailNickname"}},
				{"key":"start","value":{"type":"Constant","name":"1","expression":"1"}},{"key":"length","value":{"type":"Constant","name":"8","expression":"8"}}]}},
			{"targetAttributeName":"ProfileName","source":{"expression":"SingleAppRoleAssignment([appRoleAssignments])","type":"Function","name":"SingleAppRoleAssignment"}},
			{"targetAttributeName":"Email","source":{"type":"Attribute","name":"mail"}},
			{"targetAttributeName":"LastName","source":{"type":"Attribute","name":"surname"}},
			{"targetAttributeName":"EmailEncodingKey","defaultValue":"ISO-8859-1"},{"targetAttributeName":"LanguageLocaleKey","defaultValue":"en_US"},
			{"targetAttributeName":"LocaleSidKey","defaultValue":"en_US"},{"targetAttributeName":"TimeZoneSidKey","defaultValue":"Europe/Berlin"}]}]}]}`)
	schema, err := w.store.Schema(t.Context(), jobID)
	w.must(err)
	_, object, err := schema.UserMapping()
	w.must(err)
	if got := object.FlowTypes.String(); got != "Add,Update" {
		t.Errorf("flow types %s", got)
	}
	for _, attribute := range object.AttributeMappings {
		if attribute.FlowType != "Always" || attribute.FlowBehavior != "FlowWhenChanged" {
			t.Errorf("%s: %s, %s", attribute.TargetAttributeName, attribute.FlowType, attribute.FlowBehavior)
		}
	}
	if !object.Enabled {
		t.Error("the mapping is not enabled")
	}
	w.want(http.StatusNoContent, http.MethodPost, jobPath+"/start", "")
	if run := w.cycle(); run.Counts.Created != 2 {
		t.Errorf("the cycle made %+v", run.Counts)
	}
}

func TestDiscoveringAddsWhatTheSchemaLacks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.prepare()
	w.signIn()
	target := jobPath + "/schema/directories/salesforce.com"
	definition := w.object(w.want(http.StatusOK, http.MethodGet, target, ""))
	objects := definition["objects"].([]any)
	user := objects[0].(map[string]any)
	attributes := user["attributes"].([]any)
	count := len(attributes)
	kept := attributes[:0:0]
	for _, attribute := range attributes {
		if attribute.(map[string]any)["name"] != "Department" {
			kept = append(kept, attribute)
		}
	}
	if len(kept) != count-1 {
		t.Fatalf("%d of %d attributes kept", len(kept), count)
	}
	user["attributes"] = kept
	text, err := json.Marshal(map[string]any{"objects": objects})
	w.must(err)
	if status, body := w.call(http.MethodPatch, target, string(text)); status != http.StatusNoContent {
		t.Skipf("the default mapping uses the attribute: %s", body)
	}
	discovered := w.object(w.want(http.StatusOK, http.MethodPost, target+"/discover", ""))
	if got := len(discovered["objects"].([]any)[0].(map[string]any)["attributes"].([]any)); got != count {
		t.Errorf("%d attributes after discovery, want %d", got, count)
	}
	if discovered["discoveryDateTime"] == nil || discovered["version"] == nil {
		t.Errorf("discovery %v, version %v", discovered["discoveryDateTime"], discovered["version"])
	}
	job, err := w.store.Job(t.Context(), principal)
	w.must(err)
	w.must(w.store.UpdateJob(t.Context(), job.ID, initialDone))
	w.want(http.StatusOK, http.MethodPost, target+"/discover", "")
	if job, err = w.store.Job(t.Context(), principal); err != nil || !job.Status.InitialDone {
		t.Errorf("discovering nothing new makes the next cycle look at everyone: %v", err)
	}
}

// A directory that mappings use cannot be deleted, one that none uses can.
func TestDirectoriesAreDeletedWhenNothingUsesThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.prepare()
	w.signIn()
	w.want(http.StatusBadRequest, http.MethodDelete, jobPath+"/schema/directories/salesforce.com", "")
	schema := w.object(w.want(http.StatusOK, http.MethodGet, jobPath+"/schema", ""))
	schema["directories"] = append(schema["directories"].([]any), map[string]any{"id": "extra", "name": "Extra", "objects": []any{}})
	text, err := json.Marshal(schema)
	w.must(err)
	w.want(http.StatusNoContent, http.MethodPut, jobPath+"/schema", string(text))
	w.want(http.StatusOK, http.MethodGet, jobPath+"/schema/directories/extra", "")
	w.want(http.StatusNoContent, http.MethodDelete, jobPath+"/schema/directories/extra", "")
	w.want(http.StatusNotFound, http.MethodGet, jobPath+"/schema/directories/extra", "")
}

func TestOnDemandRequestsAreLimited(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.prepare()
	w.signIn()
	body := `{"parameters":[{"ruleId":"4c5ecfa1-a072-4460-b1c3-4adde3479854","subjects":[{"objectId":"` + cleo + `","objectTypeName":"User"}]}]}`
	limited := 0
	for range 7 {
		status, answer := w.call(http.MethodPost, jobPath+"/provisionOnDemand", body)
		switch status {
		case http.StatusOK:
		case http.StatusTooManyRequests:
			limited++
		default:
			t.Fatalf("status %d: %s", status, answer)
		}
	}
	if limited == 0 {
		t.Error("seven requests were answered")
	}
}

// The whole way: configured, started, cycled, looked at, and somebody who leaves.
func TestAJobThatRuns(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.prepare()
	w.signIn()
	w.want(http.StatusNoContent, http.MethodPost, jobPath+"/validateCredentials", `{"useSavedCredentials":true}`)
	w.want(http.StatusNoContent, http.MethodPost, jobPath+"/start", "")
	if len(w.woken) == 0 || w.woken[len(w.woken)-1] != principal {
		t.Errorf("the job was not woken: %v", w.woken)
	}
	w.cycle()
	status := w.object(w.want(http.StatusOK, http.MethodGet, jobPath, ""))["status"].(map[string]any)
	if diff := cmp.Diff([]any{map[string]any{"key": "User to User", "value": 2.0}}, status["synchronizedEntryCountByType"]); status["code"] != "Active" || diff != "" {
		t.Errorf("status %v %s", status["code"], diff)
	}
	if status["lastSuccessfulExecutionWithExports"].(map[string]any)["countExported"] != 2.0 {
		t.Errorf("last execution: %v", status["lastSuccessfulExecutionWithExports"])
	}
	w.must(w.store.RemoveMember(t.Context(), directory.Member{Group: sales, Member: ben, Type: "User"}))
	w.cycle()
	log := w.object(w.want(http.StatusOK, http.MethodGet, "/v1.0/auditLogs/provisioning?$filter=provisioningAction%20eq%20'disable'", ""))["value"].([]any)
	if len(log) != 1 || log[0].(map[string]any)["sourceIdentity"].(map[string]any)["id"] != ben {
		t.Errorf("disabled: %v", log)
	}
	for _, user := range w.org.Users() {
		if user.Username == "ben@contoso.com" && user.IsActive {
			t.Error("ben is still active")
		}
	}
}

// Following the links gives every row once.
func TestPagesOfTheLogAreComplete(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.prepare()
	w.signIn()
	w.want(http.StatusNoContent, http.MethodPost, jobPath+"/start", "")
	for range 3 {
		w.cycle()
		w.must(w.store.RemoveMember(t.Context(), directory.Member{Group: sales, Member: ben, Type: "User"}))
		w.cycle()
		w.must(w.store.PutMember(t.Context(), directory.Member{Group: sales, Member: ben, Type: "User"}))
	}
	for _, query := range []string{"$top=2", "$top=2&$orderby=activityDateTime%20desc", "$top=2&$filter=contains(sourceIdentity/displayName,'contoso')", "$top=2&$orderby=id"} {
		seen := map[string]bool{}
		next := "/v1.0/auditLogs/provisioning?" + query
		for next != "" {
			page := w.object(w.want(http.StatusOK, http.MethodGet, strings.TrimPrefix(next, "https://usher.example"), ""))
			for _, row := range page["value"].([]any) {
				id := row.(map[string]any)["id"].(string)
				if seen[id] {
					t.Errorf("%s: row %s comes twice", query, id)
				}
				seen[id] = true
			}
			next, _ = page["@odata.nextLink"].(string)
		}
		if len(seen) < 6 {
			t.Errorf("%s: %d rows", query, len(seen))
		}
	}
}

// Roles can be assigned before the job was ever started, and credentials that do not
// work are saved all the same.
func TestRolesAreImportedWithTheJob(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	roles := func() int {
		t.Helper()
		roles, err := w.store.Roles(t.Context(), principal)
		w.must(err)
		return len(roles)
	}
	w.want(http.StatusNoContent, http.MethodPut, synchronization+"/secrets", `{"value":[{"key":"UserName","value":"nobody"},{"key":"Password","value":"x"},{"key":"SecretToken","value":"x"}]}`)
	w.want(http.StatusCreated, http.MethodPost, synchronization+"/jobs", `{"templateId":"salesforce"}`)
	if roles() != 0 {
		t.Fatal("there are roles without a sign-in")
	}
	w.want(http.StatusNoContent, http.MethodPut, synchronization+"/secrets", `{"value":[{"key":"UserName","value":"`+salesforcetest.DefaultUsername+
		`"},{"key":"Password","value":"`+salesforcetest.DefaultPassword+`"},{"key":"SecretToken","value":"`+salesforcetest.DefaultSecurityToken+`"}]}`)
	if roles() == 0 {
		t.Error("no roles were imported")
	}
}
