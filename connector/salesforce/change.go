package salesforce

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/plan"
)

// row is one change made ready to be sent.
type row struct {
	index    int // in the batch
	create   bool
	removes  bool
	record   []byte // of the user, in JSON; nil when no field of it is written
	email    attr.Value
	entitled entitled
	refused  *connector.Error // why the user, who was created, lacks an entitlement

	// Of a removal: what is left when the org refuses the rest.
	id          string
	plain       []byte // the record with the active flag alone; nil when there is no such
	freezeAlone bool   // the sign-in is frozen, and everything in the record is more than that
	warnings    []string
}

// prepare turns changes into rows. A change that cannot succeed gets its outcome
// here and costs no call.
func (c *Connector) prepare(ctx context.Context, changes []plan.Change, outcomes []connector.Outcome, allowed func(int) bool) []row {
	profiles := named(changes, attributeProfileName)
	if c.leaving.profile != "" && slices.ContainsFunc(changes, func(change plan.Change) bool { return change.Action.Removes() }) {
		profiles = append(profiles, c.leaving.profile)
	}
	profilesErr := c.profiles.load(ctx, c.client, profiles)
	rolesErr := c.userRoles.load(ctx, c.client, named(changes, attributeUserRoleName))
	namesErr := c.loadEntitlementNames(ctx, changes)
	rules := c.rules(ctx, len(changes))
	rows := make([]row, 0, len(changes))
	for i, change := range changes {
		if !allowed(i) {
			continue
		}
		encoder := encoder{connector: c, profilesErr: profilesErr, rolesErr: rolesErr, namesErr: namesErr, rules: rules}
		r, err := encoder.encode(change)
		switch {
		case err != nil:
			outcomes[i].Err = c.client.redacted(asError(err))
		case r.record == nil && r.entitled.isEmpty():
			outcomes[i].TargetID = change.Target.ID // nothing differs
		default:
			r.index = i
			rows = append(rows, r)
		}
	}
	return rows
}

// loadEntitlementNames makes sure that the names of what is given are known.
func (c *Connector) loadEntitlementNames(ctx context.Context, changes []plan.Change) map[string]error {
	var failed map[string]error
	for attribute, names := range c.entitlementNames {
		if err := names.load(ctx, c.client, named(changes, attribute)); err != nil {
			if failed == nil {
				failed = map[string]error{}
			}
			failed[attribute] = err
		}
	}
	return failed
}

// named collects the values of an attribute that names something else.
func named(changes []plan.Change, attribute string) []string {
	var names []string
	for _, change := range changes {
		for _, field := range change.Fields {
			if field.Name != attribute || field.New.IsEmpty() {
				continue
			}
			if _, many := findEntitlement(attribute); many {
				names = append(names, namesOf(field.New)...)
				continue
			}
			names = append(names, field.New.String())
		}
	}
	return names
}

// encoder writes one change as a record.
type encoder struct {
	connector             *Connector
	profilesErr, rolesErr error
	namesErr              map[string]error // by attribute
	entitled              entitled
	rules                 *userRules // nil: the org judges alone
	faults                []fault    // that the org would report
	filled, emptied       map[string]bool
	record                []byte
	fields                int
	create                bool
	decided               bool // the action itself says whether the user is active
	plain                 []byte
	plainFields           int
	warnings              []string
}

func (e *encoder) encode(change plan.Change) (row, error) {
	e.create = change.Action == plan.Create
	r := row{
		create: e.create, removes: change.Action.Removes(), id: longID(change.Target.ID),
	}
	if err := e.begin(change); err != nil {
		return row{}, err
	}
	if change.Action != plan.Delete {
		written := change.New()
		for _, field := range change.Fields {
			if err := e.addField(written, field); err != nil {
				return row{}, err
			}
		}
		if change.Action == plan.Update {
			r.email = changedEmail(change)
		}
	}
	e.finish(&r)
	if e.fields == 0 {
		return r, nil
	}
	if err := e.foreseen(); err != nil {
		return row{}, err
	}
	e.record = append(e.record, '}')
	r.record = e.record
	return r, nil
}

// finish takes over what was gathered besides the record.
func (e *encoder) finish(r *row) {
	r.entitled, r.warnings = e.entitled, e.warnings
	if !r.removes {
		return
	}
	if e.plain != nil && e.plainFields > 0 {
		r.plain = append(slices.Clip(e.plain), '}')
	}
	r.freezeAlone = e.plain != nil && e.plainFields == 0
}

