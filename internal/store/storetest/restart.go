package storetest

import (
	"testing"
	"time"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/provisioning"
)

func restartTests() []test {
	return []test{
		{"a restart forgets what its scope names", func(t *testing.T, w *world) {
			t.Helper()
			prepare := func() {
				t.Helper()
				w.connect(true, "a", "b")
				cycle := w.begin()
				w.must(w.cycles.Commit(w.ctx(), cycle, engine.Commit{Escrows: []engine.Escrow{{SourceID: "a", Code: "X", Attempts: 1, First: time.Unix(1, 0), Next: time.Unix(1, 0)}}}))
				w.must(w.cycles.Plan(w.ctx(), cycle, []engine.Removal{{SourceID: "b", Reason: "left"}}))
				w.must(w.cycles.Hold(w.ctx(), cycle))
				w.must(w.UpdateJob(w.ctx(), w.job, func(job provisioning.Job) (provisioning.Job, error) {
					job.Watermark, job.Status.InitialDone = 1, true
					job.Status.Code, job.Status.Quarantine.Reason = provisioning.Quarantined, provisioning.TooManyDeletes
					return job, nil
				}))
			}
			for _, test := range []struct {
				scope                             provisioning.RestartScope
				escrows, connections, staged      int
				initialDone, quarantined, allowed bool
			}{
				{provisioning.RestartNone, 1, 2, 1, true, true, false},
				{provisioning.RestartEscrows, 0, 2, 1, true, true, false},
				{provisioning.RestartWatermark, 1, 2, 1, false, true, false},
				{provisioning.RestartQuarantineState, 1, 2, 1, true, false, false},
				{provisioning.RestartForceDeletes, 1, 2, 0, true, true, true},
				{provisioning.RestartDefault, 0, 2, 1, false, false, false},
				{provisioning.RestartFull, 0, 0, 0, false, false, false},
			} {
				prepare()
				w.must(w.Restart(w.ctx(), w.job, test.scope))
				links, err := w.CountLinks(w.ctx(), w.job)
				w.must(err)
				application, err := w.Job(w.ctx(), w.app.ID)
				w.must(err)
				count, err := w.cycles.Count(w.ctx(), w.job)
				w.must(err)
				w.equal("escrows", links.Escrows, test.escrows)
				w.equal("connections", links.Connections, test.connections)
				w.equal("staged", links.Staged, test.staged)
				w.equal("initial done", application.Status.InitialDone, test.initialDone)
				w.equal("quarantined", application.Status.Code == provisioning.Quarantined, test.quarantined)
				w.equal("allowed", count.Allowed > 0, test.allowed)
				w.must(w.Restart(w.ctx(), w.job, provisioning.RestartFull))
			}
		}},
	}
}
