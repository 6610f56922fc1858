package salesforce

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/expr"
	"github.com/usher-id/usher/mapping"
)

func TestLongIDs(t *testing.T) {
	t.Parallel()
	for short, want := range map[string]string{
		"00530000009M943": "00530000009M943AAC", "0051I000000aVQb": "0051I000000aVQbQAM", "": "", "00530000009M94": "00530000009M94", "00530000009M94-": "00530000009M94-",
	} {
		if got := longID(short); got != want {
			t.Errorf("longID(%q) = %q, want %q", short, got, want)
		}
	}
	for text, want := range map[string]bool{
		"00530000009M943": true, "00530000009M943AAC": true, "00530000009M943AAD": false, "x' OR Id != 'yyy": false, "": false,
	} {
		if got := isID(text); got != want {
			t.Errorf("isID(%q) = %v", text, got)
		}
	}
}

func TestEscapedQueriesAreReadBackUnchanged(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		escaped := escapeQuery(text)
		if len(escaped) != escapedLength(text) {
			t.Fatalf("%q has %d bytes, %d were announced", escaped, len(escaped), escapedLength(text))
		}
		values, err := url.ParseQuery("q=" + escaped)
		if err != nil || values.Get("q") != text {
			t.Fatalf("%q becomes %q, read back as %q: %v", text, escaped, values.Get("q"), err)
		}
	})
}

func TestConditionsHoldEverythingAndFit(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		values := quotedValues(rapid.SliceOfN(rapid.StringN(0, 40, 120), 0, 60).Draw(t, "values"))
		ids := quotedIDs(rapid.SliceOfN(rapid.StringMatching(`005[0-9A-Za-z]{12}`), 0, 60).Draw(t, "ids"))
		room := rapid.IntRange(400, 2_000).Draw(t, "room")
		var got []string
		for _, condition := range pack(ids, "Username", values, room) {
			if size := escapedLength(condition); size > room+len("Id IN () OR Username IN ()")+4 {
				t.Fatalf("a condition takes %d bytes of %d", size, room)
			}
			got = append(got, condition)
		}
		all := strings.Join(got, " ")
		for _, item := range append(values, ids...) {
			if !strings.Contains(all, item) {
				t.Fatalf("%s is in no condition", item)
			}
		}
	})
}

func TestNearestNames(t *testing.T) {
	t.Parallel()
	got := like("Standart User", []string{"Read Only", "Standard User", "System Administrator", "Marketing User", "standard platform user"})
	if len(got) != 3 || got[0] != `"Standard User"` {
		t.Errorf("nearest names %v", got)
	}
}

func TestProductCodes(t *testing.T) {
	t.Parallel()
	for target, want := range map[string]string{
		"LICENSE_LIMIT_EXCEEDED": "SalesforceLicenseLimitExceeded", "DUPLICATE_USERNAME": "SalesforceDuplicateUserName",
		"REQUIRED_FIELD_MISSING": "SalesforceRequiredFieldMissing", "INVALID_LOGIN": "SalesforceInvalidCredentials", "SOMETHING_NEW": "SalesforceSomethingNew",
	} {
		if got := lookup(target).productCode(); got != want {
			t.Errorf("%s becomes %s, want %s", target, got, want)
		}
	}
}

func TestTheCatalogueIsComplete(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, list := range [][]entry{signInErrors, oauthErrors, dataErrors, requestErrors, ownErrors} {
		for _, e := range list {
			if e.target != "" && seen[e.target] || e.kind == "" || e.explanation == "" || e.advice == "" {
				t.Errorf("the entry %+v is incomplete or there twice", e)
			}
			seen[e.target] = true
		}
	}
	for _, e := range Explanations() {
		if !strings.HasPrefix(e.Code, codePrefix) || e.Explanation == "" || e.Advice == "" {
			t.Errorf("the explanation %+v is incomplete", e)
		}
	}
}

func TestHTMLInMessagesBecomesText(t *testing.T) {
	t.Parallel()
	if got := clean("Duplicate Username.<br>The username \n already exists. "); got != "Duplicate Username. The username already exists." {
		t.Errorf("got %q", got)
	}
}

