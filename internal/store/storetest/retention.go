package storetest

import (
	"testing"
	"time"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

func retentionTests() []test {
	noon := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	return []test{
		{"old entries are removed a cycle at a time", func(t *testing.T, w *world) {
			t.Helper()
			w.log(noon, "c1", "ana", "ben")
			w.log(noon.Add(time.Hour), "c2", "ana")
			w.log(noon.Add(3*time.Hour), "c2", "cleo") // a long cycle
			w.log(noon.Add(4*time.Hour), "c3", "dan")
			w.prunes(noon.Add(2*time.Hour), 2)
			w.equal("entries", w.logged(), []string{"c2 ana", "c2 cleo", "c3 dan"})
			w.prunes(noon.Add(2*time.Hour), 0)
			w.prunes(noon.Add(4*time.Hour), 2)
			w.equal("entries", w.logged(), []string{"c3 dan"})
		}},
		{"entries of a change that still fails are kept", func(t *testing.T, w *world) {
			t.Helper()
			w.log(noon, "c1", "ana")
			w.log(noon.Add(time.Hour), "c2", "ana", "ben")
			escrow := engine.Escrow{SourceID: "ana", Code: "Full", Attempts: 2, First: noon.Add(time.Hour), Next: noon.Add(time.Hour)}
			w.commit(w.begin(), engine.Commit{Escrows: []engine.Escrow{escrow}})
			w.prunes(noon.Add(48*time.Hour), 2)
			w.equal("entries", w.logged(), []string{"c2 ana"})
			w.commit(w.begin(), engine.Commit{Cleared: []string{"ana"}})
			w.prunes(noon.Add(48*time.Hour), 1)
		}},
		{"many entries are removed in pages", func(t *testing.T, w *world) {
			t.Helper()
			const count = 1203 // more than a store removes at a time
			w.log(noon, "c1", make([]string, count)...)
			removed, err := w.PruneEntries(w.ctx(), noon.Add(time.Hour), 700)
			w.must(err)
			w.equal("removed", removed, 700)
			w.prunes(noon.Add(time.Hour), count-700)
		}},
		{"changes are removed that every job is through with", func(t *testing.T, w *world) {
			t.Helper()
			_, other := w.addApplication("other")
			w.putUsers("ana", "ben")
			first := w.head()
			w.putUsers("cleo")
			second := w.head()
			w.watermark(w.job, int64(second))
			w.watermark(other, int64(first))
			w.prunesChanges(noon, 0) // it is not known yet what was there before
			w.prunesChanges(noon.Add(time.Hour), 0)
			w.prunesChanges(noon.Add(25*time.Hour), int(first))
			w.equal("touched", w.touched(first), []string{"cleo"})
			w.watermark(other, int64(second))
			w.putUsers("dan")
			w.watermark(other, int64(w.head()))
			w.watermark(w.job, int64(w.head()))
			w.prunesChanges(noon.Add(26*time.Hour), int(second-first)) // what came since is too new
			w.equal("touched", w.touched(second), []string{"dan"})
			_, err := w.Changed(w.ctx(), directory.UserObject, first, w.head(), "", 10)
			w.wantError(err, store.ErrGone)
			w.equal("users", w.changed(directory.UserObject, second), []string{"dan"})
		}},
		{"changes are kept for an initial cycle that was cut off, however long ago", func(t *testing.T, w *world) {
			t.Helper()
			w.putUsers("ana")
			first := w.head()
			w.putUsers("ben")
			w.must(w.UpdateJob(w.ctx(), w.job, func(job provisioning.Job) (provisioning.Job, error) {
				job.Status.Resume = provisioning.Resume{Kind: provisioning.Initial, Until: first, After: "a"}
				return job, nil
			}))
			w.prunesChanges(noon, 0)
			w.prunesChanges(noon.Add(1000*time.Hour), int(first))
			w.equal("touched", w.touched(first), []string{"ben"})
		}},
	}
}

// log writes entries of a cycle.
func (w *world) log(at time.Time, cycle string, sourceIDs ...string) {
	w.t.Helper()
	entries := make([]journal.Entry, len(sourceIDs))
	for i, id := range sourceIDs {
		entries[i] = journal.Entry{At: at, CycleID: cycle, Change: changeOf(id, plan.Update, plan.Success, "")}
	}
	w.commit(w.begin(), engine.Commit{Entries: entries})
}

func (w *world) logged() []string {
	w.t.Helper()
	var names []string
	for _, entry := range all(w.t, w.Entries(w.ctx(), journal.Query{OldestFirst: true})) {
		names = append(names, entry.CycleID+" "+entry.Change.Source.ID)
	}
	return names
}

func (w *world) prunes(before time.Time, want int) {
	w.t.Helper()
	got, err := w.PruneEntries(w.ctx(), before, 1_000_000)
	w.must(err)
	w.equal("entries removed", got, want)
}

func (w *world) prunesChanges(now time.Time, want int) {
	w.t.Helper()
	got, err := w.PruneChanges(w.ctx(), now, 24*time.Hour, 1_000_000)
	w.must(err)
	w.equal("changes removed", got, want)
}

// watermark puts a job where it has worked the feed off up to a position.
func (w *world) watermark(jobID string, at int64) {
	w.t.Helper()
	w.must(w.UpdateJob(w.ctx(), jobID, func(job provisioning.Job) (provisioning.Job, error) {
		job.Status.InitialDone = true
		job.Watermark = directory.Cursor(at)
		return job, nil
	}))
}
