package engine

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/plan"
)

// ErrNothingToUndo is returned for a cycle that the log has no writes of.
var ErrNothingToUndo = errors.New("the log has nothing that could be undone")

// UndoPauses is the note of an undo about what applying it does besides.
const UndoPauses = "the next cycle would write the same again: applying this turns provisioning off, unless it is told to keep running"

// Undo makes a plan that takes back what a cycle wrote. The entries are those of the
// cycle, or of some people of it, the oldest first. What cannot be taken back is
// listed in the plan: deletions, redacted values, accounts that were changed since.
func (e *Engine) Undo(ctx context.Context, run Run, cycleID string, entries iter.Seq2[journal.Entry, error], schema string) (Plan, error) {
	run.DryRun, run.Users = true, nil
	head := Plan{Kind: UndoPlan, Cycle: cycleID, Schema: schema}
	return e.draft(ctx, run, head, func(c *cycle, ctx context.Context) error { return c.planUndo(ctx, entries) })
}

func (c *cycle) planUndo(ctx context.Context, entries iter.Seq2[journal.Entry, error]) error {
	c.progress.phase("log")
	undo := undoing{cycle: c, lost: make(map[string]int)}
	if err := undo.gather(ctx, entries); err != nil {
		return err
	}
	if undo.changes == 0 {
		return ErrNothingToUndo
	}
	c.draft.plan.Notes = append(undo.notes(), UndoPauses)
	c.progress.phase("accounts")
	err := c.eachItem(ctx, c.draft.plan.Key, ItemQuery{States: []ItemState{ItemOpen}}, func(planned []PlanItem) error {
		for part := range slices.Chunk(planned, max(1, c.target.BatchSize)) {
			if err := c.planRestores(ctx, part); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.guardDraft(ctx)
}

// undoing gathers what a cycle wrote.
type undoing struct {
	cycle   *cycle
	changes int
	deleted int
	lost    map[string]int // redacted and unmapped attributes, with the number of people
}

// notes says what cannot be taken back.
func (u *undoing) notes() []string {
	var notes []string
	if u.deleted > 0 {
		notes = append(notes, fmt.Sprintf("deletions cannot be undone (people: %d)", u.deleted))
	}
	for _, name := range slices.Sorted(maps.Keys(u.lost)) {
		notes = append(notes, fmt.Sprintf("%s cannot be restored (people: %d): its former value is not kept, or it is not mapped any more", name, u.lost[name]))
	}
	return notes
}

// gather reverses the entries, page by page, and puts what comes of them into the
// plan.
func (u *undoing) gather(ctx context.Context, entries iter.Seq2[journal.Entry, error]) error {
	page := make([]plan.Change, 0, pageSize)
	for entry, err := range entries {
		if err != nil {
			return fmt.Errorf("read the log of the cycle: %w", err)
		}
		change := entry.Change
		if change.Status != plan.Success && change.Status != plan.Warning || !change.Action.Writes() {
			continue
		}
		u.changes++
		page = append(page, change)
		if len(page) == pageSize {
			if err := u.put(ctx, page); err != nil {
				return err
			}
			page = page[:0]
		}
	}
	return u.put(ctx, page)
}

// put reverses a page of changes; somebody whom the plan has already goes back to
// before the first of their changes.
func (u *undoing) put(ctx context.Context, changes []plan.Change) error {
	if len(changes) == 0 {
		return nil
	}
	c := u.cycle
	ids := make([]string, len(changes))
	for n, change := range changes {
		ids[n] = change.Source.ID
	}
	known, err := c.Plans.PlanItems(ctx, c.draft.plan.Key, ItemQuery{SourceIDs: ids, Limit: len(ids)})
	if err != nil {
		return fmt.Errorf("read the items of the plan: %w", err)
	}
	reversed := make(map[string]plan.Change, len(changes))
	for _, item := range known {
		reversed[item.Change.Source.ID] = item.Change
	}
	for _, change := range changes {
		reverse, ok := u.reverse(change)
		if !ok {
			continue
		}
		if earlier, found := reversed[change.Source.ID]; found {
			reverse = reverse.Then(earlier, c.rules)
		}
		reversed[change.Source.ID] = reverse
	}
	items := make([]PlanItem, 0, len(reversed))
	for _, id := range slices.Sorted(maps.Keys(reversed)) {
		items = append(items, PlanItem{Change: reversed[id], State: ItemOpen})
	}
	if err := c.Plans.PutItems(ctx, c.draft.plan.Key, items); err != nil {
		return fmt.Errorf("keep a part of the plan: %w", err)
	}
	return nil
}

// reverse reverses one change, and counts what is lost of it.
func (u *undoing) reverse(change plan.Change) (plan.Change, bool) {
	c := u.cycle
	change = c.unseen(change)
	for n, field := range change.Fields {
		if c.asked.Mapping.Rule(field.Name) == nil && change.Action != plan.Create {
			change.Fields[n].Redacted = true
		}
	}
	if change.Action == plan.Delete {
		u.deleted++
	}
	reverse, lost, ok := change.Reverse(c.rules)
	for _, name := range lost {
		u.lost[name]++
	}
	return reverse, ok
}

// planRestores looks at the accounts of a batch and puts into the plan what is to be
// done with them, or why nothing can be.
func (c *cycle) planRestores(ctx context.Context, planned []PlanItem) error {
	items, err := c.restorable(ctx, planned)
	if err != nil {
		return err
	}
	if err := c.readBack(ctx, items); err != nil {
		return err
	}
	c.progress.collected(len(items))
	c.countSeats(items)
	c.draft.suits = func(*item) bool { return true }
	return c.addToDraft(ctx, items)
}

// restorable makes items of a part of an undo.
func (c *cycle) restorable(ctx context.Context, planned []PlanItem) ([]*item, error) {
	ids := make([]string, len(planned))
	for n, item := range planned {
		ids[n] = item.Change.Source.ID
	}
	items, err := c.readPage(ctx, ids)
	if err != nil {
		return nil, err
	}
	for n, i := range items {
		i.planned = &planned[n]
		// Retries and removals are about what the directory wants, which an undo does not ask.
		i.subject.Escrow, i.subject.Removal, i.subject.Leaver = Escrow{}, Removal{}, Leaver{}
		i.subject.Accepted, i.keptUntil = nil, time.Time{}
		if name := planned[n].Change.Target.Name; name != "" {
			i.desired.Keys = []mapping.Key{{Attribute: c.target.NameAttribute, Value: attr.Text(name)}}
		}
	}
	return items, nil
}

// readBack reads the accounts of an undo and decides about them.
func (c *cycle) readBack(ctx context.Context, items []*item) error {
	query := connector.Query{Type: c.target.ObjectType, Select: c.selected()}
	for _, i := range items {
		query.IDs = append(query.IDs, i.planned.Change.Target.ID)
	}
	accounts := make(map[string]attr.Object, len(items))
	for object, err := range c.asked.Connector.Read(ctx, query) {
		if err != nil {
			return fmt.Errorf("look accounts up: %w", err)
		}
		accounts[object.ID] = object
	}
	c.progress.calls(c.asked.Connector.Usage().Calls - c.callsBefore)
	same := func(a, b plan.Field) bool {
		rule := c.asked.Mapping.Rule(a.Name)
		return alike(a.New, b.New, rule == nil || rule.CaseExact)
	}
	later, err := c.laterWrites(ctx, items)
	if err != nil {
		return err
	}
	for _, i := range items {
		reverse := i.planned.Change
		account, found := accounts[reverse.Target.ID]
		i.change = plan.Restore(reverse, i.subject.Connection.TargetID, account, found, c.rules, same).Unless(later[i.subject.User.ID])
	}
	return nil
}

// laterWrites returns what was written after the cycle that is taken back: such an
// attribute may show what that cycle wrote, and have it for another reason.
func (c *cycle) laterWrites(ctx context.Context, items []*item) (map[string][]string, error) {
	ids := make([]string, len(items))
	for n, i := range items {
		ids[n] = i.subject.User.ID
	}
	var undo Plan
	if c.draft != nil {
		undo = c.draft.plan
	} else {
		undo = c.applied.plan
	}
	later, err := c.Attempts.LaterWrites(ctx, c.job.ID, undo.Cycle, ids)
	if err != nil {
		return nil, fmt.Errorf("look up what was written since: %w", err)
	}
	return later, nil
}

// undoes reports whether an undo is being carried out: then accounts are decided
// about by what they were, not by what the mapping wants.
func (c *cycle) undoes() bool { return c.applied != nil && c.applied.plan.Kind == UndoPlan }

// carryOutRestores carries the open items of an undo out, removals first.
func (c *cycle) carryOutRestores(ctx context.Context) error {
	d := c.newDispatcher(ctx)
	var err error
	for _, actions := range [][]plan.Action{{plan.Disable}, {plan.Update, plan.Enable}} {
		c.progress.phase("accounts")
		query := ItemQuery{Actions: actions, States: []ItemState{ItemOpen}}
		err = errors.Join(err, c.eachItem(ctx, c.applied.plan.Key, query, func(planned []PlanItem) error {
			for part := range slices.Chunk(planned, max(1, c.target.BatchSize)) {
				if err := c.carryOutRestore(ctx, d, part); err != nil {
					return err
				}
			}
			return nil
		}))
		if err != nil {
			break
		}
	}
	return d.close(err)
}

func (c *cycle) carryOutRestore(ctx context.Context, d *dispatcher, planned []PlanItem) error {
	began := time.Now()
	items, err := c.restorable(ctx, planned)
	if err != nil {
		return err
	}
	c.progress.collected(len(items))
	if err := c.readBack(ctx, items); err != nil {
		return err
	}
	c.verify(items)
	return c.write(ctx, d, items, nil, began)
}
