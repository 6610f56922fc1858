package engine

import (
	"context"
	"fmt"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/plan"
)

// attempts are the writes whose outcome is not recorded: those of this cycle that
// are under way, and those that an earlier one left behind when it broke off.
type attempts struct {
	left    []Attempt                // by earlier cycles
	targets map[string]AttemptTarget // of those, by person
	open    []string                 // ids of this cycle's, recorded by now
	pending bool                     // somebody's outcome is still not known
}

// recall reads what earlier cycles left behind.
func (c *cycle) recall(ctx context.Context) error {
	left, err := c.Attempts.Attempts(ctx, c.job.ID)
	if err != nil {
		return fmt.Errorf("read what earlier cycles left behind: %w", err)
	}
	c.attempts.left, c.attempts.targets = left, make(map[string]AttemptTarget)
	for _, attempt := range left {
		for _, target := range attempt.Targets {
			c.attempts.targets[target.SourceID] = target
		}
	}
	return nil
}

// leftBehind returns the people whose account may have been made or enabled
// without a record.
func (c *cycle) leftBehind() []string {
	ids := make([]string, 0, len(c.attempts.targets))
	for id := range c.attempts.targets {
		ids = append(ids, id)
	}
	return ids
}

// attempting writes down that a batch is about to make or enable accounts.
func (c *cycle) attempting(ctx context.Context, items []*item) error {
	attempt := Attempt{ID: newID()}
	for _, i := range items {
		action := i.change.Action
		if i.change.Status != plan.Planned || i.subject.User.ID == "" || action != plan.Create && action != plan.Enable {
			continue
		}
		target := AttemptTarget{SourceID: i.subject.User.ID}
		if len(i.desired.Keys) > 0 {
			target.Attribute, target.Value = i.desired.Keys[0].Attribute, i.desired.Keys[0].Value.String()
		}
		attempt.Targets = append(attempt.Targets, target)
	}
	if len(attempt.Targets) == 0 {
		return nil
	}
	if err := c.Attempts.Attempting(ctx, c.cycle, attempt); err != nil {
		return fmt.Errorf("write down what is about to be written: %w", err)
	}
	c.reserving.Lock()
	defer c.reserving.Unlock()
	c.attempts.open = append(c.attempts.open, attempt.ID)
	return nil
}

// noteOutcome remembers that somebody who was left behind is still not settled.
func (c *cycle) noteOutcome(i *item) {
	if _, left := c.attempts.targets[i.subject.User.ID]; !left {
		return
	}
	switch i.change.Status {
	case plan.Failure, plan.Staged, plan.Planned:
		c.reserving.Lock()
		defer c.reserving.Unlock()
		c.attempts.pending = true
	case plan.Success, plan.Skipped, plan.Warning:
	}
}

// settleAttempts forgets the attempts of a cycle that came to its end, and those of
// earlier ones when everybody's outcome is known by now.
func (c *cycle) settleAttempts(ctx context.Context) error {
	ids := c.attempts.open
	if !c.attempts.pending {
		for _, attempt := range c.attempts.left {
			ids = append(ids, attempt.ID)
		}
	}
	if len(ids) == 0 || c.asked.DryRun {
		return nil
	}
	if err := c.Attempts.Settled(ctx, c.cycle, ids); err != nil {
		return fmt.Errorf("forget what is recorded by now: %w", err)
	}
	return nil
}

// attempted gives a person who is out of scope the key by which an account that
// was made without a record is found.
func (c *cycle) attempted(i *item) (mapping.Key, bool) {
	target, found := c.attempts.targets[i.subject.User.ID]
	if !found || target.Attribute == "" {
		return mapping.Key{}, false
	}
	return mapping.Key{Attribute: target.Attribute, Value: attr.Text(target.Value)}, true
}
