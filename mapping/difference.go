package mapping

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/usher-id/usher/expr"
	"github.com/usher-id/usher/scope"
)

// Difference is one part in which two schemas differ.
type Difference struct {
	Part string `json:"part"` // what differs: "attribute mapping", "scoping filter", "source attribute"
	Name string `json:"name"` // which one, empty where there is one only
	Old  string `json:"old"`  // readable form; empty for a part that is new
	New  string `json:"new"`  // empty for a part that is gone
}

// Change says whether the part is "added", "removed" or "changed".
func (d Difference) Change() string {
	switch {
	case d.Old == "":
		return "added"
	case d.New == "":
		return "removed"
	}
	return "changed"
}

// String returns one line for a part that is new or gone, three for one that
// changed.
func (d Difference) String() string {
	title := d.Part
	if d.Name != "" {
		title += " " + d.Name
	}
	switch d.Change() {
	case "added":
		return "+ " + title + ": " + d.New + "\n"
	case "removed":
		return "- " + title + ": " + d.Old + "\n"
	}
	return "~ " + title + "\n    was: " + d.Old + "\n    now: " + d.New + "\n"
}

// Compare returns how the second schema differs from the first, as far as it
// matters for provisioning users, and whether anything else differs. Ids and
// versions do not count, and neither does the order of the parts.
func Compare(before, after Schema) []Difference {
	old, next := numbered(partsOf(before)), numbered(partsOf(after))
	var differences []Difference
	for _, part := range old {
		i := slices.IndexFunc(next, part.sameAs)
		switch {
		case i < 0:
			differences = append(differences, Difference{part.kind, part.name, part.text, ""})
		case part.differs(next[i]):
			differences = append(differences, Difference{part.kind, part.name, part.text, next[i].text})
		}
	}
	for _, part := range next {
		if !slices.ContainsFunc(old, part.sameAs) {
			differences = append(differences, Difference{part.kind, part.name, "", part.text})
		}
	}
	if !bytes.Equal(remainder(before), remainder(after)) {
		differences = append(differences, Difference{"other parts of the document", "", "(not shown)", "(not shown)"})
	}
	return differences
}

// part is a piece of a schema with a readable form.
type part struct {
	kind, name, text string

	number     int    // how many of this kind and name stand before it
	unmeasured string // text without the length of an attribute, empty where it says none
}

// differs compares the texts. A length that only one of the two documents gives is no
// difference: files from elsewhere have none, and the connector's is used then.
func (p part) differs(other part) bool {
	return p.text != other.text && cmp.Or(p.unmeasured, p.text) != other.text && p.text != cmp.Or(other.unmeasured, other.text)
}

func (p part) sameAs(other part) bool {
	return p.kind == other.kind && p.name == other.name && p.number == other.number
}

// numbered tells parts of one kind and name apart, such as two filters with one
// title, by their order.
func numbered(parts []part) []part {
	seen := make(map[[2]string]int, len(parts))
	for i, part := range parts {
		key := [2]string{part.kind, part.name}
		parts[i].number = seen[key]
		seen[key]++
	}
	return parts
}

func partsOf(schema Schema) []part {
	var parts []part
	rule, object, err := schema.UserMapping()
	if err != nil {
		return parts
	}
	parts = append(parts, part{kind: "allowed actions", name: "", text: object.FlowTypes.String()})
	for _, row := range object.AttributeMappings {
		parts = append(parts, part{kind: "attribute mapping", name: row.TargetAttributeName, text: row.String()})
	}
	if object.Scope != nil {
		parts = append(parts, filterParts("scoping filter", object.Scope.Groups)...)
		parts = append(parts, filterParts("input filter", object.Scope.InputFilterGroups)...)
		parts = append(parts, filterParts("category filter", object.Scope.CategoryFilterGroups)...)
	}
	if len(object.RoleRanking) > 0 {
		parts = append(parts, part{kind: "role ranking", name: "", text: strings.Join(object.RoleRanking, ", ")})
	}
	for _, test := range object.Tests {
		parts = append(parts, part{kind: "test", name: strconv.Quote(test.Name), text: jsonText(test)})
	}
	parts = append(parts, definitionParts(schema, "source attribute", rule.SourceDirectoryName, object.SourceObjectName)...)
	return append(parts, definitionParts(schema, "target attribute", rule.TargetDirectoryName, object.TargetObjectName)...)
}

func filterParts(kind string, groups []scope.FilterGroup) []part {
	parts := make([]part, len(groups))
	for i, group := range groups {
		clauses := make([]string, len(group.Clauses))
		for j, clause := range group.Clauses {
			clauses[j] = strings.TrimSpace(clause.SourceOperandName + " " + clause.OperatorName + " " + clause.Value())
		}
		parts[i] = part{kind: kind, name: strconv.Quote(group.Name), text: strings.Join(clauses, " and ")}
		if len(clauses) == 0 {
			parts[i].text = "everyone"
		}
	}
	return parts
}

func definitionParts(schema Schema, kind, directoryName, objectName string) []part {
	definition, _ := schema.Object(directoryName, objectName)
	parts := make([]part, len(definition.Attributes))
	for i, attribute := range definition.Attributes {
		parts[i] = part{kind: kind, name: attribute.Name, text: attribute.String()}
		if length := attribute.MaximumLength(); length > 0 {
			attribute.Metadata = nil
			parts[i].unmeasured = attribute.String()
		}
	}
	return parts
}

