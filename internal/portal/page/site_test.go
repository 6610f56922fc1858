package page_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/origin"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/portal/pagetest"
	"github.com/usher-id/usher/internal/store"
)

// world is a site with a few pages. The cookie "role" says who asks.
type world struct {
	tb     testing.TB
	site   *page.Site
	server *httptest.Server
	logged *buffer
	denied []string
	ended  atomic.Bool // nobody is signed in any more
}

// buffer is a log that several goroutines write to.
type buffer struct {
	mutex sync.Mutex
	text  bytes.Buffer
}

func (b *buffer) Write(part []byte) (int, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.text.Write(part)
}

func (b *buffer) String() string {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.text.String()
}

const testPage = `{{define "content"}}<p id="said">{{.Data}}</p>{{template "rows" .}}{{end}}
{{define "rows"}}<div id="rows">rows of {{.Data}}</div>{{end}}`

func newWorld(tb testing.TB, from origin.Origin) *world {
	tb.Helper()
	w := &world{tb: tb, logged: &buffer{}}
	w.site = page.New(page.Config{
		Origin: from, Version: "1.2.3", Log: slog.New(slog.NewTextHandler(w.logged, nil)),
		Authenticate: func(_ context.Context, r *http.Request) (page.Visitor, error) {
			cookie, err := r.Cookie("role")
			if err != nil {
				return page.Visitor{}, page.ErrSignedOut
			}
			if w.ended.Load() {
				return page.Visitor{}, page.ErrSignedOut
			}
			if cookie.Value == "broken" {
				return page.Visitor{}, errors.New("the table of sessions is gone")
			}
			return page.Visitor{ID: "1", Name: "ann@contoso.com", Role: store.Role(cookie.Value)}, nil
		},
		Denied: func(_ context.Context, v page.Visitor, what string, needed store.Role) {
			w.denied = append(w.denied, fmt.Sprintf("%s: %s needs %s", v.Name, what, needed))
		},
	})
	w.mount(page.Parse[string]("test.tmpl", fstest.MapFS{"test.tmpl": {Data: []byte(testPage)}}))
	w.server = httptest.NewServer(w.site)
	tb.Cleanup(w.server.Close)
	return w
}

func (w *world) mount(shown page.Page[string]) {
	r := w.site.Router()
	show := func(text string) (page.Answer, error) { return shown.Show(page.Head{Title: "Test"}, text), nil }
	r.Get("/", func(context.Context, *page.Request) (page.Answer, error) { return show("home") })
	r.Get("/fault/{kind}", func(_ context.Context, r *page.Request) (page.Answer, error) {
		return page.Answer{}, faults()[r.Path("kind")]
	})
	r.Get("/panic", func(context.Context, *page.Request) (page.Answer, error) { panic("canary of a panic") })
	r.Get("/stream/{kind}", func(_ context.Context, r *page.Request) (page.Answer, error) {
		return page.Download("grüße.csv", "text/csv", streams()[r.Path("kind")]), nil
	})
	r.Get("/events", func(context.Context, *page.Request) (page.Answer, error) {
		return page.Events(5*time.Millisecond, counting()), nil
	})
	r.GetFor("/secret", store.RoleAdministrator, func(context.Context, *page.Request) (page.Answer, error) { return show("secret") })
	r.Post("/say", store.RoleOperator, func(_ context.Context, r *page.Request) (page.Answer, error) {
		return page.Redirect("/", page.Success("%s", r.Raw("text"))), nil
	})
	r.Post("/wrong", store.RoleOperator, func(context.Context, *page.Request) (page.Answer, error) {
		answer, err := show("wrong")
		return answer.With(http.StatusUnprocessableEntity), err
	})
	r.Post("/file", store.RoleOperator, func(_ context.Context, r *page.Request) (page.Answer, error) {
		content, name, err := r.File("file")
		if err != nil {
			return page.Answer{}, err
		}
		return show(fmt.Sprintf("%s has %d bytes", name, len(content)))
	})
	r.Open(http.MethodGet, "/sign-in", func(_ context.Context, r *page.Request) (page.Answer, error) {
		return show("sign in, then " + page.Back(r.Value("return")))
	})
}

