package sqlstore

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/journal"
)

// Commit writes one batch; see engine.Ledger. A connection without a target id is
// removed. Entries without a moment get the present one; those without job,
// application or cycle those of the cycle.
func (c cycles) Commit(ctx context.Context, cycle engine.Cycle, commit engine.Commit) error {
	// What takes time and no lock comes first.
	entries, err := entryValues(cycle, commit.Entries)
	if err != nil {
		return fmt.Errorf("commit batch of cycle %s: %w", cycle.ID, err)
	}
	unsettled, err := attemptValues(cycle, commit.Unsettled)
	if err != nil {
		return fmt.Errorf("commit batch of cycle %s: %w", cycle.ID, err)
	}
	return c.commit(ctx, "commit batch of cycle "+cycle.ID, cycle, func(t *tx) error {
		for _, write := range []func() error{
			func() error { return t.putConnections(ctx, cycle.JobID, commit.Connections) },
			func() error { return t.putEscrows(ctx, cycle.JobID, commit.Escrows) },
			func() error {
				return t.deleteBySource(ctx, `delete from escrows where job_id = $1 and source_id in list($2)`, cycle.JobID, commit.Cleared)
			},
			func() error { return t.deleteWaiting(ctx, cycle.JobID, commit.Resolved) },
			func() error { return t.putWaiting(ctx, cycle.JobID, commit.Waiting) },
			func() error { return t.refuseWaiting(ctx, cycle.JobID, commit.Refused) },
			func() error { return t.putLeavers(ctx, cycle.JobID, commit.Leavers) },
			func() error {
				return t.deleteBySource(ctx, `delete from leavers where job_id = $1 and source_id in list($2)`, cycle.JobID, commit.Stayed)
			},
			func() error {
				return t.deleteBySource(ctx, `delete from removals where job_id = $1 and source_id in list($2)`, cycle.JobID, commit.Removed)
			},
			func() error { return t.settle(ctx, cycle.JobID, commit.Settled) },
			func() error { return t.insert(ctx, attemptInsertion(), unsettled) },
			func() error { return t.retract(ctx, cycle.JobID, commit.Retracted) },
			func() error { return t.putResults(ctx, commit.Plan, commit.Items) },
			func() error { return t.revisit(ctx, cycle, commit.Revisit) },
			func() error { return t.appendEntries(ctx, entries) },
		} {
			if err := write(); err != nil {
				return err
			}
		}
		return nil
	})
}

func connectionInsertion() insertion {
	return insertion{
		into: `connections (job_id, source_id, target_id, target_name, enabled, since, pending, pending_since, name_key)`, width: 9,
		then: `on conflict (job_id, source_id) do update set target_id = excluded.target_id,
			target_name = excluded.target_name, enabled = excluded.enabled, since = excluded.since, pending = excluded.pending,
			pending_since = excluded.pending_since, name_key = excluded.name_key`,
	}
}

func (t *tx) putConnections(ctx context.Context, jobID string, connections []engine.Connection) error {
	if len(connections) == 0 {
		return nil
	}
	values := make([]any, 0, 9*len(connections))
	var made, ended, disabled []string
	for _, c := range lastOf(connections, func(c engine.Connection) string { return c.SourceID }) {
		if c.IsZero() {
			ended = append(ended, c.SourceID)
			continue
		}
		since := c.Since
		if since.IsZero() {
			since = now()
		}
		pending, err := encodePending(c.Pending)
		if err != nil {
			return err
		}
		made = append(made, c.SourceID)
		if !c.Enabled {
			disabled = append(disabled, c.SourceID)
		}
		values = append(values, jobID, c.SourceID, c.TargetID, clean(c.TargetName), c.Enabled, micros(since), pending, pendingSince(c),
			accountKey(c.TargetName))
	}
	if err := t.deleteBySource(ctx, `delete from connections where job_id = $1 and source_id in list($2)`, jobID, ended); err != nil {
		return err
	}
	if err := t.insert(ctx, connectionInsertion(), values); err != nil {
		return fmt.Errorf("put connections: %w", err)
	}
	if _, err := t.exec(ctx, `update waiting_references set ready = true where job_id = $1 and referenced_id in list($2) and not ready`,
		jobID, made); err != nil {
		return fmt.Errorf("wake references: %w", err)
	}
	// Nothing is written to the account of somebody who left.
	if err := t.deleteBySource(ctx, `delete from waiting_references where job_id = $1 and source_id in list($2)`, jobID, disabled); err != nil {
		return fmt.Errorf("end references: %w", err)
	}
	return nil
}

func (t *tx) putEscrows(ctx context.Context, jobID string, escrows []engine.Escrow) error {
	if len(escrows) == 0 {
		return nil
	}
	values := make([]any, 0, 7*len(escrows))
	for _, e := range lastOf(escrows, func(e engine.Escrow) string { return e.SourceID }) {
		values = append(values, jobID, e.SourceID, clean(e.Code), clean(e.Message), int64(e.Attempts), micros(e.First), micros(e.Next))
	}
	err := t.insert(ctx, insertion{
		into: `escrows (job_id, source_id, code, message, attempts, first_at, next_at)`, width: 7,
		then: `on conflict (job_id, source_id) do update set code = excluded.code, message = excluded.message,
			attempts = excluded.attempts, first_at = excluded.first_at, next_at = excluded.next_at`,
	}, values)
	if err != nil {
		return fmt.Errorf("put escrows: %w", err)
	}
	return nil
}

