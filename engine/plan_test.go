package engine_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/connector/salesforce/salesforcetest"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

// plan makes a plan of a whole cycle.
func (w *world) plan(tb testing.TB) engine.Plan {
	tb.Helper()
	var made engine.Plan
	w.session(tb, func(session engine.Session) {
		var err error
		made, err = w.runner.Plan(tb.Context(), session, engine.Run{InitiatedBy: "ana"})
		w.must(tb, err)
	})
	return made
}

// apply applies a plan as it is kept now.
func (w *world) apply(ctx context.Context, tb testing.TB, p engine.Plan, allowRemovals bool) (run provisioning.Run, err error) {
	tb.Helper()
	p, err = w.store.Plan(ctx, p.ID)
	w.must(tb, err)
	w.session(tb, func(session engine.Session) { //nolint:contextcheck // a session outlives a plan that is cut off.
		run, err = w.runner.Apply(ctx, session, engine.Run{InitiatedBy: "ben"}, p, allowRemovals)
	})
	return run, err
}

// items returns all items of a plan.
func (w *world) items(tb testing.TB, p engine.Plan) []engine.PlanItem {
	tb.Helper()
	items, err := w.store.Engine().PlanItems(tb.Context(), p.Key, engine.ItemQuery{All: true, Limit: 1 << 20})
	w.must(tb, err)
	return items
}

// item returns the one item of a person.
func (w *world) item(tb testing.TB, p engine.Plan, name string) engine.PlanItem {
	tb.Helper()
	for _, item := range w.items(tb, p) {
		if item.Change.Source.Name == name && item.Attribute == "" {
			return item
		}
	}
	tb.Fatalf("%s is not in the plan", name)
	return engine.PlanItem{}
}

// content is what the org holds of its users, without ids and moments, as text to be
// compared.
func content(org *salesforcetest.Org) string {
	ids := make(map[string]string)
	for _, user := range org.Users() {
		ids[user.ID] = user.Username
	}
	lines := make([]string, 0, len(ids))
	for _, user := range org.Users() {
		lines = append(lines, fmt.Sprintf("%s %s active=%t frozen=%t %s %s %s manager=%s %v %v", user.Username, user.Email, user.IsActive, user.IsFrozen,
			user.ProfileName, user.Get("LastName"), user.Get("Alias"), ids[user.ManagerID], user.PermissionSets, user.Groups))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func TestAPlanWritesNothingAndApplyingItDoesWhatACycleDoes(t *testing.T) {
	t.Parallel()
	planned, cycled := newWorld(t, worldOptions{managers: true}), newWorld(t, worldOptions{managers: true})
	p := planned.plan(t)
	if rows := planned.org.Statistics().RowsWritten; rows != 0 {
		t.Fatalf("planning wrote %d rows", rows)
	}
	if links, err := planned.store.CountLinks(t.Context(), planned.job.ID); err != nil || links.Connections+links.Escrows != 0 {
		t.Fatalf("planning left %+v, %v", links, err)
	}
	want := cycled.cycle(t)
	run, err := planned.apply(t.Context(), t, p, false)
	planned.must(t, err)
	if run.Counts.Created != want.Counts.Created || p.Counts.Created < want.Counts.Created {
		t.Errorf("planned to create %d, created %d, a cycle creates %d", p.Counts.Created, run.Counts.Created, want.Counts.Created)
	}
	if got, want := content(planned.org), content(cycled.org); got != want {
		t.Errorf("the plan left another org than a cycle does:\n%s\n---\n%s", got, want)
	}
	planned.checkManagers(t)
	after := planned.cycle(t)
	if after.Counts.Writes > 0 {
		t.Errorf("the cycle after the plan writes %d rows", after.Counts.Writes)
	}
	if _, err := planned.apply(t.Context(), t, p, false); !errors.Is(err, engine.ErrPlanApplied) {
		t.Errorf("applied a second time: %v", err)
	}
}

func TestWhatChangedSinceThePlanIsRefusedOneByOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	w.cycle(t)
	var people []directory.User
	for user, err := range w.store.Users(t.Context(), "") {
		w.must(t, err)
		if _, found := w.active()[user.UserPrincipalName]; found && len(people) < 5 {
			people = append(people, user)
		}
	}
	rename := func(user directory.User, surname string) {
		user.Attributes = user.Attributes.With("surname", attr.Text(surname))
		w.must(t, w.store.PutUser(t.Context(), user))
	}
	var before []string
	for _, user := range people {
		before = append(before, w.active()[user.UserPrincipalName].Get("LastName"))
		rename(user, "Planned")
	}
	p := w.plan(t)
	if p.Counts.Updated != len(people) {
		t.Fatalf("planned %d updates, want %d", p.Counts.Updated, len(people))
	}
	// One is renamed again, one is changed in the org, one leaves, one comes anew.
	rename(people[0], "Else")
	account := w.active()[people[1].UserPrincipalName]
	w.must(t, w.org.SetUser(account.Username, map[string]any{"LastName": "Edited"}))
	people[2].AccountEnabled = false
	w.must(t, w.store.PutUser(t.Context(), people[2]))
	outside := w.user(t, func(user directory.User) bool {
		return !slices.ContainsFunc(people, func(other directory.User) bool { return other.ID == user.ID })
	})
	rename(outside, "Outside")
	run, err := w.apply(t.Context(), t, p, false)
	w.must(t, err)
	for n, want := range []string{before[0], "Edited", before[2], "Planned", "Planned"} {
		account := w.active()[people[n].UserPrincipalName]
		if account.Get("LastName") != want {
			t.Errorf("%d: the account has the name %q, want %q", n, account.Get("LastName"), want)
		}
	}
	if got := w.active()[outside.UserPrincipalName].Get("LastName"); got == "Outside" {
		t.Error("somebody outside the plan was changed")
	}
	if run.Counts.Updated != 2 {
		t.Errorf("updated %d, want 2", run.Counts.Updated)
	}
	for n, want := range map[int]string{
		0: `LastName: planned was "`, 1: `LastName: planned was "`, 2: "planned was to update, now it is to disable",
	} {
		item := w.item(t, p, people[n].UserPrincipalName)
		if item.State != engine.ItemRefused || !strings.Contains(item.Note, want) {
			t.Errorf("%d: the item is %s: %s", n, item.State, item.Note)
		}
	}
	if item := w.item(t, p, people[3].UserPrincipalName); item.State != engine.ItemDone || item.Change.Action != plan.Update {
		t.Errorf("the item that was carried out is %s", item.State)
	}
	// What was refused is not lost: the next cycle takes care of it.
	w.cycle(t)
	if _, active := w.active()[people[2].UserPrincipalName]; active {
		t.Error("the leaver whose item was refused is still active after the next cycle")
	}
	if got := w.active()[people[0].UserPrincipalName].Get("LastName"); got != "Else" {
		t.Errorf("after the next cycle the name is %q", got)
	}
}
