package expr

import (
	"slices"
	"strconv"
	"strings"
)

// Source is Graph's attributeMappingSource: an expression as a tree. Expression is
// the text of the whole (sub)expression; Name is the attribute's name, the
// constant's text or the function's name, by Type.
type Source struct {
	Expression string      `json:"expression"`
	Name       string      `json:"name"`
	Parameters []Parameter `json:"parameters"`
	Type       string      `json:"type"` // Attribute, Constant or Function
}

// Parameter is one named argument of a function in a Source.
type Parameter struct {
	Key   string  `json:"key"`
	Value *Source `json:"value"`
}

// The types of a Source.
const (
	SourceAttribute = "Attribute"
	SourceConstant  = "Constant"
	SourceFunction  = "Function"
)

// The names of an operator's parameters, which Graph does not document: both
// sides of a comparison, and the parts of a & b.
const (
	keyLeft  = "left"
	keyRight = "right"
	keyPart  = "source"
	concat   = "&"
)

// ToSource returns the tree in Graph's form. Omitted arguments have no parameter
// there; the expression text, which every level carries, keeps their place.
func ToSource(node Node) Source {
	source := Source{Expression: Print(node), Parameters: []Parameter{}}
	switch node.Kind {
	case Attribute:
		source.Type, source.Name = SourceAttribute, node.Name
	case Text:
		source.Type, source.Name = SourceConstant, node.Text
	case Number:
		source.Type, source.Name = SourceConstant, strconv.FormatInt(node.Number, 10)
	case Keyword:
		source.Type, source.Name = SourceConstant, node.Name
	case Call, Compare:
		source.Type, source.Name = SourceFunction, node.Name
	case Concat:
		source.Type, source.Name = SourceFunction, concat
	case Omitted:
	}
	for i, arg := range node.Args {
		if arg.Kind != Omitted {
			value := ToSource(arg)
			source.Parameters = append(source.Parameters, Parameter{Key: parameterKey(node, i), Value: &value})
		}
	}
	return source
}

// parameterKey returns Graph's name for argument i of a node.
func parameterKey(node Node, i int) string {
	switch node.Kind {
	case Compare:
		return [...]string{keyLeft, keyRight}[min(i, 1)]
	case Concat:
		return keyPart
	case Omitted, Attribute, Text, Number, Keyword, Call:
	}
	if definition, found := lookup(node.Name); found {
		if node.Name == "FormatDateTime" && len(trimOmitted(node.Args)) == 3 && i > 0 {
			i++ // the short form leaves dateTimeStyles out
		}
		if parameter, ok := definition.parameter(i); ok {
			return parameter.Key
		}
	}
	return "argument" + strconv.Itoa(i+1)
}

// FromSource reads a tree in Graph's form. The expression text of a function
// counts when there is one, because it says more than the parameters; without it
// the parameters count, by their names. Its error is a [*FaultError].
func FromSource(source Source) (Node, error) {
	reader := &sourceReader{}
	node := reader.node(&source, 0)
	if err := reader.faults.err(); err != nil {
		return Node{}, err
	}
	return node, nil
}

// sourceReader turns Sources into nodes and collects faults.
type sourceReader struct {
	faults faults
	nodes  int
}

func (r *sourceReader) node(source *Source, depth int) Node {
	if source == nil {
		return Node{}
	}
	if r.nodes++; depth > maxDepth || r.nodes > MaxLength {
		if r.nodes <= MaxLength+1 {
			r.faults.add(Position{}, "the tree is too deep or too large")
		}
		r.nodes = MaxLength + 1
		return Node{}
	}
	switch source.Type {
	case SourceAttribute, "":
		if source.Name != "" {
			return Node{Kind: Attribute, Name: source.Name}
		}
	case SourceConstant:
		return constantNode(*source)
	case SourceFunction:
	default:
		r.faults.add(Position{}, "type %q is none of Attribute, Constant, Function", shorten(source.Type))
		return Node{}
	}
	if strings.TrimSpace(source.Expression) != "" {
		return r.parsed(source.Expression)
	}
	return r.function(source, depth)
}

// constantNode tells texts, numbers and keywords apart by the expression text.
func constantNode(source Source) Node {
	node, err := Parse(source.Expression)
	if err == nil && (node.Kind == Number || node.Kind == Keyword) && Print(node) == source.Name {
		return node
	}
	if err == nil && node.Kind == Text && source.Name == "" {
		return node
	}
	return Node{Kind: Text, Text: source.Name}
}

func (r *sourceReader) parsed(expression string) Node {
	node, err := Parse(expression)
	if fault, ok := err.(*FaultError); ok { //nolint:errorlint // Parse returns nothing else
		r.faults.list = append(r.faults.list, fault.Faults...)
	}
	return node
}

