package auth

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
)

// The errors of signing in people, besides *ThrottledError, *InputError and
// *OpenIDError. Their texts are for people.
var (
	ErrNoSession    = errors.New("nobody is signed in, or the session is over")
	ErrCredentials  = errors.New("the name or the password is wrong")
	ErrPasswordsOff = errors.New("signing in with a password is turned off")
	ErrLink         = errors.New("the link is not good any more: it was used, replaced, or is too old; ask for another one")
	ErrForbidden    = errors.New("this needs the role administrator")
	ErrLast         = errors.New("this is the last administrator with the role administrator who can sign in; add another one first")
)

// ThrottledError says that too many attempts failed.
type ThrottledError struct {
	RetryAfter time.Duration
}

// Error says how long to wait.
func (e *ThrottledError) Error() string {
	return fmt.Sprintf("too many attempts to sign in; try again in %s", e.RetryAfter.Round(time.Second)+time.Second)
}

// InputError says what is wrong with something that was typed.
type InputError struct {
	Field  string // name, displayName, role, password or current
	Reason string // for people
}

// Error returns the reason.
func (e *InputError) Error() string { return e.Reason }

// PeopleStore is what signing in people needs of the database.
type PeopleStore interface {
	store.People
	store.ServiceKeys

	// Audit writes to the audit log.
	Audit(ctx context.Context, audit journal.Audit) error
}

// PeopleConfig is what signing in people needs of the rest of the program.
type PeopleConfig struct {
	Store    PeopleStore
	Settings func() store.SignInSettings // as they are now; nil: the defaults
	Log      *slog.Logger                // nil: nothing is logged
	Cost     PasswordCost                // zero: DefaultPasswordCost
	Client   *http.Client                // talks to the OpenID provider; nil: one with limits
}

// People signs in administrators and keeps their sessions. Its methods are safe for
// concurrent use.
type People struct {
	PeopleConfig

	hasher    *hasher
	names     *throttle
	addresses *throttle

	mutex     sync.Mutex
	cookieKey []byte // nil until it was needed
	provider  knownProvider
}

// NewPeople makes the sign-in of people. It does no I/O.
func NewPeople(config PeopleConfig) (*People, error) {
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	if config.Settings == nil {
		config.Settings = func() store.SignInSettings { return store.SignInSettings{} }
	}
	if config.Client == nil {
		config.Client = newProviderClient()
	}
	hasher, err := newHasher(config.Cost)
	if err != nil {
		return nil, err
	}
	// A whole office may share an address, and nobody can be kept out for longer than a
	// minute by others who fail in their name.
	return &People{PeopleConfig: config, hasher: hasher, names: newThrottle(5, time.Minute), addresses: newThrottle(20, time.Minute)}, nil
}

// Visitor is who is signed in to the portal.
type Visitor struct {
	ID          string // of the administrator; empty for whoever uses the command line
	Name        string
	DisplayName string
	Role        store.Role
	SessionID   string
}

// CommandLine is whoever uses the command line on the machine that has the database:
// they may do everything.
func CommandLine(name string) Visitor {
	return Visitor{Name: name, DisplayName: name, Role: store.RoleAdministrator}
}

// Actor names the visitor in the audit log, such as "ann@contoso.com (portal)".
func (v Visitor) Actor() string {
	if v.ID == "" {
		return v.Name
	}
	return v.Name + " (portal)"
}

func visitorOf(a store.Administrator, sessionID string) Visitor {
	return Visitor{ID: a.ID, Name: a.Name, DisplayName: a.DisplayName, Role: a.Role, SessionID: sessionID}
}

// Session is what somebody who signed in gets.
type Session struct {
	Token   string    // proves the session: for the cookie, and for nothing else
	Expires time.Time // it ends then at the latest
	Visitor
}

// Device is from where somebody signs in.
type Device struct {
	Address   string // IP address
	UserAgent string
	Replaces  string // token of a session that the new one takes the place of; empty for none
}

// maxUserAgent is how much of a user agent is kept.
const maxUserAgent = 300

