package graphapi_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/usher-id/usher/connector/salesforce/salesforcetest"
)

const templatePath = synchronization + "/templates/salesforce"

// withDefault returns the schema of an address in which EmailEncodingKey has a default.
func (w *world) withDefault(path, value string) string {
	w.tb.Helper()
	schema := w.object(w.want(http.StatusOK, http.MethodGet, path, ""))
	rule := schema["synchronizationRules"].([]any)[0].(map[string]any)
	for _, attribute := range rule["objectMappings"].([]any)[0].(map[string]any)["attributeMappings"].([]any) {
		if attribute := attribute.(map[string]any); attribute["targetAttributeName"] == "EmailEncodingKey" {
			attribute["defaultValue"] = value
		}
	}
	text, err := json.Marshal(schema)
	w.must(err)
	return string(text)
}

func (w *world) wantText(path, text string, there bool) {
	w.tb.Helper()
	if got := w.want(http.StatusOK, http.MethodGet, path, ""); strings.Contains(got, text) != there {
		w.tb.Errorf("%s: whether it has %q is %v", path, text, !there)
	}
}

func TestAnApplicationHasADefaultSchemaOfItsOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.prepare()
	w.signIn()
	const viaApplication = "/beta/applications/" + object + "/synchronization/templates/Salesforce/schema"
	w.want(http.StatusNoContent, http.MethodPut, templatePath+"/schema", w.withDefault(templatePath+"/schema", "ours"))
	for _, path := range []string{templatePath + "/schema", viaApplication, templatePath + "?$expand=schema", synchronization + "/templates?$expand=schema"} {
		w.wantText(path, `"ours"`, true)
	}
	// The job keeps its schema until it goes back to the default.
	w.wantText(jobPath+"/schema", `"ours"`, false)
	w.want(http.StatusNoContent, http.MethodDelete, jobPath+"/schema", "")
	w.wantText(jobPath+"/schema", `"ours"`, true)
	w.wantText(jobPath+"/schema", `"id":"`+jobID+`"`, true)

	// The lists of a PATCH replace those that are there, and {} changes nothing.
	patch := w.object(w.withDefault(viaApplication, "patched"))
	rules, err := json.Marshal(map[string]any{"synchronizationRules": patch["synchronizationRules"]})
	w.must(err)
	w.want(http.StatusNoContent, http.MethodPatch, viaApplication, "{}")
	w.wantText(viaApplication, `"ours"`, true)
	w.want(http.StatusNoContent, http.MethodPatch, viaApplication, string(rules))
	w.wantText(templatePath+"/schema", `"patched"`, true)

	// A new job of the application begins with it.
	w.want(http.StatusNoContent, http.MethodDelete, jobPath, "")
	job, _ := w.object(w.want(http.StatusCreated, http.MethodPost, synchronization+"/jobs", `{"templateId":"salesforce"}`))["id"].(string)
	w.wantText(synchronization+"/jobs/"+job+"/schema", `"patched"`, true)

	w.want(http.StatusNoContent, http.MethodDelete, templatePath+"/schema", "")
	w.wantText(templatePath+"/schema", `"patched"`, false)
	w.wantText(synchronization+"/jobs/"+job+"/schema", `"patched"`, true)
}

func TestOfATemplateOnlyTheSchemaChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.prepare()
	template := w.object(w.want(http.StatusOK, http.MethodGet, templatePath, ""))
	text, err := json.Marshal(template)
	w.must(err)
	w.want(http.StatusNoContent, http.MethodPut, templatePath, string(text))
	w.want(http.StatusNoContent, http.MethodPatch, templatePath, `{"unknown":1,"schema":null}`)
	w.want(http.StatusNoContent, http.MethodPut, templatePath, `{"id":"salesforce","schema":`+w.withDefault(templatePath+"/schema", "whole")+`}`)
	w.wantText(templatePath+"/schema", `"whole"`, true)

	before := w.want(http.StatusOK, http.MethodGet, templatePath+"?$expand=schema", "")
	for _, refused := range []struct {
		method, path, body, says string
		status                   int
	}{
		{http.MethodPatch, templatePath, `{"description":"other"}`, "'description'", http.StatusBadRequest},
		{http.MethodPut, templatePath, `{"id":"scim"}`, "'id'", http.StatusBadRequest},
		{http.MethodPut, templatePath, `{"schema":7}`, "cannot be read", http.StatusBadRequest},
		{http.MethodPut, templatePath, `{"schema":{"directories":[],"synchronizationRules":[]}}`, "cannot be used", http.StatusBadRequest},
		{http.MethodPut, templatePath + "/schema", `{}`, "cannot be used", http.StatusBadRequest},
		{http.MethodPut, templatePath + "/schema", w.withDefault(templatePath+"/schema", strings.Repeat("x", 4000)), "cannot be used", http.StatusBadRequest},
		{http.MethodPatch, templatePath + "/schema", `{"synchronizationRules":7}`, "cannot be read", http.StatusBadRequest},
		{http.MethodPut, templatePath + "/schema", ``, "Empty Payload", http.StatusBadRequest},
		{http.MethodPut, synchronization + "/templates/scim/schema", `{}`, "scim", http.StatusNotFound},
		{http.MethodDelete, synchronization + "/templates/scim/schema", ``, "scim", http.StatusNotFound},
	} {
		got, answer := w.call(refused.method, refused.path, refused.body)
		if got != refused.status || !strings.Contains(answer, refused.says) {
			t.Errorf("%s %s %.60s: %d %s", refused.method, refused.path, refused.body, got, answer)
		}
	}
	if after := w.want(http.StatusOK, http.MethodGet, templatePath+"?$expand=schema", ""); after != before {
		t.Error("what was refused changed something")
	}
}

func TestSynchronizationIsPutAndForgottenAsAWhole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.prepare()
	const secrets = `{"@odata.type":"#microsoft.graph.synchronization","secrets":[{"key":"UserName","value":"` + salesforcetest.DefaultUsername + `"},{"key":"SyncAll","value":"true"}]`
	for _, body := range []string{secrets + `,"jobs":[{}]}`, secrets + `,"templates":[{}]}`, `{"secrets":7}`, `{"secrets":[{"key":"Nothing","value":"x"}]}`} {
		w.want(http.StatusBadRequest, http.MethodPut, synchronization, body)
	}
	w.wantText(synchronization+"/secrets", "UserName", false)
	w.want(http.StatusNoContent, http.MethodPut, synchronization, secrets+"}")
	w.wantText(synchronization+"/secrets", "UserName", true)
	w.want(http.StatusNoContent, http.MethodPut, synchronization, "{}")
	w.wantText(synchronization+"/secrets", "UserName", true)
	w.want(http.StatusCreated, http.MethodPost, synchronization+"/jobs", `{"templateId":"salesforce"}`)
	w.want(http.StatusNoContent, http.MethodPut, templatePath+"/schema", w.withDefault(templatePath+"/schema", "ours"))

	w.want(http.StatusNoContent, http.MethodDelete, synchronization, "")
	w.want(http.StatusNotFound, http.MethodGet, jobPath, "")
	w.wantText(synchronization+"?$expand=jobs,secrets", `"jobs":[],"secrets":[]`, true)
	w.wantText(templatePath+"/schema", `"ours"`, false)
	w.wantText("/v1.0/servicePrincipals/"+principal+"/appRoleAssignedTo", "Sales", true)
}

func TestAnApplicationThatIsNotFromTheGalleryIsToldWhatToDo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.object(w.want(http.StatusCreated, http.MethodPost, "/v1.0/applications", `{"displayName":"Ours"}`))
	made := w.object(w.want(http.StatusCreated, http.MethodPost, "/v1.0/servicePrincipals", `{"appId":"`+app["appId"].(string)+`"}`))
	path := "/v1.0/servicePrincipals/" + made["id"].(string) + "/synchronization"
	for _, request := range []string{"POST /jobs", "PUT /secrets", "PUT ", "DELETE "} {
		method, below, _ := strings.Cut(request, " ")
		answer := w.want(http.StatusBadRequest, method, path+below, `{"templateId":"salesforce","value":[]}`)
		if !strings.Contains(answer, "applicationTemplates") || !strings.Contains(answer, "Salesforce Sandbox") {
			t.Errorf("%s: %s", request, answer)
		}
	}
	w.want(http.StatusOK, http.MethodGet, path+"/jobs", "")
	w.wantText(path+"/templates", `"value":[]`, true)
	w.want(http.StatusNotFound, http.MethodPut, path+"/templates/salesforce/schema", `{}`)
}
