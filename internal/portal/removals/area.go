package removals

import (
	"context"
	"embed"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/provisioning"
)

//go:embed *.tmpl
var files embed.FS

// Area is the list of held removals and the decisions about them.
type Area struct {
	Administration *administration.Service

	list    page.Page[listData]
	confirm page.Page[confirmData]
}

// New returns the area.
func New(service *administration.Service) *Area {
	return &Area{
		Administration: service,
		list:           page.Parse[listData]("list.tmpl", files),
		confirm:        page.Parse[confirmData]("confirm.tmpl", files),
	}
}

// Mount puts the routes of the area on the router.
func (a *Area) Mount(r *page.Router) {
	const at = "/applications/{application}/removals"
	r.Get(at, a.show)
	r.Post(at+"/decide", store.RoleAdministrator, a.decide)
}

// listed is how many removals a page shows.
const listed = 50

// listData is a list of removals in one state.
type listData struct {
	Path   string
	Decide string
	State  engine.RemovalState
	Tabs   []tab
	Rows   []row
	Pager  page.Pager
	Held   int
	Why    string // what the guard held them for
	Faults page.Faults
	Guard  string // where its limits are set
	When   string // what the moments of the rows are
	Audits string // where it is told who decided, empty when nothing was
}

// tab is one of the states that a list can be of.
type tab struct {
	Title  string
	Path   string
	Count  int
	Active bool
}

// row is a removal.
type row struct {
	ID      string
	Name    string
	SignIn  string
	Path    string // of the person
	Why     string // where it is explained
	Account string
	Reason  string
	Since   time.Time
}

func head(app page.Application) page.Head {
	h := app.Of("Staged removals", "removals")
	h.Lead = "Accounts that a cycle would have disabled or deleted. They stay as they are until somebody decides; who comes back into scope is taken off the list by itself."
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
	state := engine.RemovalState(r.Value("state"))
	if state != engine.RemovalAllowed && state != engine.RemovalRejected {
		state = engine.RemovalStaged
	}
	listing, err := a.Administration.Store.FindRemovals(ctx, app.Job.ID, state, store.Page{Cursor: r.Value("cursor"), Limit: listed})
	if err != nil {
		return listData{}, err
	}
	data := newListData(app, state, listing.Items)
	data.Pager = r.PagerAt(data.Path, url.Values{"state": {string(state)}}, listing.Previous, listing.Next)
	return data, nil
}

func newListData(app page.Application, state engine.RemovalState, subjects []engine.Subject) listData {
	data := listData{Path: app.Path("removals"), Decide: app.Path("removals/decide"), State: state, Held: app.Links.Staged, Guard: app.Path("provisioning")}
	data.When = "Held since"
	switch state {
	case engine.RemovalAllowed:
		data.Audits = auditsOf(administration.Allow)
	case engine.RemovalRejected:
		data.When, data.Audits = "Rejected", auditsOf(administration.Reject)
	case engine.RemovalStaged, engine.RemovalPlanned:
	}
	if quarantine := app.Job.Status.Quarantine; quarantine.Reason == provisioning.TooManyDeletes && data.Held > 0 {
		data.Why = page.Sentence(quarantine.Message)
	}
	for _, each := range []tab{{Title: "Held", Count: app.Links.Staged}, {Title: "Allowed"}, {Title: "Rejected", Count: app.Links.Rejected}} {
		own := map[string]engine.RemovalState{"Held": engine.RemovalStaged, "Allowed": engine.RemovalAllowed, "Rejected": engine.RemovalRejected}[each.Title]
		each.Path, each.Active = data.Path+"?state="+string(own), own == state
		data.Tabs = append(data.Tabs, each)
	}
	for _, subject := range subjects {
		data.Rows = append(data.Rows, newRow(app, subject))
	}
	return data
}

// auditsOf is where the audit log tells of decisions.
func auditsOf(decision administration.Decision) string {
	return "/settings/audit?" + url.Values{"activity": {"Removals: " + string(decision)}}.Encode()
}

func newRow(app page.Application, subject engine.Subject) row {
	shown := row{
		ID: subject.User.ID, Name: subject.User.DisplayName, SignIn: subject.User.UserPrincipalName, Path: page.UserPath(subject.User.ID), Why: app.Path("why") + "?user=" + page.QueryValue(subject.User.ID),
		Account: subject.Connection.TargetName, Reason: page.Sentence(subject.Removal.Reason), Since: subject.Removal.Since,
	}
	if subject.Gone {
		shown.Path, shown.Name = "", "removed from the directory for good"
	}
	if shown.Name == "" {
		shown.Name = shown.SignIn
	}
	if shown.Name == "" {
		shown.Name = shown.ID
	}
	return shown
}

