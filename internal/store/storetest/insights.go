package storetest

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

func insightTests() []test {
	return []test{
		{"the record of a cycle is kept with its end", recordCycles},
		{"entries are counted by hour when they are written", tallyEntries},
		{"the latency of a cycle is from the change to the account", latencyOfCycle},
		{"records and counts go with the entries that they are about", pruneRecords},
		{"old records and counts go in parts", pruneRecordsInParts},
	}
}

func (w *world) record(id string, hours int) provisioning.CycleRecord {
	return provisioning.CycleRecord{
		Run: provisioning.Run{
			CycleID: id, Kind: provisioning.Initial, State: provisioning.Succeeded, Began: noon(hours), Ended: noon(hours + 1),
			Counts: provisioning.Counts{Created: 3, Codes: map[string]int{"Conflict": 1}},
		},
		JobID: w.job, ApplicationID: w.app.ID, InitiatedBy: "ana", Quota: provisioning.Quota{Limit: 100, Used: 7},
		Licenses: []provisioning.LicenseUse{{Name: "Salesforce", Total: 10, Used: 4}},
	}
}

func recordCycles(t *testing.T, w *world) {
	t.Helper()
	first := w.record("first", 0)
	w.must(w.cycles.Finish(w.ctx(), w.begin(), provisioning.Job{}, first))
	failed := w.record("failed", 1)
	failed.State, failed.Error, failed.Code, failed.Held = provisioning.Failed, "no\x00", "Unauthorized", "too many"
	w.must(w.cycles.Finish(w.ctx(), w.begin(), provisioning.Job{}, failed))
	demand := w.record("demand", 2)
	demand.Kind = provisioning.OnDemand
	w.must(w.cycles.Record(w.ctx(), demand))
	demand.State = provisioning.EntryLevelErrors
	w.must(w.cycles.Record(w.ctx(), demand))
	other := w.record("other", 3)
	other.JobID, other.ApplicationID = "another", "other"
	w.must(w.cycles.Record(w.ctx(), other))

	stale := w.begin()
	w.begin()
	w.wantError(w.cycles.Finish(w.ctx(), stale, provisioning.Job{}, w.record("stale", 4)), engine.ErrFenced)

	got, err := w.Cycle(w.ctx(), "demand")
	w.must(err)
	w.equal("cycle", got, demand)
	_, err = w.Cycle(w.ctx(), "stale")
	w.wantError(err, store.ErrNotFound)
	for name, c := range map[string]struct {
		search store.CycleSearch
		want   []string
	}{
		"all":         {store.CycleSearch{}, []string{"other", "demand", "failed", "first"}},
		"job":         {store.CycleSearch{JobID: w.job}, []string{"demand", "failed", "first"}},
		"application": {store.CycleSearch{ApplicationID: "other"}, []string{"other"}},
		"kind":        {store.CycleSearch{Kinds: []provisioning.CycleKind{provisioning.OnDemand}}, []string{"demand"}},
		"state":       {store.CycleSearch{JobID: w.job, States: []provisioning.RunState{provisioning.Failed}}, []string{"failed"}},
		"span":        {store.CycleSearch{Since: noon(1), Until: noon(2)}, []string{"demand", "failed"}},
	} {
		got := walk(w, func(page store.Page) (store.Listing[provisioning.CycleRecord], error) {
			return w.FindCycles(w.ctx(), c.search, page)
		},
			func(r provisioning.CycleRecord) string { return r.CycleID })
		w.equal(name, got, c.want)
	}
}

func tallyEntries(t *testing.T, w *world) {
	t.Helper()
	write := func(hours int, status plan.Status, code string, count int) {
		var entries []journal.Entry
		for range count {
			entries = append(entries, journal.Entry{At: noon(hours).Add(time.Minute), Change: changeOf("ana", plan.Create, status, code)})
		}
		w.commit(w.begin(), engine.Commit{Entries: entries})
	}
	write(0, plan.Success, "", 3)
	write(0, plan.Success, "", 2)
	write(1, plan.Failure, "Timeout", 1)
	write(1, plan.Failure, "Conflict", 4)
	write(13, plan.Failure, "Timeout", 2)
	hourly, err := w.Tallies(w.ctx(), store.TallySearch{ApplicationID: w.app.ID, Until: noon(2), Step: time.Hour})
	w.must(err)
	w.equal("hours", hourly, []store.Tally{
		{Began: noon(0), Action: plan.Create, Status: plan.Success, Count: 5}, {Began: noon(1), Action: plan.Create, Status: plan.Failure, Count: 5},
	})
	daily, err := w.Tallies(w.ctx(), store.TallySearch{})
	w.must(err)
	w.equal("days", daily, []store.Tally{
		{Began: noon(-12), Action: plan.Create, Status: plan.Failure, Count: 5},
		{Began: noon(-12), Action: plan.Create, Status: plan.Success, Count: 5},
		{Began: noon(12), Action: plan.Create, Status: plan.Failure, Count: 2},
	})
	causes, err := w.Causes(w.ctx(), store.TallySearch{Since: noon(0)}, 10)
	w.must(err)
	w.equal("causes", causes, []store.Cause{
		{ApplicationID: w.app.ID, Code: "Conflict", Count: 4, Last: noon(1)}, {ApplicationID: w.app.ID, Code: "Timeout", Count: 3, Last: noon(13)},
	})
	few, err := w.Causes(w.ctx(), store.TallySearch{ApplicationID: w.app.ID, Since: noon(2)}, 1)
	w.must(err)
	w.equal("later causes", few, []store.Cause{{ApplicationID: w.app.ID, Code: "Timeout", Count: 2, Last: noon(13)}})
	_, err = w.Tallies(w.ctx(), store.TallySearch{Step: time.Minute})
	w.wantError(err, store.ErrInvalid)
}

