package salesforce

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/plan"
)

// seatsAge is how old the numbers of free seats may be when somebody is to be
// turned away because of them.
const seatsAge = time.Minute

// seatLedger keeps count of free seats between two readings of the org. It knows
// nothing until the roles were read once.
type seatLedger struct {
	mu       sync.Mutex
	book     connector.SeatBook
	free     map[string]int // by licence, those that are limited
	features []connector.Feature
	read     time.Time // zero: not read, or not to be relied on any more
}

func (l *seatLedger) remember(capabilities connector.Capabilities, roles []connector.Role, features []connector.Feature) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.book, l.features, l.read = connector.NewSeatBook(capabilities, roles, features), features, time.Now()
	l.free = l.book.Free()
}

// known returns the features that were read last.
func (l *seatLedger) known() []connector.Feature {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.features
}

// reservation is what one batch does to the seats.
type reservation struct {
	effects map[int]connector.SeatEffect // by index in the batch
	refused map[int]string               // licence that has no seat for a row, by index
}

// reserve goes through the rows in the order in which they are written, takes
// seats for those that need one and refuses those that find none. Rows of the
// same batch that give seats back count, although they may still fail: the org
// then refuses whom they were to make room for.
func (l *seatLedger) reserve(changes []plan.Change, rows []row) reservation {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := reservation{effects: make(map[int]connector.SeatEffect, len(rows)), refused: map[int]string{}}
	if len(l.free) == 0 {
		return r
	}
	freed, unsure := map[string]int{}, 0
	for _, row := range inWritingOrder(rows) {
		effect := l.book.Effect(changes[row.index])
		if effect.Unsure {
			unsure++
		}
		if license, none := l.without(effect, freed, unsure); none {
			r.refused[row.index] = license
			continue
		}
		for _, license := range effect.Takes {
			l.add(license, -1)
		}
		for _, license := range effect.Frees {
			freed[license]++
		}
		r.effects[row.index] = effect
	}
	return r
}

// without returns a licence that has no seat for a row. Seats of permission set
// licences are left to the org: they are given after the user was written.
func (l *seatLedger) without(effect connector.SeatEffect, freed map[string]int, unsure int) (string, bool) {
	for _, license := range effect.Takes {
		if free, limited := l.free[license]; limited && free+freed[license]+unsure <= 0 && !l.isAssigned(license) {
			return license, true
		}
	}
	return "", false
}

func (l *seatLedger) isAssigned(license string) bool {
	return slices.ContainsFunc(l.features, func(f connector.Feature) bool { return f.Assigned && f.License.Name == license })
}

// flag returns the attribute that takes a feature licence, empty for another
// licence.
func (l *seatLedger) flag(license string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := slices.IndexFunc(l.features, func(f connector.Feature) bool { return f.License.Name == license })
	if i < 0 {
		return ""
	}
	return l.features[i].Attribute
}

// release takes back a reservation as a whole.
func (l *seatLedger) release(r reservation) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, effect := range r.effects {
		l.giveBack(effect.Takes)
	}
}

// settle corrects the count by what became of the rows.
func (l *seatLedger) settle(r reservation, outcomes []connector.Outcome) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for index, effect := range r.effects {
		err := outcomes[index].Err
		switch {
		case err == nil:
			l.giveBack(effect.Frees)
		case connector.KindOf(err) == connector.Ambiguous:
			l.read = time.Time{}
		case asError(err).TargetCode == licenseLimit:
			l.giveBack(effect.Takes)
			l.none(l.meant(effect.Takes, asError(err).Fields))
		default:
			l.giveBack(effect.Takes)
		}
		if effect.Unsure {
			l.read = time.Time{}
		}
	}
}

func (l *seatLedger) add(license string, seats int) {
	if free, limited := l.free[license]; limited {
		l.free[license] = free + seats
	}
}

func (l *seatLedger) giveBack(licenses []string) {
	for _, license := range licenses {
		l.add(license, 1)
	}
}

// meant finds out of which of the licences that a row takes there was no seat: the
// org names the flag of a feature, and nothing for the licence of the profile.
func (l *seatLedger) meant(licenses, fields []string) string {
	for _, license := range licenses {
		n := slices.IndexFunc(l.features, func(f connector.Feature) bool { return f.License.Name == license })
		if n < 0 && len(fields) == 0 || n >= 0 && slices.Contains(fields, l.features[n].Attribute) {
			return license
		}
	}
	return ""
}

// none notes that the org has no seat where the count had one.
func (l *seatLedger) none(license string) {
	if free, limited := l.free[license]; limited && free > 0 {
		l.free[license] = 0
	}
}

func (l *seatLedger) stale() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return time.Since(l.read) > seatsAge
}

// inWritingOrder puts rows in the order in which they reach the org.
func inWritingOrder(rows []row) []row {
	ordered := slices.Clone(rows)
	slices.SortStableFunc(ordered, func(a, b row) int {
		return cmp.Or(boolOrder(a.create)-boolOrder(b.create), rank(a)-rank(b))
	})
	return ordered
}

func boolOrder(b bool) int {
	if b {
		return 1
	}
	return 0
}

// takeSeats reserves seats for a batch. Before anybody is turned away the numbers
// are read again unless they are fresh; if they cannot be read, the org decides.
func (c *Connector) takeSeats(ctx context.Context, changes []plan.Change, rows []row) reservation {
	reserved := c.seats.reserve(changes, rows)
	if len(reserved.refused) == 0 || !c.seats.stale() {
		return reserved
	}
	c.seats.release(reserved)
	if _, err := c.roles(ctx); err != nil {
		return reservation{}
	}
	return c.seats.reserve(changes, rows)
}

// noSeat is what the org answers when no seat is left: of the licence of the
// profile, or of the feature that a flag takes.
func (c *client) noSeat(flag string) *connector.Error {
	if flag == "" {
		return c.failure(fault{StatusCode: licenseLimit, Message: "License Limit Exceeded"})
	}
	return c.failure(fault{StatusCode: licenseLimit, Message: "license limit exceeded", Fields: []string{flag}})
}
