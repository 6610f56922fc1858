package memory

import (
	"fmt"
	"maps"
	"slices"

	"github.com/usher-id/usher/attr"
)

// Accounts returns everything that the target holds, in the order of the ids. It
// is the oracle of tests: it counts as no call.
func (c *Connector) Accounts() []attr.Object {
	c.mu.Lock()
	defer c.mu.Unlock()
	objects := make([]attr.Object, 0, len(c.accounts))
	for _, id := range slices.Sorted(maps.Keys(c.accounts)) {
		objects = append(objects, c.accounts[id].object)
	}
	return objects
}

// Account returns the account of this name, whatever the letter case.
func (c *Connector) Account(name string) (attr.Object, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	id, ok := c.unique[c.config.Descriptor.Capabilities.NameAttribute][fold(name)]
	return c.accounts[id].object, ok
}

// SetAccount puts an account into the target behind the connector's back, as an
// administrator of the target would: a new one when it has no id or an unknown
// one, else it replaces the one with the id. The rules of the target hold.
func (c *Connector) SetAccount(object attr.Object) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if object.ID == "" {
		object.ID = c.nextID()
	}
	object.Type = c.config.Descriptor.Capabilities.ObjectType
	object = c.normalized(object)
	if err := c.put(object, c.accounts[object.ID]); err != nil {
		return fmt.Errorf("put account %s: %w", object.ID, err)
	}
	return nil
}

// RemoveAccount takes an account out of the target behind the connector's back.
func (c *Connector) RemoveAccount(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.unindex(c.accounts[id].object)
	delete(c.accounts, id)
}

// Confirm lets the changes of an account that wait for confirmation happen.
func (c *Connector) Confirm(id string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	before, ok := c.accounts[id]
	if !ok {
		return fmt.Errorf("confirm changes of account %s: it does not exist", id)
	}
	object := before.object
	for name, value := range before.pending {
		object = object.With(name, value)
	}
	before.pending = nil
	return c.put(object, before)
}

// Statistics returns what was asked of the target since it was made.
func (c *Connector) Statistics() Statistics {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stats
}
