package graphapi

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/expr"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/graphapi/graph"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/provisioning"
)

func (a *api) schemaRoutes(schema string) []route {
	return []route{
		get(schema, a.getSchema),
		put(schema, a.putSchema),
		patch(schema, a.patchSchema),
		remove(schema, a.deleteSchema),
		get(schema+"/functions", a.listFunctions),
		get(schema+"/filterOperators", a.listFilterOperators),
		post(schema+"/parseExpression", store.RoleReader, a.parseExpression),
		get(schema+"/directories", a.listDirectories),
		get(schema+"/directories/$count", a.countDirectories),
		get(schema+"/directories/{directory}", a.getDirectory),
		patch(schema+"/directories/{directory}", a.patchDirectory),
		remove(schema+"/directories/{directory}", a.deleteDirectory),
		post(schema+"/directories/{directory}/discover", store.RoleAdministrator, a.discoverDirectory),
	}
}

// schema returns the schema of the job of the path.
func (a *api) schema(ctx context.Context, r *request) (provisioning.Job, mapping.Schema, error) {
	_, job, _, err := a.job(ctx, r)
	if err != nil {
		return job, mapping.Schema{}, err
	}
	schema, err := a.Store.Schema(ctx, job.ID)
	return job, schema, err
}

func (a *api) getSchema(ctx context.Context, r *request) (response, error) {
	_, schema, err := a.schema(ctx, r)
	if err != nil {
		return response{}, err
	}
	return r.answerSchema(schema)
}

// putSchema replaces the schema.
func (a *api) putSchema(ctx context.Context, r *request) (response, error) {
	if err := r.checkJSON(); err != nil {
		return response{}, err
	}
	return a.changeSchema(ctx, r, func(store.Configuration, connector.Template) (mapping.Schema, error) { return parseSchema(r.body) })
}

// patchSchema replaces those of the members directories and synchronizationRules that
// the body has; each of them in full. The generated clients send {} for a schema that
// was fetched and changed deep inside, which changes nothing.
func (a *api) patchSchema(ctx context.Context, r *request) (response, error) {
	patch, err := r.schemaPatch()
	if err != nil {
		return response{}, err
	}
	if patch == nil {
		_, _, err := a.schema(ctx, r)
		return noContent(), err
	}
	return a.changeSchema(ctx, r, func(c store.Configuration, _ connector.Template) (mapping.Schema, error) { return patch(c.Schema), nil })
}

// schemaPatch reads what a body changes of a schema; nil when it is nothing.
func (r *request) schemaPatch() (func(mapping.Schema) mapping.Schema, error) {
	given, err := r.fields()
	if err != nil {
		return nil, err
	}
	_, directories := given["directories"]
	_, rules := given["synchronizationrules"]
	if !directories && !rules {
		return nil, nil
	}
	patched, err := parseSchema(r.body)
	return func(schema mapping.Schema) mapping.Schema {
		if directories {
			schema.Directories = patched.Directories
		}
		if rules {
			schema.SynchronizationRules = patched.SynchronizationRules
		}
		return schema
	}, err
}

// deleteSchema goes back to the default schema of the template.
func (a *api) deleteSchema(ctx context.Context, r *request) (response, error) {
	return a.changeSchema(ctx, r, func(c store.Configuration, template connector.Template) (mapping.Schema, error) {
		return administration.FittedSchema(template, c.Default, c.Credentials), nil
	})
}

func parseSchema(data []byte) (mapping.Schema, error) {
	schema, err := administration.ParseSchema(data)
	if err != nil {
		return schema, badRequest("The synchronization schema cannot be read: %s.", err.Error())
	}
	return schema, nil
}

// changeSchema saves another schema, if it can be used. All that is wrong with it is
// told at once. The next cycle looks at everyone.
func (a *api) changeSchema(ctx context.Context, r *request, change func(store.Configuration, connector.Template) (mapping.Schema, error)) (response, error) {
	app, job, _, err := a.job(ctx, r)
	if err == nil {
		err = r.acts().ChangeSchema(ctx, administration.Application{Application: app, Job: job}, change)
	}
	if err != nil {
		return response{}, schemaError(err)
	}
	return noContent(), nil
}

// schemaError tells all that is wrong with a schema.
func schemaError(err error) error {
	refusal, ok := errors.AsType[*administration.Refusal](err)
	if !ok || refusal.Code != administration.SchemaFaults || len(refusal.Faults) == 0 {
		return err
	}
	told := &Error{Status: http.StatusBadRequest, Code: codeBadRequest, Message: "The synchronization schema cannot be used: " + refusal.Faults[0].String() + "."}
	for _, fault := range refusal.Faults {
		told.Details = append(told.Details, Detail{Code: "InvalidSchema", Target: fault.Field, Message: fault.Message})
	}
	return told
}

