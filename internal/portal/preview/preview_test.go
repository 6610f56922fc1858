package preview

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/portal/pagetest"
	"github.com/usher-id/usher/internal/portal/portaltest"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

func TestSamples(t *testing.T) {
	t.Parallel()
	pagetest.Samples(t, New(nil, nil))
}

// world is one in which Ana and Ben are assigned, and nobody has an account yet.
type world struct {
	*portaltest.World

	app administration.Application
	at  string // path of the application
}

func newWorld(tb testing.TB) *world {
	tb.Helper()
	var operations *administration.Operations
	w := &world{World: portaltest.New(tb, func(service *administration.Service) []portaltest.Area {
		operations = administration.NewOperations(service)
		return []portaltest.Area{New(service, operations)}
	})}
	w.Run(operations)
	w.app = w.Connected()
	w.at = "/applications/" + w.app.ID
	w.Assign(w.app, "User", portaltest.Ana, "Standard User")
	w.Assign(w.app, "User", portaltest.Ben, "Standard User")
	return w
}

// made makes a plan by the form, and returns its path.
func (w *world) made(scope string) string {
	w.TB.Helper()
	begun := w.Post(store.RoleOperator, w.at+"/preview", url.Values{"scope": {scope}})
	over := w.Over(begun)
	if over.State != provisioning.OperationDone {
		w.TB.Fatalf("the preview was not made: %+v", over)
	}
	return w.at + "/preview/" + over.PlanID
}

// applied applies the plan at a path, and returns how that ended.
func (w *world) applied(role store.Role, at string, form url.Values) provisioning.Operation {
	w.TB.Helper()
	return w.Over(w.Post(role, at+"/apply", w.Shown(role, at+"/apply", form)))
}

// active returns the usernames of accounts in use, without that of the administrator.
func (w *world) active() string {
	var names []string
	for _, user := range w.Org.Users() {
		if user.IsActive && strings.HasSuffix(user.Username, "@contoso.com") {
			names = append(names, user.Username)
		}
	}
	return strings.Join(names, " ")
}

func (w *world) wantState(at, state string) {
	w.TB.Helper()
	w.Contains(w.Get(store.RoleReader, at).TextOf("main"), state)
}

func TestAPreviewIsMadeLookedAtAndApplied(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Contains(w.Get(store.RoleReader, w.at+"/preview").TextOf("main"), "No preview yet")
	begun := w.Post(store.RoleOperator, w.at+"/preview", url.Values{"scope": {"everyone"}})
	operation := w.Over(begun)
	w.Contains(w.Get(store.RoleReader, begun.Location).TextOf("main"), "The preview is ready. Nothing was written yet.")
	if led := w.Part(store.RoleReader, begun.Location, "operation").Header.Get("HX-Redirect"); led != w.at+"/preview/"+operation.PlanID {
		t.Errorf("a page that follows the operation is led to %q", led)
	}
	if before := w.active(); before != "" {
		t.Fatalf("a preview made accounts: %s", before)
	}
	at := w.at + "/preview/" + operation.PlanID
	shown := w.Get(store.RoleReader, at[:len(at)-52]) // an id of 12 characters
	w.Contains(shown.TextOf(".tiles"), "2 to be created")
	if rows := shown.Texts("#rows tbody tr > td:first-child"); len(rows) != 2 || rows[0] != "ana@contoso.com" {
		t.Errorf("the changes are of %q", rows)
	}
	w.Contains(shown.TextOf("#rows details"), "LastName")
	if rows := w.Part(store.RoleReader, at+"?text=BEN", "rows").Texts("tbody tr > td:first-child"); len(rows) != 1 || rows[0] != "ben@contoso.com" {
		t.Errorf("with the text ben there are %q", rows)
	}
	w.Contains(w.Get(store.RoleReader, at+"?action=disable").TextOf("#rows"), "No change is like that")
	if answer := w.Get(store.RoleReader, at+"?cursor=nonsense"); answer.Status != http.StatusSeeOther {
		t.Errorf("a cursor of another list: %d", answer.Status)
	}
	asked := w.Get(store.RoleOperator, at+"/apply")
	w.Contains(asked.TextOf("main"), "2 accounts are created")
	if over := w.applied(store.RoleOperator, at, nil); over.State != provisioning.OperationDone {
		t.Fatalf("applied: %+v", over)
	}
	if after := w.active(); after != "ana@contoso.com ben@contoso.com" {
		t.Errorf("the accounts in use are %q", after)
	}
	w.wantState(at, "What became of it")
	w.Contains(w.Get(store.RoleReader, at+"?state=done").TextOf("#rows"), "Done")
	w.Contains(w.Get(store.RoleReader, w.at+"/preview").TextOf("table"), "2 done")
	again := w.Post(store.RoleOperator, at+"/apply", nil)
	if again.Status != http.StatusUnprocessableEntity {
		t.Errorf("applied twice: %d", again.Status)
	}
	w.Contains(again.TextOf("[role=alert]"), "The preview was applied already")
	if alert := again.TextOf("[role=alert]"); strings.Contains(alert, "plan") {
		t.Errorf("the preview is called a plan: %s", alert)
	}
	item := w.Get(store.RoleReader, at+"/items/"+portaltest.Ana)
	w.Contains(item.TextOf("main"), "What applying it did")
	w.Contains(item.TextOf("main"), "EntryExportAdd")
}

