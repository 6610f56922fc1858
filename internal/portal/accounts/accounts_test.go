package accounts

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/pagetest"
	"github.com/usher-id/usher/internal/portal/portaltest"
	"github.com/usher-id/usher/internal/store"
)

func TestSamples(t *testing.T) {
	t.Parallel()
	pagetest.Samples(t, New(nil, nil))
}

func newWorld(t *testing.T) *portaltest.World {
	t.Helper()
	var operations *administration.Operations
	w := portaltest.New(t, func(service *administration.Service) []portaltest.Area {
		operations = administration.NewOperations(service)
		return []portaltest.Area{New(service, operations)}
	})
	w.Run(operations)
	return w
}

func TestAccountsAreListedSurveyedAndDisconnected(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.Connected()
	at := "/applications/" + app.ID + "/accounts"
	w.Contains(w.Get(store.RoleReader, at).TextOf("main"), "Usher manages no account there yet")
	w.Assign(app, "Group", "Sales", "Standard User")
	w.Cycle(app)
	if rows := w.Get(store.RoleReader, at).Count("tbody tr"); rows != 2 {
		t.Errorf("%d accounts, want 2", rows)
	}
	found := w.Part(store.RoleReader, at+"?search=ana", "rows")
	if rows := found.Texts("tbody tr"); len(rows) != 1 || !strings.Contains(rows[0], "ana@contoso.com") {
		t.Errorf("searching for Ana gives %q", rows)
	}
	survey := w.Get(store.RoleReader, at+"/survey")
	w.Contains(survey.TextOf("main"), "Local")
	file := w.Get(store.RoleReader, at+"/survey.csv")
	w.Contains(file.Text, "assigned,ana@contoso.com")
	w.Contains(file.Header.Get("Content-Disposition"), "accounts.csv")

	w.Must(w.Acts.Start(t.Context(), app, administration.Starting{}))
	gone := at + "/" + portaltest.Ana + "/disconnect"
	if answer := w.Post(store.RoleOperator, gone, nil); answer.Status != http.StatusForbidden {
		t.Errorf("an operator disconnected an account: %d", answer.Status)
	}
	form := "main form[action='" + gone + "']"
	if answer := w.Post(store.RoleAdministrator, gone, w.Get(store.RoleAdministrator, gone).Hidden(form)); answer.Status != http.StatusUnprocessableEntity {
		t.Errorf("an account was disconnected while provisioning is on: %d", answer.Status)
	}
	w.Must(w.Acts.Pause(t.Context(), w.Again(app), ""))
	shown := w.Get(store.RoleAdministrator, gone).Hidden(form)
	w.AddUser(portaltest.Ana, "Ann Lima")
	if answer := w.Post(store.RoleAdministrator, gone, shown); answer.Status != http.StatusConflict {
		t.Errorf("what was confirmed is not what holds, and the account was disconnected: %d", answer.Status)
	}
	if answer := w.Post(store.RoleAdministrator, gone, nil); answer.Status != http.StatusConflict {
		t.Errorf("an account was disconnected without a confirmation: %d", answer.Status)
	}
	w.Contains(w.Post(store.RoleAdministrator, gone, w.Get(store.RoleAdministrator, gone).Hidden(form)).Notice, "not connected any more")
	if answer := w.Get(store.RoleAdministrator, gone); answer.Status != http.StatusNotFound {
		t.Errorf("what is not connected can be disconnected: %d", answer.Status)
	}
}

func TestDriftIsLookedForInTheBackground(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.Connected()
	at := "/applications/" + app.ID + "/drift"
	w.Contains(w.Get(store.RoleReader, at).TextOf("main"), "Nobody has looked yet")
	if answer := w.Post(store.RoleReader, at, nil); answer.Status != http.StatusForbidden {
		t.Errorf("a reader looked for drift: %d", answer.Status)
	}
	w.Assign(app, "Group", "Sales", "Standard User")
	w.Cycle(app)
	answer := w.Post(store.RoleOperator, at, nil)
	if answer.Status != http.StatusSeeOther || !strings.Contains(answer.Location, "/operations/") {
		t.Fatalf("looking for drift: %d to %q: %s", answer.Status, answer.Location, answer.TextOf("main"))
	}
	if answer := w.Post(store.RoleAdministrator, at+"/accept", url.Values{"attribute": {"NoSuchAttribute"}}); answer.Status != http.StatusUnprocessableEntity {
		t.Errorf("an attribute that is not mapped was accepted: %d", answer.Status)
	}
}

