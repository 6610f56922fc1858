package engine

import (
	"context"
	"fmt"

	"github.com/usher-id/usher/provisioning"
)

// feedExpired hands on the people whose removal was held for so long that it is
// looked at anew. Whoever is in scope again is taken off the list. Whoever is not is
// held again, and told about again: a removal that was held goes ahead only when an
// administrator allows it, however long that takes.
func (c *cycle) feedExpired(ctx context.Context, d *dispatcher) error {
	expired := c.job.Settings.RemovalsExpireBefore(c.began)
	if expired.IsZero() || c.asked.DryRun || c.kind == provisioning.OnDemand {
		return nil
	}
	for after := ""; ; {
		removals, err := c.Removals.List(ctx, c.job.ID, []RemovalState{RemovalStaged}, after, pageSize)
		if err != nil {
			return fmt.Errorf("list held removals: %w", err)
		}
		var ids []string
		for _, removal := range removals {
			if !removal.Since.After(expired) {
				ids = append(ids, removal.SourceID)
			}
		}
		if err := c.renew(ctx, d, ids); err != nil {
			return err
		}
		if len(removals) < pageSize {
			return nil
		}
		after = removals[len(removals)-1].SourceID
	}
}

func (c *cycle) renew(ctx context.Context, d *dispatcher, ids []string) error {
	items, err := c.readPage(ctx, ids)
	if err != nil {
		return err
	}
	var again []string
	for _, i := range items {
		if c.renewed == nil {
			c.renewed = make(map[string]bool)
		}
		c.renewed[i.subject.User.ID] = true
		if c.removal(i) {
			again = append(again, i.subject.User.ID)
		}
	}
	if len(again) > 0 {
		if err := c.Removals.Renew(ctx, c.cycle, again, c.began); err != nil {
			return fmt.Errorf("hold removals anew: %w", err)
		}
		c.heldAnew += len(again)
	}
	for _, i := range items {
		if err := d.add(i, false); err != nil {
			return err
		}
	}
	return nil
}
