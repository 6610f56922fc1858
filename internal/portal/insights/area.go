package insights

import (
	"embed"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/chart"
	"github.com/usher-id/usher/internal/portal/page"
)

//go:embed *.tmpl
var files embed.FS

// Area is the insights.
type Area struct {
	Administration *administration.Service

	insights page.Page[data]
}

// New returns the area.
func New(service *administration.Service) *Area {
	return &Area{Administration: service, insights: page.Parse[data]("insights.tmpl", files, chart.Files)}
}

// Mount puts the routes of the area on the router.
func (a *Area) Mount(r *page.Router) {
	r.Get("/insights", a.show)
	r.Get("/insights/download", a.download)
}
