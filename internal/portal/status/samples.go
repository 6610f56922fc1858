package status

import (
	"time"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/provisioning"
)

// Samples returns the pages of the area with made-up data.
func (a *Area) Samples() []page.Sample {
	now := time.Now()
	app, running, quarantined, hostile := sampleApp("Salesforce", now), sampleApp("Salesforce UAT", now), sampleApp("Salesforce Service", now), sampleApp(page.Hostile, now)
	quarantined.Job.Status.Code = provisioning.Quarantined
	quarantined.Job.Status.Quarantine = provisioning.Quarantine{
		Reason: provisioning.EncounteredQuarantineException, Code: "SalesforceInvalidCredentials", Message: "INVALID_LOGIN: Invalid username, password, security token; or user locked out",
		Began: now.Add(-7 * time.Hour), SeriesBegan: now.Add(-7 * time.Hour), NextAttempt: now.Add(5 * time.Hour), SeriesCount: 2,
	}
	hostile.Job.Status.Quarantine = quarantined.Job.Status.Quarantine
	hostile.Job.Status.Quarantine.Message = page.Hostile
	hostile.Job.Status.LastRun.Error = page.Hostile
	fresh := page.SampleApplication("Salesforce")
	fresh.Links, fresh.Job.Schedule.State, fresh.Job.Status = store.LinkCount{}, provisioning.ScheduleDisabled, provisioning.Status{Code: provisioning.NotConfigured}
	progress := provisioning.Progress{
		CycleID: "c", Kind: provisioning.Initial, Phase: "people", Began: now.Add(-40 * time.Second), At: now, Expected: 9300,
		Counts: provisioning.Counts{Created: 4100, Unchanged: 12, Skipped: 38, Failed: 2, Calls: 44},
	}
	home := homeData{Users: 10023}
	for _, each := range []page.Application{quarantined, running, app} {
		home.Applications = append(home.Applications, sampleHome(each))
	}
	home.Applications[1].Progress = newLive(progress)
	harm := homeData{Users: 1, Applications: []homeApplication{sampleHome(hostile)}}
	harm.Applications[0].Causes = []cause{{page.Hostile, page.Hostile, 1, "/applications/x/failures?code=%22%3E"}}
	overview := func(name string, app page.Application, health administration.Health) page.Sample {
		data := newOverviewData(app, health, now.Add(20*time.Minute))
		data.Template = "Salesforce"
		if app.Job.Schedule.State == provisioning.SchedulePaused {
			data.Off = newOff(app, journal.Audit{At: now.Add(-5 * time.Minute), Actor: "iris@contoso.com (portal)", Detail: administration.PausedForUndo})
		}
		if name == "hostile" {
			data.Off, data.Advice = newOff(app, journal.Audit{At: now, Actor: page.Hostile, Detail: page.Hostile}), page.Hostile
		}
		if name == "full" {
			data.Chart = cyclesChart(app, sampleCycles(now))
		}
		return page.Sample{Page: "Overview of an application", Case: name, Path: app.Path(""), Answer: a.overview.Show(overviewHead(app), data)}
	}
	paused := sampleApp("Salesforce", now)
	paused.Job = paused.Job.Stopped()
	records, harmful := sampleCycles(now), sampleCycles(now)[:1]
	harmful[0].Error, harmful[0].Code, harmful[0].Held, harmful[0].InitiatedBy, harmful[0].CycleID = page.Hostile, page.Hostile, page.Hostile, page.Hostile, "x\"y"
	harmful[0].Counts.Codes = map[string]int{page.Hostile: 1}
	harmful[0].Licenses = []provisioning.LicenseUse{{Name: page.Hostile, Total: -1, Used: 3}}
	cycles := func(name string, app page.Application, records []provisioning.CycleRecord) page.Sample {
		data := newCyclesData(app, records, "", "")
		data.Chart = cyclesChart(app, records)
		return page.Sample{Page: "Cycles", Case: name, Path: app.Path("cycles"), Answer: a.cycles.Show(cyclesHead(app), data)}
	}
	cycle := func(name string, app page.Application, record provisioning.CycleRecord) page.Sample {
		data := newCycleData(app, record)
		return page.Sample{Page: "A cycle", Case: name, Path: data.Path, Answer: a.cycle.Show(cyclesHead(app).Below(data.Title, app.Path("cycles"), "Cycles"), data)}
	}
	full := administration.Health{Healthy: true, Assigned: 9300, Links: app.Links, Behind: 3, At: now}
	busy := full
	busy.Running, busy.Progress = true, progress
	changed := newStartData(fresh, administration.StartMeaning{Assigned: full.Assigned, Enabled: full.Links.Enabled})
	changed.Confirmation.Changed, changed.Everybody, changed.Allowed, changed.Quarantine = true, true, 31, true
	return []page.Sample{
		{Page: "Home", Case: "full", Path: "/", Answer: a.home.Show(homeHead(), home)},
		{Page: "Home", Case: "empty", Path: "/", Answer: a.home.Show(homeHead(), homeData{First: firstSteps(0, nil, true)})},
		{Page: "Home", Case: "hostile", Path: "/", Answer: a.home.Show(homeHead(), harm)},
		overview("full", app, full), overview("running", running, busy), overview("off", paused, full), overview("quarantine", quarantined, full), overview("empty", fresh, administration.Health{At: now}), overview("hostile", hostile, full),
		cycles("full", app, records), cycles("empty", app, nil), cycles("hostile", hostile, harmful),
		cycle("full", app, records[0]), cycle("failed", app, records[3]), cycle("hostile", hostile, harmful[0]),
		{Page: "Start provisioning", Case: "full", Path: app.Path("start"), Answer: a.starting.Show(app.Of("Start provisioning", ""), newStartData(fresh, administration.StartMeaning{Assigned: full.Assigned, Enabled: full.Links.Enabled}))},
		{Page: "Start provisioning", Case: "changed meanwhile", Path: app.Path("start"), Answer: a.starting.Show(startHead(app), changed)},
		{Page: "Restart provisioning", Case: "full", Path: app.Path("restart"), Answer: a.restart.Show(app.Of("Restart provisioning", ""), newRestartData(app, provisioning.RestartDefault, nil))},
		{Page: "Restart provisioning", Case: "refused", Path: app.Path("restart"), Answer: a.restart.Show(app.Of("Restart provisioning", ""), newRestartData(app, provisioning.RestartNone, page.Faults{"": "Choose at least one thing that is to be forgotten."})).With(422)},
	}
}

