package engine

import (
	"fmt"

	"github.com/usher-id/usher/provisioning"
)

// Failures are the figures by which a job is judged after a cycle.
type Failures struct {
	Events     int // objects that were looked at
	Failed     int // of those, failed; without References
	References int // failed because a referenced object has no account
}

// Thresholds of Microsoft Entra's provisioning service (its documentation,
// "Application provisioning in quarantine status").
const (
	failuresFrom     = 5_000  // fewer failures never quarantine by number
	failuresPercent  = 40     // of the events
	failuresAtMost   = 40_000 // without reference failures
	failuresAllAtMax = 60_000 // with reference failures
)

// Judge returns why that many failures put a job into quarantine, an empty reason
// when they do not. smallPercent, when it is not 0, is a share of the events that
// counts from ten events on, for tenants that never come to thousands of failures.
func (f Failures) Judge(smallPercent int) (provisioning.QuarantineReason, string) {
	const smallFrom = 10
	switch {
	case f.Failed+f.References > failuresAllAtMax:
		return provisioning.EncounteredTotalEscrowThreshold,
			fmt.Sprintf("%d objects failed, reference failures included; the limit is %d", f.Failed+f.References, failuresAllAtMax)
	case f.Failed > failuresAtMost:
		return provisioning.EncounteredBaseEscrowThreshold, fmt.Sprintf("%d objects failed; the limit is %d", f.Failed, failuresAtMost)
	case f.Failed >= failuresFrom && f.Failed*100 > failuresPercent*f.Events:
		return provisioning.EncounteredEscrowProportionThreshold,
			fmt.Sprintf("%d of %d objects failed, more than %d %%", f.Failed, f.Events, failuresPercent)
	case smallPercent > 0 && f.Events >= smallFrom && f.Failed*100 > smallPercent*f.Events:
		return provisioning.EncounteredEscrowProportionThreshold,
			fmt.Sprintf("%d of %d objects failed, more than the %d %% that the job allows", f.Failed, f.Events, smallPercent)
	}
	return "", ""
}
