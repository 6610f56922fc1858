package change_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/internal/portal/change"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/portal/pagetest"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/plan"
)

func salesforce() change.Application {
	return change.Application{ID: page.SampleApplication("").ID, Name: "Salesforce"}
}

// data is what the page of the test shows.
type data struct {
	Views []change.View
	Table change.Table
}

// area is a page with every part of the package.
type area struct{}

func (area) Mount(*page.Router) {}

func (area) Samples() []page.Sample {
	all := page.Parse[data]("all.tmpl", os.DirFS("testdata"), change.Files)
	show := func(name string, app change.Application, entries ...journal.Entry) page.Sample {
		d := data{Table: change.Table{Label: "Changes", Dates: true, Applications: true, Values: true}}
		for _, entry := range entries {
			view := change.OfEntry(entry, app, journal.NewCatalogue())
			d.Views, d.Table.Rows = append(d.Views, view), append(d.Table.Rows, view)
		}
		return page.Sample{Page: "Changes", Case: name, Path: "/", Answer: all.Show(page.Head{Title: "Changes"}, d)}
	}
	hostile := change.HostileEntry(time.Now())
	return []page.Sample{
		show("empty", salesforce(), journal.Entry{}),
		show("full", salesforce(), change.Samples(time.Now())...),
		show("hostile", change.Application{ID: page.Hostile, Name: page.Hostile}, hostile),
		show("application removed", change.Application{ID: "gone"}, change.Samples(time.Now())...),
	}
}

func TestSamples(t *testing.T) {
	t.Parallel()
	pagetest.Samples(t, area{})
}

// The log keeps the directory's name of the schema, which is another one.
func TestStepsNameTheDirectoryThatAdministratorsKnow(t *testing.T) {
	t.Parallel()
	view := change.New(plan.Change{
		Reason: plan.Reason{Text: "gone from Azure Active Directory"},
		Steps:  []plan.Step{{Type: plan.ImportStep, Description: `User "ana" was read from Azure Active Directory`}},
	}, salesforce(), journal.NewCatalogue())
	if want := `User "ana" was read from Usher directory.`; view.Steps[0].Description != want || view.Reason != "Gone from Usher directory." {
		t.Errorf("%q and %q, want %q", view.Steps[0].Description, view.Reason, want)
	}
}

func TestAPageNeverHoldsARedactedValue(t *testing.T) {
	t.Parallel()
	const canary = "canary-value"
	entry := journal.Entry{ID: 1, Change: plan.Change{Action: plan.Update, Status: plan.Success, Fields: []plan.Field{
		{Name: "EmployeeNumber", Old: attr.Text(canary), New: attr.Texts(canary, canary), Redacted: true},
		{Name: "Pin", New: attr.Text(canary), Redacted: true},
		{Name: "Title", Old: attr.Text(""), New: attr.Text("Head")},
	}}}
	view := change.OfEntry(entry, salesforce(), journal.NewCatalogue())
	want := []change.Property{
		{Name: "EmployeeNumber", Old: change.Value{Note: "redacted"}, New: change.Value{Note: "redacted"}},
		{Name: "Pin", Old: change.Value{Note: "no value"}, New: change.Value{Note: "redacted"}},
		{Name: "Title", Old: change.Value{Note: "empty"}, New: change.Value{Text: "Head"}},
	}
	if diff := cmp.Diff(want, view.Properties); diff != "" {
		t.Errorf("properties (-want +got):\n%s", diff)
	}
	site := page.New(page.Config{Authenticate: page.SampleAuthenticate})
	all := page.Parse[data]("all.tmpl", os.DirFS("testdata"), change.Files)
	document, _ := pagetest.Show(t, site, page.Sample{Answer: all.Show(page.Head{Title: "Changes"}, data{
		Views: []change.View{view}, Table: change.Table{Label: "Changes", Rows: []change.View{view}, Values: true},
	})})
	if strings.Contains(document.Text, canary) || !strings.Contains(document.Text, "Head") {
		t.Errorf("the page is not what it should be:\n%s", document.Text)
	}
}

