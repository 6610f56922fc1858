package mapping

import (
	"fmt"
	"slices"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/scope"
)

// filter compiles the scoping filter.
func (c *compiler) filter(filter *scope.Filter) {
	if filter == nil {
		return
	}
	for _, fault := range filter.Faults() {
		c.fault(c.path+".scope."+fault.Path, "%v", fault)
	}
	compiled, err := scope.Compile(*filter)
	if err == nil {
		c.mapping.Filter = compiled
	}
	c.clauses("groups", filter.Groups)
	c.clauses("inputFilterGroups", filter.InputFilterGroups)
	c.clauses("categoryFilterGroups", filter.CategoryFilterGroups)
}

// clauses checks filters against the attributes that the source has.
func (c *compiler) clauses(member string, groups []scope.FilterGroup) {
	for i, group := range groups {
		path := fmt.Sprintf("%s.scope.%s[%d]", c.path, member, i)
		if len(group.Clauses) == 0 {
			c.warn(path, "scoping filter %q has no clause, so everyone passes it", group.Name)
		}
		for j, clause := range group.Clauses {
			c.clause(fmt.Sprintf("%s.clauses[%d]", path, j), group.Name, clause)
		}
	}
}

// isSoftDeleted is true of whoever is out of scope.
const isSoftDeleted = "IsSoftDeleted"

func (c *compiler) clause(path, group string, clause scope.Clause) {
	name := clause.SourceOperandName
	operator, known := scope.FindOperator(clause.OperatorName)
	if scope.Refused(name) != "" {
		return
	}
	definition, found := c.sourceAttribute(name)
	if !found && directory.IsExtensionName(name) {
		c.extension(path, fmt.Sprintf("scoping filter %q", group), name)
		return
	}
	switch {
	case !found:
		c.fault(path, "scoping filter %q: there is no source attribute %q%s", group, name, meant(name, c.sourceNames()))
	case definition.Multivalued:
		c.fault(path, "scoping filter %q: %q may have several values, and scoping filters take attributes with one", group, name)
	case definition.Type == DateTimeType || definition.Type == ReferenceType:
		c.fault(path, "scoping filter %q: %q is of type %s, and scoping filters take texts, numbers and Booleans", group, name, definition.Type)
	case name == isSoftDeleted:
		c.warn(path, "scoping filter %q: %q follows from the scope itself and is always False where filters are judged", group, name)
	case known && !slices.Contains(operator.Kinds, kindOf(definition.Type)):
		c.warn(path, "scoping filter %q: operator %s is not made for %q, which is of type %s", group, operator.Name, name, definition.Type)
	}
}
