package status

import (
	"embed"
	"time"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/chart"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/portal/progress"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/provisioning"
)

//go:embed *.tmpl
var files embed.FS

// Area is the home page and the overview of an application.
type Area struct {
	Administration *administration.Service

	// NextRun returns when a job's next cycle is due, the zero time for never.
	NextRun func(job provisioning.Job, now time.Time) time.Time

	home     page.Page[homeData]
	overview page.Page[overviewData]
	starting page.Page[startData]
	restart  page.Page[restartData]
	cycles   page.Page[cyclesData]
	cycle    page.Page[cycleData]
}

// New returns the area.
func New(service *administration.Service, nextRun func(provisioning.Job, time.Time) time.Time) *Area {
	return &Area{
		Administration: service, NextRun: nextRun,
		home:     page.Parse[homeData]("home.tmpl", files, progress.Files),
		overview: page.Parse[overviewData]("overview.tmpl", files, progress.Files, chart.Files),
		starting: page.Parse[startData]("start.tmpl", files, progress.Files),
		restart:  page.Parse[restartData]("restart.tmpl", files, progress.Files),
		cycles:   page.Parse[cyclesData]("cycles.tmpl", files, progress.Files, chart.Files),
		cycle:    page.Parse[cycleData]("cycle.tmpl", files, progress.Files),
	}
}

// Mount puts the routes of the area on the router.
func (a *Area) Mount(r *page.Router) {
	const app = "/applications/{application}"
	r.Get("/", a.showHome)
	r.Get(app, a.showOverview)
	r.Get(app+"/live", a.streamLive)
	r.Get(app+"/cycles", a.showCycles)
	r.Get(app+"/cycles/{cycle}", a.showCycle)
	r.GetFor(app+"/start", store.RoleOperator, a.askStart)
	r.Post(app+"/start", store.RoleOperator, a.start)
	r.Post(app+"/pause", store.RoleOperator, a.pause)
	r.GetFor(app+"/restart", store.RoleOperator, a.askRestart)
	r.Post(app+"/restart", store.RoleOperator, a.restartJob)
}
