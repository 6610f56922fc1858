package connector

import (
	"context"
	"fmt"
	"iter"
	"sync"
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/plan"
)

// Limits are what Usher allows itself towards a target.
type Limits struct {
	Concurrency int   // operations at the same time; 0: as many as the capabilities say
	Reserve     int64 // requests of the target's daily limit that are left to others; 0: none
}

// Throttler is a connector that keeps limits. It is safe for concurrent use.
type Throttler struct {
	Connector

	limits Limits
	slots  chan struct{}

	mu    sync.Mutex
	until time.Time // nothing is asked before, because the target said so
}

var _ Connector = (*Throttler)(nil)

// Throttle wraps a connector: no more operations run at the same time than
// allowed, all of them wait when the target asks for it (RetryAfter), and once no
// more of its daily limit is left than the reserve, everything fails with
// QuotaExceeded but removals and what they need: the roles, and reading accounts
// by their ids. An error is told to the caller as it came; nothing is repeated.
func Throttle(c Connector, limits Limits) *Throttler {
	if limits.Concurrency < 1 {
		limits.Concurrency = max(1, c.Describe().Capabilities.Concurrency)
	}
	return &Throttler{Connector: c, limits: limits, slots: make(chan struct{}, limits.Concurrency)}
}

// Check waits for its turn.
func (t *Throttler) Check(ctx context.Context) (Health, error) {
	if err := t.enter(ctx); err != nil {
		return Health{}, err
	}
	defer t.leave()
	health, err := t.Connector.Check(ctx)
	t.heed(err)
	return health, err
}

// Roles waits for its turn and takes it until the sequence ends.
func (t *Throttler) Roles(ctx context.Context) iter.Seq2[Role, error] {
	return inTurn(ctx, t, true, func() iter.Seq2[Role, error] { return t.Connector.Roles(ctx) })
}

// Read waits for its turn and takes it until the sequence ends.
func (t *Throttler) Read(ctx context.Context, query Query) iter.Seq2[attr.Object, error] {
	reserved := !query.All && len(query.Values) == 0
	return inTurn(ctx, t, reserved, func() iter.Seq2[attr.Object, error] { return t.Connector.Read(ctx, query) })
}

// Apply waits for its turn. The removals of a batch go ahead when the rest of the
// daily limit is reserved: taking access away matters most.
func (t *Throttler) Apply(ctx context.Context, changes []plan.Change) []Outcome {
	outcomes := make([]Outcome, len(changes))
	if err := t.enter(ctx); err != nil {
		for i := range outcomes {
			outcomes[i].Err = err
		}
		return outcomes
	}
	defer t.leave()
	quota := t.quota()
	allowed, places := make([]plan.Change, 0, len(changes)), make([]int, 0, len(changes))
	for i, change := range changes {
		if quota != nil && !change.Action.Removes() {
			outcomes[i].Err = quota
			continue
		}
		allowed, places = append(allowed, change), append(places, i)
	}
	if len(allowed) == 0 {
		return outcomes
	}
	for i, outcome := range t.Connector.Apply(ctx, allowed) {
		t.heed(outcome.Err)
		outcomes[places[i]] = outcome
	}
	return outcomes
}

// inTurn opens a sequence in turn. What may use the reserve does not look at the
// daily limit.
func inTurn[T any](ctx context.Context, t *Throttler, reserved bool, open func() iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		if err := t.enter(ctx); err != nil {
			yield(zero, err)
			return
		}
		defer t.leave()
		if err := t.quota(); err != nil && !reserved {
			yield(zero, err)
			return
		}
		for item, err := range open() {
			t.heed(err)
			if !yield(item, err) {
				return
			}
		}
	}
}

// enter takes a slot and waits as long as the target has asked for.
func (t *Throttler) enter(ctx context.Context) error {
	select {
	case t.slots <- struct{}{}:
	case <-ctx.Done():
		return &Error{Kind: Unavailable, Err: ctx.Err()}
	}
	t.mu.Lock()
	wait := time.Until(t.until)
	t.mu.Unlock()
	if wait <= 0 {
		return nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		t.leave()
		return &Error{Kind: Unavailable, Err: ctx.Err()}
	}
}

func (t *Throttler) leave() { <-t.slots }

// heed remembers how long the target asks everybody to wait.
func (t *Throttler) heed(err error) {
	e, ok := asError(err)
	if !ok || e.RetryAfter <= 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if until := time.Now().Add(e.RetryAfter); until.After(t.until) {
		t.until = until
	}
}

// quota returns an error once only the reserve is left.
func (t *Throttler) quota() error {
	usage := t.Usage()
	if t.limits.Reserve <= 0 || usage.Limit <= 0 || usage.Limit-usage.LimitUsed > t.limits.Reserve {
		return nil
	}
	return &Error{
		Kind: QuotaExceeded, Code: t.Describe().Capabilities.CodePrefix + "QuotaReserved",
		Message: fmt.Sprintf("%d of the target's %d requests a day are used, and the last %d are left to others", usage.LimitUsed, usage.Limit, t.limits.Reserve),
		Advice:  "Wait until the target's limit moves on, or lower the reserve.",
	}
}
