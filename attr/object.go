package attr

import (
	"iter"
	"slices"
	"strings"
)

// Object is a typed bag of attributes: immutable, ordered by attribute name.
// Attribute names are case-sensitive and unique. The zero Object has no type, no
// id and no attributes.
type Object struct {
	Type string // "User", "Group"; the object type of the side that it is from
	ID   string // the id on that side; empty for an object that does not exist there yet

	attributes []attribute // sorted by name
}

type attribute struct {
	name  string
	value Value
}

// New returns an object with the attributes of the map. Null values are kept:
// they say that an attribute is known to have no value.
func New(objectType, id string, attributes map[string]Value) Object {
	builder := NewBuilder(objectType, id, len(attributes))
	for name, value := range attributes {
		builder.Set(name, value)
	}
	return builder.Object()
}

// Ref returns the reference to this object.
func (o Object) Ref() Ref { return Ref{Type: o.Type, ID: o.ID} }

// Len returns the number of attributes.
func (o Object) Len() int { return len(o.attributes) }

// IsZero reports whether the object has no type, no id and no attributes.
func (o Object) IsZero() bool { return o.Type == "" && o.ID == "" && len(o.attributes) == 0 }

// Get returns the attribute's value, null when the object does not have it.
func (o Object) Get(name string) Value {
	value, _ := o.Lookup(name)
	return value
}

// Lookup returns the attribute's value and whether the object has the attribute;
// an attribute that is there may still be null.
func (o Object) Lookup(name string) (Value, bool) {
	i, found := find(o.attributes, name)
	if !found {
		return Value{}, false
	}
	return o.attributes[i].value, true
}

// All yields the attributes in the order of their names. It may be ranged over
// more than once.
func (o Object) All() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		for _, attribute := range o.attributes {
			if !yield(attribute.name, attribute.value) {
				return
			}
		}
	}
}

// Names returns the attribute names in order.
func (o Object) Names() []string {
	names := make([]string, len(o.attributes))
	for i, attribute := range o.attributes {
		names[i] = attribute.name
	}
	return names
}

// With returns a copy of the object in which the attribute has the value.
func (o Object) With(name string, value Value) Object {
	i, found := find(o.attributes, name)
	if found {
		o.attributes = slices.Clone(o.attributes)
		o.attributes[i].value = value
		return o
	}
	attributes := make([]attribute, 0, len(o.attributes)+1)
	attributes = append(attributes, o.attributes[:i]...)
	attributes = append(attributes, attribute{name, value})
	o.attributes = append(attributes, o.attributes[i:]...)
	return o
}

// Without returns a copy of the object that lacks the attribute.
func (o Object) Without(name string) Object {
	if i, found := find(o.attributes, name); found {
		o.attributes = slices.Delete(slices.Clone(o.attributes), i, i+1)
	}
	return o
}

// WithRef returns a copy of the object with another type and id.
func (o Object) WithRef(ref Ref) Object {
	o.Type, o.ID = ref.Type, ref.ID
	return o
}

// Merge returns a copy of the object in which the attributes of other replace or
// join its own.
func (o Object) Merge(other Object) Object {
	for name, value := range other.All() {
		o = o.With(name, value)
	}
	return o
}

// Equal reports whether both objects have the same type, id and attributes, with
// exact letter case.
func (o Object) Equal(other Object) bool {
	return o.Ref() == other.Ref() && slices.EqualFunc(o.attributes, other.attributes, func(a, b attribute) bool {
		return a.name == b.name && Equal(a.value, b.value, true)
	})
}

// String returns the attributes as "name=value name=value", for messages.
func (o Object) String() string {
	texts := make([]string, len(o.attributes))
	for i, attribute := range o.attributes {
		texts[i] = attribute.name + "=" + attribute.value.String()
	}
	return strings.Join(texts, " ")
}

func find(attributes []attribute, name string) (int, bool) {
	return slices.BinarySearchFunc(attributes, name, func(a attribute, name string) int {
		return strings.Compare(a.name, name)
	})
}

// Builder makes an [Object] attribute by attribute. The zero Builder is ready
// for an object without type and id.
type Builder struct {
	object Object
}

// NewBuilder starts an object of this type and id with room for size attributes.
func NewBuilder(objectType, id string, size int) *Builder {
	return &Builder{object: Object{Type: objectType, ID: id, attributes: make([]attribute, 0, size)}}
}

// Set gives the attribute a value, replacing an earlier one. Setting attributes
// in the order of their names is fastest.
func (b *Builder) Set(name string, value Value) {
	all := b.object.attributes
	if len(all) == 0 || all[len(all)-1].name < name {
		b.object.attributes = append(b.object.attributes, attribute{name, value})
		return
	}
	i, found := find(all, name)
	if found {
		all[i].value = value
		return
	}
	b.object.attributes = slices.Insert(all, i, attribute{name, value})
}

// Object returns what was built and starts the builder anew.
func (b *Builder) Object() Object {
	object := b.object
	b.object = Object{}
	return object
}
