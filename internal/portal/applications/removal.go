package applications

import (
	"context"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/page"
)

// removalData is what is left behind when an application is removed.
type removalData struct {
	Name string
	Path string
	administration.LeftBehind
	Confirm page.Field
}

func removalHead(app page.Application) page.Head { return app.Of("Remove "+app.DisplayName, "") }

func newRemovalData(app page.Application, left administration.LeftBehind) removalData {
	return removalData{app.DisplayName, app.Path("remove"), left, page.Field{
		Name: "confirm", Label: "To confirm, type the name of the application", Required: true, Help: app.DisplayName,
	}}
}

func (a *Area) askRemoval(ctx context.Context, r *page.Request) (page.Answer, error) {
	app, err := r.Application(ctx)
	if err != nil {
		return page.Answer{}, err
	}
	left, err := a.Administration.LeftBehind(ctx, app.Application)
	if err != nil {
		return page.Answer{}, err
	}
	return a.removal.Show(removalHead(app), newRemovalData(app, left)), nil
}

func (a *Area) remove(ctx context.Context, r *page.Request) (page.Answer, error) {
	app, err := r.Application(ctx)
	if err != nil {
		return page.Answer{}, err
	}
	if r.Value("confirm") != app.DisplayName {
		left, err := a.Administration.LeftBehind(ctx, app.Application)
		if err != nil {
			return page.Answer{}, err
		}
		data := newRemovalData(app, left)
		data.Confirm.Value, data.Confirm.Fault = r.Value("confirm"), "This is not the name of the application, so nothing was removed."
		return a.removal.Show(removalHead(app), data).With(422), nil
	}
	if err := r.Acts().RemoveApplication(ctx, app.Application); err != nil {
		return page.Answer{}, err
	}
	return page.Redirect("/applications", page.Success("%s was removed. The accounts there stay as they are.", app.DisplayName)), nil
}
