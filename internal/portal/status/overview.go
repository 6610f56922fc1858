package status

import (
	"context"
	"time"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/chart"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/provisioning"
)

// overviewData is the overview of an application.
type overviewData struct {
	App        page.Application
	Template   string
	Health     administration.Health
	Progress   live
	On         bool
	Configured bool
	NextRun    time.Time
	Interval   string
	Attention  []attention
	Off        off
	Advice     string // what to do about the last cycle, when it failed
	Quarantine quarantineData
	Steady     time.Time
	Paths      overviewPaths
	Causes     []cause
	Chart      chart.Figure // what the last cycles did
	Watermark  int64        // position in the change feed
}

// quarantineData is a quarantine as it is shown; the zero value is none.
type quarantineData struct {
	provisioning.Quarantine

	Title  string // why, in words
	Advice string
	Link   page.Link
}

// overviewPaths are where the buttons of the overview lead.
type overviewPaths struct{ Live, Start, Pause, Restart, OnDemand, Preview, Logs, Cycle, Accounts, Removals, Failures, Assigned, Remove string }

func overviewHead(app page.Application) page.Head {
	head := app.Of(app.DisplayName, "")
	head.Crumbs = head.Crumbs[:1]
	head.Refresh, head.OwnState = overviewRefresh, true
	return head
}

// loaded is an application with what its overview shows.
type loaded struct {
	app  page.Application
	data overviewData
}

func (a *Area) load(ctx context.Context, id string) (loaded, error) {
	found, err := a.Administration.Application(ctx, id)
	if err != nil {
		return loaded{}, err
	}
	health, err := a.Administration.Health(ctx, found)
	if err != nil {
		return loaded{}, err
	}
	groups, err := a.Administration.Store.FailureGroups(ctx, found.Job.ID)
	if err != nil {
		return loaded{}, err
	}
	app := page.Application{Application: found, Links: health.Links}
	data := newOverviewData(app, health, a.NextRun(found.Job, health.At))
	data.Template = found.TemplateID
	if template, err := a.Administration.Template(found); err == nil {
		data.Template = template.Descriptor.Name
	}
	data.Causes = a.causes(app, groups)
	if data.Off, err = a.off(ctx, app); err != nil {
		return loaded{}, err
	}
	last, err := a.Administration.Store.FindCycles(ctx, store.CycleSearch{JobID: app.Job.ID}, store.Page{Limit: charted})
	data.Chart, data.Advice = cyclesChart(app, last.Items), a.adviceOn(app.Job.Status.LastRun, last.Items)
	return loaded{app, data}, err
}

// adviceOn says what to do about a cycle that failed as a whole, in the words that a test
// of the connection has for it; empty for one that did not fail.
func (a *Area) adviceOn(run provisioning.Run, records []provisioning.CycleRecord) string {
	for _, record := range records {
		if run.State == provisioning.Failed && record.CycleID == run.CycleID {
			return a.advice(record.Code)
		}
	}
	return ""
}

// advice is what the catalogue advises about a code, empty for nothing.
func (a *Area) advice(code string) string {
	explanation, _ := a.Administration.Catalogue.Find(code)
	return page.Sentence(explanation.Advice)
}

func newOverviewData(app page.Application, health administration.Health, next time.Time) overviewData {
	data := overviewData{
		App: app, Health: health, On: app.On(), Configured: app.Job.Status.Code != provisioning.NotConfigured, NextRun: next,
		Interval: interval(app.Job), Attention: attentions(app), Steady: app.Job.Status.SteadySince, Watermark: int64(app.Job.Watermark),
		Paths: overviewPaths{
			Live: app.Path("live"), Start: app.Path("start"), Pause: app.Path("pause"), Restart: app.Path("restart"), OnDemand: app.Path("on-demand"), Preview: app.Path("preview"),
			Logs: "/logs?application=" + app.ID, Cycle: app.Path("cycles/" + app.Job.Status.LastRun.CycleID), Accounts: app.Path("accounts"), Removals: app.Path("removals"),
			Failures: app.Path("failures"), Assigned: app.Path("users-and-groups"), Remove: app.Path("remove"),
		},
	}
	if health.Running {
		data.Progress = newLive(health.Progress)
	}
	if quarantine := app.Job.Status.Quarantine; quarantine.Reason != "" {
		data.Quarantine.Quarantine = quarantine
		data.Quarantine.Title = quarantineTitle(quarantine.Reason)
		data.Quarantine.Advice, data.Quarantine.Link = quarantineAdvice(app)
	}
	return data
}

func (a *Area) showOverview(ctx context.Context, r *page.Request) (page.Answer, error) {
	app, err := r.Application(ctx)
	if err != nil {
		return page.Answer{}, err
	}
	now, err := a.load(ctx, app.ID)
	if err != nil {
		return page.Answer{}, err
	}
	return a.overview.Show(overviewHead(now.app), now.data), nil
}