func TestHeadlines(t *testing.T) {
	t.Parallel()
	ana := plan.Identity{Type: "User", ID: "e1", Name: "ana@contoso.com"}
	for _, test := range []struct {
		name   string
		change plan.Change
		want   string
	}{
		{"planned", plan.Change{Action: plan.Create, Status: plan.Planned, Source: ana}, "The account of ana@contoso.com would be created."},
		{"done", plan.Change{Action: plan.Disable, Status: plan.Success, Source: ana}, "The account of ana@contoso.com was disabled."},
		{"done with warnings", plan.Change{Action: plan.Update, Status: plan.Warning, Source: ana}, "The account of ana@contoso.com was updated."},
		{"refused", plan.Change{Action: plan.Enable, Status: plan.Failure, Source: ana}, "The account of ana@contoso.com could not be enabled."},
		{"held", plan.Change{Action: plan.Delete, Status: plan.Staged, Source: ana}, "The account of ana@contoso.com is held: it is not deleted until somebody allows it."},
		{"not decided", plan.Change{Action: plan.None, Status: plan.Failure, Source: ana}, "Nothing could be decided about the account of ana@contoso.com."},
		{"nothing to do", plan.Change{Action: plan.None, Status: plan.Skipped, Source: ana}, "The account of ana@contoso.com is as it should be."},
		{"skipped", plan.Change{Action: plan.Skip, Status: plan.Skipped, Source: ana}, "The account of ana@contoso.com was left alone."},
		{"only an account", plan.Change{Action: plan.Disable, Status: plan.Success, Target: plan.Identity{ID: "005"}}, "The account of 005 was disabled."},
		{"nobody", plan.Change{Action: plan.Update, Status: plan.Success}, "The account was updated."},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := change.New(test.change, salesforce(), journal.NewCatalogue()).Headline; got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestAFailureSaysWhatItMeansAndWhatToDo(t *testing.T) {
	t.Parallel()
	catalogue := journal.NewCatalogue(journal.Explanation{Code: "SalesforceOwn", Text: "own meaning", Advice: "own advice"})
	failure := func(reason plan.Reason) change.View {
		return change.New(plan.Change{Action: plan.Create, Status: plan.Failure, Source: plan.Identity{ID: "a&b"}, Reason: reason}, salesforce(), catalogue)
	}
	own := failure(plan.Reason{Code: "SalesforceOwn", Text: "no"})
	want := change.Help{Trouble: true, Explanation: "Own meaning.", Advice: "Own advice.", Links: []page.Link{
		{Text: "Why is it so?", Path: "/applications/1b0b8a72-8a4e-4c5e-9f62-8b1d3a3f6a01/why?user=a%26b"},
		{Text: "Provision on demand", Path: "/applications/1b0b8a72-8a4e-4c5e-9f62-8b1d3a3f6a01/on-demand?user=a%26b"},
		{Text: "Everything that fails", Path: "/applications/1b0b8a72-8a4e-4c5e-9f62-8b1d3a3f6a01/failures"},
	}}
	if diff := cmp.Diff(want, own.Help); diff != "" {
		t.Errorf("help (-want +got):\n%s", diff)
	}
	if own.Reason != "No." || own.Code.Path != "/logs/codes#SalesforceOwn" {
		t.Errorf("reason %q, code %+v", own.Reason, own.Code)
	}
	if general := failure(plan.Reason{Code: "SalesforceTimeout", Advice: "wait"}); general.Code.Path != "/logs/codes#Timeout" || general.Help.Advice != "Wait." {
		t.Errorf("code %+v, help %+v", general.Code, general.Help)
	}
	if unknown := failure(plan.Reason{Code: "Nonsense"}); unknown.Code.Path != "" || unknown.Code.Name != "Nonsense" || unknown.Help.Explanation != "" {
		t.Errorf("code %+v, help %+v", unknown.Code, unknown.Help)
	}
}

func TestAnEntryLinksToWhatItIsAbout(t *testing.T) {
	t.Parallel()
	entry := change.Samples(time.Now())[1]
	paths := func(app change.Application) []string {
		var paths []string
		for _, fact := range change.OfEntry(entry, app, journal.NewCatalogue()).Facts {
			if fact.Path != "" {
				paths = append(paths, fact.Path)
			}
		}
		return paths
	}
	const app = "/applications/1b0b8a72-8a4e-4c5e-9f62-8b1d3a3f6a01"
	want := []string{"/users/e1002", app + "/accounts?search=adele.vance%40contoso.com", app, app + "/cycles/7b6d2c0e-3c39-4e86-9c5f-0d0f6c1a2b3c", app + "/preview/1f9c0c3a5b"}
	if diff := cmp.Diff(want, paths(salesforce())); diff != "" {
		t.Errorf("paths (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"/users/e1002"}, paths(change.Application{ID: "gone"})); diff != "" {
		t.Errorf("paths of a removed application (-want +got):\n%s", diff)
	}
}

func TestTheSamplesHaveEveryActionThatWrites(t *testing.T) {
	t.Parallel()
	seen := map[plan.Action]bool{}
	for _, entry := range change.Samples(time.Now()) {
		seen[entry.Change.Action] = true
	}
	if !seen[plan.Create] || !seen[plan.Update] || !seen[plan.Disable] || !seen[plan.Skip] {
		t.Errorf("the samples have %v", seen)
	}
	if names := change.Actions(); !slices.ContainsFunc(names, func(a change.Action) bool { return a.Name == string(plan.Enable) }) {
		t.Errorf("the actions are %v", names)
	}
}
