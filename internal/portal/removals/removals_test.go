package removals

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
	w.Contains(w.Post(store.RoleAdministrator, at+"/decide", allow).TextOf("main"), "1 account in Salesforce will be taken away")
	if w.Get(store.RoleReader, at).Count("tbody tr") != 2 {
		t.Error("a decision was made without a confirmation")
	}
	allow.Set("confirmed", "on")
	w.Contains(w.Post(store.RoleAdministrator, at+"/decide", allow).Notice, "1 removal allowed")
	if answer := w.Post(store.RoleAdministrator, at+"/decide", url.Values{"decision": {"reject"}}); answer.Status != http.StatusUnprocessableEntity {
		t.Errorf("a decision about nobody: %d", answer.Status)
	}
	w.Contains(w.Post(store.RoleAdministrator, at+"/decide", url.Values{"decision": {"reject"}, "all": {"on"}, "confirmed": {"on"}}).Notice, "1 removal rejected")
	w.Contains(w.Get(store.RoleReader, at+"?state=rejected").TextOf("tbody"), "Ben Okoye")
	w.Contains(w.Get(store.RoleReader, at+"?state=allowed").TextOf("tbody"), "Ana Lima")
	if answer := w.Post(store.RoleAdministrator, at+"/decide", url.Values{"decision": {"burn"}, "all": {"on"}, "confirmed": {"on"}}); answer.Status != http.StatusUnprocessableEntity {
		t.Errorf("a decision that there is none of: %d", answer.Status)
	}
}
