package people

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/store"
)

// groupData is all about one group.
type groupData struct {
	Group      groupRow
	Deleted    time.Time
	Properties []property
	Members    membersData
	Direct     string // how many people are members
	Nested     string // how many are, with those of groups inside; empty when that is the same
	Owners     []principal
	MoreOwners bool
	Groups     []groupRow // that it is a member of
	MoreGroups bool
	GroupsPath string
	History    string // path
	Assigned   []assignedRow
	Assignable bool
}

// membersData is a part of the members.
type membersData struct {
	Path   string
	Search string
	Rows   []principal
	Pager  page.Pager
	Empty  page.Empty
}

// assignedRow is an assignment of a group to an application.
type assignedRow struct {
	Name   string
	Path   string
	Role   string
	Gone   bool // the application has no such role any more
	Since  time.Time
	People string // how many people the group brings
	Inside bool   // groups inside the group count
}

// fewOwners is how many owners the page shows.
const fewOwners = 20

// knownGroup finds a group by the id or name in the path.
func (a *Area) knownGroup(ctx context.Context, r *page.Request) (directory.Group, error) {
	name := r.Path("group")
	group, err := a.Administration.Store.Group(ctx, name)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return group, errors.Join(noGroup(name), err)
	case errors.Is(err, store.ErrConflict):
		return group, &page.Fault{
			Status: http.StatusConflict, Title: "Several groups have this name", Text: "The name “" + name + "” does not tell which group is meant.",
			Advice: "Choose it in the list of groups, or use its id.",
		}
	}
	return group, err
}

func noGroup(name string) error {
	return page.NotFound("There is no group with the id or name “%s” in the directory.", name)
}

func groupHead(group groupRow) page.Head {
	return page.Head{Title: group.Name, Section: groupsPath, Lead: group.Description, Crumbs: []page.Link{{Text: "Groups", Path: groupsPath}}}
}

func (a *Area) showGroup(ctx context.Context, r *page.Request) (page.Answer, error) {
	group, err := a.knownGroup(ctx, r)
	if errors.Is(err, store.ErrNotFound) {
		return a.formerly(ctx, newGroupSubject(directory.Group{ID: r.Path("group")}, false), noGroup(r.Path("group")))
	}
	if err != nil {
		return page.Answer{}, err
	}
	if group.ID != r.Path("group") {
		return page.Away(groupPath(group.ID)), nil
	}
	data := newGroupData(group, r.Value("search"))
	found, err := a.Administration.Store.FindMembers(ctx, group.ID, data.Members.Search, part(r))
	if err != nil {
		return begin(r, err)
	}
	data.Members = data.Members.with(found.Items)
	data.Members.Pager = pager(r, found, shownText(len(found.Items), "member", "members"))
	if !r.Partial("rows") {
		data, err = a.groupData(ctx, group, data)
	}
	return a.group.Show(groupHead(data.Group), data), err
}

// newGroupData returns what the group alone tells.
func newGroupData(group directory.Group, search string) groupData {
	row := newGroupRow(group)
	data := groupData{
		Group: row, Deleted: group.DeletedAt, GroupsPath: row.Path + "/groups", History: row.Path + "/history", Assignable: group.SecurityEnabled && !group.Deleted(),
		Members: membersData{Path: row.Path, Search: search},
	}
	id, _ := newProperty("id", directory.User{ID: group.ID}.Get("id"))
	data.Properties = append([]property{id}, properties(group.Attributes, func(name string) bool { return name == "description" })...)
	return data
}

// with returns the members with a part of them.
func (d membersData) with(found []store.FoundPrincipal) membersData {
	for _, member := range found {
		d.Rows = append(d.Rows, newPrincipal(member))
	}
	d.Empty = page.Empty{Icon: "users", Title: "The group has no members", Text: "Memberships come from what fills the directory."}
	if d.Search != "" {
		d.Empty = page.Empty{Icon: "search", Title: "No member is called like that", Text: "Each word is looked for at the beginning of a name or an address."}
	}
	return d
}

// groupData adds what the group has to do with others.
func (a *Area) groupData(ctx context.Context, group directory.Group, data groupData) (groupData, error) {
	direct, err := a.Administration.Store.CountPeople(ctx, group.ID, false)
	if err != nil {
		return data, err
	}
	nested := direct // with so many of its own, it is not counted further
	if !direct.More {
		if nested, err = a.Administration.Store.CountPeople(ctx, group.ID, true); err != nil {
			return data, err
		}
	}
	data.Direct = peopleText(direct)
	if nested != direct && nested.Number > 0 {
		data.Nested = peopleText(nested)
	}
	groups, err := a.Administration.Store.FindMemberOf(ctx, group.ID, store.Page{Limit: fewGroups})
	if err != nil {
		return data, err
	}
	data.Groups, data.MoreGroups = groupRows(groups.Items), groups.Next != ""
	if data.Owners, data.MoreOwners, err = a.ownersOf(ctx, group.ID); err != nil {
		return data, err
	}
	assignments, err := a.Administration.Store.AssignmentsOfPrincipal(ctx, group.ID)
	if err != nil {
		return data, err
	}
	for _, assignment := range assignments {
		job, err := a.Administration.Store.Job(ctx, assignment.ApplicationID)
		if err != nil {
			return data, err
		}
		count := direct
		if job.Settings.NestedGroups {
			count = nested
		}
		data.Assigned = append(data.Assigned, newAssignedRow(assignment, count, job.Settings.NestedGroups))
	}
	return data, nil
}

// ownersOf returns the owners of a group, users and applications.
func (a *Area) ownersOf(ctx context.Context, id string) (rows []principal, more bool, err error) {
	owners, err := a.Administration.Store.Owners(ctx, id)
	if err != nil {
		return nil, false, err
	}
	for _, owner := range owners[:min(fewOwners, len(owners))] {
		row, err := a.owner(ctx, owner)
		if err != nil {
			return nil, false, err
		}
		rows = append(rows, row)
	}
	return rows, len(owners) > fewOwners, nil
}

func (a *Area) owner(ctx context.Context, owner directory.Owner) (principal, error) {
	row := principal{ID: owner.ID, Name: owner.ID, Type: "Application or client of the API"}
	if owner.Type == "User" {
		user, err := a.Administration.Store.User(ctx, owner.ID)
		if errors.Is(err, store.ErrNotFound) {
			return row, nil
		}
		p := newPerson(user)
		return principal{ID: p.ID, Path: p.Path, Type: "User", Name: p.Name, Detail: p.SignIn, State: p.State}, err
	}
	app, err := a.Administration.Store.Application(ctx, owner.ID)
	if errors.Is(err, store.ErrNotFound) {
		return row, nil
	}
	return principal{ID: owner.ID, Path: "/applications/" + app.ID, Type: "Application", Name: app.DisplayName}, err
}

func newAssignedRow(assignment store.FoundAssignment, count store.Count, inside bool) assignedRow {
	row := assignedRow{
		Name: assignment.ApplicationName, Path: "/applications/" + assignment.ApplicationID, Role: assignment.Role.DisplayName, Since: assignment.CreatedAt,
		People: peopleText(count), Inside: inside,
	}
	switch {
	case assignment.AppRoleID == directory.DefaultAccess:
		row.Role = "Default Access"
	case row.Role == "":
		row.Role, row.Gone = "A role that was removed", true
	default:
		row.Gone = !assignment.Role.Enabled
	}
	return row
}
