package expr

import (
	"slices"
	"strings"
)

// Type says what a parameter takes or a function returns.
type Type string

// The types. Conversions between text, numbers and booleans are made on demand,
// so the types serve checking and documentation.
const (
	TypeAny         Type = "Any"
	TypeString      Type = "String"
	TypeInteger     Type = "Integer"
	TypeBoolean     Type = "Boolean"
	TypeDateTime    Type = "DateTime"
	TypeMultiValued Type = "MultiValued" // several texts
	TypeKeyword     Type = "Keyword"     // one of some bare words
	TypeRoles       Type = "Roles"       // the attribute appRoleAssignments
)

// FunctionParameter describes one parameter of a function.
type FunctionParameter struct {
	Name     string `json:"name"`
	Key      string `json:"key"` // its name in Graph's attributeMappingSource
	Type     Type   `json:"type"`
	Required bool   `json:"required"`
	Repeats  bool   `json:"repeats,omitzero"`
	Summary  string `json:"summary"`
}

// Example shows a function at work.
type Example struct {
	Expression string            `json:"expression"`
	Inputs     map[string]string `json:"inputs,omitzero"`
	Result     string            `json:"result"`
}

// Function describes one function of the language.
type Function struct {
	Name       string              `json:"name"`
	Parameters []FunctionParameter `json:"parameters"`
	Result     Type                `json:"result"`
	Summary    string              `json:"summary"`
	Example    Example             `json:"example"`
	// Reference says that the function is in Microsoft's reference for
	// application provisioning; the others come from related documents.
	Reference bool `json:"reference"`
	// TopLevel says that the function may not stand inside another call.
	TopLevel bool `json:"topLevel,omitzero"`
	// Least is the number of arguments that a call has at least, where that is
	// more than the required parameters; Pairs says that what repeats comes in
	// pairs.
	Least int  `json:"-"`
	Pairs bool `json:"-"`
}

// Functions returns all functions in alphabetical order.
func Functions() []Function {
	functions := make([]Function, 0, 64)
	for _, definition := range table() {
		functions = append(functions, definition.Function)
	}
	slices.SortFunc(functions, func(a, b Function) int {
		return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	})
	return functions
}

// Signature returns "Name(first, second, ...)" with optional parameters in
// brackets.
func (f Function) Signature() string {
	names := make([]string, len(f.Parameters))
	for i, parameter := range f.Parameters {
		names[i] = parameter.Name
		if parameter.Repeats {
			names[i] += "..."
		}
		if !parameter.Required {
			names[i] = "[" + names[i] + "]"
		}
	}
	return f.Name + "(" + strings.Join(names, ", ") + ")"
}

// arity returns the least and the largest number of arguments; the largest is -1
// when the last ones repeat.
func (f Function) arity() (least, most int) {
	most = len(f.Parameters)
	for i, parameter := range f.Parameters {
		if parameter.Required {
			least = i + 1
		}
		if parameter.Repeats {
			most = -1
		}
	}
	return max(least, f.Least), most
}

// parameter returns the parameter that argument i belongs to.
func (f Function) parameter(i int) (FunctionParameter, bool) {
	if i < len(f.Parameters) && !f.Parameters[i].Repeats {
		return f.Parameters[i], true
	}
	first := slices.IndexFunc(f.Parameters, func(p FunctionParameter) bool { return p.Repeats })
	switch {
	case first < 0 || i < first:
		return FunctionParameter{}, false
	case f.Pairs:
		return f.Parameters[first+(i-first)%2], true
	}
	return f.Parameters[first], true
}

// definition is a function with what makes it work.
type definition struct {
	Function
	build func(*call) (evaluator, error)
}

// lookup finds a function by its exact name.
func lookup(name string) (definition, bool) {
	for _, group := range definitions {
		for _, definition := range group {
			if definition.Name == name {
				return definition, true
			}
		}
	}
	return definition{}, false
}

func table() []definition { return slices.Concat(definitions...) }

//nolint:gochecknoglobals // compile-time table of the language's functions
var definitions = [][]definition{
	textFunctions, letterFunctions, replaceFunctions, logicFunctions, listFunctions, dateFunctions, encodingFunctions, roleFunctions, flowFunctions,
}
