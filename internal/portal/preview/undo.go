package preview

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/change"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/plan"
)

const (
	// undoShown is how many changes of the cycle a part of the list has.
	undoShown = 50
	// mostUndone is how many people can be selected one by one.
	mostUndone = 200
)

// undoData asks what of a cycle is to be taken back.
type undoData struct {
	Path     string
	Cycle    string
	Name     string // of the application
	CycleURL string
	Numbers  []undoNumber
	Text     string
	Cursor   string
	Selected []page.Option // people by id
	Rows     []undoRow
	Pager    page.Pager
	Faults   page.Faults
	Some     bool // selected people alone
	Pauses   bool // a cycle would do again what is taken back: provisioning is turned off when the plan is applied
}

// undoNumber is what would become of one kind of change.
type undoNumber struct {
	Icon  string
	Count store.Count
	One   string // what it says of one account, and of several
	Many  string
}

// Text says how many accounts there are and what becomes of them.
func (n undoNumber) Text() string {
	if n.Count.Number == 1 && !n.Count.More {
		return n.One
	}
	return n.Many
}

// Number is how many there are, in words.
func (n undoNumber) Number() string {
	if n.Count.More {
		return "more than " + page.Number(n.Count.Number)
	}
	return page.Number(n.Count.Number)
}

// undoRow is a change of the cycle.
type undoRow struct {
	change.View

	Checked bool
	Reverse string
}

// reversal is what undoing does to what a cycle did with an account.
type reversal struct {
	action    plan.Action
	icon      string
	one, many string
	reverse   string
}

// reversals are those of all actions.
func reversals() []reversal {
	return []reversal{
		{plan.Create, "user-off", "account that it created is disabled; it is not deleted", "accounts that it created are disabled; they are not deleted", "disable the account"},
		{plan.Update, "pencil", "account that it updated gets its former values", "accounts that it updated get their former values", "put the former values back"},
		{plan.Disable, "user-check", "account that it disabled is enabled again", "accounts that it disabled are enabled again", "enable the account"},
		{plan.Enable, "user-off", "account that it enabled is disabled again", "accounts that it enabled are disabled again", "disable the account"},
		{plan.Delete, "trash", "account that it deleted cannot be brought back", "accounts that it deleted cannot be brought back", "cannot be taken back"},
	}
}

func undoHead(app page.Application, cycleID string) page.Head {
	head := app.Of("", "cycles").Below("Undo", app.Path("cycles/"+url.PathEscape(cycleID)), "Cycle")
	head.Crumbs = slices.Insert(head.Crumbs, len(head.Crumbs)-1, page.Link{Text: "Cycles", Path: app.Path("cycles")})
	head.Title = "Undo the cycle"
	return head
}

// undoable returns the application and the cycle that a path names.
func (a *Area) undoable(ctx context.Context, r *page.Request) (page.Application, string, error) {
	app, err := r.Application(ctx)
	if err != nil {
		return app, "", err
	}
	cycleID, owner, err := a.Administration.WrittenBy(ctx, r.Path("cycle"))
	if errors.Is(err, store.ErrNotFound) || err == nil && owner != app.ID {
		fault := page.NotFound("The provisioning log has nothing of a cycle “%s” of %s.", page.Short(r.Path("cycle"), 60), app.DisplayName)
		fault.Advice = "A cycle can be undone as long as its entries are kept. Choose one that wrote something from the list of cycles."
		return app, "", fault
	}
	return app, cycleID, err
}

// written selects what a cycle wrote.
func written(app page.Application, cycleID string, actions ...plan.Action) journal.Query {
	if len(actions) == 0 {
		actions = []plan.Action{plan.Create, plan.Update, plan.Disable, plan.Enable, plan.Delete}
	}
	return journal.Query{JobID: app.Job.ID, CycleID: cycleID, Actions: actions, Statuses: []plan.Status{plan.Success, plan.Warning}}
}

