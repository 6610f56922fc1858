package people

import (
	"context"
	"embed"
	"errors"
	"net/url"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/change"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/store"
)

//go:embed *.tmpl
var files embed.FS

// Area is the users and groups of the directory.
type Area struct {
	Administration *administration.Service

	users       page.Page[usersData]
	user        page.Page[userData]
	reports     page.Page[reportsData]
	history     page.Page[historyData]
	groups      page.Page[groupsData]
	group       page.Page[groupData]
	memberships page.Page[membershipsData]
}

// New returns the area.
func New(service *administration.Service) *Area {
	return &Area{
		Administration: service,
		users:          page.Parse[usersData]("users.tmpl", files),
		user:           page.Parse[userData]("user.tmpl", files, change.Files),
		reports:        page.Parse[reportsData]("reports.tmpl", files),
		history:        page.Parse[historyData]("history.tmpl", files, change.Files),
		groups:         page.Parse[groupsData]("groups.tmpl", files),
		group:          page.Parse[groupData]("group.tmpl", files),
		memberships:    page.Parse[membershipsData]("memberships.tmpl", files),
	}
}

// The lists, which are entries of the main menu as well.
const (
	usersPath  = "/users"
	groupsPath = "/groups"
)

// Mount puts the routes of the area on the router.
func (a *Area) Mount(r *page.Router) {
	r.Get(usersPath, a.showUsers)
	r.Get(usersPath+"/{user}", a.showUser)
	r.Post(usersPath+"/{user}/restore", store.RoleAdministrator, a.restoreUser)
	r.Get(usersPath+"/{user}/reports", a.showReports)
	r.Get(usersPath+"/{user}/groups", a.showGroupsOfUser)
	r.Get(usersPath+"/{user}/history", a.showHistory)
	r.Get(groupsPath, a.showGroups)
	r.Get(groupsPath+"/{group}", a.showGroup)
	r.Post(groupsPath+"/{group}/restore", store.RoleAdministrator, a.restoreGroup)
	r.Get(groupsPath+"/{group}/groups", a.showGroupsOfGroup)
	r.Get(groupsPath+"/{group}/history", a.showHistoryOfGroup)
}

func userPath(id string) string  { return usersPath + "/" + url.PathEscape(id) }
func groupPath(id string) string { return groupsPath + "/" + url.PathEscape(id) }

// pager leads through a list by the cursors that the store gives.
func pager[T any](r *page.Request, found store.Listing[T], shown string) page.Pager {
	p := r.Pager(found.Previous, found.Next)
	p.Shown = shown
	return p
}

// begin leads to the first part of a list when the cursor is that of another one.
func begin(r *page.Request, err error) (page.Answer, error) {
	if errors.Is(err, store.ErrInvalid) && r.Value("cursor") != "" {
		return page.Away(r.HTTP.URL.EscapedPath() + r.Query("cursor", "")), nil
	}
	return page.Answer{}, err
}

// part is the part of a list that a request asks for.
func part(r *page.Request) store.Page { return store.Page{Cursor: r.Value("cursor")} }

// known finds a user by the id or name in the path.
func (a *Area) known(ctx context.Context, r *page.Request) (person, error) {
	user, err := a.Administration.Store.User(ctx, r.Path("user"))
	if errors.Is(err, store.ErrNotFound) {
		return person{}, noUser(r.Path("user"))
	}
	return newPerson(user), err
}

func noUser(name string) error {
	return page.NotFound("There is no user with the id or user principal name “%s” in the directory.", name)
}
