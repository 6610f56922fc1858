// Package portaltest gives tests of the portal's areas a world to work in: a database
// with people and groups, a simulated Salesforce org, an application that can be
// connected to it, and a browser without scripts for a visitor of each role. It is for
// tests alone.
package portaltest

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/connector/salesforce"
	"github.com/usher-id/usher/connector/salesforce/salesforcetest"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/portal/pagetest"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/internal/store/sqlstore"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/provisioning"
)

// Ids of the people and groups of a new World.
const (
	Ana       = "aaaaaaaa-0000-0000-0000-0000000000b1"
	Ben       = "aaaaaaaa-0000-0000-0000-0000000000b2"
	Cleo      = "aaaaaaaa-0000-0000-0000-0000000000b3"
	Sales     = "aaaaaaaa-0000-0000-0000-0000000000c1"
	Marketing = "aaaaaaaa-0000-0000-0000-0000000000c2"
)

// World is a database with Ana Lima, Ben Okoye and Cleo Marsh, Ana and Ben in the group
// Sales and Ben in Marketing, a simulated org, and a site with the areas of a test.
type World struct {
	TB      testing.TB
	Store   *sqlstore.Store
	Org     *salesforcetest.Org
	Service *administration.Service
	Acts    administration.Acts // of dora@contoso.com, not through the portal
	Site    *page.Site
}

// Area is a part of the portal.
type Area interface {
	Mount(r *page.Router)
}

// New makes a world. Areas are made of its Service, and mounted.
func New(tb testing.TB, areas func(*administration.Service) []Area) *World {
	tb.Helper()
	w := &World{TB: tb}
	var err error
	w.Org, err = salesforcetest.New(salesforcetest.Default())
	w.Must(err)
	w.Store, err = sqlstore.Open(tb.Context(), sqlstore.Config{Path: filepath.Join(tb.TempDir(), "usher.db"), Sealer: plainSealer{}})
	w.Must(err)
	tb.Cleanup(func() { w.Must(w.Store.Close()) })
	ports := w.Store.Engine()
	w.Service = &administration.Service{
		Store: w.Store, Catalogue: journal.NewCatalogue(),
		Runner: &engine.Runner{
			Engine: &engine.Engine{Directory: ports, Ledger: ports, Removals: ports, Attempts: ports, Plans: ports, Log: slog.New(slog.DiscardHandler)},
			Jobs:   w.Store, Gallery: connector.Gallery{salesforce.Template(salesforce.Options{}), salesforce.SandboxTemplate(salesforce.Options{})},
			Environment: connector.Environment{Transport: w.Org.Client().Transport},
		},
	}
	w.Acts = w.Service.By("dora@contoso.com")
	w.Site = page.New(page.Config{Authenticate: authenticate, Administration: w.Service, Version: "test"})
	for _, area := range areas(w.Service) {
		area.Mount(w.Site.Router())
	}
	w.fill()
	return w
}

// authenticate takes the role of the visitor from the cookie "role".
func authenticate(_ context.Context, r *http.Request) (page.Visitor, error) {
	cookie, err := r.Cookie("role")
	if err != nil {
		return page.Visitor{}, page.ErrSignedOut
	}
	return page.Visitor{ID: cookie.Value, Name: cookie.Value + "@contoso.com", DisplayName: "Visitor", Role: store.Role(cookie.Value), SessionID: "1"}, nil
}

// plainSealer seals nothing: these tests keep no real secret.
type plainSealer struct{}

func (plainSealer) Seal(plain, _ []byte) ([]byte, error)  { return plain, nil }
func (plainSealer) Open(sealed, _ []byte) ([]byte, error) { return sealed, nil }

// Must fails the test on an error.
func (w *World) Must(err error) {
	w.TB.Helper()
	if err != nil {
		w.TB.Fatal(err)
	}
}

// AddUser adds a user, whose mail address and name at sign-in are the given name.
func (w *World) AddUser(id, displayName string) {
	w.TB.Helper()
	given, family, _ := strings.Cut(displayName, " ")
	mail := strings.ToLower(given) + "@contoso.com"
	w.Must(w.Store.PutUser(w.TB.Context(), directory.User{
		ID: id, UserPrincipalName: mail, DisplayName: displayName, AccountEnabled: true,
		Attributes: attr.New("User", id, map[string]attr.Value{
			"givenName": attr.Text(given), "surname": attr.Text(family), "mail": attr.Text(mail), "mailNickname": attr.Text(strings.ToLower(given)),
		}),
	}))
}

func (w *World) fill() {
	w.TB.Helper()
	for id, name := range map[string]string{Ana: "Ana Lima", Ben: "Ben Okoye", Cleo: "Cleo Marsh"} {
		w.AddUser(id, name)
	}
	for id, group := range map[string]string{Sales: "Sales", Marketing: "Marketing"} {
		w.Must(w.Store.PutGroup(w.TB.Context(), directory.Group{ID: id, DisplayName: group, SecurityEnabled: true}))
	}
	for _, member := range []directory.Member{{Group: Sales, Member: Ana}, {Group: Sales, Member: Ben}, {Group: Marketing, Member: Ben}} {
		member.Type = "User"
		w.Must(w.Store.PutMember(w.TB.Context(), member))
	}
}

