package graphapi

import (
	"context"
	"encoding/json"
	"reflect"
	"strings"

	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/graphapi/graph"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/mapping"
)

func (a *api) templateRoutes(base string) []route {
	return []route{
		get(base+"/templates", a.listTemplates),
		get(base+"/templates/$count", a.countTemplates),
		get(base+"/templates/{template}", a.getTemplate),
		put(base+"/templates/{template}", a.changeTemplate),
		patch(base+"/templates/{template}", a.changeTemplate),
		get(base+"/templates/{template}/schema", a.getTemplateSchema),
		put(base+"/templates/{template}/schema", a.putTemplateSchema),
		patch(base+"/templates/{template}/schema", a.patchTemplateSchema),
		remove(base+"/templates/{template}/schema", a.deleteTemplateSchema),
	}
}

func (a *api) templates(r *request) resource {
	schema := func(ctx context.Context, _ entity, _ expansion) (any, error) {
		app, err := a.principal(ctx, r)
		if err != nil {
			return nil, err
		}
		template, err := a.Runner.Gallery.Find(app.TemplateID)
		if err != nil {
			return nil, err
		}
		return a.defaultSchema(ctx, app, template)
	}
	return resource{
		set:    "servicePrincipals/synchronization/templates",
		kind:   newKind("synchronizationTemplate", "applicationId", "default", "description", "discoverable", "factoryTag", "metadata"),
		expand: map[string]expander{"schema": schema},
	}
}

// templateEntities returns the templates that a job of the application can be made
// from: its own.
func (a *api) templateEntities(ctx context.Context, r *request) ([]entity, error) {
	app, err := a.principal(ctx, r)
	if err != nil {
		return nil, err
	}
	template, err := a.Runner.Gallery.Find(app.TemplateID)
	if err != nil {
		return []entity{}, nil //nolint:nilerr // an application of no template has none
	}
	e, err := asEntity(graph.NewTemplate(template))
	return []entity{e}, err
}

func (a *api) templateCollection(ctx context.Context, r *request) (collection, error) {
	items, err := a.templateEntities(ctx, r)
	return collection{resource: a.templates(r), after: listed(items...)}, err
}

func (a *api) listTemplates(ctx context.Context, r *request) (response, error) {
	templates, err := a.templateCollection(ctx, r)
	if err != nil {
		return response{}, err
	}
	return r.answerPage(ctx, templates)
}

func (a *api) countTemplates(ctx context.Context, r *request) (response, error) {
	templates, err := a.templateCollection(ctx, r)
	if err != nil {
		return response{}, err
	}
	return r.answerCount(ctx, templates)
}

// template returns the application and the template of the path.
func (a *api) template(ctx context.Context, r *request) (directory.Application, connector.Template, error) {
	id, err := r.text("template")
	if err != nil {
		return directory.Application{}, connector.Template{}, err
	}
	app, err := a.principal(ctx, r)
	if err != nil {
		return app, connector.Template{}, err
	}
	template, err := a.Runner.Gallery.Find(app.TemplateID)
	if err != nil || !strings.EqualFold(template.Descriptor.TemplateID, id) {
		return app, template, notFound(id)
	}
	return app, template, nil
}

func (a *api) getTemplate(ctx context.Context, r *request) (response, error) {
	_, template, err := a.template(ctx, r)
	if err != nil {
		return response{}, err
	}
	e, err := asEntity(graph.NewTemplate(template))
	if err != nil {
		return response{}, err
	}
	return r.answerEntity(ctx, a.templates(r), e)
}

// defaultSchema returns what the schema of an application goes back to, not fitted to
// any credentials.
func (a *api) defaultSchema(ctx context.Context, app directory.Application, template connector.Template) (mapping.Schema, error) {
	own, err := a.Store.DefaultSchema(ctx, app.ID)
	if err != nil {
		return mapping.Schema{}, err
	}
	return administration.FittedSchema(template, own, nil), nil
}

func (a *api) getTemplateSchema(ctx context.Context, r *request) (response, error) {
	app, template, err := a.template(ctx, r)
	if err != nil {
		return response{}, err
	}
	schema, err := a.defaultSchema(ctx, app, template)
	if err != nil {
		return response{}, err
	}
	return r.answerSchema(schema)
}

