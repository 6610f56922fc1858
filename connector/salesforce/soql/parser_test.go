package soql_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/usher-id/usher/connector/salesforce/soql"
)

// queries are real ones, as provisioning clients, the Salesforce CLI and
// infrastructure tools send them, with their canonical form.
func queries() []struct{ name, text, canonical string } {
	return []struct{ name, text, canonical string }{
		{"plain", "SELECT Id, Username FROM User WHERE Username = 'u1@ex.com'", "SELECT Id, Username FROM User WHERE Username = 'u1@ex.com'"},
		{"no blanks", "select id from user where username='x'", "SELECT id FROM user WHERE username = 'x'"},
		{"and, like, limit", "SELECT Id FROM User WHERE IsActive = true AND Username LIKE 'u%' LIMIT 5", "SELECT Id FROM User WHERE IsActive = true AND Username LIKE 'u%' LIMIT 5"},
		{"relationship", "SELECT Profile.UserLicense.LicenseDefinitionKey FROM User WHERE UserType = 'Standard' ORDER BY Id", "SELECT Profile.UserLicense.LicenseDefinitionKey FROM User WHERE UserType = 'Standard' ORDER BY Id"},
		{"in", "SELECT Id FROM UserLogin WHERE UserId IN ('a','b') ORDER BY Id DESC NULLS LAST", "SELECT Id FROM UserLogin WHERE UserId IN ('a', 'b') ORDER BY Id DESC NULLS LAST"},
		{"not in", "SELECT Id FROM User WHERE Id NOT IN ('a')", "SELECT Id FROM User WHERE Id NOT IN ('a')"},
		{"object named like a keyword", "SELECT Id FROM Group ORDER BY Id", "SELECT Id FROM Group ORDER BY Id"},
		{"semi-join", "SELECT name FROM Profile WHERE Id IN (SELECT ProfileId FROM User WHERE username='x')", "SELECT name FROM Profile WHERE Id IN (SELECT ProfileId FROM User WHERE username = 'x')"},
		{"count", "SELECT COUNT() FROM User", "SELECT COUNT() FROM User"},
		{"aggregate", "SELECT ProfileId, count(Id) n FROM User GROUP BY ProfileId HAVING COUNT(Id) > 1", "SELECT ProfileId, COUNT(Id) n FROM User GROUP BY ProfileId HAVING COUNT(Id) > 1"},
		{"fields", "SELECT FIELDS(standard) FROM User LIMIT 200", "SELECT FIELDS(STANDARD) FROM User LIMIT 200"},
		{"child", "SELECT Id, (SELECT PermissionSetId FROM PermissionSetAssignments) FROM User", "SELECT Id, (SELECT PermissionSetId FROM PermissionSetAssignments) FROM User"},
		{"not and parentheses", "SELECT Id FROM User WHERE (NOT Name LIKE 'a%') AND (Id='1' OR Id<>'2')", "SELECT Id FROM User WHERE (NOT Name LIKE 'a%') AND (Id = '1' OR Id != '2')"},
		{"dates", "SELECT Id FROM User WHERE CreatedDate > 2026-01-31T10:00:00+01:00 AND LastLoginDate = LAST_N_DAYS:7 OFFSET 3", "SELECT Id FROM User WHERE CreatedDate > 2026-01-31T10:00:00+01:00 AND LastLoginDate = LAST_N_DAYS:7 OFFSET 3"},
		{"escapes", `SELECT Id FROM User WHERE Name = 'O\'Neil \\ \n \u00e9' AND Name LIKE '50\%'`, `SELECT Id FROM User WHERE Name = 'O\'Neil \\ \n é' AND Name LIKE '50\%'`},
		{"alias", "SELECT u.Id FROM User u WHERE u.Name = null", "SELECT u.Id FROM User u WHERE u.Name = null"},
		{"numbers", "SELECT Id FROM UserLicense WHERE TotalLicenses >= -1 AND UsedLicenses < 1.5", "SELECT Id FROM UserLicense WHERE TotalLicenses >= -1 AND UsedLicenses < 1.5"},
		{
			"relationship named like a keyword", "SELECT group.Name FROM GroupMember WHERE Group.Type = 'Queue' GROUP BY Group.Name ORDER BY Group.Name",
			"SELECT group.Name FROM GroupMember WHERE Group.Type = 'Queue' GROUP BY Group.Name ORDER BY Group.Name",
		},
		{
			"fields by type", "SELECT Id, typeof Owner.Related when User then Username, Profile.Name when UserRole then Name else Id end FROM Group",
			"SELECT Id, TYPEOF Owner.Related WHEN User THEN Username, Profile.Name WHEN UserRole THEN Name ELSE Id END FROM Group",
		},
		{"fields by one type", "SELECT TYPEOF Related WHEN Group THEN Group.Name END FROM Group", "SELECT TYPEOF Related WHEN Group THEN Group.Name END FROM Group"},
		{"mode and purpose", "SELECT Id FROM User USING SCOPE everything WITH USER_MODE FOR VIEW", "SELECT Id FROM User USING SCOPE everything WITH USER_MODE FOR VIEW"},
	}
}

func TestParsePrintsTheCanonicalForm(t *testing.T) {
	t.Parallel()
	for _, test := range queries() {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			query, err := soql.Parse(test.text)
			if err != nil {
				t.Fatalf("Parse(%q): %v", test.text, err)
			}
			if got := query.String(); got != test.canonical {
				t.Errorf("String() = %q, want %q", got, test.canonical)
			}
		})
	}
}

