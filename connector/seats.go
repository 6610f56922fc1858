package connector

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

// Feature is something besides the role that takes a licence of its own: an
// attribute that an active account has with a value, such as a flag that is true
// or one name of a list.
type Feature struct {
	Attribute string // "UserPermissionsKnowledgeUser"
	Value     string // "true"; of a list one of its names
	License   License
	// Assigned says that the seat goes with the assignment, whether the account is
	// active or not.
	Assigned bool
}

// SeatBook says which seats changes take and give back. It is a value that nobody
// changes.
type SeatBook struct {
	capabilities Capabilities
	byRole       map[string]string // folded name or id of a role to its licence; empty when two roles of the name differ
	free         map[string]int    // of licences whose seats are limited
	features     []Feature
}

// NewSeatBook makes a book from what the target says of its roles and features.
func NewSeatBook(capabilities Capabilities, roles []Role, features []Feature) SeatBook {
	b := SeatBook{capabilities: capabilities, byRole: map[string]string{}, free: map[string]int{}, features: features}
	for _, role := range roles {
		if role.License.Name == "" {
			continue
		}
		b.limit(role.License)
		for _, id := range append([]string{role.ID}, role.Aliases...) {
			b.byRole[id] = role.License.Name
		}
		name := foldRole(role.Name)
		if other, twice := b.byRole[name]; twice && other != role.License.Name {
			b.byRole[name] = ""
			continue
		}
		b.byRole[name] = role.License.Name
	}
	for _, feature := range features {
		b.limit(feature.License)
	}
	return b
}

func (b SeatBook) limit(license License) {
	if free := license.Free(); free != Unlimited {
		b.free[license.Name] = free
	}
}

func foldRole(name string) string { return strings.ToLower(strings.TrimSpace(name)) }

// Free returns the free seats of the licences that are limited, a fresh copy.
func (b SeatBook) Free() map[string]int { return maps.Clone(b.free) }

// SeatEffect is what one change does to the seats.
type SeatEffect struct {
	Takes     []string // licences that it takes a seat of
	Frees     []string // licences that it gives a seat back of
	Activates bool     // a disabled account becomes active
	// Unsure says that it may give a seat back, but nothing tells of which licence.
	Unsure bool
}

// Effect follows the rules of licences: an active account takes a seat of the
// licence of its role, and of each feature that it has.
func (b SeatBook) Effect(change plan.Change) SeatEffect {
	if !change.Action.Writes() {
		return SeatEffect{}
	}
	written := change.New()
	was, known := b.activeBefore(change)
	stays := b.activeAfter(change, written, was)
	keeps := b.capabilities.DisabledKeepsSeats && (change.Action.Removes() || change.Action == plan.Enable)
	effect := SeatEffect{Activates: stays && !was}
	if keeps {
		effect.Activates = false
	} else {
		b.role(&effect, change, written, was, stays, known)
	}
	for _, feature := range b.features {
		before := feature.in(change.Current)
		after := before
		if feature.told(written) {
			after = feature.in(written)
		}
		if !feature.Assigned {
			if keeps || !known {
				continue
			}
			before, after = before && was, after && stays
		}
		effect.add(feature.License.Name, before, after)
	}
	return effect
}

// role adds what the licence of the role comes to.
func (b SeatBook) role(effect *SeatEffect, change plan.Change, written attr.Object, was, stays, known bool) {
	before, knownRole := b.license(change.Current)
	after := before
	if license, told := b.license(written); told {
		after = license
	}
	if change.Action != plan.Create && (!known || !knownRole) {
		effect.Unsure = change.Action.Removes() || after != before
		return
	}
	switch {
	case was && stays && before == after:
	case was && stays:
		effect.add(before, true, false)
		effect.add(after, false, true)
	case was:
		effect.add(before, true, false)
	case stays:
		effect.add(after, false, true)
	}
}

func (e *SeatEffect) add(license string, before, after bool) {
	switch {
	case license == "" || before == after:
	case after:
		e.Takes = append(e.Takes, license)
	default:
		e.Frees = append(e.Frees, license)
	}
}

