package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// tx is a transaction that writes. It gathers what it changes in the directory and
// puts it into the change feed at its end.
type tx struct {
	session
	changes []change
	spilled int // changes that wait in a temporary table, before those in memory
	history memory
	actor   string // who does this, as the audit log has it
}

// write runs one transaction, which is short. An error of the function undoes
// everything; what says what was tried and stands before any error.
func (d *database) write(ctx context.Context, what string, do func(t *tx) error) error {
	return described(ctx, what, d.alone(ctx, editTurn, do))
}

// batch is like write for what a cycle writes, and for what takes long: people who wait
// go first.
func (d *database) batch(ctx context.Context, what string, do func(t *tx) error) error {
	return described(ctx, what, d.alone(ctx, batchTurn, do))
}

// alone runs a transaction when it is its turn.
func (d *database) alone(ctx context.Context, queue int, do func(t *tx) error) error {
	if d.turns != nil {
		if err := d.turns.take(ctx, &turn{queue: queue}); err != nil {
			return err
		}
		defer d.turns.end()
	}
	return d.transact(ctx, do)
}

func described(ctx context.Context, what string, err error) error {
	if errors.Is(err, sql.ErrTxDone) && ctx.Err() != nil {
		// The end of the context rolled the transaction back before the commit saw it.
		err = ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

func (d *database) transact(ctx context.Context, do func(t *tx) error) (err error) {
	handle, err := d.writer.BeginTx(ctx, nil)
	if err != nil {
		return d.dialect.classify(err)
	}
	defer func() {
		if err != nil {
			err = joinRollback(err, handle.Rollback())
		}
	}()
	t := &tx{session: session{querier: handle, database: d}}
	if err := do(t); err != nil {
		return err
	}
	if err := t.appendChanges(ctx); err != nil {
		return err
	}
	if err := handle.Commit(); err != nil {
		return d.dialect.classify(err)
	}
	return nil
}

// joinRollback adds an error of a rollback, unless it says that the transaction is
// over already, as after a failed commit or the end of the context.
func joinRollback(err, rollback error) error {
	if rollback == nil || errors.Is(rollback, sql.ErrTxDone) {
		return err
	}
	return errors.Join(err, fmt.Errorf("roll back: %w", rollback))
}

// read runs several queries that see the same state of the database.
func (d *database) read(ctx context.Context, what string, do func(s session) error) error {
	leave, err := d.queue.enter(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	defer leave()
	handle, err := d.reader.BeginTx(ctx, &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead})
	if err != nil {
		return fmt.Errorf("%s: %w", what, d.dialect.classify(err))
	}
	err = do(session{querier: handle, database: d})
	err = joinRollback(err, handle.Rollback())
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// queries returns a session for single queries outside of a transaction.
func (d *database) queries() session { return session{querier: d.reader, database: d, queue: d.queue} }

// next reserves count numbers of a counter and returns the last of them. Other
// transactions that want numbers of it wait until this one ends, so ask late.
func (t *tx) next(ctx context.Context, counter string, count int) (int64, error) {
	var last int64
	_, err := t.one(ctx, []any{&last},
		`update counters set value = value + $1 where name = $2 returning value`, int64(count), counter)
	return last, err
}