func faults() map[string]error {
	return map[string]error{
		"missing":    fmt.Errorf("application x: %w", store.ErrNotFound),
		"clash":      store.ErrConflict,
		"busy":       store.ErrBusy,
		"late":       context.DeadlineExceeded,
		"invalid":    page.Invalid("name", "The name is taken."),
		"refused":    &administration.Refusal{Message: "nobody is there", Advice: "call somebody"},
		"several":    &administration.Refusal{Message: "it cannot be taken", Faults: []administration.Fault{{Line: 7, Field: "role", Message: "there is none"}}},
		"target":     &connector.Error{Kind: connector.Unauthorized, Err: errors.New("the password is wrong"), Advice: "Enter it again."},
		"unopened":   &administration.OpenError{Application: directory.Application{DisplayName: "Salesforce"}, Err: &connector.Error{Kind: connector.Unauthorized, Err: errors.New("no password"), Advice: "Enter one."}},
		"unexpected": errors.New("canary of the inside"),
	}
}

func streams() map[string]func(context.Context, io.Writer) error {
	return map[string]func(context.Context, io.Writer) error{
		"whole": func(_ context.Context, w io.Writer) error {
			_, err := io.WriteString(w, "a,b\n1,2\n")
			return err
		},
		"none":   func(context.Context, io.Writer) error { return nil },
		"before": func(context.Context, io.Writer) error { return fmt.Errorf("the log: %w", store.ErrNotFound) },
		"panics": func(context.Context, io.Writer) error { panic("canary of a stream") },
		"half": func(_ context.Context, w io.Writer) error {
			if _, err := io.WriteString(w, strings.Repeat("x", 1<<20)); err != nil {
				return err
			}
			return errors.New("the database is gone")
		},
	}
}

// counting gives an event that stays and one that changes, and then fails.
func counting() func(context.Context) ([]page.Event, error) {
	n := 0
	return func(context.Context) ([]page.Event, error) {
		if n++; n > 3 {
			return nil, errors.New("no more")
		}
		return []page.Event{{Name: "state", HTML: "<b>on</b>\revent: forged\r\ndata: forged"}, {Name: "count", HTML: fmt.Sprintf("<i>%d</i>\n<i>of 3</i>", n)}}, nil
	}
}

// asked is a request in a short form.
type asked struct {
	method, path, role string
	header             map[string]string
	body               io.Reader
}

// answered is what came back.
type answered struct {
	*http.Response

	text string
}

func (a answered) document(tb testing.TB) pagetest.Document {
	tb.Helper()
	return pagetest.Read(tb, a.text)
}

func (w *world) ask(a asked) answered {
	w.tb.Helper()
	answer, err := w.try(a)
	if err != nil {
		w.tb.Fatal(err)
	}
	return answer
}

