package ondemand

import (
	"context"
	"strconv"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/change"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/plan"
)

// resultData is what provisioning on demand did, or would do.
type resultData struct {
	Preview  bool
	Path     string
	AsIf     string // path of the form that carries a preview out
	Users    []string
	Took     string
	Calls    int64
	Log      string // path of the entries of the log
	Changes  []change.View
	Summary  change.Table
	Warnings []string
}

func (a *Area) provision(ctx context.Context, r *page.Request) (page.Answer, error) {
	return a.run(ctx, r, false)
}

func (a *Area) preview(ctx context.Context, r *page.Request) (page.Answer, error) {
	return a.run(ctx, r, true)
}

func (a *Area) run(ctx context.Context, r *page.Request, preview bool) (page.Answer, error) {
	app, err := r.Application(ctx)
	if err != nil {
		return page.Answer{}, err
	}
	var users []string
	for _, name := range chosen(r) {
		user, err := a.Administration.User(ctx, name)
		if faults, ok := page.FaultsOf(err); ok {
			return a.again(ctx, r, app, faults)
		}
		if err != nil {
			return page.Answer{}, err
		}
		users = append(users, user.ID)
	}
	done, err := r.Acts().ProvisionBetweenCycles(ctx, app.Application, administration.OnDemand{Users: users, Preview: preview})
	if faults, ok := page.FaultsOf(err); ok {
		return a.again(ctx, r, app, faults)
	}
	if err != nil {
		return page.Answer{}, err
	}
	return a.result.Show(resultHead(app, preview), a.resultData(app, users, preview, done)), nil
}

func resultHead(app page.Application, preview bool) page.Head {
	title := "What was done"
	if preview {
		title = "What would be done"
	}
	return head(app).Below(title, app.Path("on-demand"), "Provision on demand")
}

func (a *Area) resultData(app page.Application, users []string, preview bool, done administration.Performance) resultData {
	data := resultData{
		Preview: preview, Path: app.Path("on-demand"), AsIf: app.Path("on-demand"), Users: users, Took: page.Duration(done.Ended.Sub(done.Began)), Calls: done.Run.Counts.Calls,
		Log: "/logs?application=" + app.ID + "&cycle=" + done.Run.CycleID, Summary: change.Table{Label: "People"},
	}
	of := change.Application{ID: app.ID, Name: app.DisplayName}
	for n, each := range done.Changes {
		view := a.view(each, of)
		view.Anchor = "change-" + strconv.Itoa(n+1)
		data.Changes = append(data.Changes, view)
	}
	if len(data.Changes) > 1 {
		data.Summary.Rows = data.Changes
	}
	return data
}

func (a *Area) view(c plan.Change, of change.Application) change.View {
	return change.New(c, of, a.Administration.Catalogue)
}
