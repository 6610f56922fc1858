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
	if answer := w.Post(store.RoleAdministrator, gone, nil); answer.Status != http.StatusUnprocessableEntity {
		t.Errorf("an account was disconnected while provisioning is on: %d", answer.Status)
	}
	w.Must(w.Acts.Pause(t.Context(), w.Again(app), ""))
	w.Contains(w.Post(store.RoleAdministrator, gone, nil).Notice, "not connected any more")
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
	if answer := w.Post(store.RoleAdministrator, at+"/retract", nil); answer.Status != http.StatusUnprocessableEntity {
		t.Errorf("nothing was retracted: %d", answer.Status)
	}
}
