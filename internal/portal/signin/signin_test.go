package signin_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/internal/auth"
	"github.com/usher-id/usher/internal/auth/authtest"
	"github.com/usher-id/usher/internal/origin"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/portal/pagetest"
	"github.com/usher-id/usher/internal/portal/signin"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/internal/store/sqlstore"
	"github.com/usher-id/usher/provisioning"
)

const password = "correct horse battery staple"

func TestSamples(t *testing.T) {
	t.Parallel()
	pagetest.Samples(t, signin.New(nil, origin.Origin{}))
}

// house is a portal that people sign in to, with the log that it writes.
type house struct {
	t        *testing.T
	people   *auth.People
	store    *sqlstore.Store
	settings store.SignInSettings
	server   *httptest.Server
	log      *logText
}

// logText is a log that is written while it is read.
type logText struct {
	mutex sync.Mutex
	text  strings.Builder
}

func (l *logText) Write(p []byte) (int, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.Write(p)
}

func (l *logText) String() string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.String()
}

type sealer struct{}

func (sealer) Seal(plain, _ []byte) ([]byte, error)  { return plain, nil }
func (sealer) Open(sealed, _ []byte) ([]byte, error) { return sealed, nil }

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, log: &logText{}}
	opened, err := sqlstore.Open(t.Context(), sqlstore.Config{Path: filepath.Join(t.TempDir(), "usher.db"), Sealer: sealer{}})
	h.must(err)
	t.Cleanup(func() { h.must(opened.Close()) })
	h.store = opened
	h.people, err = auth.NewPeople(auth.PeopleConfig{Store: opened, Cost: auth.PasswordCost{Memory: 64, Passes: 1, Threads: 1}, Settings: func() store.SignInSettings { return h.settings }})
	h.must(err)
	from := origin.Origin{TrustForwarded: true}
	site := page.New(page.Config{Authenticate: signin.Authenticate(h.people, from), Origin: from, Log: slog.New(slog.NewTextHandler(h.log, nil))})
	signin.New(h.people, from).Mount(site.Router())
	site.Router().Get("/", func(context.Context, *page.Request) (page.Answer, error) {
		return page.Redirect("/account", page.Notice{}), nil
	})
	h.server = httptest.NewServer(site)
	t.Cleanup(h.server.Close)
	return h
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// browser is a browser of a visitor, which follows no redirect by itself.
type browser struct {
	*house

	client *http.Client
}

