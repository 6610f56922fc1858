package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/provisioning"
)

// Begin starts a cycle; see engine.Ledger.
func (c cycles) Begin(ctx context.Context, jobID string) (provisioning.Job, error) {
	var job provisioning.Job
	err := c.database().write(ctx, "begin cycle of job "+jobID, func(t *tx) error {
		if _, err := t.exec(ctx, `update fences set fence = fence + 1, begun_restarts = restarts where job_id = $1`, jobID); err != nil {
			return err
		}
		var err error
		job, err = t.jobByID(ctx, jobID)
		return err
	})
	return job, err
}

// Look returns the job as it is; see engine.Ledger.
func (c cycles) Look(ctx context.Context, jobID string) (provisioning.Job, error) {
	return c.database().queries().jobByID(ctx, jobID)
}

// commit runs a transaction of a cycle, which must be the latest of its job.
func (c cycles) commit(ctx context.Context, what string, cycle engine.Cycle, do func(t *tx) error) error {
	return c.database().write(ctx, what, func(t *tx) error {
		// The update takes a lock, so that a newer cycle begins before or after all of this.
		count, err := t.exec(ctx, `update fences set fence = fence where job_id = $1 and fence = $2`, cycle.JobID, cycle.Fence)
		switch {
		case err != nil:
			return err
		case count == 0:
			return engine.ErrFenced
		}
		return do(t)
	})
}

// Finish writes the end of a cycle; see engine.Ledger.
func (c cycles) Finish(ctx context.Context, cycle engine.Cycle, job provisioning.Job) error {
	return c.commit(ctx, "finish cycle "+cycle.ID, cycle, func(t *tx) error {
		restarted, err := t.count(ctx, `select count(*) from fences where job_id = $1 and restarts <> begun_restarts`, cycle.JobID)
		if err != nil {
			return err
		}
		if restarted > 0 {
			job.Status.InitialDone = false
		}
		job.ID = cycle.JobID
		return t.putStatus(ctx, job)
	})
}

// Claimed returns which target ids are connected; see engine.Ledger.
func (c cycles) Claimed(ctx context.Context, jobID string, targetIDs []string) (map[string]string, error) {
	claimed := make(map[string]string)
	err := c.database().queries().each(ctx, func(rows *sql.Rows) error {
		var targetID, sourceID string
		if err := rows.Scan(&targetID, &sourceID); err != nil {
			return err
		}
		claimed[targetID] = sourceID
		return nil
	}, `select target_id, source_id from connections where job_id = $1 and target_id in list($2)`, jobID, targetIDs)
	if err != nil {
		return nil, fmt.Errorf("look up connected accounts: %w", err)
	}
	return claimed, nil
}

// Ready returns references that can be written; see engine.Ledger. It looks at
// those only whose account came to exist, however many others wait.
func (c cycles) Ready(ctx context.Context, jobID string, after engine.Reference, limit int) ([]engine.ReadyReference, error) {
	var ready []engine.ReadyReference
	err := c.database().queries().each(ctx, func(rows *sql.Rows) error {
		var (
			r       engine.ReadyReference
			since   int64
			old     string
			pending string
		)
		if err := rows.Scan(&r.SourceID, &r.Attribute, &r.Referenced, &old, &r.Connection.TargetID, &r.Connection.TargetName,
			&r.Connection.Enabled, &since, &pending, &r.Name, &r.TargetID); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(old), &r.Old); err != nil {
			return fmt.Errorf("read what the target held: %w", err)
		}
		r.Connection.SourceID, r.Connection.Since = r.SourceID, moment(since)
		var err error
		if r.Connection.Pending, err = decodePending(pending); err != nil {
			return err
		}
		ready = append(ready, r)
		return nil
	}, `select w.source_id, w.attribute, w.referenced_id, w.old_value, c.target_id, c.target_name, c.enabled, c.since, c.pending,
			coalesce(u.user_principal_name, ''), r.target_id
		from waiting_references w
		join connections c on c.job_id = w.job_id and c.source_id = w.source_id
		join connections r on r.job_id = w.job_id and r.source_id = w.referenced_id
		left join users u on u.id = w.source_id
		where w.job_id = $1 and w.ready and (w.source_id, w.attribute) > ($2, $3)
		order by w.source_id, w.attribute limit $4`, jobID, after.SourceID, after.Attribute, int64(limit))
	if err != nil {
		return nil, fmt.Errorf("look up references: %w", err)
	}
	return ready, nil
}
