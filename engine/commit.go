package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

// commit records a batch in one transaction, with the attempt that is over, and tells
// about it.
func (c *cycle) commit(ctx context.Context, items []*item, attempt Attempt, took time.Duration) error {
	over := make([]*item, 0, len(items))
	var settled []string
	defer c.release(items)
	for _, i := range items {
		if id := c.noteOutcome(i); id != "" {
			settled = append(settled, id)
		}
		if i.change.Status == plan.Planned && !c.asked.DryRun {
			continue // the cycle stops before the target came to it
		}
		i.change = i.change.Identified(newID())
		over = append(over, i)
	}
	if !c.asked.DryRun {
		record := c.commitOf(over, took)
		record.Settled = settled
		attempt.settle(&record, items)
		// A batch that the target has taken is recorded although the cycle was asked to stop.
		if err := c.recordBatch(context.WithoutCancel(ctx), record); err != nil {
			return fmt.Errorf("record a batch: %w", err)
		}
	}
	if c.draft != nil {
		if err := c.addToDraft(ctx, over); err != nil {
			return err
		}
	}
	changes := make([]plan.Change, 0, len(over))
	for _, i := range over {
		changes = append(append(changes, i.recovered...), i.change)
	}
	c.tell(changes, false)
	return nil
}

// recordTimeout bounds the recording of a batch, which goes on after a cycle was
// asked to stop.
const recordTimeout = 2 * time.Minute

// recordBatch commits. A cycle that was overtaken may not change anything any more,
// but what it wrote to the target still goes to the log.
func (c *cycle) recordBatch(ctx context.Context, record Commit) error {
	ctx, cancel := context.WithTimeout(ctx, recordTimeout)
	defer cancel()
	err := c.Ledger.Commit(ctx, c.cycle, record)
	if errors.Is(err, ErrFenced) {
		return errors.Join(err, c.Attempts.Log(ctx, c.cycle, record.Entries))
	}
	return err
}

// newID returns an id that sorts by time.
func newID() string {
	id, err := uuid.NewV7()
	if err != nil {
		return uuid.NewString()
	}
	return id.String()
}

// tell reports changes that are over, one batch at a time.
func (c *cycle) tell(changes []plan.Change, links bool) {
	c.progress.done(changes, links)
	if c.asked.Report == nil {
		return
	}
	c.telling.Lock()
	defer c.telling.Unlock()
	for _, change := range changes {
		c.asked.Report(change)
	}
}

func (c *cycle) commitOf(items []*item, took time.Duration) Commit {
	now := time.Now().UTC()
	commit := Commit{Entries: make([]journal.Entry, 0, len(items)), Plan: c.planKey(), Items: c.results(items)}
	for _, i := range items {
		if i.takesOver != "" && i.change.Status != plan.Failure {
			commit.Connections = append(commit.Connections, Connection{SourceID: i.takesOver}) // ends it
		}
		if connection, changed := c.connection(i, now); changed {
			commit.Connections = append(commit.Connections, connection)
		}
		c.escrow(i, &commit, now)
		c.leaver(i, &commit)
		if i.change.Status != plan.Failure {
			commit.Retracted = append(commit.Retracted, c.over(i)...)
		}
		if i.change.Status != plan.Failure {
			i.references(&commit, i.change.Action)
		}
		if c.undoes() && i.change.Status == plan.Success {
			commit.Revisit = append(commit.Revisit, i.subject.User.ID)
		}
		if c.removalOver(i) {
			commit.Removed = append(commit.Removed, i.subject.User.ID)
		}
		for _, change := range i.recovered {
			commit.Entries = append(commit.Entries, c.entry(change, now, took))
		}
		if i.planned != nil || c.worthLogging(i) {
			commit.Entries = append(commit.Entries, c.entry(i.change, now, took))
		}
	}
	return commit
}

// removalOver reports whether the removal goes off the list: it was carried out, or
// the person is not to lose the account any more. A rejected one stays as long as there
// is something to reject.
func (c *cycle) removalOver(i *item) bool {
	switch {
	case i.subject.Removal.IsZero(), i.change.Status == plan.Failure, i.change.Status == plan.Staged:
		return false
	case i.subject.Removal.State == RemovalRejected:
		return i.verdict.In && !i.inactive
	}
	return true
}

func (c *cycle) entry(change plan.Change, at time.Time, took time.Duration) journal.Entry {
	return journal.Entry{
		At: at, JobID: c.job.ID, ApplicationID: c.job.ApplicationID, CycleID: c.cycle.ID, Duration: took,
		InitiatedBy: c.asked.InitiatedBy, PlanID: c.planID(), Change: change,
	}
}

// worthLogging leaves out what tells nothing: people who never had to do with the
// application, and in an initial cycle everyone who is as they should be.
func (c *cycle) worthLogging(i *item) bool {
	if i.change.Status != plan.Skipped {
		return true
	}
	if i.subject.Connection.IsZero() && i.change.Target.ID != "" {
		return true // an account was matched for the first time
	}
	if i.change.Action == plan.None {
		return c.kind != provisioning.Initial
	}
	return len(i.subject.Grants) > 0 || !i.subject.Connection.IsZero()
}

