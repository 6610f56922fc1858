package administration

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

// Planning says how a plan is made.
type Planning struct {
	Full    bool                  // look at everyone, not only at what changed
	Observe func(engine.Progress) // told how far it is, from one goroutine at a time; may be nil
}

// MakePlan computes what a cycle would do, writes nothing to the target, and keeps it to
// be looked at and applied. It takes about a minute for 100,000 people: see
// [Operations]. Plans that are too old to be applied are removed on the way.
func (a Acts) MakePlan(ctx context.Context, app Application, how Planning) (made engine.Plan, err error) {
	if _, err := a.Store.RemovePlansBefore(ctx, time.Now().Add(-engine.PlanKept)); err != nil {
		return made, err
	}
	err = a.Session(ctx, app.Application, func(session engine.Session) (err error) {
		made, err = a.Runner.Plan(ctx, session, engine.Run{Full: how.Full, InitiatedBy: a.actor, Observe: how.Observe})
		return err
	})
	if err != nil {
		return made, err
	}
	return made, a.Audit(ctx, ActivityMakePlan, app.DisplayName, "plan "+made.ID)
}

// Undoing says what is taken back.
type Undoing struct {
	Cycle   string   // id of the cycle; see WrittenBy
	Users   []string // ids of the people whose accounts are meant; none: everybody's
	Observe func(engine.Progress)
}

// MakeUndo makes a plan that takes back what a cycle wrote. A cycle that wrote nothing
// to these accounts is a Refusal with the code NothingToUndo.
func (a Acts) MakeUndo(ctx context.Context, app Application, what Undoing) (made engine.Plan, err error) {
	query := journal.Query{JobID: app.Job.ID, CycleID: what.Cycle, OldestFirst: true}
	entries := a.Store.Entries(ctx, query)
	if len(what.Users) > 0 {
		entries = a.entriesOf(ctx, query, what.Users)
	}
	err = a.Session(ctx, app.Application, func(session engine.Session) (err error) {
		made, err = a.Runner.Undo(ctx, session, engine.Run{InitiatedBy: a.actor, Observe: what.Observe}, what.Cycle, entries)
		return err
	})
	if errors.Is(err, engine.ErrNothingToUndo) {
		return made, &Refusal{Code: NothingToUndo, Message: fmt.Sprintf("%s: the cycle %s wrote nothing to these accounts", err.Error(), what.Cycle), Err: err}
	}
	if err != nil {
		return made, err
	}
	return made, a.Audit(ctx, ActivityMakePlan, app.DisplayName, "plan "+made.ID+", takes back cycle "+what.Cycle)
}

// WrittenBy finds the cycle that is meant by its own id or by the name of the plan that
// it applied, and the application that it wrote to. None is store.ErrNotFound.
func (s *Service) WrittenBy(ctx context.Context, id string) (cycleID, applicationID string, err error) {
	cycleID = id
	if p, err := s.Store.Plan(ctx, id); err == nil {
		cycleID = p.Key
	}
	for entry, err := range s.Store.Entries(ctx, journal.Query{CycleID: cycleID, Limit: 1}) {
		return cycleID, entry.ApplicationID, err
	}
	return "", "", fmt.Errorf("the log has no entry of a cycle or an applied plan %q: %w", id, store.ErrNotFound)
}

// entriesOf yields the entries of people, one person after the other.
func (s *Service) entriesOf(ctx context.Context, query journal.Query, ids []string) iter.Seq2[journal.Entry, error] {
	return func(yield func(journal.Entry, error) bool) {
		for _, id := range ids {
			query.SourceID = id
			for entry, err := range s.Store.Entries(ctx, query) {
				if !yield(entry, err) || err != nil {
					return
				}
			}
		}
	}
}

// KeptPlan is a plan with how many of its items are in each state.
type KeptPlan struct {
	engine.Plan

	Items map[engine.ItemState]int
}

// Plans yields the plans of an application that are kept, the newest first.
func (s *Service) Plans(ctx context.Context, app Application) iter.Seq2[KeptPlan, error] {
	return func(yield func(KeptPlan, error) bool) {
		for p, err := range s.Store.Plans(ctx, app.Job.ID) {
			kept := KeptPlan{Plan: p}
			if err == nil {
				kept, err = s.kept(ctx, p)
			}
			if !yield(kept, err) || err != nil {
				return
			}
		}
	}
}

