package sqlstore

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/usher-id/usher/internal/store"
)

// postgresConnections is how many connections a node has to PostgreSQL for the
// store.
const postgresConnections = 16

// A node that stands still, as a suspended machine does, keeps the rows that it has
// changed from all others. The server ends a transaction that nothing was heard of for
// so long (PostgreSQL documentation, "Client Connection Defaults").
const (
	idleParameter = "idle_in_transaction_session_timeout"
	longestIdle   = 15 * time.Second
)

// openPostgreSQL makes a pool of connections to a PostgreSQL database.
func openPostgreSQL(url string) (*database, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		// The error of the driver repeats the URL, without its password.
		return nil, fmt.Errorf("the URL of the database should look like postgres://user:password@host:5432/database: %w", err)
	}
	if _, ok := config.RuntimeParams["application_name"]; !ok {
		config.RuntimeParams["application_name"] = "usher"
	}
	if _, ok := config.RuntimeParams[idleParameter]; !ok {
		config.RuntimeParams[idleParameter] = strconv.FormatInt(longestIdle.Milliseconds(), 10)
	}
	pool := stdlib.OpenDB(*config)
	pool.SetMaxOpenConns(postgresConnections)
	pool.SetMaxIdleConns(postgresConnections)
	return &database{dialect: postgresDialect(config.Host, config.Database), reader: pool, writer: pool}, nil
}

func postgresDialect(host, name string) dialect {
	return dialect{
		name:         "PostgreSQL",
		list:         `= any($1::text[])`,
		listArgument: func(values []string) any { return values },
		rows:         100,
		state:        `select current_setting('server_version'), pg_database_size(current_database())`,
		classify:     func(err error) error { return classifyPostgreSQL(host, name, err) },
		// The number is "usher" in letters of five bits. It has to be the same on all nodes.
		lockMigrations: `select pg_advisory_xact_lock(22651058)`,
		count:          `analyze `,
		unhurried:      `set local ` + idleParameter + ` = 0`,
		// What sorts byte by byte sorts the same on every server, and as on SQLite.
		prepare: `do $$ begin
				create domain key_text as text collate "C";
			exception when duplicate_object then null;
			end $$`,
	}
}

// classifyPostgreSQL gives an error of the server its meaning. The codes are those of
// appendix A, "PostgreSQL Error Codes", of its documentation.
func classifyPostgreSQL(host, name string, err error) error {
	if failure, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return fmt.Errorf("the PostgreSQL server at %s cannot be reached: check the URL, and that the server runs: %w", host, failure)
	}
	failure, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return err
	}
	switch failure.Code {
	case "23505": // unique_violation
		return fmt.Errorf("%w: %w", store.ErrConflict, err)
	case "23503": // foreign_key_violation
		return fmt.Errorf("%w: it belongs to something that does not exist: %w", store.ErrNotFound, err)
	case "40P01", "40001", "55P03", "25P03": // deadlock_detected, serialization_failure, lock_not_available, idle_in_transaction_session_timeout
		return fmt.Errorf("%w: try again: %w", store.ErrBusy, err)
	case "53100": // disk_full
		return fmt.Errorf("the disk of the PostgreSQL server at %s is full: free some space; nothing was written: %w", host, err)
	case "42501", "25006": // insufficient_privilege, read_only_sql_transaction
		return fmt.Errorf("the database %s cannot be written to: give the user the right to create tables, and connect to the primary server: %w",
			name, err)
	}
	return err
}
