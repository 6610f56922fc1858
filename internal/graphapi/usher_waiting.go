package graphapi

import (
	"context"
	"iter"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/graphapi/graph"
	"github.com/usher-id/usher/internal/store"
)

func (a *api) waitingRoutes(app string) []route {
	return []route{
		get(app+"/escrows", a.listEscrows),
		post(app+"/escrows/retry", store.RoleOperator, a.retryEscrows),
		get(app+"/leavers", a.listLeavers),
	}
}

// retry is a failed change that is tried again.
type retry struct {
	ID        string       `json:"id"`
	UserID    string       `json:"userId"`
	Attribute *string      `json:"attribute"` // of a reference, when only it failed
	Code      string       `json:"code"`
	Message   string       `json:"message"`
	Advice    string       `json:"recommendedAction"`
	Attempts  int          `json:"attempts"`
	First     graph.Moment `json:"firstDateTime"`
	Next      graph.Moment `json:"nextDateTime"` // not before
}

func newRetry(escrow engine.Escrow) retry {
	result := retry{
		ID: escrow.SourceID, UserID: escrow.SourceID, Code: escrow.Code, Message: escrow.Message, Attempts: escrow.Attempts,
		First: graph.Moment(escrow.First), Next: graph.Moment(escrow.Next),
	}
	if escrow.Attribute != "" {
		result.ID += " " + escrow.Attribute
		result.Attribute = new(escrow.Attribute)
	}
	return result
}

func (a *api) listEscrows(ctx context.Context, r *request) (response, error) {
	app, err := a.administered(ctx, r)
	if err != nil {
		return response{}, err
	}
	names := a.userNames()
	kind := newKind("usherEscrow", "userId", "userPrincipalName", "attribute", "code", "message", "recommendedAction", "attempts", "firstDateTime", "nextDateTime")
	return r.answerPage(ctx, collection{
		resource: resource{set: "escrows", kind: kind},
		after: func(ctx context.Context, position string) iter.Seq2[entity, error] {
			return entities(a.service.Failures(ctx, app, ""), position, func(escrow engine.Escrow) (entity, error) {
				view := newRetry(escrow)
				view.Advice = a.Catalogue.Explain(escrow.Code).Advice
				e, err := asEntity(view)
				if err != nil {
					return nil, err
				}
				e["userPrincipalName"], err = names.of(ctx, escrow.SourceID)
				return e, err
			})
		},
	})
}

// retryEscrows makes what failed due at once.
func (a *api) retryEscrows(ctx context.Context, r *request) (response, error) {
	var body struct {
		selected

		Code string `json:"code"`
	}
	if err := r.decode(&body); err != nil {
		return response{}, err
	}
	app, err := a.administered(ctx, r)
	if err != nil {
		return response{}, err
	}
	which := store.Retry{Code: body.Code}
	if body.Code == "" || len(body.Users) > 0 {
		if which.SourceIDs, err = body.ids(ctx, a); err != nil {
			return response{}, err
		}
	}
	count, err := r.acts().Retry(ctx, app, which)
	if err != nil {
		return response{}, err
	}
	return ok(map[string]any{"@odata.context": r.context("Edm.Int32"), "value": count}), nil
}

// leaving is somebody who left and keeps the account for a grace period.
type leaving struct {
	ID     string       `json:"id"`
	Name   string       `json:"targetName"`
	Since  graph.Moment `json:"since"`
	Due    graph.Moment `json:"due"` // the first cycle after it takes the account away
	Reason string       `json:"reason"`
}

func newLeaving(leaver engine.Leaver) leaving {
	return leaving{leaver.SourceID, leaver.Name, graph.Moment(leaver.Since), graph.Moment(leaver.Due), leaver.Reason}
}

func (a *api) listLeavers(ctx context.Context, r *request) (response, error) {
	app, err := a.administered(ctx, r)
	if err != nil {
		return response{}, err
	}
	var items []entity
	names := a.userNames()
	for leaver, err := range a.service.Leavers(ctx, app) {
		if err != nil {
			return response{}, err
		}
		e, err := asEntity(newLeaving(leaver))
		if err != nil {
			return response{}, err
		}
		if e["userPrincipalName"], err = names.of(ctx, leaver.SourceID); err != nil {
			return response{}, err
		}
		items = append(items, e)
	}
	kind := newKind("usherLeaver", "userPrincipalName", "targetName", "since", "due", "reason")
	return r.answerPage(ctx, collection{resource: resource{set: "leavers", kind: kind}, after: listed(items...)})
}
