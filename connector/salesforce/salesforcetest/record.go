package salesforcetest

import (
	"encoding/binary"
	"slices"
	"time"
)

// record is one row. It never changes once it is stored: a write stores
// another record in its place, so that readers need no lock while they render.
//
// Only fields that are set take room. Records with the same set of fields share
// one layout, and the values are the canonical texts: true or false, 18
// characters of an id, digits, 2006-01-02, or the datetime of the API.
type record struct {
	id                    string
	layout                *layout
	values                []string
	created               int64 // milliseconds since 1970
	modified, stamp       int64
	createdBy, modifiedBy string
}

// layout is a sorted list of field numbers.
type layout struct{ fields []uint16 }

// find returns the place of a field in the values, or -1.
func (l *layout) find(number int) int {
	if i, found := slices.BinarySearch(l.fields, uint16(number)); found { //nolint:gosec // objects have a few hundred fields.
		return i
	}
	return -1
}

// stored returns the value that was set, without defaults and computed fields.
func (r *record) stored(f *field) (string, bool) {
	if i := r.layout.find(f.number); i >= 0 {
		return r.values[i], true
	}
	return "", false
}

// draft is a record in the making: the values of the fields that are written.
type draft struct {
	base   *record  // nil when the record is new
	fields []*field // that the caller gave, in order
	set    []string // by field number
	given  []bool
}

// newDraft makes a draft that writes nothing yet; base is nil for a new record.
func newDraft(o *object, base *record) *draft {
	return &draft{base: base, set: make([]string, len(o.fields)), given: make([]bool, len(o.fields))}
}

// put writes a field; empty means null.
func (d *draft) put(f *field, value string) *draft {
	d.set[f.number], d.given[f.number] = value, true
	return d
}

// get returns the value that the field will have; empty means null.
func (d *draft) get(f *field) string {
	if d.given[f.number] {
		return d.set[f.number]
	}
	return d.oldOr(f, f.initial())
}

// old returns the value before the write; empty means null or no record.
func (d *draft) old(f *field) string {
	if d.base == nil {
		return ""
	}
	return d.oldOr(f, f.initial())
}

// oldOr is the stored value, or another one if there is none.
func (d *draft) oldOr(f *field, otherwise string) string {
	if d.base != nil {
		if v, ok := d.base.stored(f); ok {
			return v
		}
	}
	return otherwise
}

// changes tells whether the write gives the field another value.
func (d *draft) changes(f *field) bool {
	return d.given[f.number] && (d.base == nil || d.set[f.number] != d.old(f))
}

// initial is the value of a field that was never set.
func (f *field) initial() string {
	if f.kind == typeBoolean && f.defaultValue == "" {
		return "false"
	}
	return f.defaultValue
}

// build makes the record, leaving out what equals the initial value.
func (d *draft) build(layouts *layouts, o *object) *record {
	numbers := make([]uint16, 0, 64)
	values := make([]string, 0, 64)
	old := 0
	for i, f := range o.fields {
		value, known := d.set[i], d.given[i]
		if d.base != nil && old < len(d.base.layout.fields) && int(d.base.layout.fields[old]) == i {
			if !known {
				value, known = d.base.values[old], true
			}
			old++
		}
		if known && value != f.initial() {
			numbers = append(numbers, uint16(i))
			values = append(values, value)
		}
	}
	return &record{layout: layouts.get(numbers), values: slices.Clone(values)}
}

// layouts keeps one layout for each set of fields in use.
type layouts struct{ known map[string]*layout }

// get returns the layout of the fields, which must be sorted.
func (l *layouts) get(numbers []uint16) *layout {
	key := make([]byte, 0, 2*len(numbers))
	for _, number := range numbers {
		key = binary.LittleEndian.AppendUint16(key, number)
	}
	if known, ok := l.known[string(key)]; ok {
		return known
	}
	made := &layout{fields: slices.Clone(numbers)}
	l.known[string(key)] = made
	return made
}

// dateTimeLayout is how the API writes a datetime.
const dateTimeLayout = "2006-01-02T15:04:05.000+0000"

// formatTime writes milliseconds since 1970 as the API does.
func formatTime(milliseconds int64) string {
	return time.UnixMilli(milliseconds).UTC().Format(dateTimeLayout)
}

// truth writes a boolean as records keep it.
func truth(b bool) string {
	if b {
		return "true"
	}
	return "false"
}
