package preview

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/usher-id/usher/internal/portal/portaltest"
	"github.com/usher-id/usher/internal/store"
)

// upload sends files, by field, as a browser does.
func (w *world) upload(role store.Role, path string, files map[string]string) portaltest.Answer {
	w.TB.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for field, content := range files {
		part, err := form.CreateFormFile(field, field+".txt")
		w.Must(err)
		_, err = part.Write([]byte(content))
		w.Must(err)
	}
	w.Must(form.Close())
	request := httptest.NewRequestWithContext(w.TB.Context(), http.MethodPost, path, &body)
	request.Header.Set("Content-Type", form.FormDataContentType())
	return w.Do(role, request)
}

// entraLog is a log of Microsoft Entra in which Ana got an account with another name,
// Cleo got one, and Ben could not get one.
const entraLog = `{"value": [
 {"activityDateTime": "2026-01-31T12:00:00Z", "changeId": "1", "provisioningAction": "create", "provisioningStatusInfo": {"status": "success", "errorInformation": null},
  "sourceIdentity": {"id": "` + portaltest.Ana + `", "displayName": "Ana Lima", "identityType": "User"}, "targetIdentity": {"id": "005", "displayName": "ana@contoso.com", "identityType": "User"},
  "modifiedProperties": [{"displayName": "LastName", "oldValue": null, "newValue": "Lima-Santos"}, {"displayName": "FirstName", "oldValue": null, "newValue": "Ana"}]},
 {"activityDateTime": "2026-01-31T12:00:00Z", "changeId": "2", "provisioningAction": "create", "provisioningStatusInfo": {"status": "success"},
  "sourceIdentity": {"id": "` + portaltest.Cleo + `", "displayName": "Cleo Marsh"}, "targetIdentity": {"id": "006", "displayName": "cleo@contoso.com"}, "modifiedProperties": []},
 {"activityDateTime": "2026-01-31T12:00:00Z", "changeId": "3", "provisioningAction": "create",
  "provisioningStatusInfo": {"status": "failure", "errorInformation": {"errorCode": "SalesforceLicenseLimitExceeded", "reason": "no seat"}},
  "sourceIdentity": {"id": "unknown there", "displayName": "Ben", "details": {"userPrincipalName": "BEN@contoso.com"}}, "targetIdentity": {"id": "", "displayName": ""}}
]}`

func TestAPreviewIsComparedWithTheLogOfTheIncumbent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	at := w.made("everyone")
	w.Contains(w.Get(store.RoleReader, at).TextOf(".actions"), "Compare with the incumbent")
	w.Contains(w.Get(store.RoleOperator, at+"/compare").TextOf("main"), "No comparison yet")
	sent := w.upload(store.RoleOperator, at+"/compare", map[string]string{"log": entraLog})
	if sent.Status != http.StatusSeeOther {
		t.Fatalf("compared: %d %s", sent.Status, sent.TextOf("main"))
	}
	shown := w.Get(store.RoleReader, sent.Location)
	if tiles := shown.Texts(".tile"); strings.Join(tiles, ", ") != "1 different, 1 only by Entra, 1 only by Usher, 0 the same" {
		t.Errorf("the tiles are %q", tiles)
	}
	different := w.Part(store.RoleReader, sent.Location+"?group=different", "rows")
	w.Contains(different.TextOf("tbody"), "ana@contoso.com")
	w.Contains(different.TextOf("tbody"), "LastName Entra: Lima-Santos; Usher: Lima (different)")
	w.Contains(w.Part(store.RoleReader, sent.Location+"?text=BEN", "rows").TextOf("tbody"), "SalesforceLicenseLimitExceeded")
	w.Contains(w.Part(store.RoleReader, sent.Location+"?text=cleo", "rows").TextOf("tbody"), "Only Entra")
	if csv := w.Get(store.RoleReader, sent.Location+"/download?group=different").Text; !strings.Contains(csv, "LastName,different,Lima-Santos,Lima") || strings.Contains(csv, "cleo@") {
		t.Errorf("as CSV: %s", csv)
	}
	w.Contains(w.Audits(1)[0], "with 3 entries of log.txt")
	if before := w.active(); before != "" {
		t.Errorf("a comparison made accounts: %s", before)
	}
	w.Contains(w.Get(store.RoleReader, at+"/compare").TextOf("table"), "1 different")
	if answer := w.Post(store.RoleReader, sent.Location+"/remove", nil); answer.Status != http.StatusForbidden {
		t.Errorf("a reader removed it: %d", answer.Status)
	}
	asked, confirming := w.Ask(store.RoleOperator, sent.Location+"/remove", nil)
	w.Contains(asked.TextOf("main"), "3 imported entries and what was found for 3 people (1 different")
	if answer := w.Get(store.RoleReader, sent.Location); answer.Status != http.StatusOK {
		t.Fatalf("it was removed without a confirmation: %d", answer.Status)
	}
	if answer := w.Post(store.RoleOperator, sent.Location+"/remove", url.Values{"confirmed": {"another"}}); answer.Status != http.StatusConflict {
		t.Errorf("another one was confirmed: %d", answer.Status)
	}
	w.Contains(w.Post(store.RoleOperator, sent.Location+"/remove", confirming).Notice, "The comparison was removed.")
	w.Contains(w.Audits(1)[0], "Remove comparison with another provisioning log | operator@contoso.com (portal) | plan")
	if answer := w.Get(store.RoleReader, sent.Location); answer.Status != http.StatusNotFound {
		t.Errorf("the removed one: %d", answer.Status)
	}
}

func TestALogThatCannotBeReadSaysWhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	at := w.made("everyone") + "/compare"
	if answer := w.upload(store.RoleReader, at, map[string]string{"log": entraLog}); answer.Status != http.StatusForbidden {
		t.Errorf("a reader compared: %d", answer.Status)
	}
	none := w.upload(store.RoleOperator, at, map[string]string{"other": "x"})
	if none.Status != http.StatusUnprocessableEntity {
		t.Errorf("without a file: %d", none.Status)
	}
	w.Contains(none.TextOf("#about-log"), "Choose a file first.")
	faulty := w.upload(store.RoleOperator, at, map[string]string{"log": "activityDateTime,action,status,sourceId\n2026-01-31T12:00:00Z,create,fine,e1\nnow,make,success,e2\n"})
	if faulty.Status != http.StatusUnprocessableEntity {
		t.Errorf("with faults: %d", faulty.Status)
	}
	for _, want := range []string{"ine 2, log.txt: the status", "ine 3, log.txt: the moment", "ine 3, log.txt: the action"} {
		w.Contains(faulty.TextOf("[role=alert]"), want)
	}
	empty := w.upload(store.RoleOperator, at, map[string]string{"log": " "})
	w.Contains(empty.TextOf("[role=alert]"), "is empty")
}

// A CSV export has the values in a file of their own, and a value that the mapping
// redacts is nowhere.
func TestValuesOfACSVLogAreComparedAndRedactedOnesAreNot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	schema, err := w.Store.Schema(t.Context(), w.app.Job.ID)
	w.Must(err)
	_, object, err := schema.UserMapping()
	w.Must(err)
	for n := range object.AttributeMappings {
		if object.AttributeMappings[n].TargetAttributeName == "FirstName" {
			object.AttributeMappings[n].Source.Expression = "Redact([givenName])"
		}
	}
	w.Must(w.Store.PutSchema(t.Context(), w.app.Job.ID, schema))
	at := w.made("everyone") + "/compare"
	log := "changeId,activityDateTime,provisioningAction,status,sourceIdentityId,sourceIdentityName\n1,2026-01-31T12:00:00Z,create,success," + portaltest.Ana + ",ana@contoso.com\n2,2026-01-31T12:00:00Z,create,success,zoe,zoe@contoso.com\n"
	properties := "changeId,displayName,oldValue,newValue\n1,LastName,,Lima\n1,FirstName,,canary-one\n2,FirstName,,canary-two\n"
	sent := w.upload(store.RoleOperator, at, map[string]string{"log": log, "properties": properties})
	shown := w.Get(store.RoleReader, sent.Location)
	w.Contains(shown.TextOf("#rows"), "LastName Entra: Lima; Usher: Lima (same)")
	w.Contains(shown.TextOf("#rows"), "redacted, not compared")
	if download := w.Get(store.RoleReader, sent.Location+"/download").Text; strings.Contains(shown.Text+download, "canary") {
		t.Error("a redacted value is shown")
	}
}