func TestAChangeOfAPreviewShowsItsSteps(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	at := w.made("everyone") + "/items/" + portaltest.Ana
	item := w.Get(store.RoleReader, at)
	w.Contains(item.TextOf("main h2"), "would be created")
	w.Contains(item.TextOf("#item-0-properties"), "LastName")
	worked := w.Get(store.RoleReader, at+"?steps=now")
	w.Contains(worked.TextOf("#now-steps"), "EntrySynchronizationScoping")
	if answer := w.Get(store.RoleReader, w.made("everyone")+"/items/"+portaltest.Cleo); answer.Status != http.StatusNotFound {
		t.Errorf("somebody who is not in it: %d", answer.Status)
	}
}

func TestWhatChangedSinceIsNotWritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	at := w.made("everyone")
	w.Must(w.Store.PutUser(t.Context(), directory.User{
		ID: portaltest.Ana, UserPrincipalName: "ana@contoso.com", DisplayName: "Ana Lima", AccountEnabled: true,
		Attributes: attr.New("User", portaltest.Ana, map[string]attr.Value{
			"givenName": attr.Text("Ana"), "surname": attr.Text("Santos"), "mail": attr.Text("ana@contoso.com"), "mailNickname": attr.Text("ana"),
		}),
	}))
	w.applied(store.RoleOperator, at, nil)
	if after := w.active(); after != "ben@contoso.com" {
		t.Errorf("the accounts in use are %q, want that of Ben alone", after)
	}
	shown := w.Get(store.RoleReader, at+"?state=refused")
	w.Contains(shown.TextOf("#rows"), "Outdated")
	w.Contains(shown.TextOf("#rows .item-note"), "LastName")
	w.wantState(at, "Applied, not all of it")
}

func TestRemovalsThatTheGuardHoldsNeedAnAdministrator(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Must(w.Acts.ChangeSettings(t.Context(), w.app, func(settings provisioning.Settings, interval time.Duration) (provisioning.Settings, time.Duration, error) {
		settings.RemovalLimit = 1
		return settings, interval, nil
	}))
	w.app = w.Again(w.app)
	w.Cycle(w.app)
	for _, id := range []string{portaltest.Ana, portaltest.Ben} {
		_, err := w.Acts.Unassign(t.Context(), w.app, administration.NewAssignment{PrincipalType: "User", Principal: id, Role: "Standard User"})
		w.Must(err)
	}
	at := w.made("changed")
	shown := w.Get(store.RoleReader, at)
	w.Contains(shown.TextOf("main"), "The removal guard would hold 2 removals.")
	w.Contains(shown.TextOf("#causes"), "By cause")
	if asked := w.Get(store.RoleOperator, at+"/apply"); asked.Count("main button") != 0 {
		t.Error("an operator may apply what the removal guard holds")
	}
	if answer := w.Post(store.RoleOperator, at+"/apply", url.Values{"allow": {"on"}}); answer.Status != http.StatusForbidden {
		t.Errorf("an operator allowed removals: %d", answer.Status)
	}
	if answer := w.Post(store.RoleAdministrator, at+"/apply", url.Values{"allow": {"on"}, "confirmed": {"something else"}}); answer.Status != http.StatusConflict {
		t.Errorf("applied without a confirmation of what it does: %d", answer.Status)
	}
	refused := w.Post(store.RoleAdministrator, at+"/apply", w.Shown(store.RoleAdministrator, at+"/apply", nil))
	if refused.Status != http.StatusUnprocessableEntity {
		t.Errorf("removals that nobody allowed: %d", refused.Status)
	}
	w.Contains(refused.TextOf("[role=alert]"), "removal guard")
	if before := w.active(); before != "ana@contoso.com ben@contoso.com" {
		t.Fatalf("the accounts in use are %q", before)
	}
	w.Contains(w.Get(store.RoleAdministrator, at+"/apply").TextOf("main"), "2 accounts are disabled: these people lose access")
	w.applied(store.RoleAdministrator, at, url.Values{"allow": {"on"}})
	if after := w.active(); after != "" {
		t.Errorf("the accounts in use are %q", after)
	}
}