// checkSchema refuses a schema that cannot be used.
func checkSchema(schema mapping.Schema, job provisioning.Job, template connector.Template) error {
	return schemaError(administration.SchemaRefused(schema, job.Settings, template))
}

func (a *api) directoryDefinitions() resource {
	return resource{
		set:  "servicePrincipals/synchronization/jobs/schema/directories",
		kind: newKind("directoryDefinition", "name", "objects", "discoverabilities", "discoveryDateTime", "readOnly", "version"),
	}
}

// directoryEntity makes the entity of a directory. Members that Usher gives no
// meaning to are as they were put, or as Graph has them by default.
func directoryEntity(definition mapping.Directory) (entity, error) {
	e, err := asEntity(definition)
	if err != nil {
		return nil, err
	}
	for name, value := range map[string]any{"discoverabilities": "AttributeNames", "discoveryDateTime": nil, "readOnly": false, "version": nil} {
		if _, there := e[name]; !there {
			e[name] = value
		}
	}
	if e.id() == "" {
		e["id"] = definition.Name
	}
	return e, nil
}

func (a *api) directoryCollection(ctx context.Context, r *request) (collection, error) {
	_, schema, err := a.schema(ctx, r)
	if err != nil {
		return collection{}, err
	}
	items := make([]entity, len(schema.Directories))
	for i, definition := range schema.Directories {
		if items[i], err = directoryEntity(definition); err != nil {
			return collection{}, err
		}
	}
	return collection{resource: a.directoryDefinitions(), after: listed(items...)}, nil
}

func (a *api) listDirectories(ctx context.Context, r *request) (response, error) {
	directories, err := a.directoryCollection(ctx, r)
	if err != nil {
		return response{}, err
	}
	return r.answerPage(ctx, directories)
}

func (a *api) countDirectories(ctx context.Context, r *request) (response, error) {
	directories, err := a.directoryCollection(ctx, r)
	if err != nil {
		return response{}, err
	}
	return r.answerCount(ctx, directories)
}

// definition returns where the directory of the path is in a schema.
func definition(r *request, schema mapping.Schema) (int, error) {
	id, err := r.text("directory")
	if err != nil {
		return 0, err
	}
	index := slices.IndexFunc(schema.Directories, func(d mapping.Directory) bool { return d.ID == id || d.Name == id })
	if index < 0 {
		return 0, notFound(id)
	}
	return index, nil
}

func (a *api) getDirectory(ctx context.Context, r *request) (response, error) {
	_, schema, err := a.schema(ctx, r)
	if err != nil {
		return response{}, err
	}
	index, err := definition(r, schema)
	if err != nil {
		return response{}, err
	}
	return a.answerDirectory(ctx, r, schema.Directories[index])
}

func (a *api) answerDirectory(ctx context.Context, r *request, directory mapping.Directory) (response, error) {
	e, err := directoryEntity(directory)
	if err != nil {
		return response{}, err
	}
	return r.answerEntity(ctx, a.directoryDefinitions(), e)
}

// patchDirectory replaces the members of a directory that the body has, each in full.
func (a *api) patchDirectory(ctx context.Context, r *request) (response, error) {
	given, err := r.fields()
	if err != nil {
		return response{}, err
	}
	return a.changeSchema(ctx, r, func(c store.Configuration, _ connector.Template) (mapping.Schema, error) {
		schema := c.Schema
		index, err := definition(r, schema)
		if err != nil {
			return schema, err
		}
		patched, err := patchedDirectory(schema.Directories[index], given)
		if err != nil {
			return schema, err
		}
		schema.Directories = slices.Clone(schema.Directories)
		schema.Directories[index] = patched
		return schema, nil
	})
}

func patchedDirectory(before mapping.Directory, given fields) (mapping.Directory, error) {
	e, err := asEntity(before)
	if err != nil {
		return before, err
	}
	for name, value := range given {
		switch name {
		case "name", "objects", "discoverabilities", "version":
			e[name] = value
		case "readonly":
			e["readOnly"] = value
		}
	}
	data, err := json.Marshal(e)
	if err != nil {
		return before, err
	}
	var after mapping.Directory
	if err := json.Unmarshal(data, &after); err != nil {
		return before, badRequest("The directory definition cannot be read: %s.", err.Error())
	}
	return after, nil
}

