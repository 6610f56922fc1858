package auth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
)

// Sessions returns the sessions of an administrator that are not over, without an id
// those of all, the newest first. Others' sessions are for those of the role
// administrator.
func (p *People) Sessions(ctx context.Context, by Visitor, administratorID string) ([]store.Session, error) {
	if administratorID == "" || administratorID != by.ID {
		if !by.Role.Allows(store.RoleAdministrator) {
			return nil, ErrForbidden
		}
	}
	kept, err := p.Store.Sessions(ctx, administratorID)
	if err != nil {
		return nil, err
	}
	var sessions []store.Session
	now := time.Now()
	for _, session := range kept {
		if !session.Ended(now) {
			sessions = append(sessions, session)
		}
	}
	return sessions, nil
}

// FindSessions returns a part of the sessions of all that are not over, the newest first.
// It is for those of the role administrator.
func (p *People) FindSessions(ctx context.Context, by Visitor, page store.Page) (store.Listing[store.Session], error) {
	if !by.Role.Allows(store.RoleAdministrator) {
		return store.Listing[store.Session]{}, ErrForbidden
	}
	return p.Store.FindSessions(ctx, "", time.Now(), page)
}

// CountSessions returns how many sessions each administrator has, by their id. It is for
// those of the role administrator.
func (p *People) CountSessions(ctx context.Context, by Visitor) (map[string]int, error) {
	if !by.Role.Allows(store.RoleAdministrator) {
		return nil, ErrForbidden
	}
	return p.Store.CountSessions(ctx, time.Now())
}

// RevokeSession ends a session, at once. Others' sessions are for those of the role
// administrator. One that is not there any more is no error.
func (p *People) RevokeSession(ctx context.Context, by Visitor, sessionID string) error {
	session, err := p.Store.Session(ctx, sessionID)
	if err == nil && session.AdministratorID != by.ID && !by.Role.Allows(store.RoleAdministrator) {
		return ErrForbidden
	}
	var whose store.Administrator
	if err == nil {
		whose, err = p.Store.Administrator(ctx, session.AdministratorID)
	}
	if err == nil {
		err = p.Store.RemoveSession(ctx, sessionID, journal.Audit{
			Activity: "Revoke session", Actor: by.Actor(), Subject: whose.Name,
			Detail: fmt.Sprintf("signed in %s%s", session.CreatedAt.Format(time.RFC3339), Device{Address: session.Address}.from()),
		})
	}
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

// RevokeSessions ends the sessions of an administrator, at once, but for the one that
// the visitor uses, and returns how many there were. Others' sessions are for those of
// the role administrator.
func (p *People) RevokeSessions(ctx context.Context, by Visitor, administratorID string) (int, error) {
	if administratorID != by.ID && !by.Role.Allows(store.RoleAdministrator) {
		return 0, ErrForbidden
	}
	whose, err := p.Store.Administrator(ctx, administratorID)
	if err != nil {
		return 0, err
	}
	return p.Store.RemoveSessions(ctx, whose.ID, by.SessionID, journal.Audit{Activity: "Revoke all sessions", Actor: by.Actor(), Subject: whose.Name})
}
