package engine_test

import (
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/connector/salesforce/salesforcetest"
	"github.com/usher-id/usher/engine"
)

// TestBulkEndsAsCollectionsDo compares what two orgs hold after the same cycles, one
// of them written in bulk, also when answers to its jobs are lost.
func TestBulkEndsAsCollectionsDo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		plain := newWorld(t, worldOptions{users: 120, managers: true})
		plain.cycle(t)
		plain.cycle(t)
		want := plain.content()
		for _, fault := range []salesforcetest.FaultKind{"", salesforcetest.FaultResponseLost, salesforcetest.FaultServerError, salesforcetest.FaultReset, salesforcetest.FaultQuota} {
			w := newWorld(t, worldOptions{users: 120, managers: true})
			credentials, err := w.store.Credentials(t.Context(), w.job.ID)
			w.must(t, err)
			w.must(t, w.store.PutCredentials(t.Context(), w.job.ID, credentials.With("BulkFrom", "20")))
			if fault != "" {
				w.org.SetFaults([]salesforcetest.Fault{{Kind: fault, Operation: "create", Nth: 30}, {Kind: fault, Operation: "update", Object: "User", Nth: 3}})
			}
			for range 3 {
				_, _ = w.try(t.Context(), t, engine.Run{}) // It may fail; the next one makes it good.
			}
			w.org.SetFaults(nil)
			run := w.cycle(t)
			if diff := cmp.Diff(want, w.content()); diff != "" {
				t.Errorf("with the fault %q the org differs (-collections +bulk):\n%s", fault, diff)
			}
			if got := w.org.Statistics().ByKind; fault == "" && got["other"] < 5 {
				t.Errorf("calls %v, want bulk jobs", got)
			}
			if again := w.cycle(t); again.Counts.Writes > 0 {
				t.Errorf("with the fault %q: %d writes after %d with nothing to do", fault, again.Counts.Writes, run.Counts.Writes)
			}
		}
	})
}
