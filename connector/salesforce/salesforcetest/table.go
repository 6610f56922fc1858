package salesforcetest

import (
	"slices"
	"strings"
)

// table holds the records of one object in the order of their creation.
// Whoever calls holds the lock of the org.
type table struct {
	object  *object
	rows    []*record // nil where one was deleted
	live    int
	places  map[string]int32 // by the first 15 characters of the id
	indexes map[int]*index   // by field number
	serial  uint64
	deleted []deletion
}

// deletion remembers a deleted record for queryAll and getDeleted.
type deletion struct {
	record *record
	at     int64
}

// index finds places by value. Unique fields and others share the form: most
// values have one place, kept apart from the few that have several.
type index struct {
	field *field
	one   map[string]int32
	many  map[string][]int32
}

// newTable makes the indexes that the schema asks for.
func newTable(o *object) *table {
	t := &table{object: o, places: map[string]int32{}, indexes: map[int]*index{}}
	for _, f := range o.fields {
		if f.indexed || f.unique {
			t.indexes[f.number] = &index{field: f, one: map[string]int32{}, many: map[string][]int32{}}
		}
	}
	return t
}

// key is what the index compares: ids by 15 characters, text without case.
func (x *index) key(value string) string {
	switch {
	case x.field.kind == typeReference:
		return idKey(value)
	case x.field.cased:
		return value
	}
	return strings.ToLower(value)
}

// find returns the places of a value. The caller must not change the slice.
func (x *index) find(value string) []int32 {
	key := x.key(value)
	if places, ok := x.many[key]; ok {
		return places
	}
	if place, ok := x.one[key]; ok {
		return []int32{place}
	}
	return nil
}

// add puts a place under a value; the second one moves both to the list.
func (x *index) add(value string, place int32) {
	key := x.key(value)
	if places, ok := x.many[key]; ok {
		x.many[key] = append(places, place)
		return
	}
	if first, ok := x.one[key]; ok {
		delete(x.one, key)
		x.many[key] = []int32{first, place}
		return
	}
	x.one[key] = place
}

// remove takes a place away from a value.
func (x *index) remove(value string, place int32) {
	key := x.key(value)
	places, several := x.many[key]
	if !several {
		delete(x.one, key)
		return
	}
	// The shared slice may be in a reader's hands only under the same lock.
	if i := slices.Index(places, place); i >= 0 {
		places[i] = places[len(places)-1]
		places = places[:len(places)-1]
	}
	if len(places) == 0 {
		delete(x.many, key)
		return
	}
	x.many[key] = places
}

// get finds a record by an id of 15 or 18 characters, or returns nil.
func (t *table) get(id string) *record {
	if place, ok := t.places[idKey(id)]; ok {
		return t.rows[place]
	}
	return nil
}

// getDeleted finds a record in the recycle bin, or returns nil.
func (t *table) getDeleted(id string) *record {
	for _, d := range t.deleted {
		if idKey(d.record.id) == idKey(id) {
			return d.record
		}
	}
	return nil
}

// find returns the records whose indexed field has the value, oldest first.
func (t *table) find(f *field, value string) []*record {
	places := slices.Sorted(slices.Values(t.indexes[f.number].find(value)))
	found := make([]*record, len(places))
	for i, place := range places {
		found[i] = t.rows[place]
	}
	return found
}

// put stores a new record, or one in the place of the record with its id.
func (t *table) put(r *record) {
	place, exists := t.places[r.id[:15]]
	if exists {
		t.unindex(t.rows[place], place)
		t.rows[place] = r
	} else {
		place = int32(len(t.rows)) //nolint:gosec // far fewer than two thousand million records fit in memory.
		t.rows = append(t.rows, r)
		t.places[r.id[:15]] = place
		t.live++
	}
	for _, x := range t.indexes {
		if v, ok := r.stored(x.field); ok && v != "" {
			x.add(v, place)
		}
	}
}

// remove takes a record out without a trace. Its place stays empty, because indexes
// count on the places of the others.
func (t *table) remove(r *record) {
	place, ok := t.places[r.id[:15]]
	if !ok {
		return
	}
	t.unindex(t.rows[place], place)
	t.rows[place] = nil
	delete(t.places, r.id[:15])
	t.live--
	if int(place) == len(t.rows)-1 {
		t.rows = t.rows[:place]
	}
}

// unindex takes a record out of every index.
func (t *table) unindex(r *record, place int32) {
	for _, x := range t.indexes {
		if v, ok := r.stored(x.field); ok && v != "" {
			x.remove(v, place)
		}
	}
}

// nextID makes the id of the next record.
func (t *table) nextID(pod string) string {
	t.serial++
	return makeID(t.object.prefix, pod, t.serial)
}