// TestWhoLeadsIsConfirmed changes titles in the org, and lets the org, and then the
// directory, lead for what the page that asks shows, and for nothing else.
func TestWhoLeadsIsConfirmed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.Connected()
	at := "/applications/" + app.ID + "/drift"
	w.Assign(app, "Group", "Sales", "Standard User")
	w.Cycle(app)
	change := func(username, name string) {
		t.Helper()
		w.Must(w.Org.SetUser(username, map[string]any{"LastName": name}))
	}
	title := url.Values{"attribute": {"LastName"}}
	w.Contains(w.Post(store.RoleAdministrator, at+"/accept", title).Notice, "nothing to accept")

	change("ana@contoso.com", "Lima-Costa")
	asked, confirming := w.Ask(store.RoleAdministrator, at+"/accept", title)
	for _, part := range []string{"LastName stays as it was changed in 1 account in Salesforce", "ana@contoso.com", "Lima-Costa", "Lima"} {
		w.Contains(asked.TextOf("main"), part)
	}
	if len(all(t, w, app)) != 0 {
		t.Fatal("it was accepted without a confirmation")
	}
	if answer := w.Post(store.RoleOperator, at+"/accept", confirming); answer.Status != http.StatusForbidden {
		t.Errorf("an operator accepted: %d", answer.Status)
	}
	change("ben@contoso.com", "Okoye-Brown")
	again := w.Post(store.RoleAdministrator, at+"/accept", confirming)
	if again.Status != http.StatusConflict || len(all(t, w, app)) != 0 {
		t.Fatalf("one account was confirmed, two were accepted: %d", again.Status)
	}
	w.Contains(again.TextOf("main"), "Nothing was done.")
	w.Contains(w.Post(store.RoleAdministrator, at+"/accept", again.Hidden("main form[action='"+at+"/accept']")).Notice, "LastName: the application leads for 2 accounts")
	w.Contains(w.Audits(1)[0], "LastName, 2 accounts")

	for _, form := range []url.Values{nil, title, {"user": {portaltest.Ana}}, {"all": {"on"}}} {
		if answer := w.Post(store.RoleAdministrator, at+"/retract", form); answer.Status != http.StatusUnprocessableEntity {
			t.Errorf("%v: %d", form, answer.Status)
		}
	}
	some := url.Values{"attribute": {"LastName"}, "user": {portaltest.Ana, portaltest.Cleo}}
	asked, confirming = w.Ask(store.RoleAdministrator, at+"/retract", some)
	for _, part := range []string{"LastName is written into 1 account in Salesforce again", "Lima", "For 1 other whom you selected"} {
		w.Contains(asked.TextOf("main"), part)
	}
	if len(all(t, w, app)) != 2 {
		t.Fatal("it was retracted without a confirmation")
	}
	w.Contains(w.Post(store.RoleAdministrator, at+"/retract", confirming).Notice, "LastName: the directory leads again for 1 account. Provisioning is off")
	if left := all(t, w, app); len(left) != 1 || left[0] != portaltest.Ben {
		t.Errorf("the application leads for %v, want Ben", left)
	}
	w.Contains(w.Post(store.RoleAdministrator, at+"/retract", confirming).Notice, "the directory leads already")
	w.Contains(w.Confirm(store.RoleAdministrator, at+"/retract", url.Values{"attribute": {"LastName"}, "all": {"on"}}).Notice, "for 1 account")
	if left := all(t, w, app); len(left) != 0 {
		t.Errorf("the application leads for %v still", left)
	}
	w.Cycle(w.Again(app))
	if user, _ := w.Org.User("ana@contoso.com"); user.Get("LastName") != "Lima" {
		t.Errorf("the cycle left %q", user.Get("LastName"))
	}
}

// all returns for whom the application leads.
func all(t *testing.T, w *portaltest.World, app administration.Application) []string {
	t.Helper()
	var ids []string
	for each, err := range w.Service.Acceptances(t.Context(), app) {
		w.Must(err)
		ids = append(ids, each.SourceID)
	}
	return ids
}
