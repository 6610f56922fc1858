package removals

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/pagetest"
	"github.com/usher-id/usher/internal/portal/portaltest"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

func TestSamples(t *testing.T) {
	t.Parallel()
	pagetest.Samples(t, New(nil))
}

// TestHeldRemovalsAreDecidedOn holds the removals of Ana and Ben, and decides about one
// of them and about all.
func TestHeldRemovalsAreDecidedOn(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t, func(service *administration.Service) []portaltest.Area { return []portaltest.Area{New(service)} })
	app := w.Connected()
	w.Must(w.Acts.ChangeSettings(t.Context(), app, func(s provisioning.Settings, every time.Duration) (provisioning.Settings, time.Duration, error) {
		s.RemovalLimit, s.RemovalPercent = 1, 0
		return s, every, nil
	}))
	assigned := w.Assign(app, "Group", "Sales", "Standard User")
	w.Cycle(w.Again(app))
	w.Must(w.Acts.RemoveAssignments(t.Context(), app, assigned.ID))
	w.Cycle(w.Again(app))

	at := "/applications/" + app.ID + "/removals"
	list := w.Get(store.RoleReader, at)
	if rows := list.Count("tbody tr"); rows != 2 {
		t.Fatalf("%d removals are held, want 2: %s", rows, list.TextOf("main"))
	}
	if list.Count(`[name="decision"]`) != 0 {
		t.Error("a reader is offered decisions")
	}
	allow := url.Values{"decision": {"allow"}, "user": {portaltest.Ana}}
	if answer := w.Post(store.RoleOperator, at+"/decide", allow); answer.Status != http.StatusForbidden {
		t.Errorf("an operator decided: %d", answer.Status)
	}
	asked := w.Post(store.RoleAdministrator, at+"/decide", allow).TextOf("main")
	w.Contains(asked, "1 account in Salesforce will be taken away")
	w.Contains(asked, "Ana Lima (ana@contoso.com)")
	w.Contains(list.TextOf("main"), "Held by the removal guard.")
	if w.Get(store.RoleReader, at).Count("tbody tr") != 2 {
		t.Error("a decision was made without a confirmation")
	}
	w.Contains(confirm(w, at, allow).Notice, "1 removal allowed")
	if answer := w.Post(store.RoleAdministrator, at+"/decide", url.Values{"decision": {"reject"}}); answer.Status != http.StatusUnprocessableEntity {
		t.Errorf("a decision about nobody: %d", answer.Status)
	}
	w.Contains(confirm(w, at, url.Values{"decision": {"reject"}, "all": {"on"}}).Notice, "1 removal rejected. The account in Salesforce stays as it is.")
	rejected := w.Get(store.RoleReader, at+"?state=rejected")
	w.Contains(rejected.TextOf("tbody"), "Ben Okoye")
	if heads := rejected.Texts("thead th"); !slices.Contains(heads, "Rejected") || slices.Contains(heads, "Held since") || rejected.Count("a[href^='/settings/audit?activity=Removals']") != 1 {
		t.Errorf("when and by whom it was rejected is not told: %v", heads)
	}
	if strings.Contains(w.Get(store.RoleReader, at).TextOf("main"), "Held by the removal guard.") {
		t.Error("the guard is said to hold removals when none is held")
	}
	w.Contains(w.Audits(1)[0], "1 removal: Ben Okoye (ben@contoso.com)")
	w.Contains(w.Get(store.RoleReader, at+"?state=allowed").TextOf("tbody"), "Ana Lima")
	for _, form := range []url.Values{{"decision": {"burn"}, "all": {"on"}}, {"decision": {"burn"}, "all": {"on"}, "confirmed": {"on"}}, {"decision": {"allow"}, "all": {"on"}}} {
		if answer := w.Post(store.RoleAdministrator, at+"/decide", form); answer.Status != http.StatusUnprocessableEntity {
			t.Errorf("%v: %d", form, answer.Status)
		}
	}
	w.Contains(confirm(w, at, url.Values{"decision": {"reject"}, "user": {portaltest.Ana}}).Notice, "1 removal rejected")
	if w.Get(store.RoleReader, at+"?state=rejected").Count("tbody tr") != 2 {
		t.Error("what was allowed cannot be taken back")
	}
}

// confirm sends a form, and the form that confirms it, as a browser does.
func confirm(w *portaltest.World, at string, form url.Values) portaltest.Answer {
	w.TB.Helper()
	asked := w.Post(store.RoleAdministrator, at+"/decide", form)
	if asked.Status != http.StatusOK {
		w.TB.Fatalf("%v is answered with %d: %s", form, asked.Status, asked.TextOf("main"))
	}
	sent := url.Values{"user": asked.Attributes("main input[name=user]", "value"), "all": asked.Attributes("main input[name=all]", "value")}
	for _, name := range []string{"decision", "confirmed"} {
		sent[name] = asked.Attributes("main input[name="+name+"]", "value")
	}
	return w.Post(store.RoleAdministrator, at+"/decide", sent)
}

