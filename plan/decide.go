package plan

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/provisioning"
	"github.com/usher-id/usher/scope"
)

// Codes of the provisioning log that this package gives.
const (
	CodeNotEntitled     = "NotEffectivelyEntitled"
	CodeRedundant       = "RedundantExport"
	CodeImportSkipped   = "ImportSkipped"
	CodeSkipped         = "EntrySynchronizationSkipped"
	CodeInvalidAnchor   = "InvalidAnchor"
	CodeDuplicateTarget = "DuplicateTargetEntries"
	CodeDuplicateSource = "DuplicateSourceEntries"
	CodeReference       = "UnableToResolveReferenceAttributeValue"
	CodeStaged          = "StagedDelete"
)

// Rules are what the target and the administrator ask of every decision.
type Rules struct {
	TargetType      string // type of the accounts: "User"
	ActiveAttribute string // Boolean attribute that disables and enables an account
	NameAttribute   string // attribute that names an account for people
	Deletes         bool   // the target can delete; where it cannot, a delete is a disable
	Flows           mapping.FlowTypes
	Settings        provisioning.Settings // what becomes of the accounts of people who leave
	Spelling        Spelling              // of the values in the target
	SourceSystem    string                // for the steps' texts
	TargetSystem    string
}

// Facts are what is known about one person when a decision is due.
type Facts struct {
	Source    Identity
	Verdict   scope.Verdict
	Desired   mapping.Desired
	Fault     error         // why Desired could not be computed; nil when it could
	Connected Identity      // the account that Usher manages for the person; zero when there is none
	Pending   []Pending     // values of that account that wait for something outside Usher
	Found     []attr.Object // accounts that were found, by id when connected, by a matching attribute otherwise
	FoundBy   mapping.Key   // the matching attribute that found them
	Rejected  bool          // an administrator rejected the removal of the account
	KeptUntil time.Time     // the grace period of somebody who left ends then; zero when it is over, or none is set
	ClaimedBy string        // the other source object that the found account belongs to already
}

// Decide makes the change for one person: what to do with the account, which
// fields differ, and why. The change is Planned when it writes, else it is over:
// Skipped or, when there is no way to decide, Failure.
func Decide(facts Facts, rules Rules) Change {
	change := Change{
		Status: Planned, Source: facts.Source,
		Target: Identity{Type: rules.TargetType, ID: facts.Connected.ID, Name: facts.Connected.Name},
	}
	change.Warnings = facts.Desired.Warnings
	if facts.Connected.ID == "" && facts.Verdict.In && facts.Fault == nil && len(facts.Desired.Keys) == 0 {
		return change.skip(ImportStep, CodeImportSkipped, "the person has no value for any matching attribute, so no account can be looked up or made")
	}
	change = change.withStep(importStep(facts, rules))
	if facts.Verdict.Undecided != "" {
		return change.fail(ScopingStep, Reason{
			Code: string(scope.FilterUndecided), Text: facts.Verdict.Undecided,
			Advice: "Correct the scoping filter or the person's data; the account is left alone until then.",
		})
	}
	if !facts.Verdict.In {
		return decideRemoval(change, facts, rules)
	}
	change = change.withStep(scopingStep(facts.Verdict))
	if facts.Fault != nil {
		return change.faulty(facts.Fault)
	}
	if facts.Desired.IgnoreObject {
		return change.skip(ProcessingStep, CodeSkipped, "an expression of the mapping asks to leave this person alone (IgnoreObjectFlow)")
	}
	return decideAccount(change, facts, rules)
}

// decideAccount decides for someone who is to have an account.
func decideAccount(change Change, facts Facts, rules Rules) Change {
	change, done := matched(change, facts, rules)
	switch {
	case done:
		return change
	case len(facts.Found) == 0:
		return decideCreation(change, facts, rules)
	}
	return decideUpdate(change, facts, rules)
}

