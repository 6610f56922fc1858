package graphapi

import (
	"context"

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
	app, err := a.administered(ctx, r)
	if err != nil {
		return response{}, err
	}
	inUse, err := a.Store.Schema(ctx, app.Job.ID)
	if err != nil {
		return response{}, err
	}
	result := impact{Findings: mapping.Findings{}, Differences: []difference{}, Changes: []ownChange{}}
	found, err := a.service.WholeImpact(ctx, app, schema, func(change plan.Change) {
		if len(result.Changes) < impactShown {
			result.Changes = append(result.Changes, newOwnChange(change))
		}
	})
	if err != nil {
		return response{}, a.actError(schemaError(err))
	}
	result.People, result.Before, result.After = found.Changed, found.Before, found.After
	if template, err := a.service.Template(app); err == nil {
		result.Findings = append(result.Findings, mapping.Check(schema, template.Use(app.Job.Settings)).Warnings()...)
	}
	for _, d := range mapping.Compare(inUse, schema) {
		result.Differences = append(result.Differences, difference{d, d.Change()})
	}
	return r.answerValue(result, "schemaImpact")
}
