package people

import (
	"context"
	"errors"
	"net/url"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/change"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
)

// userData is all about one user.
type userData struct {
	Person       person
	Sections     []section
	Manager      person // without an id when there is none
	Reports      []person
	MoreReports  bool
	Groups       []groupRow
	MoreGroups   bool
	Applications []accessRow
	Log          change.Table

	HistoryPath string
	LogPath     string
	ReportsPath string
	GroupsPath  string
}

// How much of each list the page about a user shows.
const (
	fewReports = 8
	fewGroups  = 12
	fewEntries = 6
)

func userHead(p person) page.Head {
	head := page.Head{Title: p.Name, Section: usersPath, Crumbs: []page.Link{{Text: "Users", Path: usersPath}}}
	head.Lead = p.SignIn
	for _, more := range []string{p.JobTitle, p.Department} {
		if more != "" && head.Lead != "" {
			head.Lead += ", "
		}
		head.Lead += more
	}
	return head
}

func (a *Area) showUser(ctx context.Context, r *page.Request) (page.Answer, error) {
	name := r.Path("user")
	user, err := a.Administration.Store.User(ctx, name)
	if errors.Is(err, store.ErrNotFound) {
		return a.formerly(ctx, newUserSubject(directory.User{ID: name}, false), noUser(name))
	}
	if err != nil {
		return page.Answer{}, err
	}
	if user.ID != name {
		return page.Away(userPath(user.ID)), nil
	}
	data, err := a.userData(ctx, user)
	return a.user.Show(userHead(data.Person), data), err
}

// formerly leads to the history of who was removed for good, if there is any.
func (a *Area) formerly(ctx context.Context, of subject, unknown error) (page.Answer, error) {
	found, err := a.Administration.Store.FindEvents(ctx, of.kind, of.id, store.Page{Limit: 1})
	if err != nil {
		return page.Answer{}, err
	}
	if len(found.Items) == 0 {
		return page.Answer{}, unknown
	}
	return page.Away(of.path() + "/history"), nil
}

func (a *Area) userData(ctx context.Context, user directory.User) (userData, error) {
	data := newUserData(user)
	manager, err := a.managerOf(ctx, user)
	if err != nil {
		return data, err
	}
	data.Manager, data.Sections = manager, userSections(user, manager.Name)
	reports, err := a.Administration.Store.FindReports(ctx, user.ID, store.Page{Limit: fewReports})
	if err != nil {
		return data, err
	}
	data.Reports, data.MoreReports = persons(reports.Items), reports.Next != ""
	groups, err := a.Administration.Store.FindMemberOf(ctx, user.ID, store.Page{Limit: fewGroups})
	if err != nil {
		return data, err
	}
	data.Groups, data.MoreGroups = groupRows(groups.Items), groups.Next != ""
	access, err := a.Administration.AccessOf(ctx, user.ID)
	if err != nil {
		return data, err
	}
	for _, each := range access {
		data.Applications = append(data.Applications, newAccessRow(each))
	}
	data.Log.Rows, err = a.entriesOf(ctx, user.ID)
	return data, err
}

// newUserData returns what the user alone tells.
func newUserData(user directory.User) userData {
	p := newPerson(user)
	return userData{
		Person: p, Sections: userSections(user, ""), HistoryPath: p.Path + "/history", ReportsPath: p.Path + "/reports", GroupsPath: p.Path + "/groups",
		LogPath: "/logs?person=" + url.QueryEscape(user.ID), Log: change.Table{Label: "Last entries of the provisioning log", Dates: true, Applications: true},
	}
}

// managerOf returns a user's manager; there may be none.
func (a *Area) managerOf(ctx context.Context, user directory.User) (person, error) {
	if user.ManagerID == "" {
		return person{}, nil
	}
	manager, err := a.Administration.Store.User(ctx, user.ManagerID)
	if errors.Is(err, store.ErrNotFound) {
		return person{}, nil
	}
	return newPerson(manager), err
}

