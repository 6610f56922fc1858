package ondemand

import (
	"time"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/change"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

// Samples returns the pages of the area with made-up data.
func (a *Area) Samples() []page.Sample {
	shown := &Area{Administration: &administration.Service{Catalogue: journal.NewCatalogue()}}
	app, hostile, fresh := page.SampleApplication("Salesforce"), page.SampleApplication(page.Hostile), page.SampleApplication("Salesforce")
	fresh.Job.Status.Code = provisioning.NotConfigured
	now := time.Now()
	people := []person{
		{ID: "e1001", Name: "Ana García", SignIn: "ana.garcia@contoso.com", Department: "Sales"},
		{ID: "e1002", Name: "Adele Vance", SignIn: "adele.vance@contoso.com", Department: "Marketing", Disabled: true},
	}
	full := newChooseData(app, "a")
	full.Selected, full.Found, full.More = people[:1], people[1:], true
	harm := newChooseData(hostile, page.Hostile)
	harm.Selected, harm.Faults = []person{{ID: page.Hostile, Name: page.Hostile, SignIn: page.Hostile, Department: page.Hostile}}, page.Faults{"": page.Hostile}
	done := administration.Performance{Began: now.Add(-400 * time.Millisecond), Ended: now, Run: provisioning.Run{CycleID: "7b6d2c0e-3c39-4e86-9c5f-0d0f6c1a2b3c", Counts: provisioning.Counts{Calls: 3}}}
	one, many, harmful := done, done, done
	for _, entry := range change.Samples(now) {
		many.Changes = append(many.Changes, entry.Change)
	}
	one.Changes = many.Changes[:1]
	harmful.Changes = []plan.Change{change.HostileEntry(now).Change}
	choose := func(name string, app page.Application, data chooseData) page.Sample {
		return page.Sample{Page: "Provision on demand", Case: name, Path: app.Path("on-demand"), Answer: a.choose.Show(head(app), data)}
	}
	result := func(name string, app page.Application, preview bool, done administration.Performance) page.Sample {
		return page.Sample{Page: "Provision on demand, the result", Case: name, Path: app.Path("on-demand"), Answer: a.result.Show(resultHead(app, preview), shown.resultData(app, []string{"e1001"}, preview, done))}
	}
	return []page.Sample{
		choose("full", app, full), choose("empty", app, newChooseData(app, "")), choose("nobody found", app, newChooseData(app, "zzz")), choose("not set up", fresh, newChooseData(fresh, "")), choose("hostile", hostile, harm),
		result("full", app, false, one), result("several people", app, true, many), result("empty", app, false, done), result("hostile", hostile, true, harmful),
	}
}
