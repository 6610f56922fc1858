package expr_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/usher-id/usher/expr"
)

func TestPrintedExpressionsReadBackAsTheSameTree(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := tree(3).Draw(t, "tree")
		text := expr.Print(want)
		got, err := expr.Parse(text)
		if err != nil {
			t.Fatalf("parse %s: %v", text, err)
		}
		if !expr.Equal(want, got) {
			t.Fatalf("%s was read back as %s", text, expr.Print(got))
		}
	})
}

func TestTreesSurviveTheFormOfGraph(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := tree(3).Draw(t, "tree")
		data, err := json.Marshal(expr.ToSource(want))
		if err != nil {
			t.Fatal(err)
		}
		var source expr.Source
		if err := json.Unmarshal(data, &source); err != nil {
			t.Fatal(err)
		}
		got, err := expr.FromSource(source)
		if err != nil {
			t.Fatalf("%s: %v", data, err)
		}
		if !expr.Equal(want, got) {
			t.Fatalf("%s came back as %s", expr.Print(want), expr.Print(got))
		}
		if diff := cmp.Diff(source, expr.ToSource(got)); diff != "" {
			t.Fatalf("the form of Graph changed (-first +second):\n%s", diff)
		}
	})
}

func TestCanonicalText(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, want string }{
		{"blanks", ` Join ( " " ,[a],  [b] ) `, `Join(" ", [a], [b])`},
		{"lines", "IIF(\n\t[a]=1,\r\n\t\"x\",\n\t\"y\")", `IIF([a] = 1, "x", "y")`},
		{"omitted arguments", `Replace([a],"-",,,"_",,)`, `Replace([a], "-", , , "_", , )`},
		{"only omitted arguments", `F(,)`, `F(, )`},
		{"no arguments", `Now( )`, `Now()`},
		{"numbers", `F(&HF7, &h10, -0, 007)`, `F(247, 16, 0, 7)`},
		{"escapes", `"\\ \" \d \+"`, `"\\ \" \\d \\+"`},
		{"operators", `[a]<>"x"&[b]&"y"`, `[a] <> "x" & [b] & "y"`},
		{"useless parentheses", `(([a])) = ("x" & (([b])))`, `[a] = "x" & [b]`},
		{"useful parentheses", `([a] = [b]) = ("x" & ("y" & "z"))`, `([a] = [b]) = "x" & ("y" & "z")`},
		{"bare words", `InStr([a], "x", , vbTextCompare)`, `InStr([a], "x", , vbTextCompare)`},
		{"hexadecimal or joined", `[a] & &HF & [b]`, `[a] & 15 & [b]`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			node, err := expr.Parse(test.text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, expr.Print(node)); diff != "" {
				t.Errorf("canonical text (-want +got):\n%s", diff)
			}
		})
	}
}

// tree generates the trees that a text can stand for.
func tree(depth int) *rapid.Generator[expr.Node] {
	attribute := rapid.Map(rapid.StringMatching(`[a-zA-Z][a-zA-Z0-9_.:]{0,8}`), func(name string) expr.Node {
		return expr.Node{Kind: expr.Attribute, Name: name}
	})
	text := rapid.Map(rapid.String(), func(text string) expr.Node { return expr.Node{Kind: expr.Text, Text: text} })
	number := rapid.Map(rapid.Int64(), func(n int64) expr.Node { return expr.Node{Kind: expr.Number, Number: n} })
	keyword := rapid.Map(rapid.SampledFrom(expr.Keywords()), func(name string) expr.Node { return expr.Node{Kind: expr.Keyword, Name: name} })
	if depth == 0 {
		return rapid.OneOf(attribute, text, number, keyword)
	}
	return rapid.OneOf(attribute, text, number, callTree(depth-1), compareTree(depth-1), concatTree(depth-1))
}

func callTree(depth int) *rapid.Generator[expr.Node] {
	names := []string{"NoSuchFunction"}
	for _, function := range expr.Functions() {
		names = append(names, function.Name)
	}
	return rapid.Custom(func(t *rapid.T) expr.Node {
		node := expr.Node{Kind: expr.Call, Name: rapid.SampledFrom(names).Draw(t, "name")}
		for range rapid.IntRange(0, 7).Draw(t, "arguments") {
			arg := expr.Node{}
			if !rapid.Bool().Draw(t, "omitted") {
				arg = tree(depth).Draw(t, "argument")
			}
			node.Args = append(node.Args, arg)
		}
		if len(node.Args) == 1 && node.Args[0].Kind == expr.Omitted {
			node.Args = nil // F() and F( ) are the same
		}
		return node
	})
}

func compareTree(depth int) *rapid.Generator[expr.Node] {
	operator := rapid.SampledFrom([]string{"=", "<>", "<", "<=", ">", ">="})
	return rapid.Custom(func(t *rapid.T) expr.Node {
		return expr.Node{
			Kind: expr.Compare, Name: operator.Draw(t, "operator"),
			Args: []expr.Node{tree(depth).Draw(t, "left"), tree(depth).Draw(t, "right")},
		}
	})
}

func concatTree(depth int) *rapid.Generator[expr.Node] {
	return rapid.Map(rapid.SliceOfN(tree(depth), 2, 4), func(parts []expr.Node) expr.Node {
		return expr.Node{Kind: expr.Concat, Args: parts}
	})
}
