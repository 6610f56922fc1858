package mapping

import (
	"strconv"
	"unicode/utf8"

	"github.com/usher-id/usher/attr"
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

// fit finds out before anybody is provisioned whether what an expression returns
// can be held by the target attribute.
func (c *compiler) fit(path string, rule AttributeRule, definition AttributeDefinition, node expr.Node) {
	switch node.Kind {
	case expr.Text, expr.Number:
		c.constant(path, rule, definition, node)
	case expr.Attribute:
		if declared, found := c.sourceAttribute(node.Name); found {
			c.copied(path, rule, declared)
		}
	case expr.Call:
		c.returned(path, rule, node.Name)
	case expr.Compare:
		c.wrongKind(path, rule, "a comparison", attr.Boolean)
	case expr.Omitted, expr.Keyword, expr.Concat:
	}
}

func (c *compiler) constant(path string, rule AttributeRule, definition AttributeDefinition, node expr.Node) {
	value := attr.Text(node.Text)
	if node.Kind == expr.Number {
		value = attr.Int(node.Number)
	}
	if _, err := coerce(&rule, value); err != nil {
		c.fault(path, "source of %s: %v", rule.Target, err)
	}
	c.length(path, definition, value.String())
}

// length checks a text against the limit of the target attribute.
func (c *compiler) length(path string, definition AttributeDefinition, text string) {
	if count := utf8.RuneCountInString(text); definition.MaxLength > 0 && count > definition.MaxLength {
		c.fault(path, "%q has %d characters, %s holds at most %d", text, count, definition.Name, definition.MaxLength)
	}
}

// copied checks a source attribute that is mapped as it is.
func (c *compiler) copied(path string, rule AttributeRule, source AttributeDefinition) {
	what := "[" + source.Name + "]"
	switch {
	case source.Name == appRoleAssignments:
		c.fault(path, "source of %s: %s holds role assignments; use SingleAppRoleAssignment(%s) for the name of a role", rule.Target, what, what)
		return
	case source.Type == ReferenceType && rule.Kind == attr.String:
		c.warn(path, "source of %s: %s is a reference, and %s holds text; it gets the id that the object has in the directory", rule.Target, what, rule.Target)
	case source.Multivalued && !rule.Multivalued:
		c.warn(path, "source of %s: %s may have several values, and %s takes one; people with several fail", rule.Target, what, rule.Target)
	}
	if source.Type != StringType && source.Type != BinaryType {
		c.wrongKind(path, rule, what, kindOf(source.Type))
	}
}

// returned checks what a function returns.
func (c *compiler) returned(path string, rule AttributeRule, name string) {
	what := name + "()"
	for _, function := range expr.Functions() {
		if function.Name != name {
			continue
		}
		switch function.Result {
		case expr.TypeBoolean:
			c.wrongKind(path, rule, what, attr.Boolean)
		case expr.TypeInteger:
			c.wrongKind(path, rule, what, attr.Integer)
		case expr.TypeDateTime:
			c.wrongKind(path, rule, what, attr.Time)
		case expr.TypeMultiValued:
			if !rule.Multivalued {
				c.warn(path, "source of %s: %s may return several values, and %s takes one; people with several fail", rule.Target, what, rule.Target)
			}
		case expr.TypeAny, expr.TypeString, expr.TypeKeyword, expr.TypeRoles:
		}
	}
}

// wrongKind refuses a source whose values can never become what the target
// attribute holds. Text takes everything, and an integer of 0 or 1 is a Boolean.
func (c *compiler) wrongKind(path string, rule AttributeRule, what string, kind attr.Kind) {
	if kind == rule.Kind || rule.Kind == attr.String || rule.Kind == attr.Boolean && kind == attr.Integer {
		return
	}
	c.fault(path, "source of %s: %s is of type %s and never fits %s, which is of type %s", rule.Target, what, kind, rule.Target, rule.Kind)
}
