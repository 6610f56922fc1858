package expr_test

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/expr"
)

// TestReferencePage keeps the list of functions in the manual fresh.
func TestReferencePage(t *testing.T) {
	t.Parallel()
	const (
		name  = "../docs/reference/expressions.md"
		first = "<!-- generated: go test ./expr -run TestReferencePage -update -->\n"
		last  = "<!-- end of what is generated -->\n"
	)
	page, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, foundFirst := strings.Cut(string(page), first)
	_, after, foundLast := strings.Cut(rest, last)
	if !foundFirst || !foundLast {
		t.Fatalf("%s lacks the marks of the generated part", name)
	}
	want := before + first + expr.ReferenceMarkdown() + last + after
	if *update {
		if err := os.WriteFile(name, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, string(page)); diff != "" {
		t.Errorf("the page is not fresh, write it with -update (-want +got):\n%s", diff)
	}
}

// TestExamplesOfTheReference evaluates the example of every function.
func TestExamplesOfTheReference(t *testing.T) {
	t.Parallel()
	role := func(name, value string) attr.Value {
		return attr.Nested(attr.New("", "", map[string]attr.Value{"displayName": attr.Text(name), "value": attr.Text(value)}))
	}
	for _, function := range expr.Functions() {
		t.Run(function.Name, func(t *testing.T) {
			t.Parallel()
			input, err := expr.ReadInput([]byte(`{"$now": "2026-02-03T16:05:06Z", "$existing": [], "$domain": "contoso.com"}`))
			if err != nil {
				t.Fatal(err)
			}
			assigned := []attr.Value{role("Standard User", "standard")}
			if function.Name == "AppRoleAssignments" {
				assigned = append(assigned, role("Support", "support"))
			}
			input.Source = attr.New("User", "1", map[string]attr.Value{"appRoleAssignments": attr.Values(assigned...)})
			for name, value := range function.Example.Inputs {
				input.Source = input.Source.With(name, attr.Text(value))
			}
			input.Random = bytes.NewReader(randomBytes())
			node := parse(t, function.Example.Expression)
			if diff := cmp.Diff(function.Example.Expression, expr.Print(node)); diff != "" {
				t.Errorf("the example is not in canonical form (-want +got):\n%s", diff)
			}
			if err := expr.Check(node, expr.Environment{}); err != nil {
				t.Error(err)
			}
			result, err := compile(t, function.Example.Expression).Eval(input)
			if err != nil {
				t.Fatal(err)
			}
			random := function.Name == "Guid" || function.Name == "RandomString"
			if got := result.Value.String(); got != function.Example.Result && (!random || len(got) != len(function.Example.Result)) {
				t.Errorf("got %q, want %q", got, function.Example.Result)
			}
		})
	}
}

func TestAllFunctionsOfTheReferenceAreThere(t *testing.T) {
	t.Parallel()
	names := strings.Fields(`Append AppRoleAssignmentsComplex BitAnd CBool CDate Coalesce ConvertToBase64 ConvertToUTF8Hex Count CStr
		DateAdd DateDiff DateFromNum FormatDateTime Guid IgnoreFlowIfNullOrEmpty IIF InStr IsNull IsNullOrEmpty IsPresent IsString
		Item Join Left Mid NormalizeDiacritics Not Now NumFromDate PCase RandomString Redact RemoveDuplicates Replace
		SelectUniqueValue SingleAppRoleAssignment Split StripSpaces Switch ToLower ToUpper Word`)
	var got []string
	for _, function := range expr.Functions() {
		if function.Reference {
			got = append(got, function.Name)
		}
	}
	if len(names) != 43 || len(got) != 43 {
		t.Errorf("the reference has 43 functions, the list here %d, the language %d", len(names), len(got))
	}
	for _, name := range names {
		if !strings.Contains(fmt.Sprintln(got), name) {
			t.Errorf("%s is missing", name)
		}
	}
}
