package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

// attempts are the writes that earlier cycles left behind without a record when they
// broke off.
type attempts struct {
	targets map[string]AttemptTarget // by person
	ids     map[string]string        // of the attempt of each person, in a cycle of the whole job
	mu      sync.Mutex
	open    map[string]bool // people whose outcome is still not known
}

// recall reads what earlier cycles left behind. A cycle of the whole job will find
// out about each person, and parts the attempts so that each can end on its own.
func (c *cycle) recall(ctx context.Context) error {
	left, err := c.Attempts.Attempts(ctx, c.job.ID)
	if err != nil {
		return fmt.Errorf("read what earlier cycles left behind: %w", err)
	}
	c.attempts.targets, c.attempts.ids, c.attempts.open = make(map[string]AttemptTarget), make(map[string]string), make(map[string]bool)
	var parting Commit
	parted := true
	for _, attempt := range left {
		parted = parted && len(attempt.Targets) == 1
		parting.Settled = append(parting.Settled, attempt.ID)
		for _, target := range attempt.Targets {
			before, twice := c.attempts.targets[target.SourceID]
			parted = parted && !twice
			if twice {
				target = target.after(before)
			}
			c.attempts.targets[target.SourceID], c.attempts.ids[target.SourceID] = target, attempt.ID
		}
	}
	if c.asked.DryRun || c.kind == provisioning.OnDemand {
		clear(c.attempts.ids)
		return nil
	}
	if parted {
		return nil
	}
	return c.part(ctx, parting)
}

// part gives each person who was left behind an attempt of their own.
func (c *cycle) part(ctx context.Context, parting Commit) error {
	for _, id := range slices.Sorted(maps.Keys(c.attempts.targets)) {
		single := Attempt{ID: newID(), Targets: []AttemptTarget{c.attempts.targets[id]}}
		c.attempts.ids[id] = single.ID
		parting.Unsettled = append(parting.Unsettled, single)
	}
	if err := c.recordBatch(ctx, parting); err != nil {
		return fmt.Errorf("part what earlier cycles left behind: %w", err)
	}
	return nil
}

// leftBehind returns the people whose account may have been written without a
// record.
func (c *cycle) leftBehind() []string {
	ids := make([]string, 0, len(c.attempts.targets))
	for id := range c.attempts.targets {
		ids = append(ids, id)
	}
	return ids
}

// attempting writes down what a batch is about to write, and returns that.
func (c *cycle) attempting(ctx context.Context, items []*item) (Attempt, error) {
	attempt := Attempt{ID: newID()}
	for _, i := range items {
		if !writes(i) {
			continue
		}
		target := AttemptTarget{SourceID: i.change.Source.ID, Action: i.change.Action, Fields: i.change.Fields, Reason: i.change.Reason}
		if len(i.desired.Keys) > 0 {
			target.Attribute, target.Value = i.desired.Keys[0].Attribute, i.desired.Keys[0].Value.String()
		}
		attempt.Targets = append(attempt.Targets, target)
	}
	if len(attempt.Targets) == 0 {
		return Attempt{}, nil
	}
	if err := c.Attempts.Attempting(ctx, c.cycle, attempt); err != nil {
		return Attempt{}, fmt.Errorf("write down what is about to be written: %w", err)
	}
	return attempt, nil
}

// settle ends an attempt with the commit of its batch. What the target did not come
// to, or gave no answer to, stays written down.
func (a Attempt) settle(commit *Commit, items []*item) {
	if a.ID == "" {
		return
	}
	commit.Settled = append(commit.Settled, a.ID)
	open := make(map[string]bool)
	for _, i := range items {
		if writes(i) {
			open[i.change.Source.ID] = true
		}
	}
	rest := Attempt{ID: newID()}
	for _, target := range a.Targets {
		if open[target.SourceID] {
			rest.Targets = append(rest.Targets, target)
		}
	}
	if len(rest.Targets) > 0 {
		commit.Unsettled = append(commit.Unsettled, rest)
	}
}

