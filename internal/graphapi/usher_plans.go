package graphapi

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"strings"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/store"
)

func (a *api) planRoutes(app string) []route {
	return []route{
		get(app+"/plans", a.listPlans),
		slowly(post(app+"/plans", store.RoleOperator, a.makePlan)),
		get(app+"/plans/{plan}", a.getPlan),
		get(app+"/plans/{plan}/items", a.listPlanItems),
		slowly(post(app+"/plans/{plan}/apply", store.RoleOperator, a.applyPlan)),
		remove(app+"/plans/{plan}", a.deletePlan),
		slowly(post(app+"/cycles/{cycle}/undo", store.RoleOperator, a.undoCycle)),
	}
}

func (a *api) plans() resource {
	return resource{set: "plans", kind: newKind("usherPlan", "jobId", "applicationId", "kind", "state", "createdDateTime", "createdBy", "schema", "cycle",
		"counts", "reasons", "guard", "calls", "seats", "notes", "items", "appliedDateTime", "appliedBy")}
}

func planEntity(p administration.KeptPlan) (entity, error) {
	e, err := asEntity(p.Plan)
	if err != nil {
		return nil, err
	}
	counts := entity{}
	for state, count := range p.Items {
		counts[string(state)] = count
	}
	e["items"] = counts
	return e, nil
}

func (a *api) listPlans(ctx context.Context, r *request) (response, error) {
	app, err := a.administered(ctx, r)
	if err != nil {
		return response{}, err
	}
	var items []entity
	for p, err := range a.service.Plans(ctx, app) {
		if err != nil {
			return response{}, err
		}
		e, err := planEntity(p)
		if err != nil {
			return response{}, err
		}
		items = append(items, e)
	}
	return r.answerPage(ctx, collection{resource: a.plans(), after: listed(items...)})
}

// ownPlan returns the plan of the path, which is named by its id or the beginning of
// it.
func (a *api) ownPlan(ctx context.Context, r *request) (administration.Application, administration.KeptPlan, error) {
	app, err := a.administered(ctx, r)
	if err != nil {
		return app, administration.KeptPlan{}, err
	}
	id, err := r.text("plan")
	if err != nil {
		return app, administration.KeptPlan{}, err
	}
	p, err := a.service.Plan(ctx, id)
	switch {
	case errors.Is(err, store.ErrNotFound), err == nil && p.ApplicationID != app.ID:
		return app, p, notFound(id)
	case errors.Is(err, store.ErrConflict):
		return app, p, badRequest("Several plans begin with '%s'. Give more of the id.", id)
	}
	return app, p, err
}

func (a *api) getPlan(ctx context.Context, r *request) (response, error) {
	_, p, err := a.ownPlan(ctx, r)
	if err != nil {
		return response{}, err
	}
	return a.answerPlan(ctx, r, p, http.StatusOK)
}

// answerMade answers with a plan that was just made.
func (a *api) answerMade(ctx context.Context, r *request, made engine.Plan) (response, error) {
	p, err := a.service.Plan(ctx, made.ID)
	if err != nil {
		return response{}, err
	}
	return a.answerPlan(ctx, r, p, http.StatusCreated)
}

func (a *api) answerPlan(ctx context.Context, r *request, p administration.KeptPlan, status int) (response, error) {
	e, err := planEntity(p)
	if err != nil {
		return response{}, err
	}
	answer, err := r.answerEntity(ctx, a.plans(), e)
	answer.status = status
	if status == http.StatusCreated {
		answer.header = http.Header{"Location": {r.link("/applications/" + p.ApplicationID + "/plans/" + p.ID)}}
	}
	return answer, err
}

// makePlan computes what a cycle would do, and keeps it to be applied.
func (a *api) makePlan(ctx context.Context, r *request) (response, error) {
	var body struct {
		Full bool `json:"full"` // look at everyone, not only at what changed
	}
	if len(r.body) > 0 {
		if err := r.decode(&body); err != nil {
			return response{}, err
		}
	}
	app, err := a.administered(ctx, r)
	if err != nil {
		return response{}, err
	}
	made, err := r.acts().MakePlan(ctx, app, administration.Planning{Full: body.Full})
	if err != nil {
		return response{}, a.actError(err)
	}
	return a.answerMade(ctx, r, made)
}

// planItem is one change of a plan and what became of it.
type planItem struct {
	ownChange

	ID        string           `json:"id"`
	Attribute *string          `json:"attribute"` // of a reference that is written once both accounts exist
	State     engine.ItemState `json:"state"`
	Note      *string          `json:"note"` // why it was refused or failed
}

