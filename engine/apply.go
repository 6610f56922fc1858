package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

// The reasons why a plan is not applied at all.
var (
	ErrPlanApplied  = errors.New("the plan was applied already")
	ErrPlanAltered  = errors.New("what is kept of the plan is not what was planned")
	ErrPlanSchema   = errors.New("the synchronization schema was changed since the plan was made")
	ErrPlanRemovals = errors.New("the removal guard holds the removals of the plan")
)

// Apply carries out exactly what a plan says. Every person of it is decided about
// anew right before the write; where that gives something else than what was planned,
// nothing is written for this person, and the item says what differs. Nobody outside
// the plan is touched. A plan whose application broke off is gone on with. The record
// counts what was done by this call; its error says why it stopped before the end.
//
// Nothing else may run for the job meanwhile: Apply takes its fencing token.
func (e *Engine) Apply(ctx context.Context, run Run, p Plan, schema string, allowRemovals bool) (provisioning.Run, error) {
	if err := e.appliable(ctx, p, schema, allowRemovals); err != nil {
		return provisioning.Run{}, err
	}
	run.Users, run.DryRun = nil, false
	c, err := e.open(ctx, run)
	if err != nil {
		return provisioning.Run{}, err
	}
	c.kind, c.cycle.ID = provisioning.FromPlan, p.Key
	c.log = e.Log.With("job_id", c.job.ID, "cycle_id", p.Key, "plan_id", p.ID)
	c.applied = &applying{plan: p, resumed: p.State == PlanApplying, allowRemovals: allowRemovals}
	p.State, p.AppliedAt, p.AppliedBy = PlanApplying, c.began, run.InitiatedBy
	err = e.Plans.AdvancePlan(ctx, c.cycle, p)
	if err == nil {
		err = c.carryOut(ctx)
	}
	if err == nil {
		p.State = PlanApplied
		err = e.Plans.AdvancePlan(ctx, c.cycle, p)
	}
	return c.close(ctx, err)
}

// appliable refuses a plan that must not be applied, before anything is touched.
func (e *Engine) appliable(ctx context.Context, p Plan, schema string, allowRemovals bool) error {
	switch {
	case p.State == PlanApplied:
		return ErrPlanApplied
	case p.Schema != schema && p.Kind != UndoPlan:
		return ErrPlanSchema
	}
	if !allowRemovals {
		if err := e.guardPlan(ctx, p); err != nil {
			return err
		}
	}
	id, err := e.identify(ctx, p)
	if err == nil && id != p.ID {
		err = ErrPlanAltered
	}
	return err
}

// guardPlan judges the removals of a plan by the settings that it was made with and by
// those of now, which may be stricter.
func (e *Engine) guardPlan(ctx context.Context, p Plan) error {
	if p.Removals() == 0 {
		return nil
	}
	job, err := e.Ledger.Look(ctx, p.JobID)
	if err != nil {
		return fmt.Errorf("look up the settings of job %s: %w", p.JobID, err)
	}
	now := &cycle{Engine: e, job: job}
	held, err := now.judgeRemovals(ctx, p.Removals())
	if err != nil {
		return err
	}
	if held = cmp.Or(p.Guard, held); held != "" {
		return fmt.Errorf("%w: %s", ErrPlanRemovals, held)
	}
	return nil
}

// applying is a plan that is being carried out.
type applying struct {
	plan    Plan
	resumed bool // an earlier application broke off

	allowRemovals bool // also those that the removal guard holds
}

// holdsPlanned reports whether a removal that is planned and was held since then stays
// held.
func (c *cycle) holdsPlanned() bool { return c.applied != nil && !c.applied.allowRemovals }

// carryOut works the open items off: removals first, references last.
func (c *cycle) carryOut(ctx context.Context) error {
	until, err := c.Directory.Head(ctx)
	if err != nil {
		return fmt.Errorf("read the position of the change feed: %w", err)
	}
	c.until = until
	if err := c.recall(ctx); err != nil {
		return err
	}
	// Expressions that ask for the time are computed as they were for the plan.
	c.moment = c.applied.plan.At
	if c.undoes() {
		return c.carryOutRestores(ctx)
	}
	if err := c.carryOutPeople(ctx); err != nil {
		return err
	}
	return c.carryOutReferences(ctx)
}

func (c *cycle) carryOutPeople(ctx context.Context) error {
	d := c.newDispatcher(ctx)
	feed := func(actions []plan.Action, leavers bool) error {
		query := ItemQuery{Actions: actions, States: []ItemState{ItemOpen}}
		return c.eachItem(ctx, c.applied.plan.Key, query, func(planned []PlanItem) error {
			return c.feedPlanned(ctx, d, planned, leavers)
		})
	}
	c.progress.phase("removals")
	err := feed([]plan.Action{plan.Disable, plan.Delete}, true)
	if err == nil {
		c.progress.phase("people")
		err = feed([]plan.Action{plan.Create, plan.Update, plan.Enable, plan.None}, false)
	}
	return d.close(err)
}

