package mapping

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/expr"
)

// UserMapping finds the object mapping that provisions users: the first enabled
// one from User, in the rule with the lowest priority number. What it returns are
// parts of the schema, to be changed in place.
func (s Schema) UserMapping() (*Rule, *ObjectMapping, error) {
	rule, object, found := s.userMapping()
	if !found {
		return nil, nil, errNoUserMapping
	}
	return &s.SynchronizationRules[rule], &s.SynchronizationRules[rule].ObjectMappings[object], nil
}

var errNoUserMapping = errors.New("the schema has no enabled object mapping from User")

// userMapping returns the indexes of the rule and of its object mapping.
func (s Schema) userMapping() (rule, object int, found bool) {
	order := make([]int, len(s.SynchronizationRules))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Compare(s.SynchronizationRules[a].Priority, s.SynchronizationRules[b].Priority)
	})
	for _, i := range order {
		for j, candidate := range s.SynchronizationRules[i].ObjectMappings {
			if candidate.Enabled && candidate.SourceObjectName == userObject {
				return i, j, true
			}
		}
	}
	return 0, 0, false
}

const userObject = "User"

// Object returns the definition of an object type in the named directory.
func (s Schema) Object(directoryName, objectName string) (ObjectDefinition, bool) {
	definition, _, found := s.object(directoryName, objectName)
	return definition, found
}

// object returns the definition with its place in the document.
func (s Schema) object(directoryName, objectName string) (definition ObjectDefinition, path string, found bool) {
	for i, candidate := range s.Directories {
		if candidate.Name != directoryName {
			continue
		}
		for j, object := range candidate.Objects {
			if object.Name == objectName {
				return object, fmt.Sprintf("directories[%d].objects[%d]", i, j), true
			}
		}
	}
	return ObjectDefinition{}, "", false
}

// Compile makes the schema's mapping of users ready. Its error is a *FaultError
// with everything that is wrong, each with its place in the document.
func Compile(schema Schema) (*Mapping, error) {
	compiler := compile(schema, Use{})
	if err := compiler.findings.Err(); err != nil {
		return nil, err
	}
	return compiler.mapping, nil
}

// compiler collects what is wrong while it makes a mapping ready.
type compiler struct {
	finder

	use        Use
	path       string // of the object mapping
	source     []AttributeDefinition
	target     []AttributeDefinition
	targetPath string             // of the object that target is from
	rows       []AttributeMapping // of the object mapping
	mapping    *Mapping
}

func compile(schema Schema, use Use) *compiler {
	c := &compiler{use: use, mapping: &Mapping{}}
	ruleIndex, objectIndex, found := schema.userMapping()
	if !found {
		c.fault("synchronizationRules", "%v", errNoUserMapping)
		return c
	}
	rule := schema.SynchronizationRules[ruleIndex]
	object := rule.ObjectMappings[objectIndex]
	c.path = fmt.Sprintf("synchronizationRules[%d].objectMappings[%d]", ruleIndex, objectIndex)
	definition, targetPath, found := schema.object(rule.TargetDirectoryName, object.TargetObjectName)
	if !found {
		c.noTarget(schema, ruleIndex, rule.TargetDirectoryName, object.TargetObjectName)
		return c
	}
	c.target, c.targetPath, c.rows = definition.Attributes, targetPath, object.AttributeMappings
	c.source = sourceOf(schema, rule, object)
	c.mapping = &Mapping{
		RuleID: rule.ID, SourceSystem: rule.SourceDirectoryName, TargetSystem: rule.TargetDirectoryName,
		TargetObject: object.TargetObjectName, Flows: object.FlowTypes, ranking: object.RoleRanking, tests: object.Tests,
	}
	c.mapping.sourceNames = c.sourceNames()
	c.compile(object)
	return c
}

// noTarget says that the directory or the object that is provisioned to is not
// defined.
func (c *compiler) noTarget(schema Schema, rule int, directoryName, objectName string) {
	names := make([]string, len(schema.Directories))
	for i, candidate := range schema.Directories {
		names[i] = candidate.Name
	}
	i := slices.Index(names, directoryName)
	if i < 0 {
		c.fault(fmt.Sprintf("synchronizationRules[%d].targetDirectoryName", rule), "the schema defines no directory %q%s", directoryName, meant(directoryName, names))
		return
	}
	var objects []string
	for _, object := range schema.Directories[i].Objects {
		objects = append(objects, object.Name)
	}
	c.fault(c.path+".targetObjectName", "directory %q does not define the object %q%s", directoryName, objectName, meant(objectName, objects))
}

