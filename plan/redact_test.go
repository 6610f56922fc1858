package plan_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/plan"
)

func TestARedactedValueIsInNoJSON(t *testing.T) {
	t.Parallel()
	change := planned()
	change.Fields = []plan.Field{
		{Name: "EmployeeNumber", Old: attr.Text("canary-old"), New: attr.Text("canary-new"), Redacted: true},
		{Name: "Extension", Old: attr.Value{}, New: attr.Texts("canary-one", "canary-two"), Redacted: true},
		{Name: "City", Old: attr.Text("Linz"), New: attr.Text("Graz")},
	}
	text, err := json.Marshal(change)
	if err != nil || strings.Contains(string(text), "canary") || strings.Contains(change.String(), "canary") {
		t.Fatalf("%v: %s\n%s", err, text, change)
	}
	var read plan.Change
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	want := []plan.Field{
		{Name: "EmployeeNumber", Old: attr.Text("[Redact]"), New: attr.Text("[Redact]"), Redacted: true},
		{Name: "Extension", New: attr.Text("[Redact]"), Redacted: true},
		{Name: "City", Old: attr.Text("Linz"), New: attr.Text("Graz")},
	}
	if diff := cmp.Diff(want, read.Fields, cmp.Comparer(func(a, b attr.Value) bool { return attr.Equal(a, b, true) })); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
	if change.Fields[0].New.String() != "canary-new" {
		t.Error("writing the change down took the value from it")
	}
}
