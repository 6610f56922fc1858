package expr_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/expr"
)

func TestVectors(t *testing.T) {
	t.Parallel()
	for _, vector := range readVectors(t) {
		if err := vector.Run(); err != nil {
			t.Errorf("%s with %s: %v", vector.Expression, vector.Inputs, err)
		}
	}
}

func TestEveryFunctionHasVectors(t *testing.T) {
	t.Parallel()
	rows := map[string]int{}
	for _, vector := range readVectors(t) {
		rows[vector.Function]++
	}
	rows["Now"]++ // what it returns is part of the rows of DateAdd and DateDiff too
	for _, function := range expr.Functions() {
		if rows[function.Name] == 0 {
			t.Errorf("no vector tests %s", function.Name)
		}
	}
}

func TestVectorFilesAreReadWithTheirColumnsInAnyOrder(t *testing.T) {
	t.Parallel()
	got, err := expr.ReadVectors(strings.NewReader("# remark\nexpected\tfunction\tinputs\texpression\n\n1\tCount\t{}\tCount([a])\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := []expr.Vector{{Line: 4, Function: "Count", Expression: "Count([a])", Inputs: "{}", Expected: "1"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("vectors (-want +got):\n%s", diff)
	}
}

func TestBadVectorFilesAreRefused(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"":                            "the first row with the names of the columns is missing",
		"function\texpression\n":      `there is no column "inputs"`,
		header + "Mid\t\t{}\t\"x\"":   "line 2: expression or expected is empty",
		header + "Mid\tNow()\t{}":     "line 2: expression or expected is empty",
		strings.Repeat("x", 2<<20):    "token too long",
		header + "Now\tNow()\t{}\t\n": "line 2",
	}
	for text, want := range tests {
		if _, err := expr.ReadVectors(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: got %v, want an error with %q", text, err, want)
		}
	}
}

func TestAVectorSaysWhatItCameTo(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, expression, inputs, expected, want string }{
		{"another value", "[a]", `{"a": "x"}`, `"y"`, `got "x", expected "y"`},
		{"null instead of empty", "[a]", `{}`, `""`, `got null, expected ""`},
		{"a flow", "IgnoreObjectFlow", `{}`, `"x"`, `got {"$flow": "ignore-object"}, expected "x"`},
		{"another order", "Split([a])", `{"a": "x,y"}`, `["y", "x"]`, `got ["x","y"], expected ["y", "x"]`},
		{"an error", `Error("no")`, `{}`, `"x"`, "1:1: Error: no"},
		{"another error", `Error("no")`, `{}`, `{"$error": "yes"}`, "1:1: Error: no"},
		{"a fault", `Mid(`, `{}`, `"x"`, "1:4: the ( here has no closing )"},
		{"bad inputs", `[a]`, `[]`, `"x"`, "they must be a JSON object"},
		{"a number with a fraction", `[a]`, `{"a": 1.5}`, `"x"`, "1.5 is not a whole number"},
		{"an unknown member", `[a]`, `{"$later": 1}`, `"x"`, "there is no such member"},
		{"a bad time", `[a]`, `{"$now": "noon"}`, `"x"`, "$now"},
		{"bad expectation", `[a]`, `{}`, `{`, "expected: unexpected EOF"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			err := expr.Vector{Expression: test.expression, Inputs: test.inputs, Expected: test.expected}.Run()
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
		})
	}
}

const header = "function\texpression\tinputs\texpected\n"

func readVectors(tb testing.TB) []expr.Vector {
	tb.Helper()
	names, err := filepath.Glob("testdata/vectors/*.tsv")
	if err != nil || len(names) == 0 {
		tb.Fatalf("no vectors: %v", err)
	}
	var all []expr.Vector
	for _, name := range names {
		file, err := os.Open(name)
		if err != nil {
			tb.Fatal(err)
		}
		vectors, err := expr.ReadVectors(file)
		if err != nil {
			tb.Fatalf("%s: %v", name, err)
		}
		if err := file.Close(); err != nil {
			tb.Fatal(err)
		}
		all = append(all, vectors...)
	}
	return all
}
