package logs

import (
	"time"

	"github.com/usher-id/usher/internal/portal/change"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
)

// Samples returns the pages of the area with made-up data.
func (a *Area) Samples() []page.Sample {
	now := time.Now()
	app, hostile := page.SampleApplication("Salesforce"), page.SampleApplication(page.Hostile)
	apps := []page.Link{{Text: "Salesforce", Path: app.ID}}
	entries := store.Listing[journal.Entry]{Items: change.Samples(now), Next: "next", Previous: "previous"}
	catalogue := journal.NewCatalogue()
	list := func(name string, f filter, head page.Head, live bool, found store.Listing[journal.Entry]) page.Sample {
		_, faults := f.query(now)
		data := newListData(f, live, faults, apps).with(found, apps, catalogue, found.Previous != "")
		return page.Sample{Page: "Provisioning logs", Case: name, Path: f.path("/logs"), Answer: a.list.Show(head, data)}
	}
	h := page.Hostile
	harm := filter{Text: h, Date: h, From: h, Until: h, Application: h, Action: h, Status: h, Code: h, Cycle: h, Plan: h, Person: h, Account: h}
	samples := []page.Sample{
		list("full", filter{}, listHead(nil, false), false, entries),
		list("empty", filter{}, listHead(nil, false), false, store.Listing[journal.Entry]{}),
		list("of an application", filter{Application: app.ID, Status: "failure,skipped,warning", Action: "create,update", Person: "e1018"}, listHead(&app, false), false, entries),
		list("followed", filter{Date: "24h"}, listHead(nil, true), true, entries),
		list("nothing found", filter{Text: "nobody", Date: "7d"}, listHead(nil, false), false, store.Listing[journal.Entry]{}),
		list("nothing found so far", filter{Text: "nobody"}, listHead(nil, false), false, store.Listing[journal.Entry]{Next: "next"}),
		list("faults", filter{From: "yesterday", Status: "fine"}, listHead(nil, false), false, store.Listing[journal.Entry]{}),
		list("hostile", harm, listHead(&hostile, false), false, store.Listing[journal.Entry]{Items: []journal.Entry{change.HostileEntry(now)}, Next: h}),
		{Page: "Reason codes", Case: "full", Path: change.CodesPath, Answer: a.codes.Show(codesHead(), newCodesData(catalogue, ""))},
		{Page: "Reason codes", Case: "empty", Path: change.CodesPath, Answer: a.codes.Show(codesHead(), newCodesData(catalogue, h))},
	}
	for i, name := range []string{"full", "with a plan", "failure", "disabled", "held", "skipped"} {
		data := newEntryData(entries.Items[i], change.Application{ID: app.ID, Name: app.DisplayName}, catalogue)
		samples = append(samples, page.Sample{Page: "Entry of the log", Case: name, Path: data.View.Path, Answer: a.entry.Show(entryHead(&app, data.View), data)})
	}
	removed := newEntryData(entries.Items[0], change.Application{ID: "gone"}, catalogue)
	empty := newEntryData(journal.Entry{}, change.Application{}, catalogue)
	harmful := newEntryData(change.HostileEntry(now), change.Application{ID: hostile.ID, Name: h}, catalogue)
	return append(samples,
		page.Sample{Page: "Entry of the log", Case: "application removed", Path: removed.View.Path, Answer: a.entry.Show(entryHead(nil, removed.View), removed)},
		page.Sample{Page: "Entry of the log", Case: "empty", Path: empty.View.Path, Answer: a.entry.Show(entryHead(nil, empty.View), empty)},
		page.Sample{Page: "Entry of the log", Case: "hostile", Path: harmful.View.Path, Answer: a.entry.Show(entryHead(&hostile, harmful.View), harmful)},
	)
}
