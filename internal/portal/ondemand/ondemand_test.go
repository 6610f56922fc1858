package ondemand

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/pagetest"
	"github.com/usher-id/usher/internal/portal/portaltest"
	"github.com/usher-id/usher/internal/store"
)

func TestSamples(t *testing.T) {
	t.Parallel()
	pagetest.Samples(t, New(nil))
}

func TestPreviewWritesNothingAndProvisioningDoes(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t, func(service *administration.Service) []portaltest.Area { return []portaltest.Area{New(service)} })
	app := w.Connected()
	w.Assign(app, "User", portaltest.Ana, "Standard User")
	at := "/applications/" + app.ID + "/on-demand"

	chosen := w.Get(store.RoleReader, at+"?search=ana&user="+portaltest.Ben)
	w.Contains(chosen.TextOf("#people"), "Ana Lima")
	if checked := chosen.Attributes(`input[name="user"][checked]`, "value"); len(checked) != 1 || checked[0] != portaltest.Ben {
		t.Errorf("selected are %q, want Ben", checked)
	}
	people := url.Values{"user": {portaltest.Ana, portaltest.Cleo}}
	preview := w.Post(store.RoleReader, at+"/preview", people)
	w.Contains(preview.TextOf("main"), "This is a preview")
	w.Contains(preview.TextOf("main"), "would be created")
	if accounts := count(t, w, app); accounts != 0 {
		t.Errorf("a preview made %d connections", accounts)
	}
	if answer := w.Post(store.RoleReader, at, people); answer.Status != http.StatusForbidden {
		t.Errorf("a reader provisioned: %d", answer.Status)
	}
	done := w.Post(store.RoleOperator, at, people)
	w.Contains(done.TextOf("main"), "was created")
	w.Contains(done.TextOf("main"), "NotEffectivelyEntitled")
	if accounts := count(t, w, app); accounts != 1 {
		t.Errorf("%d connections, want that of Ana", accounts)
	}
	for name, form := range map[string]url.Values{"nobody": {}, "somebody who is not there": {"user": {"nobody@contoso.com"}}} {
		if answer := w.Post(store.RoleOperator, at, form); answer.Status != http.StatusUnprocessableEntity || answer.TextOf("[role=alert]") == "" {
			t.Errorf("%s: %d %q", name, answer.Status, answer.TextOf("[role=alert]"))
		}
	}
}

func count(t *testing.T, w *portaltest.World, app administration.Application) int {
	t.Helper()
	links, err := w.Store.CountLinks(t.Context(), app.Job.ID)
	w.Must(err)
	return links.Connections
}
