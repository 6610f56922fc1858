package expr_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/expr"
)

// FuzzParse looks for texts that break the parser, that print as something else,
// or that do not survive the form of Graph.
func FuzzParse(f *testing.F) {
	for _, vector := range readVectors(f) {
		f.Add(vector.Expression)
	}
	for _, text := range []string{"", "(", "[", `"`, `"\`, "&H", "-", "a(b(c(", "f(,,,)", "1=2=3", "\xff", "[a] & &h1", "“x”", "((((1))))"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		node, err := expr.Parse(text)
		if err != nil {
			fault, ok := errors.AsType[*expr.FaultError](err)
			if !ok || len(fault.Faults) == 0 {
				t.Fatalf("the error %v lists no faults", err)
			}
			for _, fault := range fault.Faults {
				if fault.Line < 1 || fault.Column < 1 || fault.Message == "" {
					t.Fatalf("the fault %+v does not say where or what", fault)
				}
			}
			return
		}
		printed := expr.Print(node)
		again, err := expr.Parse(printed)
		if err != nil {
			// Only the canonical text can be longer than what was written.
			if len(printed) > expr.MaxLength {
				return
			}
			t.Fatalf("%q was printed as %q, which cannot be read: %v", text, printed, err)
		}
		if !expr.Equal(node, again) {
			t.Fatalf("%q was printed as %q, which is something else", text, printed)
		}
		source, err := expr.FromSource(expr.ToSource(node))
		if err != nil || !expr.Equal(node, source) {
			t.Fatalf("%q came back from the form of Graph as %q, %v", text, expr.Print(source), err)
		}
	})
}

// FuzzCheck looks for trees that pass the check and do not compile, or that break
// either.
func FuzzCheck(f *testing.F) {
	for _, vector := range readVectors(f) {
		f.Add(vector.Expression)
	}
	f.Add(`FormatDateTime([a], "None", "'", "%")`)
	f.Add(`Replace([a], , "(?<x>a)|(b", "x", , [c], )`)
	f.Add(`RandomString(9223372036854775807, 9223372036854775807, 1, 1, 1)`)
	f.Fuzz(func(t *testing.T, text string) {
		environment := expr.Environment{
			Attributes: []string{"a", "b", "mail", "list"}, MultiValued: map[string]bool{"list": true}, Refuse: map[string]string{"Guid": "no"},
		}
		_, together := expr.Read(text, environment)
		node, err := expr.Parse(text)
		if err != nil {
			if together == nil {
				t.Fatalf("%q was read without a fault and cannot be parsed: %v", text, err)
			}
			return
		}
		strict := expr.Check(node, environment)
		if (strict == nil) != (together == nil) {
			t.Fatalf("%q: checked: %v, read: %v", text, strict, together)
		}
		lenient := expr.Check(node, expr.Environment{})
		if lenient != nil && strict == nil {
			t.Fatalf("%q has faults only when nothing is known: %v", text, lenient)
		}
		if lenient == nil {
			if _, err := expr.Compile(node); err != nil {
				t.Fatalf("%q was checked but does not compile: %v", text, err)
			}
		}
	})
}

// FuzzEval looks for expressions and values that break the evaluation, take too
// long or give a value without bounds.
func FuzzEval(f *testing.F) {
	for _, vector := range readVectors(f) {
		f.Add(vector.Expression, []byte(vector.Inputs), "value")
	}
	f.Add(`Replace([a], , [b], , [c], )`, []byte(`{"b": "(a+)+$", "c": "$_"}`), "aaaaaaaaaaaaaaaaaaaaaaaaaaaaab")
	f.Add(`Replace([a], [b], , , [c], )`, []byte(`{"b": "a", "c": "aaaaaaaaaaaaaaaa"}`), "aaaaaaaaaaaaa")
	f.Add(`FormatDateTime([a], , [b], [c])`, []byte(`{"b": "yyyy-MM-ddTHH:mm:ss.FFFK", "c": "dddd d MMMM gg %y"}`), "2026-02-03T04:05:06.7+08:00")
	f.Add(`DateAdd([b], [c], [a])`, []byte(`{"b": "m", "c": -1}`), "2026-03-31")
	f.Fuzz(func(t *testing.T, text string, inputs []byte, value string) {
		node, err := expr.Parse(text)
		if err != nil {
			return
		}
		program, err := expr.Compile(node)
		if err != nil {
			return
		}
		input, err := expr.ReadInput(inputs)
		if err != nil {
			input = expr.Input{}
		}
		input.Source = input.Source.With("a", attr.Text(value))
		input.Random = bytes.NewReader(randomBytes())
		started := time.Now()
		result, err := program.Eval(input)
		if elapsed := time.Since(started); elapsed > 10*time.Second {
			t.Fatalf("%q took %v", text, elapsed)
		}
		if err != nil {
			if _, ok := errors.AsType[*expr.EvalError](err); !ok {
				t.Fatalf("%q failed with %T: %v", text, err, err)
			}
			return
		}
		if result.Flow != expr.FlowValue && !result.Value.IsNull() {
			t.Fatalf("%q has the flow %v and the value %v", text, result.Flow, result.Value)
		}
		if size := len(result.Value.String()); size > 4<<20 {
			t.Fatalf("%q gave a value of %d bytes", text, size)
		}
	})
}

// FuzzSource looks for trees in Graph's form that break the reader.
func FuzzSource(f *testing.F) {
	for _, text := range salesforceMapping {
		node, err := expr.Parse(text)
		if err != nil {
			f.Fatal(err)
		}
		data, err := json.Marshal(expr.ToSource(node))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(`{"type":"Function","name":"Switch","parameters":[{"key":"switchValue","value":null},{"key":"source","value":{"name":"a]"}}]}`))
	f.Add([]byte(`{"type":"Function","name":"=","parameters":[{"key":"","value":{"type":"Constant","name":"1","expression":"1"}},{"value":{"type":"Constant"}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var source expr.Source
		if json.Unmarshal(data, &source) != nil {
			return
		}
		node, err := expr.FromSource(source)
		if err != nil || expr.Check(node, expr.Environment{}) != nil {
			return
		}
		text := expr.Print(node)
		again, err := expr.Parse(text)
		if err != nil || !expr.Equal(node, again) {
			t.Fatalf("%s was read as %q, which cannot be written: %v", data, text, err)
		}
	})
}
