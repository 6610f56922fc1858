package storetest

import (
	"context"
	"testing"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

// atomic checks that what fails half-way leaves nothing behind, and that nobody sees
// the half of it.
func atomic(t *testing.T, open func(t *testing.T) store.Store) {
	t.Helper()
	runAll(t, open, []test{
		{"a batch that fails writes nothing", func(t *testing.T, w *world) {
			t.Helper()
			w.connect(true, "a")
			w.commit(w.begin(), engine.Commit{Escrows: []engine.Escrow{{SourceID: "kept", Attempts: 1}}})
			stolen := connection("z", true)
			stolen.TargetID = "target-a"
			cycle := w.begin()
			w.wantError(w.cycles.Commit(w.ctx(), cycle, engine.Commit{
				Connections: []engine.Connection{connection("b", true), stolen},
				Entries:     []journal.Entry{{Change: plan.Change{Action: plan.Create}}},
				Escrows:     []engine.Escrow{{SourceID: "new", Attempts: 1}},
				Cleared:     []string{"kept"},
				Waiting:     []engine.Reference{{SourceID: "b", Attribute: "ManagerId", Referenced: "a"}},
			}), store.ErrConflict)
			count, err := w.CountLinks(w.ctx(), w.job)
			w.must(err)
			w.equal("links", count, store.LinkCount{Connections: 1, Enabled: 1, Escrows: 1})
			w.equal("log", len(all(t, w.Entries(w.ctx(), journal.Query{}))), 0)
			w.commit(cycle, engine.Commit{Connections: []engine.Connection{connection("b", true)}})
		}},
		{"an application that cannot have its job is not added", func(t *testing.T, w *world) {
			t.Helper()
			app, job := application("second")
			job.ID = w.job
			w.wantError(w.AddApplication(w.ctx(), app, job, mapping.Schema{}), store.ErrConflict)
			w.equal("applications", len(all(t, w.Applications(w.ctx()))), 1)
		}},
		{"nobody sees an import before it is complete", func(t *testing.T, w *world) {
			t.Helper()
			before := w.head()
			_, err := w.Import(w.ctx(), func(yield func(directory.Delta, error) bool) {
				for _, content := range []directory.Content{user("ana"), group("g"), user("ben"), group("h")} {
					if !yield(directory.Delta{Content: content}, nil) {
						return
					}
					count, err := w.CountUsers(w.ctx())
					w.must(err)
					w.equal("users while the import runs", count, 0)
					w.equal("head while the import runs", w.head(), before)
				}
			}, false)
			w.must(err)
			w.equal("touched", w.touched(before), []string{"ana", "ben"})
		}},
		{"an import that is cancelled changes nothing", func(t *testing.T, w *world) {
			t.Helper()
			ctx, cancel := context.WithCancel(w.ctx())
			_, err := w.Import(ctx, func(yield func(directory.Delta, error) bool) {
				for i, content := range []directory.Content{user("ana"), group("g"), user("ben"), group("h")} {
					if i == 2 {
						cancel()
					}
					if !yield(directory.Delta{Content: content}, nil) {
						return
					}
				}
			}, false)
			w.wantError(err, context.Canceled)
			count, err := w.CountUsers(w.ctx())
			w.must(err)
			w.equal("users", count, 0)
			w.putUsers("ana")
		}},
		{"a cancelled context does nothing", func(t *testing.T, w *world) {
			t.Helper()
			ctx, cancel := context.WithCancel(w.ctx())
			cancel()
			w.wantError(w.PutUser(ctx, user("ana")), context.Canceled)
			_, err := w.User(ctx, "ana")
			w.wantError(err, context.Canceled)
			_, err = w.cycles.Collect(ctx, engine.Collection{JobID: w.job, Kind: provisioning.Initial, Limit: 1})
			w.wantError(err, context.Canceled)
			for _, err := range w.Users(ctx, "") {
				w.wantError(err, context.Canceled)
			}
			w.wantError(w.UserTexts(ctx, "", 1, nil), context.Canceled)
			_, err = w.User(w.ctx(), "ana")
			w.wantError(err, store.ErrNotFound)
		}},
	})
}
