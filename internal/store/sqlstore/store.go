package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/usher-id/usher/internal/store"
)

// Sealer seals what must not be readable in the database. The context is bound to
// the sealed text: it opens with the same context only.
type Sealer interface {
	Seal(plain, context []byte) ([]byte, error)
	Open(sealed, context []byte) ([]byte, error)
}

// Config says which database to open: a file or a server.
type Config struct {
	Path        string        // SQLite file, which is made if it does not exist; its folder must exist
	URL         string        // PostgreSQL: postgres://user:password@host/database
	Sealer      Sealer        // for credentials; without one they can be neither kept nor read
	Logger      *slog.Logger  // nil: nothing is logged
	BusyTimeout time.Duration // SQLite: how long to wait for another program; 0: 10 s
}

// Store is an open database. Its methods are safe for concurrent use.
type Store struct {
	database *database
	sealer   Sealer

	ahead    readAhead
	assigned assignedCounts

	importTurn chan struct{} // has room for the one import that runs

	// See the constants of these names.
	manyStanding, manyAccounts, firstAhead, aheadIDs int
}

var (
	_ store.Store  = (*Store)(nil)
	_ store.Engine = cycles{}
)

// Open opens a database and brings its tables up to date. The error wraps
// store.ErrNewer when a newer version of Usher made it, store.ErrBusy when another
// program holds it, and says what to do when it cannot be opened.
func Open(ctx context.Context, config Config) (*Store, error) {
	logger := config.Logger
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	var (
		database *database
		err      error
	)
	switch {
	case config.Path != "" && config.URL != "":
		return nil, errors.New("open database: give either a file or a URL, not both")
	case config.URL != "":
		database, err = openPostgreSQL(config.URL)
	case config.Path != "":
		database, err = openSQLite(ctx, config.Path, config.BusyTimeout)
	default:
		return nil, errors.New("open database: give a file or a URL")
	}
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	if err := database.migrate(ctx, logger); err != nil {
		return nil, fmt.Errorf("open database: %w", errors.Join(err, database.close()))
	}
	return &Store{database: database, sealer: config.Sealer, importTurn: make(chan struct{}, 1), ahead: readAhead{parts: map[aheadKey]aheadPart{}}, assigned: assignedCounts{known: map[string]*assignedCount{}}, manyStanding: manyStanding, manyAccounts: manyAccounts, firstAhead: firstAhead, aheadIDs: aheadIDs}, nil
}

// Close closes the database. Nothing may use the store any more.
func (s *Store) Close() error {
	if err := s.database.close(); err != nil {
		return fmt.Errorf("close database: %w", err)
	}
	return nil
}

// Engine returns the side of the store that cycles use.
func (s *Store) Engine() store.Engine { return cycles{s} }

// cycles is the side of the store that cycles use.
type cycles struct {
	store *Store
}

func (c cycles) database() *database { return c.store.database }

// readAhead holds ids of collections that are under way; see Collect.
type readAhead struct {
	mutex sync.Mutex
	parts map[aheadKey]aheadPart
}
