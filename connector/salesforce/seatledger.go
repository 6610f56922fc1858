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
	mu   sync.Mutex
	book licenseBook
	read time.Time // zero: not read, or not to be relied on any more
}

func (l *seatLedger) remember(roles []connector.Role) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.book, l.read = newLicenseBook(roles), time.Now()
}

// reservation is what one batch does to the seats.
type reservation struct {
	effects map[int]seatEffect // by index in the batch
	refused []row
}

// reserve goes through the rows in the order in which they are written, takes
// seats for those that need one and refuses those that find none. Rows of the
// same batch that give seats back count, although they may still fail: the org
// then refuses whom they were to make room for.
func (l *seatLedger) reserve(changes []plan.Change, rows []row) reservation {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := reservation{effects: make(map[int]seatEffect, len(rows))}
	if len(l.book.free) == 0 {
		return r
	}
	freed, unsure := map[string]int{}, 0
	for _, row := range inWritingOrder(rows) {
		effect := l.book.effect(changes[row.index])
		if row.keepsSeat {
			effect = seatEffect{}
		}
		if effect.unsure {
			unsure++
		}
		if free, limited := l.book.free[effect.takes]; limited {
			if free+freed[effect.takes]+unsure <= 0 {
				r.refused = append(r.refused, row)
				continue
			}
			l.book.free[effect.takes]--
		}
		freed[effect.frees]++
		r.effects[row.index] = effect
	}
	return r
}

// release takes back a reservation as a whole.
func (l *seatLedger) release(r reservation) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, effect := range r.effects {
		l.giveBack(effect.takes)
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
			l.giveBack(effect.frees)
		case connector.KindOf(err) == connector.Ambiguous:
			l.read = time.Time{}
		case asError(err).TargetCode == licenseLimit:
			l.giveBack(effect.takes)
			l.none(effect.takes)
		default:
			l.giveBack(effect.takes)
		}
		if effect.unsure {
			l.read = time.Time{}
		}
	}
}

func (l *seatLedger) giveBack(license string) {
	if free, limited := l.book.free[license]; limited {
		l.book.free[license] = free + 1
	}
}

// none notes that the org has no seat where the count had one.
func (l *seatLedger) none(license string) {
	if free, limited := l.book.free[license]; limited && free > 0 {
		l.book.free[license] = 0
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

// takeSeats reserves seats for a batch. Rows for which there is none fail with
// what the org would answer and cost no call; before anybody is turned away the
// numbers are read again unless they are fresh.
func (c *Connector) takeSeats(ctx context.Context, changes []plan.Change, rows []row, outcomes []connector.Outcome) ([]row, reservation) {
	reserved := c.seats.reserve(changes, rows)
	if len(reserved.refused) == 0 {
		return rows, reserved
	}
	if c.seats.stale() {
		c.seats.release(reserved)
		if _, err := c.roles(ctx); err != nil {
			return rows, reservation{} // the org decides
		}
		reserved = c.seats.reserve(changes, rows)
	}
	refused := map[int]bool{}
	for _, r := range reserved.refused {
		refused[r.index] = true
		outcomes[r.index].Err = c.client.failure(fault{StatusCode: licenseLimit, Message: "License Limit Exceeded"})
	}
	return slices.DeleteFunc(slices.Clone(rows), func(r row) bool { return refused[r.index] }), reserved
}
