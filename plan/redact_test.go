package plan_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

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

func TestAFieldIsWrittenAsItsTagsSay(t *testing.T) {
	t.Parallel()
	type tagged plan.Field // without the methods
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.Custom(func(t *rapid.T) attr.Value {
			text := rapid.String().Draw(t, "text")
			return rapid.SampledFrom([]attr.Value{{}, attr.Text(text), attr.Bool(true), attr.Int(-7), attr.Texts(text, "<b>"), attr.RefTo(attr.Ref{Type: "User", ID: text})}).Draw(t, "value")
		})
		field := plan.Field{Name: rapid.String().Draw(t, "name"), Old: value.Draw(t, "old"), New: value.Draw(t, "new")}
		got, err := json.Marshal(field)
		if err != nil {
			t.Fatal(err)
		}
		want, err := json.Marshal(tagged(field))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}
