package graphapi

import (
	"context"
	"strings"

	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/graphapi/graph"
	"github.com/usher-id/usher/internal/store"
)

// secretList returns the secrets of a service principal, masked.
func (a *api) secretList(ctx context.Context, r *request) ([]graph.Secret, error) {
	_, job, template, err := a.configured(ctx, r)
	if err != nil {
		return nil, err
	}
	credentials, err := a.Store.Credentials(ctx, job.ID)
	if err != nil {
		return nil, err
	}
	return graph.Secrets{Credentials: credentials, Settings: job.Settings}.List(template.Descriptor.Settings), nil
}

func (a *api) listSecrets(ctx context.Context, r *request) (response, error) {
	secrets, err := a.secretList(ctx, r)
	if err != nil {
		return response{}, err
	}
	return ok(map[string]any{"@odata.context": r.context("servicePrincipals/synchronization/secrets"), "value": secrets}), nil
}

func (a *api) countSecrets(ctx context.Context, r *request) (response, error) {
	secrets, err := a.secretList(ctx, r)
	answer := ok(len(secrets))
	answer.plain = true
	return answer, err
}

// putSecrets saves credentials and the settings that Graph keeps among them. They are
// not tested: validateCredentials does that.
func (a *api) putSecrets(ctx context.Context, r *request) (response, error) {
	var body struct {
		Value []graph.Secret `json:"value"`
	}
	if err := r.decode(&body); err != nil {
		return response{}, err
	}
	if body.Value == nil {
		return response{}, badRequest("The property 'value' is missing: a list of keys with their values.")
	}
	return a.saveSecrets(ctx, r, body.Value)
}

func (a *api) saveSecrets(ctx context.Context, r *request, given []graph.Secret) (response, error) {
	app, job, template, err := a.configured(ctx, r)
	if err != nil {
		return response{}, err
	}
	err = a.change(ctx, r, app, job, activityConfigure, func(c store.Configuration) (store.Configuration, string, error) {
		return configureSecrets(c, template, given)
	})
	if err != nil {
		return response{}, err
	}
	if !job.Draft {
		a.service.FirstRoles(ctx, administration.Application{Application: app, Job: job})
	}
	a.wake(ctx, app.ID)
	return noContent(), nil
}

// configureSecrets returns the configuration with the secrets put: the job is
// configured from the first credential on until the last one is removed, and the
// schema follows the credentials where the template has it so.
func configureSecrets(c store.Configuration, template connector.Template, given []graph.Secret) (store.Configuration, string, error) {
	before := c
	put, err := graph.Secrets{Credentials: c.Credentials, Settings: c.Job.Settings}.Put(given, template.Descriptor.Settings)
	if err != nil {
		return c, "", badRequest("Invalid value specified for property 'value': %s.", err.Error())
	}
	c.Credentials, c.Job.Settings = put.Credentials, put.Settings
	if put.SignIn() {
		c.Job = c.Job.Configured()
	} else {
		c.Job = c.Job.Unconfigured()
	}
	if template.Adapt != nil {
		if adapted, changed := template.Adapt(c.Schema, before.Credentials, c.Credentials); changed {
			c.Schema = adapted
		}
	}
	details := graph.Changed(before.Credentials, c.Credentials)
	if changes := changesOf(before.Job, c.Job); changes != "" {
		details = append(details, changes)
	}
	return c, strings.Join(details, ", "), nil
}

// acquireAccessToken tests the credentials that a client has obtained. Usher's
// connectors sign in by themselves whenever they need to, so there is no token to
// keep.
func (a *api) acquireAccessToken(ctx context.Context, r *request) (response, error) {
	var body struct {
		Credentials []graph.Secret `json:"credentials"`
	}
	if err := r.decode(&body); err != nil {
		return response{}, err
	}
	app, job, template, err := a.configured(ctx, r)
	if err != nil {
		return response{}, err
	}
	return noContent(), a.checkGiven(ctx, app, job, template.Descriptor.Settings, body.Credentials)
}
