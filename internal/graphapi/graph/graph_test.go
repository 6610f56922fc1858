package graph_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/connector/salesforce"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/expr"
	"github.com/usher-id/usher/internal/graphapi/graph"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

var update = flag.Bool("update", false, "write the golden files anew") //nolint:gochecknoglobals // a flag of the test.

// golden compares the JSON of a value with a file that people can read.
func golden(t *testing.T, name string, value any) {
	t.Helper()
	var got bytes.Buffer
	encoder := json.NewEncoder(&got)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(value); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join("testdata", name+".json")
	if *update {
		if err := os.WriteFile(file, got.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("%s differs (-want +got; -update writes it anew):\n%s", file, diff)
	}
}

func at(text string) time.Time {
	moment, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return moment
}

func TestJobsInTheFormOfGraph(t *testing.T) {
	t.Parallel()
	run := provisioning.Run{
		CycleID: "c1", Kind: provisioning.Incremental, State: provisioning.EntryLevelErrors, Began: at("2026-03-01T10:00:00Z"), Ended: at("2026-03-01T10:01:30Z"),
		Counts: provisioning.Counts{Collected: 20, Created: 3, Disabled: 2, Failed: 1, Writes: 5, References: 1, Codes: map[string]int{"NotEffectivelyEntitled": 4, "SalesforceLicenseLimitExceeded": 1}},
	}
	success := run
	success.CycleID, success.State, success.Counts.Failed = "c0", provisioning.Succeeded, 0
	tests := []struct {
		name     string
		job      provisioning.Job
		standing graph.Standing
	}{
		{name: "job_new", job: provisioning.Job{ID: "salesforce.1.2", TemplateID: "salesforce"}},
		{
			name: "job_active", standing: graph.Standing{Connections: 16},
			job: provisioning.Job{
				ID: "salesforce.1.2", TemplateID: "salesforce", Schedule: provisioning.Schedule{Interval: 40 * time.Minute, State: provisioning.ScheduleActive},
				Settings: provisioning.Settings{RemovalLimit: 500, RemovalPercent: 20, SyncAll: true, DefaultDomain: "contoso.com"},
				Status: provisioning.Status{
					Code: provisioning.Active, InitialDone: true, LastRun: run, LastSuccess: success, LastExport: success, EscrowsPruned: true, SteadySince: at("2026-02-01T00:00:00Z"),
				},
			},
		},
		{
			name: "job_quarantined",
			job: provisioning.Job{
				ID: "salesforce.1.2", TemplateID: "salesforce", Schedule: provisioning.Schedule{Interval: time.Hour, State: provisioning.SchedulePaused},
				Status: provisioning.Status{
					Code: provisioning.Quarantined, SuccessiveFailure: 2,
					LastRun: provisioning.Run{CycleID: "c2", Kind: provisioning.Initial, State: provisioning.Failed, Began: at("2026-03-01T10:00:00Z"), Ended: at("2026-03-01T10:00:01Z"), Error: "sign in: INVALID_LOGIN"},
					Quarantine: provisioning.Quarantine{
						Reason: provisioning.EncounteredQuarantineException, Code: "SalesforceInvalidCredentials", Message: "INVALID_LOGIN: enter them again",
						Began: at("2026-03-01T10:00:01Z"), NextAttempt: at("2026-03-01T16:00:01Z"), SeriesBegan: at("2026-03-01T09:00:01Z"), SeriesCount: 2,
					},
				},
			},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			golden(t, test.name, graph.NewJob(test.job, test.standing))
		})
	}
}

