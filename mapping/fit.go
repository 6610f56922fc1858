package mapping

import (
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/expr"
)

// doubt is why a result of an expression does not fit its target attribute.
type doubt struct {
	never   bool // it never fits, as opposed to not for everybody
	message string
}

// fit finds out before anybody is provisioned whether what an expression returns
// can be held by the target attribute. An expression none of whose results ever
// fits is a fault. One that fits some people is a warning: a schema that works
// elsewhere for most of them must be importable.
func (c *compiler) fit(path string, rule AttributeRule, definition AttributeDefinition, node expr.Node) {
	results := expr.Results(node)
	value, constant, err := expr.Constant(node)
	switch {
	case err != nil && node.Name == "Error": // that is what it is for
		c.warn(path, "source of %s: it fails for everybody: %v", rule.Target, err)
		return
	case err != nil:
		c.fault(path, "source of %s: it fails for everybody: %v", rule.Target, err)
		return
	case constant && value.Flow == expr.FlowValue && value.Value.Kind() != attr.List:
		results = []expr.Node{{Kind: expr.Text, Text: value.Value.String()}}
	}
	var doubts []doubt
	never := 0
	for _, result := range results {
		found := c.doubts(rule, definition, result)
		if slices.ContainsFunc(found, func(d doubt) bool { return d.never }) {
			never++
		}
		doubts = append(doubts, found...)
	}
	told := make(map[string]bool, len(doubts))
	for _, d := range doubts {
		switch {
		case told[d.message]:
		case d.never && never == len(results):
			c.fault(path, "source of %s: %s", rule.Target, d.message)
		case d.never:
			c.warn(path, "source of %s: %s; people for whom the expression gives it fail", rule.Target, d.message)
		default:
			c.warn(path, "source of %s: %s", rule.Target, d.message)
		}
		told[d.message] = true
	}
}

// doubts returns what is doubtful about one result.
func (c *compiler) doubts(rule AttributeRule, definition AttributeDefinition, node expr.Node) []doubt {
	switch node.Kind {
	case expr.Text:
		return constant(rule, definition, attr.Text(node.Text))
	case expr.Number:
		return constant(rule, definition, attr.Int(node.Number))
	case expr.Attribute:
		if declared, found := c.sourceAttribute(node.Name); found {
			return copied(rule, declared)
		}
		return differs(rule, "["+node.Name+"]", attr.String)
	case expr.Call:
		return returned(rule, node.Name)
	case expr.Compare:
		return differs(rule, "a comparison", attr.Boolean)
	case expr.Concat:
		return differs(rule, "a joined text", attr.String)
	case expr.Omitted, expr.Keyword:
	}
	return nil
}

func constant(rule AttributeRule, definition AttributeDefinition, value attr.Value) []doubt {
	var doubts []doubt
	if _, err := coerce(&rule, value); err != nil {
		doubts = append(doubts, doubt{true, err.Error()})
	}
	if fault := tooLong(definition, value.String()); fault != "" {
		doubts = append(doubts, doubt{true, fault})
	}
	return doubts
}

// length checks a text against the limit of the target attribute.
func (c *compiler) length(path string, definition AttributeDefinition, text string) {
	if fault := tooLong(definition, text); fault != "" {
		c.fault(path, "%s", fault)
	}
}

// tooLong says that a text is longer than the target attribute can hold, nothing
// when it is not.
func tooLong(definition AttributeDefinition, text string) string {
	count, limit := utf8.RuneCountInString(text), definition.MaximumLength()
	if limit == 0 || count <= limit {
		return ""
	}
	return fmt.Sprintf("%q has %d characters, %s holds at most %d", text, count, definition.Name, limit)
}

// copied returns what is doubtful about a source attribute that is mapped as it is.
func copied(rule AttributeRule, source AttributeDefinition) []doubt {
	what := "[" + source.Name + "]"
	if source.Name == appRoleAssignments {
		return []doubt{{true, fmt.Sprintf("%s holds role assignments; use SingleAppRoleAssignment(%s) for the name of a role", what, what)}}
	}
	var doubts []doubt
	switch {
	case source.Type == ReferenceType && rule.Kind == attr.String:
		doubts = append(doubts, doubt{false, fmt.Sprintf("%s is a reference, and %s holds text; it gets the id that the object has in the directory", what, rule.Target)})
	case source.Multivalued && !rule.Multivalued:
		doubts = append(doubts, several(rule, what+" may have"))
	}
	return append(doubts, differs(rule, what, kindOf(source.Type))...)
}

func several(rule AttributeRule, what string) doubt {
	return doubt{false, fmt.Sprintf("%s several values, and %s takes one; people with several fail", what, rule.Target)}
}

// returned returns what is doubtful about what a function returns.
func returned(rule AttributeRule, name string) []doubt {
	what := name + "()"
	functions := expr.Functions()
	i := slices.IndexFunc(functions, func(f expr.Function) bool { return f.Name == name })
	if i < 0 {
		return nil
	}
	switch functions[i].Result {
	case expr.TypeBoolean:
		return differs(rule, what, attr.Boolean)
	case expr.TypeInteger:
		return differs(rule, what, attr.Integer)
	case expr.TypeDateTime:
		return differs(rule, what, attr.Time)
	case expr.TypeString:
		if name == "FormatDateTime" && rule.Kind == attr.Time {
			return nil // a date, in the format that the expression asks for
		}
		return differs(rule, what, attr.String)
	case expr.TypeMultiValued:
		if !rule.Multivalued {
			return []doubt{several(rule, what+" may return")}
		}
	case expr.TypeAny, expr.TypeKeyword, expr.TypeRoles:
	}
	return nil
}

// differs returns what is doubtful about values of a kind that is not that of the
// target attribute. Text holds everything. Text itself becomes what it reads as,
// and a number of 0 or 1 is a Boolean; other kinds never become one another.
func differs(rule AttributeRule, what string, kind attr.Kind) []doubt {
	switch {
	case kind == rule.Kind || rule.Kind == attr.String:
		return nil
	case kind == attr.Integer && rule.Kind == attr.Boolean:
		return []doubt{{false, fmt.Sprintf("%s is a number, and %s takes True or False; people with another number than 0 and 1 fail", what, rule.Target)}}
	case kind != attr.String:
		return []doubt{{true, fmt.Sprintf("%s is of type %s and never fits %s, which is of type %s", what, kind, rule.Target, rule.Kind)}}
	}
	takes := ""
	switch rule.Kind { //nolint:exhaustive // no target attribute is of another kind.
	case attr.Boolean:
		takes = "True or False"
	case attr.Integer:
		takes = "integers"
	case attr.Time:
		takes = "dates"
	case attr.Reference:
		if rule.Reference != userObject {
			return nil // named by their names, such as permission sets
		}
		return []doubt{{false, fmt.Sprintf("%s is text, and %s refers to a %s; the text is taken for the id of one in the target", what, rule.Target, rule.Reference)}}
	}
	return []doubt{{false, fmt.Sprintf("%s is text, and %s takes %s; people with anything else fail", what, rule.Target, takes)}}
}
