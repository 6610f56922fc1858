package connectortest

import (
	"errors"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/plan"
)

func faultTests() []conformanceTest {
	return []conformanceTest{
		{"a write whose answer is lost is ambiguous and not repeated", check.testLostAnswer},
		{"a used up quota is told", check.testQuota},
		{"a target out of order is told", check.testUnavailable},
		{"an expired session is renewed", check.testExpiredSession},
	}
}

func (s check) testLostAnswer() {
	if s.Disturb.LoseAnswer == nil {
		s.Skip("this target cannot lose answers")
	}
	id := s.create(s.T, "ann")[0]
	s.Disturb.LoseAnswer()
	outcomes := s.apply(s.T, s.creation("bob"), s.update(id, s.Free, attr.Text("new")), s.creation("cid"))
	names := []string{"bob", "ann", "cid"}
	for i, outcome := range outcomes[:min(len(outcomes), s.capabilities().BatchSize)] { // one request is lost
		if account, _ := s.named(names[i]); outcome.Err == nil && account.ID == outcome.TargetID && account.ID != "" {
			continue // the connector found out what became of it
		}
		wantKind(s.T, outcome.Err, connector.Ambiguous)
		wantNoSecret(s.T, s.Target, outcome.Err)
	}
	for _, name := range []string{"bob", "cid"} {
		if got := s.count(name); got != 1 {
			s.Errorf("the target has %d accounts %s, want one", got, name)
		}
	}
	s.create(s.T, "dan") // the connection recovers
}

func (s check) testQuota() {
	if s.Disturb.Quota == nil {
		s.Skip("this target has no quota")
	}
	s.create(s.T, "ann")
	s.Disturb.Quota()
	outcome := s.apply(s.T, s.creation("bob"))[0]
	wantKind(s.T, outcome.Err, connector.QuotaExceeded)
	wantCode(s.T, s.Target, outcome.Err)
	if s.count("bob") != 0 {
		s.Error("the account was created")
	}
}

func (s check) testUnavailable() {
	if s.Disturb.Unavailable == nil {
		s.Skip("this target is never out of order")
	}
	id := s.create(s.T, "ann")[0]
	s.Disturb.Unavailable()
	outcomes := s.apply(s.T, s.creation("bob"), s.update(id, s.Free, attr.Text("new")))
	for i, outcome := range outcomes {
		if outcome.Err == nil {
			continue // it was tried again, which is right where nothing happened
		}
		if !errors.Is(outcome.Err, connector.Unavailable) {
			s.Errorf("outcome %d is %v, want unavailable or success", i, outcome.Err)
		}
	}
	if got := s.count("bob"); got > 1 {
		s.Errorf("the target has %d accounts bob", got)
	}
}

func (s check) testExpiredSession() {
	if s.Disturb.Expire == nil {
		s.Skip("this target has no sessions")
	}
	id := s.create(s.T, "ann")[0]
	s.Disturb.Expire()
	for _, outcome := range s.apply(s.T, s.creation("bob"), NewChange(plan.Update, id, attr.Object{}.With(s.Free, attr.Text("new")))) {
		if outcome.Err != nil {
			s.Errorf("after the session expired: %v", outcome.Err)
		}
	}
	if got := s.count("bob"); got != 1 {
		s.Errorf("the target has %d accounts bob, want one", got)
	}
}

// asError returns the *connector.Error within an error.
func asError(err error) (*connector.Error, bool) { return errors.AsType[*connector.Error](err) }
