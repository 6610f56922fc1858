package salesforcetest

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/usher-id/usher/connector/salesforce/unconfirmed"
)

// draftOf reads the members of a JSON record, whose names may have any case. id is
// not empty if the record names one. The error refuses the whole request.
func (o *Org) draftOf(t *object, members []member) (d *draft, id string, err *apiError) {
	d = newDraft(t, nil)
	d.fields = make([]*field, 0, len(members))
	for _, m := range members {
		if strings.EqualFold(m.name, "attributes") {
			continue
		}
		f := t.field(m.name)
		if f == nil {
			if err := o.draftRelation(t, d, m); err != nil {
				return nil, "", err
			}
			continue
		}
		value, err := coerce(f, m.value)
		if err != nil {
			return nil, "", err
		}
		if f.kind == typeID {
			id = value
			continue
		}
		d.fields = append(d.fields, f)
		d.put(f, value)
	}
	return d, id, nil
}

// draftRelation resolves {"Manager": {"External_Id__c": "x"}} to the id.
func (o *Org) draftRelation(t *object, d *draft, m member) *apiError {
	reference := t.parent(m.name)
	nested, isObject := m.value.([]member)
	if reference == nil || !isObject || !reference.createable {
		return noSuchColumn(m.name, t)
	}
	target := o.schema.object(reference.referenceTo[0])
	for _, inner := range nested {
		f := target.field(inner.name)
		if f == nil || !f.findsRecords() || f.kind == typeID {
			continue
		}
		value, err := coerce(f, inner.value)
		if err != nil {
			return err
		}
		if found := o.tables[target.name].find(f, value); len(found) == 1 {
			d.fields = append(d.fields, reference)
			d.put(reference, found[0].id)
			return nil
		}
		return newError(http.StatusBadRequest, "INVALID_FIELD", fmt.Sprintf(
			"Foreign key external ID: %s not found for field %s in entity %s", strings.ToLower(value), f.name, target.name))
	}
	return noSuchColumn(m.name, t)
}

// create stores a new record and returns its id. Faults of single fields are all
// reported at once, those of rules about the whole record one after the other, as
// in a real org.
func (tx *transaction) create(o *object, d *draft) (string, []*apiError) {
	if errors := tx.admit(o, o.create, "create"); errors != nil {
		return "", errors
	}
	errors := tx.check(d, func(f *field) bool { return f.createable })
	if missing := tx.missing(o, d); len(missing) > 0 {
		errors = append(errors, rowError("REQUIRED_FIELD_MISSING",
			"Required fields are missing: ["+strings.Join(missing, ", ")+"]", missing...))
	}
	if len(errors) > 0 {
		return "", errors
	}
	id, err := tx.store(o, d)
	if err != nil {
		return "", []*apiError{err}
	}
	return id, nil
}

// update changes the given fields of a record; what is not given stays, and null
// clears.
func (tx *transaction) update(o *object, id string, d *draft) []*apiError {
	if errors := tx.admit(o, o.update, "update"); errors != nil {
		return errors
	}
	base, err := tx.target(o, id)
	if err != nil {
		return []*apiError{err}
	}
	d.base = base
	errors := tx.check(d, func(f *field) bool { return f.updateable })
	if missing := tx.missing(o, d); len(missing) > 0 {
		errors = append(errors, rowError("REQUIRED_FIELD_MISSING",
			"Required fields are missing: ["+strings.Join(missing, ", ")+"]", missing...))
	}
	if len(errors) > 0 {
		return errors
	}
	if _, err := tx.store(o, d); err != nil {
		return []*apiError{err}
	}
	return nil
}

// target finds the record that an id means.
func (tx *transaction) target(o *object, id string) (*record, *apiError) {
	if !isID(id) || id[:3] != o.prefix {
		return nil, rowError("MALFORMED_ID", fmt.Sprintf("%s: id value of incorrect type: %s", o.idCol.label, id), "Id")
	}
	if r := tx.org.get(o, id); r != nil {
		return r, nil
	}
	if tx.org.tables[o.name].getDeleted(id) != nil {
		return nil, newError(http.StatusNotFound, "ENTITY_IS_DELETED", "entity is deleted", []string{}...)
	}
	return nil, rowError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
}

// delete takes a record out.
func (tx *transaction) delete(o *object, id string) []*apiError {
	if errors := tx.admit(o, o.delete, "delete"); errors != nil {
		return errors
	}
	r, err := tx.target(o, id)
	if err == nil {
		err = tx.beforeDelete(o, r)
	}
	if err != nil {
		return []*apiError{err}
	}
	tx.remove(tx.org.tables[o.name], r)
	return nil
}

