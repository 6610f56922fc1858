package attr

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// The canonical JSON of a value: null, "text", true, 42, a list in brackets;
// what plain JSON has no form for is an object with one member that starts with
// "@": {"@time":"2026-01-31T10:00:00Z"}, {"@ref":{"type":"User","id":"7"}} and
// {"@object":{...}} for a complex value. An object is
// {"type":"User","id":"7","attributes":{...}} with the names in order.

const timeLayout = "2006-01-02T15:04:05.999999Z07:00"

// MarshalJSON returns the canonical JSON of the value.
func (v Value) MarshalJSON() ([]byte, error) { return v.AppendJSON(nil), nil }

// AppendJSON appends the canonical JSON of the value to b.
func (v Value) AppendJSON(b []byte) []byte {
	switch v.kind {
	case Null:
		return append(b, "null"...)
	case String:
		return appendString(b, v.text)
	case Boolean:
		return strconv.AppendBool(b, v.number == 1)
	case Integer:
		return strconv.AppendInt(b, v.number, 10)
	case Time:
		b = append(b, `{"@time":"`...)
		b = v.Moment().AppendFormat(b, timeLayout)
		return append(b, `"}`...)
	case Reference:
		ref := v.Ref()
		b = appendString(append(b, `{"@ref":{"type":`...), ref.Type)
		b = appendString(append(b, `,"id":`...), ref.ID)
		return append(b, `}}`...)
	case List:
		b = append(b, '[')
		for i, item := range v.Items() {
			if i > 0 {
				b = append(b, ',')
			}
			b = item.AppendJSON(b)
		}
		return append(b, ']')
	case Complex:
		b = append(b, `{"@object":`...)
		b = v.Nested().AppendJSON(b)
		return append(b, '}')
	}
	return append(b, "null"...)
}

// appendString appends a JSON string; texts without anything to escape, nearly
// all of them, cost no allocation.
func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c == '"' || c == '\\' || c >= 0x7f {
			return appendEscaped(b, s)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

func appendEscaped(b []byte, s string) []byte {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(s); err != nil {
		return append(b, `""`...)
	}
	return append(b, bytes.TrimRight(buffer.Bytes(), "\n")...)
}

// MarshalJSON returns the canonical JSON of the object.
func (o Object) MarshalJSON() ([]byte, error) { return o.AppendJSON(nil), nil }

// AppendJSON appends the canonical JSON of the object to b.
func (o Object) AppendJSON(b []byte) []byte {
	b = append(b, '{')
	if o.Type != "" {
		b = appendString(append(b, `"type":`...), o.Type)
		b = append(b, ',')
	}
	if o.ID != "" {
		b = appendString(append(b, `"id":`...), o.ID)
		b = append(b, ',')
	}
	b = append(b, `"attributes":`...)
	b = o.appendAttributes(b)
	return append(b, '}')
}

// appendAttributes appends the attributes alone, as one JSON object.
func (o Object) appendAttributes(b []byte) []byte {
	b = append(b, '{')
	for i, attribute := range o.attributes {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, attribute.name)
		b = append(b, ':')
		b = attribute.value.AppendJSON(b)
	}
	return append(b, '}')
}

// UnmarshalJSON reads the canonical JSON of a value. A number must be an integer
// of 64 bits; an object must be one of the forms that start with "@".
func (v *Value) UnmarshalJSON(data []byte) error {
	data = bytes.TrimSpace(data)
	if len(data) == 0 {
		return errors.New("read attribute value: no JSON")
	}
	switch data[0] {
	case 'n':
		*v = Value{}
		return nil
	case '"':
		var text string
		if err := json.Unmarshal(data, &text); err != nil {
			return fmt.Errorf("read attribute value: %w", err)
		}
		*v = Text(text)
		return nil
	case 't', 'f':
		*v = Bool(data[0] == 't')
		return nil
	case '[':
		var items []Value
		if err := json.Unmarshal(data, &items); err != nil {
			return err
		}
		*v = Value{kind: List, more: items}
		return nil
	case '{':
		tagged, err := readTagged(data)
		*v = tagged
		return err
	}
	number, err := strconv.ParseInt(string(data), 10, 64)
	if err != nil {
		return fmt.Errorf("read attribute value %s: not an integer of 64 bits", data)
	}
	*v = Int(number)
	return nil
}

// readTagged reads the values that are an object with one member in JSON.
func readTagged(data []byte) (Value, error) {
	var tagged struct {
		Time   *time.Time `json:"@time"`
		Ref    *Ref       `json:"@ref"`
		Object *Object    `json:"@object"`
	}
	if err := json.Unmarshal(data, &tagged); err != nil {
		return Value{}, fmt.Errorf("read attribute value: %w", err)
	}
	switch {
	case tagged.Time != nil:
		return Moment(*tagged.Time), nil
	case tagged.Ref != nil:
		return Value{kind: Reference, text: tagged.Ref.ID, more: tagged.Ref.Type}, nil
	case tagged.Object != nil:
		return Nested(*tagged.Object), nil
	}
	return Value{}, errors.New("read attribute value: an object must have one of the members @time, @ref, @object")
}

// UnmarshalJSON reads the canonical JSON of an object.
func (o *Object) UnmarshalJSON(data []byte) error {
	var raw struct {
		Type       string           `json:"type"`
		ID         string           `json:"id"`
		Attributes map[string]Value `json:"attributes"`
	}
	if err := json.Unmarshal(data, &raw); err != nil {
		return fmt.Errorf("read object: %w", err)
	}
	*o = New(raw.Type, raw.ID, raw.Attributes)
	return nil
}
