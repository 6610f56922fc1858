package sqlstore

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/plan"
)

// Attempting writes down an attempt; see engine.Attempts.
func (c cycles) Attempting(ctx context.Context, cycle engine.Cycle, attempt engine.Attempt) error {
	// What takes time and no lock comes first.
	values, err := attemptValues(cycle, []engine.Attempt{attempt})
	if err != nil {
		return err
	}
	return c.commit(ctx, "write down an attempt of cycle "+cycle.ID, cycle, func(t *tx) error {
		return t.insert(ctx, attemptInsertion(), values)
	})
}

func attemptInsertion() insertion { return insertion{into: `attempts (job_id, id, targets)`, width: 3} }

// attemptValues returns the values of all attempts for attemptInsertion.
func attemptValues(cycle engine.Cycle, attempts []engine.Attempt) ([]any, error) {
	values := make([]any, 0, 3*len(attempts))
	for _, attempt := range attempts {
		targets, err := encodeJSON("attempt", attempt.Targets)
		if err != nil {
			return nil, err
		}
		values = append(values, cycle.JobID, attempt.ID, clean(targets))
	}
	return values, nil
}

// Attempts returns what is not known to have happened; see engine.Attempts.
func (c cycles) Attempts(ctx context.Context, jobID string) ([]engine.Attempt, error) {
	var attempts []engine.Attempt
	err := c.database().queries().each(ctx, func(rows *sql.Rows) error {
		var attempt engine.Attempt
		var targets string
		if err := rows.Scan(&attempt.ID, &targets); err != nil {
			return err
		}
		err := decodeJSON("attempt", targets, &attempt.Targets)
		attempts = append(attempts, attempt)
		return err
	}, `select id, targets from attempts where job_id = $1 order by id`, jobID)
	if err != nil {
		return nil, fmt.Errorf("read attempts of job %s: %w", jobID, err)
	}
	return attempts, nil
}

// Settled forgets attempts; see engine.Attempts.
func (c cycles) Settled(ctx context.Context, cycle engine.Cycle, ids []string) error {
	return c.commit(ctx, "settle attempts of cycle "+cycle.ID, cycle, func(t *tx) error { return t.settle(ctx, cycle.JobID, ids) })
}

func (t *tx) settle(ctx context.Context, jobID string, ids []string) error {
	return t.deleteBySource(ctx, `delete from attempts where job_id = $1 and id in list($2)`, jobID, ids)
}

// LaterWrites looks up what was written since a cycle; see engine.Attempts.
func (c cycles) LaterWrites(ctx context.Context, jobID, cycleID string, sourceIDs []string) (map[string][]string, error) {
	later := make(map[string][]string)
	err := c.database().queries().each(ctx, func(rows *sql.Rows) error {
		var sourceID, content string
		if err := rows.Scan(&sourceID, &content); err != nil {
			return err
		}
		var change plan.Change
		if err := decodeJSON("an entry of the log", content, &change); err != nil {
			return err
		}
		for _, field := range change.Fields {
			later[sourceID] = append(later[sourceID], field.Name)
		}
		return nil
	}, `select e.source_id, e.change from entries e
		where e.source_id in list($3) and e.job_id = $1 and e.status in ('success', 'warning') and e.action not in ('none', 'skip')
		and e.id > (select max(w.id) from entries w where w.source_id = e.source_id and w.cycle_id = $2)`, jobID, cycleID, sourceIDs)
	if err != nil {
		return nil, fmt.Errorf("look up what was written since cycle %s: %w", cycleID, err)
	}
	return later, nil
}

// Log appends entries alone; see engine.Attempts.
func (c cycles) Log(ctx context.Context, cycle engine.Cycle, entries []journal.Entry) error {
	values, err := entryValues(cycle, entries)
	if err != nil {
		return fmt.Errorf("log entries of cycle %s: %w", cycle.ID, err)
	}
	return c.database().batch(ctx, "log entries of cycle "+cycle.ID, func(t *tx) error { return t.appendEntries(ctx, values) })
}
