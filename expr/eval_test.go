package expr_test

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/expr"
)

func TestKindsOfResults(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)
	source := attr.New("User", "1", map[string]attr.Value{
		"hired":   attr.Moment(now),
		"days":    attr.Values(attr.Text("x"), attr.Moment(now)),
		"manager": attr.RefTo(attr.Ref{Type: "User", ID: "7"}),
		"on":      attr.Bool(true),
	})
	tests := []struct {
		text string
		want attr.Value
	}{
		{"[hired]", attr.Text("2/3/2026 4:05:06 AM")},
		{"[days]", attr.Texts("x", "2/3/2026 4:05:06 AM")},
		{"[manager]", attr.RefTo(attr.Ref{Type: "User", ID: "7"})},
		{"CStr([manager])", attr.Text("7")},
		{"[on]", attr.Bool(true)},
		{"Not([on])", attr.Bool(false)},
		{"Count([days])", attr.Int(2)},
		{"Now()", attr.Text("2/3/2026 4:05:06 AM")},
		{"IIF([hired] = Now(), [hired], 0)", attr.Text("2/3/2026 4:05:06 AM")},
		{"DateAdd(\"d\", 1, [hired])", attr.Text("2/4/2026 4:05:06 AM")},
		{"FormatDateTime([hired], , \"yy\", \"yyyy\")", attr.Text("2026")},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			t.Parallel()
			result, err := compile(t, test.text).Eval(expr.Input{Source: source, Now: now})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want.AppendJSON(nil), result.Value.AppendJSON(nil)); diff != "" {
				t.Errorf("got %v, want %v", result.Value, test.want)
			}
		})
	}
}

func TestSeveralRolesGiveAWarning(t *testing.T) {
	t.Parallel()
	role := func(name string) attr.Value {
		return attr.Nested(attr.New("", "", map[string]attr.Value{"displayName": attr.Text(name), "value": attr.Text(name)}))
	}
	tests := []struct {
		name  string
		roles []attr.Value
		want  []string
	}{
		{"one", []attr.Value{role("Standard User")}, nil},
		{"the same twice", []attr.Value{role("Standard User"), role("Standard User")}, nil},
		{"two", []attr.Value{role("Standard User"), role("Support")}, []string{`2 roles are assigned; "Standard User" is used and others such as "Support" are not`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			source := attr.New("User", "1", map[string]attr.Value{"appRoleAssignments": attr.Values(test.roles...)})
			result, err := compile(t, "SingleAppRoleAssignment([appRoleAssignments])").Eval(expr.Input{Source: source})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, result.Warnings); diff != "" {
				t.Errorf("warnings (-want +got):\n%s", diff)
			}
			if got := result.Value.String(); got != "Standard User" {
				t.Errorf("role is %q, want the first one", got)
			}
		})
	}
}

func TestErrorsSayWhereTheyAreFrom(t *testing.T) {
	t.Parallel()
	_, err := compile(t, "Join(\" \",\n  [a],\n  CDate([d]))").Eval(expr.Input{Source: attr.New("User", "1", map[string]attr.Value{"d": attr.Text("soon")})})
	got, ok := errors.AsType[*expr.EvalError](err)
	if !ok {
		t.Fatalf("got %v, want an EvalError", err)
	}
	want := &expr.EvalError{Function: "CDate", Line: 3, Column: 3, Message: `"soon" is not a date: it does not have the expected form`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("error (-want +got):\n%s", diff)
	}
}

func TestAFailedLookupIsPassedOn(t *testing.T) {
	t.Parallel()
	failure := errors.New("target is away")
	_, err := compile(t, `SelectUniqueValue("a", "b")`).Eval(expr.Input{Exists: func(string) (bool, error) { return false, failure }})
	if !errors.Is(err, failure) {
		t.Errorf("got %v, want %v inside", err, failure)
	}
}

func TestRedactHidesTheValueInErrors(t *testing.T) {
	t.Parallel()
	const canary = "canary-7f3a"
	source := attr.New("User", "1", map[string]attr.Value{"a": attr.Text(canary)})
	for _, text := range []string{`CDate(Redact([a]))`, `Redact(CDate([a]))`, `Error(Redact([a]))`, `Left("x", Redact([a]))`, `Join(Redact([a]), CDate([a]))`} {
		program := compile(t, text)
		result, err := program.Eval(expr.Input{Source: source})
		if err == nil || strings.Contains(err.Error(), canary) {
			t.Errorf("%s: got %v, want an error that hides the value", text, err)
		}
		if !result.Redacted {
			t.Errorf("%s: the result is not marked as redacted", text)
		}
		steps, _, err := program.Trace(expr.Input{Source: source})
		if err == nil || strings.Contains(err.Error(), canary) {
			t.Errorf("%s: tracing got %v, want an error that hides the value", text, err)
		}
		for _, step := range steps {
			if step.Err != nil && strings.Contains(step.Err.Error(), canary) {
				t.Errorf("%s: the step %s shows the value in %v", text, step.Expression, step.Err)
			}
		}
	}
}

