package expr

import (
	"slices"

	"github.com/usher-id/usher/attr"
)

// Compile makes a program of a tree. Its error is a [*FaultError]: an unknown
// function or keyword, a wrong number of arguments, a constant pattern or date
// format that cannot be used. A tree that [Check] accepts compiles.
func Compile(node Node) (*Program, error) {
	checked := &checker{}
	checked.root(node)
	if err := checked.faults.err(); err != nil {
		return nil, err
	}
	compiler := &compiler{}
	program := &Program{root: node, evaluate: compiler.compile(node), attributes: attributesOf(node), frames: make(chan *frame, spareFrames)}
	if err := compiler.faults.err(); err != nil {
		return nil, err
	}
	return program, nil
}

// spareFrames is how many frames a program keeps for later evaluations.
const spareFrames = 4

// compiler turns nodes into closures, arguments before calls.
type compiler struct {
	faults  faults
	tracing bool
}

func (c *compiler) compile(node Node) evaluator {
	evaluate := c.plain(node)
	if c.tracing && node.Kind != Omitted {
		return traced(node, evaluate)
	}
	return evaluate
}

func (c *compiler) plain(node Node) evaluator {
	switch node.Kind {
	case Attribute:
		name := node.Name
		return func(f *frame) (attr.Value, error) { return f.Source.Get(name), nil }
	case Text:
		return constant(attr.Text(node.Text))
	case Number:
		return constant(attr.Int(node.Number))
	case Keyword:
		return keyword(node.Name)
	case Compare:
		return comparison(c.call(node), node.Name)
	case Concat:
		return concatenation(c.call(node))
	case Call:
		return c.function(node)
	case Omitted:
	}
	return constant(attr.Value{})
}

func (c *compiler) function(node Node) evaluator {
	definition, found := lookup(node.Name)
	if !found {
		c.faults.add(node.Pos, "there is no function %s", node.Name)
		return constant(attr.Value{})
	}
	call := c.call(node)
	call.function = &definition.Function
	evaluate, err := definition.build(call)
	if err != nil {
		c.faults.add(node.Pos, "%s: %v", node.Name, err)
		return constant(attr.Value{})
	}
	return evaluate
}

// call compiles the arguments of a node.
func (c *compiler) call(node Node) *call {
	made := &call{name: node.Name, pos: node.Pos, nodes: trimOmitted(node.Args)}
	if node.Kind != Call {
		made.name = ""
	}
	made.args = make([]evaluator, len(made.nodes))
	for i, arg := range made.nodes {
		if arg.Kind != Omitted {
			made.args[i] = c.compile(arg)
		}
	}
	return made
}

// trimOmitted drops omitted arguments from the end: trailing commas mean nothing.
func trimOmitted(args []Node) []Node {
	for len(args) > 0 && args[len(args)-1].Kind == Omitted {
		args = args[:len(args)-1]
	}
	return args
}

func constant(value attr.Value) evaluator {
	return func(*frame) (attr.Value, error) { return value, nil }
}

// keyword evaluates a bare word: the two flow keywords end the evaluation, the
// others stand for their own name.
func keyword(name string) evaluator {
	switch name {
	case keywordIgnoreAttribute:
		return func(*frame) (attr.Value, error) { return attr.Value{}, errIgnoreAttribute }
	case keywordIgnoreObject:
		return func(*frame) (attr.Value, error) { return attr.Value{}, errIgnoreObject }
	}
	return constant(attr.Text(name))
}

// attributesOf returns the names of the attributes below the node, in order.
func attributesOf(node Node) []string {
	var names []string
	node.walk(func(n Node) {
		switch {
		case n.Kind == Attribute:
			names = append(names, n.Name)
		case n.Kind == Call && n.Name == "Replace" && replaceNamesAttribute(n):
			names = append(names, n.Args[replaceAttribute].Text)
		}
	})
	slices.Sort(names)
	return slices.Compact(names)
}