func TestProgressIsThatOfACycleThatRuns(t *testing.T) {
	t.Parallel()
	now := at("2026-03-01T10:00:05Z")
	progress := provisioning.Progress{CycleID: "c3", At: at("2026-03-01T10:00:00Z"), Expected: 20, Counts: provisioning.Counts{Created: 3, Failed: 1, Unchanged: 4}}
	got := graph.NewProgress(progress, provisioning.Status{}, now)
	want := []graph.Progress{{CompletedUnits: 8, TotalUnits: 20, Units: "objects", ProgressObservationDateTime: graph.Moment(progress.At)}}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b graph.Moment) bool { return time.Time(a).Equal(time.Time(b)) })); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for name, got := range map[string][]graph.Progress{
		"none":  graph.NewProgress(provisioning.Progress{}, provisioning.Status{}, now),
		"ended": graph.NewProgress(progress, provisioning.Status{LastRun: provisioning.Run{CycleID: "c3"}}, now),
		"stale": graph.NewProgress(progress, provisioning.Status{}, now.Add(time.Hour)),
	} {
		if got != nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestDurationsReadBack(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"PT40M": 40 * time.Minute, "P1D": 24 * time.Hour, "P1DT2H3M4.5S": 26*time.Hour + 3*time.Minute + 4500*time.Millisecond, "PT0S": 0, "PT1H": time.Hour,
	} {
		got, err := graph.ParseDuration(text)
		if err != nil || time.Duration(got) != want || got.String() != text {
			t.Errorf("ParseDuration(%q) = %v (%v), %v; want %v", text, got, time.Duration(got), err, want)
		}
	}
	if got, err := graph.ParseDuration(graph.Forever.String()); err != nil || got != graph.Forever {
		t.Errorf("ParseDuration of the longest = %v, %v", got, err)
	}
	for _, text := range []string{"", "P", "PT", "40M", "PT40", "P1M", "P1Y", "PT1M1H", "PT-1M", "P1DT", "PT1M1M", "PT99999999999999999999H", "pt40m", "PT.S"} {
		if got, err := graph.ParseDuration(text); err == nil {
			t.Errorf("ParseDuration(%q) = %v, want an error", text, got)
		}
	}
}

func TestSecretsAreListedAsTheyWerePut(t *testing.T) {
	t.Parallel()
	declared := salesforce.Template(salesforce.Options{}).Descriptor.Settings
	notification := `{"Enabled":true,"Recipients":"a@contoso.com; b@contoso.com","DeleteThresholdEnabled":true,"DeleteThresholdValue":7}`
	secrets, err := graph.Secrets{Settings: provisioning.Settings{RemovalLimit: 500}}.Put([]graph.Secret{
		{Key: "Password", Value: "canary-password"},
		{Key: "UserName", Value: "ana@contoso.com"},
		{Key: "SyncAll", Value: "True"},
		{Key: "AppKey", Value: "canary-app-key"},
		{Key: "SyncNotificationSettings", Value: notification},
		{Key: "BaseAddress", Value: "https://who:canary-address@contoso.my.salesforce.com"},
	}, declared)
	if err != nil {
		t.Fatal(err)
	}
	want := []graph.Secret{
		{Key: "Password", Value: "*"},
		{Key: "UserName", Value: "ana@contoso.com"},
		{Key: "SyncAll", Value: "True"},
		{Key: "AppKey", Value: "*"},
		{Key: "SyncNotificationSettings", Value: notification},
		{Key: "BaseAddress", Value: "*"},
	}
	if diff := cmp.Diff(want, secrets.List(declared)); diff != "" {
		t.Errorf("list (-want +got):\n%s", diff)
	}
	wantSettings := provisioning.Settings{RemovalLimit: 7, SyncAll: true, Notify: provisioning.Notify{Recipients: []string{"a@contoso.com", "b@contoso.com"}}}
	if diff := cmp.Diff(wantSettings, secrets.Settings); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}

	// What was masked comes back as it was.
	again, err := secrets.Put(want, declared)
	if err != nil || again.Credentials.Get("Password") != "canary-password" || !again.SignIn() {
		t.Errorf("after the list was put again the password is changed: %v", err)
	}

	// A setting that was changed elsewhere shows what holds.
	changed := secrets
	changed.Settings.SyncAll = false
	if got := changed.List(declared)[2].Value; got != "false" {
		t.Errorf("SyncAll is shown as %q after it was changed elsewhere", got)
	}

	// Empty values delete, and what was a setting is as in a new job.
	var none []graph.Secret
	for _, secret := range want {
		none = append(none, graph.Secret{Key: secret.Key})
	}
	empty, err := secrets.Put(none, declared)
	if err != nil || len(empty.List(declared)) != 0 {
		t.Fatalf("after every key was emptied there are %v, %v", empty.List(declared), err)
	}
	if empty.Settings.SyncAll || len(empty.Settings.Notify.Recipients) > 0 || empty.Settings.RemovalLimit != 7 {
		t.Errorf("settings after every key was emptied: %+v", empty.Settings)
	}
	if empty.SignIn() {
		t.Error("there is something to sign in with after every key was emptied")
	}
	if len(secrets.Credentials) != 6 {
		t.Error("putting changed the secrets that it started from")
	}
}