// confirmData is a decision before it is made.
type confirmData struct {
	Confirmation page.Confirmation
	Decision     administration.Decision
	Path         string
	Back         string
	Users        []string // none when it is about all
	All          bool
	Count        int
	Who          []string // the first of them
	More         int      // and how many others there are
	Settled      int      // of those who were selected, how many there is nothing to decide about any more
	Name         string
}

// decide makes a decision, after it was confirmed: about those alone whom the page that
// asks counted.
func (a *Area) decide(ctx context.Context, r *page.Request) (page.Answer, error) {
	app, err := r.Application(ctx)
	if err != nil {
		return page.Answer{}, err
	}
	decision, users, all := administration.Decision(r.Value("decision")), unique(r.Values("user")), r.Checked("all")
	if len(users) == 0 && !all {
		return a.again(ctx, r, app, "Select at least one person, or decide about all of them.")
	}
	if all {
		users = nil
	}
	about, err := a.Administration.Decidable(ctx, app.Application, decision, users)
	if err != nil {
		return page.Answer{}, err
	}
	if len(about) == 0 {
		return a.again(ctx, r, app, "There is nothing to decide about any more: it was decided meanwhile, or the people came back into scope.")
	}
	confirmation, confirmed := r.Confirms(page.Confirm(decision, about))
	if !confirmed {
		names, err := a.Administration.Named(ctx, app.Application, about)
		if err != nil {
			return page.Answer{}, err
		}
		data := newConfirmData(app, decision, users, about, names)
		data.Confirmation = confirmation
		answer := a.confirm.Show(head(app).Below(confirmTitle(decision), app.Path("removals"), "Staged removals"), data)
		if confirmation.Changed {
			answer = answer.With(http.StatusConflict)
		}
		return answer, nil
	}
	count, err := r.Acts().DecideRemovals(ctx, app.Application, decision, about)
	if err != nil {
		return page.Answer{}, err
	}
	return page.Redirect(app.Path("removals"), decided(decision, count, app)), nil
}

// again shows the list with why nothing was decided.
func (a *Area) again(ctx context.Context, r *page.Request, app page.Application, why string) (page.Answer, error) {
	data, err := a.load(ctx, r, app)
	data.Faults = page.Faults{"": why}
	return a.list.Show(head(app), data).With(http.StatusUnprocessableEntity), err
}

func unique(ids []string) []string {
	slices.Sort(ids)
	return slices.Compact(ids)
}

func confirmTitle(decision administration.Decision) string {
	switch decision {
	case administration.Allow:
		return "Allow removals"
	case administration.Reject:
		return "Reject removals"
	case administration.Reconsider:
	}
	return "Look at removals again"
}

// newConfirmData makes the page that asks. Users are those who were selected, nobody for
// all, and about whom the decision would be, with the names of the first.
func newConfirmData(app page.Application, decision administration.Decision, users, about, names []string) confirmData {
	data := confirmData{
		Confirmation: page.Confirm(decision, about), Decision: decision, Path: app.Path("removals/decide"), Back: app.Path("removals"),
		Users: users, All: len(users) == 0, Count: len(about), Name: app.DisplayName,
		Who: names, More: len(about) - len(names),
	}
	if !data.All {
		data.Users, data.Settled = about, len(users)-len(about)
	}
	return data
}

// decided is the notice about a decision.
func decided(decision administration.Decision, count int, app page.Application) page.Notice {
	removals := page.Plural(count, "removal", "removals")
	account := "account"
	if count != 1 {
		account = "accounts"
	}
	switch decision {
	case administration.Allow:
		if !app.On() {
			return page.Caution("%s allowed. Provisioning is off: the first cycle after it is started takes the %s in %s away.", removals, account, app.DisplayName)
		}
		return page.Caution("%s allowed. The next cycle takes the %s in %s away.", removals, account, app.DisplayName)
	case administration.Reject:
		if count == 1 {
			return page.Success("%s rejected. The account in %s stays as it is.", removals, app.DisplayName)
		}
		return page.Success("%s rejected. The accounts in %s stay as they are.", removals, app.DisplayName)
	case administration.Reconsider:
	}
	return page.Success("%s: the next cycle looks at them again.", removals)
}
