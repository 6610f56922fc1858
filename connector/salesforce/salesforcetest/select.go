package salesforcetest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/usher-id/usher/connector/salesforce/soql"
)

// queryRun carries out one query. The caller holds the lock for reading.
type queryRun struct {
	org   *Org
	user  string
	text  string
	alias string
	now   time.Time
	bin   bool // also deleted records
	// parents are those that any path leads over, by their way from the object.
	parents map[string]bool
}

// begin finds the object of a query.
func (q *queryRun) begin(query *soql.Query) (*object, *apiError) {
	t := q.org.schema.object(query.From.Name)
	if t == nil || !t.query {
		return nil, q.fault(query.From.Position, "INVALID_TYPE", fmt.Sprintf(
			"sObject type '%s' is not supported. If you are attempting to use a custom object, be sure to append the '__c' after the entity name. Please reference your WSDL or the describe call for the appropriate names.", query.From.Name))
	}
	q.alias = query.From.Alias
	return t, nil
}

// maximumOffset is the largest OFFSET (SOQL and SOSL Reference, OFFSET).
const maximumOffset = 2_000

// rows returns the records of a query in order, OFFSET and LIMIT applied.
func (q *queryRun) rows(t *object, query *soql.Query) ([]*record, *apiError) {
	keep, err := q.compile(t, query.Where)
	if err != nil {
		return nil, err
	}
	var found []*record
	if candidates, indexed := q.candidates(t, query.Where); indexed {
		found = slices.DeleteFunc(candidates, func(r *record) bool { return !keep(r) })
	} else {
		found = q.scan(t, query, keep)
	}
	if q.bin {
		for _, d := range q.org.tables[t.name].deleted {
			if keep(d.record) {
				found = append(found, d.record)
			}
		}
	}
	if err := q.sort(t, query.OrderBy, found); err != nil {
		return nil, err
	}
	if query.Offset != nil {
		if *query.Offset > maximumOffset {
			return nil, newError(400, "NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000")
		}
		found = found[min(*query.Offset, len(found)):]
		found = found[:min(maximumOffset, len(found))] // OFFSET, even 0, caps the result.
	}
	if query.Limit != nil {
		found = found[:min(*query.Limit, len(found))]
	}
	return found, nil
}

// scan looks at every record, and stops at LIMIT if the order does not matter. The
// rows of UserLogin are made of users as they pass: every user has one, and it is
// not worth a table of its own.
func (q *queryRun) scan(t *object, query *soql.Query, keep filter) []*record {
	enough := -1
	if query.Limit != nil && len(query.OrderBy) == 0 && query.Offset == nil {
		enough = *query.Limit
	}
	var found []*record
	source := t.name
	if source == "UserLogin" {
		source = "User"
	}
	for _, r := range q.org.tables[source].rows {
		if enough >= 0 && len(found) >= enough {
			break
		}
		if r == nil {
			continue
		}
		if t.name == "UserLogin" {
			r = q.org.loginOf(r)
		}
		if keep(r) {
			found = append(found, r)
		}
	}
	return found
}

// candidates returns records among which all results are, if indexes can tell.
// They come without repetition, oldest first.
func (q *queryRun) candidates(t *object, condition soql.Condition) ([]*record, bool) {
	switch c := condition.(type) {
	case soql.And:
		for _, term := range c.Terms {
			if found, ok := q.candidates(t, term); ok {
				return found, true
			}
		}
	case soql.Or:
		var all []*record
		for _, term := range c.Terms {
			found, ok := q.candidates(t, term)
			if !ok {
				return nil, false
			}
			all = append(all, found...)
		}
		return q.inOrder(t, all), true
	case soql.Comparison:
		if c.Operator == soql.Equal {
			return q.indexed(t, c.Operand, []soql.Literal{c.Value})
		}
	case soql.Membership:
		if c.Operator == soql.In && c.Query == nil {
			return q.indexed(t, c.Operand, c.Values)
		}
	}
	return nil, false
}

// indexed looks values up if the operand is the id or an indexed field.
func (q *queryRun) indexed(t *object, operand soql.Operand, values []soql.Literal) ([]*record, bool) {
	if operand.Function != "" || len(operand.Path) != 1 {
		return nil, false
	}
	f := t.field(operand.Path[0])
	if f == nil || f != t.idCol && !f.indexed {
		return nil, false
	}
	var found []*record
	for _, value := range values {
		text := value.Text()
		switch {
		case value.Kind != soql.String || text == "":
			return nil, false
		case f == t.idCol:
			if r := q.org.get(t, text); r != nil {
				found = append(found, r)
			}
		case t.name == "UserLogin":
			if user := q.org.tables["User"].get(text); user != nil {
				found = append(found, q.org.loginOf(user))
			}
		default:
			found = append(found, q.org.tables[t.name].find(f, text)...)
		}
	}
	return q.inOrder(t, found), true
}

// inOrder sorts by creation and removes repetitions.
func (q *queryRun) inOrder(t *object, rows []*record) []*record {
	places := q.org.tables[t.name].places
	slices.SortFunc(rows, func(a, b *record) int {
		if x, y := places[a.id[:15]], places[b.id[:15]]; x != y {
			return int(x) - int(y)
		}
		return strings.Compare(a.id, b.id)
	})
	return slices.CompactFunc(rows, func(a, b *record) bool { return a.id == b.id })
}

// sort orders the rows; each key is computed once. Equal rows stay in the order of
// their creation, although the language promises nothing: a result that changes
// from run to run would make tests of clients flaky.
func (q *queryRun) sort(t *object, orders []soql.Order, rows []*record) *apiError {
	if len(orders) == 0 {
		return nil
	}
	keys := make(map[*record][]string, len(rows))
	comparers := make([]func(a, b string) int, len(orders))
	for i, order := range orders {
		p, err := q.usable(t, order.Operand, "sorted")
		if err != nil {
			return err
		}
		comparers[i] = ordering(order, p.kind)
		key := keyOf(&p)
		for _, r := range rows {
			keys[r] = append(keys[r], key(p.value(q.org, r)))
		}
	}
	slices.SortStableFunc(rows, func(a, b *record) int {
		x, y := keys[a], keys[b]
		for i, compare := range comparers {
			if c := compare(x[i], y[i]); c != 0 {
				return c
			}
		}
		return 0
	})
	return nil
}

// ordering compares two keys; empty ones are null, and come first unless NULLS LAST
// says otherwise, in both directions (SOQL and SOSL Reference, ORDER BY).
func ordering(order soql.Order, kind fieldType) func(a, b string) int {
	compare := strings.Compare
	if kind == typeInteger || kind == typeDouble {
		compare = compareNumbers
	}
	return func(a, b string) int {
		switch {
		case a == b:
			return 0
		case a == "" || b == "":
			if (a == "") == order.NullsLast {
				return 1
			}
			return -1
		case order.Descending:
			return compare(b, a)
		}
		return compare(a, b)
	}
}
