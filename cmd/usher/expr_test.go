package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestExprEval(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "user.json")
	if err := os.WriteFile(file, []byte(`{"givenName": "Ana", "surname": "Lima"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, stdin string
		args        []string
		want        string
	}{
		{"a text", "", []string{"-e", `Join(" ", [givenName], [surname])`, "--input", "@" + file}, "Ana Lima\n"},
		{"inputs from standard input", `{"a": "x"}`, []string{"-e", `[a]`, "--input", "@-"}, "x\n"},
		{"no inputs", "", []string{"-e", `[a]`}, "(no value)\n"},
		{"a list", "", []string{"-e", `Split("b,a")`}, "[\"b\",\"a\"]\n"},
		{"a boolean", "", []string{"-e", `IsNull([a])`}, "True\n"},
		{"the attribute is left alone", "", []string{"-e", `IgnoreFlowIfNullOrEmpty([a])`}, "(the attribute is left alone)\n"},
		{"the object is left alone", "", []string{"-e", `IgnoreObjectFlow`}, "(the object is left alone)\n"},
		{"the time of the inputs", "", []string{"-e", `Now()`, "--input", `{"$now": "2026-02-03T04:05:06Z"}`}, "2/3/2026 4:05:06 AM\n"},
		{
			"a trace", "",
			[]string{"-e", `Left([a], 2)`, "--input", `{"a": "xyz"}`, "--trace"},
			"Left([a], 2)  = \"xy\"\n  [a]         = \"xyz\"\n  2           = 2\n\nxy\n",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			out, errs, err := runExpr(test.stdin, append([]string{"eval"}, test.args...)...)
			if err != nil {
				t.Fatalf("%v\n%s", err, errs)
			}
			if diff := cmp.Diff(test.want, out); diff != "" {
				t.Errorf("output (-want +got):\n%s", diff)
			}
		})
	}
}

func TestExprEvalAsJSON(t *testing.T) {
	t.Parallel()
	const roles = `{"appRoleAssignments": [{"displayName": "A", "value": "a"}, {"displayName": "B", "value": "b"}]}`
	out, _, err := runExpr("", "eval", "--output", "json", "--trace", "-e", `Redact(SingleAppRoleAssignment([appRoleAssignments]))`, "--input", roles)
	if err != nil {
		t.Fatal(err)
	}
	var got exprOutcome
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	if got.Value.String() != "A" || !got.Redacted || len(got.Warnings) != 1 || got.Flow != "value" || len(got.Trace) != 3 {
		t.Errorf("outcome is %s", out)
	}
	for _, step := range got.Trace {
		if step.Value.String() != "[Redact]" {
			t.Errorf("the trace shows %v in %s", step.Value, step.Expression)
		}
	}
}

func TestExprEvalFails(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		args []string
		want string
	}{
		{"faults with their places", []string{"-e", "Jion(\",\",\n  [a], Left([a]))"}, "1:1: there is no function Jion; did you mean Join?\n  Jion(\",\",\n  ^\n2:8: Left needs"},
		{"faults as JSON", []string{"-e", "Mid(", "--output", "json"}, `"faults": [`},
		{"an error of the evaluation", []string{"-e", `Error("no badge")`}, "1:1: Error: no badge"},
		{"an error as JSON", []string{"-e", `Error("no badge")`, "--output", "json"}, `"error": "evaluate expression: 1:1: Error: no badge"`},
		{"bad inputs", []string{"-e", "[a]", "--input", "{"}, "--input: read inputs"},
		{"a file that is not there", []string{"-e", "[a]", "--input", "@/does/not/exist"}, "read --input"},
		{"no expression", nil, `required flag(s) "expression" not set`},
		{"an unknown form", []string{"-e", "[a]", "--output", "xml"}, "--output is text or json"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			out, errs, err := runExpr("", append([]string{"eval"}, test.args...)...)
			if err == nil {
				t.Fatalf("no error, but %q", out)
			}
			if all := out + errs + err.Error(); !strings.Contains(all, test.want) {
				t.Errorf("got %s, want %q", all, test.want)
			}
		})
	}
}

func TestExprTestReportsRowsThatFail(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	good, bad := filepath.Join(directory, "good.tsv"), filepath.Join(directory, "bad.tsv")
	const header = "function\texpression\tinputs\texpected\n"
	for name, rows := range map[string]string{
		good: "Trim\tTrim([a])\t{\"a\": \" x\"}\t\"x\"\n",
		bad:  "Trim\tTrim([a])\t{\"a\": \" x\"}\t\"y\"\nNow\tNow(\t{}\t\"\"\n\tIgnoreObjectFlow\t{}\t{\"$flow\": \"ignore-object\"}\n",
	} {
		if err := os.WriteFile(name, []byte(header+rows), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if out, _, err := runExpr("", "test", good); err != nil || out != good+": 1 passed, 0 failed\n" {
		t.Errorf("got %q, %v", out, err)
	}
	out, _, err := runExpr("", "test", good, bad)
	if err == nil || err.Error() != "2 of 4 rows failed" {
		t.Errorf("got error %v", err)
	}
	want := good + ": 1 passed, 0 failed\n" +
		bad + ":2: Trim([a]): got \"x\", expected \"y\"\n" +
		bad + ":3: Now(: expression: 1:4: the ( here has no closing )\n" +
		bad + ": 1 passed, 2 failed\n"
	if diff := cmp.Diff(want, out); diff != "" {
		t.Errorf("output (-want +got):\n%s", diff)
	}
	if _, _, err := runExpr("", "test", filepath.Join(directory, "missing.tsv")); err == nil {
		t.Error("a file that is not there is no error")
	}
}

func TestExprFunctions(t *testing.T) {
	t.Parallel()
	out, _, err := runExpr("", "functions", "mid")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(out, "Mid(source, start, length)\n") || strings.Contains(out, "Append(") {
		t.Errorf("got %s", out)
	}
	out, _, err = runExpr("", "functions", "--output", "json")
	if err != nil {
		t.Fatal(err)
	}
	var functions []struct{ Name string }
	if err := json.Unmarshal([]byte(out), &functions); err != nil || len(functions) < 43 {
		t.Errorf("%d functions, %v", len(functions), err)
	}
	if out, _, err = runExpr("", "functions", "--output", "markdown"); err != nil || !strings.Contains(out, "\n### Switch\n") {
		t.Errorf("got %.200s, %v", out, err)
	}
	if _, _, err := runExpr("", "functions", "NoSuch"); err == nil {
		t.Error("an unknown function is no error")
	}
}

// runExpr runs "usher expr" and returns what it wrote to its two outputs.
func runExpr(stdin string, args ...string) (out, errs string, err error) {
	command := newExprCommand(&options{})
	var outBuffer, errBuffer bytes.Buffer
	command.SetIn(strings.NewReader(stdin))
	command.SetOut(&outBuffer)
	command.SetErr(&errBuffer)
	command.SetArgs(args)
	err = command.Execute()
	return outBuffer.String(), errBuffer.String(), err
}
