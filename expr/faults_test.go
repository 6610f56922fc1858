package expr_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/usher-id/usher/expr"
)

//nolint:gochecknoglobals // flags of a test are global
var update = flag.Bool("update", false, "rewrite the golden files and the reference page")

// TestFaults reads pairs of an expression and its faults from a golden file, so
// that the messages can be reviewed as an administrator sees them.
func TestFaults(t *testing.T) {
	t.Parallel()
	const name = "testdata/faults.txtar"
	archive, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(archive.Files); i += 2 {
		expression, faults := archive.Files[i], &archive.Files[i+1]
		got := faultsOf(strings.TrimSuffix(string(expression.Data), "\n"))
		if *update {
			faults.Data = []byte(got)
			continue
		}
		if diff := cmp.Diff(string(faults.Data), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", expression.Name, diff)
		}
	}
	if *update {
		if err := os.WriteFile(name, txtar.Format(archive), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// faultsOf returns a line for each fault that parsing or checking finds.
func faultsOf(text string) string {
	_, err := expr.Read(text, expr.Environment{
		Attributes:  []string{"mail", "givenName", "surname", "department", "proxyAddresses", "appRoleAssignments"},
		Accept:      func(name string) bool { return strings.HasPrefix(name, "extension_") },
		MultiValued: map[string]bool{"proxyAddresses": true},
		Refuse:      map[string]string{"SelectUniqueValue": "the attribute is used for matching"},
	})
	var lines strings.Builder
	if fault, ok := err.(*expr.FaultError); ok { //nolint:errorlint // neither wraps its error
		for _, fault := range fault.Faults {
			lines.WriteString(fault.String() + "\n")
		}
	}
	return lines.String()
}

func TestWhatHasNoFaultsCompiles(t *testing.T) {
	t.Parallel()
	for _, vector := range readVectors(t) {
		node, err := expr.Parse(vector.Expression)
		if err != nil || expr.Check(node, expr.Environment{}) != nil {
			continue
		}
		if _, err := expr.Compile(node); err != nil {
			t.Errorf("%s was checked but not compiled: %v", vector.Expression, err)
		}
	}
}

func TestALongExpressionIsRefused(t *testing.T) {
	t.Parallel()
	long := `"` + strings.Repeat("é", expr.MaxLength) + `"`
	_, err := expr.Parse(long)
	if want := "the expression has 10002 characters, more than the 10000 that are allowed"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
	}
	if err := expr.Check(expr.Node{Kind: expr.Text, Text: long}, expr.Environment{}); err == nil {
		t.Error("a tree whose text is too long was accepted")
	}
	if err := expr.Check(expr.Node{Kind: expr.Text, Text: "four"}, expr.Environment{MaxLength: 3}); err == nil {
		t.Error("the length of the environment was not checked")
	}
}

func TestATreeThatNobodyCouldWriteIsRefused(t *testing.T) {
	t.Parallel()
	attribute := expr.Node{Kind: expr.Attribute, Name: "a"}
	deep := attribute
	for range 500 {
		deep = expr.Node{Kind: expr.Call, Name: "Trim", Args: []expr.Node{deep}}
	}
	tests := map[string]expr.Node{
		"nothing":                   {},
		"an attribute with ]":       {Kind: expr.Attribute, Name: "a]b"},
		"an attribute without name": {Kind: expr.Attribute},
		"a comparison of one":       {Kind: expr.Compare, Name: "=", Args: []expr.Node{attribute}},
		"an unknown comparison":     {Kind: expr.Compare, Name: "~", Args: []expr.Node{attribute, attribute}},
		"a missing operand":         {Kind: expr.Concat, Args: []expr.Node{attribute, {}}},
		"nesting without end":       deep,
	}
	for name, node := range tests {
		if err := expr.Check(node, expr.Environment{}); err == nil {
			t.Errorf("Check accepts %s", name)
		}
		if _, err := expr.Compile(node); err == nil {
			t.Errorf("Compile accepts %s", name)
		}
	}
}
