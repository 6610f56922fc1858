package store

import (
	"context"
	"time"

	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/provisioning"
)

// Administrator is a person who may sign in to the portal, with a password or with
// OpenID Connect. One who has neither yet was invited.
type Administrator struct {
	ID           string // a GUID
	Name         string // signs in with it; unique, whatever the letter case
	DisplayName  string
	Role         Role
	PasswordHash provisioning.Secret // in PHC string format; empty: cannot sign in with a password
	Issuer       string              // of OpenID Connect, with Subject; both empty: cannot sign in with it
	Subject      string
	CreatedAt    time.Time
	SignedInAt   time.Time // last sign-in; zero for never
	DisabledAt   time.Time // zero for one who may sign in
}

// Disabled reports whether the administrator may not sign in.
func (a Administrator) Disabled() bool { return !a.DisabledAt.IsZero() }

// Invited reports whether the administrator has nothing to sign in with yet.
func (a Administrator) Invited() bool { return a.PasswordHash.IsZero() && a.Subject == "" }

// Administrators keeps who may sign in to the portal. One administrator of the role
// administrator who is not disabled and can sign in is left always: removing,
// disabling or demoting the last one, or taking away what they sign in with, is
// ErrConflict. Audit records are written with the change or not at all.
type Administrators interface {
	// AddAdministrator keeps a new administrator. A name, or an issuer with a subject, that
	// another one has is ErrConflict.
	AddAdministrator(ctx context.Context, administrator Administrator, audits ...journal.Audit) error

	// Administrator returns the administrator with this id or name, or ErrNotFound.
	Administrator(ctx context.Context, idOrName string) (Administrator, error)

	// AdministratorBySubject returns the one whom an OpenID issuer knows by this subject, or
	// ErrNotFound. Letter case counts.
	AdministratorBySubject(ctx context.Context, issuer, subject string) (Administrator, error)

	// Administrators returns all in the order of name, disabled ones too.
	Administrators(ctx context.Context) ([]Administrator, error)

	// UpdateAdministrator reads an administrator, applies the function and writes what it
	// returns, in one transaction. Id and the moments of creation and of the last sign-in
	// stay as they are. An error of the function changes nothing. Who becomes disabled loses all sessions and links. The
	// function must not use the store.
	UpdateAdministrator(ctx context.Context, id string, change func(Administrator) (Administrator, []journal.Audit, error)) error

	// ChangePassword gives an administrator another password, ends their sessions but the
	// one with the id except, and removes the links that they did not use, in one
	// transaction.
	ChangePassword(ctx context.Context, id string, hash provisioning.Secret, except string, audits ...journal.Audit) error

	// RemoveAdministrator removes an administrator with all sessions and links.
	RemoveAdministrator(ctx context.Context, id string, audits ...journal.Audit) error
}

// Session is the time for which somebody who signed in need not do so again. What
// proves it is kept as a hash.
type Session struct {
	ID              string // a GUID, which is no secret
	AdministratorID string
	CreatedAt       time.Time
	SeenAt          time.Time // last use, to the minute
	IdleAt          time.Time // ends then unless it is used before
	ExpiresAt       time.Time // ends then in any case
	Address         string    // where the sign-in came from
	UserAgent       string
}

// Ended reports whether the session is over.
func (s Session) Ended(now time.Time) bool { return !now.Before(s.IdleAt) || !now.Before(s.ExpiresAt) }

// Sessions keeps the sessions of administrators. Ended ones are kept until they are
// removed.
type Sessions interface {
	// AddSession keeps a session under the hash of what proves it, and notes that its
	// administrator signed in. An unknown administrator is ErrNotFound, a disabled one
	// ErrConflict.
	AddSession(ctx context.Context, hash string, session Session, audits ...journal.Audit) error

	// SessionByHash returns a session with its administrator, or ErrNotFound.
	SessionByHash(ctx context.Context, hash string) (Session, Administrator, error)

	// TouchSession notes when a session was used and until when it may be idle. One that
	// is not there any more is ErrNotFound.
	TouchSession(ctx context.Context, id string, seen, idle time.Time) error

	// RemoveSession ends a session; one that is not there is ErrNotFound.
	RemoveSession(ctx context.Context, id string, audits ...journal.Audit) error

	// RemoveSessions ends the sessions of an administrator but the one with the id except,
	// and returns how many there were.
	RemoveSessions(ctx context.Context, administratorID, except string, audits ...journal.Audit) (int, error)

	// RemoveEndedSessions removes sessions that are over, and returns how many.
	RemoveEndedSessions(ctx context.Context, now time.Time) (int, error)
}

// SessionLists tells which sessions there are.
type SessionLists interface {
	// Session returns the session with this id, or ErrNotFound.
	Session(ctx context.Context, id string) (Session, error)

	// Sessions returns the sessions of an administrator, without an id those of all, the
	// newest first.
	Sessions(ctx context.Context, administratorID string) ([]Session, error)

	// FindSessions returns a part of the sessions of an administrator that are not over at
	// a moment, without an id of those of all, the newest first.
	FindSessions(ctx context.Context, administratorID string, now time.Time, page Page) (Listing[Session], error)

	// CountSessions returns how many sessions that are not over at a moment each
	// administrator has, by their id.
	CountSessions(ctx context.Context, now time.Time) (map[string]int, error)
}

// LinkPurpose says what a link is for.
type LinkPurpose string

// The purposes of links.
const (
	LinkSetUp      LinkPurpose = "set-up"     // makes the first administrator
	LinkInvitation LinkPurpose = "invitation" // lets somebody who was added choose a password
	LinkReset      LinkPurpose = "reset"      // lets an administrator choose another password
)

// SignInLink lets its bearer in once. What proves it is kept as a hash.
type SignInLink struct {
	Purpose         LinkPurpose
	AdministratorID string // for whom; empty for LinkSetUp
	CreatedAt       time.Time
	ExpiresAt       time.Time
	UsedAt          time.Time // zero for one that was not used
}

// Open reports whether the link can still be used.
func (l SignInLink) Open(now time.Time) bool { return l.UsedAt.IsZero() && now.Before(l.ExpiresAt) }

// SignInLinks keeps links that let somebody in once.
type SignInLinks interface {
	// AddSignInLink keeps a link under the hash of what proves it, in the place of any
	// other one for the same administrator. A link for nobody is ErrConflict once there is
	// an administrator; one for an unknown administrator is ErrNotFound, for a disabled one
	// ErrConflict.
	AddSignInLink(ctx context.Context, hash string, link SignInLink, audits ...journal.Audit) error

	// SignInLink returns a link, used or not, with its administrator, zero for LinkSetUp;
	// or ErrNotFound.
	SignInLink(ctx context.Context, hash string) (SignInLink, Administrator, error)

	// SignInLinks returns the links that were not used, the newest first.
	SignInLinks(ctx context.Context) ([]SignInLink, error)

	// UseSignInLink marks a link as used and puts the administrator that the function makes
	// of the one that it is for, in one transaction. Of several who use one link at the
	// same time one does. A link that was used or is over at the moment given is ErrGone.
	// For LinkSetUp the function makes the first administrator, and is not asked, with
	// ErrGone, when there is one. An error of the function changes nothing; it must not
	// use the store.
	UseSignInLink(ctx context.Context, hash string, now time.Time, change func(Administrator) (Administrator, []journal.Audit, error)) (Administrator, error)
}

// People is all that a store keeps of those who sign in to the portal.
type People interface {
	Administrators
	Sessions
	SessionLists
	SignInLinks
}
