package sqlstore_test

import (
	"testing"

	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/internal/store/sqlstore"
	"github.com/usher-id/usher/internal/store/storetest"
)

func BenchmarkSQLite(b *testing.B) {
	storetest.Benchmark(b, func(b *testing.B) store.Store {
		b.Helper()
		return openSQLite(b)
	})
}

func BenchmarkPostgreSQL(b *testing.B) {
	storetest.Benchmark(b, func(b *testing.B) store.Store {
		b.Helper()
		return open(b, sqlstore.Config{URL: storetest.Postgres(b)})
	})
}

func BenchmarkListsOnSQLite(b *testing.B) {
	storetest.BenchmarkLists(b, func(b *testing.B) store.Store {
		b.Helper()
		return openSQLite(b)
	})
}

func BenchmarkListsOnPostgreSQL(b *testing.B) {
	storetest.BenchmarkLists(b, func(b *testing.B) store.Store {
		b.Helper()
		return open(b, sqlstore.Config{URL: storetest.Postgres(b)})
	})
}
