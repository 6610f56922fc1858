package failures

import (
	"context"
	"embed"
	"net/http"
	"net/url"
	"time"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/store"
)

//go:embed *.tmpl
var files embed.FS

// Area is the list of failures.
type Area struct {
	Administration *administration.Service

	list page.Page[listData]
}

// New returns the area.
func New(service *administration.Service) *Area {
	return &Area{Administration: service, list: page.Parse[listData]("list.tmpl", files)}
}

// Mount puts the routes of the area on the router.
func (a *Area) Mount(r *page.Router) {
	const at = "/applications/{application}/failures"
	r.Get(at, a.show)
	r.Post(at+"/retry", store.RoleOperator, a.retry)
}

// listed is how many failures of a cause a page shows.
const listed = 50

// listData are the causes, and the failures of the one that was chosen.
type listData struct {
	Path   string
	Retry  string
	Total  int
	Causes []cause
	Chosen cause // the zero cause when none is
	Rows   []row
	Pager  page.Pager
	Faults page.Faults
	On     bool
}

// cause is a reason for which changes fail.
type cause struct {
	Code   string
	Text   string
	Advice string
	Count  int
	First  time.Time
	Next   next
	Path   string
}

// next is when a change is tried again.
type next struct {
	At   time.Time // shown unless something else is
	With string    // what it waits for: its time has come, or nothing runs
}

// newNext tells when a change is tried again that is due at a moment. The time of a
// first failure has come at once: it is tried with the next cycle.
func newNext(app page.Application, at, now time.Time) next {
	switch {
	case !app.On():
		return next{at, "when provisioning is started"}
	case app.Job.Status.Quarantine.Keeps():
		return next{at, "with the next attempt of the quarantine"}
	case !at.After(now):
		return next{at, "with the next cycle"}
	}
	return next{At: at}
}

// row is a failed change.
type row struct {
	ID        string
	Name      string
	SignIn    string
	Path      string
	Why       string
	OnDemand  string
	Message   string
	Attribute string // that is a reference, when only that failed
	Attempts  int
	First     time.Time
	Next      next
}

func head(app page.Application) page.Head {
	h := app.Of("Failures", "failures")
	h.Lead = "Changes that failed. Each is tried again by itself, later each time; a change of the person in the directory is a new try at once."
	return h
}

func (a *Area) show(ctx context.Context, r *page.Request) (page.Answer, error) {
	app, err := r.Application(ctx)
	if err != nil {
		return page.Answer{}, err
	}
	data, err := a.load(ctx, r, app)
	return a.list.Show(head(app), data), err
}

func (a *Area) load(ctx context.Context, r *page.Request, app page.Application) (listData, error) {
	groups, err := a.Administration.Store.FailureGroups(ctx, app.Job.ID)
	if err != nil {
		return listData{}, err
	}
	data := a.listData(app, groups, r.Value("code"))
	if data.Chosen.Code == "" {
		return data, nil
	}
	listing, err := a.Administration.Store.FindFailures(ctx, app.Job.ID, data.Chosen.Code, store.Page{Cursor: r.Value("cursor"), Limit: listed})
	if err != nil {
		return data, err
	}
	for _, failure := range listing.Items {
		data.Rows = append(data.Rows, newRow(app, failure))
	}
	data.Pager = r.PagerAt(data.Path, url.Values{"code": {data.Chosen.Code}}, listing.Previous, listing.Next)
	return data, nil
}

func (a *Area) listData(app page.Application, groups []store.FailureGroup, code string) listData {
	data := listData{Path: app.Path("failures"), Retry: app.Path("failures/retry"), On: app.On()}
	for _, group := range groups {
		explanation := a.Administration.Catalogue.Explain(group.Code)
		shown := cause{
			group.Code, page.Sentence(explanation.Text), page.Sentence(explanation.Advice), group.Count, group.First, newNext(app, group.Next, time.Now()),
			data.Path + "?code=" + page.QueryValue(group.Code),
		}
		data.Total += group.Count
		data.Causes = append(data.Causes, shown)
		if group.Code == code {
			data.Chosen = shown
		}
	}
	if code == "" && len(data.Causes) == 1 {
		data.Chosen = data.Causes[0]
	}
	return data
}

func newRow(app page.Application, failure store.FoundFailure) row {
	shown := row{
		ID: failure.SourceID, Name: failure.DisplayName, SignIn: failure.Name, Path: page.UserPath(failure.SourceID), Why: app.Path("why") + "?user=" + page.QueryValue(failure.SourceID),
		OnDemand: app.Path("on-demand") + "?user=" + page.QueryValue(failure.SourceID), Message: page.Sentence(failure.Message), Attribute: failure.Attribute,
		Attempts: failure.Attempts, First: failure.First, Next: newNext(app, failure.Next, time.Now()),
	}
	if shown.Name == "" {
		shown.Name = shown.SignIn
	}
	if shown.Name == "" {
		shown.Name, shown.Path = shown.ID, ""
	}
	return shown
}

// retry makes failures due at once: those of people, of a cause, or all.
func (a *Area) retry(ctx context.Context, r *page.Request) (page.Answer, error) {
	app, err := r.Application(ctx)
	if err != nil {
		return page.Answer{}, err
	}
	which := store.Retry{SourceIDs: r.Values("user"), Code: r.Value("of")}
	back := app.Path("failures")
	if code := r.Value("code"); code != "" {
		back += "?code=" + page.QueryValue(code)
	}
	if len(which.SourceIDs) == 0 && which.Code == "" && !r.Checked("all") {
		data, err := a.load(ctx, r, app)
		data.Faults = page.Faults{"": "Select somebody, or retry a whole cause."}
		return a.list.Show(head(app), data).With(http.StatusUnprocessableEntity), err
	}
	count, err := r.Acts().Retry(ctx, app.Application, which)
	if err != nil {
		return page.Answer{}, err
	}
	return page.Redirect(back, retried(app, count)), nil
}

// retried is the notice about changes that are due, and says when they are tried.
func retried(app page.Application, count int) page.Notice {
	changes, they := page.Plural(count, "change is", "changes are"), "they are"
	if count == 1 {
		they = "it is"
	}
	switch {
	case count == 0:
		return page.Caution("Nothing was left to be tried again.")
	case !app.On():
		return page.Caution("%s due, but provisioning of %s is turned off: %s tried when it is started.", changes, app.DisplayName, they)
	case app.Job.Status.Quarantine.Keeps():
		return page.Caution("%s due, but %s is in quarantine: %s tried with its next attempt.", changes, app.DisplayName, they)
	}
	return page.Success("%s tried again within seconds.", changes)
}
