package auth_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/usher-id/usher/internal/auth"
	"github.com/usher-id/usher/internal/auth/authtest"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/provisioning"
)

const (
	redirectURL  = "https://usher.example/sign-in/openid"
	clientCanary = "Canary-Client-Secret-c41d"
)

// guests are whom the issuer of the tests knows.
func guests() []authtest.Person {
	return []authtest.Person{
		{Subject: "s-ann", Claims: map[string]any{"preferred_username": "ann@fabrikam.com", "name": "Ann Fabrikam", "groups": []string{"staff", "usher-admins", "usher-readers"}}},
		{Subject: "s-bob", Claims: map[string]any{"email": "bob@fabrikam.com", "groups": []string{"staff"}}},
		{Subject: "s-eve", Claims: map[string]any{"preferred_username": "eve@fabrikam.com", "groups": "usher-operators"}},
		{Subject: "s-kim", Claims: map[string]any{"name": "Kim"}, Hidden: map[string]any{"preferred_username": "kim@fabrikam.com", "groups": []string{"usher-readers"}}},
		{Subject: "s-max", Claims: map[string]any{"preferred_username": "max@fabrikam.com", "_claim_names": map[string]any{"groups": "src1"}, "_claim_sources": map[string]any{"src1": map[string]any{"endpoint": "https://graph.example"}}}},
	}
}

// embassy is an office that knows an OpenID provider.
type embassy struct {
	*office

	issuer *authtest.Issuer
}

