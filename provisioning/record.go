package provisioning

import (
	"slices"
	"time"
)

// CycleRecord is what is kept of a cycle when it is over: of every cycle, also of one
// that failed, was on demand, or carried out a plan.
type CycleRecord struct {
	Run

	JobID         string
	ApplicationID string
	Code          string       // of what it failed with as a whole, empty when nothing is known
	InitiatedBy   string       // empty for Usher itself
	PlanID        string       // of the plan that was carried out
	Held          string       // why the removal guard held removals, empty when it did not
	Quota         Quota        // zero when the target does not tell
	Licenses      []LicenseUse // as the target told when the cycle began
	Latency       Latency      // zero for all but incremental cycles that came to their end
}

// Quota is what a target allows a day, in requests, by everybody.
type Quota struct {
	Limit int64 `json:"limit"`
	Used  int64 `json:"used"`
}

// LicenseUse is how many seats of a licence the target has.
type LicenseUse struct {
	Name  string `json:"name"`
	Total int    `json:"total"` // seats bought; UnlimitedSeats for no limit
	Used  int    `json:"used"`
}

// Latency is how long it took from a change in the directory to the changed account.
type Latency struct {
	Count  int           `json:"count"` // people whose account changed because they did
	Median time.Duration `json:"median"`
	P95    time.Duration `json:"p95"` // 95 of 100 took no longer
	Max    time.Duration `json:"max"`
}

// NewLatency sums up durations, which it sorts.
func NewLatency(durations []time.Duration) Latency {
	count := len(durations)
	if count == 0 {
		return Latency{}
	}
	slices.Sort(durations)
	return Latency{Count: count, Median: durations[count/2], P95: durations[count*95/100], Max: durations[count-1]}
}
