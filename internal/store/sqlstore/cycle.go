package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"time"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

// Record keeps a cycle that is over; see engine.Attempts.
func (c cycles) Record(ctx context.Context, record provisioning.CycleRecord) error {
	return c.database().batch(ctx, "record cycle "+record.CycleID, func(t *tx) error { return t.putCycle(ctx, record) })
}

// putCycle keeps a cycle. One that is gone on with, as a plan may be, is replaced.
func (t *tx) putCycle(ctx context.Context, record provisioning.CycleRecord) error {
	if record.CycleID == "" {
		return nil
	}
	content, err := encodeJSON("the record of a cycle", record)
	if err != nil {
		return err
	}
	return t.insert(ctx, insertion{
		into: `cycles (id, job_id, application_id, kind, state, began, ended, content)`, width: 8,
		then: `on conflict (id) do update set state = excluded.state, ended = excluded.ended, content = excluded.content`,
	}, []any{
		record.CycleID, record.JobID, record.ApplicationID, string(record.Kind), string(record.State), micros(record.Began), micros(record.Ended), clean(content),
	})
}

// maxTimed is how many people the latency of a cycle is taken from.
const maxTimed = 20_000

// latency returns how long it took from the changes between two positions of the feed
// to the accounts that a cycle changed.
func (s session) latency(ctx context.Context, cycle engine.Cycle, since, until directory.Cursor) (provisioning.Latency, error) {
	var durations []time.Duration
	err := s.each(ctx, func(rows *sql.Rows) error {
		var changed, written int64
		err := rows.Scan(&changed, &written)
		if took := time.Duration(written-changed) * time.Microsecond; took >= 0 && changed > 0 {
			durations = append(durations, took)
		}
		return err
	}, `select coalesce((select f.at from feed_times f where f.sequence >= c.sequence order by f.sequence limit 1), 0), max(e.at)
		from (select user_id, min(sequence) as sequence from changes where sequence > $1 and sequence <= $2 and user_id <> ''
			and (application_id = '' or application_id = $3) group by user_id limit $7) c
		cross join entries e
		where e.source_id = c.user_id and e.cycle_id = $4 and e.status = $5 and e.action in list($6)
		group by c.user_id, c.sequence`, int64(since), int64(until), cycle.ApplicationID, cycle.ID, string(plan.Success),
		texts([]plan.Action{plan.Create, plan.Update, plan.Disable, plan.Enable, plan.Delete}), int64(maxTimed))
	return provisioning.NewLatency(durations), err
}

const cycleColumns = `content`

func scanCycle(rows *sql.Rows) (provisioning.CycleRecord, error) {
	var (
		record  provisioning.CycleRecord
		content string
	)
	if err := rows.Scan(&content); err != nil {
		return record, err
	}
	return record, decodeJSON("the record of a cycle", content, &record)
}

// Cycle returns a cycle; see store.Cycles.
func (s *Store) Cycle(ctx context.Context, id string) (provisioning.CycleRecord, error) {
	var record provisioning.CycleRecord
	found := false
	err := s.database.queries().each(ctx, func(rows *sql.Rows) error {
		var err error
		found = true
		record, err = scanCycle(rows)
		return err
	}, `select `+cycleColumns+` from cycles where id = $1`, clean(id))
	if err == nil && !found {
		err = notFound("cycle", id)
	}
	return record, err
}

// FindCycles returns cycles; see store.Cycles.
func (s *Store) FindCycles(ctx context.Context, search store.CycleSearch, page store.Page) (store.Listing[provisioning.CycleRecord], error) {
	q := sequence[provisioning.CycleRecord]{
		columns: cycleColumns, from: "cycles", order: []string{"began", "id"}, descending: true, scan: scanCycle,
		place: func(r provisioning.CycleRecord) []any { return []any{micros(r.Began), r.CycleID} },
	}
	q.where.addText(`job_id = ?`, search.JobID)
	q.where.addText(`application_id = ?`, search.ApplicationID)
	if !search.Since.IsZero() {
		q.where.add(`began >= ?`, search.Since.UnixMicro())
	}
	if !search.Until.IsZero() {
		q.where.add(`began <= ?`, search.Until.UnixMicro())
	}
	q.within = q.where.clone()
	if len(search.Kinds) > 0 {
		q.where.add(`kind in list(?)`, texts(search.Kinds))
	}
	if len(search.States) > 0 {
		q.where.add(`state in list(?)`, texts(search.States))
	}
	found, err := bounded(ctx, s.database.queries(), page, maxLookedInLog, q)
	return found, wrapped("list cycles", err)
}

