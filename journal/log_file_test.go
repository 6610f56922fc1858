package journal_test

import (
	"archive/zip"
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/plan"
)

// graphEntry is an entry as GET /auditLogs/provisioning of Microsoft Graph v1.0 has it.
const graphEntry = `{
  "id": "gc532ff9-r265-ec76-861e-42e2970a8218", "activityDateTime": "2026-01-31T12:00:00.5Z", "tenantId": "t", "jobId": "Salesforce.t", "cycleId": "c1", "changeId": "ch1",
  "provisioningAction": "create", "durationInMilliseconds": 3236,
  "provisioningStatusInfo": {"status": "failure", "errorInformation": {"errorCode": "SalesforceLicenseLimitExceeded", "reason": "no seat", "errorCategory": "nonServiceFailure"}},
  "provisioningSteps": [{"name": "EntryImportAdd", "provisioningStepType": "import", "status": "success", "description": "x", "details": {}}],
  "modifiedProperties": [{"displayName": "Username", "oldValue": null, "newValue": "ana@contoso.com"}, {"displayName": "Secret", "oldValue": null, "newValue": "[Redact]"}, {"displayName": "IsActive", "oldValue": "\"True\"", "newValue": true}],
  "sourceIdentity": {"id": "e1", "displayName": "Ana Lima", "identityType": "User", "details": {"odatatype": "User", "UserPrincipalName": "ana@contoso.com"}},
  "targetIdentity": {"id": "", "displayName": "", "identityType": "User", "details": null}
}`

func equalValues(a, b attr.Value) bool { return attr.Equal(a, b, true) }

func read(t *testing.T, files ...journal.LogFile) []journal.Entry {
	t.Helper()
	entries, faults := journal.ReadLog(files)
	if len(faults) > 0 {
		t.Fatalf("faults: %v", faults)
	}
	return entries
}

func TestAnEntryOfMicrosoftGraphIsRead(t *testing.T) {
	t.Parallel()
	want := []journal.Entry{{
		At: time.Date(2026, 1, 31, 12, 0, 0, 500_000_000, time.UTC), JobID: "Salesforce.t", CycleID: "c1",
		Change: plan.Change{
			ID: "ch1", Action: plan.Create, Status: plan.Failure, Source: plan.Identity{Type: "User", ID: "e1", Name: "ana@contoso.com"}, Target: plan.Identity{Type: "User"},
			Reason: plan.Reason{Code: "SalesforceLicenseLimitExceeded", Text: "no seat"},
			Fields: []plan.Field{
				{Name: "Username", New: attr.Text("ana@contoso.com")}, {Name: "Secret", New: attr.Text("[Redact]"), Redacted: true}, {Name: "IsActive", Old: attr.Text("True"), New: attr.Text("true")},
			},
		},
	}}
	for name, text := range map[string]string{
		"an entry":            graphEntry,
		"a list":              "\ufeff[" + graphEntry + "]",
		"a page":              `{"@odata.context": "https://graph.microsoft.com/v1.0/$metadata", "value": [` + graphEntry + `], "@odata.nextLink": "x"}`,
		"the names of beta":   strings.NewReplacer("provisioningAction", "action", "provisioningStatusInfo", "statusInfo", `"create"`, `"Create"`).Replace(graphEntry),
		"the errors of beta":  strings.NewReplacer(`"errorInformation": {`, "", `"nonServiceFailure"}}`, `"nonServiceFailure"}`).Replace(graphEntry),
		"a document per line": strings.ReplaceAll(graphEntry, "\n", " ") + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(want, read(t, journal.LogFile{Name: "log.json", Content: []byte(text)}), cmp.Comparer(equalValues)); diff != "" {
				t.Error(diff)
			}
		})
	}
	if entries := read(t, journal.LogFile{Content: []byte(graphEntry + "\n" + `{"value": [` + graphEntry + `,` + graphEntry + `]}`)}); len(entries) != 3 {
		t.Errorf("%d entries of two pages", len(entries))
	}
}

