package graphapi

import (
	"context"
	"fmt"
	"iter"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/store"
)

func (a *api) removalRoutes(app string) []route {
	return []route{
		get(app+"/removals", a.listRemovals),
		post(app+"/removals/allow", store.RoleAdministrator, a.decide("Removals: allow", store.Links.AllowRemovals)),
		post(app+"/removals/reject", store.RoleAdministrator, a.decide("Removals: reject", store.Links.RejectRemovals)),
		post(app+"/removals/reconsider", store.RoleAdministrator, a.decide("Removals: reconsider", store.Links.ReconsiderRemovals)),
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
	_, job, err := a.ownApplication(ctx, r)
	if err != nil {
		return response{}, err
	}
	names := a.userNames()
	return r.answerPage(ctx, collection{
		resource: resource{set: "removals", kind: newKind("usherRemoval", "userPrincipalName", "state", "reason", "since")},
		after: func(ctx context.Context, position string) iter.Seq2[entity, error] {
			return entities(a.removals(ctx, job.ID, position), "", func(removal engine.Removal) (entity, error) {
				name, err := names.of(ctx, removal.SourceID)
				return entity{
					"id": removal.SourceID, "userPrincipalName": name, "state": string(removal.State), "reason": removal.Reason, "since": moment(removal.Since),
				}, err
			})
		},
	})
}

// removals yields the list of removals behind a user, page by page.
func (a *api) removals(ctx context.Context, jobID, after string) iter.Seq2[engine.Removal, error] {
	const page = 500
	states := []engine.RemovalState{engine.RemovalStaged, engine.RemovalAllowed, engine.RemovalRejected}
	return func(yield func(engine.Removal, error) bool) {
		for {
			removals, err := a.Runner.Engine.Removals.List(ctx, jobID, states, after, page)
			if err != nil {
				yield(engine.Removal{}, err)
				return
			}
			for _, removal := range removals {
				if !yield(removal, nil) {
					return
				}
			}
			if len(removals) < page {
				return
			}
			after = removals[len(removals)-1].SourceID
		}
	}
}

// decide makes the handler of a decision on removals.
func (a *api) decide(activity string, decision func(links store.Links, ctx context.Context, jobID string, sourceIDs []string) (int, error)) handler {
	return func(ctx context.Context, r *request) (response, error) {
		var body selected
		if err := r.decode(&body); err != nil {
			return response{}, err
		}
		app, job, err := a.ownApplication(ctx, r)
		if err != nil {
			return response{}, err
		}
		ids, err := body.ids(ctx, a)
		if err != nil {
			return response{}, err
		}
		count, err := decision(a.Store, ctx, job.ID, ids)
		if err != nil {
			return response{}, err
		}
		if err := r.audit(ctx, activity, app.DisplayName, fmt.Sprintf("removals: %d", count)); err != nil {
			return response{}, err
		}
		a.wake(ctx, app.ID)
		return ok(map[string]any{"@odata.context": r.context("Edm.Int32"), "value": count}), nil
	}
}
