package expr_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/expr"
)

func TestSourceInTheFormOfGraph(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, want string }{
		{"an attribute", `[mail]`, `{"expression":"[mail]","name":"mail","parameters":[],"type":"Attribute"}`},
		{"a constant", `"x \"y\""`, `{"expression":"\"x \\\"y\\\"\"","name":"x \"y\"","parameters":[],"type":"Constant"}`},
		{"omitted arguments", `Replace([preferredLanguage], "-", , , "_", , )`, `{"expression":"Replace([preferredLanguage], \"-\", , , \"_\", , )","name":"Replace","parameters":[` +
			`{"key":"source","value":{"expression":"[preferredLanguage]","name":"preferredLanguage","parameters":[],"type":"Attribute"}},` +
			`{"key":"Find","value":{"expression":"\"-\"","name":"-","parameters":[],"type":"Constant"}},` +
			`{"key":"Replacement","value":{"expression":"\"_\"","name":"_","parameters":[],"type":"Constant"}}],"type":"Function"}`},
		{"a number", `Left([a], 3)`, `{"expression":"Left([a], 3)","name":"Left","parameters":[` +
			`{"key":"string","value":{"expression":"[a]","name":"a","parameters":[],"type":"Attribute"}},` +
			`{"key":"numChars","value":{"expression":"3","name":"3","parameters":[],"type":"Constant"}}],"type":"Function"}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := json.Marshal(expr.ToSource(parse(t, test.text)))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, string(got)); diff != "" {
				t.Errorf("source (-want +got):\n%s", diff)
			}
		})
	}
}

// TestParametersAloneMakeAnExpression leaves the text out, as clients may.
func TestParametersAloneMakeAnExpression(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, want string }{
		{"omitted in the middle", `Replace([a], "-", , , "_", , )`, `Replace([a], "-", , , "_")`},
		{"pairs", `Switch([a], , "k", "v", "l", "w")`, `Switch([a], , "k", "v", "l", "w")`},
		{"repeated", `Join(",", [a], Trim([b]), [c])`, `Join(",", [a], Trim([b]), [c])`},
		{"condition", `IIF([a] = "x", [b] & "y", "z")`, `IIF([a] = "x", [b] & "y", "z")`},
		{"short FormatDateTime", `FormatDateTime([a], "d", "D")`, `FormatDateTime([a], , "d", "D")`},
		{"long FormatDateTime", `FormatDateTime([a], "None", "d", "D")`, `FormatDateTime([a], "None", "d", "D")`},
		{"no parameters", `Now()`, `Now()`},
		{"numbers become texts", `Mid([a], 1, 8)`, `Mid([a], "1", "8")`},
		{"an unknown function", `Frobnicate([a], "x")`, `Frobnicate([a], "x")`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			source := expr.ToSource(parse(t, test.text))
			forgetText(&source)
			node, err := expr.FromSource(source)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, expr.Print(node)); diff != "" {
				t.Errorf("expression (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSourcesOfOtherClients(t *testing.T) {
	t.Parallel()
	attribute := `{"name":"a","type":"Attribute"}`
	tests := []struct{ name, source, want string }{
		{"an attribute by name alone", `{"name":"extensionAttribute10","type":"Attribute"}`, `[extensionAttribute10]`},
		{"the default type", `{"name":"mail"}`, `[mail]`},
		{"only text", `{"expression":"Trim([a])"}`, `Trim([a])`},
		{"text without canonical form", `{"expression":"Trim( [a] )","name":"Trim","type":"Function","parameters":[]}`, `Trim([a])`},
		{"an empty constant", `{"expression":"\"\"","name":"","type":"Constant"}`, `""`},
		{"a constant by expression alone", `{"expression":"\"x\"","type":"Constant"}`, `"x"`},
		{"a numeric constant as Graph writes it", `{"expression":"\"1\"","name":"1","type":"Constant"}`, `"1"`},
		{"names of the reference", `{"name":"Replace","type":"Function","parameters":[{"key":"oldValue","value":` + attribute + `},{"key":"source","value":` + attribute + `}]}`, `Replace([a], [a])`},
		{"numbered repeats", `{"name":"Join","type":"Function","parameters":[{"key":"separator","value":` + attribute + `},{"key":"source1","value":` + attribute + `},{"key":"source2","value":` + attribute + `}]}`, `Join([a], [a], [a])`},
		{"names of its own", `{"name":"Append","type":"Function","parameters":[{"key":"one","value":` + attribute + `},{"key":"two","value":` + attribute + `}]}`, `Append([a], [a])`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var source expr.Source
			if err := json.Unmarshal([]byte(test.source), &source); err != nil {
				t.Fatal(err)
			}
			node, err := expr.FromSource(source)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, expr.Print(node)); diff != "" {
				t.Errorf("expression (-want +got):\n%s", diff)
			}
		})
	}
}

func TestBadSourcesAreRefused(t *testing.T) {
	t.Parallel()
	value := &expr.Source{Type: expr.SourceAttribute, Name: "a"}
	deep := expr.Source{Type: expr.SourceAttribute, Name: "a"}
	for range 1000 {
		inner := deep
		deep = expr.Source{Type: expr.SourceFunction, Name: "Trim", Parameters: []expr.Parameter{{Key: "value", Value: &inner}}}
	}
	tests := []struct {
		name, want string
		source     expr.Source
	}{
		{"nothing", "neither a name nor an expression", expr.Source{}},
		{"an unknown type", `type "Magic" is none of`, expr.Source{Type: "Magic", Name: "x"}},
		{"text that cannot be read", "1:5: the ( here has no closing", expr.Source{Type: expr.SourceFunction, Name: "Trim", Expression: "Trim("}},
		{"an unknown parameter", `Trim has no parameter "size"`, expr.Source{Type: expr.SourceFunction, Name: "Trim", Parameters: []expr.Parameter{{"value", value}, {"size", value}}}},
		{"a parameter twice", `Trim has parameter "value" twice`, expr.Source{Type: expr.SourceFunction, Name: "Trim", Parameters: []expr.Parameter{{"value", value}, {"value", value}}}},
		{"half a comparison", "the operator = has 1 value", expr.Source{Type: expr.SourceFunction, Name: "=", Parameters: []expr.Parameter{{"left", value}}}},
		{"nesting without end", "too deep", deep},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := expr.FromSource(test.source)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
		})
	}
}

func TestFunctionsAsGraphListsThem(t *testing.T) {
	t.Parallel()
	got := map[string]string{}
	for _, schema := range expr.FunctionSchemas() {
		var parameters []string
		for _, p := range schema.Parameters {
			text := p.Name + ":" + p.Type
			if !p.Required {
				text += "?"
			}
			if p.AllowMultipleOccurrences {
				text += "*"
			}
			parameters = append(parameters, text)
		}
		got[schema.Name] = strings.Join(parameters, " ")
	}
	for name, want := range map[string]string{
		"Append":                  "source:String suffix:String",
		"DefaultDomain":           "",
		"Join":                    "separator:String source:String*",
		"Mid":                     "source:String start:Integer length:Integer",
		"Not":                     "source:Boolean",
		"Replace":                 "source:String Find:String? RegularExpression:String? RegularExpressionGroupName:String? Replacement:String? ReplacementPropertyName:String? Template:String?",
		"SingleAppRoleAssignment": "source:Reference",
		"Split":                   "source:String delimiter:String?",
		"Switch":                  "source:String defaultValue:String? switchValue:String*",
	} {
		if diff := cmp.Diff(want, got[name]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// forgetText removes the expression texts of functions, and of numbers.
func forgetText(source *expr.Source) {
	source.Expression = ""
	for _, parameter := range source.Parameters {
		forgetText(parameter.Value)
	}
}

func parse(tb testing.TB, text string) expr.Node {
	tb.Helper()
	node, err := expr.Parse(text)
	if err != nil {
		tb.Fatalf("parse %.100s: %v", text, err)
	}
	return node
}

func compile(tb testing.TB, text string) *expr.Program {
	tb.Helper()
	program, err := expr.Compile(parse(tb, text))
	if err != nil {
		tb.Fatalf("compile %.100s: %v", text, err)
	}
	return program
}
