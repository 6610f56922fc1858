package engine_test

import (
	"testing"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/provisioning"
)

// What is looked at later has to be there of every kind of run, with what the target
// told of its licences and requests.
func TestEveryCycleIsRecorded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	initial := w.cycle(t)
	person := w.user(t, func(u directory.User) bool { return u.AccountEnabled })
	demand, err := w.try(t.Context(), t, engine.Run{Users: []string{person.ID}, InitiatedBy: "ana"})
	w.must(t, err)
	if _, err := w.try(t.Context(), t, engine.Run{DryRun: true}); err != nil {
		t.Fatal(err)
	}
	person.Attributes = person.Attributes.With("surname", attr.Text("Somebody"))
	w.must(t, w.store.PutUser(t.Context(), person))
	incremental := w.cycle(t)
	found, err := w.store.FindCycles(t.Context(), store.CycleSearch{}, store.Page{})
	w.must(t, err)
	if len(found.Items) != 3 {
		t.Fatalf("%d cycles are recorded, want 3", len(found.Items))
	}
	for i, want := range []provisioning.Run{incremental, demand, initial} {
		got := found.Items[i]
		if got.CycleID != want.CycleID || got.Kind != want.Kind || got.Counts.Calls != want.Counts.Calls || got.Quota.Limit == 0 {
			t.Errorf("recorded is %+v, want %+v", got, want)
		}
	}
	if got := found.Items[1].InitiatedBy; got != "ana" {
		t.Errorf("initiated by %q", got)
	}
	if got := found.Items[2].Licenses; len(got) == 0 || got[0].Name == "" {
		t.Errorf("licences %+v", got)
	}
	if got := found.Items[0].Latency; got.Count != 1 || got.Max <= 0 {
		t.Errorf("latency %+v of %+v", got, incremental.Counts)
	}
}
