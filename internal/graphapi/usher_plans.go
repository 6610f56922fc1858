package graphapi

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"strings"
	"time"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/provisioning"
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

// activityMakePlan is the activity of the audit log.
const activityMakePlan = "Make plan"

// planKept is how long plans are kept, and can be applied.
const planKept = 30 * 24 * time.Hour

func (a *api) plans() resource {
	return resource{set: "plans", kind: newKind("usherPlan", "jobId", "applicationId", "kind", "state", "createdDateTime", "createdBy", "schema", "cycle",
		"counts", "reasons", "guard", "calls", "seats", "notes", "items", "appliedDateTime", "appliedBy")}
}

func (a *api) planEntity(ctx context.Context, p engine.Plan) (entity, error) {
	items, err := a.Store.CountPlanItems(ctx, p.Key)
	if err != nil {
		return nil, err
	}
	e, err := asEntity(p)
	if err != nil {
		return nil, err
	}
	counts := entity{}
	for state, count := range items {
		counts[string(state)] = count
	}
	e["items"] = counts
	return e, nil
}

func (a *api) listPlans(ctx context.Context, r *request) (response, error) {
	_, job, err := a.ownApplication(ctx, r)
	if err != nil {
		return response{}, err
	}
	var items []entity
	for p, err := range a.Store.Plans(ctx, job.ID) {
		if err != nil {
			return response{}, err
		}
		e, err := a.planEntity(ctx, p)
		if err != nil {
			return response{}, err
		}
		items = append(items, e)
	}
	return r.answerPage(ctx, collection{resource: a.plans(), after: listed(items...)})
}

// ownPlan returns the plan of the path, which is named by its id or the beginning of
// it.
func (a *api) ownPlan(ctx context.Context, r *request) (directory.Application, engine.Plan, error) {
	app, _, err := a.ownApplication(ctx, r)
	if err != nil {
		return app, engine.Plan{}, err
	}
	id, err := r.text("plan")
	if err != nil {
		return app, engine.Plan{}, err
	}
	p, err := a.Store.Plan(ctx, strings.ToLower(id))
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

func (a *api) answerPlan(ctx context.Context, r *request, p engine.Plan, status int) (response, error) {
	e, err := a.planEntity(ctx, p)
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
	var made engine.Plan
	err := a.withSession(ctx, r, func(app directory.Application, session engine.Session) (err error) {
		if _, err := a.Store.RemovePlansBefore(ctx, time.Now().Add(-planKept)); err != nil {
			return err
		}
		made, err = a.Runner.Plan(ctx, session, engine.Run{Full: body.Full, InitiatedBy: actor(r.caller)})
		if err != nil {
			return err
		}
		return r.audit(ctx, activityMakePlan, app.DisplayName, "plan "+made.ID)
	})
	if err != nil {
		return response{}, err
	}
	return a.answerPlan(ctx, r, made, http.StatusCreated)
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
			return entities(a.planItems(ctx, p.Key, position), "", func(item engine.PlanItem) (entity, error) { return asEntity(newPlanItem(item)) })
		},
	})
}

// planItems yields the items of a plan behind a position, page by page.
func (a *api) planItems(ctx context.Context, key, position string) iter.Seq2[engine.PlanItem, error] {
	query := engine.ItemQuery{All: true, Limit: 500}
	query.After.Change.Source.ID, query.After.Attribute, _ = strings.Cut(position, " ")
	return func(yield func(engine.PlanItem, error) bool) {
		for {
			items, err := a.Runner.Engine.Plans.PlanItems(ctx, key, query)
			if err != nil {
				yield(engine.PlanItem{}, err)
				return
			}
			for _, item := range items {
				if !yield(item, nil) {
					return
				}
			}
			if len(items) < query.Limit {
				return
			}
			query.After = items[len(items)-1]
		}
	}
}