func (a *api) deleteDirectory(ctx context.Context, r *request) (response, error) {
	return a.changeSchema(ctx, r, func(c store.Configuration, _ connector.Template) (mapping.Schema, error) {
		schema := c.Schema
		index, err := definition(r, schema)
		if err != nil {
			return schema, err
		}
		schema.Directories = slices.Delete(slices.Clone(schema.Directories), index, index+1)
		return schema, nil
	})
}

// discoverDirectory adds to a directory of the schema the attributes that the template
// has and the schema lacks. Nothing is taken away. Without news the schema stays as it
// is, because a change makes the next cycle look at everyone.
func (a *api) discoverDirectory(ctx context.Context, r *request) (response, error) {
	_, schema, err := a.schema(ctx, r)
	if err != nil {
		return response{}, err
	}
	_, _, template, err := a.job(ctx, r)
	if err != nil {
		return response{}, err
	}
	index, err := definition(r, schema)
	if err != nil {
		return response{}, err
	}
	discovered, found := discover(schema.Directories[index], template.Schema())
	if found {
		_, err := a.changeSchema(ctx, r, func(c store.Configuration, _ connector.Template) (mapping.Schema, error) {
			schema := c.Schema
			index, err := definition(r, schema)
			if err != nil {
				return schema, err
			}
			schema.Directories = slices.Clone(schema.Directories)
			schema.Directories[index], _ = discover(schema.Directories[index], template.Schema())
			return schema, nil
		})
		if err != nil {
			return response{}, err
		}
	}
	e, err := directoryEntity(discovered)
	if err != nil {
		return response{}, err
	}
	e["discoveryDateTime"], e["version"] = moment(time.Now()), uuid.NewString()
	return r.answerEntity(ctx, a.directoryDefinitions(), e)
}

// discover returns a directory with the objects and attributes of the default schema
// that it lacks, and whether there are any.
func discover(known mapping.Directory, standard mapping.Schema) (mapping.Directory, bool) {
	index := slices.IndexFunc(standard.Directories, func(d mapping.Directory) bool { return d.Name == known.Name })
	if index < 0 {
		return known, false
	}
	found := false
	known.Objects = slices.Clone(known.Objects)
	for _, object := range standard.Directories[index].Objects {
		at := slices.IndexFunc(known.Objects, func(o mapping.ObjectDefinition) bool { return o.Name == object.Name })
		if at < 0 {
			known.Objects, found = append(known.Objects, object), true
			continue
		}
		known.Objects[at].Attributes = slices.Clone(known.Objects[at].Attributes)
		for _, attribute := range object.Attributes {
			if !slices.ContainsFunc(known.Objects[at].Attributes, func(d mapping.AttributeDefinition) bool { return strings.EqualFold(d.Name, attribute.Name) }) {
				known.Objects[at].Attributes, found = append(known.Objects[at].Attributes, attribute), true
			}
		}
	}
	return known, found
}

func (a *api) listFunctions(ctx context.Context, r *request) (response, error) {
	if _, _, _, err := a.job(ctx, r); err != nil {
		return response{}, err
	}
	kind := newKind("attributeMappingFunctionSchema", "name", "parameters")
	return answerSchemas(ctx, r, "servicePrincipals/synchronization/jobs/schema/functions", kind, expr.FunctionSchemas())
}

func (a *api) listFilterOperators(ctx context.Context, r *request) (response, error) {
	if _, _, _, err := a.job(ctx, r); err != nil {
		return response{}, err
	}
	kind := newKind("filterOperatorSchema", "name", "arity", "multivaluedComparisonType", "supportedAttributeTypes")
	return answerSchemas(ctx, r, "servicePrincipals/synchronization/jobs/schema/filterOperators", kind, graph.FilterOperators())
}

func answerSchemas[T any](ctx context.Context, r *request, set string, kind kind, schemas []T) (response, error) {
	items := make([]entity, len(schemas))
	for i, schema := range schemas {
		var err error
		if items[i], err = asEntity(schema); err != nil {
			return response{}, err
		}
	}
	return r.answerPage(ctx, collection{resource: resource{set: set, kind: kind, top: len(items)}, after: listed(items...)})
}

func (a *api) parseExpression(ctx context.Context, r *request) (response, error) {
	var body graph.ExpressionRequest
	if err := r.decode(&body); err != nil {
		return response{}, err
	}
	job, schema, err := a.schema(ctx, r)
	if err != nil {
		return response{}, err
	}
	parsed := graph.ParseExpression(body, graph.NewLanguage(schema, job.Settings.DefaultDomain), time.Now().UTC())
	return r.answerValue(parsed, "microsoft.graph.parseExpressionResponse")
}
