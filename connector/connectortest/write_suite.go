package connectortest

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/plan"
)

func writeTests() []conformanceTest {
	return []conformanceTest{
		{"a creation is in the target", check.testCreate},
		{"an update writes only what is sent", check.testUpdate},
		{"null clears an attribute", check.testClear},
		{"disabling and enabling are possible, again and again", check.testDisableEnable},
		{"a delete takes the account away or disables it", check.testDelete},
		{"outcomes come in the order of the changes", check.testOrder},
		{"one bad change does not stop the others", check.testOneBad},
		{"a name that is taken is a conflict", check.testConflict},
		{"an account that does not exist is not found", check.testNotFound},
		{"an empty batch makes no request", check.testEmptyBatch},
		{"the largest batch is taken", check.testLargestBatch},
		{"a batch that is too large is refused as a whole", check.testTooLargeBatch},
		{"batches may be under way at the same time", check.testConcurrency},
		{"a cancelled batch writes nothing", check.testCancelledBatch},
	}
}

func (s check) testCreate() {
	id := s.create(s.T, "ann")[0]
	got, ok := s.named("ann")
	if !ok || got.ID != id {
		s.Fatalf("the target has %v, want an account %s", got, id)
	}
	for name, want := range s.Account("ann").All() {
		if value, ok := got.Lookup(name); ok && !attr.Equal(value, want, false) {
			s.Errorf("%s is %v, want %v", name, value, want)
		}
	}
}

func (s check) testUpdate() {
	id := s.create(s.T, "ann")[0]
	before, _ := s.named("ann")
	if outcome := s.apply(s.T, s.update(id, s.Free, attr.Text("new")))[0]; outcome.Err != nil {
		s.Fatal(outcome.Err)
	}
	after, _ := s.named("ann")
	if diff := cmp.Diff(before.With(s.Free, attr.Text("new")), after); diff != "" {
		s.Errorf("account (-want +got):\n%s", diff)
	}
}

func (s check) testClear() {
	id := s.create(s.T, "ann")[0]
	for _, value := range []attr.Value{attr.Text("something"), {}} {
		if outcome := s.apply(s.T, s.update(id, s.Free, value))[0]; outcome.Err != nil {
			s.Fatal(outcome.Err)
		}
		if got, _ := s.named("ann"); !attr.Equal(got.Get(s.Free), value, true) {
			s.Errorf("%s is %v, want %v", s.Free, got.Get(s.Free), value)
		}
	}
}

func (s check) testDisableEnable() {
	id := s.create(s.T, "ann")[0]
	active := s.capabilities().ActiveAttribute
	for _, action := range []plan.Action{plan.Disable, plan.Disable, plan.Enable, plan.Enable, plan.Disable} {
		want := attr.Bool(action == plan.Enable)
		change := NewChange(action, id, attr.Object{}.With(active, want))
		if outcome := s.apply(s.T, change)[0]; outcome.Err != nil {
			s.Fatalf("%s: %v", action, outcome.Err)
		}
		if got, _ := s.named("ann"); !attr.Equal(got.Get(active), want, true) {
			s.Errorf("after %s %s is %v", action, active, got.Get(active))
		}
	}
}

func (s check) testDelete() {
	id := s.create(s.T, "ann")[0]
	if outcome := s.apply(s.T, NewChange(plan.Delete, id, attr.Object{}))[0]; outcome.Err != nil {
		s.Fatal(outcome.Err)
	}
	got, there := s.named("ann")
	switch {
	case s.capabilities().Deletes && there:
		s.Error("the account is still there")
	case !s.capabilities().Deletes && !there:
		s.Error("the account is gone, though the target does not delete")
	case there && got.Get(s.capabilities().ActiveAttribute).Bool():
		s.Error("the account is still enabled")
	}
}

func (s check) testOrder() {
	created := s.create(s.T, "ann", "bob", "cid")
	active := s.capabilities().ActiveAttribute
	outcomes := s.apply(s.T,
		s.creation("dan"),
		s.update(created[1], s.Free, attr.Text("two")),
		s.creation("eve"),
		NewChange(plan.Disable, created[0], attr.Object{}.With(active, attr.Bool(false))),
		s.update(created[2], s.Free, attr.Text("three")),
	)
	want := []string{"", created[1], "", created[0], created[2]}
	for i, name := range map[int]string{0: "dan", 2: "eve"} {
		object, _ := s.named(name)
		want[i] = object.ID
	}
	for i, outcome := range outcomes {
		if outcome.Err != nil || outcome.TargetID != want[i] {
			s.Errorf("outcome %d is %+v, want the id %s", i, outcome, want[i])
		}
	}
}

