package salesforcetest

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/usher-id/usher/connector/salesforce/unconfirmed"
)

// Limits of sObject Collections.
const (
	maximumRows   = 200
	maximumChunks = 10
)

// collections answers /composite/sobjects/…: up to 200 records in one call, each
// of which succeeds or fails for itself unless allOrNone says otherwise (REST API
// Developer Guide, sObject Collections).
func (o *Org) collections(c *call, path []string) *answer {
	switch {
	case len(path) == 0 && c.method == http.MethodPost:
		return o.writeRows(c, "create", nil, nil)
	case len(path) == 0 && c.method == http.MethodPatch:
		return o.writeRows(c, "update", nil, nil)
	case len(path) == 0 && c.method == http.MethodDelete:
		return o.deleteRows(c)
	case len(path) == 1 && (c.method == http.MethodPost || c.method == http.MethodGet):
		return o.retrieveRows(c, path[0])
	case len(path) == 2 && c.method == http.MethodPatch:
		return o.upsertRows(c, path[0], path[1])
	case len(path) == 0:
		return refuse(methodNotAllowed(c.method, "POST", "PATCH", "DELETE"))
	case len(path) == 1:
		return refuse(methodNotAllowed(c.method, "GET", "POST"))
	case len(path) == 2:
		return refuse(methodNotAllowed(c.method, "PATCH"))
	}
	return refuse(notFound())
}

// rowRequest is one record of a collection and what became of it.
type rowRequest struct {
	object  *object
	draft   *draft
	id      string
	verb    string // create or update
	upsert  bool
	faults  []*apiError
	created bool
}

// tooManyRows refuses the whole call.
func tooManyRows() *apiError {
	return newError(http.StatusBadRequest, "EXCEEDED_ID_LIMIT", fmt.Sprintf(
		"record limit reached. cannot submit more than %d records into this call", maximumRows))
}

// writeRows creates or updates; with an external id it does either.
func (o *Org) writeRows(c *call, verb string, external *field, upserted *object) *answer {
	members, err := c.object()
	if err != nil {
		return refuse(err)
	}
	records, _ := find(members, "records")
	list, ok := records.([]any)
	if !ok {
		return refuse(malformedJSON("The request has no list of records"))
	}
	if len(list) > maximumRows {
		return refuse(tooManyRows())
	}
	rows := make([]*rowRequest, len(list))
	o.read(c, func() {
		for i, item := range list {
			if rows[i], err = o.rowOf(item, verb); err != nil {
				return
			}
			if upserted != nil && rows[i].object != upserted {
				err = newError(http.StatusBadRequest, "INVALID_TYPE", "The type of a record does not match the address: "+rows[i].object.name)
				return
			}
		}
		err = checkChunks(rows)
	})
	if err != nil {
		return refuse(err)
	}
	operations := o.rowOperations(c, rows)
	if a := c.consult(o, operations...); a != nil {
		return a
	}
	return o.carryOut(c, rows, operations, external, findBoolean(members, "allOrNone"))
}

// rowOf reads one record. Its type stands in its attributes, because a call may
// have records of several objects.
func (o *Org) rowOf(item any, verb string) (*rowRequest, *apiError) {
	members, ok := item.([]member)
	if !ok {
		return nil, malformedJSON("A record is no object")
	}
	attributes, _ := find(members, "attributes")
	typed, _ := attributes.([]member)
	name := findText(typed, "type")
	t := o.schema.object(name)
	if t == nil {
		return nil, newError(http.StatusBadRequest, "INVALID_TYPE", fmt.Sprintf("sObject type '%s' is not supported.", name))
	}
	d, id, err := o.draftOf(t, members)
	if err != nil && err.code == "INVALID_FIELD" && !unconfirmed.UnknownFieldRefusesCall {
		return &rowRequest{object: t, draft: newDraft(t, nil), verb: verb, faults: []*apiError{err}}, nil
	}
	if err != nil {
		return nil, err
	}
	return &rowRequest{object: t, draft: d, id: id, verb: verb}, nil
}

