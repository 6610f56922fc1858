package accounts

import (
	"context"
	"net/url"
	"slices"
	"time"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/store"
)

// listed is how many accounts a page shows.
const listed = 50

// managedData are the accounts that Usher manages.
type managedData struct {
	Path   string
	Survey string
	Search string
	State  []page.Option
	Chosen bool // something is searched for or filtered
	Rows   []managedRow
	Pager  page.Pager
	Next   bool // there may be more, although nothing is shown here
	Total  int
	InUse  int
}

// managedRow is an account that Usher manages.
type managedRow struct {
	Account    string
	TargetID   string
	Enabled    bool
	Since      time.Time
	Person     string
	SignIn     string
	Path       string // of the person, empty when gone
	Assigned   string // in which role
	Pending    []string
	Failing    string // code of what fails
	Held       bool
	Leaving    time.Time
	Why        string
	Disconnect string
}

// states are what the list can be narrowed to.
func states() [][2]string {
	return [][2]string{
		{string(store.AllAccounts), "all"},
		{string(store.EnabledAccounts), "in use"},
		{string(store.DisabledAccounts), "disabled"},
		{string(store.UnassignedAccounts), "of people who are not assigned any more"},
		{string(store.OrphanedAccounts), "of nobody in the directory"},
	}
}

func head(app page.Application) page.Head {
	h := app.Of("Accounts", "accounts")
	h.Lead = "The accounts that Usher manages there, and whose they are."
	return h
}

func (a *Area) showManaged(ctx context.Context, r *page.Request) (page.Answer, error) {
	app, err := r.ApplicationWithAccounts(ctx)
	if err != nil {
		return page.Answer{}, err
	}
	state := r.Value("state")
	if !slices.ContainsFunc(states(), func(each [2]string) bool { return each[0] == state }) {
		state = ""
	}
	search := store.AccountSearch{JobID: app.Job.ID, Text: r.Value("search"), State: store.AccountState(state)}
	listing, err := a.Administration.Store.FindAccounts(ctx, search, store.Page{Cursor: r.Value("cursor"), Limit: listed})
	if err != nil {
		return page.Answer{}, err
	}
	data := newManagedData(app, r.Value("search"), state, listing.Items)
	data.Pager, data.Next = r.Pager(listing.Previous, listing.Next), listing.Next != ""
	return a.managed.Show(head(app), data), nil
}

func newManagedData(app page.Application, search, state string, subjects []engine.Subject) managedData {
	data := managedData{
		Path: app.Path("accounts"), Survey: app.Path("accounts/survey"), Search: search, State: page.Options(state, states()...), Chosen: search != "" || state != "",
		Total: app.Links.Connections, InUse: app.Links.Enabled,
	}
	for _, subject := range subjects {
		data.Rows = append(data.Rows, newManagedRow(app, subject))
	}
	return data
}

func newManagedRow(app page.Application, subject engine.Subject) managedRow {
	id := subject.Connection.SourceID
	row := managedRow{
		Account: subject.Connection.TargetName, TargetID: subject.Connection.TargetID, Enabled: subject.Connection.Enabled, Since: subject.Connection.Since,
		Person: subject.User.DisplayName, SignIn: subject.User.UserPrincipalName, Path: page.UserPath(id), Failing: subject.Escrow.Code,
		Held: subject.Removal.State == engine.RemovalStaged, Leaving: subject.Leaver.Due, Why: app.Path("why") + "?user=" + page.QueryValue(id),
		Disconnect: app.Path("accounts/" + url.PathEscape(id) + "/disconnect"),
	}
	if subject.Gone {
		row.Path, row.Person = "", "removed from the directory for good"
	}
	if row.Person == "" {
		row.Person = row.SignIn
	}
	for n, grant := range subject.Grants {
		if n > 0 {
			row.Assigned += ", "
		}
		row.Assigned += grant.Role.DisplayName
	}
	for _, pending := range subject.Connection.Pending {
		row.Pending = append(row.Pending, pending.Attribute)
	}
	return row
}
