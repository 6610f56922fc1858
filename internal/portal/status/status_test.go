package status

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/pagetest"
	"github.com/usher-id/usher/internal/portal/portaltest"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/provisioning"
)

func TestSamples(t *testing.T) {
	t.Parallel()
	pagetest.Samples(t, New(nil, nil))
}

func never(provisioning.Job, time.Time) time.Time { return time.Time{} }

func newWorld(t *testing.T) world {
	t.Helper()
	return world{portaltest.New(t, func(service *administration.Service) []portaltest.Area { return []portaltest.Area{New(service, never)} })}
}

func TestHomeLeadsToTheFirstAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	home := w.Get(store.RoleReader, "/")
	if done := home.Count(".steps-list .done"); done != 1 {
		t.Errorf("%d steps are done, want 1: the directory is filled", done)
	}
	app := w.Connected()
	w.Assign(app, "Group", "Sales", "Standard User")
	home = w.Get(store.RoleReader, "/")
	if done := home.Count(".steps-list .done"); done != 4 {
		t.Errorf("%d steps are done, want 4", done)
	}
	w.Contains(home.TextOf("#applications"), "2 assigned")
	w.Must(w.Acts.Start(t.Context(), app, administration.Starting{}))
	if w.Get(store.RoleReader, "/").Count(".steps-list") != 0 {
		t.Error("the first steps are shown although provisioning is on")
	}
	if part := w.Part(store.RoleReader, "/", "applications"); part.Count("h1") != 0 || part.Count("#applications") != 1 {
		t.Error("the part is not the list of applications alone")
	}
}

func TestStartPauseAndRestart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.Connected()
	w.Assign(app, "Group", "Sales", "Standard User")
	at := "/applications/" + app.ID
	w.Contains(w.Get(store.RoleOperator, at+"/start").TextOf("main"), "2 people are assigned")
	if answer := w.Post(store.RoleReader, at+"/start", nil); answer.Status != http.StatusForbidden {
		t.Errorf("a reader started provisioning: %d", answer.Status)
	}
	answer := w.Post(store.RoleOperator, at+"/start", nil)
	if answer.Status != http.StatusSeeOther || answer.Location != at || !w.on(app) {
		t.Errorf("start: %d to %q", answer.Status, answer.Location)
	}
	w.Contains(answer.Notice, "is on")
	if answer := w.Post(store.RoleOperator, at+"/pause", nil); answer.Status != http.StatusSeeOther || w.on(app) {
		t.Errorf("pause: %d", answer.Status)
	}
	if answer := w.Post(store.RoleOperator, at+"/restart", nil); answer.Status != http.StatusUnprocessableEntity {
		t.Errorf("restart of nothing: %d", answer.Status)
	}
	if answer := w.Post(store.RoleOperator, at+"/restart", url.Values{"scope": {"Everything"}}); answer.Status != http.StatusUnprocessableEntity {
		t.Errorf("restart of a scope that there is none of: %d", answer.Status)
	}
	if answer := w.Post(store.RoleOperator, at+"/restart", url.Values{"scope": {"ForceDeletes"}}); answer.Status != http.StatusUnprocessableEntity {
		t.Errorf("an operator let held removals go ahead: %d", answer.Status)
	}
	if answer := w.Post(store.RoleOperator, at+"/restart", url.Values{"scope": {"Escrows", "Watermark"}}); answer.Status != http.StatusSeeOther {
		t.Errorf("restart: %d %s", answer.Status, answer.TextOf("main"))
	}
	w.Contains(w.Audits(1)[0], "Escrows,Watermark")
}

func TestOverviewAndCyclesTellWhatACycleDid(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.Connected()
	at := "/applications/" + app.ID
	w.Contains(w.Get(store.RoleReader, at+"/cycles").TextOf("main"), "No cycle has run yet")
	w.Assign(app, "Group", "Sales", "Standard User")
	run := w.Cycle(app)
	overview := w.Get(store.RoleReader, at)
	w.Contains(overview.TextOf("#live"), "2 created")
	w.Contains(w.Get(store.RoleReader, at+"/cycles").TextOf(".card-table tbody"), "2 created")
	if rows := w.Get(store.RoleReader, at+"/cycles?state=Failed").Count("main .card-table tbody tr"); rows != 0 {
		t.Errorf("%d failed cycles", rows)
	}
	cycle := w.Get(store.RoleReader, at+"/cycles/"+run.CycleID)
	w.Contains(cycle.TextOf("main"), "2 created")
	if answer := w.Get(store.RoleReader, at+"/cycles/no-such-cycle"); answer.Status != http.StatusNotFound {
		t.Errorf("a cycle that there is none of: %d", answer.Status)
	}
	if answer := w.Get(store.RoleReader, at+"/cycles?cursor=%FF"); answer.Status != http.StatusUnprocessableEntity && answer.Status != http.StatusBadRequest {
		t.Errorf("a cursor that is none: %d", answer.Status)
	}
}

// world adds to portaltest.World what the tests of the area ask.
type world struct{ *portaltest.World }

func (w world) on(app administration.Application) bool {
	return w.Again(app).Job.Schedule.State == provisioning.ScheduleActive
}
