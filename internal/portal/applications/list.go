package applications

import (
	"context"
	"strings"
	"time"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/provisioning"
)

// listData is the list of all applications.
type listData struct {
	Search string
	All    int // applications that there are
	Rows   []listRow
	Empty  page.Empty // shown when there are no rows
}

type listRow struct {
	Name     string
	Path     string
	Template string
	State    page.State
	Assigned int
	Accounts int // in use
	Failing  int
	Held     int
	LastRun  time.Time
	Running  bool
}

func listHead() page.Head {
	return page.Head{Title: "Enterprise applications", Section: "/applications", Lead: "All applications that Usher keeps accounts in."}
}

func (a *Area) showList(ctx context.Context, r *page.Request) (page.Answer, error) {
	data := listData{Search: r.Value("search")}
	for view, err := range a.Administration.Applications(ctx) {
		if err != nil {
			return page.Answer{}, err
		}
		data.All++
		if contains(view.DisplayName, data.Search) || contains(view.Template, data.Search) {
			data.Rows = append(data.Rows, newListRow(view))
		}
	}
	data.Empty = data.empty()
	return a.list.Show(listHead(), data), nil
}

func newListRow(view administration.Overview) listRow {
	app := page.Application{Application: view.Application, Links: view.Health.Links}
	return listRow{
		Name: view.DisplayName, Path: app.Path(""), Template: view.Template, State: app.State(), Assigned: view.Health.Assigned,
		Accounts: view.Health.Links.Enabled, Failing: view.Health.Links.Escrows, Held: view.Health.Links.Staged,
		LastRun: lastRun(view.Job.Status), Running: view.Health.Running,
	}
}

func lastRun(status provisioning.Status) time.Time { return status.LastRun.Ended }

// contains reports whether a text contains what somebody searches for.
func contains(text, search string) bool {
	return strings.Contains(strings.ToLower(text), strings.ToLower(search))
}

func (d listData) empty() page.Empty {
	if d.All > 0 {
		return page.Empty{Icon: "search", Title: "No application is called “" + d.Search + "”", Text: "Look for a part of its name, or of what it was made from."}
	}
	return page.Empty{
		Icon: "apps", Title: "No application yet", Text: "Add Salesforce from the gallery. Nothing is written there before you turn provisioning on.",
		Actions: []page.Link{{Text: "New application", Path: "/applications/new"}},
	}
}
