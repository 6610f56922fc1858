package engine

import (
	"context"
	"fmt"
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

// gone tells which of the people who claim accounts were removed from the
// directory for good: their claims are void.
func (c *cycle) gone(ctx context.Context, claims map[string]string) (map[string]bool, error) {
	ids := make([]string, 0, len(claims))
	for _, id := range claims {
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		return nil, nil //nolint:nilnil // nobody is gone, and a nil map says so.
	}
	subjects, err := c.Directory.Subjects(ctx, c.job.ID, ids)
	if err != nil {
		return nil, fmt.Errorf("look up who the found accounts belong to: %w", err)
	}
	gone := make(map[string]bool)
	for _, subject := range subjects {
		if subject.Gone {
			gone[subject.User.ID] = true
		}
	}
	return gone, nil
}
