package storetest

import (
	"strings"
	"testing"
	"time"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/store"
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
				w.commit(w.begin(), engine.Commit{Cleared: []string{"a"}, Removed: []string{"b"}})
			}
		}},
		{"a restart forgets connections only when nobody's account is still to be taken away", func(t *testing.T, w *world) {
			t.Helper()
			w.putUsers("ana", "ben", "cleo", "dora")
			w.putGroup("g", "ben")
			w.assign("Group", "g")
			w.assign("User", "ana")
			w.assign("User", "dora")
			w.connect(true, "ana", "ben", "cleo", "dora", "gone")
			w.connect(false, "former")
			failing := func(id string) engine.Commit {
				return engine.Commit{
					Escrows: []engine.Escrow{{SourceID: id, Code: "X", Attempts: 1, First: time.Unix(1, 0), Next: time.Unix(1, 0)}},
					Waiting: []engine.Reference{{SourceID: "ana", Attribute: "ManagerId", Referenced: "ben"}},
				}
			}
			w.commit(w.begin(), failing("ana")) // who is still assigned
			cycle := w.begin()
			for _, step := range []struct {
				what string
				do   func() error
			}{
				{"planned", func() error {
					return w.cycles.Plan(w.ctx(), cycle, []engine.Removal{{SourceID: "cleo", Reason: "left"}})
				}},
				{"staged", func() error { return w.cycles.Hold(w.ctx(), cycle) }},
				{"allowed", func() error {
					_, err := w.AllowRemovals(w.ctx(), w.job, nil)
					return err
				}},
				{"tried again", func() error {
					w.commit(cycle, engine.Commit{Removed: []string{"cleo"}})
					return w.cycles.Commit(w.ctx(), cycle, failing("cleo"))
				}},
				{"tried again and gone", func() error {
					w.commit(cycle, engine.Commit{Cleared: []string{"cleo"}})
					return w.cycles.Commit(w.ctx(), cycle, failing("gone"))
				}},
			} {
				w.must(step.do())
				err := w.Restart(w.ctx(), w.job, provisioning.RestartFull)
				w.wantError(err, store.ErrConflict)
				if !strings.Contains(err.Error(), "still to be taken away: 1 ") {
					t.Errorf("%s: the error does not say how many: %v", step.what, err)
				}
				w.equal("connections", len(all(t, w.Connections(w.ctx(), w.job))), 6)
			}
			w.commit(cycle, engine.Commit{Cleared: []string{"gone"}})

			// Leavers who were not found yet, and one whose removal was rejected, are kept.
			w.must(w.cycles.Plan(w.ctx(), cycle, []engine.Removal{{SourceID: "gone", Reason: "left"}}))
			w.must(w.cycles.Hold(w.ctx(), cycle))
			_, err := w.RejectRemovals(w.ctx(), w.job, nil)
			w.must(err)
			w.must(w.RemoveUser(w.ctx(), "dora"))
			w.must(w.Restart(w.ctx(), w.job, provisioning.RestartFull))
			var kept []string
			for _, c := range all(t, w.Connections(w.ctx(), w.job)) {
				kept = append(kept, c.SourceID)
			}
			w.equal("kept", kept, []string{"cleo", "dora", "gone"})
			links, err := w.CountLinks(w.ctx(), w.job)
			w.must(err)
			w.equal("links", links, store.LinkCount{Connections: 3, Enabled: 3, Rejected: 1})
			w.must(w.UpdateJob(w.ctx(), w.job, func(job provisioning.Job) (provisioning.Job, error) {
				job.Settings.SyncAll = true // everyone is in scope, assigned or not
				return job, nil
			}))
			w.must(w.Restart(w.ctx(), w.job, provisioning.RestartConnectorDataStore))
			w.equal("kept", len(all(t, w.Connections(w.ctx(), w.job))), 2)
		}},
		{"lifting a quarantine turns nothing on", func(t *testing.T, w *world) {
			t.Helper()
			for state, want := range map[provisioning.ScheduleState]provisioning.StatusCode{
				provisioning.ScheduleActive: provisioning.Active, provisioning.ScheduleDisabled: provisioning.Paused,
			} {
				w.must(w.UpdateJob(w.ctx(), w.job, func(job provisioning.Job) (provisioning.Job, error) {
					job.Schedule.State, job.Status.Code = state, provisioning.Quarantined
					return job, nil
				}))
				w.must(w.Restart(w.ctx(), w.job, provisioning.RestartQuarantineState))
				job, err := w.Job(w.ctx(), w.app.ID)
				w.must(err)
				w.equal("status", job.Status.Code, want)
			}
		}},
		{"the end of a cycle undoes nothing that was decided meanwhile", func(t *testing.T, w *world) {
			t.Helper()
			for _, meanwhile := range []struct {
				do   func(status *provisioning.Status)
				want provisioning.StatusCode
			}{
				{func(*provisioning.Status) {}, provisioning.Paused},
				{func(status *provisioning.Status) { status.Code = provisioning.Active }, provisioning.Active},
				{func(status *provisioning.Status) {
					status.Code, status.Quarantine.Reason = provisioning.Quarantined, provisioning.QuarantinedOnDemand
				}, provisioning.Quarantined},
				{func(status *provisioning.Status) {
					status.Code, status.Quarantine = provisioning.Paused, provisioning.Quarantine{}
				}, provisioning.Paused},
			} {
				job, err := w.cycles.Begin(w.ctx(), w.job)
				w.must(err)
				w.must(w.UpdateJob(w.ctx(), w.job, func(job provisioning.Job) (provisioning.Job, error) {
					meanwhile.do(&job.Status)
					return job, nil
				}))
				decided, err := w.Job(w.ctx(), w.app.ID)
				w.must(err)
				run := provisioning.Run{CycleID: "cycle", Kind: provisioning.Initial, State: provisioning.Succeeded}
				job.Watermark++
				job.Status.InitialDone, job.Status.LastRun, job.Status.LastSuccess = true, run, run
				job.Status.Code, job.Status.Quarantine = provisioning.Paused, provisioning.Quarantine{}
				cycle := engine.Cycle{ID: "cycle", JobID: job.ID, Fence: job.Fence}
				w.must(w.cycles.Finish(w.ctx(), cycle, job, provisioning.CycleRecord{}))
				got, err := w.Job(w.ctx(), w.app.ID)
				w.must(err)
				w.equal("status", got.Status.Code, meanwhile.want)
				if got.Status.Code == decided.Status.Code {
					w.equal("quarantine", got.Status.Quarantine, decided.Status.Quarantine)
				}
				w.equal("last run", got.Status.LastRun.CycleID, "cycle")
				w.equal("watermark", got.Watermark, job.Watermark)
				w.equal("initial done", got.Status.InitialDone, true)
			}
		}},
	}
}
