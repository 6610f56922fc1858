package storetest

import (
	"testing"
	"time"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/provisioning"
)

// noon is a moment of which every store keeps all.
func noon(hours int) time.Time {
	return time.Date(2026, 1, 31, 12+hours, 0, 0, 0, time.UTC)
}

func leaver(id string, due int) engine.Leaver {
	return engine.Leaver{SourceID: id, Since: noon(0), Due: noon(due), Reason: "left"}
}

func waitingTests() []test {
	return []test{
		{"leavers are listed in the order of when their grace period ends", func(t *testing.T, w *world) {
			t.Helper()
			w.connect(true, "a", "b", "c", "d")
			w.commit(w.begin(), engine.Commit{Leavers: []engine.Leaver{leaver("a", 3), leaver("b", 1), leaver("c", 3), leaver("d", 9)}})
			named := func(l engine.Leaver) engine.Leaver {
				l.Name = l.SourceID + "@contoso.com"
				return l
			}
			w.equal("leavers", all(t, w.Leavers(w.ctx(), w.job)), []engine.Leaver{
				named(leaver("b", 1)), named(leaver("a", 3)), named(leaver("c", 3)), named(leaver("d", 9)),
			})
			w.equal("subject", w.subject("a").Leaver, leaver("a", 3))
			w.equal("nobody", w.subject("x").Leaver.IsZero(), true)
			w.commit(w.begin(), engine.Commit{Leavers: []engine.Leaver{leaver("d", 2)}, Stayed: []string{"a", "x"}})
			w.equal("leavers", all(t, w.Leavers(w.ctx(), w.job)), []engine.Leaver{named(leaver("b", 1)), named(leaver("d", 2)), named(leaver("c", 3))})
			count, err := w.CountLinks(w.ctx(), w.job)
			w.must(err)
			w.equal("count", count, store.LinkCount{Connections: 4, Enabled: 4, Leaving: 3})
		}},
		{"who is due is collected unless the removal waits elsewhere", func(t *testing.T, w *world) {
			t.Helper()
			w.putUsers("due", "later", "failed", "held", "found")
			w.connect(true, "due", "later", "failed", "held", "found")
			cycle := w.begin()
			w.commit(cycle, engine.Commit{
				Leavers: []engine.Leaver{leaver("due", 1), leaver("later", 3), leaver("failed", 1), leaver("held", 1), leaver("found", 1)},
				Escrows: []engine.Escrow{{SourceID: "failed", Attempts: 2, First: noon(0), Next: noon(5)}},
			})
			w.must(w.cycles.Plan(w.ctx(), cycle, []engine.Removal{{SourceID: "held", Since: noon(0)}, {SourceID: "found", Since: noon(2)}}))
			head := w.head()
			for _, connected := range []bool{false, true} {
				w.equal("due", w.collect(engine.Collection{Kind: provisioning.Incremental, Connected: connected, Since: head, Until: head, Due: noon(2)}),
					[]string{"due", "found"})
			}
		}},
		{"disabled accounts are collected where they may have to be deleted", func(t *testing.T, w *world) {
			t.Helper()
			since := w.head()
			w.putUsers("on", "off", "none")
			w.connect(true, "on")
			w.connect(false, "off")
			for _, kind := range []provisioning.CycleKind{provisioning.Initial, provisioning.Incremental} {
				collection := engine.Collection{Kind: kind, Connected: true, Since: since, Until: w.head(), Due: noon(0)}
				w.equal("in use", w.collect(collection), []string{"on"})
				collection.Disabled = true
				w.equal("all", w.collect(collection), []string{"off", "on"})
			}
		}},
		{"what failed is listed and made due", func(t *testing.T, w *world) {
			t.Helper()
			w.putUsers("boss")
			w.report("boss", "a", "b")
			w.connect(true, "a", "b", "boss")
			reference := engine.Reference{SourceID: "a", Attribute: "ManagerId", Referenced: "boss"}
			w.commit(w.begin(), engine.Commit{Waiting: []engine.Reference{reference}})
			far := time.Now().UTC().Add(24 * time.Hour).Truncate(time.Second)
			escrow := func(id, attribute, code string) engine.Escrow {
				return engine.Escrow{SourceID: id, Attribute: attribute, Code: code, Message: "message of " + id, Attempts: 2, First: noon(0), Next: far}
			}
			w.commit(w.begin(), engine.Commit{
				Escrows: []engine.Escrow{escrow("b", "", "X"), escrow("a", "", "Y")},
				Refused: []engine.FailedReference{{Reference: reference, Escrow: escrow("a", "ManagerId", "X")}},
			})
			w.equal("kept", all(t, w.Escrows(w.ctx(), w.job)), []engine.Escrow{escrow("a", "", "Y"), escrow("a", "ManagerId", "X"), escrow("b", "", "X")})
			ready := func() int {
				t.Helper()
				got, err := w.cycles.Ready(w.ctx(), w.job, engine.Reference{}, time.Now(), 10)
				w.must(err)
				return len(got)
			}
			w.equal("ready before it is due", ready(), 0)
			for _, retry := range []struct {
				which store.Retry
				want  int
			}{
				{store.Retry{SourceIDs: []string{"a"}, Code: "Z"}, 0},
				{store.Retry{SourceIDs: []string{"b"}, Code: "X"}, 1},
				{store.Retry{Code: "X"}, 2},
				{store.Retry{SourceIDs: []string{"a"}}, 2},
				{store.Retry{}, 3},
			} {
				got, err := w.RetryNow(w.ctx(), w.job, retry.which)
				w.must(err)
				w.equal("made due", got, retry.want)
			}
			w.equal("ready", ready(), 1)
			due, err := w.CountDue(w.ctx(), w.job, noon(0), time.Now())
			w.must(err)
			w.equal("due", due, engine.Due{Escrows: 2, References: 1})
			_, err = w.RetryNow(w.ctx(), "x", store.Retry{})
			w.wantError(err, store.ErrNotFound)
		}},
		{"a connection is removed with all that waits for it", func(t *testing.T, w *world) {
			t.Helper()
			w.putUsers("ana", "boss")
			w.report("boss", "ana")
			w.assign("User", "ana")
			w.connect(true, "ana")
			w.commit(w.begin(), engine.Commit{
				Escrows: []engine.Escrow{{SourceID: "ana", Attempts: 1, First: noon(0), Next: noon(0)}},
				Waiting: []engine.Reference{{SourceID: "ana", Attribute: "ManagerId", Referenced: "boss"}},
			})
			w.turn(provisioning.ScheduleActive)
			_, err := w.Disconnect(w.ctx(), w.job, "ana", true)
			w.wantError(err, store.ErrConflict)
			w.turn(provisioning.SchedulePaused)
			w.wantTouched("disconnecting", func() error {
				was, err := w.Disconnect(w.ctx(), w.job, "ana", false)
				w.equal("the connection", was, connection("ana", true))
				return err
			}, "ana")
			count, err := w.CountLinks(w.ctx(), w.job)
			w.must(err)
			w.equal("what is left", count, store.LinkCount{})
			was, err := w.Disconnect(w.ctx(), w.job, "ana", false)
			w.must(err)
			w.equal("again", was.IsZero(), true)
		}},
		{"the connection of a leaver whose account is in use is not removed without force", func(t *testing.T, w *world) {
			t.Helper()
			w.putUsers("waits", "unassigned", "listed", "disabled")
			for _, id := range []string{"waits", "listed"} {
				w.assign("User", id)
			}
			w.connect(true, "waits", "unassigned", "listed", "gone")
			w.connect(false, "disabled")
			cycle := w.begin()
			w.commit(cycle, engine.Commit{Leavers: []engine.Leaver{leaver("waits", 1)}})
			w.must(w.cycles.Plan(w.ctx(), cycle, []engine.Removal{{SourceID: "listed"}}))
			w.turn(provisioning.ScheduleDisabled)
			for _, id := range []string{"waits", "unassigned", "listed", "gone"} {
				_, err := w.Disconnect(w.ctx(), w.job, id, false)
				w.wantError(err, store.ErrConflict)
			}
			for _, id := range []string{"waits", "unassigned", "listed", "gone"} {
				_, err := w.Disconnect(w.ctx(), w.job, id, true)
				w.must(err)
			}
			_, err := w.Disconnect(w.ctx(), w.job, "disabled", false)
			w.must(err)
		}},
		{"settings that need a full cycle take the job back to it", func(t *testing.T, w *world) {
			t.Helper()
			update := func(change func(*provisioning.Job)) error {
				return w.UpdateJob(w.ctx(), w.job, func(job provisioning.Job) (provisioning.Job, error) {
					change(&job)
					return job, nil
				})
			}
			done := func() bool {
				t.Helper()
				job, err := w.Job(w.ctx(), w.app.ID)
				w.must(err)
				return job.Status.InitialDone
			}
			w.must(update(func(job *provisioning.Job) { job.Status.InitialDone = true }))
			w.must(update(func(job *provisioning.Job) { job.Settings.RemovalLimit = 3 }))
			w.equal("done after a setting that does not", done(), true)
			w.must(update(func(job *provisioning.Job) { job.Settings.Leaving.Grace = time.Hour }))
			w.equal("done after a setting that does", done(), false)
			w.wantError(update(func(job *provisioning.Job) { job.Settings.Leaving = job.Settings.Leaving.With("x", "y") }), store.ErrInvalid)
		}},
		{"a restart keeps the connections of people in a grace period", func(t *testing.T, w *world) {
			t.Helper()
			w.putUsers("waits", "stays")
			w.assign("User", "waits")
			w.assign("User", "stays")
			w.connect(true, "waits", "stays")
			w.commit(w.begin(), engine.Commit{Leavers: []engine.Leaver{leaver("waits", 1)}})
			w.must(w.Restart(w.ctx(), w.job, provisioning.RestartFull))
			count, err := w.CountLinks(w.ctx(), w.job)
			w.must(err)
			w.equal("left", count, store.LinkCount{Connections: 1, Enabled: 1, Leaving: 1})
			w.equal("whose", w.subject("waits").Leaver, leaver("waits", 1))
		}},
	}
}