func sampleApp(name string, now time.Time) page.Application {
	app := page.SampleApplication(name)
	app.CreatedAt = now.Add(-90 * 24 * time.Hour)
	app.Job.Status.SteadySince = now.Add(-89 * 24 * time.Hour)
	app.Job.Status.LastRun = provisioning.Run{
		CycleID: "01936f2e-7c1a-7000-8000-00000000cafe", Kind: provisioning.Incremental, State: provisioning.EntryLevelErrors, Began: now.Add(-3 * time.Minute), Ended: now.Add(-2 * time.Minute),
		Counts: provisioning.Counts{Collected: 32, Created: 10, Updated: 13, Disabled: 7, Failed: 2, Calls: 6},
	}
	return app
}

// sampleCycles are made-up cycles, the newest first.
func sampleCycles(now time.Time) []provisioning.CycleRecord {
	var records []provisioning.CycleRecord
	for n := range 12 {
		began := now.Add(-time.Duration(n+1) * 40 * time.Minute)
		record := provisioning.CycleRecord{
			JobID: "j", Quota: provisioning.Quota{Limit: 100_000, Used: int64(31_000 - 400*n)}, Latency: provisioning.Latency{Count: 12, Median: 540 * time.Millisecond, P95: 1300 * time.Millisecond, Max: 2 * time.Second},
			Licenses: []provisioning.LicenseUse{{Name: "Salesforce", Total: 9500, Used: 9121}, {Name: "Identity", Total: -1, Used: 12}},
		}
		record.Run = provisioning.Run{CycleID: "01936f2e-7c1a-7000-8000-0000000000" + string(rune('a'+n)) + "0", Kind: provisioning.Incremental, State: provisioning.Succeeded, Began: began, Ended: began.Add(900 * time.Millisecond)}
		record.Counts = provisioning.Counts{Collected: 20 + n, Created: 4 + n%5, Updated: 7 + n%3, Disabled: n % 4, Calls: 6, Writes: 11}
		records = append(records, record)
	}
	records[0].State, records[0].Counts.Failed, records[0].Counts.Skipped = provisioning.EntryLevelErrors, 2, 38
	records[0].Counts.Codes = map[string]int{"SalesforceDuplicateUserName": 2, "NotEffectivelyEntitled": 38}
	records[3].State, records[3].Error, records[3].Code = provisioning.Failed, "INVALID_LOGIN: Invalid username, password, security token; or user locked out", "SalesforceInvalidCredentials"
	records[3].Counts = provisioning.Counts{Calls: 1}
	return records
}

func sampleHome(app page.Application) homeApplication {
	return homeApplication{
		Name: app.DisplayName, Path: app.Path(""), Template: "Salesforce", State: app.State(), Assigned: 9300, Accounts: app.Links.Enabled, Last: app.Job.Status.LastRun, Attention: attentions(app),
		Causes: []cause{{"SalesforceDuplicateUserName", "The username exists already, in this org or in any other Salesforce org.", 1, app.Path("failures") + "?code=SalesforceDuplicateUserName"}},
	}
}
