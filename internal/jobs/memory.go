package jobs

import (
	"sync"
	"time"

	"github.com/usher-id/usher/directory"
)

// memory is what a node remembers to spare itself work. All of it may be lost.
type memory struct {
	mutex   sync.Mutex
	head    directory.Cursor            // up to here every job was looked at
	looked  map[string]directory.Cursor // by job: up to here changes were looked at
	working map[string]bool             // jobs whose cycle runs on this node
	closed  map[string]time.Time        // jobs that could not be opened, and until when they are left alone
	allowed map[string]int              // by job: removals known to be allowed
}

func newMemory() memory {
	return memory{
		looked: map[string]directory.Cursor{}, working: map[string]bool{},
		closed: map[string]time.Time{}, allowed: map[string]int{},
	}
}

// begin notes that a cycle of the job runs here.
func (m *memory) begin(jobID string) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.working[jobID] = true
}

// end notes that it does not run any more. Where it may have missed changes, they
// are looked at again.
func (m *memory) end(jobID string, missed bool) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	delete(m.working, jobID)
	if missed {
		delete(m.looked, jobID)
		m.head = 0
	}
}

func (m *memory) isWorking(jobID string) bool {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return m.working[jobID]
}

// lookedAt returns how far the job's changes were looked at.
func (m *memory) lookedAt(jobID string) directory.Cursor {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return m.looked[jobID]
}

func (m *memory) look(jobID string, until directory.Cursor) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.looked[jobID] = until
}

// seen reports whether every job was looked at up to there.
func (m *memory) seen(head directory.Cursor) bool {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return m.head == head
}

func (m *memory) see(head directory.Cursor) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.head = head
}

// leave leaves a job alone until then; the zero time ends that.
func (m *memory) leave(jobID string, until time.Time) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.closed[jobID] = until
}

func (m *memory) isLeft(jobID string, now time.Time) bool {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return m.closed[jobID].After(now)
}

// allow notes how many removals are allowed and reports whether there are more than
// before.
func (m *memory) allow(jobID string, count int) bool {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	more := count > m.allowed[jobID]
	m.allowed[jobID] = count
	return more
}
