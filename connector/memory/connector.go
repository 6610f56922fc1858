package memory

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/connector"
)

// Connector is a target and the connection to it in one. It is safe for
// concurrent use.
type Connector struct {
	config Config

	mu       sync.Mutex
	accounts map[string]account           // by id
	unique   map[string]map[string]string // attribute, folded value -> id
	serial   int
	stats    Statistics
}

var _ connector.Connector = (*Connector)(nil)

// account is an account with what the target alone knows of it.
type account struct {
	object   attr.Object
	pending  map[string]attr.Value // new values that wait for confirmation
	modified time.Time
}

// Statistics counts what was asked of a target.
type Statistics struct {
	Calls  int64 // everything below together with Check and Roles
	Reads  int64
	Writes int64 // calls of Apply
	Rows   int64 // accounts created or changed
}

// New makes a target. An account of the configuration that breaks the rules of
// the target, such as two of one name, is an error.
func New(config Config) (*Connector, error) {
	config = config.filled()
	c := &Connector{config: config, accounts: map[string]account{}, unique: map[string]map[string]string{}}
	for _, attribute := range config.Unique {
		c.unique[attribute] = map[string]string{}
	}
	for _, object := range config.Accounts {
		if err := c.SetAccount(object); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// Describe returns the description from the configuration.
func (c *Connector) Describe() connector.Descriptor { return c.config.Descriptor }

// Check compares the credentials.
func (c *Connector) Check(ctx context.Context) (connector.Health, error) {
	if err := c.call(ctx, nil); err != nil {
		return connector.Health{}, err
	}
	return connector.Health{
		Account: c.config.Presented.Get("UserName"), Organization: c.config.Descriptor.Name, Version: "1",
	}, nil
}

// Roles yields the roles with the seats that active accounts take.
func (c *Connector) Roles(ctx context.Context) iter.Seq2[connector.Role, error] {
	return func(yield func(connector.Role, error) bool) {
		if err := c.call(ctx, nil); err != nil {
			yield(connector.Role{}, err)
			return
		}
		c.mu.Lock()
		roles := slices.Clone(c.config.Roles)
		for i, role := range roles {
			roles[i].License.Used = c.used(role.License.Name)
		}
		c.mu.Unlock()
		for _, role := range roles {
			if !yield(role, nil) {
				return
			}
		}
	}
}

// Read yields copies of the accounts that the query asks for.
func (c *Connector) Read(ctx context.Context, query connector.Query) iter.Seq2[attr.Object, error] {
	return func(yield func(attr.Object, error) bool) {
		if wanted := c.config.Descriptor.Capabilities.ObjectType; query.Type != wanted {
			yield(attr.Object{}, &connector.Error{
				Kind: connector.Unsupported, Message: fmt.Sprintf("there are no objects of type %q, only %q", query.Type, wanted),
			})
			return
		}
		if !query.All && len(query.IDs)+len(query.Values) == 0 {
			return // nothing is asked for
		}
		if err := c.call(ctx, func() { c.stats.Reads++ }); err != nil {
			yield(attr.Object{}, err)
			return
		}
		for _, object := range c.find(query) {
			if !yield(selected(object, query.Select), nil) {
				return
			}
		}
	}
}

// Usage returns the number of calls and the quota.
func (c *Connector) Usage() connector.Usage {
	c.mu.Lock()
	defer c.mu.Unlock()
	return connector.Usage{Calls: c.stats.Calls, Limit: c.config.CallLimit, LimitUsed: c.stats.Calls}
}

// Close does nothing: the target outlives the connection.
func (c *Connector) Close() error { return nil }

// call stands for one request: it takes time, counts, and checks the credentials
// and the quota.
func (c *Connector) call(ctx context.Context, count func()) error {
	if err := wait(ctx, c.config.Latency); err != nil {
		return &connector.Error{Kind: connector.Unavailable, Err: err}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stats.Calls++
	if count != nil {
		count()
	}
	if c.config.CallLimit > 0 && c.stats.Calls > c.config.CallLimit {
		return c.fault(connector.QuotaExceeded, "QuotaExceeded", "the calls of the day are used up")
	}
	for _, expected := range c.config.Expected {
		if c.config.Presented.Get(expected.Key) != expected.Value.Reveal() {
			return c.fault(connector.Unauthorized, "InvalidCredentials", expected.Key+" is wrong")
		}
	}
	return nil
}

func wait(ctx context.Context, latency time.Duration) error {
	if latency <= 0 || ctx.Err() != nil {
		return ctx.Err()
	}
	timer := time.NewTimer(latency)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// fault makes an error of the target with a code of the provisioning log.
func (c *Connector) fault(kind connector.Kind, code, message string, fields ...string) *connector.Error {
	return &connector.Error{
		Kind: kind, Code: c.config.Descriptor.Capabilities.CodePrefix + code, TargetCode: code, Message: message, Fields: fields,
	}
}

// find returns the accounts that a query asks for, in the order of their ids.
func (c *Connector) find(query connector.Query) []attr.Object {
	c.mu.Lock()
	defer c.mu.Unlock()
	ids := map[string]bool{}
	switch {
	case query.All:
		for id, account := range c.accounts {
			if query.Since.IsZero() || account.modified.After(query.Since) {
				ids[id] = true
			}
		}
	default:
		for _, id := range query.IDs {
			ids[id] = true
		}
		c.match(query.Attribute, query.Values, ids)
	}
	var found []attr.Object
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		if account, ok := c.accounts[id]; ok {
			found = append(found, account.object)
		}
	}
	return found
}

// match adds the ids of the accounts whose attribute has one of the values.
func (c *Connector) match(attribute string, values []string, ids map[string]bool) {
	if attribute == "" || len(values) == 0 {
		return
	}
	if index, ok := c.unique[attribute]; ok {
		for _, value := range values {
			if id, ok := index[fold(value)]; ok {
				ids[id] = true
			}
		}
		return
	}
	wanted := map[string]bool{}
	for _, value := range values {
		wanted[fold(value)] = true
	}
	for id, account := range c.accounts {
		if value := account.object.Get(attribute); !value.IsEmpty() && wanted[fold(value.String())] {
			ids[id] = true
		}
	}
}

// used counts the seats of a licence that active accounts take.
func (c *Connector) used(license string) int {
	if license == "" || c.config.RoleAttribute == "" {
		return 0
	}
	used := 0
	for _, account := range c.accounts {
		if role, ok := c.role(account.object.Get(c.config.RoleAttribute).String()); ok && role.License.Name == license && c.active(account.object) {
			used++
		}
	}
	return used
}

// role finds a role by its name.
func (c *Connector) role(name string) (connector.Role, bool) {
	i := slices.IndexFunc(c.config.Roles, func(r connector.Role) bool { return strings.EqualFold(r.Name, name) })
	if i < 0 {
		return connector.Role{}, false
	}
	return c.config.Roles[i], true
}

// active reports whether an account is enabled; one that does not say is.
func (c *Connector) active(object attr.Object) bool {
	value, ok := object.Lookup(c.config.Descriptor.Capabilities.ActiveAttribute)
	return !ok || value.IsNull() || value.Bool()
}

func selected(object attr.Object, names []string) attr.Object {
	if len(names) == 0 {
		return object
	}
	builder := attr.NewBuilder(object.Type, object.ID, len(names))
	for _, name := range names {
		builder.Set(name, object.Get(name))
	}
	return builder.Object()
}

func fold(text string) string { return strings.ToLower(text) }

func contains(list []string, item string) bool { return slices.Contains(list, item) }
