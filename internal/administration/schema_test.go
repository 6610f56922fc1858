package administration_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/usher-id/usher/expr"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/scope"
)

// mapped returns a mapping of a target attribute.
func mapped(target, expression string) mapping.AttributeMapping {
	return mapping.AttributeMapping{
		TargetAttributeName: target, Source: &expr.Source{Expression: expression}, FlowType: mapping.FlowAlwaysType, FlowBehavior: mapping.FlowWhenChanged,
	}
}

// drafted returns the draft of an actor.
func (w *world) drafted(acts administration.Acts, app administration.Application) administration.SchemaDraft {
	w.tb.Helper()
	draft, err := acts.SchemaDraft(w.tb.Context(), app)
	w.must(err)
	return draft
}

// rowOf returns a mapping of a schema with its mark.
func (w *world) rowOf(schema mapping.Schema, target string) (mapping.AttributeMapping, string) {
	w.tb.Helper()
	_, object, err := schema.UserMapping()
	w.must(err)
	at := slices.IndexFunc(object.AttributeMappings, func(m mapping.AttributeMapping) bool { return m.TargetAttributeName == target })
	if at < 0 {
		w.tb.Fatalf("%s is not mapped", target)
	}
	return object.AttributeMappings[at], administration.Mark(object.AttributeMappings[at])
}

// edit changes the mapping of an attribute in the actor's draft.
func (w *world) edit(acts administration.Acts, app administration.Application, target, expression string) error {
	w.tb.Helper()
	_, mark := w.rowOf(w.drafted(acts, app).Schema, target)
	return acts.ChangeSchemaDraft(w.tb.Context(), app, administration.PutMapping(target, mark, mapped(target, expression)))
}

func TestSeveralEditsOfASchemaAreSavedAsOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.assigned()
	w.cycle(app)
	w.must(w.edit(w.acts, app, "FirstName", "[displayName]"))
	w.must(w.acts.ChangeSchemaDraft(t.Context(), app, administration.PutMapping("", "", mapped("Title", "[jobTitle]"))))
	draft := w.drafted(w.acts, app)
	if len(draft.Differences) != 2 || draft.Overtaken {
		t.Fatalf("draft %v, overtaken %v", draft.Differences, draft.Overtaken)
	}
	if saved, err := w.store.Schema(t.Context(), app.Job.ID); err != nil || len(mapping.Compare(saved, draft.Base)) > 0 {
		t.Errorf("something was saved: %v", err)
	}
	w.refused(w.acts.SaveSchemaDraft(t.Context(), app, draft.Tag, false), administration.NotLookedAt)
	impact, err := w.acts.LookOn(t.Context(), app, draft.Tag, time.Minute)
	w.must(err)
	if !impact.Complete || impact.Looked != 2 || impact.Changed != 2 || impact.After.Updated != 2 || impact.Before.Updated != 0 {
		t.Errorf("impact %+v", impact)
	}
	changes, err := w.acts.DraftChanges(t.Context(), app, 0, 10)
	w.must(err)
	if len(changes) != 2 || changes[0].After.Source.ID != ana || changes[0].After.Fields[0].Name != "FirstName" || changes[0].After.Fields[0].New.String() != "Ana Lima" {
		t.Errorf("changes %+v", changes)
	}
	woken := w.woken
	w.must(w.acts.SaveSchemaDraft(t.Context(), app, draft.Tag, false))
	if w.woken != woken+1 {
		t.Error("the job was not woken")
	}
	w.contains(w.audits(1), "attribute mapping FirstName changed, was: [givenName], now: [displayName]; attribute mapping Title added: ")
	if after := w.drafted(w.acts, app); after.Tag != "" || after.Changed() || len(mapping.Compare(after.Saved, draft.Schema)) > 0 {
		t.Errorf("after saving: %v", after.Differences)
	}
	if w.again(app).Job.Status.InitialDone {
		t.Error("the next cycle does not look at everyone")
	}
}