func (s *Service) kept(ctx context.Context, p engine.Plan) (KeptPlan, error) {
	items, err := s.Store.CountPlanItems(ctx, p.Key)
	return KeptPlan{p, items}, err
}

// Plan finds a plan by its id or the beginning of it. None is store.ErrNotFound, several
// are store.ErrConflict.
func (s *Service) Plan(ctx context.Context, id string) (KeptPlan, error) {
	p, err := s.Store.Plan(ctx, strings.ToLower(id))
	if err != nil {
		return KeptPlan{Plan: p}, err
	}
	return s.kept(ctx, p)
}

// PlanFilter selects items of a plan. The zero PlanFilter is all of them.
type PlanFilter struct {
	Actions []plan.Action      // none: any
	States  []engine.ItemState // none: any
	Causes  []string           // codes of the reasons; none: any
	Text    string             // part of a name or id of the person or the account, whatever the letter case
}

// selects reports whether the filter selects an item by what the store does not.
func (f PlanFilter) selects(item engine.PlanItem) bool {
	if len(f.Causes) > 0 && !slices.Contains(f.Causes, item.Change.Reason.Code) {
		return false
	}
	person, account := item.Change.Source, item.Change.Target
	searched := strings.ToLower(strings.Join([]string{person.Name, person.ID, account.Name, account.ID}, "\n"))
	return strings.Contains(searched, strings.ToLower(f.Text))
}

// PlanItemPosition names the place of an item in its plan, for PlanItems.
func PlanItemPosition(item engine.PlanItem) string {
	return strings.TrimSuffix(item.Change.Source.ID+" "+item.Attribute, " ")
}

// itemPage is how many items of a plan are read at a time.
const itemPage = 500

// PlanItems yields the items of a plan in the order of people, behind a position; the
// empty position is the beginning.
func (s *Service) PlanItems(ctx context.Context, p engine.Plan, filter PlanFilter, after string) iter.Seq2[engine.PlanItem, error] {
	query := engine.ItemQuery{All: true, Limit: itemPage, Actions: filter.Actions, States: filter.States}
	query.After.Change.Source.ID, query.After.Attribute, _ = strings.Cut(after, " ")
	return func(yield func(engine.PlanItem, error) bool) {
		query := query
		for {
			items, err := s.Runner.Engine.Plans.PlanItems(ctx, p.Key, query)
			if err != nil {
				yield(engine.PlanItem{}, err)
				return
			}
			for _, item := range items {
				if !filter.selects(item) {
					continue
				}
				if !yield(item, nil) {
					return
				}
			}
			if len(items) < query.Limit {
				return
			}
			query.After = items[len(items)-1]
		}
	}
}

// RemovePlan forgets a plan; nothing that it did is taken back.
func (a Acts) RemovePlan(ctx context.Context, app Application, p engine.Plan) error {
	return a.Store.RemovePlan(ctx, p.Key, a.Record(ActivityRemovePlan, app.DisplayName, "plan "+p.ID))
}

// Applying says how a plan is applied.
type Applying struct {
	AllowRemovals bool // also those that the removal guard would hold
	KeepRunning   bool // after an undo: leave provisioning on; a cycle would do again what was undone

	Waiting func()                // called once when a cycle is running that is waited for; may be nil
	Observe func(engine.Progress) // told how far it is; may be nil
	Report  func(plan.Change)     // every change when it is over; may be nil
}

// Applied is what applying a plan did.
type Applied struct {
	Plan   KeptPlan         // as it is now
	Run    provisioning.Run // zero when it was refused
	Paused bool             // provisioning was turned off: after an undo a cycle would do again what was undone
}

// ApplyPlan carries out exactly what a plan says, while no cycle of the application
// runs. When the context ends it stops at the end of a batch; applying it again goes on
// where it stopped. A plan that is not applied at all is a Refusal, with one of the
// codes that begin with Plan. Any other error came on the way: then Applied tells how
// far it has come.
func (a Acts) ApplyPlan(ctx context.Context, app Application, id string, how Applying) (applied Applied, err error) {
	err = a.Session(ctx, app.Application, func(session engine.Session) (err error) {
		applied, err = a.applyIn(ctx, app, session, id, how)
		return err
	})
	return applied, err
}

