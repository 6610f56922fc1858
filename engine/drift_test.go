package engine_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/plan"
)

func (w *world) drift(tb testing.TB, scope engine.DriftScope) engine.Plan {
	tb.Helper()
	var p engine.Plan
	w.session(tb, func(session engine.Session) {
		var err error
		p, err = w.runner.Drift(tb.Context(), session, engine.Run{InitiatedBy: "ana"}, scope)
		w.must(tb, err)
	})
	return p
}

// accept lets the org lead for an attribute of the accounts in which it drifted.
func (w *world) accept(tb testing.TB, attribute string) int {
	tb.Helper()
	var found []engine.Acceptance
	w.session(tb, func(session engine.Session) {
		var err error
		found, err = w.runner.Acceptable(tb.Context(), session, engine.Run{InitiatedBy: "ana"}, engine.DriftScope{}, attribute)
		w.must(tb, err)
	})
	w.must(tb, w.store.Accept(tb.Context(), w.job.ID, found))
	return len(found)
}

// drifted returns who is in a plan, with the fields.
func (w *world) drifted(tb testing.TB, p engine.Plan) map[string]string {
	tb.Helper()
	found := make(map[string]string)
	if p.ID == "" {
		return found
	}
	for _, item := range w.items(tb, p) {
		words := []string{string(item.Change.Action)}
		for _, field := range item.Change.Fields {
			words = append(words, field.Name)
		}
		found[item.Change.Source.Name] = strings.Join(words, " ")
	}
	return found
}

func TestChangesMadeInTheTargetAreFoundAndRepaired(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{managers: true})
	w.cycle(t)
	people := w.some(t, 5)
	people[3].AccountEnabled = false
	w.put(t, people[3])
	w.cycle(t)
	if p := w.drift(t, engine.DriftScope{}); p.ID != "" || p.Counts.Collected == 0 {
		t.Fatalf("drift where nobody changed anything: %v of %d", w.drifted(t, p), p.Counts.Collected)
	}
	before, written := content(w.org), w.org.Statistics().RowsWritten
	set := func(n int, fields map[string]any) {
		t.Helper()
		w.must(t, w.org.SetUser(people[n].UserPrincipalName, fields))
	}
	set(0, map[string]any{"LastName": "Edited"})
	set(1, map[string]any{"IsActive": false})
	set(3, map[string]any{"IsActive": true}) // a leaver is let in again
	// Somebody whose own data changed is not drift: the next cycle takes care of it.
	former := w.active()[people[2].UserPrincipalName].Get("LastName")
	w.put(t, renamed(people[2], "Renamed"))
	set(2, map[string]any{"LastName": "Edited"})
	p := w.drift(t, engine.DriftScope{})
	want := map[string]string{
		people[0].UserPrincipalName: "update LastName", people[1].UserPrincipalName: "enable IsActive", people[3].UserPrincipalName: "disable IsActive",
	}
	found := w.drifted(t, p)
	if len(found) != len(want) {
		t.Fatalf("found %v, want %v", found, want)
	}
	for name, what := range want {
		if found[name] != what {
			t.Errorf("%s: found %q, want %q", name, found[name], what)
		}
	}
	if rows := w.org.Statistics().RowsWritten; rows != written {
		t.Fatalf("looking wrote %d rows", rows-written)
	}
	w.checkLogged(t, p, len(want))
	_, err := w.apply(t.Context(), t, p, false)
	w.must(t, err)
	set(2, map[string]any{"LastName": former})
	if got := content(w.org); got != before {
		t.Errorf("after the repair the org holds\n%s\n--- before\n%s", got, before)
	}
	if p := w.drift(t, engine.DriftScope{}); p.ID != "" {
		t.Errorf("drift after the repair: %v", w.drifted(t, p))
	}
	run := w.cycle(t)
	if _, active := w.active()[people[3].UserPrincipalName]; active || run.Counts.Updated != 1 {
		t.Errorf("the next cycle: %+v; the leaver is active: %t", run.Counts, active)
	}
}

// checkLogged checks that the log tells what was found.
func (w *world) checkLogged(tb testing.TB, p engine.Plan, want int) {
	tb.Helper()
	count := 0
	for entry, err := range w.store.Entries(tb.Context(), journal.Query{PlanID: p.ID}) {
		w.must(tb, err)
		count++
		if entry.Change.Reason.Code != engine.CodeDrift || entry.Change.Status != plan.Warning || entry.Change.Action.Writes() {
			tb.Errorf("the log says %s", entry.Change)
		}
	}
	if count != want {
		tb.Errorf("%d entries tell of drift, want %d", count, want)
	}
}

