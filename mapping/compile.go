package mapping

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/expr"
	"github.com/usher-id/usher/scope"
)

// Mapping is the object mapping of a schema that provisions users, made ready to
// be evaluated for many people. It is safe for concurrent use.
type Mapping struct {
	RuleID       string
	SourceSystem string // name of the source directory
	TargetSystem string // name of the target directory
	TargetObject string // "User"
	Flows        FlowTypes
	Filter       scope.CompiledFilter
	Rules        []AttributeRule // in the order of the schema

	programs []*expr.Program // one for each rule, nil without source
	keys     []int           // indexes of the matching rules in the order of priority
}

// UserMapping finds the object mapping that provisions users: the first enabled
// one from User, in the rule with the lowest priority number.
func (s *Schema) UserMapping() (*Rule, *ObjectMapping, error) {
	order := make([]*Rule, len(s.SynchronizationRules))
	for i := range s.SynchronizationRules {
		order[i] = &s.SynchronizationRules[i]
	}
	slices.SortStableFunc(order, func(a, b *Rule) int { return cmp.Compare(a.Priority, b.Priority) })
	for _, rule := range order {
		for i := range rule.ObjectMappings {
			object := &rule.ObjectMappings[i]
			if object.Enabled && object.SourceObjectName == "User" {
				return rule, object, nil
			}
		}
	}
	return nil, nil, errors.New("the schema has no enabled object mapping from User")
}

// Object returns the definition of an object type in the named directory.
func (s *Schema) Object(directoryName, objectName string) (ObjectDefinition, bool) {
	for _, directory := range s.Directories {
		if directory.Name != directoryName {
			continue
		}
		for _, object := range directory.Objects {
			if object.Name == objectName {
				return object, true
			}
		}
	}
	return ObjectDefinition{}, false
}

// Compile checks the schema's mapping of users and makes it ready. The error
// joins everything that is wrong, each with its place in the document.
func Compile(schema Schema) (*Mapping, error) {
	rule, object, err := schema.UserMapping()
	if err != nil {
		return nil, err
	}
	definition, found := schema.Object(rule.TargetDirectoryName, object.TargetObjectName)
	if !found {
		return nil, fmt.Errorf("rule %s maps to %s, which directory %q does not define", rule.Name, object.TargetObjectName, rule.TargetDirectoryName)
	}
	compiler := compiler{
		place:  fmt.Sprintf("rule %s, mapping to %s", rule.Name, object.TargetObjectName),
		target: definition.Attributes,
		mapping: &Mapping{
			RuleID: rule.ID, SourceSystem: rule.SourceDirectoryName, TargetSystem: rule.TargetDirectoryName,
			TargetObject: object.TargetObjectName, Flows: object.FlowTypes,
		},
	}
	for _, source := range SourceDefinitions() {
		compiler.source = append(compiler.source, source.Name)
	}
	if declared, found := schema.Object(rule.SourceDirectoryName, object.SourceObjectName); found {
		for _, attribute := range declared.Attributes {
			compiler.source = append(compiler.source, attribute.Name)
		}
	}
	return compiler.compile(object)
}

// compiler collects what is wrong while it makes a mapping ready.
type compiler struct {
	place   string
	source  []string
	target  []AttributeDefinition
	mapping *Mapping
	faults  []error
}

func (c *compiler) fault(format string, args ...any) {
	c.faults = append(c.faults, fmt.Errorf("%s: %w", c.place, fmt.Errorf(format, args...)))
}

func (c *compiler) compile(object *ObjectMapping) (*Mapping, error) {
	if object.Scope != nil {
		filter, err := scope.Compile(*object.Scope)
		if err != nil {
			c.fault("%w", err)
		}
		c.mapping.Filter = filter
	}
	for _, attribute := range object.AttributeMappings {
		c.attribute(attribute)
	}
	c.matching()
	if err := errors.Join(c.faults...); err != nil {
		return nil, err
	}
	return c.mapping, nil
}

func (c *compiler) attribute(attribute AttributeMapping) {
	name := attribute.TargetAttributeName
	index := slices.IndexFunc(c.target, func(d AttributeDefinition) bool { return d.Name == name })
	if index < 0 {
		c.fault("target attribute %q is not in the schema's list of attributes%s", name, c.nearest(name))
		return
	}
	if slices.ContainsFunc(c.mapping.Rules, func(r AttributeRule) bool { return strings.EqualFold(r.Target, name) }) {
		c.fault("target attribute %q is mapped twice", name)
		return
	}
	definition := c.target[index]
	if definition.Mutability == "ReadOnly" {
		c.fault("target attribute %q is read-only", name)
		return
	}
	rule := newRule(definition, attribute)
	if attribute.DefaultValue != nil {
		value, err := coerce(&rule, attr.Text(*attribute.DefaultValue))
		if err != nil {
			c.fault("default value of %s: %w", name, err)
		}
		rule.Default = value
	}
	program, text := c.expression(name, attribute.Source)
	rule.Expression = text
	c.mapping.Rules = append(c.mapping.Rules, rule)
	c.mapping.programs = append(c.mapping.programs, program)
}

func newRule(definition AttributeDefinition, attribute AttributeMapping) AttributeRule {
	rule := AttributeRule{
		Target: definition.Name, Kind: kindOf(definition.Type), Multivalued: definition.Multivalued, CaseExact: definition.CaseExact,
		Priority: attribute.MatchingPriority, FlowType: attribute.FlowType, FlowBehavior: attribute.FlowBehavior,
		SourceMissing: attribute.Source == nil,
	}
	if definition.Type == ReferenceType {
		rule.Reference = "User"
		if len(definition.ReferencedObjects) > 0 {
			rule.Reference = definition.ReferencedObjects[0].ReferencedObjectName
		}
	}
	return rule
}

