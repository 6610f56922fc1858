package salesforcetest

import (
	"crypto/rand"
	"maps"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/usher-id/usher/connector/salesforce/unconfirmed"
)

// sessions are the access tokens that are valid. It has a lock of its own.
type sessions struct {
	mu      sync.Mutex
	byToken map[string]*session
	byUser  map[string]string // the session that all SOAP logins of a user share
	refresh map[string]refreshToken
}

type session struct {
	token, user string
	last        time.Time
	timeout     time.Duration
	// restricted sessions may only set a new password.
	restricted bool
}

type refreshToken struct{ user, clientID string }

// token makes a session id: 15 characters of the org, "!", and random ones.
func (o *Org) token() string {
	return o.id[:15] + "!AQ4AQ" + rand.Text() + "." + rand.Text() + rand.Text()
}

// open starts a session. Logins that share get the session that is there: SOAP
// logins of one user do, so that a logout of one client ends the others (SOAP API
// Developer Guide, logout). OAuth gives each its own.
func (o *Org) open(user string, shared, restricted bool, timeout time.Duration) *session {
	s := &o.sessions
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byToken == nil {
		s.byToken, s.byUser = map[string]*session{}, map[string]string{}
	}
	now := time.Now()
	if known := s.byToken[s.byUser[user]]; shared && known != nil && known.alive(now) && known.restricted == restricted {
		known.last = now
		return known
	}
	opened := &session{token: o.token(), user: user, last: now, timeout: timeout, restricted: restricted}
	s.byToken[opened.token] = opened
	if shared {
		s.byUser[user] = opened.token
	}
	return opened
}

// alive tells whether the session was used recently enough.
func (s *session) alive(now time.Time) bool { return now.Sub(s.last) <= s.timeout }

// use finds the session of a token. The stamp of the last use moves only in the
// second half of the session's life.
func (s *sessions) use(token string) (user string, restricted, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, now := s.byToken[token], time.Now()
	if found == nil {
		return "", false, false
	}
	if !found.alive(now) {
		delete(s.byToken, token)
		return "", false, false
	}
	if now.Sub(found.last) > found.timeout/2 {
		found.last = now
	}
	return found.user, found.restricted, true
}

// end closes one session and tells whether it was open.
func (s *sessions) end(token string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, open := s.byToken[token]
	delete(s.byToken, token)
	if _, refresh := s.refresh[token]; refresh {
		delete(s.refresh, token)
		return true
	}
	return open
}

// endSessions closes every session of a user.
func (o *Org) endSessions(user string) {
	s := &o.sessions
	s.mu.Lock()
	defer s.mu.Unlock()
	for token, open := range s.byToken {
		if open.user == user {
			delete(s.byToken, token)
		}
	}
}

// endAll closes every session; refresh tokens stay unless forget is set.
func (s *sessions) endAll(forget bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.byToken)
	if forget {
		clear(s.refresh)
	}
}

// addRefresh keeps a refresh token and returns its text.
func (s *sessions) addRefresh(token refreshToken) string {
	text := "5Aep861" + rand.Text() + rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refresh == nil {
		s.refresh = map[string]refreshToken{}
	}
	s.refresh[text] = token
	return text
}

// findRefresh looks a refresh token up.
func (s *sessions) findRefresh(text string) (refreshToken, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	token, ok := s.refresh[text]
	return token, ok
}

// refreshTokens copies the refresh tokens, by their texts.
func (s *sessions) refreshTokens() map[string]refreshToken {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.refresh)
}

// setRefreshTokens replaces the refresh tokens.
func (s *sessions) setRefreshTokens(tokens map[string]refreshToken) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refresh = tokens
}

// sessionExpired is also the answer for tokens that never were valid.
func sessionExpired() *apiError {
	return newError(http.StatusUnauthorized, "INVALID_SESSION_ID", "Session expired or invalid")
}

// signInFault is why somebody cannot sign in.
type signInFault struct{ code, message, oauth string }

// checkUser tells whether a user may sign in at all, now and from there.
func (o *Org) checkUser(c *call, user *record) *signInFault {
	s := o.signIn(user.id)
	switch {
	case !o.isActive(user):
		return &signInFault{"INVALID_LOGIN", invalidLogin, "inactive user"}
	case s.frozen:
		return &signInFault{"INVALID_LOGIN", invalidLogin, "authentication failure"}
	case s.locked:
		return &signInFault{"PASSWORD_LOCKOUT", invalidLogin, "user is locked"}
	case o.config.Settings.APIDisabled:
		return &signInFault{"API_DISABLED_FOR_ORG", unconfirmed.APIDisabledForOrg, "inactive organization"}
	case !o.may(user.id, permissionAPIEnabled):
		return &signInFault{"API_CURRENTLY_DISABLED", unconfirmed.APIDisabledForUser, "user hasn't approved this consumer"}
	}
	profile, _ := user.stored(o.user.profile)
	return o.restrictions[strings.ToLower(o.name("Profile", profile, "Name"))].refuses(c.address, time.Now())
}

const invalidLogin = "Invalid username, password, security token; or user locked out."

// checkPassword compares password plus security token, and counts failures
// until the user is locked out. The caller holds the lock for writing.
func (o *Org) checkPassword(c *call, username, secret string) (user *record, fault *signInFault) {
	invalid := &signInFault{"INVALID_LOGIN", invalidLogin, "authentication failure"}
	if user = o.userNamed(username); user == nil {
		return nil, invalid
	}
	s := o.signIns[user.id]
	withToken := s.password != "" && secret == s.password+s.token
	if !withToken && (s.password == "" || secret != s.password || !o.config.Settings.TrustedNetwork) {
		if s.password != "" && len(secret) >= len(s.password) && secret[:len(s.password)] == s.password {
			return nil, &signInFault{"LOGIN_MUST_USE_SECURITY_TOKEN", unconfirmed.MissingToken, "authentication failure"}
		}
		s.failures++
		s.locked = s.locked || s.failures >= o.config.Settings.LockoutAttempts
		o.signIns[user.id] = s
		return nil, invalid
	}
	if s.failures > 0 && !s.locked {
		s.failures = 0
		o.signIns[user.id] = s
	}
	if fault := o.checkUser(c, user); fault != nil {
		return nil, fault
	}
	return user, nil
}

// noteLogin keeps the login history and the user's last login, which are no changes
// of the record, and counts
// against the hourly rate of logins.
func (o *Org) noteLogin(user *record, kind, status string) {
	now := time.Now().UnixMilli()
	tx := o.begin(user.id)
	history := o.schema.object("LoginHistory")
	d := newDraft(history, nil).put(history.field("UserId"), user.id).put(history.field("LoginTime"), formatTime(now)).
		put(history.field("LoginType"), kind).put(history.field("Status"), status).put(history.field("SourceIp"), "127.0.0.1")
	tx.insert(o.tables[history.name], d)
	const hour = 3_600_000
	s := o.signIns[user.id]
	if now-s.windowAt >= hour {
		s.windowAt, s.recentLogins = now, 0
	}
	s.recentLogins++
	s.lastLogin = now
	o.signIns[user.id] = s
}

// tooManyLogins tells whether the user's rate of logins is used up.
func (o *Org) tooManyLogins(user *record) bool {
	s := o.signIns[user.id]
	return time.Now().UnixMilli()-s.windowAt < 3_600_000 && s.recentLogins >= unconfirmed.LoginsPerHour
}
