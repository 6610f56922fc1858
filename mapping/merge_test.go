package mapping_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/expr"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/scope"
)

// edited returns the sample schema with something changed.
func edited(t *testing.T, change func(rule *mapping.Rule, object *mapping.ObjectMapping)) mapping.Schema {
	t.Helper()
	schema := parsed(t, document(t, "salesforce.json"))
	rule, object, err := schema.UserMapping()
	if err != nil {
		t.Fatal(err)
	}
	change(rule, object)
	return schema
}

func source(expression string) *expr.Source { return &expr.Source{Expression: expression} }

// row returns the mapping of a target attribute, to be changed in place.
func row(t *testing.T, object *mapping.ObjectMapping, target string) *mapping.AttributeMapping {
	t.Helper()
	at := slices.IndexFunc(object.AttributeMappings, func(m mapping.AttributeMapping) bool { return m.TargetAttributeName == target })
	if at < 0 {
		t.Fatalf("%s is not mapped", target)
	}
	return &object.AttributeMappings[at]
}

func changes(before, after mapping.Schema) []string {
	var texts []string
	for _, difference := range mapping.Compare(before, after) {
		texts = append(texts, difference.Part+" "+difference.Name+" "+difference.Change())
	}
	slices.Sort(texts)
	return texts
}

func TestWhatTwoPeopleChangedOfASchemaIsMerged(t *testing.T) {
	t.Parallel()
	base := edited(t, func(*mapping.Rule, *mapping.ObjectMapping) {})
	mine := edited(t, func(_ *mapping.Rule, object *mapping.ObjectMapping) {
		row(t, object, "FirstName").Source = source("[displayName]")
		object.AttributeMappings = slices.DeleteFunc(object.AttributeMappings, func(m mapping.AttributeMapping) bool { return m.TargetAttributeName == "Alias" })
		object.AttributeMappings = append(object.AttributeMappings, mapping.AttributeMapping{TargetAttributeName: "Title", Source: source("[jobTitle]"), FlowType: mapping.FlowAlwaysType, FlowBehavior: mapping.FlowWhenChanged})
	})
	theirs := edited(t, func(_ *mapping.Rule, object *mapping.ObjectMapping) {
		row(t, object, "LastName").Source = source("[displayName]")
		object.FlowTypes = mapping.FlowAdd
		object.Scope = &scope.Filter{Groups: []scope.FilterGroup{{Name: "all"}}}
	})
	theirs.Version = "theirs"
	merged, clashes := mapping.Merge(base, mine, theirs, true)
	if len(clashes) > 0 {
		t.Errorf("clashes: %v", clashes)
	}
	want := []string{
		"allowed actions  changed", "attribute mapping Alias removed", "attribute mapping FirstName changed", "attribute mapping LastName changed",
		"attribute mapping Title added", `scoping filter "all" added`,
	}
	if diff := cmp.Diff(want, changes(base, merged)); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
	if merged.Version != "theirs" {
		t.Errorf("version %q", merged.Version)
	}
	if got := changes(theirs, merged); len(got) != 3 {
		t.Errorf("beyond theirs: %q", got)
	}
	if got := changes(base, mine); len(got) != 3 {
		t.Errorf("mine was changed by merging: %q", got)
	}
}

func TestWhereTwoPeopleChangedTheSamePartItIsAClash(t *testing.T) {
	t.Parallel()
	base := edited(t, func(*mapping.Rule, *mapping.ObjectMapping) {})
	mine := edited(t, func(_ *mapping.Rule, object *mapping.ObjectMapping) {
		row(t, object, "FirstName").Source = source("[displayName]")
	})
	theirs := edited(t, func(_ *mapping.Rule, object *mapping.ObjectMapping) {
		object.AttributeMappings = slices.DeleteFunc(object.AttributeMappings, func(m mapping.AttributeMapping) bool { return m.TargetAttributeName == "FirstName" })
	})
	for _, preferMine := range []bool{true, false} {
		merged, clashes := mapping.Merge(base, mine, theirs, preferMine)
		if len(clashes) != 1 || clashes[0].Name != "FirstName" || clashes[0].Mine == "" || clashes[0].Theirs != "" {
			t.Errorf("clashes: %+v", clashes)
		}
		want := []string{"attribute mapping FirstName removed"}
		if preferMine {
			want = []string{"attribute mapping FirstName changed"}
		}
		if diff := cmp.Diff(want, changes(base, merged)); diff != "" {
			t.Errorf("mine preferred %v (-want +got):\n%s", preferMine, diff)
		}
	}
	same, clashes := mapping.Merge(base, mine, mine, false)
	if len(clashes) > 0 || len(changes(mine, same)) > 0 {
		t.Errorf("the same change of both: %v %v", clashes, changes(mine, same))
	}
}
