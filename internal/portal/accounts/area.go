package accounts

import (
	"embed"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/store"
)

//go:embed *.tmpl
var files embed.FS

// Area is the list of accounts, the survey of the application, and drift.
type Area struct {
	Administration *administration.Service
	Operations     *administration.Operations // looks for drift; nil in samples

	managed    page.Page[managedData]
	survey     page.Page[surveyData]
	disconnect page.Page[disconnectData]
	drift      page.Page[driftData]
	confirm    page.Page[choiceData]
}

// New returns the area.
func New(service *administration.Service, operations *administration.Operations) *Area {
	return &Area{
		Administration: service, Operations: operations,
		managed:    page.Parse[managedData]("managed.tmpl", files),
		survey:     page.Parse[surveyData]("survey.tmpl", files),
		disconnect: page.Parse[disconnectData]("disconnect.tmpl", files),
		drift:      page.Parse[driftData]("drift.tmpl", files),
		confirm:    page.Parse[choiceData]("choice.tmpl", files),
	}
}

// Mount puts the routes of the area on the router.
func (a *Area) Mount(r *page.Router) {
	const app = "/applications/{application}"
	r.Get(app+"/accounts", a.showManaged)
	r.SlowGet(app+"/accounts/survey", a.showSurvey)
	r.SlowGet(app+"/accounts/survey.csv", a.downloadSurvey)
	r.GetFor(app+"/accounts/{user}/disconnect", store.RoleAdministrator, a.askDisconnect)
	r.SlowPost(app+"/accounts/{user}/disconnect", store.RoleAdministrator, a.disconnectAccount)
	r.Get(app+"/drift", a.showDrift)
	r.Post(app+"/drift", store.RoleOperator, a.findDrift)
	r.SlowPost(app+"/drift/accept", store.RoleAdministrator, a.accept)
	r.Post(app+"/drift/retract", store.RoleAdministrator, a.retract)
}