// feedPlanned hands on the people of a page of items.
func (c *cycle) feedPlanned(ctx context.Context, d *dispatcher, planned []PlanItem, leavers bool) error {
	ids := make([]string, len(planned))
	for n, item := range planned {
		ids[n] = item.Change.Source.ID
	}
	items, err := c.readPage(ctx, ids)
	if err != nil {
		return err
	}
	references, err := c.plannedReferences(ctx, ids)
	if err != nil {
		return err
	}
	c.progress.collected(len(items))
	for n, i := range items {
		i.planned, i.linked = &planned[n], references[ids[n]]
		if c.applied.plan.Kind == DriftPlan {
			c.regardAsInUse(i)
		}
		if err := d.add(i, leavers); err != nil {
			return err
		}
	}
	return nil
}

// plannedReferences returns the open references of people.
func (c *cycle) plannedReferences(ctx context.Context, ids []string) (map[string][]PlanItem, error) {
	if c.applied.plan.Kind != CyclePlan {
		return nil, nil //nolint:nilnil // a map without anything.
	}
	references := make(map[string][]PlanItem)
	const perPerson = 16 // an account has one manager, and few references besides
	items, err := c.Plans.PlanItems(ctx, c.applied.plan.Key, ItemQuery{
		References: true, States: []ItemState{ItemOpen}, SourceIDs: ids, Limit: perPerson * len(ids),
	})
	if err != nil {
		return nil, fmt.Errorf("read the references of the plan: %w", err)
	}
	for _, item := range items {
		id := item.Change.Source.ID
		references[id] = append(references[id], item)
	}
	return references, nil
}

// withoutLinks leaves out of a decision the references that the plan has as items of
// their own: by now the account that they point to exists, so they are written along.
func (i *item) withoutLinks(change plan.Change) plan.Change {
	var fields []plan.Field
	for _, field := range change.Fields {
		if !i.isLinked(field) {
			fields = append(fields, field)
		}
	}
	change.Fields = fields
	return change
}

func (i *item) isLinked(field plan.Field) bool {
	return slices.ContainsFunc(i.linked, func(reference PlanItem) bool {
		return reference.Attribute == field.Name && reference.Referenced == i.subject.User.ManagerID &&
			alike(reference.Change.Fields[0].Old, field.Old, true)
	})
}

// carryOutReferences writes those references of the plan whose other end exists now.
func (c *cycle) carryOutReferences(ctx context.Context) error {
	if c.applied.plan.Kind != CyclePlan {
		return nil
	}
	if err := c.references(ctx); err != nil {
		return err
	}
	query := ItemQuery{References: true, States: []ItemState{ItemOpen}}
	return c.eachItem(ctx, c.applied.plan.Key, query, func(items []PlanItem) error {
		commit := Commit{Plan: c.planKey()}
		for _, item := range items {
			commit.Items = append(commit.Items, ItemResult{
				SourceID: item.Change.Source.ID, Attribute: item.Attribute, State: ItemRefused,
				Note: "one of the two accounts did not come to exist as planned, or the reference is another one by now",
			})
		}
		return c.recordBatch(ctx, commit)
	})
}

// inPlan keeps those references that the plan has, and notes the others of nobody.
func (c *cycle) inPlan(ctx context.Context, ready []ReadyReference) ([]ReadyReference, error) {
	if c.applied == nil || len(ready) == 0 {
		return ready, nil
	}
	ids := make([]string, len(ready))
	for n, r := range ready {
		ids[n] = r.SourceID
	}
	references, err := c.plannedReferences(ctx, ids)
	if err != nil {
		return nil, err
	}
	var kept []ReadyReference
	for _, r := range ready {
		if slices.ContainsFunc(references[r.SourceID], func(item PlanItem) bool {
			return item.Attribute == r.Attribute && item.Referenced == r.Referenced && alike(item.Change.Fields[0].Old, r.Old, true)
		}) {
			kept = append(kept, r)
		}
	}
	return kept, nil
}

// verify compares what was decided for the people of a batch with what was planned
// for them, and ends what differs.
func (c *cycle) verify(items []*item) {
	if c.applied == nil {
		return
	}
	for _, i := range items {
		if i.planned == nil || i.result != "" {
			continue
		}
		c.verifyOne(i)
	}
}

func (c *cycle) verifyOne(i *item) {
	planned, now := i.planned.Change, i.withoutLinks(i.change)
	same := c.sameAsPlanned(i)
	nothing := now.Action == plan.None && now.Status == plan.Skipped || now.Action == plan.Update && now.Status == plan.Planned && len(now.Fields) == 0
	if planned.Action == plan.None && nothing && now.Target.ID == planned.Target.ID {
		return // to be connected, and nothing else but references
	}
	doneAlready := now.Action == plan.None && now.Status == plan.Skipped && planned.Action.Writes() &&
		(planned.Action != plan.Create || i.left || now.Target.ID != "" && !i.subject.Connection.IsZero())
	if doneAlready && planned.Holds(now.Current, c.shows, same) {
		i.result, i.note = ItemDone, "it was done already"
		return
	}
	if c.applied.resumed && c.rest(i) {
		return // what a broken-off application of the plan left of it
	}
	deviations := planned.Deviations(now, same)
	if planned.Action == plan.None {
		deviations = []string{"planned was to connect the account " + planned.Target.ID + " and to change nothing; now that would be something else"}
	}
	if len(deviations) == 0 {
		return
	}
	i.refuse(planned.Outdated(deviations))
}

