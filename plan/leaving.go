package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/provisioning"
	"github.com/usher-id/usher/scope"
)

// Leave is what is to become of the account of somebody who is out of scope, as far
// as the job's settings, the object mapping and the target allow.
type Leave struct {
	Action Action        // Disable, Delete, or Skip when the account is left alone
	Grace  time.Duration // how long the account is kept from when the person left
	Note   string        // why it is a Disable although the settings ask for a Delete
}

// LeaveOf finds out what is to become of somebody's account. A Delete that the
// target cannot carry out is a Disable, so that nobody keeps access because an
// account cannot be deleted. So is one that the object mapping does not allow,
// unless the person was removed from the directory for good: then switching Delete
// off in the object mapping leaves the account alone, as in Microsoft Entra.
func LeaveOf(verdict scope.Verdict, rules Rules) Leave {
	leave := rules.Settings.Leave(triggers(verdict))
	switch leave.Action {
	case provisioning.LeaveDisable:
		return Leave{Action: Disable, Grace: leave.Grace}
	case provisioning.LeaveNothing:
		return Leave{Action: Skip}
	case provisioning.LeaveDelete:
	}
	switch {
	case !rules.Deletes:
		return Leave{Disable, leave.Grace, "this target deletes no accounts"}
	case !rules.Flows.Has(mapping.FlowDelete) && leave.Trigger != provisioning.HardDeleted:
		return Leave{Disable, leave.Grace, "the object mapping does not allow to delete accounts"}
	}
	return Leave{Action: Delete, Grace: leave.Grace}
}

// triggers returns the triggers behind the reasons of a verdict, each once.
func triggers(verdict scope.Verdict) []provisioning.Trigger {
	var found []provisioning.Trigger
	for _, reason := range verdict.Reasons {
		if trigger, known := triggerOf(reason.Code); known && !slices.Contains(found, trigger) {
			found = append(found, trigger)
		}
	}
	return found
}

func triggerOf(code scope.ReasonCode) (provisioning.Trigger, bool) {
	switch code {
	case scope.NotAssigned, scope.DefaultAccessOnly:
		return provisioning.Unassigned, true
	case scope.FilterNotPassed:
		return provisioning.FilteredOut, true
	case scope.SourceDisabled:
		return provisioning.SourceDisabled, true
	case scope.SourceDeleted:
		return provisioning.SoftDeleted, true
	case scope.SourceGone:
		return provisioning.HardDeleted, true
	case scope.FilterUndecided: // nothing may be done then
	}
	return "", false
}

// decideRemoval decides for someone who is not to have an account (any more).
func decideRemoval(change Change, facts Facts, rules Rules) Change {
	leave := LeaveOf(facts.Verdict, rules)
	switch {
	case facts.Connected.ID == "":
		return change.skip(ScopingStep, CodeNotEntitled, entitlementText(facts.Verdict))
	case facts.Verdict.Kept:
		return change.skip(ScopingStep, CodeNotEntitled, "out of scope by an input filter, which leaves the account as it is: "+facts.Verdict.Text())
	case leave.Action == Skip:
		return change.skip(ScopingStep, CodeNotEntitled, "out of scope, and this job leaves such accounts alone ("+leftAlone(facts.Verdict, rules)+"): "+facts.Verdict.Text())
	case facts.Rejected:
		return change.skip(ScopingStep, CodeNotEntitled, "out of scope, and an administrator rejected the removal of the account: "+facts.Verdict.Text())
	case !facts.KeptUntil.IsZero():
		change.KeptUntil = facts.KeptUntil
		return change.skip(ScopingStep, CodeNotEntitled, fmt.Sprintf("out of scope, and the account is kept until %s (grace period): %s",
			facts.KeptUntil.UTC().Format(time.RFC3339), facts.Verdict.Text()))
	}
	change = change.withStep(scopingStep(facts.Verdict))
	change.Reason = Reason{Code: string(facts.Verdict.Reasons[0].Code), Text: facts.Verdict.Text()}
	if leave.Action == Delete {
		return decideDelete(change, facts, rules)
	}
	return decideDisable(change, facts, rules)
}

// leftAlone names the setting because of which an account is left alone.
func leftAlone(verdict scope.Verdict, rules Rules) string {
	if rules.Settings.SkipOutOfScopeDeletions && !verdict.Has(scope.SourceGone) {
		return "SkipOutOfScopeDeletions"
	}
	var names []string
	for _, trigger := range triggers(verdict) {
		names = append(names, string(trigger))
	}
	return "nothing on " + strings.Join(names, ", ")
}
