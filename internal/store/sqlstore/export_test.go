package sqlstore

import (
	"context"
	"database/sql"
	"strconv"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/plan"
)

// LimitPages makes SQLite believe that the disk has room for a few pages more.
func (s *Store) LimitPages(ctx context.Context) error {
	pages := 0
	session := session{querier: s.database.writer, database: s.database}
	if _, err := session.one(ctx, []any{&pages}, `pragma page_count`); err != nil {
		return err
	}
	_, err := session.one(ctx, []any{&pages}, `pragma max_page_count = `+strconv.Itoa(pages+20))
	return err
}

// GoThroughLists makes Standings go through all lists, however few the people are, and
// Collect read few of them ahead.
func (s *Store) GoThroughLists() {
	s.manyStanding, s.manyAccounts, s.firstAhead, s.aheadIDs = 0, 0, 1, 2
}

// CountedMembers is how many memberships PostgreSQL counted last.
func (s *Store) CountedMembers(ctx context.Context) (float64, error) {
	var counted float64
	_, err := s.database.queries().one(ctx, []any{&counted}, `select reltuples from pg_class where oid = 'members'::regclass`)
	return counted, err
}

// Plan returns how SQLite would run the queries of a collection, a line for each
// step.
func (s *Store) QueryPlan(ctx context.Context, text string) ([]string, error) {
	var steps []string
	err := s.database.queries().each(ctx, func(rows *sql.Rows) error {
		var (
			id, parent, unused int
			step               string
		)
		err := rows.Scan(&id, &parent, &unused, &step)
		steps = append(steps, step)
		return err
	}, `explain query plan `+text, "job", "", int64(1), int64(0), int64(1), int64(1), int64(1))
	return steps, err
}

// CollectIncremental and CollectLeavers are the queries of collections.
func CollectIncremental() string { return touchedQuery(engine.Collection{}, false) }

// CollectLeavers is that for who may lose an account.
func CollectLeavers() string { return touchedQuery(engine.Collection{Connected: true}, false) }

// ListPlan returns how SQLite would read a list.
func (s *Store) ListPlan(ctx context.Context, list string) ([]string, error) {
	texts := map[string]string{
		"users": `select id, name_key from users where deleted_at = 0 and instr(words, ' a') > 0 and (name_key, id) > ('a', 'b')
			order by name_key asc, id asc limit 51`,
		"matches": `select id from users where instr(words, ' a') > 0 limit 1001`,
		"accounts": `select c.source_id, c.name_key from connections c where c.job_id = 'job' and c.enabled and (c.name_key, c.source_id) > ('a', 'b')
			order by c.name_key asc, c.source_id asc limit 51`,
		"tallies": `select hour / 24 as began, action, status, sum(count) from tallies where hour >= 5 and hour < 9 group by hour / 24, action, status order by 1, action, status`,
		"cycles":  `select ` + cycleColumns + ` from cycles where job_id = 'job' and (began, id) < (5, 'a') order by began desc, id desc limit 51`,
		"removals": `select source_id, since from removals where job_id = 'job' and state = 'staged' and (since, source_id) > (5, 'a')
			order by since asc, source_id asc limit 51`,
		"reports": `select ` + userColumns + ` from users where manager_id <> '' and deleted_at = 0 and manager_id = 'm' and (name_key, id) > ('a', 'b')
			order by name_key asc, id asc limit 51`,
	}
	q, _ := entrySequence(journal.Query{ApplicationID: "app", Name: "ana", Statuses: []plan.Status{plan.Failure}})
	text, arguments := q.text(cursor{position: position{Place: []any{int64(5), int64(5)}}}, 51)
	if list != "entries" {
		text, arguments = texts[list], nil
	}
	var steps []string
	err := s.database.queries().each(ctx, func(rows *sql.Rows) error {
		var (
			id, parent, unused int
			step               string
		)
		err := rows.Scan(&id, &parent, &unused, &step)
		steps = append(steps, step)
		return err
	}, `explain query plan `+text, arguments...)
	return steps, err
}
