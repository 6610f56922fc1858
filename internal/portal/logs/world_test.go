package logs_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/connector/salesforce"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/logs"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/portal/pagetest"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/internal/store/sqlstore"
	"github.com/usher-id/usher/journal"
)

// world is a database with one application, and the area on it for a reader.
type world struct {
	tb    testing.TB
	store *sqlstore.Store
	app   administration.Application
	site  *page.Site
	acts  administration.Acts
}

func newWorld(tb testing.TB) *world {
	tb.Helper()
	w := &world{tb: tb}
	var err error
	w.store, err = sqlstore.Open(tb.Context(), sqlstore.Config{Path: filepath.Join(tb.TempDir(), "usher.db"), Sealer: plainSealer{}})
	w.must(err)
	tb.Cleanup(func() { w.must(w.store.Close()) })
	ports := w.store.Engine()
	service := &administration.Service{Store: w.store, Catalogue: journal.NewCatalogue(), Runner: &engine.Runner{
		Engine: &engine.Engine{Directory: ports, Ledger: ports, Removals: ports, Attempts: ports, Plans: ports, Log: slog.New(slog.DiscardHandler)},
		Jobs:   w.store, Gallery: connector.Gallery{salesforce.Template(salesforce.Options{})},
	}}
	w.acts = service.By("dora@contoso.com")
	w.app, err = w.acts.AddApplication(tb.Context(), "salesforce", "")
	w.must(err)
	w.site = page.New(page.Config{Administration: service, Authenticate: func(context.Context, *http.Request) (page.Visitor, error) {
		return page.Visitor{ID: "1", Name: "rita@contoso.com", Role: store.RoleReader}, nil
	}})
	logs.New(service).Mount(w.site.Router())
	return w
}

// plainSealer seals nothing: these tests keep no secret.
type plainSealer struct{}

func (plainSealer) Seal(plain, _ []byte) ([]byte, error)  { return plain, nil }
func (plainSealer) Open(sealed, _ []byte) ([]byte, error) { return sealed, nil }

func (w *world) must(err error) {
	w.tb.Helper()
	if err != nil {
		w.tb.Fatal(err)
	}
}

// log writes entries as a cycle does.
func (w *world) log(cycle string, entries ...journal.Entry) {
	w.tb.Helper()
	at := engine.Cycle{ID: cycle, JobID: w.app.Job.ID, ApplicationID: w.app.ID}
	w.must(w.store.Engine().Log(w.tb.Context(), at, entries))
}

// get asks for a path; the headers are names and values in turn.
func (w *world) get(path string, headers ...string) *httptest.ResponseRecorder {
	w.tb.Helper()
	request := httptest.NewRequestWithContext(w.tb.Context(), http.MethodGet, path, http.NoBody)
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	recorder := httptest.NewRecorder()
	w.site.ServeHTTP(recorder, request)
	return recorder
}

// page gets a page that has to be there.
func (w *world) page(path string) pagetest.Document {
	w.tb.Helper()
	recorder := w.get(path)
	if recorder.Code != http.StatusOK {
		w.tb.Fatalf("GET %s: status %d: %s", path, recorder.Code, pagetest.Read(w.tb, recorder.Body.String()).TextOf("main"))
	}
	return pagetest.Read(w.tb, recorder.Body.String())
}

// part gets the element that htmx replaces.
func (w *world) part(path, target string) (document pagetest.Document, status int) {
	w.tb.Helper()
	recorder := w.get(path, "HX-Request", "true", "HX-Target", target)
	return pagetest.Read(w.tb, recorder.Body.String()), recorder.Code
}
