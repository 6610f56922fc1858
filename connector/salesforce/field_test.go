package salesforce_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/connector/salesforce"
	"github.com/usher-id/usher/connector/salesforce/salesforcetest"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/plan"
)

// TestEveryAttributeOfTheSchemaIsWrittenAndRead writes each attribute that can be
// mapped, one after the other, and compares what the org holds, and what is read, with
// what was written; then it is cleared, where Salesforce lets it be.
func TestEveryAttributeOfTheSchemaIsWrittenAndRead(t *testing.T) {
	t.Parallel()
	config := salesforcetest.Default()
	config.FeatureLicenses = map[string]int{} // no flag is short of seats
	org := newOrg(t, config)
	c := open(t, org, passwords(org))
	ids := mustApply(t, c, create("boss@example.com"), create("a@example.com"))
	definition, found := salesforce.DefaultSchema().Object("salesforce.com", "User")
	if !found {
		t.Fatal("the schema has no users")
	}
	written := 0
	for _, attribute := range definition.Attributes {
		value, field, kept := sample(org, ids[0], attribute)
		if value.IsNull() {
			continue
		}
		written++
		mustApply(t, c, change(plan.Update, ids[1], attr.Object{}.With(attribute.Name, value)))
		user, _ := org.User("a@example.com")
		if field != "" && user.Get(field) != kept {
			t.Errorf("%s: the org holds %q, want %q", attribute.Name, user.Get(field), kept)
		}
		got := read(t, c, connector.Query{IDs: ids[1:], Select: []string{attribute.Name}})[0].Get(attribute.Name)
		if !attr.Equal(got, value, true) {
			t.Errorf("%s: %v is read, want %v", attribute.Name, got, value)
		}
		if clearable(attribute) {
			mustApply(t, c, change(plan.Update, ids[1], attr.Object{}.With(attribute.Name, attr.Value{})))
			if user, _ := org.User("a@example.com"); user.Get(field) != "" {
				t.Errorf("%s: after it was cleared the org holds %q", attribute.Name, user.Get(field))
			}
		}
	}
	if written < 70 {
		t.Errorf("%d attributes were tried", written)
	}
}

// sample is a value for an attribute, with the field that holds it in the org and
// what it holds then; an attribute with rules of its own gives null, and has a test of its own.
func sample(org *salesforcetest.Org, boss string, attribute mapping.AttributeDefinition) (value attr.Value, field, kept string) {
	switch name := attribute.Name; name {
	case "Id", "Username", "Email", "IsActive", "ProfileId", "CommunityNickname", "CallCenterId", "IndividualId", "ContactId", "PortalRole",
		"StateCode", "CountryCode": // of orgs with other features
		return attr.Value{}, "", ""
	case "ProfileName":
		return attr.Text("Read Only"), "", ""
	case "UserRoleName":
		return attr.Text("CEO"), "", ""
	case "UserRoleId":
		return attr.Value{}, "", ""
	case "ManagerId", "DelegatedApproverId":
		return attr.RefTo(attr.Ref{Type: "User", ID: boss}), name, boss
	case "SenderEmail":
		return attr.Text("sender@example.com"), name, "sender@example.com"
	case "EmailEncodingKey", "LanguageLocaleKey", "LocaleSidKey", "TimeZoneSidKey", "DigestFrequency", "DefaultGroupNotificationFrequency":
		text := map[string]string{
			"EmailEncodingKey": "UTF-8", "LanguageLocaleKey": "fr", "LocaleSidKey": "fr_FR", "TimeZoneSidKey": "Europe/Paris",
			"DigestFrequency": "W", "DefaultGroupNotificationFrequency": "D",
		}[name]
		return attr.Text(text), name, text
	case "PermissionSets", "PermissionSetGroups", "PermissionSetLicenses", "PublicGroups", "IsFrozen":
		return attr.Value{}, "", "" // entitlements
	default:
		if attribute.Type == mapping.BooleanType {
			return attr.Bool(true), name, "true"
		}
		length := attribute.MaximumLength()
		if length == 0 {
			length = 8
		}
		text := string([]rune(strings.Repeat("Ü1", length))[:length])
		return attr.Text(text), name, text
	}
}

// clearable reports whether a user can be without a value.
func clearable(attribute mapping.AttributeDefinition) bool {
	switch attribute.Name {
	case "Alias", "LastName", "ProfileName", "EmailEncodingKey", "LanguageLocaleKey", "LocaleSidKey", "TimeZoneSidKey", "DigestFrequency",
		"DefaultGroupNotificationFrequency", "UserRoleName":
		return false
	}
	return attribute.Type != mapping.BooleanType
}

// TestValuesThatAUserCannotHaveAreRefusedInTheWordsOfTheOrg sends values that no
// field takes, once judged by the org and once foreseen, and wants the same answer.
func TestValuesThatAUserCannotHaveAreRefusedInTheWordsOfTheOrg(t *testing.T) {
	t.Parallel()
	cases := map[string]attr.Object{
		"a language that is not switched on": fields("LanguageLocaleKey", "xx_YY"),
		"a time zone of another world":       fields("TimeZoneSidKey", "Mars/Base"),
		"a text that is too long":            fields("Title", strings.Repeat("東", 81)),
		"a required field without a value":   attr.Object{}.With("LastName", attr.Value{}),
		"a field that nobody writes":         fields("CreatedById", "005000000000001AAA"),
		"a field that does not exist":        fields("Shoe__c", "42"),
	}
	for name, object := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var answers [2]string
			for i, from := range []int{-1, 1} {
				org := newOrg(t, salesforcetest.Default())
				c := openTemplate(t, salesforce.Template(salesforce.Options{DescribeFrom: from}), org, passwords(org))
				id := mustApply(t, c, create("a@example.com"))[0]
				mustApply(t, c, change(plan.Update, id, fields("Title", "x"))) // one write more than DescribeFrom
				org.ResetStatistics()
				e := asErr(t, c.Apply(t.Context(), []plan.Change{change(plan.Update, id, object)})[0].Err)
				answers[i] = fmt.Sprint(e.Kind, e.Code, e.TargetCode, e.Fields)
				if refused := org.Statistics().ByKind["collections-update"]; from > 0 && refused != 0 {
					t.Errorf("%d calls for a value that cannot be", refused)
				}
			}
			if answers[0] != answers[1] {
				t.Errorf("the org says %s, the connector %s", answers[0], answers[1])
			}
		})
	}
}
