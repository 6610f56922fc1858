package portal

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/auth"
	"github.com/usher-id/usher/internal/origin"
	"github.com/usher-id/usher/internal/portal/portaltest"
	settingspages "github.com/usher-id/usher/internal/portal/settings"
	"github.com/usher-id/usher/internal/settings"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/provisioning"
)

// wholeWorld is a world with all areas, an application that a cycle ran for, and what
// the paths of the portal name in it.
func wholeWorld(t *testing.T) (w *portaltest.World, named map[string]string) {
	t.Helper()
	var operations *administration.Operations
	w = portaltest.New(t, func(service *administration.Service) []portaltest.Area {
		sqlStore, ok := service.Store.(auth.PeopleStore)
		if !ok {
			t.Fatal("the store of tests keeps no administrators")
		}
		people, err := auth.NewPeople(auth.PeopleConfig{Store: sqlStore, Cost: auth.PasswordCost{Memory: 64, Passes: 1, Threads: 1}})
		if err != nil {
			t.Fatal(err)
		}
		clients, ok := service.Store.(interface {
			settingspages.Store
			store.ServiceSettings
		})
		if !ok {
			t.Fatal("the store of tests keeps no clients")
		}
		live, err := settings.Open(t.Context(), settings.Config{Store: clients})
		if err != nil {
			t.Fatal(err)
		}
		operations = administration.NewOperations(service)
		var all []portaltest.Area
		for _, each := range areas(Dependencies{
			Administration: service, Operations: operations, People: people, Settings: live, Clients: clients, Origin: origin.Origin{}, OpenFiles: portaltest.OpenFiles(service),
			NextRun: func(provisioning.Job, time.Time) time.Time { return time.Time{} },
		}) {
			all = append(all, each)
		}
		return all
	})
	w.Run(operations)
	app := w.Connected()
	w.Assign(app, "Group", "Sales", "Standard User")
	run := w.Cycle(app)
	plan, err := w.Acts.MakePlan(t.Context(), app, administration.Planning{Full: true})
	w.Must(err)
	upload := store.NewUpload(string(store.RoleAdministrator), "directory import", store.UploadedFile{
		Field: "users", Name: "users.csv", Content: []byte("id,userPrincipalName,displayName\nzoe,zoe@contoso.com,Zoe Hart\n"),
	})
	w.Must(w.Store.KeepUpload(t.Context(), upload))
	return w, map[string]string{
		"application": app.ID, "user": portaltest.Ana, "person": portaltest.Ana, "group": portaltest.Sales, "cycle": run.CycleID, "plan": plan.ID, "entry": "1", "attribute": "Username",
		"operation": "0", "token": "x", "administrator": "x", "client": "x", "comparison": "x", "upload": upload.ID, "file": "users.csv", "test": "x",
	}
}

var segment = regexp.MustCompile(`\{([a-z]+)\}`)

// odd are texts that nobody means.
func odd() []string {
	return []string{
		"\x00", "\xff\xfe", "%", "_", "*", "'", `"><script>`, "..", "-1", "99999999999999999999", "-9223372036854775809", strings.Repeat("x", 5000), "\u202e", " ", "null", "eyJwIjpbXX0",
		"eyJwIjpbMSwiYSJdfQ", "eyJwIjpudWxsfQ", "2026-13-45", "0001-01-01", "9999-12-31",
	}
}

// fields are the names that forms and queries of the portal have.
func fields() []string {
	return []string{
		"cursor", "search", "state", "text", "at", "after", "application", "period", "chart", "format", "date", "from", "until", "action", "status", "code", "cycle", "plan", "person", "user",
		"kind", "role", "pick", "id", "scope", "decision", "all", "tag", "mark", "do", "groups", "attribute", "expression", "target", "was", "allow", "order", "earlier", "later", "content",
		"mode", "interval", "grace", "version", "whom", "template", "name", "return", "session", "theme", "cause", "action-unassigned", "removalLimit", "confirmed", "password", "publicKey",
	}
}

