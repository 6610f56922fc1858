package logs

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/usher-id/usher/internal/portal/change"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
)

// listData is a part of the log.
type listData struct {
	Filter       filter
	Any          bool // something is looked for
	Folded       bool // with a field that is folded away
	Chips        []chip
	Dates        []page.Option
	Actions      menu
	Statuses     menu
	Applications []page.Option
	Faults       page.Faults

	Table change.Table
	Empty page.Empty // shown when there are no rows
	Pager page.Pager

	Part    bool // only the rows are asked for, and what the menus say comes along
	Live    bool
	Toggle  string // path of the list with following turned on or off
	Follow  string // path that is asked for what is new, empty unless the list is followed
	Count   string // path that is asked for how many there are
	Counted string // how many there are, in the answer to that
	CSV     string // paths of the downloads
	Archive string
	JSON    string
	Newest  int64  // the entry written last of those shown
	News    string // what came since a list that is followed was shown, for screen readers
}

// every is how often a list that is followed is loaded anew where there are no scripts.
const every = 5 * time.Second

// pageSize is how many entries a part of the list has.
const pageSize = 50

func listHead(app *page.Application, live bool) page.Head {
	head := page.Head{Title: "Provisioning logs", Section: "/logs"}
	if app != nil {
		head = app.Of("Provisioning logs", "logs")
	}
	head.Lead = "What Usher did to accounts, and why; the newest first."
	if live {
		head.Refresh = every
	}
	return head
}

func (a *Area) showList(ctx context.Context, r *page.Request) (page.Answer, error) {
	f := readFilter(r)
	query, faults := f.query(time.Now())
	live := r.Value("live") == "on"
	app, names, err := a.applications(ctx, r, f.Application)
	if err != nil {
		return page.Answer{}, err
	}
	data := newListData(f, live, faults, names)
	data.Part = r.Partial("rows")
	if len(faults) > 0 {
		data.Empty = data.empty(false)
		return a.list.Show(listHead(app, false), data).With(http.StatusUnprocessableEntity), nil
	}
	if r.Partial("count") {
		count, err := a.Administration.Store.CountEntries(ctx, query)
		data.Counted = counted(count)
		return a.list.Show(listHead(app, live), data), err
	}
	part := store.Page{Cursor: r.Value("cursor"), Limit: pageSize}
	if live {
		part.Cursor = ""
	}
	found, err := a.Administration.Store.FindEntries(ctx, query, part)
	if errors.Is(err, store.ErrInvalid) {
		return page.Redirect(f.path("/logs"), page.Notice{}), nil // the cursor of another list
	}
	if err != nil {
		return page.Answer{}, err
	}
	data = data.with(found, names, a.Administration.Catalogue, part.Cursor != "")
	shown, _ := strconv.ParseInt(r.Value("after"), 10, 64)
	if live && r.Partial("rows") && shown > 0 {
		if data.Newest <= shown {
			return page.Unchanged(), nil
		}
		data.Table = data.Table.MarkedAfter(shown)
		data.News = news(data.Table)
	}
	return a.list.Show(listHead(app, live), data), nil
}

// applications returns the application that is looked for, nil for none, and the names
// of all.
func (a *Area) applications(ctx context.Context, r *page.Request, wanted string) (*page.Application, []page.Link, error) {
	var names []page.Link
	for app, err := range a.Administration.Store.Applications(ctx) {
		if err != nil {
			return nil, nil, err
		}
		names = append(names, page.Link{Text: app.DisplayName, Path: app.ID})
	}
	if wanted == "" {
		return nil, names, nil
	}
	app, err := r.ApplicationNamed(ctx, wanted)
	if fault, ok := errors.AsType[*page.Fault](err); ok && fault.Status == http.StatusNotFound {
		return nil, names, nil // it was removed, its entries stay
	}
	return &app, names, err
}

