package engine

import (
	"maps"
	"sync"
	"time"

	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

// Progress is how far a cycle has come.
type Progress struct {
	CycleID string
	Kind    provisioning.CycleKind
	Began   time.Time
	Phase   string // roles, removals, people, references
	Counts  provisioning.Counts
}

// progress counts what happens in a cycle and tells the observer.
type progress struct {
	mu      sync.Mutex
	current Progress
	observe func(Progress)
}

func (p *progress) phase(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.current.Phase = name
	p.tell()
}

// collected counts people that were looked at.
func (p *progress) collected(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.current.Counts.Collected += n
}

// calls sets the requests made so far.
func (p *progress) calls(n int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.current.Counts.Calls = n
}

// done counts changes that are over.
func (p *progress) done(changes []plan.Change, links bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, change := range changes {
		p.count(change, links)
	}
	p.tell()
}

func (p *progress) count(change plan.Change, link bool) {
	counts := &p.current.Counts
	switch change.Status {
	case plan.Failure:
		if link {
			counts.Refused++
		} else {
			counts.Failed++
		}
		p.code(change.Reason.Code)
		return
	case plan.Staged:
		counts.Staged++
		p.code(change.Reason.Code)
		return
	case plan.Skipped:
		if change.Action == plan.None {
			counts.Unchanged++
			return
		}
		counts.Skipped++
		p.code(change.Reason.Code)
		return
	case plan.Planned, plan.Success:
	case plan.Warning:
		p.code(change.Reason.Code)
		if change.Action == plan.None {
			counts.Unchanged++
			return
		}
	}
	counts.Writes++
	if link {
		counts.References++
		return
	}
	switch change.Action {
	case plan.Create:
		counts.Created++
	case plan.Update:
		counts.Updated++
	case plan.Disable:
		counts.Disabled++
	case plan.Enable:
		counts.Enabled++
	case plan.Delete:
		counts.Deleted++
	case plan.None, plan.Skip:
	}
}

func (p *progress) code(code string) {
	if p.current.Counts.Codes == nil {
		p.current.Counts.Codes = make(map[string]int)
	}
	p.current.Counts.Codes[code]++
}

func (p *progress) tell() {
	if p.observe != nil {
		progress := p.current
		progress.Counts = p.copied()
		p.observe(progress)
	}
}

func (p *progress) copied() provisioning.Counts {
	counts := p.current.Counts
	counts.Codes = maps.Clone(counts.Codes)
	return counts
}

// snapshot returns the figures so far.
func (p *progress) snapshot() provisioning.Counts {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.copied()
}
