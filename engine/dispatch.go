package engine

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"
)

// dispatcher cuts people into batches and runs a bounded number of them at the
// same time. Batches with leavers end before the first one without begins.
//
// Reading from the target and writing to it are limited separately, so that the
// next batches are looked up while earlier ones are written.
type dispatcher struct {
	cycle   *cycle
	ctx     context.Context //nolint:containedctx // the dispatcher lives as long as one call of people.
	cancel  context.CancelCauseFunc
	group   *errgroup.Group
	reading *semaphore.Weighted
	writing *semaphore.Weighted

	batch   batch
	leavers bool // batches with leavers may be under way
	inOrder bool // people come in the order of their ids by now
}

// batch is a number of people that go through the target together.
type batch struct {
	items   []*item // whose decision may depend on the target
	decided []*item // the others
	through string  // id of the last person, when everybody up to it was handed on
	leavers bool
}

func (c *cycle) newDispatcher(ctx context.Context) *dispatcher {
	ctx, cancel := context.WithCancelCause(ctx)
	concurrency := int64(max(1, c.target.Concurrency))
	d := &dispatcher{
		cycle: c, ctx: ctx, cancel: cancel,
		reading: semaphore.NewWeighted(concurrency), writing: semaphore.NewWeighted(concurrency),
	}
	d.restart()
	return d
}

func (d *dispatcher) restart() {
	d.group = &errgroup.Group{}
	d.group.SetLimit(3 * max(1, d.cycle.target.Concurrency))
}

// add puts a person into the next batch. Its error is that of an earlier batch.
func (d *dispatcher) add(i *item, leaver bool) error {
	if err := context.Cause(d.ctx); err != nil {
		return err
	}
	c := d.cycle
	switch {
	case c.removal(i) && (!leaver || c.holdsPlanned()) && c.isHeld(i):
		c.hold(i)
		d.batch.decided = append(d.batch.decided, i)
	case i.verdict.In, c.removal(i):
		d.batch.items = append(d.batch.items, i)
	default:
		d.batch.decided = append(d.batch.decided, i)
	}
	d.batch.leavers = d.batch.leavers || leaver
	if d.inOrder {
		d.batch.through = i.subject.User.ID
	}
	if len(d.batch.items) >= c.target.BatchSize || len(d.batch.decided) >= pageSize {
		return d.dispatch()
	}
	return nil
}

// dispatch starts the batch, after those with leavers have ended if it has none.
func (d *dispatcher) dispatch() error {
	work := d.batch
	d.batch = batch{}
	if len(work.items)+len(work.decided) == 0 {
		return nil
	}
	if d.leavers && !work.leavers {
		if err := d.group.Wait(); err != nil {
			return err
		}
		d.restart()
		d.leavers = false
	}
	d.leavers = d.leavers || work.leavers
	marks := &d.cycle.marks
	begun := &batchMark{}
	if work.through != "" {
		begun = marks.begin(work.through)
	}
	d.group.Go(func() error {
		err := d.cycle.process(d.ctx, d, work)
		if err != nil {
			d.cancel(err)
			return err
		}
		marks.end(begun)
		return nil
	})
	return nil
}

// close starts the last batch, waits for all of them and returns the error that
// stopped the work: that of the feed, or of the first batch that failed.
func (d *dispatcher) close(feedError error) error {
	if feedError == nil {
		feedError = d.dispatch()
	}
	err := d.group.Wait()
	cause := context.Cause(d.ctx)
	d.cancel(nil)
	switch {
	case cause != nil:
		return cause
	case feedError != nil:
		return feedError
	case errors.Is(err, context.Canceled):
		return context.Cause(d.ctx)
	}
	return err
}

// during runs work while holding a place of the semaphore.
func during(ctx context.Context, places *semaphore.Weighted, work func() error) error {
	if err := places.Acquire(ctx, 1); err != nil {
		return context.Cause(ctx)
	}
	defer places.Release(1)
	return work()
}