func newPlanItem(item engine.PlanItem) planItem {
	view := planItem{ownChange: newOwnChange(item.Change), ID: item.Change.Source.ID, State: item.State}
	if item.Attribute != "" {
		view.ID, view.Attribute = view.ID+" "+item.Attribute, new(item.Attribute)
	}
	if item.Note != "" {
		view.Note = new(item.Note)
	}
	return view
}

func (a *api) listPlanItems(ctx context.Context, r *request) (response, error) {
	_, p, err := a.ownPlan(ctx, r)
	if err != nil {
		return response{}, err
	}
	kind := newKind("usherPlanItem", "attribute", "state", "note", "action", "status", "source/", "target/", "fields", "reason/", "warnings", "steps")
	return r.answerPage(ctx, collection{
		resource: resource{set: "plans/items", kind: kind},
		after: func(ctx context.Context, position string) iter.Seq2[entity, error] {
			return entities(a.service.PlanItems(ctx, p.Plan, administration.PlanFilter{}, position), "", func(item engine.PlanItem) (entity, error) { return asEntity(newPlanItem(item)) })
		},
	})
}

func (a *api) deletePlan(ctx context.Context, r *request) (response, error) {
	app, p, err := a.ownPlan(ctx, r)
	if err != nil {
		return response{}, err
	}
	return noContent(), r.acts().RemovePlan(ctx, app, p.Plan)
}

// applyBody says how a plan is applied.
type applyBody struct {
	AllowRemovals bool `json:"allowRemovals"` // also those that the removal guard would hold
	KeepRunning   bool `json:"keepRunning"`   // after an undo: leave provisioning on
}

// applyPlan carries out exactly what a plan says. When the connection is lost the plan
// stops at the end of a batch, and applying it again goes on.
func (a *api) applyPlan(ctx context.Context, r *request) (response, error) {
	var body applyBody
	if len(r.body) > 0 {
		if err := r.decode(&body); err != nil {
			return response{}, err
		}
	}
	if body.AllowRemovals {
		if err := letsRemovalsGo(r); err != nil {
			return response{}, err
		}
	}
	app, p, err := a.ownPlan(ctx, r)
	if err != nil {
		return response{}, err
	}
	if a.Exclusively == nil {
		return response{}, &Error{Status: http.StatusNotImplemented, Code: codeNotImplemented, Message: "This service does not apply plans."}
	}
	applied, err := r.acts().ApplyPlan(ctx, app, p.ID, administration.Applying{AllowRemovals: body.AllowRemovals, KeepRunning: body.KeepRunning})
	if err != nil {
		return response{}, planError(a.actError(err))
	}
	return a.answerPlan(ctx, r, applied.Plan, http.StatusOK)
}

// planError tells why a plan was not applied at all.
func planError(err error) error {
	refusal, ok := errors.AsType[*administration.Refusal](err)
	if !ok {
		return err
	}
	switch refusal.Code { //nolint:exhaustive // the others are as everywhere.
	case administration.PlanApplied, administration.PlanAltered, administration.PlanSchema, administration.PlanRemovals:
		message := strings.TrimSuffix(sentence(refusal.Err), ".") + ", so nothing was done."
		if refusal.Code == administration.PlanRemovals {
			message += " Look at them, and set allowRemovals if they are meant."
		}
		return &Error{Status: http.StatusConflict, Code: "PlanRefused", Message: message}
	}
	return err
}

// undoCycle makes a plan that takes back what a cycle wrote.
func (a *api) undoCycle(ctx context.Context, r *request) (response, error) {
	var body struct {
		Users []string `json:"users"` // only these; none: everybody
	}
	if len(r.body) > 0 {
		if err := r.decode(&body); err != nil {
			return response{}, err
		}
	}
	cycle, err := r.text("cycle")
	if err != nil {
		return response{}, err
	}
	app, err := a.administered(ctx, r)
	if err != nil {
		return response{}, err
	}
	what := administration.Undoing{Cycle: cycle}
	if len(body.Users) > 0 {
		if what.Users, err = (selected{Users: body.Users}).ids(ctx, a); err != nil {
			return response{}, err
		}
	}
	made, err := r.acts().MakeUndo(ctx, app, what)
	if errors.Is(err, engine.ErrNothingToUndo) {
		return response{}, notFound(cycle)
	}
	if err != nil {
		return response{}, a.actError(err)
	}
	return a.answerMade(ctx, r, made)
}
