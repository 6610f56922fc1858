package engine

import (
	"context"
	"fmt"
	"strings"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/connector"
)

// choose finds the values of a new account that have to be unique in the target.
// An error of the target stops the batch; candidates that are all taken are the
// fault of this one person.
func (c *cycle) choose(ctx context.Context, i *item, found []attr.Object) error {
	if !c.chooses(i, found) {
		return nil
	}
	var failure error // of the target
	desired, err := c.asked.Mapping.Choose(i.desired, i.source, c.at(), func(attribute, candidate string) (bool, error) {
		taken, err := c.taken(ctx, i, attribute, candidate)
		failure = err
		return taken, err
	})
	if failure != nil {
		return fmt.Errorf("look for a value that is free: %w", failure)
	}
	if i.fault = err; err == nil {
		i.desired = desired
	}
	return nil
}

// chooses reports whether an account is to be made for the person, by a mapping
// with values to be chosen.
func (c *cycle) chooses(i *item, found []attr.Object) bool {
	return c.asked.Mapping.Chooses() && i.verdict.In && i.fault == nil && len(found) == 0 && !i.connected()
}

// taken tells whether an account of the target has the value, or somebody else of
// this cycle was given it. A free value is reserved for the person.
func (c *cycle) taken(ctx context.Context, i *item, attribute, candidate string) (bool, error) {
	query := connector.Query{Type: c.target.ObjectType, Attribute: attribute, Values: []string{candidate}, Select: []string{attribute}}
	for _, err := range c.asked.Connector.Read(ctx, query) {
		return err == nil, err
	}
	key := attribute + "\x00" + strings.ToLower(candidate)
	c.reserving.Lock()
	defer c.reserving.Unlock()
	if c.reserved == nil {
		c.reserved = make(map[string]string)
	}
	if other, found := c.reserved[key]; found && other != i.subject.User.ID {
		return true, nil
	}
	c.reserved[key] = i.subject.User.ID
	return false, nil
}
