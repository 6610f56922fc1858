package applications

import (
	"context"
	"net/http"
	"strings"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/page"
)

// removalData is what is left behind when an application is removed.
type removalData struct {
	Confirmation page.Confirmation
	Name         string
	Path         string
	administration.LeftBehind
	Confirm page.Field
}

func removalHead(app page.Application) page.Head { return app.Of("Remove "+app.DisplayName, "") }

func newRemovalData(app page.Application, left administration.LeftBehind) removalData {
	return removalData{page.Confirm(app.ID, left.Enabled), app.DisplayName, app.Path("remove"), left, page.Field{
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
	left, err := a.Administration.LeftBehind(ctx, app.Application)
	if err != nil {
		return page.Answer{}, err
	}
	data := newRemovalData(app, left)
	var confirmed bool
	data.Confirmation, confirmed = r.Confirms(data.Confirmation)
	data.Confirm.Value = r.Value("confirm")
	switch {
	case r.Value("confirm") != strings.TrimSpace(app.DisplayName):
		data.Confirm.Fault = "This is not the name of the application, so nothing was removed."
		return a.removal.Show(removalHead(app), data).With(http.StatusUnprocessableEntity), nil
	case !confirmed:
		return a.removal.Show(removalHead(app), data).With(http.StatusConflict), nil
	}
	if err := r.Acts().RemoveApplication(ctx, app.Application); err != nil {
		return page.Answer{}, err
	}
	return page.Redirect("/applications", page.Success("%s was removed. The accounts there stay as they are.", app.DisplayName)), nil
}
