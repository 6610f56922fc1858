package sqlstore

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
)

// The driver for PostgreSQL prepares each text once per connection and uses it
// again. The types of this file make the driver for SQLite do so, too: parsing and
// planning costs it more than running most statements.

// cachingConnector opens connections that keep their statements.
type cachingConnector struct {
	driver driver.Driver
	name   string
}

var _ driver.Connector = (*cachingConnector)(nil)

// Connect opens a connection.
func (c *cachingConnector) Connect(context.Context) (driver.Conn, error) {
	opened, err := c.driver.Open(c.name)
	if err != nil {
		return nil, err
	}
	conn, ok := opened.(sqliteConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("the SQLite driver's %T lacks methods", opened), opened.Close())
	}
	return &cachingConn{sqliteConn: conn, statements: map[string]*statement{}}, nil
}

// Driver returns the driver below.
func (c *cachingConnector) Driver() driver.Driver { return c.driver }

// sqliteConn is what a connection of the driver can do.
type sqliteConn interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ConnBeginTx
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// sqliteStatement is what a statement of the driver can do.
type sqliteStatement interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// cachingConn is a connection that keeps its statements. As database/sql has it,
// one goroutine at a time uses it.
type cachingConn struct {
	sqliteConn
	statements map[string]*statement
}

// maxStatements bounds the cache; the program has far fewer texts.
const maxStatements = 500

// statement is a prepared statement. It is busy while its rows are read.
type statement struct {
	prepared sqliteStatement
	busy     bool
}

// acquire returns the statement for a text, and whether it is to be closed after
// use because the one in the cache is busy.
func (c *cachingConn) acquire(ctx context.Context, text string) (s *statement, temporary bool, err error) {
	known, ok := c.statements[text]
	if ok && !known.busy {
		return known, false, nil
	}
	prepared, err := c.PrepareContext(ctx, text)
	if err != nil {
		return nil, false, err
	}
	usable, fits := prepared.(sqliteStatement)
	if !fits {
		return nil, false, errors.Join(fmt.Errorf("the SQLite driver's %T lacks methods", prepared), prepared.Close())
	}
	s = &statement{prepared: usable}
	if ok || len(c.statements) >= maxStatements {
		return s, true, nil
	}
	c.statements[text] = s
	return s, false, nil
}

// ExecContext runs a statement. It looks at the context before and not during: the
// driver starts a goroutine to watch it, which costs more than most statements.
func (c *cachingConn) ExecContext(ctx context.Context, text string, arguments []driver.NamedValue) (driver.Result, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s, temporary, err := c.acquire(ctx, text)
	if err != nil {
		return nil, err
	}
	result, err := s.prepared.ExecContext(context.WithoutCancel(ctx), arguments)
	if temporary {
		err = errors.Join(err, s.prepared.Close())
	}
	return result, err
}

// QueryContext runs a query, which ends when the context does.
func (c *cachingConn) QueryContext(ctx context.Context, text string, arguments []driver.NamedValue) (driver.Rows, error) {
	s, temporary, err := c.acquire(ctx, text)
	if err != nil {
		return nil, err
	}
	rows, err := s.prepared.QueryContext(ctx, arguments)
	if err != nil {
		if temporary {
			err = errors.Join(err, s.prepared.Close())
		}
		return nil, err
	}
	s.busy = true
	return &statementRows{Rows: rows, statement: s, temporary: temporary}, nil
}

// Close closes the statements and the connection.
func (c *cachingConn) Close() error {
	var errs []error
	for _, s := range c.statements {
		errs = append(errs, s.prepared.Close())
	}
	return errors.Join(append(errs, c.sqliteConn.Close())...)
}

// statementRows frees the statement when the rows are closed.
type statementRows struct {
	driver.Rows
	statement *statement
	temporary bool
}

// Close closes the rows.
func (r *statementRows) Close() error {
	err := r.Rows.Close()
	r.statement.busy = false
	if r.temporary {
		err = errors.Join(err, r.statement.prepared.Close())
	}
	return err
}