func (r *sourceReader) function(source *Source, depth int) Node {
	switch {
	case source.Name == "":
		r.faults.add(Position{}, "there is neither a name nor an expression")
		return Node{}
	case isComparison(source.Name) || source.Name == concat:
		return r.operator(source, depth)
	}
	node := Node{Kind: Call, Name: source.Name}
	definition, found := lookup(source.Name)
	if !found || !anyKey(definition.Function, source.Parameters) {
		for _, parameter := range source.Parameters {
			node.Args = append(node.Args, r.node(parameter.Value, depth+1))
		}
		return node
	}
	fixed := make([]Node, len(definition.Parameters))
	var repeated []Node
	for _, parameter := range source.Parameters {
		slot := keySlot(definition.Function, parameter.Key)
		switch {
		case slot < 0:
			r.faults.add(Position{}, "%s has no parameter %q", source.Name, shorten(parameter.Key))
		case definition.Parameters[slot].Repeats:
			repeated = append(repeated, r.node(parameter.Value, depth+1))
		case fixed[slot].Kind != Omitted:
			r.faults.add(Position{}, "%s has parameter %q twice", source.Name, parameter.Key)
		default:
			fixed[slot] = r.node(parameter.Value, depth+1)
		}
	}
	first := slices.IndexFunc(definition.Parameters, func(p FunctionParameter) bool { return p.Repeats })
	if first >= 0 {
		fixed = append(fixed[:first:first], repeated...)
	}
	node.Args = trimOmitted(fixed)
	return node
}

func (r *sourceReader) operator(source *Source, depth int) Node {
	node := Node{Kind: Compare, Name: source.Name}
	if source.Name == concat {
		node = Node{Kind: Concat}
	}
	for _, parameter := range source.Parameters {
		node.Args = append(node.Args, r.node(parameter.Value, depth+1))
	}
	if len(node.Args) < 2 || (node.Kind == Compare && len(node.Args) != 2) {
		r.faults.add(Position{}, "the operator %s has %s", source.Name, plural(len(node.Args), "value"))
	}
	return node
}

// anyKey reports whether at least one of the parameters is named as the
// function's own are. Where none is, their order counts.
func anyKey(function Function, parameters []Parameter) bool {
	return slices.ContainsFunc(parameters, func(p Parameter) bool { return keySlot(function, p.Key) >= 0 })
}

// keySlot returns the position of the parameter with this name, in Graph or in
// the reference, -1 when there is none. Numbers behind a name that repeats do
// not count.
func keySlot(function Function, key string) int {
	numberless := strings.TrimRight(key, "0123456789")
	return slices.IndexFunc(function.Parameters, func(p FunctionParameter) bool {
		return strings.EqualFold(p.Key, key) || strings.EqualFold(p.Name, key) ||
			(p.Repeats && (strings.EqualFold(p.Key, numberless) || strings.EqualFold(p.Name, numberless)))
	})
}

// FunctionSchema is Graph's attributeMappingFunctionSchema.
type FunctionSchema struct {
	ID         string            `json:"id"`
	Name       string            `json:"name"`
	Parameters []ParameterSchema `json:"parameters"`
}

// ParameterSchema is Graph's attributeMappingParameterSchema.
type ParameterSchema struct {
	Name                     string `json:"name"`
	Type                     string `json:"type"`
	Required                 bool   `json:"required"`
	AllowMultipleOccurrences bool   `json:"allowMultipleOccurrences"`
}

// FunctionSchemas returns all functions as Graph lists them, in alphabetical
// order.
func FunctionSchemas() []FunctionSchema {
	functions := Functions()
	schemas := make([]FunctionSchema, len(functions))
	for i, function := range functions {
		schemas[i] = FunctionSchema{ID: function.Name, Name: function.Name, Parameters: parameterSchemas(function)}
	}
	return schemas
}

// parameterSchemas leaves out a parameter that has the name of the one before:
// keys and values of Switch are one parameter in Graph.
func parameterSchemas(function Function) []ParameterSchema {
	schemas := []ParameterSchema{}
	for _, p := range function.Parameters {
		if len(schemas) > 0 && schemas[len(schemas)-1].Name == p.Key {
			continue
		}
		schemas = append(schemas, ParameterSchema{Name: p.Key, Type: graphType(p.Type), Required: p.Required, AllowMultipleOccurrences: p.Repeats})
	}
	return schemas
}

// graphType returns the attribute type of Graph for a type.
func graphType(t Type) string {
	switch t {
	case TypeInteger, TypeBoolean, TypeDateTime:
		return string(t)
	case TypeRoles:
		return "Reference"
	case TypeAny, TypeString, TypeMultiValued, TypeKeyword:
	}
	return string(TypeString)
}