func (w *world) try(a asked) (answered, error) {
	w.tb.Helper()
	request, err := http.NewRequestWithContext(w.tb.Context(), cmpOr(a.method, http.MethodGet), w.server.URL+a.path, a.body)
	if err != nil {
		w.tb.Fatal(err)
	}
	if a.method == http.MethodPost {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if a.role != "" {
		request.AddCookie(&http.Cookie{Name: "role", Value: a.role})
	}
	for name, value := range a.header {
		request.Header.Set(name, value)
		if name == "Host" {
			request.Host = value
		}
	}
	response, err := w.server.Client().Transport.RoundTrip(request)
	if err != nil {
		return answered{}, err
	}
	text, err := io.ReadAll(response.Body)
	return answered{response, string(text)}, errors.Join(err, response.Body.Close())
}

func cmpOr(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func TestWhoIsNotSignedInIsSentToSignInAndBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, origin.Origin{})
	tests := []struct {
		name string
		ask  asked
		want string
	}{
		{"a page", asked{path: "/secret?page=2&search=a+b"}, "/sign-in?return=" + url.QueryEscape("/secret?page=2&search=a+b")},
		{"a form", asked{method: http.MethodPost, path: "/say", header: map[string]string{"Referer": w.server.URL + "/secret?x=1"}}, "/sign-in?return=" + url.QueryEscape("/secret?x=1")},
		{"a form without a page", asked{method: http.MethodPost, path: "/say"}, "/sign-in?return=%2F"},
		{"a form of another site", asked{method: http.MethodPost, path: "/say", header: map[string]string{"Referer": "https://evil.example/x"}}, "/sign-in?return=%2F"},
		{"a path that is not there", asked{path: "/nowhere"}, "/sign-in?return=%2Fnowhere"},
	}
	for _, tt := range tests {
		answer := w.ask(tt.ask)
		if answer.StatusCode != http.StatusSeeOther || answer.Header.Get("Location") != tt.want {
			t.Errorf("%s: %d to %q, want %q", tt.name, answer.StatusCode, answer.Header.Get("Location"), tt.want)
		}
	}
	part := w.ask(asked{path: "/", header: map[string]string{"HX-Request": "true", "HX-Target": "rows"}})
	if part.StatusCode != http.StatusNoContent || part.Header.Get("HX-Redirect") != "/sign-in?return=%2F" {
		t.Errorf("a part of a page: %d, %q", part.StatusCode, part.Header.Get("HX-Redirect"))
	}
	if open := w.ask(asked{path: "/sign-in?return=%2Fsecret"}); open.StatusCode != http.StatusOK || !strings.Contains(open.text, "then /secret") {
		t.Errorf("the page to sign in at: %d", open.StatusCode)
	}
}

func TestBackLeadsNowhereElse(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"/logs?page=2": "/logs?page=2", "/": "/", "": "/", "logs": "/", "//evil.example": "/", "///evil.example": "/", "https://evil.example/x": "/",
		`/\evil.example`: "/", `\\evil.example`: "/", "/a\r\nSet-Cookie: x=1": "/", "javascript:alert(1)": "/", "/\t/evil.example": "/", "%zz": "/",
	} {
		if got := page.Back(given); got != want {
			t.Errorf("Back(%q) = %q, want %q", given, got, want)
		}
	}
}

func TestRolesAreEnforcedAndRefusalsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, origin.Origin{})
	tests := []struct {
		role, method, path string
		want               int
	}{
		{"reader", http.MethodGet, "/", 200},
		{"reader", http.MethodHead, "/", 200},
		{"reader", http.MethodGet, "/secret", 403},
		{"operator", http.MethodGet, "/secret", 403},
		{"administrator", http.MethodGet, "/secret", 200},
		{"reader", http.MethodPost, "/say", 403},
		{"operator", http.MethodPost, "/say", 303},
		{"administrator", http.MethodPost, "/say", 303},
		{"owner", http.MethodGet, "/", 403}, // there is no such role
		{"reader", http.MethodGet, "/nowhere", 404},
		{"reader", http.MethodPost, "/secret", 405},
		{"reader", http.MethodGet, "/say", 405},
		{"reader", http.MethodPut, "/say", 405},
		{"broken", http.MethodGet, "/", 500},
	}
	for _, tt := range tests {
		if answer := w.ask(asked{method: tt.method, path: tt.path, role: tt.role}); answer.StatusCode != tt.want {
			t.Errorf("%s as %s: %s %s: %d", tt.method, tt.role, tt.path, answer.text, answer.StatusCode)
		} else if tt.want == 405 && answer.Header.Get("Allow") == "" {
			t.Errorf("%s %s does not tell what it allows", tt.method, tt.path)
		}
	}
	want := []string{
		"ann@contoso.com: GET /secret needs administrator", "ann@contoso.com: GET /secret needs administrator",
		"ann@contoso.com: POST /say needs operator", "ann@contoso.com: GET / needs reader",
	}
	if diff := cmp.Diff(want, w.denied); diff != "" {
		t.Errorf("refusals (-want +got):\n%s", diff)
	}
	refused := w.ask(asked{path: "/secret", role: "reader"}).document(t)
	if text := refused.TextOf("main"); !strings.Contains(text, "role reader") || !strings.Contains(text, "role administrator") {
		t.Errorf("the page about it says %q", text)
	}
}