func TestAnAcceptedAttributeIsLeftAloneUntilTheSourceChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	w.cycle(t)
	people := w.some(t, 3)
	for n, name := range []string{"Married", "Edited"} {
		w.must(t, w.org.SetUser(people[n].UserPrincipalName, map[string]any{"LastName": name, "FirstName": "Kim"}))
	}
	name := func(n int, field string) string { return w.active()[people[n].UserPrincipalName].Get(field) }
	if count := w.accept(t, "lastname"); count != 2 {
		t.Fatalf("%d attributes can be accepted, want 2", count)
	}
	p := w.drift(t, engine.DriftScope{})
	if found := w.drifted(t, p); found[people[0].UserPrincipalName] != "update FirstName" {
		t.Errorf("after the acceptance of one attribute the other one is no drift: %v", found)
	}
	_, err := w.try(t.Context(), t, engine.Run{Full: true})
	w.must(t, err)
	if got := name(0, "LastName") + " " + name(0, "FirstName"); got == "Married Kim" || name(0, "LastName") != "Married" {
		t.Errorf("after a cycle over everyone the name is %q", got)
	}
	w.put(t, renamed(people[0], "Different"))
	w.cycle(t)
	if got := []string{name(0, "LastName"), name(1, "LastName")}; !slices.Equal(got, []string{"Different", "Edited"}) {
		t.Errorf("after the directory has another name for one: %v", got)
	}
	w.must(t, w.org.SetUser(people[0].UserPrincipalName, map[string]any{"LastName": "Again"}))
	if found := w.drifted(t, w.drift(t, engine.DriftScope{})); found[people[0].UserPrincipalName] != "update LastName" {
		t.Errorf("the acceptance has not ended: %v", found)
	}
	count, err := w.store.Retract(t.Context(), w.job.ID, "LASTNAME", nil)
	w.must(t, err)
	w.cycle(t)
	if count != 1 || name(1, "LastName") == "Edited" {
		t.Errorf("after the end of %d acceptances the name is %q", count, name(1, "LastName"))
	}
}

func TestAnAcceptedStateEndsWhenThePersonLeaves(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	w.cycle(t)
	user := w.some(t, 1)[0]
	w.must(t, w.org.SetUser(user.UserPrincipalName, map[string]any{"IsActive": false}))
	if count := w.accept(t, "IsActive"); count != 1 {
		t.Fatalf("%d states can be accepted, want 1", count)
	}
	_, err := w.try(t.Context(), t, engine.Run{Full: true})
	w.must(t, err)
	if _, active := w.active()[user.UserPrincipalName]; active {
		t.Fatal("an accepted state was overwritten")
	}
	user.AccountEnabled = false
	w.put(t, user)
	w.cycle(t)
	user.AccountEnabled = true
	w.put(t, user)
	w.cycle(t)
	if _, active := w.active()[user.UserPrincipalName]; !active {
		t.Error("who came back has no account in use: the acceptance outlived the leaving")
	}
}

func TestALeaverCannotBeAccepted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	w.cycle(t)
	user := w.some(t, 1)[0]
	user.AccountEnabled = false
	w.put(t, user)
	w.cycle(t)
	w.must(t, w.org.SetUser(user.UserPrincipalName, map[string]any{"IsActive": true}))
	if count := w.accept(t, "IsActive"); count != 0 {
		t.Errorf("%d leavers' accounts were accepted as active", count)
	}
}

func TestALookAtWhatChangedCostsFewCalls(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 1000})
	w.cycle(t)
	people := w.some(t, 2)
	calls := func(scope engine.DriftScope) (engine.Plan, int) {
		before := w.org.Statistics().Calls
		p := w.drift(t, scope)
		return p, w.org.Statistics().Calls - before
	}
	time.Sleep(1100 * time.Millisecond) // the org keeps seconds
	since := time.Now()
	time.Sleep(1100 * time.Millisecond)
	w.must(t, w.org.SetUser(people[1].UserPrincipalName, map[string]any{"LastName": "Edited"}))
	recent, few := calls(engine.DriftScope{Since: since})
	full, many := calls(engine.DriftScope{})
	if len(w.drifted(t, recent)) != 1 || len(w.drifted(t, full)) != 1 || recent.Counts.Collected != 1 {
		t.Errorf("found %v by what changed, looking at %d, and %v by a look at all", w.drifted(t, recent), recent.Counts.Collected, w.drifted(t, full))
	}
	if few > 5 || few >= many {
		t.Errorf("a look at what changed takes %d calls, a look at all %d", few, many)
	}
	one, _ := calls(engine.DriftScope{Users: []string{people[0].ID}})
	if one.ID != "" || one.Counts.Collected != 1 {
		t.Errorf("a look at somebody who did not drift: %v of %d", w.drifted(t, one), one.Counts.Collected)
	}
}

func TestDriftIsNotKnownBeforeTheFirstCycle(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	w.session(t, func(session engine.Session) {
		if _, err := w.runner.Drift(t.Context(), session, engine.Run{}, engine.DriftScope{}); !errors.Is(err, engine.ErrNoSteadyState) {
			t.Errorf("drift before the first cycle: %v", err)
		}
	})
}
