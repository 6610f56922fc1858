package settings

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
)

// auditFilter is what somebody looks for in the audit log, as the query has it.
type auditFilter struct {
	Text        string // part of the activity, the name, the target or the detail
	Activity    string // exactly
	Actor       string // exactly
	From, Until string // days, such as 2026-01-31
}

// auditData is a part of the audit log.
type auditData struct {
	Filter   auditFilter
	Any      bool // something is looked for
	Rows     []auditRow
	Chips    []page.Link // what is looked for exactly, with the list without it
	Faults   page.Faults
	Empty    page.Empty
	Pager    page.Pager
	Download string
}

// auditRow is an act.
type auditRow struct {
	At       time.Time
	Activity string
	Actor    string
	Subject  string
	Detail   string // its beginning
	Whole    string // all of a long detail, as far as a page takes it
	Same     string // path of the list of this activity
	By       string // path of the list of this actor
}

func auditHead() page.Head {
	h := head("Audit log")
	h.Lead = "What administrators did, and Usher by itself where it concerns them; the newest first. It is kept for ever."
	return h
}

func readAuditFilter(r *page.Request) auditFilter {
	return auditFilter{r.Value("text"), r.Value("activity"), r.Value("actor"), r.Value("from"), r.Value("until")}
}

// path returns the path of a page with the filter as its query.
func (f auditFilter) path(at string) string {
	query := url.Values{}
	for name, value := range map[string]string{"text": f.Text, "activity": f.Activity, "actor": f.Actor, "from": f.From, "until": f.Until} {
		if value != "" {
			query.Set(name, value)
		}
	}
	if len(query) == 0 {
		return at
	}
	return at + "?" + query.Encode()
}

// search returns what to ask the store for, and what cannot be understood, by field.
func (f auditFilter) search() (store.AuditSearch, page.Faults) {
	faults := page.Faults{}
	search := store.AuditSearch{Text: f.Text, Activity: f.Activity, Actor: f.Actor, Since: dayOf(f.From, "from", faults), Until: dayOf(f.Until, "until", faults)}
	if !search.Until.IsZero() {
		search.Until = search.Until.AddDate(0, 0, 1).Add(-time.Microsecond)
	}
	return search, faults
}

// dayOf reads a day, which begins at midnight UTC; the zero time for none.
func dayOf(text, field string, faults page.Faults) time.Time {
	if text == "" {
		return time.Time{}
	}
	at, err := time.Parse(time.DateOnly, text)
	if err != nil {
		faults[field] = "This is not a day such as 2026-01-31."
	}
	return at
}

func (a *Area) showAudit(ctx context.Context, r *page.Request) (page.Answer, error) {
	f := readAuditFilter(r)
	search, faults := f.search()
	if len(faults) > 0 {
		return a.audit.Show(auditHead(), newAuditData(f, nil, page.Pager{}, faults)).With(http.StatusUnprocessableEntity), nil
	}
	found, err := a.Administration.Store.FindAudits(ctx, search, store.Page{Cursor: r.Value("cursor"), Limit: 50})
	if errors.Is(err, store.ErrInvalid) {
		return page.Redirect(f.path(auditPath), page.Notice{}), nil // the cursor of another list
	}
	if err != nil {
		return page.Answer{}, err
	}
	return a.audit.Show(auditHead(), newAuditData(f, found.Items, r.Pager(found.Previous, found.Next), nil)), nil
}

// How many characters of a detail a row shows, and how many it holds to be unfolded; the
// download has all of it.
const (
	detailShown = 300
	detailHeld  = 8_000
)

func newAuditData(f auditFilter, audits []journal.Audit, pager page.Pager, faults page.Faults) auditData {
	data := auditData{Filter: f, Any: f != auditFilter{}, Pager: pager, Faults: faults, Download: f.path(auditPath + "/download")}
	for _, audit := range audits {
		row := auditRow{At: audit.At, Activity: audit.Activity, Actor: audit.Actor, Subject: audit.Subject, Detail: audit.Detail}
		if short := page.Short(audit.Detail, detailShown); short != audit.Detail {
			row.Detail, row.Whole = short, page.Short(audit.Detail, detailHeld)
		}
		same, by := f, f
		same.Activity, by.Actor = audit.Activity, audit.Actor
		row.Same, row.By = same.path(auditPath), by.path(auditPath)
		data.Rows = append(data.Rows, row)
	}
	if len(data.Rows) > 0 {
		data.Pager.Shown = page.Plural(len(data.Rows), "act", "acts") + " on this page"
	}
	if f.Activity != "" {
		without := f
		without.Activity = ""
		data.Chips = append(data.Chips, page.Link{Text: f.Activity, Path: without.path(auditPath)})
	}
	if f.Actor != "" {
		without := f
		without.Actor = ""
		data.Chips = append(data.Chips, page.Link{Text: "by " + f.Actor, Path: without.path(auditPath)})
	}
	data.Empty = data.empty()
	return data
}

// empty says why nothing is shown.
func (d auditData) empty() page.Empty {
	switch {
	case len(d.Faults) > 0:
		return page.Empty{Icon: "alert-triangle", Title: "This cannot be looked for", Text: "Correct the filter first."}
	case d.Pager.Next != "":
		return page.Empty{
			Icon: "search", Title: "Nothing found so far", Text: "A good part of the log was searched. What is looked for may be further back.",
			Actions: []page.Link{{Text: "Search on", Path: d.Pager.Next}},
		}
	case d.Any:
		return page.Empty{Icon: "search", Title: "No act is like that", Text: "Look for less.", Actions: []page.Link{{Text: "Show all acts", Path: auditPath}}}
	}
	return page.Empty{Icon: "history", Title: "The audit log is empty", Text: "Whatever an administrator changes is written here."}
}

// downloadAudit writes the acts that the filter selects, the newest first, while it reads
// them.
func (a *Area) downloadAudit(_ context.Context, r *page.Request) (page.Answer, error) {
	search, faults := readAuditFilter(r).search()
	if len(faults) > 0 {
		return page.Answer{}, &page.Fault{Status: http.StatusUnprocessableEntity, Title: "This cannot be looked for", Text: "The filter of the download has a fault.", Advice: "Correct the filter in the list first."}
	}
	name := "AuditLogs_" + time.Now().UTC().Format("2006-01-02T150405Z") + ".csv"
	return page.Download(name, "text/csv; charset=utf-8", func(ctx context.Context, w io.Writer) error {
		return journal.WriteAuditCSV(w, a.Administration.Audits(ctx, search), false)
	}), nil
}
