package graphapi

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/internal/graphapi/graph"
	"github.com/usher-id/usher/mapping"
)

func (a *api) templateRoutes(base string) []route {
	return []route{
		get(base+"/templates", a.listTemplates),
		get(base+"/templates/$count", a.countTemplates),
		get(base+"/templates/{template}", a.getTemplate),
		get(base+"/templates/{template}/schema", a.getTemplateSchema),
	}
}

func (a *api) templates() resource {
	schema := func(_ context.Context, e entity, _ expansion) (any, error) {
		template, err := a.Runner.Gallery.Find(e.id())
		if err != nil {
			return nil, err
		}
		return template.Schema(), nil
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
	return collection{resource: a.templates(), after: listed(items...)}, err
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

// template returns the template of the path.
func (a *api) template(ctx context.Context, r *request) (connector.Template, error) {
	id, err := r.text("template")
	if err != nil {
		return connector.Template{}, err
	}
	app, err := a.principal(ctx, r)
	if err != nil {
		return connector.Template{}, err
	}
	template, err := a.Runner.Gallery.Find(app.TemplateID)
	if err != nil || !strings.EqualFold(template.Descriptor.TemplateID, id) {
		return template, notFound(id)
	}
	return template, nil
}

func (a *api) getTemplate(ctx context.Context, r *request) (response, error) {
	template, err := a.template(ctx, r)
	if err != nil {
		return response{}, err
	}
	e, err := asEntity(graph.NewTemplate(template))
	if err != nil {
		return response{}, err
	}
	return r.answerEntity(ctx, a.templates(), e)
}

func (a *api) getTemplateSchema(ctx context.Context, r *request) (response, error) {
	template, err := a.template(ctx, r)
	if err != nil {
		return response{}, err
	}
	return r.answerSchema(template.Schema())
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
