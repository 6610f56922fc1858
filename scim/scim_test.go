package scim_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/scim"
)

// The full enterprise user of RFC 7643, section 8.3, in short.
const enterprise = `{
	"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
	"externalId": "701984", "userName": "bjensen@example.com",
	"name": {"formatted": "Ms. Barbara J Jensen, III", "familyName": "Jensen", "givenName": "Barbara"},
	"emails": [{"value": "bjensen@example.com", "type": "work", "primary": true}], "active": false,
	"addresses": [{"type": "work", "locality": "Hollywood", "country": "US", "primary": true}],
	"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {
		"employeeNumber": "701984", "department": "Tour Operations", "manager": {"value": "89607", "$ref": "../Users/26118915", "displayName": "John Smith"}
	}
}`

func TestAUserOfTheRFCIsReadAndWritten(t *testing.T) {
	t.Parallel()
	var user scim.User
	if err := json.Unmarshal([]byte(enterprise), &user); err != nil {
		t.Fatal(err)
	}
	want := scim.User{
		Schemas: []string{scim.UserSchema, scim.EnterpriseUserSchema}, ExternalID: "701984", UserName: "bjensen@example.com",
		Name: scim.Name{Formatted: "Ms. Barbara J Jensen, III", FamilyName: "Jensen", GivenName: "Barbara"}, Active: new(false),
		Emails:    []scim.Labelled{{Value: "bjensen@example.com", Type: "work", Primary: true}},
		Addresses: []scim.Address{{Type: "work", Locality: "Hollywood", Country: "US", Primary: true}},
		Enterprise: &scim.EnterpriseUser{
			EmployeeNumber: "701984", Department: "Tour Operations",
			Manager: scim.Manager{Value: "89607", Reference: "../Users/26118915", DisplayName: "John Smith"},
		},
	}
	if diff := cmp.Diff(want, user); diff != "" {
		t.Error(diff)
	}
	if !user.HasSchema(strings.ToUpper(scim.UserSchema)) || user.HasSchema("urn:other") {
		t.Error("schemas are compared whatever their letter case, and no others are there")
	}
	text, err := json.Marshal(user)
	if err != nil {
		t.Fatal(err)
	}
	var again, before any
	if json.Unmarshal(text, &again) != nil || json.Unmarshal([]byte(enterprise), &before) != nil {
		t.Fatal("it is no JSON")
	}
	if diff := cmp.Diff(before, again); diff != "" {
		t.Errorf("-read +written:\n%s", diff)
	}
}

func TestABulkRequestIsChecked(t *testing.T) {
	t.Parallel()
	operation := scim.BulkOperation{Method: "POST", BulkID: "a", Path: "/Users", Data: json.RawMessage("{}")}
	with := func(change func(*scim.BulkOperation)) []scim.BulkOperation {
		changed := operation
		change(&changed)
		return []scim.BulkOperation{operation, changed}
	}
	schemas := []string{scim.BulkRequestSchema}
	for name, test := range map[string]struct {
		request scim.BulkRequest
		says    string // empty: nothing is wrong
	}{
		"good":         {scim.BulkRequest{Schemas: schemas, Operations: with(func(o *scim.BulkOperation) { o.BulkID, o.Path, o.Method = "b", "/users/", "post" })}, ""},
		"no schema":    {scim.BulkRequest{Operations: []scim.BulkOperation{operation}}, "schemas"},
		"nothing":      {scim.BulkRequest{Schemas: schemas}, "from 1 to 2"},
		"too many":     {scim.BulkRequest{Schemas: schemas, Operations: []scim.BulkOperation{operation, operation, operation}}, "from 1 to 2"},
		"other method": {scim.BulkRequest{Schemas: schemas, Operations: with(func(o *scim.BulkOperation) { o.BulkID, o.Method = "b", "PATCH" })}, "operation 2: the method"},
		"other path":   {scim.BulkRequest{Schemas: schemas, Operations: with(func(o *scim.BulkOperation) { o.BulkID, o.Path = "b", "/Groups" })}, "operation 2: the path"},
		"no bulk id":   {scim.BulkRequest{Schemas: schemas, Operations: with(func(o *scim.BulkOperation) { o.BulkID = "" })}, "operation 2: it needs a bulkId"},
		"twice":        {scim.BulkRequest{Schemas: schemas, Operations: with(func(*scim.BulkOperation) {})}, "that of another"},
		"no data":      {scim.BulkRequest{Schemas: schemas, Operations: with(func(o *scim.BulkOperation) { o.BulkID, o.Data = "b", json.RawMessage("null") })}, "operation 2: it has no data"},
	} {
		err := test.request.Check("/Users", 2)
		if (err != nil) != (test.says != "") || err != nil && !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v, want %q", name, err, test.says)
		}
	}
}