func TestSecretsThatDoNotFitAreRefused(t *testing.T) {
	t.Parallel()
	declared := salesforce.Template(salesforce.Options{}).Descriptor.Settings
	for _, secret := range []graph.Secret{
		{Key: "password", Value: "canary"},
		{Key: "", Value: "canary"},
		{Key: "None", Value: "canary"},
		{Key: "SyncAll", Value: "maybe"},
		{Key: "SyncNotificationSettings", Value: "canary"},
		{Key: "SyncNotificationSettings", Value: `{"DeleteThresholdValue":-1}`},
	} {
		_, err := graph.Secrets{}.Put([]graph.Secret{{Key: "UserName", Value: "ana"}, secret}, declared)
		if err == nil {
			t.Errorf("%s was accepted", secret.Key)
		} else if strings.Contains(err.Error(), "canary") {
			t.Errorf("the error shows the value: %v", err)
		}
	}
}

func TestSecretsArePrintedWithoutTheirValues(t *testing.T) {
	t.Parallel()
	secret := graph.Secret{Key: "Password", Value: "canary"}
	for _, text := range []string{secret.String(), secret.GoString()} {
		if strings.Contains(text, "canary") {
			t.Errorf("printed: %s", text)
		}
	}
}

func TestJobSettingsAreChangedByName(t *testing.T) {
	t.Parallel()
	before := provisioning.Settings{RemovalLimit: 500, RemovalPercent: 20}
	after, err := graph.WithSettings(before, []graph.KeyValue{
		{Name: "QuarantineTooManyDeletesThreshold", Value: "9"},
		{Name: "SyncAll", Value: "true"},
		{Name: "UsherDefaultDomain", Value: "contoso.com"},
		{Name: "UsherNestedGroups", Value: "True"},
		{Name: "UsherVanished", Value: "match"},
		{Name: "UsherDrift", Value: "report"},
		{Name: "UsherOnUnassigned", Value: "nothing"},
		{Name: "UsherOnSourceDisabled", Value: "disable"},
		{Name: "UsherGraceOnFilteredOut", Value: "P7D"},
	})
	want := provisioning.Settings{
		RemovalLimit: 9, RemovalPercent: 20, SyncAll: true, DefaultDomain: "contoso.com", NestedGroups: true, Vanished: provisioning.VanishedMatch,
		Drift: provisioning.Drift{Mode: provisioning.DriftReport},
		Leaving: provisioning.Leaving{
			Actions: map[provisioning.Trigger]provisioning.LeaveAction{provisioning.Unassigned: provisioning.LeaveNothing},
			GraceOn: map[provisioning.Trigger]time.Duration{provisioning.FilteredOut: 7 * 24 * time.Hour},
		},
	}
	if diff := cmp.Diff(want, after); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if again, err := graph.WithSettings(provisioning.Settings{}, graph.Settings(want)); err != nil || cmp.Diff(want, again) != "" {
		t.Errorf("what is listed does not read back: %+v, %v", again, err)
	}
	for _, bad := range []graph.KeyValue{
		{Name: "Other", Value: "1"},
		{Name: "UsherRemovalPercent", Value: "101"},
		{Name: "SyncAll", Value: ""},
		{Name: "QuarantineTooManyDeletesThreshold", Value: "-1"},
		{Name: "UsherVanished", Value: "maybe"},
		{Name: "UsherDrift", Value: "maybe"},
		{Name: "UsherOnUnassigned", Value: "maybe"},
		{Name: "UsherGraceOnUnassigned", Value: "7d"},
	} {
		if _, err := graph.WithSettings(before, []graph.KeyValue{bad}); err == nil {
			t.Errorf("%+v was accepted", bad)
		}
	}
}

func TestTemplatesAndOperatorsInTheFormOfGraph(t *testing.T) {
	t.Parallel()
	golden(t, "template", graph.NewTemplate(connector.Template{Descriptor: connector.Descriptor{
		TemplateID: "shop", GalleryID: "00000000-0000-0000-0000-0000000000ab", Name: "Shop", Description: "Users of a shop.",
		Settings: []provisioning.Setting{{Key: "UserName"}, {Key: "Password", Secret: true}},
	}}))
	golden(t, "operators", graph.FilterOperators())
}

