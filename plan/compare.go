package plan

import (
	"slices"
	"strings"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/mapping"
)

// desiredForCreation is what a new account gets: every value, and the default
// where the source gives none.
func desiredForCreation(desired mapping.Desired, objectType string) attr.Object {
	object := attr.NewBuilder(objectType, "", len(desired.Flows))
	for _, flow := range desired.Flows {
		if value := flow.ForCreation(); !value.IsEmpty() {
			object.Set(flow.Rule.Target, value)
		}
	}
	return object.Object()
}

// newFields lists all attributes of a new account.
func newFields(object attr.Object, desired mapping.Desired) []Field {
	fields := make([]Field, 0, object.Len())
	for name, value := range object.All() {
		fields = append(fields, Field{Name: name, New: value, Redacted: redacted(desired, name)})
	}
	return fields
}

func redacted(desired mapping.Desired, name string) bool {
	for _, flow := range desired.Flows {
		if flow.Rule.Target == name {
			return flow.Hidden()
		}
	}
	return false
}

// comparison is what an existing account is to hold, and the fields in which it
// differs from that. Values that the mapping does not ask for are left alone.
type comparison struct {
	desired attr.Object
	differs []Field
	along   []Field // equal or not known to differ; written only together with fields that differ
}

func compare(desired mapping.Desired, current attr.Object, spelling Spelling) comparison {
	object := attr.NewBuilder(current.Type, current.ID, len(desired.Flows))
	var result comparison
	for _, flow := range desired.Flows {
		old := current.Get(flow.Rule.Target)
		wanted, wants := wantedValue(flow, old)
		if !wants {
			continue
		}
		wanted = spelling.kept(flow.Rule.Target, wanted, old)
		object.Set(flow.Rule.Target, wanted)
		field := Field{Name: flow.Rule.Target, Old: old, New: wanted, Redacted: flow.Hidden()}
		hidden := flow.Rule.Mutability == mapping.WriteOnly
		switch {
		case !hidden && !same(old, wanted, flow.Rule.CaseExact):
			result.differs = append(result.differs, field)
		case hidden || flow.Rule.FlowBehavior == mapping.FlowAlways:
			result.along = append(result.along, field)
		}
	}
	result.desired = object.Object()
	return result
}

// fields returns what is to be written, in the order of the names.
func (c comparison) fields() []Field {
	if len(c.differs) == 0 {
		return nil
	}
	fields := slices.Concat(c.differs, c.along)
	slices.SortFunc(fields, func(a, b Field) int { return strings.Compare(a.Name, b.Name) })
	return fields
}

// wantedValue applies the flow type and the defaults to an account that exists. A
// source without a value changes nothing, unless the attribute is to be cleared:
// null does not flow outbound. Clearing puts the default there, if there is one,
// because a new account gets it and must not lose it with the next cycle. A
// mapping without source fills its default in only where the target has nothing.
func wantedValue(flow mapping.Flow, old attr.Value) (value attr.Value, wants bool) {
	rule := flow.Rule
	switch {
	case flow.Ignored, rule.FlowType == mapping.ObjectAddOnly, rule.Mutability == mapping.Immutable:
		return attr.Value{}, false
	case rule.SourceMissing:
		return rule.Default, old.IsEmpty() && !rule.Default.IsEmpty() && rule.Mutability != mapping.WriteOnly
	case !rule.Changes() && !old.IsEmpty():
		return attr.Value{}, false
	case flow.Value.IsEmpty():
		clears := flow.Clear || !flow.Value.IsNull()
		return rule.Default, clears && rule.Changes() && !adds(rule)
	case adds(rule) && rule.Multivalued:
		return union(old, flow.Value, rule.CaseExact), true
	}
	return flow.Value, true
}

// adds reports whether the rule takes nothing away.
func adds(rule *mapping.AttributeRule) bool {
	return rule.FlowType == mapping.MultiValueAddOnly || rule.FlowType == mapping.ValueAddOnly
}

// union returns the values of both, each once.
func union(old, added attr.Value, caseExact bool) attr.Value {
	values := slices.Clone(old.Items())
	for _, item := range added.Items() {
		if !slices.ContainsFunc(values, func(v attr.Value) bool { return attr.Equal(v, item, caseExact) }) {
			values = append(values, item)
		}
	}
	return attr.Values(values...)
}

// same reports whether writing would change nothing. Null and the empty text are
// the same in a target.
func same(old, wanted attr.Value, caseExact bool) bool {
	return old.IsEmpty() && wanted.IsEmpty() || attr.Equal(old, wanted, caseExact)
}
