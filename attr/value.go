package attr

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Kind says what a [Value] holds.
type Kind uint8

// The kinds of value. The zero Kind is Null: the attribute has no value.
const (
	Null Kind = iota
	String
	Boolean
	Integer
	Time      // a moment in UTC
	Reference // a Ref to another object
	List      // several values: a multi-valued attribute
	Complex   // an object inside an attribute
)

// String returns the name of the kind as administrators know it.
func (k Kind) String() string {
	names := [...]string{"Null", "String", "Boolean", "Integer", "DateTime", "Reference", "List", "Complex"}
	if int(k) < len(names) {
		return names[k]
	}
	return "Kind(" + strconv.Itoa(int(k)) + ")"
}

// Ref names one object of one side: its type ("User") and its id there.
type Ref struct {
	Type string `json:"type"`
	ID   string `json:"id"`
}

// IsZero reports whether the reference names nothing.
func (r Ref) IsZero() bool { return r == Ref{} }

// String returns "Type/id", for messages.
func (r Ref) String() string { return r.Type + "/" + r.ID }

// Value is one immutable attribute value. The zero Value is null. Values are
// compared with [Equal], not with ==.
type Value struct {
	kind   Kind
	text   string // String; the id of a Reference
	number int64  // Boolean 0 or 1; Integer; Time in microseconds since 1970
	more   any    // []Value of a List, Object of a Complex, type name of a Reference
}

// Text returns a string value. An empty string is a value, not null.
func Text(s string) Value { return Value{kind: String, text: s} }

// Bool returns a boolean value.
func Bool(b bool) Value {
	if b {
		return Value{kind: Boolean, number: 1}
	}
	return Value{kind: Boolean}
}

// Int returns an integer value.
func Int(n int64) Value { return Value{kind: Integer, number: n} }

// Moment returns a date and time, kept in UTC with microseconds.
func Moment(t time.Time) Value { return Value{kind: Time, number: t.UnixMicro()} }

// RefTo returns a reference to another object; a zero Ref gives null.
func RefTo(r Ref) Value {
	if r.IsZero() {
		return Value{}
	}
	return Value{kind: Reference, text: r.ID, more: r.Type}
}

// Values returns a multi-valued value. The slice is copied.
func Values(values ...Value) Value {
	return Value{kind: List, more: slices.Clone(values)}
}

// Texts returns a multi-valued value of strings.
func Texts(texts ...string) Value {
	values := make([]Value, len(texts))
	for i, text := range texts {
		values[i] = Text(text)
	}
	return Value{kind: List, more: values}
}

// Nested returns a complex value: an object inside an attribute.
func Nested(o Object) Value { return Value{kind: Complex, more: o} }

// Kind returns what the value holds.
func (v Value) Kind() Kind { return v.kind }

// IsNull reports whether the attribute has no value.
func (v Value) IsNull() bool { return v.kind == Null }

// IsZero reports whether the value is null; it makes omitzero work in JSON.
func (v Value) IsZero() bool { return v.kind == Null }

// IsEmpty reports whether the value is null, an empty string or a list without
// values: what Microsoft Entra's provisioning treats as "no value".
func (v Value) IsEmpty() bool {
	switch v.kind {
	case Null:
		return true
	case String:
		return v.text == ""
	case List:
		return len(v.Items()) == 0
	case Boolean, Integer, Time, Reference, Complex:
		return false
	}
	return false
}

// Bool returns the boolean that the value holds, false for any other kind.
func (v Value) Bool() bool { return v.kind == Boolean && v.number == 1 }

// Int returns the integer that the value holds, 0 for any other kind.
func (v Value) Int() int64 {
	if v.kind != Integer {
		return 0
	}
	return v.number
}

// Moment returns the date and time that the value holds, the zero time for any
// other kind.
func (v Value) Moment() time.Time {
	if v.kind != Time {
		return time.Time{}
	}
	return time.UnixMicro(v.number).UTC()
}

// Ref returns the reference that the value holds, a zero Ref for any other kind.
func (v Value) Ref() Ref {
	if v.kind != Reference {
		return Ref{}
	}
	kind, _ := v.more.(string)
	return Ref{Type: kind, ID: v.text}
}

// Items returns the values of a list; a single value is a list of one and null
// is a list of none. The caller does not change the slice.
func (v Value) Items() []Value {
	switch v.kind {
	case Null:
		return nil
	case List:
		items, _ := v.more.([]Value)
		return items
	case String, Boolean, Integer, Time, Reference, Complex:
		return []Value{v}
	}
	return nil
}

// Nested returns the object that a complex value holds, an empty Object for any
// other kind.
func (v Value) Nested() Object {
	object, _ := v.more.(Object)
	return object
}

// String returns the value as text in the form that Microsoft Entra's
// expressions use: True and False for booleans, decimal integers, dates as
// M/d/yyyy h:mm:ss tt in UTC, the id of a reference, the values of a list
// joined by ";". Null is the empty text.
func (v Value) String() string {
	switch v.kind {
	case Null:
		return ""
	case String, Reference:
		return v.text
	case Boolean:
		if v.number == 1 {
			return "True"
		}
		return "False"
	case Integer:
		return strconv.FormatInt(v.number, 10)
	case Time:
		return v.Moment().Format("1/2/2006 3:04:05 PM")
	case List:
		texts := make([]string, len(v.Items()))
		for i, item := range v.Items() {
			texts[i] = item.String()
		}
		return strings.Join(texts, ";")
	case Complex:
		return v.Nested().String()
	}
	return ""
}

// Equal reports whether two values are the same. With caseExact false, texts
// that differ in letter case alone are the same. Lists are compared as sets:
// neither order nor repetition counts. The kinds must agree.
func Equal(a, b Value, caseExact bool) bool {
	if a.kind == List || b.kind == List {
		return containsAll(a.Items(), b.Items(), caseExact) && containsAll(b.Items(), a.Items(), caseExact)
	}
	if a.kind != b.kind {
		return false
	}
	switch a.kind {
	case Null:
		return true
	case String:
		return a.text == b.text || !caseExact && strings.EqualFold(a.text, b.text)
	case Boolean, Integer, Time:
		return a.number == b.number
	case Reference:
		return a.Ref() == b.Ref()
	case Complex:
		return a.Nested().Equal(b.Nested())
	case List:
	}
	return false
}

func containsAll(all, some []Value, caseExact bool) bool {
	for _, value := range some {
		if !slices.ContainsFunc(all, func(other Value) bool { return Equal(value, other, caseExact) }) {
			return false
		}
	}
	return true
}

// Compare orders values: by kind, then by content. It is a total order for
// values without complex parts and serves canonical output.
func Compare(a, b Value) int {
	return cmp.Or(
		cmp.Compare(a.kind, b.kind),
		cmp.Compare(a.number, b.number),
		cmp.Compare(a.text, b.text),
		cmp.Compare(a.String(), b.String()),
	)
}
