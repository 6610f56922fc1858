package mapping

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/expr"
)

// Test is a test that lives with the mapping: a person, and what a new account of
// that person is to hold. It is run whenever the schema is saved.
type Test struct {
	Name string `json:"name"`
	// Source holds attributes of the person by their names in the schema. Left out,
	// accountEnabled is true and IsSoftDeleted false. In appRoleAssignments a text is
	// the name of a role that is assigned in person. $now is the time, $existing the
	// values that the target has already.
	Source json.RawMessage `json:"source"`
	// Expect holds target attributes with their values, default values included;
	// null for one that is not to be set. Attributes that it does not name are free.
	Expect map[string]json.RawMessage `json:"expect,omitempty"`
	// InScope, when it is there, is whether the person passes the scoping filter.
	InScope *bool `json:"inScope,omitempty"`
	// Fails, when it is not empty, is a part of the message with which the mapping is
	// to fail for the person.
	Fails string `json:"fails,omitzero"`
}

// testsMember is the member of an object mapping that holds its tests.
const testsMember = "@usher.tests"

// TestResult is what became of a test.
type TestResult struct {
	Name   string   `json:"name"`
	Faults []string `json:"faults,omitempty"` // what is not as expected; nothing for a test that passes
}

// Test runs the tests of the mapping, in their order.
func (m *Mapping) Test() []TestResult {
	results := make([]TestResult, len(m.tests))
	for i, test := range m.tests {
		results[i] = TestResult{Name: test.Name, Faults: m.try(test)}
	}
	return results
}

func (m *Mapping) try(test Test) []string {
	input, err := expr.ReadInput(test.Source)
	if err != nil {
		return []string{err.Error()}
	}
	source := completed(input.Source)
	faults := m.strangeInputs(input.Source)
	if test.InScope != nil {
		failed := m.Filter.Judge(source).Failed
		switch passes := len(failed) == 0; {
		case passes == *test.InScope:
		case passes:
			faults = append(faults, "the person passes the scoping filter")
		default:
			faults = append(faults, "the person does not pass the scoping filter: "+strings.Join(failed, "; "))
		}
	}
	desired, err := m.Desired(source, input.Now)
	if err == nil {
		desired, err = m.Choose(desired, source, input.Now, func(_, candidate string) (bool, error) {
			if input.Exists == nil {
				return false, nil
			}
			return input.Exists(candidate)
		})
	}
	switch {
	case err != nil && test.Fails != "" && strings.Contains(err.Error(), test.Fails):
		return faults
	case err != nil:
		return append(faults, err.Error())
	case test.Fails != "":
		return append(faults, fmt.Sprintf("the mapping was to fail with %q and did not", test.Fails))
	}
	for _, target := range slices.Sorted(maps.Keys(test.Expect)) {
		if fault := m.compare(target, test.Expect[target], desired); fault != "" {
			faults = append(faults, fault)
		}
	}
	return faults
}

// strangeInputs names the attributes of a test that no person can have.
func (m *Mapping) strangeInputs(source attr.Object) []string {
	var faults []string
	for name := range source.All() {
		if !slices.Contains(m.sourceNames, name) && !directory.IsExtensionName(name) {
			faults = append(faults, fmt.Sprintf("there is no source attribute %q%s", name, meant(name, m.sourceNames)))
		}
	}
	return faults
}

// completed fills in what a test leaves out, and makes assignments of the names
// of roles.
func completed(source attr.Object) attr.Object {
	source.Type = userObject
	for name, value := range map[string]bool{"accountEnabled": true, isSoftDeleted: false} {
		if _, given := source.Lookup(name); !given {
			source = source.With(name, attr.Bool(value))
		}
	}
	given := source.Get(appRoleAssignments).Items()
	if len(given) == 0 {
		return source
	}
	roles := make([]attr.Value, len(given))
	for i, role := range given {
		roles[i] = role
		if role.Kind() == attr.String {
			roles[i] = attr.Nested(attr.New("AppRole", "", map[string]attr.Value{roleName: role, "value": role, principalType: attr.Text(inPerson)}))
		}
	}
	sortRoles(roles, nil)
	return source.With(appRoleAssignments, attr.Values(roles...))
}

// compare returns what is not as expected of one attribute of a new account.
func (m *Mapping) compare(target string, expected json.RawMessage, desired Desired) string {
	i := slices.IndexFunc(desired.Flows, func(f Flow) bool { return f.Rule.Target == target })
	if i < 0 {
		return fmt.Sprintf("%s is not mapped%s", target, meant(target, m.Targets()))
	}
	var want attr.Value
	if err := json.Unmarshal(expected, &want); err != nil {
		return fmt.Sprintf("%s: %v", target, err)
	}
	want, err := coerce(desired.Flows[i].Rule, want)
	if err != nil {
		return "what is expected does not fit: " + err.Error()
	}
	got := desired.Flows[i].ForCreation()
	if attr.Equal(got, want, true) || got.IsEmpty() && want.IsEmpty() {
		return ""
	}
	return fmt.Sprintf("%s is %s, expected %s", target, plainText(got), plainText(want))
}

func plainText(value attr.Value) string {
	if value.IsNull() {
		return "without value"
	}
	return fmt.Sprintf("%q", value)
}
