package auth

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/provisioning"
)

// How long links are good for.
const (
	SetUpLifetime      = 24 * time.Hour
	InvitationLifetime = 7 * 24 * time.Hour
	ResetLifetime      = 24 * time.Hour
)

// LinkPath is where the portal takes links: the token stands behind it.
const LinkPath = "/sign-in/link/"

// Link lets its bearer in once.
type Link struct {
	Token         string // only where the link is made
	Purpose       store.LinkPurpose
	Expires       time.Time
	Name          string // for whom; empty for store.LinkSetUp, where the bearer chooses
	DisplayName   string
	Role          store.Role
	NeedsPassword bool // the bearer has to choose a password
}

// URL returns the link's address below scheme and host, or an empty base.
func (l Link) URL(base string) string { return strings.TrimRight(base, "/") + LinkPath + l.Token }

// SetupLink makes the link that makes the first administrator, in the place of the one
// from before, and reports whether it did: not when there is an administrator.
func (p *People) SetupLink(ctx context.Context) (Link, bool, error) {
	link, err := p.newLink(ctx, store.SignInLink{Purpose: store.LinkSetUp}, SetUpLifetime, journal.Audit{
		Activity: "Make sign-in link", Actor: "Usher", Subject: "the first administrator",
	})
	if errors.Is(err, store.ErrConflict) {
		return Link{}, false, nil
	}
	link.Role, link.NeedsPassword = store.RoleAdministrator, true
	return link, err == nil, err
}

func (p *People) newLink(ctx context.Context, kept store.SignInLink, lifetime time.Duration, audit journal.Audit) (Link, error) {
	token, hash, err := newToken()
	if err != nil {
		return Link{}, err
	}
	kept.CreatedAt = moment()
	kept.ExpiresAt = kept.CreatedAt.Add(lifetime)
	if audit.Detail == "" {
		audit.Detail = string(kept.Purpose)
	}
	if err := p.Store.AddSignInLink(ctx, hash, kept, audit); err != nil {
		return Link{}, err
	}
	return Link{Token: token, Purpose: kept.Purpose, Expires: kept.ExpiresAt}, nil
}

// Invitation says who is to become an administrator.
type Invitation struct {
	Name        string
	DisplayName string // empty: the name
	Role        store.Role
}

// Invite adds an administrator who has nothing to sign in with yet, and makes a link
// for that. It is for those of the role administrator; an *InputError says what is
// wrong with the invitation.
func (p *People) Invite(ctx context.Context, by Visitor, invitation Invitation) (Link, error) {
	if !by.Role.Allows(store.RoleAdministrator) {
		return Link{}, ErrForbidden
	}
	administrator := store.Administrator{
		ID: uuid.NewString(), Name: strings.TrimSpace(invitation.Name), DisplayName: strings.TrimSpace(invitation.DisplayName), Role: invitation.Role, CreatedAt: moment(),
	}
	if administrator.DisplayName == "" {
		administrator.DisplayName = administrator.Name
	}
	if err := checkNames(administrator); err != nil {
		return Link{}, err
	}
	if !administrator.Role.Allows(store.RoleReader) {
		return Link{}, &InputError{Field: "role", Reason: fmt.Sprintf("there is no role %q; there are reader, operator and administrator", invitation.Role)}
	}
	err := p.Store.AddAdministrator(ctx, administrator, journal.Audit{
		Activity: "Add administrator", Actor: by.Actor(), Subject: administrator.Name, Detail: "role " + string(administrator.Role),
	})
	if errors.Is(err, store.ErrConflict) {
		return Link{}, nameTaken(administrator.Name)
	}
	if err != nil {
		return Link{}, err
	}
	return p.linkFor(ctx, by, administrator)
}

func nameTaken(name string) error {
	return &InputError{Field: "name", Reason: fmt.Sprintf("there is an administrator %q already", name)}
}

// maxName is how long a name is at most, in characters.
const maxName = 200

func checkNames(a store.Administrator) error {
	for _, named := range []struct{ field, name string }{{"name", a.Name}, {"displayName", a.DisplayName}} {
		field, name := named.field, named.name
		switch {
		case name == "":
			return &InputError{Field: field, Reason: "a name is missing, such as ann@contoso.com"}
		case utf8.RuneCountInString(name) > maxName:
			return &InputError{Field: field, Reason: fmt.Sprintf("the name has more than %d characters", maxName)}
		case !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl):
			return &InputError{Field: field, Reason: "the name holds characters that cannot be typed"}
		}
	}
	return nil
}

