package engine_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

func (w *world) undo(tb testing.TB, cycleID string) (p engine.Plan, err error) {
	tb.Helper()
	w.session(tb, func(session engine.Session) {
		entries := w.store.Entries(tb.Context(), journal.Query{CycleID: cycleID, OldestFirst: true})
		p, err = w.runner.Undo(tb.Context(), session, engine.Run{InitiatedBy: "ana"}, cycleID, entries)
	})
	return p, err
}

// some returns assigned people with an active account who are assigned in person or
// through a group, at most n of them.
func (w *world) some(tb testing.TB, n int) []directory.User {
	tb.Helper()
	var people []directory.User
	active := w.active()
	for user, err := range w.store.Users(tb.Context(), "") {
		w.must(tb, err)
		if _, found := active[user.UserPrincipalName]; found && len(people) < n {
			people = append(people, user)
		}
	}
	if len(people) < n {
		tb.Fatalf("only %d people suit", len(people))
	}
	return people
}

func (w *world) put(tb testing.TB, user directory.User) {
	tb.Helper()
	w.must(tb, w.store.PutUser(tb.Context(), user))
}

func renamed(user directory.User, surname string) directory.User {
	user.Attributes = user.Attributes.With("surname", attr.Text(surname))
	return user
}

func TestUndoRestoresWhatACycleWrote(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{managers: true})
	w.cycle(t)
	people := w.some(t, 6)
	// Before: two renamed, one disabled by an earlier cycle.
	people[4].AccountEnabled = false
	w.put(t, people[4])
	w.cycle(t)
	before := content(w.org)
	// The cycle: two are renamed, one leaves, one comes back, one is made.
	w.put(t, renamed(people[0], "Wrong"))
	w.put(t, renamed(people[1], "Wrong"))
	people[2].AccountEnabled = false
	w.put(t, people[2])
	people[4].AccountEnabled = true
	w.put(t, people[4])
	newcomer := directory.User{
		ID: "newcomer", UserPrincipalName: "new.comer@contoso.example", DisplayName: "New Comer", AccountEnabled: true, ManagerID: people[0].ID,
		Attributes: attr.New("User", "newcomer", map[string]attr.Value{"mail": attr.Text("new.comer@contoso.example"), "surname": attr.Text("Comer")}),
	}
	w.put(t, newcomer)
	_, err := w.store.Assign(t.Context(), directory.AssignmentRequest{Application: w.app.ID, PrincipalType: "User", Principal: newcomer.ID, Role: "Standard User"})
	w.must(t, err)
	run := w.cycle(t)
	if run.Counts.Updated != 2 || run.Counts.Disabled != 1 || run.Counts.Enabled != 1 || run.Counts.Created != 1 {
		t.Fatalf("the cycle to be undone did %+v", run.Counts)
	}
	written := w.org.Statistics().RowsWritten
	p, err := w.undo(t, run.CycleID)
	w.must(t, err)
	if rows := w.org.Statistics().RowsWritten - written; rows > 0 {
		t.Fatalf("planning the undo wrote %d rows", rows)
	}
	if p.Counts.Updated != 2 || p.Counts.Disabled != 2 || p.Counts.Enabled != 1 || p.Kind != engine.UndoPlan {
		t.Fatalf("the undo plans %+v", p.Counts)
	}
	_, err = w.apply(t.Context(), t, p, false)
	w.must(t, err)
	// An account that was made cannot be unmade: it is disabled.
	made, found := w.org.User(newcomer.UserPrincipalName)
	if !found || made.IsActive {
		t.Errorf("the account that the cycle made: found %t, active %t", found, made.IsActive)
	}
	var left []string
	for line := range strings.Lines(content(w.org)) {
		if !strings.HasPrefix(line, newcomer.UserPrincipalName) {
			left = append(left, strings.TrimSuffix(line, "\n"))
		}
	}
	if got := strings.Join(left, "\n"); got != before {
		t.Errorf("after the undo the org holds\n%s\n--- before the cycle\n%s", got, before)
	}
	// Usher knows what it left: who was enabled again is a leaver for the next cycle.
	next := w.cycle(t)
	full, err := w.try(t.Context(), t, engine.Run{Full: true})
	w.must(t, err)
	if full.Counts.Updated+next.Counts.Updated != 2 || full.Counts.Disabled+next.Counts.Disabled != 1 || full.Counts.Enabled+next.Counts.Enabled != 2 {
		t.Errorf("the cycles after the undo write %+v and %+v, want the same as the cycle that was undone", next.Counts, full.Counts)
	}
}

