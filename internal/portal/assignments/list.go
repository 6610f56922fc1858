package assignments

import (
	"context"
	"time"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/store"
)

// listData is the list of assignments.
type listData struct {
	Path     string
	Search   string
	Filtered bool
	Kind     page.Field
	Role     page.Field
	SyncAll  bool
	Rows     []row
	Pager    page.Pager
	Empty    page.Empty
}

// row is an assignment in a list.
type row struct {
	ID        string // of the assignment
	Principal principal
	Role      string
	RoleGone  bool // the application has no such role any more
	Default   bool // an assignment without a role
	Since     time.Time
}

// principal is a user or a group as lists show it.
type principal struct {
	ID      string
	Type    string // "User" or "Group"
	Name    string
	Detail  string // user principal name, or how many members
	Path    string
	Remark  string // what is the matter, such as that the account is disabled
	Current string // role that the principal has in the application already
}

func newPrincipal(found store.FoundPrincipal, members store.Count) principal {
	p := principal{ID: found.ID, Type: found.Type, Name: found.DisplayName, Detail: found.Name, Path: "/users/" + found.ID}
	switch {
	case found.Type == "Group":
		p.Path, p.Detail = "/groups/"+found.ID, memberText(members)
		if !found.Enabled {
			p.Remark = "no security group"
		}
	case !found.Enabled:
		p.Remark = "disabled"
	}
	if found.Deleted {
		p.Remark = "deleted"
	}
	return p
}

func memberText(members store.Count) string {
	if members.More {
		return "more than " + page.Number(members.Number) + " members"
	}
	return page.Plural(members.Number, "member", "members")
}

func newRow(found store.FoundAssignment) row {
	r := row{ID: found.ID, Principal: newPrincipal(found.Principal, found.Members), Role: found.Role.DisplayName, Since: found.CreatedAt}
	switch {
	case found.AppRoleID == directory.DefaultAccess:
		r.Role, r.Default = "Default Access", true
	case r.Role == "":
		r.Role, r.RoleGone = "a role that was removed", true
	default:
		r.RoleGone = !found.Role.Enabled
	}
	return r
}

func listHead(app page.Application) page.Head {
	head := app.Of("Users and groups", menu)
	head.Lead = "Who may use " + app.DisplayName + ", and in which role. What you change here happens there with the next cycle."
	return head
}

func (a *Area) showList(ctx context.Context, r *page.Request, app page.Application) (page.Answer, error) {
	search := store.AssignmentSearch{ApplicationID: app.ID, Text: r.Value("search"), PrincipalType: r.Value("kind"), RoleID: r.Value("role")}
	found, err := a.Administration.Store.FindAssignments(ctx, search, store.Page{Cursor: r.Value("cursor")})
	if err != nil {
		return page.Answer{}, err
	}
	roles, err := a.Administration.Roles(ctx, app.Application)
	if err != nil {
		return page.Answer{}, err
	}
	data := newListData(app, search, found, roles)
	data.Pager = pager(r, found.Previous, found.Next)
	return a.list.Show(listHead(app), data), nil
}

func newListData(app page.Application, search store.AssignmentSearch, found store.Listing[store.FoundAssignment], roles []administration.Role) listData {
	data := listData{
		Path: app.Path(menu), Search: search.Text, Filtered: search.Text != "" || search.PrincipalType != "" || search.RoleID != "", SyncAll: app.Job.Settings.SyncAll,
		Kind: page.Field{Name: "kind", Label: "Type", Type: "select", Options: page.Options(search.PrincipalType, [2]string{"", "Users and groups"}, [2]string{"User", "Users"}, [2]string{"Group", "Groups"})},
		Role: page.Field{Name: "role", Label: "Role", Type: "select", Options: append([]page.Option{{Text: "All roles"}}, roleOptions(roles, search.RoleID, true)...)},
	}
	for _, each := range found.Items {
		data.Rows = append(data.Rows, newRow(each))
	}
	data.Empty = data.empty(app)
	return data
}

// pager leads through a list by the cursors that the store gives.
func pager(r *page.Request, previous, next string) page.Pager {
	var p page.Pager
	if previous != "" {
		p.First, p.Previous = r.Query("cursor", ""), r.Query("cursor", previous)
	}
	if next != "" {
		p.Next = r.Query("cursor", next)
	}
	return p
}

func (d listData) empty(app page.Application) page.Empty {
	if d.Filtered {
		return page.Empty{Icon: "search", Title: "Nobody like this is assigned", Text: "Look for the beginning of a name or an address, or for all types and roles."}
	}
	empty := page.Empty{
		Icon: "users-group", Title: "Nobody is assigned to " + app.DisplayName + " yet",
		Text:    "Add users, or groups whose members get accounts. Nothing is written there before provisioning is turned on.",
		Actions: []page.Link{{Text: "Add user/group", Path: app.Path(menu) + "/add"}},
	}
	if d.SyncAll {
		empty.Text = "All users of the directory are synchronized, so nobody needs to be assigned to get an account. Assignments say who gets which role."
	}
	return empty
}
