package status

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/connector/salesforce"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/pagetest"
	"github.com/usher-id/usher/internal/portal/portaltest"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
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

// TestWhoTurnedProvisioningOffIsTold pauses by hand, by an undo, and in a way that leaves
// no record of a pause.
func TestWhoTurnedProvisioningOffIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.Connected()
	at := "/applications/" + app.ID
	turnOn := func() { w.Must(w.Acts.Start(t.Context(), app, administration.Starting{})) }
	if w.Get(store.RoleReader, at).Count("#off") != 0 {
		t.Error("what was never on is told of as turned off")
	}
	turnOn()
	w.Post(store.RoleOperator, at+"/pause", nil)
	overview := w.Get(store.RoleOperator, at)
	w.Contains(overview.TextOf("#off"), "Off since now , by operator@contoso.com (portal).")
	if got := overview.Attributes("#off a", "href"); !slices.Equal(got, []string{at + "/preview", at + "/start"}) {
		t.Errorf("it leads to %v", got)
	}
	turnOn()
	if w.Get(store.RoleReader, at).Count("#off") != 0 {
		t.Error("it is on, and told of as off")
	}
	w.Must(w.Acts.Pause(t.Context(), app, administration.PausedForUndo))
	undone := w.Get(store.RoleReader, at).TextOf("#off")
	w.Contains(undone, "by dora@contoso.com, because a preview was applied that takes back what a cycle wrote.")
	w.Contains(undone, "Mend first what made the cycle go wrong")
	w.Contains(undone, "ask an operator to start provisioning")
	turnOn()
	w.Must(w.Acts.Configure(t.Context(), app, administration.ActivityConfigure, func(c store.Configuration) (store.Configuration, string, error) {
		c.Job = c.Job.Stopped()
		return c, "schedule Paused", nil
	}))
	unknown := w.Get(store.RoleReader, at).TextOf("#off")
	w.Contains(unknown, "Nobody gets an account there")
	if strings.Contains(unknown, "Off since") {
		t.Errorf("an earlier pause is told of: %s", unknown)
	}
}

func TestHomeTellsOfProvisioningThatIsOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.Connected()
	w.Assign(app, "Group", "Sales", "Standard User")
	w.Must(w.Acts.Start(t.Context(), app, administration.Starting{}))
	w.Cycle(w.Again(app))
	w.Must(w.Acts.Pause(t.Context(), app, ""))
	w.Assign(app, "User", portaltest.Cleo, "Standard User")
	home := w.Get(store.RoleReader, "/")
	if home.Count(".steps-list") != 0 {
		t.Error("the way to the first account is shown although there are accounts")
	}
	w.Contains(home.TextOf("#applications .attention-list"), "Provisioning is off; 1 change waits.")
	w.Contains(home.TextOf("#applications"), "2 accounts in use")
}

// TestAFailedCycleSaysWhatToDo takes from the user of the application that it may use
// the API.
func TestAFailedCycleSaysWhatToDo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var own []journal.Explanation
	for _, each := range salesforce.Explanations() {
		own = append(own, journal.Explanation{Code: each.Code, Text: each.Explanation, Advice: each.Advice})
	}
	w.Service.Catalogue = journal.NewCatalogue(own...)
	app := w.Connected()
	w.Assign(app, "Group", "Sales", "Standard User")
	at := "/applications/" + app.ID
	w.Must(w.Org.SetProfilePermission("System Administrator", "ApiEnabled", false))
	var run provisioning.Run
	failure := w.Service.Session(t.Context(), app.Application, func(session engine.Session) (err error) {
		run, err = w.Service.Runner.Run(t.Context(), session, engine.Run{})
		return err
	})
	refused, ok := errors.AsType[*connector.Error](failure)
	if !ok || refused.Advice == "" {
		t.Fatalf("the cycle failed with %v", failure)
	}
	w.Contains(w.Get(store.RoleReader, at).TextOf("#advice"), refused.Advice)
	w.Contains(w.Get(store.RoleReader, at+"/cycles/"+run.CycleID).TextOf("main [role=alert]"), refused.Advice)
}

// TestTheWatermarkIsLive reads the stream of an overview that was loaded before a cycle.
func TestTheWatermarkIsLive(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.Connected()
	w.Assign(app, "Group", "Sales", "Standard User")
	at := "/applications/" + app.ID
	before := w.Get(store.RoleReader, at)
	w.Contains(before.TextOf("[sse-connect] [sse-swap=watermark]"), "behind")
	w.Cycle(app)
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	stream := w.Do(store.RoleReader, httptest.NewRequestWithContext(ctx, http.MethodGet, at+"/live", http.NoBody)).Body
	_, event, found := strings.Cut(stream, "event: watermark\n")
	if !found || !strings.Contains(event, "of the directory") || strings.Contains(event, "behind") {
		t.Errorf("after the cycle the stream has %q", event)
	}
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
