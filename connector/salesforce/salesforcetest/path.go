package salesforcetest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/usher-id/usher/connector/salesforce/soql"
	"github.com/usher-id/usher/connector/salesforce/unconfirmed"
)

// path leads from a record over parents to a field.
type path struct {
	object *object  // where it starts
	hops   []*field // references
	// leaf is nil behind a reference to several objects; name then finds it in
	// the object that the record turns out to be.
	leaf *field
	name string
	kind fieldType
	date dateFunction // nil: the value as it is
}

// Limits of relationships in one query, from the SOQL and SOSL Reference.
const (
	maximumHops     = 5 // levels up
	maximumParents  = 35
	maximumChildren = 20
)

// resolve finds the fields of a path in a query on t. The alias of the object
// may stand in front.
func (q *queryRun) resolve(t *object, operand soql.Operand) (path, *apiError) {
	names := operand.Path
	if len(names) > 1 && (q.alias != "" && strings.EqualFold(names[0], q.alias) || strings.EqualFold(names[0], t.name)) {
		names = names[1:]
	}
	p := path{object: t}
	at := t
	for _, name := range names[:len(names)-1] {
		reference := at.parent(name)
		if reference == nil || !q.org.mayRead(q.user, at, reference) {
			return p, q.fault(operand.Position, "INVALID_FIELD", noRelationship(name))
		}
		p.hops = append(p.hops, reference)
		if len(p.hops) > maximumHops {
			return p, q.fault(operand.Position, "INVALID_FIELD", "SOQL statements cannot query more than 5 levels of relationships")
		}
		if q.countParent(p.hops) > maximumParents {
			return p, q.fault(operand.Position, "MALFORMED_QUERY", unconfirmed.TooManyParents)
		}
		if len(reference.referenceTo) > 1 {
			return q.resolvePolymorphic(p, reference, names, operand)
		}
		if at = q.org.schema.object(reference.referenceTo[0]); at == nil {
			return p, q.noColumn(operand, name, t)
		}
	}
	leaf := at.field(names[len(names)-1])
	if leaf == nil || !q.org.mayRead(q.user, at, leaf) {
		return p, q.noColumn(operand, names[len(names)-1], at)
	}
	p.leaf, p.name, p.kind = leaf, leaf.name, leaf.kind
	return p, nil
}

// noRelationship is the text for a parent that an object does not have.
func noRelationship(name string) string {
	return fmt.Sprintf("Didn't understand relationship '%s' in field path. If you are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship name. Please reference your WSDL or the describe call for the appropriate names.", name)
}

// operandPath resolves the left side of a comparison: a field, its label (which
// is the value, in the language of the org), or a function of a date.
func (q *queryRun) operandPath(t *object, operand soql.Operand) (path, *apiError) {
	if operand.Function == "" || operand.Function == "TOLABEL" {
		return q.resolve(t, operand)
	}
	function, kind, known := dateFunctionNamed(operand.Function)
	if !known {
		return path{}, q.fault(operand.Position, "MALFORMED_QUERY", fmt.Sprintf("unexpected token: '%s'", operand.Function))
	}
	p, err := q.resolve(t, operand)
	if err != nil {
		return p, err
	}
	if p.kind != typeDateTime && (p.kind != typeDate || operand.Function == "DAY_ONLY" || operand.Function == "HOUR_IN_DAY") {
		return p, q.fault(operand.Position, "INVALID_FIELD", fmt.Sprintf("the function %s is not supported for the field %s", operand.Function, p.name))
	}
	p.date, p.kind = function, kind
	return p, nil
}

// countParent notes the parents on a way and returns how many the query has by now.
func (q *queryRun) countParent(hops []*field) int {
	if q.parents == nil {
		q.parents = map[string]bool{}
	}
	var way strings.Builder
	for _, hop := range hops {
		way.WriteString("." + hop.relationship)
	}
	q.parents[way.String()] = true
	return len(q.parents)
}

// resolvePolymorphic accepts fields that one of the possible parents has.
func (q *queryRun) resolvePolymorphic(p path, reference *field, names []string, operand soql.Operand) (path, *apiError) {
	last := names[len(names)-1]
	if !strings.EqualFold(names[len(names)-2], reference.relationship) {
		return p, q.noColumn(operand, last, &object{name: "Name"})
	}
	if strings.EqualFold(last, typeOfParent) {
		p.name, p.kind = typeOfParent, typeString
		return p, nil
	}
	for _, name := range reference.referenceTo {
		target := q.org.schema.object(name)
		if f := target.field(last); f != nil {
			p.name, p.kind = f.name, f.kind
			return p, nil
		}
	}
	return p, q.noColumn(operand, last, &object{name: "Name"})
}

// noColumn is the refusal of an unknown field in a query.
func (q *queryRun) noColumn(operand soql.Operand, name string, t *object) *apiError {
	return q.fault(operand.Position, "INVALID_FIELD", fmt.Sprintf(
		"No such column '%s' on entity '%s'. If you are attempting to use a custom field, be sure to append the '__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate names.", name, t.name))
}

// fault is an error at a place of the query.
func (q *queryRun) fault(at soql.Position, code, message string) *apiError {
	return newError(http.StatusBadRequest, code, soql.Excerpt(q.text, at)+message)
}

// parentOf follows one reference.
func (o *Org) parentOf(t *object, r *record, reference *field) (*object, *record) {
	id := o.value(t, r, reference)
	if id == "" {
		return nil, nil
	}
	parent := o.schema.byPrefix[id[:3]]
	if parent == nil || !slices.Contains(reference.referenceTo, parent.name) {
		return nil, nil
	}
	return parent, o.get(parent, id)
}

// value is what the path leads to, or the function of it; empty means null.
func (p *path) value(o *Org, r *record) string {
	v := p.stored(o, r)
	if p.date == nil || v == "" {
		return v
	}
	at, err := soql.ParseTime(v)
	if err != nil {
		return ""
	}
	return p.date(at.UTC())
}

// stored follows the path; empty means null, also when a parent is missing.
func (p *path) stored(o *Org, r *record) string {
	t := p.object
	for _, hop := range p.hops {
		if t, r = o.parentOf(t, r, hop); r == nil {
			return ""
		}
	}
	if p.leaf != nil {
		return o.value(t, r, p.leaf)
	}
	return o.common(t, r, p.name)
}

// typeOfParent is the field of whatever a polymorphic reference leads to that
// holds the name of its object (Object Reference, Name: Type), also where the
// object has a field Type of its own.
const typeOfParent = "Type"

// common reads a field of whatever a polymorphic reference leads to; empty means
// null, also when its object has no such field.
func (o *Org) common(t *object, r *record, name string) string {
	if strings.EqualFold(name, typeOfParent) {
		return t.name
	}
	if f := t.field(name); f != nil {
		return o.value(t, r, f)
	}
	return ""
}

// cased tells whether upper and lower case differ in comparisons.
func (p *path) cased() bool { return p.leaf != nil && p.leaf.cased }