func TestTwoWindowsNeverLoseAChangeOfASchema(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.assigned()
	first, firstMark := w.rowOf(w.drafted(w.acts, app).Schema, "FirstName")
	_, lastMark := w.rowOf(w.drafted(w.acts, app).Schema, "LastName")
	w.must(w.acts.ChangeSchemaDraft(t.Context(), app, administration.PutMapping("FirstName", firstMark, mapped("FirstName", "[displayName]"))))
	// The other window has another mapping open, which is no conflict, and then the same one.
	w.must(w.acts.ChangeSchemaDraft(t.Context(), app, administration.PutMapping("LastName", lastMark, mapped("LastName", "[displayName]"))))
	first.MatchingPriority = 2
	w.refused(w.acts.ChangeSchemaDraft(t.Context(), app, administration.PutMapping("FirstName", firstMark, first)), administration.ChangedMeanwhile)
	w.refused(w.acts.ChangeSchemaDraft(t.Context(), app, administration.RemoveMapping("FirstName", firstMark)), administration.ChangedMeanwhile)
	draft := w.drafted(w.acts, app)
	if len(draft.Differences) != 2 {
		t.Errorf("draft: %v", draft.Differences)
	}
	// What is saved and discarded is what was looked at.
	w.must(w.acts.ChangeSchemaDraft(t.Context(), app, administration.PutFlowTypes(mapping.AllFlows, mapping.FlowAdd)))
	w.refused(w.acts.SaveSchemaDraft(t.Context(), app, draft.Tag, true), administration.ChangedMeanwhile)
	w.refused(w.acts.DiscardSchemaDraft(t.Context(), app, draft.Tag), administration.ChangedMeanwhile)
	w.must(w.acts.DiscardSchemaDraft(t.Context(), app, w.drafted(w.acts, app).Tag))
	if w.drafted(w.acts, app).Changed() {
		t.Error("something is left of what was discarded")
	}
}

func TestWhoeverSavesSecondIsToldAndTakesTheirChangesAlong(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.assigned()
	ed := w.By("ed@contoso.com")
	w.must(w.edit(w.acts, app, "FirstName", "[displayName]"))
	w.must(w.edit(ed, app, "LastName", "[displayName]"))
	if others := w.drafted(ed, app).Others; len(others) != 1 || others[0].Owner != "dora@contoso.com" {
		t.Errorf("others: %v", others)
	}
	w.must(w.acts.SaveSchemaDraft(t.Context(), app, w.drafted(w.acts, app).Tag, true))
	draft := w.drafted(ed, app)
	if !draft.Overtaken {
		t.Fatal("the draft is not overtaken")
	}
	w.refused(ed.SaveSchemaDraft(t.Context(), app, draft.Tag, true), administration.ChangedMeanwhile)
	w.must(ed.RebaseSchemaDraft(t.Context(), app, true))
	draft = w.drafted(ed, app)
	if draft.Overtaken || len(draft.Differences) != 1 || draft.Differences[0].Name != "LastName" {
		t.Fatalf("after taking along: %v", draft.Differences)
	}
	w.must(ed.SaveSchemaDraft(t.Context(), app, draft.Tag, true))
	saved := w.drafted(ed, app).Saved
	for _, target := range []string{"FirstName", "LastName"} {
		if row, _ := w.rowOf(saved, target); row.Source.Expression != "[displayName]" {
			t.Errorf("%s comes from %s", target, row.Source.Expression)
		}
	}
}

func TestAFaultyEditOfASchemaIsRefusedWithItsPlace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.add()
	refusal := w.refusal(w.edit(w.acts, app, "FirstName", "[givenNam]"), administration.SchemaFaults)
	if len(refusal.Faults) != 1 || !strings.HasSuffix(refusal.Faults[0].Field, ".source") || !strings.Contains(refusal.Faults[0].Message, "givenName") {
		t.Errorf("faults: %v", refusal.Faults)
	}
	w.refused(w.acts.ChangeSchemaDraft(t.Context(), app, administration.PutMapping("", "", mapped("FirstName", "[mail]"))), administration.Invalid)
	w.refused(w.acts.ChangeSchemaDraft(t.Context(), app, administration.AddTargetAttribute(mapping.AttributeDefinition{Name: "firstname"})), administration.Invalid)
	if w.drafted(w.acts, app).Tag != "" {
		t.Error("a draft was begun")
	}
}

