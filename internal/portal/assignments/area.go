package assignments

import (
	"context"
	"embed"
	"net/http"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/store"
)

//go:embed *.tmpl
var files embed.FS

// Area is the users and groups of an application.
type Area struct {
	Administration *administration.Service
	Operations     *administration.Operations

	list      page.Page[listData]
	add       page.Page[addData]
	role      page.Page[changeData]
	removal   page.Page[changeData]
	upload    page.Page[uploadData]
	conflicts page.Page[conflictsData]
}

// New returns the area. Operations make the assignments of long files; they may be nil
// for samples.
func New(service *administration.Service, operations *administration.Operations) *Area {
	return &Area{
		Administration: service, Operations: operations,
		list:      page.Parse[listData]("list.tmpl", files),
		add:       page.Parse[addData]("add.tmpl", files),
		role:      page.Parse[changeData]("role.tmpl", files),
		removal:   page.Parse[changeData]("removal.tmpl", files),
		upload:    page.Parse[uploadData]("upload.tmpl", files),
		conflicts: page.Parse[conflictsData]("conflicts.tmpl", files),
	}
}

// menu is the entry of an application's menu, and the last segment of the path.
const menu = "users-and-groups"

// Mount puts the routes of the area on the router.
func (a *Area) Mount(r *page.Router) {
	const at = "/applications/{application}/" + menu
	r.Get(at, a.of(a.showList))
	r.SlowGet(at+"/add", a.of(a.showAdd))
	r.Post(at+"/add", store.RoleAdministrator, a.of(a.assign))
	r.SlowPost(at+"/roles", store.RoleAdministrator, a.of(a.readRoles))
	r.GetFor(at+"/role", store.RoleAdministrator, a.of(a.askRole))
	r.Post(at+"/role", store.RoleAdministrator, a.of(a.changeRole))
	r.GetFor(at+"/remove", store.RoleAdministrator, a.of(a.askRemoval))
	r.Post(at+"/remove", store.RoleAdministrator, a.of(a.remove))
	r.GetFor(at+"/upload", store.RoleAdministrator, a.of(a.askUpload))
	r.SlowPost(at+"/upload", store.RoleAdministrator, a.of(a.preview))
	r.SlowPost(at+"/upload/apply", store.RoleAdministrator, a.of(a.apply))
	r.Get(at+"/conflicts", a.of(a.showConflicts))
}

// of finds the application that a page is about.
func (a *Area) of(handle func(context.Context, *page.Request, page.Application) (page.Answer, error)) page.Handler {
	return func(ctx context.Context, r *page.Request) (page.Answer, error) {
		app, err := r.Application(ctx)
		if err != nil {
			return page.Answer{}, err
		}
		return handle(ctx, r, app)
	}
}

// below returns the head of a page below the list.
func below(app page.Application, title string) page.Head {
	return app.Of("Users and groups", menu).Below(title, app.Path(menu), "Users and groups")
}

// refused shows a form again with what is wrong with it.
func refused(answer page.Answer) page.Answer { return answer.With(http.StatusUnprocessableEntity) }
