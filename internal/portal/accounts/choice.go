package accounts

import (
	"cmp"
	"context"
	"net/http"
	"slices"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/page"
)

// examples is how many accounts the page shows that asks about an attribute.
const examples = 10

// choiceData is what it means to let the application, or the directory, lead for an
// attribute of some accounts.
type choiceData struct {
	Confirmation page.Confirmation
	Accept       bool // the application shall lead; otherwise the directory
	Path         string
	Back         string
	Name         string // of the application
	Attribute    string
	Users        []string // who was selected; none when it is about all
	All          bool
	On           bool // provisioning is turned on
	Count        int
	Settled      int // of those who were selected, for how many the directory leads already
	Rows         []choiceRow
	More         int // accounts that are not shown
}

// choiceRow is one of the accounts.
type choiceRow struct {
	Person  string
	Path    string
	Account string
	Held    string // in the application
	Wanted  string // by the mapping
}

// shownChoice is what is confirmed of an account: its owner and the values that the page shows.
type shownChoice struct{ ID, Held, Wanted string }

// newChoiceData makes the page. Found are the accounts that it is about, the persons and
// accounts the names of the first of them.
func newChoiceData(app page.Application, accept bool, attribute string, users []string, found []engine.Acceptance, names []choiceRow) choiceData {
	data := choiceData{
		Accept: accept, Path: app.Path("drift/retract"), Back: app.Path("drift"), Name: app.DisplayName, Attribute: attribute, Users: users, All: len(users) == 0, On: app.On(),
		Count: len(found), Rows: names, More: len(found) - len(names),
	}
	if accept {
		data.Path = app.Path("drift/accept")
	}
	if !data.All {
		data.Settled = len(users) - len(found)
	}
	shown := make([]shownChoice, len(found))
	for i, each := range found {
		shown[i] = shownChoice{each.SourceID, each.Held.String(), each.Wanted.String()}
	}
	for i := range data.Rows {
		data.Rows[i].Path, data.Rows[i].Held, data.Rows[i].Wanted = page.UserPath(found[i].SourceID), shown[i].Held, shown[i].Wanted
	}
	data.Confirmation = page.Confirm(accept, attribute, data.On, shown)
	return data
}

func choiceHead(app page.Application, accept bool) page.Head {
	if accept {
		return driftHead(app).Below("Let the application lead", app.Path("drift"), "Drift")
	}
	return driftHead(app).Below("Let the directory lead again", app.Path("drift"), "Drift")
}

// choice makes the page with the names of the first accounts.
func (a *Area) choice(ctx context.Context, app page.Application, accept bool, users []string, found []engine.Acceptance) (choiceData, error) {
	names := a.Administration.Names()
	rows := make([]choiceRow, min(len(found), examples))
	for i := range rows {
		id := found[i].SourceID
		name, err := names.Of(ctx, id)
		if err != nil {
			return choiceData{}, err
		}
		connection, err := a.Administration.Store.Connection(ctx, app.Job.ID, id)
		if err != nil {
			return choiceData{}, err
		}
		rows[i] = choiceRow{Person: cmp.Or(name, id), Account: connection.TargetName}
	}
	return newChoiceData(app, accept, found[0].Attribute, users, found, rows), nil
}

// ask shows what an act about an attribute would do, unless exactly that was confirmed.
func (a *Area) ask(ctx context.Context, r *page.Request, app page.Application, accept bool, users []string, found []engine.Acceptance) (answer page.Answer, confirmed bool, err error) {
	data, err := a.choice(ctx, app, accept, users, found)
	if err != nil {
		return answer, false, err
	}
	if data.Confirmation, confirmed = r.Confirms(data.Confirmation); confirmed {
		return answer, true, nil
	}
	answer = a.confirm.Show(choiceHead(app, accept), data)
	if data.Confirmation.Changed {
		answer = answer.With(http.StatusConflict)
	}
	return answer, false, nil
}

// accept lets the application lead for an attribute of the accounts in which it was
// changed there, after it was confirmed for exactly these.
func (a *Area) accept(ctx context.Context, r *page.Request) (page.Answer, error) {
	app, err := r.Application(ctx)
	if err != nil {
		return page.Answer{}, err
	}
	attribute := r.Value("attribute")
	found, err := r.Acts().Acceptable(ctx, app.Application, attribute, administration.Looking{})
	if err != nil {
		return a.driftAgain(ctx, app, err)
	}
	if len(found) == 0 {
		return page.Redirect(app.Path("drift"), page.Caution("%s was changed in no account there, so there was nothing to accept.", attribute)), nil
	}
	answer, confirmed, err := a.ask(ctx, r, app, true, nil, found)
	if !confirmed || err != nil {
		return answer, err
	}
	if err := r.Acts().Accept(ctx, app.Application, found); err != nil {
		return page.Answer{}, err
	}
	return page.Redirect(app.Path("drift"), page.Success("%s: the application leads for %s, until the directory has another value for it.", found[0].Attribute, page.Plural(len(found), "account", "accounts"))), nil
}

// retract lets the directory lead again, after it was confirmed: for those alone whom the
// page that asks counted.
func (a *Area) retract(ctx context.Context, r *page.Request) (page.Answer, error) {
	app, err := r.Application(ctx)
	if err != nil {
		return page.Answer{}, err
	}
	attribute, users, all := r.Value("attribute"), r.Values("user"), r.Checked("all")
	switch {
	case attribute == "":
		return a.driftAgain(ctx, app, page.Invalid("", "The attribute is missing."))
	case len(users) == 0 && !all:
		return a.driftAgain(ctx, app, page.Invalid("", "Select at least one person, or let the directory lead for all of them."))
	case all:
		users = nil
	}
	slices.Sort(users)
	users = slices.Compact(users)
	found, err := a.Administration.Retractable(ctx, app.Application, attribute, users)
	if err != nil {
		return page.Answer{}, err
	}
	if len(found) == 0 {
		return page.Redirect(app.Path("drift"), page.Caution("%s: the directory leads already.", attribute)), nil
	}
	answer, confirmed, err := a.ask(ctx, r, app, false, users, found)
	if !confirmed || err != nil {
		return answer, err
	}
	ids := make([]string, len(found))
	for i, each := range found {
		ids[i] = each.SourceID
	}
	count, err := r.Acts().RetractDrift(ctx, app.Application, attribute, ids)
	if err != nil {
		return page.Answer{}, err
	}
	return page.Redirect(app.Path("drift"), page.Success("%s: the directory leads again for %s. %s.", attribute, page.Plural(count, "account", "accounts"), next(app))), nil
}

// next says which cycle writes.
func next(app page.Application) string {
	if app.On() {
		return "The next cycle writes it"
	}
	return "Provisioning is off: the first cycle after it is started writes it"
}
