package mapping

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Unknown holds members of a JSON object as they came: those that have no field,
// and those that their field does not hold completely.
type Unknown map[string]json.RawMessage

// decode fills known, a pointer to a struct, from a JSON object and returns the
// members that writing it again would lose. Of members that differ in letter case
// only, the one that is spelled like the field counts, and the others are dropped;
// without such a one there is no telling which is meant, and that is an error.
func decode(data []byte, known any) (Unknown, error) {
	var members Unknown
	if err := json.Unmarshal(data, &members); err != nil {
		return nil, err
	}
	data, err := unambiguous(data, members, membersOf(known))
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(data, known); err != nil {
		return nil, err
	}
	structure := reflect.ValueOf(known).Elem()
	for field, value := range structure.Fields() {
		name := memberName(field)
		for member, raw := range members {
			if strings.EqualFold(member, name) && (keepsAll(field.Type) || bytes.Equal(compact(raw), encoded(value))) {
				delete(members, member)
			}
		}
	}
	if len(members) == 0 {
		return nil, nil //nolint:nilnil // nothing to keep is the usual case, and a nil map says so.
	}
	return members, nil
}

// unambiguous deletes the members that a field could be read from besides the one
// that is spelled like it, and returns the JSON object without them. It is the data
// itself where nothing was deleted.
func unambiguous(data []byte, members Unknown, names []string) ([]byte, error) {
	deleted := false
	for _, name := range names {
		var alike []string
		for member := range members {
			if strings.EqualFold(member, name) {
				alike = append(alike, member)
			}
		}
		if len(alike) < 2 {
			continue
		}
		slices.Sort(alike)
		if !slices.Contains(alike, name) {
			return nil, fmt.Errorf("the members %q and %q differ in letter case only, and both could be %q; write one of them", alike[0], alike[1], name)
		}
		deleted = true
		maps.DeleteFunc(members, func(member string, _ json.RawMessage) bool { return member != name && strings.EqualFold(member, name) })
	}
	if !deleted {
		return data, nil
	}
	return json.Marshal(members)
}

func memberName(field reflect.StructField) string {
	name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
	return name
}

// keepsAll reports whether a field is a list of structs that keep unknown members
// themselves.
func keepsAll(t reflect.Type) bool {
	if t.Kind() != reflect.Slice || t.Elem().Kind() != reflect.Struct {
		return false
	}
	_, keeps := t.Elem().FieldByName("Unknown")
	return keeps
}

func compact(raw json.RawMessage) []byte {
	var buffer bytes.Buffer
	if err := json.Compact(&buffer, raw); err != nil {
		return raw
	}
	return buffer.Bytes()
}

// encoded returns the JSON of a field, nothing for one that has none.
func encoded(value reflect.Value) []byte {
	data, err := json.Marshal(value.Interface())
	if err != nil {
		return nil
	}
	return data
}

// encode writes known, a struct, with the unknown members after its own. A member
// that was kept as it came takes the place of its field for as long as the field
// has the value that was read from it.
func encode(known any, unknown Unknown) ([]byte, error) {
	data, err := json.Marshal(known)
	if err != nil || len(unknown) == 0 {
		return data, err
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil {
		return nil, err
	}
	var names []string
	for field, value := range reflect.ValueOf(known).Fields() {
		name := memberName(field)
		if _, written := members[name]; !written {
			continue
		}
		names = append(names, name)
		if raw, kept := keptFor(unknown, name); kept && bytes.Equal(encoded(value), encoded(read(raw, field.Type))) {
			members[name] = raw
		}
	}
	for _, name := range slices.Sorted(maps.Keys(unknown)) {
		if !hasField(known, name) {
			names = append(names, name)
			members[name] = unknown[name]
		}
	}
	return join(names, members)
}

func keptFor(unknown Unknown, name string) (json.RawMessage, bool) {
	for member, raw := range unknown {
		if strings.EqualFold(member, name) {
			return raw, true
		}
	}
	return nil, false
}

// read decodes what was kept into a value of the field's type; a zero value when
// that is not possible.
func read(raw json.RawMessage, t reflect.Type) reflect.Value {
	value := reflect.New(t)
	if err := json.Unmarshal(raw, value.Interface()); err != nil {
		return reflect.Zero(t)
	}
	return value.Elem()
}

func hasField(known any, member string) bool {
	return slices.ContainsFunc(membersOf(known), func(name string) bool { return strings.EqualFold(name, member) })
}

// membersOf returns the names of the members that a struct has a field for.
func membersOf(known any) []string {
	var names []string
	for field := range reflect.Indirect(reflect.ValueOf(known)).Type().Fields() {
		names = append(names, memberName(field))
	}
	return names
}

func join(names []string, members map[string]json.RawMessage) ([]byte, error) {
	data := []byte{'{'}
	for i, name := range names {
		key, err := json.Marshal(name)
		if err != nil {
			return nil, fmt.Errorf("write member %q: %w", name, err)
		}
		if i > 0 {
			data = append(data, ',')
		}
		data = append(data, key...)
		data = append(data, ':')
		data = append(data, members[name]...)
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
	plain := plainSchema{Directories: []Directory{}, SynchronizationRules: []Rule{}}
	unknown, err := decode(data, &plain)
	plain.Unknown = unknown
	*s = Schema(plain)
	return err
}

// UnmarshalJSON reads a directory and keeps what it does not know.
func (d *Directory) UnmarshalJSON(data []byte) error {
	plain := plainDirectory{Objects: []ObjectDefinition{}}
	unknown, err := decode(data, &plain)
	plain.Unknown = unknown
	*d = Directory(plain)
	return err
}

// UnmarshalJSON reads a definition and keeps what it does not know.
func (o *ObjectDefinition) UnmarshalJSON(data []byte) error {
	plain := plainObject{Attributes: []AttributeDefinition{}, Metadata: []Metadata{}}
	unknown, err := decode(data, &plain)
	plain.Unknown = unknown
	*o = ObjectDefinition(plain)
	return err
}

// UnmarshalJSON reads a definition; type is String and mutability ReadWrite when
// they are left out.
func (a *AttributeDefinition) UnmarshalJSON(data []byte) error {
	plain := plainDefinition{Type: StringType, Mutability: ReadWrite, ReferencedObjects: []ReferencedObject{}, Metadata: []Metadata{}}
	unknown, err := decode(data, &plain)
	plain.Unknown = unknown
	plain.Type = cmp.Or(plain.Type, StringType)
	plain.Mutability = cmp.Or(plain.Mutability, ReadWrite)
	*a = AttributeDefinition(plain)
	return err
}

// UnmarshalJSON reads a rule and keeps what it does not know.
func (r *Rule) UnmarshalJSON(data []byte) error {
	plain := plainRule{Editable: true, ObjectMappings: []ObjectMapping{}, Metadata: []Metadata{}}
	unknown, err := decode(data, &plain)
	plain.Unknown = unknown
	*r = Rule(plain)
	return err
}

// UnmarshalJSON reads a mapping; it is enabled and allows all flows when that is
// left out.
func (m *ObjectMapping) UnmarshalJSON(data []byte) error {
	plain := plainMapping{Enabled: true, FlowTypes: AllFlows, AttributeMappings: []AttributeMapping{}, Metadata: []Metadata{}}
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
	plain.FlowType = cmp.Or(plain.FlowType, FlowAlwaysType)
	plain.FlowBehavior = cmp.Or(plain.FlowBehavior, FlowWhenChanged)
	*m = AttributeMapping(plain)
	return err
}
