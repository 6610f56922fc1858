package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/provisioning"
)

func acceptance(id, attribute, wanted string) engine.Acceptance {
	return engine.Acceptance{SourceID: id, Attribute: attribute, Wanted: attr.Text(wanted), At: time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC), By: "ana"}
}

func driftTests() []test {
	return []test{
		{"what is accepted comes with the person until it is over", func(t *testing.T, w *world) {
			t.Helper()
			w.putUsers("ana", "ben")
			w.must(w.Accept(w.ctx(), w.job, []engine.Acceptance{acceptance("ana", "Title", "old"), acceptance("ana", "City", "Linz"), acceptance("ben", "City", "Graz")}))
			w.must(w.Accept(w.ctx(), w.job, []engine.Acceptance{acceptance("ana", "Title", "new")}, journal.Audit{Activity: "Accept", Actor: "ana"}))
			w.equal("audit records of it", len(all(t, w.Audits(w.ctx(), 0))), 1)
			w.equal("of a person", w.subject("ana").Accepted, []engine.Acceptance{acceptance("ana", "City", "Linz"), acceptance("ana", "Title", "new")})
			w.equal("of the job", all(t, w.Acceptances(w.ctx(), w.job)),
				[]engine.Acceptance{acceptance("ana", "City", "Linz"), acceptance("ana", "Title", "new"), acceptance("ben", "City", "Graz")})
			_, other := w.addApplication("Other")
			w.equal("of another job", len(all(t, w.Acceptances(w.ctx(), other))), 0)
			w.commit(w.begin(), engine.Commit{Retracted: []engine.Acceptance{acceptance("ana", "City", "anything")}})
			w.equal("after one is over", w.subject("ana").Accepted, []engine.Acceptance{acceptance("ana", "Title", "new")})
			w.wantError(w.Accept(w.ctx(), "nothing", nil), store.ErrNotFound)
		}},
		{"retracted acceptances touch the people", func(t *testing.T, w *world) {
			t.Helper()
			w.putUsers("ana", "ben", "cleo")
			w.connect(true, "ana", "ben", "cleo")
			w.must(w.Accept(w.ctx(), w.job, []engine.Acceptance{
				acceptance("ana", "Title", "x"), acceptance("ben", "Title", "x"), acceptance("ben", "City", "x"), acceptance("cleo", "Title", "x"),
			}))
			count := 0
			w.wantTouched("retract one person's", func() (err error) {
				count, err = w.Retract(w.ctx(), w.job, "title", []string{"cleo", "nobody"}, func(count int) journal.Audit { return journal.Audit{Activity: fmt.Sprintf("Retract %d", count)} })
				return err
			}, "cleo")
			w.equal("retracted", count, 1)
			w.wantTouched("retract everybody's", func() (err error) {
				count, err = w.Retract(w.ctx(), w.job, "TITLE", nil)
				return err
			}, "ana", "ben")
			w.equal("retracted", count, 2)
			w.equal("what is left", all(t, w.Acceptances(w.ctx(), w.job)), []engine.Acceptance{acceptance("ben", "City", "x")})
		}},
		{"whose account the target leads for is a possible leaver", func(t *testing.T, w *world) {
			t.Helper()
			since := w.head()
			w.putUsers("ana", "ben")
			w.connect(false, "ana", "ben")
			w.must(w.Accept(w.ctx(), w.job, []engine.Acceptance{acceptance("ben", "IsActive", "True")}))
			for _, kind := range []provisioning.CycleKind{provisioning.Initial, provisioning.Incremental} {
				collection := engine.Collection{Kind: kind, Connected: true, Since: since, Until: w.head(), Due: noon(0)}
				w.equal("possible leavers", w.collect(collection), []string{"ben"})
			}
		}},
		{"the latest check for drift is kept", func(t *testing.T, w *world) {
			t.Helper()
			check, err := w.DriftCheck(w.ctx(), w.job)
			w.must(err)
			w.equal("before the first one", check, engine.DriftCheck{})
			for found := range 2 {
				check = engine.DriftCheck{At: time.Date(2026, 1, 31, 12, found, 0, 0, time.UTC), Looked: 7, Found: found, PlanID: "abc"}
				w.must(w.PutDriftCheck(w.ctx(), w.job, check))
			}
			got, err := w.DriftCheck(w.ctx(), w.job)
			w.must(err)
			w.equal("the latest", got, check)
			w.wantError(w.PutDriftCheck(w.ctx(), "nothing", check), store.ErrNotFound)
		}},
	}
}
