package applications

import (
	"embed"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/store"
)

//go:embed *.tmpl
var files embed.FS

// Area is the list of applications and the gallery.
type Area struct {
	Administration *administration.Service

	list    page.Page[listData]
	gallery page.Page[galleryData]
	removal page.Page[removalData]
}

// New returns the area.
func New(service *administration.Service) *Area {
	return &Area{
		Administration: service,
		list:           page.Parse[listData]("list.tmpl", files),
		gallery:        page.Parse[galleryData]("gallery.tmpl", files),
		removal:        page.Parse[removalData]("removal.tmpl", files),
	}
}

// Mount puts the routes of the area on the router.
func (a *Area) Mount(r *page.Router) {
	r.Get("/applications", a.showList)
	r.Get("/applications/new", a.showGallery)
	r.Post("/applications/new", store.RoleAdministrator, a.add)
	r.GetFor("/applications/{application}/remove", store.RoleAdministrator, a.askRemoval)
	r.Post("/applications/{application}/remove", store.RoleAdministrator, a.remove)
}
