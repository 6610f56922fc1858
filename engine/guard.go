package engine

import (
	"context"
	"fmt"

	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/plan"
)

// judgeRemovals returns why so many removals are held, empty when they are not.
func (c *cycle) judgeRemovals(ctx context.Context, removals int) (string, error) {
	guard := plan.Guard{Limit: c.job.Settings.RemovalLimit, Percent: c.job.Settings.RemovalPercent}
	enabled := 0
	if guard.NeedsShare(removals) {
		var err error
		if enabled, err = c.Removals.CountEnabled(ctx, c.job.ID); err != nil {
			return "", fmt.Errorf("count accounts in use: %w", err)
		}
	}
	return guard.Judge(removals, enabled), nil
}

// fresh counts a removal for the guard: one that was tried before and failed, or that
// an administrator decided on, is not counted again.
func fresh(i *item) int {
	if i.removalFailed() || i.subject.Removal.State == RemovalAllowed || i.subject.Removal.State == RemovalStaged {
		return 0
	}
	return 1
}

// removalFailed reports whether the removal of the account was tried before. What
// failed before the removal was found was something else, such as an update.
func (i *item) removalFailed() bool {
	removal, escrow := i.subject.Removal, i.subject.Escrow
	return removal.State == RemovalPlanned && !escrow.IsZero() && !escrow.First.Before(removal.Since)
}

// guardAsked holds the removals of an on-demand run when they are too many. They are
// not put on the list: the next cycle finds them and does that.
func (c *cycle) guardAsked(ctx context.Context, items []*item) (err error) {
	for _, i := range items {
		if c.removal(i) {
			c.found += fresh(i)
		}
	}
	c.held, err = c.judgeRemovals(ctx, c.found)
	return err
}

// guardDraft judges the removals of a plan that no cycle found.
func (c *cycle) guardDraft(ctx context.Context) (err error) {
	counts := c.draft.counts.snapshot()
	c.draft.plan.Guard, err = c.judgeRemovals(ctx, counts.Disabled+counts.Deleted)
	return err
}

// judgeMapping finds out whether the mapping disables the account of somebody who is
// in scope: by an expression that gives false, not because the person left. The guard
// counts that, too, since a wrong expression disables everybody at once.
func (c *cycle) judgeMapping(i *item) {
	if !i.verdict.In || !i.subject.Connection.Enabled || !c.disables() {
		return
	}
	desired, err := c.asked.Mapping.Only(c.target.ActiveAttribute, i.source, c.at())
	if err != nil {
		return // the person fails, and the account stays as it is
	}
	i.desired = desired
	i.accept()
	for _, flow := range i.desired.Flows {
		i.inactive = !flow.Ignored && !flow.Rule.SourceMissing && !flow.Value.IsEmpty() && !flow.Value.Bool()
	}
	i.desired, i.retracted = mapping.Desired{}, nil
}

// whyRemoved returns the reason of a removal in words.
func (i *item) whyRemoved(activeAttribute string) string {
	if i.verdict.In {
		return "in scope, and the mapping of " + activeAttribute + " disables the account"
	}
	return i.verdict.Text()
}
