package salesforcetest

import "slices"

// recentChanges is how many of the last changes of users an org remembers.
const recentChanges = 50

// userChange is a user before and after a write; before is nil for a new one.
type userChange struct{ before, after *record }

// changed remembers a write of a user, for people to look at. The caller holds the lock.
func (o *Org) changed(t *object, before, after *record) {
	if t.name != "User" {
		return
	}
	if len(o.changes) == 2*recentChanges {
		o.changes = append(o.changes[:0], o.changes[recentChanges:]...)
	}
	o.changes = append(o.changes, userChange{before, after})
}

// unchanged forgets a write that was taken back.
func (o *Org) unchanged(after *record) {
	o.changes = slices.DeleteFunc(o.changes, func(c userChange) bool { return c.after == after })
}

// lastChanges returns the last changes, the newest first. The caller holds the lock.
func (o *Org) lastChanges() []userChange {
	last := slices.Clone(o.changes[max(0, len(o.changes)-recentChanges):])
	slices.Reverse(last)
	return last
}
