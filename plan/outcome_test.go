package plan_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/scope"
)

func planned() plan.Change {
	return plan.Change{
		Action: plan.Update, Status: plan.Planned,
		Source: plan.Identity{Type: "User", ID: "u1", Name: "ana@contoso.com"}, Target: plan.Identity{Type: "User", ID: "005A", Name: "ana@contoso.com"},
		Fields: []plan.Field{{Name: "LastName", Old: attr.Text("Lopez"), New: attr.Text("Diaz")}},
		Steps:  []plan.Step{{Name: "EntryImport", Type: plan.ImportStep, Status: plan.Success}},
	}
}

func TestStagesReturnNewChanges(t *testing.T) {
	t.Parallel()
	before := planned()
	tests := []struct {
		name   string
		after  plan.Change
		status plan.Status
		step   string
		text   string
	}{
		{"written", before.Succeeded("005A", []string{"shortened"}), plan.Success, "EntryExportUpdate", "warning: shortened"},
		{"refused", before.Failed(plan.Reason{Code: "SalesforceRequiredFieldMissing", Text: "no alias"}), plan.Failure, "EntryExportUpdate", "SalesforceRequiredFieldMissing: no alias"},
		{"with a reference that waits", before.Unresolved("ManagerId", "u9"), plan.Planned, "EntryReferenceResolution", "update"},
		{"retried", before.Failed(plan.Reason{Text: "busy"}).Retried(3, time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)), plan.Failure, "EntryExportUpdate", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if test.after.Status != test.status {
				t.Errorf("status %s, want %s", test.after.Status, test.status)
			}
			if last := test.after.Steps[len(test.after.Steps)-1]; last.Name != test.step || len(test.after.Steps) != 2 {
				t.Errorf("last step of %d is %q, want %q", len(test.after.Steps), last.Name, test.step)
			}
			if !strings.Contains(test.after.String(), test.text) {
				t.Errorf("no %q in %s", test.text, test.after)
			}
		})
	}
	if diff := cmp.Diff(planned().String(), before.String()); diff != "" || len(before.Steps) != 1 {
		t.Errorf("the change itself was altered: %s", diff)
	}
	if got := tests[3].after.Reason.Text; got != "busy (tried 3 times; the next try is not before 2026-03-02T10:00:00Z)" {
		t.Errorf("retried: %s", got)
	}
}

func TestACreationIsCalledAddInTheLog(t *testing.T) {
	t.Parallel()
	change := planned()
	change.Action = plan.Create
	change = change.Succeeded("005N", nil)
	if last := change.Steps[len(change.Steps)-1]; last.Name != "EntryExportAdd" || change.Target.ID != "005N" {
		t.Errorf("step %q, target %q", last.Name, change.Target.ID)
	}
}

func TestGuard(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name                string
		guard               plan.Guard
		removals, connected int
		held                bool
	}{
		{"no limits", plan.Guard{}, 10_000, 10_000, false},
		{"the limit is met", plan.Guard{Limit: 500}, 500, 10_000, false},
		{"the limit is exceeded", plan.Guard{Limit: 500}, 501, 10_000, true},
		{"the share is met", plan.Guard{Percent: 20}, 20, 100, false},
		{"the share is exceeded", plan.Guard{Percent: 20}, 21, 100, true},
		{"a share of few accounts says nothing", plan.Guard{Percent: 20}, 10, 12, false},
		{"one more than few", plan.Guard{Percent: 20}, 11, 12, true},
		{"either is enough", plan.Guard{Limit: 5, Percent: 90}, 6, 1000, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			why := test.guard.Judge(test.removals, test.connected)
			if held := why != ""; held != test.held {
				t.Errorf("held %v (%q), want %v", held, why, test.held)
			}
		})
	}
}

