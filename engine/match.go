package engine

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

var noKey mapping.Key //nolint:gochecknoglobals // the zero key, for a decision without matching.

// match looks everyone of a batch up in the target and decides. Connected accounts
// are read by id and the others by the first matching attribute in one query;
// who is not found is looked up by the next one.
func (c *cycle) match(ctx context.Context, items []*item) error {
	accounts := newAccounts(items)
	if err := c.lookUp(ctx, accounts); err != nil {
		return err
	}
	if gone := c.vanished(accounts); len(gone) > 0 {
		again := newAccounts(gone)
		if err := c.lookUp(ctx, again); err != nil {
			return err
		}
		maps.Copy(accounts.matched, again.matched)
	}
	c.progress.calls(c.asked.Connector.Usage().Calls - c.callsBefore)
	return c.decide(ctx, items, accounts)
}

// vanished returns the people whose account was not found by its id and who are to
// be matched again. Whoever left stays connected with an account that was not found:
// it is looked for until it is seen to be disabled, or somebody removes the
// connection.
func (c *cycle) vanished(accounts *accounts) []*item {
	if c.job.Settings.Vanished != provisioning.VanishedMatch {
		return nil
	}
	var gone []*item
	for _, i := range accounts.items {
		if _, found := accounts.byID[i.subject.Connection.TargetID]; i.verdict.In && i.connected() && !found {
			i.vanished = i.subject.Connection.TargetID
			i.subject.Connection.Pending = nil // what waited there waits no more
			gone = append(gone, i)
		}
	}
	return gone
}

// lookUp looks everyone up in the target.
func (c *cycle) lookUp(ctx context.Context, accounts *accounts) error {
	for n, attribute := range c.asked.Mapping.Keys() {
		query := connector.Query{Type: c.target.ObjectType, Attribute: attribute, Select: c.selected()}
		if n == 0 {
			query.IDs = accounts.connected()
		}
		exact := c.asked.Mapping.Rule(attribute).CaseExact
		query.Values = accounts.wanted(attribute)
		if len(query.IDs)+len(query.Values) == 0 {
			continue
		}
		for object, err := range c.asked.Connector.Read(ctx, query) {
			if err != nil {
				return fmt.Errorf("look accounts up by %s: %w", attribute, err)
			}
			accounts.put(object, attribute, exact)
		}
		accounts.assign(attribute, exact)
	}
	return nil
}

// selected lists the attributes that a decision needs.
func (c *cycle) selected() []string {
	names := c.asked.Mapping.Targets()
	for _, name := range []string{c.target.NameAttribute, c.target.ActiveAttribute} {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

func (c *cycle) decide(ctx context.Context, items []*item, accounts *accounts) error {
	claims, err := c.Ledger.Claimed(ctx, c.job.ID, accounts.foundIDs())
	if err != nil {
		return fmt.Errorf("look up who the found accounts belong to: %w", err)
	}
	void, err := c.voidClaims(ctx, claims)
	if err != nil {
		return err
	}
	taken := make(map[string]string) // the account found, or to be made, to the first of the batch who wants it
	for _, i := range items {
		found, key := accounts.of(i)
		claimedBy := ""
		if wanted, connected := i.wants(found, &key), i.connected(); wanted != "" && !connected {
			claimedBy = cmp.Or(claims[wanted], taken[wanted], c.reserve(i, wanted, len(found) == 1))
			if claimedBy == "" {
				taken[wanted] = i.subject.User.ID
				i.takesOver = void[wanted]
			}
		}
		if err := c.choose(ctx, i, found); err != nil {
			return err
		}
		i.change = plan.Decide(i.facts(found, key, claimedBy, c.target.ObjectType), c.rules)
		if i.takesOver != "" {
			i.change = i.change.Warned("the account belonged to somebody who was removed from the directory for good: " + i.takesOver)
		}
		if i.vanished != "" {
			i.change = i.change.Warned("the account " + i.vanished + " that belonged to this person was not found; the person was matched again")
		}
		for _, waiting := range i.waiting {
			i.change = i.change.Unresolved(waiting.Attribute, "the person with id "+waiting.Referenced)
		}
	}
	return nil
}

// wants names the one account that was found for the person, or else the first
// matching value of the one to be made, which then is the key.
func (i *item) wants(found []attr.Object, key *mapping.Key) string {
	switch {
	case len(found) == 1:
		return found[0].ID
	case len(found) == 0 && len(i.desired.Keys) > 0:
		*key = i.desired.Keys[0]
		return indexKey(key.Attribute, key.Value, false)
	}
	return ""
}

// accounts are what was found in the target for a batch.
type accounts struct {
	items   []*item
	byID    map[string]attr.Object
	byValue map[string][]attr.Object // attribute and value
	matched map[*item]match
}

type match struct {
	found []attr.Object
	key   mapping.Key
}

func newAccounts(items []*item) *accounts {
	return &accounts{
		items: items, byID: make(map[string]attr.Object, len(items)),
		byValue: make(map[string][]attr.Object, len(items)), matched: make(map[*item]match, len(items)),
	}
}

func (a *accounts) connected() []string {
	var ids []string
	for _, i := range a.items {
		if i.connected() {
			ids = append(ids, i.subject.Connection.TargetID)
		}
	}
	return ids
}

// wanted returns the values to look up for people who are neither connected nor
// found by an earlier attribute.
func (a *accounts) wanted(attribute string) []string {
	var values []string
	for _, i := range a.items {
		if _, found := a.matched[i]; found || i.connected() {
			continue
		}
		if value := i.key(attribute); !value.IsEmpty() {
			values = append(values, value.String())
		}
	}
	return values
}

// key returns the person's value of a matching attribute.
func (i *item) key(attribute string) attr.Value {
	for _, key := range i.desired.Keys {
		if key.Attribute == attribute {
			return key.Value
		}
	}
	return attr.Value{}
}

func (a *accounts) put(object attr.Object, attribute string, exact bool) {
	a.byID[object.ID] = object
	key := indexKey(attribute, object.Get(attribute), exact)
	a.byValue[key] = append(a.byValue[key], object)
}

func indexKey(attribute string, value attr.Value, exact bool) string {
	if exact {
		return attribute + "\x00" + value.String()
	}
	return attribute + "\x00" + strings.ToLower(value.String())
}

// assign gives people who are not connected the accounts that have their value.
func (a *accounts) assign(attribute string, exact bool) {
	for _, i := range a.items {
		value := i.key(attribute)
		if _, found := a.matched[i]; found || value.IsEmpty() || i.connected() {
			continue
		}
		if found := a.byValue[indexKey(attribute, value, exact)]; len(found) > 0 {
			a.matched[i] = match{found, mapping.Key{Attribute: attribute, Value: value}}
		}
	}
}

func (a *accounts) of(i *item) ([]attr.Object, mapping.Key) {
	if id := i.subject.Connection.TargetID; i.connected() {
		if object, found := a.byID[id]; found {
			return []attr.Object{object}, mapping.Key{}
		}
		return nil, mapping.Key{}
	}
	found := a.matched[i]
	return found.found, found.key
}

func (a *accounts) foundIDs() []string {
	var ids []string
	for _, found := range a.matched {
		for _, object := range found.found {
			ids = append(ids, object.ID)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}
