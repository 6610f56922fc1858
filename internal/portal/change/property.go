package change

import (
	"strings"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/plan"
)

// Property is an attribute of the account that differs.
type Property struct {
	Name     string
	Old, New Value
}

// Value is a value of an attribute.
type Value struct {
	Text string // for people; empty when there is nothing to show

	// Note is said instead of a text: "no value", "empty", "redacted".
	Note string
}

// The notes.
const (
	noValue  = "no value"
	empty    = "empty"
	redacted = "redacted"
)

// PropertyOf returns a field as templates show it.
func PropertyOf(field plan.Field) Property {
	return Property{field.Name, valueOf(field, field.Old), valueOf(field, field.New)}
}

func propertiesOf(fields []plan.Field) []Property {
	properties := make([]Property, len(fields))
	for i, field := range fields {
		properties[i] = PropertyOf(field)
	}
	return properties
}

func valueOf(field plan.Field, value attr.Value) Value {
	switch {
	case value.IsNull():
		return Value{Note: noValue}
	case field.Redacted:
		return Value{Note: redacted}
	case value.IsEmpty():
		return Value{Note: empty}
	}
	texts := make([]string, 0, 1)
	for _, item := range value.Items() {
		texts = append(texts, item.String())
	}
	return Value{Text: strings.Join(texts, "; ")}
}