func TestFormsComeFromThePortalAlone(t *testing.T) {
	t.Parallel()
	proxied := newWorld(t, origin.Origin{URL: "https://usher.contoso.com"})
	plain := newWorld(t, origin.Origin{})
	tests := []struct {
		name   string
		world  *world
		header map[string]string
		want   int
	}{
		{"a browser on the same page", plain, map[string]string{"Sec-Fetch-Site": "same-origin", "Origin": plain.server.URL}, 303},
		{"an older browser on the same page", plain, map[string]string{"Origin": plain.server.URL}, 303},
		{"no browser", plain, nil, 303},
		{"another site", plain, map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}, 403},
		{"another site, older browser", plain, map[string]string{"Origin": "https://evil.example"}, 403},
		{"a site of the same domain", plain, map[string]string{"Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1:1"}, 403},
		{"a page that hides where it is from", plain, map[string]string{"Origin": "null"}, 403},
		{"through a proxy", proxied, map[string]string{"Sec-Fetch-Site": "same-origin", "Origin": "https://usher.contoso.com"}, 303},
		{"through a proxy, older browser", proxied, map[string]string{"Origin": "https://usher.contoso.com"}, 303},
		{"through a proxy from another site", proxied, map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}, 403},
	}
	for _, tt := range tests {
		answer := tt.world.ask(asked{method: http.MethodPost, path: "/say", role: "administrator", header: tt.header, body: strings.NewReader("text=hello")})
		if answer.StatusCode != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, answer.StatusCode, tt.want)
		}
	}
	if !strings.Contains(plain.logged.String(), "https://evil.example") {
		t.Error("the log does not tell where a refused form came from")
	}
}

func TestEveryAnswerHasTheHeadersThatProtectIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, origin.Origin{})
	paths := []asked{
		{path: "/", role: "reader"},
		{path: "/"},
		{path: "/nowhere", role: "reader"},
		{path: "/secret", role: "reader"},
		{path: "/panic", role: "reader"},
		{path: "/fault/unexpected", role: "reader"},
		{path: "/stream/whole", role: "reader"},
		{path: "/static/0/nothing.js"},
		{method: http.MethodPost, path: "/say", role: "reader", header: map[string]string{"Origin": "https://evil.example"}},
	}
	document := w.ask(asked{path: "/", role: "reader"}).document(t)
	for _, at := range append(document.Attributes("script[src]", "src"), document.Attributes("link[rel=stylesheet]", "href")...) {
		paths = append(paths, asked{path: at})
		if answer := w.ask(asked{path: at}); answer.StatusCode != http.StatusOK || !strings.Contains(answer.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %d, %q", at, answer.StatusCode, answer.Header.Get("Cache-Control"))
		}
	}
	for _, a := range paths {
		answer := w.ask(a)
		policy := answer.Header.Get("Content-Security-Policy")
		for _, needed := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"} {
			if !strings.Contains(policy, needed) {
				t.Errorf("%s %s: the policy %q lacks %s", a.method, a.path, policy, needed)
			}
		}
		if strings.Contains(policy, "unsafe") || answer.Header.Get("X-Content-Type-Options") != "nosniff" || answer.Header.Get("Referrer-Policy") != "same-origin" {
			t.Errorf("%s %s: %v", a.method, a.path, answer.Header)
		}
		if !strings.HasPrefix(a.path, "/static/") && answer.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s %s may be kept: %q", a.method, a.path, answer.Header.Get("Cache-Control"))
		}
	}
}

func TestANoticeIsShownOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, origin.Origin{})
	for name, text := range map[string]string{"short": "Ben was assigned.", "hostile": page.Hostile, "long": strings.Repeat("<&\"ü\x01", 2000)} {
		sent := w.ask(asked{method: http.MethodPost, path: "/say", role: "operator", body: strings.NewReader("text=" + url.QueryEscape(text))})
		if sent.StatusCode != http.StatusSeeOther || sent.Header.Get("Location") != "/" {
			t.Fatalf("%s: %d to %s", name, sent.StatusCode, sent.Header.Get("Location"))
		}
		cookie := cookieNamed(t, sent, "usher-notice")
		if len(cookie.Value) > 3500 || !cookie.HttpOnly || cookie.Secure || cookie.SameSite != http.SameSiteLaxMode {
			t.Errorf("%s: %d bytes, %v", name, len(cookie.Value), cookie)
		}
		with := map[string]string{"Cookie": "role=reader; usher-notice=" + cookie.Value}
		part := w.ask(asked{path: "/", header: map[string]string{"Cookie": with["Cookie"], "HX-Request": "true", "HX-Target": "rows"}})
		if len(part.Cookies()) != 0 {
			t.Errorf("%s: a part of a page used up the notice", name)
		}
		shown := w.ask(asked{path: "/", header: with})
		document := shown.document(t)
		if got, wanted := document.TextOf("#notice .alert-success"), strings.Join(strings.Fields(text), " "); name != "long" && got != wanted || got == "" {
			t.Errorf("%s: the notice says %q, want %q", name, got, wanted)
		}
		if document.Count("#notice script, #notice img") > 0 {
			t.Errorf("%s: the notice is not escaped", name)
		}
		if ended := cookieNamed(t, shown, "usher-notice"); ended.MaxAge >= 0 {
			t.Errorf("%s: the notice stays: %v", name, ended)
		}
	}
	for _, forged := range []string{"x", "bm90IGpzb24", "eyJraW5kIjoiZXZpbCIsInRleHQiOiJoZWxsbyJ9"} {
		if document := w.ask(asked{path: "/", header: map[string]string{"Cookie": "role=reader; usher-notice=" + forged}}).document(t); document.Count("#notice .alert") > 0 {
			t.Errorf("the notice %s is shown", forged)
		}
	}
}

func cookieNamed(tb testing.TB, answer answered, name string) *http.Cookie {
	tb.Helper()
	cookies := answer.Cookies()
	at := slices.IndexFunc(cookies, func(c *http.Cookie) bool { return c.Name == name })
	if at < 0 {
		tb.Fatalf("no cookie %s", name)
	}
	return cookies[at]
}

func TestTheThemeIsRemembered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, origin.Origin{URL: "https://usher.contoso.com"})
	sent := w.ask(asked{method: http.MethodPost, path: "/theme", body: strings.NewReader("theme=dark&return=%2Fsecret%3Fx%3D1")})
	cookie := cookieNamed(t, sent, "usher-theme")
	if sent.Header.Get("Location") != "/secret?x=1" || !cookie.Secure || cookie.Value != "dark" {
		t.Errorf("to %q with %v", sent.Header.Get("Location"), cookie)
	}
	for value, want := range map[string]string{"dark": "dark", "light": "light", "auto": "", `"><script>`: ""} {
		document := w.ask(asked{path: "/", header: map[string]string{"Cookie": "role=reader; usher-theme=" + value}}).document(t)
		if got := strings.Join(document.Attributes("html", "data-bs-theme"), ""); got != want {
			t.Errorf("with %q the page is %q", value, got)
		}
	}
	if wrong := w.ask(asked{method: http.MethodPost, path: "/theme", role: "reader", body: strings.NewReader("theme=pink")}); wrong.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("pink: %d", wrong.StatusCode)
	}
	if away := w.ask(asked{method: http.MethodPost, path: "/theme", body: strings.NewReader("theme=dark&return=https%3A%2F%2Fevil.example")}); away.Header.Get("Location") != "/" {
		t.Errorf("it leads to %s", away.Header.Get("Location"))
	}
	// The answer to a form has no address of its own to come back to.
	document := w.ask(asked{method: http.MethodPost, path: "/wrong", role: "operator"}).document(t)
	if got := document.Attributes(`form[action="/theme"] input[name=return]`, "value"); !slices.Equal(got, []string{"/"}) {
		t.Errorf("from the answer to a form the theme leads to %v", got)
	}
}

func TestHtmxGetsThePartThatItAsksFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t, origin.Origin{})
	htmx := func(path, target string) answered {
		return w.ask(asked{path: path, role: "reader", header: map[string]string{"HX-Request": "true", "HX-Target": target}})
	}
	if part := htmx("/", "rows"); part.text != `<div id="rows">rows of home</div>` {
		t.Errorf("got %s", part.text)
	}
	for _, target := range []string{"", "content", "layout", "unknown"} {
		if whole := htmx("/", target); !strings.HasPrefix(whole.text, "<!doctype html>") {
			t.Errorf("with the target %q: %s", target, whole.text)
		}
	}
	for _, path := range []string{"/fault/missing", "/secret", "/panic"} {
		fault := htmx(path, "rows")
		if fault.Header.Get("HX-Retarget") != "#notice" || fault.StatusCode < 400 || strings.Contains(fault.text, "<html") || fault.document(t).Count(".alert-danger") != 1 {
			t.Errorf("%s: %d, %v, %s", path, fault.StatusCode, fault.Header, fault.text)
		}
	}
	sent := w.ask(asked{method: http.MethodPost, path: "/say", role: "operator", header: map[string]string{"HX-Request": "true"}})
	if sent.StatusCode != http.StatusNoContent || sent.Header.Get("HX-Redirect") != "/" {
		t.Errorf("a form: %d, %v", sent.StatusCode, sent.Header)
	}
}

func TestWhatIsTooLargeIsRefusedAsAWhole(t *testing.T) {
	t.Parallel()
	w := newWorld(t, origin.Origin{})
	file := func(size int) asked {
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		part, err := form.CreateFormFile("file", "people.csv")
		if err == nil {
			_, err = part.Write(bytes.Repeat([]byte("x"), size))
		}
		if err := errors.Join(err, form.Close()); err != nil {
			t.Fatal(err)
		}
		return asked{method: http.MethodPost, path: "/file", role: "operator", header: map[string]string{"Content-Type": form.FormDataContentType()}, body: &body}
	}
	if answer := w.ask(file(3 << 20)); answer.document(t).TextOf("#said") != "people.csv has 3145728 bytes" {
		t.Errorf("a file: %d", answer.StatusCode)
	}
	if answer := w.ask(file(0)); answer.document(t).TextOf("#said") != "people.csv has 0 bytes" {
		t.Errorf("an empty file: %d", answer.StatusCode)
	}
	if answer := w.ask(asked{method: http.MethodPost, path: "/file", role: "operator"}); answer.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("no file: %d", answer.StatusCode)
	}
	for name, a := range map[string]asked{
		"a large file":   file(17 << 20),
		"a large form":   {method: http.MethodPost, path: "/say", role: "operator", body: strings.NewReader("text=" + strings.Repeat("x", 17<<20))},
		"a broken form":  {method: http.MethodPost, path: "/say", role: "operator", body: strings.NewReader("text=%zz")},
		"a broken file":  {method: http.MethodPost, path: "/file", role: "operator", header: map[string]string{"Content-Type": "multipart/form-data; boundary=x"}, body: strings.NewReader("nothing")},
		"a broken query": {path: "/?a=%zz", role: "reader"},
	} {
		want := http.StatusBadRequest
		if strings.HasPrefix(name, "a large") {
			want = http.StatusRequestEntityTooLarge
		}
		answer, err := w.try(a)
		if err == nil && answer.StatusCode != want {
			t.Errorf("%s: %d", name, answer.StatusCode)
		}
		if err != nil && want == http.StatusBadRequest { // a server may close the connection on what is too large
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestErrorsBecomePagesThatSayWhatToDo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, origin.Origin{})
	wanted := map[string]struct {
		status int
		text   string
	}{
		"missing": {404, "removed meanwhile"}, "clash": {409, "Look at it again"}, "busy": {503, "Try again in a moment"}, "late": {504, "what was done until then stays"},
		"invalid": {422, "The name is taken."}, "refused": {409, "Nobody is there. What to do: Call somebody."}, "several": {422, "Line 7, role: there is none."},
		"target": {502, "Enter it again."}, "unopened": {409, "Enter one."}, "unexpected": {500, "the cause under the number"},
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(faults())), slices.Sorted(maps.Keys(wanted))); diff != "" {
		t.Fatal(diff)
	}
	for kind, want := range wanted {
		answer := w.ask(asked{path: "/fault/" + kind, role: "reader"})
		document := answer.document(t)
		if answer.StatusCode != want.status || !strings.Contains(document.TextOf("main"), want.text) || document.Count("h1") != 1 {
			t.Errorf("%s: %d, %q", kind, answer.StatusCode, document.TextOf("main"))
		}
		if strings.Contains(answer.text, "canary") {
			t.Errorf("%s shows the inside", kind)
		}
	}
}

