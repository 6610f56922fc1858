package configuration

import (
	"context"
	"embed"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/store"
)

//go:embed *.tmpl
var files embed.FS

// Area is the page "Provisioning" of an application.
type Area struct {
	Administration *administration.Service

	page page.Page[pageData]
}

// New returns the area.
func New(service *administration.Service) *Area {
	return &Area{Administration: service, page: page.Parse[pageData]("provisioning.tmpl", files)}
}

// menu is the entry of an application's menu, and the last segment of the path.
const menu = "provisioning"

// Mount puts the routes of the area on the router.
func (a *Area) Mount(r *page.Router) {
	const at = "/applications/{application}/" + menu
	r.Get(at, a.of(a.show))
	r.SlowPost(at+"/credentials", store.RoleAdministrator, a.of(a.saveCredentials))
	r.SlowPost(at+"/test", store.RoleAdministrator, a.of(a.test))
	r.Post(at+"/settings", store.RoleAdministrator, a.of(a.saveSettings))
	r.SlowPost(at+"/mode", store.RoleOperator, a.of(a.saveMode))
}

// of finds the application that a page is about.
func (a *Area) of(handle func(context.Context, *page.Request, page.Application) (page.Answer, error)) page.Handler {
	return func(ctx context.Context, r *page.Request) (page.Answer, error) {
		app, err := r.ApplicationWithAccounts(ctx)
		if err != nil {
			return page.Answer{}, err
		}
		return handle(ctx, r, app)
	}
}
