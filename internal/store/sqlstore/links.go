package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"iter"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/plan"
)

const connectionColumns = `source_id, target_id, target_name, enabled, since, pending`

// connections runs a query of connectionColumns.
func (s session) connections(ctx context.Context, text string, arguments ...any) ([]engine.Connection, error) {
	var connections []engine.Connection
	err := s.each(ctx, func(rows *sql.Rows) error {
		var (
			c       engine.Connection
			since   int64
			pending string
		)
		err := rows.Scan(&c.SourceID, &c.TargetID, &c.TargetName, &c.Enabled, &since, &pending)
		if err != nil {
			return err
		}
		c.Since = moment(since)
		c.Pending, err = decodePending(pending)
		connections = append(connections, c)
		return err
	}, text, arguments...)
	return connections, err
}

// encodePending returns the values that a target does not show yet as they are
// kept; few connections have any.
func encodePending(pending []plan.Pending) (string, error) {
	if len(pending) == 0 {
		return "", nil
	}
	return encodeJSON("pending values", pending)
}

// pendingSince is since when the oldest value of an account in use waits that
// nobody was warned of, 0 for none.
func pendingSince(c engine.Connection) int64 {
	oldest := int64(0)
	for _, p := range c.Pending {
		if since := micros(p.Since); c.Enabled && !p.Alarmed && (oldest == 0 || since < oldest) {
			oldest = since
		}
	}
	return oldest
}

func decodePending(text string) ([]plan.Pending, error) {
	if text == "" {
		return nil, nil
	}
	var pending []plan.Pending
	err := decodeJSON("pending values", text, &pending)
	return pending, err
}

// Connection returns the connection of a user; see store.Links.
func (s *Store) Connection(ctx context.Context, jobID, sourceID string) (engine.Connection, error) {
	found, err := s.database.queries().connections(ctx,
		`select `+connectionColumns+` from connections where job_id = $1 and source_id = $2`, jobID, sourceID)
	if err != nil || len(found) == 0 {
		return engine.Connection{}, err
	}
	return found[0], nil
}

// Connections yields the connections of a job; see store.Links.
func (s *Store) Connections(ctx context.Context, jobID string) iter.Seq2[engine.Connection, error] {
	return pages("list connections", func(last engine.Connection, _ bool, limit int) ([]engine.Connection, error) {
		return s.database.queries().connections(ctx, `select `+connectionColumns+` from connections
			where job_id = $1 and source_id > $2 order by source_id limit $3`, jobID, last.SourceID, int64(limit))
	})
}

const escrowColumns = `source_id, code, message, '', attempts, first_at, next_at`

func scanEscrow(rows *sql.Rows) (engine.Escrow, error) {
	var (
		e           engine.Escrow
		first, next int64
	)
	err := rows.Scan(&e.SourceID, &e.Code, &e.Message, &e.Attribute, &e.Attempts, &first, &next)
	e.First, e.Next = moment(first), moment(next)
	return e, err
}

// Escrow returns what is kept for retry for a user; see store.Links.
func (s *Store) Escrow(ctx context.Context, jobID, sourceID string) (engine.Escrow, error) {
	var escrow engine.Escrow
	err := s.database.queries().each(ctx, func(rows *sql.Rows) error {
		var err error
		escrow, err = scanEscrow(rows)
		return err
	}, `select `+escrowColumns+` from escrows where job_id = $1 and source_id = $2`, jobID, sourceID)
	return escrow, err
}

// CountLinks counts what a job keeps; see store.Links.
func (s *Store) CountLinks(ctx context.Context, jobID string) (store.LinkCount, error) {
	return s.database.queries().countLinks(ctx, jobID)
}

// fewOthers is how many connections of other jobs are counted to know those of one.
const fewOthers = 10_000

// countLinks counts what a job keeps. The accounts in use are the many, so the others are
// counted; that their ids are more than nothing leads SQLite to their index. SQLite has
// counted all rows of a table at once, so those of other jobs are taken off if they are few.
func (s session) countLinks(ctx context.Context, jobID string) (store.LinkCount, error) {
	c, err := s.countWaiting(ctx, jobID)
	if err != nil {
		return c, err
	}
	all, others, disabled := 0, 0, 0
	if _, err = s.one(ctx, []any{&all, &others, &disabled}, `select (select count(*) from connections),
			(select count(*) from (
				select 1 from connections where job_id < $1 union all select 1 from connections where job_id > $1 limit $2) other),
			(select count(*) from connections where job_id = $1 and not enabled and source_id > '')`, jobID, int64(fewOthers+1)); err == nil {
		c.Connections = all - others
		if others > fewOthers {
			c.Connections, err = s.count(ctx, `select count(*) from connections where job_id = $1`, jobID)
		}
	}
	if err != nil {
		return store.LinkCount{}, fmt.Errorf("count connections: %w", err)
	}
	c.Enabled = c.Connections - disabled
	return c, nil
}

// CountWaiting counts what waits in a job; see store.Links.
func (s *Store) CountWaiting(ctx context.Context, jobID string) (store.LinkCount, error) {
	return s.database.queries().countWaiting(ctx, jobID)
}

func (s session) countWaiting(ctx context.Context, jobID string) (store.LinkCount, error) {
	var c store.LinkCount
	_, err := s.one(ctx, []any{&c.Escrows, &c.Waiting, &c.Staged, &c.Rejected, &c.Leaving, &c.Unconfirmed},
		`select (select count(*) from escrows where job_id = $1),
			(select count(*) from waiting_references where job_id = $1),
			(select count(*) from removals where job_id = $1 and state = 'staged'),
			(select count(*) from removals where job_id = $1 and state = 'rejected'),
			(select count(*) from leavers where job_id = $1),
			(select count(*) from connections where job_id = $1 and pending <> '')`, jobID)
	if err != nil {
		return store.LinkCount{}, fmt.Errorf("count what waits: %w", err)
	}
	return c, nil
}