// What Usher exports is read as it was, as JSON, as its three CSV files, and as an
// archive of them.
func TestWhatUsherExportsIsRead(t *testing.T) {
	t.Parallel()
	entry := journal.Entry{
		ID: 7, At: time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC), JobID: "j", CycleID: "c",
		Change: plan.Change{
			ID: "ch1", Action: plan.Update, Status: plan.Success, Source: plan.Identity{Type: "User", ID: "e1", Name: "ana@contoso.com"}, Target: plan.Identity{Type: "User", ID: "005x", Name: "ana@contoso.com"},
			Fields: []plan.Field{{Name: "Title", Old: attr.Text("=1+1"), New: attr.Text("Head, \"Sales\"\nsecond line")}, {Name: "City", Old: attr.Text("Wien")}},
			Steps:  []plan.Step{{Name: "EntryImport", Type: plan.ImportStep, Status: plan.Success}},
		},
	}
	var document, logs, steps, properties bytes.Buffer
	if err := journal.WriteJSON(&document, func(yield func(journal.Entry, error) bool) { yield(entry, nil) }); err != nil {
		t.Fatal(err)
	}
	export, err := journal.NewCSVExport(journal.NewCatalogue(), &logs, &steps, &properties)
	if err == nil {
		err = export.Add(entry, journal.Systems{})
	}
	if err == nil {
		err = export.Flush()
	}
	if err != nil {
		t.Fatal(err)
	}
	files := []journal.LogFile{{journal.PropertiesFile, properties.Bytes()}, {journal.StepsFile, steps.Bytes()}, {journal.LogsFile, logs.Bytes()}}
	var archive bytes.Buffer
	writer := zip.NewWriter(&archive)
	for _, file := range files {
		part, err := writer.Create("export/" + file.Name)
		if err == nil {
			_, err = part.Write(file.Content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	want := entry
	want.ID, want.Change.Steps = 0, nil
	for name, given := range map[string][]journal.LogFile{"JSON": {{"log.jsonl", document.Bytes()}}, "CSV": files, "ZIP": {{"log.zip", archive.Bytes()}}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := read(t, given...)
			got[0].Change.Steps = nil
			if diff := cmp.Diff([]journal.Entry{want}, got, cmp.Comparer(equalValues)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestActionsOfTheIncumbentAreUnderstood(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		action, status string
		want           plan.Action
		wantStatus     plan.Status
	}{
		{"Disable", "Success", plan.Disable, plan.Success},
		{"stagedDelete", "skipped", plan.Delete, plan.Staged},
		{"other", "skipped", plan.Skip, plan.Skipped},
		{"Other", "success", plan.None, plan.Success},
		{"update", "warning", plan.Update, plan.Warning},
	} {
		text := "Date (UTC);Action;Status;Source Identity Id\n2026-01-31T12:00:00Z;" + test.action + ";" + test.status + ";e1\n"
		entries := read(t, journal.LogFile{Content: []byte(text)})
		if got := entries[0].Change; got.Action != test.want || got.Status != test.wantStatus || got.Source.ID != "e1" {
			t.Errorf("%s, %s: %s, %s of %q", test.action, test.status, got.Action, got.Status, got.Source.ID)
		}
	}
}

func TestAllFaultsOfALogAreTold(t *testing.T) {
	t.Parallel()
	heading := "activityDateTime,provisioningAction,status,sourceIdentityId\n"
	for _, test := range []struct {
		name string
		text string
		want []string // line and a part of the message
	}{
		{"nothing", " \n", []string{"0 the file is empty"}},
		{"another CSV", "name,age\nana,7\n", []string{"1 this is not the heading of a provisioning log"}},
		{"no rows", heading, []string{"0 there is no entry"}},
		{"bad rows", heading + "2026-01-31T12:00:00Z,create,success,e1\nyesterday,invent,fine,\n", []string{"3 the moment \"yesterday\"", "3 the status \"fine\"", "3 the action \"invent\"", "3 it does not say whom"}},
		{"a quote too much", heading + "2026-01-31T12:00:00Z,create,success,e1\n\"x\" y,,,\n", []string{"3 this is no CSV"}},
		{"no JSON", "[\n{},\n{]", []string{"3 this is no JSON"}},
		{"other JSON", "[\n  {\"activityDateTime\": \"2026-01-31T12:00:00Z\",\n \"action\": 1}\n]", []string{"2 this is no entry of a provisioning log"}},
		{"an empty object", "\n\n{\"value\":\n[\n{}\n]}", []string{"5 the moment", "5 the status", "5 the action", "5 it does not say whom"}},
		{"no text", "\xff\xfe\x00a", []string{"0 the file is no text in UTF-8"}},
		{"half an archive", "PK\x03\x04 and no more", []string{"0 the archive cannot be read"}},
		{"other properties", "changeId,displayName,oldValue,newValue\nch9,Title,a,b\n,Title,,\n", []string{"3 the change id or the name", "0 none of the modified properties"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, faults := journal.ReadLog([]journal.LogFile{{"the file", []byte(test.text)}})
			if len(faults) != len(test.want) {
				t.Fatalf("faults %v, want %d", faults, len(test.want))
			}
			for i, fault := range faults {
				line, message, _ := strings.Cut(test.want[i], " ")
				if fault.File != "the file" || !strings.HasPrefix(fault.Message, message) || line != string(rune('0'+fault.Line)) {
					t.Errorf("fault %+v, want %s", fault, test.want[i])
				}
			}
		})
	}
	if _, faults := journal.ReadLog(nil); len(faults) != 1 {
		t.Errorf("no file at all: %v", faults)
	}
}

func FuzzReadLog(f *testing.F) {
	for _, seed := range []string{graphEntry, "[" + graphEntry + ",{}]", `{"value":[{}]}`, "changeId,displayName,newValue\nx,y,z\n", "action,status,date\na,b,c\n", "PK\x03\x04"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		entries, faults := journal.ReadLog([]journal.LogFile{{"f", content}})
		if len(entries) == 0 && len(faults) == 0 {
			t.Error("neither an entry nor a fault")
		}
		for _, fault := range faults {
			if fault.Line < 0 || fault.Line > 1+bytes.Count(content, []byte("\n"))+bytes.Count(content, []byte("\r")) {
				t.Errorf("a fault in line %d", fault.Line)
			}
		}
	})
}