// TestNoRequestBreaksAPage sends every route what nobody means: in its path, its query
// and its form. None is answered with an error inside the service, and none with a page
// that holds the text as markup.
func TestNoRequestBreaksAPage(t *testing.T) {
	t.Parallel()
	w, named := wholeWorld(t)
	ask := func(what string, request *http.Request) {
		answer := w.Do(store.RoleAdministrator, request) //nolint:contextcheck // the world has the context of the test
		if answer.Status == http.StatusInternalServerError {
			t.Errorf("%s: %d %s", what, answer.Status, answer.TextOf("main"))
		}
		if answer.Count("main script:not([src])") > 0 {
			t.Errorf("%s: the page holds what was sent as markup", what)
		}
	}
	for _, route := range w.Site.Router().Routes() {
		method, pattern, _ := strings.Cut(route, " ")
		if strings.HasSuffix(pattern, "/live") || strings.Contains(pattern, "openid") {
			continue // a stream, and a sign-in at a provider that there is none of
		}
		pattern = strings.TrimSuffix(pattern, "{$}")
		known := segment.ReplaceAllStringFunc(pattern, func(name string) string { return url.PathEscape(named[strings.Trim(name, "{}")]) })
		for _, name := range segment.FindAllString(pattern, -1) {
			for _, text := range []string{"\xff\xfe\x00", `"><script>`} {
				at := strings.Replace(pattern, name, url.PathEscape(text), 1)
				at = segment.ReplaceAllStringFunc(at, func(name string) string { return url.PathEscape(named[strings.Trim(name, "{}")]) })
				ask(method+" "+pattern+" with "+name+" "+url.PathEscape(text[:min(len(text), 30)]), httptest.NewRequestWithContext(t.Context(), method, at, http.NoBody))
			}
		}
		for n := range odd() {
			form := url.Values{}
			for at, name := range fields() {
				form.Set(name, odd()[(n+at)%len(odd())])
			}
			what := method + " " + pattern + " with " + url.PathEscape(form.Get("cursor")[:min(len(form.Get("cursor")), 30)])
			if method == http.MethodGet && n%3 == 0 {
				ask(what+" alone", httptest.NewRequestWithContext(t.Context(), method, known+"?"+url.Values{"cursor": form["cursor"]}.Encode(), http.NoBody))
			}
			if n%7 > 0 {
				continue
			}
			if method == http.MethodGet {
				ask(what, httptest.NewRequestWithContext(t.Context(), method, known+"?"+form.Encode(), http.NoBody))
				continue
			}
			form.Del("confirmed") // what the others are about shall stay
			request := httptest.NewRequestWithContext(t.Context(), method, known, strings.NewReader(form.Encode()))
			request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			ask(what, request)
		}
	}
}

// TestAReaderChangesNothing sends every form as a reader and as an operator. The forms
// that they may send are those that change nothing, and those that run what is set up.
func TestAReaderChangesNothing(t *testing.T) {
	t.Parallel()
	w, named := wholeWorld(t)
	open := map[store.Role][]string{}
	for _, route := range w.Site.Router().Routes() {
		method, pattern, _ := strings.Cut(route, " ")
		if method != http.MethodPost || strings.HasPrefix(pattern, "/sign-") || pattern == "/theme" || strings.HasPrefix(pattern, "/account") {
			continue
		}
		at := segment.ReplaceAllStringFunc(pattern, func(name string) string { return url.PathEscape(named[strings.Trim(name, "{}")]) })
		for _, role := range []store.Role{store.RoleReader, store.RoleOperator} {
			request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, at, strings.NewReader(""))
			request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			if answer := w.Do(role, request); answer.Status != http.StatusForbidden {
				open[role] = append(open[role], strings.TrimPrefix(pattern, "/applications/{application}"))
			}
		}
	}
	want := map[store.Role][]string{
		store.RoleReader:   {"/on-demand/preview", "/mappings/expression", "/scoping/count"},
		store.RoleOperator: {"/on-demand", "/on-demand/preview", "/mappings/expression", "/scoping/count", "/start", "/pause", "/restart", "/provisioning/mode", "/failures/retry", "/drift", "/preview", "/preview/{plan}/apply", "/preview/{plan}/compare", "/preview/{plan}/comparisons/{comparison}/remove", "/operations/{operation}/stop", "/cycles/{cycle}/undo"},
	}
	for role := range maps.Keys(want) {
		slices.Sort(open[role])
		slices.Sort(want[role])
		if !slices.Equal(open[role], want[role]) {
			t.Errorf("a visitor with the role %s may send\n%v, want\n%v", role, open[role], want[role])
		}
	}
}
