package salesforce

import (
	"context"
	"net/http"
	"net/url"
	"sync/atomic"

	"github.com/usher-id/usher/connector"
)

// session is what a sign-in gives.
type session struct {
	token        string
	base         *url.URL // scheme and host of everything after the sign-in
	version      string   // of the REST API: "64.0"
	userID       string
	organization string // id
	username     string // empty when the sign-in does not tell
	sandbox      bool   // meaningful with told
	told         bool   // the sign-in says whether the org is a sandbox
}

// url returns the address of a resource of the REST API.
func (s session) url(resource, query string) *url.URL {
	u := *s.base
	u.Path, u.RawQuery = "/services/data/v"+s.version+resource, query
	return &u
}

// authority holds the session and lets one goroutine at a time renew it.
type authority struct {
	turn    chan struct{} // of size 1: who holds it may sign in
	current atomic.Pointer[session]

	// Guarded by turn. Refused credentials stay refused: trying them again and again
	// locks the user out.
	refused *connector.Error
}

func newAuthority() *authority { return &authority{turn: make(chan struct{}, 1)} }

// token returns the current token, empty before the sign-in.
func (a *authority) token() string {
	if s := a.current.Load(); s != nil {
		return s.token
	}
	return ""
}

// session returns the session, signing in when there is none. A session that
// the caller found to be expired is stale, and is renewed unless somebody else
// did so meanwhile.
func (c *client) session(ctx context.Context, stale string) (session, error) {
	if s := c.authority.current.Load(); s != nil && s.token != stale {
		return *s, nil
	}
	select {
	case c.authority.turn <- struct{}{}:
		defer func() { <-c.authority.turn }()
	case <-ctx.Done():
		return session{}, c.own(codeTimeout, "stopped while another goroutine was signing in", ctx.Err())
	}
	if s := c.authority.current.Load(); s != nil && s.token != stale {
		return *s, nil
	}
	if c.authority.refused != nil {
		return session{}, c.authority.refused
	}
	return c.renew(ctx)
}

// fresh signs in whatever session there is, to find out whether the credentials
// work.
func (c *client) fresh(ctx context.Context) (session, error) {
	select {
	case c.authority.turn <- struct{}{}:
		defer func() { <-c.authority.turn }()
	case <-ctx.Done():
		return session{}, c.own(codeTimeout, "stopped while another goroutine was signing in", ctx.Err())
	}
	c.authority.refused = nil
	var s session
	err := c.patiently(ctx, func() error {
		var err error
		s, err = c.renew(ctx)
		return err
	})
	return s, err
}

// renew signs in and finds the version. The caller has the turn and the patience.
func (c *client) renew(ctx context.Context) (session, error) {
	s, err := c.signIn(ctx)
	if err != nil {
		if connector.KindOf(err) == connector.Unauthorized {
			c.authority.refused = asError(err)
			c.authority.current.Store(nil)
		}
		return session{}, err
	}
	old := c.authority.current.Load()
	switch {
	case c.options.Version != "":
		s.version = c.options.Version
	case old != nil && *old.base == *s.base:
		s.version = old.version
	default:
		if s.version, err = c.negotiate(ctx, s.base); err != nil {
			return session{}, err
		}
	}
	c.authority.current.Store(&s)
	return s, nil
}

// signIn signs in once, the way that the credentials ask for.
func (c *client) signIn(ctx context.Context) (session, error) {
	if c.account.method == methodPassword {
		return c.soapLogin(ctx)
	}
	return c.oauthLogin(ctx)
}

// instance returns scheme and host of the address that a sign-in gave, if
// sessions may be sent there.
func (c *client) instance(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err == nil && u.Host != "" {
		u, err = secureBase(u)
	}
	if err != nil || u.Host == "" {
		return nil, c.own(codeWrongHost, "the sign-in leads to an address that a session must not be sent to", err)
	}
	return u, nil
}

// call makes one request to the org with a session: it signs in when needed, and
// once more when the session has expired, which means that nothing happened. The
// answer is a success.
func (c *client) call(ctx context.Context, build func(session) request) (answer, error) {
	stale := ""
	for {
		s, err := c.session(ctx, stale)
		if err != nil {
			return answer{}, err
		}
		r := build(s)
		r.token = s.token
		a, err := c.send(ctx, r)
		if err != nil {
			return answer{}, err
		}
		switch {
		case a.ok(), a.same() && r.since != "":
			return a, nil
		case a.status == http.StatusUnauthorized && stale == "":
			stale = s.token
		default:
			return answer{}, c.refusal(r, a)
		}
	}
}
