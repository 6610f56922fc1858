package salesforce_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/connector/salesforce"
	"github.com/usher-id/usher/connector/salesforce/salesforcetest"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

// newOrg makes a simulated org.
func newOrg(t *testing.T, config salesforcetest.Config) *salesforcetest.Org {
	t.Helper()
	org, err := salesforcetest.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return org
}

// passwords are the credentials of an org for the sign-in with a password.
func passwords(org *salesforcetest.Org) provisioning.Credentials {
	c := org.Credentials()
	return provisioning.Credentials{}.With("UserName", c.Username).With("Password", c.Password).With("SecretToken", c.SecurityToken)
}

// open opens a connection to an org in memory.
func open(t *testing.T, org *salesforcetest.Org, credentials provisioning.Credentials) connector.Connector {
	t.Helper()
	return openTemplate(t, salesforce.Template(salesforce.Options{}), org, credentials)
}

func openTemplate(t *testing.T, template connector.Template, org *salesforcetest.Org, credentials provisioning.Credentials) connector.Connector {
	t.Helper()
	c, err := template.Open(connector.Environment{Credentials: credentials, Transport: org.Client().Transport})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// person returns the attributes of a user that can be created.
func person(username string) attr.Object {
	return attr.New("User", "", map[string]attr.Value{
		"Username": attr.Text(username), "Alias": attr.Text(username[:min(8, len(username))]), "Email": attr.Text(username),
		"LastName": attr.Text("Doe"), "FirstName": attr.Text("Jo"), "IsActive": attr.Bool(true), "ProfileName": attr.Text("Standard User"),
		"EmailEncodingKey": attr.Text("ISO-8859-1"), "LanguageLocaleKey": attr.Text("en_US"), "LocaleSidKey": attr.Text("en_US"),
		"TimeZoneSidKey": attr.Text("America/Los_Angeles"), "UserPermissionsMarketingUser": attr.Bool(false),
	})
}

// change makes the change that writes these attributes.
func change(action plan.Action, id string, fields attr.Object) plan.Change {
	c := plan.Change{Action: action, Target: plan.Identity{Type: "User", ID: id}}
	for name, value := range fields.All() {
		c.Fields = append(c.Fields, plan.Field{Name: name, New: value})
	}
	return c
}

func create(username string) plan.Change { return change(plan.Create, "", person(username)) }

// fields makes the attributes of a change from names and texts.
func fields(namesAndTexts ...string) attr.Object {
	builder := attr.NewBuilder("User", "", len(namesAndTexts)/2)
	for pair := range slices.Chunk(namesAndTexts, 2) {
		builder.Set(pair[0], attr.Text(pair[1]))
	}
	return builder.Object()
}

// mustApply applies changes, none of which may fail, and returns the ids.
func mustApply(t *testing.T, c connector.Connector, changes ...plan.Change) []string {
	t.Helper()
	ids := make([]string, len(changes))
	for i, outcome := range c.Apply(t.Context(), changes) {
		if outcome.Err != nil {
			t.Fatalf("change %d (%s): %v", i, changes[i].Action, outcome.Err)
		}
		ids[i] = outcome.TargetID
	}
	return ids
}

// read collects what a query yields.
func read(t *testing.T, c connector.Connector, query connector.Query) []attr.Object {
	t.Helper()
	query.Type = "User"
	var objects []attr.Object
	for object, err := range c.Read(t.Context(), query) {
		if err != nil {
			t.Fatal(err)
		}
		objects = append(objects, object)
	}
	return objects
}

// contextWithoutPatience ends before anything is tried a second time.
func contextWithoutPatience(t *testing.T) (context.Context, context.CancelFunc) {
	t.Helper()
	return context.WithTimeout(t.Context(), 100*time.Millisecond)
}

func TestTheDefaultSchemaSaysHowLongTextsMayBe(t *testing.T) {
	t.Parallel()
	schema := salesforce.DefaultSchema()
	rule, object, err := schema.UserMapping()
	if err != nil {
		t.Fatal(err)
	}
	definition, _ := schema.Object(rule.TargetDirectoryName, object.TargetObjectName)
	got := make(map[string]int)
	for _, attribute := range definition.Attributes {
		got[attribute.Name] = attribute.MaximumLength()
		if attribute.Type == mapping.StringType && attribute.MaximumLength() == 0 {
			t.Errorf("nothing is said about the length of %s", attribute.Name)
		}
		if attribute.Type != mapping.StringType && attribute.MaximumLength() != 0 {
			t.Errorf("%s is no text and has a length", attribute.Name)
		}
	}
	for name, want := range map[string]int{"Alias": 8, "Username": 80, "LastName": 80, "FirstName": 40, "Email": 128, "EmployeeNumber": 20, "FederationIdentifier": 512, "AboutMe": 1000} {
		if got[name] != want {
			t.Errorf("%s holds %d characters, want %d", name, got[name], want)
		}
	}
}
