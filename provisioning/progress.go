package provisioning

import (
	"time"
)

// Progress is how far a cycle has come, as it was noted last. It may be of a cycle that
// is over, or that broke off: see Running.
type Progress struct {
	CycleID  string    `json:"cycleId"`
	Kind     CycleKind `json:"kind"`
	Phase    string    `json:"phase"` // roles, removals, people, references
	Began    time.Time `json:"began"`
	At       time.Time `json:"at"`                // when it was noted
	Expected int       `json:"expected,omitzero"` // objects that the cycle will come to, as far as is known
	Counts   Counts    `json:"counts"`            // so far
}

// progressStale is how old a note is when the cycle does not run any more: one that runs
// notes every few seconds that it does.
const progressStale = 30 * time.Second

// Running reports whether the cycle runs: it was heard of a moment ago, and neither it nor
// one that began later has ended. A short cycle may end without having been noted.
func (p Progress) Running(status Status, now time.Time) bool {
	last := status.LastRun
	return p.CycleID != "" && p.CycleID != last.CycleID && !p.Began.Before(last.Began) && now.Sub(p.At) < progressStale
}

// Done returns how many objects the cycle is through with.
func (p Progress) Done() int { return p.Counts.Objects() }

// Rate returns how many objects a second the cycle is through with, since it began.
func (p Progress) Rate() float64 {
	seconds := p.At.Sub(p.Began).Seconds()
	if seconds <= 0 {
		return 0
	}
	return float64(p.Done()) / seconds
}

// Left returns how long the cycle takes at its present rate until it has come to all
// objects that are expected; found is false when that cannot be told.
func (p Progress) Left() (left time.Duration, found bool) {
	rate, missing := p.Rate(), p.Expected-p.Done()
	if rate <= 0 || p.Expected == 0 {
		return 0, false
	}
	return time.Duration(float64(max(0, missing)) / rate * float64(time.Second)), true
}

// Objects returns how many objects a cycle is through with. References that are written
// afterwards are no objects of their own.
func (c Counts) Objects() int {
	return c.Created + c.Updated + c.Disabled + c.Enabled + c.Deleted + c.Unchanged + c.Skipped + c.Failed + c.Staged
}
