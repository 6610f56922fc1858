package graphapi

import (
	"context"
	"errors"
	"net/http"
	"slices"
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

func (a *api) jobs() resource {
	schema := func(ctx context.Context, e entity, _ expansion) (any, error) { return a.Store.Schema(ctx, e.id()) }
	return resource{
		set:    "servicePrincipals/synchronization/jobs",
		kind:   newKind("synchronizationJob", "templateId", "schedule/", "status/", "synchronizationJobSettings"),
		expand: map[string]expander{"schema": schema},
	}
}

// jobEntity makes the entity of a job.
func (a *api) jobEntity(ctx context.Context, job provisioning.Job) (entity, error) {
	links, err := a.Store.CountLinks(ctx, job.ID)
	if err != nil {
		return nil, err
	}
	standing, err := a.standing(ctx, job, links.Connections)
	if err != nil {
		return nil, err
	}
	return asEntity(graph.NewJob(job, standing))
}

func (a *api) standing(ctx context.Context, job provisioning.Job, connections int) (graph.Standing, error) {
	progress, err := a.Store.Progress(ctx, job.ID)
	return graph.Standing{Connections: connections, Progress: graph.NewProgress(progress, job.Status, time.Now())}, err
}

func (a *api) jobEntities(ctx context.Context, r *request) ([]entity, error) {
	app, err := a.principal(ctx, r)
	if err != nil {
		return nil, err
	}
	job, err := a.Store.Job(ctx, app.ID)
	if errors.Is(err, store.ErrNotFound) || err == nil && job.Draft {
		return []entity{}, nil
	}
	if err != nil {
		return nil, err
	}
	e, err := a.jobEntity(ctx, job)
	return []entity{e}, err
}

func (a *api) listJobs(ctx context.Context, r *request) (response, error) {
	items, err := a.jobEntities(ctx, r)
	if err != nil {
		return response{}, err
	}
	return r.answerPage(ctx, collection{resource: a.jobs(), after: listed(items...)})
}

func (a *api) countJobs(ctx context.Context, r *request) (response, error) {
	items, err := a.jobEntities(ctx, r)
	if err != nil {
		return response{}, err
	}
	return r.answerCount(ctx, collection{resource: a.jobs(), after: listed(items...)})
}

func (a *api) getJob(ctx context.Context, r *request) (response, error) {
	_, job, _, err := a.job(ctx, r)
	if err != nil {
		return response{}, err
	}
	return a.answerJob(ctx, r, job)
}

func (a *api) answerJob(ctx context.Context, r *request, job provisioning.Job) (response, error) {
	e, err := a.jobEntity(ctx, job)
	if err != nil {
		return response{}, err
	}
	return r.answerEntity(ctx, a.jobs(), e)
}

// createJob makes the draft that came with the application a job. What else the body
// says of the job is not taken, as in Microsoft Graph: a job begins turned off.
func (a *api) createJob(ctx context.Context, r *request) (response, error) {
	var body struct {
		TemplateID string `json:"templateId"`
	}
	if err := r.decode(&body); err != nil {
		return response{}, err
	}
	app, job, template, err := a.configured(ctx, r)
	if err != nil {
		return response{}, err
	}
	wanted, err := a.Runner.Gallery.Find(body.TemplateID)
	if err != nil || wanted.Descriptor.TemplateID != template.Descriptor.TemplateID {
		return response{}, badRequest("Invalid value specified for property 'templateId': a job of '%s' is made from the template '%s', not from '%s'.",
			app.DisplayName, template.Descriptor.TemplateID, body.TemplateID)
	}
	err = a.change(ctx, r, app, job, activityAddJob, func(c store.Configuration) (store.Configuration, string, error) {
		if !c.Job.Draft {
			return c, "", badRequest("The application '%s' already has the synchronization job '%s'. An application has one job; delete that one first.", app.DisplayName, c.Job.ID)
		}
		c.Job.Draft = false
		job = c.Job
		return c, "job " + c.Job.ID, nil
	})
	if err != nil {
		return response{}, err
	}
	if job.Status.Code != provisioning.NotConfigured {
		a.service.FirstRoles(ctx, administration.Application{Application: app, Job: job})
	}
	answer, err := a.answerJob(ctx, r, job)
	answer.status = http.StatusCreated
	answer.header = http.Header{"Location": {r.link("/servicePrincipals/" + app.ID + "/synchronization/jobs/" + job.ID)}}
	return answer, err
}

// jobPatch is what can be changed of a job. Members that are left out, or null, stay.
type jobPatch struct {
	Schedule *struct {
		Interval *graph.Duration             `json:"interval"`
		State    *provisioning.ScheduleState `json:"state"`
	} `json:"schedule"`
	Settings []graph.KeyValue `json:"synchronizationJobSettings"`
}

func (a *api) patchJob(ctx context.Context, r *request) (response, error) {
	var body jobPatch
	if err := r.decode(&body); err != nil {
		return response{}, err
	}
	app, job, _, err := a.job(ctx, r)
	if err != nil {
		return response{}, err
	}
	if body.Schedule == nil && len(body.Settings) == 0 {
		return noContent(), nil
	}
	err = a.change(ctx, r, app, job, activityConfigure, func(c store.Configuration) (store.Configuration, string, error) {
		before := c.Job
		var err error
		if c.Job, err = body.apply(c.Job); err != nil {
			return c, "", err
		}
		return c, changesOf(before, c.Job), nil
	})
	if err != nil {
		return response{}, err
	}
	a.wake(ctx, app.ID)
	return noContent(), nil
}

// leastInterval is the shortest time between two cycles.
const leastInterval = administration.LeastInterval

// apply returns the job with what the body changes. The interval that a job which is
// turned off shows is none, so whoever sends it back changes nothing.
func (p jobPatch) apply(job provisioning.Job) (provisioning.Job, error) {
	var err error
	if job.Settings, err = graph.WithSettings(job.Settings, p.Settings); err != nil {
		return job, badRequest("Invalid value specified for property 'synchronizationJobSettings': %s.", err.Error())
	}
	if p.Schedule == nil {
		return job, nil
	}
	if interval := p.Schedule.Interval; interval != nil && *interval != graph.Forever {
		if time.Duration(*interval) < leastInterval {
			return job, badRequest("Invalid value specified for property 'interval': it is at least %s.", graph.Duration(leastInterval))
		}
		job.Schedule.Interval = time.Duration(*interval)
	}
	if state := p.Schedule.State; state != nil && *state != job.Schedule.State {
		switch *state {
		case provisioning.ScheduleActive:
			job = job.Started()
		case provisioning.SchedulePaused, provisioning.ScheduleDisabled:
			job = job.Stopped()
			job.Schedule.State = *state
		default:
			return job, badRequest("Invalid value specified for property 'state': it is Active, Disabled or Paused.")
		}
	}
	return job, nil
}

// changesOf names what differs between two states of a job, for the audit log.
func changesOf(before, after provisioning.Job) string {
	var changes []string
	was, is := graph.Settings(before.Settings), graph.Settings(after.Settings)
	for i, setting := range is {
		if was[i] != setting {
			changes = append(changes, setting.Name+" "+setting.Value)
		}
	}
	if before.Schedule.Interval != after.Schedule.Interval {
		changes = append(changes, "interval "+after.Schedule.Interval.String())
	}
	if before.Schedule.State != after.Schedule.State {
		changes = append(changes, "schedule "+string(after.Schedule.State))
	}
	if !slices.Equal(before.Settings.Notify.Recipients, after.Settings.Notify.Recipients) {
		changes = append(changes, "recipients of notifications")
	}
	return strings.Join(changes, ", ")
}

// deleteJob forgets a job. The application keeps its credentials, as in Microsoft
// Graph, where they belong to the service principal, and nobody's account is touched.
func (a *api) deleteJob(ctx context.Context, r *request) (response, error) {
	app, job, template, err := a.job(ctx, r)
	if err != nil {
		return response{}, err
	}
	credentials, err := a.Store.Credentials(ctx, job.ID)
	if err != nil {
		credentials = nil // they cannot be read, and are not kept
	}
	own, err := a.Store.DefaultSchema(ctx, app.ID)
	if err != nil {
		return response{}, err
	}
	fresh := a.draft(r, app, template, activityRemoveJob, "job "+job.ID)
	if (graph.Secrets{Credentials: credentials}).SignIn() {
		fresh.Job = fresh.Job.Configured()
	}
	fresh.Schema = administration.FittedSchema(template, own, credentials)
	fresh.Schema.ID = fresh.Job.ID
	return noContent(), a.Store.RenewJob(ctx, job.ID, fresh)
}

// draft returns what an application has that was just made, with a record of what
// was there.
func (a *api) draft(r *request, app directory.Application, template connector.Template, activity, detail string) store.Configuration {
	job, schema := template.NewJob(app.ID)
	job.Draft = true
	return store.Configuration{Job: job, Schema: schema, Audits: []journal.Audit{a.record(r, activity, app.DisplayName, detail)}}
}

// startJob turns a job on and lifts its quarantine.
func (a *api) startJob(ctx context.Context, r *request) (response, error) {
	return a.turn(ctx, r, func(app administration.Application) error {
		return r.acts().Start(ctx, app, administration.Starting{Unconfigured: true})
	})
}

func (a *api) pauseJob(ctx context.Context, r *request) (response, error) {
	return a.turn(ctx, r, func(app administration.Application) error { return r.acts().Pause(ctx, app, "") })
}

func (a *api) turn(ctx context.Context, r *request, to func(administration.Application) error) (response, error) {
	app, job, _, err := a.job(ctx, r)
	if err == nil {
		err = to(administration.Application{Application: app, Job: job})
	}
	if err != nil {
		return response{}, err
	}
	return noContent(), nil
}

// restartJob makes a job forget what the criteria name. Without criteria it is what
// the portal of Microsoft Entra calls "Restart provisioning".
func (a *api) restartJob(ctx context.Context, r *request) (response, error) {
	scope, text, err := restartScope(r)
	if err != nil {
		return response{}, err
	}
	if scope.Has(provisioning.RestartForceDeletes) {
		if err := letsRemovalsGo(r); err != nil {
			return response{}, err
		}
	}
	app, job, _, err := a.job(ctx, r)
	if err != nil {
		return response{}, err
	}
	err = r.acts().Restart(ctx, administration.Application{Application: app, Job: job}, scope, text)
	if errors.Is(err, store.ErrConflict) {
		return response{}, conflict("%s", sentence(errors.Unwrap(err)))
	}
	if err != nil {
		return response{}, err
	}
	return noContent(), nil
}

func restartScope(r *request) (provisioning.RestartScope, string, error) {
	var body struct {
		Criteria *struct {
			ResetScope *string `json:"resetScope"`
		} `json:"criteria"`
	}
	if len(r.body) > 0 {
		if err := r.decode(&body); err != nil {
			return 0, "", err
		}
	}
	text := ""
	if body.Criteria != nil && body.Criteria.ResetScope != nil {
		text = *body.Criteria.ResetScope
	}
	scope, err := provisioning.ParseRestartScope(text)
	if err != nil {
		return 0, "", badRequest("Invalid value specified for property 'resetScope': %s.", err.Error())
	}
	return scope, text, nil
}

// validateCredentials tests the credentials that are saved, or those that are given,
// never a mix of both: saved secrets do not go to an address that a client names.
func (a *api) validateCredentials(ctx context.Context, r *request) (response, error) {
	var body struct {
		UseSavedCredentials bool           `json:"useSavedCredentials"`
		Credentials         []graph.Secret `json:"credentials"`
		TemplateID          string         `json:"templateId"`
	}
	if err := r.decode(&body); err != nil {
		return response{}, err
	}
	find := a.configured
	if _, named := r.keys["job"]; named {
		find = a.job
	}
	app, job, template, err := find(ctx, r)
	if err != nil {
		return response{}, err
	}
	if body.TemplateID != "" && !strings.EqualFold(body.TemplateID, template.Descriptor.TemplateID) {
		return response{}, badRequest("Invalid value specified for property 'templateId': the application '%s' is of the template '%s'.", app.DisplayName, template.Descriptor.TemplateID)
	}
	if body.UseSavedCredentials {
		if job.Status.Code == provisioning.NotConfigured {
			return response{}, badRequest("The application '%s' has no saved credentials.", app.DisplayName)
		}
		_, err := a.service.TestSaved(ctx, administration.Application{Application: app, Job: job})
		return noContent(), targetError(err)
	}
	return noContent(), a.checkGiven(ctx, app, job, template.Descriptor.Settings, body.Credentials)
}

// checkGiven tests credentials that are not saved.
func (a *api) checkGiven(ctx context.Context, app directory.Application, job provisioning.Job, declared []provisioning.Setting, given []graph.Secret) error {
	if len(given) == 0 {
		return badRequest("There are no credentials to test. Give them, or set useSavedCredentials.")
	}
	secrets, err := graph.Secrets{Settings: job.Settings}.Put(given, declared)
	if err != nil {
		return badRequest("Invalid value specified for property 'credentials': %s.", err.Error())
	}
	_, err = a.service.Try(ctx, administration.Application{Application: app, Job: job}, secrets.Credentials)
	return targetError(err)
}