// admit checks that the object allows the operation, that the user may, and
// that setup and other objects do not meet in one transaction.
func (tx *transaction) admit(o *object, able bool, verb string) []*apiError {
	if tx.trusted {
		return nil
	}
	if !able {
		return []*apiError{unableTo(o, verb)}
	}
	if !tx.org.mayWrite(tx.user, o) {
		return []*apiError{newError(http.StatusForbidden, "INSUFFICIENT_ACCESS_OR_READONLY", unconfirmed.InsufficientAccess, []string{}...)}
	}
	if o.setup {
		tx.setup = o.name
	} else {
		tx.data = o.name
	}
	if tx.setup != "" && tx.data != "" {
		first := tx.setup
		if o.setup {
			first = tx.data
		}
		return []*apiError{rowError("MIXED_DML_OPERATION", fmt.Sprintf(
			"DML operation on setup object is not permitted after you have updated a non-setup object (or vice versa): %s, original object: %s", o.name, first))}
	}
	return nil
}

// check validates every field that the caller gave; each fault is reported.
func (tx *transaction) check(d *draft, writable func(*field) bool) []*apiError {
	var errors []*apiError
	var refused []string
	for _, f := range d.fields {
		if !writable(f) && !tx.trusted {
			refused = append(refused, f.name)
			continue
		}
		value := d.set[f.number]
		if value == "" {
			if f.kind == typeBoolean || f.filled {
				d.set[f.number] = f.initial()
			}
			continue
		}
		kept, err := tx.validate(f, value)
		if err != nil {
			errors = append(errors, err)
			continue
		}
		d.set[f.number] = kept
	}
	if len(refused) > 0 {
		return []*apiError{rowError("INVALID_FIELD_FOR_INSERT_UPDATE", fmt.Sprintf(
			"Unable to create/update fields: %s. Please check the security settings of this field and verify that it is read/write for your profile or permission set.",
			strings.Join(refused, ", ")), refused...)}
	}
	return errors
}

// missing lists required fields that would be empty. An update is only asked
// about the fields that it carries: a record that lacks a value since before the
// field was required can still be changed.
func (tx *transaction) missing(o *object, d *draft) []string {
	var names []string
	for _, f := range o.fields {
		if !f.required || d.get(f) != "" {
			continue
		}
		if d.given[f.number] || d.base == nil {
			names = append(names, f.name)
		}
	}
	return names
}

// store applies the rules of the object and writes; nothing is written if a rule refuses.
func (tx *transaction) store(o *object, d *draft) (string, *apiError) {
	mark := tx.mark()
	existing, err := tx.before(o, d)
	if err == nil && existing == nil {
		err = tx.unique(o, d)
	}
	if err != nil {
		tx.rollback(mark)
		return "", err
	}
	t := tx.org.tables[o.name]
	switch {
	case existing != nil:
		return existing.id, nil
	case o.name == "UserLogin":
		return d.base.id, tx.storeSignIn(d)
	case d.base != nil:
		changed := o.name == "User" && d.changes(tx.org.user.profile)
		r := tx.replace(t, d)
		if changed {
			tx.assignProfile(r)
		}
		return r.id, nil
	}
	r := tx.insert(t, d)
	tx.after(o, r)
	return r.id, nil
}

// unique refuses a value that another record has, unless the rules of the
// object have words of their own for it.
func (tx *transaction) unique(o *object, d *draft) *apiError {
	t := tx.org.tables[o.name]
	for _, x := range t.indexes {
		value := d.get(x.field)
		if !x.field.unique || value == "" || !d.changes(x.field) && d.base != nil {
			continue
		}
		for _, other := range t.find(x.field, value) {
			if d.base == nil || other.id != d.base.id {
				return rowError("DUPLICATE_VALUE", fmt.Sprintf("duplicate value found: %s duplicates value on record with id: %s",
					x.field.name, other.id[:15]), x.field.name)
			}
		}
	}
	return nil
}

// before applies the rules of the object. A record that it returns already is
// what the caller wants, and nothing is written.
func (tx *transaction) before(o *object, d *draft) (*record, *apiError) {
	switch o.name {
	case "User":
		return nil, tx.beforeUser(d)
	case "PermissionSetAssignment":
		return nil, tx.beforeAssignment(d)
	case "PermissionSetLicenseAssign":
		return nil, tx.beforeLicenseAssignment(d)
	case "GroupMember":
		return tx.beforeMember(d)
	case "Group", "UserRole":
		return nil, tx.beforeNamed(o, d)
	case "Account", "Contact":
		if owner := o.field("OwnerId"); d.get(owner) == "" {
			d.put(owner, tx.user)
		}
	}
	return nil, nil
}

// after makes what comes along with a new record, and keeps the seats that
// permission set licenses have in use.
func (tx *transaction) after(o *object, r *record) {
	switch o.name {
	case "User":
		tx.assignProfile(r)
	case "UserRole":
		tx.roleGroups(r)
	case "PermissionSetLicenseAssign":
		license, _ := r.stored(o.field("PermissionSetLicenseId"))
		tx.take(license, 1)
	}
}

// take moves the count of seats in use.
func (tx *transaction) take(license string, seats int) {
	if seats == 0 || license == "" {
		return
	}
	tx.org.used[license] += seats
	tx.onUndo(func() { tx.org.used[license] -= seats })
}
