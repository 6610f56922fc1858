package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

func planTests() []test {
	return []test{
		{"a plan is seen when it is ready, by the beginning of its id", aPlanIsSeenWhenReady},
		{"the items of a plan are read in order, by what is asked for", theItemsOfAPlan},
		{"items of a plan are found by name, action, state and cause, in parts", itemsOfAPlanAreFound},
		{"what became of an item is recorded with its batch, or not at all", resultsOfItems},
		{"a plan is applied once, by the cycle that has the token", aPlanIsAppliedOnce},
		{"references are planned whose other end comes to exist", plannedReferences},
		{"plans go with their age and with their application", plansGo},
	}
}

func draftPlan(w *world, key string) engine.Plan {
	return engine.Plan{
		Key: key, JobID: w.job, ApplicationID: w.app.ID, Kind: engine.CyclePlan, State: engine.PlanDraft, By: "ana",
		At: time.Date(2026, 1, 31, 12, 0, 0, 123_456_000, time.UTC), Notes: []string{"a note"}, Reasons: map[string]int{"disable NotAssigned": 2},
	}.Sealed(provisioning.NewSecret("the plan's secret"))
}

func planItem(id, attribute string, action plan.Action, state engine.ItemState) engine.PlanItem {
	return engine.PlanItem{
		Attribute: attribute, State: state,
		Change: plan.Change{
			Action: action, Status: plan.Planned, Source: plan.Identity{Type: "User", ID: id, Name: id + "@contoso.com"},
			Fields: []plan.Field{{Name: "Title", Old: attr.Text("old"), New: attr.Text("new")}},
		},
	}
}

func readyPlan(w *world, key, id string) engine.Plan {
	w.t.Helper()
	p := draftPlan(w, key)
	w.must(w.cycles.DraftPlan(w.ctx(), p))
	p.ID, p.State = id, engine.PlanReady
	w.must(w.cycles.FinishPlan(w.ctx(), p))
	return p
}

func aPlanIsSeenWhenReady(t *testing.T, w *world) {
	t.Helper()
	p := draftPlan(w, "key-1")
	w.must(w.cycles.DraftPlan(w.ctx(), p))
	_, err := w.Plan(w.ctx(), "")
	w.wantError(err, store.ErrNotFound)
	w.equal("plans while one is being made", len(all(t, w.Plans(w.ctx(), w.job))), 0)
	p.ID, p.State, p.Counts.Created = "abcdef0123", engine.PlanReady, 7
	w.must(w.cycles.FinishPlan(w.ctx(), p))
	got, err := w.Plan(w.ctx(), "abcdef01")
	w.must(err)
	w.equal("its secret", got.Seal().Reveal(), "the plan's secret")
	w.equal("the plan", []any{got.Key, got.ID, got.State, got.At, got.By, got.Counts.Created, got.Notes, got.Reasons["disable NotAssigned"]},
		[]any{"key-1", "abcdef0123", engine.PlanReady, p.At, "ana", 7, []string{"a note"}, 2})
	for _, other := range []string{"bcdef012", "abcdef0"} { // not the beginning, and too little of it
		_, err = w.Plan(w.ctx(), other)
		w.wantError(err, store.ErrNotFound)
	}
	readyPlan(w, "key-2", "abcdef0190")
	_, err = w.Plan(w.ctx(), "abcdef01")
	w.wantError(err, store.ErrConflict)
	plans := all(t, w.Plans(w.ctx(), w.job))
	w.equal("plans, the newest first", []string{plans[0].ID, plans[1].ID}, []string{"abcdef0190", "abcdef0123"})
	w.wantError(w.cycles.FinishPlan(w.ctx(), p), store.ErrNotFound)
	unknown := draftPlan(w, "key-3")
	unknown.JobID = "nothing"
	w.wantError(w.cycles.DraftPlan(w.ctx(), unknown), store.ErrNotFound)
}

