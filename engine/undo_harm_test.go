package engine_test

import (
	"strings"
	"testing"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

// An undo says that the next cycle does again what was undone. It must, or a leaver
// keeps the access that the undo gave back.
func TestTheCycleAfterAnUndoLooksAtWhatWasUndone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 60})
	user := w.team(t, 1)[0]
	w.leave(t, provisioning.SourceDisabled, user)
	run := w.cycle(t)
	p, err := w.undo(t, run.CycleID)
	w.must(t, err)
	_, err = w.apply(t.Context(), t, p, false)
	w.must(t, err)
	if !w.inUse(user.UserPrincipalName) {
		t.Fatal("the undo did not give the account back")
	}
	w.cycle(t)
	if w.inUse(user.UserPrincipalName) {
		t.Error("the leaver to whom an undo gave the account back keeps it after the next cycle")
	}
}

// An account that is disabled by a later cycle shows what the undone cycle wrote, and
// yet that is not what disabled it.
func TestAnUndoDoesNotTakeBackALaterChangeToTheSameValue(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 60})
	user := w.team(t, 1)[0]
	user.AccountEnabled = false
	w.put(t, user)
	wrong := w.cycle(t)
	user.AccountEnabled = true
	w.put(t, user)
	w.cycle(t)
	w.leave(t, provisioning.SoftDeleted, user)
	w.cycle(t)
	p, err := w.undo(t, wrong.CycleID)
	w.must(t, err)
	_, err = w.apply(t.Context(), t, p, true)
	w.must(t, err)
	if w.inUse(user.UserPrincipalName) {
		t.Error("somebody who left later has access again, because an earlier disable was taken back")
	}
	if item := w.item(t, p, user.UserPrincipalName); item.State != engine.ItemNone || !strings.Contains(item.Change.Reason.Text, "later") {
		t.Errorf("the item is %s: %s", item.State, item.Change.Reason.Text)
	}
}

func TestAnUndoKeepsTheEntryThatACrashLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 60})
	user := w.team(t, 1)[0]
	w.put(t, renamed(user, "Wrong"))
	run := w.cycle(t)
	user = renamed(user, "Wrong")
	user.Attributes = user.Attributes.With("givenName", attr.Text("Kim"))
	w.put(t, user)
	ledger := &brokenLedger{Ledger: w.runner.Engine.Ledger, broken: true}
	w.runner.Engine.Ledger = ledger
	if _, err := w.try(t.Context(), t, engine.Run{}); err == nil {
		t.Fatal("no power cut")
	}
	ledger.broken = false
	p, err := w.undo(t, run.CycleID)
	w.must(t, err)
	_, err = w.apply(t.Context(), t, p, false)
	w.must(t, err)
	w.cycle(t)
	told := false
	for entry, err := range w.store.Entries(t.Context(), journal.Query{JobID: w.job.ID, SourceID: user.ID}) {
		w.must(t, err)
		for _, field := range entry.Change.Fields {
			told = told || field.Name == "FirstName" && field.New.String() == "Kim" && entry.Change.Status == plan.Success
		}
	}
	if !told {
		t.Error("the org has the new first name, and the log never told of it")
	}
}
