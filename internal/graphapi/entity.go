package graphapi

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/usher-id/usher/attr"
)

// entity is one object as it is sent, by the names of its properties. A value is nil,
// a bool, a string, a number, a list of these, or an entity.
type entity map[string]any

// id returns the entity's id.
func (e entity) id() string {
	id, _ := e["id"].(string)
	return id
}

// kind describes a type of entity: what may be asked for, and what is sent without
// being asked.
type kind struct {
	name       string              // as in @odata.type: "user"
	properties map[string]property // by the name in lower case
	open       func(name string) bool
	caseExact  bool // filters compare texts with their letter case
	advanced   bool // some filters need the header ConsistencyLevel
}

// property is one property of a kind.
type property struct {
	name    string
	asked   bool // only sent when it is selected
	complex bool // it has properties of its own, which a filter may name
}

// newKind makes a kind from the names of its properties. A "?" at the end marks one
// that is only sent when it is selected, a "/" one that has properties of its own.
func newKind(name string, properties ...string) kind {
	k := kind{name: name, properties: make(map[string]property, len(properties)+1)}
	for _, text := range append([]string{"id"}, properties...) {
		p := property{asked: strings.HasSuffix(text, "?")}
		text = strings.TrimSuffix(text, "?")
		p.complex = strings.HasSuffix(text, "/")
		p.name = strings.TrimSuffix(text, "/")
		k.properties[strings.ToLower(p.name)] = p
	}
	return k
}

// find returns the property of a name, whatever its letter case.
func (k kind) find(name string) (property, bool) {
	p, found := k.properties[strings.ToLower(name)]
	if !found && k.open != nil && k.open(name) {
		return property{name: name, asked: true}, true
	}
	return p, found
}

// selection is which properties are sent; nil stands for those that are sent without
// being asked.
type selection map[string]bool

// project returns the entity with what is selected, besides its id and annotations.
func (k kind) project(e entity, selected selection) entity {
	result := make(entity, len(e))
	for name, value := range e {
		switch {
		case name == "id", strings.HasPrefix(name, "@"):
		case selected != nil:
			if !selected[name] {
				continue
			}
		case k.properties[strings.ToLower(name)].asked || k.open != nil && k.open(name):
			continue
		}
		result[name] = value
	}
	for name := range selected {
		if _, there := result[name]; !there {
			result[name] = nil
		}
	}
	return result
}

// lookup returns the value at a path, whatever the letter case of its names.
func (e entity) lookup(path []string) any {
	var value any = e
	for _, name := range path {
		object, ok := value.(entity)
		if !ok {
			return nil
		}
		value = object.get(name)
	}
	return value
}

func (e entity) get(name string) any {
	if value, found := e[name]; found {
		return value
	}
	for key, value := range e {
		if strings.EqualFold(key, name) {
			return value
		}
	}
	return nil
}

// newID returns an id for a new object: a GUID that sorts by the time at which it was
// made, so that lists, which are in the order of ids, show the newest last.
func newID() string { return uuid.Must(uuid.NewV7()).String() }

// asEntity makes an entity of any value that marshals to a JSON object, for objects
// that are written as structs.
func asEntity(value any) (entity, error) {
	data, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	var object map[string]any
	if err := json.Unmarshal(data, &object); err != nil {
		return nil, err
	}
	return nest(object), nil
}

// nest makes entities of the objects inside an object.
func nest(object map[string]any) entity {
	result := make(entity, len(object))
	for name, value := range object {
		if below, ok := value.(map[string]any); ok {
			value = nest(below)
		}
		result[name] = value
	}
	return result
}

// moment returns a date and time as it is sent: RFC 3339 in UTC, or null for none.
// An empty text would make generated clients give up on the whole answer.
func moment(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC3339)
}

// text returns a text as it is sent, null for an empty one.
func text(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// valueOf returns an attribute as it is sent.
func valueOf(v attr.Value) any {
	switch v.Kind() {
	case attr.Null:
		return nil
	case attr.String:
		return v.String()
	case attr.Boolean:
		return v.Bool()
	case attr.Integer:
		return v.Int()
	case attr.Time:
		return moment(v.Moment())
	case attr.Reference:
		return v.Ref().ID
	case attr.List:
		list := make([]any, 0, len(v.Items()))
		for _, item := range v.Items() {
			list = append(list, valueOf(item))
		}
		return list
	case attr.Complex:
		object := make(entity, v.Nested().Len())
		for name, value := range v.Nested().All() {
			object[name] = valueOf(value)
		}
		return object
	}
	return nil
}
