package connectortest

import (
	"errors"
	"testing"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/plan"
)

func faultTests() []conformanceTest {
	return []conformanceTest{
		{"a write whose answer is lost is ambiguous and not repeated", testLostAnswer},
		{"a used up quota is told", testQuota},
		{"a target out of order is told", testUnavailable},
		{"an expired session is renewed", testExpiredSession},
	}
}

func testLostAnswer(t *testing.T, s Target) {
	if s.Disturb.LoseAnswer == nil {
		t.Skip("this target cannot lose answers")
	}
	id := s.create(t, "ann")[0]
	s.Disturb.LoseAnswer()
	outcomes := s.apply(t, s.creation("bob"), s.update(id, s.Free, attr.Text("new")), s.creation("cid"))
	for _, outcome := range outcomes {
		wantKind(t, outcome.Err, connector.Ambiguous)
		wantNoSecret(t, s, outcome.Err)
	}
	for _, name := range []string{"bob", "cid"} {
		if got := s.count(name); got != 1 {
			t.Errorf("the target has %d accounts %s, want one", got, name)
		}
	}
	s.create(t, "dan") // the connection recovers
}

func testQuota(t *testing.T, s Target) {
	if s.Disturb.Quota == nil {
		t.Skip("this target has no quota")
	}
	s.create(t, "ann")
	s.Disturb.Quota()
	outcome := s.apply(t, s.creation("bob"))[0]
	wantKind(t, outcome.Err, connector.QuotaExceeded)
	wantCode(t, s, outcome.Err)
	if s.count("bob") != 0 {
		t.Error("the account was created")
	}
}

func testUnavailable(t *testing.T, s Target) {
	if s.Disturb.Unavailable == nil {
		t.Skip("this target is never out of order")
	}
	id := s.create(t, "ann")[0]
	s.Disturb.Unavailable()
	outcomes := s.apply(t, s.creation("bob"), s.update(id, s.Free, attr.Text("new")))
	for i, outcome := range outcomes {
		if outcome.Err == nil {
			continue // it was tried again, which is right where nothing happened
		}
		if !errors.Is(outcome.Err, connector.Unavailable) {
			t.Errorf("outcome %d is %v, want unavailable or success", i, outcome.Err)
		}
	}
	if got := s.count("bob"); got > 1 {
		t.Errorf("the target has %d accounts bob", got)
	}
}

func testExpiredSession(t *testing.T, s Target) {
	if s.Disturb.Expire == nil {
		t.Skip("this target has no sessions")
	}
	id := s.create(t, "ann")[0]
	s.Disturb.Expire()
	for _, outcome := range s.apply(t, s.creation("bob"), NewChange(plan.Update, id, attr.Object{}.With(s.Free, attr.Text("new")))) {
		if outcome.Err != nil {
			t.Errorf("after the session expired: %v", outcome.Err)
		}
	}
	if got := s.count("bob"); got != 1 {
		t.Errorf("the target has %d accounts bob, want one", got)
	}
}

// asError returns the *connector.Error within an error.
func asError(err error) (*connector.Error, bool) { return errors.AsType[*connector.Error](err) }