// String returns the definition in one line, without its name.
func (a AttributeDefinition) String() string {
	words := []string{string(a.Type)}
	for _, flag := range []struct {
		set  bool
		word string
	}{{a.Anchor, "anchor"}, {a.Required, "required"}, {a.Multivalued, "several values"}, {a.CaseExact, "letter case counts"}, {a.Unfilterable, "not to look accounts up by"}, {a.Mutability != ReadWrite, string(a.Mutability)}} {
		if flag.set {
			words = append(words, flag.word)
		}
	}
	for _, referenced := range a.ReferencedObjects {
		words = append(words, "refers to "+referenced.ReferencedObjectName)
	}
	if a.DefaultValue != nil {
		words = append(words, "default "+strconv.Quote(*a.DefaultValue))
	}
	if length := a.MaximumLength(); length > 0 {
		words = append(words, fmt.Sprintf("at most %d characters", length))
	}
	return strings.Join(words, ", ")
}

// String returns the row in one line, without its target.
func (m AttributeMapping) String() string {
	words := []string{"no source"}
	if m.Source != nil {
		words[0] = sourceText(*m.Source)
	}
	if m.DefaultValue != nil {
		words = append(words, "default "+strconv.Quote(*m.DefaultValue))
	}
	if m.MatchingPriority > 0 {
		words = append(words, fmt.Sprintf("matching priority %d", m.MatchingPriority))
	}
	if m.FlowType != FlowAlwaysType {
		words = append(words, string(m.FlowType))
	}
	if m.FlowBehavior != FlowWhenChanged {
		words = append(words, string(m.FlowBehavior))
	}
	if m.ClearWhenNull {
		words = append(words, "clear when null")
	}
	if m.ExportMissingReferences {
		words = append(words, "export missing references")
	}
	return strings.Join(words, "; ")
}

// sourceText returns the expression in canonical text, or as it is when it cannot
// be read.
func sourceText(source expr.Source) string {
	node, err := ParseSource(source)
	if err != nil {
		return source.Expression
	}
	return expr.Print(node)
}

// remainder returns what partsOf leaves out, to be compared as a whole.
func remainder(schema Schema) []byte {
	schema = schema.clone()
	schema.ID, schema.Version = "", ""
	rule, object, err := schema.UserMapping()
	if err == nil {
		for _, side := range [][2]string{{rule.SourceDirectoryName, object.SourceObjectName}, {rule.TargetDirectoryName, object.TargetObjectName}} {
			if definition := schema.definition(side[0], side[1]); definition != nil {
				definition.Attributes = remainingDefinitions(definition.Attributes)
			}
		}
		object.AttributeMappings = remainingRows(object.AttributeMappings)
		object.Scope, object.RoleRanking, object.Tests = nil, nil, nil
		object.FlowTypes = AllFlows
	}
	return []byte(jsonText(schema))
}

// remainingDefinitions keeps of attributes what their readable form does not show,
// in the order of their names.
func remainingDefinitions(attributes []AttributeDefinition) []AttributeDefinition {
	var remaining []AttributeDefinition
	for _, attribute := range attributes {
		metadata := slices.DeleteFunc(slices.Clone(attribute.Metadata), func(m Metadata) bool { return m.Key == maximumLength })
		if unknown := unknownAlone(attribute.Unknown, attribute); len(metadata) > 0 || len(unknown) > 0 {
			remaining = append(remaining, AttributeDefinition{Name: attribute.Name, Metadata: metadata, Unknown: unknown})
		}
	}
	slices.SortStableFunc(remaining, func(a, b AttributeDefinition) int { return strings.Compare(a.Name, b.Name) })
	return remaining
}

// remainingRows does the same for attribute mappings.
func remainingRows(rows []AttributeMapping) []AttributeMapping {
	var remaining []AttributeMapping
	for _, row := range rows {
		if unknown := unknownAlone(row.Unknown, row); len(unknown) > 0 {
			remaining = append(remaining, AttributeMapping{TargetAttributeName: row.TargetAttributeName, Unknown: unknown})
		}
	}
	slices.SortStableFunc(remaining, func(a, b AttributeMapping) int { return strings.Compare(a.TargetAttributeName, b.TargetAttributeName) })
	return remaining
}

// unknownAlone leaves out the members that a field holds in part.
func unknownAlone(unknown Unknown, known any) Unknown {
	unknown = maps.Clone(unknown)
	maps.DeleteFunc(unknown, func(name string, _ json.RawMessage) bool { return hasField(known, name) })
	return unknown
}

// definition returns the definition of an object type, to be changed in place.
func (s Schema) definition(directoryName, objectName string) *ObjectDefinition {
	for i := range s.Directories {
		for j := range s.Directories[i].Objects {
			if s.Directories[i].Name == directoryName && s.Directories[i].Objects[j].Name == objectName {
				return &s.Directories[i].Objects[j]
			}
		}
	}
	return nil
}

// clone copies what remainder changes.
func (s Schema) clone() Schema {
	s.Directories = slices.Clone(s.Directories)
	for i := range s.Directories {
		s.Directories[i].Objects = slices.Clone(s.Directories[i].Objects)
	}
	s.SynchronizationRules = slices.Clone(s.SynchronizationRules)
	for i := range s.SynchronizationRules {
		s.SynchronizationRules[i].ObjectMappings = slices.Clone(s.SynchronizationRules[i].ObjectMappings)
	}
	return s
}

func jsonText(value any) string {
	data, err := json.Marshal(value)
	if err != nil {
		return err.Error()
	}
	return string(data)
}
