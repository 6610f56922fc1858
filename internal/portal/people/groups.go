package people

import (
	"context"

	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/store"
)

// groupsData is a part of the groups.
type groupsData struct {
	Search   string
	Kinds    []page.Option
	Filtered bool
	Total    int // groups that there are, deleted ones not counted
	Rows     []groupRow
	Pager    page.Pager
	Empty    page.Empty // shown when there are no rows
}

func groupsHead() page.Head {
	return page.Head{Title: "Groups", Section: groupsPath, Lead: "The groups of the directory. One that is assigned to an application gives its members accounts there."}
}

// deletedGroups is the kind that selects deleted groups.
const deletedGroups = "deleted"

// groupKinds are the kinds to choose from, with their names.
func groupKinds() [][2]string {
	return [][2]string{
		{"", "All but deleted"},
		{string(store.SecurityGroups), "Security groups"},
		{string(store.OtherGroups), "Not for security"},
		{deletedGroups, "Deleted"},
	}
}

func groupSearch(r *page.Request) (search store.GroupSearch, kind string) {
	kind = chosen(r.Value("kind"), groupKinds())
	search = store.GroupSearch{Text: r.Value("search"), Kind: store.GroupKind(kind)}
	if kind == deletedGroups {
		search.Kind, search.Deleted = store.AllGroups, true
	}
	return search, kind
}

func (a *Area) showGroups(ctx context.Context, r *page.Request) (page.Answer, error) {
	search, kind := groupSearch(r)
	found, err := a.Administration.Store.FindGroups(ctx, search, part(r))
	if err != nil {
		return begin(r, err)
	}
	data := newGroupsData(search, kind, groupRows(found.Items))
	data.Pager = pager(r, found, shownText(len(found.Items), "group", "groups"))
	if !r.Partial("rows") || len(data.Rows) == 0 {
		if data.Total, err = a.Administration.Store.CountGroups(ctx); err != nil {
			return page.Answer{}, err
		}
		data.Empty = data.empty()
	}
	return a.groups.Show(groupsHead(), data), nil
}

func newGroupsData(search store.GroupSearch, kind string, rows []groupRow) groupsData {
	return groupsData{Search: search.Text, Kinds: page.Options(kind, groupKinds()...), Filtered: search != store.GroupSearch{}, Rows: rows}
}

func (d groupsData) empty() page.Empty {
	if d.Filtered {
		return page.Empty{
			Icon: "search", Title: "No group is like that", Text: "Each word is looked for at the beginning of a word of the name or the description.",
			Actions: []page.Link{{Text: "Show all groups", Path: groupsPath}},
		}
	}
	return page.Empty{Icon: "users-group", Title: "There are no groups yet", Text: "Groups come from what fills the directory. Applications can also be assigned to users one by one."}
}
