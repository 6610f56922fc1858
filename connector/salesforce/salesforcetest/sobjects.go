package salesforcetest

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/usher-id/usher/connector/salesforce/unconfirmed"
)

// sobjects answers /sobjects/….
func (o *Org) sobjects(c *call, path []string) *answer {
	if len(path) == 0 {
		return o.listObjects(c)
	}
	t := o.schema.object(path[0])
	if t == nil {
		return refuse(notFound())
	}
	switch {
	case len(path) == 1:
		return o.objectRoot(c, t)
	case strings.EqualFold(path[1], "describe") && len(path) == 2:
		return o.describe(c, t)
	case len(path) == 2 && (strings.EqualFold(path[1], "updated") || strings.EqualFold(path[1], "deleted")):
		return o.replicated(c, t, strings.EqualFold(path[1], "deleted"))
	case len(path) == 2:
		return o.record(c, t, path[1])
	case len(path) == 3 && t.name == "User" && strings.EqualFold(path[2], "password"):
		return o.password(c, path[1])
	case len(path) == 3:
		return o.external(c, t, path[1], path[2])
	}
	return refuse(notFound())
}

// objectRoot creates a record, or tells the basics of the object.
func (o *Org) objectRoot(c *call, t *object) *answer {
	switch c.method {
	case http.MethodPost:
		return o.createOne(c, t)
	case http.MethodGet, http.MethodHead:
		return reply(http.StatusOK, []member{{"objectDescribe", c.basics(t)}, {"recentItems", []any{}}})
	}
	return refuse(methodNotAllowed(c.method, "GET", "POST", "HEAD"))
}

// object reads a JSON body that must be an object.
func (c *call) object() ([]member, *apiError) {
	if len(c.body) == 0 {
		return nil, malformedJSON("The HTTP entity body is required, but this request has no entity body.")
	}
	value, err := decodeJSON(c.body)
	if err != nil {
		return nil, err
	}
	members, ok := value.([]member)
	if !ok {
		return nil, malformedJSON(unconfirmed.NoObject)
	}
	return members, nil
}

// draftFrom reads the body of a single call.
func (o *Org) draftFrom(c *call, t *object) (d *draft, id string, err *apiError) {
	members, err := c.object()
	if err != nil {
		return nil, "", err
	}
	o.read(c, func() { d, id, err = o.draftOf(t, members) })
	return d, id, err
}

// keysOf names a row for the fault schedule: its username or name, and id, both
// as they were and as they will be, so that a fault may be written down before the
// record exists.
func (o *Org) keysOf(t *object, d *draft, id string) []string {
	keys := make([]string, 0, 4)
	if id != "" {
		keys = append(keys, id)
	}
	for _, name := range []string{"Username", "Name", "DeveloperName"} {
		f := t.field(name)
		if f == nil || f.computed {
			continue
		}
		if d != nil && d.set[f.number] != "" {
			keys = append(keys, d.set[f.number])
		}
		if r := o.get(t, id); r != nil {
			keys = append(keys, o.value(t, r, f))
		}
	}
	return keys
}

// createOne creates a record from the body. A fault of the schedule that concerns
// the request is asked for first, one that concerns the row within the transaction.
func (o *Org) createOne(c *call, t *object) *answer {
	d, id, err := o.draftFrom(c, t)
	if err == nil && id != "" {
		err = rowError("INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an insert call", "Id")
	}
	if err != nil {
		return refuse(err)
	}
	var op operation
	o.read(c, func() { op = operation{name: "create", object: t.name, keys: o.keysOf(t, d, "")} })
	if a := c.consult(o, op); a != nil {
		return a
	}
	var faults []*apiError
	o.write(c, func(tx *transaction) {
		if fault := o.rowFault(op); fault != nil {
			faults = []*apiError{fault}
			return
		}
		id, faults = tx.create(t, d)
	})
	if len(faults) > 0 {
		o.statistics.rows(0, 0, 0, 1)
		return refuse(faults...)
	}
	o.statistics.rows(1, 0, 0, 0)
	a := reply(http.StatusCreated, []member{{"id", id}, {"success", true}, {"errors", []any{}}})
	a.header = http.Header{"Location": {c.prefix() + "/sobjects/" + t.name + "/" + id}}
	return a
}

// record answers for one record, by id.
func (o *Org) record(c *call, t *object, id string) *answer {
	switch c.method {
	case http.MethodGet, http.MethodHead:
		return o.readOne(c, t, id)
	case http.MethodPatch:
		return o.updateOne(c, t, id)
	case http.MethodDelete:
		return o.deleteOne(c, t, id)
	}
	return refuse(methodNotAllowed(c.method, "HEAD", "GET", "PATCH", "DELETE"))
}

