package jobs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"
	_ "modernc.org/sqlite" // the driver of the queue's file
)

// client is what is used of a River client, whatever its database.
type client interface {
	Start(ctx context.Context) error
	StopAndCancel(ctx context.Context) error
	Insert(ctx context.Context, args river.JobArgs, opts *river.InsertOpts) (*rivertype.JobInsertResult, error)
	JobList(ctx context.Context, params *river.JobListParams) (*river.JobListResult, error)
}

// The queues: notices never wait behind cycles, nor cycles behind notices.
const (
	cycleQueue  = "cycles"
	noticeQueue = "notices"
)

// noticesAtOnce is how many notices are delivered at the same time.
const noticesAtOnce = 4

// openQueue opens the queue's database, brings its tables up to date and returns a
// client for it, with what closes the database.
func openQueue(ctx context.Context, config Config, workers *river.Workers) (client, io.Closer, error) {
	settings := &river.Config{
		FetchCooldown:               50 * time.Millisecond,
		Logger:                      slog.New(quiet{config.Log.Handler()}),
		CompletedJobRetentionPeriod: 6 * time.Hour, // what completed keeps a notice from being delivered again
		Queues: map[string]river.QueueConfig{
			cycleQueue:  {MaxWorkers: config.Cycles},
			noticeQueue: {MaxWorkers: noticesAtOnce},
		},
		Workers: workers,
	}
	if config.Fetch > 0 {
		settings.PollOnly, settings.FetchPollInterval = true, config.Fetch
	}
	if config.Queue.URL != "" {
		return openPostgreSQL(ctx, config.Queue.URL, settings)
	}
	return openSQLite(ctx, config.Queue.Path, settings)
}

// openSQLite opens a file that the queue has for itself: SQLite has one writer at a
// time, and the queue writes often.
func openSQLite(ctx context.Context, path string, settings *river.Config) (client, io.Closer, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, nil, fmt.Errorf("open the queue: %w", err)
	}
	file, err := os.OpenFile(filepath.Clean(path), os.O_RDWR|os.O_CREATE, 0o600) // for the owner alone
	if err != nil {
		return nil, nil, fmt.Errorf("open the queue: %w", err)
	}
	if err := file.Close(); err != nil {
		return nil, nil, fmt.Errorf("open the queue: %w", err)
	}
	location := url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: url.Values{
		"_txlock": {"immediate"},
		"_pragma": {"busy_timeout(10000)", "journal_mode(wal)", "synchronous(normal)"},
	}.Encode()}
	database, err := sql.Open("sqlite", location.String())
	if err != nil {
		return nil, nil, fmt.Errorf("open the queue: %w", err)
	}
	database.SetMaxOpenConns(1) // as the driver of the queue asks for
	opened, err := newClient(ctx, riversqlite.New(database), settings)
	if err != nil {
		return nil, nil, errors.Join(err, database.Close())
	}
	return opened, database, nil
}

// migrationLock keeps nodes that start together from migrating at the same time. The
// number is of the same family as the store's.
const migrationLock = 22651059

func openPostgreSQL(ctx context.Context, location string, settings *river.Config) (_ client, _ io.Closer, err error) {
	pool, err := pgxpool.New(ctx, location)
	if err != nil {
		return nil, nil, fmt.Errorf("open the queue: %w", err) // the driver leaves the password out
	}
	closer := closing(pool.Close)
	defer func() {
		if err != nil {
			pool.Close()
		}
	}()
	held, err := pool.Acquire(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("open the queue: %w", err)
	}
	defer held.Release()
	if _, err := held.Exec(ctx, `select pg_advisory_lock($1)`, migrationLock); err != nil {
		return nil, nil, fmt.Errorf("open the queue: %w", err)
	}
	opened, err := newClient(ctx, riverpgxv5.New(pool), settings)
	if _, unlock := held.Exec(context.WithoutCancel(ctx), `select pg_advisory_unlock($1)`, migrationLock); unlock != nil {
		err = errors.Join(err, fmt.Errorf("open the queue: %w", unlock))
	}
	return opened, closer, err
}

// closing is a Close that cannot fail.
type closing func()

// Close calls the function.
func (c closing) Close() error {
	c()
	return nil
}

func newClient[TTx any](ctx context.Context, driver riverdriver.Driver[TTx], settings *river.Config) (client, error) {
	migrator, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: settings.Logger})
	if err != nil {
		return nil, fmt.Errorf("bring the queue's tables up to date: %w", err)
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return nil, fmt.Errorf("bring the queue's tables up to date: %w", err)
	}
	opened, err := river.NewClient(driver, settings)
	if err != nil {
		return nil, fmt.Errorf("open the queue: %w", err)
	}
	return opened, nil
}

// quiet keeps warnings and errors of the queue and drops what it tells of its daily
// life, unless everything is asked for.
type quiet struct{ slog.Handler }

// Enabled implements slog.Handler.
func (q quiet) Enabled(ctx context.Context, level slog.Level) bool {
	return q.Handler.Enabled(ctx, level) && (level >= slog.LevelWarn || q.Handler.Enabled(ctx, slog.LevelDebug))
}

// WithAttrs implements slog.Handler.
func (q quiet) WithAttrs(attrs []slog.Attr) slog.Handler { return quiet{q.Handler.WithAttrs(attrs)} }

// WithGroup implements slog.Handler.
func (q quiet) WithGroup(name string) slog.Handler { return quiet{q.Handler.WithGroup(name)} }
