package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"iter"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/provisioning"
)

func (t *tx) putLeavers(ctx context.Context, jobID string, leavers []engine.Leaver) error {
	values := make([]any, 0, 5*len(leavers))
	for _, l := range lastOf(leavers, func(l engine.Leaver) string { return l.SourceID }) {
		values = append(values, jobID, l.SourceID, micros(l.Since), micros(l.Due), clean(l.Reason))
	}
	return t.insert(ctx, insertion{
		into: `leavers (job_id, source_id, since, due_at, reason)`, width: 5,
		then: `on conflict (job_id, source_id) do update set since = excluded.since, due_at = excluded.due_at, reason = excluded.reason`,
	}, values)
}

// leavers runs a query of the source id, the account's name, and when and why.
func (s session) leavers(ctx context.Context, text string, arguments ...any) ([]engine.Leaver, error) {
	var leavers []engine.Leaver
	err := s.each(ctx, func(rows *sql.Rows) error {
		var (
			l          engine.Leaver
			since, due int64
		)
		err := rows.Scan(&l.SourceID, &l.Name, &since, &due, &l.Reason)
		l.Since, l.Due = moment(since), moment(due)
		leavers = append(leavers, l)
		return err
	}, text, arguments...)
	return leavers, err
}

// Leavers yields whose grace period runs; see store.Waiting.
func (s *Store) Leavers(ctx context.Context, jobID string) iter.Seq2[engine.Leaver, error] {
	return pages("list leavers", func(last engine.Leaver, _ bool, limit int) ([]engine.Leaver, error) {
		return s.database.queries().leavers(ctx, `select l.source_id, c.target_name, l.since, l.due_at, l.reason from leavers l
			join connections c on c.job_id = l.job_id and c.source_id = l.source_id
			where l.job_id = $1 and (l.due_at, l.source_id) > ($2, $3) order by l.due_at, l.source_id limit $4`,
			jobID, micros(last.Due), last.SourceID, int64(limit))
	})
}

// Escrows yields what is kept for another try; see store.Waiting.
func (s *Store) Escrows(ctx context.Context, jobID string) iter.Seq2[engine.Escrow, error] {
	return pages("list what is tried again", func(last engine.Escrow, begun bool, limit int) ([]engine.Escrow, error) {
		var escrows []engine.Escrow
		err := s.database.queries().each(ctx, func(rows *sql.Rows) error {
			escrow, err := scanEscrow(rows)
			escrows = append(escrows, escrow)
			return err
		}, `select source_id, code, message, attribute, attempts, first_at, next_at from (
				select source_id || '' as source_id, code, message, '' as attribute, attempts, first_at, next_at from escrows where job_id = $1
				union all
				select source_id || '', code, message, attribute || '', attempts, first_at, next_at from waiting_references
				where job_id = $1 and attempts > 0
			) kept where (source_id, attribute) > ($2, $3) order by source_id, attribute limit $4`,
			jobID, last.SourceID, last.Attribute, int64(limit))
		return escrows, err
	})
}

// RetryNow makes what failed due; see store.Waiting.
func (s *Store) RetryNow(ctx context.Context, jobID string, which store.Retry, records ...store.Record) (int, error) {
	count := 0
	err := s.database.write(ctx, "retry what failed in job "+jobID, func(t *tx) error {
		if err := t.lockJob(ctx, jobID); err != nil {
			return err
		}
		condition, arguments := "", []any{jobID, micros(now())}
		if len(which.SourceIDs) > 0 {
			condition += ` and source_id in list($3)`
			arguments = append(arguments, which.SourceIDs)
		}
		if which.Code != "" {
			arguments = append(arguments, which.Code)
			condition += fmt.Sprintf(` and code = $%d`, len(arguments))
		}
		for _, text := range []string{
			`update escrows set next_at = $2 where job_id = $1`,
			`update waiting_references set next_at = $2 where job_id = $1 and attempts > 0`,
		} {
			changed, err := t.exec(ctx, text+condition, arguments...)
			if err != nil {
				return err
			}
			count += changed
		}
		return t.record(ctx, records, count)
	})
	return count, err
}

// Disconnect forgets whose an account is; see store.Waiting.
func (s *Store) Disconnect(ctx context.Context, jobID, sourceID string, force bool, records ...func(was engine.Connection) journal.Audit) (engine.Connection, error) {
	var connection engine.Connection
	err := s.database.write(ctx, "disconnect "+sourceID, func(t *tx) error {
		if err := t.lockJob(ctx, jobID); err != nil {
			return err
		}
		job, err := t.jobByID(ctx, jobID)
		if err != nil {
			return err
		}
		if job.Schedule.State == provisioning.ScheduleActive {
			return errorf(store.ErrConflict, "provisioning is turned on; a connection can be removed while it is off")
		}
		found, err := t.connections(ctx, `select `+connectionColumns+` from connections where job_id = $1 and source_id = $2`, jobID, sourceID)
		if err != nil || len(found) == 0 {
			return err
		}
		connection = found[0]
		if !force {
			if err := t.checkLeaver(ctx, job, connection); err != nil {
				return err
			}
		}
		if err := t.disconnect(ctx, job, sourceID); err != nil {
			return err
		}
		for _, record := range records {
			if err := t.appendAudits(ctx, []journal.Audit{record(connection)}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return engine.Connection{}, err
	}
	return connection, nil
}

// checkLeaver refuses to forget an account in use whose owner left: nothing would
// take it away any more.
func (t *tx) checkLeaver(ctx context.Context, job provisioning.Job, connection engine.Connection) error {
	if !connection.Enabled {
		return nil
	}
	listed, err := t.count(ctx, `select (select count(*) from removals where job_id = $1 and source_id = $2)
		+ (select count(*) from leavers where job_id = $1 and source_id = $2)`, job.ID, connection.SourceID)
	if err != nil {
		return err
	}
	left, err := t.count(ctx, `select count(*) from connections c where c.job_id = $1 and c.source_id = $3 and `+outOfTheWay(job),
		job.ID, job.Settings.SyncAll, connection.SourceID)
	if err != nil || listed+left == 0 {
		return err
	}
	return errorf(store.ErrConflict, "the account %s is in use and its owner has left; once it is not connected nothing takes it away", connection.TargetName)
}

// disconnect forgets a connection with all that waits for it.
func (t *tx) disconnect(ctx context.Context, job provisioning.Job, sourceID string) error {
	for _, table := range []string{"connections", "waiting_references", "escrows", "removals", "leavers"} {
		if err := t.deleteBySource(ctx, `delete from `+table+` where job_id = $1 and source_id in list($2)`, job.ID, []string{sourceID}); err != nil {
			return err
		}
	}
	return t.touch(ctx, change{kind: userChange, userID: sourceID, applicationID: job.ApplicationID})
}
