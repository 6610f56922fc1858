package connector

import (
	"context"
	"iter"
	"sync"
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/plan"
)

// Event is one operation on a target, as it was seen from outside.
type Event struct {
	Operation string // "check", "roles", "read" or "apply"
	Began     time.Time
	Took      time.Duration
	Query     Query         // of a read
	Changes   []plan.Change // of an apply
	Outcomes  []Outcome     // of an apply
	Items     int           // roles or objects that came
	Err       error         // how a check, roles or a read ended
}

// Recorder is a connector that keeps a record of its operations. It is safe for
// concurrent use.
type Recorder struct {
	Connector

	mu     sync.Mutex
	events []Event
}

var _ Connector = (*Recorder)(nil)

// Record wraps a connector. The record grows without bound: it is for tests and
// for a single person's provisioning, where every step is shown.
func Record(c Connector) *Recorder { return &Recorder{Connector: c} }

// Events returns the operations so far, in the order in which they ended.
func (r *Recorder) Events() []Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Event(nil), r.events...)
}

// Check is recorded.
func (r *Recorder) Check(ctx context.Context) (Health, error) {
	event := Event{Operation: "check", Began: time.Now()}
	health, err := r.Connector.Check(ctx)
	event.Err = err
	r.end(event)
	return health, err
}

// Roles is recorded when the sequence ends.
func (r *Recorder) Roles(ctx context.Context) iter.Seq2[Role, error] {
	return recorded(r, Event{Operation: "roles"}, r.Connector.Roles(ctx))
}

// Read is recorded when the sequence ends.
func (r *Recorder) Read(ctx context.Context, query Query) iter.Seq2[attr.Object, error] {
	return recorded(r, Event{Operation: "read", Query: query}, r.Connector.Read(ctx, query))
}

// Apply is recorded.
func (r *Recorder) Apply(ctx context.Context, changes []plan.Change) []Outcome {
	event := Event{Operation: "apply", Began: time.Now(), Changes: changes}
	event.Outcomes = r.Connector.Apply(ctx, changes)
	r.end(event)
	return event.Outcomes
}

func recorded[T any](r *Recorder, event Event, sequence iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		event.Began = time.Now()
		defer func() { r.end(event) }()
		for item, err := range sequence {
			if err != nil {
				event.Err = err
			} else {
				event.Items++
			}
			if !yield(item, err) {
				return
			}
		}
	}
}

func (r *Recorder) end(event Event) {
	event.Took = time.Since(event.Began)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, event)
}
