package salesforcetest

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/usher-id/usher/connector/salesforce/soql"
	"github.com/usher-id/usher/connector/salesforce/unconfirmed"
)

// projection is what a query shows of each record: fields, parents with their
// own projections, and lists of children.
type projection struct {
	name     string
	field    *field        // a field of the object, or the reference to a parent
	parent   []*projection // set for parents
	dynamic  string        // a field of whatever object a polymorphic parent is
	byType   *typeChoice   // set for TYPEOF
	children map[string][]*record
	below    *object       // of the children
	nested   []*projection // of each child
	limit    int           // of children for each parent; -1 is none
}

// project reads the SELECT list.
func (q *queryRun) project(t *object, query *soql.Query) ([]*projection, *apiError) {
	var list []*projection
	children := 0
	for _, column := range query.Columns {
		switch {
		case column.Child != nil:
			if children++; children > maximumChildren {
				return nil, q.fault(column.Child.From.Position, "MALFORMED_QUERY", unconfirmed.TooManyChildren)
			}
			child, err := q.projectChild(t, column.Child)
			if err != nil {
				return nil, err
			}
			list = append(list, child)
		case column.Fields != "":
			fields, err := q.fieldSet(t, query, column.Fields)
			if err != nil {
				return nil, err
			}
			list = append(list, fields...)
		case column.TypeOf != nil:
			if err := q.projectByType(t, &list, column.TypeOf); err != nil {
				return nil, err
			}
		default:
			if column.Alias != "" && column.Operand.Function == "" {
				return nil, q.fault(column.Operand.Position, "MALFORMED_QUERY", "only aggregate expressions use field aliasing")
			}
			if err := q.projectField(t, &list, column.Operand, column.Alias); err != nil {
				return nil, err
			}
		}
	}
	return list, nil
}

// fieldSet expands FIELDS(). Only the standard fields may be asked for without a
// limit, which protects the org from its own custom fields (SOQL and SOSL
// Reference, FIELDS()).
func (q *queryRun) fieldSet(t *object, query *soql.Query, set soql.FieldSet) ([]*projection, *apiError) {
	if set != soql.FieldsStandard && (query.Limit == nil || *query.Limit > 200) {
		return nil, newError(http.StatusBadRequest, "MALFORMED_QUERY", "The SOQL FIELDS function must have a LIMIT of at most 200")
	}
	var list []*projection
	for _, f := range t.fields {
		if set == soql.FieldsAll || f.custom == (set == soql.FieldsCustom) {
			list = append(list, &projection{name: f.name, field: f})
		}
	}
	if len(list) == 0 {
		return nil, newError(http.StatusBadRequest, "MALFORMED_QUERY", "The object has no fields of this kind: "+t.name)
	}
	return list, nil
}

// projectField puts one path into the tree of parents. What toLabel() and FORMAT()
// make of a field goes by the alias, if there is one; the values here are the
// same in every language.
func (q *queryRun) projectField(t *object, list *[]*projection, operand soql.Operand, alias string) *apiError {
	if operand.Function != "" && operand.Function != "TOLABEL" && operand.Function != "FORMAT" {
		return q.fault(operand.Position, "MALFORMED_QUERY", "unexpected token: '"+operand.Function+"'")
	}
	p, err := q.resolve(t, operand)
	if err != nil {
		return err
	}
	for _, hop := range p.hops {
		if slices.ContainsFunc(*list, func(n *projection) bool { return n.byType != nil && n.field == hop }) {
			return q.sameRelationship(operand.Position, hop, p.name)
		}
		list = below(list, []*field{hop})
	}
	name := cmp.Or(alias, p.name)
	if slices.ContainsFunc(*list, func(n *projection) bool { return n.parent == nil && n.name == name }) {
		return q.fault(operand.Position, "INVALID_FIELD", "duplicate field selected: "+name)
	}
	leaf := &projection{name: name, field: p.leaf}
	if p.leaf == nil {
		leaf.dynamic = p.name
	}
	*list = append(*list, leaf)
	return nil
}

// below finds the fields of a parent in the tree, and makes what is missing on
// the way there.
func below(list *[]*projection, hops []*field) *[]*projection {
	for _, hop := range hops {
		i := slices.IndexFunc(*list, func(n *projection) bool { return n.parent != nil && n.field == hop })
		if i < 0 {
			i = len(*list)
			*list = append(*list, &projection{name: hop.relationship, field: hop, parent: []*projection{}})
		}
		list = &(*list)[i].parent
	}
	return list
}

