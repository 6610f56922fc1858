package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/store"
)

// Plan puts removals on the list; see engine.Removals.
func (c cycles) Plan(ctx context.Context, cycle engine.Cycle, found []engine.Removal) error {
	return c.commit(ctx, "plan removals of cycle "+cycle.ID, cycle, func(t *tx) error {
		values := make([]any, 0, 5*len(found))
		for _, r := range lastOf(found, func(r engine.Removal) string { return r.SourceID }) {
			since := r.Since
			if since.IsZero() {
				since = now()
			}
			values = append(values, cycle.JobID, r.SourceID, string(engine.RemovalPlanned), clean(r.Reason), micros(since))
		}
		return t.insert(ctx, insertion{
			into: `removals (job_id, source_id, state, reason, since)`, width: 5,
			then: `on conflict (job_id, source_id) do nothing`,
		}, values)
	})
}

// Count counts the list; see engine.Removals.
func (c cycles) Count(ctx context.Context, jobID string) (engine.RemovalCount, error) {
	var count engine.RemovalCount
	_, err := c.database().queries().one(ctx, []any{&count.Planned, &count.Staged, &count.Allowed},
		`select count(case when state = 'planned' then 1 end), count(case when state = 'staged' then 1 end),
			count(case when state = 'allowed' then 1 end)
		from removals where job_id = $1`, jobID)
	if err != nil {
		return count, fmt.Errorf("count removals: %w", err)
	}
	return count, nil
}

// CountEnabled counts accounts in use; see engine.Removals.
func (c cycles) CountEnabled(ctx context.Context, jobID string) (int, error) {
	count, err := c.database().queries().count(ctx, `select count(*) from connections where job_id = $1 and enabled`, jobID)
	if err != nil {
		return 0, fmt.Errorf("count accounts in use: %w", err)
	}
	return count, nil
}

// List returns a part of the list; see engine.Removals.
func (c cycles) List(ctx context.Context, jobID string, states []engine.RemovalState, after string, limit int) ([]engine.Removal, error) {
	names := make([]string, len(states))
	for i, state := range states {
		names[i] = string(state)
	}
	var removals []engine.Removal
	err := c.database().queries().each(ctx, func(rows *sql.Rows) error {
		removal, err := scanRemoval(rows)
		removals = append(removals, removal)
		return err
	}, `select source_id, state, reason, since from removals
		where job_id = $1 and state in list($2) and source_id > $3 order by source_id limit $4`, jobID, names, after, int64(limit))
	if err != nil {
		return nil, fmt.Errorf("list removals: %w", err)
	}
	return removals, nil
}

func scanRemoval(rows *sql.Rows) (engine.Removal, error) {
	var (
		r     engine.Removal
		since int64
	)
	err := rows.Scan(&r.SourceID, &r.State, &r.Reason, &since)
	r.Since = moment(since)
	return r, err
}

// Hold stages what is planned; see engine.Removals.
func (c cycles) Hold(ctx context.Context, cycle engine.Cycle) error {
	return c.commit(ctx, "hold removals of cycle "+cycle.ID, cycle, func(t *tx) error {
		_, err := t.exec(ctx, `update removals set state = 'staged' where job_id = $1 and state = 'planned'`, cycle.JobID)
		return err
	})
}

// Renew gives held removals another moment; see engine.Removals.
func (c cycles) Renew(ctx context.Context, cycle engine.Cycle, sourceIDs []string, since time.Time) error {
	return c.commit(ctx, "hold removals of cycle "+cycle.ID+" anew", cycle, func(t *tx) error {
		_, err := t.exec(ctx, `update removals set since = $3 where job_id = $1 and source_id in list($2) and state = 'staged'`,
			cycle.JobID, sourceIDs, micros(since))
		return err
	})
}

// AllowRemovals lets staged removals go ahead; see store.Links.
func (s *Store) AllowRemovals(ctx context.Context, jobID string, sourceIDs []string, records ...store.Record) (int, error) {
	return s.decide(ctx, "allow removals", jobID, sourceIDs, records, `update removals set state = 'allowed' where job_id = $1 and state = 'staged'`,
		func(*tx, []string) error { return nil })
}

// RejectRemovals refuses staged removals, and allowed ones that are named; see
// store.Links.
func (s *Store) RejectRemovals(ctx context.Context, jobID string, sourceIDs []string, records ...store.Record) (int, error) {
	states := `state = 'staged'`
	if len(sourceIDs) > 0 {
		states = `state in ('staged', 'allowed')`
	}
	return s.decide(ctx, "reject removals", jobID, sourceIDs, records, `update removals set state = 'rejected' where job_id = $1 and `+states,
		func(t *tx, ids []string) error {
			_, err := t.exec(ctx, `update removals set since = $2 where job_id = $1 and source_id in list($3)`, jobID, micros(now()), ids)
			return err
		})
}

// ReconsiderRemovals takes rejected removals off the list; see store.Links.
func (s *Store) ReconsiderRemovals(ctx context.Context, jobID string, sourceIDs []string, records ...store.Record) (int, error) {
	return s.decide(ctx, "reconsider removals", jobID, sourceIDs, records, `delete from removals where job_id = $1 and state = 'rejected'`,
		func(t *tx, ids []string) error {
			job, err := t.jobByID(ctx, jobID)
			if err != nil {
				return err
			}
			for _, id := range ids {
				if err := t.touch(ctx, change{kind: userChange, userID: id, applicationID: job.ApplicationID}); err != nil {
					return err
				}
			}
			return nil
		})
}

// decide runs a statement on the removals of these users, of all when there are
// none, and then does what remains for those whom it touched. It returns how many.
func (s *Store) decide(ctx context.Context, what, jobID string, sourceIDs []string, records []store.Record, text string, then func(t *tx, ids []string) error) (int, error) {
	count := 0
	err := s.database.write(ctx, what+" of job "+jobID, func(t *tx) error {
		if err := t.lockJob(ctx, jobID); err != nil {
			return err
		}
		arguments := []any{jobID}
		if len(sourceIDs) > 0 {
			text += ` and source_id in list($2)`
			arguments = append(arguments, sourceIDs)
		}
		ids, err := t.texts(ctx, text+` returning source_id`, arguments...)
		if err != nil {
			return err
		}
		count = len(ids)
		if err := then(t, ids); err != nil {
			return err
		}
		return t.record(ctx, records, count)
	})
	return count, err
}
