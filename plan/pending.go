package plan

import (
	"fmt"
	"slices"
	"strings"
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
	Alarmed   bool       `json:"alarmed,omitzero"` // somebody was warned that it waits for long
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

// Overdue returns pending values with those marked as alarmed that wait since
// before a moment, and those of them that were not marked yet.
func Overdue(pending []Pending, before time.Time) (marked, overdue []Pending) {
	marked = slices.Clone(pending)
	for i, p := range marked {
		if !p.Alarmed && !p.Since.After(before) {
			overdue = append(overdue, p)
			marked[i].Alarmed = true
		}
	}
	return marked, overdue
}

// CodeUnconfirmed is the code of the provisioning log for a value that waits for
// long.
const CodeUnconfirmed = "ValueNotConfirmed"

// Unconfirmed returns the change with a warning for values that wait for long. A
// change that has a reason of its own keeps it; one that failed is not changed.
func (c Change) Unconfirmed(overdue []Pending) Change {
	if len(overdue) == 0 || c.Status != Success && c.Status != Skipped {
		return c
	}
	names := make([]string, len(overdue))
	for i, p := range overdue {
		names[i] = fmt.Sprintf("%s since %s", p.Attribute, p.Since.UTC().Format(time.RFC3339))
	}
	text := "the target accepted a new value and still does not show it, because nobody has confirmed it: " + strings.Join(names, ", ")
	if c.Status == Success && c.Reason.Code != "" {
		c = c.Warned(text)
	} else {
		c.Reason = Reason{
			Code: CodeUnconfirmed, Text: text,
			Advice: "Ask the person to confirm it. Usher does not write it again; a confirmation that has expired has to be asked for in the target.",
		}
	}
	c.Status = Warning
	return c.withStep(Step{Name: "EntryConfirmation", Type: ExportStep, Status: Warning, Description: text})
}