func latencyOfCycle(t *testing.T, w *world) {
	t.Helper()
	cycle := w.begin()
	w.putUsers("a", "b", "c", "d")
	job := provisioning.Job{Watermark: w.head()}
	var entries []journal.Entry
	for i, id := range []string{"a", "b", "c"} {
		entries = append(entries, journal.Entry{At: time.Now().Add(time.Duration(i+1) * time.Hour), Change: changeOf(id, plan.Update, plan.Success, "")})
	}
	entries = append(entries,
		journal.Entry{At: time.Now().Add(9 * time.Hour), Change: changeOf("d", plan.Update, plan.Failure, "")},
		journal.Entry{At: time.Now().Add(9 * time.Hour), Change: changeOf("unchanged", plan.Update, plan.Success, "")})
	w.commit(cycle, engine.Commit{Entries: entries})
	record := w.record(cycle.ID, 0)
	record.Kind = provisioning.Incremental
	w.must(w.cycles.Finish(w.ctx(), cycle, job, record))
	got, err := w.Cycle(w.ctx(), cycle.ID)
	w.must(err)
	hours := func(d time.Duration) string { return fmt.Sprintf("%.1f", d.Hours()) }
	w.equal("latency", []string{strconv.Itoa(got.Latency.Count), hours(got.Latency.Median), hours(got.Latency.P95), hours(got.Latency.Max)},
		[]string{"3", "2.0", "3.0", "3.0"})
}

func pruneRecords(t *testing.T, w *world) {
	t.Helper()
	w.must(w.cycles.Record(w.ctx(), w.record("empty", 0)))
	w.must(w.cycles.Record(w.ctx(), w.record("kept", 0)))
	w.must(w.cycles.Record(w.ctx(), w.record("later", 5)))
	w.commit(w.begin(), engine.Commit{Entries: []journal.Entry{
		{At: noon(0), CycleID: "kept", Change: changeOf("ana", plan.Create, plan.Success, "")},
		{At: noon(6), CycleID: "kept", Change: changeOf("ana", plan.Update, plan.Success, "")},
	}})
	_, err := w.PruneEntries(w.ctx(), noon(3), 100)
	w.must(err)
	left, err := w.FindCycles(w.ctx(), store.CycleSearch{}, store.Page{})
	w.must(err)
	var ids []string
	for _, r := range left.Items {
		ids = append(ids, r.CycleID)
	}
	w.equal("cycles", ids, []string{"later", "kept"})
	tallies, err := w.Tallies(w.ctx(), store.TallySearch{Step: time.Hour})
	w.must(err)
	w.equal("tallies", tallies, []store.Tally{{Began: noon(6), Action: plan.Update, Status: plan.Success, Count: 1}})
}

func pruneRecordsInParts(t *testing.T, w *world) {
	t.Helper()
	for n := range 3 {
		w.must(w.cycles.Record(w.ctx(), w.record(fmt.Sprint("empty", n), n)))
		w.commit(w.begin(), engine.Commit{Entries: []journal.Entry{{At: noon(n), CycleID: "c", Change: changeOf("ana", plan.Update, plan.Success, "")}}})
	}
	for left := 2; left >= 0; left-- {
		_, err := w.PruneEntries(w.ctx(), noon(9), 1)
		w.must(err)
		cycles, err := w.FindCycles(w.ctx(), store.CycleSearch{}, store.Page{})
		w.must(err)
		tallies, err := w.Tallies(w.ctx(), store.TallySearch{Step: time.Hour})
		w.must(err)
		w.equal("cycles and counts", []int{len(cycles.Items), len(tallies)}, []int{left, left})
		if left > 0 {
			w.equal("the newest count", tallies[len(tallies)-1].Began, noon(2))
		}
	}
}
