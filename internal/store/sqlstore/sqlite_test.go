package sqlstore_test

import (
	"path/filepath"
	"testing"

	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/internal/store/sqlstore"
	"github.com/usher-id/usher/internal/store/storetest"
)

// xor is a sealer for tests that does not keep anything secret from anybody.
type xor struct{}

func (xor) Seal(plain, context []byte) ([]byte, error) {
	sealed := make([]byte, len(plain))
	for i := range plain {
		sealed[i] = plain[i] ^ 0x55 ^ context[i%len(context)]
	}
	return sealed, nil
}

func (x xor) Open(sealed, context []byte) ([]byte, error) { return x.Seal(sealed, context) }

func open(tb testing.TB, config sqlstore.Config) *sqlstore.Store {
	tb.Helper()
	config.Sealer = xor{}
	opened, err := sqlstore.Open(tb.Context(), config)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := opened.Close(); err != nil {
			tb.Error(err)
		}
	})
	return opened
}

func openSQLite(tb testing.TB) store.Store {
	tb.Helper()
	return open(tb, sqlstore.Config{Path: filepath.Join(tb.TempDir(), "usher.db")})
}

func TestStoreOnSQLite(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) store.Store {
		t.Helper()
		return openSQLite(t)
	})
}
