package storetest

import (
	"testing"
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/plan"
)

func journalTests() []test {
	return []test{
		{"an entry comes back as it was written", func(t *testing.T, w *world) {
			t.Helper()
			entry := journal.Entry{
				At: time.Date(2026, 1, 31, 12, 0, 0, 5000, time.UTC), JobID: w.job, ApplicationID: w.app.ID, CycleID: "cycle", Duration: 12345,
				InitiatedBy: "admin", Change: changeOf("ana", plan.Update, plan.Success, "Code"),
			}
			w.commit(w.begin(), engine.Commit{Entries: []journal.Entry{entry}})
			got := all(t, w.Entries(w.ctx(), journal.Query{}))
			w.equal("entries", len(got), 1)
			entry.ID = got[0].ID
			w.equal("entry", got[0], entry)
		}},
		{"entries without ids and moment get those of the cycle", func(t *testing.T, w *world) {
			t.Helper()
			cycle := w.begin()
			before := time.Now().Add(-time.Second)
			w.commit(cycle, engine.Commit{Entries: []journal.Entry{{Change: changeOf("ana", plan.Create, plan.Success, "")}}})
			got := all(t, w.Entries(w.ctx(), journal.Query{}))[0]
			w.equal("ids", []string{got.JobID, got.ApplicationID, got.CycleID}, []string{cycle.JobID, cycle.ApplicationID, cycle.ID})
			if got.At.Before(before) || got.At.After(time.Now()) {
				t.Errorf("at %v", got.At)
			}
		}},
		{"a query selects entries", selectEntries},
		{"entries come in pages", func(t *testing.T, w *world) {
			t.Helper()
			const count = 1203 // more than a store reads at a time
			entries := make([]journal.Entry, count)
			for i := range entries {
				entries[i].Change = changeOf("ana", plan.Create, plan.Success, "")
			}
			w.commit(w.begin(), engine.Commit{Entries: entries})
			newest := all(t, w.Entries(w.ctx(), journal.Query{}))
			w.equal("entries", len(newest), count)
			for i := 1; i < count; i++ {
				if newest[i].ID >= newest[i-1].ID {
					t.Fatalf("entry %d after %d", newest[i].ID, newest[i-1].ID)
				}
			}
			oldest := all(t, w.Entries(w.ctx(), journal.Query{OldestFirst: true, Limit: 1000}))
			w.equal("oldest", []int64{oldest[0].ID, oldest[999].ID}, []int64{newest[count-1].ID, newest[count-1000].ID})
			older := all(t, w.Entries(w.ctx(), journal.Query{Before: oldest[10].ID, Limit: 5}))
			w.equal("before", []int64{int64(len(older)), older[0].ID}, []int64{5, oldest[9].ID})
		}},
		{"the audit log is newest first", func(t *testing.T, w *world) {
			t.Helper()
			at := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
			for _, activity := range []string{"one", "two", "three"} {
				w.must(w.Audit(w.ctx(), journal.Audit{At: at, Activity: activity, Actor: "admin", Subject: "Salesforce", Detail: "d\x00"}))
			}
			got := all(t, w.Audits(w.ctx(), 2))
			w.equal("audit records", got, []journal.Audit{
				{ID: got[0].ID, At: at, Activity: "three", Actor: "admin", Subject: "Salesforce", Detail: "d\uFFFD"},
				{ID: got[1].ID, At: at, Activity: "two", Actor: "admin", Subject: "Salesforce", Detail: "d\uFFFD"},
			})
			w.equal("all", len(all(t, w.Audits(w.ctx(), 0))), 3)
		}},
	}
}

func changeOf(id string, action plan.Action, status plan.Status, code string) plan.Change {
	return plan.Change{
		ID: "change-" + id, Action: action, Status: status,
		Source: plan.Identity{Type: "User", ID: id, Name: id + "@contoso.com"},
		Target: plan.Identity{Type: "User", ID: "005" + id, Name: id + "@salesforce.example"},
		Fields: []plan.Field{{Name: "City", Old: attr.Text("Linz"), New: attr.Text("Graz\x00")}, {Name: "IsActive", New: attr.Bool(true)}},
		Reason: plan.Reason{Code: code, Text: "because"}, Warnings: []string{"careful"},
		Steps: []plan.Step{{Name: "step", Type: plan.ImportStep, Status: plan.Success, Details: map[string]string{"a": "b"}}},
	}
}

func selectEntries(t *testing.T, w *world) {
	t.Helper()
	noon := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	entry := func(id, cycle string, after time.Duration, action plan.Action, status plan.Status, code string) journal.Entry {
		return journal.Entry{
			At: noon.Add(after), JobID: "job " + cycle, ApplicationID: "app " + cycle, CycleID: cycle, Change: changeOf(id, action, status, code),
		}
	}
	w.commit(w.begin(), engine.Commit{Entries: []journal.Entry{
		entry("Žofie", "c1", 0, plan.Create, plan.Success, ""),
		entry("ben_100%", "c1", time.Minute, plan.Create, plan.Failure, "Full"),
		entry("ben", "c2", 2*time.Minute, plan.Update, plan.Failure, "Wrong"),
		entry("ana", "c2", 3*time.Minute, plan.Disable, plan.Success, ""),
	}})
	tests := []struct {
		query journal.Query
		want  []string
	}{
		{journal.Query{}, []string{"ana", "ben", "ben_100%", "Žofie"}},
		{journal.Query{OldestFirst: true, Limit: 2}, []string{"Žofie", "ben_100%"}},
		{journal.Query{CycleID: "c1"}, []string{"ben_100%", "Žofie"}},
		{journal.Query{JobID: "job c2"}, []string{"ana", "ben"}},
		{journal.Query{ApplicationID: "app c2"}, []string{"ana", "ben"}},
		{journal.Query{SourceID: "ben"}, []string{"ben"}},
		{journal.Query{TargetID: "005ben"}, []string{"ben"}},
		{journal.Query{Name: "žOFIE@CONTOSO"}, []string{"Žofie"}},
		{journal.Query{Name: "005BEN"}, []string{"ben", "ben_100%"}},
		{journal.Query{Name: "_100%"}, []string{"ben_100%"}},
		{journal.Query{Name: "b%n"}, nil},
		{journal.Query{Name: "ben\x00"}, nil},
		{journal.Query{Actions: []plan.Action{plan.Update, plan.Disable}}, []string{"ana", "ben"}},
		{journal.Query{Statuses: []plan.Status{plan.Failure}}, []string{"ben", "ben_100%"}},
		{journal.Query{Code: "Full"}, []string{"ben_100%"}},
		{journal.Query{Since: noon.Add(time.Minute), Until: noon.Add(2 * time.Minute)}, []string{"ben", "ben_100%"}},
		{journal.Query{Statuses: []plan.Status{plan.Failure}, Actions: []plan.Action{plan.Create}, CycleID: "c1", Name: "ben"}, []string{"ben_100%"}},
	}
	for _, test := range tests {
		var got []string
		for _, entry := range all(t, w.Entries(w.ctx(), test.query)) {
			got = append(got, entry.Change.Source.ID)
		}
		w.equal(jsonOf(t, test.query), got, test.want)
	}
}
