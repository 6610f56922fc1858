package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/plan"
)

// references writes managers and the like whose account has come to exist. They
// are written without being read first: what the account held is known from when
// the reference was put on the waiting list.
func (c *cycle) references(ctx context.Context) error {
	if c.asked.DryRun {
		return nil
	}
	c.progress.phase("references")
	d := c.newDispatcher(ctx)
	return d.close(c.feedReferences(ctx, d))
}

func (c *cycle) feedReferences(ctx context.Context, d *dispatcher) error {
	var after Reference
	for {
		ready, err := c.Ledger.Ready(ctx, c.job.ID, after, c.began, c.target.BatchSize)
		if err != nil {
			return fmt.Errorf("read references that can be written: %w", err)
		}
		mapped, unmapped := c.stillMapped(ready)
		if len(unmapped) > 0 {
			if err := c.recordBatch(ctx, Commit{Resolved: unmapped}); err != nil {
				return fmt.Errorf("forget references that are not mapped any more: %w", err)
			}
		}
		if mapped, err = c.inPlan(ctx, mapped); err != nil {
			return err
		}
		if len(mapped) > 0 {
			d.group.Go(func() error {
				err := during(d.ctx, d.writing, func() error { return c.link(d.ctx, mapped) })
				if err != nil {
					d.cancel(err)
				}
				return err
			})
		}
		if len(ready) < c.target.BatchSize {
			return nil
		}
		after = ready[len(ready)-1].Reference
	}
}

// stillMapped parts the references whose attribute the mapping still has from the
// others.
func (c *cycle) stillMapped(ready []ReadyReference) (mapped []ReadyReference, unmapped []Reference) {
	for _, r := range ready {
		if c.asked.Mapping.Rule(r.Attribute) == nil {
			unmapped = append(unmapped, r.Reference)
			continue
		}
		mapped = append(mapped, r)
	}
	return mapped, unmapped
}

// link writes one batch of references and records it.
func (c *cycle) link(ctx context.Context, ready []ReadyReference) error {
	began := time.Now()
	items := make([]*item, len(ready))
	for n, r := range ready {
		source := plan.Identity{Type: "User", ID: r.SourceID, Name: r.Name}
		target := plan.Identity{Type: c.target.ObjectType, ID: r.Connection.TargetID, Name: r.Connection.TargetName}
		reference := attr.RefTo(attr.Ref{Type: c.target.ObjectType, ID: r.TargetID})
		items[n] = &item{link: true, planned: c.plannedLink(r), change: plan.Link(source, target, r.Attribute, r.Old, reference, c.rules)}
	}
	attempt, stop := c.attempting(ctx, items)
	if stop != nil {
		return stop
	}
	stop = c.apply(ctx, items)
	var commit Commit
	attempt.settle(&commit, items)
	return errors.Join(stop, c.recordLinks(ctx, commit, ready, items, time.Since(began)))
}

func (c *cycle) recordLinks(ctx context.Context, commit Commit, ready []ReadyReference, items []*item, took time.Duration) error {
	var changes []plan.Change
	var over []*item
	now := time.Now().UTC()
	for n, i := range items {
		if i.change.Status == plan.Planned {
			continue
		}
		over = append(over, i)
		if i.change.Status == plan.Failure {
			escrow := refused(ready[n], i.change.Reason, now)
			i.change = i.change.Retried(escrow.Attempts, escrow.Next)
			commit.Refused = append(commit.Refused, FailedReference{ready[n].Reference, escrow})
		} else {
			commit.Resolved = append(commit.Resolved, ready[n].Reference)
		}
		i.change = i.change.Identified(newID())
		changes = append(changes, i.change)
		commit.Entries = append(commit.Entries, c.entry(i.change, now, took))
	}
	commit.Plan, commit.Items = c.planKey(), c.results(over)
	if err := c.recordBatch(context.WithoutCancel(ctx), commit); err != nil {
		return fmt.Errorf("record references: %w", err)
	}
	c.tell(changes, true)
	return nil
}

// refused returns the escrow of a reference after one more failure.
func refused(ready ReadyReference, reason plan.Reason, now time.Time) Escrow {
	escrow := ready.Escrow
	if escrow.IsZero() {
		escrow.First = now
	}
	escrow.SourceID, escrow.Attribute = ready.SourceID, ready.Attribute
	escrow.Attempts++
	escrow.Code, escrow.Message = reason.Code, reason.Text
	escrow.Next = now.Add(retryDelay(escrow.Attempts))
	return escrow
}
