package engine

import (
	"sync"

	"github.com/usher-id/usher/provisioning"
)

// marks follows how far a cycle has come through the people it collects. Batches are
// handed on in the order of ids and end in any order; everybody up to a mark is done.
type marks struct {
	mutex sync.Mutex
	open  []*batchMark // in the order in which the batches were handed on
	after string       // everybody up to this id is done
}

// batchMark is the last person of one batch.
type batchMark struct {
	through string
	done    bool
}

// begin notes that a batch was handed on.
func (m *marks) begin(through string) *batchMark {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	begun := &batchMark{through: through}
	m.open = append(m.open, begun)
	return begun
}

// end notes that a batch is recorded.
func (m *marks) end(ended *batchMark) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	ended.done = true
	for len(m.open) > 0 && m.open[0].done {
		m.after = m.open[0].through
		m.open = m.open[1:]
	}
}

func (m *marks) reached() string {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return m.after
}

// resume goes on where the cycle before was cut off, if that was one of the same
// kind. It keeps that one's position in the change feed, too: what changed since is
// for the cycle after it, also of the people who are not looked at again.
func (c *cycle) resume() {
	left := c.job.Status.Resume
	if c.asked.DryRun || c.asked.Full || c.partial() || left.After == "" || left.Kind != c.kind || left.Until < c.job.Watermark {
		return
	}
	c.until, c.marks.after = left.Until, left.After
	c.resumed = left.After
}

// left is where the next cycle goes on after this one was cut off.
func (c *cycle) left() provisioning.Resume {
	after := c.marks.reached()
	if after == "" {
		return provisioning.Resume{}
	}
	return provisioning.Resume{Kind: c.kind, Until: c.until, After: after}
}