// connection returns the person's connection after the change, and whether that
// is news.
func (c *cycle) connection(i *item, now time.Time) (Connection, bool) {
	before := i.subject.Connection
	if i.vanished != "" {
		before = Connection{}
	}
	change := i.change
	if change.Target.ID == "" || change.Status == plan.Failure {
		return Connection{}, false
	}
	if change.Status == plan.Staged || change.Action == plan.Skip {
		// Nobody looked whether the values still wait, and nobody would in the next cycle.
		marked, overdue := plan.Overdue(before.Pending, c.job.Settings.UnconfirmedBefore(now))
		before.Pending = marked
		return before, len(overdue) > 0
	}
	if change.Action == plan.Delete && change.Status == plan.Success {
		return Connection{SourceID: i.subject.User.ID}, true // there is nothing left to be connected with
	}
	after := before
	after.SourceID, after.TargetID, after.TargetName = i.subject.User.ID, change.Target.ID, change.Target.Name
	if before.IsZero() {
		after.Since, after.Enabled = now, true
	}
	if name := change.Desired.Get(c.target.NameAttribute); !name.IsEmpty() && change.Action != plan.None {
		after.TargetName = name.String()
	}
	after.Enabled = enabledAfter(change, c.target.ActiveAttribute, after.Enabled)
	after.Pending = c.pending(i, now)
	if after.Enabled {
		marked, overdue := plan.Overdue(after.Pending, c.job.Settings.UnconfirmedBefore(now))
		after.Pending, i.change = marked, change.Unconfirmed(overdue)
	}
	return after, before.IsZero() || after.TargetName != before.TargetName || after.Enabled != before.Enabled ||
		len(after.Pending)+len(before.Pending) > 0
}

// enabledAfter tells whether the account is active after the change: by what was
// written, else by what was there.
func enabledAfter(change plan.Change, activeAttribute string, otherwise bool) bool {
	if change.Action == plan.Delete {
		return false
	}
	if value, found := change.Desired.Lookup(activeAttribute); found {
		return value.Bool()
	}
	if value, found := change.Current.Lookup(activeAttribute); found {
		return value.Bool()
	}
	return otherwise
}

// pending returns the values that the target accepted and does not show yet.
func (c *cycle) pending(i *item, now time.Time) []plan.Pending {
	still := plan.StillPending(i.subject.Connection.Pending, i.change.Current, i.change.Desired)
	if i.change.Action == plan.Create {
		return still
	}
	for _, attribute := range i.outcome.Pending {
		for _, field := range i.change.Fields {
			if field.Name == attribute {
				still = append(still, plan.Pending{Attribute: attribute, Old: field.Old, New: field.New, Since: now})
			}
		}
	}
	return still
}

// escrow keeps what failed and forgets what did not.
func (c *cycle) escrow(i *item, commit *Commit, now time.Time) {
	switch {
	case c.undoes(): // no cycle tries it again
	case i.change.Status == plan.Failure:
		escrow := c.escrowed(i, now)
		i.change = i.change.Retried(escrow.Attempts, escrow.Next)
		commit.Escrows = append(commit.Escrows, escrow)
	case !i.subject.Escrow.IsZero():
		commit.Cleared = append(commit.Cleared, i.subject.User.ID)
	}
}

// references puts down which references of the account wait, and takes off the
// list those that do not any more.
func (i *item) references(commit *Commit, action plan.Action) {
	if action == plan.Skip {
		return
	}
	for _, waiting := range i.waiting {
		commit.Waiting = append(commit.Waiting, Reference{
			SourceID: i.subject.User.ID, Attribute: waiting.Attribute, Referenced: waiting.Referenced,
			Old: i.change.Current.Get(waiting.Attribute),
		})
	}
	if action == plan.Create {
		return
	}
	for _, flow := range i.desired.Flows {
		if flow.Rule.Reference != "" && !isWaiting(i.waiting, flow.Rule.Target) {
			commit.Resolved = append(commit.Resolved, Reference{SourceID: i.subject.User.ID, Attribute: flow.Rule.Target})
		}
	}
}

func isWaiting(waiting []plan.Waiting, attribute string) bool {
	for _, w := range waiting {
		if w.Attribute == attribute {
			return true
		}
	}
	return false
}

// hold turns a removal into one that waits for an administrator.
func (c *cycle) hold(i *item) {
	why, text := i.whyRemoved(c.target.ActiveAttribute), c.held
	if text == "" {
		text = "held since an earlier cycle"
		if first := i.subject.Removal.Reason; first != "" && first != why {
			text += ", then because " + first
		}
	}
	text += ": " + why
	i.change = plan.HeldRemoval(i.facts(nil, noKey, "", c.target.ObjectType), c.rules, text)
	i.outcome = connector.Outcome{}
	i.decided = true
}
