package expr

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Environment is what an expression may use where it stands.
type Environment struct {
	// Attributes are the names of the source attributes; nil means that names
	// are not checked.
	Attributes []string
	// Accept, when it is there, accepts attributes that Attributes does not list.
	Accept func(name string) bool
	// MultiValued are the attributes that may have several values. They are
	// refused where a function needs one value.
	MultiValued map[string]bool
	// Refuse maps functions that may not be used here to the reason, such as
	// SelectUniqueValue on a matching attribute.
	Refuse map[string]string
	// MaxLength is the largest length of the canonical text in characters; 0
	// means [MaxLength].
	MaxLength int
}

// Check finds everything that is wrong with an expression before it is ever
// evaluated: unknown functions, attributes and keywords, with the nearest known
// name; wrong numbers and kinds of arguments; calls that may not stand where
// they do; constant patterns, formats, names and numbers that cannot work. Its
// error is a [*FaultError] with all faults.
func Check(node Node, environment Environment) error {
	c := &checker{environment: environment}
	longest := environment.MaxLength
	if longest == 0 {
		longest = MaxLength
	}
	if length := utf8.RuneCountInString(Print(node)); length > longest {
		c.faults.add(Position{1, 1}, "the expression has %d characters, more than the %d that are allowed", length, longest)
	}
	c.root(node)
	return c.faults.err()
}

// checker walks a tree and collects faults.
type checker struct {
	environment Environment
	faults      faults
}

func (c *checker) root(node Node) {
	if node.Kind == Omitted {
		c.faults.add(node.Pos, "the expression is empty")
		return
	}
	c.node(node, 0)
}

func (c *checker) node(node Node, depth int) {
	if len(c.faults.list) >= maxFaults {
		return
	}
	if depth > 2*maxDepth {
		c.faults.add(node.Pos, "calls are nested too deep")
		return
	}
	switch node.Kind {
	case Attribute:
		c.attribute(node)
	case Keyword:
		c.keyword(node)
	case Call:
		c.call(node, depth)
	case Compare, Concat:
		c.operator(node)
	case Omitted, Text, Number:
	}
	for _, arg := range node.Args {
		c.node(arg, depth+1)
	}
}

// names checks the names in a tree whose syntax is at fault, but for those that
// stand where a fault is known already.
func (c *checker) names(node Node, syntax []Fault) {
	known := slices.ContainsFunc(syntax, func(f Fault) bool { return f.Line == node.Pos.Line && f.Column == node.Pos.Column })
	switch {
	case known:
	case node.Kind == Attribute:
		c.attribute(node)
	case node.Kind == Call:
		if _, found := lookup(node.Name); !found {
			c.unknownFunction(node)
		}
	}
	for _, arg := range node.Args {
		c.names(arg, syntax)
	}
}

func (c *checker) unknownFunction(node Node) {
	c.faults.add(node.Pos, "there is no function %s%s", shorten(node.Name), suggestion(node.Name, functionNames(), "", ""))
}

func (c *checker) attribute(node Node) {
	if strings.TrimSpace(node.Name) == "" || strings.ContainsAny(node.Name, "]\n\",()") {
		c.faults.add(node.Pos, "[%s] is not the name of an attribute", shorten(node.Name))
		return
	}
	known, accept := c.environment.Attributes, c.environment.Accept
	if known != nil && !slices.Contains(known, node.Name) && (accept == nil || !accept(node.Name)) {
		c.faults.add(node.Pos, "there is no source attribute [%s]%s", shorten(node.Name), suggestion(node.Name, known, "[", "]"))
	}
}

func (c *checker) keyword(node Node) {
	known := Keywords()
	if slices.Contains(known, node.Name) {
		return
	}
	if _, found := lookup(node.Name); found {
		c.faults.add(node.Pos, "%s is a function and needs parentheses: %s()", node.Name, node.Name)
		return
	}
	c.faults.add(node.Pos, "%s is neither a text in quotes nor an attribute in brackets%s", shorten(node.Name), suggestion(node.Name, known, "", ""))
}

func (c *checker) operator(node Node) {
	if node.Kind == Compare && (!isComparison(node.Name) || len(node.Args) != 2) {
		c.faults.add(node.Pos, "%q is not a comparison of two values", shorten(node.Name))
	}
	for _, arg := range node.Args {
		if arg.Kind == Omitted {
			c.faults.add(arg.Pos, "a value is missing beside the operator")
		}
		c.single(arg)
	}
}

func (c *checker) call(node Node, depth int) {
	definition, found := lookup(node.Name)
	if !found {
		c.unknownFunction(node)
		return
	}
	if reason, refused := c.environment.Refuse[node.Name]; refused {
		c.faults.add(node.Pos, "%s cannot be used here: %s", node.Name, reason)
	}
	if definition.TopLevel && depth > 0 {
		c.faults.add(node.Pos, "%s must be the outermost call", node.Name)
	}
	args := trimOmitted(node.Args)
	if !c.count(node, definition.Function, len(args)) {
		return
	}
	if node.Name == "FormatDateTime" && len(args) == 3 {
		args = []Node{args[0], {}, args[1], args[2]}
	}
	for i, arg := range args {
		if parameter, ok := definition.parameter(i); ok {
			c.argument(node, parameter, arg)
		}
	}
	if node.Name == "Replace" && replaceNamesAttribute(node) {
		c.attribute(Node{Kind: Attribute, Name: args[replaceAttribute].Text, Pos: args[replaceAttribute].Pos})
	}
	if constants := constantCheck(node.Name); constants != nil {
		constants(&constantChecker{faults: &c.faults, node: node, args: args})
	}
}