func newEmbassy(t *testing.T) *embassy {
	t.Helper()
	issuer, server, err := authtest.Start(authtest.Config{
		Client: authtest.Client{ID: "usher", Secret: clientCanary, RedirectURLs: []string{redirectURL}}, People: guests(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	e := &embassy{office: newOffice(t), issuer: issuer}
	e.settings.OpenID = store.OpenIDProvider{
		Issuer: issuer.URL, ClientID: "usher", ClientSecret: provisioning.NewSecret(clientCanary), Claim: "groups",
		Roles: map[string]store.Role{"usher-admins": store.RoleAdministrator, "usher-operators": store.RoleOperator, "usher-readers": store.RoleReader},
	}
	return e
}

// goes sends a browser to the provider and returns the cookie and what it comes back
// with.
func (e *embassy) goes(subject string) (cookie string, query url.Values) {
	e.t.Helper()
	e.issuer.SignIn(subject)
	start, err := e.BeginOpenID(e.t.Context(), redirectURL, "/next")
	e.must(err)
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	request, err := http.NewRequestWithContext(e.t.Context(), http.MethodGet, start.URL, nil)
	e.must(err)
	response, err := browser.Do(request)
	e.must(err)
	e.must(response.Body.Close())
	location, err := response.Location()
	e.must(err)
	if got, _, _ := strings.Cut(location.String(), "?"); got != redirectURL {
		e.t.Fatalf("the provider sends the browser to %s", location)
	}
	return start.Cookie, location.Query()
}

// comes signs somebody in with the provider.
func (e *embassy) comes(subject string) (auth.Session, error) {
	e.t.Helper()
	cookie, query := e.goes(subject)
	session, next, err := e.CompleteOpenID(e.t.Context(), cookie, query, desk())
	if next != "/next" {
		e.t.Errorf("next is %q", next)
	}
	return session, err
}

func (e *embassy) wantRefusal(err error, want string) {
	e.t.Helper()
	if refused, ok := errors.AsType[*auth.OpenIDError](err); !ok || !strings.Contains(refused.Error(), want) {
		e.t.Errorf("error %v, want one about %q", err, want)
	}
	if err != nil && strings.Contains(err.Error(), clientCanary) {
		e.t.Errorf("the error shows the client secret: %v", err)
	}
}

func TestWhoComesByOpenIDBecomesAnAdministratorInTheRoleOfTheClaims(t *testing.T) {
	t.Parallel()
	e := newEmbassy(t)
	for subject, want := range map[string]auth.Visitor{
		"s-ann": {Name: "ann@fabrikam.com", DisplayName: "Ann Fabrikam", Role: store.RoleAdministrator}, // the greatest of several
		"s-eve": {Name: "eve@fabrikam.com", DisplayName: "eve@fabrikam.com", Role: store.RoleOperator},  // a claim that is a text
		"s-kim": {Name: "kim@fabrikam.com", DisplayName: "Kim", Role: store.RoleReader},                 // from the user info endpoint
	} {
		session, err := e.comes(subject)
		e.must(err)
		got := session.Visitor
		got.ID, got.SessionID = "", ""
		if got != want {
			t.Errorf("%s is %+v, want %+v", subject, got, want)
		}
		e.wantVisitor(session.Token, want.Role)
		again, err := e.comes(subject)
		e.must(err)
		if again.ID != session.ID || again.Token == session.Token {
			t.Errorf("%s comes again as %v", subject, again.Visitor)
		}
	}
	everybody, err := e.Administrators(t.Context())
	if err != nil || len(everybody) != 3 {
		t.Errorf("administrators %v, error %v", everybody, err)
	}
}

func TestWhoHasNoRoleAtTheProviderIsRefused(t *testing.T) {
	t.Parallel()
	e := newEmbassy(t)
	_, err := e.comes("s-bob")
	e.wantRefusal(err, "no value of the claim groups gives bob@fabrikam.com a role here")
	_, err = e.comes("s-max")
	e.wantRefusal(err, "too many groups")
	denied := e.audits()[1]
	if denied.Activity != "Deny sign-in" || !strings.HasPrefix(denied.Actor, "bob@fabrikam.com (subject s-bob of http://") {
		t.Errorf("audit %+v", denied)
	}
	e.settings.OpenID.DefaultRole = store.RoleReader
	session, err := e.comes("s-bob")
	if err != nil || session.Role != store.RoleReader {
		t.Errorf("with a default role: %v, error %v", session.Visitor, err)
	}
	if everybody, err := e.Administrators(t.Context()); err != nil || len(everybody) != 1 {
		t.Errorf("administrators %v, error %v", everybody, err)
	}
}

func TestTheRoleFollowsTheClaimsAtEachSignIn(t *testing.T) {
	t.Parallel()
	e := newEmbassy(t)
	ann, err := e.comes("s-ann")
	e.must(err)
	claims := func(groups ...string) {
		e.issuer.Change(func(c *authtest.Config) { c.People[0].Claims["groups"] = groups })
	}
	claims("usher-readers")
	kept, err := e.comes("s-ann")
	if err != nil || kept.Role != store.RoleAdministrator {
		t.Errorf("the last administrator is %v, error %v", kept.Visitor, err)
	}
	if audit := e.audits()[1]; audit.Activity != "Keep role of the last administrator" {
		t.Errorf("audit %+v", audit)
	}
	e.join(auth.CommandLine("root"), "root@contoso.com", store.RoleAdministrator)
	reader, err := e.comes("s-ann")
	if err != nil || reader.Role != store.RoleReader {
		t.Errorf("demoted to %v, error %v", reader.Visitor, err)
	}
	e.wantVisitor(ann.Token, store.RoleReader)
	if _, ok := errors.AsType[*auth.InputError](e.SetRole(t.Context(), auth.CommandLine("root"), ann.ID, store.RoleOperator)); !ok {
		t.Error("a role that comes from the provider can be set here")
	}
	claims("staff")
	_, err = e.comes("s-ann")
	e.wantRefusal(err, "no value of the claim groups")
	e.wantVisitor(ann.Token, "") // out everywhere
	claims("usher-admins")
	e.must(e.Disable(t.Context(), auth.CommandLine("root"), ann.ID))
	_, err = e.comes("s-ann")
	e.wantRefusal(err, "is disabled")
}

func TestANameProvesNothing(t *testing.T) {
	t.Parallel()
	e := newEmbassy(t)
	link, err := e.Invite(t.Context(), auth.CommandLine("root"), auth.Invitation{Name: "Ann@Fabrikam.com", Role: store.RoleAdministrator})
	e.must(err)
	_, err = e.comes("s-ann")
	e.wantRefusal(err, "a name alone proves nothing")
	_, err = e.Redeem(t.Context(), link.Token, auth.Redemption{Password: goodPassword}, desk())
	e.must(err)
	_, err = e.comes("s-ann")
	e.wantRefusal(err, "a name alone proves nothing")
}

func TestAnAnswerThatDoesNotBelongToTheSignInIsRefused(t *testing.T) {
	t.Parallel()
	e := newEmbassy(t)
	cookie, query := e.goes("s-ann")
	another, _ := e.goes("s-ann")
	with := func(name, value string) url.Values {
		changed := url.Values{}
		for key := range query {
			changed.Set(key, query.Get(key))
		}
		changed.Set(name, value)
		return changed
	}
	for _, test := range []struct {
		name, cookie string
		query        url.Values
		want         string
	}{
		{"no cookie", "", query, "began no sign-in"},
		{"an altered cookie", cookie[:len(cookie)-4] + "AAAA", query, "not one of this service"},
		{"a made-up cookie", "e30", query, "not one of this service"},
		{"the cookie of another sign-in", another, query, "does not belong to this sign-in"},
		{"another state", cookie, with("state", "x"), "does not belong to this sign-in"},
		{"another issuer", cookie, with("iss", "https://evil.example"), "comes from another OpenID provider"},
		{"a refusal", cookie, with("error", "access_denied"), "access_denied"},
		{"no code", cookie, with("code", ""), "holds no code"},
		{"a made-up code", cookie, with("code", "x"), "invalid_grant"},
	} {
		_, _, err := e.CompleteOpenID(t.Context(), test.cookie, test.query, desk())
		t.Log(test.name)
		e.wantRefusal(err, test.want)
	}
	_, _, err := e.CompleteOpenID(t.Context(), cookie, query, desk())
	e.must(err)
	_, _, err = e.CompleteOpenID(t.Context(), cookie, query, desk())
	e.wantRefusal(err, "invalid_grant") // a code is good once
	cookie, query = e.goes("deny")
	_, _, err = e.CompleteOpenID(t.Context(), cookie, query, desk())
	e.wantRefusal(err, "access_denied: The person said no.")
}

func TestATokenThatIsNotRightIsRefused(t *testing.T) {
	t.Parallel()
	e := newEmbassy(t)
	for _, test := range []struct {
		name   string
		change func(c *authtest.Config)
		want   string
	}{
		{"another nonce", func(c *authtest.Config) { c.Alter = func(m jwt.MapClaims) { m["nonce"] = "x" } }, "belongs to another sign-in"},
		{"another audience", func(c *authtest.Config) { c.Alter = func(m jwt.MapClaims) { m["aud"] = "other" } }, "not valid"},
		{"another issuer", func(c *authtest.Config) { c.Alter = func(m jwt.MapClaims) { m["iss"] = "https://evil.example" } }, "not valid"},
		{"no subject", func(c *authtest.Config) { c.Alter = func(m jwt.MapClaims) { delete(m, "sub") } }, "names no subject"},
		{"an old one", func(c *authtest.Config) {
			c.Alter = func(m jwt.MapClaims) { m["exp"] = time.Now().Add(-3 * time.Minute).Unix() }
		}, "the clocks of the OpenID provider and of Usher differ"},
		{"signed by nobody", func(c *authtest.Config) {
			c.Sign = func(m jwt.MapClaims) string {
				text, err := jwt.NewWithClaims(jwt.SigningMethodNone, m).SignedString(jwt.UnsafeAllowNoneSignatureType)
				e.must(err)
				return text
			}
		}, "not valid"},
		{"signed with the client secret", func(c *authtest.Config) {
			c.Sign = func(m jwt.MapClaims) string {
				text, err := jwt.NewWithClaims(jwt.SigningMethodHS256, m).SignedString([]byte(clientCanary))
				e.must(err)
				return text
			}
		}, "not valid"},
		{"another client secret", func(c *authtest.Config) { c.Client.Secret = "other" }, "does not know the client id with this secret"},
	} {
		e.issuer.Change(func(c *authtest.Config) {
			c.Alter, c.Sign, c.Client.Secret = nil, nil, clientCanary
			test.change(c)
		})
		_, err := e.comes("s-ann")
		t.Log(test.name)
		e.wantRefusal(err, test.want)
	}
	if everybody, err := e.Administrators(t.Context()); err != nil || len(everybody) != 0 {
		t.Errorf("administrators %v, error %v", everybody, err)
	}
	e.issuer.Change(func(c *authtest.Config) {
		c.Client.Secret = clientCanary
		c.Clock = func() time.Time { return time.Now().Add(90 * time.Second) } // within the skew
		c.Alter = func(m jwt.MapClaims) { m["exp"] = time.Now().Add(-90 * time.Second).Unix() }
	})
	_, err := e.comes("s-ann")
	e.must(err)
}

func TestAProviderThatIsNotThereIsAClearError(t *testing.T) {
	t.Parallel()
	e := newEmbassy(t)
	e.must(e.CheckOpenID(t.Context(), e.settings.OpenID))
	e.settings.OpenID.Issuer += "/nowhere"
	_, err := e.BeginOpenID(t.Context(), redirectURL, "/")
	e.wantRefusal(err, "does not give its discovery document")
	e.wantRefusal(e.CheckOpenID(t.Context(), store.OpenIDProvider{Issuer: "http://127.0.0.1:1"}), "does not give its discovery document")
	e.settings.OpenID = store.OpenIDProvider{}
	_, err = e.BeginOpenID(t.Context(), redirectURL, "/")
	e.wantRefusal(err, "no OpenID provider")
}

func TestWithoutAClaimTheRoleIsSetHere(t *testing.T) {
	t.Parallel()
	e := newEmbassy(t)
	e.settings.OpenID.Claim, e.settings.OpenID.DefaultRole = "", store.RoleReader
	root := e.join(auth.CommandLine("root"), "root@contoso.com", store.RoleAdministrator)
	ann, err := e.comes("s-ann")
	if err != nil || ann.Role != store.RoleReader {
		t.Fatalf("a newcomer is %v, error %v", ann.Visitor, err)
	}
	e.must(e.SetRole(t.Context(), root.Visitor, ann.ID, store.RoleOperator))
	again, err := e.comes("s-ann")
	if err != nil || again.Role != store.RoleOperator {
		t.Errorf("comes again as %v, error %v", again.Visitor, err)
	}
}

func TestAClaimMayBeAPath(t *testing.T) {
	t.Parallel()
	e := newEmbassy(t)
	e.settings.OpenID.Claim = "realm_access.roles"
	e.issuer.Change(func(c *authtest.Config) {
		c.People[0].Claims["realm_access"] = map[string]any{"roles": []any{7, "usher-operators"}}
	})
	session, err := e.comes("s-ann")
	if err != nil || session.Role != store.RoleOperator {
		t.Errorf("%v, error %v", session.Visitor, err)
	}
	_, err = e.comes("s-eve")
	e.wantRefusal(err, "its tokens have no claim realm_access.roles")
}
