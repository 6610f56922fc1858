package storetest

import (
	"testing"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/provisioning"
)

// recordedTests hold that an act and its audit record are written together: what is not
// done is not recorded.
func recordedTests() []test {
	return []test{{"acts are recorded when they are done, and not when they are refused", func(t *testing.T, w *world) {
		t.Helper()
		w.putUsers("ana")
		w.connect(false, "ana")
		counted := func(activity string) store.Record {
			return func(int) journal.Audit { return journal.Audit{Activity: activity} }
		}
		act := func(activity string) journal.Audit { return journal.Audit{Activity: activity} }
		refused := func(_ int, err error) error { return err }
		for _, each := range []struct {
			activity string
			do       func(jobID string, activity string) error
		}{
			{"restart", func(id, activity string) error {
				return w.Restart(w.ctx(), id, provisioning.RestartEscrows, act(activity))
			}},
			{"retry", func(id, activity string) error {
				return refused(w.RetryNow(w.ctx(), id, store.Retry{}, counted(activity)))
			}},
			{"allow", func(id, activity string) error { return refused(w.AllowRemovals(w.ctx(), id, nil, counted(activity))) }},
			{"reject", func(id, activity string) error { return refused(w.RejectRemovals(w.ctx(), id, nil, counted(activity))) }},
			{"reconsider", func(id, activity string) error {
				return refused(w.ReconsiderRemovals(w.ctx(), id, nil, counted(activity)))
			}},
			{"retract", func(id, activity string) error {
				return refused(w.Retract(w.ctx(), id, "Title", nil, counted(activity)))
			}},
			{"look", func(id, activity string) error {
				return w.PutDriftCheck(w.ctx(), id, engine.DriftCheck{}, act(activity))
			}},
			{"disconnect", func(id, activity string) error {
				_, err := w.Disconnect(w.ctx(), id, "ana", false, func(was engine.Connection) journal.Audit { return act(activity + " " + was.SourceID) })
				return err
			}},
		} {
			before := len(w.activities())
			w.wantError(each.do("nothing", each.activity), store.ErrNotFound)
			w.equal("records of what was refused: "+each.activity, len(w.activities())-before, 0)
			w.must(each.do(w.job, each.activity))
			w.equal("records of "+each.activity, len(w.activities())-before, 1)
		}
		taken, job := w.app, provisioning.Job{ID: "other-job", ApplicationID: "other"}
		taken.ID, taken.ObjectID, taken.AppID = "other", "other-object", "other-app"
		before := len(w.activities())
		w.wantError(w.AddApplication(w.ctx(), taken, job, mapping.Schema{}, act("add")), store.ErrConflict)
		w.wantError(w.RemoveApplication(w.ctx(), "nothing", act("remove")), store.ErrNotFound)
		w.wantError(w.StopOperation(w.ctx(), "nothing", act("stop")), store.ErrNotFound)
		w.must(w.RemovePlan(w.ctx(), "nothing", act("remove a plan")))
		w.must(w.RemoveComparison(w.ctx(), "nothing", act("remove a comparison")))
		w.equal("records of what was not done", len(w.activities())-before, 0)
		w.must(w.RemoveApplication(w.ctx(), w.app.ID, act("remove")))
		w.equal("records of a removal", len(w.activities())-before, 1)
	}}}
}
