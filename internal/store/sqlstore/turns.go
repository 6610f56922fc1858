package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"
)

// SQLite has one writer. Those who want to be it wait in two queues that share the time
// while both are filled: after a batch of a cycle comes at least one edit, and others as
// long as they have not had the time that the batch had. Nobody waits longer for an edit
// than for one batch and for what came before. Edits that wait at the same time become
// one transaction, in which each is undone alone when it fails.

// maxOwed bounds how long edits go before a batch, however long the one before was.
const maxOwed = 50 * time.Millisecond

// maxTogether bounds how many edits share a transaction, and with it how long a batch
// waits for them.
const maxTogether = 64

// turns decides who writes next. The zero turns is ready, and nobody writes.
type turns struct {
	mutex  sync.Mutex
	taken  bool
	queues [2][]*turn    // of batches and of edits
	served int           // the queue that the last turn came from
	began  time.Time     // when that turn began
	owed   time.Duration // what edits may still use before the next batch
}

// The queues.
const (
	batchTurn = iota // of cycles, and whatever takes long
	editTurn
)

// turn is somebody who wants to write.
type turn struct {
	queue int
	given chan struct{} // closed when it is the turn of this one, or when its edit is done

	// Of an edit.
	ctx      context.Context   //nolint:containedctx // whoever goes first runs the edits of the others, each with its own
	do       func(t *tx) error // nil for what wants a transaction of its own
	done     bool              // somebody else ran it, and this is what became of it:
	err      error
	panicked any
}

// take waits for the turn. When it was an edit that somebody else ran meanwhile, it is
// done and there is no turn to end.
func (t *turns) take(ctx context.Context, who *turn) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	who.given = make(chan struct{})
	t.mutex.Lock()
	if !t.taken {
		t.taken, t.owed = true, 0
		t.begin(who.queue)
		t.mutex.Unlock()
		return nil
	}
	t.queues[who.queue] = append(t.queues[who.queue], who)
	t.mutex.Unlock()
	select {
	case <-who.given:
		return nil
	case <-ctx.Done():
	}
	t.mutex.Lock()
	at := slices.Index(t.queues[who.queue], who)
	if at >= 0 {
		t.queues[who.queue] = slices.Delete(t.queues[who.queue], at, at+1)
	}
	t.mutex.Unlock()
	if at >= 0 {
		return ctx.Err()
	}
	<-who.given // it came in the same moment
	return nil
}

// begin notes whose turn it is. The mutex is held.
func (t *turns) begin(queue int) { t.served, t.began = queue, time.Now() }

// end gives the turn to the next.
func (t *turns) end() {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	took, first := time.Since(t.began), batchTurn
	if t.served == batchTurn {
		t.owed, first = min(took, maxOwed), editTurn
	} else if t.owed -= took; t.owed > 0 {
		first = editTurn
	}
	for _, queue := range []int{first, 1 - first} {
		if len(t.queues[queue]) > 0 {
			next := t.queues[queue][0]
			t.queues[queue] = slices.Delete(t.queues[queue], 0, 1)
			t.begin(queue)
			close(next.given)
			return
		}
	}
	t.taken = false
}

// others takes the edits that wait, and that may share a transaction, out of their queue.
func (t *turns) others() []*turn {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	var others []*turn
	t.queues[editTurn] = slices.DeleteFunc(t.queues[editTurn], func(who *turn) bool {
		taken := who.do != nil && len(others) < maxTogether-1
		if taken {
			others = append(others, who)
		}
		return taken
	})
	return others
}

// edit runs a short transaction, which may be part of a larger one. What do reads and
// writes has to go through its transaction alone, because what others changed just
// before it may not be committed yet.
func (d *database) edit(ctx context.Context, what string, do func(t *tx) error) error {
	if d.turns == nil {
		return d.write(ctx, what, do)
	}
	who := &turn{queue: editTurn, ctx: ctx, do: do}
	if err := d.turns.take(ctx, who); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if !who.done {
		d.lead(ctx, who)
	}
	if who.panicked != nil {
		panic(who.panicked)
	}
	return described(ctx, what, who.err)
}

// lead runs the edit whose turn it is, and those that wait behind it.
func (d *database) lead(ctx context.Context, first *turn) {
	defer d.turns.end()
	edits := append([]*turn{first}, d.turns.others()...)
	if len(edits) == 1 {
		first.err = d.transact(ctx, first.do)
		return
	}
	err := errUnfinished // unless an edit ends this goroutine
	defer func() {
		for _, one := range edits {
			if err != nil && one.err == nil {
				one.err = err
			}
			if one != first {
				one.done = true
				close(one.given)
			}
		}
	}()
	err = d.together(ctx, edits)
}

// errUnfinished is what others hear of an edit that ended its goroutine.
var errUnfinished = errors.New("another change of the same transaction did not come to its end")

// together runs several edits in one transaction. Its error is that of the whole, after
// which nothing is written; the edits have theirs. The whole outlives the contexts of
// the edits.
func (d *database) together(ctx context.Context, edits []*turn) (err error) {
	ctx = context.WithoutCancel(ctx)
	handle, err := d.writer.BeginTx(ctx, nil)
	if err != nil {
		return d.dialect.classify(err)
	}
	committed := false
	defer func() {
		if !committed {
			err = joinRollback(err, handle.Rollback())
		}
	}()
	all := session{querier: unhurried{handle}, database: d}
	for _, one := range edits {
		if one.err = one.ctx.Err(); one.err != nil {
			continue
		}
		if _, err := all.exec(ctx, `savepoint edit`); err != nil {
			return err
		}
		one.attempt(all)
		if one.err != nil || one.panicked != nil {
			// It cannot be undone alone when SQLite undid everything, as on a full disk.
			if _, err := all.exec(ctx, `rollback to edit`); err != nil {
				return errors.Join(one.err, err)
			}
		}
		if _, err := all.exec(ctx, `release edit`); err != nil {
			return err
		}
	}
	if err := handle.Commit(); err != nil {
		return d.dialect.classify(err)
	}
	committed = true
	return nil
}

// attempt runs an edit. A panic is kept for the goroutine that it belongs to.
func (who *turn) attempt(all session) {
	defer func() {
		if cause := recover(); cause != nil {
			who.panicked = fmt.Sprintf("%v\n%s", cause, debug.Stack())
		}
	}()
	t := &tx{session: all}
	if who.err = who.do(t); who.err == nil {
		who.err = t.appendChanges(who.ctx)
	}
}

// unhurried runs statements to their end, because breaking one off would undo the whole
// transaction. Between two of them it looks whether their edit is to go on.
type unhurried struct{ handle *sql.Tx }

// ExecContext implements querier.
func (u unhurried) ExecContext(ctx context.Context, text string, arguments ...any) (sql.Result, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return u.handle.ExecContext(context.WithoutCancel(ctx), text, arguments...)
}

// QueryContext implements querier.
func (u unhurried) QueryContext(ctx context.Context, text string, arguments ...any) (*sql.Rows, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return u.handle.QueryContext(context.WithoutCancel(ctx), text, arguments...)
}
