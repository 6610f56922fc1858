package sqlstore_test

import (
	"path/filepath"
	"testing"

	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/internal/store/sqlstore"
	"github.com/usher-id/usher/internal/store/storetest"
)

func TestStandingsAreTheSameWhenAllListsAreGoneThrough(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]func(t *testing.T) sqlstore.Config{
		"SQLite": func(t *testing.T) sqlstore.Config {
			t.Helper()
			return sqlstore.Config{Path: filepath.Join(t.TempDir(), "usher.db")}
		},
		"PostgreSQL": func(t *testing.T) sqlstore.Config {
			t.Helper()
			return sqlstore.Config{URL: storetest.Postgres(t)}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storetest.Standings(t, func(t *testing.T) store.Store {
				t.Helper()
				opened := open(t, config(t))
				opened.GoThroughLists()
				return opened
			})
		})
	}
}
