package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

// countingLedger breaks at one commit, counted from 1, and at all that follow.
type countingLedger struct {
	engine.Ledger

	commits atomic.Int64
	breaks  int64
}

func (l *countingLedger) Commit(ctx context.Context, c engine.Cycle, commit engine.Commit) error {
	if n := l.commits.Add(1); l.breaks > 0 && n >= l.breaks {
		return errors.New("power cut")
	}
	return l.Ledger.Commit(ctx, c, commit)
}

// busy is a world in which a plan has everything to do: people to be made, changed,
// disabled and enabled, with managers.
func busyWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, worldOptions{users: 60, managers: true})
	w.cycle(t)
	people := w.some(t, 8)
	people[6].AccountEnabled, people[7].AccountEnabled = false, false
	w.put(t, people[6])
	w.put(t, people[7])
	w.cycle(t)
	for n := range 3 {
		w.put(t, renamed(people[n], "New"+strconv.Itoa(n)))
	}
	people[3].AccountEnabled = false
	w.put(t, people[3])
	people[6].AccountEnabled = true
	w.put(t, people[6])
	for n, manager := range []string{people[0].ID, "made0"} {
		made := w.join(t, "made"+strconv.Itoa(n), manager)
		w.grant(t, made.ID)
	}
	return w
}

// small makes batches of two, so that a plan has many of them.
func small(c connector.Connector) connector.Connector {
	return twisted{Connector: c, describe: func(d connector.Descriptor) connector.Descriptor {
		d.Capabilities.BatchSize, d.Capabilities.Concurrency = 2, 1
		return d
	}}
}

// applySmall applies a plan in small batches.
func (w *world) applySmall(t *testing.T, p engine.Plan) (run provisioning.Run, err error) {
	t.Helper()
	p, err = w.store.Plan(t.Context(), p.ID)
	w.must(t, err)
	w.session(t, func(session engine.Session) {
		session.Connector = small(session.Connector)
		run, err = w.runner.Apply(t.Context(), session, engine.Run{InitiatedBy: "ben"}, p, true)
	})
	return run, err
}

func TestAPlanThatBrokeOffAtAnyCommitIsFinishedByApplyingItAgain(t *testing.T) {
	t.Parallel()
	undisturbed := busyWorld(t)
	counting := &countingLedger{Ledger: undisturbed.runner.Engine.Ledger}
	undisturbed.runner.Engine.Ledger = counting
	_, err := undisturbed.applySmall(t, undisturbed.plan(t))
	undisturbed.must(t, err)
	want, commits := content(undisturbed.org), counting.commits.Load()
	if commits < 4 {
		t.Fatalf("only %d commits", commits)
	}
	for at := int64(1); at <= commits; at++ {
		t.Run(strconv.FormatInt(at, 10), func(t *testing.T) {
			t.Parallel()
			w := busyWorld(t)
			p := w.plan(t)
			whole := w.runner.Engine.Ledger
			w.runner.Engine.Ledger = &countingLedger{Ledger: whole, breaks: at}
			if _, err := w.applySmall(t, p); err == nil {
				t.Fatal("no power cut")
			}
			w.runner.Engine.Ledger = whole
			_, err := w.applySmall(t, p)
			w.must(t, err)
			if got := content(w.org); got != want {
				t.Errorf("the org holds\n%s\n--- undisturbed\n%s", got, want)
			}
			for _, item := range w.items(t, p) {
				if item.State != engine.ItemDone {
					t.Errorf("%s %s of %s is %s: %s", item.Change.Action, item.Attribute, item.Change.Source.Name, item.State, item.Note)
				}
			}
			w.checkEveryWriteIsLogged(t, p)
			written := w.org.Statistics().RowsWritten
			w.cycle(t)
			if rows := w.org.Statistics().RowsWritten - written; rows > 0 {
				t.Errorf("the next cycle writes %d rows", rows)
			}
		})
	}
}

// checkEveryWriteIsLogged checks that the log has a written change for each item.
func (w *world) checkEveryWriteIsLogged(t *testing.T, p engine.Plan) {
	t.Helper()
	logged := make(map[string]int)
	for entry, err := range w.store.Entries(t.Context(), journal.Query{PlanID: p.ID}) {
		w.must(t, err)
		if entry.Change.Status == plan.Success && entry.Change.Action.Writes() {
			logged[entry.Change.Source.ID]++
		}
	}
	for _, item := range w.items(t, p) {
		if logged[item.Change.Source.ID]--; logged[item.Change.Source.ID] < 0 && item.Attribute == "" {
			t.Errorf("the log has no entry of what was written for %s", item.Change.Source.Name)
		}
	}
}

