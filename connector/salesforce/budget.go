package salesforce

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/connector/salesforce/unconfirmed"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

// budget is how far the org's requests of 24 hours may be used up before only
// removals go on. The zero budget sets no bound.
type budget struct {
	requests int64 // number; 0: see share
	percent  int64 // of the org's allocation
}

// newBudget reads the setting: a number, or a share such as 80%.
func newBudget(c provisioning.Credentials) (budget, error) {
	text := strings.TrimSpace(c.Get(keyDailyBudget))
	if text == "" {
		return budget{}, nil
	}
	digits, isShare := strings.CutSuffix(text, "%")
	number, err := strconv.ParseInt(strings.TrimSpace(digits), 10, 64)
	if err != nil || number < 1 || isShare && number > 100 {
		return budget{}, invalidSetting(keyDailyBudget, fmt.Sprintf("%q is neither a number of requests nor a share such as 80%%", text))
	}
	if isShare {
		return budget{percent: number}, nil
	}
	return budget{requests: number}, nil
}

// of returns the number of requests that may be used of an allocation.
func (b budget) of(limit int64) int64 {
	if b.percent > 0 {
		return limit * b.percent / 100
	}
	return min(b.requests, limit)
}

// usageAge is how old the org's word on its usage may be when work is refused
// because of it.
const usageAge = 5 * time.Minute

// spent returns an error when the budget is used up. What the org says of its
// usage comes with every answer; it is asked for where there is no word yet, or
// an old one.
func (c *Connector) spent(ctx context.Context) *connector.Error {
	if c.budget == (budget{}) {
		return nil
	}
	if c.client.limit.Load() == 0 {
		if err := c.client.readLimits(ctx); err != nil {
			return asError(err)
		}
	}
	err := c.client.overBudget(c.budget)
	if err != nil && time.Since(time.UnixMilli(c.client.limitNoted.Load())) > usageAge {
		if err := c.client.readLimits(ctx); err != nil {
			return asError(err)
		}
		err = c.client.overBudget(c.budget)
	}
	return err
}

func (c *client) overBudget(b budget) *connector.Error {
	used, limit := c.limitUsed.Load(), c.limit.Load()
	allowed := b.of(limit)
	if limit == 0 || used < allowed {
		return nil
	}
	return c.own(codeBudgetSpent, fmt.Sprintf("%d of the org's %d requests of 24 hours are used, and Usher stops at %d; the window moves on at %s",
		used, limit, allowed, unconfirmed.WindowMoves(time.Now()).Format(time.RFC3339)), nil)
}

// readLimits asks for the usage itself.
func (c *client) readLimits(ctx context.Context) error {
	var a answer
	err := c.patiently(ctx, func() error {
		var err error
		a, err = c.call(ctx, func(s session) request { return request{method: http.MethodGet, url: s.url("/limits", "")} })
		return err
	})
	if err != nil {
		return err
	}
	var limits struct {
		Requests struct{ Max, Remaining int64 } `json:"DailyApiRequests"`
	}
	if err := json.Unmarshal(a.body, &limits); err != nil || limits.Requests.Max == 0 {
		return c.own(codeUnexpectedAnswer, "the org's limits cannot be read", err)
	}
	c.setLimit(limits.Requests.Max-limits.Requests.Remaining, limits.Requests.Max)
	return nil
}

func (c *client) setLimit(used, limit int64) {
	c.limitUsed.Store(used)
	c.limit.Store(limit)
	c.limitNoted.Store(time.Now().UnixMilli())
}

// affordable leaves of the changes those that may be made: removals alone when the
// budget is used up. The others get their outcome.
func (c *Connector) affordable(ctx context.Context, changes []plan.Change, outcomes []connector.Outcome) (allowed func(int) bool) {
	err := c.spent(ctx)
	if err == nil {
		return func(int) bool { return true }
	}
	for i, change := range changes {
		if !change.Action.Removes() {
			outcomes[i].Err = err
		}
	}
	return func(i int) bool { return changes[i].Action.Removes() }
}
