package engine

import "github.com/usher-id/usher/provisioning"

// countSeats counts what the changes of a batch, as they were decided, ask of the
// target's licences.
func (c *cycle) countSeats(items []*item) {
	if c.seats == nil {
		return
	}
	c.counting.Lock()
	defer c.counting.Unlock()
	for _, i := range items {
		c.seats.Add(i.change)
	}
}

// seatDemands returns what the cycle asked of the target's licences so far.
func (c *cycle) seatDemands() []provisioning.SeatDemand {
	if c.seats == nil {
		return nil
	}
	c.counting.Lock()
	defer c.counting.Unlock()
	return c.seats.Demands()
}
