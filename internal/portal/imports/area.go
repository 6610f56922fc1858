package imports

import (
	"embed"
	"net/url"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/portal/progress"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/source"
)

//go:embed *.tmpl samples/*.csv
var files embed.FS

// Open opens uploaded files as a source. Each has as its field what it is: "users",
// "groups", "members" or "assignments". If whole is set, they may name nobody but those
// in them; otherwise also whoever is in the directory.
type Open func(uploaded []store.UploadedFile, whole bool) (source.Source, error)

// Area is the import of files into the directory.
type Area struct {
	Administration *administration.Service
	Operations     *administration.Operations
	Open           Open

	form      page.Page[formData]
	preview   page.Page[previewData]
	operation page.Page[operationData]
}

// New returns the area.
func New(service *administration.Service, operations *administration.Operations, open Open) *Area {
	return &Area{
		Administration: service, Operations: operations, Open: open,
		form:      page.Parse[formData]("form.tmpl", files),
		preview:   page.Parse[previewData]("preview.tmpl", files),
		operation: page.Parse[operationData]("operation.tmpl", files, progress.Files),
	}
}

// Path is the page that files are chosen on.
const Path = "/directory/import"

// Mount puts the routes of the area on the router.
func (a *Area) Mount(r *page.Router) {
	r.GetFor(Path, store.RoleAdministrator, a.showForm)
	r.Upload(Path, store.RoleAdministrator, a.upload)
	r.Get(Path+"/samples/{file}", a.sample)
	r.GetFor(Path+"/operations/{operation}", store.RoleAdministrator, a.showOperation)
	r.SlowGetFor(Path+"/{upload}", store.RoleAdministrator, a.showPreview)
	r.SlowPost(Path+"/{upload}", store.RoleAdministrator, a.confirm)
	r.Post(Path+"/{upload}/discard", store.RoleAdministrator, a.discard)
}

func uploadPath(id string, replace bool) string {
	path := Path + "/" + url.PathEscape(id)
	if replace {
		path += "?replace=on"
	}
	return path
}

func head() page.Head {
	return page.Head{
		Title: "Import", Section: "/users", Crumbs: []page.Link{{Text: "Users", Path: "/users"}},
		Lead: "Fill the directory from CSV files. You see what they do before it is done, and nothing is done when a file has a fault.",
	}
}
