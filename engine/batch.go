package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/plan"
)

// process takes one batch from matching to commit.
func (c *cycle) process(ctx context.Context, d *dispatcher, work batch) error {
	began := time.Now()
	for _, i := range work.items {
		c.evaluate(i)
	}
	alone := func(i *item) bool { return !c.needsTarget(i) }
	for _, i := range work.items {
		if alone(i) {
			work.decided = append(work.decided, i)
		}
	}
	work.items = slices.DeleteFunc(work.items, alone)
	if len(work.items) > 0 {
		err := during(ctx, d.reading, func() error { return c.match(ctx, work.items) })
		if err != nil {
			return err
		}
	}
	c.verify(work.items)
	for _, i := range work.items {
		c.recover(i)
	}
	for _, i := range work.decided {
		if !i.decided {
			i.change = plan.Decide(i.facts(nil, noKey, "", c.target.ObjectType), c.rules)
		}
	}
	c.verify(work.decided)
	c.countSeats(work.items)
	return c.write(ctx, d, work.items, work.decided, began)
}

// write applies what was decided for a batch and records it, with those for whom
// nothing was to be decided.
func (c *cycle) write(ctx context.Context, d *dispatcher, items, decided []*item, began time.Time) error {
	var attempt Attempt
	var stop error
	if !c.asked.DryRun && slices.ContainsFunc(items, writes) {
		attempt, stop = c.attempting(ctx, items)
		if stop == nil {
			stop = during(ctx, d.writing, func() error { return c.apply(ctx, items) })
		}
	}
	// What was written is recorded even when the cycle stops here.
	return errors.Join(stop, c.commit(ctx, slices.Concat(items, decided), attempt, time.Since(began)))
}

func writes(i *item) bool { return i.change.Status == plan.Planned && i.change.Action.Writes() }

// retries is how often a batch is offered to the target again when nothing of it
// was done, or nothing is known of it.
const retries = 3

// apply carries out the changes of a batch. Its error stops the cycle; changes
// that the target did not come to are then still Planned.
func (c *cycle) apply(ctx context.Context, items []*item) error {
	for attempt := 0; ; attempt++ {
		todo := slices.DeleteFunc(slices.Clone(items), func(i *item) bool { return !writes(i) })
		if len(todo) == 0 {
			return nil
		}
		if err := c.latest(ctx); err != nil {
			return err
		}
		slices.SortStableFunc(todo, removalsFirst)
		changes := make([]plan.Change, len(todo))
		for n, i := range todo {
			changes[n] = i.change
		}
		for n, outcome := range c.asked.Connector.Apply(ctx, changes) {
			todo[n].outcome = outcome
		}
		c.progress.calls(c.asked.Connector.Usage().Calls - c.callsBefore)
		again, err := c.settle(ctx, todo, attempt)
		if err != nil || !again {
			return err
		}
	}
}

// latest makes sure, right before something is written to the target, that no newer
// cycle has begun: this one may have waited for its turn or for the target, or slept
// with the whole process.
func (c *cycle) latest(ctx context.Context) error {
	job, err := c.Ledger.Look(ctx, c.job.ID)
	switch {
	case err != nil:
		return fmt.Errorf("look whether a newer cycle has begun: %w", err)
	case job.Fence != c.cycle.Fence:
		return ErrFenced
	}
	return nil
}

func removalsFirst(a, b *item) int {
	rank := func(i *item) int {
		switch {
		case i.change.Action.Removes():
			return 0
		case i.change.Action == plan.Create:
			return 2
		}
		return 1
	}
	return rank(a) - rank(b)
}

