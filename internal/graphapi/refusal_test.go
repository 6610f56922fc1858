package graphapi_test

import (
	"net/http"
	"strings"
	"testing"
)

// snapshot is all of the directory as the API shows it.
func snapshot(t *testing.T, handler http.Handler) string {
	t.Helper()
	var all strings.Builder
	for _, path := range []string{
		"/users?$select=displayName,jobTitle,userPrincipalName,accountEnabled,otherMails,onPremisesExtensionAttributes&$expand=manager",
		"/groups?$expand=members,owners", "/applications?$expand=owners", "/servicePrincipals?$expand=owners,appRoleAssignedTo",
		"/applications/" + object + "/extensionProperties", "/directory/deletedItems/microsoft.graph.user",
	} {
		got := send(t, handler, "reader", http.MethodGet, "/v1.0"+path, http.NoBody)
		if got.Code != http.StatusOK {
			t.Fatalf("%s: %d %s", path, got.Code, got.Body)
		}
		all.Write(got.Body.Bytes())
	}
	return all.String()
}

// Whatever a client sends to change the directory: it is taken as a whole, or refused
// with a status below 500 and the envelope, and then everything is as it was.
func TestWhatIsRefusedChangesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.prepare()
	const complete = `"accountEnabled":true,"displayName":"X","mailNickname":"x","passwordProfile":{},"mailEnabled":false,"securityEnabled":true,` +
		`"userPrincipalName":"x@contoso.example"`
	bodies := []string{
		`{"displayName":7}`, `{"displayName":null}`, `{"displayName":""}`, `{"displayName":"` + strings.Repeat("x", 300) + `"}`, `{"displayName":"a\u0000b"}`,
		`{"jobTitle":{"a":1}}`, `{"jobTitle":"changed","accountEnabled":null}`, `{"jobTitle":"changed","otherMails":[7]}`, `{"jobTitle":"changed","otherMails":[null]}`,
		`{"jobTitle":"changed","onPremisesExtensionAttributes":7}`, `{"jobTitle":"changed","onPremisesExtensionAttributes":{"extensionAttribute1":7}}`,
		`{"jobTitle":"changed","extension_0123456789ab_x":"y"}`, `{"jobTitle":"changed","manager@odata.bind":7}`, `{"jobTitle":"changed","manager@odata.bind":"https://x/users/nobody"}`,
		`{"jobTitle":"changed","manager@odata.bind":"%zz"}`, `{"userPrincipalName":"` + "ben@contoso.example" + `","jobTitle":"changed"}`,
		`{"displayName":"changed","members@odata.bind":["https://x/users/nobody"]}`, `{"displayName":"changed","members@odata.bind":"x"}`,
		`{"displayName":"changed","members@odata.bind":["https://x/users/` + ana + `"]}`, `{"displayName":"changed","securityEnabled":"yes"}`,
		`{"displayName":"changed","groupTypes":7}`, `{"displayName":"changed","owners@odata.bind":["https://x/users/nobody"],` + `"mailEnabled":false,"mailNickname":"x","securityEnabled":true}`,
		`{"displayName":"changed","appRoles":7}`, `{"displayName":"changed","appRoles":[7]}`, `{"displayName":"changed","appRoles":[{}]}`, `{"displayName":"changed","appRoles":null}`,
		`{"displayName":"changed","appRoles":[{"id":"00000000-0000-0000-0000-000000000000","displayName":"a"}]}`,
		`{"displayName":"changed","appRoles":[{"id":"00000000-0000-0000-0000-00000000000a","displayName":"a"},{"id":"00000000-0000-0000-0000-00000000000a","displayName":"b"}]}`,
		`{"displayName":"changed","appRoles":[{"id":"00000000-0000-0000-0000-00000000000a","displayName":"a","allowedMemberTypes":["Application"]}]}`,
		`{"displayName":"changed","tags":["\u0000"]}`, `{"displayName":"changed","web":"` + strings.Repeat("x", 70_000) + `"}`, `{"accountEnabled":"yes","tags":["a"]}`,
		`{"@odata.id":7}`, `{"@odata.id":""}`, `{"@odata.id":"https://x"}`, `{"@odata.id":"https://x/users/nobody"}`, `{"@odata.id":"https://x/users/%00"}`, `{"@odata.id":"https://x/groups/` + sales + `"}`,
		`{"appId":7}`, `{"appId":"nothing"}`, `{"principalId":"` + ana + `"}`, `{"principalId":"` + ana + `","resourceId":"` + principal + `","appRoleId":"x"}`,
		`{"principalId":"` + ana + `","resourceId":"` + principal + `","appRoleId":"00000000-0000-0000-0000-00000000000f"}`, `{"principalId":"nobody","resourceId":"` + principal + `","appRoleId":"00000000-0000-0000-0000-000000000000"}`,
		`{"name":"a b","dataType":"String","targetObjects":["User"]}`, `{"name":"a","dataType":"String","targetObjects":["Group"]}`, `{"name":"a","dataType":"String"}`,
		`{"ids":7}`, `{"ids":[]}`, `{` + complete + `,"businessPhones":"x"}`, `{` + complete + `,"manager@odata.bind":"https://x/users/nobody"}`,
		`{` + complete + `,"uniqueName":7}`, `{"displayName":"x","DISPLAYNAME":"y"}`,
	}
	targets := []string{
		"POST /users", "PATCH /users/" + ana, "PUT /users/" + ana + "/manager/$ref", "POST /groups", "PATCH /groups/" + sales, "POST /groups/" + sales + "/members/$ref",
		"POST /groups/" + sales + "/owners/$ref", "POST /applications", "PATCH /applications/" + object, "POST /applications/" + object + "/owners/$ref",
		"POST /applications/" + object + "/extensionProperties", "POST /servicePrincipals", "PATCH /servicePrincipals/" + principal,
		"POST /servicePrincipals/" + principal + "/appRoleAssignedTo", "POST /users/" + ana + "/appRoleAssignments", "POST /directoryObjects/getByIds",
		"POST /applicationTemplates/salesforce/instantiate", "POST /directory/deletedItems/" + ana + "/restore", "DELETE /directory/deletedItems/" + ana,
	}
	before := snapshot(t, w.handler)
	for _, target := range targets {
		method, path, _ := strings.Cut(target, " ")
		for _, body := range bodies {
			got := send(t, w.handler, "administrator", method, "/v1.0"+path, strings.NewReader(body))
			switch {
			case got.Code >= http.StatusInternalServerError:
				t.Errorf("%s %.100s: %d %s", target, body, got.Code, got.Body)
			case got.Code < http.StatusBadRequest:
				before = snapshot(t, w.handler) // it was taken
				continue
			case !strings.Contains(got.Body.String(), `"error":{"code":"`):
				t.Errorf("%s %.100s: no envelope: %s", target, body, got.Body)
			}
			if after := snapshot(t, w.handler); after != before {
				t.Errorf("%s %.100s was refused with %d and changed something", target, body, got.Code)
				before = after
			}
		}
	}
}