// TestHeldRemovalsAreNotCalledImpossible makes a preview while removals of a cycle are
// held.
func TestHeldRemovalsAreNotCalledImpossible(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Must(w.Acts.ChangeSettings(t.Context(), w.app, func(settings provisioning.Settings, interval time.Duration) (provisioning.Settings, time.Duration, error) {
		settings.RemovalLimit = 1
		return settings, interval, nil
	}))
	w.app = w.Again(w.app)
	w.Cycle(w.app)
	for _, id := range []string{portaltest.Ana, portaltest.Ben} {
		_, err := w.Acts.Unassign(t.Context(), w.app, administration.NewAssignment{PrincipalType: "User", Principal: id, Role: "Standard User"})
		w.Must(err)
	}
	w.Cycle(w.Again(w.app))
	at := w.made("everyone")
	shown := w.Get(store.RoleReader, at)
	if got := shown.Texts(".plan-tiles a.tile"); !slices.Equal(got, []string{"2 held by the removal guard"}) {
		t.Errorf("the tiles are %q", got)
	}
	held := shown.Attributes(".plan-tiles a.tile", "href")
	if rows := w.Get(store.RoleReader, strings.TrimSuffix(held[0], "#changes")).Count("#rows tbody tr"); rows != 2 {
		t.Errorf("the tile selects %d", rows)
	}
	list := w.Get(store.RoleReader, w.at+"/preview").TextOf(".plans-do")
	if list != "2 held" {
		t.Errorf("the list says %q", list)
	}
}

// TestWhoIsLeftAloneIsLedTo has somebody assigned whose account in the directory is
// disabled.
func TestWhoIsLeftAloneIsLedTo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Assign(w.app, "User", portaltest.Cleo, "Standard User")
	cleo, err := w.Store.User(t.Context(), portaltest.Cleo)
	w.Must(err)
	cleo.AccountEnabled = false
	w.Must(w.Store.PutUser(t.Context(), cleo))
	at := w.made("everyone")
	shown := w.Get(store.RoleOperator, at)
	w.Contains(shown.TextOf(".plan-tiles"), "1 left alone")
	w.Contains(shown.TextOf("#left-alone"), "Who is left alone is not listed")
	if got := shown.Attributes("#left-alone a", "href"); !slices.Equal(got, []string{w.at + "/why", w.at + "/on-demand"}) {
		t.Errorf("it leads to %v", got)
	}
	for _, meaning := range shown.Texts("[aria-label='Changes by cause'] tbody tr:has(td:nth-child(3):not(:empty)) td:nth-child(4)") {
		if meaning == "" {
			t.Errorf("a cause has no meaning: %s", shown.TextOf("[aria-label='Changes by cause']"))
		}
	}
}