func TestAPlanThatWasOvertakenWritesNothingMore(t *testing.T) {
	t.Parallel()
	w := busyWorld(t)
	p := w.plan(t)
	first := true
	w.session(t, func(session engine.Session) {
		slow := twisted{Connector: small(session.Connector), apply: func(_ []plan.Change, do func() []connector.Outcome) []connector.Outcome {
			outcomes := do()
			if first {
				first = false
				_, err := w.store.Engine().Begin(t.Context(), w.job.ID) // another node takes the job over
				w.must(t, err)
			}
			return outcomes
		}}
		session.Connector = slow
		_, err := w.runner.Apply(t.Context(), session, engine.Run{}, p, true)
		if !errors.Is(err, engine.ErrFenced) {
			t.Errorf("applied by a node that was overtaken: %v", err)
		}
	})
	kept, err := w.store.Plan(t.Context(), p.ID)
	w.must(t, err)
	if kept.State != engine.PlanApplying {
		t.Errorf("the plan is %s", kept.State)
	}
}

func TestAPlanIsRefusedWhole(t *testing.T) {
	t.Parallel()
	w := busyWorld(t)
	p := w.plan(t)
	before := content(w.org)
	schema, err := w.store.Schema(t.Context(), w.job.ID)
	w.must(t, err)
	mapTo(t, &schema, "City", "[city]")
	w.must(t, w.store.PutSchema(t.Context(), w.job.ID, schema))
	if _, err := w.apply(t.Context(), t, p, true); !errors.Is(err, engine.ErrPlanSchema) {
		t.Errorf("with another schema: %v", err)
	}
	p = w.plan(t)
	items := w.items(t, p)
	items[0].Change.Fields = append(slices.Clone(items[0].Change.Fields), plan.Field{Name: "Title", New: attr.Text("Boss")})
	w.must(t, w.store.Engine().PutItems(t.Context(), p.Key, items[:1]))
	if _, err := w.apply(t.Context(), t, p, true); !errors.Is(err, engine.ErrPlanAltered) {
		t.Errorf("with an item that was altered in the database: %v", err)
	}
	if got := content(w.org); got != before {
		t.Error("a plan that was refused wrote something")
	}
}

func TestOnePersonWhoFailsDoesNotHoldThePlanUp(t *testing.T) {
	t.Parallel()
	w := busyWorld(t)
	p := w.plan(t)
	taken := w.join(t, "other", "")
	w.must(t, w.org.SetUser(w.some(t, 1)[0].UserPrincipalName, map[string]any{"Username": "made1@contoso.example"}))
	run, err := w.apply(t.Context(), t, p, false)
	w.must(t, err)
	item := w.item(t, p, "made1@contoso.example")
	if item.State != engine.ItemRefused && item.State != engine.ItemFailed {
		t.Errorf("the item of somebody whose username was taken meanwhile is %s", item.State)
	}
	if run.Counts.Created != 1 || run.Counts.Disabled != 1 || run.Counts.Enabled != 1 || w.inUse(taken.UserPrincipalName) {
		t.Errorf("applied %+v", run.Counts)
	}
}

func TestRedactedValuesOfAPlanAreNotKeptAndStillCompared(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 60})
	schema, err := w.store.Schema(t.Context(), w.job.ID)
	w.must(t, err)
	mapTo(t, &schema, "EmployeeNumber", "Redact([employeeId])")
	w.must(t, w.store.PutSchema(t.Context(), w.job.ID, schema))
	w.cycle(t)
	people := w.some(t, 3)
	number := func(user directory.User, number string) {
		user.Attributes = user.Attributes.With("employeeId", attr.Text(number))
		w.put(t, user)
	}
	for _, user := range people {
		number(user, "canary-one")
	}
	p := w.plan(t)
	number(people[1], "canary-two")
	w.must(t, w.org.SetUser(people[2].UserPrincipalName, map[string]any{"EmployeeNumber": "canary-three"}))
	text, err := json.Marshal(w.items(t, p))
	w.must(t, err)
	if strings.Contains(string(text), "canary") {
		t.Errorf("the plan holds a redacted value: %s", text)
	}
	_, err = w.apply(t.Context(), t, p, false)
	w.must(t, err)
	for n, want := range []struct {
		value string
		state engine.ItemState
	}{{"canary-one", engine.ItemDone}, {"", engine.ItemRefused}, {"canary-three", engine.ItemRefused}} {
		item := w.item(t, p, people[n].UserPrincipalName)
		if got := w.active()[people[n].UserPrincipalName].Get("EmployeeNumber"); !strings.HasPrefix(got, want.value) || item.State != want.state {
			t.Errorf("%d: the account has %q, the item is %s, want %q and %s", n, got, item.State, want.value, want.state)
		}
		if strings.Contains(item.Note, "canary") {
			t.Errorf("the note shows a redacted value: %s", item.Note)
		}
	}
}