// projectChild runs a nested query once and sorts its rows by parent. Its LIMIT is
// one for each parent.
func (q *queryRun) projectChild(parent *object, query *soql.Query) (*projection, *apiError) {
	below, reference := q.org.schema.children(parent, query.From.Name)
	if below == nil {
		return nil, q.fault(query.From.Position, "INVALID_TYPE",
			"Didn't understand relationship '"+query.From.Name+"' in FROM part of query call. If you are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship name. Please reference your WSDL or the describe call for the appropriate names.")
	}
	inner := &queryRun{org: q.org, user: q.user, text: q.text, now: q.now, alias: query.From.Alias}
	nested, err := inner.project(below, query)
	if err != nil {
		return nil, err
	}
	limit := -1
	if query.Limit != nil {
		limit = *query.Limit
	}
	unlimited := *query
	unlimited.Limit, unlimited.Offset = nil, nil
	rows, err := inner.rows(below, &unlimited)
	if err != nil {
		return nil, err
	}
	sorted := map[string][]*record{}
	for _, r := range rows {
		id := q.org.value(below, r, reference)
		sorted[id] = append(sorted[id], r)
	}
	return &projection{name: query.From.Name, children: sorted, below: below, nested: nested, limit: limit}, nil
}

// renderer writes records as JSON.
type renderer struct {
	org    *Org
	prefix string // of the version
}

// record writes a record with its attributes.
func (w renderer) record(buffer []byte, t *object, r *record, list []*projection) []byte {
	buffer = append(buffer, `{"attributes":{"type":"`...)
	buffer = append(buffer, t.name...)
	buffer = append(buffer, `","url":"`...)
	buffer = append(buffer, w.prefix...)
	buffer = append(buffer, "/sobjects/"...)
	buffer = append(buffer, t.name...)
	buffer = append(buffer, '/')
	buffer = append(buffer, r.id...)
	buffer = append(buffer, `"}`...)
	for _, p := range list {
		buffer = append(buffer, ',')
		buffer = appendString(buffer, p.name)
		buffer = append(buffer, ':')
		buffer = w.projection(buffer, t, r, p)
	}
	return append(buffer, '}')
}

// projection writes the value of one projection.
func (w renderer) projection(buffer []byte, t *object, r *record, p *projection) []byte {
	switch {
	case p.byType != nil:
		return w.byType(buffer, t, r, p)
	case p.parent != nil:
		above, parent := w.org.parentOf(t, r, p.field)
		if parent == nil {
			return append(buffer, "null"...)
		}
		return w.record(buffer, above, parent, p.parent)
	case p.nested != nil:
		return w.children(buffer, r, p)
	case p.dynamic != "":
		f := t.field(p.dynamic)
		if f == nil || strings.EqualFold(p.dynamic, typeOfParent) {
			f = &field{kind: typeString}
		}
		return appendField(buffer, f, w.org.common(t, r, p.dynamic))
	}
	return appendField(buffer, p.field, w.org.value(t, r, p.field))
}

// children writes a nested result; without rows it is null and not an empty list,
// which clients trip over.
func (w renderer) children(buffer []byte, r *record, p *projection) []byte {
	rows := p.children[r.id]
	if p.limit >= 0 {
		rows = rows[:min(p.limit, len(rows))]
	}
	if len(rows) == 0 {
		return append(buffer, "null"...)
	}
	buffer = appendJSON(append(buffer, `{"totalSize":`...), len(rows))
	buffer = append(buffer, `,"done":true,"records":[`...)
	for i, child := range rows {
		if i > 0 {
			buffer = append(buffer, ',')
		}
		buffer = w.record(buffer, p.below, child, p.nested)
	}
	return append(buffer, "]}"...)
}

// appendField writes a value in the JSON type of its field. Numbers with decimals
// keep one even when they are whole.
func appendField(buffer []byte, f *field, value string) []byte {
	switch {
	case value == "":
		return append(buffer, "null"...)
	case f.kind == typeBoolean || f.kind == typeInteger:
		return append(buffer, value...)
	case f.kind == typeDouble:
		buffer = append(buffer, value...)
		if !strings.Contains(value, ".") {
			buffer = append(buffer, ".0"...)
		}
		return buffer
	}
	return appendString(buffer, value)
}
