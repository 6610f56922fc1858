package people

import (
	"context"
	"slices"
	"strings"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/portal/page"
)

// membershipsData is the groups that a user or a group is a member of.
type membershipsData struct {
	Name   string
	Path   string // of the list
	Nested bool   // by way of other groups, too
	Rows   []groupRow
	More   bool // there are more than are shown
	Pager  page.Pager
	Empty  page.Empty
}

// mostNested is how many groups are shown that somebody is in by way of others. Who is
// in more groups has another problem.
const mostNested = 500

func (a *Area) showGroupsOfUser(ctx context.Context, r *page.Request) (page.Answer, error) {
	user, err := a.known(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	return a.showMemberships(ctx, r, principal{ID: user.ID, Name: user.Name, Path: user.Path, Type: "User"})
}

func (a *Area) showGroupsOfGroup(ctx context.Context, r *page.Request) (page.Answer, error) {
	group, err := a.knownGroup(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	return a.showMemberships(ctx, r, principal{ID: group.ID, Name: nameOf(group.DisplayName, group.ID), Path: groupPath(group.ID), Type: "Group"})
}

func (a *Area) showMemberships(ctx context.Context, r *page.Request, of principal) (page.Answer, error) {
	data := newMembershipsData(of, r.Value("nested") == "on")
	if data.Nested {
		groups, err := a.Administration.Store.GroupsAbove(ctx, of.ID)
		return a.memberships.Show(membershipsHead(of), data.with(groups)), err
	}
	found, err := a.Administration.Store.FindMemberOf(ctx, of.ID, part(r))
	if err != nil {
		return begin(r, err)
	}
	data.Rows = groupRows(found.Items)
	data.Pager = pager(r, found, shownText(len(found.Items), "group", "groups"))
	return a.memberships.Show(membershipsHead(of), data), nil
}

func membershipsHead(of principal) page.Head {
	section := usersPath
	if of.Type == "Group" {
		section = groupsPath
	}
	head := below(section, "Member of", of.Path, of.Name)
	head.Lead = "The groups that " + of.Name + " is a member of."
	return head
}

func newMembershipsData(of principal, nested bool) membershipsData {
	return membershipsData{Name: of.Name, Path: of.Path + "/groups", Nested: nested, Empty: page.Empty{
		Icon: "users-group", Title: of.Name + " is in no group", Text: "Memberships come from what fills the directory.",
	}}
}

// with returns the page with groups that come all at once, in the order of their names.
func (d membershipsData) with(groups []directory.Group) membershipsData {
	slices.SortFunc(groups, func(a, b directory.Group) int {
		return strings.Compare(strings.ToLower(a.DisplayName)+a.ID, strings.ToLower(b.DisplayName)+b.ID)
	})
	d.More = len(groups) > mostNested
	for _, group := range groups[:min(mostNested, len(groups))] {
		d.Rows = append(d.Rows, newGroupRow(group))
	}
	d.Pager.Shown = shownText(len(d.Rows), "group", "groups")
	return d
}
