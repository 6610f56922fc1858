package provisioning

import (
	"cmp"
	"fmt"
	"time"
)

// DriftMode says what happens about changes that are made in the target.
type DriftMode string

// The modes.
const (
	DriftOff    DriftMode = "off"    // nobody looks for them but on request
	DriftReport DriftMode = "report" // they are logged and told
	DriftRepair DriftMode = "repair" // they are set right, too
)

// Drift says whether and how often a running service looks for changes that are made
// in the target. The zero Drift is off.
type Drift struct {
	Mode     DriftMode     `json:"mode,omitzero"`
	Interval time.Duration `json:"interval,omitzero"` // nanoseconds; 0: UsualDriftInterval
}

// UsualDriftInterval is the time between two checks of a job that names none.
const UsualDriftInterval = 6 * time.Hour

// Next returns when the next check is due after the latest one, the zero time for
// never.
func (d Drift) Next(latest time.Time) time.Time {
	if d.Mode == "" || d.Mode == DriftOff {
		return time.Time{}
	}
	return latest.Add(cmp.Or(d.Interval, UsualDriftInterval))
}

// Check returns what is wrong with the settings.
func (d Drift) Check() error {
	switch d.Mode {
	case "", DriftOff, DriftReport, DriftRepair:
	default:
		return fmt.Errorf("drift is off, report or repair, not %q", d.Mode)
	}
	if d.Interval != 0 && d.Interval < time.Minute {
		return fmt.Errorf("the time between two checks for drift is at least 1m, not %s", d.Interval)
	}
	return nil
}