func (h *house) open() browser {
	h.t.Helper()
	jar, err := cookiejar.New(nil)
	h.must(err)
	return browser{h, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// answer is what came back.
type answer struct {
	pagetest.Document

	status   int
	location string
	cookies  []*http.Cookie
}

func (b browser) do(method, at string, form url.Values) answer {
	b.t.Helper()
	if strings.HasPrefix(at, "/") {
		at = b.server.URL + at
	}
	request, err := http.NewRequestWithContext(b.t.Context(), method, at, strings.NewReader(form.Encode()))
	b.must(err)
	if method == http.MethodPost {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := b.client.Do(request)
	b.must(err)
	text, err := io.ReadAll(response.Body)
	b.must(err)
	b.must(response.Body.Close())
	return answer{pagetest.Read(b.t, string(text)), response.StatusCode, response.Header.Get("Location"), response.Cookies()}
}

func (b browser) get(at string) answer                   { return b.do(http.MethodGet, at, nil) }
func (b browser) post(at string, form url.Values) answer { return b.do(http.MethodPost, at, form) }

// settle makes the first administrator, by the link, and returns their browser.
func (h *house) settle() browser {
	h.t.Helper()
	link, made, err := h.people.SetupLink(h.t.Context())
	h.must(err)
	if !made {
		h.t.Fatal("no set-up link was made")
	}
	b := h.open()
	at := auth.LinkPath + link.Token
	if got := b.get(at); got.status != http.StatusOK || got.TextOf("h1") != "Set Usher up" {
		h.t.Fatalf("the link shows %d %q", got.status, got.TextOf("h1"))
	}
	if got := b.post(at, url.Values{"name": {"ann@contoso.com"}, "password": {password}, "again": {"something else"}}); got.status != http.StatusUnprocessableEntity || !strings.Contains(got.TextOf("#about-again"), "different") {
		h.t.Fatalf("two passwords: %d %q", got.status, got.TextOf("main"))
	}
	if got := b.post(at, url.Values{"name": {"ann@contoso.com"}, "password": {"short"}, "again": {"short"}}); got.status != http.StatusUnprocessableEntity || got.TextOf("#about-password .invalid-feedback") == "" {
		h.t.Fatalf("a short password: %d %q", got.status, got.TextOf("main"))
	}
	got := b.post(at, url.Values{"name": {"ann@contoso.com"}, "displayName": {"Ann"}, "password": {password}, "again": {password}})
	if got.status != http.StatusSeeOther || got.location != "/" {
		h.t.Fatalf("redeem: %d to %q: %s", got.status, got.location, got.TextOf("main"))
	}
	if again := h.open().get(at); again.status != http.StatusGone {
		h.t.Errorf("a link that was used shows %d", again.status)
	}
	if strings.Contains(h.log.String(), link.Token) {
		h.t.Error("the log holds the token of the link")
	}
	return b
}

func TestTheSetUpLinkMakesTheFirstAdministrator(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	if text := h.open().get("/sign-in").TextOf("main"); !strings.Contains(text, "Nobody can sign in yet") {
		t.Errorf("the page to sign in at says %q", text)
	}
	b := h.settle()
	if text := b.get("/account").TextOf("main"); !strings.Contains(text, "ann@contoso.com") || !strings.Contains(text, "this one") {
		t.Errorf("the account says %q", text)
	}
	if got := b.get("/sign-in?return=//evil.example/"); got.status != http.StatusSeeOther || got.location != "/" {
		t.Errorf("whoever is signed in goes to %d %q", got.status, got.location)
	}
}

func TestPasswordsAreCheckedWithoutTellingNames(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.settle()
	b := h.open()
	if got := b.get("/account?x=1"); got.location != "/sign-in?return="+url.QueryEscape("/account?x=1") {
		t.Errorf("whoever is not signed in goes to %q", got.location)
	}
	wrong := b.post("/sign-in", url.Values{"name": {"ann@contoso.com"}, "password": {"wrong"}})
	unknown := b.post("/sign-in", url.Values{"name": {"nobody@contoso.com"}, "password": {"wrong"}})
	if wrong.status != http.StatusUnprocessableEntity || wrong.TextOf("[role=alert]") != unknown.TextOf("[role=alert]") || wrong.TextOf("[role=alert]") == "" {
		t.Errorf("a wrong password: %d %q; an unknown name: %q", wrong.status, wrong.TextOf("[role=alert]"), unknown.TextOf("[role=alert]"))
	}
	if strings.Contains(wrong.Text, `value="wrong"`) {
		t.Error("the page holds the password that was typed")
	}
	right := b.post("/sign-in", url.Values{"name": {"ANN@contoso.com"}, "password": {password}, "return": {"/account?x=1"}})
	if right.status != http.StatusSeeOther || right.location != "/account?x=1" || len(right.cookies) != 1 {
		t.Fatalf("signing in: %d to %q", right.status, right.location)
	}
	if c := right.cookies[0]; !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" {
		t.Errorf("the cookie is %s", c)
	}
	if got := b.get("/account"); got.status != http.StatusOK {
		t.Errorf("the account of whoever signed in: %d", got.status)
	}
	if got := b.post("/sign-out", nil); got.location != "/sign-in" || b.get("/account").status != http.StatusSeeOther {
		t.Errorf("signing out leads to %q", got.location)
	}
	var throttled answer
	for range 12 {
		throttled = h.open().post("/sign-in", url.Values{"name": {"ann@contoso.com"}, "password": {"wrong"}})
	}
	if throttled.status != http.StatusTooManyRequests || !strings.Contains(throttled.TextOf("[role=alert]"), "Too many attempts") {
		t.Errorf("after many attempts: %d %q", throttled.status, throttled.TextOf("[role=alert]"))
	}
}

func TestBehindHTTPSTheCookieIsForThisHostAlone(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.settle()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.server.URL+"/sign-in", strings.NewReader(url.Values{"name": {"ann@contoso.com"}, "password": {password}}.Encode()))
	h.must(err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("X-Forwarded-Proto", "https")
	response, err := h.open().client.Do(request)
	h.must(err)
	h.must(response.Body.Close())
	if cookies := response.Cookies(); len(cookies) != 1 || cookies[0].Name != "__Host-usher-session" || !cookies[0].Secure {
		t.Errorf("the cookies are %v", cookies)
	}
}

func TestAccountsChangePasswordsAndEndSessions(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := h.settle()
	other := h.open()
	other.post("/sign-in", url.Values{"name": {"ann@contoso.com"}, "password": {password}})
	if rows := b.get("/account").Count("tbody tr"); rows != 2 {
		t.Fatalf("%d sessions, want 2", rows)
	}
	if got := b.post("/account/sessions/revoke", url.Values{"all": {"on"}}); got.status != http.StatusSeeOther || other.get("/account").status != http.StatusSeeOther || b.get("/account").status != http.StatusOK {
		t.Errorf("ending the other sessions: %d", got.status)
	}
	const next = "another horse entirely"
	if got := b.post("/account/password", url.Values{"current": {"wrong"}, "password": {next}, "again": {next}}); got.status != http.StatusUnprocessableEntity || got.TextOf("#about-current .invalid-feedback") == "" {
		t.Errorf("a wrong present password: %d %s", got.status, got.TextOf("main"))
	}
	if got := b.post("/account/password", url.Values{"current": {password}, "password": {next}, "again": {next}}); got.status != http.StatusSeeOther {
		t.Errorf("changing the password: %d %s", got.status, got.TextOf("main"))
	}
	if got := other.post("/sign-in", url.Values{"name": {"ann@contoso.com"}, "password": {next}}); got.status != http.StatusSeeOther {
		t.Errorf("signing in with the new password: %d", got.status)
	}
}

func TestSigningInAtAProvider(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	issuer, server, err := authtest.Start(authtest.Config{
		Client: authtest.Client{ID: "usher", Secret: "secret", RedirectURLs: []string{h.server.URL + auth.OpenIDPath}},
		People: []authtest.Person{
			{Subject: "eve", Claims: map[string]any{"preferred_username": "eve@fabrikam.com", "name": "Eve", "groups": "operators"}},
			{Subject: "max", Claims: map[string]any{"preferred_username": "max@fabrikam.com"}},
		},
	})
	h.must(err)
	t.Cleanup(server.Close)
	h.settings.OpenID = store.OpenIDProvider{
		Issuer: issuer.URL, ClientID: "usher", ClientSecret: provisioning.NewSecret("secret"), Label: "Fabrikam", Claim: "groups", Roles: map[string]store.Role{"operators": store.RoleOperator},
	}
	visit := func(subject string) (browser, answer) {
		issuer.SignIn(subject)
		b := h.open()
		begin := b.get("/sign-in?return=/account").Attributes("a.btn", "href")
		if len(begin) == 0 {
			t.Fatal("no button of the provider")
		}
		away := b.get(begin[0])
		back := b.get(away.location)
		return b, b.get(back.location)
	}
	b, in := visit("eve")
	if in.status != http.StatusSeeOther || in.location != "/account" {
		t.Fatalf("coming back: %d to %q: %s", in.status, in.location, in.TextOf("main"))
	}
	if text := b.get("/account").TextOf("main"); !strings.Contains(text, "operator") || !strings.Contains(text, "You sign in by OpenID Connect") {
		t.Errorf("the account says %q", text)
	}
	if _, refused := visit("max"); refused.status != http.StatusUnprocessableEntity || refused.TextOf("[role=alert]") == "" {
		t.Errorf("somebody without a role: %d %q", refused.status, refused.TextOf("[role=alert]"))
	}
	if got := h.open().get(auth.OpenIDPath + "?code=x&state=y"); got.status != http.StatusUnprocessableEntity {
		t.Errorf("coming back without having gone: %d", got.status)
	}
}

// TestAFormFromElsewhereIsRefused posts what another site would have a browser post.
func TestAFormFromElsewhereIsRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := h.settle()
	b.get("/account") // shows the notice, so that no answer below ends its cookie
	for at, form := range map[string]url.Values{
		"/sign-in":                 {"name": {"ann@contoso.com"}, "password": {password}},
		"/sign-out":                {},
		"/account/password":        {"current": {password}, "password": {"another horse entirely"}, "again": {"another horse entirely"}},
		"/account/sessions/revoke": {},
	} {
		for name, header := range map[string]http.Header{
			"by its origin": {"Origin": {"https://evil.example"}}, "by the browser": {"Sec-Fetch-Site": {"cross-site"}}, "from a sibling": {"Sec-Fetch-Site": {"same-site"}},
		} {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.server.URL+at, strings.NewReader(form.Encode()))
			h.must(err)
			request.Header = header.Clone()
			request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			response, err := b.client.Do(request)
			h.must(err)
			h.must(response.Body.Close())
			if response.StatusCode != http.StatusForbidden || len(response.Cookies()) != 0 {
				t.Errorf("%s, told %s: %d", at, name, response.StatusCode)
			}
		}
	}
	if got := b.get("/account"); got.status != http.StatusOK {
		t.Errorf("the session afterwards: %d", got.status)
	}
}