// checkChunks counts runs of records of one type. A setup object cannot share
// the call with another type.
func checkChunks(rows []*rowRequest) *apiError {
	chunks, setup := 0, false
	for i, row := range rows {
		setup = setup || row.object.setup
		if i == 0 || row.object != rows[i-1].object {
			chunks++
		}
	}
	if chunks > 1 && setup {
		return newError(http.StatusBadRequest, "INVALID_REQUEST", "Setup objects can't be combined with other types of objects in one request")
	}
	if chunks > maximumChunks {
		return newError(http.StatusBadRequest, "LIMIT_EXCEEDED", fmt.Sprintf("Cannot have more than %d chunks in a single operation.", maximumChunks))
	}
	return nil
}

// rowOperations names every row for the schedule of faults.
func (o *Org) rowOperations(c *call, rows []*rowRequest) []operation {
	operations := make([]operation, len(rows))
	if !o.faults.some.Load() {
		return operations // Nobody will look at them.
	}
	o.read(c, func() {
		for i, row := range rows {
			operations[i] = operation{name: row.verb, object: row.object.name, keys: o.keysOf(row.object, row.draft, row.id)}
		}
	})
	return operations
}

// carryOut writes the rows in one transaction. The status is 200 whatever becomes
// of them: who looks at the status alone misses every refusal.
func (o *Org) carryOut(c *call, rows []*rowRequest, operations []operation, external *field, allOrNone bool) *answer {
	o.write(c, func(tx *transaction) {
		mark := tx.mark()
		failed := false
		refuseRepeated(rows, external)
		for i, row := range rows {
			fault := o.rowFault(operations[i])
			switch {
			case len(row.faults) > 0: // It could not even be read.
			case fault != nil:
				row.faults = []*apiError{fault}
			default:
				tx.writeRow(row, external)
			}
			failed = failed || len(row.faults) > 0
		}
		if failed && allOrNone {
			tx.rollback(mark)
			for _, row := range rows {
				if len(row.faults) == 0 {
					row.faults = []*apiError{rolledBack()}
				}
			}
		}
	})
	return o.rowAnswers(rows)
}

// refuseRepeated refuses all rows of an upsert that share an external id, because
// none of them is to be preferred.
func refuseRepeated(rows []*rowRequest, external *field) {
	if external == nil || external.kind == typeID {
		return
	}
	seen := map[string][]*rowRequest{}
	for _, row := range rows {
		if value := row.draft.set[external.number]; value != "" {
			key := value
			if !external.cased {
				key = strings.ToLower(value)
			}
			seen[key] = append(seen[key], row)
		}
	}
	for _, same := range seen {
		if len(same) < 2 {
			continue
		}
		for _, row := range same {
			row.upsert = true
			row.faults = []*apiError{rowError("DUPLICATE_VALUE",
				"Duplicate external id specified: "+row.draft.set[external.number], external.name)}
		}
	}
}

// rolledBack is what rows without a fault of their own get with allOrNone.
func rolledBack() *apiError {
	return rowError("ALL_OR_NONE_OPERATION_ROLLED_BACK",
		"Record rolled back because not all records were valid and the request was using AllOrNone header")
}

// writeRow carries out one row.
func (tx *transaction) writeRow(row *rowRequest, external *field) {
	if external != nil {
		row.upsert = true
		if row.faults = tx.matchExternal(row, external); len(row.faults) > 0 {
			return
		}
	}
	switch {
	case row.verb == "create" && row.id != "":
		row.faults = []*apiError{rowError("INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an insert call", "Id")}
	case row.verb == "create":
		row.created = true
		row.id, row.faults = tx.create(row.object, row.draft)
	case row.id == "":
		row.faults = []*apiError{rowError("MISSING_ARGUMENT", "Id not specified in an update call", "Id")}
	default:
		row.faults = tx.update(row.object, row.id, row.draft)
		row.id = longID(row.id)
	}
}