// Applying waits for the job here, so that it surely runs when it is stopped.
func TestApplyingIsStoppedAndGoneOnWith(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	at := w.made("everyone")
	if taken, err := w.Store.Lease(t.Context(), w.app.Job.ID, "somebody", time.Minute); err != nil || !taken {
		t.Fatalf("leased: %v, %v", taken, err)
	}
	begun := w.Post(store.RoleOperator, at+"/apply", w.Shown(store.RoleOperator, at+"/apply", nil))
	shown := w.Get(store.RoleReader, begun.Location)
	w.Contains(shown.TextOf("#operation"), "Under way")
	if shown.Count("#operation[hx-get]") != 1 || shown.Count("main form") != 0 {
		t.Error("the page does not follow, or lets a reader stop it")
	}
	w.Contains(w.Get(store.RoleReader, at).TextOf("main"), "It is being applied now")
	w.Contains(w.Get(store.RoleReader, w.at+"/preview").TextOf("#running"), "Under way")
	if answer := w.Post(store.RoleAdministrator, at+"/remove", nil); answer.Status != http.StatusConflict {
		t.Errorf("removed while it is applied: %d", answer.Status)
	}
	if answer := w.Post(store.RoleOperator, at+"/apply", w.Shown(store.RoleOperator, at+"/apply", nil)); answer.Status != http.StatusUnprocessableEntity {
		t.Errorf("applied at the same time: %d", answer.Status)
	}
	if answer := w.Post(store.RoleReader, begun.Location+"/stop", nil); answer.Status != http.StatusForbidden {
		t.Errorf("a reader stopped it: %d", answer.Status)
	}
	w.Contains(w.Post(store.RoleOperator, begun.Location+"/stop", nil).Notice, "stops at the end of the batch")
	if over := w.Over(begun); over.State != provisioning.OperationStopped {
		t.Fatalf("stopped: %+v", over)
	}
	stopped := w.Part(store.RoleReader, begun.Location, "operation")
	w.Contains(stopped.TextOf("#operation"), "It was stopped.")
	w.Contains(w.Post(store.RoleOperator, begun.Location+"/stop", nil).Notice, "over already")
	w.Must(w.Store.Release(t.Context(), w.app.Job.ID, "somebody"))
	w.applied(store.RoleOperator, at, nil)
	if after := w.active(); after != "ana@contoso.com ben@contoso.com" {
		t.Errorf("the accounts in use are %q", after)
	}
}

func TestACycleIsUndoneForSomePeople(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Must(w.Acts.Start(t.Context(), w.app, administration.Starting{}))
	w.app = w.Again(w.app)
	run := w.Cycle(w.app)
	undo := w.at + "/cycles/" + run.CycleID + "/undo"
	shown := w.Get(store.RoleOperator, undo)
	w.Contains(shown.TextOf(".to-do"), "2 accounts that it created are disabled")
	if rows := w.Get(store.RoleOperator, undo+"?text=ben&user="+portaltest.Ana); rows.Count("tbody tr") != 1 || rows.Count(`input[value="`+portaltest.Ana+`"][checked]`) != 1 {
		t.Errorf("searched for ben with ana selected: %s", rows.TextOf("main"))
	}
	nobody := w.Post(store.RoleOperator, undo, url.Values{"whom": {"selected"}})
	w.Contains(nobody.TextOf("[role=alert]"), "Select at least one person")
	begun := w.Post(store.RoleOperator, undo, url.Values{"whom": {"selected"}, "user": {portaltest.Ana}})
	at := w.at + "/preview/" + w.Over(begun).PlanID
	w.Contains(w.Get(store.RoleReader, at).TextOf("h1"), "Undo of a cycle")
	if causes := w.Get(store.RoleReader, at).TextOf("[aria-label='Changes by cause'] tbody"); !strings.Contains(causes, "UndoCreate An undo takes the account away") {
		t.Errorf("the causes are %q", causes)
	}
	if over := w.Get(store.RoleReader, begun.Location).TextOf("#operation"); strings.Contains(over, " 0 ") {
		t.Errorf("what is over says %q", over)
	}
	w.Contains(w.Get(store.RoleReader, at).TextOf(".tiles"), "1 to be disabled")
	w.Contains(w.Get(store.RoleOperator, at+"/apply").TextOf("main"), "Leave provisioning on")
	w.Contains(w.Get(store.RoleReader, at).TextOf("main"), "applying this turns provisioning off")
	w.applied(store.RoleOperator, at, nil)
	result := w.Get(store.RoleReader, at)
	w.Contains(result.TextOf("#off"), "Provisioning is off")
	if strings.Contains(result.TextOf("main"), "turns provisioning off") {
		t.Errorf("what was applied is told of as if it were not: %s", result.TextOf("main"))
	}
	if after := w.active(); after != "ben@contoso.com" || w.Again(w.app).Job.Schedule.State != provisioning.SchedulePaused {
		t.Errorf("the accounts in use are %q, and provisioning is %s", after, w.Again(w.app).Job.Schedule.State)
	}
	if answer := w.Get(store.RoleOperator, w.at+"/cycles/none/undo"); answer.Status != http.StatusNotFound {
		t.Errorf("a cycle that there is none of: %d", answer.Status)
	}
}

