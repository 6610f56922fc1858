package salesforce_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/connector/salesforce"
	"github.com/usher-id/usher/connector/salesforce/salesforcetest"
	"github.com/usher-id/usher/plan"
)

func TestReadsAreTriedFourTimes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		org := newOrg(t, salesforcetest.Default())
		c := open(t, org, passwords(org))
		org.SetFaults([]salesforcetest.Fault{{Kind: salesforcetest.FaultUnavailable, Operation: "query", Times: -1}})
		began := time.Now()
		var err error
		for _, e := range c.Read(t.Context(), connector.Query{Type: "User", All: true}) {
			err = e
		}
		if !errors.Is(err, connector.Unavailable) {
			t.Errorf("got %v", err)
		}
		if queries := org.Statistics().ByKind["query"]; queries != 4 {
			t.Errorf("%d queries, want 4", queries)
		}
		if took := time.Since(began); took < 500*time.Millisecond || took > 3*time.Second {
			t.Errorf("it took %s", took)
		}
	})
}

func TestASignInThatFailsIsNotMultiplied(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		org := newOrg(t, salesforcetest.Default())
		c := open(t, org, passwords(org))
		org.SetFaults([]salesforcetest.Fault{{Kind: salesforcetest.FaultReset, Operation: "login", Times: -1}})
		outcome := c.Apply(t.Context(), []plan.Change{change(plan.Disable, "005000000000001AAA", fields())})[0]
		if !errors.Is(outcome.Err, connector.Unavailable) {
			t.Errorf("got %v, want unavailable: nothing was written", outcome.Err)
		}
		if logins := org.Statistics().ByKind["login"]; logins != 4 {
			t.Errorf("%d sign-ins, want 4", logins)
		}
	})
}

func TestAWriteThatTakesTooLongIsAmbiguous(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		org := newOrg(t, salesforcetest.Default())
		c := open(t, org, passwords(org))
		mustApply(t, c, create("a@example.com"))
		org.SetLatency(3 * time.Minute)
		outcome := c.Apply(t.Context(), []plan.Change{create("b@example.com")})[0]
		if !errors.Is(outcome.Err, connector.Ambiguous) || !errors.Is(outcome.Err, context.DeadlineExceeded) {
			t.Errorf("got %v, want it ambiguous", outcome.Err)
		}
		if writes := org.Statistics().ByKind["collections-create"]; writes != 2 {
			t.Errorf("%d writes, want 2", writes)
		}
	})
}

func TestARetiredVersionIsNamed(t *testing.T) {
	t.Parallel()
	org := newOrg(t, salesforcetest.Default())
	c := openTemplate(t, salesforce.Template(salesforce.Options{Version: "28.0"}), org, passwords(org))
	_, err := c.Check(t.Context())
	if e, ok := errors.AsType[*connector.Error](err); !ok || e.Code != "SalesforceUnsupportedApiVersion" {
		t.Errorf("got %v", err)
	}
}
