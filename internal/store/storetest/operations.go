package storetest

import (
	"testing"
	"time"

	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/provisioning"
)

func operationTests() []test {
	began := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	operation := func(w *world, id string, kind provisioning.OperationKind, at time.Time) provisioning.Operation {
		return provisioning.Operation{
			ID: id, ApplicationID: w.app.ID, Kind: kind, By: "dora", State: provisioning.OperationRunning,
			Progress: provisioning.Progress{Began: at, At: at, Expected: 10},
		}
	}
	return []test{
		{"an operation is what was noted last, and learns that it is to be stopped", func(t *testing.T, w *world) {
			t.Helper()
			running := operation(w, "o1", provisioning.MakingPlan, began)
			w.must(w.BeginOperation(w.ctx(), running))
			running.Progress.At, running.Progress.Counts.Created, running.PlanID = began.Add(time.Second), 3, "abc"
			stop, err := w.NoteOperation(w.ctx(), running)
			w.must(err)
			w.equal("stop before somebody asks", stop, false)
			w.must(w.StopOperation(w.ctx(), "o1"))
			stop, err = w.NoteOperation(w.ctx(), running)
			w.must(err)
			w.equal("stop after somebody asked", stop, true)
			got, err := w.Operation(w.ctx(), "o1")
			w.must(err)
			w.equal("operation", got, running)
			_, err = w.Operation(w.ctx(), "o2")
			w.wantError(err, store.ErrNotFound)
			w.wantError(w.StopOperation(w.ctx(), "o2"), store.ErrNotFound)
			_, err = w.NoteOperation(w.ctx(), operation(w, "o2", provisioning.MakingPlan, began))
			w.wantError(err, store.ErrNotFound)
		}},
		{"an operation of the directory is of no application", func(t *testing.T, w *world) {
			t.Helper()
			importing := operation(w, "d1", provisioning.Importing, began)
			importing.ApplicationID = ""
			w.must(w.BeginOperation(w.ctx(), importing))
			w.must(w.BeginOperation(w.ctx(), operation(w, "o1", provisioning.Importing, began)))
			second := importing
			second.ID = "d2"
			w.wantError(w.BeginOperation(w.ctx(), second), store.ErrConflict)
			found, err := w.Operations(w.ctx(), "", 3)
			w.must(err)
			w.equal("operations of the directory", found, []provisioning.Operation{importing})
			w.must(w.RemoveApplication(w.ctx(), w.app.ID))
			_, err = w.Operation(w.ctx(), "d1")
			w.must(err)
			_, err = w.Operation(w.ctx(), "o1")
			w.wantError(err, store.ErrNotFound)
		}},
		{"one operation of a kind runs at a time, until nothing is heard of it", func(t *testing.T, w *world) {
			t.Helper()
			w.must(w.BeginOperation(w.ctx(), operation(w, "o1", provisioning.MakingPlan, began)))
			w.wantError(w.BeginOperation(w.ctx(), operation(w, "o2", provisioning.MakingPlan, began.Add(time.Second))), store.ErrConflict)
			w.must(w.BeginOperation(w.ctx(), operation(w, "o3", provisioning.FindingDrift, began.Add(time.Second))))
			w.must(w.BeginOperation(w.ctx(), operation(w, "o4", provisioning.MakingPlan, began.Add(time.Hour))))
			over := operation(w, "o4", provisioning.MakingPlan, began.Add(time.Hour))
			over.State = provisioning.OperationDone
			_, err := w.NoteOperation(w.ctx(), over)
			w.must(err)
			w.must(w.BeginOperation(w.ctx(), operation(w, "o5", provisioning.MakingPlan, began.Add(time.Hour+time.Second))))
			found, err := w.Operations(w.ctx(), w.app.ID, 3)
			w.must(err)
			var ids []string
			for _, o := range found {
				ids = append(ids, o.ID)
			}
			w.equal("the newest three", ids, []string{"o5", "o4", "o3"})
			unknown := operation(w, "o6", provisioning.MakingPlan, began)
			unknown.ApplicationID = "unknown"
			w.wantError(w.BeginOperation(w.ctx(), unknown), store.ErrNotFound)
		}},
		{"operations go after a month, and with their application", func(t *testing.T, w *world) {
			t.Helper()
			w.must(w.BeginOperation(w.ctx(), operation(w, "o1", provisioning.MakingPlan, began)))
			w.must(w.BeginOperation(w.ctx(), operation(w, "o2", provisioning.MakingPlan, began.AddDate(0, 0, 31))))
			_, err := w.Operation(w.ctx(), "o1")
			w.wantError(err, store.ErrNotFound)
			w.must(w.RemoveApplication(w.ctx(), w.app.ID))
			_, err = w.Operation(w.ctx(), "o2")
			w.wantError(err, store.ErrNotFound)
		}},
	}
}
