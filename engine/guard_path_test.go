package engine_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

// refusing is a target that refuses every change with an action.
func refusing(actions ...plan.Action) twisted {
	return twisted{apply: func(changes []plan.Change, _ func() []connector.Outcome) []connector.Outcome {
		outcomes := make([]connector.Outcome, len(changes))
		for n, change := range changes {
			outcomes[n].TargetID = change.Target.ID
			if slices.Contains(actions, change.Action) {
				outcomes[n].Err = &connector.Error{Kind: connector.Invalid, Message: "a validation rule says no"}
			}
		}
		return outcomes
	}}
}

// team joins n people and gives them accounts.
func (w *world) team(t *testing.T, n int) []directory.User {
	t.Helper()
	var team []directory.User
	for i := range n {
		id := fmt.Sprintf("team%02d", i)
		team = append(team, w.join(t, id, ""))
		w.grant(t, id)
	}
	w.cycle(t)
	return team
}

func (w *world) countInUse(people []directory.User) int {
	count := 0
	for _, user := range people {
		if w.inUse(user.UserPrincipalName) {
			count++
		}
	}
	return count
}

// An update that the target refused says nothing about a removal.
func TestTheGuardCountsLeaversWhoseLastUpdateFailed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 60, settings: func(s *provisioning.Settings) { s.RemovalLimit = 3 }})
	team := w.team(t, 5)
	for _, user := range team {
		w.put(t, renamed(user, "Refused"))
	}
	_, err := w.twist(t, engine.Run{}, refusing(plan.Update))
	w.must(t, err)
	for _, user := range team {
		w.leave(t, provisioning.SoftDeleted, user)
	}
	run := w.cycle(t)
	if got := w.countInUse(team); got != len(team) || run.Counts.Staged != len(team) {
		t.Errorf("%d of %d leavers are still in use, %d removals are held: the guard was passed", got, len(team), run.Counts.Staged)
	}
}

func TestALeaverIsNotKeptBecauseAnUpdateFailedBefore(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 60})
	user := w.team(t, 1)[0]
	w.put(t, renamed(user, "Refused"))
	for range 4 { // by then the next try is hours away
		_, err := w.twist(t, engine.Run{}, refusing(plan.Update))
		w.must(t, err)
		_, err = w.store.RetryNow(t.Context(), w.job.ID, store.Retry{})
		w.must(t, err)
	}
	_, err := w.twist(t, engine.Run{}, refusing(plan.Update))
	w.must(t, err)
	w.leave(t, provisioning.SourceDisabled, user)
	w.cycle(t)
	if w.inUse(user.UserPrincipalName) {
		t.Error("the person left and keeps the account until an update would be tried again that failed before")
	}
}

// What the mapping disables is a removal, whoever is in scope.
func TestTheGuardHoldsAccountsThatANewMappingDisables(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{settings: func(s *provisioning.Settings) { s.RemovalLimit = 3 }})
	w.cycle(t)
	before := len(w.active())
	w.remap(t, "IsActive", `Not([accountEnabled])`)
	p := w.plan(t)
	if p.Guard == "" || p.Counts.Disabled != before {
		t.Errorf("the plan disables %d of %d accounts, and the guard says %q", p.Counts.Disabled, before, p.Guard)
	}
	run := w.cycle(t)
	if left := len(w.active()); left != before {
		t.Fatalf("%d of %d accounts are in use after a wrong mapping, although the limit is 3", left, before)
	}
	if run.Counts.Staged != before {
		t.Errorf("%d removals are held, want %d", run.Counts.Staged, before)
	}
	job, err := w.store.Job(t.Context(), w.app.ID)
	w.must(t, err)
	if job.Status.Quarantine.Reason != provisioning.TooManyDeletes {
		t.Errorf("the job is in quarantine for %q", job.Status.Quarantine.Reason)
	}
	w.remap(t, "IsActive", `Not([IsSoftDeleted])`)
	w.cycle(t)
	if count, err := w.store.Engine().Count(t.Context(), w.job.ID); err != nil || count.Staged > 0 {
		t.Errorf("after the mapping was mended %+v removals are on the list, %v", count, err)
	}
}

