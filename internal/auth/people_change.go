package auth

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
)

// Administrators returns all administrators in the order of name.
func (p *People) Administrators(ctx context.Context) ([]store.Administrator, error) {
	return p.Store.Administrators(ctx)
}

// ChangePassword gives the visitor another password, and ends their other sessions and
// the links that were made for them to choose one. The error is an *InputError of the field current or password, a *ThrottledError, or that
// of the database.
func (p *People) ChangePassword(ctx context.Context, by Visitor, current, next string) error {
	administrator, err := p.Store.Administrator(ctx, by.ID)
	if err != nil {
		return err
	}
	if administrator.PasswordHash.IsZero() {
		return &InputError{Field: "current", Reason: "you have no password here: you sign in with OpenID Connect"}
	}
	nameKey := strings.ToLower(administrator.Name)
	if wait := p.names.take(nameKey, time.Now()); wait > 0 {
		return &ThrottledError{RetryAfter: wait}
	}
	match, _, err := p.hasher.matches(ctx, administrator.PasswordHash, current)
	if err != nil {
		return err
	}
	if !match {
		return &InputError{Field: "current", Reason: "the current password is wrong"}
	}
	p.names.forget(nameKey)
	if err := CheckPassword(next, administrator.Name, administrator.DisplayName); err != nil {
		return err
	}
	hash, err := p.hasher.hash(ctx, next)
	if err != nil {
		return err
	}
	return p.Store.ChangePassword(ctx, administrator.ID, hash, by.SessionID, journal.Audit{Activity: "Change password", Actor: by.Actor(), Subject: administrator.Name})
}

// SetRole gives an administrator another role, which holds from their next request on.
// It is for those of the role administrator. ErrLast keeps the last one; somebody whose
// role comes from the OpenID provider is an *InputError.
func (p *People) SetRole(ctx context.Context, by Visitor, id string, role store.Role) error {
	if !role.Allows(store.RoleReader) {
		return &InputError{Field: "role", Reason: fmt.Sprintf("there is no role %q; there are reader, operator and administrator", role)}
	}
	provider := p.Settings().OpenID
	return p.changeOther(ctx, by, id, "Update administrator role", func(a *store.Administrator) (string, error) {
		if a.Subject != "" && a.Issuer == provider.Issuer && provider.Claim != "" {
			return "", &InputError{Field: "role", Reason: fmt.Sprintf("the role of %s comes from the claim %s of %s at each sign-in; change it there", a.Name, provider.Claim, provider.Issuer)}
		}
		before := a.Role
		a.Role = role
		return fmt.Sprintf("role %s, before %s", role, before), nil
	})
}

// Disable keeps an administrator out from this moment on; their sessions end. Enable
// lets them in again. Both are for those of the role administrator, and doing so again
// changes nothing. ErrLast keeps the last one.
func (p *People) Disable(ctx context.Context, by Visitor, id string) error {
	return p.changeOther(ctx, by, id, "Disable administrator", func(a *store.Administrator) (string, error) {
		if !a.Disabled() {
			a.DisabledAt = moment()
		}
		return "", nil
	})
}

// Enable lets an administrator in again; see Disable.
func (p *People) Enable(ctx context.Context, by Visitor, id string) error {
	return p.changeOther(ctx, by, id, "Enable administrator", func(a *store.Administrator) (string, error) {
		a.DisabledAt = time.Time{}
		return "", nil
	})
}

// Remove removes an administrator with all sessions. It is for those of the role
// administrator. ErrLast keeps the last one.
func (p *People) Remove(ctx context.Context, by Visitor, id string) error {
	if !by.Role.Allows(store.RoleAdministrator) {
		return ErrForbidden
	}
	administrator, err := p.Store.Administrator(ctx, id)
	if err != nil {
		return err
	}
	return last(p.Store.RemoveAdministrator(ctx, administrator.ID, journal.Audit{
		Activity: "Remove administrator", Actor: by.Actor(), Subject: administrator.Name, Detail: "role " + string(administrator.Role),
	}))
}

func (p *People) changeOther(ctx context.Context, by Visitor, id, activity string, change func(a *store.Administrator) (detail string, err error)) error {
	if !by.Role.Allows(store.RoleAdministrator) {
		return ErrForbidden
	}
	return last(p.change(ctx, by, id, activity, change))
}

// change changes an administrator and writes to the audit log, if that is a change.
func (p *People) change(ctx context.Context, by Visitor, id, activity string, change func(a *store.Administrator) (detail string, err error)) error {
	return p.Store.UpdateAdministrator(ctx, id, func(a store.Administrator) (store.Administrator, []journal.Audit, error) {
		before := a
		detail, err := change(&a)
		if err != nil || a == before {
			return a, nil, err
		}
		return a, []journal.Audit{{Activity: activity, Actor: by.Actor(), Subject: a.Name, Detail: detail}}, nil
	})
}

// last names the only conflict that a change of role or state can have.
func last(err error) error {
	if errors.Is(err, store.ErrConflict) {
		return ErrLast
	}
	return err
}

// ProvesProvider reports whether somebody of the role administrator who may sign in has
// done so with the OpenID provider of an issuer: then it is known to work.
func (p *People) ProvesProvider(ctx context.Context, issuer string) (bool, error) {
	all, err := p.Store.Administrators(ctx)
	return slices.ContainsFunc(all, func(a store.Administrator) bool {
		return a.Role == store.RoleAdministrator && !a.Disabled() && a.Subject != "" && a.Issuer == issuer && issuer != ""
	}), err
}