// settle looks at the outcomes. again asks for another attempt at what is still
// Planned.
func (c *cycle) settle(ctx context.Context, items []*item, attempt int) (again bool, err error) {
	var wait time.Duration
	var lost []*item
	for _, i := range items {
		failure := i.outcome.Err
		if failure == nil {
			i.change = i.change.Succeeded(i.outcome.TargetID, i.outcome.Warnings)
			continue
		}
		switch connector.KindOf(failure) {
		case connector.Unauthorized, connector.QuotaExceeded:
			err = failure
		case connector.Throttled, connector.Unavailable:
			again = true
			wait = max(wait, delay(failure, attempt))
			if attempt >= retries {
				err = failure
			}
		case connector.Ambiguous:
			if i.link { // writing a reference twice does no harm
				again = true
				if attempt >= retries {
					i.change = i.change.Failed(c.reason(failure))
				}
			} else {
				lost = append(lost, i)
			}
			wait = max(wait, delay(failure, attempt))
		case connector.Invalid, connector.Conflict, connector.NotFound, connector.Forbidden, connector.Unsupported:
			i.change = i.change.Failed(c.reason(failure))
		}
	}
	if err != nil {
		return false, fmt.Errorf("write to the target: %w", err)
	}
	if again || len(lost) > 0 {
		if err := pause(ctx, wait); err != nil {
			return false, err
		}
	}
	return again || len(lost) > 0, c.lookAgain(ctx, lost, attempt)
}

// longestAsked is how long a cycle waits for a target that asks for it. A target
// that needs longer is tried again and, in the end, stops the cycle.
const longestAsked = 5 * time.Minute

// delay is what the target asks for, else a wait that doubles.
func delay(err error, attempt int) time.Duration {
	const first, longest = 500 * time.Millisecond, time.Minute
	if target, ok := errors.AsType[*connector.Error](err); ok && target.RetryAfter > 0 {
		return min(longestAsked, target.RetryAfter)
	}
	return min(longest, first<<attempt)
}

// lookAgain finds out what became of changes whose answer was lost, by matching
// and deciding anew: nothing left to do means that they were done.
func (c *cycle) lookAgain(ctx context.Context, items []*item, attempt int) error {
	if len(items) == 0 {
		return nil
	}
	lost := make([]plan.Change, len(items))
	for n, i := range items {
		lost[n] = i.change
	}
	look := c.match
	if c.undoes() {
		look = c.readBack
	}
	if err := look(ctx, items); err != nil {
		return err
	}
	c.verify(slices.DeleteFunc(slices.Clone(items), func(i *item) bool { return !writes(i) }))
	for n, i := range items {
		switch {
		case i.result == ItemRefused:
		case !writes(i) && i.change.Status == plan.Skipped && i.change.Action == plan.None:
			i.outcome = connector.Outcome{TargetID: i.change.Current.ID}
			i.change = lost[n].Succeeded(i.outcome.TargetID, []string{"the target's answer was lost; the account was looked up and the change found done"})
		case attempt >= retries:
			i.change = lost[n].Failed(c.reason(i.outcome.Err))
		}
	}
	return nil
}

// reason explains a target's error for the log.
func (c *cycle) reason(err error) plan.Reason {
	target, ok := errors.AsType[*connector.Error](err)
	if !ok {
		return plan.Reason{Code: "InternalError", Text: err.Error()}
	}
	code := target.Code
	if code == "" {
		code = c.target.CodePrefix + codeOf(target.Kind)
	}
	return plan.Reason{Code: code, Text: target.Error(), Advice: target.Advice}
}

// codeOf is the documented code for a kind of error where the connector names
// none.
func codeOf(kind connector.Kind) string {
	switch kind {
	case connector.Invalid:
		return "UnprocessableEntity"
	case connector.Conflict:
		return "EntryConflict"
	case connector.NotFound:
		return plan.CodeInvalidAnchor
	case connector.Unauthorized:
		return "Unauthorized"
	case connector.Forbidden:
		return "InsufficientRights"
	case connector.Throttled, connector.QuotaExceeded:
		return "TooManyRequests"
	case connector.Ambiguous:
		return "Timeout"
	case connector.Unsupported:
		return "NotImplemented"
	case connector.Unavailable:
	}
	return "InternalServerError"
}