// matchExternal decides between creating and updating. Two records with the value
// refuse the row, because the org does not choose between them.
func (tx *transaction) matchExternal(row *rowRequest, external *field) []*apiError {
	row.verb = "create"
	if external.kind == typeID {
		if row.id != "" {
			row.verb = "update"
		}
		return nil
	}
	value := row.draft.set[external.number]
	if value == "" {
		return []*apiError{rowError("MISSING_ARGUMENT", external.name+" not specified", external.name)}
	}
	found := tx.org.tables[row.object.name].find(external, value)
	switch {
	case len(found) > 1:
		return []*apiError{rowError("DUPLICATE_EXTERNAL_ID", fmt.Sprintf("%s: more than one record found for external id field: [%s, %s]",
			external.name, found[0].id, found[1].id))}
	case len(found) == 1:
		row.verb, row.id = "update", found[0].id
	}
	return nil
}

// rowAnswers writes one result for each row, in order.
func (o *Org) rowAnswers(rows []*rowRequest) *answer {
	var created, updated, refused int
	body := []byte{'['}
	for i, row := range rows {
		if i > 0 {
			body = append(body, ',')
		}
		if len(row.faults) > 0 {
			refused++
			body = appendRefusedRow(body, row)
			body = body[:len(body)-1] // What an upsert says more follows.
		} else {
			if row.created {
				created++
			} else {
				updated++
			}
			body = append(body, `{"id":"`...)
			body = append(body, row.id...)
			body = append(body, `","success":true,"errors":[]`...)
		}
		if row.upsert {
			body = append(body, `,"created":`...)
			body = append(body, truth(row.created && len(row.faults) == 0)...)
		}
		body = append(body, '}')
	}
	o.statistics.rows(created, updated, 0, refused)
	return &answer{status: http.StatusOK, body: append(body, ']')}
}

// appendRefusedRow writes the result of a row that was refused, which has no id
// (REST API Developer Guide, sObject Collections).
func appendRefusedRow(body []byte, row *rowRequest) []byte {
	body = append(body, `{"success":false,"errors":`...)
	return append(appendRowErrors(body, row.faults), '}')
}

// upsertRows matches by Id or by an external id.
func (o *Org) upsertRows(c *call, name, external string) *answer {
	t := o.schema.object(name)
	if t == nil {
		return refuse(notFound())
	}
	f := t.field(external)
	if f == nil || !f.findsRecords() {
		return refuse(newError(http.StatusBadRequest, "INVALID_FIELD", fmt.Sprintf("Field name provided, %s does not match an External ID, Salesforce Id, or indexed field for %s", external, t.name)))
	}
	return o.writeRows(c, "update", f, t)
}

// deleteRows deletes ?ids=a,b.
func (o *Org) deleteRows(c *call) *answer {
	ids := strings.FieldsFunc(c.query.Get("ids"), func(r rune) bool { return r == ',' })
	switch {
	case len(ids) == 0:
		return refuse(newError(http.StatusBadRequest, "MISSING_ARGUMENT", unconfirmed.MissingIDs))
	case len(ids) > maximumRows:
		return refuse(tooManyRows())
	}
	rows := make([]*rowRequest, len(ids))
	for i, id := range ids {
		rows[i] = &rowRequest{id: id, verb: "delete", object: &object{name: "unknown"}}
		if t := o.schema.byPrefix[(id + "   ")[:3]]; t != nil {
			rows[i].object = t
		}
	}
	if err := checkChunks(rows); err != nil {
		return refuse(err)
	}
	operations := make([]operation, len(rows))
	for i, row := range rows {
		operations[i] = operation{name: "delete", object: row.object.name, keys: []string{row.id}}
	}
	if a := c.consult(o, operations...); a != nil {
		return a
	}
	o.write(c, func(tx *transaction) { tx.deleteAll(rows, operations, c.query.Get("allOrNone") == "true") })
	deleted, refused := 0, 0
	body := []byte{'['}
	for i, row := range rows {
		if i > 0 {
			body = append(body, ',')
		}
		if len(row.faults) > 0 {
			refused++
			body = appendRefusedRow(body, row)
			continue
		}
		deleted++
		body = appendJSON(body, []member{{"id", longID(row.id)}, {"success", true}, {"errors", []any{}}})
	}
	o.statistics.rows(0, 0, deleted, refused)
	return &answer{status: http.StatusOK, body: append(body, ']')}
}

