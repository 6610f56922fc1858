package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/provisioning"
)

// Begin starts a cycle; see engine.Ledger.
func (c cycles) Begin(ctx context.Context, jobID string) (provisioning.Job, error) {
	var job provisioning.Job
	err := c.database().batch(ctx, "begin cycle of job "+jobID, func(t *tx) error {
		if _, err := t.exec(ctx, `update fences set fence = fence + 1, begun_restarts = restarts where job_id = $1`, jobID); err != nil {
			return err
		}
		var err error
		if job, err = t.jobByID(ctx, jobID); err != nil {
			return err
		}
		begun, err := encodeVerdict(job.Status)
		if err != nil {
			return err
		}
		_, err = t.exec(ctx, `update jobs set begun_status = $1 where id = $2`, clean(begun), jobID)
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
	return c.database().batch(ctx, what, func(t *tx) error {
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

// encodeVerdict returns the part of a status that both cycles and administrators
// decide on, to be compared as text.
func encodeVerdict(status provisioning.Status) (string, error) {
	return encodeJSON("the job's status", provisioning.Status{Code: status.Code, Quarantine: status.Quarantine})
}

// Finish writes the end of a cycle; see engine.Ledger. The figures are the cycle's.
// Whether the job is on or in quarantine is the cycle's to say only if nobody
// decided on it since the cycle began.
func (c cycles) Finish(ctx context.Context, cycle engine.Cycle, job provisioning.Job, record provisioning.CycleRecord) error {
	if record.Kind == provisioning.Incremental && record.State != provisioning.Failed {
		before, err := c.Look(ctx, cycle.JobID)
		if err == nil {
			record.Latency, err = c.database().queries().latency(ctx, cycle, before.Watermark, job.Watermark)
		}
		if err != nil {
			return fmt.Errorf("finish cycle %s: %w", cycle.ID, err)
		}
	}
	return c.commit(ctx, "finish cycle "+cycle.ID, cycle, func(t *tx) error {
		if err := t.putCycle(ctx, record); err != nil {
			return err
		}
		restarted, err := t.count(ctx, `select count(*) from fences where job_id = $1 and restarts <> begun_restarts`, cycle.JobID)
		if err != nil {
			return err
		}
		if restarted > 0 {
			job.Status = job.Status.Anew()
		}
		job.ID = cycle.JobID
		stored, decided, err := t.decidedMeanwhile(ctx, cycle.JobID)
		if err != nil {
			return err
		}
		if decided {
			job.Status.Code, job.Status.Quarantine = stored.Code, stored.Quarantine
		} else if err := t.stop(ctx, job); err != nil {
			return err
		}
		return t.putStatus(ctx, job)
	})
}

// stop turns a job off, or pauses it, where the status of a cycle asks for that, and
// forgets what failed.
func (t *tx) stop(ctx context.Context, job provisioning.Job) error {
	state, stops := job.Status.Stops()
	if !stops {
		return nil
	}
	if _, err := t.exec(ctx, `update jobs set schedule_state = $1 where id = $2 and schedule_state = $3`,
		string(state), job.ID, string(provisioning.ScheduleActive)); err != nil {
		return err
	}
	_, err := t.exec(ctx, `delete from escrows where job_id = $1`, job.ID)
	return err
}

// decidedMeanwhile returns the job's status, and whether an administrator decided on
// it since the latest cycle began.
func (t *tx) decidedMeanwhile(ctx context.Context, jobID string) (stored provisioning.Status, decided bool, err error) {
	job, err := t.jobByID(ctx, jobID)
	if err != nil {
		return stored, false, err
	}
	var begun string
	if _, err := t.one(ctx, []any{&begun}, `select begun_status from jobs where id = $1`, jobID); err != nil {
		return stored, false, err
	}
	verdict, err := encodeVerdict(job.Status)
	return job.Status, begun != "" && clean(verdict) != begun, err
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
// those only whose account came to exist, however many others wait. Those whose
// reason is gone, because the account was disabled or the user has another manager
// by now, are left out.
func (c cycles) Ready(ctx context.Context, jobID string, after engine.Reference, due time.Time, limit int) ([]engine.ReadyReference, error) {
	var ready []engine.ReadyReference
	err := c.database().queries().each(ctx, func(rows *sql.Rows) error {
		var (
			r       engine.ReadyReference
			since   int64
			first   int64
			old     string
			pending string
		)
		if err := rows.Scan(&r.SourceID, &r.Attribute, &r.Referenced, &old, &r.Connection.TargetID, &r.Connection.TargetName,
			&r.Connection.Enabled, &since, &pending, &r.Name, &r.TargetID,
			&r.Escrow.Attempts, &first); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(old), &r.Old); err != nil {
			return fmt.Errorf("read what the target held: %w", err)
		}
		r.Escrow.First = moment(first)
		r.Connection.SourceID, r.Connection.Since = r.SourceID, moment(since)
		var err error
		if r.Connection.Pending, err = decodePending(pending); err != nil {
			return err
		}
		ready = append(ready, r)
		return nil
	}, `select w.source_id, w.attribute, w.referenced_id, w.old_value, c.target_id, c.target_name, c.enabled, c.since, c.pending,
			u.user_principal_name, r.target_id, w.attempts, w.first_at
		from waiting_references w
		join connections c on c.job_id = w.job_id and c.source_id = w.source_id and c.enabled
		join connections r on r.job_id = w.job_id and r.source_id = w.referenced_id
		join users u on u.id = w.source_id and u.manager_id = w.referenced_id
		where w.job_id = $1 and w.ready and w.next_at <= $4 and (w.source_id, w.attribute) > ($2, $3)
		order by w.source_id, w.attribute limit $5`, jobID, after.SourceID, after.Attribute, micros(due), int64(limit))
	if err != nil {
		return nil, fmt.Errorf("look up references: %w", err)
	}
	return ready, nil
}
