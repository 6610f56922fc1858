package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/usher-id/usher/attr"
)

// CodeChangedSince is the code of a change that cannot be undone, because the
// account does not show any more what that change wrote.
const CodeChangedSince = "ChangedSince"

// Reverse returns the change that takes a finished one back: the fields with old and
// new exchanged. Of an account that was made the active flag alone is taken back, and
// a deletion cannot be. lost names the fields whose values nobody knows any more,
// because they are redacted; ok is false when nothing is left to be undone.
func (c Change) Reverse(rules Rules) (reverse Change, lost []string, ok bool) {
	reverse = Change{Status: Planned, Source: c.Source, Target: c.Target}
	active := Field{Name: rules.ActiveAttribute, Old: attr.Bool(true), New: attr.Bool(false)}
	switch c.Action {
	case Create:
		reverse.Fields = []Field{active}
	case Update, Enable, Disable:
		for _, field := range c.Fields {
			if field.Redacted {
				lost = append(lost, field.Name)
				continue
			}
			reverse.Fields = append(reverse.Fields, Field{Name: field.Name, Old: field.New, New: field.Old})
		}
	case Delete, None, Skip:
	}
	reverse.Action = updateAction(reverse.Fields, rules.ActiveAttribute)
	reverse.Reason = undoing(c.Action)
	return reverse, lost, len(reverse.Fields) > 0
}

func undoing(action Action) Reason {
	return Reason{Code: "Undo" + title(action), Text: "takes back what the cycle did: " + string(action)}
}

// Then returns the reverse of two changes of one account, of which the receiver
// takes the later one back: a field that both have goes back to where the earlier one
// found it.
func (c Change) Then(earlier Change, rules Rules) Change {
	if earlier.Reason == undoing(Create) {
		return earlier // the account was made, and then changed: it is disabled as it is
	}
	fields := slices.Clone(c.Fields)
	for _, field := range earlier.Fields {
		index := slices.IndexFunc(fields, func(f Field) bool { return f.Name == field.Name })
		if index < 0 {
			fields = append(fields, field)
			continue
		}
		fields[index].New = field.New
	}
	slices.SortFunc(fields, func(a, b Field) int { return strings.Compare(a.Name, b.Name) })
	earlier.Fields = fields
	earlier.Action = updateAction(fields, rules.ActiveAttribute)
	return earlier
}

// Restore decides about a reverse change by what the target holds now: it is Planned
// while the account shows what is to be taken back, over when it shows what was before,
// and a Failure when it shows something else, is not there, or is not the one that the
// person is connected with. same compares values as the mapping does.
func Restore(reverse Change, connected string, current attr.Object, found bool, rules Rules, same Same) Change {
	change := reverse
	change.Status, change.Steps = Planned, nil
	switch {
	case connected != reverse.Target.ID:
		return change.fail(MatchingStep, Reason{Code: CodeChangedSince, Text: fmt.Sprintf("the account %s does not belong to the person any more", reverse.Target.ID)})
	case !found:
		return change.fail(MatchingStep, Reason{Code: CodeInvalidAnchor, Text: fmt.Sprintf("the account %s was not found in %s", reverse.Target.ID, rules.TargetSystem)})
	}
	change.Current = current
	change.Target.Type = rules.TargetType
	if name := current.Get(rules.NameAttribute).String(); name != "" {
		change.Target.Name = name
	}
	builder := attr.NewBuilder(rules.TargetType, current.ID, len(reverse.Fields))
	var left []Field
	for _, field := range reverse.Fields {
		builder.Set(field.Name, field.New)
		shown := current.Get(field.Name)
		switch {
		case same(field, Field{Name: field.Name, Old: field.Old, New: shown}):
		case same(Field{Name: field.Name, New: field.Old}, Field{Name: field.Name, New: shown}):
			left = append(left, Field{Name: field.Name, Old: shown, New: field.New})
		default:
			return change.fail(ProcessingStep, Reason{Code: CodeChangedSince, Text: fmt.Sprintf(
				"changed since: %s is %s, not %s", field.Name, field.show(shown), field.show(field.Old))})
		}
	}
	change.Desired = builder.Object()
	change.Fields = left
	change.Action = updateAction(left, rules.ActiveAttribute)
	if change.Action == None {
		return change.redundant("the account is as it was before")
	}
	return change.withStep(Step{
		Name: stepName(ProcessingStep, title(change.Action)), Type: ProcessingStep, Status: Success,
		Description: fmt.Sprintf("%s %q goes back to what it was in %s", rules.TargetType, change.Target.Name, rules.TargetSystem),
	})
}

// Unless ends a restoration of an attribute that was written again later, by these
// names: what it shows is what that later change wanted.
func (c Change) Unless(later []string) Change {
	if c.Status != Planned {
		return c
	}
	for _, field := range c.Fields {
		if slices.Contains(later, field.Name) {
			return c.fail(ProcessingStep, Reason{Code: CodeChangedSince, Text: "changed since: a later cycle or plan wrote " + field.Name})
		}
	}
	return c
}
