package expr_test

import (
	"testing"
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/expr"
)

// The sources of the default mapping of the Salesforce gallery application, as a
// sample schema in Microsoft Graph's documentation has them. Six more of its
// fourteen rows have no source, only a default value.
//
//nolint:gochecknoglobals // a table of the benchmarks
var salesforceMapping = []string{
	`Not([IsSoftDeleted])`, `Mid([userPrincipalName], 1, 8)`, `[mail]`, `[givenName]`, `[surname]`,
	`Replace([preferredLanguage], "-", , , "_", , )`, `SingleAppRoleAssignment([appRoleAssignments])`, `[userPrincipalName]`,
}

func salesforceUser() attr.Object {
	role := attr.New("", "", map[string]attr.Value{
		"id": attr.Text("1"), "displayName": attr.Text("Standard User"), "value": attr.Text("standard"), "principalType": attr.Text("User"),
	})
	return attr.New("User", "1", map[string]attr.Value{
		"IsSoftDeleted": attr.Bool(false), "userPrincipalName": attr.Text("ana.lima@contoso.com"), "mail": attr.Text("ana.lima@contoso.com"),
		"givenName": attr.Text("Ana"), "surname": attr.Text("Lima"), "preferredLanguage": attr.Text("pt-BR"), "city": attr.Text("Porto"),
		"country": attr.Text("PT"), "department": attr.Text("Sales"), "jobTitle": attr.Text("Manager"), "telephoneNumber": attr.Text("+351 22 1234567"),
		"appRoleAssignments": attr.Values(attr.Nested(role)),
	})
}

// BenchmarkDefaultMapping evaluates all sources of the default mapping for one
// user.
func BenchmarkDefaultMapping(b *testing.B) {
	input := expr.Input{Source: salesforceUser(), Now: time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)}
	var programs []*expr.Program
	for _, text := range salesforceMapping {
		programs = append(programs, compile(b, text))
	}
	b.ReportAllocs()
	for b.Loop() {
		for _, program := range programs {
			if _, err := program.Eval(input); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkEval evaluates single expressions: those of the default mapping, and
// some that administrators write.
func BenchmarkEval(b *testing.B) {
	input := expr.Input{Source: salesforceUser(), Now: time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)}
	texts := append([]string{}, salesforceMapping...)
	texts = append(texts,
		`Switch([country], "EMEA", "US", "AMER", "BR", "AMER", "PT", "EMEA")`,
		`IIF([department] = "Sales", Join(", ", [surname], [givenName]), [mail])`,
		`ToLower(Join("@", NormalizeDiacritics(StripSpaces(Join(".", [givenName], [surname]))), "contoso.com"))`,
		`Replace([telephoneNumber], , "\\+(?<isdCode>\\d* )(?<phoneNumber>.*)", , "${phoneNumber}", , )`,
		`DateDiff("d", Now(), CDate("2026-03-16-07:00"))`,
	)
	for _, text := range texts {
		program := compile(b, text)
		b.Run(text, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := program.Eval(input); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := expr.Parse(`ToLower(Join("@", NormalizeDiacritics(StripSpaces(Join(".", [givenName], [surname]))), "contoso.com"))`); err != nil {
			b.Fatal(err)
		}
	}
}

// TestACopyAllocatesNothing guards the promise that most rows of a mapping, plain
// copies, cost next to nothing.
func TestACopyAllocatesNothing(t *testing.T) {
	input := expr.Input{Source: salesforceUser()}
	for _, text := range []string{`[mail]`, `"constant"`, `Not([IsSoftDeleted])`, `Mid([userPrincipalName], 1, 8)`} {
		program := compile(t, text)
		allocations := testing.AllocsPerRun(100, func() {
			if _, err := program.Eval(input); err != nil {
				t.Error(err)
			}
		})
		if allocations != 0 {
			t.Errorf("%s allocates %v times", text, allocations)
		}
	}
}