func TestPreviewsAreDownloadedAndRemoved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	at := w.made("everyone")
	csv := w.Get(store.RoleReader, at+"/download?format=csv&text=ana")
	if !strings.HasPrefix(csv.Text, "sourceId,sourceName") || !strings.Contains(csv.Text, ",LastName,,Lima") || strings.Contains(csv.Text, "ben@") {
		t.Errorf("as CSV: %s", csv.Text)
	}
	var document struct {
		Plan  engine.Plan       `json:"plan"`
		Items []json.RawMessage `json:"items"`
	}
	if err := json.Unmarshal([]byte(w.Get(store.RoleReader, at+"/download?format=json").Text), &document); err != nil || len(document.Items) != 2 {
		t.Errorf("as JSON: %d items, %v", len(document.Items), err)
	}
	if answer := w.Get(store.RoleReader, at+"/download?format=pdf"); answer.Status != http.StatusNotFound {
		t.Errorf("as PDF: %d", answer.Status)
	}
	w.Contains(w.Get(store.RoleAdministrator, at+"/remove").TextOf("main"), "2 changes that it lists were not carried out")
	if answer := w.Post(store.RoleAdministrator, at+"/remove", nil); answer.Status != http.StatusConflict {
		t.Errorf("removed without a confirmation: %d", answer.Status)
	}
	if removed := w.Post(store.RoleAdministrator, at+"/remove", w.Shown(store.RoleAdministrator, at+"/remove", nil)); removed.Location != w.at+"/preview" {
		t.Errorf("after it was removed: %q", removed.Location)
	}
	if answer := w.Get(store.RoleReader, at); answer.Status != http.StatusNotFound {
		t.Errorf("the removed one: %d", answer.Status)
	}
}

func TestFormsAreRefusedByRole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	at := w.made("everyone")
	for _, path := range []string{w.at + "/preview", at + "/apply", at + "/remove", w.at + "/cycles/c/undo"} {
		if answer := w.Post(store.RoleReader, path, nil); answer.Status != http.StatusForbidden {
			t.Errorf("a reader sends the form %s: %d", path, answer.Status)
		}
	}
	if answer := w.Post(store.RoleOperator, at+"/remove", nil); answer.Status != http.StatusForbidden || w.Get(store.RoleOperator, at).Count(`.actions a[href$="/remove"]`) != 0 {
		t.Errorf("an operator removes a preview, as the API lets none: %d", answer.Status)
	}
	reader := w.Get(store.RoleReader, at)
	if strings.Contains(reader.TextOf(".actions"), "Apply") || strings.Contains(reader.TextOf(".actions"), "Remove") || w.Get(store.RoleReader, w.at+"/preview").Count("main form") != 0 {
		t.Error("a reader is offered what they may not do")
	}
	other := w.addApplication()
	if answer := w.Get(store.RoleReader, other+strings.TrimPrefix(at, w.at)); answer.Status != http.StatusNotFound {
		t.Errorf("the preview of another application: %d", answer.Status)
	}
}

func (w *world) addApplication() string {
	w.TB.Helper()
	app, err := w.Acts.AddApplication(w.TB.Context(), "salesforce", "Another")
	w.Must(err)
	return "/applications/" + app.ID
}

