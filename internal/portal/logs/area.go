package logs

import (
	"embed"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/change"
	"github.com/usher-id/usher/internal/portal/page"
)

//go:embed *.tmpl
var files embed.FS

// Area is the provisioning log.
type Area struct {
	Administration *administration.Service

	list  page.Page[listData]
	entry page.Page[entryData]
	codes page.Page[codesData]
}

// New returns the area.
func New(service *administration.Service) *Area {
	return &Area{
		Administration: service,
		list:           page.Parse[listData]("list.tmpl", files, change.Files),
		entry:          page.Parse[entryData]("entry.tmpl", files, change.Files),
		codes:          page.Parse[codesData]("codes.tmpl", files, change.Files),
	}
}

// Mount puts the routes of the area on the router.
func (a *Area) Mount(r *page.Router) {
	r.Get("/logs", a.showList)
	r.Get("/logs/{entry}", a.showEntry)
	r.Get("/logs/codes", a.showCodes)
	r.SlowGet("/logs/download", a.download)
}
