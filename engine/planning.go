package engine

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

// Plan computes what a whole cycle would do, writes nothing to the target, and keeps
// it as a plan. Removals are planned one by one also where the removal guard would
// hold them: then Plan.Guard says so, and applying them has to be allowed. People who
// are out of scope, or whose account is as it should be, are counted and not listed.
func (e *Engine) Plan(ctx context.Context, run Run, schema string) (Plan, error) {
	run.DryRun = true
	return e.draft(ctx, run, Plan{Kind: CyclePlan, Schema: schema}, (*cycle).run)
}

// draft makes a plan: work decides about people, and everything that it commits goes
// into the plan.
func (e *Engine) draft(ctx context.Context, run Run, head Plan, work func(*cycle, context.Context) error) (p Plan, err error) {
	c, err := e.open(ctx, run)
	if err != nil {
		return Plan{}, err
	}
	head.Key, head.JobID, head.ApplicationID = newID(), c.job.ID, c.job.ApplicationID
	head.State, head.At, head.By = PlanDraft, c.began.Truncate(time.Microsecond), run.InitiatedBy
	head.Reasons = make(map[string]int)
	head = head.Sealed(provisioning.NewSecret(rand.Text()))
	c.began = head.At
	c.draft = &draft{plan: head}
	if err := e.Plans.DraftPlan(ctx, head); err != nil {
		return Plan{}, fmt.Errorf("keep a plan: %w", err)
	}
	defer func() {
		if err != nil {
			discard, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
			defer cancel()
			err = errors.Join(err, e.Plans.DiscardPlan(discard, head.Key))
		}
	}()
	if err := work(c, ctx); err != nil {
		return Plan{}, err
	}
	return c.finishDraft(ctx)
}

// finishDraft completes the head of a draft, gives it its id and makes it ready.
func (c *cycle) finishDraft(ctx context.Context) (Plan, error) {
	if err := c.planReferences(ctx); err != nil {
		return Plan{}, err
	}
	p := c.draft.plan
	codes := p.Counts.Codes
	p.Counts = c.progress.snapshot()
	if p.Kind != CyclePlan {
		p.Counts = c.draft.counts.snapshot()
		p.Counts.Collected = c.progress.snapshot().Collected
	}
	p.Counts.References = c.draft.references
	if len(codes) > 0 {
		p.Counts.Codes = codes
	}
	p.Calls = PlannedCalls{Read: c.asked.Connector.Usage().Calls - c.callsBefore, Write: c.writeCalls(p.Counts)}
	p.Counts.Calls = p.Calls.Read
	p.Seats = c.seatDemands()
	id, err := c.identify(ctx, p)
	if err != nil {
		return Plan{}, err
	}
	p.ID, p.State = id, PlanReady
	if err := c.Plans.FinishPlan(ctx, p); err != nil {
		return Plan{}, fmt.Errorf("keep the plan: %w", err)
	}
	return p, nil
}

// writeCalls estimates the requests that the writes of a plan take.
func (c *cycle) writeCalls(counts provisioning.Counts) int64 {
	batch := max(1, c.target.BatchSize)
	calls := 0
	for _, count := range []int{counts.Created, counts.Updated + counts.Enabled, counts.Disabled + counts.Deleted, counts.References} {
		calls += (count + batch - 1) / batch
	}
	return int64(calls)
}

// draft is a plan that is being made.
type draft struct {
	mu         sync.Mutex
	plan       Plan
	counts     progress // of what is in the plan
	references int
	suits      func(*item) bool // whether a change belongs to the plan; nil: by listed
}