// NewLink makes a link for an administrator, by id or name, in the place of the one
// from before: to choose the first password, or another one. It is for those of the
// role administrator.
func (p *People) NewLink(ctx context.Context, by Visitor, idOrName string) (Link, error) {
	if !by.Role.Allows(store.RoleAdministrator) {
		return Link{}, ErrForbidden
	}
	administrator, err := p.Store.Administrator(ctx, idOrName)
	if err != nil {
		return Link{}, err
	}
	return p.linkFor(ctx, by, administrator)
}

func (p *People) linkFor(ctx context.Context, by Visitor, administrator store.Administrator) (Link, error) {
	kept, lifetime := store.SignInLink{Purpose: store.LinkReset, AdministratorID: administrator.ID}, ResetLifetime
	if administrator.Invited() {
		kept.Purpose, lifetime = store.LinkInvitation, InvitationLifetime
	}
	link, err := p.newLink(ctx, kept, lifetime, journal.Audit{Activity: "Make sign-in link", Actor: by.Actor(), Subject: administrator.Name})
	return p.describe(link, administrator), err
}

// describe fills in for whom a link is.
func (p *People) describe(link Link, administrator store.Administrator) Link {
	link.Name, link.DisplayName, link.Role = administrator.Name, administrator.DisplayName, administrator.Role
	link.NeedsPassword = administrator.Subject == "" && !p.Settings().PasswordsOff
	if link.Purpose == store.LinkSetUp {
		link.Role, link.NeedsPassword = store.RoleAdministrator, true
	}
	return link
}

// LookAtLink returns what a link is for, without using it. The error is ErrLink when it
// is good for nothing.
func (p *People) LookAtLink(ctx context.Context, token string) (Link, error) {
	kept, administrator, err := p.Store.SignInLink(ctx, hashSecret(token))
	switch {
	case errors.Is(err, store.ErrNotFound), err == nil && !kept.Open(time.Now()):
		return Link{}, ErrLink
	case err != nil:
		return Link{}, err
	}
	return p.describe(Link{Purpose: kept.Purpose, Expires: kept.ExpiresAt}, administrator), nil
}

// Redemption is what the bearer of a link chooses. The names count for store.LinkSetUp
// alone; the password may be empty where the link does not need one.
type Redemption struct {
	Name        string
	DisplayName string // empty: the name
	Password    string
}

// Redeem uses a link and signs its bearer in. A password that is chosen ends the
// sessions from before. The error is ErrLink, an *InputError, or that of the database.
func (p *People) Redeem(ctx context.Context, token string, chosen Redemption, from Device) (Session, error) {
	link, err := p.LookAtLink(ctx, token)
	if err != nil {
		return Session{}, err
	}
	hash, err := p.chosenPassword(ctx, link, chosen)
	if err != nil {
		return Session{}, err
	}
	administrator, err := p.Store.UseSignInLink(ctx, hashSecret(token), time.Now(), func(a store.Administrator) (store.Administrator, []journal.Audit, error) {
		if link.Purpose == store.LinkSetUp {
			a = firstAdministrator(chosen)
			if err := checkNames(a); err != nil {
				return a, nil, err
			}
		}
		if !hash.IsZero() {
			a.PasswordHash = hash
		}
		return a, []journal.Audit{{Activity: "Use sign-in link", Actor: visitorOf(a, "").Actor(), Subject: a.Name, Detail: string(link.Purpose) + from.from()}}, nil
	})
	switch {
	case errors.Is(err, store.ErrNotFound), errors.Is(err, store.ErrGone):
		return Session{}, ErrLink
	case err != nil:
		return Session{}, err
	}
	if !hash.IsZero() {
		if _, err := p.Store.RemoveSessions(ctx, administrator.ID, ""); err != nil {
			return Session{}, err
		}
	}
	p.names.forget(strings.ToLower(administrator.Name))
	return p.begin(ctx, administrator, from, "with a link")
}

func firstAdministrator(chosen Redemption) store.Administrator {
	a := store.Administrator{
		ID: uuid.NewString(), Name: strings.TrimSpace(chosen.Name), DisplayName: strings.TrimSpace(chosen.DisplayName), Role: store.RoleAdministrator, CreatedAt: moment(),
	}
	if a.DisplayName == "" {
		a.DisplayName = a.Name
	}
	return a
}

// chosenPassword returns the hash of the password that was chosen, empty for none.
func (p *People) chosenPassword(ctx context.Context, link Link, chosen Redemption) (hash provisioning.Secret, err error) {
	if link.Purpose == store.LinkSetUp {
		if err := checkNames(firstAdministrator(chosen)); err != nil {
			return hash, err
		}
		link.Name, link.DisplayName = chosen.Name, chosen.DisplayName
	}
	if chosen.Password == "" && !link.NeedsPassword {
		return hash, nil
	}
	if err := CheckPassword(chosen.Password, strings.TrimSpace(link.Name), link.DisplayName); err != nil {
		return hash, err
	}
	return p.hasher.hash(ctx, chosen.Password)
}