// changeTemplate takes the schema of a template. What else there is to a template is
// from the gallery: sent back as it is it does no harm, and anything else is refused.
func (a *api) changeTemplate(ctx context.Context, r *request) (response, error) {
	given, err := r.fields()
	if err != nil {
		return response{}, err
	}
	_, template, err := a.template(ctx, r)
	if err != nil {
		return response{}, err
	}
	known, err := asEntity(graph.NewTemplate(template))
	if err != nil {
		return response{}, err
	}
	for name, value := range known {
		if raw, there := given[strings.ToLower(name)]; there && !sameJSON(raw, value) {
			return response{}, badRequest("The property '%s' of a template is that of the gallery and cannot be changed; its schema can.", name)
		}
	}
	raw, there := given["schema"]
	if !there || string(raw) == "null" {
		return noContent(), nil
	}
	schema, err := parseSchema(raw)
	if err != nil {
		return response{}, err
	}
	return a.changeDefault(ctx, r, func(mapping.Schema) *mapping.Schema { return &schema })
}

// sameJSON reports whether a member of a body says what is there already.
func sameJSON(raw json.RawMessage, value any) bool {
	known, err := json.Marshal(value)
	if err != nil {
		return false
	}
	var a, b any
	return json.Unmarshal(raw, &a) == nil && json.Unmarshal(known, &b) == nil && reflect.DeepEqual(a, b)
}

// putTemplateSchema replaces the default schema of this one application.
func (a *api) putTemplateSchema(ctx context.Context, r *request) (response, error) {
	if err := r.checkJSON(); err != nil {
		return response{}, err
	}
	schema, err := parseSchema(r.body)
	if err != nil {
		return response{}, err
	}
	return a.changeDefault(ctx, r, func(mapping.Schema) *mapping.Schema { return &schema })
}

// patchTemplateSchema changes the default schema as patchSchema changes that of a job.
func (a *api) patchTemplateSchema(ctx context.Context, r *request) (response, error) {
	patch, err := r.schemaPatch()
	if err != nil {
		return response{}, err
	}
	if patch == nil {
		_, _, err := a.template(ctx, r)
		return noContent(), err
	}
	return a.changeDefault(ctx, r, func(schema mapping.Schema) *mapping.Schema {
		patched := patch(schema)
		return &patched
	})
}

// deleteTemplateSchema goes back to the default schema of the gallery.
func (a *api) deleteTemplateSchema(ctx context.Context, r *request) (response, error) {
	return a.changeDefault(ctx, r, func(mapping.Schema) *mapping.Schema { return nil })
}

// changeDefault saves what the schema of this one application goes back to, nil for
// that of the gallery. It has to be usable, as if it were saved for the job. A job that
// is there keeps its schema; one that is made later begins with the default.
func (a *api) changeDefault(ctx context.Context, r *request, change func(mapping.Schema) *mapping.Schema) (response, error) {
	app, template, err := a.template(ctx, r)
	if err != nil {
		return response{}, err
	}
	job, err := a.Store.Job(ctx, app.ID)
	if err != nil {
		return response{}, err
	}
	err = a.change(ctx, r, app, job, activityTemplate, func(c store.Configuration) (store.Configuration, string, error) {
		before := administration.FittedSchema(template, c.Default, nil)
		if c.Default = change(before); c.Default != nil {
			c.Default.ID = template.Descriptor.TemplateID
			if err := checkSchema(*c.Default, c.Job, template); err != nil {
				return c, "", err
			}
		}
		if c.Job.Draft {
			c.Schema = administration.FittedSchema(template, c.Default, c.Credentials)
			c.Schema.ID = c.Job.ID
		}
		return c, administration.SummaryOf(mapping.Compare(before, administration.FittedSchema(template, c.Default, nil))), nil
	})
	return noContent(), err
}

// answerSchema answers with a schema as it is kept, members that nobody here knows
// included.
func (r *request) answerSchema(schema mapping.Schema) (response, error) {
	return r.answerValue(schema, "servicePrincipals/synchronization/jobs/schema/$entity")
}

// answerValue answers with a value that marshals to a JSON object, whose members stay
// as they are.
func (r *request) answerValue(value any, fragment string) (response, error) {
	data, err := json.Marshal(value)
	if err != nil {
		return response{}, err
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil {
		return response{}, err
	}
	context, err := json.Marshal(r.context(fragment))
	if err != nil {
		return response{}, err
	}
	members["@odata.context"] = context
	return ok(members), nil
}