// TestWhatWasConfirmedIsWhatIsAllowed asks about one removal, has another one held, and
// confirms then.
func TestWhatWasConfirmedIsWhatIsAllowed(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t, func(service *administration.Service) []portaltest.Area { return []portaltest.Area{New(service)} })
	app := w.Connected()
	w.Must(w.Acts.ChangeSettings(t.Context(), app, func(s provisioning.Settings, every time.Duration) (provisioning.Settings, time.Duration, error) {
		s.RemovalLimit = 1
		return s, every, nil
	}))
	w.AddUser("bbbbbbbb-0000-0000-0000-000000000001", "Dan Dole")
	sales, cleo, dan := w.Assign(app, "Group", "Sales", "Standard User"), w.Assign(app, "User", portaltest.Cleo, "Standard User"), w.Assign(app, "User", "dan@contoso.com", "Standard User")
	w.Cycle(w.Again(app))
	w.Must(w.Acts.RemoveAssignments(t.Context(), app, sales.ID))
	w.Cycle(w.Again(app))

	at := "/applications/" + app.ID + "/removals"
	allow := url.Values{"decision": {"allow"}, "all": {"on"}}
	asked := w.Post(store.RoleAdministrator, at+"/decide", allow)
	w.Contains(asked.TextOf("main"), "2 accounts in Salesforce will be taken away")
	w.Must(w.Acts.RemoveAssignments(t.Context(), app, cleo.ID, dan.ID))
	w.Cycle(w.Again(app))
	if held := w.Get(store.RoleReader, at).Count("tbody tr"); held != 4 {
		t.Fatalf("%d removals are held, want 4", held)
	}

	allow["confirmed"] = asked.Attributes("main input[name=confirmed]", "value")
	refused := w.Post(store.RoleAdministrator, at+"/decide", allow)
	if refused.Status != http.StatusConflict || w.Get(store.RoleReader, at).Count("tbody tr") != 4 {
		t.Fatalf("2 were confirmed, and 4 allowed: %d %s", refused.Status, refused.Notice)
	}
	w.Contains(refused.TextOf("main"), "Nothing was done.")
	w.Contains(refused.TextOf("main"), "4 accounts in Salesforce will be taken away")
	allow["confirmed"] = refused.Attributes("main input[name=confirmed]", "value")
	w.Contains(w.Post(store.RoleAdministrator, at+"/decide", allow).Notice, "4 removals allowed. Provisioning is off")
}

// TestAListThatAnswersAFormLeadsOn follows the links of the list that answers a form
// with a fault, which has no address of its own.
func TestAListThatAnswersAFormLeadsOn(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t, func(service *administration.Service) []portaltest.Area { return []portaltest.Area{New(service)} })
	app := w.Connected()
	w.Must(w.Acts.ChangeSettings(t.Context(), app, func(s provisioning.Settings, every time.Duration) (provisioning.Settings, time.Duration, error) {
		s.RemovalLimit = 1
		return s, every, nil
	}))
	var made []string
	for i := range 51 {
		id := fmt.Sprintf("bbbbbbbb-0000-0000-0000-%012d", i)
		w.AddUser(id, fmt.Sprintf("Person%02d Test", i))
		made = append(made, w.Assign(app, "User", id, "Standard User").ID)
	}
	w.Cycle(w.Again(app))
	w.Must(w.Acts.RemoveAssignments(t.Context(), app, made...))
	w.Cycle(w.Again(app))
	at := "/applications/" + app.ID + "/removals"
	list := w.Post(store.RoleAdministrator, at+"/decide", url.Values{"decision": {"allow"}, "state": {"staged"}})
	next := list.Attributes("a[rel=next]", "href")
	if len(next) != 1 {
		t.Fatalf("the list leads on to %v", next)
	}
	base, err := url.Parse(at + "/decide")
	w.Must(err)
	target, err := base.Parse(next[0])
	w.Must(err)
	if page := w.Get(store.RoleAdministrator, target.String()); page.Status != http.StatusOK || page.Count("tbody tr") != 1 {
		t.Errorf("%s: %d with %d rows", target, page.Status, page.Count("tbody tr"))
	}
}

// TestTheReasonOfAHeldRemovalIsToldOnce looks at removals that an earlier cycle held.
func TestTheReasonOfAHeldRemovalIsToldOnce(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t, func(service *administration.Service) []portaltest.Area { return []portaltest.Area{New(service)} })
	app := w.Connected()
	w.Must(w.Acts.ChangeSettings(t.Context(), app, func(s provisioning.Settings, every time.Duration) (provisioning.Settings, time.Duration, error) {
		s.RemovalLimit = 1
		return s, every, nil
	}))
	assigned := w.Assign(app, "Group", "Sales", "Standard User")
	w.Cycle(w.Again(app))
	w.Must(w.Acts.RemoveAssignments(t.Context(), app, assigned.ID))
	w.Cycle(w.Again(app))
	var texts []string
	w.Must(w.Service.Session(t.Context(), w.Again(app).Application, func(session engine.Session) error {
		_, err := w.Service.Runner.Run(t.Context(), session, engine.Run{DryRun: true, Users: []string{portaltest.Ana}, Report: func(c plan.Change) { texts = append(texts, c.Reason.Text) }})
		return err
	}))
	if len(texts) != 1 || !strings.HasPrefix(texts[0], "held since an earlier cycle: ") || strings.Count(texts[0], "not assigned") != 1 {
		t.Errorf("reasons %q", texts)
	}
}
