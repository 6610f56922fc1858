package administration

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/scope"
)

// SchemaEdit changes one part of a schema, as [Acts.ChangeSchemaDraft] wants it. The
// part has to be as it was when the edit was begun, which its mark tells; else that is a
// Refusal with the code ChangedMeanwhile.
type SchemaEdit func(mapping.Schema) (mapping.Schema, error)

// PutMapping makes the mapping of a target attribute exactly this. Was is the target
// attribute that it had, empty for a new one, and mark the [Mark] of the mapping then.
func PutMapping(was, mark string, row mapping.AttributeMapping) SchemaEdit {
	return func(schema mapping.Schema) (mapping.Schema, error) {
		_, object, err := schema.UserMapping()
		if err != nil {
			return schema, err
		}
		rows := object.AttributeMappings
		if row.TargetAttributeName == "" {
			return schema, refuse(Invalid, "target", "choose the attribute that is to be written")
		}
		if at := rowOf(rows, row.TargetAttributeName); at >= 0 && !strings.EqualFold(was, row.TargetAttributeName) {
			return schema, refuse(Invalid, "target", "%s is mapped already", rows[at].TargetAttributeName).advising("Edit that mapping instead.")
		}
		if was == "" {
			object.AttributeMappings = append(object.AttributeMappings, row)
			return schema, nil
		}
		at := rowOf(rows, was)
		if at < 0 {
			return schema, changedMeanwhile("the mapping of %s was deleted since you opened it", was)
		}
		if Mark(rows[at]) != mark {
			return schema, changedMeanwhile("the mapping of %s was changed since you opened it; it is now %s", was, rows[at])
		}
		rows[at] = row
		return schema, nil
	}
}

// RemoveMapping ends the mapping of a target attribute that has this mark.
func RemoveMapping(target, mark string) SchemaEdit {
	return func(schema mapping.Schema) (mapping.Schema, error) {
		_, object, err := schema.UserMapping()
		if err != nil {
			return schema, err
		}
		at := rowOf(object.AttributeMappings, target)
		if at < 0 {
			return schema, changedMeanwhile("%s is not mapped any more", target)
		}
		if Mark(object.AttributeMappings[at]) != mark {
			return schema, changedMeanwhile("the mapping of %s was changed since you opened it; it is now %s", target, object.AttributeMappings[at])
		}
		object.AttributeMappings = slices.Delete(object.AttributeMappings, at, at+1)
		return schema, nil
	}
}

func rowOf(rows []mapping.AttributeMapping, target string) int {
	return slices.IndexFunc(rows, func(m mapping.AttributeMapping) bool { return strings.EqualFold(m.TargetAttributeName, target) })
}

// MatchingOrder returns the target attributes that accounts are matched by, the one
// that is tried first at the beginning.
func MatchingOrder(object *mapping.ObjectMapping) []string {
	rows := slices.DeleteFunc(slices.Clone(object.AttributeMappings), func(m mapping.AttributeMapping) bool { return m.MatchingPriority <= 0 })
	slices.SortStableFunc(rows, func(a, b mapping.AttributeMapping) int {
		return cmp.Or(cmp.Compare(a.MatchingPriority, b.MatchingPriority), strings.Compare(a.TargetAttributeName, b.TargetAttributeName))
	})
	names := make([]string, len(rows))
	for i, row := range rows {
		names[i] = row.TargetAttributeName
	}
	return names
}

// MoveMatching tries a matching attribute one place earlier or later, and numbers the
// priorities from 1. The order has to be the one given.
func MoveMatching(target string, earlier bool, order []string) SchemaEdit {
	return func(schema mapping.Schema) (mapping.Schema, error) {
		_, object, err := schema.UserMapping()
		if err != nil {
			return schema, err
		}
		known := MatchingOrder(object)
		if !slices.Equal(known, order) {
			return schema, changedMeanwhile("the matching attributes were changed since you looked at them; they are now %s", strings.Join(known, ", "))
		}
		at := slices.Index(known, target)
		to := at + 1
		if earlier {
			to = at - 1
		}
		if at < 0 || to < 0 || to >= len(known) {
			return schema, refuse(Invalid, "", "%s cannot be moved there", target)
		}
		known[at], known[to] = known[to], known[at]
		for i, name := range known {
			object.AttributeMappings[rowOf(object.AttributeMappings, name)].MatchingPriority = i + 1
		}
		return schema, nil
	}
}

