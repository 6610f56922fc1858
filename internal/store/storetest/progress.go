package storetest

import (
	"testing"
	"time"

	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/provisioning"
)

func progressTests() []test {
	return []test{
		{"the progress of a job is what was noted last", func(t *testing.T, w *world) {
			t.Helper()
			none, err := w.Progress(w.ctx(), w.job)
			w.must(err)
			w.equal("progress of a job that never ran", none, provisioning.Progress{})
			noted := provisioning.Progress{
				CycleID: "c1", Kind: provisioning.Initial, Phase: "people", Began: time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC),
				At: time.Date(2026, 1, 31, 12, 1, 0, 0, time.UTC), Expected: 10, Counts: provisioning.Counts{Created: 3, Codes: map[string]int{"x": 1}},
			}
			w.must(w.PutProgress(w.ctx(), w.job, noted))
			noted.CycleID, noted.Counts.Created = "c2", 7
			w.must(w.PutProgress(w.ctx(), w.job, noted))
			got, err := w.Progress(w.ctx(), w.job)
			w.must(err)
			w.equal("progress", got, noted)
			w.wantError(w.PutProgress(w.ctx(), "unknown", noted), store.ErrNotFound)
		}},
	}
}
