package mapping

import (
	"fmt"
	"slices"
	"strings"
)

// Use says how a schema is going to be used, as far as it matters for checking
// it. The zero Use is right where that is not known.
type Use struct {
	ActiveAttribute string                // target attribute that disables accounts
	Everyone        bool                  // all users are provisioned, assigned or not
	Target          []AttributeDefinition // attributes of the target as its connector knows them: what the schema does not say of one is taken from here
	Extensions      []string              // directory extensions that users have; nil when that is not known, see [Schema.UndeclaredExtensions]
}

// Check finds everything that is wrong or doubtful in a schema before it is
// saved: what keeps it from being used, what it may not do as meant, and tests of
// the mapping that fail. It is what [Compile] finds and more.
func Check(schema Schema, use Use) Findings {
	c := compile(schema, use)
	c.definitions(schema)
	c.unused(schema)
	c.misspelled(schema)
	if c.target != nil {
		c.required()
		c.active()
		c.roles(schema)
		c.flows()
	}
	c.emptyTests()
	if len(c.findings.Faults()) == 0 {
		for i, result := range c.mapping.Test() {
			for _, fault := range result.Faults {
				c.fault(fmt.Sprintf("%s.%q[%d]", c.path, testsMember, i), "test %q: %s", result.Name, fault)
			}
		}
	}
	return c.findings
}

// emptyTests warns of tests that say nothing of the result.
func (c *compiler) emptyTests() {
	for i, test := range c.mapping.tests {
		if len(test.Expect) == 0 && test.InScope == nil && test.Fails == "" {
			c.warn(fmt.Sprintf("%s.%q[%d]", c.path, testsMember, i), "test %q expects nothing, so it fails only where the mapping does", test.Name)
		}
	}
}

// definitions looks for attribute names that cannot be told apart.
func (c *compiler) definitions(schema Schema) {
	known := membersOf(AttributeDefinition{})
	for i, directory := range schema.Directories {
		for j, object := range directory.Objects {
			seen := make(map[string]string, len(object.Attributes))
			for k, attribute := range object.Attributes {
				path := fmt.Sprintf("directories[%d].objects[%d].attributes[%d]", i, j, k)
				c.definition(path, attribute)
				c.members(path, attribute.Unknown, known)
				key := strings.ToLower(attribute.Name)
				switch before, twice := seen[key]; {
				case twice && before == attribute.Name:
					c.fault(path, "the attribute %q of %s is defined twice", attribute.Name, object.Name)
				case twice:
					c.warn(path, "the attributes %q and %q of %s differ in letter case only", before, attribute.Name, object.Name)
				}
				seen[key] = attribute.Name
			}
		}
	}
}

func (c *compiler) definition(path string, attribute AttributeDefinition) {
	if attribute.Name == "" {
		c.fault(path, "an attribute has no name")
	}
	switch attribute.Type {
	case StringType, IntegerType, ReferenceType, BinaryType, BooleanType, DateTimeType:
	default:
		c.fault(path+".type", "the attribute %q: there is no type %q%s", attribute.Name, attribute.Type,
			meant(string(attribute.Type), []string{string(StringType), string(IntegerType), string(ReferenceType), string(BinaryType), string(BooleanType), string(DateTimeType)}))
	}
	switch attribute.Mutability {
	case ReadWrite, ReadOnly, Immutable, WriteOnly:
	default:
		c.fault(path+".mutability", "the attribute %q: there is no mutability %q%s", attribute.Name, attribute.Mutability,
			meant(string(attribute.Mutability), []string{string(ReadWrite), string(ReadOnly), string(Immutable), string(WriteOnly)}))
	}
	for i, metadata := range attribute.Metadata {
		if metadata.Key == maximumLength && attribute.MaximumLength() == 0 {
			c.warn(fmt.Sprintf("%s.metadata[%d]", path, i), "the attribute %q: %s is %q, which is no number of characters, so lengths are not checked", attribute.Name, maximumLength, metadata.Value)
		}
	}
}

// unused names object mappings that are kept and not run. Those of a rule that
// reads from the target, which import its roles, are the connector's own work.
func (c *compiler) unused(schema Schema) {
	ruleIndex, objectIndex, found := schema.userMapping()
	if !found {
		return
	}
	source := schema.SynchronizationRules[ruleIndex].SourceDirectoryName
	for i, rule := range schema.SynchronizationRules {
		if rule.SourceDirectoryName != source {
			continue
		}
		for j, object := range rule.ObjectMappings {
			if object.Enabled && (i != ruleIndex || j != objectIndex) {
				c.warn(fmt.Sprintf("synchronizationRules[%d].objectMappings[%d]", i, j), "the mapping from %s to %s is kept and not run: one mapping, from User, is", object.SourceObjectName, object.TargetObjectName)
			}
		}
	}
}

// required looks for attributes that the target needs and nobody fills. It is a
// warning, because schemas in use name attributes that the target fills itself.
func (c *compiler) required() {
	for i, definition := range c.target {
		if !definition.Required || definition.Mutability == ReadOnly || definition.Anchor {
			continue
		}
		row, attribute := c.row(definition.Name)
		switch {
		case row == "":
			c.warn(fmt.Sprintf("%s.attributes[%d]", c.targetPath, i), "the target requires %s, which is not mapped", definition.Name)
		case attribute.Source == nil && (attribute.DefaultValue == nil || *attribute.DefaultValue == ""):
			c.warn(row, "the target requires %s, which has neither a source nor a default value", definition.Name)
		}
	}
}

// row returns the row for a target attribute with its path, which is empty when the
// attribute is not mapped. A row counts that has faults, too.
func (c *compiler) row(target string) (path string, row AttributeMapping) {
	for i, row := range c.rows {
		if row.TargetAttributeName == target {
			return fmt.Sprintf("%s.attributeMappings[%d]", c.path, i), row
		}
	}
	return "", AttributeMapping{}
}

// active warns of mappings that leave leavers their accounts.
func (c *compiler) active() {
	name := c.use.ActiveAttribute
	if name == "" {
		return
	}
	path, attribute := c.row(name)
	rule := c.mapping.Rule(name)
	switch {
	case path == "":
		c.warn(c.path+".attributeMappings", "%s is not mapped, so accounts of people who leave the scope are not disabled", name)
	case attribute.Source == nil:
		c.warn(path, "%s has no source, so accounts of people who leave the scope are not disabled", name)
	case rule != nil && !rule.Changes():
		c.warn(path, "%s does not change an account that exists, so accounts of people who leave the scope are not disabled", name)
	}
}

// roles checks what depends on assignments.
func (c *compiler) roles(schema Schema) {
	if c.use.Everyone {
		for _, rule := range c.mapping.Rules {
			if strings.Contains(rule.Expression, appRoleAssignments) {
				c.warn(c.path+".attributeMappings", "%s comes from role assignments, and all users are provisioned, assigned or not: who is not assigned has no role", rule.Target)
			}
		}
	}
	i, j, _ := schema.userMapping()
	ranking := schema.SynchronizationRules[i].ObjectMappings[j].RoleRanking
	for k, name := range ranking {
		if slices.ContainsFunc(ranking[:k], func(before string) bool { return strings.EqualFold(before, name) }) {
			c.fault(fmt.Sprintf(`%s."@usher.roleRanking"[%d]`, c.path, k), "the role %q is ranked twice", name)
		}
	}
}

func (c *compiler) flows() {
	if c.mapping.Flows&(FlowAdd|FlowUpdate) == 0 {
		c.warn(c.path+".flowTypes", "the object mapping allows neither to create nor to update accounts, so it does nothing")
	}
}
