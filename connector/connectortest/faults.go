package connectortest

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"sync"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/plan"
)

// Operation is a method of a connector that a fault can hit.
type Operation string

// The operations.
const (
	Check Operation = "check"
	Roles Operation = "roles"
	Read  Operation = "read"
	Apply Operation = "apply"
)

// FaultKind is what goes wrong.
type FaultKind string

// The kinds of fault.
const (
	// FailBefore does nothing in the target and gives the error.
	FailBefore FaultKind = "fail before"
	// LoseAnswer does everything in the target and gives the error, of kind Ambiguous
	// unless another is chosen.
	LoseAnswer FaultKind = "lose answer"
	// Partial does the first After changes, or yields the first After objects, and then
	// gives the error. Changes that were not done get the error too.
	Partial FaultKind = "partial"
)

// Fault is one entry of a schedule. It matches logical operations, never times:
// the second batch, the change of one person.
type Fault struct {
	Operation Operation
	// Name limits the fault to one change of a batch, or to reads that ask for one
	// account: its id or its name, whatever the letter case. Empty: the whole operation.
	Name  string
	Nth   int // the first match that fails, from 1; 0 is 1
	Times int // how many matches fail from then on; 0 is 1, -1 is all
	Kind  FaultKind
	After int // for Partial
	// Err is the error to give; nil: Unavailable, or Ambiguous for LoseAnswer.
	Err error
	// Do is called when the fault hits, before the error is given: to end the context
	// of the test as if the program had been killed, for example.
	Do func()
}

func (f Fault) err() error {
	switch {
	case f.Err != nil:
		return f.Err
	case f.Kind == LoseAnswer:
		return &connector.Error{Kind: connector.Ambiguous, Code: "AnswerLost", Message: "the answer was lost, as scheduled"}
	}
	return &connector.Error{Kind: connector.Unavailable, Code: "Unavailable", Message: "out of order, as scheduled"}
}

// Faulty is a connector with a schedule of faults. It is safe for concurrent use;
// of batches at the same time it is not defined which is the first.
type Faulty struct {
	connector.Connector

	mu    sync.Mutex
	armed []armed
}

type armed struct {
	Fault
	seen, hits int
}

// WithFaults lays a schedule over a connector.
func WithFaults(c connector.Connector, faults ...Fault) *Faulty {
	f := &Faulty{Connector: c}
	f.Add(faults...)
	return f
}

// Add puts more faults on the schedule; each counts from now.
func (f *Faulty) Add(faults ...Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, fault := range faults {
		f.armed = append(f.armed, armed{Fault: fault})
	}
}

// Hits returns how often faults have hit so far.
func (f *Faulty) Hits() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	hits := 0
	for _, a := range f.armed {
		hits += a.hits
	}
	return hits
}

// next counts a match of an operation with these names and returns the fault that
// hits it.
func (f *Faulty) next(operation Operation, perName bool, names ...string) (Fault, bool) {
	fault, hit := f.match(operation, perName, names)
	if hit && fault.Do != nil {
		fault.Do()
	}
	return fault, hit
}

func (f *Faulty) match(operation Operation, perName bool, names []string) (Fault, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range f.armed {
		a := &f.armed[i]
		if a.Operation != operation || (a.Name != "") != perName {
			continue
		}
		if perName && !slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(name, a.Name) }) {
			continue
		}
		a.seen++
		if a.seen >= max(1, a.Nth) && (a.Times < 0 || a.hits < max(1, a.Times)) {
			a.hits++
			return a.Fault, true
		}
	}
	return Fault{}, false
}

// Check fails as scheduled.
func (f *Faulty) Check(ctx context.Context) (connector.Health, error) {
	if fault, hit := f.next(Check, false); hit {
		return connector.Health{}, fault.err()
	}
	return f.Connector.Check(ctx)
}

// Roles fails as scheduled.
func (f *Faulty) Roles(ctx context.Context) iter.Seq2[connector.Role, error] {
	fault, hit := f.next(Roles, false)
	if !hit {
		return f.Connector.Roles(ctx)
	}
	return interrupted(f.Connector.Roles(ctx), fault)
}

// Read fails as scheduled. A lost answer yields nothing but the error.
func (f *Faulty) Read(ctx context.Context, query connector.Query) iter.Seq2[attr.Object, error] {
	fault, hit := f.next(Read, true, slices.Concat(query.IDs, query.Values)...)
	if !hit {
		fault, hit = f.next(Read, false)
	}
	if !hit {
		return f.Connector.Read(ctx, query)
	}
	return interrupted(f.Connector.Read(ctx, query), fault)
}

// interrupted ends a sequence as a fault says.
func interrupted[T any](sequence iter.Seq2[T, error], fault Fault) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		left := fault.After
		if fault.Kind != Partial {
			left = 0
		}
		if left == 0 {
			yield(zero, fault.err())
			return
		}
		for item, err := range sequence {
			if !yield(item, err) || err != nil {
				return
			}
			if left--; left == 0 {
				break
			}
		}
		yield(zero, fault.err())
	}
}

// Apply fails as scheduled.
func (f *Faulty) Apply(ctx context.Context, changes []plan.Change) []connector.Outcome {
	if len(changes) == 0 {
		return f.Connector.Apply(ctx, changes)
	}
	if fault, hit := f.next(Apply, false); hit {
		return f.applyFaulty(ctx, changes, fault)
	}
	failed := map[int]Fault{}
	for i, change := range changes {
		if fault, hit := f.next(Apply, true, namesOf(change, f.Describe().Capabilities.NameAttribute)...); hit {
			failed[i] = fault
		}
	}
	return f.applyRows(ctx, changes, failed)
}

// applyFaulty applies a batch that a fault hits as a whole.
func (f *Faulty) applyFaulty(ctx context.Context, changes []plan.Change, fault Fault) []connector.Outcome {
	outcomes := make([]connector.Outcome, len(changes))
	done := 0
	switch fault.Kind {
	case LoseAnswer:
		f.Connector.Apply(ctx, changes)
	case Partial:
		done = min(fault.After, len(changes))
		copy(outcomes, f.Connector.Apply(ctx, changes[:done]))
	case FailBefore:
	}
	for i := done; i < len(outcomes); i++ {
		outcomes[i].Err = fault.err()
	}
	return outcomes
}

// applyRows applies a batch in which faults hit single changes.
func (f *Faulty) applyRows(ctx context.Context, changes []plan.Change, failed map[int]Fault) []connector.Outcome {
	if len(failed) == 0 {
		return f.Connector.Apply(ctx, changes)
	}
	var sent []plan.Change
	var places []int
	for i, change := range changes {
		if fault, hit := failed[i]; !hit || fault.Kind == LoseAnswer {
			sent, places = append(sent, change), append(places, i)
		}
	}
	outcomes := make([]connector.Outcome, len(changes))
	for i, outcome := range f.Connector.Apply(ctx, sent) {
		outcomes[places[i]] = outcome
	}
	for i, fault := range failed {
		outcomes[i] = connector.Outcome{Err: fault.err()}
	}
	return outcomes
}

// namesOf returns everything that a change's account is called by.
func namesOf(change plan.Change, nameAttribute string) []string {
	names := []string{change.Source.ID, change.Source.Name, change.Target.ID, change.Target.Name}
	if name := change.Desired.Get(nameAttribute); !name.IsEmpty() {
		names = append(names, name.String())
	}
	for _, field := range change.Fields {
		if field.Name == nameAttribute {
			names = append(names, field.New.String())
		}
	}
	return names
}

// ErrScheduled can stand for any cause in Fault.Err.
var ErrScheduled = errors.New("a fault, as scheduled")
