package logs_test

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/internal/portal/change"
	"github.com/usher-id/usher/internal/portal/logs"
	"github.com/usher-id/usher/internal/portal/pagetest"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/plan"
)

func TestSamples(t *testing.T) {
	t.Parallel()
	pagetest.Samples(t, logs.New(nil))
}

// entry is what was done to somebody at a moment.
func entry(name string, action plan.Action, status plan.Status, code string, at time.Time) journal.Entry {
	return journal.Entry{At: at, Change: plan.Change{
		ID: "change-" + name, Action: action, Status: status, Source: plan.Identity{Type: "User", ID: "id-" + name, Name: name + "@contoso.com"},
		Target: plan.Identity{Type: "User", ID: "005" + name, Name: name}, Reason: plan.Reason{Code: code, Text: "a reason"},
	}}
}

// people returns whom a list shows.
func people(document pagetest.Document) string {
	return strings.Join(document.Texts("table.changes tbody td.changes-who > a:first-child"), " ")
}

func TestTheListShowsWhatTheFilterSelects(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	now := time.Now()
	w.log("first", entry("ana", plan.Create, plan.Success, "", now.Add(-50*time.Hour)), entry("ben", plan.Create, plan.Failure, "Timeout", now.Add(-49*time.Hour)))
	w.log("second", entry("cleo", plan.Skip, plan.Skipped, "NotEffectivelyEntitled", now.Add(-2*time.Hour)), entry("dora", plan.Disable, plan.Success, "", now.Add(-time.Minute)))
	day := now.Add(-49 * time.Hour).UTC().Format(time.DateOnly)
	for _, test := range []struct{ query, want string }{
		{"", "dora@contoso.com cleo@contoso.com ben@contoso.com ana@contoso.com"},
		{"text=BEN%40", "ben@contoso.com"},
		{"text=005dora", "dora@contoso.com"},
		{"date=24h", "dora@contoso.com cleo@contoso.com"},
		{"date=1h&action=disable", "dora@contoso.com"},
		{"from=2020-01-01&until=" + day + "&date=1h", "ben@contoso.com ana@contoso.com"},
		{"status=failure", "ben@contoso.com"},
		{"action=changes", "dora@contoso.com ben@contoso.com ana@contoso.com"},
		{"action=skip", "cleo@contoso.com"},
		{"action=skip&action=disable", "dora@contoso.com cleo@contoso.com"},
		{"action=skip,disable&status=failure&status=skipped", "cleo@contoso.com"},
		{"code=Timeout", "ben@contoso.com"},
		{"cycle=second", "dora@contoso.com cleo@contoso.com"},
		{"person=id-ana", "ana@contoso.com"},
		{"account=005cleo", "cleo@contoso.com"},
		{"application=" + w.app.ID + "&status=success", "dora@contoso.com ana@contoso.com"},
		{"application=another", ""},
		{"plan=none", ""},
	} {
		document := w.page("/logs?" + test.query)
		if got := people(document); got != test.want {
			t.Errorf("%s: %q, want %q", test.query, got, test.want)
		}
		if faults := document.Faults("/logs", func(string, string) bool { return true }); len(faults) > 0 {
			t.Errorf("%s: %q", test.query, faults)
		}
	}
}

func TestAListOfAnApplicationHasItsMenu(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if got := w.page("/logs").Count("nav.application-menu"); got != 0 {
		t.Errorf("%d menus of an application on the list of all", got)
	}
	document := w.page("/logs?application=" + w.app.ID)
	if got := document.Texts("nav.application-menu a[aria-current]"); len(got) != 1 || got[0] != "Provisioning logs" {
		t.Errorf("the menu shows %q", got)
	}
	if got := document.TextOf("p.empty-title"); got != "No entry is like that" {
		t.Errorf("an empty list says %q", got)
	}
	if got := w.page("/logs").TextOf("p.empty-title"); got != "The log is empty" {
		t.Errorf("an empty log says %q", got)
	}
}

// The menus of check boxes say what is chosen, also when htmx loads the rows alone.
func TestSeveralActionsAndStatusesAreChosen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i, each := range []struct {
		name   string
		action plan.Action
		status plan.Status
	}{{"ana", plan.Create, plan.Success}, {"ben", plan.Update, plan.Failure}, {"cleo", plan.Disable, plan.Success}} {
		w.log("cycle", entry(each.name, each.action, each.status, "", time.Now().Add(time.Duration(i-9)*time.Minute)))
	}
	shown := w.page("/logs?action=update&action=create&status=success&status=failure")
	if got := people(shown); got != "ben@contoso.com ana@contoso.com" {
		t.Errorf("found %q", got)
	}
	if got := shown.Attributes(`input[name=action][checked]`, "value"); !slices.Equal(got, []string{"create", "update"}) {
		t.Errorf("chosen are %q", got)
	}
	for _, link := range shown.Attributes(".log-bar a[download]", "href") {
		if !strings.Contains(link, "action=create&action=update") || !strings.Contains(link, "status=failure&status=success") {
			t.Errorf("the download %q has another filter", link)
		}
	}
	part, _ := w.part("/logs?action=update&action=create&action=disable", "rows")
	if got := part.TextOf("#chosen-action"); got != "3 chosen" {
		t.Errorf("the menu says %q", got)
	}
}

