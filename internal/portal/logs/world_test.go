package logs_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/logs"
	"github.com/usher-id/usher/internal/portal/pagetest"
	"github.com/usher-id/usher/internal/portal/portaltest"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
)

// world is a world with one application, seen by a reader.
type world struct {
	*portaltest.World

	app administration.Application
}

func newWorld(tb testing.TB) *world {
	tb.Helper()
	w := &world{World: portaltest.New(tb, func(service *administration.Service) []portaltest.Area { return []portaltest.Area{logs.New(service)} })}
	w.app = w.Add()
	return w
}

// log writes entries as a cycle does.
func (w *world) log(cycle string, entries ...journal.Entry) {
	w.TB.Helper()
	at := engine.Cycle{ID: cycle, JobID: w.app.Job.ID, ApplicationID: w.app.ID}
	w.Must(w.Store.Engine().Log(w.TB.Context(), at, entries))
}

// get asks for a path.
func (w *world) get(path string) *httptest.ResponseRecorder {
	w.TB.Helper()
	request := httptest.NewRequestWithContext(w.TB.Context(), http.MethodGet, path, http.NoBody)
	request.AddCookie(&http.Cookie{Name: "role", Value: string(store.RoleReader)})
	recorder := httptest.NewRecorder()
	w.Site.ServeHTTP(recorder, request)
	return recorder
}

// page gets a page that has to be there.
func (w *world) page(path string) pagetest.Document {
	w.TB.Helper()
	answer := w.Get(store.RoleReader, path)
	if answer.Status != http.StatusOK {
		w.TB.Fatalf("GET %s: status %d: %s", path, answer.Status, answer.TextOf("main"))
	}
	return answer.Document
}

// part gets the element that htmx replaces.
func (w *world) part(path, target string) (document pagetest.Document, status int) {
	w.TB.Helper()
	answer := w.Part(store.RoleReader, path, target)
	return answer.Document, answer.Status
}