// entry is a failed update with everything that an entry may have.
func entry() journal.Entry {
	return journal.Entry{
		ID: 42, At: at("2026-03-01T10:00:00Z"), JobID: "salesforce.1.2", ApplicationID: "a1", CycleID: "c1", Duration: 1500 * time.Millisecond, InitiatedBy: "terraform (API client aaaaaaaa-0000-0000-0000-000000000009)",
		Change: plan.Change{
			ID: "ch1", Action: plan.Enable, Status: plan.Failure, Source: plan.Identity{Type: "User", ID: "u1", Name: "ana@contoso.com"},
			Target: plan.Identity{Type: "User", ID: "005000000000001", Name: "ana@contoso.com"},
			Fields: []plan.Field{
				{Name: "IsActive", Old: attr.Bool(false), New: attr.Bool(true)},
				{Name: "Title", New: attr.Text("Boss")},
				{Name: "EmployeeNumber", Old: attr.Text("canary"), New: attr.Text("canary"), Redacted: true},
			},
			Reason: plan.Reason{Code: "SalesforceTimeout", Text: "no answer", Advice: "Wait."},
			Steps: []plan.Step{
				{Name: "EntryImport", Type: plan.ImportStep, Status: plan.Success, Description: "read"},
				{Name: "EntryExportUpdate", Type: plan.ExportStep, Status: plan.Failure, Description: "no answer", Details: map[string]string{"ReportableIdentifier": "ana@contoso.com"}},
			},
		},
	}
}

func around() graph.Surroundings {
	return graph.Surroundings{
		TenantID: "t1", Application: directory.Application{ID: "a1", AppID: "app1", DisplayName: "Salesforce"},
		SourceSystem: "Azure Active Directory", TargetSystem: "salesforce.com", Catalogue: journal.NewCatalogue(),
	}
}

func TestRowsOfTheLogInTheFormOfGraph(t *testing.T) {
	t.Parallel()
	golden(t, "summary_failure", graph.NewSummary(entry(), around()))
	skipped := entry()
	skipped.InitiatedBy = ""
	skipped.Change = plan.Change{Action: plan.Skip, Status: plan.Skipped, Source: entry().Change.Source, Reason: plan.Reason{Code: "NotEffectivelyEntitled", Text: "not assigned"}}
	golden(t, "summary_skipped", graph.NewSummary(skipped, around()))
}

func TestActionsAndStatusesOfTheLog(t *testing.T) {
	t.Parallel()
	tests := []struct {
		change         plan.Change
		action, status string
	}{
		{plan.Change{Action: plan.Create, Status: plan.Success}, "create", "success"},
		{plan.Change{Action: plan.Enable, Status: plan.Warning}, "update", "warning"},
		{plan.Change{Action: plan.Disable, Status: plan.Staged}, "stagedDelete", "skipped"},
		{plan.Change{Action: plan.Disable, Status: plan.Failure}, "disable", "failure"},
		{plan.Change{Action: plan.Delete, Status: plan.Success}, "delete", "success"},
		{plan.Change{Action: plan.None, Status: plan.Skipped}, "other", "skipped"},
		{plan.Change{Action: plan.Skip, Status: plan.Skipped}, "other", "skipped"},
	}
	for _, test := range tests {
		if action, status := graph.ActionName(test.change), graph.StatusName(test.change.Status); action != test.action || status != test.status {
			t.Errorf("%s %s: got %s %s, want %s %s", test.change.Action, test.change.Status, action, status, test.action, test.status)
		}
	}
}

// What is selected by a name has that name again.
func TestActionsAndStatusesAreFoundByTheirNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]int{"create": 1, "update": 2, "disable": 1, "delete": 1, "other": 2, graph.StagedDelete: 0, "x": 0} {
		actions := graph.Actions(name)
		for _, action := range actions {
			if got := graph.ActionName(plan.Change{Action: action}); got != name {
				t.Errorf("%s is called %s, and was found by %s", action, got, name)
			}
		}
		if len(actions) != want {
			t.Errorf("%s: %v", name, actions)
		}
	}
	for name, want := range map[string]int{"success": 1, "failure": 1, "warning": 1, "skipped": 3, "x": 0} {
		if statuses := graph.Statuses(name); len(statuses) != want {
			t.Errorf("%s: %v", name, statuses)
		}
	}
}

func TestAuditsInTheFormOfGraph(t *testing.T) {
	t.Parallel()
	golden(t, "directory_audit", graph.NewDirectoryAudit(journal.Audit{
		ID: 3, At: at("2026-03-01T10:00:00Z"), Activity: "Enable/start provisioning configuration", Actor: "terraform (API client aaaaaaaa-0000-0000-0000-000000000009)", Subject: "Salesforce", Detail: "job",
	}))
}

