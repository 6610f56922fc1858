package graphapi_test

import (
	"net/http"
	"strings"
	"testing"
)

func TestADeletedApplicationCanBeRestored(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.prepare()
	w.signIn()
	const (
		list = "/v1.0/directory/deletedItems/microsoft.graph.application"
		item = "/v1.0/directory/deletedItems/" + object
	)
	w.want(http.StatusNoContent, http.MethodPut, templatePath+"/schema", w.withDefault(templatePath+"/schema", "ours"))
	delta := w.object(w.want(http.StatusOK, http.MethodGet, "/v1.0/applications/delta?$deltatoken=latest", ""))
	follow := strings.TrimPrefix(delta["@odata.deltaLink"].(string), "https://usher.example")
	w.wantText(list, `"value":[]`, true)
	w.want(http.StatusNotFound, http.MethodPost, item+"/restore", "")

	w.want(http.StatusNoContent, http.MethodDelete, "/v1.0/applications/"+object, "")
	for _, path := range []string{"/v1.0/applications/" + object, "/v1.0/servicePrincipals/" + principal, jobPath} {
		w.want(http.StatusNotFound, http.MethodGet, path, "")
	}
	w.wantText(list+"?$select=displayName,appRoles", `"displayName":"Salesforce"`, true)
	w.wantText(list+"?$select=appRoles", `"displayName":"Standard User"`, true)
	w.wantText(item, `"@odata.type":"#microsoft.graph.application"`, true)
	w.wantText(item, `"deletedDateTime":null`, false)
	w.wantText(follow, `"@removed":{"reason":"changed"}`, true)

	// Its name is free, and then it cannot come back.
	other, _ := w.object(w.want(http.StatusCreated, http.MethodPost, "/v1.0/applications", `{"displayName":"salesforce"}`))["id"].(string)
	if answer := w.want(http.StatusBadRequest, http.MethodPost, item+"/restore", ""); !strings.Contains(answer, "displayName") {
		t.Error(answer)
	}
	w.want(http.StatusNoContent, http.MethodDelete, "/v1.0/applications/"+other, "")
	w.want(http.StatusNoContent, http.MethodDelete, "/v1.0/directory/deletedItems/"+other, "")
	w.want(http.StatusNotFound, http.MethodGet, "/v1.0/directory/deletedItems/"+other, "")

	if answer := w.want(http.StatusOK, http.MethodPost, item+"/restore", ""); !strings.Contains(answer, `"deletedDateTime":null`) {
		t.Error(answer)
	}
	w.wantText(list, `"value":[]`, true)
	w.wantText("/v1.0/servicePrincipals/"+principal+"/appRoleAssignedTo", `"principalDisplayName":"Sales"`, true)
	w.wantText(templatePath+"/schema", `"ours"`, true)
	w.wantText(synchronization+"/secrets", `"value":[]`, true)
	w.wantText(jobPath, `"state":"Disabled"`, true)
	w.wantText(jobPath, `"code":"NotConfigured"`, true)
	w.wantText(follow, `"displayName":"Salesforce"`, true)
	w.want(http.StatusNotFound, http.MethodDelete, item, "")
}