func TestAFilterThatCannotBeUnderstoodSaysSoAtItsField(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.log("cycle", entry("ana", plan.Create, plan.Success, "", time.Now()))
	for query, want := range map[string]string{
		"from=yesterday": "This is not a day such as 2026-01-31.", "until=2026-02-30": "This is not a day such as 2026-01-31.", "date=9y": "There is no such period.",
		"status=fine": "There is no such status.", "action=drop": "There is no such action.",
	} {
		recorder := w.get("/logs?" + query)
		name, _, _ := strings.Cut(query, "=")
		document := pagetest.Read(t, recorder.Body.String())
		if got := document.TextOf("#about-" + name); recorder.Code != http.StatusUnprocessableEntity || got != want || people(document) != "" {
			t.Errorf("%s: status %d, %q", query, recorder.Code, got)
		}
		if got := w.get("/logs/download?format=csv&" + query); got.Code != http.StatusUnprocessableEntity || got.Header().Get("Content-Disposition") != "" {
			t.Errorf("the download with %s: status %d", query, got.Code)
		}
	}
}

func TestPagesFollowOneAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const count = 120
	entries := make([]journal.Entry, count)
	for i := range entries {
		entries[i] = entry(fmt.Sprintf("p%03d", i), plan.Create, plan.Success, "", time.Now().Add(time.Duration(i-count)*time.Second))
	}
	w.log("cycle", entries...)
	path, seen := "/logs?status=success", []string{}
	for range 3 {
		document := w.page(path)
		seen = append(seen, strings.Fields(people(document))...)
		next := document.Attributes("a[rel=next]", "href")
		if len(next) == 0 {
			break
		}
		path = next[0]
	}
	if len(seen) != count || seen[0] != "p119@contoso.com" || seen[count-1] != "p000@contoso.com" {
		t.Errorf("%d entries, from %s to %s", len(seen), seen[0], seen[len(seen)-1])
	}
	last := w.page(path)
	if first := last.Attributes("nav.pager a:first-child", "href"); first[0] != "/logs?status=success" {
		t.Errorf("the first page is at %q", first)
	}
	previous := last.Attributes("a[rel=prev]", "href")
	if got := strings.Fields(people(w.page(previous[0]))); len(got) != 50 || got[0] != "p069@contoso.com" {
		t.Errorf("the page before has %q", got)
	}
	if got := w.get("/logs?cursor=nonsense"); got.Code != http.StatusSeeOther || got.Header().Get("Location") != "/logs" {
		t.Errorf("a foreign cursor: status %d to %q", got.Code, got.Header().Get("Location"))
	}
	if counted, _ := w.part("/logs?status=success&count=on", "count"); counted.TextOf("#count") != "120 entries in all" {
		t.Errorf("counted %q", counted.Text)
	}
}

func TestAListThatIsFollowedIsReplacedOnlyWhenSomethingIsNew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	now := time.Now()
	w.log("one", entry("ana", plan.Create, plan.Success, "", now))
	document := w.page("/logs?live=on&status=success")
	poll := document.Attributes("#rows [hx-get][hx-trigger^=every]", "hx-get")
	if len(poll) != 1 || document.Count("noscript meta[http-equiv=refresh]")+strings.Count(document.Text, `http-equiv="refresh"`) == 0 {
		t.Fatalf("the list is not followed: %q", poll)
	}
	if _, status := w.part(poll[0], "rows"); status != http.StatusNoContent {
		t.Errorf("nothing is new, and the status is %d", status)
	}
	w.log("two", entry("eve", plan.Create, plan.Failure, "Timeout", now.Add(time.Second)))
	if _, status := w.part(poll[0], "rows"); status != http.StatusNoContent {
		t.Errorf("what is new is not selected, and the status is %d", status)
	}
	w.log("three", entry("ben", plan.Create, plan.Success, "", now.Add(2*time.Second)))
	rows, status := w.part(poll[0], "rows")
	if got := people(rows); status != http.StatusOK || got != "ben@contoso.com ana@contoso.com" {
		t.Errorf("status %d, %q", status, got)
	}
	if got := rows.Count("tr.new"); got != 1 {
		t.Errorf("%d rows are marked as new", got)
	}
	if got := rows.TextOf("#news[hx-swap-oob]"); got != "1 new entry" || document.Count("#news[role=status]") != 1 {
		t.Errorf("screen readers are told %q", got)
	}
	if pause := document.TextOf("#rows a[href='/logs?status=success']"); pause != "Pause" {
		t.Errorf("following ends with %q", pause)
	}
}

func TestAnEntryIsAPageOfItsOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.log("cycle", entry("ana", plan.Create, plan.Failure, "Timeout", time.Now()))
	list := w.page("/logs")
	link := list.Attributes("table.changes tbody td:first-child a", "href")[0]
	if got := list.Attributes("table.changes tbody td.changes-who > a", "href"); !cmp.Equal(got, []string{link, "/users/id-ana"}) {
		t.Errorf("beside the entry %s, the name leads to %q", link, got)
	}
	document := w.page(link)
	if got := document.Texts("[data-tabs] > section > h3"); !cmp.Equal(got, []string{"Steps", "Troubleshooting & Recommendations", "Modified Properties", "Summary"}) {
		t.Errorf("the tabs are %q", got)
	}
	for _, href := range []string{
		"/users/id-ana", "/applications/" + w.app.ID + "/cycles/cycle", "/applications/" + w.app.ID + "/accounts?search=ana", "/logs/codes#Timeout", "/logs?person=id-ana",
	} {
		if document.Count(`main a[href="`+href+`"]`) == 0 {
			t.Errorf("no link to %s", href)
		}
	}
	if got := document.TextOf("h1"); !strings.HasPrefix(got, "Create ana@contoso.com") {
		t.Errorf("the page is called %q", got)
	}
	w.Must(w.Acts.RemoveApplication(t.Context(), w.app))
	if got := w.page(link).Count("nav.application-menu"); got != 0 {
		t.Error("an application that was removed has a menu")
	}
	for _, path := range []string{"/logs/999999", "/logs/one", "/logs/99999999999999999999"} {
		if got := w.get(path); got.Code != http.StatusNotFound {
			t.Errorf("%s: status %d", path, got.Code)
		}
	}
}

func TestEveryCodeIsExplainedUnderItsAnchor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	document := w.page(change.CodesPath)
	if got := document.TextOf("tr#Timeout td:last-child"); got != "It is tried again with the next cycle." {
		t.Errorf("the advice for Timeout is %q", got)
	}
	if all, some := document.Count("tbody tr"), w.page(change.CodesPath+"?search=LICENCE").Count("tbody tr"); all < 20 || some == 0 || some >= all {
		t.Errorf("%d codes, %d about licences", all, some)
	}
}

func TestADownloadHasWhatTheFilterSelects(t *testing.T) {
	t.Parallel()
	const canary = "canary-value"
	w := newWorld(t)
	failed := entry("ana", plan.Create, plan.Failure, "Timeout", time.Now())
	failed.Change.Fields = []plan.Field{{Name: "EmployeeNumber", New: attr.Text(canary), Redacted: true}, {Name: "Title", New: attr.Text("=1+1")}}
	failed.Change.Steps = []plan.Step{{Name: "EntryImport", Type: plan.ImportStep, Status: plan.Success, Description: "read"}}
	w.log("cycle", failed, entry("ben", plan.Create, plan.Success, "", time.Now()))
	get := func(format string) []byte {
		recorder := w.get("/logs/download?format=" + format + "&status=failure&text=" + url.QueryEscape("ana@"))
		if recorder.Code != http.StatusOK || !strings.HasPrefix(recorder.Header().Get("Content-Disposition"), "attachment; filename=ProvisioningLogs_") {
			t.Fatalf("%s: status %d, %v", format, recorder.Code, recorder.Header())
		}
		if strings.Contains(recorder.Body.String(), canary) {
			t.Errorf("%s holds a redacted value", format)
		}
		return recorder.Body.Bytes()
	}
	rows, err := csv.NewReader(bytes.NewReader(get("csv"))).ReadAll()
	if err != nil || len(rows) != 2 || rows[1][6] != "ana@contoso.com" || rows[1][9] != "Timeout" {
		t.Errorf("csv: %q, %v", rows, err)
	}
	var read journal.Entry
	if err := json.Unmarshal(get("json"), &read); err != nil || read.Change.Source.Name != "ana@contoso.com" || len(read.Change.Fields) != 2 {
		t.Errorf("json: %+v, %v", read, err)
	}
	archive := get("zip")
	files, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	w.Must(err)
	got := map[string]int{}
	for _, file := range files.File {
		content, err := file.Open()
		w.Must(err)
		text, err := io.ReadAll(content)
		w.Must(err)
		if strings.Contains(string(text), canary) {
			t.Errorf("%s holds a redacted value", file.Name)
		}
		rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
		w.Must(err)
		got[file.Name] = len(rows) - 1
	}
	if want := map[string]int{journal.LogsFile: 1, journal.StepsFile: 1, journal.PropertiesFile: 2}; !cmp.Equal(got, want) {
		t.Errorf("the archive has %v, want %v", got, want)
	}
	if got := w.get("/logs/download?format=pdf"); got.Code != http.StatusNotFound {
		t.Errorf("an unknown format: status %d", got.Code)
	}
}
