package provisioning

import (
	"errors"
	"strconv"
	"time"
)

// Notify says who is told when a job needs attention, and how.
type Notify struct {
	Recipients []string `json:"recipients,omitzero"` // e-mail addresses
	Webhook    string   `json:"webhook,omitzero"`    // URL that is posted to
	Digest     bool     `json:"digest,omitzero"`     // also a summary once a day
}

// IsZero reports whether nobody is told.
func (n Notify) IsZero() bool { return len(n.Recipients) == 0 && n.Webhook == "" }

// ErrUndeliverable is wrapped by errors of a delivery that no other attempt will
// mend, such as an address that the mail server does not know.
var ErrUndeliverable = errors.New("it cannot be delivered")

// Event is what a notice tells about.
type Event string

// The events.
const (
	QuarantineBegan   Event = "quarantine.began"
	QuarantineChanged Event = "quarantine.reason_changed"
	QuarantineLifted  Event = "quarantine.lifted"
	QuarantineGivenUp Event = "quarantine.given_up" // it lasted four weeks; provisioning was turned off
	RemovalsStaged    Event = "removals.staged"
	DriftFound        Event = "drift.found"
	DailyDigest       Event = "digest"
	DeliveryTest      Event = "test" // an administrator wants to see whether notices arrive
)

// TestNotice returns a notice for trying whether notices arrive.
func TestNotice(now time.Time) Notice {
	return Notice{ID: "test/" + strconv.FormatInt(now.UnixNano(), 10), Event: DeliveryTest, At: now}
}

// Notice is one message about a job.
type Notice struct {
	ID            string     `json:"id"` // the same at every attempt to deliver it
	Event         Event      `json:"event"`
	At            time.Time  `json:"at"`
	JobID         string     `json:"jobId"`
	ApplicationID string     `json:"applicationId"`
	Application   string     `json:"application"`         // its display name
	Quarantine    Quarantine `json:"quarantine,omitzero"` // the one that is on; with QuarantineLifted the one that is over
	Before        string     `json:"before,omitzero"`     // with QuarantineChanged: the reason until now
	Held          int        `json:"held,omitzero"`       // removals that wait for an administrator
	Drift         DriftFinds `json:"drift,omitzero"`
	Digest        Digest     `json:"digest,omitzero"`
}

// DriftFinds is what a check found that was changed in the target.
type DriftFinds struct {
	At       time.Time `json:"at,omitzero"`
	Found    int       `json:"found,omitzero"`
	Repaired int       `json:"repaired,omitzero"`
	PlanID   string    `json:"planId,omitzero"` // lists what was found
}

// Digest sums up what a job did in a span of time.
type Digest struct {
	Since  time.Time      `json:"since,omitzero"`
	Until  time.Time      `json:"until,omitzero"`
	Counts map[string]int `json:"counts,omitzero"` // entries of the log by action and status: "create success"
	Late   int            `json:"late,omitzero"`   // people whose new value, such as an e-mail address, nobody has confirmed for long; each is told once
	Retry  int            `json:"retry,omitzero"`  // people who wait for another attempt

	References int `json:"references,omitzero"` // references that wait for one
	Leaving    int `json:"leaving,omitzero"`    // people who left and keep their account for a grace period
}

// Told is what the people who are notified about a job know already. The zero
// Told is nothing.
type Told struct {
	Version    int64      `json:"version"` // counts the changes
	Quarantine Quarantine `json:"quarantine,omitzero"`
	Held       int        `json:"held,omitzero"`
	Renewed    time.Time  `json:"renewed,omitzero"`    // when held removals were last held anew
	At         time.Time  `json:"at,omitzero"`         // when the latest notice was made
	DriftAt    time.Time  `json:"driftAt,omitzero"`    // of the latest check for drift that people know of
	DigestedAt time.Time  `json:"digestedAt,omitzero"` // up to when the digests reach
}

// Standing is how a job stands now, as far as people are notified about it.
type Standing struct {
	Job         Job
	Application string // display name of the job's application
	Held        int    // removals that wait for an administrator
	Drift       DriftFinds
	Now         time.Time
}

// Next compares what people know with how the job stands and returns the notices
// that bring them up to date, with what they know then. Less than gap after the
// latest notice there is none: what changes meanwhile is told afterwards, and what
// came and went is not told at all.
func (t Told) Next(s Standing, gap time.Duration) ([]Notice, Told) {
	if s.Now.Before(t.At.Add(gap)) {
		return nil, t
	}
	next := t
	var notices []Notice
	tell := func(event Event, quarantine Quarantine, before string) {
		next.At = s.Now
		notices = append(notices, Notice{
			ID: s.Job.ID + "/" + strconv.FormatInt(t.Version+1, 10) + "/" + string(event), Event: event, At: s.Now,
			JobID: s.Job.ID, ApplicationID: s.Job.ApplicationID, Application: s.Application,
			Quarantine: quarantine, Before: before, Held: s.Held,
		})
	}
	now := s.Job.Status.Quarantine
	switch known := t.Quarantine; {
	case known.Reason != "" && now.GivenUp && !known.GivenUp:
		tell(QuarantineGivenUp, now, "")
	case known.Reason == now.Reason:
	case known.Reason == "":
		tell(QuarantineBegan, now, "")
	case now.Reason == "":
		tell(QuarantineLifted, known, "")
	default:
		tell(QuarantineChanged, now, string(known.Reason))
	}
	if next.Quarantine.Reason != now.Reason || next.Quarantine.GivenUp != now.GivenUp {
		next.Quarantine = now
	}
	renewed := s.Job.Status.RemovalsRenewed
	if s.Held > t.Held || s.Held > 0 && renewed.After(t.Renewed) {
		tell(RemovalsStaged, now, "")
	}
	next.Held, next.Renewed = s.Held, renewed
	if s.Drift.Found > 0 && s.Drift.At.After(t.DriftAt) {
		tell(DriftFound, now, "")
		notices[len(notices)-1].Drift, next.DriftAt = s.Drift, s.Drift.At
	}
	return notices, next
}

// Same reports whether two states tell people the same; versions do not count.
func (t Told) Same(other Told) bool {
	return t.Quarantine.Reason == other.Quarantine.Reason && t.Quarantine.GivenUp == other.Quarantine.GivenUp && t.Held == other.Held && t.Renewed.Equal(other.Renewed) && t.At.Equal(other.At) && t.DriftAt.Equal(other.DriftAt) && t.DigestedAt.Equal(other.DigestedAt)
}

// digestEvery is how often a digest comes.
const digestEvery = 24 * time.Hour

// Digest returns the notice of a digest that is due, with the span of time that it
// is about. Since is zero for the first one: from now on it is counted.
func (t Told) Digest(s Standing) (Notice, bool) {
	if !s.Job.Settings.Notify.Digest || s.Now.Before(t.DigestedAt.Add(digestEvery)) {
		return Notice{}, false
	}
	return Notice{
		ID: s.Job.ID + "/" + strconv.FormatInt(t.Version+1, 10) + "/" + string(DailyDigest), Event: DailyDigest, At: s.Now,
		JobID: s.Job.ID, ApplicationID: s.Job.ApplicationID, Application: s.Application,
		Quarantine: s.Job.Status.Quarantine, Held: s.Held, Digest: Digest{Since: t.DigestedAt, Until: s.Now},
	}, true
}