func TestAPanicIsContainedAndLoggedUnderANumber(t *testing.T) {
	t.Parallel()
	w := newWorld(t, origin.Origin{})
	for path, canary := range map[string]string{"/panic": "canary of a panic", "/stream/panics": "canary of a stream"} {
		answer := w.ask(asked{path: path, role: "reader"})
		text := answer.document(t).TextOf("main")
		if answer.StatusCode != http.StatusInternalServerError || strings.Contains(answer.text, "canary") {
			t.Fatalf("%s: %d: %s", path, answer.StatusCode, text)
		}
		_, rest, _ := strings.Cut(text, "under the number ")
		number, _, _ := strings.Cut(rest, ".")
		found := false
		for line := range strings.Lines(w.logged.String()) {
			found = found || strings.Contains(line, canary) && strings.Contains(line, "request_id="+number) && len(number) == 36
		}
		if !found {
			t.Errorf("%s: the log does not have %q under %q:\n%s", path, canary, number, w.logged.String())
		}
	}
}

func TestADownloadIsWholeOrBroken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, origin.Origin{})
	whole := w.ask(asked{path: "/stream/whole", role: "reader"})
	if whole.text != "a,b\n1,2\n" || whole.Header.Get("Content-Type") != "text/csv" || !strings.HasPrefix(whole.Header.Get("Content-Disposition"), "attachment; filename*=utf-8''gr%C3%BC") {
		t.Errorf("got %q with %v", whole.text, whole.Header)
	}
	if none := w.ask(asked{path: "/stream/none", role: "reader"}); none.StatusCode != http.StatusOK || none.text != "" || none.Header.Get("Content-Type") != "text/csv" {
		t.Errorf("an empty file: %d, %v", none.StatusCode, none.Header)
	}
	before := w.ask(asked{path: "/stream/before", role: "reader"})
	if before.StatusCode != http.StatusNotFound || before.Header.Get("Content-Disposition") != "" || !strings.HasPrefix(before.Header.Get("Content-Type"), "text/html") {
		t.Errorf("what failed before it began: %d, %v", before.StatusCode, before.Header)
	}
	if half, err := w.try(asked{path: "/stream/half", role: "reader"}); err == nil {
		t.Errorf("half a file of %d bytes looks whole", len(half.text))
	}
	if !strings.Contains(w.logged.String(), "the database is gone") {
		t.Error("the log does not tell why")
	}
}

func TestEventsAreSentWhenTheyChange(t *testing.T) {
	t.Parallel()
	w := newWorld(t, origin.Origin{})
	answer, err := w.try(asked{path: "/events", role: "reader"})
	if err == nil || answer.Header.Get("Content-Type") != "text/event-stream" {
		t.Errorf("the stream ended with %v, %v", err, answer.Header)
	}
	want := "event: state\ndata: <b>on</b>\ndata: event: forged\ndata: data: forged\n\n" +
		"event: count\ndata: <i>1</i>\ndata: <i>of 3</i>\n\nevent: count\ndata: <i>2</i>\ndata: <i>of 3</i>\n\nevent: count\ndata: <i>3</i>\ndata: <i>of 3</i>\n\n"
	if diff := cmp.Diff(want, answer.text); diff != "" {
		t.Error(diff)
	}
}