func kindOf(attributeType AttributeType) attr.Kind {
	switch attributeType {
	case IntegerType:
		return attr.Integer
	case BooleanType:
		return attr.Boolean
	case ReferenceType:
		return attr.Reference
	case DateTimeType:
		return attr.Time
	case StringType, BinaryType:
	}
	return attr.String
}

// expression compiles a source; both results are empty for a mapping without one.
func (c *compiler) expression(target string, source *expr.Source) (*expr.Program, string) {
	if source == nil {
		return nil, ""
	}
	node, err := ParseSource(*source)
	if err == nil {
		err = expr.Check(node, expr.Environment{Attributes: c.sourceNames(node)})
	}
	if err != nil {
		c.fault("source of %s: %w", target, err)
		return nil, ""
	}
	program, err := expr.Compile(node)
	if err != nil {
		c.fault("source of %s: %w", target, err)
		return nil, ""
	}
	return program, expr.Print(node)
}

// ParseSource reads the source of an attribute mapping: its expression text, or
// its tree when the text is missing.
func ParseSource(source expr.Source) (expr.Node, error) {
	if strings.TrimSpace(source.Expression) != "" {
		return expr.Parse(source.Expression)
	}
	return expr.FromSource(source)
}

// matching orders the matching attributes.
func (c *compiler) matching() {
	for i, rule := range c.mapping.Rules {
		if rule.Priority > 0 {
			c.mapping.keys = append(c.mapping.keys, i)
		}
	}
	slices.SortStableFunc(c.mapping.keys, func(a, b int) int {
		return cmp.Compare(c.mapping.Rules[a].Priority, c.mapping.Rules[b].Priority)
	})
	if len(c.mapping.keys) == 0 {
		c.fault("no attribute is used for matching: set matchingPriority 1 on the one that identifies an account")
	}
}

// nearest proposes a target attribute that differs in letter case only.
func (c *compiler) nearest(name string) string {
	for _, definition := range c.target {
		if strings.EqualFold(definition.Name, name) {
			return fmt.Sprintf("; did you mean %q?", definition.Name)
		}
	}
	return ""
}

// Targets returns the target attributes that the mapping writes.
func (m *Mapping) Targets() []string {
	names := make([]string, len(m.Rules))
	for i, rule := range m.Rules {
		names[i] = rule.Target
	}
	return names
}

// Keys returns the matching attributes in the order of priority.
func (m *Mapping) Keys() []string {
	names := make([]string, len(m.keys))
	for i, index := range m.keys {
		names[i] = m.Rules[index].Target
	}
	return names
}

// Rule returns the rule for a target attribute, nil when it is not mapped.
func (m *Mapping) Rule(target string) *AttributeRule {
	for i := range m.Rules {
		if m.Rules[i].Target == target {
			return &m.Rules[i]
		}
	}
	return nil
}

// Desired evaluates the mapping for one person, whose attributes are those of
// [Source]. An attribute that cannot be computed or does not fit gives a
// *ValueError; then nothing is known about the person's account and it is left
// alone.
func (m *Mapping) Desired(source attr.Object, now time.Time) (Desired, error) {
	desired := Desired{Flows: make([]Flow, 0, len(m.Rules))}
	for i := range m.Rules {
		flow, result, err := m.evaluate(i, source, now)
		if err != nil {
			return Desired{}, err
		}
		desired.IgnoreObject = desired.IgnoreObject || result.Flow == expr.FlowIgnoreObject
		desired.Warnings = append(desired.Warnings, result.Warnings...)
		desired.Flows = append(desired.Flows, flow)
	}
	for _, index := range m.keys {
		if value := desired.Flows[index].Value; !value.IsEmpty() {
			desired.Keys = append(desired.Keys, Key{m.Rules[index].Target, value})
		}
	}
	return desired, nil
}

// Only evaluates the mapping of one target attribute, for someone of whom nothing
// else is wanted. Without a mapping of that attribute nothing is desired.
func (m *Mapping) Only(target string, source attr.Object, now time.Time) (Desired, error) {
	for i := range m.Rules {
		if m.Rules[i].Target != target {
			continue
		}
		flow, result, err := m.evaluate(i, source, now)
		if err != nil {
			return Desired{}, err
		}
		return Desired{Flows: []Flow{flow}, Warnings: result.Warnings}, nil
	}
	return Desired{}, nil
}

func (m *Mapping) evaluate(index int, source attr.Object, now time.Time) (Flow, expr.Result, error) {
	rule := &m.Rules[index]
	if m.programs[index] == nil {
		return Flow{Rule: rule}, expr.Result{}, nil
	}
	result, err := m.programs[index].Eval(expr.Input{Source: source, Now: now})
	if err != nil {
		return Flow{}, result, &ValueError{rule.Target, CodeExpression, fmt.Sprintf("the expression for %s: %v", rule.Target, err)}
	}
	value, err := coerce(rule, result.Value)
	if err != nil {
		return Flow{}, result, err
	}
	return Flow{Rule: rule, Value: value, Redacted: result.Redacted, Ignored: result.Flow == expr.FlowIgnoreAttribute}, result, nil
}

// sourceNames returns the attributes that an expression may read: those of the
// schema, and any directory extension, whose names only the directory knows.
func (c *compiler) sourceNames(node expr.Node) []string {
	names := c.source
	for _, attribute := range attributesOf(node) {
		if directory.IsExtensionName(attribute) {
			names = append(names[:len(names):len(names)], attribute)
		}
	}
	return names
}

func attributesOf(node expr.Node) []string {
	var names []string
	if node.Kind == expr.Attribute {
		names = append(names, node.Name)
	}
	for _, argument := range node.Args {
		names = append(names, attributesOf(argument)...)
	}
	return names
}