func TestTheDefaultSchemaIsTheDocumentedOne(t *testing.T) {
	t.Parallel()
	schema := DefaultSchema()
	var got []string
	for _, row := range userMapping(schema).AttributeMappings {
		source, value := "", ""
		if row.Source != nil {
			source = row.Source.Expression
		}
		if row.DefaultValue != nil {
			value = *row.DefaultValue
		}
		got = append(got, strings.Join([]string{row.TargetAttributeName, source, value, strings.Repeat("*", row.MatchingPriority)}, "|"))
	}
	want := []string{
		"IsActive|Not([IsSoftDeleted])|True|", "Alias|Mid([userPrincipalName], 1, 8)||", "Email|[mail]||", "EmailEncodingKey||ISO-8859-1|",
		"LanguageLocaleKey||en_US|", "FirstName|[givenName]||", "LastName|[surname]|.|", `LocaleSidKey|Replace([preferredLanguage], "-", , , "_", , )|en_US|`,
		"ProfileName|SingleAppRoleAssignment([appRoleAssignments])|Chatter Free User|", "TimeZoneSidKey||America/Los_Angeles|", "Username|[userPrincipalName]||*",
		"UserPermissionsCallCenterAutoLogin||False|", "UserPermissionsMarketingUser||False|", "UserPermissionsOfflineUser||False|",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("mapping (-want +got):\n%s", diff)
	}
	if len(schema.SynchronizationRules) != 2 || schema.SynchronizationRules[1].Editable || len(schema.Directories) != 2 || len(schema.Unknown) > 0 {
		t.Errorf("the schema has another form")
	}
}

func TestTheSourcesOfTheDefaultSchemaAreThoseOfTheLanguage(t *testing.T) {
	t.Parallel()
	for _, schema := range []mapping.Schema{DefaultSchema(), SandboxSchema("uat")} {
		for _, rule := range schema.SynchronizationRules {
			for _, object := range rule.ObjectMappings {
				for _, row := range object.AttributeMappings {
					if row.Source == nil {
						continue
					}
					node, err := expr.Parse(row.Source.Expression)
					if err != nil {
						t.Errorf("%s: %v", row.TargetAttributeName, err)
						continue
					}
					if row.Source.Expression != expr.Print(node) {
						t.Errorf("%s: the canonical text is %s", row.TargetAttributeName, expr.Print(node))
					}
					if diff := cmp.Diff(withoutTexts(expr.ToSource(node)), withoutTexts(*row.Source)); diff != "" {
						t.Errorf("%s (-the language's +the schema's):\n%s", row.TargetAttributeName, diff)
					}
				}
			}
		}
	}
}

// withoutTexts leaves the tree alone: texts of parts repeat what the tree says.
func withoutTexts(source expr.Source) expr.Source {
	source.Expression = ""
	parameters := make([]expr.Parameter, len(source.Parameters))
	for i, parameter := range source.Parameters {
		value := withoutTexts(*parameter.Value)
		parameters[i] = expr.Parameter{Key: parameter.Key, Value: &value}
	}
	source.Parameters = parameters
	return source
}

func TestTheSandboxSchemaAppendsTheSuffix(t *testing.T) {
	t.Parallel()
	for _, suffix := range []string{"uat", ".uat", " uat "} {
		rows := userMapping(SandboxSchema(suffix)).AttributeMappings
		for _, row := range rows {
			if row.TargetAttributeName == attributeUsername && row.Source.Expression != `Append([userPrincipalName], ".uat")` {
				t.Errorf("for %q Username comes from %s", suffix, row.Source.Expression)
			}
		}
	}
	if diff := cmp.Diff(DefaultSchema(), SandboxSchema("")); diff != "" {
		t.Errorf("without a suffix the schema differs:\n%s", diff)
	}
}

func TestSecretsAreTakenOutOfMessages(t *testing.T) {
	t.Parallel()
	c := newClient(account{password: "canary-password", token: "canary-token"}, Options{}.filled(), nil)
	err := c.failure(fault{ErrorCode: "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", Message: "sent canary-password with canary-token"})
	if strings.Contains(err.Error(), "canary") || err.Kind != connector.Invalid {
		t.Errorf("got %v", err)
	}
}
