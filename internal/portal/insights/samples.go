package insights

import (
	"fmt"
	"time"

	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

// Samples returns the page with made-up data.
func (a *Area) Samples() []page.Sample {
	now := time.Now()
	app := page.SampleApplication("Salesforce")
	one, two := []page.Link{{Text: "Salesforce", Path: app.ID}}, []page.Link{{Text: "Salesforce", Path: app.ID}, {Text: "Salesforce UAT", Path: "two"}}
	show := func(name string, chosen selection, apps []page.Link, m material) page.Sample {
		p, _ := periodNamed(chosen.Period)
		return page.Sample{Page: "Insights", Case: name, Path: chosen.path("/insights"), Answer: a.insights.Show(head(), newData(chosen, p.until(now), apps, m))}
	}
	h := page.Hostile
	harm := material{causes: []store.Cause{{ApplicationID: h, Code: h, Count: 3}}, cycles: []provisioning.CycleRecord{{Run: provisioning.Run{CycleID: h, Began: now, Ended: now}, ApplicationID: h, Licenses: []provisioning.LicenseUse{{Name: h, Total: 3, Used: 1}}}}}
	many := sampleMaterial(app.ID, now, 24*time.Hour, 30)
	many.cut = true
	for i := range many.cycles {
		many.cycles[i].ApplicationID = two[i%2].Path
	}
	return []page.Sample{
		show("full", selection{Application: app.ID}, two, sampleMaterial(app.ID, now, time.Hour, 24)),
		show("of a week", selection{Period: "7d", Application: app.ID}, one, sampleMaterial(app.ID, now, 6*time.Hour, 28)),
		show("all applications, more cycles than are drawn", selection{Period: "30d"}, two, many),
		show("empty", selection{}, nil, material{}),
		show("hostile, all applications", selection{}, []page.Link{{Text: h, Path: h}, {Text: h, Path: "x"}}, harm),
		show("hostile", selection{Application: h}, []page.Link{{Text: h, Path: h}, {Text: h, Path: "x"}}, harm),
	}
}

// sampleMaterial is made up: a morning's initial load, then a steady trickle.
func sampleMaterial(app string, now time.Time, step time.Duration, steps int) material {
	var m material
	at := now.UTC().Truncate(step)
	for i := range steps {
		began := at.Add(-time.Duration(i) * step)
		wave := (i*7)%11 + 3
		add := func(action plan.Action, status plan.Status, count int) {
			if count > 0 {
				m.tallies = append(m.tallies, store.Tally{Began: began, Action: action, Status: status, Count: count})
			}
		}
		add(plan.Create, plan.Success, 2*wave)
		add(plan.Update, plan.Success, 5*wave+i%4)
		add(plan.Disable, plan.Success, wave/3)
		add(plan.Enable, plan.Success, wave/5)
		add(plan.Skip, plan.Skipped, 4*wave)
		add(plan.Create, plan.Failure, max(0, wave-9)*3)
		add(plan.Disable, plan.Staged, (i%13)/12*31)
		record := provisioning.CycleRecord{Run: provisioning.Run{
			CycleID: fmt.Sprintf("cycle-%d", i), Kind: provisioning.Incremental, Began: began, Ended: began.Add(time.Duration(wave*3) * time.Second), Counts: provisioning.Counts{Calls: int64(12 * wave)},
		}}
		record.Quota = provisioning.Quota{Limit: 100_000, Used: int64(21_000 + 400*wave)}
		record.Licenses = []provisioning.LicenseUse{{Name: "Salesforce", Total: 250, Used: 231}, {Name: "Salesforce Platform", Total: 1000, Used: 412}, {Name: "Chatter Free", Total: provisioning.UnlimitedSeats, Used: 88}}
		if i%5 != 4 {
			record.Latency = provisioning.Latency{Count: wave, Median: time.Duration(900+100*wave) * time.Millisecond, P95: time.Duration(1+wave) * time.Second, Max: time.Duration(3*wave) * time.Second}
		}
		m.cycles = append(m.cycles, record)
	}
	m.causes = []store.Cause{
		{ApplicationID: app, Code: "SalesforceLicenseLimitExceeded", Count: 214},
		{ApplicationID: app, Code: "SalesforceDuplicateUserName", Count: 31},
		{ApplicationID: "two", Code: "SalesforceRequiredFieldMissing", Count: 9},
		{ApplicationID: app, Code: "Timeout", Count: 1},
	}
	return m
}