func TestSigningInAndOutIsInTheAuditLog(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.settle()
	b := h.open()
	b.post("/sign-in", url.Values{"name": {"ann@contoso.com"}, "password": {"wrong"}})
	b.post("/sign-in", url.Values{"name": {"nobody@contoso.com"}, "password": {"wrong"}})
	b.post("/sign-in", url.Values{"name": {"ann@contoso.com"}, "password": {password}})
	if got := b.post("/account/sessions/revoke", nil); got.status != http.StatusUnprocessableEntity {
		t.Errorf("no session was chosen: %d", got.status)
	}
	b.post("/account/sessions/revoke", url.Values{"all": {"on"}})
	b.post("/sign-out", nil)
	var got []string
	for record, err := range h.store.Audits(t.Context(), 5) {
		h.must(err)
		got = append(got, record.Activity+" by "+record.Actor+": "+record.Detail)
	}
	const ann, here = " by ann@contoso.com (portal): ", ", from 127.0.0.1"
	want := []string{
		"Sign out" + ann, "Revoke all sessions" + ann, "Sign in" + ann + "with a password" + here, "Deny sign-in" + ann + "wrong password" + here, "Sign in" + ann + "with a link" + here,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestLinksForThoseWhoWereInvited(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.settle()
	by := auth.CommandLine("root")
	chosen := url.Values{"password": {password}, "again": {password}}
	link, err := h.people.Invite(t.Context(), by, auth.Invitation{Name: "ben@contoso.com", Role: store.RoleReader})
	h.must(err)
	if text := h.open().get(link.URL("")).TextOf("main"); !strings.Contains(text, "You were invited as ben@contoso.com, with the role reader") {
		t.Errorf("the link says %q", text)
	}
	b := h.open()
	if got := b.post(link.URL(""), chosen); got.status != http.StatusSeeOther || b.get("/account").status != http.StatusOK {
		t.Errorf("an invitation: %d %s", got.status, got.TextOf("main"))
	}
	link, err = h.people.NewLink(t.Context(), by, "ben@contoso.com")
	h.must(err)
	if got := h.open().post(link.URL(""), chosen); got.status != http.StatusSeeOther || b.get("/account").status != http.StatusSeeOther {
		t.Errorf("another password: %d; the session from before: %d", got.status, b.get("/account").status)
	}
	link, err = h.people.NewLink(t.Context(), by, "ben@contoso.com")
	h.must(err)
	ben, err := h.store.Administrator(t.Context(), "ben@contoso.com")
	h.must(err)
	h.must(h.people.Disable(t.Context(), by, ben.ID))
	b = h.open()
	if got := b.post(link.URL(""), chosen); got.status != http.StatusGone || b.get("/account").status != http.StatusSeeOther {
		t.Errorf("a link of somebody who is disabled: %d %s", got.status, got.TextOf("main"))
	}
}

func TestWithoutPasswordsTheProviderAloneIsOffered(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.settle()
	h.settings = store.SignInSettings{PasswordsOff: true, OpenID: store.OpenIDProvider{Issuer: "http://127.0.0.1:1", ClientID: "usher", Label: "Contoso", DefaultRole: store.RoleReader}}
	b := h.open()
	page := b.get("/sign-in?return=/account")
	if page.Count("input[type=password]") != 0 || page.TextOf("main a.btn") != "Sign in with Contoso" {
		t.Errorf("the page offers %q", page.TextOf("main"))
	}
	if got := b.post("/sign-in", url.Values{"name": {"ann@contoso.com"}, "password": {password}}); got.status != http.StatusUnprocessableEntity || !strings.Contains(got.TextOf("[role=alert]"), "turned off") {
		t.Errorf("a password all the same: %d %q", got.status, got.TextOf("[role=alert]"))
	}
	away := b.get(page.Attributes("main a.btn", "href")[0])
	if away.status != http.StatusUnprocessableEntity || !strings.Contains(away.TextOf("[role=alert]"), "does not give its discovery document") {
		t.Errorf("a provider that cannot be reached: %d %q", away.status, away.TextOf("[role=alert]"))
	}
	if again := away.Attributes("main a.btn", "href")[0]; !strings.Contains(again, url.QueryEscape("/account")) {
		t.Errorf("trying again leads to %s, not back to where somebody wanted to go", again)
	}
}
