package signin

import (
	"embed"
	"net/http"

	"github.com/usher-id/usher/internal/auth"
	"github.com/usher-id/usher/internal/origin"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/store"
)

//go:embed *.tmpl
var files embed.FS

// Area signs people in and out.
type Area struct {
	People *auth.People
	Origin origin.Origin // under which visitors reach the portal

	form    page.Page[formData]
	link    page.Page[linkData]
	account page.Page[accountData]
}

// New returns the area.
func New(people *auth.People, from origin.Origin) *Area {
	return &Area{
		People: people, Origin: from,
		form:    page.Parse[formData]("form.tmpl", files),
		link:    page.Parse[linkData]("link.tmpl", files),
		account: page.Parse[accountData]("account.tmpl", files),
	}
}

// Mount puts the routes of the area on the router.
func (a *Area) Mount(r *page.Router) {
	r.Open(http.MethodGet, "/sign-in", a.show)
	r.Open(http.MethodPost, "/sign-in", a.signIn)
	r.Open(http.MethodPost, "/sign-out", a.signOut)
	r.Open(http.MethodGet, auth.OpenIDPath+"/begin", a.beginOpenID)
	r.Open(http.MethodGet, auth.OpenIDPath, a.completeOpenID)
	r.Open(http.MethodGet, auth.LinkPath+"{token}", a.showLink)
	r.Open(http.MethodPost, auth.LinkPath+"{token}", a.redeem)
	r.Get("/account", a.showAccount)
	r.Post("/account/password", store.RoleReader, a.changePassword)
	r.Post("/account/sessions/revoke", store.RoleReader, a.revoke)
}
