package expr

import "slices"

// Results returns the parts of an expression that its value is one of: both
// branches of IIF, the values and the default of Switch, the arguments of Coalesce,
// and what functions are given that pass a value on. Any other expression is its own
// single result.
func Results(node Node) []Node {
	if node.Kind != Call {
		return []Node{node}
	}
	var branches []Node
	args := node.Args
	switch {
	case node.Name == "IIF" && len(args) == 3:
		branches = args[1:]
	case node.Name == "Switch" && len(args) >= 4:
		branches = append(branches, args[1])
		for i := 3; i < len(args); i += 2 {
			branches = append(branches, args[i])
		}
	case node.Name == "Coalesce" && len(args) > 0:
		branches = args
	case (node.Name == "IgnoreFlowIfNullOrEmpty" || node.Name == "Redact") && len(args) == 1:
		branches = args
	default:
		return []Node{node}
	}
	var results []Node
	for _, branch := range branches {
		results = append(results, Results(branch)...)
	}
	return results
}

// Constant evaluates an expression that gives the same for everybody, because it
// depends neither on the person nor on time, chance, the directory or the target.
// It reports false for any other. The error is that of [Program.Eval].
func Constant(node Node) (result Result, constant bool, err error) {
	if varies(node) {
		return Result{}, false, nil
	}
	program, err := Compile(node)
	if err != nil || len(program.Attributes()) > 0 {
		return Result{}, false, nil //nolint:nilerr // what cannot be compiled is Check's to report.
	}
	result, err = program.Eval(Input{})
	return result, true, err
}

func varies(node Node) bool {
	switch {
	case node.Kind == Attribute:
		return true
	case node.Kind == Call && slices.Contains([]string{"Now", "Guid", "RandomString", "SelectUniqueValue", "DefaultDomain"}, node.Name):
		return true
	}
	return slices.ContainsFunc(node.Args, varies)
}