func (s check) testOneBad() {
	created := s.create(s.T, "ann")
	bad := NewChange(plan.Create, "", s.Account("bad").Without(s.Required))
	outcomes := s.apply(s.T, s.creation("bob"), bad, s.update(created[0], s.Free, attr.Text("new")), s.creation("cid"))
	for _, i := range []int{0, 2, 3} {
		if outcomes[i].Err != nil {
			s.Errorf("change %d: %v", i, outcomes[i].Err)
		}
	}
	wantKind(s.T, outcomes[1].Err, connector.Invalid)
	wantCode(s.T, s.Target, outcomes[1].Err)
	for name, want := range map[string]int{"bob": 1, "bad": 0, "cid": 1} {
		if got := s.count(name); got != want {
			s.Errorf("the target has %d accounts %s, want %d", got, name, want)
		}
	}
}

func (s check) testConflict() {
	s.create(s.T, "ann")
	outcomes := s.apply(s.T, s.creation("ann"), s.creation("bob"), s.creation("bob"))
	wantKind(s.T, outcomes[0].Err, connector.Conflict)
	wantCode(s.T, s.Target, outcomes[0].Err)
	if outcomes[1].Err != nil {
		s.Error(outcomes[1].Err)
	}
	wantKind(s.T, outcomes[2].Err, connector.Conflict)
	for _, name := range []string{"ann", "bob"} {
		if got := s.count(name); got != 1 {
			s.Errorf("the target has %d accounts %s, want one", got, name)
		}
	}
}

func (s check) testNotFound() {
	created := s.create(s.T, "ann")[0]
	unknown := []string{created[:len(created)-2] + "zz", "no-such-id"}
	for _, id := range unknown {
		outcome := s.apply(s.T, s.update(id, s.Free, attr.Text("new")))[0]
		wantKind(s.T, outcome.Err, connector.NotFound)
		wantCode(s.T, s.Target, outcome.Err)
	}
}

func (s check) testEmptyBatch() {
	before := s.requests()
	s.applyBatch(s.Context(), s.T)
	if after := s.requests(); after != before {
		s.Errorf("an empty batch makes %d requests", after-before)
	}
}

func (s check) testLargestBatch() {
	size := s.capabilities().BatchSize
	names := make([]string, size)
	for i := range names {
		names[i] = fmt.Sprintf("user%04d", i)
	}
	created := s.create(s.T, names...)
	attribute := s.capabilities().NameAttribute
	values := make([]string, 0, size)
	for _, name := range names[size/2:] {
		values = append(values, s.Account(name).Get(attribute).String())
	}
	got := s.read(s.T, connector.Query{IDs: created[:size/2], Attribute: attribute, Values: values})
	if len(got) != size {
		s.Errorf("read %d accounts of a batch of %d", len(got), size)
	}
}

func (s check) testTooLargeBatch() {
	size := s.capabilities().BatchSize
	changes := make([]plan.Change, size+1)
	for i := range changes {
		changes[i] = s.creation(fmt.Sprintf("user%04d", i))
	}
	before := len(s.Accounts())
	for _, outcome := range s.applyBatch(s.Context(), s.T, changes...) {
		if outcome.Err == nil {
			s.Fatal("a change of a batch that is too large succeeds")
		}
	}
	if after := len(s.Accounts()); after != before {
		s.Errorf("%d accounts were created", after-before)
	}
}

func (s check) testConcurrency() {
	each := min(10, s.capabilities().BatchSize)
	var group sync.WaitGroup
	for worker := range s.capabilities().Concurrency {
		group.Go(func() {
			var changes []plan.Change
			for i := range each {
				changes = append(changes, s.creation(fmt.Sprintf("user%d%02d", worker, i)))
			}
			for i, outcome := range s.Connector.Apply(s.Context(), changes) {
				if outcome.Err != nil {
					s.Errorf("worker %d, change %d: %v", worker, i, outcome.Err)
				}
			}
		})
	}
	group.Wait()
	for worker := range s.capabilities().Concurrency {
		for i := range each {
			if name := fmt.Sprintf("user%d%02d", worker, i); s.count(name) != 1 {
				s.Errorf("the target has %d accounts %s, want one", s.count(name), name)
			}
		}
	}
}

func (s check) testCancelledBatch() {
	s.create(s.T, "ann")
	ctx, cancel := context.WithCancel(s.Context())
	cancel()
	outcome := s.applyBatch(ctx, s.T, s.creation("bob"))[0]
	if !errors.Is(outcome.Err, context.Canceled) {
		s.Errorf("the outcome is %v, want the cancellation", outcome.Err)
	}
	if connector.KindOf(outcome.Err) == connector.Ambiguous {
		s.Error("the outcome is ambiguous, though nothing was sent")
	}
	if s.count("bob") != 0 {
		s.Error("the account was created")
	}
}
