package mapping

import (
	"strconv"

	"github.com/usher-id/usher/expr"
)

// kind checks what a row asks of the kind of its target attribute.
func (c *compiler) kind(path string, definition AttributeDefinition, attribute AttributeMapping) {
	name := definition.Name
	switch attribute.FlowType {
	case FlowAlwaysType, ObjectAddOnly, MultiValueAddOnly, ValueAddOnly, AttributeAddOnly, "":
	default:
		c.fault(path+".flowType", "%s: there is no flow type %q%s", name, attribute.FlowType,
			meant(string(attribute.FlowType), []string{string(FlowAlwaysType), string(ObjectAddOnly), string(MultiValueAddOnly), string(ValueAddOnly), string(AttributeAddOnly)}))
	}
	switch attribute.FlowBehavior {
	case FlowWhenChanged, FlowAlways, "":
	default:
		c.fault(path+".flowBehavior", "%s: there is no flow behaviour %q%s", name, attribute.FlowBehavior,
			meant(string(attribute.FlowBehavior), []string{string(FlowWhenChanged), string(FlowAlways)}))
	}
	if attribute.Source == nil && (attribute.DefaultValue == nil || *attribute.DefaultValue == "") {
		c.warn(path, "%s has neither a source nor a default value, so the row does nothing", name)
	}
	c.key(path, definition, attribute)
	c.clearing(path, definition, attribute)
}

// key checks a matching attribute: accounts are looked up by it, one value at a
// time.
func (c *compiler) key(path string, definition AttributeDefinition, attribute AttributeMapping) {
	path += ".matchingPriority"
	name := definition.Name
	switch {
	case attribute.MatchingPriority < 0:
		c.fault(path, "%s: a matching priority is 1 or more, and 0 for an attribute that is not used for matching", name)
	case attribute.MatchingPriority == 0:
	case attribute.Source == nil:
		c.fault(path, "%s is used for matching and has no source, so there is nothing to look accounts up by", name)
	case definition.Multivalued || definition.Type == ReferenceType || definition.Type == BooleanType || definition.Type == BinaryType:
		c.fault(path, "%s cannot be used for matching: accounts are looked up by a single text or number", name)
	case definition.Unfilterable:
		c.fault(path, "%s cannot be used for matching: the target does not look accounts up by it", name)
	case definition.Mutability == WriteOnly:
		c.fault(path, "%s cannot be used for matching: the target does not show it", name)
	}
}

func (c *compiler) clearing(path string, definition AttributeDefinition, attribute AttributeMapping) {
	if !attribute.ClearWhenNull {
		return
	}
	path += "." + `"@usher.clearWhenNull"`
	name := definition.Name
	switch {
	case definition.Type == BooleanType:
		c.fault(path, "%s cannot be cleared: a Boolean has no empty value", name)
	case definition.Required:
		c.fault(path, "%s cannot be cleared: the target requires a value", name)
	case attribute.Source == nil:
		c.warn(path, "%s has no source, so it is never cleared", name)
	case attribute.FlowType == ObjectAddOnly || attribute.FlowType == AttributeAddOnly || attribute.FlowType == MultiValueAddOnly || attribute.FlowType == ValueAddOnly:
		c.warn(path, "%s is never cleared, because its flow type %s takes nothing away", name, attribute.FlowType)
	}
}

// agreement warns of a source whose tree says something else than its text, as
// it happens when a document is edited by hand. The text counts.
func (c *compiler) agreement(path, target string, node expr.Node, source expr.Source) {
	var says string
	switch node.Kind {
	case expr.Attribute, expr.Call:
		says = node.Name
	case expr.Text:
		says = node.Text
	case expr.Number:
		says = strconv.FormatInt(node.Number, 10)
	case expr.Omitted, expr.Keyword, expr.Compare, expr.Concat:
		return
	}
	if source.Name != "" && source.Name != says {
		c.warn(path, "source of %s: the name is %q, the expression is %s; the expression counts", target, source.Name, expr.Print(node))
	}
}