// sourceOf lists the attributes that a mapping may read: those that the directory
// has, and those that the schema declares besides.
func sourceOf(schema Schema, rule Rule, object ObjectMapping) []AttributeDefinition {
	definitions := SourceDefinitions()
	declared, _ := schema.Object(rule.SourceDirectoryName, object.SourceObjectName)
	for _, definition := range declared.Attributes {
		if !slices.ContainsFunc(definitions, func(d AttributeDefinition) bool { return d.Name == definition.Name }) {
			definitions = append(definitions, definition)
		}
	}
	return definitions
}

func (c *compiler) compile(object ObjectMapping) {
	c.filter(object.Scope)
	for i, attribute := range object.AttributeMappings {
		c.attribute(fmt.Sprintf("%s.attributeMappings[%d]", c.path, i), attribute)
	}
	c.matching()
}

func (c *compiler) sourceAttribute(name string) (AttributeDefinition, bool) {
	return find(c.source, name)
}

func find(definitions []AttributeDefinition, name string) (AttributeDefinition, bool) {
	i := slices.IndexFunc(definitions, func(d AttributeDefinition) bool { return d.Name == name })
	if i < 0 {
		return AttributeDefinition{}, false
	}
	return definitions[i], true
}

func namesOf(definitions []AttributeDefinition) []string {
	names := make([]string, len(definitions))
	for i, definition := range definitions {
		names[i] = definition.Name
	}
	return names
}

func (c *compiler) sourceNames() []string { return namesOf(c.source) }

// attribute compiles one row. A row that has a fault in its target is checked as
// far as that goes and left out.
func (c *compiler) attribute(path string, attribute AttributeMapping) {
	name := attribute.TargetAttributeName
	definition, found := find(c.target, name)
	usable := c.writable(path+".targetAttributeName", name, definition, found)
	if !found {
		definition = AttributeDefinition{Name: name, Type: StringType}
	}
	rule := newRule(definition, attribute)
	rule.Multivalued = rule.Multivalued || !found // what it would take is not known
	definition = c.completed(definition)
	c.kind(path, definition, attribute)
	if attribute.DefaultValue != nil {
		value, err := coerce(&rule, attr.Text(*attribute.DefaultValue))
		if err != nil {
			c.fault(path+".defaultValue", "default value of %s: %v", name, err)
		}
		c.length(path+".defaultValue", definition, *attribute.DefaultValue)
		rule.Default = value
	}
	node, program := c.expression(path+".source", rule, definition, attribute.Source)
	if program != nil {
		rule.Expression = expr.Print(node)
		rule.FlowType = additive(node, rule.FlowType)
		if node.Kind == expr.Call && node.Name == uniqueFunction {
			rule.Unique, rule.FlowType = true, ObjectAddOnly
		}
	}
	if !usable {
		return
	}
	c.mapping.Rules = append(c.mapping.Rules, rule)
	c.mapping.programs = append(c.mapping.programs, program)
	c.mapping.usesRoles = c.mapping.usesRoles || program != nil && slices.Contains(program.Attributes(), appRoleAssignments)
}

// writable reports whether a row may name this target attribute, and says why not.
func (c *compiler) writable(path, name string, definition AttributeDefinition, found bool) bool {
	twice := slices.ContainsFunc(c.mapping.Rules, func(r AttributeRule) bool { return strings.EqualFold(r.Target, name) })
	switch {
	case !found:
		c.fault(path, "target attribute %q is not in the schema's list of attributes%s", name, meant(name, namesOf(c.target)))
	case twice:
		c.fault(path, "target attribute %q is mapped twice", name)
	case definition.Mutability == ReadOnly:
		c.fault(path, "target attribute %q is read-only", name)
	case definition.Anchor:
		c.fault(path, "target attribute %q is the id that the target gives out; it cannot be written", name)
	default:
		return true
	}
	return false
}

// completed adds to a definition of the schema what it does not say and the
// connector knows.
func (c *compiler) completed(definition AttributeDefinition) AttributeDefinition {
	known, found := find(c.use.Target, definition.Name)
	if !found {
		return definition
	}
	if length := known.MaximumLength(); definition.MaximumLength() == 0 && length > 0 {
		definition.Metadata = append(slices.Clip(definition.Metadata), MaximumLength(length))
	}
	definition.Unfilterable = definition.Unfilterable || known.Unfilterable
	return definition
}

// additive makes the roles in complex form additions: the target keeps what it
// has besides, unless the assertive function is used.
func additive(node expr.Node, flowType FlowType) FlowType {
	if node.Kind == expr.Call && node.Name == "AppRoleAssignmentsComplex" && flowType == FlowAlwaysType {
		return MultiValueAddOnly
	}
	return flowType
}

