package salesforce

import (
	"slices"
	"sync/atomic"

	"github.com/usher-id/usher/connector"
)

// batchSize is the most records that one collection takes.
const batchSize = 200

// Connector is an open connection to one org. Open it with the Open function of a
// [Template]. It is safe for concurrent use.
type Connector struct {
	descriptor  connector.Descriptor
	client      *client
	mapped      []string // attributes to read when a query does not say
	profiles    *directory
	userRoles   *directory
	description *description
	seats       seatLedger
	leaving     leaving
	budget      budget
	bulkFrom    int // 0: never in bulk

	entitlementNames map[string]*directory // by attribute
	emails           atomic.Int32          // an emailMode
	closeIdle        func()
}

var _ connector.Connector = (*Connector)(nil)

func open(descriptor connector.Descriptor, e edition, options Options, environment connector.Environment) (connector.Connector, error) {
	a, err := newAccount(e, environment.Credentials)
	if err != nil {
		return nil, err
	}
	leaving, err := newLeaving(environment.Credentials)
	if err != nil {
		return nil, err
	}
	budget, err := newBudget(environment.Credentials)
	if err != nil {
		return nil, err
	}
	bulkFrom, err := newBulkFrom(environment.Credentials)
	if err != nil {
		return nil, err
	}
	c := &Connector{
		leaving: leaving, budget: budget, bulkFrom: bulkFrom,
		descriptor: descriptor, client: newClient(a, options, environment.Transport),
		profiles: newProfiles(), userRoles: newUserRoles(), description: newDescription(),
		entitlementNames: newEntitlementNames(),
	}
	c.descriptor.Capabilities = withBulk(c.descriptor.Capabilities, bulkFrom)
	c.descriptor.Capabilities.DisabledKeepsSeats = leaving.freeze
	c.closeIdle = c.client.http.CloseIdleConnections
	if environment.Transport != nil {
		c.closeIdle = func() {} // others use it too
	}
	c.mapped = environment.Mapped
	if c.mapped == nil {
		c.mapped = defaultAttributes()
	}
	c.mapped = slices.Clone(c.mapped)
	if _, err := c.client.fieldsOf(c.mapped); err != nil {
		return nil, err
	}
	return c, nil
}

// Describe returns the template's description.
func (c *Connector) Describe() connector.Descriptor { return c.descriptor }

// Usage returns the requests made and what Salesforce said last of the org's
// allocation for 24 hours and of the seats of features.
func (c *Connector) Usage() connector.Usage {
	return connector.Usage{
		Calls: c.client.calls.Load(), Limit: c.client.limit.Load(), LimitUsed: c.client.limitUsed.Load(), Features: c.seats.known(),
	}
}

// Close drops idle connections. It does not sign out: the session is shared with
// other programs that use the same Salesforce user.
func (c *Connector) Close() error {
	c.closeIdle()
	return nil
}