func TestOnDemandResultsAreTwoDocuments(t *testing.T) {
	t.Parallel()
	performance := graph.Performance{Changes: []plan.Change{entry().Change}, Began: at("2026-03-01T10:00:00Z"), Ended: at("2026-03-01T10:00:02Z")}
	result, err := graph.NewOnDemandResult(performance, around())
	if err != nil {
		t.Fatal(err)
	}
	var documents struct{ Key, Value any }
	for text, target := range map[string]*any{result.Key: &documents.Key, result.Value: &documents.Value} {
		if err := json.Unmarshal([]byte(text), target); err != nil {
			t.Fatal(err)
		}
	}
	golden(t, "on_demand", documents)

	performance.Changes = append([]plan.Change{{Action: plan.Create, Status: plan.Success}}, performance.Changes...)
	several, err := graph.NewOnDemandResult(performance, around())
	if err != nil {
		t.Fatal(err)
	}
	var list []any
	if err := json.Unmarshal([]byte(several.Value), &list); err != nil || len(list) != 2 {
		t.Errorf("two people give %s, %v", several.Value, err)
	}
	if several.Key != result.Key {
		t.Errorf("the key of two people is %s, want that of the failure", several.Key)
	}
}

func TestExpressionsAreParsedAndEvaluated(t *testing.T) {
	t.Parallel()
	language := graph.NewLanguage(salesforce.Template(salesforce.Options{}).Schema(), "contoso.com")
	input := func(text string) *graph.ExpressionInput {
		var value graph.ExpressionInput
		if err := json.Unmarshal([]byte(text), &value); err != nil {
			t.Fatal(err)
		}
		return &value
	}
	tests := []struct {
		name, expression string
		input            *graph.ExpressionInput
		parsed           bool
		evaluated        bool
		result           []string
		code             string
	}{
		{
			name: "a value", expression: `Join(" ", [givenName], [surname])`, parsed: true, evaluated: true, result: []string{"Ana Lima"},
			input: input(`{"definition":null,"properties":[{"key":"givenName","value":"Ana"},{"key":"surname","value":"Lima"}]}`),
		},
		{
			name: "several values", expression: `[proxyAddresses]`, parsed: true, evaluated: true, result: []string{"a", "b"},
			input: input(`{"properties":[{"key":"proxyAddresses","value@odata.type":"#Collection(String)","value":["a","b"]}]}`),
		},
		{name: "no value", expression: `[city]`, parsed: true, evaluated: true, result: []string{}, input: input(`{"properties":[]}`)},
		{name: "a Boolean", expression: `Not([accountEnabled])`, parsed: true, evaluated: true, result: []string{"False"}, input: input(`{"properties":[{"key":"accountEnabled","value":true}]}`)},
		{name: "without test input", expression: `[city]`, parsed: true, result: []string{}},
		{name: "constants without test input", expression: `Append("a", "b")`, parsed: true, evaluated: true, result: []string{"ab"}},
		{name: "an attribute of the input alone", expression: `[shoeSize]`, parsed: true, evaluated: true, result: []string{"42"}, input: input(`{"properties":[{"key":"shoeSize","value":42}]}`)},
		{name: "unknown attribute", expression: `[shoeSize]`, result: []string{}, code: "ParsingFailed"},
		{name: "unknown function", expression: `Bogus([city])`, result: []string{}, code: "ParsingFailed"},
		{name: "not an expression", expression: `Join(`, result: []string{}, code: "ParsingFailed"},
		{name: "empty", expression: ``, result: []string{}, code: "ParsingFailed"},
		{name: "does not evaluate", expression: `Error("no")`, parsed: true, result: []string{}, code: "EvaluationFailed", input: input(`{}`)},
		{name: "a bad value", expression: `[city]`, result: []string{}, code: "InvalidTestInput", input: input(`{"properties":[{"key":"city","value":{"a":1}}]}`)},
		{name: "a list in a list", expression: `[city]`, result: []string{}, code: "InvalidTestInput", input: input(`{"properties":[{"key":"city","value":[["a"]]}]}`)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := graph.ParseExpression(graph.ExpressionRequest{Expression: test.expression, TestInput: test.input}, language, at("2026-03-01T10:00:00Z"))
			code := ""
			if got.Error != nil {
				code = got.Error.Code
			}
			if got.ParsingSucceeded != test.parsed || got.EvaluationSucceeded != test.evaluated || code != test.code || cmp.Diff(test.result, got.EvaluationResult) != "" {
				t.Errorf("got %+v with error %+v", got, got.Error)
			}
			if test.parsed != (got.ParsedExpression != nil) {
				t.Errorf("parsed expression: %+v", got.ParsedExpression)
			}
		})
	}
}

// Every function that is listed has the two names that clients know it by.
func TestFunctionsHaveIDAndName(t *testing.T) {
	t.Parallel()
	for _, function := range expr.FunctionSchemas() {
		if function.ID == "" || function.ID != function.Name || function.Parameters == nil {
			t.Errorf("function %+v", function)
		}
	}
}
