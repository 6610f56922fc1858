package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
)

const sessionColumns = `s.id, s.administrator_id, s.created_at, s.seen_at, s.idle_at, s.expires_at, s.address, s.user_agent`

// sessionRow is a row of sessionColumns.
type sessionRow struct {
	session                      store.Session
	created, seen, idle, expires int64
}

func (r *sessionRow) targets() []any {
	s := &r.session
	return []any{&s.ID, &s.AdministratorID, &r.created, &r.seen, &r.idle, &r.expires, &s.Address, &s.UserAgent}
}

func (r *sessionRow) value() store.Session {
	s := r.session
	s.CreatedAt, s.SeenAt, s.IdleAt, s.ExpiresAt = moment(r.created), moment(r.seen), moment(r.idle), moment(r.expires)
	return s
}

// AddSession keeps a session; see store.Sessions.
func (s *Store) AddSession(ctx context.Context, hash string, session store.Session, audits ...journal.Audit) error {
	return s.database.write(ctx, "add session", func(t *tx) error {
		if hash == "" || session.ID == "" {
			return errorf(store.ErrInvalid, "a session needs an id and a hash")
		}
		signedIn, err := t.exec(ctx, `update administrators set signed_in_at = $1 where id = $2 and disabled_at = 0`, micros(session.CreatedAt), session.AdministratorID)
		if err != nil {
			return err
		}
		if signedIn == 0 {
			if _, err := t.administratorByID(ctx, session.AdministratorID); err != nil {
				return err
			}
			return errorf(store.ErrConflict, "the administrator is disabled")
		}
		if _, err := t.exec(ctx, `insert into sessions (id, hash, administrator_id, created_at, seen_at, idle_at, expires_at, address, user_agent)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			session.ID, hash, session.AdministratorID, micros(session.CreatedAt), micros(session.SeenAt), micros(session.IdleAt), micros(session.ExpiresAt),
			clean(session.Address), clean(session.UserAgent)); err != nil {
			return err
		}
		return t.appendAudits(ctx, audits)
	})
}

// SessionByHash returns a session with its administrator; see store.Sessions.
func (s *Store) SessionByHash(ctx context.Context, hash string) (store.Session, store.Administrator, error) {
	var (
		session       sessionRow
		administrator administratorRow
	)
	found, err := s.database.queries().one(ctx, append(session.targets(), administrator.targets()...),
		`select `+sessionColumns+`, `+administratorColumns+` from sessions s join administrators a on a.id = s.administrator_id where s.hash = $1`, hash)
	if err == nil && !found {
		err = errorf(store.ErrNotFound, "the session")
	}
	if err != nil {
		return store.Session{}, store.Administrator{}, fmt.Errorf("read session: %w", err)
	}
	return session.value(), administrator.value(), nil
}

// Sessions returns sessions; see store.SessionLists.
func (s *Store) Sessions(ctx context.Context, administratorID string) ([]store.Session, error) {
	var sessions []store.Session
	err := s.database.queries().each(ctx, func(rows *sql.Rows) error {
		var row sessionRow
		err := rows.Scan(row.targets()...)
		sessions = append(sessions, row.value())
		return err
	}, `select `+sessionColumns+` from sessions s where $1 = '' or s.administrator_id = $1 order by s.created_at desc, s.id`, administratorID)
	return sessions, wrapped("list sessions", err)
}

// Session returns a session; see store.SessionLists.
func (s *Store) Session(ctx context.Context, id string) (store.Session, error) {
	var row sessionRow
	found, err := s.database.queries().one(ctx, row.targets(), `select `+sessionColumns+` from sessions s where s.id = $1`, id)
	if err == nil && !found {
		err = notFound("session", id)
	}
	return row.value(), wrapped("read session", err)
}

// FindSessions returns a part of the sessions; see store.SessionLists.
func (s *Store) FindSessions(ctx context.Context, administratorID string, now time.Time, page store.Page) (store.Listing[store.Session], error) {
	q := sequence[store.Session]{
		columns: sessionColumns, from: "sessions s", order: []string{"s.created_at", "s.id"}, descending: true,
		scan: func(rows *sql.Rows) (store.Session, error) {
			var row sessionRow
			err := rows.Scan(row.targets()...)
			return row.value(), err
		},
		place: func(session store.Session) []any { return []any{micros(session.CreatedAt), session.ID} },
	}
	q.where.add(`s.idle_at > ?`, micros(now))
	q.where.add(`s.expires_at > ?`, micros(now))
	q.where.addText(`s.administrator_id = ?`, administratorID)
	found, err := listing(ctx, s.database.queries(), page, q)
	return found, wrapped("list sessions", err)
}

// CountSessions counts sessions; see store.SessionLists.
func (s *Store) CountSessions(ctx context.Context, now time.Time) (map[string]int, error) {
	counts := map[string]int{}
	err := s.database.queries().each(ctx, func(rows *sql.Rows) error {
		var (
			id    string
			count int
		)
		err := rows.Scan(&id, &count)
		counts[id] = count
		return err
	}, `select administrator_id, count(*) from sessions where idle_at > $1 and expires_at > $1 group by administrator_id`, micros(now))
	return counts, wrapped("count sessions", err)
}

// TouchSession notes the use of a session; see store.Sessions.
func (s *Store) TouchSession(ctx context.Context, id string, seen, idle time.Time) error {
	return s.database.write(ctx, "note the use of a session", func(t *tx) error {
		count, err := t.exec(ctx, `update sessions set seen_at = $1, idle_at = $2 where id = $3`, micros(seen), micros(idle), id)
		if err == nil && count == 0 {
			err = notFound("session", id)
		}
		return err
	})
}

// RemoveSession ends a session; see store.Sessions.
func (s *Store) RemoveSession(ctx context.Context, id string, audits ...journal.Audit) error {
	return s.database.write(ctx, "end session", func(t *tx) error {
		count, err := t.exec(ctx, `delete from sessions where id = $1`, id)
		if err != nil {
			return err
		}
		if count == 0 {
			return notFound("session", id)
		}
		return t.appendAudits(ctx, audits)
	})
}

// RemoveSessions ends the sessions of an administrator; see store.Sessions.
func (s *Store) RemoveSessions(ctx context.Context, administratorID, except string, audits ...journal.Audit) (int, error) {
	count := 0
	err := s.database.write(ctx, "end sessions", func(t *tx) error {
		var err error
		if count, err = t.exec(ctx, `delete from sessions where administrator_id = $1 and id <> $2`, administratorID, except); err != nil {
			return err
		}
		return t.appendAudits(ctx, audits)
	})
	return count, err
}

// RemoveEndedSessions removes sessions that are over; see store.Sessions.
func (s *Store) RemoveEndedSessions(ctx context.Context, now time.Time) (int, error) {
	count := 0
	err := s.database.write(ctx, "remove ended sessions", func(t *tx) error {
		var err error
		count, err = t.exec(ctx, `delete from sessions where idle_at <= $1 or expires_at <= $1`, micros(now))
		return err
	})
	return count, err
}