// count checks the number of arguments.
func (c *checker) count(node Node, function Function, n int) bool {
	least, most := function.arity()
	switch node.Name {
	case "FormatDateTime":
		least = 3 // without dateTimeStyles
	case "Mid":
		least = 2 // a published example leaves length out
	}
	switch {
	case n < least:
		c.faults.add(node.Pos, "%s needs at least %s, but has %d: %s", node.Name, plural(least, "argument"), n, function.Signature())
	case most >= 0 && n > most:
		c.faults.add(node.Pos, "%s takes at most %s, but has %d: %s", node.Name, plural(most, "argument"), n, function.Signature())
	case function.Pairs && n%2 != 0:
		c.faults.add(node.Pos, "%s needs an even number of arguments, because keys and values come in pairs, but has %d", node.Name, n)
	default:
		return true
	}
	return false
}

// argument checks the kind of one argument against its parameter.
func (c *checker) argument(node Node, parameter FunctionParameter, arg Node) {
	if arg.Kind == Omitted {
		if parameter.Required {
			pos := arg.Pos
			if pos == (Position{}) {
				pos = node.Pos
			}
			c.faults.add(pos, "%s of %s is missing", parameter.Name, node.Name)
		}
		return
	}
	switch parameter.Type {
	case TypeInteger:
		c.integer(node, parameter, arg)
	case TypeString, TypeDateTime, TypeBoolean:
		if !mapsText(node.Name) || parameter.Name != "source" {
			c.single(arg)
		}
	case TypeMultiValued:
		if result := resultOf(arg); arg.Kind == Number || result == TypeInteger || result == TypeBoolean || result == TypeDateTime {
			c.faults.add(arg.Pos, "%s of %s is several values, not a %s", parameter.Name, node.Name, kindName(arg))
		}
	case TypeRoles:
		if arg.Kind != Attribute {
			c.faults.add(arg.Pos, "%s takes the attribute [appRoleAssignments]", node.Name)
		}
	case TypeAny, TypeKeyword:
	}
}

// mapsText reports whether the function applies to every value of a
// multi-valued source.
func mapsText(name string) bool {
	switch name {
	case "Append", "Prepend", "StripSpaces", "Trim", "ToLower", "ToUpper", "PCase", "NormalizeDiacritics", "Replace", "CStr",
		"ConvertToBase64", "ConvertFromBase64", "ConvertToUTF8Hex":
		return true
	}
	return false
}

func (c *checker) integer(node Node, parameter FunctionParameter, arg Node) {
	c.single(arg)
	switch result := resultOf(arg); {
	case arg.Kind == Text:
		if _, ok := integerOf(textValue(arg)); !ok {
			c.faults.add(arg.Pos, "%s of %s is a whole number, not %q", parameter.Name, node.Name, shorten(arg.Text))
		}
	case arg.Kind == Keyword && arg.Name != keywordIgnoreAttribute && arg.Name != keywordIgnoreObject,
		arg.Kind == Compare, result == TypeBoolean, result == TypeMultiValued, result == TypeDateTime:
		c.faults.add(arg.Pos, "%s of %s is a whole number, not a %s", parameter.Name, node.Name, kindName(arg))
	}
}

// single refuses several values where one is needed.
func (c *checker) single(arg Node) {
	switch {
	case arg.Kind == Attribute && c.environment.MultiValued[arg.Name]:
		c.faults.add(arg.Pos, "[%s] may have several values where one is needed: use Item or Join", arg.Name)
	case resultOf(arg) == TypeMultiValued:
		c.faults.add(arg.Pos, "%s returns several values where one is needed: use Item or Join", arg.Name)
	}
}

// resultOf returns what a call returns, TypeAny for every other node.
func resultOf(node Node) Type {
	if node.Kind == Call {
		if definition, found := lookup(node.Name); found {
			return definition.Result
		}
	}
	return TypeAny
}

// kindName names a node's kind of value in messages.
func kindName(node Node) string {
	switch node.Kind {
	case Keyword:
		return "keyword"
	case Compare:
		return "comparison"
	case Number:
		return "number"
	case Call:
		switch resultOf(node) {
		case TypeBoolean:
			return "boolean"
		case TypeInteger:
			return "number"
		case TypeDateTime:
			return "date"
		case TypeMultiValued:
			return "list of values"
		case TypeAny, TypeString, TypeKeyword, TypeRoles:
		}
	case Omitted, Attribute, Text, Concat:
	}
	return "text"
}
