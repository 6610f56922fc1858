package logs

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/usher-id/usher/internal/portal/change"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
)

// entryData is one entry.
type entryData struct {
	View  change.View
	Lists []page.Link // other entries about the same
}

func entryHead(app *page.Application, view change.View) page.Head {
	list := "/logs"
	head := page.Head{Section: "/logs"}
	if app != nil {
		head, list = app.Of("", "logs"), "/logs?application="+app.ID
	}
	who := view.Person
	if !who.Known() {
		who = view.Account
	}
	title := strings.TrimSpace(view.Action.Title + " " + who.Name)
	return head.Below(cmp.Or(title, "Entry of the log"), list, "Provisioning logs")
}

func newEntryData(entry journal.Entry, app change.Application, catalogue journal.Catalogue) entryData {
	data := entryData{View: change.OfEntry(entry, app, catalogue)}
	if id := entry.Change.Source.ID; id != "" {
		data.Lists = append(data.Lists, page.Link{Text: "All entries of this person", Path: filter{Person: id}.path("/logs")})
	}
	if id := entry.Change.Target.ID; id != "" {
		data.Lists = append(data.Lists, page.Link{Text: "All entries of this account", Path: filter{Account: id, Application: entry.ApplicationID}.path("/logs")})
	}
	if id := entry.CycleID; id != "" {
		data.Lists = append(data.Lists, page.Link{Text: "All entries of this cycle", Path: filter{Cycle: id, Application: entry.ApplicationID}.path("/logs")})
	}
	if code := entry.Change.Reason.Code; code != "" {
		data.Lists = append(data.Lists, page.Link{Text: "All with this reason code", Path: filter{Code: code, Application: entry.ApplicationID}.path("/logs")})
	}
	return data
}

func (a *Area) showEntry(ctx context.Context, r *page.Request) (page.Answer, error) {
	id, err := strconv.ParseInt(r.Path("entry"), 10, 64)
	if err != nil {
		return page.Answer{}, page.NotFound("“%s” is not the number of an entry of the log.", r.Path("entry"))
	}
	entry, err := a.Administration.Store.Entry(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		fault := page.NotFound("The provisioning log has no entry %d.", id)
		fault.Advice = "Entries are removed after the time that is set under Settings."
		return page.Answer{}, fault
	}
	if err != nil {
		return page.Answer{}, err
	}
	app, err := r.ApplicationNamed(ctx, entry.ApplicationID)
	if fault, ok := errors.AsType[*page.Fault](err); ok && fault.Status == http.StatusNotFound {
		data := newEntryData(entry, change.Application{ID: entry.ApplicationID}, a.Administration.Catalogue)
		return a.entry.Show(entryHead(nil, data.View), data), nil
	}
	if err != nil {
		return page.Answer{}, err
	}
	data := newEntryData(entry, change.Application{ID: app.ID, Name: app.DisplayName}, a.Administration.Catalogue)
	return a.entry.Show(entryHead(&app, data.View), data), nil
}
