package mapping_test

import (
	"bytes"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/expr"
	"github.com/usher-id/usher/mapping"
)

// The default schema of the Salesforce connector is what most tests here and in
// package plan start from. It is a copy, because mapping does not know connectors.
func TestTheCopyOfTheDefaultSchemaIsFresh(t *testing.T) {
	t.Parallel()
	current, err := os.ReadFile("../connector/salesforce/schema_salesforce.json")
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("testdata/salesforce.json", current, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(current, document(t, "salesforce.json")) {
		t.Error("testdata/salesforce.json differs from connector/salesforce/schema_salesforce.json; -update copies it")
	}
}

func TestTheDefaultSchemaHasNothingWrongWithIt(t *testing.T) {
	t.Parallel()
	findings := mapping.Check(parsed(t, document(t, "salesforce.json")), mapping.Use{ActiveAttribute: "IsActive"})
	if faults := findings.Faults(); len(faults) > 0 {
		t.Errorf("faults: %s", faults)
	}
}

func TestSourceHasTheNamesOfTheSchema(t *testing.T) {
	t.Parallel()
	user := directory.User{
		ID: "u1", UserPrincipalName: "kim_fabrikam.com#EXT#@contoso.onmicrosoft.com", DisplayName: "Kim", AccountEnabled: true, ManagerID: "u9",
		Attributes: attr.New("User", "u1", map[string]attr.Value{
			"businessPhones": attr.Texts("+47 1", "+47 2"), "mobilePhone": attr.Text("+47 3"), "officeLocation": attr.Text("B12"),
			"faxNumber": attr.Text("+47 4"), "onPremisesSyncEnabled": attr.Bool(true), "extension_9d98a1b2c3d4_nick": attr.Text("K"),
		}),
	}
	source := mapping.Source(mapping.Person{User: user, SoftDeleted: true})
	want := map[string]string{
		"objectId": "u1", "userPrincipalName": "kim@fabrikam.com", "originalUserPrincipalName": user.UserPrincipalName, "displayName": "Kim",
		"accountEnabled": "True", "IsSoftDeleted": "True", "manager": "u9", "telephoneNumber": "+47 1", "mobile": "+47 3",
		"physicalDeliveryOfficeName": "B12", "facsimileTelephoneNumber": "+47 4", "dirSyncEnabled": "True", "extension_9d98a1b2c3d4_nick": "K",
	}
	got := make(map[string]string)
	for name, value := range source.All() {
		got[name] = value.String()
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("source (-want +got):\n%s", diff)
	}
}

func TestEverySourceAttributeIsDefinedOnce(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for _, definition := range mapping.SourceDefinitions() {
		if seen[definition.Name] {
			t.Errorf("%s is there twice", definition.Name)
		}
		seen[definition.Name] = true
	}
	for _, name := range []string{"IsSoftDeleted", "objectId", "telephoneNumber", "manager", "extensionAttribute15"} {
		if !seen[name] {
			t.Errorf("%s is missing", name)
		}
	}
}

func TestRolesComeInTheOrderOfPreference(t *testing.T) {
	t.Parallel()
	grant := func(role, value, group string) directory.Grant {
		return directory.Grant{Role: directory.AppRole{ID: role + " id", DisplayName: role, Value: value}, GroupID: group, GroupName: group}
	}
	grants := []directory.Grant{
		grant("Zeta", "z", "g1"), grant("Alpha", "", "g2"), {Role: directory.AppRole{ID: directory.DefaultAccess}}, grant("Mid", "", ""),
	}
	roles := mapping.Source(mapping.Person{Grants: grants}).Get("appRoleAssignments").Items()
	var names, values []string
	for _, role := range roles {
		names = append(names, role.Nested().Get("displayName").String())
		values = append(values, role.Nested().Get("value").String())
	}
	if diff := cmp.Diff([]string{"Mid", "Alpha", "Zeta"}, names); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"Mid", "Alpha", "z"}, values); diff != "" {
		t.Errorf("a role without a value has its name for it (-want +got):\n%s", diff)
	}
}

