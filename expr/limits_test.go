package expr_test

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/expr"
)

// TestHostileExpressionsEndInAnError gives expressions that would take for ever
// or fill the memory, and values made for them.
func TestHostileExpressionsEndInAnError(t *testing.T) {
	tests := []struct {
		name, text, want string
		value            string
	}{
		{"replacement grows", nested(`Replace(`, `, "a", , , "`+strings.Repeat("a", 1000)+`", , )`, 9), "longer than 1048576 bytes", "a"},
		{"pattern replacement grows", nested(`Replace(`, `, , "a", , "$_$_", , )`, 30), "longer than", strings.Repeat("a", 100)},
		{"whole text for each match", `Replace([a], , "a", , "$_", , )`, "longer than 1048576 bytes", strings.Repeat("a", 50_000)},
		{"join grows", `Join([a]` + strings.Repeat(", [a]", 1000) + `)`, "longer than", strings.Repeat("x", 100_000)},
		{"concatenation grows", `[a]` + strings.Repeat(" & [a]", 1000), "longer than", strings.Repeat("x", 100_000)},
		{"a value that is too large", `Trim([a])`, "longer than 1048576 bytes", strings.Repeat("x", 2<<20)},
		{"much work", `Join("", ` + strings.Repeat(`InStr([a], "y"), `, 500) + `"x")`, "bytes of work", strings.Repeat("x", 1<<20)},
		{"a long list", `Split([a], ",")`, "more than 10000 values", strings.Repeat("x,", 20_000)},
		{"a pattern that explodes", `Replace([a], , "^(a+)+$", , "x", )`, "takes too long", strings.Repeat("a", 60) + "b"},
		{"alternatives that explode", `Replace([a], , "^(a|aa)+$", , "x", )`, "takes too long", strings.Repeat("a", 100) + "b"},
		{"many quantifiers", `Replace([a], , "a*a*a*a*a*a*a*a*a*a*b", , "x", )`, "takes too long", strings.Repeat("a", 2000)},
		{"many slow matches", `Replace([a], , "(?=(a+)+$)a|b", , "x", )`, "takes too long", strings.Repeat(strings.Repeat("a", 20)+"b", 2000)},
		{"a back-reference that explodes", `Replace([a], , "^(.*)*\\1\\1x", , "y", )`, "takes too long", strings.Repeat("ab", 500)},
		{"a long text with much to remember", `Replace([a], , "(.|x)*?y(.|z)*w", , "x", )`, "takes too long", strings.Repeat("a", 50_000) + "y" + strings.Repeat("a", 49_000)},
		{"a long text for a pattern", `Replace([a], , "x", , "y", )`, "100000 characters", strings.Repeat("a", 100_001)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			program := compile(t, test.text)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			started := time.Now()
			_, err := program.Eval(expr.Input{Source: attr.New("", "", map[string]attr.Value{"a": attr.Text(test.value)})})
			elapsed := time.Since(started)
			runtime.ReadMemStats(&after)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %.200v, want an error with %q", err, test.want)
			}
			if elapsed > 5*time.Second {
				t.Errorf("took %v", elapsed)
			}
			if allocated := (after.TotalAlloc - before.TotalAlloc) >> 20; allocated > 256 {
				t.Errorf("allocated %d MiB", allocated)
			}
			t.Logf("%v, %d MiB", elapsed.Round(time.Millisecond), (after.TotalAlloc-before.TotalAlloc)>>20)
		})
	}
}

func TestHostileTextIsRefused(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		strings.Repeat("Trim(", 1999):          "nested more than 100 deep",
		strings.Repeat("(", 9000):              "nested more than 100 deep",
		nested("Trim(", ")", 101):              "nested more than 100 deep",
		strings.Repeat("[", 10_000):            "has no closing ]",
		strings.Repeat("x", 10_001):            "more than the 10000",
		strings.Repeat(")", 10_000):            ") stands where",
		strings.Repeat("+", 10_000):            "there is no arithmetic",
		"F(" + strings.Repeat("9", 9000) + ")": "too large",
		"\"\x00\xff":                           "no closing",
		"Join(\xff)":                           "not valid UTF-8",
		`Replace([a], , "` + strings.Repeat("(", 9000) + `", , "x")`: "not a regular expression",
		`Replace([a], , "x{2147483648}", , "x")`:                     "not a regular expression",
	}
	for text, want := range tests {
		node, err := expr.Parse(text)
		if err == nil {
			_, err = expr.Compile(node)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: got %.200v, want an error with %q", text, err, want)
		}
	}
}

func TestTheDeepestExpressionWorks(t *testing.T) {
	t.Parallel()
	program := compile(t, nested("Trim(", ")", 100))
	result, err := program.Eval(expr.Input{Source: attr.New("", "", map[string]attr.Value{"a": attr.Text(" x ")})})
	if err != nil || result.Value.String() != "x" {
		t.Errorf("got %v, %v, want x", result.Value, err)
	}
}

// nested puts the attribute [a] into so many calls.
func nested(before, after string, depth int) string {
	return strings.Repeat(before, depth) + "[a]" + strings.Repeat(after, depth)
}
