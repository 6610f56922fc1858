package people

import (
	"context"
	"net/url"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/store"
)

// usersData is a part of the users.
type usersData struct {
	Search     string
	Department string
	States     []page.Option
	Filtered   bool
	Total      int // users that there are, deleted ones not counted
	Rows       []person
	Pager      page.Pager
	Empty      page.Empty // shown when there are no rows
}

func usersHead() page.Head {
	return page.Head{Title: "Users", Section: usersPath, Lead: "Everybody in the directory. Applications get their accounts from what is known here."}
}

// departmentPath is the list of a department.
func departmentPath(name string) string { return usersPath + "?department=" + url.QueryEscape(name) }

// userStates are the states to choose from, with their names.
func userStates() [][2]string {
	return [][2]string{
		{"", "All but deleted"},
		{string(store.EnabledUsers), "Enabled"},
		{string(store.DisabledUsers), "Disabled"},
		{string(store.DeletedUsers), "Deleted"},
	}
}

// chosen returns a value that is one of the choices, or else the first of them.
func chosen(value string, choices [][2]string) string {
	for _, choice := range choices {
		if choice[0] == value {
			return value
		}
	}
	return choices[0][0]
}

func (a *Area) showUsers(ctx context.Context, r *page.Request) (page.Answer, error) {
	search := store.UserSearch{
		Text: r.Value("search"), Department: r.Value("department"), State: store.UserState(chosen(r.Value("state"), userStates())),
	}
	found, err := a.Administration.Store.FindUsers(ctx, search, part(r))
	if err != nil {
		return begin(r, err)
	}
	data := newUsersData(search, found.Items)
	data.Pager = pager(r, found, shownText(len(found.Items), "user", "users"))
	if !r.Partial("rows") || len(data.Rows) == 0 {
		if data.Total, err = a.Administration.Store.CountUsers(ctx); err != nil {
			return page.Answer{}, err
		}
		data.Empty = data.empty()
	}
	return a.users.Show(usersHead(), data), nil
}

func newUsersData(search store.UserSearch, found []directory.User) usersData {
	return usersData{
		Search: search.Text, Department: search.Department, States: page.Options(string(search.State), userStates()...),
		Filtered: search != store.UserSearch{}, Rows: persons(found),
	}
}

// shownText says how many rows a page has; none needs no words.
func shownText(count int, one, many string) string {
	if count == 0 {
		return ""
	}
	return page.Plural(count, one, many) + " on this page"
}

func (d usersData) empty() page.Empty {
	if d.Filtered {
		return page.Empty{
			Icon: "search", Title: "Nobody is like that", Text: "Each word is looked for at the beginning of a name, address or employee ID. Look for less, or in all states and departments.",
			Actions: []page.Link{{Text: "Show all users", Path: usersPath}},
		}
	}
	return page.Empty{Icon: "users", Title: "The directory is empty", Text: "Fill it first; then people can be assigned to applications."}
}
