package applications_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/applications"
	"github.com/usher-id/usher/internal/portal/pagetest"
	"github.com/usher-id/usher/internal/portal/portaltest"
	"github.com/usher-id/usher/internal/store"
)

func TestSamples(t *testing.T) {
	t.Parallel()
	pagetest.Samples(t, applications.New(nil))
}

// TestAnApplicationIsRemovedForWhatIsLeftBehind asks what removing an application leaves
// behind, runs a cycle, and confirms then.
func TestAnApplicationIsRemovedForWhatIsLeftBehind(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t, func(service *administration.Service) []portaltest.Area {
		return []portaltest.Area{applications.New(service)}
	})
	app := w.Connected()
	at := "/applications/" + app.ID + "/remove"
	w.Assign(app, "Group", "Sales", "Standard User")
	asked := w.Get(store.RoleAdministrator, at)
	w.Contains(asked.TextOf("main"), "No account that Usher manages is in use there.")
	w.Cycle(app)
	form := url.Values{"confirm": {"Salesforce"}, "confirmed": asked.Attributes("main input[name=confirmed]", "value")}
	again := w.Post(store.RoleAdministrator, at, form)
	if again.Status != http.StatusConflict {
		t.Fatalf("it was confirmed for no account, and 2 are in use: %d", again.Status)
	}
	w.Contains(again.TextOf("main"), "2 accounts stay enabled there")
	form = url.Values{"confirm": {"Salesforse"}, "confirmed": again.Attributes("main input[name=confirmed]", "value")}
	if wrong := w.Post(store.RoleAdministrator, at, form); wrong.Status != http.StatusUnprocessableEntity {
		t.Errorf("with another name: %d", wrong.Status)
	}
	form.Set("confirm", "Salesforce")
	if operator := w.Post(store.RoleOperator, at, form); operator.Status != http.StatusForbidden {
		t.Errorf("an operator: %d", operator.Status)
	}
	if removed := w.Post(store.RoleAdministrator, at, form); removed.Status != http.StatusSeeOther || removed.Location != "/applications" {
		t.Errorf("%d to %q", removed.Status, removed.Location)
	}
}
