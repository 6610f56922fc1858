package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
)

const signInLinkColumns = `purpose, administrator_id, created_at, expires_at, used_at`

// signInLinks runs a query of signInLinkColumns.
func (s session) signInLinks(ctx context.Context, text string, arguments ...any) ([]store.SignInLink, error) {
	var links []store.SignInLink
	err := s.each(ctx, func(rows *sql.Rows) error {
		var (
			link                   store.SignInLink
			created, expires, used int64
		)
		err := rows.Scan(&link.Purpose, &link.AdministratorID, &created, &expires, &used)
		link.CreatedAt, link.ExpiresAt, link.UsedAt = moment(created), moment(expires), moment(used)
		links = append(links, link)
		return err
	}, text, arguments...)
	return links, err
}

// signInLink returns a link with the administrator that it is for.
func (s session) signInLink(ctx context.Context, hash string) (store.SignInLink, store.Administrator, error) {
	found, err := s.signInLinks(ctx, `select `+signInLinkColumns+` from sign_in_links where hash = $1`, hash)
	if err == nil && len(found) == 0 {
		err = errorf(store.ErrNotFound, "the link")
	}
	if err != nil || found[0].AdministratorID == "" {
		return firstLink(found), store.Administrator{}, err
	}
	administrator, err := s.administratorByID(ctx, found[0].AdministratorID)
	return found[0], administrator, err
}

func firstLink(links []store.SignInLink) store.SignInLink {
	if len(links) == 0 {
		return store.SignInLink{}
	}
	return links[0]
}

// AddSignInLink keeps a link; see store.SignInLinks.
func (s *Store) AddSignInLink(ctx context.Context, hash string, link store.SignInLink, audits ...journal.Audit) error {
	return s.changePeople(ctx, "add sign-in link", func(t *tx) error {
		if hash == "" || link.Purpose == "" || (link.Purpose == store.LinkSetUp) != (link.AdministratorID == "") {
			return errorf(store.ErrInvalid, "a link needs a hash, a purpose and, but for the first one, an administrator")
		}
		if err := t.checkLinked(ctx, link.AdministratorID); err != nil {
			return err
		}
		if _, err := t.exec(ctx, `delete from sign_in_links where administrator_id = $1`, link.AdministratorID); err != nil {
			return err
		}
		if _, err := t.exec(ctx, `insert into sign_in_links (hash, purpose, administrator_id, created_at, expires_at, used_at) values ($1, $2, $3, $4, $5, $6)`,
			hash, string(link.Purpose), link.AdministratorID, micros(link.CreatedAt), micros(link.ExpiresAt), micros(link.UsedAt)); err != nil {
			return err
		}
		return t.appendAudits(ctx, audits)
	})
}

// checkLinked refuses a link for somebody who could not use it.
func (t *tx) checkLinked(ctx context.Context, administratorID string) error {
	if administratorID == "" {
		return t.checkNobody(ctx, store.ErrConflict)
	}
	administrator, err := t.administratorByID(ctx, administratorID)
	if err == nil && administrator.Disabled() {
		err = errorf(store.ErrConflict, "the administrator %q is disabled", administrator.Name)
	}
	return err
}

// checkNobody is an error of a kind once there is an administrator.
func (t *tx) checkNobody(ctx context.Context, kind error) error {
	count, err := t.count(ctx, `select count(*) from administrators`)
	if err == nil && count > 0 {
		err = errorf(kind, "there is an administrator already")
	}
	return err
}

// SignInLink returns a link; see store.SignInLinks.
func (s *Store) SignInLink(ctx context.Context, hash string) (store.SignInLink, store.Administrator, error) {
	var (
		link          store.SignInLink
		administrator store.Administrator
	)
	err := s.database.read(ctx, "read sign-in link", func(s session) error {
		var err error
		link, administrator, err = s.signInLink(ctx, hash)
		return err
	})
	return link, administrator, err
}

// SignInLinks returns the links that were not used; see store.SignInLinks.
func (s *Store) SignInLinks(ctx context.Context) ([]store.SignInLink, error) {
	links, err := s.database.queries().signInLinks(ctx, `select `+signInLinkColumns+` from sign_in_links where used_at = 0 order by created_at desc, hash`)
	return links, wrapped("list sign-in links", err)
}

// UseSignInLink uses a link; see store.SignInLinks.
func (s *Store) UseSignInLink(ctx context.Context, hash string, now time.Time,
	change func(store.Administrator) (store.Administrator, []journal.Audit, error),
) (store.Administrator, error) {
	var after store.Administrator
	err := s.changePeople(ctx, "use sign-in link", func(t *tx) error {
		link, before, err := t.signInLink(ctx, hash)
		if err != nil {
			return err
		}
		if !link.Open(now) {
			return fmt.Errorf("the link %w", store.ErrGone)
		}
		if link.Purpose == store.LinkSetUp {
			if err := t.checkNobody(ctx, store.ErrGone); err != nil {
				return err
			}
		}
		var audits []journal.Audit
		if after, audits, err = change(before); err != nil {
			return err
		}
		if link.Purpose == store.LinkSetUp {
			err = t.addAdministrator(ctx, after)
		} else {
			after.ID, after.CreatedAt, after.SignedInAt = before.ID, before.CreatedAt, before.SignedInAt
			err = t.replaceAdministrator(ctx, before, after)
		}
		if err != nil {
			return err
		}
		if _, err := t.exec(ctx, `update sign_in_links set used_at = $1 where hash = $2`, micros(now), hash); err != nil {
			return err
		}
		return t.appendAudits(ctx, audits)
	})
	if err != nil {
		return store.Administrator{}, err
	}
	return after, nil
}
