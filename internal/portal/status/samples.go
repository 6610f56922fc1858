package status

import (
	"time"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/store"
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
		return page.Sample{Page: "Overview of an application", Case: name, Path: app.Path(""), Answer: a.overview.Show(overviewHead(app), data)}
	}
	full := administration.Health{Healthy: true, Assigned: 9300, Links: app.Links, Behind: 3, At: now}
	busy := full
	busy.Running, busy.Progress = true, progress
	return []page.Sample{
		{Page: "Home", Case: "full", Path: "/", Answer: a.home.Show(homeHead(), home)},
		{Page: "Home", Case: "empty", Path: "/", Answer: a.home.Show(homeHead(), homeData{First: firstSteps(0, nil)})},
		{Page: "Home", Case: "hostile", Path: "/", Answer: a.home.Show(homeHead(), harm)},
		overview("full", app, full), overview("running", running, busy), overview("quarantine", quarantined, full), overview("empty", fresh, administration.Health{At: now}), overview("hostile", hostile, full),
		{Page: "Start provisioning", Case: "full", Path: app.Path("start"), Answer: a.starting.Show(app.Of("Start provisioning", ""), newStartData(fresh, full))},
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

func sampleHome(app page.Application) homeApplication {
	return homeApplication{
		Name: app.DisplayName, Path: app.Path(""), Template: "Salesforce", State: app.State(), Assigned: 9300, Accounts: app.Links.Enabled, Last: app.Job.Status.LastRun, Attention: attentions(app),
		Causes: []cause{{"SalesforceDuplicateUserName", "The username exists already, in this org or in any other Salesforce org.", 1, app.Path("failures") + "?code=SalesforceDuplicateUserName"}},
	}
}
