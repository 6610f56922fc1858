package expr_test

import (
	"fmt"
	"strings"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/expr"
)

func Example() {
	node, err := expr.Parse(`Join(" ", [givenName], ToUpper([surname]))`)
	if err != nil {
		fmt.Println(err)
		return
	}
	program, err := expr.Compile(node)
	if err != nil {
		fmt.Println(err)
		return
	}
	person := attr.New("User", "1", map[string]attr.Value{"givenName": attr.Text("Ana"), "surname": attr.Text("Lima")})
	result, err := program.Eval(expr.Input{Source: person})
	fmt.Println(result.Value, err)
	// Output: Ana LIMA <nil>
}

func ExampleCheck() {
	node, err := expr.Parse(`Jion(" ", [givenName], Left([sirname], "x"))`)
	if err != nil {
		fmt.Println(err)
		return
	}
	err = expr.Check(node, expr.Environment{Attributes: []string{"givenName", "surname"}})
	fmt.Println(strings.ReplaceAll(err.Error(), "; 1:", "\n1:"))
	// Output:
	// expression: 1:1: there is no function Jion; did you mean Join?
	// 1:29: there is no source attribute [sirname]; did you mean [surname]?
	// 1:40: numChars of Left is a whole number, not "x"
}

func ExampleProgram_Trace() {
	node, err := expr.Parse(`IIF([country] = "PT", "Lisboa", Error("unknown country"))`)
	if err != nil {
		fmt.Println(err)
		return
	}
	program, err := expr.Compile(node)
	if err != nil {
		fmt.Println(err)
		return
	}
	person := attr.New("User", "1", map[string]attr.Value{"country": attr.Text("PT")})
	steps, _, err := program.Trace(expr.Input{Source: person})
	for _, step := range steps {
		fmt.Printf("%d %s = %s\n", step.Depth, step.Expression, step.Value)
	}
	fmt.Println(err)
	// Output:
	// 0 IIF([country] = "PT", "Lisboa", Error("unknown country")) = Lisboa
	// 1 [country] = "PT" = True
	// 2 [country] = PT
	// 2 "PT" = PT
	// 1 "Lisboa" = Lisboa
	// <nil>
}
