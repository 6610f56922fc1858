package plan

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/mapping"
)

// fail ends a change that cannot be carried out.
func (c Change) fail(step StepType, reason Reason) Change {
	c.Action = None
	c.Status = Failure
	c.Reason = reason
	return c.withStep(Step{Name: stepName(step, "Failed"), Type: step, Status: Failure, Description: reason.Text})
}

// skip ends a change that is not to be carried out.
func (c Change) skip(step StepType, code, text string) Change {
	c.Action = Skip
	c.Status = Skipped
	c.Fields = nil
	c.Reason = Reason{Code: code, Text: text}
	return c.withStep(Step{
		Name: "EntrySynchronizationSkip", Type: step, Status: Skipped, Description: text,
		Details: map[string]string{"SkipReason": code},
	})
}

// redundant ends a change that has nothing to do.
func (c Change) redundant(text string) Change {
	c = c.skip(ProcessingStep, CodeRedundant, text)
	c.Action = None
	return c
}

// faulty ends a change whose desired account cannot be computed.
func (c Change) faulty(err error) Change {
	reason := Reason{Code: mapping.CodeExpression, Text: err.Error(), Advice: "Correct the attribute mapping or the person's data."}
	if value, ok := errors.AsType[*mapping.ValueError](err); ok {
		reason.Code = value.Code
	}
	return c.fail(ProcessingStep, reason)
}

// Succeeded returns the change after it was written: the account's id in the
// target and what the target remarked.
func (c Change) Succeeded(targetID string, warnings []string) Change {
	c.Status = Success
	if targetID != "" {
		c.Target.ID = targetID
	}
	for _, warning := range warnings {
		c = c.Warned(c.withoutHidden(warning))
	}
	return c.withStep(Step{
		Name: stepName(ExportStep, title(c.Action)), Type: ExportStep, Status: Success,
		Description: fmt.Sprintf("%s %q: %s done", c.Target.Type, c.Target.Name, c.Action),
		Details:     map[string]string{"ReportableIdentifier": c.Target.Name},
	})
}

// Recovered returns, from the change of an account that was looked up, the one that an
// earlier attempt made of it and never recorded.
func (c Change) Recovered(action Action, fields []Field, reason Reason) Change {
	c.Action, c.Fields, c.Reason, c.Warnings = action, fields, reason, nil
	c.Steps = slices.DeleteFunc(slices.Clone(c.Steps), func(step Step) bool { return step.Type == ProcessingStep || step.Type == ReferenceStep })
	return c.Succeeded(c.Target.ID, []string{"Usher stopped before it could record this change; the account was looked up, and the change found done"})
}

// Failed returns the change after the target refused it. Its action stays: it
// says what was tried.
func (c Change) Failed(reason Reason) Change {
	c.Status = Failure
	reason.Text = c.withoutHidden(reason.Text)
	c.Reason = reason
	return c.withStep(Step{Name: stepName(ExportStep, title(c.Action)), Type: ExportStep, Status: Failure, Description: reason.Text})
}

// Retried adds how often a failed change was tried and when it is tried next.
func (c Change) Retried(attempts int, next time.Time) Change {
	if attempts == 1 {
		c.Reason.Text += " (it is tried again with the next cycle)"
		return c
	}
	c.Reason.Text += fmt.Sprintf(" (tried %d times; the next try is not before %s)", attempts, next.UTC().Format(time.RFC3339))
	return c
}

// HeldRemoval makes the change of a removal that the removal guard keeps back, with the
// reasons of both. The
// target was not looked at: the account is the one that Usher left enabled.
func HeldRemoval(facts Facts, rules Rules, text string) Change {
	change := Change{
		Action: Disable, Status: Staged, Source: facts.Source, Target: facts.Connected,
		Fields: []Field{{Name: rules.ActiveAttribute, Old: attr.Bool(true), New: attr.Bool(false)}},
		Reason: Reason{
			Code: CodeStaged, Text: text,
			Advice: "Look at the list of staged removals and allow or reject them; nothing is removed until then.",
		},
	}
	if LeaveOf(facts.Verdict, rules).Action == Delete {
		change.Action, change.Fields = Delete, nil
	}
	change = change.withStep(importStep(facts, rules)).withStep(scopingStep(facts.Verdict))
	return change.withStep(Step{Name: "EntrySynchronizationStagedDelete", Type: ProcessingStep, Status: Warning, Description: change.Reason.Text})
}

// Unresolved adds that a reference has to wait for the account it points to.
func (c Change) Unresolved(attribute, referenced string) Change {
	return c.withStep(Step{
		Name: "EntryReferenceResolution", Type: ReferenceStep, Status: Warning,
		Description: fmt.Sprintf("%s waits until %s has an account of its own", attribute, referenced),
		Details:     map[string]string{"ErrorCode": CodeReference, "Attribute": attribute},
	})
}

// Identified returns the change with an id of its own.
func (c Change) Identified(id string) Change {
	c.ID = id
	return c
}

// Warned returns the change with one more warning.
func (c Change) Warned(text string) Change {
	c.Warnings = append(append([]string{}, c.Warnings...), text)
	return c
}
