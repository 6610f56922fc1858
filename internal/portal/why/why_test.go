package why

import (
	"net/http"
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

func TestTheAnswerSaysWhoHasAnAccountAndWhy(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t, func(service *administration.Service) []portaltest.Area { return []portaltest.Area{New(service)} })
	app := w.Connected()
	w.Assign(app, "Group", "Sales", "Standard User")
	at := "/applications/" + app.ID + "/why"
	w.Contains(w.Get(store.RoleReader, at+"?search=an").TextOf("#found"), "Ana Lima")
	if part := w.Part(store.RoleReader, at+"?search=ana&user="+portaltest.Ana, "found"); part.Count("h1") != 0 || part.Count("#found") != 1 {
		t.Error("the part is not the list of people alone")
	}
	before := w.Get(store.RoleReader, at+"?user=ana@contoso.com")
	w.Contains(before.TextOf("main"), "is in scope and has no account that Usher knows of yet")
	w.Contains(before.TextOf("main"), "through the group Sales")
	w.Contains(before.TextOf("main"), "would be created")
	w.Cycle(app)
	after := w.Get(store.RoleReader, at+"?user="+portaltest.Ana)
	w.Contains(after.TextOf("main"), "is in scope and has an account")
	w.Contains(after.TextOf("main"), "What happened last")
	w.Contains(w.Get(store.RoleReader, at+"?user="+portaltest.Cleo).TextOf("main"), "is out of scope and has no account")
	if answer := w.Get(store.RoleReader, at+"?user=nobody"); answer.Status != http.StatusNotFound {
		t.Errorf("a person that there is none of: %d", answer.Status)
	}
}