// DeviceOf returns from where a request comes; behind a proxy that is trusted, from
// where the proxy says.
func DeviceOf(r *http.Request, trustForwarded bool) Device {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	if forwarded := r.Header.Values("X-Forwarded-For"); trustForwarded && len(forwarded) > 0 {
		// The last one is what the proxy itself saw.
		all := strings.Split(forwarded[len(forwarded)-1], ",")
		if address, err := netip.ParseAddr(strings.TrimSpace(all[len(all)-1])); err == nil {
			host = address.String()
		}
	}
	return Device{Address: host, UserAgent: strings.ToValidUTF8(r.UserAgent()[:min(len(r.UserAgent()), maxUserAgent)], "")}
}

// from says where somebody is, for the audit log.
func (d Device) from() string {
	if d.Address == "" {
		return ""
	}
	return ", from " + d.Address
}

// network is what is throttled of an address: an IPv6 customer has at least 64 bits of
// addresses.
func (d Device) network() string {
	address, err := netip.ParseAddr(d.Address)
	if err != nil || address.Unmap().Is4() {
		return d.Address
	}
	prefix, err := address.WithZone("").Prefix(64)
	if err != nil {
		return d.Address
	}
	return prefix.String()
}

// newToken makes a token of 256 random bits and the hash that is kept of it; see
// NewSecret for why a plain hash does.
func newToken() (token, hash string, err error) {
	random := make([]byte, 32)
	if _, err := rand.Read(random); err != nil {
		return "", "", fmt.Errorf("make a token: %w", err)
	}
	token = base64.RawURLEncoding.EncodeToString(random)
	return token, hashSecret(token), nil
}

// moment is now, as precisely as it is kept.
func moment() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// SignIn signs in with a password. The error is ErrCredentials, whatever of the two is
// wrong, ErrPasswordsOff, a *ThrottledError, or that of the database.
func (p *People) SignIn(ctx context.Context, name, password string, from Device) (Session, error) {
	if p.Settings().PasswordsOff {
		return Session{}, ErrPasswordsOff
	}
	nameKey, now := strings.ToLower(strings.TrimSpace(name)), time.Now()
	if err := p.throttled(nameKey, from, now); err != nil {
		return Session{}, err
	}
	administrator, err := p.Store.Administrator(ctx, nameKey)
	switch {
	case errors.Is(err, store.ErrNotFound), err == nil && strings.ToLower(administrator.Name) != nameKey: // an id is not a name
		administrator = store.Administrator{}
	case err != nil:
		return Session{}, err
	}
	match, cheap, err := p.hasher.matches(ctx, administrator.PasswordHash, password)
	if err != nil {
		return Session{}, err
	}
	if !match || administrator.Disabled() {
		return Session{}, p.denied(ctx, administrator, from, match)
	}
	p.names.forget(nameKey)
	p.addresses.undo(from.network(), now)
	if cheap {
		if err := p.rehash(ctx, administrator, password); err != nil {
			return Session{}, err
		}
	}
	return p.begin(ctx, administrator, from, "with a password")
}

// throttled counts an attempt to sign in, or is a *ThrottledError.
func (p *People) throttled(nameKey string, from Device, now time.Time) error {
	if network := from.network(); network != "" {
		if wait := p.addresses.take(network, now); wait > 0 {
			return &ThrottledError{RetryAfter: wait}
		}
	}
	if wait := p.names.take(nameKey, now); wait > 0 {
		return &ThrottledError{RetryAfter: wait}
	}
	return nil
}

// denied writes a sign-in that failed to the audit log. One with a name that nobody has
// is logged without it: people type passwords into the wrong field.
func (p *People) denied(ctx context.Context, administrator store.Administrator, from Device, match bool) error {
	if administrator.ID == "" {
		p.Log.WarnContext(ctx, "sign-in with a name that nobody has", "address", from.Address)
		return ErrCredentials
	}
	detail := "wrong password"
	switch {
	case match:
		detail = "the administrator is disabled"
	case administrator.PasswordHash.IsZero():
		detail = "the administrator has no password"
	}
	err := p.Store.Audit(ctx, journal.Audit{
		Activity: "Deny sign-in", Actor: visitorOf(administrator, "").Actor(), Subject: administrator.Name, Detail: detail + from.from(),
	})
	return errors.Join(ErrCredentials, err)
}

