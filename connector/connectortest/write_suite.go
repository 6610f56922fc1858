package connectortest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/plan"
)

func writeTests() []conformanceTest {
	return []conformanceTest{
		{"a creation is in the target", testCreate},
		{"an update writes only what is sent", testUpdate},
		{"null clears an attribute", testClear},
		{"disabling and enabling are possible, again and again", testDisableEnable},
		{"a delete takes the account away or disables it", testDelete},
		{"outcomes come in the order of the changes", testOrder},
		{"one bad change does not stop the others", testOneBad},
		{"a name that is taken is a conflict", testConflict},
		{"an account that does not exist is not found", testNotFound},
		{"an empty batch makes no request", testEmptyBatch},
		{"the largest batch is taken", testLargestBatch},
		{"a batch that is too large is refused as a whole", testTooLargeBatch},
		{"batches may be under way at the same time", testConcurrency},
		{"a cancelled batch writes nothing", testCancelledBatch},
	}
}

func testCreate(t *testing.T, s Target) {
	id := s.create(t, "ann")[0]
	got, ok := s.named("ann")
	if !ok || got.ID != id {
		t.Fatalf("the target has %v, want an account %s", got, id)
	}
	for name, want := range s.Account("ann").All() {
		if value, ok := got.Lookup(name); ok && !attr.Equal(value, want, false) {
			t.Errorf("%s is %v, want %v", name, value, want)
		}
	}
}

func testUpdate(t *testing.T, s Target) {
	id := s.create(t, "ann")[0]
	before, _ := s.named("ann")
	if outcome := s.apply(t, s.update(id, s.Free, attr.Text("new")))[0]; outcome.Err != nil {
		t.Fatal(outcome.Err)
	}
	after, _ := s.named("ann")
	if diff := cmp.Diff(before.With(s.Free, attr.Text("new")), after); diff != "" {
		t.Errorf("account (-want +got):\n%s", diff)
	}
}

func testClear(t *testing.T, s Target) {
	id := s.create(t, "ann")[0]
	for _, value := range []attr.Value{attr.Text("something"), {}} {
		if outcome := s.apply(t, s.update(id, s.Free, value))[0]; outcome.Err != nil {
			t.Fatal(outcome.Err)
		}
		if got, _ := s.named("ann"); !attr.Equal(got.Get(s.Free), value, true) {
			t.Errorf("%s is %v, want %v", s.Free, got.Get(s.Free), value)
		}
	}
}

func testDisableEnable(t *testing.T, s Target) {
	id := s.create(t, "ann")[0]
	active := s.capabilities().ActiveAttribute
	for _, action := range []plan.Action{plan.Disable, plan.Disable, plan.Enable, plan.Enable, plan.Disable} {
		want := attr.Bool(action == plan.Enable)
		change := NewChange(action, id, attr.Object{}.With(active, want))
		if outcome := s.apply(t, change)[0]; outcome.Err != nil {
			t.Fatalf("%s: %v", action, outcome.Err)
		}
		if got, _ := s.named("ann"); !attr.Equal(got.Get(active), want, true) {
			t.Errorf("after %s %s is %v", action, active, got.Get(active))
		}
	}
}

func testDelete(t *testing.T, s Target) {
	id := s.create(t, "ann")[0]
	if outcome := s.apply(t, NewChange(plan.Delete, id, attr.Object{}))[0]; outcome.Err != nil {
		t.Fatal(outcome.Err)
	}
	got, there := s.named("ann")
	switch {
	case s.capabilities().Deletes && there:
		t.Error("the account is still there")
	case !s.capabilities().Deletes && !there:
		t.Error("the account is gone, though the target does not delete")
	case there && got.Get(s.capabilities().ActiveAttribute).Bool():
		t.Error("the account is still enabled")
	}
}

func testOrder(t *testing.T, s Target) {
	created := s.create(t, "ann", "bob", "cid")
	active := s.capabilities().ActiveAttribute
	outcomes := s.apply(t,
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
			t.Errorf("outcome %d is %+v, want the id %s", i, outcome, want[i])
		}
	}
}