// TestAStreamEndsWithTheSession signs a visitor out while a stream goes on.
func TestAStreamEndsWithTheSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t, origin.Origin{})
	count := 0
	w.site.Router().Get("/endless", func(context.Context, *page.Request) (page.Answer, error) {
		return page.Events(5*time.Millisecond, func(context.Context) ([]page.Event, error) {
			if count++; count == 3 {
				w.ended.Store(true)
			}
			if count == 100 {
				return nil, errors.New("it goes on")
			}
			return []page.Event{{Name: "count", HTML: strconv.Itoa(count)}}, nil
		}), nil
	})
	answer, err := w.try(asked{path: "/endless", role: "reader"})
	if err != nil || !strings.HasSuffix(answer.text, "data: 3\n\n") {
		t.Errorf("%v: %q", err, answer.text)
	}
}

// TestATokenStaysOutOfTheLog sends the token of a link in every way that no handler of
// the route sees.
func TestATokenStaysOutOfTheLog(t *testing.T) {
	t.Parallel()
	w := newWorld(t, origin.Origin{})
	w.site.Router().Open(http.MethodPost, "/link/{token}", func(context.Context, *page.Request) (page.Answer, error) {
		return page.Redirect("/", page.Notice{}), nil
	})
	for name, a := range map[string]asked{
		"a form":                  {method: http.MethodPost, path: "/link/canary-of-a-token"},
		"a form from elsewhere":   {method: http.MethodPost, path: "/link/canary-of-a-token", header: map[string]string{"Origin": "https://evil.example"}},
		"another method":          {method: http.MethodPut, path: "/link/canary-of-a-token", role: "reader"},
		"a slash behind it":       {path: "/link/canary-of-a-token/", role: "reader"},
		"something more":          {path: "/link/canary-of-a-token/more", role: "reader"},
		"capital letters":         {path: "/Link/canary-of-a-token", role: "reader"},
		"nobody and another path": {path: "/link/canary-of-a-token/"},
	} {
		answer := w.ask(a)
		if logged := w.logged.String(); strings.Contains(logged, "canary-of-a-token") {
			t.Fatalf("%s: %d, and the log has the token: %s", name, answer.StatusCode, logged)
		}
		if strings.Contains(answer.document(t).TextOf("main"), "canary-of-a-token") {
			t.Errorf("%s: the page tells the token", name)
		}
	}
	if !strings.Contains(w.logged.String(), "/link/…") {
		t.Error("the log does not have the route")
	}
}

func TestFaultsStandAtTheirFields(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		err  error
		want page.Faults
	}{
		{"one field", &administration.Refusal{Code: administration.Taken, Field: "name", Message: "it is taken", Advice: "choose another one"}, page.Faults{"name": "It is taken. Choose another one."}},
		{"a single fault", &administration.Refusal{Field: "notify", Message: "the settings cannot be taken", Faults: []administration.Fault{{Field: "notify", Message: "x is no address"}}}, page.Faults{"": "The settings cannot be taken.", "notify": "X is no address."}},
		{"several", &administration.Refusal{Message: "no", Faults: []administration.Fault{{Field: "a", Message: "one"}, {Field: "a", Message: "two"}, {Field: "b", Message: "three"}}}, page.Faults{"": "No.", "a": "One.\nTwo.", "b": "Three."}},
		{"a file", &administration.Refusal{Message: "no", Faults: []administration.Fault{{Line: 2, Field: "role", Message: "one"}, {Line: 3, Message: "two"}}}, page.Faults{"": "No.\nLine 2, role: one.\nLine 3: two."}},
		{"a fault of a page", page.Invalid("file", "Choose a file first."), page.Faults{"file": "Choose a file first."}},
		{"nothing about a form", errors.New("gone"), nil},
	}
	for _, tt := range tests {
		got, found := page.FaultsOf(tt.err)
		if diff := cmp.Diff(tt.want, got); diff != "" || found != (tt.want != nil) {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}
