package ondemand

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/store"
)

// found is how many people a search shows.
const found = 20

// chooseData is the choice of people.
type chooseData struct {
	Name     string
	Path     string
	Preview  string
	Search   string
	Selected []person
	Found    []person
	More     bool // the search finds more than are shown
	Most     int
	Faults   page.Faults
	Ready    bool // the application can be signed in to
	SetUp    string
}

// person is somebody of the directory as a list shows them.
type person struct {
	ID         string
	Name       string // display name
	SignIn     string // user principal name
	Department string
	Disabled   bool
}

func newPerson(user directory.User) person {
	shown := person{ID: user.ID, Name: user.DisplayName, SignIn: user.UserPrincipalName, Disabled: !user.AccountEnabled}
	if shown.Name == "" {
		shown.Name = user.UserPrincipalName
	}
	if department := user.Get("department"); !department.IsEmpty() {
		shown.Department = department.String()
	}
	return shown
}

func head(app page.Application) page.Head {
	h := app.Of("Provision on demand", "on-demand")
	h.Lead = "Provision somebody now, without waiting for the next cycle, and see each step of it."
	return h
}

func (a *Area) show(ctx context.Context, r *page.Request) (page.Answer, error) {
	app, err := r.Application(ctx)
	if err != nil {
		return page.Answer{}, err
	}
	data, err := a.chooseData(ctx, r, app)
	return a.choose.Show(head(app), data), err
}

// again shows the choice with what was wrong with it.
func (a *Area) again(ctx context.Context, r *page.Request, app page.Application, faults page.Faults) (page.Answer, error) {
	data, err := a.chooseData(ctx, r, app)
	data.Faults = faults
	return a.choose.Show(head(app), data).With(http.StatusUnprocessableEntity), err
}

func (a *Area) chooseData(ctx context.Context, r *page.Request, app page.Application) (chooseData, error) {
	data := newChooseData(app, r.Value("search"))
	for _, id := range chosen(r) {
		user, err := a.Administration.Store.User(ctx, id)
		if errors.Is(err, store.ErrNotFound) {
			data.Faults = page.Faults{"": "There is nobody with the id or user principal name “" + page.Short(id, 100) + "” in the directory."}
			continue
		}
		if err != nil {
			return data, err
		}
		data.Selected = append(data.Selected, newPerson(user))
	}
	people, more, err := a.Administration.FindPeople(ctx, data.Search, found)
	if err != nil {
		return data, err
	}
	data.More = more
	for _, user := range people {
		if !slices.ContainsFunc(data.Selected, func(p person) bool { return p.ID == user.ID }) {
			data.Found = append(data.Found, newPerson(user))
		}
	}
	return data, nil
}

func newChooseData(app page.Application, search string) chooseData {
	return chooseData{
		Name: app.DisplayName, Path: app.Path("on-demand"), Preview: app.Path("on-demand/preview"), Search: search, Most: administration.MostOnDemand,
		Ready: app.Configured(), SetUp: app.Path("provisioning"),
	}
}

// chosen returns the ids of the people that a request names, each once.
func chosen(r *page.Request) []string {
	var ids []string
	for _, id := range r.Values("user") {
		if !slices.Contains(ids, id) && len(ids) <= administration.MostOnDemand {
			ids = append(ids, id)
		}
	}
	return ids
}