// rest reports whether what would be done now is a part of what was planned, and the
// other part is done: the target takes a change in several steps.
func (c *cycle) rest(i *item) bool {
	planned, now := i.planned.Change, i.withoutLinks(i.change)
	if now.Status != plan.Planned || now.Action.Removes() != planned.Action.Removes() || planned.Action == plan.Create && !i.left {
		return false
	}
	same := c.sameAsPlanned(i)
	done := planned
	done.Fields = nil
	found := 0
	for _, field := range planned.Fields {
		index := slices.IndexFunc(now.Fields, func(f plan.Field) bool { return f.Name == field.Name })
		if index < 0 {
			done.Fields = append(done.Fields, field)
			continue
		}
		other := now.Fields[index]
		other.Old = field.Old
		if _, sealed := i.planned.Seals[field.Name]; sealed || !same(field, other) {
			return false
		}
		found++
	}
	return found == len(now.Fields) && done.Holds(now.Current, c.shows, same)
}

// refuse ends an item of a plan without a write. What else Usher keeps of the person
// stays as it is.
func (i *item) refuse(change plan.Change) {
	i.change = change
	i.result, i.note = ItemRefused, strings.TrimPrefix(change.Reason.Text, "not done as planned: ")
	i.subject.Escrow, i.subject.Removal, i.subject.Leaver = Escrow{}, Removal{}, Leaver{}
	i.takesOver, i.waiting, i.keptUntil, i.retracted = "", nil, time.Time{}, nil
	i.decided = true
}

// shows reports whether the target lets an attribute be read.
func (c *cycle) shows(name string) bool {
	rule := c.asked.Mapping.Rule(name)
	return rule == nil || rule.Mutability != mapping.WriteOnly
}

// sameAsPlanned compares fields of a plan, whose redacted values are sealed, with
// those that were decided now.
func (c *cycle) sameAsPlanned(i *item) plan.Same {
	p := c.applied.plan
	return func(planned, now plan.Field) bool {
		rule := c.asked.Mapping.Rule(planned.Name)
		if seal, sealed := i.planned.Seals[planned.Name]; sealed {
			return seal.Old == p.sealValue(planned.Name, now.Old) && (chance(rule) || seal.New == p.sealValue(planned.Name, now.New))
		}
		exact := rule == nil || rule.CaseExact
		return alike(planned.Old, now.Old, exact) && (alike(planned.New, now.New, exact) || chance(rule) && !now.New.IsEmpty())
	}
}

func alike(a, b attr.Value, exact bool) bool {
	return a.IsEmpty() && b.IsEmpty() || attr.Equal(a, b, exact)
}

// chance reports whether a mapping gives another value each time: then the planned
// value is an example.
func chance(rule *mapping.AttributeRule) bool {
	return rule != nil && (strings.Contains(rule.Expression, "RandomString(") || strings.Contains(rule.Expression, "Guid("))
}

// results tells what became of the items of a batch, for the commit.
func (c *cycle) results(items []*item) []ItemResult {
	if c.applied == nil {
		return nil
	}
	var results []ItemResult
	for _, i := range items {
		if i.planned == nil {
			continue
		}
		result := ItemResult{SourceID: i.planned.Change.Source.ID, Attribute: i.planned.Attribute, State: i.result, Note: i.note}
		switch {
		case result.State != "":
		case i.change.Status == plan.Failure:
			result.State, result.Note = ItemFailed, i.change.Reason.Text
		default:
			result.State = ItemDone
		}
		results = append(results, result)
		for _, reference := range i.linked {
			over := result.State == ItemDone && reference.Referenced == i.subject.User.ManagerID && !isWaiting(i.waiting, reference.Attribute)
			if over { // written along, or there already
				results = append(results, ItemResult{SourceID: result.SourceID, Attribute: reference.Attribute, State: ItemDone})
			}
		}
	}
	return results
}

// at is the moment that expressions of the mapping get.
func (c *cycle) at() time.Time {
	if !c.moment.IsZero() {
		return c.moment
	}
	return c.began
}

// planKey and planID name the plan that is carried out; they are empty in a cycle.
func (c *cycle) planKey() string {
	if c.applied == nil {
		return ""
	}
	return c.applied.plan.Key
}

func (c *cycle) planID() string {
	if c.applied == nil {
		return ""
	}
	return c.applied.plan.ID
}

// plannedLink returns the item of a reference that is carried out.
func (c *cycle) plannedLink(r ReadyReference) *PlanItem {
	if c.applied == nil {
		return nil
	}
	return &PlanItem{Attribute: r.Attribute, Change: plan.Change{Source: plan.Identity{ID: r.SourceID}}}
}
