package graphapi

import (
	"context"
	"errors"
	"iter"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/graphapi/graph"
	"github.com/usher-id/usher/internal/store"
)

func (a *api) driftRoutes(app string) []route {
	return []route{
		get(app+"/drift", a.getDrift),
		slowly(post(app+"/drift", store.RoleOperator, a.findDrift)),
		get(app+"/drift/accepted", a.listAccepted),
		slowly(post(app+"/drift/accept", store.RoleAdministrator, a.acceptDrift)),
		post(app+"/drift/retract", store.RoleAdministrator, a.retractDrift),
	}
}

// driftCheck is the outcome of the latest look for accounts that were changed in the
// target.
type driftCheck struct {
	At       *graph.Moment `json:"observedDateTime"` // null when nobody has looked yet
	Full     bool          `json:"full"`             // every account, not only those that the target says were changed
	Looked   int           `json:"looked"`
	Found    int           `json:"found"`
	Repaired int           `json:"repaired"`
	PlanID   *string       `json:"planId"` // lists what was found and sets it right; null when nothing was
	Error    *string       `json:"error"`
}

func newDriftCheck(check engine.DriftCheck) driftCheck {
	result := driftCheck{Full: check.Full, Looked: check.Looked, Found: check.Found, Repaired: check.Repaired}
	if !check.At.IsZero() {
		result.At = new(graph.Moment(check.At))
	}
	if check.PlanID != "" {
		result.PlanID = &check.PlanID
	}
	if check.Error != "" {
		result.Error = &check.Error
	}
	return result
}

func (a *api) getDrift(ctx context.Context, r *request) (response, error) {
	app, err := a.administered(ctx, r)
	if err != nil {
		return response{}, err
	}
	check, err := a.service.DriftCheck(ctx, app)
	if err != nil {
		return response{}, err
	}
	return r.answerValue(newDriftCheck(check), "drift")
}

// findDrift looks for accounts that were changed in the target, and keeps a plan that
// sets them right.
func (a *api) findDrift(ctx context.Context, r *request) (response, error) {
	var body struct {
		Users  []string `json:"users"`  // only these people's
		Recent bool     `json:"recent"` // only accounts that the target says were changed since the latest look
	}
	if len(r.body) > 0 {
		if err := r.decode(&body); err != nil {
			return response{}, err
		}
	}
	if body.Recent && len(body.Users) > 0 {
		return response{}, badRequest("Name the people in 'users', or set 'recent' to true, not both.")
	}
	app, err := a.administered(ctx, r)
	if err != nil {
		return response{}, err
	}
	where := administration.Looking{Recent: body.Recent}
	for _, name := range body.Users {
		user, err := a.ownUser(ctx, name)
		if err != nil {
			return response{}, err
		}
		where.Users = append(where.Users, user.ID)
	}
	found, err := r.acts().FindDrift(ctx, app, where)
	if err != nil {
		return response{}, a.driftError(err)
	}
	return r.answerValue(newDriftCheck(found.DriftCheck), "drift")
}

func (a *api) driftError(err error) error {
	if refusal, ok := errors.AsType[*administration.Refusal](err); ok && refusal.Code == administration.NoSteadyState {
		return conflict("%s It cannot be told yet what was changed in the target.", sentence(refusal.Err))
	}
	return a.actError(err)
}

// driftChoice is an attribute, and the people that it is about.
type driftChoice struct {
	selected

	Attribute string `json:"attribute"`
}

// acceptDrift lets the target lead for an attribute of the accounts in which it was
// changed there, until the directory has another value for it.
func (a *api) acceptDrift(ctx context.Context, r *request) (response, error) {
	var body driftChoice
	if err := r.decode(&body); err != nil {
		return response{}, err
	}
	users, err := body.ids(ctx, a)
	if err != nil {
		return response{}, err
	}
	app, err := a.administered(ctx, r)
	if err != nil {
		return response{}, err
	}
	found, err := r.acts().AcceptDrift(ctx, app, body.Attribute, administration.Looking{Users: users})
	if refusal, ok := errors.AsType[*administration.Refusal](err); ok && refusal.Code == administration.NotMapped {
		return response{}, badRequest("Invalid value specified for property 'attribute': '%s' is not mapped, so it is not written anyway.", body.Attribute)
	}
	if err != nil {
		return response{}, a.driftError(err)
	}
	return ok(map[string]any{"@odata.context": r.context("Edm.Int32"), "value": len(found)}), nil
}

// retractDrift lets the directory lead again.
func (a *api) retractDrift(ctx context.Context, r *request) (response, error) {
	var body driftChoice
	if err := r.decode(&body); err != nil {
		return response{}, err
	}
	app, err := a.administered(ctx, r)
	if err != nil {
		return response{}, err
	}
	users, err := body.ids(ctx, a)
	if err != nil {
		return response{}, err
	}
	if body.Attribute == "" {
		return response{}, badRequest("The property 'attribute' is missing.")
	}
	count, err := r.acts().RetractDrift(ctx, app, body.Attribute, users)
	if err != nil {
		return response{}, err
	}
	return ok(map[string]any{"@odata.context": r.context("Edm.Int32"), "value": count}), nil
}

// listAccepted lists the attributes for which the target leads.
func (a *api) listAccepted(ctx context.Context, r *request) (response, error) {
	app, err := a.administered(ctx, r)
	if err != nil {
		return response{}, err
	}
	people := a.userNames()
	return r.answerPage(ctx, collection{
		resource: resource{set: "drift/accepted", kind: newKind("usherAcceptance", "userId", "userPrincipalName", "attribute", "acceptedDateTime", "acceptedBy")},
		after: func(ctx context.Context, position string) iter.Seq2[entity, error] {
			return entities(a.service.Acceptances(ctx, app), position, func(accepted engine.Acceptance) (entity, error) {
				name, err := people.of(ctx, accepted.SourceID)
				return entity{
					"id": accepted.SourceID + " " + accepted.Attribute, "userId": accepted.SourceID, "userPrincipalName": name,
					"attribute": accepted.Attribute, "acceptedDateTime": moment(accepted.At), "acceptedBy": accepted.By,
				}, err
			})
		},
	})
}
