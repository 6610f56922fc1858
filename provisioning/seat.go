package provisioning

import (
	"fmt"
	"strings"
)

// UnlimitedSeats as SeatDemand.Free says that the target does not count the seats.
const UnlimitedSeats = -1

// SeatDemand is what the changes of a cycle ask of the seats of one licence of the
// target.
type SeatDemand struct {
	License     string `json:"license"`
	Creations   int    `json:"creations,omitzero"`   // new active accounts
	Activations int    `json:"activations,omitzero"` // accounts that become active again
	Moves       int    `json:"moves,omitzero"`       // active accounts that come from another licence
	Released    int    `json:"released,omitzero"`    // seats that the changes give back
	Free        int    `json:"free"`                 // seats that are free before; UnlimitedSeats for no limit
}

// Needed is how many seats the changes take.
func (d SeatDemand) Needed() int { return d.Creations + d.Activations + d.Moves }

// Short is how many of the changes will find no seat, 0 when there is one for
// everybody. Seats that the changes release count as free, because they are
// released first.
func (d SeatDemand) Short() int {
	if d.Free == UnlimitedSeats {
		return 0
	}
	return max(0, d.Needed()-d.Free-d.Released)
}

// String says what is needed and what is there: "12 creations need Salesforce
// seats, 5 are free".
func (d SeatDemand) String() string {
	var parts []string
	for _, part := range []struct {
		count     int
		one, many string
	}{{d.Creations, "creation", "creations"}, {d.Activations, "activation", "activations"}, {d.Moves, "change of licence", "changes of licence"}} {
		switch {
		case part.count == 1:
			parts = append(parts, "1 "+part.one)
		case part.count > 1:
			parts = append(parts, fmt.Sprint(part.count, " ", part.many))
		}
	}
	verb, seats := "need", "seats"
	if d.Needed() == 1 {
		verb, seats = "needs a", "seat"
	}
	text := strings.Join(parts, " and ") + " " + verb + " " + d.License + " " + seats
	switch d.Free {
	case UnlimitedSeats:
		return text + ", which are not limited"
	case 1:
		text += ", 1 is free"
	default:
		text += fmt.Sprintf(", %d are free", d.Free)
	}
	if d.Released > 0 {
		text += fmt.Sprintf(" and %d will become free", d.Released)
	}
	return text
}