func theItemsOfAPlan(t *testing.T, w *world) {
	t.Helper()
	p := draftPlan(w, "key")
	w.must(w.cycles.DraftPlan(w.ctx(), p))
	sealed := planItem("ben", "", plan.Disable, engine.ItemOpen)
	sealed.Seals = map[string]engine.Seal{"Title": {Old: "1", New: "2"}}
	w.must(w.cycles.PutItems(w.ctx(), p.Key, []engine.PlanItem{
		planItem("cleo", "", plan.Update, engine.ItemOpen), sealed, planItem("ana", "", plan.Create, engine.ItemNone),
	}))
	w.must(w.cycles.PutItems(w.ctx(), p.Key, []engine.PlanItem{planItem("ana", "", plan.Create, engine.ItemOpen), planItem("ana", "Manager", plan.Update, engine.ItemOpen)}))
	names := func(query engine.ItemQuery) []string {
		t.Helper()
		query.Limit = 10
		items, err := w.cycles.PlanItems(w.ctx(), p.Key, query)
		w.must(err)
		var names []string
		for _, item := range items {
			names = append(names, item.Change.Source.ID+"/"+item.Attribute)
		}
		return names
	}
	w.equal("all", names(engine.ItemQuery{All: true}), []string{"ana/", "ana/Manager", "ben/", "cleo/"})
	w.equal("people", names(engine.ItemQuery{}), []string{"ana/", "ben/", "cleo/"})
	w.equal("references", names(engine.ItemQuery{References: true}), []string{"ana/Manager"})
	w.equal("by action", names(engine.ItemQuery{Actions: []plan.Action{plan.Disable, plan.Delete}}), []string{"ben/"})
	w.equal("by person", names(engine.ItemQuery{SourceIDs: []string{"cleo", "dev"}}), []string{"cleo/"})
	w.equal("after one", names(engine.ItemQuery{All: true, After: planItem("ana", "", plan.Create, "")}), []string{"ana/Manager", "ben/", "cleo/"})
	items, err := w.cycles.PlanItems(w.ctx(), p.Key, engine.ItemQuery{SourceIDs: []string{"ben"}, Limit: 1})
	w.must(err)
	w.equal("an item", items[0], sealed)
}

func resultsOfItems(t *testing.T, w *world) {
	t.Helper()
	p := draftPlan(w, "key")
	w.must(w.cycles.DraftPlan(w.ctx(), p))
	w.must(w.cycles.PutItems(w.ctx(), p.Key, []engine.PlanItem{planItem("ana", "", plan.Update, engine.ItemOpen), planItem("ben", "", plan.Update, engine.ItemOpen)}))
	old, now := w.begin(), w.begin()
	commit := engine.Commit{
		Plan: p.Key, Items: []engine.ItemResult{{SourceID: "ana", State: engine.ItemRefused, Note: "why"}},
		Entries: []journal.Entry{{PlanID: "abc", Change: planItem("ana", "", plan.Update, "").Change}},
	}
	w.wantError(w.cycles.Commit(w.ctx(), old, commit), engine.ErrFenced)
	counts, err := w.CountPlanItems(w.ctx(), p.Key)
	w.must(err)
	w.equal("items after a commit that was fenced off", counts, map[engine.ItemState]int{engine.ItemOpen: 2})
	w.commit(now, commit)
	counts, err = w.CountPlanItems(w.ctx(), p.Key)
	w.must(err)
	w.equal("items", counts, map[engine.ItemState]int{engine.ItemOpen: 1, engine.ItemRefused: 1})
	refused, err := w.cycles.PlanItems(w.ctx(), p.Key, engine.ItemQuery{States: []engine.ItemState{engine.ItemRefused}, Limit: 2})
	w.must(err)
	w.equal("why", refused[0].Note, "why")
	entries := all(t, w.Entries(w.ctx(), journal.Query{PlanID: "abc"}))
	w.equal("entries of the plan", len(entries), 1)
	w.equal("the plan of the entry", entries[0].PlanID, "abc")
	w.equal("entries of another plan", len(all(t, w.Entries(w.ctx(), journal.Query{PlanID: "abd"}))), 0)
}

