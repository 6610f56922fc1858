package plan

import (
	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/mapping"
)

// desiredForCreation is what a new account gets: every value, and the default
// where the source gives none.
func desiredForCreation(desired mapping.Desired, objectType string) attr.Object {
	object := attr.NewBuilder(objectType, "", len(desired.Flows))
	for _, flow := range desired.Flows {
		value := flow.Value
		if value.IsEmpty() && !flow.Ignored {
			value = flow.Rule.Default
		}
		if !value.IsEmpty() && !flow.Ignored {
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
			return flow.Redacted
		}
	}
	return false
}

// compare returns what an existing account is to hold, and the fields in which it
// differs from that. Values that the mapping does not ask for are left alone.
func compare(desired mapping.Desired, current attr.Object) (attr.Object, []Field) {
	object := attr.NewBuilder(current.Type, current.ID, len(desired.Flows))
	var fields []Field
	for _, flow := range desired.Flows {
		old := current.Get(flow.Rule.Target)
		wanted, wants := wantedValue(flow, old)
		if !wants {
			continue
		}
		object.Set(flow.Rule.Target, wanted)
		if !same(old, wanted, flow.Rule.CaseExact) {
			fields = append(fields, Field{Name: flow.Rule.Target, Old: old, New: wanted, Redacted: flow.Redacted})
		}
	}
	return object.Object(), fields
}

// wantedValue applies the flow type and the defaults to an account that exists. A
// source without a value changes nothing: null does not flow outbound. A mapping
// without source fills its default in only where the target has nothing.
func wantedValue(flow mapping.Flow, old attr.Value) (attr.Value, bool) {
	rule := flow.Rule
	switch {
	case flow.Ignored, rule.FlowType == mapping.ObjectAddOnly:
		return attr.Value{}, false
	case rule.SourceMissing:
		return rule.Default, old.IsEmpty() && !rule.Default.IsEmpty()
	case flow.Value.IsNull():
		return attr.Value{}, false
	case rule.FlowType == mapping.AttributeAddOnly && !old.IsEmpty():
		return attr.Value{}, false
	case rule.FlowType == mapping.MultiValueAddOnly, rule.FlowType == mapping.ValueAddOnly:
		return attr.Values(append(append([]attr.Value{}, old.Items()...), flow.Value.Items()...)...), true
	}
	return flow.Value, true
}

// same reports whether writing would change nothing. Null and the empty text are
// the same in a target.
func same(old, wanted attr.Value, caseExact bool) bool {
	return old.IsEmpty() && wanted.IsEmpty() || attr.Equal(old, wanted, caseExact)
}