// newListData returns a list without entries.
func newListData(f filter, live bool, faults page.Faults, apps []page.Link) listData {
	data := listData{
		Filter: f, Any: f.any(), Folded: f.folded(), Chips: f.chips(), Faults: faults, Live: live,
		Dates:   page.Options(f.Date, dates()...),
		Actions: newMenu("action", "Action", "Any action", actions(), f.Action, faults["action"]), Statuses: newMenu("status", "Status", "Any status", statuses(), f.Status, faults["status"]),
		Applications: []page.Option{{Text: "All applications"}},
		Count:        f.path("/logs", "count", "on"),
		CSV:          f.path("/logs/download", "format", "csv"), Archive: f.path("/logs/download", "format", "zip"), JSON: f.path("/logs/download", "format", "json"),
		Toggle: f.path("/logs", "live", "on"),
	}
	if live {
		data.Toggle = f.path("/logs")
	}
	found := f.Application == ""
	for _, app := range apps {
		data.Applications = append(data.Applications, page.Option{Value: app.Path, Text: app.Text, Selected: app.Path == f.Application})
		found = found || app.Path == f.Application
	}
	if !found {
		data.Applications = append(data.Applications, page.Option{Value: f.Application, Text: "Removed: " + f.Application, Selected: true})
	}
	data.Table = change.Table{Label: "Entries of the provisioning log", Dates: true, Applications: f.Application == ""}
	return data
}

// with returns the list with a part of the entries.
func (d listData) with(found store.Listing[journal.Entry], apps []page.Link, catalogue journal.Catalogue, later bool) listData {
	for _, entry := range found.Items {
		d.Table.Rows = append(d.Table.Rows, change.OfEntry(entry, named(entry.ApplicationID, apps), catalogue))
		d.Newest = max(d.Newest, entry.ID)
	}
	if d.Live {
		d.Follow = d.Filter.path("/logs", "live", "on", "after", strconv.FormatInt(d.Newest, 10))
		d.Empty = d.empty(false)
		return d
	}
	if later {
		d.Pager.First = d.Filter.path("/logs")
	}
	if found.Previous != "" {
		d.Pager.Previous = d.Filter.path("/logs", "cursor", found.Previous)
	}
	if found.Next != "" {
		d.Pager.Next = d.Filter.path("/logs", "cursor", found.Next)
	}
	if len(d.Table.Rows) > 0 {
		d.Pager.Shown = page.Plural(len(d.Table.Rows), "entry", "entries") + " on this page"
	}
	d.Empty = d.empty(found.Next != "")
	return d
}

func named(id string, apps []page.Link) change.Application {
	for _, app := range apps {
		if app.Path == id {
			return change.Application{ID: id, Name: app.Text}
		}
	}
	return change.Application{ID: id}
}

// empty says why nothing is shown. More: the log was searched a good way, and goes on.
func (d listData) empty(more bool) page.Empty {
	switch {
	case len(d.Faults) > 0:
		return page.Empty{Icon: "alert-triangle", Title: "This cannot be looked for", Text: "Correct the filter first."}
	case more:
		return page.Empty{
			Icon: "search", Title: "Nothing found so far", Text: "A good part of the log was searched. What is looked for may be further back.",
			Actions: []page.Link{{Text: "Search on", Path: d.Pager.Next}},
		}
	case d.Any:
		return page.Empty{
			Icon: "search", Title: "No entry is like that", Text: "Look for less: a longer time, another status, a part of a name.",
			Actions: []page.Link{{Text: "Show all entries", Path: "/logs"}},
		}
	}
	return page.Empty{
		Icon: "list-details", Title: "The log is empty", Text: "It tells what a cycle did to each account. Turn provisioning on for an application, or provision one person on demand.",
		Actions: []page.Link{{Text: "Enterprise applications", Path: "/applications"}},
	}
}

// news says how many entries are new.
func news(table change.Table) string {
	count := 0
	for _, row := range table.Rows {
		if row.New {
			count++
		}
	}
	return page.Plural(count, "new entry", "new entries")
}

// counted says how many entries there are.
func counted(count store.Count) string {
	text := page.Plural(count.Number, "entry", "entries")
	if count.More {
		return "more than " + text
	}
	return text + " in all"
}
