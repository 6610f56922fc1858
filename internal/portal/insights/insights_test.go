package insights_test

import (
	"encoding/csv"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/insights"
	"github.com/usher-id/usher/internal/portal/pagetest"
	"github.com/usher-id/usher/internal/portal/portaltest"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/plan"
)

func TestSamples(t *testing.T) {
	t.Parallel()
	pagetest.Samples(t, insights.New(nil))
}

func newWorld(t *testing.T) *portaltest.World {
	t.Helper()
	return portaltest.New(t, func(service *administration.Service) []portaltest.Area {
		return []portaltest.Area{insights.New(service)}
	})
}

// tiles are the figures of the whole time.
func tiles(answer portaltest.Answer) string { return strings.Join(answer.Texts(".tile"), "; ") }

func TestThePageTellsWhatCyclesDid(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.Connected()
	w.Assign(app, "Group", "Sales", "Standard User")
	w.Cycle(app)
	failed := journal.Entry{Change: plan.Change{Action: plan.Create, Status: plan.Failure, Source: plan.Identity{Type: "User", ID: portaltest.Cleo}, Reason: plan.Reason{Code: "Timeout"}}}
	w.Must(w.Store.Engine().Log(t.Context(), engine.Cycle{ID: "lost", JobID: app.Job.ID, ApplicationID: app.ID}, []journal.Entry{failed}))
	for _, path := range []string{"/insights", "/insights?period=7d", "/insights?period=30d&application=" + app.ID} {
		answer := w.Get(store.RoleReader, path)
		if got := tiles(answer); answer.Status != http.StatusOK || !strings.HasPrefix(got, "2 changes made; 1 failure; 1 cycle; 67 % of the changes succeeded") {
			t.Errorf("%s: status %d, %q", path, answer.Status, got)
		}
		for _, fault := range answer.Faults(path, func(string, string) bool { return true }) {
			t.Errorf("%s: %s", path, fault)
		}
		if got := answer.Texts("h2.card-title"); strings.Join(got, ", ") != "Actions and failures, Entries by status, Success rate, Top causes of failures, Duration of cycles, From change to account, API requests by Usher, API budget, Licence seats" {
			t.Errorf("%s: the charts are %q", path, got)
		}
		if links := answer.Attributes("svg a", "href"); len(links) != 1 || !strings.Contains(links[0], "code=Timeout") || !strings.Contains(links[0], "application="+app.ID) {
			t.Errorf("%s: the causes lead to %q", path, links)
		}
	}
	created := w.Get(store.RoleReader, "/insights/download?chart=actions&period=30d")
	rows, err := csv.NewReader(strings.NewReader(created.Text)).ReadAll()
	w.Must(err)
	today := rows[len(rows)-1]
	if want := time.Now().UTC().Format(time.DateOnly) + " 1 0 0 0 2"; len(rows) != 31 || strings.Join(today, " ") != want {
		t.Errorf("%d rows, the last is %q, want %q", len(rows), today, want)
	}
	if seats := w.Get(store.RoleReader, "/insights/download?chart=seats"); !strings.Contains(seats.Text, "Salesforce") {
		t.Errorf("the seats are %q", seats.Text)
	}
}

func TestSeatsAndBudgetAreShownForEachApplication(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.Connected()
	w.Assign(app, "Group", "Sales", "Standard User")
	w.Cycle(app)
	_, err := w.Acts.AddApplication(t.Context(), "SfSandboxOutDelta", "UAT")
	w.Must(err)
	answer := w.Get(store.RoleReader, "/insights?period=7d")
	if got := strings.Join(answer.Texts("h2.card-title")[7:], ", "); got != "API budget of Salesforce, Licence seats of Salesforce" {
		t.Errorf("the charts of targets are %q", got)
	}
	for _, fault := range answer.Faults("/insights", func(string, string) bool { return true }) {
		t.Error(fault)
	}
	for _, link := range answer.Attributes("a[href*='chart=seats'], a[href*='chart=budget']", "href") {
		w.Contains(link, "application="+app.ID)
		if got := w.Get(store.RoleReader, link); got.Status != http.StatusOK || !strings.Contains(link, "period=7d") {
			t.Errorf("%s: status %d", link, got.Status)
		}
	}
}

func TestWhatConcernsOneTargetIsShownForOneApplication(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Add()
	second, err := w.Acts.AddApplication(t.Context(), "SfSandboxOutDelta", "UAT")
	w.Must(err)
	all, one := w.Get(store.RoleReader, "/insights"), w.Get(store.RoleReader, "/insights?application="+second.ID)
	if len(all.Texts("h2.card-title")) != 7 || len(one.Texts("h2.card-title")) != 9 {
		t.Errorf("the charts of all are %q, of one %q", all.Texts("h2.card-title"), one.Texts("h2.card-title"))
	}
	if got := one.TextOf("#application option[selected]"); got != "UAT" {
		t.Errorf("chosen is %q", got)
	}
	if part := w.Part(store.RoleReader, "/insights?application="+second.ID, "charts"); part.Count("h1") != 0 || part.Count("#charts .chart") != 9 {
		t.Errorf("htmx gets %.200s", part.Text)
	}
	for _, path := range []string{"/insights?period=9y", "/insights?application=none", "/insights/download?chart=none", "/insights/download?chart=seats"} {
		if got := w.Get(store.RoleReader, path); got.Status != http.StatusNotFound {
			t.Errorf("%s: status %d", path, got.Status)
		}
	}
}
