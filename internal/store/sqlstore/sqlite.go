package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/usher-id/usher/internal/store"
)

// readers is how many connections read a SQLite file at the same time.
const readers = 4

// openSQLite opens a SQLite file with one connection that writes and several that
// read.
func openSQLite(ctx context.Context, path string, busyTimeout time.Duration) (*database, error) {
	holdMemory()
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if err := createFile(path); err != nil {
		return nil, err
	}
	milliseconds := cmp.Or(busyTimeout, 10*time.Second).Milliseconds()
	d := &database{
		dialect: sqliteDialect(path),
		turns:   &turns{},
		queue:   newQueue(readers),
		writer: sql.OpenDB(sqliteConnector(path, url.Values{
			"_txlock": {"immediate"}, // wait for the lock at the start, where waiting is possible
			"_pragma": {
				"busy_timeout(" + strconv.FormatInt(milliseconds, 10) + ")", "page_size(8192)", "journal_mode(wal)", "synchronous(normal)",
				"wal_autocheckpoint(4000)", "journal_size_limit(67108864)",
				"foreign_keys(on)", "cache_size(-32000)", "temp_store(file)",
			},
		})),
		reader: sql.OpenDB(sqliteConnector(path, url.Values{
			"_pragma": {"busy_timeout(" + strconv.FormatInt(milliseconds, 10) + ")", "query_only(on)", "cache_size(-16000)"},
		})),
	}
	d.writer.SetMaxOpenConns(1)
	d.reader.SetMaxOpenConns(readers)
	d.reader.SetMaxIdleConns(readers)
	// The writer goes first: it makes the file a database with a write-ahead log.
	if err := d.writer.PingContext(ctx); err != nil {
		return nil, errors.Join(d.dialect.classify(err), d.close())
	}
	return d, nil
}

// createFile makes the file, for nobody else to read, if it is not there.
func createFile(path string) error {
	file, err := os.OpenFile(filepath.Clean(path), os.O_RDWR|os.O_CREATE, 0o600)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("the folder of %s does not exist: create it or choose another one", path)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("no permission to write %s: run as the owner of the folder or choose another one", path)
	case err != nil:
		return err
	}
	return file.Close()
}

func sqliteConnector(path string, options url.Values) *cachingConnector {
	location := url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: options.Encode()}
	return &cachingConnector{driver: &sqlite.Driver{}, name: location.String()}
}

func sqliteDialect(path string) dialect {
	return dialect{
		name: "SQLite",
		list: `in (select value from json_each($1))`,
		listArgument: func(values []string) any {
			data, err := json.Marshal(values)
			if err != nil || values == nil {
				return "[]"
			}
			return string(data)
		},
		// SQLite plans with the value of such a parameter, and so prepares the statement
		// anew for each. It does not look into an expression.
		limit:    "limit 0 + $",
		position: "instr(",
		rows:     1,
		state:    `select sqlite_version(), (select page_count from pragma_page_count) * (select page_size from pragma_page_size)`,
		classify: func(err error) error { return classifySQLite(path, err) },
	}
}

// classifySQLite gives an error of the driver its meaning. The codes are those of
// "Result and Error Codes" of the SQLite documentation.
func classifySQLite(path string, err error) error {
	failure, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return err
	}
	switch failure.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		return fmt.Errorf("%w: %w", store.ErrConflict, err)
	case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
		return fmt.Errorf("%w: it belongs to something that does not exist: %w", store.ErrNotFound, err)
	}
	switch failure.Code() & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return fmt.Errorf("%w: %s is in use by another program that does not let go of it: stop that program, or try again: %w",
			store.ErrBusy, path, err)
	case sqlite3.SQLITE_FULL:
		return fmt.Errorf("the disk that holds %s is full: free some space; nothing was written: %w", path, err)
	case sqlite3.SQLITE_READONLY:
		return fmt.Errorf("%s or its folder cannot be written to: change its permissions or choose another folder: %w", path, err)
	case sqlite3.SQLITE_CANTOPEN:
		return fmt.Errorf("%s cannot be opened: its folder must exist and be writable: %w", path, err)
	case sqlite3.SQLITE_NOTADB:
		return fmt.Errorf("%s is not an SQLite database: choose another file: %w", path, err)
	case sqlite3.SQLITE_CORRUPT:
		return fmt.Errorf("%s is damaged: restore it from a backup: %w", path, err)
	case sqlite3.SQLITE_INTERRUPT:
		return fmt.Errorf("interrupted: %w", err)
	}
	return err
}