func TestAHeldRemovalSaysWhatIsHeldAndWhy(t *testing.T) {
	t.Parallel()
	facts := plan.Facts{
		Source: plan.Identity{Type: "User", ID: "u1", Name: "ana@contoso.com"}, Connected: plan.Identity{Type: "User", ID: "005A", Name: "ana@contoso.com"},
		Verdict: scope.Judge(scope.Person{User: directory.User{AccountEnabled: true}}, scope.Rules{}),
	}
	rules := plan.Rules{ActiveAttribute: "IsActive", Deletes: true}
	want := `disable  staged   ana@contoso.com -> 005A  StagedDelete: 501 removals are more than the limit of 500 in one cycle: the user is not assigned to the application, neither in person nor through a group
    IsActive                     True -> False
`
	if diff := cmp.Diff(want, plan.HeldRemoval(facts, rules, plan.Guard{Limit: 500}.Judge(501, 1000)+": "+facts.Verdict.Text()).String()); diff != "" {
		t.Errorf("a held removal (-want +got):\n%s", diff)
	}
	facts.Verdict = scope.Judge(scope.Person{Gone: true}, scope.Rules{})
	if held := plan.HeldRemoval(facts, rules, "held"); held.Action != plan.Delete || len(held.Fields) != 0 {
		t.Errorf("gone for good: %s", held)
	}
}

func TestALinkWritesOneReference(t *testing.T) {
	t.Parallel()
	change := planned()
	boss := func(id string) attr.Value { return attr.RefTo(attr.Ref{Type: "User", ID: id}) }
	link := plan.Link(change.Source, change.Target, "ManagerId", boss("005X"), boss("005M"), plan.Rules{TargetSystem: "the target"})
	want := "update   planned  ana@contoso.com -> 005A\n    ManagerId                    005X -> 005M\n"
	if diff := cmp.Diff(want, link.String()); diff != "" {
		t.Errorf("link (-want +got):\n%s", diff)
	}
	if got := link.New(); got.Len() != 1 || got.Get("ManagerId").Ref().ID != "005M" {
		t.Errorf("to write: %s", got)
	}
}

func TestSeveralReferencesAreWrittenTogetherOrNotAtAll(t *testing.T) {
	t.Parallel()
	rule := &mapping.AttributeRule{Target: "Deputies", Kind: attr.Reference, Multivalued: true, Reference: "User", FlowType: mapping.FlowAlwaysType}
	users := attr.Values(attr.RefTo(attr.Ref{Type: "User", ID: "u1"}), attr.RefTo(attr.Ref{Type: "User", ID: "u2"}))
	desired := mapping.Desired{Flows: []mapping.Flow{{Rule: rule, Value: users}}}
	accounts := map[string]string{"u1": "0051"}
	resolved, waiting := plan.Resolve(desired, func(id string) string { return accounts[id] })
	if !resolved.Flows[0].Ignored || len(waiting) != 0 || len(resolved.Warnings) != 1 {
		t.Errorf("one of two: %+v, waiting %v", resolved, waiting)
	}
	accounts["u2"] = "0052"
	resolved, _ = plan.Resolve(desired, func(id string) string { return accounts[id] })
	if got := resolved.Flows[0].Value.String(); got != "0051;0052" {
		t.Errorf("both: %s", got)
	}
	if desired.Flows[0].Value.Items()[0].Ref().ID != "u1" {
		t.Error("what was given is altered")
	}
}

func TestStillPending(t *testing.T) {
	t.Parallel()
	pending := []plan.Pending{{Attribute: "Email", Old: attr.Text("old@x"), New: attr.Text("new@x")}}
	object := func(value string) attr.Object {
		return attr.New("User", "", map[string]attr.Value{"Email": attr.Text(value)})
	}
	tests := []struct {
		name             string
		current, desired attr.Object
		want             bool
	}{
		{"still shown as before", object("old@x"), object("new@x"), true},
		{"confirmed", object("new@x"), object("new@x"), false},
		{"another value is wanted by now", object("old@x"), object("newer@x"), false},
		{"nothing is wanted", object("old@x"), attr.Object{}, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := len(plan.StillPending(pending, test.current, test.desired)) == 1; got != test.want {
				t.Errorf("still pending: %v, want %v", got, test.want)
			}
		})
	}
}