func (t *tx) putWaiting(ctx context.Context, jobID string, waiting []engine.Reference) error {
	if len(waiting) == 0 {
		return nil
	}
	values := make([]any, 0, 6*len(waiting))
	sources := make([]string, 0, len(waiting))
	for _, r := range lastOf(waiting, func(r engine.Reference) string { return r.SourceID + "\x00" + r.Attribute }) {
		sources = append(sources, r.SourceID)
		values = append(values, jobID, r.SourceID, r.Attribute, r.Referenced, clean(string(r.Old.AppendJSON(nil))), false)
	}
	err := t.insert(ctx, insertion{
		into: `waiting_references (job_id, source_id, attribute, referenced_id, old_value, ready)`, width: 6,
		then: `on conflict (job_id, source_id, attribute) do update set referenced_id = excluded.referenced_id,
			old_value = excluded.old_value, ready = excluded.ready, code = '', message = '', attempts = 0, first_at = 0, next_at = 0`,
	}, values)
	if err != nil {
		return fmt.Errorf("put references: %w", err)
	}
	if _, err := t.exec(ctx, `update waiting_references set ready = true where job_id = $1 and source_id in list($2) and not ready
		and exists (select 1 from connections c where c.job_id = waiting_references.job_id and c.source_id = waiting_references.referenced_id)`,
		jobID, sources); err != nil {
		return fmt.Errorf("wake references: %w", err)
	}
	return nil
}

// revisit puts people into the change feed of one application.
func (t *tx) revisit(ctx context.Context, cycle engine.Cycle, ids []string) error {
	for _, id := range ids {
		if err := t.touch(ctx, change{kind: userChange, userID: id, applicationID: cycle.ApplicationID}); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) deleteWaiting(ctx context.Context, jobID string, references []engine.Reference) error {
	for _, r := range references {
		if _, err := t.exec(ctx, `delete from waiting_references where job_id = $1 and source_id = $2 and attribute = $3`,
			jobID, r.SourceID, r.Attribute); err != nil {
			return fmt.Errorf("end references: %w", err)
		}
	}
	return nil
}

// refuseWaiting notes that references failed and when they are tried again.
func (t *tx) refuseWaiting(ctx context.Context, jobID string, refused []engine.FailedReference) error {
	for _, r := range refused {
		if _, err := t.exec(ctx, `update waiting_references set code = $4, message = $5, attempts = $6, first_at = $7, next_at = $8
			where job_id = $1 and source_id = $2 and attribute = $3`, jobID, r.SourceID, r.Attribute, clean(r.Escrow.Code), clean(r.Escrow.Message),
			int64(r.Escrow.Attempts), micros(r.Escrow.First), micros(r.Escrow.Next)); err != nil {
			return fmt.Errorf("keep references that failed: %w", err)
		}
	}
	return nil
}

// deleteBySource runs a statement that takes a job and a list of ids, if there are any.
func (t *tx) deleteBySource(ctx context.Context, text, jobID string, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	_, err := t.exec(ctx, text, jobID, ids)
	return err
}

// lastOf returns the items without those that a later one with the same key
// replaces. The order is kept.
func lastOf[T any](items []T, keyOf func(T) string) []T {
	last := make(map[string]int, len(items))
	for i, item := range items {
		last[keyOf(item)] = i
	}
	if len(last) == len(items) {
		return items
	}
	result := make([]T, 0, len(last))
	for i, item := range items {
		if last[keyOf(item)] == i {
			result = append(result, item)
		}
	}
	return result
}

const entryColumns = `id, at, job_id, application_id, cycle_id, duration_nanoseconds, initiated_by, plan_id, change`

func entryInsertion() insertion {
	return insertion{
		into: `entries (id, at, job_id, application_id, cycle_id, source_id, source_name, target_id, target_name,
			action, status, code, duration_nanoseconds, initiated_by, plan_id, search, change)`, width: 17,
	}
}

// entryValues returns the values of all entries for entryInsertion, without ids.
func entryValues(cycle engine.Cycle, entries []journal.Entry) ([]any, error) {
	values := make([]any, 0, 17*len(entries))
	written := now()
	for _, e := range entries {
		change, err := json.Marshal(e.Change)
		if err != nil {
			return nil, fmt.Errorf("write the change of %s: %w", e.Change.Source.Name, err)
		}
		at := written
		if !e.At.IsZero() {
			at = e.At
		}
		source, target := e.Change.Source, e.Change.Target
		values = append(values, int64(0), micros(at), cmp.Or(e.JobID, cycle.JobID), cmp.Or(e.ApplicationID, cycle.ApplicationID),
			cmp.Or(e.CycleID, cycle.ID), clean(source.ID), clean(source.Name), clean(target.ID), clean(target.Name),
			string(e.Change.Action), string(e.Change.Status), clean(e.Change.Reason.Code), int64(e.Duration), clean(e.InitiatedBy), e.PlanID,
			searchText(source.Name, target.Name, source.ID, target.ID), clean(string(change)))
	}
	return values, nil
}

// appendEntries numbers the entries and writes them.
func (t *tx) appendEntries(ctx context.Context, values []any) error {
	insertion := entryInsertion()
	count := len(values) / insertion.width
	if count == 0 {
		return nil
	}
	last, err := t.next(ctx, "entries", count)
	if err != nil {
		return fmt.Errorf("number the entries of the log: %w", err)
	}
	for i := range count {
		values[i*insertion.width] = last - int64(count-1-i)
	}
	if err := t.insert(ctx, insertion, values); err != nil {
		return fmt.Errorf("append to the log: %w", err)
	}
	if err := t.tally(ctx, values); err != nil {
		return fmt.Errorf("count the entries of the log: %w", err)
	}
	return nil
}
