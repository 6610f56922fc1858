package graphapi

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/usher-id/usher/attr"
)

// maxText is how long a text of the directory may be.
const maxText = 8 << 10

// badValue is a 400 for the value of one property, in the words of Microsoft Graph.
func badValue(property, resource, why string) error {
	message := "Invalid value specified for property '" + property + "' of resource '" + resource + "'."
	if why != "" {
		message += " " + why
	}
	return &Error{
		Status: 400, Code: codeBadRequest, Message: message,
		Details: []Detail{{Code: "InvalidValue", Target: property, Message: message}},
	}
}

// parseValue reads a JSON value as an attribute of a kind. A null gives null.
func parseValue(raw json.RawMessage, k attr.Kind, several bool) (attr.Value, bool) {
	if string(raw) == "null" {
		return attr.Value{}, true
	}
	if several {
		var items []*string
		if json.Unmarshal(raw, &items) != nil || len(items) > 1000 {
			return attr.Value{}, false
		}
		texts := make([]string, 0, len(items))
		for _, item := range items {
			if item == nil || !storable(*item) {
				return attr.Value{}, false
			}
			texts = append(texts, *item)
		}
		return attr.Texts(texts...), true
	}
	switch k {
	case attr.Boolean:
		var value bool
		err := json.Unmarshal(raw, &value)
		return attr.Bool(value), err == nil
	case attr.String:
		var value string
		err := json.Unmarshal(raw, &value)
		return attr.Text(value), err == nil && storable(value)
	default:
		return attr.Value{}, false
	}
}

// parseExtension reads the value of a declared extension.
func parseExtension(raw json.RawMessage, dataType string, several bool) (attr.Value, bool) {
	if string(raw) == "null" {
		return attr.Value{}, true
	}
	if several {
		return parseValue(raw, attr.String, true)
	}
	switch dataType {
	case "Boolean":
		return parseValue(raw, attr.Boolean, false)
	case "Integer", "LargeInteger":
		var number int64
		err := json.Unmarshal(raw, &number)
		return attr.Int(number), err == nil
	case "DateTime":
		var at time.Time
		err := json.Unmarshal(raw, &at)
		return attr.Moment(at), err == nil
	default:
		return parseValue(raw, attr.String, false)
	}
}

// storable reports whether a text can be kept.
func storable(text string) bool { return len(text) <= maxText && printableText(text) }

// details are the properties that are kept as they came, a JSON object.
type details map[string]json.RawMessage

func parseDetails(text string) details {
	d := details{}
	_ = json.Unmarshal([]byte(text), &d) // it was written by text
	return d
}

func (d details) text() (string, error) {
	for name, value := range d {
		if string(value) == "null" {
			delete(d, name)
		}
	}
	data, err := json.Marshal(d)
	return string(data), err
}

// take takes those members of a body that are known, by their names as they are kept.
func (d details) take(f fields, names []string, resource string) error {
	for _, name := range names {
		raw, there := f[strings.ToLower(name)]
		if !there {
			continue
		}
		if len(raw) > 64<<10 || strings.Contains(string(raw), `\u0000`) {
			return badValue(name, resource, "It is too long, or it holds a NUL character.")
		}
		d[name] = raw
	}
	return nil
}

// into puts the properties into an entity: those that are kept, null for the others.
func (d details) into(e entity, names []string) {
	for _, name := range names {
		e[name] = nil
		var value any
		if raw, there := d[name]; there && json.Unmarshal(raw, &value) == nil {
			if object, ok := value.(map[string]any); ok {
				value = nest(object)
			}
			e[name] = value
		}
	}
}

// sortedNames returns the names of a body in order, so that what is wrong with it is
// told the same way each time.
func sortedNames(f fields) []string { return slices.Sorted(maps.Keys(f)) }