// begin writes the type, the id and the flag that the action itself stands for.
func (e *encoder) begin(change plan.Change) error {
	e.record = append(e.record, `{"attributes":{"type":"User"}`...)
	switch change.Action {
	case plan.Create:
		return nil
	case plan.Update, plan.Enable, plan.Disable, plan.Delete:
	case plan.None, plan.Skip:
		return e.connector.client.own(codeInvalidAction, fmt.Sprintf("the action %q writes nothing", change.Action), nil)
	default:
		return e.connector.client.own(codeInvalidAction, fmt.Sprintf("there is no action %q", change.Action), nil)
	}
	if !isID(change.Target.ID) {
		return e.connector.client.own(codeInvalidAnchor, fmt.Sprintf("%q is not the id of a Salesforce record", change.Target.ID), nil)
	}
	e.record = append(append(append(e.record, `,"id":"`...), change.Target.ID...), '"')
	e.decided = change.Action != plan.Update
	switch {
	case change.Action.Removes():
		return e.leave(change)
	case change.Action == plan.Enable:
		if e.connector.leaving.freeze {
			e.entitled.frozen = attr.Bool(false)
		}
		return e.put(attributeIsActive, attr.Bool(true))
	}
	return nil
}

// addField adds one attribute to the record, or to what the user gets besides.
func (e *encoder) addField(written attr.Object, field plan.Field) error {
	if kind, found := findEntitlement(field.Name); found {
		return e.addEntitlement(kind, field)
	}
	if field.Name == attributeIsFrozen {
		if frozen := frozenOf(field.New); !e.create || frozen.Bool() {
			e.entitled.frozen = frozen
		}
		return nil
	}
	return e.add(written, field.Name, field.New)
}

// add writes one attribute under the name of the field that holds it.
func (e *encoder) add(written attr.Object, name string, value attr.Value) error {
	switch name {
	case attributeID:
		return nil // it is part of the record's address
	case attributeProfileName:
		return e.addProfile(written, value)
	case attributeUserRoleName:
		return e.addUserRole(written, value)
	case attributeIsActive:
		if e.decided {
			return nil
		}
	}
	if err := e.connector.client.supported(name); err != nil {
		return err
	}
	return e.put(name, asBoolean(name, value))
}

// put writes a field. On creation a field without value is left out, so that
// Salesforce fills in its default.
func (e *encoder) put(name string, value attr.Value) error {
	if e.create && value.IsEmpty() {
		return nil
	}
	e.judge(name, value)
	var err error
	e.record = append(e.record, ',')
	e.record, err = appendField(e.record, name, value)
	e.fields++
	return err
}

// judge notes what the org would say of a value.
func (e *encoder) judge(name string, value attr.Value) {
	if e.rules == nil {
		return
	}
	if e.filled == nil {
		e.filled, e.emptied = map[string]bool{}, map[string]bool{}
	}
	if value.IsEmpty() {
		e.emptied[strings.ToLower(name)] = true
	} else {
		e.filled[strings.ToLower(name)] = true
	}
	if f, found := e.rules.fault(name, value, e.create); found {
		e.faults = append(e.faults, f)
	}
}

// foreseen returns the error that the org would answer a record with.
func (e *encoder) foreseen() error {
	if e.rules == nil {
		return nil
	}
	if f, found := e.rules.missing(e.filled, e.emptied, e.create); found {
		e.faults = append(e.faults, f)
	}
	if len(e.faults) == 0 {
		return nil
	}
	return e.connector.client.failure(e.faults...)
}

func (e *encoder) addProfile(written attr.Object, value attr.Value) error {
	switch {
	case !written.Get(attributeProfileID).IsEmpty():
		return nil // the id says it exactly
	case value.IsEmpty() && e.create:
		return nil // Salesforce says which field is missing
	case value.IsEmpty():
		return e.connector.profiles.fault(attributeProfileName, "a user cannot be without a profile")
	case e.profilesErr != nil:
		return e.profilesErr
	}
	id, err := e.connector.profiles.find(attributeProfileName, value.String())
	if err != nil {
		return err
	}
	return e.put(attributeProfileID, attr.Text(id))
}

func (e *encoder) addUserRole(written attr.Object, value attr.Value) error {
	if _, both := written.Lookup(attributeUserRoleID); both {
		return nil
	}
	if value.IsEmpty() {
		return e.put(attributeUserRoleID, attr.Value{})
	}
	if e.rolesErr != nil {
		return e.rolesErr
	}
	id, err := e.connector.userRoles.find(attributeUserRoleName, value.String())
	if err != nil {
		return err
	}
	return e.put(attributeUserRoleID, attr.Text(id))
}

// asBoolean turns the texts True and False into booleans for fields that are
// known to be ones: a mapping may carry constants as texts.
func asBoolean(name string, value attr.Value) attr.Value {
	if value.Kind() != attr.String || name != attributeIsActive && name != attributeIsFrozen && !strings.HasPrefix(name, "UserPermissions") && !strings.HasPrefix(name, "UserPreferences") {
		return value
	}
	switch strings.ToLower(value.String()) {
	case "true":
		return attr.Bool(true)
	case "false":
		return attr.Bool(false)
	}
	return value
}

// changedEmail returns the new e-mail address of an active user whose address
// changes by more than letter case; null otherwise.
func changedEmail(change plan.Change) attr.Value {
	if active, known := change.Current.Lookup(attributeIsActive); known && !active.Bool() {
		return attr.Value{}
	}
	for _, field := range change.Fields {
		if field.Name == attributeEmail && !field.New.IsEmpty() && !attr.Equal(field.New, field.Old, false) {
			return field.New
		}
	}
	return attr.Value{}
}