func newRule(definition AttributeDefinition, attribute AttributeMapping) AttributeRule {
	rule := AttributeRule{
		Target: definition.Name, Kind: kindOf(definition.Type), Multivalued: definition.Multivalued, CaseExact: definition.CaseExact,
		Priority:      max(0, attribute.MatchingPriority),
		FlowType:      cmp.Or(attribute.FlowType, FlowAlwaysType),
		FlowBehavior:  cmp.Or(attribute.FlowBehavior, FlowWhenChanged),
		SourceMissing: attribute.Source == nil,
		Mutability:    cmp.Or(definition.Mutability, ReadWrite),
		ClearWhenNull: attribute.ClearWhenNull, ExportMissing: attribute.ExportMissingReferences,
	}
	if definition.Type == ReferenceType {
		rule.Reference = userObject
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

// expression compiles a source; program is nil for a mapping without one.
func (c *compiler) expression(path string, rule AttributeRule, definition AttributeDefinition, source *expr.Source) (expr.Node, *expr.Program) {
	if source == nil {
		return expr.Node{}, nil
	}
	node, err := ParseSource(*source)
	switch {
	case err == nil:
		err = expr.Check(node, c.environment(rule))
	case strings.TrimSpace(source.Expression) != "":
		_, err = expr.Read(source.Expression, c.environment(rule))
	}
	if err != nil {
		c.fault(path, "source of %s: %v", rule.Target, err)
		return expr.Node{}, nil
	}
	c.agreement(path, rule.Target, node, *source)
	for _, name := range attributesOf(node) {
		if _, declared := c.sourceAttribute(name); !declared {
			c.extension(path, "source of "+rule.Target, name)
		}
	}
	c.fit(path, rule, definition, node)
	program, err := expr.Compile(node)
	if err != nil {
		c.fault(path, "source of %s: %v", rule.Target, err)
		return expr.Node{}, nil
	}
	return node, program
}

// environment lists what an expression may use: the attributes of the source and
// any directory extension, whose names only the directory knows.
func (c *compiler) environment(rule AttributeRule) expr.Environment {
	environment := expr.Environment{
		Attributes: c.sourceNames(), Accept: directory.IsExtensionName, MultiValued: make(map[string]bool), Refuse: refusedFunctions(rule),
	}
	for _, definition := range c.source {
		environment.MultiValued[definition.Name] = definition.Multivalued
	}
	return environment
}

func refusedFunctions(rule AttributeRule) map[string]string {
	if rule.Priority == 0 {
		return nil
	}
	return map[string]string{uniqueFunction: "the attribute is used for matching, and a value that avoids those in use never matches"}
}

// uniqueFunction chooses a value that the target does not have yet.
const uniqueFunction = "SelectUniqueValue"

// ParseSource reads the source of an attribute mapping: its expression text, or
// its tree when the text is missing. The text of a constant may lack its quotes.
func ParseSource(source expr.Source) (expr.Node, error) {
	if strings.TrimSpace(source.Expression) == "" {
		return expr.FromSource(source)
	}
	node, err := expr.Parse(source.Expression)
	unquoted := err != nil || node.Kind == expr.Keyword && !slices.Contains(expr.Keywords(), node.Name)
	if source.Type == expr.SourceConstant && unquoted {
		return expr.Node{Kind: expr.Text, Text: cmp.Or(source.Name, source.Expression)}, nil
	}
	return node, err
}

// matching orders the matching attributes.
func (c *compiler) matching() {
	rules := c.mapping.Rules
	for i, rule := range rules {
		if rule.Priority > 0 {
			c.mapping.keys = append(c.mapping.keys, i)
		}
	}
	slices.SortStableFunc(c.mapping.keys, func(a, b int) int {
		return cmp.Or(cmp.Compare(rules[a].Priority, rules[b].Priority), strings.Compare(rules[a].Target, rules[b].Target))
	})
	if len(c.mapping.keys) == 0 {
		c.fault(c.path+".attributeMappings", "no attribute is used for matching: set matchingPriority 1 on the one that identifies an account")
	}
	for i, key := range c.mapping.keys[min(1, len(c.mapping.keys)):] {
		before := rules[c.mapping.keys[i]]
		if before.Priority == rules[key].Priority {
			c.warn(c.path+".attributeMappings", "%s and %s have the same matching priority %d; %s is tried first, by its name", before.Target, rules[key].Target, before.Priority, before.Target)
		}
	}
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
