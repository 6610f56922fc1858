package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/usher-id/usher/internal/store"
)

// nodeForgotten is after how long without a word a node is not even listed.
const nodeForgotten = 24 * time.Hour

// NoteNode says that a node serves; see store.Nodes.
func (s *Store) NoteNode(ctx context.Context, node store.Node) error {
	return s.database.write(ctx, "note the node "+node.ID, func(t *tx) error {
		if _, err := t.exec(ctx, `delete from nodes where seen_at < $1`, micros(node.SeenAt.Add(-nodeForgotten))); err != nil {
			return err
		}
		_, err := t.exec(ctx, `insert into nodes (id, host, version, started_at, seen_at) values ($1, $2, $3, $4, $5)
			on conflict (id) do update set seen_at = excluded.seen_at`, node.ID, clean(node.Host), clean(node.Version), micros(node.StartedAt), micros(node.SeenAt))
		return err
	})
}

// ForgetNode says that a node does not serve any more; see store.Nodes.
func (s *Store) ForgetNode(ctx context.Context, id string) error {
	return s.database.write(ctx, "forget the node "+id, func(t *tx) error {
		_, err := t.exec(ctx, `delete from nodes where id = $1`, id)
		return err
	})
}

// Nodes returns the nodes; see store.Nodes.
func (s *Store) Nodes(ctx context.Context) ([]store.Node, error) {
	var nodes []store.Node
	err := s.database.queries().each(ctx, func(rows *sql.Rows) error {
		var (
			node          store.Node
			started, seen int64
		)
		err := rows.Scan(&node.ID, &node.Host, &node.Version, &started, &seen)
		node.StartedAt, node.SeenAt = moment(started), moment(seen)
		nodes = append(nodes, node)
		return err
	}, `select id, host, version, started_at, seen_at from nodes order by started_at, id`)
	return nodes, wrapped("list nodes", err)
}

// DatabaseState returns the state of the database; see store.Nodes.
func (s *Store) DatabaseState(ctx context.Context) (store.DatabaseState, error) {
	all, err := readMigrations(migrationFiles)
	if err != nil {
		return store.DatabaseState{}, err
	}
	state := store.DatabaseState{Kind: s.database.dialect.name, Known: len(all)}
	var migrated int64
	_, err = s.database.queries().one(ctx, []any{&state.Migrations, &state.Migration, &migrated}, `select version, name, applied_at from migrations order by version desc limit 1`)
	if err == nil {
		_, err = s.database.queries().one(ctx, []any{&state.Version, &state.Bytes}, s.database.dialect.state)
	}
	if err != nil {
		return state, fmt.Errorf("read the state of the database: %w", err)
	}
	state.MigratedAt = moment(migrated)
	return state, nil
}
