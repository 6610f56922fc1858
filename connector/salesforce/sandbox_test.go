package salesforce_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/connector/salesforce"
	"github.com/usher-id/usher/expr"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/provisioning"
)

// usernameOf returns the row of Username.
func usernameOf(schema mapping.Schema) *mapping.AttributeMapping {
	rows := schema.SynchronizationRules[0].ObjectMappings[0].AttributeMappings
	return &rows[slices.IndexFunc(rows, func(row mapping.AttributeMapping) bool { return row.TargetAttributeName == "Username" })]
}

func TestSavingTheSandboxNameGivesUsernamesItsSuffix(t *testing.T) {
	t.Parallel()
	const plain = "[userPrincipalName]"
	tests := []struct {
		name             string
		mapped           string
		before, after    string
		want             string
		unchangedBecause string
	}{
		{name: "a first name", mapped: plain, after: "uat", want: `Append([userPrincipalName], ".uat")`},
		{name: "a name with a dot", mapped: plain, after: " .uat ", want: `Append([userPrincipalName], ".uat")`},
		{name: "another name", mapped: `Append([userPrincipalName], ".uat")`, before: "uat", after: "qa", want: `Append([userPrincipalName], ".qa")`},
		{name: "written by hand with other blanks", mapped: `Append( [userPrincipalName],".uat" )`, before: "uat", after: "qa", want: `Append([userPrincipalName], ".qa")`},
		{name: "no name any more", mapped: `Append([userPrincipalName], ".uat")`, before: "uat", want: plain},
		{name: "the name stays", mapped: plain, before: "uat", after: "uat", want: plain, unchangedBecause: "an administrator took the suffix away"},
		{name: "another mapping", mapped: "[mail]", after: "uat", want: "[mail]", unchangedBecause: "an administrator made it"},
		{name: "another suffix", mapped: `Append([userPrincipalName], ".x")`, before: "uat", after: "qa", want: `Append([userPrincipalName], ".x")`, unchangedBecause: "an administrator made it"},
		{name: "the suffix is there already", mapped: `Append([userPrincipalName], ".uat")`, after: "uat", want: `Append([userPrincipalName], ".uat")`, unchangedBecause: "nothing is to be done"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			schema := salesforce.DefaultSchema()
			usernameOf(schema).Source = &expr.Source{Expression: test.mapped}
			template := salesforce.SandboxTemplate(salesforce.Options{})
			got, adapted := template.Adapt(schema,
				provisioning.Credentials{}.With("SandboxName", test.before), provisioning.Credentials{}.With("Password", "secret").With("SandboxName", test.after))
			if expression := usernameOf(got).Source.Expression; expression != test.want {
				t.Errorf("Username is %s, want %s", expression, test.want)
			}
			if adapted == (test.unchangedBecause != "") {
				t.Errorf("adapted is %v", adapted)
			}
			if expression := usernameOf(schema).Source.Expression; expression != test.mapped {
				t.Errorf("the schema that was passed in has become %s", expression)
			}
		})
	}
}

func TestTheAdaptedSchemaIsTheOneForASandboxOfThatName(t *testing.T) {
	t.Parallel()
	template := salesforce.SandboxTemplate(salesforce.Options{})
	got, adapted := template.Adapt(template.Schema(), nil, provisioning.Credentials{}.With("SandboxName", "uat"))
	if diff := cmp.Diff(salesforce.SandboxSchema("uat"), got); diff != "" || !adapted {
		t.Errorf("adapted %v, schema (-want +got):\n%s", adapted, diff)
	}
	if salesforce.Template(salesforce.Options{}).Adapt != nil {
		t.Error("a production org has no sandbox name to adapt to")
	}
}