// matched adds the matching step; done is true when it ends in a failure.
func matched(change Change, facts Facts, rules Rules) (result Change, done bool) {
	switch {
	case facts.Connected.ID != "" && len(facts.Found) == 0:
		return change.vanished(facts, rules), true
	case len(facts.Found) > 1:
		ids := make([]string, len(facts.Found))
		for i, found := range facts.Found {
			ids[i] = found.ID
		}
		return change.fail(MatchingStep, Reason{
			Code:   CodeDuplicateTarget,
			Text:   fmt.Sprintf("%d accounts have %s: %s", len(ids), keyText(facts, facts.FoundBy), strings.Join(ids, ", ")),
			Advice: "Remove the accounts that are too many, or match by another attribute.",
		}), true
	case facts.ClaimedBy != "":
		return change.fail(MatchingStep, Reason{
			Code:   CodeDuplicateSource,
			Text:   fmt.Sprintf("the account with %s belongs to another person already, %s", keyText(facts, facts.FoundBy), facts.ClaimedBy),
			Advice: "Give the two people different values, or match by another attribute.",
		}), true
	}
	return change.withStep(matchingStep(facts, rules)), false
}

// of returns the change with the account that it concerns.
func (c Change) of(account attr.Object, rules Rules) Change {
	c.Current = account
	c.Target = Identity{Type: rules.TargetType, ID: account.ID, Name: account.Get(rules.NameAttribute).String()}
	return c
}

// vanished ends a change of an account that the target did not return.
func (c Change) vanished(facts Facts, rules Rules) Change {
	return c.fail(MatchingStep, Reason{
		Code:   CodeInvalidAnchor,
		Text:   fmt.Sprintf("the account %s that belongs to this person was not found in %s", facts.Connected.ID, rules.TargetSystem),
		Advice: "Restore the account, remove the connection, or have people whose account vanished matched again.",
	})
}

func decideCreation(change Change, facts Facts, rules Rules) Change {
	if !rules.Flows.Has(mapping.FlowAdd) {
		return change.skip(ProcessingStep, CodeSkipped, "the object mapping does not allow to create accounts")
	}
	change.Desired = desiredForCreation(facts.Desired, rules.TargetType)
	change.Fields = newFields(change.Desired, facts.Desired)
	change.Action = Create
	if name := change.Desired.Get(rules.NameAttribute).String(); name != "" {
		change.Target.Name = name
	}
	return change.withStep(Step{
		Name: "EntrySynchronizationAdd", Type: ProcessingStep, Status: Success,
		Description: fmt.Sprintf("%s %q will be created in %s: in scope, and no account matches", rules.TargetType, change.Source.Name, rules.TargetSystem),
	})
}

func decideUpdate(change Change, facts Facts, rules Rules) Change {
	current := facts.Found[0]
	change.Current = current
	change.Target = Identity{Type: rules.TargetType, ID: current.ID, Name: current.Get(rules.NameAttribute).String()}
	compared := compare(facts.Desired, current, rules.Spelling)
	change.Desired = compared.desired
	change, compared.differs = change.withoutPending(compared.differs, facts.Pending)
	change.Fields = compared.fields()
	change.Action = updateAction(change.Fields, rules.ActiveAttribute)
	switch {
	case change.Action == None:
		return change.redundant("the account in the target is as it should be")
	case !rules.Flows.Has(mapping.FlowUpdate):
		return change.skip(ProcessingStep, CodeSkipped, "the object mapping does not allow to update accounts")
	}
	names := make([]string, len(change.Fields))
	for i, field := range change.Fields {
		names[i] = field.Name
	}
	return change.withStep(Step{
		Name: "EntrySynchronization" + title(change.Action), Type: ProcessingStep, Status: Success,
		Description: fmt.Sprintf("%s %q will be changed in %s: %s", rules.TargetType, change.Source.Name, rules.TargetSystem, strings.Join(names, ", ")),
	})
}