// What is allowed of them goes ahead, and nothing is counted twice.
func TestAccountsThatAMappingDisablesAreDisabledOnceTheyAreAllowed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 60, settings: func(s *provisioning.Settings) { s.RemovalLimit = 3 }})
	w.cycle(t)
	before := len(w.active())
	w.remap(t, "IsActive", `Not([accountEnabled])`)
	w.cycle(t)
	_, err := w.store.AllowRemovals(t.Context(), w.job.ID, nil)
	w.must(t, err)
	run := w.cycle(t)
	if run.Counts.Disabled != before || len(w.active()) != 0 {
		t.Errorf("%+v: disabled %d of %d, %d are in use", run.Counts, run.Counts.Disabled, before, len(w.active()))
	}
	again, err := w.try(t.Context(), t, engine.Run{Full: true})
	w.must(t, err)
	if again.Counts.Writes+again.Counts.Staged > 0 {
		t.Errorf("the cycle after it does %+v", again.Counts)
	}
}

// remap replaces the expression of an attribute.
func (w *world) remap(tb testing.TB, target, expression string) {
	tb.Helper()
	schema, err := w.store.Schema(tb.Context(), w.job.ID)
	w.must(tb, err)
	_, object, err := schema.UserMapping()
	w.must(tb, err)
	for n, row := range object.AttributeMappings {
		if row.TargetAttributeName == target {
			object.AttributeMappings = slices.Delete(object.AttributeMappings, n, n+1)
			break
		}
	}
	mapTo(tb, &schema, target, expression)
	w.must(tb, w.store.PutSchema(tb.Context(), w.job.ID, schema))
}

func TestTheGuardHoldsManyRemovalsOnDemand(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 60, settings: func(s *provisioning.Settings) { s.RemovalLimit = 3 }})
	team := w.team(t, 5)
	var ids []string
	for _, user := range team {
		w.leave(t, provisioning.SoftDeleted, user)
		ids = append(ids, user.ID)
	}
	run, err := w.try(t.Context(), t, engine.Run{Users: ids})
	w.must(t, err)
	if got := w.countInUse(team); got != len(team) {
		t.Errorf("%d of %d leavers are in use: the guard was passed on demand; %+v", got, len(team), run.Counts)
	}
	// One person is somebody's decision.
	_, err = w.try(t.Context(), t, engine.Run{Users: ids[:1]})
	w.must(t, err)
	if w.inUse(team[0].UserPrincipalName) {
		t.Error("one leaver on demand is still in use")
	}
}

func TestAPlanMadeBeforeTheLimitWasLoweredIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 60})
	team := w.team(t, 5)
	for _, user := range team {
		w.leave(t, provisioning.SoftDeleted, user)
	}
	p := w.plan(t)
	w.configure(t, func(s *provisioning.Settings) { s.RemovalLimit = 3 })
	if _, err := w.apply(t.Context(), t, p, false); !errors.Is(err, engine.ErrPlanRemovals) {
		t.Errorf("applied %d removals although the limit is 3: %v", p.Removals(), err)
	}
	if got := w.countInUse(team); got != len(team) {
		t.Errorf("%d of %d are in use", got, len(team))
	}
	_, err := w.apply(t.Context(), t, p, true)
	w.must(t, err)
	if got := w.countInUse(team); got != 0 {
		t.Errorf("%d are in use although they were allowed", got)
	}
}