func aPlanIsAppliedOnce(t *testing.T, w *world) {
	t.Helper()
	p := readyPlan(w, "key", "abcdef01")
	old, now := w.begin(), w.begin()
	p.State, p.AppliedAt, p.AppliedBy = engine.PlanApplying, time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC), "ben"
	w.wantError(w.cycles.AdvancePlan(w.ctx(), old, p), engine.ErrFenced)
	w.must(w.cycles.AdvancePlan(w.ctx(), now, p))
	p.State = engine.PlanApplied
	w.must(w.cycles.AdvancePlan(w.ctx(), now, p))
	got, err := w.Plan(w.ctx(), "abcdef01")
	w.must(err)
	w.equal("the plan", []any{got.State, got.AppliedAt, got.AppliedBy, got.By}, []any{engine.PlanApplied, p.AppliedAt, "ben", "ana"})
	p.State = engine.PlanApplying
	w.wantError(w.cycles.AdvancePlan(w.ctx(), now, p), store.ErrNotFound)
}

func plannedReferences(t *testing.T, w *world) {
	t.Helper()
	w.putUsers("boss", "chief", "nobody", "ana", "ben", "cleo", "dev")
	for id, manager := range map[string]string{"ana": "boss", "ben": "nobody", "cleo": "boss", "dev": "chief"} {
		managed := user(id)
		managed.ManagerID = manager
		w.must(w.PutUser(w.ctx(), managed))
	}
	w.connect(true, "cleo", "dev", "chief")
	waiting := func(id, manager string) engine.Reference {
		return engine.Reference{SourceID: id, Attribute: "Manager", Referenced: manager, Old: attr.Text("old")}
	}
	w.commit(w.begin(), engine.Commit{Waiting: []engine.Reference{waiting("cleo", "boss"), waiting("dev", "chief"), waiting("ben", "nobody")}})
	p := draftPlan(w, "key")
	w.must(w.cycles.DraftPlan(w.ctx(), p))
	reference := func(id, manager string) engine.PlanItem {
		item := planItem(id, "Manager", plan.Update, engine.ItemOpen)
		item.Referenced = manager
		return item
	}
	w.must(w.cycles.PutItems(w.ctx(), p.Key, []engine.PlanItem{
		planItem("boss", "", plan.Create, engine.ItemOpen), planItem("nobody", "", plan.None, engine.ItemNone),
		planItem("ana", "", plan.Create, engine.ItemOpen), reference("ana", "boss"),
		planItem("ben", "", plan.Create, engine.ItemOpen), reference("ben", "nobody"),
	}))
	found, err := w.cycles.PlanReferences(w.ctx(), p, engine.Reference{}, 10)
	w.must(err)
	var names []string
	for _, r := range found {
		names = append(names, r.SourceID+" "+r.Connection.TargetID+" "+r.Name+" "+r.Old.String())
	}
	w.equal("references that wait since earlier cycles", names,
		[]string{"cleo target-cleo cleo@contoso.com old", "dev target-dev dev@contoso.com old"})
	left, err := w.cycles.PlanItems(w.ctx(), p.Key, engine.ItemQuery{References: true, Limit: 10})
	w.must(err)
	w.equal("references of the plan", len(left), 1)
	w.equal("the one whose manager gets an account", left[0].Change.Source.ID, "ana")
}