// PutFlowTypes allows exactly these actions.
func PutFlowTypes(was, flows mapping.FlowTypes) SchemaEdit {
	return func(schema mapping.Schema) (mapping.Schema, error) {
		_, object, err := schema.UserMapping()
		if err != nil {
			return schema, err
		}
		if object.FlowTypes != was {
			return schema, changedMeanwhile("the target object actions were changed since you looked at them; they are now %s", object.FlowTypes)
		}
		object.FlowTypes = flows
		return schema, nil
	}
}

// PutScope makes the scoping filters exactly these; mark is the [Mark] of those before.
func PutScope(mark string, filter *scope.Filter) SchemaEdit {
	return func(schema mapping.Schema) (mapping.Schema, error) {
		_, object, err := schema.UserMapping()
		if err != nil {
			return schema, err
		}
		if Mark(object.Scope) != mark {
			return schema, changedMeanwhile("the scoping filters were changed since you opened them")
		}
		object.Scope = filter
		return schema, nil
	}
}

// AddTargetAttribute adds an attribute to the list of those that the target has.
func AddTargetAttribute(definition mapping.AttributeDefinition) SchemaEdit {
	return func(schema mapping.Schema) (mapping.Schema, error) {
		target, err := targetObject(schema)
		if err != nil {
			return schema, err
		}
		if strings.TrimSpace(definition.Name) == "" {
			return schema, refuse(Invalid, "name", "give the attribute its name in the application")
		}
		if known := attributeOf(target.Attributes, definition.Name); known >= 0 {
			return schema, refuse(Invalid, "name", "there is an attribute %s already", target.Attributes[known].Name)
		}
		target.Attributes = append(target.Attributes, definition)
		return schema, nil
	}
}

// RemoveTargetAttribute takes an attribute off that list; it must not be mapped.
func RemoveTargetAttribute(name string) SchemaEdit {
	return func(schema mapping.Schema) (mapping.Schema, error) {
		target, err := targetObject(schema)
		if err != nil {
			return schema, err
		}
		_, object, err := schema.UserMapping()
		if err != nil {
			return schema, err
		}
		at := attributeOf(target.Attributes, name)
		switch {
		case at < 0:
			return schema, changedMeanwhile("there is no attribute %s any more", name)
		case rowOf(object.AttributeMappings, name) >= 0:
			return schema, refuse(Invalid, "", "%s is mapped", name).advising("Delete its mapping first.")
		}
		target.Attributes = slices.Delete(target.Attributes, at, at+1)
		return schema, nil
	}
}

// targetObject returns the definition of the objects that are written, to be changed in
// place.
func targetObject(schema mapping.Schema) (*mapping.ObjectDefinition, error) {
	rule, object, err := schema.UserMapping()
	if err != nil {
		return nil, err
	}
	for i := range schema.Directories {
		for j := range schema.Directories[i].Objects {
			if schema.Directories[i].Name == rule.TargetDirectoryName && schema.Directories[i].Objects[j].Name == object.TargetObjectName {
				return &schema.Directories[i].Objects[j], nil
			}
		}
	}
	return nil, refuse(Invalid, "", "the schema does not describe the object %s of %s", object.TargetObjectName, rule.TargetDirectoryName)
}

func attributeOf(attributes []mapping.AttributeDefinition, name string) int {
	return slices.IndexFunc(attributes, func(d mapping.AttributeDefinition) bool { return strings.EqualFold(d.Name, name) })
}

// PutSchema replaces the whole schema, if the actor's changes are still in the state
// with the tag.
func (a Acts) PutSchema(ctx context.Context, app Application, tag string, schema mapping.Schema) error {
	draft, err := a.SchemaDraft(ctx, app)
	if err != nil {
		return err
	}
	if draft.Changed() && draft.Tag != tag {
		return changedMeanwhile("nothing was replaced: you have changes that you did not look at")
	}
	return a.ChangeSchemaDraft(ctx, app, func(mapping.Schema) (mapping.Schema, error) { return schema, nil })
}

// ParseSchema reads a schema. What an answer of the API says of itself, and comes along
// with a schema that was fetched there, is not in it.
func ParseSchema(data []byte) (mapping.Schema, error) {
	schema, err := mapping.Parse(data)
	maps.DeleteFunc(schema.Unknown, func(name string, _ json.RawMessage) bool { return strings.HasPrefix(name, "@odata.") })
	return schema, err
}

// ReadSchema reads a schema as a file has it. What is wrong with its form is a Refusal.
func ReadSchema(data []byte) (mapping.Schema, error) {
	schema, err := ParseSchema(data)
	if err != nil {
		refusal := refuse(Invalid, "schema", "%v", err).advising("Choose a file as it was downloaded here, or exported from Microsoft Entra ID.")
		refusal.Err = err
		return schema, refusal
	}
	return schema, nil
}
