package graphapi

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/graphapi/graph"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/provisioning"
)

// synchronizationRoutes is the synchronization API of a service principal (Microsoft
// Graph REST API, "Microsoft Entra synchronization API overview").
func (a *api) synchronizationRoutes() []route {
	const (
		base = "servicePrincipals/{principal}/synchronization"
		job  = base + "/jobs/{job}"
	)
	routes := []route{
		get(base, a.getSynchronization),
		slowly(put(base, a.putSynchronization)),
		remove(base, a.deleteSynchronization),
		get(base+"/secrets", a.listSecrets),
		get(base+"/secrets/$count", a.countSecrets),
		slowly(put(base+"/secrets", a.putSecrets)),
		slowly(post(base+"/acquireAccessToken", store.RoleOperator, a.acquireAccessToken)),
		get(base+"/jobs", a.listJobs),
		get(base+"/jobs/$count", a.countJobs),
		slowly(post(base+"/jobs", store.RoleAdministrator, a.createJob)),
		slowly(post(base+"/jobs/validateCredentials", store.RoleOperator, a.validateCredentials)),
		get(job, a.getJob),
		patch(job, a.patchJob),
		remove(job, a.deleteJob),
		post(job+"/start", store.RoleOperator, a.startJob),
		post(job+"/pause", store.RoleOperator, a.pauseJob),
		post(job+"/restart", store.RoleOperator, a.restartJob),
		slowly(post(job+"/validateCredentials", store.RoleOperator, a.validateCredentials)),
		slowly(post(job+"/provisionOnDemand", store.RoleOperator, a.provisionOnDemand)),
		slowly(post(job+"/bulkUpload", store.RoleAdministrator, a.bulkUpload)),
	}
	routes = append(routes, a.templateRoutes(base)...)
	routes = append(routes, a.templateRoutes("applications/{principal}/synchronization")...)
	return append(routes, a.schemaRoutes(job+"/schema")...)
}

// The activities of Microsoft Entra's audit log that concern provisioning.
const (
	activityConfigure = administration.ActivityConfigure
	activityMapping   = administration.ActivityMapping
	activityPause     = administration.ActivityPause
	activityAddJob    = "Add provisioning configuration"
	activityRemoveJob = "Delete provisioning configuration"
	activityOnDemand  = administration.ActivityOnDemand
	activityTemplate  = "Update default attribute mappings or scope"
)

// principal returns the application whose service principal, or whose application
// object, the path names.
func (a *api) principal(ctx context.Context, r *request) (directory.Application, error) {
	key := r.key("principal")
	app, err := a.Store.Application(ctx, key.text)
	if errors.Is(err, store.ErrNotFound) {
		return app, notFound(key.text)
	}
	if err != nil {
		return app, err
	}
	ids := []string{app.ID, app.ObjectID}
	switch key.alternate {
	case "":
	case "appid":
		ids = []string{app.AppID}
	default:
		_, err := r.text("principal")
		return app, err
	}
	for _, id := range ids {
		if strings.EqualFold(id, key.text) {
			return app, nil
		}
	}
	return app, notFound(key.text) // it was found by its name, which is no key
}

// configured returns the application of the path, its job and its template. The job
// may be a draft.
func (a *api) configured(ctx context.Context, r *request) (directory.Application, provisioning.Job, connector.Template, error) {
	app, err := a.principal(ctx, r)
	if err != nil {
		return app, provisioning.Job{}, connector.Template{}, err
	}
	template, err := a.Runner.Gallery.Find(app.TemplateID)
	if err != nil {
		return app, provisioning.Job{}, template, a.notProvisioned(app)
	}
	job, err := a.Store.Job(ctx, app.ID)
	if errors.Is(err, store.ErrNotFound) {
		err = a.notProvisioned(app)
	}
	return app, job, template, err
}

// notProvisioned refuses what needs a job of an application that can have none.
func (a *api) notProvisioned(app directory.Application) error {
	names := make([]string, len(a.Runner.Gallery))
	for i, template := range a.Runner.Gallery {
		names[i] = template.Descriptor.Name
	}
	return badRequest("The application '%s' was not made from a template of the gallery, so it has roles and assignments but cannot be provisioned. "+
		"Make one that can with POST /applicationTemplates/{id}/instantiate; GET /applicationTemplates lists %s.", app.DisplayName, strings.Join(names, ", "))
}

// job returns the application and the job of the path.
func (a *api) job(ctx context.Context, r *request) (directory.Application, provisioning.Job, connector.Template, error) {
	app, job, template, err := a.configured(ctx, r)
	if err != nil {
		return app, job, template, err
	}
	id, err := r.text("job")
	if err != nil {
		return app, job, template, err
	}
	if job.Draft || job.ID != id {
		return app, job, template, notFound(id)
	}
	return app, job, template, nil
}

