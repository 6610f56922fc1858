package plan

import (
	"fmt"
	"slices"
	"time"

	"github.com/usher-id/usher/attr"
)

// Pending is a value that the target accepted and does not show yet, such as an
// e-mail address that its owner has to confirm in Salesforce.
type Pending struct {
	Attribute string     `json:"attribute"`
	Old       attr.Value `json:"old"` // what the target goes on showing
	New       attr.Value `json:"new"`
	Since     time.Time  `json:"since"`
}

// withoutPending takes out the fields whose new value was written before and
// still waits, with a warning for each: writing it again would change nothing.
func (c Change) withoutPending(fields []Field, pending []Pending) (Change, []Field) {
	if len(pending) == 0 || len(fields) == 0 {
		return c, fields
	}
	var left []Field
	for _, field := range fields {
		index := slices.IndexFunc(pending, func(p Pending) bool {
			return p.Attribute == field.Name && attr.Equal(p.Old, field.Old, false) && attr.Equal(p.New, field.New, false)
		})
		if index < 0 {
			left = append(left, field)
			continue
		}
		c = c.Warned(fmt.Sprintf("%s waits for confirmation since %s: %s is still %s", field.Name,
			pending[index].Since.UTC().Format(time.RFC3339), field.Name, field.show(field.Old)))
	}
	return c, left
}

// StillPending returns what of an account goes on waiting after it was read: what
// the target neither shows by now nor is asked to be different.
func StillPending(pending []Pending, current, desired attr.Object) []Pending {
	var still []Pending
	for _, p := range pending {
		wanted, wants := desired.Lookup(p.Attribute)
		if attr.Equal(current.Get(p.Attribute), p.Old, false) && (!wants || attr.Equal(wanted, p.New, false)) {
			still = append(still, p)
		}
	}
	return still
}
