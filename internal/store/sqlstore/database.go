package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/usher-id/usher/internal/store"
)

// dialect is what differs between the two databases.
type dialect struct {
	name string

	// list is what "in list($1)" becomes: being one of the values of one parameter.
	list string
	// listArgument makes that parameter.
	listArgument func(values []string) any

	// limit replaces "limit $", the beginning of a limit that is a parameter; empty where it
	// stays as it is.
	limit string

	// position replaces "strpos(", which PostgreSQL calls where a text is inside another
	// one; empty where it stays.
	position string

	// rows is how many rows one insert statement takes. SQLite runs a prepared
	// statement for one row fastest; PostgreSQL would pay a round trip for each.
	rows int

	// classify wraps an error of the driver with the error of package store that it
	// stands for, and with what to do about it. It is given to people.
	classify func(err error) error

	// lockMigrations keeps other nodes from migrating until the transaction ends.
	lockMigrations string
	// unhurried lets a transaction wait for its data as long as that takes; empty where
	// nothing limits it.
	unhurried string
	// count, with the name of a table behind it, counts its rows for the planner; empty where
	// plans do not depend on it.
	count string
	// prepare runs before the first migration, each time.
	prepare string

	// state selects the version of the database and how many bytes it takes.
	state string
}

// database is an open database: a pool for reading and one for writing, which on
// PostgreSQL are the same.
type database struct {
	dialect  dialect
	reader   *sql.DB
	writer   *sql.DB
	turns    *turns   // of those who write; nil where the database has more than one writer
	queue    *queue   // of those who read; nil where the pool's own order is good enough
	expanded sync.Map // SQL text as written -> as the dialect wants it
}

func (d *database) close() error {
	err := d.writer.Close()
	if d.reader != d.writer {
		err = errors.Join(d.reader.Close(), err)
	}
	return err
}

// listCall is the one thing that the SQL texts write in a way that no database
// understands: in list($1), being one of the values of a list parameter.
var listCall = regexp.MustCompile(`in list\((\$[0-9]+)\)`)

const (
	limitParameter = "limit $" // the beginning of a limit that is a parameter
	positionCall   = "strpos("
)

// text returns the SQL text as the dialect wants it.
func (d *database) text(text string) string {
	limited := d.dialect.limit != "" && strings.Contains(text, limitParameter)
	positioned := d.dialect.position != "" && strings.Contains(text, positionCall)
	if !limited && !positioned && !strings.Contains(text, "list($") {
		return text
	}
	if known, ok := d.expanded.Load(text); ok {
		expanded, _ := known.(string)
		return expanded
	}
	expanded := listCall.ReplaceAllString(text, d.dialect.list)
	if limited {
		expanded = strings.ReplaceAll(expanded, limitParameter, d.dialect.limit)
	}
	if positioned {
		expanded = strings.ReplaceAll(expanded, positionCall, d.dialect.position)
	}
	d.expanded.Store(text, expanded)
	return expanded
}

// querier is what *sql.DB and *sql.Tx have in common.
type querier interface {
	ExecContext(ctx context.Context, text string, arguments ...any) (sql.Result, error)
	QueryContext(ctx context.Context, text string, arguments ...any) (*sql.Rows, error)
}

// session runs SQL texts. A []string among the arguments is a list parameter.
type session struct {
	querier  querier
	database *database
	queue    *queue // where each query waits for a connection; nil in a transaction, which has one
}

// exec runs a statement and returns how many rows it touched.
func (s session) exec(ctx context.Context, text string, arguments ...any) (int, error) {
	result, err := s.querier.ExecContext(ctx, s.database.text(text), s.arguments(arguments)...)
	if err != nil {
		return 0, s.database.dialect.classify(err)
	}
	count, err := result.RowsAffected()
	if err != nil {
		return 0, fmt.Errorf("count rows: %w", err)
	}
	return int(count), nil
}

// each runs a query and calls scan for each row.
func (s session) each(ctx context.Context, scan func(rows *sql.Rows) error, text string, arguments ...any) error {
	leave, err := s.queue.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	rows, err := s.querier.QueryContext(ctx, s.database.text(text), s.arguments(arguments)...)
	if err != nil {
		return s.database.dialect.classify(err)
	}
	defer rows.Close() //nolint:errcheck // an error of the rows is in rows.Err
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return s.database.dialect.classify(err)
	}
	return nil
}

// one runs a query that has one row or none; found says which.
func (s session) one(ctx context.Context, targets []any, text string, arguments ...any) (found bool, err error) {
	err = s.each(ctx, func(rows *sql.Rows) error {
		found = true
		return rows.Scan(targets...)
	}, text, arguments...)
	return found, err
}

// texts runs a query of one text column.
func (s session) texts(ctx context.Context, text string, arguments ...any) ([]string, error) {
	var found []string
	err := s.each(ctx, func(rows *sql.Rows) error {
		var value string
		err := rows.Scan(&value)
		found = append(found, value)
		return err
	}, text, arguments...)
	return found, err
}

// count runs a query of one number.
func (s session) count(ctx context.Context, text string, arguments ...any) (int, error) {
	var number int64
	_, err := s.one(ctx, []any{&number}, text, arguments...)
	return int(number), err
}

func (s session) arguments(arguments []any) []any {
	for i, argument := range arguments {
		if list, ok := argument.([]string); ok {
			arguments[i] = s.database.dialect.listArgument(list)
		}
	}
	return arguments
}

// insertion describes an insert statement for any number of rows.
type insertion struct {
	into  string // table with its columns: "members (group_id, member_id)"
	width int    // how many columns
	then  string // what follows the values: "on conflict do nothing"
}

// text returns the statement for so many rows.
func (i insertion) text(rows int) string {
	var b strings.Builder
	b.WriteString("insert into " + i.into + " values ")
	for row := range rows {
		if row > 0 {
			b.WriteString(", ")
		}
		for column := range i.width {
			b.WriteString([]string{"(", ", "}[min(column, 1)])
			b.WriteString("$" + strconv.Itoa(row*i.width+column+1))
		}
		b.WriteByte(')')
	}
	return b.String() + " " + i.then
}

// insert inserts rows whose values stand one after the other. Where then updates,
// no two rows may have the same key.
func (s session) insert(ctx context.Context, i insertion, values []any) error {
	// Steps of ten keep the number of different texts, each of which is prepared once, small.
	for rows := s.database.dialect.rows; len(values) > 0; {
		for rows*i.width > len(values) {
			rows = max(1, rows/10)
		}
		text := s.insertText(i, rows)
		for len(values) >= rows*i.width {
			if _, err := s.querier.ExecContext(ctx, text, values[:rows*i.width]...); err != nil {
				return s.database.dialect.classify(err)
			}
			values = values[rows*i.width:]
		}
	}
	return nil
}

func (s session) insertText(i insertion, rows int) string {
	type key struct {
		insertion
		rows int
	}
	if known, ok := s.database.expanded.Load(key{i, rows}); ok {
		text, _ := known.(string)
		return text
	}
	text := i.text(rows)
	s.database.expanded.Store(key{i, rows}, text)
	return text
}

// errorf wraps one of the errors of package store, which stands at the end.
func errorf(kind error, format string, arguments ...any) error {
	return fmt.Errorf("%s: %w", fmt.Sprintf(format, arguments...), kind)
}

// notFound says that something does not exist.
func notFound(what, name string) error { return errorf(store.ErrNotFound, "%s %q", what, name) }
