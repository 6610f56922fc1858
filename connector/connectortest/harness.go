package connectortest

import (
	"context"
	"slices"
	"testing"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/plan"
)

// Harness opens targets for the suite.
type Harness struct {
	// Open makes a target of its own for one test: one that accepts every account that
	// Target.Account describes and has at least ten seats for them.
	Open func(t *testing.T) Target
}

// Target is a target with a connection to it, and the means to look into it and
// to disturb it that do not go through the connector.
type Target struct {
	Connector connector.Connector

	// Refused is a connection to the same target with credentials that it refuses; nil
	// for a target without credentials.
	Refused connector.Connector
	// Secrets are texts that no error may hold: those of both connections.
	Secrets []string

	// Account returns the attributes that create a valid, enabled account. The name is
	// a single word of lower-case letters and digits; the account's own name may be
	// made of it.
	Account func(name string) attr.Object
	// Free is an optional text attribute that takes any short text.
	Free string
	// Required is an attribute without which no account can be created.
	Required string

	// Accounts is the oracle: everything that the target holds, by other means than the
	// connector.
	Accounts func() []attr.Object
	// Requests is how many requests the target has seen. Nil: they cannot be counted.
	Requests func() int

	// Disturb makes the target misbehave at the next write. What it cannot do is nil.
	Disturb Disturbances
}

// Disturbances are faults of a target. Each concerns the next write alone.
type Disturbances struct {
	LoseAnswer  func() // the write happens and the answer is lost
	Quota       func() // the quota is used up
	Unavailable func() // the target is out of order and says so; nothing happens
	Expire      func() // the session ends
}

// capabilities shortens a name that the suite uses often.
func (s Target) capabilities() connector.Capabilities { return s.Connector.Describe().Capabilities }

// named returns the account of the oracle whose name is the one that Account
// gives for name.
func (s Target) named(name string) (attr.Object, bool) {
	attribute := s.capabilities().NameAttribute
	wanted := s.Account(name).Get(attribute)
	accounts := s.Accounts()
	i := slices.IndexFunc(accounts, func(o attr.Object) bool { return attr.Equal(o.Get(attribute), wanted, false) })
	if i < 0 {
		return attr.Object{}, false
	}
	return accounts[i], true
}

// count returns how many accounts of the oracle have the name.
func (s Target) count(name string) int {
	attribute := s.capabilities().NameAttribute
	wanted := s.Account(name).Get(attribute)
	count := 0
	for _, o := range s.Accounts() {
		if attr.Equal(o.Get(attribute), wanted, false) {
			count++
		}
	}
	return count
}

// requests returns the number of requests so far, 0 where they are not counted.
func (s Target) requests() int {
	if s.Requests == nil {
		return 0
	}
	return s.Requests()
}

// creation is the change that creates the account of a name.
func (s Target) creation(name string) plan.Change {
	return NewChange(plan.Create, "", s.Account(name))
}

// create creates accounts, which must not fail, and returns their ids.
func (s Target) create(t *testing.T, names ...string) []string {
	t.Helper()
	changes := make([]plan.Change, len(names))
	for i, name := range names {
		changes[i] = s.creation(name)
	}
	ids := make([]string, len(names))
	outcomes := s.apply(t, changes...)
	for i, name := range names {
		if outcomes[i].Err != nil {
			t.Fatalf("create %s: %v", name, outcomes[i].Err)
		}
		if outcomes[i].TargetID == "" {
			t.Fatalf("create %s: the outcome has no id", name)
		}
		ids[i] = outcomes[i].TargetID
	}
	return ids
}

// apply applies changes, in as many batches as needed, and checks that there is an
// outcome for each.
func (s Target) apply(t *testing.T, changes ...plan.Change) []connector.Outcome {
	t.Helper()
	var outcomes []connector.Outcome
	for batch := range slices.Chunk(changes, s.capabilities().BatchSize) {
		outcomes = append(outcomes, s.applyBatch(t.Context(), t, batch...)...)
	}
	return outcomes
}

// applyBatch applies changes as one batch.
func (s Target) applyBatch(ctx context.Context, t *testing.T, changes ...plan.Change) []connector.Outcome {
	t.Helper()
	outcomes := s.Connector.Apply(ctx, changes)
	if len(outcomes) != len(changes) {
		t.Fatalf("%d outcomes for %d changes", len(outcomes), len(changes))
	}
	return outcomes
}

// update is the change that writes one attribute.
func (s Target) update(id, name string, value attr.Value) plan.Change {
	return NewChange(plan.Update, id, attr.Object{}.With(name, value))
}

// read collects what a query yields and fails on an error.
func (s Target) read(t *testing.T, query connector.Query) []attr.Object {
	t.Helper()
	query.Type = s.capabilities().ObjectType
	var objects []attr.Object
	for object, err := range s.Connector.Read(t.Context(), query) {
		if err != nil {
			t.Fatalf("read: %v", err)
		}
		objects = append(objects, object)
	}
	return objects
}

// NewChange makes the change that writes these attributes to the account of an
// id, empty for a creation.
func NewChange(action plan.Action, id string, attributes attr.Object) plan.Change {
	change := plan.Change{
		Action: action, Status: plan.Planned, Target: plan.Identity{Type: "User", ID: id}, Desired: attributes,
	}
	for name, value := range attributes.All() {
		change.Fields = append(change.Fields, plan.Field{Name: name, New: value})
	}
	return change
}

// ids returns the ids of objects in order.
func ids(objects []attr.Object) []string {
	list := make([]string, len(objects))
	for i, object := range objects {
		list[i] = object.ID
	}
	slices.Sort(list)
	return list
}