// tallyKey is what entries are counted by.
type tallyKey struct {
	application          string
	hour                 int64
	action, status, code string
}

const microsPerHour = int64(time.Hour / time.Microsecond)

// tally counts entries, whose values are those of entryInsertion. Rows are taken in
// one order, so that two transactions do not wait for one another.
func (t *tx) tally(ctx context.Context, values []any) error {
	width := entryInsertion().width
	counts := make(map[tallyKey]int64)
	for row := range slices.Chunk(values, width) {
		var k tallyKey
		at, _ := row[1].(int64)
		k.hour = at / microsPerHour
		k.application, _ = row[3].(string)
		k.action, _ = row[9].(string)
		k.status, _ = row[10].(string)
		k.code, _ = row[11].(string)
		counts[k]++
	}
	keys := make([]tallyKey, 0, len(counts))
	for k := range counts {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b tallyKey) int {
		return cmp.Or(cmp.Compare(a.application, b.application), cmp.Compare(a.hour, b.hour), cmp.Compare(a.action, b.action),
			cmp.Compare(a.status, b.status), cmp.Compare(a.code, b.code))
	})
	rows := make([]any, 0, 6*len(keys))
	for _, k := range keys {
		rows = append(rows, k.application, k.hour, k.action, k.status, k.code, counts[k])
	}
	return t.insert(ctx, insertion{
		into: `tallies (application_id, hour, action, status, code, count)`, width: 6,
		then: `on conflict (application_id, hour, action, status, code) do update set count = tallies.count + excluded.count`,
	}, rows)
}

// tallied returns the conditions of a search for tallies.
func tallied(search store.TallySearch) conditions {
	var c conditions
	c.addText(`application_id = ?`, search.ApplicationID)
	if !search.Since.IsZero() {
		c.add(`hour >= ?`, search.Since.UnixMicro()/microsPerHour)
	}
	if !search.Until.IsZero() {
		c.add(`hour < ?`, (search.Until.UnixMicro()+microsPerHour-1)/microsPerHour)
	}
	if len(c.texts) == 0 {
		c.addCondition(`hour >= 0`)
	}
	return c
}

// Tallies returns what was counted; see store.Insights.
func (s *Store) Tallies(ctx context.Context, search store.TallySearch) ([]store.Tally, error) {
	step := int64(cmp.Or(search.Step, 24*time.Hour) / time.Hour)
	if step <= 0 || search.Step%time.Hour != 0 {
		return nil, errorf(store.ErrInvalid, "steps of %s, which are not whole hours", search.Step)
	}
	c := tallied(search)
	mark := c.argument(step)
	var found []store.Tally
	err := s.database.queries().each(ctx, func(rows *sql.Rows) error {
		var (
			t     store.Tally
			began int64
		)
		err := rows.Scan(&began, &t.Action, &t.Status, &t.Count)
		t.Began = moment(began * step * microsPerHour)
		found = append(found, t)
		return err
	}, `select hour / `+mark+` as began, action, status, sum(count) from tallies where `+c.text()+`
		group by hour / `+mark+`, action, status order by 1, action, status`, c.arguments...)
	return found, wrapped("count entries of the provisioning log", err)
}

// Causes returns why entries failed; see store.Insights.
func (s *Store) Causes(ctx context.Context, search store.TallySearch, limit int) ([]store.Cause, error) {
	c := tallied(search)
	c.add(`status = ?`, string(plan.Failure))
	mark := c.argument(int64(limit))
	var found []store.Cause
	err := s.database.queries().each(ctx, func(rows *sql.Rows) error {
		var (
			cause store.Cause
			last  int64
		)
		err := rows.Scan(&cause.ApplicationID, &cause.Code, &cause.Count, &last)
		cause.Last = moment(last * microsPerHour)
		found = append(found, cause)
		return err
	}, `select application_id, code, sum(count), max(hour) from tallies where `+c.text()+`
		group by application_id, code order by 3 desc, application_id, code limit `+mark, c.arguments...)
	return found, wrapped("count what failed", err)
}