// add puts the changes of a batch into the plan.
func (c *cycle) addToDraft(ctx context.Context, items []*item) error {
	d := c.draft
	suits := d.suits
	if suits == nil {
		suits = listed
	}
	var planned []PlanItem
	var changes []plan.Change
	for _, i := range items {
		if !suits(i) {
			continue
		}
		item, err := d.plan.item(c.unseen(i.change))
		if err != nil {
			return err
		}
		planned = append(planned, item)
		changes = append(changes, i.change)
		if i.change.Status == plan.Planned || i.change.Action == plan.None {
			planned = append(planned, c.waitingItems(i)...)
		}
	}
	d.counts.done(changes, false)
	d.mu.Lock()
	for _, change := range changes {
		d.plan.Reasons[strings.TrimSpace(string(change.Action)+" "+change.Reason.Code)]++
	}
	d.mu.Unlock()
	if len(planned) == 0 {
		return nil
	}
	if err := c.Plans.PutItems(ctx, d.plan.Key, planned); err != nil {
		return fmt.Errorf("keep a part of the plan: %w", err)
	}
	return nil
}

// listed reports whether a change is an item of a plan: it writes, it connects an
// account for the first time, or somebody should know that it cannot be done.
func listed(i *item) bool {
	switch i.change.Status {
	case plan.Planned, plan.Failure, plan.Staged:
		return true
	case plan.Skipped:
		return i.change.Action == plan.None && i.subject.Connection.IsZero() && i.change.Target.ID != ""
	case plan.Success, plan.Warning:
	}
	return false
}

// unseen redacts what the target itself does not show: passwords and the like.
func (c *cycle) unseen(change plan.Change) plan.Change {
	fields := make([]plan.Field, len(change.Fields))
	for n, field := range change.Fields {
		rule := c.asked.Mapping.Rule(field.Name)
		field.Redacted = field.Redacted || rule != nil && rule.Mutability == mapping.WriteOnly
		fields[n] = field
	}
	change.Fields = fields
	return change
}

// waitingItems are the references of an account that are written once the account
// that they point to exists.
func (c *cycle) waitingItems(i *item) []PlanItem {
	var items []PlanItem
	for _, waiting := range i.waiting {
		items = append(items, referenceItem(i.change.Source, i.change.Target, Reference{
			Attribute: waiting.Attribute, Referenced: waiting.Referenced, Old: i.change.Current.Get(waiting.Attribute),
		}))
	}
	return items
}

// referenceItem makes the item of a reference. What it will point to may not exist
// yet, so the new value stays open; the item says whose account it is.
func referenceItem(source, target plan.Identity, reference Reference) PlanItem {
	return PlanItem{
		State: ItemOpen, Attribute: reference.Attribute, Referenced: reference.Referenced,
		Change: plan.Change{
			Action: plan.Update, Status: plan.Planned, Source: source, Target: target,
			Fields: []plan.Field{{Name: reference.Attribute, Old: reference.Old, New: attr.RefTo(attr.Ref{Type: "account of", ID: reference.Referenced})}},
		},
	}
}

// planReferences completes the plan with references: those that nothing will come of
// are taken out, those that wait since earlier cycles are put in.
func (c *cycle) planReferences(ctx context.Context) error {
	if c.draft.plan.Kind != CyclePlan {
		return nil
	}
	var after Reference
	for {
		ready, err := c.Plans.PlanReferences(ctx, c.draft.plan, after, pageSize)
		if err != nil {
			return fmt.Errorf("plan references: %w", err)
		}
		items := make([]PlanItem, 0, len(ready))
		for _, r := range ready {
			if c.asked.Mapping.Rule(r.Attribute) == nil {
				continue
			}
			source := plan.Identity{Type: "User", ID: r.SourceID, Name: r.Name}
			target := plan.Identity{Type: c.target.ObjectType, ID: r.Connection.TargetID, Name: r.Connection.TargetName}
			items = append(items, referenceItem(source, target, r.Reference))
		}
		if err := c.Plans.PutItems(ctx, c.draft.plan.Key, items); err != nil {
			return fmt.Errorf("keep a part of the plan: %w", err)
		}
		if len(ready) < pageSize {
			break
		}
		after = ready[len(ready)-1].Reference
	}
	return c.eachItem(ctx, c.draft.plan.Key, ItemQuery{References: true}, func(items []PlanItem) error {
		c.draft.references += len(items)
		return nil
	})
}