func TestAnExpressionIsTriedForSomebody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.assigned()
	schema := w.drafted(w.acts, app).Schema
	try := func(expression, target string) administration.Outcome {
		outcome, err := w.TryExpression(t.Context(), app, schema, administration.Trial{Expression: expression, Target: target, UserID: ana})
		w.must(err)
		return outcome
	}
	if got := try(`Join(" ", [givenName], ToUpper([surname]))`, "LastName"); got.Value.String() != "Ana LIMA" || len(got.Steps) != 5 || got.Unfit != "" {
		t.Errorf("outcome %+v", got)
	}
	if got := try(`ToUper([surname])`, ""); len(got.Faults) != 1 || got.Faults[0].Column != 1 || !strings.Contains(got.Faults[0].Message, "ToUpper") {
		t.Errorf("faults %v", got.Faults)
	}
	if got := try(`Error("no")`, ""); got.Failure == nil || got.Failure.Column != 1 {
		t.Errorf("failure %v", got.Failure)
	}
	if got := try(`[displayName]`, "IsActive"); !strings.Contains(got.Unfit, "IsActive") {
		t.Errorf("unfit %q", got.Unfit)
	}
	hidden := try(`Append(Redact([surname]), "x")`, "LastName")
	if hidden.Value.String() != "[Redact]" || !hidden.Redacted {
		t.Errorf("a redacted value is shown: %v", hidden.Value)
	}
	for _, step := range hidden.Steps {
		if strings.Contains(step.Value.String(), "Lima") {
			t.Errorf("step %s shows %s", step.Expression, step.Value)
		}
	}
	if got := try(`SingleAppRoleAssignment([appRoleAssignments])`, "ProfileName"); got.Value.String() != "Standard User" {
		t.Errorf("role %v", got.Value)
	}
}

func TestThoseInScopeAreCountedByBothFilters(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.assigned()
	only := &scope.Filter{Groups: []scope.FilterGroup{{Name: "Ana", Clauses: []scope.Clause{{
		SourceOperandName: "givenName", OperatorName: "EQUALS", TargetOperand: &scope.Operand{Values: []string{"Ana"}},
	}}}}}
	count, err := w.CountScope(t.Context(), app, nil, only, time.Minute)
	w.must(err)
	if !count.Complete || count.Looked != 2 || count.Before != 2 || count.After != 1 || count.Leaving != 1 || count.Leavers[0].ID != ben || count.Entering != 0 {
		t.Errorf("count %+v", count)
	}
	cut, err := w.CountScope(t.Context(), app, nil, only, 0)
	w.must(err)
	if cut.Complete || cut.Looked != 0 {
		t.Errorf("without time: %+v", cut)
	}
	only.Groups[0].Clauses[0].OperatorName = "Greater_Than"
	_, err = w.CountScope(t.Context(), app, nil, only, time.Minute)
	refusal := w.refusal(err, administration.SchemaFaults)
	if len(refusal.Faults) != 1 || refusal.Faults[0].Field != "groups[0].clauses[0]" {
		t.Errorf("faults %v", refusal.Faults)
	}
}

func TestMatchingAttributesAreMoved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.add()
	row := mapped("FederationIdentifier", "[userPrincipalName]")
	row.MatchingPriority = 7
	w.must(w.acts.ChangeSchemaDraft(t.Context(), app, administration.PutMapping("", "", row)))
	order := func() []string {
		_, object, err := w.drafted(w.acts, app).Schema.UserMapping()
		w.must(err)
		return administration.MatchingOrder(object)
	}
	before := order()
	w.must(w.acts.ChangeSchemaDraft(t.Context(), app, administration.MoveMatching("FederationIdentifier", true, before)))
	if after := order(); !slices.Equal(after, []string{"FederationIdentifier", "Username"}) {
		t.Errorf("order %v", after)
	}
	w.refused(w.acts.ChangeSchemaDraft(t.Context(), app, administration.MoveMatching("Username", true, before)), administration.ChangedMeanwhile)
	w.refused(w.acts.ChangeSchemaDraft(t.Context(), app, administration.MoveMatching("Username", false, order())), administration.Invalid)
}

func TestASchemaIsReplacedAsAWhole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	app := w.add()
	w.must(w.edit(w.acts, app, "FirstName", "[displayName]"))
	standard, err := w.StandardSchema(t.Context(), app)
	w.must(err)
	w.refused(w.acts.PutSchema(t.Context(), app, "", standard), administration.ChangedMeanwhile)
	w.must(w.acts.PutSchema(t.Context(), app, w.drafted(w.acts, app).Tag, standard))
	if got := w.drafted(w.acts, app); got.Changed() {
		t.Errorf("differences %v", got.Differences)
	}
	_, err = administration.ReadSchema([]byte(`{"synchronizationRules": 3}`))
	w.refused(err, administration.Invalid)
}
