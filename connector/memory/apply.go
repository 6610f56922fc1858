package memory

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/plan"
)

// Apply carries out the changes as one call: removals first, then the others in
// their order.
func (c *Connector) Apply(ctx context.Context, changes []plan.Change) []connector.Outcome {
	outcomes := make([]connector.Outcome, len(changes))
	if len(changes) == 0 {
		return outcomes
	}
	err := c.call(ctx, func() { c.stats.Writes++ })
	if limit := c.config.Descriptor.Capabilities.BatchSize; err == nil && len(changes) > limit {
		err = c.fault(connector.Invalid, "BatchTooLarge", fmt.Sprintf("%d changes at once, %d are allowed", len(changes), limit))
	}
	if err != nil {
		for i := range outcomes {
			outcomes[i].Err = err
		}
		return outcomes
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, removing := range []bool{true, false} {
		for i, change := range changes {
			if change.Action.Removes() == removing {
				outcomes[i] = c.apply(change)
			}
		}
	}
	return outcomes
}

// apply carries out one change. The caller holds the lock.
func (c *Connector) apply(change plan.Change) connector.Outcome {
	capabilities := c.config.Descriptor.Capabilities
	switch change.Action {
	case plan.Create:
		return c.create(change)
	case plan.Delete:
		if capabilities.Deletes {
			return c.delete(change.Target.ID)
		}
		return c.update(change.Target.ID, attr.Object{}.With(capabilities.ActiveAttribute, attr.Bool(false)))
	case plan.Disable:
		return c.update(change.Target.ID, change.New().With(capabilities.ActiveAttribute, attr.Bool(false)))
	case plan.Enable:
		return c.update(change.Target.ID, change.New().With(capabilities.ActiveAttribute, attr.Bool(true)))
	case plan.Update:
		return c.update(change.Target.ID, change.New())
	case plan.None, plan.Skip:
	}
	return connector.Outcome{Err: c.fault(connector.Invalid, "NotAWrite", fmt.Sprintf("the action %q writes nothing", change.Action))}
}

func (c *Connector) create(change plan.Change) connector.Outcome {
	capabilities := c.config.Descriptor.Capabilities
	object := c.normalized(change.New()).WithRef(attr.Ref{Type: capabilities.ObjectType, ID: c.nextID()})
	if !capabilities.CreatesDisabled && !c.active(object) {
		return connector.Outcome{Err: c.fault(connector.Unsupported, "CreatesDisabled", "accounts cannot be created disabled", capabilities.ActiveAttribute)}
	}
	if err := c.put(object, account{}); err != nil {
		return connector.Outcome{Err: err}
	}
	c.stats.Rows++
	return connector.Outcome{TargetID: object.ID}
}

func (c *Connector) update(id string, fields attr.Object) connector.Outcome {
	before, ok := c.accounts[id]
	if !ok {
		return connector.Outcome{Err: c.fault(connector.NotFound, "InvalidAnchor", "there is no account "+id)}
	}
	outcome := connector.Outcome{TargetID: id}
	fields = c.normalized(fields)
	for _, name := range c.config.Pending {
		value, changes := fields.Lookup(name)
		if !changes || !c.active(before.object) || attr.Equal(value, before.object.Get(name), true) {
			continue
		}
		fields = fields.Without(name)
		pending := map[string]attr.Value{name: value}
		for other, waiting := range before.pending {
			if other != name {
				pending[other] = waiting
			}
		}
		before.pending = pending
		outcome.Pending = append(outcome.Pending, name)
		outcome.Warnings = append(outcome.Warnings, "the new "+name+" waits for confirmation")
	}
	if err := c.put(before.object.Merge(fields), before); err != nil {
		return connector.Outcome{Err: err}
	}
	c.stats.Rows++
	return outcome
}

func (c *Connector) delete(id string) connector.Outcome {
	before, ok := c.accounts[id]
	if !ok {
		return connector.Outcome{Err: c.fault(connector.NotFound, "InvalidAnchor", "there is no account "+id)}
	}
	c.unindex(before.object)
	delete(c.accounts, id)
	c.stats.Rows++
	return connector.Outcome{TargetID: id}
}

// put stores an account if the rules of the target allow it. The caller holds the
// lock.
func (c *Connector) put(object attr.Object, before account) error {
	if err := c.allowed(object, before); err != nil {
		return err
	}
	c.unindex(before.object)
	for attribute, index := range c.unique {
		if value := object.Get(attribute); !value.IsEmpty() {
			index[fold(value.String())] = object.ID
		}
	}
	c.accounts[object.ID] = account{object: object, pending: before.pending, modified: time.Now()}
	return nil
}

// allowed checks an account that is to replace another one, or none.
func (c *Connector) allowed(object attr.Object, before account) error {
	for _, attribute := range c.config.Required {
		if object.Get(attribute).IsEmpty() {
			return c.fault(connector.Invalid, "RequiredFieldMissing", attribute+" has no value", attribute)
		}
	}
	for _, attribute := range c.config.Unique {
		value := object.Get(attribute)
		if value.IsEmpty() {
			continue
		}
		if id, taken := c.unique[attribute][fold(value.String())]; taken && id != object.ID {
			return c.fault(connector.Conflict, "EntryConflict", attribute+" is taken by another account", attribute)
		}
	}
	if c.config.RoleAttribute == "" {
		return nil
	}
	role, ok := c.role(object.Get(c.config.RoleAttribute).String())
	if !ok {
		return c.fault(connector.Invalid, "InvalidRole", "there is no such role", c.config.RoleAttribute)
	}
	return c.seat(object, before, role)
}

// seat checks that an account that becomes active, or moves to another licence,
// finds a free seat.
func (c *Connector) seat(object attr.Object, before account, role connector.Role) error {
	license := role.License
	if license.Name == "" || license.Total == connector.Unlimited || !c.active(object) {
		return nil
	}
	if !before.object.IsZero() && c.active(before.object) {
		if old, ok := c.role(before.object.Get(c.config.RoleAttribute).String()); ok && old.License.Name == license.Name {
			return nil
		}
	}
	if c.used(license.Name) >= license.Total {
		return c.fault(connector.Conflict, "LicenseLimitExceeded", "no seat of "+license.Name+" is free", c.config.RoleAttribute)
	}
	return nil
}

func (c *Connector) unindex(object attr.Object) {
	for attribute, index := range c.unique {
		if value := object.Get(attribute); !value.IsEmpty() && index[fold(value.String())] == object.ID {
			delete(index, fold(value.String()))
		}
	}
}

func (c *Connector) normalized(object attr.Object) attr.Object {
	for name, value := range object.All() {
		object = object.With(name, c.config.Normalize.apply(name, value))
	}
	return object
}

// nextID makes the id of the next account. The caller holds the lock.
func (c *Connector) nextID() string {
	for {
		c.serial++
		id := strconv.Itoa(c.serial)
		id = "M" + strings.Repeat("0", max(0, c.config.Normalize.IDLength-len(id)-1)) + id
		if _, taken := c.accounts[id]; !taken {
			return id
		}
	}
}
