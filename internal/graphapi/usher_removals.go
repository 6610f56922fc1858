package graphapi

import (
	"context"
	"iter"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/store"
)

func (a *api) removalRoutes(app string) []route {
	return []route{
		get(app+"/removals", a.listRemovals),
		post(app+"/removals/allow", store.RoleAdministrator, a.decide(administration.Allow)),
		post(app+"/removals/reject", store.RoleAdministrator, a.decide(administration.Reject)),
		post(app+"/removals/reconsider", store.RoleAdministrator, a.decide(administration.Reconsider)),
	}
}

// letsRemovalsGo refuses who may not decide on removals that the guard holds, whichever
// way they ask for it.
func letsRemovalsGo(r *request) error {
	if !r.caller.Role.Allows(store.RoleAdministrator) {
		return denied(store.RoleAdministrator)
	}
	return nil
}

// listRemovals lists the accounts that are held by the removal guard, and those that
// an administrator has decided on.
func (a *api) listRemovals(ctx context.Context, r *request) (response, error) {
	app, err := a.administered(ctx, r)
	if err != nil {
		return response{}, err
	}
	names := a.userNames()
	return r.answerPage(ctx, collection{
		resource: resource{set: "removals", kind: newKind("usherRemoval", "userPrincipalName", "state", "reason", "since")},
		after: func(ctx context.Context, position string) iter.Seq2[entity, error] {
			return entities(a.service.Removals(ctx, app, position), "", func(removal engine.Removal) (entity, error) {
				name, err := names.of(ctx, removal.SourceID)
				return entity{
					"id": removal.SourceID, "userPrincipalName": name, "state": string(removal.State), "reason": removal.Reason, "since": moment(removal.Since),
				}, err
			})
		},
	})
}

// decide makes the handler of a decision on removals.
func (a *api) decide(decision administration.Decision) handler {
	return func(ctx context.Context, r *request) (response, error) {
		var body selected
		if err := r.decode(&body); err != nil {
			return response{}, err
		}
		app, err := a.administered(ctx, r)
		if err != nil {
			return response{}, err
		}
		ids, err := body.ids(ctx, a)
		if err != nil {
			return response{}, err
		}
		count, err := r.acts().DecideRemovals(ctx, app, decision, ids)
		if err != nil {
			return response{}, err
		}
		return ok(map[string]any{"@odata.context": r.context("Edm.Int32"), "value": count}), nil
	}
}
