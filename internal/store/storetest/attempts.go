package storetest

import (
	"testing"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/plan"
)

func attemptTests() []test {
	return []test{
		{"attempts are kept until their outcome is committed", func(t *testing.T, w *world) {
			t.Helper()
			cycle := w.begin()
			first, second := attemptOf("1", "ana", "ben"), attemptOf("2", "cleo")
			w.must(w.cycles.Attempting(w.ctx(), cycle, first))
			w.must(w.cycles.Attempting(w.ctx(), cycle, second))
			w.equal("attempts", w.attempts(), []engine.Attempt{first, second})
			rest := attemptOf("3", "ben")
			w.commit(cycle, engine.Commit{Settled: []string{"1"}, Unsettled: []engine.Attempt{rest}})
			w.equal("attempts after a commit", w.attempts(), []engine.Attempt{second, rest})
			w.must(w.cycles.Settled(w.ctx(), cycle, []string{"2", "3", "unknown"}))
			w.equal("attempts at the end", len(w.attempts()), 0)
		}},
		{"attempts are those of one job", func(t *testing.T, w *world) {
			t.Helper()
			w.must(w.cycles.Attempting(w.ctx(), w.begin(), attemptOf("1", "ana")))
			_, other := w.addApplication("other")
			attempts, err := w.cycles.Attempts(w.ctx(), other)
			w.must(err)
			w.equal("attempts of another job", len(attempts), 0)
		}},
		{"an overtaken cycle neither begins nor ends an attempt", func(t *testing.T, w *world) {
			t.Helper()
			old := w.begin()
			kept := attemptOf("1", "ana")
			w.must(w.cycles.Attempting(w.ctx(), old, kept))
			w.begin()
			w.wantError(w.cycles.Attempting(w.ctx(), old, attemptOf("2", "ben")), engine.ErrFenced)
			w.wantError(w.cycles.Settled(w.ctx(), old, []string{"1"}), engine.ErrFenced)
			w.wantError(w.cycles.Commit(w.ctx(), old, engine.Commit{Settled: []string{"1"}}), engine.ErrFenced)
			w.equal("attempts", w.attempts(), []engine.Attempt{kept})
		}},
		{"later writes are those of the same people and job since the cycle", func(t *testing.T, w *world) {
			t.Helper()
			_, other := w.addApplication("other")
			write := func(job, cycle, sourceID string, action plan.Action, status plan.Status, fields ...string) {
				change := plan.Change{Action: action, Status: status, Source: plan.Identity{ID: sourceID}}
				for _, name := range fields {
					change.Fields = append(change.Fields, plan.Field{Name: name, New: attr.Text("x")})
				}
				w.must(w.cycles.Log(w.ctx(), engine.Cycle{ID: cycle, JobID: job}, []journal.Entry{{Change: change}}))
			}
			write(w.job, "before", "ana", plan.Update, plan.Success, "City")
			write(w.job, "one", "ana", plan.Update, plan.Success, "Title")
			write(w.job, "one", "ana", plan.Update, plan.Success, "ManagerId")
			write(w.job, "one", "ben", plan.Update, plan.Success, "Title")
			write(w.job, "two", "ana", plan.Disable, plan.Warning, "IsActive")
			write(w.job, "two", "ana", plan.Update, plan.Failure, "Alias")
			write(w.job, "two", "ana", plan.None, plan.Skipped, "Phone")
			write(w.job, "two", "cleo", plan.Update, plan.Success, "Title")
			write(other, "three", "ben", plan.Update, plan.Success, "Title")
			later, err := w.cycles.LaterWrites(w.ctx(), w.job, "one", []string{"ana", "ben", "cleo"})
			w.must(err)
			w.equal("later writes", later, map[string][]string{"ana": {"IsActive"}})
		}},
		{"whom the next cycle is to visit again is touched for one application", func(t *testing.T, w *world) {
			t.Helper()
			w.putUsers("ana", "ben")
			w.connect(true, "ana", "ben")
			w.wantTouched("revisit", func() error {
				w.commit(w.begin(), engine.Commit{Revisit: []string{"ana"}})
				return nil
			}, "ana")
		}},
	}
}

func attemptOf(id string, sourceIDs ...string) engine.Attempt {
	attempt := engine.Attempt{ID: id}
	for _, sourceID := range sourceIDs {
		attempt.Targets = append(attempt.Targets, engine.AttemptTarget{
			SourceID: sourceID, Attribute: "Username", Value: sourceID + "@contoso.example", Action: plan.Update,
			Fields: []plan.Field{{Name: "City", Old: attr.Text("Linz"), New: attr.Text("Graz")}}, Reason: plan.Reason{Code: "code", Text: "why"},
		})
	}
	return attempt
}

func (w *world) attempts() []engine.Attempt {
	w.t.Helper()
	attempts, err := w.cycles.Attempts(w.ctx(), w.job)
	w.must(err)
	return attempts
}
