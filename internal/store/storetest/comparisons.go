package storetest

import (
	"testing"
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/plan"
)

func comparisonTests() []test {
	return []test{
		{"a comparison is seen when it is finished, and read in parts", aComparisonIsRead},
		{"comparisons go by themselves and with their plan", comparisonsGo},
	}
}

func aComparison(p, id string) store.Comparison {
	return store.Comparison{
		ID: id, PlanKey: p, At: time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC), By: "dora", Files: []string{"log.json"}, Entries: 3,
		From: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Until: time.Date(2026, 1, 30, 0, 0, 0, 0, time.UTC), Counts: map[journal.Likeness]int{journal.Same: 2},
	}
}

func aDifference(number int, name string, likeness journal.Likeness) store.FoundDifference {
	return store.FoundDifference{Number: number, Difference: journal.Difference{
		Likeness: likeness, Person: plan.Identity{Type: "User", ID: name, Name: name + "@contoso.com"}, Reason: "it is so",
		Incumbent: journal.Side{At: time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC), Action: plan.Create, Status: plan.Success},
		Fields:    []journal.FieldDifference{{Name: "Title", Likeness: journal.Different, Incumbent: attr.Text("old"), Planned: attr.Text("new")}},
	}}
}

func aComparisonIsRead(t *testing.T, w *world) {
	t.Helper()
	p := readyPlan(w, "key", "abc")
	w.wantError(w.BeginComparison(w.ctx(), aComparison("nothing", "c0")), store.ErrNotFound)
	c := aComparison(p.Key, "c1")
	w.must(w.BeginComparison(w.ctx(), c))
	ana, ben, cleo := aDifference(1, "ana", journal.Same), aDifference(2, "ben", journal.Different), aDifference(3, "cleo", journal.Same)
	w.must(w.AddDifferences(w.ctx(), c.ID, []store.FoundDifference{ana, ben}))
	w.must(w.AddDifferences(w.ctx(), c.ID, []store.FoundDifference{cleo}))
	w.must(w.AddDifferences(w.ctx(), c.ID, nil))
	_, err := w.Comparison(w.ctx(), c.ID)
	w.wantError(err, store.ErrNotFound)
	w.must(w.FinishComparison(w.ctx(), c))
	got, err := w.Comparison(w.ctx(), c.ID)
	w.must(err)
	w.equal("the comparison", got, c)
	second := aComparison(p.Key, "c2")
	w.must(w.BeginComparison(w.ctx(), second))
	w.must(w.FinishComparison(w.ctx(), second))
	w.must(w.BeginComparison(w.ctx(), aComparison(p.Key, "c3")))
	all, err := w.Comparisons(w.ctx(), p.Key)
	w.must(err)
	w.equal("comparisons, the newest first", all, []store.Comparison{second, c})
	find := func(search store.DifferenceSearch, cursor string) store.Listing[store.FoundDifference] {
		t.Helper()
		search.Comparison = c.ID
		found, err := w.FindDifferences(w.ctx(), search, store.Page{Limit: 2, Cursor: cursor})
		w.must(err)
		return found
	}
	first := find(store.DifferenceSearch{}, "")
	w.equal("the first part", first.Items, []store.FoundDifference{ana, ben})
	w.equal("the second part", find(store.DifferenceSearch{}, first.Next).Items, []store.FoundDifference{cleo})
	w.equal("by likeness", find(store.DifferenceSearch{Likeness: journal.Different}, "").Items, []store.FoundDifference{ben})
	w.equal("by name", find(store.DifferenceSearch{Text: "LEO@"}, "").Items, []store.FoundDifference{cleo})
}

func comparisonsGo(t *testing.T, w *world) {
	t.Helper()
	p := readyPlan(w, "key", "abc")
	for _, id := range []string{"c1", "c2"} {
		w.must(w.BeginComparison(w.ctx(), aComparison(p.Key, id)))
		w.must(w.AddDifferences(w.ctx(), id, []store.FoundDifference{aDifference(1, "ana", journal.Same)}))
		w.must(w.FinishComparison(w.ctx(), aComparison(p.Key, id)))
	}
	w.must(w.RemoveComparison(w.ctx(), "c1"))
	_, err := w.Comparison(w.ctx(), "c1")
	w.wantError(err, store.ErrNotFound)
	w.must(w.RemovePlan(w.ctx(), p.Key))
	_, err = w.Comparison(w.ctx(), "c2")
	w.wantError(err, store.ErrNotFound)
	w.wantError(w.FinishComparison(w.ctx(), aComparison(p.Key, "c2")), store.ErrNotFound)
}