func TestUndoLeavesAloneWhatChangedSince(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	w.cycle(t)
	people := w.some(t, 4)
	old := w.active()[people[2].UserPrincipalName].Get("LastName")
	for _, user := range people {
		w.put(t, renamed(user, "Wrong"))
	}
	run := w.cycle(t)
	w.must(t, w.org.SetUser(people[0].UserPrincipalName, map[string]any{"LastName": "Before planning"}))
	p, err := w.undo(t, run.CycleID)
	w.must(t, err)
	w.must(t, w.org.SetUser(people[1].UserPrincipalName, map[string]any{"LastName": "After planning"}))
	_, err = w.apply(t.Context(), t, p, false)
	w.must(t, err)
	for n, want := range []string{"Before planning", "After planning", old} {
		if got := w.active()[people[n].UserPrincipalName].Get("LastName"); got != want {
			t.Errorf("%d: the account has the name %q, want %q", n, got, want)
		}
	}
	for n, want := range []engine.ItemState{engine.ItemNone, engine.ItemRefused, engine.ItemDone} {
		item := w.item(t, p, people[n].UserPrincipalName)
		if item.State != want {
			t.Errorf("%d: the item is %s: %s", n, item.State, item.Note)
		}
		if n == 0 && !strings.Contains(item.Change.Reason.Text, "changed since: LastName is") {
			t.Errorf("the plan does not say that it changed: %+v", item.Change.Reason)
		}
	}
	if _, err := w.undo(t, "no such cycle"); !errors.Is(err, engine.ErrNothingToUndo) {
		t.Errorf("the undo of nothing: %v", err)
	}
	plans := 0
	for _, err := range w.store.Plans(t.Context(), w.job.ID) {
		w.must(t, err)
		plans++
	}
	if plans != 1 {
		t.Errorf("%d plans are kept, want 1", plans)
	}
}

func TestAnUndoOfAnUndoGivesWhatTheCycleWrote(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	w.cycle(t)
	user := w.some(t, 1)[0]
	w.put(t, renamed(user, "Wanted"))
	run := w.cycle(t)
	p, err := w.undo(t, run.CycleID)
	w.must(t, err)
	_, err = w.apply(t.Context(), t, p, false)
	w.must(t, err)
	again, err := w.undo(t, p.Key)
	w.must(t, err)
	_, err = w.apply(t.Context(), t, again, false)
	w.must(t, err)
	if got := w.active()[user.UserPrincipalName].Get("LastName"); got != "Wanted" {
		t.Errorf("the name is %q", got)
	}
	entries := 0
	for entry, err := range w.store.Entries(t.Context(), journal.Query{PlanID: again.ID}) {
		w.must(t, err)
		entries++
		if entry.InitiatedBy != "ben" || entry.Change.Action != plan.Update || entry.Change.Status != plan.Success {
			t.Errorf("the entry of the undo: %+v", entry)
		}
	}
	if entries != 1 {
		t.Errorf("%d entries name the plan, want 1", entries)
	}
}

func TestTheGuardCountsTheRemovalsOfAnUndo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{settings: func(s *provisioning.Settings) { s.RemovalLimit = 3 }})
	run := w.cycle(t)
	p, err := w.undo(t, run.CycleID)
	w.must(t, err)
	if p.Guard == "" || p.Counts.Disabled != run.Counts.Created {
		t.Fatalf("the undo of %d creations disables %d; the guard says %q", run.Counts.Created, p.Counts.Disabled, p.Guard)
	}
	if _, err := w.apply(t.Context(), t, p, false); !errors.Is(err, engine.ErrPlanRemovals) || len(w.active()) != run.Counts.Created {
		t.Errorf("applied although the guard holds it: %v; %d accounts are active", err, len(w.active()))
	}
	_, err = w.apply(t.Context(), t, p, true)
	w.must(t, err)
	if left := len(w.active()); left != 0 {
		t.Errorf("%d accounts are active after the undo", left)
	}
	if slices.ContainsFunc(w.items(t, p), func(item engine.PlanItem) bool { return item.State != engine.ItemDone }) {
		t.Error("an item of the undo is not done")
	}
}
