package accounts

import (
	"context"
	"net/http"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/page"
)

// disconnectData is what it means to forget whose an account is.
type disconnectData struct {
	Confirmation page.Confirmation
	Path         string
	Back         string
	Name         string
	Person       string
	Connection   engine.Connection
	On           bool
	Faults       page.Faults
	Force        bool // offered after it was refused
}

func disconnectHead(app page.Application) page.Head {
	return head(app).Below("Disconnect", app.Path("accounts"), "Accounts")
}

func (a *Area) askDisconnect(ctx context.Context, r *page.Request) (page.Answer, error) {
	app, data, err := a.disconnectData(ctx, r)
	return a.disconnect.Show(disconnectHead(app), data), err
}

func (a *Area) disconnectData(ctx context.Context, r *page.Request) (page.Application, disconnectData, error) {
	app, err := r.Application(ctx)
	if err != nil {
		return app, disconnectData{}, err
	}
	id := r.Path("user")
	connection, err := a.Administration.Store.Connection(ctx, app.Job.ID, id)
	if err != nil {
		return app, disconnectData{}, err
	}
	if connection.IsZero() {
		return app, disconnectData{}, page.NotFound("No account of %s is connected with this person.", app.DisplayName)
	}
	user, err := a.Administration.Person(ctx, app.Application, id)
	return app, newDisconnectData(app, connection, user.UserPrincipalName), err
}

func newDisconnectData(app page.Application, connection engine.Connection, person string) disconnectData {
	path := newManagedRow(app, engine.Subject{Connection: connection}).Disconnect
	return disconnectData{Confirmation: page.Confirm(connection.SourceID, connection.TargetID, connection.TargetName, connection.Enabled, person, app.On()), Path: path, Back: app.Path("accounts"), Name: app.DisplayName, Person: person, Connection: connection, On: app.On()}
}

func (a *Area) disconnectAccount(ctx context.Context, r *page.Request) (page.Answer, error) {
	app, data, err := a.disconnectData(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	var confirmed bool
	if data.Confirmation, confirmed = r.Confirms(data.Confirmation); !confirmed {
		return a.disconnect.Show(disconnectHead(app), data).With(http.StatusConflict), nil
	}
	_, err = r.Acts().Disconnect(ctx, app.Application, r.Path("user"), administration.Disconnecting{Force: r.Checked("force")})
	if faults, ok := page.FaultsOf(err); ok {
		data.Faults, data.Force = faults, !app.On()
		return a.disconnect.Show(disconnectHead(app), data).With(http.StatusUnprocessableEntity), nil
	}
	if err != nil {
		return page.Answer{}, err
	}
	return page.Redirect(app.Path("accounts"), page.Success("%s and the account %s are not connected any more. Neither was touched; the next cycle matches anew.", data.Person, data.Connection.TargetName)), nil
}