// readOne answers with a record.
func (o *Org) readOne(c *call, t *object, id string) *answer {
	var op operation
	o.read(c, func() { op = operation{name: "read", object: t.name, keys: o.keysOf(t, nil, id)} })
	if a := c.consult(o, op); a != nil {
		return a
	}
	var a *answer
	o.read(c, func() {
		r, fault := o.addressed(t, id)
		if fault != nil {
			a = refuse(fault)
			return
		}
		if fault := c.precondition(t, r); fault != nil {
			a = fault
			return
		}
		list, fault := o.wanted(c.user, t, c.query.Get("fields"))
		if fault != nil {
			a = refuse(fault)
			return
		}
		a = &answer{status: http.StatusOK, body: renderer{org: o, prefix: c.prefix()}.record(nil, t, r, list)}
		a.header = http.Header{"Last-Modified": {time.UnixMilli(r.stamp).UTC().Format(http.TimeFormat)}}
		if t.name == "Account" {
			a.header.Set("ETag", entityTag(r))
		}
	})
	return a
}

// addressed finds the record that an id in a path means. An id of another object is
// taken for the value of an external id, hence the words.
func (o *Org) addressed(t *object, id string) (*record, *apiError) {
	if !isID(id) || id[:3] != t.prefix {
		return nil, newError(http.StatusNotFound, "NOT_FOUND", "Provided external ID field does not exist or is not accessible: "+id)
	}
	if r := o.get(t, id); r != nil {
		return r, nil
	}
	if o.tables[t.name].getDeleted(id) != nil {
		return nil, newError(http.StatusNotFound, "ENTITY_IS_DELETED", "entity is deleted", []string{}...)
	}
	return nil, notFound()
}

// wanted is the projection of ?fields=A,B, or of everything.
func (o *Org) wanted(user string, t *object, names string) ([]*projection, *apiError) {
	var list []*projection
	if names == "" {
		for _, f := range t.fields {
			if o.mayRead(user, t, f) {
				list = append(list, &projection{name: f.name, field: f})
			}
		}
		return list, nil
	}
	for name := range strings.SplitSeq(names, ",") {
		f := t.field(strings.TrimSpace(name))
		if f == nil || !o.mayRead(user, t, f) {
			return nil, noSuchColumn(strings.TrimSpace(name), t)
		}
		list = append(list, &projection{name: f.name, field: f})
	}
	return list, nil
}

// updateOne changes the fields that the body has.
func (o *Org) updateOne(c *call, t *object, id string) *answer {
	d, given, err := o.draftFrom(c, t)
	if err == nil && given != "" {
		err = rowError("INVALID_FIELD", "The Id field should not be specified in the sobject data.")
	}
	if err != nil {
		return refuse(err)
	}
	var op operation
	o.read(c, func() { op = operation{name: "update", object: t.name, keys: o.keysOf(t, d, id)} })
	if a := c.consult(o, op); a != nil {
		return a
	}
	a := &answer{status: http.StatusNoContent}
	o.write(c, func(tx *transaction) {
		r, fault := o.addressed(t, id)
		if fault == nil {
			fault = o.rowFault(op)
		}
		if fault != nil {
			a = refuse(fault)
			return
		}
		if stale := c.precondition(t, r); stale != nil {
			a = stale
			return
		}
		if faults := tx.update(t, id, d); len(faults) > 0 {
			a = refuse(faults...)
		}
	})
	if a.status == http.StatusNoContent {
		o.statistics.rows(0, 1, 0, 0)
	} else {
		o.statistics.rows(0, 0, 0, 1)
	}
	return a
}

// deleteOne deletes a record of an object that allows it.
func (o *Org) deleteOne(c *call, t *object, id string) *answer {
	var op operation
	o.read(c, func() { op = operation{name: "delete", object: t.name, keys: o.keysOf(t, nil, id)} })
	if a := c.consult(o, op); a != nil {
		return a
	}
	var faults []*apiError
	o.write(c, func(tx *transaction) {
		if _, fault := o.addressed(t, id); fault != nil {
			faults = []*apiError{fault}
			return
		}
		if fault := o.rowFault(op); fault != nil {
			faults = []*apiError{fault}
			return
		}
		faults = tx.delete(t, id)
	})
	if len(faults) > 0 {
		o.statistics.rows(0, 0, 0, 1)
		return refuse(faults...)
	}
	o.statistics.rows(0, 0, 1, 0)
	return &answer{status: http.StatusNoContent}
}

// external reads, upserts or deletes by the value of an external id, or of a
// standard field that finds records: the REST API Developer Guide has
// Lead/Email/… as its example.
func (o *Org) external(c *call, t *object, name, value string) *answer {
	f := t.field(name)
	if f == nil || !f.findsRecords() {
		return refuse(newError(http.StatusNotFound, "NOT_FOUND", "Provided external ID field does not exist or is not accessible: "+name))
	}
	if f == t.idCol {
		return o.record(c, t, value)
	}
	var found []*record
	o.read(c, func() { found = o.tables[t.name].find(f, value) })
	switch {
	case len(found) > 1:
		urls := []any{}
		for _, r := range found {
			urls = append(urls, c.prefix()+"/sobjects/"+t.name+"/"+r.id)
		}
		return reply(http.StatusMultipleChoices, urls)
	case c.method == http.MethodPatch || c.method == http.MethodPost:
		return o.upsertOne(c, t, f, value, found)
	case len(found) == 0:
		return refuse(notFound())
	}
	return o.record(c, t, found[0].id)
}

