package graphapi

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"

	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/graphapi/graph"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

// usherRoutes is what Microsoft Graph has no words for, in its style. openapi.json
// describes it.
func (a *api) usherRoutes() []route {
	const app = "applications/{application}"
	return slices.Concat(
		[]route{
			get("openapi.json", a.getOpenAPI),
			get("applications", a.listApplications),
			get(app, a.getApplication),
			get(app+"/health", a.getHealth),
			slowly(get(app+"/licenses", a.listLicenses)),
			slowly(get(app+"/budget", a.getBudget)),
			slowly(get(app+"/users/{user}/why", a.getWhy)),
			slowly(post(app+"/schema/impact", store.RoleReader, a.schemaImpact)),
			slowly(get(app+"/events", a.streamEvents)),
		},
		a.removalRoutes(app), a.waitingRoutes(app), a.connectionRoutes(app), a.planRoutes(app), a.comparisonRoutes(app), a.driftRoutes(app), a.accountRoutes(app),
	)
}

// ownApplication returns the application of the path, by one of its ids or its name,
// and its job.
func (a *api) ownApplication(ctx context.Context, r *request) (directory.Application, provisioning.Job, error) {
	name, err := r.text("application")
	if err != nil {
		return directory.Application{}, provisioning.Job{}, err
	}
	app, err := a.Store.Application(ctx, name)
	if errors.Is(err, store.ErrNotFound) {
		return app, provisioning.Job{}, notFound(name)
	}
	if err != nil {
		return app, provisioning.Job{}, err
	}
	job, err := a.Store.Job(ctx, app.ID)
	if errors.Is(err, store.ErrNotFound) {
		return app, job, notFound(name)
	}
	return app, job, err
}

// withSession opens the job of the application of the path for the time of work.
func (a *api) withSession(ctx context.Context, r *request, work func(directory.Application, engine.Session) error) error {
	app, _, err := a.ownApplication(ctx, r)
	if err != nil {
		return err
	}
	return a.actError(a.service.Session(ctx, app, func(session engine.Session) error { return work(app, session) }))
}

// actError tells why an act that needs the target was not done.
func (a *api) actError(err error) error {
	if unopened, ok := errors.AsType[*administration.OpenError](err); ok {
		return a.openError(unopened.Application, unopened.Err)
	}
	return targetError(err)
}

// administered is ownApplication for the acts.
func (a *api) administered(ctx context.Context, r *request) (administration.Application, error) {
	app, job, err := a.ownApplication(ctx, r)
	return administration.Application{Application: app, Job: job}, err
}

// openError tells why a job cannot be opened: that is for an administrator to mend.
func (a *api) openError(app directory.Application, err error) error {
	if _, ok := errors.AsType[*connector.Error](err); ok {
		return targetError(err)
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, store.ErrBusy) {
		return err
	}
	return badRequest("The job of '%s' cannot be opened: %s.", app.DisplayName, err.Error())
}

// ownUser returns the user that a client names by id or user principal name.
func (a *api) ownUser(ctx context.Context, name string) (directory.User, error) {
	user, err := a.Store.User(ctx, name)
	if errors.Is(err, store.ErrNotFound) {
		return user, notFound(name)
	}
	return user, err
}

// selected are the people that a request is about.
type selected struct {
	All   bool     `json:"all"`
	Users []string `json:"users"` // ids or user principal names
}

// ids returns the ids of the people, none for all of them. Nobody and everybody at
// once are refused: what is meant has to be said.
func (s selected) ids(ctx context.Context, a *api) ([]string, error) {
	if s.All == (len(s.Users) > 0) {
		return nil, badRequest("Name the people in 'users', or set 'all' to true.")
	}
	ids := make([]string, len(s.Users))
	for i, name := range s.Users {
		user, err := a.Store.User(ctx, name)
		switch {
		case errors.Is(err, store.ErrNotFound):
			ids[i] = name // who is gone from the directory is known by the id alone
		case err != nil:
			return nil, err
		default:
			ids[i] = user.ID
		}
	}
	return ids, nil
}

// userNames returns the user principal names of people by their ids, null where they are
// not known.
type userNames struct{ administration.Names }

func (a *api) userNames() userNames { return userNames{a.service.Names()} }

func (n userNames) of(ctx context.Context, id string) (any, error) {
	name, err := n.Of(ctx, id)
	return text(name), err
}

