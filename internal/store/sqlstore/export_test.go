package sqlstore

import (
	"context"
	"database/sql"
	"strconv"

	"github.com/usher-id/usher/engine"
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