// upsertOne creates or updates. The external id stands in the address only. From
// version 46.0 an update has a body (REST API Developer Guide, Upsert Records Using
// sObject Rows by External ID).
func (o *Org) upsertOne(c *call, t *object, f *field, value string, found []*record) *answer {
	members, err := c.object()
	if err != nil {
		return refuse(err)
	}
	for _, m := range members {
		if strings.EqualFold(m.name, f.name) {
			return refuse(rowError("INVALID_FIELD", fmt.Sprintf("The %s field should not be specified in the sobject data.", f.name)))
		}
	}
	if len(found) == 0 {
		inner := *c
		inner.body = appendJSON(nil, append(members, member{f.name, value}))
		a := o.createOne(&inner, t)
		if a.status == http.StatusCreated {
			a.body = append(a.body[:len(a.body)-1], `,"created":true}`...)
		}
		return a
	}
	a := o.updateOne(c, t, found[0].id)
	const bodySince = 46
	if a.status == http.StatusNoContent && c.version >= bodySince {
		return reply(http.StatusOK, []member{{"id", found[0].id}, {"success", true}, {"errors", []any{}}, {"created", false}})
	}
	return a
}

// replicated answers which records were changed, or deleted, in a period of 30 days
// at most. The start is rounded down to the minute (SOAP API Developer Guide,
// getUpdated).
func (o *Org) replicated(c *call, t *object, deleted bool) *answer {
	start, errStart := parseParameter(c.query.Get("start"))
	end, errEnd := parseParameter(c.query.Get("end"))
	switch {
	case errStart != nil || errEnd != nil:
		return refuse(newError(http.StatusBadRequest, "INVALID_REPLICATION_DATE", "start and end must be dates with a time zone"))
	case !end.After(start):
		return refuse(newError(http.StatusBadRequest, "INVALID_REPLICATION_DATE", "endDate must be at least one minute greater than the startDate"))
	case end.Sub(start) > 30*24*time.Hour:
		return refuse(newError(http.StatusBadRequest, "INVALID_REPLICATION_DATE", "startDate cannot be more than 30 days before the endDate"))
	}
	from, to := start.Truncate(time.Minute).UnixMilli(), end.UnixMilli()
	a := (*answer)(nil)
	o.read(c, func() {
		if deleted {
			list := []any{}
			for _, d := range o.tables[t.name].deleted {
				if d.at >= from && d.at <= to {
					list = append(list, []member{{"deletedDate", formatTime(d.at)}, {"id", d.record.id}})
				}
			}
			a = reply(http.StatusOK, []member{{"deletedRecords", list}, {"earliestDateAvailable", formatTime(o.described)}, {"latestDateCovered", formatTime(to)}})
			return
		}
		ids := []any{}
		for _, r := range o.tables[t.name].rows {
			if r != nil && r.stamp >= from && r.stamp <= to {
				ids = append(ids, r.id)
			}
		}
		a = reply(http.StatusOK, []member{{"ids", ids}, {"latestDateCovered", formatTime(to)}})
	})
	return a
}

// parseParameter reads a datetime of an address, where a + may have become a blank.
func parseParameter(text string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, strings.ReplaceAll(text, " ", "+"))
	if err != nil {
		return time.Time{}, fmt.Errorf("read %q as a datetime: %w", text, err)
	}
	return t, nil
}

// password tells whether a password is expired, sets or resets it (REST API
// Developer Guide, sObject User Password). There is no mail: the answer to a reset
// has the new password, as the API gives it.
func (o *Org) password(c *call, id string) *answer {
	c.outcome.kind = "password"
	var a *answer
	o.write(c, func(*transaction) {
		target, fault := o.addressed(o.schema.object("User"), id)
		if fault != nil {
			a = refuse(fault)
			return
		}
		switch c.method {
		case http.MethodGet, http.MethodHead:
			a = reply(http.StatusOK, []member{{"isExpired", o.signIn(target.id).expired}})
		case http.MethodPost:
			a = o.givePassword(c, target)
		case http.MethodDelete:
			a = o.resetPassword(c, target)
		default:
			a = refuse(methodNotAllowed(c.method, "HEAD", "GET", "POST", "DELETE"))
		}
	})
	return a
}

// givePassword sets the password that the body has.
func (o *Org) givePassword(c *call, target *record) *answer {
	members, err := c.object()
	if err == nil {
		err = o.setPassword(c.user, target, findText(members, "NewPassword"))
	}
	if err != nil {
		return refuse(err)
	}
	return &answer{status: http.StatusNoContent}
}

// resetPassword makes a password up. The user must change it, and the security
// token is another one too.
func (o *Org) resetPassword(c *call, target *record) *answer {
	password := newSecurityToken()[:12]
	if err := o.setPassword(c.user, target, password); err != nil {
		return refuse(err)
	}
	s := o.signIns[target.id]
	s.expired, s.token = true, newSecurityToken()
	o.signIns[target.id] = s
	return reply(http.StatusOK, []member{{"NewPassword", password}})
}