// Add adds Salesforce.
func (w *World) Add() administration.Application {
	w.TB.Helper()
	app, err := w.Acts.AddApplication(w.TB.Context(), "salesforce", "")
	w.Must(err)
	return app
}

// Credentials is what a form sends that has everything to sign in to the org with.
func (w *World) Credentials() administration.Entered {
	known := w.Org.Credentials()
	return administration.Entered{
		"UserName": known.Username, "Password": known.Password, "SecretToken": known.SecurityToken, "BaseAddress": "https://contoso.my.salesforce.com",
	}
}

// Connected adds Salesforce, saves what it is signed in to with, and imports its roles.
func (w *World) Connected() administration.Application {
	w.TB.Helper()
	app := w.Add()
	_, err := w.Acts.SaveEntered(w.TB.Context(), app, w.Credentials())
	w.Must(err)
	return w.Again(app)
}

// Again reads an application anew.
func (w *World) Again(app administration.Application) administration.Application {
	w.TB.Helper()
	app, err := w.Service.Application(w.TB.Context(), app.ID)
	w.Must(err)
	return app
}

// Assign assigns a "User" or a "Group", by id or name, in a role, by name.
func (w *World) Assign(app administration.Application, kind, principal, role string) directory.Assignment {
	w.TB.Helper()
	made, _, err := w.Acts.Assign(w.TB.Context(), app, administration.NewAssignment{PrincipalType: kind, Principal: principal, Role: role})
	w.Must(err)
	return made
}

// Cycle runs a cycle.
func (w *World) Cycle(app administration.Application) provisioning.Run {
	w.TB.Helper()
	var run provisioning.Run
	w.Must(w.Service.Session(w.TB.Context(), app.Application, func(session engine.Session) (err error) {
		run, err = w.Service.Runner.Run(w.TB.Context(), session, engine.Run{})
		return err
	}))
	return run
}

// Audits returns activity, actor and detail of the latest records, the newest first.
func (w *World) Audits(count int) []string {
	w.TB.Helper()
	var texts []string
	for record, err := range w.Store.Audits(w.TB.Context(), count) {
		w.Must(err)
		texts = append(texts, record.Activity+" | "+record.Actor+" | "+record.Detail)
	}
	return texts
}

// Answer is what the site answered.
type Answer struct {
	pagetest.Document

	Status   int
	Location string // where it sends the browser, empty for nowhere
	Notice   string // that the next page shows, of the answers to forms
	Header   http.Header
	Body     string // as it was sent
}

// Get asks for a page as a visitor of a role.
func (w *World) Get(role store.Role, path string) Answer {
	w.TB.Helper()
	return w.Do(role, httptest.NewRequestWithContext(w.TB.Context(), http.MethodGet, path, http.NoBody))
}

// Part asks for the part of a page with this id, as htmx does.
func (w *World) Part(role store.Role, path, id string) Answer {
	w.TB.Helper()
	request := httptest.NewRequestWithContext(w.TB.Context(), http.MethodGet, path, http.NoBody)
	request.Header.Set("HX-Request", "true")
	request.Header.Set("HX-Target", id)
	return w.Do(role, request)
}

// Post sends a form.
func (w *World) Post(role store.Role, path string, form url.Values) Answer {
	w.TB.Helper()
	request := httptest.NewRequestWithContext(w.TB.Context(), http.MethodPost, path, strings.NewReader(form.Encode()))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return w.Do(role, request)
}

// Do sends a request as a visitor of a role, and shows what is found in the answer to
// pagetest. A form that was carried out is followed by its notice.
func (w *World) Do(role store.Role, request *http.Request) Answer {
	w.TB.Helper()
	if role != "" {
		request.AddCookie(&http.Cookie{Name: "role", Value: string(role)}) //nolint:gosec // a cookie of a request has a name and a value
	}
	recorder := httptest.NewRecorder()
	w.Site.ServeHTTP(recorder, request)
	response := recorder.Result()
	text, err := io.ReadAll(response.Body)
	w.Must(errors.Join(err, response.Body.Close()))
	answer := Answer{Status: response.StatusCode, Location: response.Header.Get("Location"), Header: response.Header, Body: string(text), Document: pagetest.Read(w.TB, string(text))}
	for _, cookie := range response.Cookies() {
		if cookie.Name == "usher-notice" && cookie.Value != "" {
			answer.Notice = w.notice(cookie)
		}
	}
	return answer
}

// notice shows a notice as the page about an error does that a wrong path leads to.
func (w *World) notice(cookie *http.Cookie) string {
	w.TB.Helper()
	request := httptest.NewRequestWithContext(w.TB.Context(), http.MethodGet, "/no-page-has-this-path", http.NoBody)
	request.AddCookie(cookie)
	request.AddCookie(&http.Cookie{Name: "role", Value: string(store.RoleReader)}) //nolint:gosec // as above
	recorder := httptest.NewRecorder()
	w.Site.ServeHTTP(recorder, request)
	return pagetest.Read(w.TB, recorder.Body.String()).TextOf("#notice")
}

// Contains fails unless a text holds another one.
func (w *World) Contains(text, part string) {
	w.TB.Helper()
	if !strings.Contains(text, part) {
		w.TB.Errorf("%q is not in %q", part, text)
	}
}