// entriesOf returns the last entries of the log about somebody.
func (a *Area) entriesOf(ctx context.Context, id string) ([]change.View, error) {
	found, err := a.Administration.Store.FindEntries(ctx, journal.Query{SourceID: id}, store.Page{Limit: fewEntries})
	if err != nil {
		return nil, err
	}
	var views []change.View
	names := map[string]string{}
	for _, entry := range found.Items {
		if _, known := names[entry.ApplicationID]; !known {
			app, err := a.Administration.Store.Application(ctx, entry.ApplicationID)
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return nil, err
			}
			names[entry.ApplicationID] = app.DisplayName
		}
		views = append(views, change.OfEntry(entry, change.Application{ID: entry.ApplicationID, Name: names[entry.ApplicationID]}, a.catalogue()))
	}
	return views, nil
}

func (a *Area) catalogue() journal.Catalogue { return a.Administration.Catalogue }

// accessRow is what somebody has to do with one application.
type accessRow struct {
	UserID      string
	Name        string
	Path        string
	Everyone    bool // all users are in scope, assigned or not
	Grants      []grantRow
	Scope       page.State
	Reason      string // why out of scope
	Account     string // name in the application, empty without an account
	AccountID   string
	AccountPath string
	State       page.State // of the account
	Notes       []note
	WhyPath     string
	OnDemand    string
	Ready       bool // the application can be signed in to
}

// grantRow is an assignment that somebody has an application by.
type grantRow struct {
	Role      string
	Through   string // names of the groups that lead to it, empty for an assignment in person
	GroupPath string
}

// note is something that waits to be done about an account, or that failed.
type note struct {
	Colour string
	Text   string
	Link   page.Link
}

func newAccessRow(access administration.Access) accessRow {
	app := page.Application{Application: administration.Application{Application: access.Application, Job: access.Job}}
	subject := access.Subject
	user := url.QueryEscape(subject.User.ID)
	row := accessRow{
		UserID: subject.User.ID, Name: app.DisplayName, Path: app.Path(""), Everyone: access.Job.Settings.SyncAll, Ready: app.Configured(),
		Account: nameOf(subject.Connection.TargetName, subject.Connection.TargetID), AccountID: subject.Connection.TargetID,
		WhyPath: app.Path("why") + "?user=" + user, OnDemand: app.Path("on-demand"), Notes: notesOf(app, access),
	}
	row.Scope, row.Reason = scopeOf(access)
	row.State = page.State{Text: "No account", Colour: "secondary"}
	if row.Account != "" {
		row.AccountPath = app.Path("accounts") + "?search=" + url.QueryEscape(row.Account)
		row.State = page.State{Text: "Account disabled", Colour: "secondary"}
		if subject.Connection.Enabled {
			row.State = page.State{Text: "Account in use", Colour: "green"}
		}
	}
	for _, grant := range subject.Grants {
		row.Grants = append(row.Grants, newGrantRow(grant))
	}
	return row
}

func newGrantRow(grant directory.Grant) grantRow {
	row := grantRow{Role: nameOf(grant.Role.DisplayName, "A role that was removed"), Through: grant.Through()}
	if grant.Role.ID == directory.DefaultAccess {
		row.Role = "Default Access"
	}
	if !grant.Direct() {
		row.GroupPath = groupPath(grant.GroupID)
	}
	return row
}

func scopeOf(access administration.Access) (state page.State, reason string) {
	switch {
	case access.Fault != nil:
		return page.State{Text: "Scope not known", Colour: "orange"}, page.Sentence(administration.Told(access.Fault))
	case access.Verdict.Undecided != "":
		return page.State{Text: "Scope undecided", Colour: "orange"}, page.Sentence(access.Verdict.Undecided)
	case access.Verdict.In:
		return page.State{Text: "In scope", Colour: "green"}, ""
	}
	return page.State{Text: "Out of scope", Colour: "secondary"}, page.Sentence(access.Verdict.Text())
}