func TestParseFaults(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text, message string
		row, column         int
	}{
		{"empty", "", "unexpected token: '<EOF>'", 1, 1},
		{"not a select", "q", "unexpected token: 'q'", 1, 1},
		{"nothing selected", "SELECT FROM User", "unexpected token: 'FROM'", 1, 8},
		{"is null", "SELECT Id FROM User WHERE Name IS NULL", "unexpected token: 'IS'", 1, 32},
		{"and mixed with or", "SELECT Id FROM User WHERE A = 1 AND B = 2 OR C = 3", "unexpected token: 'OR'", 1, 43},
		{"not behind and", "SELECT Id FROM User WHERE A = 1 AND NOT B = 2", "unexpected token: 'NOT'", 1, 37},
		{"and behind not", "SELECT Id FROM User WHERE NOT A = 1 AND B = 2", "unexpected token: 'AND'", 1, 37},
		{"second row", "SELECT Id\nFROM User WHERE", "unexpected token: '<EOF>'", 2, 16},
		{"unknown escape", `SELECT Id FROM User WHERE Name = 'a\Zb'`, `Illegal character sequence '\Z' in string literal`, 1, 36},
		{"doubled quote", "SELECT Id FROM User WHERE Name = 'O''Neil'", "unexpected token: 'Neil'", 1, 37},
		{"open string", "SELECT Id FROM User WHERE Name = 'abc", "unexpected token: '<EOF>', unclosed string literal", 1, 34},
		{"impossible date", "SELECT Id FROM User WHERE CreatedDate > 2026-02-30", "unexpected token: '2026-02-30'", 1, 41},
		{"star", "SELECT * FROM User", "unexpected char:'*'", 1, 8},
		{"keyword without a relationship", "SELECT Group FROM GroupMember", "unexpected token: 'Group'", 1, 8},
		{"type without a case", "SELECT TYPEOF Related ELSE Name END FROM Group", "unexpected token: 'ELSE'", 1, 23},
		{"type without an end", "SELECT TYPEOF Related WHEN User THEN Name FROM Group", "unexpected token: 'FROM'", 1, 43},
		{"type without fields", "SELECT TYPEOF Related WHEN User THEN FROM Group", "unexpected token: 'FROM'", 1, 38},
		{"function among the fields of a type", "SELECT TYPEOF Related WHEN User THEN COUNT(Id) END FROM Group", "unexpected token: 'COUNT'", 1, 38},
		{"type in a condition", "SELECT Id FROM Group WHERE TYPEOF Related = 'x'", "unexpected token: 'Related'", 1, 35},
		{"columns count characters", "SELECT Id FROM User WHERE Name = 'é' x", "unexpected token: 'x'", 1, 38},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := soql.Parse(test.text)
			fault, ok := err.(*soql.Error) //nolint:errorlint // Parse promises this very type.
			if !ok {
				t.Fatalf("Parse(%q) = %v, want an *Error", test.text, err)
			}
			got := []any{fault.Code, fault.Message, fault.Position.Row, fault.Position.Column}
			if diff := cmp.Diff([]any{"MALFORMED_QUERY", test.message, test.row, test.column}, got); diff != "" {
				t.Errorf("Parse(%q) (-want +got):\n%s", test.text, diff)
			}
		})
	}
}

func TestErrorShowsTheRowAndACaret(t *testing.T) {
	t.Parallel()
	_, err := soql.Parse("SELECT Id, FROM User")
	want := "\nSELECT Id, FROM User\n           ^\nERROR at Row:1:Column:12\nunexpected token: 'FROM'"
	if err == nil || err.Error() != want {
		t.Errorf("error = %q, want %q", err, want)
	}
}

func TestStringsAreLimited(t *testing.T) {
	t.Parallel()
	if _, err := soql.Parse("SELECT Id FROM User WHERE Name = '" + strings.Repeat("a", 4001) + "'"); err == nil {
		t.Error("a string of 4001 characters was accepted")
	}
	if _, err := soql.Parse("SELECT Id FROM User WHERE Id IN ('" + strings.Repeat("a','", 40_000) + "')"); err == nil {
		t.Error("a statement of more than 100,000 characters was accepted")
	}
	if _, err := soql.Parse("SELECT Id FROM User WHERE " + strings.Repeat("(", 200) + "a = 1"); err == nil {
		t.Error("200 nested parentheses were accepted")
	}
}

func TestQuoteIsReadBackUnchanged(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "plain", `O'Neil`, `back\slash`, `\`, `100%_\%`, "line\nbreak\t\"", "ø\u2028"} {
		query, err := soql.Parse("SELECT Id FROM User WHERE Name = " + soql.Quote(text))
		if err != nil {
			t.Errorf("Quote(%q): %v", text, err)
			continue
		}
		if got := query.Where.(soql.Comparison).Value.Text(); got != text {
			t.Errorf("Quote(%q) was read as %q", text, got)
		}
	}
}

func FuzzParsePrintParse(f *testing.F) {
	for _, query := range queries() {
		f.Add(query.text)
	}
	f.Add("SELECT Id FROM User WHERE a = '\\u005c%'")
	f.Add("SELECT Id FROM User WHERE NOT(NOT(a = LAST_90_DAYS))")
	f.Fuzz(func(t *testing.T, text string) {
		first, err := soql.Parse(text)
		if err != nil {
			if _, ok := err.(*soql.Error); !ok { //nolint:errorlint // Parse promises this very type.
				t.Fatalf("Parse(%q) gave %T", text, err)
			}
			_ = err.Error()
			return
		}
		printed := first.String()
		if len(printed) > soql.MaximumLength {
			return
		}
		second, err := soql.Parse(printed)
		if err != nil {
			t.Fatalf("%q was printed as %q, which is refused: %v", text, printed, err)
		}
		if diff := cmp.Diff(first, second, cmpopts.IgnoreTypes(soql.Position{})); diff != "" {
			t.Fatalf("%q was printed as %q, which is something else:\n%s", text, printed, diff)
		}
	})
}