func TestAPreviewThatCannotBeMadeSaysWhy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := w.addApplication()
	w.Contains(w.Get(store.RoleOperator, other+"/preview").TextOf("main"), "Not set up yet")
	begun := w.Post(store.RoleOperator, other+"/preview", nil)
	if over := w.Over(begun); over.State != provisioning.OperationFailed {
		t.Fatalf("made without credentials: %+v", over)
	}
	shown := w.Get(store.RoleOperator, begun.Location)
	w.Contains(shown.TextOf("#operation"), "It could not be done.")
	w.Contains(shown.TextOf("#operation [role=status]"), "What to do:")
	if answer := w.Get(store.RoleReader, w.at+"/operations/"+begun.Location[strings.LastIndex(begun.Location, "/")+1:]); answer.Status != http.StatusNotFound {
		t.Errorf("an operation of another application: %d", answer.Status)
	}
}

// large keeps a plan with so many items, and returns its path.
func (w *world) large(items int) string {
	w.TB.Helper()
	p := engine.Plan{
		Key: "01936f2e-7c1a-7000-8000-00000000cafe", JobID: w.app.Job.ID, ApplicationID: w.app.ID, Kind: engine.CyclePlan, State: engine.PlanDraft, At: time.Now().UTC(),
		Counts: provisioning.Counts{Created: items},
	}.Sealed(provisioning.NewSecret("secret"))
	plans := w.Store.Engine()
	w.Must(plans.DraftPlan(w.TB.Context(), p))
	for from := 0; from < items; from += 1000 {
		var part []engine.PlanItem
		for n := from; n < min(items, from+1000); n++ {
			name := fmt.Sprintf("user%06d@contoso.com", n)
			part = append(part, engine.PlanItem{State: engine.ItemOpen, Change: plan.Change{
				Action: plan.Create, Status: plan.Planned, Source: plan.Identity{Type: "User", ID: fmt.Sprintf("%06d", n), Name: name},
				Fields: []plan.Field{{Name: "Username", New: attr.Text(name)}, {Name: "LastName", New: attr.Text("Name")}, {Name: "Title", New: attr.Text("Clerk")}},
			}})
		}
		w.Must(plans.PutItems(w.TB.Context(), p.Key, part))
	}
	p.ID, p.State = strings.Repeat("ab", 32), engine.PlanReady
	w.Must(plans.FinishPlan(w.TB.Context(), p))
	return w.at + "/preview/" + p.ID
}

func TestALargePreviewIsReadInParts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	at := w.large(10_000)
	first := w.Get(store.RoleReader, at)
	if rows := first.Count("#rows tbody tr"); rows != itemsShown || len(first.Text) > pagetest.MaxSize {
		t.Errorf("a page of %d rows and %d bytes", rows, len(first.Text))
	}
	second := w.Get(store.RoleReader, first.Attributes(`a[rel="next"]`, "href")[0])
	w.Contains(second.TextOf("#rows tbody"), fmt.Sprintf("user%06d@contoso.com", itemsShown))
	back := w.Get(store.RoleReader, second.Attributes(`a[rel="prev"]`, "href")[0])
	w.Contains(back.TextOf("#rows tbody"), "user000000@contoso.com")
	w.Contains(w.Get(store.RoleReader, at+"?text=user009999").TextOf("#rows tbody"), "user009999@contoso.com")
	if rows := w.Get(store.RoleReader, at+"?state=done").Count("#rows tbody tr"); rows != 0 {
		t.Errorf("%d are done", rows)
	}
}

func BenchmarkLargePreview(b *testing.B) {
	w := newWorld(b)
	at := w.large(100_000)
	for name, query := range map[string]string{"first page": "", "last by name": "?text=user049999", "nobody": "?text=nobody", "by action": "?action=update"} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if answer := w.Get(store.RoleReader, at+query); answer.Status != http.StatusOK {
					b.Fatal(answer.Status)
				}
			}
		})
	}
}

func TestPlansAreListedInParts(t *testing.T) {
	t.Parallel()
	app := page.SampleApplication("Salesforce")
	data := newListData(app, []administration.KeptPlan{samplePlan(time.Now())}, nil, time.Now())
	if len(data.Rows) != 1 || data.Rows[0].ID != "3f9c0d1e22ab" || data.Rows[0].State.Text != "Not applied" {
		t.Errorf("the rows are %+v", data.Rows)
	}
}