func testOneBad(t *testing.T, s Target) {
	created := s.create(t, "ann")
	bad := NewChange(plan.Create, "", s.Account("bad").Without(s.Required))
	outcomes := s.apply(t, s.creation("bob"), bad, s.update(created[0], s.Free, attr.Text("new")), s.creation("cid"))
	for _, i := range []int{0, 2, 3} {
		if outcomes[i].Err != nil {
			t.Errorf("change %d: %v", i, outcomes[i].Err)
		}
	}
	wantKind(t, outcomes[1].Err, connector.Invalid)
	wantCode(t, s, outcomes[1].Err)
	for name, want := range map[string]int{"bob": 1, "bad": 0, "cid": 1} {
		if got := s.count(name); got != want {
			t.Errorf("the target has %d accounts %s, want %d", got, name, want)
		}
	}
}

func testConflict(t *testing.T, s Target) {
	s.create(t, "ann")
	outcomes := s.apply(t, s.creation("ann"), s.creation("bob"), s.creation("bob"))
	wantKind(t, outcomes[0].Err, connector.Conflict)
	wantCode(t, s, outcomes[0].Err)
	if outcomes[1].Err != nil {
		t.Error(outcomes[1].Err)
	}
	wantKind(t, outcomes[2].Err, connector.Conflict)
	for _, name := range []string{"ann", "bob"} {
		if got := s.count(name); got != 1 {
			t.Errorf("the target has %d accounts %s, want one", got, name)
		}
	}
}

func testNotFound(t *testing.T, s Target) {
	created := s.create(t, "ann")[0]
	unknown := []string{created[:len(created)-2] + "zz", "no-such-id"}
	for _, id := range unknown {
		outcome := s.apply(t, s.update(id, s.Free, attr.Text("new")))[0]
		wantKind(t, outcome.Err, connector.NotFound)
		wantCode(t, s, outcome.Err)
	}
}

func testEmptyBatch(t *testing.T, s Target) {
	before := s.requests()
	s.apply(t)
	if after := s.requests(); after != before {
		t.Errorf("an empty batch makes %d requests", after-before)
	}
}

func testLargestBatch(t *testing.T, s Target) {
	size := s.capabilities().BatchSize
	names := make([]string, size)
	for i := range names {
		names[i] = fmt.Sprintf("user%04d", i)
	}
	created := s.create(t, names...)
	attribute := s.capabilities().NameAttribute
	values := make([]string, 0, size)
	for _, name := range names[size/2:] {
		values = append(values, s.Account(name).Get(attribute).String())
	}
	got := s.read(t, connector.Query{IDs: created[:size/2], Attribute: attribute, Values: values})
	if len(got) != size {
		t.Errorf("read %d accounts of a batch of %d", len(got), size)
	}
}

func testTooLargeBatch(t *testing.T, s Target) {
	size := s.capabilities().BatchSize
	changes := make([]plan.Change, size+1)
	for i := range changes {
		changes[i] = s.creation(fmt.Sprintf("user%04d", i))
	}
	before := len(s.Accounts())
	for _, outcome := range s.apply(t, changes...) {
		if outcome.Err == nil {
			t.Fatal("a change of a batch that is too large succeeds")
		}
	}
	if after := len(s.Accounts()); after != before {
		t.Errorf("%d accounts were created", after-before)
	}
}

func testConcurrency(t *testing.T, s Target) {
	const each = 10
	var group sync.WaitGroup
	for worker := range s.capabilities().Concurrency {
		group.Go(func() {
			var changes []plan.Change
			for i := range each {
				changes = append(changes, s.creation(fmt.Sprintf("user%d%02d", worker, i)))
			}
			for i, outcome := range s.Connector.Apply(t.Context(), changes) {
				if outcome.Err != nil {
					t.Errorf("worker %d, change %d: %v", worker, i, outcome.Err)
				}
			}
		})
	}
	group.Wait()
	for worker := range s.capabilities().Concurrency {
		for i := range each {
			if name := fmt.Sprintf("user%d%02d", worker, i); s.count(name) != 1 {
				t.Errorf("the target has %d accounts %s, want one", s.count(name), name)
			}
		}
	}
}

func testCancelledBatch(t *testing.T, s Target) {
	s.create(t, "ann")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	outcome := s.applyWithin(ctx, t, s.creation("bob"))[0]
	if !errors.Is(outcome.Err, context.Canceled) {
		t.Errorf("the outcome is %v, want the cancellation", outcome.Err)
	}
	if connector.KindOf(outcome.Err) == connector.Ambiguous {
		t.Error("the outcome is ambiguous, though nothing was sent")
	}
	if s.count("bob") != 0 {
		t.Error("the account was created")
	}
}