// change changes what is set up of a job, with a record in the audit log that says
// what changed.
func (a *api) change(ctx context.Context, r *request, app directory.Application, job provisioning.Job, activity string, do func(store.Configuration) (store.Configuration, string, error)) error {
	return r.acts().Configure(ctx, administration.Application{Application: app, Job: job}, activity, do)
}

func (a *api) record(r *request, activity, subject, detail string) journal.Audit {
	return r.acts().Record(activity, subject, detail)
}

// wake has a job looked at now instead of within some seconds.
func (a *api) wake(ctx context.Context, applicationID string) {
	if a.Wake != nil {
		a.Wake(ctx, applicationID)
	}
}

// targetError makes an error of a target what the client is told: a 400 with the
// connector's code for what an administrator can mend, a 503 for what passes.
func targetError(err error) error {
	target, ok := errors.AsType[*connector.Error](err)
	if !ok {
		return err
	}
	message := strings.TrimSuffix(target.Error(), ".") + "."
	if target.Advice != "" {
		message += " " + target.Advice
	}
	told := &Error{Status: http.StatusBadRequest, Code: cmp.Or(target.Code, "TargetError"), Message: message}
	switch target.Kind {
	case connector.Throttled, connector.QuotaExceeded, connector.Unavailable, connector.Ambiguous:
		told.Status, told.RetryAfter = http.StatusServiceUnavailable, cmp.Or(target.RetryAfter, 30*time.Second)
	case connector.Invalid, connector.Conflict, connector.NotFound, connector.Unauthorized, connector.Forbidden, connector.Unsupported:
	}
	return told
}

func (a *api) getSynchronization(ctx context.Context, r *request) (response, error) {
	app, err := a.principal(ctx, r)
	if err != nil {
		return response{}, err
	}
	return r.answerEntity(ctx, a.synchronizations(r), entity{"id": app.ID})
}

// putSynchronization puts the secrets of the body, as PUT secrets does. Jobs and
// templates have addresses of their own, and a body that has some is refused rather
// than half done.
func (a *api) putSynchronization(ctx context.Context, r *request) (response, error) {
	var body struct {
		Secrets   []graph.Secret    `json:"secrets"`
		Jobs      []json.RawMessage `json:"jobs"`
		Templates []json.RawMessage `json:"templates"`
	}
	if err := r.decode(&body); err != nil {
		return response{}, err
	}
	if len(body.Jobs)+len(body.Templates) > 0 {
		return response{}, badRequest("Of synchronization, PUT takes 'secrets'. Jobs are made with POST .../synchronization/jobs, " +
			"and templates changed with PUT .../synchronization/templates/{id}.")
	}
	return a.saveSecrets(ctx, r, body.Secrets)
}

// deleteSynchronization forgets all that was set up: the job, the credentials and the
// application's own default schema. Roles, assignments and accounts stay.
func (a *api) deleteSynchronization(ctx context.Context, r *request) (response, error) {
	app, job, template, err := a.configured(ctx, r)
	if err != nil {
		return response{}, err
	}
	return noContent(), a.Store.ForgetJob(ctx, job.ID, a.draft(r, app, template, activityRemoveJob, "job "+job.ID+", credentials and default mappings"))
}

// synchronizations is Graph's synchronization: a frame around jobs, secrets and
// templates.
func (a *api) synchronizations(r *request) resource {
	jobs := func(ctx context.Context, _ entity, _ expansion) (any, error) { return a.jobEntities(ctx, r) }
	templates := func(ctx context.Context, _ entity, _ expansion) (any, error) { return a.templateEntities(ctx, r) }
	secrets := func(ctx context.Context, _ entity, _ expansion) (any, error) { return a.secretList(ctx, r) }
	return resource{
		set: "servicePrincipals('" + r.key("principal").text + "')/synchronization", kind: newKind("synchronization"),
		expand: map[string]expander{"jobs": jobs, "templates": templates, "secrets": secrets},
	}
}

// around returns what rows of the log tell of an application besides the change.
func (a *api) around(ctx context.Context, app directory.Application) graph.Surroundings {
	around := graph.Surroundings{TenantID: a.TenantID, Application: app, Catalogue: a.Catalogue, TargetSystem: app.DisplayName}
	job, err := a.Store.Job(ctx, app.ID)
	if err != nil {
		return around // the application was removed since
	}
	schema, err := a.Store.Schema(ctx, job.ID)
	if err != nil {
		return around
	}
	if rule, _, err := schema.UserMapping(); err == nil {
		around.SourceSystem, around.TargetSystem = rule.SourceDirectoryName, rule.TargetDirectoryName
	}
	return around
}