func (a Acts) applyIn(ctx context.Context, app Application, session engine.Session, id string, how Applying) (applied Applied, err error) {
	var p engine.Plan
	failure := a.Exclusively(ctx, session.Job.ID, how.Waiting, func() (err error) {
		if p, err = a.Store.Plan(ctx, id); err != nil { // somebody else may have applied it meanwhile
			return err
		}
		if applied.Paused, err = a.beforeApply(ctx, app, session, p, how); err != nil {
			return err
		}
		request := engine.Run{InitiatedBy: a.actor, Observe: how.Observe, Report: how.Report}
		applied.Run, err = a.Runner.Apply(ctx, session, request, p, how.AllowRemovals)
		return err
	})
	if applied.Run.CycleID == "" {
		applied.Plan = KeptPlan{Plan: p}
		return applied, planRefused(failure, p)
	}
	finish, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	applied.Plan, err = a.afterApply(finish, app, p)
	a.wake(finish, app.ID)
	return applied, errors.Join(failure, err)
}

// beforeApply refuses a plan that cannot be applied, turns provisioning off where an
// undo asks for it, and writes the audit log.
func (a Acts) beforeApply(ctx context.Context, app Application, session engine.Session, p engine.Plan, how Applying) (paused bool, err error) {
	if time.Since(p.At) > engine.PlanKept {
		return false, refuse(PlanTooOld, "", "the plan is from %s and too old to be applied", p.At.Format(time.DateOnly)).advising("Make a new one.")
	}
	if err := a.Runner.Appliable(ctx, session, p, how.AllowRemovals); err != nil {
		return false, err
	}
	if p.Kind == engine.UndoPlan && !how.KeepRunning && session.Job.Schedule.State == provisioning.ScheduleActive {
		if err := a.Pause(ctx, app, PausedForUndo); err != nil {
			return false, err
		}
		paused = true
	}
	return paused, a.Audit(ctx, ActivityApplyPlan, app.DisplayName, fmt.Sprintf("plan %s (%s): begun", p.ID, p.Kind))
}

// afterApply reads what became of a plan and writes the audit log.
func (a Acts) afterApply(ctx context.Context, app Application, p engine.Plan) (KeptPlan, error) {
	p, err := a.Store.Plan(ctx, p.ID)
	if err != nil {
		return KeptPlan{Plan: p}, err
	}
	kept, err := a.kept(ctx, p)
	if err != nil {
		return kept, err
	}
	return kept, a.Audit(ctx, ActivityApplyPlan, app.DisplayName, fmt.Sprintf("plan %s (%s): %s", p.ID, p.Kind, ItemsText(kept.Items)))
}

// ItemsText counts items of a plan by what became of them: "3 done, 1 refused".
func ItemsText(items map[engine.ItemState]int) string {
	var parts []string
	for _, state := range []engine.ItemState{engine.ItemDone, engine.ItemRefused, engine.ItemFailed, engine.ItemOpen, engine.ItemNone} {
		if count := items[state]; count > 0 {
			word := string(state)
			if state == engine.ItemNone {
				word = "not to be done"
			}
			parts = append(parts, fmt.Sprintf("%d %s", count, word))
		}
	}
	return strings.Join(parts, ", ")
}

// planRefused makes an error a refusal when the plan was not applied at all.
func planRefused(err error, p engine.Plan) error {
	refusal := func(code Code, advice string) error {
		return &Refusal{Code: code, Message: err.Error() + ", so nothing was done", Advice: advice, Err: err}
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, engine.ErrPlanApplied):
		return &Refusal{
			Code: PlanApplied, Err: err, Advice: "Make a new one: a plan is applied once.",
			Message: fmt.Sprintf("the plan was applied already, at %s by %s", p.AppliedAt.Format(time.RFC3339), p.AppliedBy),
		}
	case errors.Is(err, engine.ErrPlanSchema):
		return refusal(PlanSchema, "Make a new plan.")
	case errors.Is(err, engine.ErrPlanAltered):
		return refusal(PlanAltered, "Make a new plan.")
	case errors.Is(err, engine.ErrPlanRemovals):
		return refusal(PlanRemovals, "Look at them, and allow them if they are meant.")
	}
	return err
}

// PlanItemsOf returns the items of a plan about one person, the account first and then
// what refers to others.
func (s *Service) PlanItemsOf(ctx context.Context, p engine.Plan, sourceID string) ([]engine.PlanItem, error) {
	return s.Runner.Engine.Plans.PlanItems(ctx, p.Key, engine.ItemQuery{All: true, SourceIDs: []string{sourceID}, Limit: itemPage})
}