// activeBefore tells whether the account was active; known is false when the
// change does not say.
func (b SeatBook) activeBefore(change plan.Change) (active, known bool) {
	if change.Action == plan.Create {
		return false, true
	}
	flag, told := change.Current.Lookup(b.capabilities.ActiveAttribute)
	return isTrue(flag), told
}

// activeAfter tells whether the account is active after the change. A new account
// is, unless the change says otherwise.
func (b SeatBook) activeAfter(change plan.Change, written attr.Object, was bool) bool {
	switch change.Action {
	case plan.Enable:
		return true
	case plan.Disable, plan.Delete:
		return false
	case plan.Create, plan.Update:
		if flag, told := written.Lookup(b.capabilities.ActiveAttribute); told {
			return isTrue(flag)
		}
		return was || change.Action == plan.Create
	case plan.None, plan.Skip:
	}
	return was
}

// license returns the licence of the role that attributes name, and whether they
// name one that is known.
func (b SeatBook) license(attributes attr.Object) (license string, known bool) {
	if id := attributes.Get(b.capabilities.RoleIDAttribute).String(); id != "" {
		license, known = b.byRole[id]
		return license, known
	}
	license = b.byRole[foldRole(attributes.Get(b.capabilities.RoleNameAttribute).String())]
	return license, license != ""
}

func (f Feature) told(attributes attr.Object) bool {
	_, told := attributes.Lookup(f.Attribute)
	return told
}

// in reports whether an account with these attributes has the feature.
func (f Feature) in(attributes attr.Object) bool {
	value := attributes.Get(f.Attribute)
	if value.Kind() == attr.Boolean {
		return value.Bool() == strings.EqualFold(f.Value, "true")
	}
	return slices.ContainsFunc(value.Items(), func(item attr.Value) bool {
		if item.Kind() == attr.Reference {
			return item.Ref().ID == f.Value
		}
		return strings.EqualFold(item.String(), f.Value)
	})
}

// isTrue reads a flag, which a mapping may give as a text.
func isTrue(value attr.Value) bool {
	return value.Kind() == attr.Boolean && value.Bool() || value.Kind() == attr.String && strings.EqualFold(value.String(), "true")
}

// SeatCount adds up what changes ask of the seats. It needs as much memory as
// there are licences. It is not safe for concurrent use.
type SeatCount struct {
	book    SeatBook
	demands map[string]*provisioning.SeatDemand
}

// NewSeatCount begins to count.
func NewSeatCount(book SeatBook) *SeatCount {
	return &SeatCount{book: book, demands: map[string]*provisioning.SeatDemand{}}
}

// Add counts a change that is planned. Others count for nothing.
func (c *SeatCount) Add(change plan.Change) {
	if change.Status != plan.Planned && change.Status != "" || !change.Action.Writes() {
		return
	}
	effect := c.book.Effect(change)
	for _, license := range effect.Frees {
		c.of(license).Released++
	}
	for _, license := range effect.Takes {
		switch demand := c.of(license); {
		case change.Action == plan.Create:
			demand.Creations++
		case effect.Activates:
			demand.Activations++
		default:
			demand.Moves++
		}
	}
}

func (c *SeatCount) of(license string) *provisioning.SeatDemand {
	if c.demands[license] == nil {
		demand := &provisioning.SeatDemand{License: license, Free: provisioning.UnlimitedSeats}
		if free, limited := c.book.free[license]; limited {
			demand.Free = free
		}
		c.demands[license] = demand
	}
	return c.demands[license]
}

// Demands returns the licences of which seats are needed, by name.
func (c *SeatCount) Demands() []provisioning.SeatDemand {
	var list []provisioning.SeatDemand
	for _, demand := range c.demands {
		if demand.Needed() > 0 {
			list = append(list, *demand)
		}
	}
	slices.SortFunc(list, func(a, b provisioning.SeatDemand) int { return cmp.Compare(a.License, b.License) })
	return list
}
