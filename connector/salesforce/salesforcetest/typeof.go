package salesforcetest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/usher-id/usher/connector/salesforce/soql"
	"github.com/usher-id/usher/connector/salesforce/unconfirmed"
)

// typeOfSince is the first version of the API that has TYPEOF (SOQL and SOSL
// Reference, TYPEOF).
const typeOfSince = 46

// typeChoice is what TYPEOF shows of a record, by the name of its object.
type typeChoice struct {
	branches  map[string][]*projection
	otherwise []*projection // nil without ELSE
}

// typeOfRefusal refuses TYPEOF where an older version of the API is used.
func typeOfRefusal(version int, query *soql.Query) *apiError {
	if version >= typeOfSince || !slices.ContainsFunc(query.Columns, func(c soql.Column) bool { return c.TypeOf != nil }) {
		return nil
	}
	return newError(http.StatusBadRequest, "MALFORMED_QUERY", "SOQL TYPEOF expressions are not supported in this organization")
}

// projectByType puts TYPEOF into the tree of parents. A field named directly and
// a TYPEOF of the same relationship exclude each other, whichever comes first.
func (q *queryRun) projectByType(t *object, list *[]*projection, column *soql.TypeOf) *apiError {
	hops, err := q.relationship(t, column)
	if err != nil {
		return err
	}
	last := len(hops) - 1
	list = below(list, hops[:last])
	reference := hops[last]
	if i := slices.IndexFunc(*list, func(n *projection) bool { return n.field == reference && n.parent != nil }); i >= 0 {
		return q.sameRelationship(column.Position, reference, (*list)[i].parent[0].name)
	}
	choice := &typeChoice{branches: map[string][]*projection{}}
	for _, branch := range column.Branches {
		target := q.org.schema.object(branch.Object)
		if target == nil || !slices.Contains(reference.referenceTo, target.name) {
			return q.fault(branch.Position, "INVALID_FIELD", fmt.Sprintf(unconfirmed.IllegalTypeOf, branch.Object))
		}
		if choice.branches[target.name], err = q.projectFields(target, branch.Fields); err != nil {
			return err
		}
	}
	if len(column.Else) > 0 {
		if choice.otherwise, err = q.projectCommon(reference, column.Else); err != nil {
			return err
		}
	}
	*list = append(*list, &projection{name: reference.relationship, field: reference, byType: choice})
	return nil
}

// sameRelationship refuses a TYPEOF next to a field of the same parent.
func (q *queryRun) sameRelationship(at soql.Position, reference *field, leaf string) *apiError {
	return q.fault(at, "MALFORMED_QUERY", fmt.Sprintf(
		"TYPEOF operand '%s' and top-level SELECT list element '%s.%s' may not reference the same relationship field.",
		reference.relationship, reference.relationship, leaf))
}

// relationship follows the path of TYPEOF, the alias of the object left out.
func (q *queryRun) relationship(t *object, column *soql.TypeOf) ([]*field, *apiError) {
	names := column.Path
	if len(names) > 1 && (q.alias != "" && strings.EqualFold(names[0], q.alias) || strings.EqualFold(names[0], t.name)) {
		names = names[1:]
	}
	var hops []*field
	for i, name := range names {
		reference := t.parent(name)
		if reference == nil || !q.org.mayRead(q.user, t, reference) {
			return nil, q.fault(column.Position, "INVALID_FIELD", noRelationship(name))
		}
		hops = append(hops, reference)
		if i < len(names)-1 {
			t = q.org.schema.object(reference.referenceTo[0])
		}
	}
	return hops, nil
}

// projectFields reads the fields of one branch.
func (q *queryRun) projectFields(t *object, fields []soql.Operand) ([]*projection, *apiError) {
	list := []*projection{}
	for _, operand := range fields {
		if err := q.projectField(t, &list, operand, ""); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// projectCommon reads the fields behind ELSE, which belong to whatever object is
// there.
func (q *queryRun) projectCommon(reference *field, fields []soql.Operand) ([]*projection, *apiError) {
	list := []*projection{}
	for _, operand := range fields {
		found := strings.EqualFold(operand.Name(), typeOfParent) || slices.ContainsFunc(reference.referenceTo, func(name string) bool {
			t := q.org.schema.object(name)
			return t != nil && len(operand.Path) == 1 && t.field(operand.Path[0]) != nil
		})
		if !found {
			return nil, q.noColumn(operand, operand.Name(), &object{name: "Name"})
		}
		list = append(list, &projection{name: operand.Name(), dynamic: operand.Name()})
	}
	return list, nil
}

// byType writes the parent as its type asks for. Without a branch for it, and
// without ELSE, there is nothing of it to show.
func (w renderer) byType(buffer []byte, t *object, r *record, p *projection) []byte {
	above, parent := w.org.parentOf(t, r, p.field)
	if parent == nil {
		return append(buffer, "null"...)
	}
	list, listed := p.byType.branches[above.name]
	if !listed {
		list = p.byType.otherwise
	}
	if list == nil && unconfirmed.UnmatchedTypeIsNull {
		return append(buffer, "null"...)
	}
	return w.record(buffer, above, parent, list)
}