func TestTrace(t *testing.T) {
	t.Parallel()
	source := attr.New("User", "1", map[string]attr.Value{"a": attr.Text("v"), "secret": attr.Text("canary")})
	tests := []struct{ text, want string }{
		{
			`IIF([a] = "v", Left([a], 1), Error("no"))`,
			"IIF([a] = \"v\", Left([a], 1), Error(\"no\")) -> v\n. [a] = \"v\" -> True\n. . [a] -> v\n. . \"v\" -> v\n. Left([a], 1) -> v\n. . [a] -> v\n. . 1 -> 1\n",
		},
		{
			`Join("-", [a], Redact(Trim([secret])))`,
			"Join(\"-\", [a], Redact(Trim([secret]))) -> [Redact]\n. \"-\" -> -\n. [a] -> v\n. Redact(Trim([secret])) -> [Redact]\n. . Trim([secret]) -> [Redact]\n. . . [secret] -> [Redact]\n",
		},
		{
			`Append([a], IgnoreAttributeFlow)`,
			"Append([a], IgnoreAttributeFlow) -> ignore-attribute\n. IgnoreAttributeFlow -> ignore-attribute\n",
		},
		{
			`Append([a], Error("no"))`,
			"Append([a], Error(\"no\")) -> 1:13: Error: no\n. Error(\"no\") -> 1:13: Error: no\n. . \"no\" -> no\n",
		},
		{`[a]`, "[a] -> v\n"},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			t.Parallel()
			steps, _, _ := compile(t, test.text).Trace(expr.Input{Source: source})
			var got strings.Builder
			for _, step := range steps {
				outcome := step.Value.String()
				switch {
				case step.Err != nil:
					outcome = strings.TrimPrefix(step.Err.Error(), "evaluate expression: ")
				case step.Flow != expr.FlowValue:
					outcome = step.Flow.String()
				}
				fmt.Fprintf(&got, "%s%s -> %s\n", strings.Repeat(". ", step.Depth), step.Expression, outcome)
			}
			if diff := cmp.Diff(test.want, got.String()); diff != "" {
				t.Errorf("trace (-want +got):\n%s", diff)
			}
		})
	}
}

// TestTraceAgreesWithEval runs every vector both ways.
func TestTraceAgreesWithEval(t *testing.T) {
	t.Parallel()
	for _, vector := range readVectors(t) {
		program := compile(t, vector.Expression)
		input, err := expr.ReadInput([]byte(vector.Inputs))
		if err != nil {
			t.Fatal(err)
		}
		input.Random = bytes.NewReader(randomBytes())
		want, wantErr := program.Eval(input)
		input.Random = bytes.NewReader(randomBytes())
		steps, got, gotErr := program.Trace(input)
		if fmt.Sprint(want, wantErr) != fmt.Sprint(got, gotErr) {
			t.Errorf("%s: traced to %v, %v; evaluated to %v, %v", vector.Expression, got, gotErr, want, wantErr)
		}
		if len(steps) == 0 || steps[0].Depth != 0 {
			t.Errorf("%s: the first step is not the whole expression", vector.Expression)
		}
	}
}

func TestAttributesOfAnExpression(t *testing.T) {
	t.Parallel()
	got := compile(t, `Replace([b], , "(?<x>.)", "x", , "d", ) & Join([c], [b], "[e]", Switch([a], [b], "x", [f]))`).Attributes()
	if diff := cmp.Diff([]string{"a", "b", "c", "d", "f"}, got); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
}

func TestRandomValuesFollowTheirSource(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"Guid()", `RandomString(20, 2, 2, 2, 2, "l1")`} {
		program := compile(t, text)
		var values []string
		for range 2 {
			result, err := program.Eval(expr.Input{Random: bytes.NewReader(randomBytes())})
			if err != nil {
				t.Fatal(err)
			}
			values = append(values, result.Value.String())
		}
		if values[0] != values[1] {
			t.Errorf("%s gave %q and %q from the same bytes", text, values[0], values[1])
		}
		if _, err := program.Eval(expr.Input{Random: strings.NewReader("")}); err == nil {
			t.Errorf("%s worked without random bytes", text)
		}
	}
	if _, err := compile(t, `RandomString(20, 2, 2, 2, 2)`).Eval(expr.Input{Random: sameByte(0xff)}); err == nil {
		t.Error("RandomString never gives up a source that is not random")
	}
}

func TestAProgramServesSeveralGoroutines(t *testing.T) {
	t.Parallel()
	program := compile(t, `Join("-", ToUpper([n]), Replace([n], , "(\\d)(\\d*)", , "$2$1", ), [n])`)
	var group sync.WaitGroup
	for worker := range 8 {
		group.Go(func() {
			for i := range 200 {
				n := strconv.Itoa(1000*worker + i)
				result, err := program.Eval(expr.Input{Source: attr.New("", "", map[string]attr.Value{"n": attr.Text(n)})})
				if want := n + "-" + n[1:] + n[:1] + "-" + n; err != nil || result.Value.String() != want {
					t.Errorf("got %v, %v, want %s", result.Value, err, want)
					return
				}
			}
		})
	}
	group.Wait()
}

// sameByte is a source of random bytes that are not.
type sameByte byte

func (s sameByte) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(s)
	}
	return len(p), nil
}

// randomBytes returns always the same bytes that look random.
func randomBytes() []byte {
	data := make([]byte, 4096)
	state := uint32(1)
	for i := range data {
		state = state*1664525 + 1013904223
		data[i] = byte(state >> 24)
	}
	return data
}
