package salesforcetest

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/usher-id/usher/connector/salesforce/unconfirmed"
)

// loginRestriction is when and from where the users of a profile may sign in.
// The zero value restricts nothing. Sessions that are open go on.
type loginRestriction struct {
	hours    bool
	from, to time.Duration // since midnight in UTC; to may be the earlier one
	ranges   []netip.Prefix
}

// loginRestrictions reads those of all profiles.
func loginRestrictions(profiles []Profile) (map[string]loginRestriction, error) {
	restrictions := map[string]loginRestriction{}
	var faults []error
	for _, p := range profiles {
		restriction, err := p.restriction()
		if err != nil {
			faults = append(faults, fmt.Errorf("profile %q: %w", p.Name, err))
		}
		restrictions[strings.ToLower(p.Name)] = restriction
	}
	return restrictions, errors.Join(faults...)
}

// restriction reads the hours and the networks of a profile.
func (p Profile) restriction() (loginRestriction, error) {
	var r loginRestriction
	if p.LoginHours != "" {
		from, to, _ := strings.Cut(p.LoginHours, "-")
		start, errStart := time.Parse("15:04", strings.TrimSpace(from))
		end, errEnd := time.Parse("15:04", strings.TrimSpace(to))
		if errStart != nil || errEnd != nil {
			return r, fmt.Errorf("login hours are like 08:00-18:00, not %q", p.LoginHours)
		}
		r.hours, r.from, r.to = true, sinceMidnight(start), sinceMidnight(end)
	}
	for _, text := range p.LoginRanges {
		network, err := netip.ParsePrefix(text)
		if err != nil {
			return r, fmt.Errorf("a login range is like 10.0.0.0/8, not %q", text)
		}
		r.ranges = append(r.ranges, network)
	}
	return r, nil
}

// sinceMidnight is the time of the day.
func sinceMidnight(t time.Time) time.Duration {
	return t.Sub(time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location()))
}

// refuses tells why somebody cannot sign in from an address at a time.
func (r loginRestriction) refuses(from netip.Addr, at time.Time) *signInFault {
	if len(r.ranges) > 0 && !slices.ContainsFunc(r.ranges, func(network netip.Prefix) bool { return network.Contains(from) }) {
		return &signInFault{"LOGIN_DURING_RESTRICTED_DOMAIN", unconfirmed.RestrictedDomain, "ip restricted"}
	}
	now := sinceMidnight(at.UTC())
	inside := r.from <= now && now < r.to
	if r.to <= r.from { // Over midnight.
		inside = now >= r.from || now < r.to
	}
	if r.hours && !inside {
		return &signInFault{"LOGIN_DURING_RESTRICTED_TIME", unconfirmed.RestrictedTime, "authentication failure"}
	}
	return nil
}
