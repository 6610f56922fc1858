package sqlstore_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"path/filepath"
	"testing"

	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/internal/store/sqlstore"
	"github.com/usher-id/usher/internal/store/storetest"
)

// errWrongKey is what the sealer of the tests says when it cannot open something.
var errWrongKey = errors.New("the key does not fit")

// newSealer returns a sealer with a key that is made of one number.
func newSealer(tb testing.TB, number byte) sqlstore.Sealer {
	tb.Helper()
	block, err := aes.NewCipher(bytes.Repeat([]byte{number}, 32))
	if err != nil {
		tb.Fatal(err)
	}
	mode, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		tb.Fatal(err)
	}
	return sealer{mode}
}

type sealer struct{ mode cipher.AEAD }

func (s sealer) Seal(plain, context []byte) ([]byte, error) {
	return s.mode.Seal(nil, nil, plain, context), nil
}

func (s sealer) Open(sealed, context []byte) ([]byte, error) {
	plain, err := s.mode.Open(nil, nil, sealed, context)
	if err != nil {
		return nil, errWrongKey
	}
	return plain, nil
}

func open(tb testing.TB, config sqlstore.Config) *sqlstore.Store {
	tb.Helper()
	config.Sealer = newSealer(tb, 1)
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