// turn turns the world's job on or off.
func (w *world) turn(state provisioning.ScheduleState) {
	w.t.Helper()
	w.must(w.UpdateJob(w.ctx(), w.job, func(job provisioning.Job) (provisioning.Job, error) {
		job.Schedule.State = state
		return job, nil
	}))
}

// heldTests are about removals that are held, and what may be behind them.
func heldTests() []test {
	return []test{
		{"held removals are held anew, others are not", func(t *testing.T, w *world) {
			t.Helper()
			cycle := w.begin()
			w.must(w.cycles.Plan(w.ctx(), cycle, []engine.Removal{{SourceID: "a", Since: noon(0)}, {SourceID: "b", Since: noon(0)}}))
			w.must(w.cycles.Hold(w.ctx(), cycle))
			w.must(w.cycles.Plan(w.ctx(), cycle, []engine.Removal{{SourceID: "c", Since: noon(0)}}))
			w.must(w.cycles.Renew(w.ctx(), cycle, []string{"a", "c", "x"}, noon(5)))
			w.equal("a", w.subject("a").Removal.Since, noon(5))
			w.equal("b", w.subject("b").Removal.Since, noon(0))
			w.equal("c, which is not held", w.subject("c").Removal.Since, noon(0))
			w.begin()
			w.wantError(w.cycles.Renew(w.ctx(), cycle, []string{"a"}, noon(6)), engine.ErrFenced)
		}},
		{"an import that removes many users is remembered", func(t *testing.T, w *world) {
			t.Helper()
			var everybody []directory.Content
			for n := range 20 {
				everybody = append(everybody, user(string(rune('a'+n))))
			}
			_, err := w.Import(w.ctx(), deltas(everybody...), true)
			w.must(err)
			known := func() directory.Shrinkage {
				t.Helper()
				got, err := w.cycles.Shrinkage(w.ctx())
				w.must(err)
				return got
			}
			report, err := w.Import(w.ctx(), deltas(everybody[:18]...), true)
			w.must(err)
			w.equal("two of twenty", []directory.Shrinkage{report.Shrinkage, known()}, []directory.Shrinkage{{}, {}})
			report, err = w.Import(w.ctx(), deltas(append(everybody[:9:9], user("new"))...), true)
			w.must(err)
			w.equal("nine of eighteen", known(), directory.Shrinkage{At: report.Shrinkage.At, Before: 18, Removed: 9})
			w.equal("is reported", report.Shrinkage, known())
		}},
	}
}
