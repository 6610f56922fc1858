package mapping

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Unknown holds members of a JSON object that have no field, as they came.
type Unknown map[string]json.RawMessage

// decode fills known, a pointer to a struct, from a JSON object and returns the
// members for which it has no field.
func decode(data []byte, known any) (Unknown, error) {
	if err := json.Unmarshal(data, known); err != nil {
		return nil, err
	}
	var members Unknown
	if err := json.Unmarshal(data, &members); err != nil {
		return nil, err
	}
	fields := reflect.TypeOf(known).Elem()
	for i := range fields.NumField() {
		name, _, _ := strings.Cut(fields.Field(i).Tag.Get("json"), ",")
		for member := range members {
			if strings.EqualFold(member, name) {
				delete(members, member)
			}
		}
	}
	if len(members) == 0 {
		return nil, nil //nolint:nilnil // no unknown members is the usual case, and a nil map says so.
	}
	return members, nil
}

// encode writes known, a struct, with the unknown members after its own.
func encode(known any, unknown Unknown) ([]byte, error) {
	data, err := json.Marshal(known)
	if err != nil || len(unknown) == 0 {
		return data, err
	}
	data = data[:len(data)-1]
	for _, name := range slices.Sorted(maps.Keys(unknown)) {
		key, err := json.Marshal(name)
		if err != nil {
			return nil, fmt.Errorf("write member %q: %w", name, err)
		}
		data = append(data, ',')
		data = append(data, key...)
		data = append(data, ':')
		data = append(data, unknown[name]...)
	}
	return append(data, '}'), nil
}

// The plain types have the fields of their twins and none of their methods, so
// that encoding/json does not call the methods below again.
type (
	plainSchema     Schema
	plainDirectory  Directory
	plainObject     ObjectDefinition
	plainDefinition AttributeDefinition
	plainRule       Rule
	plainMapping    ObjectMapping
	plainAttribute  AttributeMapping
)

// MarshalJSON writes the schema with its unknown members.
func (s Schema) MarshalJSON() ([]byte, error) { return encode(plainSchema(s), s.Unknown) }

// MarshalJSON writes the directory with its unknown members.
func (d Directory) MarshalJSON() ([]byte, error) { return encode(plainDirectory(d), d.Unknown) }

// MarshalJSON writes the definition with its unknown members.
func (o ObjectDefinition) MarshalJSON() ([]byte, error) { return encode(plainObject(o), o.Unknown) }

// MarshalJSON writes the definition with its unknown members.
func (a AttributeDefinition) MarshalJSON() ([]byte, error) {
	return encode(plainDefinition(a), a.Unknown)
}

// MarshalJSON writes the rule with its unknown members.
func (r Rule) MarshalJSON() ([]byte, error) { return encode(plainRule(r), r.Unknown) }

// MarshalJSON writes the mapping with its unknown members.
func (m ObjectMapping) MarshalJSON() ([]byte, error) { return encode(plainMapping(m), m.Unknown) }

// MarshalJSON writes the mapping with its unknown members.
func (m AttributeMapping) MarshalJSON() ([]byte, error) { return encode(plainAttribute(m), m.Unknown) }

// UnmarshalJSON reads a schema and keeps what it does not know.
func (s *Schema) UnmarshalJSON(data []byte) error {
	var plain plainSchema
	unknown, err := decode(data, &plain)
	plain.Unknown = unknown
	*s = Schema(plain)
	return err
}

// UnmarshalJSON reads a directory and keeps what it does not know.
func (d *Directory) UnmarshalJSON(data []byte) error {
	var plain plainDirectory
	unknown, err := decode(data, &plain)
	plain.Unknown = unknown
	*d = Directory(plain)
	return err
}

// UnmarshalJSON reads a definition and keeps what it does not know.
func (o *ObjectDefinition) UnmarshalJSON(data []byte) error {
	var plain plainObject
	unknown, err := decode(data, &plain)
	plain.Unknown = unknown
	*o = ObjectDefinition(plain)
	return err
}

// UnmarshalJSON reads a definition; type is String and mutability ReadWrite when
// they are left out.
func (a *AttributeDefinition) UnmarshalJSON(data []byte) error {
	plain := plainDefinition{Type: StringType, Mutability: "ReadWrite"}
	unknown, err := decode(data, &plain)
	plain.Unknown = unknown
	*a = AttributeDefinition(plain)
	return err
}

// UnmarshalJSON reads a rule and keeps what it does not know.
func (r *Rule) UnmarshalJSON(data []byte) error {
	plain := plainRule{Editable: true}
	unknown, err := decode(data, &plain)
	plain.Unknown = unknown
	*r = Rule(plain)
	return err
}

// UnmarshalJSON reads a mapping; it is enabled and allows all flows when that is
// left out.
func (m *ObjectMapping) UnmarshalJSON(data []byte) error {
	plain := plainMapping{Enabled: true, FlowTypes: AllFlows}
	unknown, err := decode(data, &plain)
	plain.Unknown = unknown
	*m = ObjectMapping(plain)
	return err
}

// UnmarshalJSON reads a mapping; flowType is Always and flowBehavior is
// FlowWhenChanged when they are left out.
func (m *AttributeMapping) UnmarshalJSON(data []byte) error {
	plain := plainAttribute{FlowType: FlowAlwaysType, FlowBehavior: FlowWhenChanged}
	unknown, err := decode(data, &plain)
	plain.Unknown = unknown
	*m = AttributeMapping(plain)
	return err
}
