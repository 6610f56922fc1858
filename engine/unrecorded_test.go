package engine_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/plan"
)

// What was written just before the power was cut is in the log after the next cycle,
// although that one finds nothing left to do.
func TestAWriteThatCouldNotBeRecordedIsInTheLogAfterTheNextCycle(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{users: 60})
	leaver := w.join(t, "leaver", "")
	mover := w.join(t, "mover", "")
	w.grant(t, leaver.ID)
	w.grant(t, mover.ID)
	w.cycle(t)
	w.must(t, w.store.RemoveUser(t.Context(), leaver.ID))
	mover.Attributes = mover.Attributes.With("surname", attr.Text("Moved"))
	w.must(t, w.store.PutUser(t.Context(), mover))
	joiner := w.join(t, "joiner", "")
	w.grant(t, joiner.ID)
	ledger := &brokenLedger{Ledger: w.runner.Engine.Ledger, broken: true}
	w.runner.Engine.Ledger = ledger
	rows := w.org.Statistics().RowsWritten
	for range 4 { // one batch at a time
		if _, err := w.try(t.Context(), t, engine.Run{}); err == nil {
			t.Fatal("no power cut")
		}
	}
	written := w.org.Statistics().RowsWritten - rows
	if written == 0 {
		t.Fatal("nothing was written before the power cut")
	}
	ledger.broken = false
	run, err := w.try(t.Context(), t, engine.Run{Full: true}) // a full one leaves what is as it should be out of the log
	w.must(t, err)
	got := make(map[string]plan.Action)
	for _, entry := range w.entries(t) {
		if entry.CycleID == run.CycleID && entry.Change.Status == plan.Success {
			got[entry.Change.Source.ID] = entry.Change.Action
			if len(entry.Change.Fields) == 0 {
				t.Errorf("the entry does not say what was written: %s", entry.Change)
			}
		}
	}
	want := map[string]plan.Action{leaver.ID: plan.Disable, mover.ID: plan.Update, joiner.ID: plan.Create}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("entries of the next cycle (-want +got):\n%s", diff)
	}
	left, err := w.store.Engine().Attempts(t.Context(), w.job.ID)
	w.must(t, err)
	if len(left) > 0 {
		t.Errorf("%d attempts are left over", len(left))
	}
	if run := w.cycle(t); run.Counts.Writes != 0 {
		t.Errorf("%+v: the cycle after that wrote, or says that it did", run.Counts)
	}
}
