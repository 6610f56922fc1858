package people

import (
	"context"

	"github.com/usher-id/usher/internal/portal/page"
)

// reportsData is a part of those who report to somebody.
type reportsData struct {
	Rows  []person
	Pager page.Pager
	Empty page.Empty
}

// below returns the head of a page about somebody or a group.
func below(section, title, path, name string) page.Head {
	all := page.Link{Text: "Users", Path: usersPath}
	if section == groupsPath {
		all = page.Link{Text: "Groups", Path: groupsPath}
	}
	return page.Head{Title: title, Section: section, Crumbs: []page.Link{all, {Text: name, Path: path}}}
}

func (a *Area) showReports(ctx context.Context, r *page.Request) (page.Answer, error) {
	manager, err := a.known(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	found, err := a.Administration.Store.FindReports(ctx, manager.ID, part(r))
	if err != nil {
		return begin(r, err)
	}
	data := newReportsData(manager, persons(found.Items))
	data.Pager = pager(r, found, shownText(len(found.Items), "person", "people"))
	return a.reports.Show(reportsHead(manager), data), nil
}

func reportsHead(manager person) page.Head {
	head := below(usersPath, "Direct reports", manager.Path, manager.Name)
	head.Lead = "The people whose manager is " + manager.Name + "."
	return head
}

func newReportsData(manager person, rows []person) reportsData {
	return reportsData{Rows: rows, Empty: page.Empty{
		Icon: "users", Title: "Nobody reports to " + manager.Name, Text: "The manager is a property of a user, and comes from what fills the directory.",
	}}
}
