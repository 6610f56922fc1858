package salesforce_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/connector/salesforce/salesforcetest"
	"github.com/usher-id/usher/plan"
)

func TestTheDailyBudgetLeavesTheRestToRemovals(t *testing.T) {
	t.Parallel()
	for _, budget := range []string{"50%", "10"} {
		t.Run(budget, func(t *testing.T) {
			t.Parallel()
			config := salesforcetest.Default()
			config.DailyLimit = 20
			org := newOrg(t, config)
			c := open(t, org, passwords(org).With("DailyBudget", budget))
			var ids []string
			var refused error
			for i := 0; refused == nil && i < 30; i++ {
				outcome := c.Apply(t.Context(), []plan.Change{create(username(i))})[0]
				if refused = outcome.Err; refused == nil {
					ids = append(ids, outcome.TargetID)
				}
			}
			if e := asErr(t, refused); e.Kind != connector.QuotaExceeded || e.Code != "SalesforceDailyBudgetSpent" || !strings.Contains(e.Message, "10 of the org's 20 requests") || !strings.Contains(e.Message, ":00:00Z") {
				t.Fatalf("got %#v", e)
			}
			org.ResetStatistics()
			for _, err := range c.Read(t.Context(), connector.Query{Type: "User", All: true}) {
				if connector.KindOf(err) != connector.QuotaExceeded {
					t.Errorf("reading everybody gives %v", err)
				}
			}
			if calls := org.Statistics().Calls; calls != 0 {
				t.Errorf("%d calls beyond the budget", calls)
			}
			// Leavers are read and disabled, also among others.
			if got := read(t, c, connector.Query{IDs: ids[:1]}); len(got) != 1 {
				t.Errorf("read %v", got)
			}
			outcomes := c.Apply(t.Context(), []plan.Change{create("z@example.com"), change(plan.Disable, ids[0], attr.Object{})})
			if connector.KindOf(outcomes[0].Err) != connector.QuotaExceeded || outcomes[1].Err != nil {
				t.Errorf("outcomes %v", outcomes)
			}
			if user, _ := org.UserByID(ids[0]); user.IsActive {
				t.Error("the leaver is still active")
			}
		})
	}
}

func TestTheBudgetIsLookedAtAgainWhenTheWindowMoves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		config := salesforcetest.Default()
		config.DailyLimit = 20
		org := newOrg(t, config)
		c := open(t, org, passwords(org).With("DailyBudget", "5"))
		for i := range 10 {
			c.Apply(t.Context(), []plan.Change{create(username(i))})
		}
		if err := c.Apply(t.Context(), []plan.Change{create("z@example.com")})[0].Err; connector.KindOf(err) != connector.QuotaExceeded {
			t.Errorf("got %v, want that the budget is spent", err)
		}
		time.Sleep(25 * time.Hour)
		mustApply(t, c, create("z@example.com"))
	})
}

func TestWithoutABudgetNobodyAsksForTheLimits(t *testing.T) {
	t.Parallel()
	org := newOrg(t, salesforcetest.Default())
	mustApply(t, open(t, org, passwords(org)), create("a@example.com"))
	if got := org.Statistics().ByKind["limits"]; got != 0 {
		t.Errorf("%d calls", got)
	}
}
