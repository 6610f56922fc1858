package expr_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/expr"
)

func TestResults(t *testing.T) {
	t.Parallel()
	tests := []struct {
		expression string
		want       []string
	}{
		{`[mail]`, []string{`[mail]`}},
		{`Not([IsSoftDeleted])`, []string{`Not([IsSoftDeleted])`}},
		{`IIF([country] = "US", "True", [on])`, []string{`"True"`, `[on]`}},
		{`Switch([a], "x", "k1", "one", "k2", Coalesce([b], "two"))`, []string{`"x"`, `"one"`, `[b]`, `"two"`}},
		{`IgnoreFlowIfNullOrEmpty(Redact(IIF([a], 1, 2)))`, []string{`1`, `2`}},
		{`Join(" ", IIF([a], "x", "y"))`, []string{`Join(" ", IIF([a], "x", "y"))`}},
	}
	for _, test := range tests {
		t.Run(test.expression, func(t *testing.T) {
			t.Parallel()
			node, err := expr.Parse(test.expression)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, result := range expr.Results(node) {
				got = append(got, expr.Print(result))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("results (-want +got):\n%s", diff)
			}
		})
	}
}

func TestConstant(t *testing.T) {
	t.Parallel()
	tests := []struct {
		expression string
		want       string
		constant   bool
		fails      bool
	}{
		{`"x"`, "x", true, false},
		{`Append("a", "b")`, "ab", true, false},
		{`CDate("2026-02-01")`, "2/1/2026 12:00:00 AM", true, false},
		{`Item(Split("a", ","), 2)`, "", true, true},
		{`[mail]`, "", false, false},
		{`Append("a", [mail])`, "", false, false},
		{`Replace("a", , "(b)", "1", , "mail", )`, "", false, false},
		{`DateAdd("d", 1, Now())`, "", false, false},
		{`ToLower(Guid())`, "", false, false},
		{`DefaultDomain()`, "", false, false},
	}
	for _, test := range tests {
		t.Run(test.expression, func(t *testing.T) {
			t.Parallel()
			node, err := expr.Parse(test.expression)
			if err != nil {
				t.Fatal(err)
			}
			result, constant, err := expr.Constant(node)
			if constant != test.constant || (err != nil) != test.fails {
				t.Fatalf("constant: %v, error: %v", constant, err)
			}
			if got := result.Value.String(); got != test.want {
				t.Errorf("value %q, want %q", got, test.want)
			}
		})
	}
}