func TestValuesByChanceDoNotMakeAPlanImpossible(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 60})
	schema, err := w.store.Schema(t.Context(), w.job.ID)
	w.must(t, err)
	mapTo(t, &schema, "EmployeeNumber", "RandomString(10, 3, 0, 0, 3)")
	_, object, err := schema.UserMapping()
	w.must(t, err)
	object.AttributeMappings[len(object.AttributeMappings)-1].FlowType = mapping.ObjectAddOnly
	w.must(t, w.store.PutSchema(t.Context(), w.job.ID, schema))
	p := w.plan(t)
	run, err := w.apply(t.Context(), t, p, false)
	w.must(t, err)
	if run.Counts.Codes[plan.CodeOutdated] > 0 || run.Counts.Created == 0 {
		t.Errorf("applied %+v", run.Counts)
	}
}

func TestManagersThatThePlanMakesAreWrittenInAnyOrder(t *testing.T) {
	t.Parallel()
	planned, cycled := newWorld(t, worldOptions{users: 200, managers: true}), newWorld(t, worldOptions{users: 200, managers: true})
	cycled.cycle(t)
	p := planned.plan(t)
	run, err := planned.applySmall(t, p)
	planned.must(t, err)
	if got, want := content(planned.org), content(cycled.org); got != want {
		t.Errorf("the plan left another org than a cycle does:\n%s\n---\n%s", got, want)
	}
	if run.Counts.Codes[plan.CodeOutdated] > 0 || p.Counts.References == 0 || run.Counts.References == p.Counts.References {
		t.Errorf("planned %d references, wrote %d of them after the accounts; refused: %v", p.Counts.References, run.Counts.References, run.Counts.Codes)
	}
	for _, item := range planned.items(t, p) {
		if item.State != engine.ItemDone && item.State != engine.ItemNone && item.Change.Status == plan.Planned && !failedOrFollows(planned.items(t, p), item) {
			t.Errorf("%s %s of %s is %s: %s", item.Change.Action, item.Attribute, item.Change.Source.Name, item.State, item.Note)
		}
	}
}

// failedOrFollows reports whether the target refused the item, or one of the two
// accounts of a reference.
func failedOrFollows(items []engine.PlanItem, item engine.PlanItem) bool {
	return item.State == engine.ItemFailed || item.Attribute != "" && slices.ContainsFunc(items, func(other engine.PlanItem) bool {
		return other.State == engine.ItemFailed && (other.Change.Source.ID == item.Referenced || other.Change.Source.ID == item.Change.Source.ID)
	})
}

func TestAnUndoThatBrokeOffIsFinishedByApplyingItAgain(t *testing.T) {
	t.Parallel()
	w := busyWorld(t)
	before := content(w.org)
	run := w.cycle(t)
	p, err := w.undo(t, run.CycleID)
	w.must(t, err)
	whole := w.runner.Engine.Ledger
	for at := int64(1); ; at++ {
		w.runner.Engine.Ledger = &countingLedger{Ledger: whole, breaks: at}
		_, err := w.applySmall(t, p)
		if err == nil {
			break
		}
		if at > 20 {
			t.Fatalf("it is not finished after %d attempts: %v", at, err)
		}
	}
	for _, item := range w.items(t, p) {
		if item.State != engine.ItemDone {
			t.Errorf("%s of %s is %s: %s", item.Change.Action, item.Change.Source.Name, item.State, item.Note)
		}
	}
	// But for the accounts that the cycle made, all is as it was.
	for line := range strings.Lines(content(w.org)) {
		if !strings.HasPrefix(line, "made") && !strings.Contains(before+"\n", strings.TrimSuffix(line, "\n")+"\n") {
			t.Errorf("the org holds %s", line)
		}
	}
	if w.inUse("made0@contoso.example") || w.inUse("made1@contoso.example") {
		t.Error("an account that the cycle made is in use")
	}
}

func TestRemovalsThatAreHeldSinceAnEarlierCycleAreNotPartOfAPlan(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 60, settings: func(s *provisioning.Settings) { s.RemovalLimit = 2 }})
	w.cycle(t)
	people := w.some(t, 4)
	for _, user := range people[:3] {
		user.AccountEnabled = false
		w.put(t, user)
	}
	w.cycle(t)
	left := people[3]
	left.AccountEnabled = false
	w.put(t, left)
	p := w.plan(t)
	if p.Counts.Disabled != 1 || p.Guard != "" {
		t.Errorf("the plan disables %d, the guard says %q; three are held already", p.Counts.Disabled, p.Guard)
	}
	_, err := w.apply(t.Context(), t, p, true)
	w.must(t, err)
	for n, user := range people {
		if active := w.inUse(user.UserPrincipalName); active != (n < 3) {
			t.Errorf("%d: active is %t", n, active)
		}
	}
}
