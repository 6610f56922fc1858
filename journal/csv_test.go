package journal_test

import (
	"encoding/csv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/plan"
)

func exported(t *testing.T, raw bool, entries ...journal.Entry) (logs, steps, properties [][]string) {
	t.Helper()
	var files [3]strings.Builder
	export, err := journal.NewCSVExport(journal.NewCatalogue(), &files[0], &files[1], &files[2])
	if err != nil {
		t.Fatal(err)
	}
	export.Raw = raw
	for _, entry := range entries {
		if err := export.Add(entry, journal.Systems{Application: "Salesforce", Source: "Usher", Target: "Salesforce"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := export.Flush(); err != nil {
		t.Fatal(err)
	}
	var rows [3][][]string
	for i := range files {
		if rows[i], err = csv.NewReader(strings.NewReader(files[i].String())).ReadAll(); err != nil {
			t.Fatal(err)
		}
	}
	return rows[0], rows[1], rows[2]
}

func failed() journal.Entry {
	return journal.Entry{
		ID: 7, At: time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC), JobID: "job", ApplicationID: "app", CycleID: "cycle", Duration: 1500 * time.Millisecond,
		InitiatedBy: "ben", Change: plan.Change{
			ID: "change", Action: plan.Create, Status: plan.Failure,
			Source: plan.Identity{Type: "User", ID: "e1", Name: "ana@contoso.com"}, Target: plan.Identity{Type: "User", Name: "ana@contoso.com"},
			Fields: []plan.Field{
				{Name: "Title", New: attr.Text("=HYPERLINK(\"http://evil.example\")")},
				{Name: "Phone", Old: attr.Text("+43 1"), New: attr.Text("-1\n2")},
				{Name: "EmployeeNumber", Old: attr.Text("canary"), New: attr.Text("canary"), Redacted: true},
			},
			Reason: plan.Reason{Code: "Timeout", Text: "too slow"}, Warnings: []string{"one", "two"},
			Steps: []plan.Step{
				{Name: "EntryImport", Type: plan.ImportStep, Status: plan.Success, Description: "read"},
				{Name: "EntryExportAdd", Type: plan.ExportStep, Status: plan.Failure, Description: "@late", Details: map[string]string{"b": "2", "a": "1"}},
			},
		},
	}
}

func TestAnExportHasThreeFilesThatAreJoinedByTheChange(t *testing.T) {
	t.Parallel()
	logs, steps, properties := exported(t, false, failed())
	wantLogs := []string{
		"7", "2026-01-31T12:00:00Z", "job", "cycle", "change", "create", "1500", "ben", "app", "Salesforce", "Usher", "Salesforce",
		"User", "e1", "ana@contoso.com", "User", "", "ana@contoso.com", "failure", "Timeout", "too slow", "It is tried again with the next cycle.", "one\ntwo",
	}
	if diff := cmp.Diff(wantLogs, logs[1]); diff != "" || len(logs[0]) != len(wantLogs) {
		t.Errorf("logs (-want +got):\n%s\n%v", diff, logs[0])
	}
	wantSteps := [][]string{
		{"changeId", "step", "name", "provisioningStepType", "status", "description", "details"},
		{"change", "1", "EntryImport", "import", "success", "read", ""},
		{"change", "2", "EntryExportAdd", "export", "failure", "'@late", "a=1\nb=2"},
	}
	if diff := cmp.Diff(wantSteps, steps); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
	wantProperties := [][]string{
		{"changeId", "displayName", "oldValue", "newValue"},
		{"change", "Title", "", "'=HYPERLINK(\"http://evil.example\")"},
		{"change", "Phone", "'+43 1", "'-1\n2"},
		{"change", "EmployeeNumber", "[Redact]", "[Redact]"},
	}
	if diff := cmp.Diff(wantProperties, properties); diff != "" {
		t.Errorf("properties (-want +got):\n%s", diff)
	}
}

func TestARawExportLeavesValuesAsTheyAre(t *testing.T) {
	t.Parallel()
	_, _, properties := exported(t, true, failed())
	if got := properties[2]; got[2] != "+43 1" || got[3] != "-1\n2" {
		t.Errorf("properties %q", got)
	}
}

func TestTheCatalogueListsEveryCodeWithItsExplanation(t *testing.T) {
	t.Parallel()
	all := journal.NewCatalogue(journal.Explanation{Code: "Own", Text: "one's own"}).All()
	own := false
	for i, explanation := range all {
		if explanation.Text == "" || i > 0 && explanation.Code <= all[i-1].Code {
			t.Errorf("%+v comes after %+v", explanation, all[max(0, i-1)])
		}
		own = own || explanation.Code == "Own"
	}
	if len(all) < 20 || !own {
		t.Errorf("%d codes", len(all))
	}
}
