package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
)

// reserve keeps a found account for the person until the batch is recorded, and
// returns who has it already: people in other batches may match the same account at
// the same time.
func (c *cycle) reserve(i *item, accountID string, exists bool) string {
	if !exists {
		return ""
	}
	c.reserving.Lock()
	defer c.reserving.Unlock()
	if c.claims == nil {
		c.claims = make(map[string]string)
	}
	if other, found := c.claims[accountID]; found && other != i.subject.User.ID {
		return other
	}
	c.claims[accountID] = i.subject.User.ID
	i.claimed = accountID
	return ""
}

// release gives up what a batch reserved: by now connections tell the same.
func (c *cycle) release(items []*item) {
	c.reserving.Lock()
	defer c.reserving.Unlock()
	for _, i := range items {
		if i.claimed != "" {
			delete(c.claims, i.claimed)
		}
	}
}

// voidClaims takes the claims of people who were removed from the directory for
// good off the list and returns them: whoever matches such an account takes it over.
func (c *cycle) voidClaims(ctx context.Context, claims map[string]string) (map[string]string, error) {
	void := make(map[string]string)
	if len(claims) == 0 {
		return void, nil
	}
	accounts := make(map[string]string, len(claims)) // by person
	for account, person := range claims {
		accounts[person] = account
	}
	subjects, err := c.Directory.Subjects(ctx, c.job.ID, slices.Collect(maps.Keys(accounts)))
	if err != nil {
		return nil, fmt.Errorf("look up who the found accounts belong to: %w", err)
	}
	for _, subject := range subjects {
		if account := accounts[subject.User.ID]; subject.Gone {
			void[account] = subject.User.ID
			delete(claims, account)
		}
	}
	return void, nil
}