func (a *api) deletePlan(ctx context.Context, r *request) (response, error) {
	app, p, err := a.ownPlan(ctx, r)
	if err != nil {
		return response{}, err
	}
	if err := a.Store.RemovePlan(ctx, p.Key); err != nil {
		return response{}, err
	}
	return noContent(), r.audit(ctx, "Remove plan", app.DisplayName, "plan "+p.ID)
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
	err = a.withSession(ctx, r, func(_ directory.Application, session engine.Session) error {
		return a.Exclusively(ctx, session.Job.ID, func() error { return a.carryOut(ctx, r, app, session, p.ID, body) })
	})
	if err != nil {
		return response{}, planError(err)
	}
	if p, err = a.Store.Plan(ctx, p.ID); err != nil {
		return response{}, err
	}
	return a.answerPlan(ctx, r, p, http.StatusOK)
}

// carryOut applies a plan while no cycle of the job runs.
func (a *api) carryOut(ctx context.Context, r *request, app directory.Application, session engine.Session, id string, body applyBody) error {
	p, err := a.Store.Plan(ctx, id) // somebody else may have applied it meanwhile
	if err != nil {
		return err
	}
	if time.Since(p.At) > planKept {
		return badRequest("The plan is from %s and too old to be applied. Make a new one.", p.At.Format(time.DateOnly))
	}
	if err := a.Runner.Appliable(ctx, session, p, body.AllowRemovals); err != nil {
		return err
	}
	if p.Kind == engine.UndoPlan && !body.KeepRunning && session.Job.Schedule.State == provisioning.ScheduleActive {
		err := a.change(ctx, r, app, session.Job, activityPause, func(c store.Configuration) (store.Configuration, string, error) {
			c.Job = c.Job.Stopped()
			return c, "before a plan is applied that takes back what a cycle wrote", nil
		})
		if err != nil {
			return err
		}
	}
	if err := r.audit(ctx, "Apply plan", app.DisplayName, fmt.Sprintf("plan %s (%s)", p.ID, p.Kind)); err != nil {
		return err
	}
	_, err = a.Runner.Apply(ctx, session, engine.Run{InitiatedBy: actor(r.caller)}, p, body.AllowRemovals)
	return err
}

// planError tells why a plan was not applied at all.
func planError(err error) error {
	for _, refusal := range []error{engine.ErrPlanApplied, engine.ErrPlanAltered, engine.ErrPlanSchema, engine.ErrPlanRemovals} {
		if errors.Is(err, refusal) {
			message := strings.TrimSuffix(sentence(err), ".") + ", so nothing was done."
			if errors.Is(err, engine.ErrPlanRemovals) {
				message += " Look at them, and set allowRemovals if they are meant."
			}
			return &Error{Status: http.StatusConflict, Code: "PlanRefused", Message: message}
		}
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
	var made engine.Plan
	err = a.withSession(ctx, r, func(app directory.Application, session engine.Session) (err error) {
		query := journal.Query{JobID: session.Job.ID, CycleID: cycle, OldestFirst: true}
		entries := a.Store.Entries(ctx, query)
		if len(body.Users) > 0 {
			ids, err := selected{Users: body.Users}.ids(ctx, a)
			if err != nil {
				return err
			}
			entries = a.entriesOf(ctx, query, ids)
		}
		made, err = a.Runner.Undo(ctx, session, engine.Run{InitiatedBy: actor(r.caller)}, cycle, entries)
		if err != nil {
			return err
		}
		return r.audit(ctx, activityMakePlan, app.DisplayName, "plan "+made.ID+", takes back cycle "+cycle)
	})
	if errors.Is(err, engine.ErrNothingToUndo) {
		return response{}, notFound(cycle)
	}
	if err != nil {
		return response{}, err
	}
	return a.answerPlan(ctx, r, made, http.StatusCreated)
}

// entriesOf yields the entries of people, one person after the other.
func (a *api) entriesOf(ctx context.Context, query journal.Query, ids []string) iter.Seq2[journal.Entry, error] {
	return func(yield func(journal.Entry, error) bool) {
		for _, id := range ids {
			query.SourceID = id
			for entry, err := range a.Store.Entries(ctx, query) {
				if !yield(entry, err) || err != nil {
					return
				}
			}
		}
	}
}
