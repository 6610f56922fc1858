package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/usher-id/usher/directory"
)

// PruneEntries removes old entries; see store.Retention. Entries are looked at in the
// order of their ids, which is nearly that of time, so that it costs as much as it
// removes.
func (s *Store) PruneEntries(ctx context.Context, before time.Time, limit int) (int, error) {
	if err := s.pruneHistory(ctx, before, limit); err != nil {
		return 0, err
	}
	removed := 0
	after := int64(0)
	for removed < limit {
		var last, looked int64
		err := s.database.batch(ctx, "remove old entries of the provisioning log", func(t *tx) error {
			if _, err := t.one(ctx, []any{&last, &looked}, `select coalesce(max(id), 0), count(*) from
				(select id, at from entries where id > $1 order by id limit $3) page where at < $2`, after, micros(before), int64(min(pageSize, limit-removed))); err != nil {
				return err
			}
			count, err := t.exec(ctx, `delete from entries where id > $1 and id <= $2 and at < $3
				and (select latest.at from entries latest where latest.cycle_id = entries.cycle_id order by latest.id desc limit 1) < $3
				and not exists (select 1 from escrows e where e.job_id = entries.job_id and e.source_id = entries.source_id and e.first_at <= entries.at)`,
				after, last, micros(before))
			removed += count
			return err
		})
		if err != nil {
			return removed, err
		}
		if looked < int64(pageSize) {
			break
		}
		after = last
	}
	return removed, nil
}

// pruneHistory removes what happened to users and groups, records of cycles without entries, and
// what was counted of the log, from before a moment: at most limit rows of each.
func (s *Store) pruneHistory(ctx context.Context, before time.Time, limit int) error {
	for _, part := range []struct {
		what   string
		remove func(ctx context.Context, t *tx, limit int) (int, error)
	}{
		{"remove the old history of users", func(ctx context.Context, t *tx, limit int) (int, error) {
			return t.pruneObjectChanges(ctx, directory.UserObject, before, limit)
		}},
		{"remove the old history of groups", func(ctx context.Context, t *tx, limit int) (int, error) {
			return t.pruneObjectChanges(ctx, directory.GroupObject, before, limit)
		}},
		{"remove the old history of memberships", func(ctx context.Context, t *tx, limit int) (int, error) {
			return t.prunePast(ctx, "past_members", before, limit)
		}},
		{"remove the old history of assignments", func(ctx context.Context, t *tx, limit int) (int, error) {
			return t.prunePast(ctx, "past_assignments", before, limit)
		}},
		{"remove old cycles", func(ctx context.Context, t *tx, limit int) (int, error) {
			return t.exec(ctx, `delete from cycles where id in (select c.id from cycles c where c.began < $1 and c.ended < $1
				and not exists (select 1 from entries e where e.cycle_id = c.id) order by c.began, c.id limit $2)`, micros(before), int64(limit))
		}},
		{"remove old counts of the provisioning log", func(ctx context.Context, t *tx, limit int) (int, error) {
			return t.exec(ctx, `delete from tallies where (application_id, hour, action, status, code) in
				(select application_id, hour, action, status, code from tallies where hour < $1 order by hour limit $2)`, micros(before)/microsPerHour, int64(limit))
		}},
	} {
		for left := limit; left > 0; {
			size, count := min(pageSize, left), 0
			err := s.database.batch(ctx, part.what, func(t *tx) (err error) {
				count, err = part.remove(ctx, t, size)
				return err
			})
			if err != nil {
				return err
			}
			if left -= count; count < size {
				break
			}
		}
	}
	return nil
}

// pruneObjectChanges removes some of what happened before a moment, the oldest first.
// The history begins at that moment as soon as the first of them is gone: with some of
// it missing, it would tell something wrong of the time before.
func (t *tx) pruneObjectChanges(ctx context.Context, object directory.ObjectKind, before time.Time, limit int) (int, error) {
	table, column := changesTable(object)
	count, err := t.exec(ctx, `delete from `+table+` where (`+column+`, id) in
		(select `+column+`, id from `+table+` where at < $1 order by at limit $2)`, micros(before), int64(limit))
	if err != nil || count == 0 {
		return count, err
	}
	history := userHistory
	if object == directory.GroupObject {
		history = linkHistory
	}
	return count, t.beginLater(ctx, history, before)
}

// PruneChanges removes what every job is through with from the change feed; see
// store.Retention.
func (s *Store) PruneChanges(ctx context.Context, now time.Time, settled time.Duration, limit int) (int, error) {
	var bound int64
	err := s.database.batch(ctx, "note the end of the change feed", func(t *tx) error {
		if _, err := t.exec(ctx, `insert into feed_heads (at, sequence) select $1, value from counters where name = 'changes'
			on conflict (at) do nothing`, micros(now)); err != nil {
			return err
		}
		var at int64
		found, err := t.one(ctx, []any{&at, &bound}, `select at, sequence from feed_heads where at <= $1 order by at desc limit 1`, micros(now.Add(-settled)))
		if err != nil || !found {
			return err
		}
		_, err = t.exec(ctx, `delete from feed_heads where at < $1`, at)
		return err
	})
	if err != nil {
		return 0, err
	}
	if bound, err = s.reached(ctx, bound); err != nil {
		return 0, err
	}
	removed := 0
	for removed < limit {
		count := 0
		err := s.database.batch(ctx, "remove old changes", func(t *tx) error {
			// Whoever follows the feed from before there has to be told.
			_, err := t.exec(ctx, `update counters set value = $1 where name = 'pruned_changes' and value < $1
				and exists (select 1 from changes where sequence <= $1)`, bound)
			if err != nil {
				return err
			}
			if _, err := t.exec(ctx, `delete from feed_times where sequence in
				(select sequence from feed_times where sequence <= $1 order by sequence limit $2)`, bound, int64(pageSize)); err != nil {
				return err
			}
			count, err = t.exec(ctx, `delete from changes where sequence in
				(select sequence from changes where sequence <= $1 order by sequence limit $2)`, bound, int64(min(pageSize, limit-removed)))
			return err
		})
		removed += count
		if err != nil || count < pageSize {
			return removed, err
		}
	}
	return removed, nil
}

// reached lowers a position of the change feed to what every job has worked off. A job
// whose next cycle is an initial one will not look at what is there by now.
func (s *Store) reached(ctx context.Context, bound int64) (int64, error) {
	for app, err := range s.Applications(ctx) {
		if err != nil {
			return 0, err
		}
		job, err := s.Job(ctx, app.ID)
		if err != nil {
			return 0, fmt.Errorf("read how far the jobs have come: %w", err)
		}
		if job.Status.InitialDone {
			bound = min(bound, int64(job.Watermark))
		}
		if left := job.Status.Resume; left.After != "" { // it goes on there, however late
			bound = min(bound, int64(left.Until))
		}
	}
	return bound, nil
}