// deleteAll carries out the deletions of one call.
func (tx *transaction) deleteAll(rows []*rowRequest, operations []operation, allOrNone bool) {
	mark, failed := tx.mark(), false
	for i, row := range rows {
		switch fault := tx.org.rowFault(operations[i]); {
		case fault != nil:
			row.faults = []*apiError{fault}
		case row.object.byName == nil:
			row.faults = []*apiError{rowError("MALFORMED_ID", "malformed id "+row.id)}
		default:
			row.faults = tx.delete(row.object, row.id)
		}
		failed = failed || len(row.faults) > 0
	}
	if !failed || !allOrNone {
		return
	}
	tx.rollback(mark)
	for _, row := range rows {
		if len(row.faults) == 0 {
			row.faults = []*apiError{rolledBack()}
		}
	}
}

// retrieveRows reads records by id. The list has the order of the ids, with null
// for each that does not exist, so a client can tell what is gone.
func (o *Org) retrieveRows(c *call, name string) *answer {
	t := o.schema.object(name)
	if t == nil {
		return refuse(notFound())
	}
	ids, fields := c.query.Get("ids"), c.query.Get("fields")
	if c.method == http.MethodPost {
		members, err := c.object()
		if err != nil {
			return refuse(err)
		}
		ids, fields = joined(members, "ids"), joined(members, "fields")
	}
	wanted := strings.FieldsFunc(ids, func(r rune) bool { return r == ',' })
	const maximumRead = 2_000
	if len(wanted) > maximumRead {
		return refuse(newError(http.StatusBadRequest, "EXCEEDED_ID_LIMIT", fmt.Sprintf("record limit reached. cannot submit more than %d records into this call", maximumRead)))
	}
	if a := c.consult(o, operation{name: "read", object: t.name, keys: wanted}); a != nil {
		return a
	}
	if fields == "" {
		return refuse(newError(http.StatusBadRequest, "MISSING_ARGUMENT", "The fields parameter is required"))
	}
	var a *answer
	o.read(c, func() {
		list, err := o.wanted(c.user, t, fields)
		if err != nil {
			a = refuse(err)
			return
		}
		a = &answer{status: http.StatusOK, body: o.appendRetrieved(c, t, wanted, list)}
	})
	return a
}

// appendRetrieved writes the records in the order of the ids.
func (o *Org) appendRetrieved(c *call, t *object, ids []string, list []*projection) []byte {
	w := renderer{org: o, prefix: c.prefix()}
	body := []byte{'['}
	for i, id := range ids {
		if i > 0 {
			body = append(body, ',')
		}
		if r := o.get(t, strings.TrimSpace(id)); r != nil {
			body = w.record(body, t, r, list)
			continue
		}
		body = append(body, "null"...)
	}
	return append(body, ']')
}

// joined reads a list of texts, or one text with commas, which clients that share
// code between GET and POST send.
func joined(members []member, name string) string {
	value, _ := find(members, name)
	if list, ok := value.([]any); ok {
		texts := make([]string, 0, len(list))
		for _, item := range list {
			if text, ok := item.(string); ok {
				texts = append(texts, text)
			}
		}
		return strings.Join(texts, ",")
	}
	return findText(members, name)
}