// recover gives the log the entry of a change that an earlier cycle wrote and could
// not record, of an account that was looked up by now. What is still to be written is
// a change of its own.
func (c *cycle) recover(i *item) {
	before, left := c.attempts.targets[i.subject.User.ID]
	if !left || i.result == ItemRefused || before.Action == "" || c.asked.DryRun || c.kind == provisioning.OnDemand {
		return
	}
	if before.Action == plan.Delete && i.change.Reason.Code == plan.CodeInvalidAnchor {
		i.change = i.change.Recovered(before.Action, before.Fields, before.Reason)
		return
	}
	if i.change.Current.ID == "" {
		return
	}
	done := slices.DeleteFunc(slices.Clone(before.Fields), func(field plan.Field) bool { return !before.found(field, i.change) })
	switch {
	case len(done) == 0:
	case i.change.Status == plan.Skipped && i.change.Action == plan.None:
		i.change = i.change.Recovered(before.Action, done, before.Reason)
	case writes(i):
		i.recovered = append(i.recovered, i.change.Recovered(before.Action, done, before.Reason).Identified(newID()))
	}
}

// found reports whether a field of the attempt is in the account as it was to be: it
// does not differ from what is wanted now, and that is the same. Of an account that
// was made, what is not compared afterwards counts as well.
func (t AttemptTarget) found(field plan.Field, now plan.Change) bool {
	if hasField(now.Fields, field.Name) {
		return false
	}
	return t.Action == plan.Create || field.Redacted ||
		attr.Equal(field.New, now.Desired.Get(field.Name), false) || attr.Equal(field.New, now.Current.Get(field.Name), false)
}

func hasField(fields []plan.Field, name string) bool {
	return slices.ContainsFunc(fields, func(field plan.Field) bool { return field.Name == name })
}

// after returns the attempt together with an earlier one for the same person. What
// gave the account counts.
func (t AttemptTarget) after(before AttemptTarget) AttemptTarget {
	for _, field := range before.Fields {
		if !hasField(t.Fields, field.Name) {
			t.Fields = append(slices.Clip(t.Fields), field)
		}
	}
	if before.enables() && !t.enables() {
		t.Action, t.Attribute, t.Value, t.Reason = before.Action, before.Attribute, before.Value, before.Reason
	}
	return t
}

// noteOutcome returns the attempt that an earlier cycle left behind and whose outcome
// is known by now, empty when there is none.
func (c *cycle) noteOutcome(i *item) string {
	id, left := c.attempts.ids[i.subject.User.ID]
	if !left || !c.undoes() && outcomeKnown(i) { // an undo does not ask what became of it
		return id
	}
	c.attempts.mu.Lock()
	defer c.attempts.mu.Unlock()
	c.attempts.open[i.subject.User.ID] = true
	return ""
}

// outcomeKnown reports whether it is known what the account is like after a change.
func outcomeKnown(i *item) bool {
	if i.result == ItemRefused {
		return false // a cycle finds out
	}
	switch i.change.Status {
	case plan.Success, plan.Skipped, plan.Warning:
		return true
	case plan.Failure:
		kind := connector.KindOf(i.outcome.Err)
		return i.outcome.Err != nil && (kind == connector.Invalid || kind == connector.Conflict || kind == connector.Forbidden || kind == connector.Unsupported)
	case plan.Staged, plan.Planned:
	}
	return false
}

// settleAttempts forgets, at the end of a cycle of the whole job, what earlier ones
// left behind, but for people whose outcome is still not known.
func (c *cycle) settleAttempts(ctx context.Context) error {
	var ids []string
	for person, id := range c.attempts.ids {
		if !c.attempts.open[person] {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	if err := c.Attempts.Settled(ctx, c.cycle, ids); err != nil {
		return fmt.Errorf("forget what is recorded by now: %w", err)
	}
	return nil
}

// attempted gives a person who is out of scope the key by which an account that
// was made or enabled without a record is found.
func (c *cycle) attempted(i *item) (mapping.Key, bool) {
	target, found := c.attempts.targets[i.subject.User.ID]
	if !found || target.Attribute == "" || !target.enables() {
		return mapping.Key{}, false
	}
	return mapping.Key{Attribute: target.Attribute, Value: attr.Text(target.Value)}, true
}
