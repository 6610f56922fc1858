package status

import (
	"context"
	"slices"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/provisioning"
)

// homeData is the home page.
type homeData struct {
	Users        int // of the directory
	Applications []homeApplication
	First        []firstStep // what to do first, until an application is turned on
}

// homeApplication is an application as the home page shows it.
type homeApplication struct {
	Name      string
	Path      string
	Template  string
	State     page.State
	Assigned  int
	Accounts  int
	Behind    int64
	Last      provisioning.Run
	Progress  live
	Attention []attention
	Causes    []cause
}

// cause is a cause of failures.
type cause struct {
	Code  string
	Text  string
	Count int
	Path  string
}

// mostCauses is how many causes are shown of an application; the page of failures has
// all of them.
const mostCauses = 3

// causes returns the most frequent causes of failures, with what each means.
func (a *Area) causes(app page.Application, groups []store.FailureGroup) []cause {
	var shown []cause
	for _, group := range groups[:min(len(groups), mostCauses)] {
		meaning := page.Sentence(a.Administration.Catalogue.Explain(group.Code).Text)
		shown = append(shown, cause{group.Code, meaning, group.Count, app.Path("failures") + "?code=" + group.Code})
	}
	return shown
}

// firstStep is a step on the way to the first account.
type firstStep struct {
	Title string
	Text  string
	Link  page.Link
	Done  bool
}

func homeHead() page.Head {
	return page.Head{Title: "Home", Section: "/", Lead: "How provisioning is doing, and what needs a person now.", Refresh: homeRefresh}
}

func (a *Area) showHome(ctx context.Context, r *page.Request) (page.Answer, error) {
	users, err := a.Administration.Store.CountUsers(ctx)
	if err != nil {
		return page.Answer{}, err
	}
	data := homeData{Users: users}
	var seen []administration.Overview
	for view, err := range a.Administration.Applications(ctx) {
		if err != nil {
			return page.Answer{}, err
		}
		groups, err := a.Administration.Store.FailureGroups(ctx, view.Job.ID)
		if err != nil {
			return page.Answer{}, err
		}
		seen = append(seen, view)
		data.Applications = append(data.Applications, a.homeApplication(view, groups))
	}
	slices.SortStableFunc(data.Applications, func(x, y homeApplication) int { return y.urgency() - x.urgency() })
	data.First = firstSteps(users, seen, r.Visitor.Administers())
	return a.home.Show(homeHead(), data), nil
}

func (a *Area) homeApplication(view administration.Overview, groups []store.FailureGroup) homeApplication {
	app := page.Application{Application: view.Application, Links: view.Health.Links}
	shown := homeApplication{
		Name: view.DisplayName, Path: app.Path(""), Template: view.Template, State: app.State(), Assigned: view.Health.Assigned,
		Accounts: view.Health.Links.Enabled, Behind: view.Health.Behind, Last: view.Job.Status.LastRun, Attention: attentions(app),
	}
	if pausedByHand(app) && begun(view) {
		shown.Attention = append(shown.Attention, waiting(app, view.Health.Behind))
	}
	if view.Health.Running {
		shown.Progress = newLive(view.Health.Progress)
	}
	shown.Causes = a.causes(app, groups)
	return shown
}

// urgency orders applications: what needs a person comes first.
func (h homeApplication) urgency() int {
	urgency := 0
	for _, each := range h.Attention {
		switch each.Colour {
		case "danger":
			urgency += 100
		case "warning":
			urgency += 10
		default:
			urgency++
		}
	}
	return urgency
}

// begun reports whether provisioning has come to accounts already.
func begun(view administration.Overview) bool {
	return view.Job.Status.InitialDone || view.Health.Links.Connections > 0
}

// firstSteps leads from an empty directory to the first account; none when an
// application is turned on, or has accounts already.
func firstSteps(users int, seen []administration.Overview, administers bool) []firstStep {
	path := "/applications"
	credentials, assigned := false, false
	for _, view := range seen {
		if view.Job.Schedule.State == provisioning.ScheduleActive || begun(view) {
			return nil
		}
		path = "/applications/" + view.ID
		credentials = credentials || view.Job.Status.Code != provisioning.NotConfigured
		assigned = assigned || view.Health.Assigned > 0
	}
	below := func(name string) string {
		if len(seen) == 0 {
			return "/applications/new"
		}
		return path + "/" + name
	}
	filling := page.Link{Text: "Users", Path: "/users"}
	if administers {
		filling = page.Link{Text: "Import", Path: "/directory/import"}
	}
	return []firstStep{
		{"Fill the directory", "Import users and groups from CSV files, here or with usher directory import, or push them through the API.", filling, users > 0},
		{"Add an application", "Take Salesforce from the gallery.", page.Link{Text: "New application", Path: "/applications/new"}, len(seen) > 0},
		{"Enter admin credentials", "Usher signs in with them; the connection is tested before anything is saved.", page.Link{Text: "Provisioning", Path: below("provisioning")}, credentials},
		{"Assign people", "Say who gets an account, and in which role.", page.Link{Text: "Users and groups", Path: below("users-and-groups")}, assigned},
		{"Preview, and turn it on", "See every change before the first one is made.", page.Link{Text: "Preview", Path: below("preview")}, false},
	}
}
