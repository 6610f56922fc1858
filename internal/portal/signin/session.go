package signin

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/usher-id/usher/internal/auth"
	"github.com/usher-id/usher/internal/origin"
	"github.com/usher-id/usher/internal/portal/page"
)

// The names of the cookie that proves a session. Browsers keep one whose name begins
// with __Host- from every other host and from plain HTTP.
const (
	sessionCookie       = "usher-session"
	secureSessionCookie = "__Host-usher-session"
)

// openIDCookie carries what a sign-in at the provider has to remember.
const openIDCookie = "usher-openid"

// Authenticate returns what finds the visitor of a request by the cookie of their
// session.
func Authenticate(people *auth.People, from origin.Origin) page.Authenticate {
	return func(ctx context.Context, r *http.Request) (page.Visitor, error) {
		find := people.Visitor
		if page.Automatic(r) {
			find = people.Watcher
		}
		visitor, err := find(ctx, token(r, from))
		if errors.Is(err, auth.ErrNoSession) {
			return page.Visitor{}, page.ErrSignedOut
		}
		return page.Visitor(visitor), err
	}
}

func secure(r *http.Request, from origin.Origin) bool {
	return strings.HasPrefix(from.Of(r), "https://")
}

// token returns the token of the session that a request proves, empty for none.
func token(r *http.Request, from origin.Origin) string {
	name := sessionCookie
	if secure(r, from) {
		name = secureSessionCookie
	}
	cookie, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return cookie.Value
}

// cookie makes the cookie of a session; one without a token ends it.
func (a *Area) cookie(r *page.Request, session auth.Session) *http.Cookie {
	cookie := &http.Cookie{ //nolint:gosec // secure wherever the portal is reached encrypted
		Name: sessionCookie, Value: session.Token, Path: "/", Expires: session.Expires, HttpOnly: true, Secure: secure(r.HTTP, a.Origin), SameSite: http.SameSiteLaxMode,
	}
	if cookie.Secure {
		cookie.Name = secureSessionCookie
	}
	if session.Token == "" {
		cookie.MaxAge = -1
	}
	return cookie
}

// remember makes the cookie of a sign-in at the provider. It comes back with a redirect
// from the provider's site, so it must be lax. Without a value it ends.
func (a *Area) remember(r *page.Request, value string, expires time.Time) *http.Cookie {
	cookie := &http.Cookie{ //nolint:gosec // as above
		Name: openIDCookie, Value: value, Path: auth.OpenIDPath, Expires: expires, HttpOnly: true, Secure: secure(r.HTTP, a.Origin), SameSite: http.SameSiteLaxMode,
	}
	if value == "" {
		cookie.MaxAge = -1
	}
	return cookie
}

// device tells from where somebody signs in, and which session the new one replaces.
func (a *Area) device(r *page.Request) auth.Device {
	device := auth.DeviceOf(r.HTTP, a.Origin.TrustForwarded)
	device.Replaces = token(r.HTTP, a.Origin)
	return device
}
