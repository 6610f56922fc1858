package graphapi

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
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
	_, job, err := a.ownApplication(ctx, r)
	if err != nil {
		return response{}, err
	}
	check, err := a.Store.DriftCheck(ctx, job.ID)
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
	var result engine.DriftCheck
	err := a.withSession(ctx, r, func(app directory.Application, session engine.Session) error {
		scope, err := a.driftScope(ctx, session.Job.ID, body.Users, body.Recent)
		if err != nil {
			return err
		}
		p, err := a.Runner.Drift(ctx, session, engine.Run{InitiatedBy: actor(r.caller)}, scope)
		if err != nil {
			return driftError(err)
		}
		result = engine.DriftCheck{At: p.At, Full: scope.Since.IsZero(), Looked: p.Counts.Collected, Found: p.Found(), PlanID: p.ID}
		if len(scope.Users) > 0 {
			result.Full = false
		} else if err := a.Store.PutDriftCheck(ctx, session.Job.ID, result); err != nil {
			return err
		}
		return r.audit(ctx, "Look for changes made in the application", app.DisplayName, fmt.Sprintf("accounts: %d, changed: %d", result.Looked, result.Found))
	})
	if err != nil {
		return response{}, err
	}
	return r.answerValue(newDriftCheck(result), "drift")
}

func (a *api) driftScope(ctx context.Context, jobID string, users []string, recent bool) (engine.DriftScope, error) {
	var scope engine.DriftScope
	for _, name := range users {
		user, err := a.ownUser(ctx, name)
		if err != nil {
			return scope, err
		}
		scope.Users = append(scope.Users, user.ID)
	}
	if recent {
		check, err := a.Store.DriftCheck(ctx, jobID)
		if err != nil {
			return scope, err
		}
		scope.Since = check.Since()
	}
	return scope, nil
}

func driftError(err error) error {
	if errors.Is(err, engine.ErrNoSteadyState) {
		return conflict("%s It cannot be told yet what was changed in the target.", sentence(err))
	}
	return err
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
	count := 0
	err = a.withSession(ctx, r, func(app directory.Application, session engine.Session) error {
		targets := session.Mapping.Targets()
		at := slices.IndexFunc(targets, func(name string) bool { return strings.EqualFold(name, body.Attribute) })
		if at < 0 {
			return badRequest("Invalid value specified for property 'attribute': '%s' is not mapped, so it is not written anyway.", body.Attribute)
		}
		found, err := a.Runner.Acceptable(ctx, session, engine.Run{InitiatedBy: actor(r.caller)}, engine.DriftScope{Users: users}, targets[at])
		if err != nil {
			return driftError(err)
		}
		if err := a.Store.Accept(ctx, session.Job.ID, found); err != nil {
			return err
		}
		count = len(found)
		return r.audit(ctx, "Accept attribute changed in the application", app.DisplayName, fmt.Sprintf("%s, accounts: %d", targets[at], count))
	})
	return ok(map[string]any{"@odata.context": r.context("Edm.Int32"), "value": count}), err
}

// retractDrift lets the directory lead again.
func (a *api) retractDrift(ctx context.Context, r *request) (response, error) {
	var body driftChoice
	if err := r.decode(&body); err != nil {
		return response{}, err
	}
	app, job, err := a.ownApplication(ctx, r)
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
	count, err := a.Store.Retract(ctx, job.ID, body.Attribute, users)
	if err != nil {
		return response{}, err
	}
	if err := r.audit(ctx, "Retract accepted attribute", app.DisplayName, fmt.Sprintf("%s, accounts: %d", body.Attribute, count)); err != nil {
		return response{}, err
	}
	a.wake(ctx, app.ID)
	return ok(map[string]any{"@odata.context": r.context("Edm.Int32"), "value": count}), nil
}

// listAccepted lists the attributes for which the target leads.
func (a *api) listAccepted(ctx context.Context, r *request) (response, error) {
	_, job, err := a.ownApplication(ctx, r)
	if err != nil {
		return response{}, err
	}
	people := a.userNames()
	return r.answerPage(ctx, collection{
		resource: resource{set: "drift/accepted", kind: newKind("usherAcceptance", "userId", "userPrincipalName", "attribute", "acceptedDateTime", "acceptedBy")},
		after: func(ctx context.Context, position string) iter.Seq2[entity, error] {
			return entities(a.Store.Acceptances(ctx, job.ID), position, func(accepted engine.Acceptance) (entity, error) {
				name, err := people.of(ctx, accepted.SourceID)
				return entity{
					"id": accepted.SourceID + " " + accepted.Attribute, "userId": accepted.SourceID, "userPrincipalName": name,
					"attribute": accepted.Attribute, "acceptedDateTime": moment(accepted.At), "acceptedBy": accepted.By,
				}, err
			})
		},
	})
}