// updateAction names an update by what it does to the active flag.
func updateAction(fields []Field, activeAttribute string) Action {
	action := None
	for _, field := range fields {
		switch {
		case field.Name == activeAttribute && field.New.Bool():
			return Enable
		case field.Name == activeAttribute:
			return Disable
		}
		action = Update
	}
	return action
}

func decideDelete(change Change, facts Facts, rules Rules) Change {
	if !rules.Flows.Has(mapping.FlowDelete) {
		return change.skip(ProcessingStep, CodeSkipped, "the object mapping does not allow to delete accounts")
	}
	if len(facts.Found) == 0 {
		return change.vanished(facts, rules)
	}
	change = change.of(facts.Found[0], rules)
	change.Action = Delete
	return change.withStep(Step{
		Name: "EntrySynchronizationDelete", Type: ProcessingStep, Status: Success,
		Description: fmt.Sprintf("%s %q will be deleted in %s: %s", rules.TargetType, change.Source.Name, rules.TargetSystem, change.Reason.Text),
	})
}

// decideDisable writes the active flag and nothing else: the rest of a leaver's
// account stays as it was.
func decideDisable(change Change, facts Facts, rules Rules) Change {
	if why := keepsActive(facts, rules.ActiveAttribute); why != "" {
		return change.skip(ProcessingStep, CodeSkipped, why)
	}
	if !rules.Flows.Has(mapping.FlowUpdate) {
		return change.skip(ProcessingStep, CodeSkipped, "the object mapping does not allow to update accounts, and disabling is an update")
	}
	if len(facts.Found) == 0 {
		// A read that lacks the account must not pass for a leaver who is out.
		return change.vanished(facts, rules)
	}
	change = change.of(facts.Found[0], rules)
	old := change.Current.Get(rules.ActiveAttribute)
	inactive := attr.Bool(false)
	if attr.Equal(old, inactive, true) {
		return change.redundant("the account is disabled already")
	}
	change.Action = Disable
	change.Desired = attr.New(rules.TargetType, "", map[string]attr.Value{rules.ActiveAttribute: inactive})
	change.Fields = []Field{{Name: rules.ActiveAttribute, Old: old, New: inactive}}
	description := fmt.Sprintf("%s %q will be disabled in %s: %s", rules.TargetType, change.Source.Name, rules.TargetSystem, change.Reason.Text)
	if note := LeaveOf(facts.Verdict, rules).Note; note != "" {
		description += " (" + note + ")"
	}
	return change.withStep(Step{Name: "EntrySynchronizationDisable", Type: ProcessingStep, Status: Success, Description: description})
}

// keepsActive returns why the mapping does not disable the account, empty when it
// does. An expression that fails does not keep a leaver's account in use.
func keepsActive(facts Facts, activeAttribute string) string {
	if facts.Fault != nil {
		return ""
	}
	for _, flow := range facts.Desired.Flows {
		switch {
		case flow.Rule.Target != activeAttribute:
		case flow.Rule.SourceMissing:
			return activeAttribute + " is mapped without a source, so accounts are not disabled"
		case !flow.Rule.Changes():
			return activeAttribute + " is mapped for new accounts only, so accounts are not disabled"
		case flow.Ignored || flow.Value.Bool():
			return "the mapping of " + activeAttribute + " keeps the account active: " + flow.Rule.Expression
		default:
			return ""
		}
	}
	return activeAttribute + " is not mapped, so accounts are not disabled"
}

// entitlementText is the numbered list of reasons that administrators know.
func entitlementText(verdict scope.Verdict) string {
	if len(verdict.Reasons) == 1 {
		return verdict.Reasons[0].Text
	}
	var text strings.Builder
	for i, reason := range verdict.Reasons {
		if i > 0 {
			text.WriteString("; ")
		}
		text.WriteString("(" + strconv.Itoa(i+1) + ") " + reason.Text)
	}
	return text.String()
}

func title(action Action) string {
	return strings.ToUpper(string(action[:1])) + string(action[1:])
}