// entities makes a sequence of entities of one of something else, behind a position.
func entities[T any](items iter.Seq2[T, error], position string, entityOf func(T) (entity, error)) iter.Seq2[entity, error] {
	return func(yield func(entity, error) bool) {
		for item, err := range items {
			var e entity
			if err == nil {
				e, err = entityOf(item)
			}
			if err == nil && position != "" && strings.Compare(e.id(), position) <= 0 {
				continue
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// ownChange is a change as /usher/v1 shows it. Values that an expression redacts are
// "[Redact]".
type ownChange struct {
	Action   plan.Action              `json:"action"`
	Status   plan.Status              `json:"status"`
	Source   plan.Identity            `json:"source"`
	Target   plan.Identity            `json:"target"`
	Fields   []graph.ModifiedProperty `json:"fields"`
	Reason   plan.Reason              `json:"reason"`
	Warnings []string                 `json:"warnings"`
	Steps    []graph.ProvisioningStep `json:"steps"`
}

func newOwnChange(change plan.Change) ownChange {
	view := ownChange{
		Action: change.Action, Status: change.Status, Source: change.Source, Target: change.Target, Reason: change.Reason,
		Fields: make([]graph.ModifiedProperty, len(change.Fields)), Warnings: append([]string{}, change.Warnings...),
		Steps: make([]graph.ProvisioningStep, len(change.Steps)),
	}
	for i, field := range change.Fields {
		view.Fields[i] = graph.NewModifiedProperty(field)
	}
	for i, step := range change.Steps {
		view.Steps[i] = graph.NewProvisioningStep(step)
	}
	return view
}

func (a *api) ownApplications() resource {
	return resource{set: "applications", kind: newKind("usherApplication", "displayName", "appId", "objectId", "templateId", "jobId", "schedule", "status", "createdDateTime")}
}

func (a *api) applicationEntity(ctx context.Context, app directory.Application) (entity, error) {
	e := entity{
		"id": app.ID, "displayName": app.DisplayName, "appId": app.AppID, "objectId": app.ObjectID, "templateId": text(app.TemplateID),
		"createdDateTime": moment(app.CreatedAt), "jobId": nil, "schedule": nil, "status": nil,
	}
	job, err := a.Store.Job(ctx, app.ID)
	if errors.Is(err, store.ErrNotFound) || err == nil && job.Draft {
		return e, nil
	}
	e["jobId"], e["schedule"], e["status"] = job.ID, string(job.Schedule.State), string(job.Status.Code)
	return e, err
}

func (a *api) listApplications(ctx context.Context, r *request) (response, error) {
	var items []entity
	for app, err := range a.Store.Applications(ctx) {
		if err != nil {
			return response{}, err
		}
		e, err := a.applicationEntity(ctx, app)
		if err != nil {
			return response{}, err
		}
		items = append(items, e)
	}
	return r.answerPage(ctx, collection{resource: a.ownApplications(), after: listed(items...)})
}

func (a *api) getApplication(ctx context.Context, r *request) (response, error) {
	app, _, err := a.ownApplication(ctx, r)
	if err != nil {
		return response{}, err
	}
	e, err := a.applicationEntity(ctx, app)
	if err != nil {
		return response{}, err
	}
	return r.answerEntity(ctx, a.ownApplications(), e)
}

// health is how the provisioning of an application is doing.
type health struct {
	ApplicationID string               `json:"applicationId"`
	DisplayName   string               `json:"displayName"`
	JobID         string               `json:"jobId"`
	Healthy       bool                 `json:"healthy"` // it is turned on, not in quarantine, and its last cycle did not fail
	Schedule      graph.Schedule       `json:"schedule"`
	Status        graph.Status         `json:"status"`
	Assigned      int                  `json:"assignedUsers"`
	Accounts      int                  `json:"connectedAccounts"`
	Enabled       int                  `json:"enabledAccounts"`
	Retries       int                  `json:"waitingForRetry"`
	References    int                  `json:"waitingReferences"`
	Held          int                  `json:"heldRemovals"`
	Rejected      int                  `json:"rejectedRemovals"`
	Leaving       int                  `json:"inGracePeriod"`
	Behind        int64                `json:"changesBehind"` // changes of the directory that no cycle has worked off
	Counts        *provisioning.Counts `json:"lastCounts"`
	At            graph.Moment         `json:"observedDateTime"`
}

func (a *api) healthOf(ctx context.Context, app directory.Application, job provisioning.Job) (health, error) {
	found, err := a.service.Health(ctx, administration.Application{Application: app, Job: job})
	if err != nil {
		return health{}, err
	}
	standing := graph.Standing{Connections: found.Links.Connections, Progress: graph.NewProgress(found.Progress, job.Status, found.At)}
	resource := graph.NewJob(job, standing)
	result := health{
		ApplicationID: app.ID, DisplayName: app.DisplayName, JobID: job.ID, Schedule: resource.Schedule, Status: resource.Status,
		Assigned: found.Assigned, Accounts: found.Links.Connections, Enabled: found.Links.Enabled, Retries: found.Links.Escrows, References: found.Links.Waiting,
		Held: found.Links.Staged, Rejected: found.Links.Rejected, Leaving: found.Links.Leaving, Behind: found.Behind, At: graph.Moment(found.At), Healthy: found.Healthy,
	}
	if job.Status.LastRun.CycleID != "" {
		result.Counts = &job.Status.LastRun.Counts
	}
	return result, nil
}

func (a *api) getHealth(ctx context.Context, r *request) (response, error) {
	app, job, err := a.ownApplication(ctx, r)
	if err != nil {
		return response{}, err
	}
	result, err := a.healthOf(ctx, app, job)
	if err != nil {
		return response{}, err
	}
	return r.answerValue(result, "health")
}

// license is a licence of the target with its seats, and the roles that take it.
type license struct {
	Name  string   `json:"name"`
	Total *int     `json:"total"` // null where seats are not counted
	Used  int      `json:"used"`
	Free  *int     `json:"free"`
	Roles []string `json:"roles"`
}

func (a *api) listLicenses(ctx context.Context, r *request) (response, error) {
	licenses := []license{}
	err := a.withSession(ctx, r, func(_ directory.Application, session engine.Session) error {
		for role, err := range session.Connector.Roles(ctx) {
			if err != nil {
				return err
			}
			if role.License.Name != "" {
				licenses = withRole(licenses, role)
			}
		}
		for _, feature := range session.Connector.Usage().Features {
			if feature.License.Name != "" {
				licenses = withRole(licenses, connector.Role{License: feature.License})
			}
		}
		return nil
	})
	return ok(map[string]any{"@odata.context": r.context("licenses"), "value": licenses}), err
}

func withRole(licenses []license, role connector.Role) []license {
	at := slices.IndexFunc(licenses, func(l license) bool { return l.Name == role.License.Name })
	if at < 0 {
		added := license{Name: role.License.Name, Used: role.License.Used, Roles: []string{}}
		if role.License.Total != connector.Unlimited {
			added.Total, added.Free = new(role.License.Total), new(role.License.Free())
		}
		licenses, at = append(licenses, added), len(licenses)
	}
	if role.Name != "" {
		licenses[at].Roles = append(licenses[at].Roles, role.Name)
	}
	return licenses
}

// budget is what is left of the requests that the target allows.
type budget struct {
	Account      string   `json:"account"`
	Organization string   `json:"organization"`
	Version      string   `json:"apiVersion"`
	Limit        *int64   `json:"dailyLimit"` // null when the target does not tell
	Used         *int64   `json:"dailyUsed"`  // by all programs together
	Missing      []string `json:"missingPermissions"`
	Warnings     []string `json:"warnings"`
}

func (a *api) getBudget(ctx context.Context, r *request) (response, error) {
	result := budget{Missing: []string{}, Warnings: []string{}}
	err := a.withSession(ctx, r, func(_ directory.Application, session engine.Session) error {
		found, err := session.Connector.Check(ctx)
		if err != nil {
			return err
		}
		usage := session.Connector.Usage()
		result.Account, result.Organization, result.Version = found.Account, found.Organization, found.Version
		result.Warnings = append(result.Warnings, found.Warnings...)
		for _, permission := range found.Missing {
			result.Missing = append(result.Missing, permission.Name+": "+permission.Feature)
		}
		if usage.Limit > 0 {
			result.Limit, result.Used = &usage.Limit, &usage.LimitUsed
		}
		return nil
	})
	if err != nil {
		return response{}, err
	}
	return r.answerValue(result, "budget")
}