func (a *Area) askUndo(ctx context.Context, r *page.Request) (page.Answer, error) {
	app, cycleID, err := a.undoable(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	data, err := a.undoData(ctx, r, app, cycleID)
	if errors.Is(err, store.ErrInvalid) {
		return page.Redirect(undoPath(app, cycleID), page.Notice{}), nil // the cursor of another list
	}
	return a.undo.Show(undoHead(app, cycleID), data), err
}

func undoPath(app page.Application, cycleID string) string {
	return app.Path("cycles/" + url.PathEscape(cycleID) + "/undo")
}

func (a *Area) undoData(ctx context.Context, r *page.Request, app page.Application, cycleID string) (undoData, error) {
	data := newUndoData(app, cycleID, r.Value("text"))
	data.Cursor, data.Some = r.Value("cursor"), r.Value("whom") == "selected"
	var err error
	for _, each := range reversals() {
		number := undoNumber{Icon: each.icon, One: each.one, Many: each.many}
		if number.Count, err = a.Administration.Store.CountEntries(ctx, written(app, cycleID, each.action)); err != nil {
			return data, err
		}
		data = data.counting(number)
	}
	query := written(app, cycleID)
	query.Name = data.Text
	found, err := a.Administration.Store.FindEntries(ctx, query, store.Page{Cursor: data.Cursor, Limit: undoShown})
	if err != nil {
		return data, err
	}
	chosen := selected(r)
	data = data.with(app, found, chosen, a.Administration.Catalogue)
	kept := url.Values{"user": chosen}
	if data.Text != "" {
		kept.Set("text", data.Text)
	}
	data.Pager = r.PagerAt(data.Path, kept, found.Previous, found.Next)
	for _, id := range chosen {
		if slices.ContainsFunc(data.Rows, func(row undoRow) bool { return row.Person.ID == id }) {
			continue // its box is in the list
		}
		option := page.Option{Value: id, Text: id}
		if user, err := a.Administration.Store.User(ctx, id); err == nil {
			option.Text = user.UserPrincipalName
		} else if !errors.Is(err, store.ErrNotFound) {
			return data, err
		}
		data.Selected = append(data.Selected, option)
	}
	return data, nil
}

// selected returns the ids of the people that a form names, each once.
func selected(r *page.Request) []string {
	var ids []string
	for _, id := range r.Values("user") {
		if !slices.Contains(ids, id) && len(ids) <= mostUndone {
			ids = append(ids, id)
		}
	}
	return ids
}

func newUndoData(app page.Application, cycleID, text string) undoData {
	return undoData{Path: undoPath(app, cycleID), Cycle: cycleID, Name: app.DisplayName, CycleURL: app.Path("cycles/" + url.PathEscape(cycleID)), Text: text, Pauses: app.On()}
}

// counting adds a number, unless there are none.
func (d undoData) counting(number undoNumber) undoData {
	if number.Count.Number > 0 {
		d.Numbers = append(d.Numbers, number)
	}
	return d
}

// with returns the data with a part of what the cycle wrote.
func (d undoData) with(app page.Application, found store.Listing[journal.Entry], chosen []string, catalogue journal.Catalogue) undoData {
	for _, entry := range found.Items {
		row := undoRow{View: change.OfEntry(entry, change.Application{ID: app.ID, Name: app.DisplayName}, catalogue), Checked: slices.Contains(chosen, entry.Change.Source.ID)}
		for _, each := range reversals() {
			if each.action == entry.Change.Action {
				row.Reverse = each.reverse
			}
		}
		d.Rows = append(d.Rows, row)
	}
	return d
}

// makeUndo begins to make the plan that takes a cycle back.
func (a *Area) makeUndo(ctx context.Context, r *page.Request) (page.Answer, error) {
	app, cycleID, err := a.undoable(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	what := administration.Undoing{Cycle: cycleID}
	var faults page.Faults
	if r.Value("whom") == "selected" {
		what.Users = selected(r)
		switch {
		case len(what.Users) == 0:
			faults = page.Faults{"": "Select at least one person below, or choose everybody."}
		case len(what.Users) > mostUndone:
			faults = page.Faults{"": "Select " + page.Number(mostUndone) + " people at most, or choose everybody."}
		}
	}
	if faults == nil {
		begun, err := a.Operations.MakeUndo(ctx, r.Visitor.Actor(), app.Application, what)
		if err == nil {
			return page.Redirect(operationPath(app, begun.ID), page.Notice{}), nil
		}
		var ok bool
		if faults, ok = page.FaultsOf(err); !ok {
			return page.Answer{}, err
		}
	}
	data, err := a.undoData(ctx, r, app, cycleID)
	data.Faults = faults
	return a.undo.Show(undoHead(app, cycleID), data).With(http.StatusUnprocessableEntity), err
}
