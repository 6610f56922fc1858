package storetest

import (
	"testing"
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/plan"
)

func schemaDraftTests() []test {
	return []test{
		{"a draft is what was kept last, and everybody has their own", draftsAreKept},
		{"of two who change one state of a draft, the second is refused", draftsConflict},
		{"the impact of a draft is found out in parts, and forgotten with a change", draftImpacts},
		{"drafts go with their job", draftsGo},
	}
}

// draft returns a draft in the state with this tag.
func (w *world) draft(owner, tag string) store.SchemaDraft {
	return store.SchemaDraft{
		JobID: w.job, Owner: owner, Tag: tag, Base: mapping.Schema{ID: "base"}, Schema: mapping.Schema{ID: tag},
		ChangedAt: time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC),
	}
}

func draftsAreKept(t *testing.T, w *world) {
	t.Helper()
	none, err := w.SchemaDraft(w.ctx(), w.job, "ann")
	w.must(err)
	w.equal("no draft", none, store.SchemaDraft{})
	first, other := w.draft("ann", "one"), w.draft("ben", "three")
	w.must(w.PutSchemaDraft(w.ctx(), first, ""))
	second := w.draft("ann", "two")
	second.ChangedAt = second.ChangedAt.Add(time.Hour)
	w.must(w.PutSchemaDraft(w.ctx(), second, "one"))
	w.must(w.PutSchemaDraft(w.ctx(), other, ""))
	got, err := w.SchemaDraft(w.ctx(), w.job, "ann")
	w.must(err)
	w.equal("draft", got, second)
	all, err := w.SchemaDrafts(w.ctx(), w.job)
	w.must(err)
	w.equal("drafts", all, []store.SchemaDraft{
		{JobID: w.job, Owner: "ann", Tag: "two", ChangedAt: second.ChangedAt}, {JobID: w.job, Owner: "ben", Tag: "three", ChangedAt: other.ChangedAt},
	})
	w.must(w.DiscardSchemaDraft(w.ctx(), w.job, "ann", "two"))
	got, err = w.SchemaDraft(w.ctx(), w.job, "ann")
	w.must(err)
	w.equal("discarded draft", got, store.SchemaDraft{})
	got, err = w.SchemaDraft(w.ctx(), w.job, "ben")
	w.must(err)
	w.equal("draft of somebody else", got, other)
	unknown := w.draft("ann", "one")
	unknown.JobID = "unknown"
	w.wantError(w.PutSchemaDraft(w.ctx(), unknown, ""), store.ErrNotFound)
}

func draftsConflict(t *testing.T, w *world) {
	t.Helper()
	w.must(w.PutSchemaDraft(w.ctx(), w.draft("ann", "one"), ""))
	w.wantError(w.PutSchemaDraft(w.ctx(), w.draft("ann", "two"), ""), store.ErrConflict)
	w.must(w.PutSchemaDraft(w.ctx(), w.draft("ann", "two"), "one"))
	w.wantError(w.PutSchemaDraft(w.ctx(), w.draft("ann", "three"), "one"), store.ErrConflict)
	w.wantError(w.DiscardSchemaDraft(w.ctx(), w.job, "ann", "one"), store.ErrConflict)
	got, err := w.SchemaDraft(w.ctx(), w.job, "ann")
	w.must(err)
	w.equal("draft", got, w.draft("ann", "two"))
	w.must(w.DiscardSchemaDraft(w.ctx(), w.job, "ann", "two"))
	w.wantError(w.DiscardSchemaDraft(w.ctx(), w.job, "ann", "two"), store.ErrConflict)
	w.wantError(w.PutSchemaDraft(w.ctx(), w.draft("ann", "three"), "two"), store.ErrConflict)
}

func draftImpacts(t *testing.T, w *world) {
	t.Helper()
	draft := w.draft("ann", "one")
	w.must(w.PutSchemaDraft(w.ctx(), draft, ""))
	none, err := w.DraftImpact(w.ctx(), w.job, "ann")
	w.must(err)
	w.equal("impact of a new draft", none, store.DraftImpact{})
	change := func(id string) store.DraftChange {
		return store.DraftChange{
			Before: plan.Change{Action: plan.None, Status: plan.Planned, Source: plan.Identity{Type: "User", ID: id}},
			After: plan.Change{
				Action: plan.Update, Status: plan.Planned, Source: plan.Identity{Type: "User", ID: id},
				Fields: []plan.Field{{Name: "Title", Old: attr.Text("Clerk"), New: attr.Text("Chief")}},
			},
		}
	}
	half := store.DraftImpact{Last: "b", Looked: 2, Changed: 1}
	w.must(w.PutDraftImpact(w.ctx(), draft, 0, half, []store.DraftChange{change("a")}))
	w.wantError(w.PutDraftImpact(w.ctx(), draft, 0, half, []store.DraftChange{change("a")}), store.ErrConflict)
	whole := store.DraftImpact{Last: "d", Looked: 4, Changed: 3, Complete: true}
	whole.After.Updated = 3
	whole.Losses = store.DraftLosses{Disabled: 2, Deleted: 1, Later: 1, First: []plan.Identity{{Type: "User", ID: "c", Name: "c@contoso.com"}}, Mark: "m"}
	w.must(w.PutDraftImpact(w.ctx(), draft, 2, whole, []store.DraftChange{change("c"), change("d")}))
	got, err := w.DraftImpact(w.ctx(), w.job, "ann")
	w.must(err)
	w.equal("impact", got, whole)
	changes, err := w.DraftChanges(w.ctx(), w.job, "ann", 1, 1)
	w.must(err)
	want := change("c")
	want.Number = 2
	w.equal("second change", changes, []store.DraftChange{want})
	stale := w.draft("ann", "none")
	w.wantError(w.PutDraftImpact(w.ctx(), stale, 4, whole, nil), store.ErrConflict)
	w.must(w.PutSchemaDraft(w.ctx(), w.draft("ann", "two"), "one"))
	got, err = w.DraftImpact(w.ctx(), w.job, "ann")
	w.must(err)
	w.equal("impact of a changed draft", got, store.DraftImpact{})
	changes, err = w.DraftChanges(w.ctx(), w.job, "ann", 0, 10)
	w.must(err)
	w.equal("changes of a changed draft", changes, nil)
}

func draftsGo(t *testing.T, w *world) {
	t.Helper()
	draft := w.draft("ann", "one")
	w.must(w.PutSchemaDraft(w.ctx(), draft, ""))
	w.must(w.PutDraftImpact(w.ctx(), draft, 0, store.DraftImpact{Looked: 1}, []store.DraftChange{{}}))
	w.must(w.RemoveApplication(w.ctx(), w.app.ID))
	got, err := w.SchemaDraft(w.ctx(), w.job, "ann")
	w.must(err)
	w.equal("draft of a job that is gone", got, store.SchemaDraft{})
}