// rehash keeps a password with the cost that there is now.
func (p *People) rehash(ctx context.Context, administrator store.Administrator, password string) error {
	hash, err := p.hasher.hash(ctx, password)
	if err != nil {
		return err
	}
	return p.Store.UpdateAdministrator(ctx, administrator.ID, func(a store.Administrator) (store.Administrator, []journal.Audit, error) {
		if a.PasswordHash == administrator.PasswordHash {
			a.PasswordHash = hash
		}
		return a, nil, nil
	})
}

// begin begins a session of somebody who proved who they are.
func (p *People) begin(ctx context.Context, administrator store.Administrator, from Device, how string) (Session, error) {
	token, hash, err := newToken()
	if err != nil {
		return Session{}, err
	}
	now, settings := moment(), p.Settings()
	kept := store.Session{
		ID: uuid.NewString(), AdministratorID: administrator.ID, CreatedAt: now, SeenAt: now,
		IdleAt: now.Add(min(settings.Idle(), settings.Lifetime())), ExpiresAt: now.Add(settings.Lifetime()), Address: from.Address, UserAgent: from.UserAgent,
	}
	visitor := visitorOf(administrator, kept.ID)
	err = p.Store.AddSession(ctx, hash, kept, journal.Audit{Activity: "Sign in", Actor: visitor.Actor(), Subject: administrator.Name, Detail: how + from.from()})
	switch {
	case errors.Is(err, store.ErrConflict), errors.Is(err, store.ErrNotFound):
		return Session{}, ErrCredentials // disabled or removed meanwhile
	case err != nil:
		return Session{}, err
	}
	if _, err := p.Store.RemoveEndedSessions(ctx, now); err != nil {
		return Session{}, err
	}
	if err := p.replace(ctx, from.Replaces); err != nil {
		return Session{}, err
	}
	return Session{Token: token, Expires: kept.ExpiresAt, Visitor: visitor}, nil
}

// replace ends the session that a new one takes the place of.
func (p *People) replace(ctx context.Context, token string) error {
	if token == "" {
		return nil
	}
	before, _, err := p.Store.SessionByHash(ctx, hashSecret(token))
	if err == nil {
		err = p.Store.RemoveSession(ctx, before.ID)
	}
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

// seenEvery is how often the use of a session is written down.
const seenEvery = time.Minute

// Visitor returns whose session a token proves, with the role that they have now. The
// error is ErrNoSession, or that of the database.
func (p *People) Visitor(ctx context.Context, token string) (Visitor, error) {
	return p.visitor(ctx, token, true)
}

// Watcher is Visitor for what a page asks by itself, such as a stream of events: it is no
// use of the session, which goes idle meanwhile.
func (p *People) Watcher(ctx context.Context, token string) (Visitor, error) {
	return p.visitor(ctx, token, false)
}

func (p *People) visitor(ctx context.Context, token string, uses bool) (Visitor, error) {
	if token == "" {
		return Visitor{}, ErrNoSession
	}
	session, administrator, err := p.Store.SessionByHash(ctx, hashSecret(token))
	now := moment()
	switch {
	case errors.Is(err, store.ErrNotFound):
		return Visitor{}, ErrNoSession
	case err != nil:
		return Visitor{}, err
	case session.Ended(now), administrator.Disabled():
		return Visitor{}, ErrNoSession
	}
	if uses && now.Sub(session.SeenAt) >= seenEvery {
		err := p.Store.TouchSession(ctx, session.ID, now, now.Add(p.Settings().Idle()))
		if errors.Is(err, store.ErrNotFound) {
			return Visitor{}, ErrNoSession // it was ended this moment
		}
		if err != nil {
			return Visitor{}, err
		}
	}
	return visitorOf(administrator, session.ID), nil
}

// SignOut ends the session that a token proves. There being none is no error.
func (p *People) SignOut(ctx context.Context, token string) error {
	visitor, err := p.Visitor(ctx, token)
	if errors.Is(err, ErrNoSession) {
		return p.replace(ctx, token)
	}
	if err != nil {
		return err
	}
	err = p.Store.RemoveSession(ctx, visitor.SessionID, journal.Audit{Activity: "Sign out", Actor: visitor.Actor(), Subject: visitor.Name})
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}
