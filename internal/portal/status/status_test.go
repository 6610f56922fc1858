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
	"github.com/usher-id/usher/mapping"
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
	if answer := w.Post(store.RoleOperator, at+"/start", nil); answer.Status != http.StatusConflict || w.on(app) {
		t.Errorf("start without a confirmation: %d", answer.Status)
	}
	answer := w.Post(store.RoleOperator, at+"/start", w.confirmed(store.RoleOperator, at+"/start"))
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

// TestAStartIsConfirmedForWhatItMeans asks what turning provisioning on means, has
// everybody synchronized meanwhile, and confirms then.
func TestAStartIsConfirmedForWhatItMeans(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.Connected()
	at := "/applications/" + app.ID + "/start"
	for what, change := range map[string]func(){
		"somebody was assigned": func() { w.Assign(app, "User", portaltest.Cleo, "Standard User") },
		"everybody is in scope": func() {
			w.Must(w.Acts.ChangeSettings(t.Context(), app, func(s provisioning.Settings, every time.Duration) (provisioning.Settings, time.Duration, error) {
				s.SyncAll = true
				return s, every, nil
			}))
		},
		"a mapping was changed": func() {
			draft, err := w.Acts.SchemaDraft(t.Context(), app)
			w.Must(err)
			_, object, err := draft.Schema.UserMapping()
			w.Must(err)
			w.Must(w.Acts.ChangeSchemaDraft(t.Context(), app, administration.PutFlowTypes(object.FlowTypes, object.FlowTypes&^mapping.FlowUpdate)))
			draft, err = w.Acts.SchemaDraft(t.Context(), app)
			w.Must(err)
			w.Must(w.Acts.SaveSchemaDraft(t.Context(), app, draft.Tag, true))
		},
	} {
		form := w.confirmed(store.RoleOperator, at)
		change()
		answer := w.Post(store.RoleOperator, at, form)
		if answer.Status != http.StatusConflict || w.on(app) {
			t.Fatalf("%s since it was confirmed, and provisioning is on: %d", what, answer.Status)
		}
		w.Contains(answer.TextOf("main"), "Nothing was done.")
	}
	if answer := w.Post(store.RoleOperator, at, w.confirmed(store.RoleOperator, at)); answer.Status != http.StatusSeeOther || !w.on(app) {
		t.Errorf("start: %d", answer.Status)
	}
}

// TestHeldRemovalsGoAheadAsTheyWereCounted lets held removals go ahead by a restart
// that was looked at before there were any.
func TestHeldRemovalsGoAheadAsTheyWereCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.Connected()
	w.Must(w.Acts.ChangeSettings(t.Context(), app, func(s provisioning.Settings, every time.Duration) (provisioning.Settings, time.Duration, error) {
		s.RemovalLimit = 1
		return s, every, nil
	}))
	assigned := w.Assign(app, "Group", "Sales", "Standard User")
	w.Cycle(w.Again(app))
	at := "/applications/" + app.ID + "/restart"
	form := w.confirmed(store.RoleAdministrator, at)
	form.Set("scope", "ForceDeletes")
	w.Must(w.Acts.RemoveAssignments(t.Context(), app, assigned.ID))
	w.Cycle(w.Again(app))
	held := func() int {
		links, err := w.Store.CountLinks(t.Context(), app.Job.ID)
		w.Must(err)
		return links.Staged
	}
	if answer := w.Post(store.RoleAdministrator, at, form); answer.Status != http.StatusConflict || held() != 2 {
		t.Fatalf("none was held when it was looked at, and %d are held now: %d", held(), answer.Status)
	}
	form["confirmed"] = w.confirmed(store.RoleAdministrator, at)["confirmed"]
	answer := w.Post(store.RoleAdministrator, at, form)
	if answer.Status != http.StatusSeeOther || held() != 0 {
		t.Errorf("%d, and %d are held: %s", answer.Status, held(), answer.TextOf("main"))
	}
	w.Contains(answer.Notice, "takes away the accounts whose removals were held")
}

// confirmed returns what the form of a page sends that confirms what it shows.
func (w world) confirmed(role store.Role, at string) url.Values {
	w.TB.Helper()
	marks := w.Get(role, at).Attributes("main input[name=confirmed]", "value")
	if len(marks) != 1 {
		w.TB.Fatalf("%s carries %d confirmations", at, len(marks))
	}
	return url.Values{"confirmed": marks}
}

// world adds to portaltest.World what the tests of the area ask.
type world struct{ *portaltest.World }

func (w world) on(app administration.Application) bool {
	return w.Again(app).Job.Schedule.State == provisioning.ScheduleActive
}
