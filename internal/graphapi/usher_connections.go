package graphapi

import (
	"context"
	"errors"
	"iter"
	"strings"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/graphapi/graph"
	"github.com/usher-id/usher/internal/store"
)

func (a *api) connectionRoutes(app string) []route {
	return []route{
		get(app+"/connections", a.listConnections),
		get(app+"/connections/{user}", a.getConnection),
		remove(app+"/connections/{user}", a.deleteConnection),
	}
}

// account is the account that is connected to a user.
type account struct {
	ID         string       `json:"id"` // of the user
	TargetID   string       `json:"targetId"`
	TargetName string       `json:"targetName"`
	Enabled    bool         `json:"enabled"` // Usher left it enabled
	Since      graph.Moment `json:"since"`
	Pending    []string     `json:"pending"` // attributes whose new values wait for a confirmation in the target
}

func newAccount(connection engine.Connection) account {
	result := account{connection.SourceID, connection.TargetID, connection.TargetName, connection.Enabled, graph.Moment(connection.Since), []string{}}
	for _, pending := range connection.Pending {
		result.Pending = append(result.Pending, pending.Attribute)
	}
	return result
}

func (a *api) connections() resource {
	return resource{set: "connections", kind: newKind("usherConnection", "userPrincipalName", "targetId", "targetName", "enabled", "since", "pending")}
}

func (a *api) connectionEntity(ctx context.Context, names userNames, connection engine.Connection) (entity, error) {
	e, err := asEntity(newAccount(connection))
	if err != nil {
		return nil, err
	}
	e["userPrincipalName"], err = names.of(ctx, connection.SourceID)
	return e, err
}

func (a *api) listConnections(ctx context.Context, r *request) (response, error) {
	app, err := a.administered(ctx, r)
	if err != nil {
		return response{}, err
	}
	names := a.userNames()
	return r.answerPage(ctx, collection{
		resource: a.connections(),
		after: func(ctx context.Context, position string) iter.Seq2[entity, error] {
			return entities(a.service.Connections(ctx, app), position, func(connection engine.Connection) (entity, error) {
				return a.connectionEntity(ctx, names, connection)
			})
		},
		count: func(ctx context.Context) (int, error) {
			links, err := a.Store.CountLinks(ctx, app.Job.ID)
			return links.Connections, err
		},
	})
}

// connectedUser returns the id of the user of the path. Who is gone from the directory
// is known by the id alone.
func (a *api) connectedUser(ctx context.Context, r *request) (string, error) {
	name, err := r.text("user")
	if err != nil {
		return "", err
	}
	user, err := a.Store.User(ctx, name)
	if errors.Is(err, store.ErrNotFound) {
		return name, nil
	}
	return user.ID, err
}

func (a *api) getConnection(ctx context.Context, r *request) (response, error) {
	_, job, err := a.ownApplication(ctx, r)
	if err != nil {
		return response{}, err
	}
	id, err := a.connectedUser(ctx, r)
	if err != nil {
		return response{}, err
	}
	connection, err := a.Store.Connection(ctx, job.ID, id)
	if err != nil {
		return response{}, err
	}
	if connection.IsZero() {
		return response{}, notFound(id)
	}
	e, err := a.connectionEntity(ctx, a.userNames(), connection)
	if err != nil {
		return response{}, err
	}
	return r.answerEntity(ctx, a.connections(), e)
}

// deleteConnection forgets which account belongs to a user; neither of the two is
// touched. It is a conflict while the job is turned on. With ?force=true also an
// account is let go whose owner left: nothing takes it away any more.
func (a *api) deleteConnection(ctx context.Context, r *request) (response, error) {
	app, err := a.administered(ctx, r)
	if err != nil {
		return response{}, err
	}
	id, err := a.connectedUser(ctx, r)
	if err != nil {
		return response{}, err
	}
	force := strings.EqualFold(r.http.URL.Query().Get("force"), "true")
	_, err = r.acts().Disconnect(ctx, app, id, administration.Disconnecting{Force: force})
	return noContent(), err
}