func TestAPlanDoesNotTakeAwayWhatTheGuardHoldsSince(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 60, settings: func(s *provisioning.Settings) { s.RemovalLimit = 3 }})
	team := w.team(t, 5)
	for _, user := range team[:2] {
		w.leave(t, provisioning.SoftDeleted, user)
	}
	p := w.plan(t)
	for _, user := range team[2:] {
		w.leave(t, provisioning.SoftDeleted, user)
	}
	w.cycle(t) // finds five, and holds them
	_, err := w.apply(t.Context(), t, p, false)
	w.must(t, err)
	if got := w.countInUse(team); got != len(team) {
		t.Errorf("%d of %d held accounts are in use after an older plan was applied", got, len(team))
	}
	if item := w.item(t, p, team[0].UserPrincipalName); item.State != engine.ItemRefused {
		t.Errorf("the item is %s: %s", item.State, item.Note)
	}
	count, err := w.store.Engine().Count(t.Context(), w.job.ID)
	w.must(t, err)
	if count.Staged != len(team) {
		t.Errorf("%+v, want %d held", count, len(team))
	}
}

func TestAPlanHasEveryRemovalThatWasAllowed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 1500, settings: func(s *provisioning.Settings) { s.RemovalLimit = 3 }})
	w.cycle(t)
	before := len(w.active())
	if before < 600 {
		t.Fatalf("%d accounts are too few", before)
	}
	for user, err := range w.store.Users(t.Context(), "") {
		w.must(t, err)
		w.must(t, w.store.RemoveUser(t.Context(), user.ID))
	}
	w.cycle(t)
	_, err := w.store.AllowRemovals(t.Context(), w.job.ID, nil)
	w.must(t, err)
	if p := w.plan(t); p.Counts.Disabled != before {
		t.Errorf("the plan disables %d accounts, the cycle will disable %d", p.Counts.Disabled, before)
	}
}

// Who was looked at on demand, or because a value was accepted, stays rejected.
func TestARejectionOutlastsAnOnDemandRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 60, settings: func(s *provisioning.Settings) { s.RemovalLimit = 3 }})
	team := w.team(t, 5)
	for _, user := range team {
		w.leave(t, provisioning.SoftDeleted, user)
	}
	w.cycle(t)
	_, err := w.store.RejectRemovals(t.Context(), w.job.ID, []string{team[0].ID})
	w.must(t, err)
	_, err = w.try(t.Context(), t, engine.Run{Users: []string{team[0].ID}})
	w.must(t, err)
	_, err = w.try(t.Context(), t, engine.Run{Full: true})
	w.must(t, err)
	if !w.inUse(team[0].UserPrincipalName) {
		t.Error("the removal was rejected, and the account is disabled after an on-demand run and a cycle")
	}
}

// A session may wait for a cycle that runs, and the schema be changed meanwhile.
func TestAPlanIsNotAppliedWithASchemaOfBefore(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 60})
	user := w.team(t, 1)[0]
	w.put(t, renamed(user, "Planned"))
	p := w.plan(t)
	w.session(t, func(session engine.Session) {
		w.remap(t, "LastName", `ToUpper([surname])`)
		if _, err := w.runner.Apply(t.Context(), session, engine.Run{}, p, false); !errors.Is(err, engine.ErrPlanSchema) {
			t.Errorf("applied with a schema that is not in use any more: %v", err)
		}
		if err := w.runner.Appliable(t.Context(), session, p, false); !errors.Is(err, engine.ErrPlanSchema) {
			t.Errorf("it would be applied: %v", err)
		}
	})
}

// Who was left behind by a crash and is collected as well is one removal.
func TestTheGuardCountsWhoACrashLeftBehindOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 60, settings: func(s *provisioning.Settings) { s.RemovalLimit = 1 }})
	user := w.team(t, 1)[0]
	w.put(t, renamed(user, "Unrecorded"))
	ledger := &brokenLedger{Ledger: w.runner.Engine.Ledger, broken: true}
	w.runner.Engine.Ledger = ledger
	if _, err := w.try(t.Context(), t, engine.Run{}); err == nil {
		t.Fatal("no power cut")
	}
	ledger.broken = false
	w.leave(t, provisioning.SourceDisabled, user)
	run := w.cycle(t)
	if w.inUse(user.UserPrincipalName) || run.Counts.Staged > 0 {
		t.Errorf("one leaver is more than the limit of one: %+v", run.Counts)
	}
}
