package graphapi

import (
	"context"
	"errors"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

// impact is what a schema would mean for everybody.
type impact struct {
	Findings    mapping.Findings    `json:"findings"`
	Differences []difference        `json:"differences"`
	People      int                 `json:"people"`  // for whom something would change
	Before      provisioning.Counts `json:"before"`  // what a cycle over everyone would do with the schema in use
	After       provisioning.Counts `json:"after"`   // and with the other one
	Changes     []ownChange         `json:"changes"` // the first of them
}

type difference struct {
	mapping.Difference

	Change string `json:"change"` // added, removed or changed
}

// impactShown is how many changes an answer holds.
const impactShown = 100

// proposed answers with a schema that is not saved.
type proposed struct {
	engine.Jobs

	schema mapping.Schema
}

// Schema returns the proposed schema.
func (p proposed) Schema(context.Context, string) (mapping.Schema, error) { return p.schema, nil }

// schemaImpact tells what the schema in the body would mean for everybody. It reads
// the target twice and writes nothing.
func (a *api) schemaImpact(ctx context.Context, r *request) (response, error) {
	if err := r.checkJSON(); err != nil {
		return response{}, err
	}
	schema, err := parseSchema(r.body)
	if err != nil {
		return response{}, err
	}
	var result impact
	err = a.withSession(ctx, r, func(app directory.Application, session engine.Session) error {
		if err := checkSchema(schema, session.Job, session.Template); err != nil {
			return err
		}
		inUse, err := a.Store.Schema(ctx, session.Job.ID)
		if err != nil {
			return err
		}
		result, err = a.impactOf(ctx, app, session, schema)
		result.Findings = mapping.Check(schema, mapping.Use{
			ActiveAttribute: session.Template.Descriptor.Capabilities.ActiveAttribute, Everyone: session.Job.Settings.SyncAll,
		}).Warnings()
		result.Differences = []difference{}
		for _, d := range mapping.Compare(inUse, schema) {
			result.Differences = append(result.Differences, difference{d, d.Change()})
		}
		return err
	})
	if err != nil {
		return response{}, err
	}
	if result.Findings == nil {
		result.Findings = mapping.Findings{}
	}
	return r.answerValue(result, "schemaImpact")
}

func (a *api) impactOf(ctx context.Context, app directory.Application, before engine.Session, schema mapping.Schema) (impact, error) {
	result := impact{Changes: []ownChange{}}
	runner := *a.Runner
	runner.Jobs = proposed{a.Runner.Jobs, schema}
	after, err := runner.Open(ctx, app.ID)
	if err != nil {
		return result, a.openError(app, err)
	}
	found, err := a.Runner.Impact(ctx, before, after, func(change plan.Change) {
		if len(result.Changes) < impactShown {
			result.Changes = append(result.Changes, newOwnChange(change))
		}
	})
	result.People, result.Before, result.After = found.Changed, found.Before, found.After
	return result, errors.Join(err, after.Connector.Close())
}
