package salesforce

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/plan"
)

// SeatDemand is what changes ask of the seats of one kind of licence.
type SeatDemand struct {
	License     string
	Creations   int // new active users
	Activations int // users who become active again
	Moves       int // active users who come from another licence
	Released    int // seats that the changes give back
	Free        int // seats that are free before; connector.Unlimited for no limit
}

// Needed is how many seats the changes take.
func (d SeatDemand) Needed() int { return d.Creations + d.Activations + d.Moves }

// Short is how many of the changes will find no seat, 0 when there is one for
// everybody. Seats that the changes release count as free, because they are
// released first.
func (d SeatDemand) Short() int {
	if d.Free == connector.Unlimited {
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
	case connector.Unlimited:
		text += ", which are not limited"
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

// Seats counts what changes ask of each kind of licence before any of them is
// made, from the roles that [Connector.Roles] yields. Only licences that somebody
// needs are listed, by name. Changes of whom the profile is not known are left
// out; feature licences are not counted, because Salesforce does not tell how many
// there are.
func Seats(changes []plan.Change, roles []connector.Role) []SeatDemand {
	book := newLicenseBook(roles)
	demands := map[string]*SeatDemand{}
	of := func(license string) *SeatDemand {
		if demands[license] == nil {
			demands[license] = &SeatDemand{License: license, Free: connector.Unlimited}
			if free, limited := book.free[license]; limited {
				demands[license].Free = free
			}
		}
		return demands[license]
	}
	for _, change := range changes {
		if change.Status != plan.Planned && change.Status != "" || !change.Action.Writes() {
			continue
		}
		effect := book.effect(change)
		if effect.frees != "" {
			of(effect.frees).Released++
		}
		switch {
		case effect.takes == "":
		case change.Action == plan.Create:
			of(effect.takes).Creations++
		case effect.activates:
			of(effect.takes).Activations++
		default:
			of(effect.takes).Moves++
		}
	}
	var list []SeatDemand
	for _, demand := range demands {
		if demand.Needed() > 0 {
			list = append(list, *demand)
		}
	}
	slices.SortFunc(list, func(a, b SeatDemand) int { return cmp.Compare(a.License, b.License) })
	return list
}

// licenseBook says which licence a profile takes and how many seats are free.
type licenseBook struct {
	byProfile map[string]string // folded name or id of a profile to its licence; empty when two profiles of the name differ
	free      map[string]int    // of licences whose seats are limited
}

func newLicenseBook(roles []connector.Role) licenseBook {
	book := licenseBook{byProfile: map[string]string{}, free: map[string]int{}}
	for _, role := range roles {
		if role.License.Name == "" {
			continue
		}
		if free := role.License.Free(); free != connector.Unlimited {
			book.free[role.License.Name] = free
		}
		book.byProfile[role.ID] = role.License.Name
		name := foldName(role.Name)
		if other, twice := book.byProfile[name]; twice && other != role.License.Name {
			book.byProfile[name] = ""
			continue
		}
		book.byProfile[name] = role.License.Name
	}
	return book
}

// seatEffect is what one change does to the seats: the licence that it takes one
// of, the one that it gives one back of, each empty for none.
type seatEffect struct {
	takes, frees string
	activates    bool
	unsure       bool // it may give back a seat, but nobody knows of which licence
}

// effect follows the rules of user licences: an active user takes a seat of the
// licence of the profile.
func (b licenseBook) effect(change plan.Change) seatEffect {
	written := change.New()
	before, active, known := b.before(change)
	after, stays := before, active
	if license, written := b.profile(written.Get(attributeProfileID).String(), written.Get(attributeProfileName).String()); written {
		after = license
	}
	switch change.Action {
	case plan.Create:
		flag, told := written.Lookup(attributeIsActive)
		stays = !told || asBoolean(attributeIsActive, flag).Bool()
	case plan.Enable:
		stays = true
	case plan.Disable, plan.Delete:
		stays = false
	case plan.Update:
		if flag, told := written.Lookup(attributeIsActive); told {
			stays = asBoolean(attributeIsActive, flag).Bool()
		}
	case plan.None, plan.Skip:
		return seatEffect{}
	}
	if !known {
		return seatEffect{unsure: change.Action.Removes() || after != before}
	}
	effect := seatEffect{activates: stays && !active}
	if active {
		effect.frees = before
	}
	if stays {
		effect.takes = after
	}
	if effect.takes == effect.frees {
		return seatEffect{}
	}
	return effect
}

// before returns the licence and the state of an account before the change; known
// is false when the change does not say.
func (b licenseBook) before(change plan.Change) (license string, active, known bool) {
	if change.Action == plan.Create {
		return "", false, true
	}
	license, known = b.profile(change.Current.Get(attributeProfileID).String(), change.Current.Get(attributeProfileName).String())
	flag, told := change.Current.Lookup(attributeIsActive)
	return license, asBoolean(attributeIsActive, flag).Bool(), known && told
}

// profile returns the licence of a profile, and whether there is a profile to
// tell it from.
func (b licenseBook) profile(id, name string) (license string, known bool) {
	if id != "" {
		license, known = b.byProfile[longID(id)]
		return license, known
	}
	license = b.byProfile[foldName(name)]
	return license, license != ""
}
