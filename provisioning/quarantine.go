package provisioning

import "time"

// The cadence of a job in quarantine is that of Microsoft Entra's provisioning
// service ("Application provisioning in quarantine status"): it is tried again 6, 12
// and 24 hours after the first failure, then daily, and after four weeks no more.
const (
	firstAttempt  = 6 * time.Hour
	secondAttempt = 12 * time.Hour
	day           = 24 * time.Hour
	longestSeries = 28 * day
)

// Keeps reports whether a quarantine keeps its job from running as usual. Held
// removals do not: they wait in a list of their own, and everything else goes on.
func (q Quarantine) Keeps() bool { return q.Reason != "" && q.Reason != TooManyDeletes }

// After returns the quarantine as it is when it was found at a moment and another
// one, or none, was on before. What keeps the job from running is one series,
// whatever its reasons; held removals are another one. A series that lasts four
// weeks is given up.
func (q Quarantine) After(before Quarantine, moment time.Time) Quarantine {
	q.Began, q.SeriesBegan, q.SeriesCount = moment, moment, 1
	if before.Reason != "" && before.Keeps() == q.Keeps() {
		q.SeriesBegan, q.SeriesCount = before.SeriesBegan, before.SeriesCount+1
		if before.Reason == q.Reason {
			q.Began = before.Began
		}
	}
	q.NextAttempt = nextAttempt(q.SeriesBegan, moment)
	if q.Keeps() && moment.Sub(q.SeriesBegan) >= longestSeries {
		q.GivenUp, q.NextAttempt = true, time.Time{}
	}
	return q
}

// nextAttempt counts from the first failure of a series.
func nextAttempt(first, now time.Time) time.Time {
	for _, wait := range []time.Duration{firstAttempt, secondAttempt, day} {
		if due := first.Add(wait); due.After(now) {
			return due
		}
	}
	days := now.Sub(first)/day + 1
	return first.Add(days * day)
}

// Hastened returns the status with the next attempt due at once, for somebody
// changed what the job failed for: its credentials, its schema, its settings.
func (s Status) Hastened() Status {
	if s.Quarantine.Keeps() && !s.Quarantine.GivenUp {
		s.Quarantine.NextAttempt = s.Quarantine.SeriesBegan
	}
	return s
}

// Stops returns the state in which a cycle with this status leaves a schedule that
// was active, and whether it changes it. What failed is forgotten with it.
func (s Status) Stops() (ScheduleState, bool) {
	switch {
	case s.EscrowsPruned:
		return SchedulePaused, true
	case s.Quarantine.GivenUp:
		return ScheduleDisabled, true
	}
	return "", false
}
