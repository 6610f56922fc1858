package mapping

import (
	"iter"
	"slices"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/expr"
)

// UndeclaredExtensions returns the directory extensions that the schema uses, in
// sources and scoping filters, and does not list among the attributes of the source.
// Whether these exist only the directory can tell; see [SeenExtensions].
func (s Schema) UndeclaredExtensions() []string {
	_, object, err := s.UserMapping()
	if err != nil {
		return nil
	}
	var used []string
	if object.Scope != nil {
		for _, group := range slices.Concat(object.Scope.Groups, object.Scope.InputFilterGroups, object.Scope.CategoryFilterGroups) {
			for _, clause := range group.Clauses {
				used = append(used, clause.SourceOperandName)
			}
		}
	}
	for _, attribute := range object.AttributeMappings {
		if attribute.Source == nil {
			continue
		}
		if node, err := ParseSource(*attribute.Source); err == nil {
			used = append(used, attributesOf(node)...)
		}
	}
	return s.undeclared(used)
}

// undeclared keeps the directory extensions that the schema does not list.
func (s Schema) undeclared(names []string) []string {
	declared := s.sourceAttributes()
	names = slices.DeleteFunc(names, func(name string) bool {
		_, known := find(declared, name)
		return known || !directory.IsExtensionName(name)
	})
	slices.Sort(names)
	return slices.Compact(names)
}

// SourceAttributes returns what sources and scoping filters of the mapping of users can
// use: the attributes that the directory has and those that the schema declares besides.
func (s Schema) SourceAttributes() []AttributeDefinition {
	return slices.Clone(s.sourceAttributes())
}

func (s Schema) sourceAttributes() []AttributeDefinition {
	i, j, found := s.userMapping()
	if !found {
		return SourceDefinitions()
	}
	return sourceOf(s, s.SynchronizationRules[i], s.SynchronizationRules[i].ObjectMappings[j])
}

// Environment returns what an expression of the mapping of users may use: the
// attributes of the source and those directory extensions that seen, such as
// [SeenExtensions], finds among the ones that the schema does not list.
func (s Schema) Environment(node expr.Node, seen func(wanted []string) ([]string, error)) (expr.Environment, error) {
	declared := s.sourceAttributes()
	environment := expr.Environment{Attributes: namesOf(declared), MultiValued: make(map[string]bool)}
	for _, definition := range declared {
		environment.MultiValued[definition.Name] = definition.Multivalued
	}
	wanted := s.undeclared(attributesOf(node))
	if len(wanted) == 0 {
		return environment, nil
	}
	extensions, err := seen(wanted)
	environment.Attributes = append(environment.Attributes, extensions...)
	return environment, err
}

// SeenExtensions returns the directory extensions that users have. It reads users
// until it has seen all that are wanted, so a name that nobody has costs a reading of
// everybody. It is never nil.
func SeenExtensions(users iter.Seq2[directory.User, error], wanted []string) ([]string, error) {
	seen := []string{}
	missing := slices.Clone(wanted)
	if len(missing) == 0 {
		return seen, nil
	}
	for user, err := range users {
		if err != nil {
			return seen, err
		}
		for name := range user.Attributes.All() {
			if !directory.IsExtensionName(name) || slices.Contains(seen, name) {
				continue
			}
			seen = append(seen, name)
			missing = slices.DeleteFunc(missing, func(m string) bool { return m == name })
		}
		if len(missing) == 0 {
			break
		}
	}
	return seen, nil
}

// extension warns of a directory extension that neither the schema lists nor a user
// has: it may be misspelled, and then nobody ever has a value for it.
func (c *compiler) extension(path, where, name string) {
	if c.use.Extensions == nil || slices.Contains(c.use.Extensions, name) {
		return
	}
	known := slices.Clone(c.use.Extensions)
	for _, definition := range c.source {
		if directory.IsExtensionName(definition.Name) {
			known = append(known, definition.Name)
		}
	}
	c.warn(path, "%s: the schema does not list %q, and no user has it%s", where, name, meant(name, known))
}
