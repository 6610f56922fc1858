package ondemand

import (
	"embed"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/change"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/store"
)

//go:embed *.tmpl
var files embed.FS

// Area provisions on demand.
type Area struct {
	Administration *administration.Service

	choose page.Page[chooseData]
	result page.Page[resultData]
}

// New returns the area.
func New(service *administration.Service) *Area {
	return &Area{
		Administration: service,
		choose:         page.Parse[chooseData]("choose.tmpl", files),
		result:         page.Parse[resultData]("result.tmpl", files, change.Files),
	}
}

// Mount puts the routes of the area on the router.
func (a *Area) Mount(r *page.Router) {
	const at = "/applications/{application}/on-demand"
	r.Get(at, a.show)
	r.SlowPost(at+"/preview", store.RoleReader, a.preview)
	r.SlowPost(at, store.RoleOperator, a.provision)
}
