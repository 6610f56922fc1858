package engine_test

import (
	"context"
	"slices"
	"testing"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/expr"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/plan"
)

// otherSchema answers with a schema that is not saved.
type otherSchema struct {
	engine.Jobs

	schema mapping.Schema
}

func (o otherSchema) Schema(context.Context, string) (mapping.Schema, error) { return o.schema, nil }

// What is found part by part is what is found for everybody at once.
func TestTheImpactOnSomePeopleAddsUpToThatOnEverybody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	w.cycle(t)
	schema, err := w.store.Schema(t.Context(), w.job.ID)
	w.must(t, err)
	_, object, err := schema.UserMapping()
	w.must(t, err)
	for i := range object.AttributeMappings {
		if object.AttributeMappings[i].TargetAttributeName == "FirstName" {
			object.AttributeMappings[i].Source = &expr.Source{Expression: `Switch([department], [givenName], "Sales", [displayName])`}
		}
	}
	other := *w.runner
	other.Jobs = otherSchema{w.runner.Jobs, schema}
	after, err := other.Open(t.Context(), w.app.ID)
	w.must(t, err)
	before, err := w.runner.Open(t.Context(), w.app.ID)
	w.must(t, err)
	var everybody, parts []string
	whole, err := w.runner.Impact(t.Context(), before, after, func(change plan.Change) { everybody = append(everybody, change.Source.ID) })
	w.must(t, err)
	looked := 0
	for ids, err := range w.runner.Everyone(t.Context(), w.job, "", 7) {
		w.must(t, err)
		looked += len(ids)
		impact, err := w.runner.ImpactOn(t.Context(), before, after, ids, func(was, is plan.Change) {
			parts = append(parts, is.Source.ID)
			if slices.EqualFunc(was.Fields, is.Fields, func(a, b plan.Field) bool { return a.Name == b.Name && a.New.String() == b.New.String() }) {
				t.Errorf("%s is told of and nothing differs", is.Source.Name)
			}
		})
		w.must(t, err)
		if impact.After.Collected != len(ids) {
			t.Errorf("%d of %d people were looked at", impact.After.Collected, len(ids))
		}
	}
	slices.Sort(everybody)
	if whole.Changed == 0 || whole.After.Collected != looked || !slices.Equal(everybody, parts) {
		t.Errorf("of everybody (%d looked at) %d change, of the parts (%d looked at) %d", whole.After.Collected, len(everybody), looked, len(parts))
	}
}