func plansGo(t *testing.T, w *world) {
	t.Helper()
	old := draftPlan(w, "key-1")
	old.At = old.At.Add(-time.Hour)
	w.must(w.cycles.DraftPlan(w.ctx(), old))
	w.must(w.cycles.PutItems(w.ctx(), old.Key, []engine.PlanItem{planItem("ana", "", plan.Update, engine.ItemOpen)}))
	var many []engine.PlanItem
	for n := range 450 {
		many = append(many, planItem(fmt.Sprintf("person-%d", n), "", plan.Update, engine.ItemOpen))
	}
	w.must(w.cycles.PutItems(w.ctx(), old.Key, many))
	kept := readyPlan(w, "key-2", "abc")
	removed, err := w.RemovePlansBefore(w.ctx(), kept.At)
	w.must(err)
	w.equal("plans that were too old", removed, 1)
	counts, err := w.CountPlanItems(w.ctx(), old.Key)
	w.must(err)
	w.equal("their items", len(counts), 0)
	w.equal("plans left", len(all(t, w.Plans(w.ctx(), w.job))), 1)
	w.must(w.RemovePlan(w.ctx(), kept.Key))
	w.equal("plans after all were removed", len(all(t, w.Plans(w.ctx(), w.job))), 0)
	readyPlan(w, "key-3", "abd01234")
	w.must(w.RemoveApplication(w.ctx(), w.app.ID))
	_, err = w.Plan(w.ctx(), "abd01234")
	w.wantError(err, store.ErrNotFound)
}

func itemsOfAPlanAreFound(t *testing.T, w *world) {
	t.Helper()
	p := readyPlan(w, "key", "abc")
	other := readyPlan(w, "other", "def")
	failing := planItem("ben", "", plan.Disable, engine.ItemNone)
	failing.Change.Reason, failing.Change.Target = plan.Reason{Code: "Refused"}, plan.Identity{ID: "0057", Name: "Account 100%"}
	w.must(w.cycles.PutItems(w.ctx(), p.Key, []engine.PlanItem{
		planItem("ana", "", plan.Create, engine.ItemOpen), planItem("ana", "Manager", plan.Update, engine.ItemOpen), failing, planItem("cleo", "", plan.Update, engine.ItemDone),
	}))
	w.must(w.cycles.PutItems(w.ctx(), other.Key, []engine.PlanItem{planItem("dev", "", plan.Create, engine.ItemOpen)}))
	find := func(search store.PlanItemSearch) []string {
		t.Helper()
		search.Key = p.Key
		var names []string
		page := store.Page{Limit: 2}
		for {
			found, err := w.FindPlanItems(w.ctx(), search, page)
			w.must(err)
			for _, item := range found.Items {
				names = append(names, item.Change.Source.ID+"/"+item.Attribute)
			}
			if page.Cursor = found.Next; page.Cursor == "" {
				return names
			}
		}
	}
	w.equal("all", find(store.PlanItemSearch{}), []string{"ana/", "ana/Manager", "ben/", "cleo/"})
	w.equal("by action", find(store.PlanItemSearch{Actions: []plan.Action{plan.Update, plan.Disable}}), []string{"ana/Manager", "ben/", "cleo/"})
	w.equal("by state", find(store.PlanItemSearch{States: []engine.ItemState{engine.ItemDone, engine.ItemNone}}), []string{"ben/", "cleo/"})
	w.equal("by cause", find(store.PlanItemSearch{Code: "Refused"}), []string{"ben/"})
	w.equal("by a part of the name", find(store.PlanItemSearch{Text: "NA@Contoso"}), []string{"ana/", "ana/Manager"})
	w.equal("by the account", find(store.PlanItemSearch{Text: "100%"}), []string{"ben/"})
	w.equal("by what nobody has", find(store.PlanItemSearch{Text: "1000"}), []string(nil))
	first, err := w.FindPlanItems(w.ctx(), store.PlanItemSearch{Key: p.Key}, store.Page{Limit: 3})
	w.must(err)
	last, err := w.FindPlanItems(w.ctx(), store.PlanItemSearch{Key: p.Key}, store.Page{Limit: 3, Cursor: first.Next})
	w.must(err)
	back, err := w.FindPlanItems(w.ctx(), store.PlanItemSearch{Key: p.Key}, store.Page{Limit: 3, Cursor: last.Previous})
	w.must(err)
	w.equal("the part before", back.Items, first.Items)
	_, err = w.FindPlanItems(w.ctx(), store.PlanItemSearch{Key: p.Key}, store.Page{Cursor: "what?"})
	w.wantError(err, store.ErrInvalid)
}