func TestRolesThatTheTargetNoLongerHas(t *testing.T) {
	t.Parallel()
	compiled, err := mapping.Compile(parsed(t, document(t, "salesforce.json")))
	if err != nil {
		t.Fatal(err)
	}
	role := func(name string, enabled bool) directory.Grant {
		return directory.Grant{Role: directory.AppRole{ID: name, DisplayName: name, Enabled: enabled}}
	}
	byDefault := directory.Grant{Role: directory.AppRole{ID: directory.DefaultAccess, Enabled: true}}
	const warning = "the application no longer has the role "
	tests := []struct {
		name     string
		grants   []directory.Grant
		roles    []string
		warnings []string
	}{
		{name: "an enabled role", grants: []directory.Grant{role("A", true)}, roles: []string{"A"}},
		{name: "a disabled one before an enabled one", grants: []directory.Grant{role("A", false), role("B", true)}, roles: []string{"B"}},
		{
			name: "disabled ones alone", grants: []directory.Grant{role("B", false), role("A", false)}, roles: []string{"A", "B"},
			warnings: []string{warning + "A, B; assign a role that it has", `2 roles are assigned; "A" is used and others such as "B" are not`},
		},
		{name: "default access is no role", grants: []directory.Grant{byDefault, role("A", false)}, roles: []string{"A"}, warnings: []string{warning + "A; assign a role that it has"}},
		{name: "nothing"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			user := directory.User{ID: "u1", UserPrincipalName: "ana@contoso.com", Attributes: attr.New("User", "u1", nil)}
			source := mapping.Source(mapping.Person{User: user, Grants: tt.grants})
			var roles []string
			for _, role := range source.Get("appRoleAssignments").Items() {
				roles = append(roles, role.Nested().Get("displayName").String())
			}
			if diff := cmp.Diff(tt.roles, roles); diff != "" {
				t.Errorf("roles (-want +got):\n%s", diff)
			}
			desired, err := compiled.Desired(source, time.Time{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.warnings, desired.Warnings); diff != "" {
				t.Errorf("warnings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFlowTypes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{`"Add, Update, Delete"`: "Add,Update,Delete", `"add"`: "Add", `"None"`: "None", `""`: "None", `null`: "Add,Update,Delete"} {
		var flows mapping.FlowTypes
		if err := flows.UnmarshalJSON([]byte(text)); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if got := flows.String(); got != want {
			t.Errorf("%s is %s, want %s", text, got, want)
		}
	}
}

func TestTraceShowsWhatEveryRowWasMadeFrom(t *testing.T) {
	t.Parallel()
	compiled, err := mapping.Compile(parsed(t, document(t, "export.json")))
	if err != nil {
		t.Fatal(err)
	}
	source := mapping.Source(mapping.Person{User: directory.User{ID: "u1", UserPrincipalName: "ana@contoso.com"}})
	traces := compiled.Trace(source, time.Time{})
	if len(traces) != len(compiled.Rules) {
		t.Fatalf("%d traces for %d rows", len(traces), len(compiled.Rules))
	}
	for _, trace := range traces {
		if trace.Target != "Alias" {
			continue
		}
		want := mapping.Traced{Target: "Alias", Expression: "Mid([userPrincipalName], 1, 8)", Inputs: map[string]string{"userPrincipalName": "ana@contoso.com"}}
		if got := trace.Value.String(); got != "ana@cont" {
			t.Errorf("value %q", got)
		}
		trace.Value = attr.Value{}
		if diff := cmp.Diff(want, trace, cmp.Comparer(func(a, b attr.Value) bool { return attr.Equal(a, b, true) })); diff != "" {
			t.Errorf("trace (-want +got):\n%s", diff)
		}
	}
}

func TestATreeAloneIsEnough(t *testing.T) {
	t.Parallel()
	attribute := func(name string) *expr.Source { return &expr.Source{Name: name, Type: expr.SourceAttribute} }
	tests := []struct {
		name   string
		source expr.Source
		want   string
	}{
		{"an attribute", *attribute("mail"), "[mail]"},
		{"a constant", expr.Source{Name: "x y", Type: expr.SourceConstant}, `"x y"`},
		{"a function", expr.Source{Name: "Append", Type: expr.SourceFunction, Parameters: []expr.Parameter{
			{Key: "suffix", Value: &expr.Source{Name: "!", Type: expr.SourceConstant}}, {Key: "source", Value: attribute("mail")},
		}}, `Append([mail], "!")`},
		{"text beside an older tree", expr.Source{Expression: "[surname]", Name: "mail", Type: expr.SourceAttribute}, "[surname]"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			node, err := mapping.ParseSource(test.source)
			if err != nil {
				t.Fatal(err)
			}
			if got := expr.Print(node); got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
		})
	}
}

func BenchmarkDesired(b *testing.B) {
	data, err := os.ReadFile("testdata/salesforce.json")
	if err != nil {
		b.Fatal(err)
	}
	schema, err := mapping.Parse(data)
	if err != nil {
		b.Fatal(err)
	}
	compiled, err := mapping.Compile(schema)
	if err != nil {
		b.Fatal(err)
	}
	person := mapping.Person{
		User: directory.User{ID: "u1", UserPrincipalName: "ana.diaz@contoso.com", DisplayName: "Ana Diaz", AccountEnabled: true, Attributes: attr.New("User", "u1", map[string]attr.Value{
			"givenName": attr.Text("Ana"), "surname": attr.Text("Diaz"), "mail": attr.Text("ana.diaz@contoso.com"), "preferredLanguage": attr.Text("en-GB"),
		})},
		Grants: []directory.Grant{{Role: directory.AppRole{ID: "r1", DisplayName: "Standard User"}}},
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := compiled.Desired(mapping.Source(person), time.Time{}); err != nil {
			b.Fatal(err)
		}
	}
}
