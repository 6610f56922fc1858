package mapping

import (
	"bytes"
	"strconv"
)

// Clash is a part of a schema that two people changed in different ways. Each text is
// the part in JSON; one that is empty says that the part is not there.
type Clash struct {
	Part, Name         string // as in a Difference
	Base, Mine, Theirs string
}

// Merge makes one schema of two that were made of the same base: what only one of them
// changed is as there. Where both changed a part, such as one attribute mapping, in
// different ways, that is a Clash; there the result is theirs, or mine with preferMine.
// Ids and versions are theirs.
func Merge(base, mine, theirs Schema, preferMine bool) (Schema, []Clash) {
	m := merger{preferMine: preferMine}
	_, _, baseErr := base.UserMapping()
	_, _, mineErr := mine.UserMapping()
	_, _, theirErr := theirs.UserMapping()
	if baseErr != nil || mineErr != nil || theirErr != nil {
		return m.whole(base, mine, theirs), m.clashes
	}
	merged := m.skeleton(base, mine, theirs)
	rule, object, err := merged.UserMapping()
	if err != nil {
		return m.whole(base, mine, theirs), m.clashes // the skeleton is one of the three
	}
	_, was, _ := base.UserMapping()
	_, own, _ := mine.UserMapping()
	_, other, _ := theirs.UserMapping()
	object.FlowTypes = pick(&m, "allowed actions", was.FlowTypes, own.FlowTypes, other.FlowTypes)
	object.Scope = pick(&m, "scoping filters", was.Scope, own.Scope, other.Scope)
	object.RoleRanking = pick(&m, "role ranking", was.RoleRanking, own.RoleRanking, other.RoleRanking)
	object.AttributeMappings = pickEach(&m, "attribute mapping", was.AttributeMappings, own.AttributeMappings, other.AttributeMappings,
		func(row AttributeMapping) string { return row.TargetAttributeName })
	object.Tests = pickEach(&m, "test", was.Tests, own.Tests, other.Tests, func(test Test) string { return strconv.Quote(test.Name) })
	for _, side := range []struct{ part, directory, object string }{
		{"source attribute", rule.SourceDirectoryName, object.SourceObjectName},
		{"target attribute", rule.TargetDirectoryName, object.TargetObjectName},
	} {
		if definition := merged.definition(side.directory, side.object); definition != nil {
			before, _ := base.Object(side.directory, side.object)
			here, _ := mine.Object(side.directory, side.object)
			there, _ := theirs.Object(side.directory, side.object)
			definition.Attributes = pickEach(&m, side.part, before.Attributes, here.Attributes, there.Attributes,
				func(attribute AttributeDefinition) string { return attribute.Name })
		}
	}
	merged.ID, merged.Version = theirs.ID, theirs.Version
	return merged, m.clashes
}

// merger collects the parts that both changed.
type merger struct {
	preferMine bool
	clashes    []Clash
}

// takesMine decides about a part by its three texts.
func (m *merger) takesMine(part, name, base, mine, theirs string) bool {
	switch {
	case mine == base || mine == theirs:
		return false
	case theirs == base:
		return true
	}
	m.clashes = append(m.clashes, Clash{part, name, base, mine, theirs})
	return m.preferMine
}

// whole takes one of the documents as it is.
func (m *merger) whole(base, mine, theirs Schema) Schema {
	if m.takesMine("whole document", "", jsonText(base), jsonText(mine), jsonText(theirs)) {
		return mine
	}
	return theirs
}

// skeleton returns the document whose other parts count, to be changed in place.
func (m *merger) skeleton(base, mine, theirs Schema) Schema {
	was, own, other := remainder(base), remainder(mine), remainder(theirs)
	chosen := theirs
	switch {
	case bytes.Equal(own, was) || bytes.Equal(own, other):
	case bytes.Equal(other, was):
		chosen = mine
	default:
		m.clashes = append(m.clashes, Clash{Part: "other parts of the document"})
		if m.preferMine {
			chosen = mine
		}
	}
	return chosen.clone()
}

// pick decides about a part that there is one of.
func pick[T any](m *merger, part string, base, mine, theirs T) T {
	if m.takesMine(part, "", jsonText(base), jsonText(mine), jsonText(theirs)) {
		return mine
	}
	return theirs
}

// pickEach decides about each item of a list by its name: theirs in their order, then
// what is mine alone.
func pickEach[T any](m *merger, part string, base, mine, theirs []T, name func(T) string) []T {
	was, own := byName(base, name), byName(mine, name)
	other := byName(theirs, name)
	merged := make([]T, 0, len(theirs))
	for _, item := range theirs {
		key := name(item)
		if !m.takesMine(part, key, text(was, key), text(own, key), jsonText(item)) {
			merged = append(merged, item)
		} else if kept, there := own[key]; there {
			merged = append(merged, kept)
		}
	}
	for _, item := range mine {
		key := name(item)
		if _, there := other[key]; !there && m.takesMine(part, key, text(was, key), jsonText(item), "") {
			merged = append(merged, item)
		}
	}
	return merged
}

func byName[T any](items []T, name func(T) string) map[string]T {
	named := make(map[string]T, len(items))
	for _, item := range items {
		named[name(item)] = item
	}
	return named
}

func text[T any](items map[string]T, name string) string {
	if item, there := items[name]; there {
		return jsonText(item)
	}
	return ""
}
