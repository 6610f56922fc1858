package salesforcetest

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// authorization is what an authorization code stands for.
type authorization struct {
	user, clientID, redirect, challenge string
	made                                time.Time
}

// authorizations are the codes that wait for their exchange. Each works once.
type authorizations struct {
	mu    sync.Mutex
	codes map[string]authorization
}

// codeLife is how long an authorization code waits.
const codeLife = 15 * time.Minute

// add keeps an authorization and returns the code for it.
func (a *authorizations) add(made authorization) string {
	code := "aPrx" + rand.Text()
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.codes == nil {
		a.codes = map[string]authorization{}
	}
	a.codes[code] = made
	return code
}

// take exchanges a code, which then is gone.
func (a *authorizations) take(code string) (authorization, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	found, known := a.codes[code]
	delete(a.codes, code)
	return found, known && time.Since(found.made) <= codeLife
}

// authorize asks a person to sign in, and leads back to the client with a code. A
// password suffices here, as it does for a person in front of a browser; the
// security token is for APIs.
func (o *Org) authorize(c *call) *answer {
	form := c.form()
	app, refused := o.application(c, form, false)
	if refused != nil {
		return refused
	}
	target, err := url.Parse(form.Get("redirect_uri"))
	if err != nil || target.Scheme == "" || len(app.RedirectURIs) > 0 && !slices.Contains(app.RedirectURIs, form.Get("redirect_uri")) {
		return oauthFault("redirect_uri_mismatch", "redirect_uri must match configuration")
	}
	if form.Get("response_type") != "code" {
		return oauthFault("unsupported_response_type", "response type not supported")
	}
	if c.method != http.MethodPost {
		return signInForm(form, "")
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	user := o.userNamed(form.Get("username"))
	if user == nil || o.signIn(user.id).password == "" || o.signIn(user.id).password != form.Get("password") || o.checkUser(c, user) != nil {
		return signInForm(form, "Please check your username and password.")
	}
	code := o.authorizations.add(authorization{
		user: user.id, clientID: app.ClientID, redirect: form.Get("redirect_uri"), challenge: form.Get("code_challenge"), made: time.Now(),
	})
	query := target.Query()
	query.Set("code", code)
	if form.Has("state") {
		query.Set("state", form.Get("state"))
	}
	target.RawQuery = query.Encode()
	return &answer{status: http.StatusFound, header: http.Header{"Location": {target.String()}}}
}

// signInForm carries the parameters of the request along.
func signInForm(form url.Values, message string) *answer {
	parsed, err := template.New("form").Parse(`<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Sign in</title></head><body>
<h1>Sign in to the simulated org</h1><p>{{.Message}}</p><form method="post" action="/services/oauth2/authorize">
{{range $name, $value := .Fields}}<input type="hidden" name="{{$name}}" value="{{$value}}">
{{end}}<p><label>Username <input name="username" autocomplete="username"></label></p>
<p><label>Password <input name="password" type="password" autocomplete="current-password"></label></p><p><button>Sign in and allow</button></p></form></body></html>
`)
	if err != nil {
		return oauthFault("server_error", err.Error())
	}
	fields := map[string]string{}
	for name := range form {
		if name != "username" && name != "password" {
			fields[name] = form.Get(name)
		}
	}
	var page strings.Builder
	if err := parsed.Execute(&page, map[string]any{"Message": message, "Fields": fields}); err != nil {
		return oauthFault("server_error", err.Error())
	}
	return &answer{status: http.StatusOK, body: []byte(page.String()), contentType: "text/html; charset=utf-8"}
}

// codeGrant exchanges a code. It checks the proof key if the code has one (RFC 7636);
// an app that proves nothing must show its secret.
func (o *Org) codeGrant(c *call, form url.Values) *answer {
	app, refused := o.application(c, form, false)
	if refused != nil {
		return refused
	}
	found, known := o.authorizations.take(form.Get("code"))
	verifier := sha256.Sum256([]byte(form.Get("code_verifier")))
	switch {
	case !known || found.clientID != app.ClientID:
		return invalidGrant("expired authorization code")
	case found.redirect != form.Get("redirect_uri"):
		return oauthFault("redirect_uri_mismatch", "redirect_uri must match configuration")
	case found.challenge != "" && found.challenge != base64.RawURLEncoding.EncodeToString(verifier[:]):
		return invalidGrant("invalid code verifier")
	case found.challenge == "" && form.Get("client_secret") == "" && c.header.Get("Authorization") == "":
		return oauthFault("invalid_client", "invalid client credentials")
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.grant(c, o.tables["User"].get(found.user), o.sessions.addRefresh(refreshToken{user: found.user, clientID: app.ClientID}))
}

// IssueRefreshToken returns a refresh token of the first application for a
// user, as if that user had signed in with a browser; empty if there is no such user.
func (o *Org) IssueRefreshToken(username string) string {
	o.mu.RLock()
	defer o.mu.RUnlock()
	user := o.userNamed(username)
	if user == nil {
		return ""
	}
	return o.sessions.addRefresh(refreshToken{user: user.id, clientID: o.config.Applications[0].ClientID})
}
