package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/usher-id/usher/attr"
)

// CodeOutdated is the code of a change that was planned and is not carried out,
// because what would be done now is something else.
const CodeOutdated = "PlanOutdated"

// Same tells whether two values of a field are the same. It sees the field as it was
// planned, whose values may be redacted.
type Same func(planned, now Field) bool

// Deviations tells in what the decision made now differs from the planned one, a
// sentence for each respect: action, account, and the fields with both of their
// values. Without any, carrying out the one is carrying out the other.
func (c Change) Deviations(now Change, same Same) []string {
	if now.Status != Planned || now.Action != c.Action {
		return []string{fmt.Sprintf("planned was to %s, now it is %s", c.Action, now.outcome())}
	}
	var deviations []string
	if now.Target.ID != c.Target.ID {
		deviations = append(deviations, fmt.Sprintf("planned was the account %q, now it is %q", c.Target.ID, now.Target.ID))
	}
	for _, planned := range c.Fields {
		index := slices.IndexFunc(now.Fields, func(f Field) bool { return f.Name == planned.Name })
		switch {
		case index < 0:
			deviations = append(deviations, planned.Name+" does not need to be changed any more")
		case !same(planned, now.Fields[index]):
			other := now.Fields[index]
			other.Redacted = other.Redacted || planned.Redacted
			deviations = append(deviations, fmt.Sprintf("%s: planned was %s -> %s, now it is %s -> %s", planned.Name,
				planned.show(planned.Old), planned.show(planned.New), other.show(other.Old), other.show(other.New)))
		}
	}
	for _, field := range now.Fields {
		if !slices.ContainsFunc(c.Fields, func(f Field) bool { return f.Name == field.Name }) {
			deviations = append(deviations, fmt.Sprintf("%s is to be changed, too: %s -> %s", field.Name, field.show(field.Old), field.show(field.New)))
		}
	}
	return deviations
}

// outcome says in a few words what a decision is.
func (c Change) outcome() string {
	switch {
	case c.Status == Planned:
		return "to " + string(c.Action)
	case c.Status == Staged:
		return "held: " + c.Reason.Text
	case c.Action == None && c.Status == Skipped:
		return "to do nothing: " + c.Reason.Text
	}
	return "not possible: " + c.Reason.Text
}

// Holds reports whether the account shows every value that the change was to write:
// it is done already. A field is looked at only where shows says that the target lets
// it be read.
func (c Change) Holds(current attr.Object, shows func(name string) bool, same Same) bool {
	for _, field := range c.Fields {
		if !shows(field.Name) {
			continue
		}
		value := current.Get(field.Name)
		if !same(field, Field{Name: field.Name, Old: field.Old, New: value, Redacted: field.Redacted}) {
			return false
		}
	}
	return true
}

// Outdated ends a planned change that is not carried out, with the reasons.
func (c Change) Outdated(deviations []string) Change {
	c.Action, c.Status, c.Fields = Skip, Skipped, nil
	c.Reason = Reason{
		Code: CodeOutdated, Text: "not done as planned: " + strings.Join(deviations, "; "),
		Advice: "Look at the person, and make a new plan.",
	}
	return c.withStep(Step{Name: "EntrySynchronizationSkip", Type: ProcessingStep, Status: Skipped, Description: c.Reason.Text})
}
