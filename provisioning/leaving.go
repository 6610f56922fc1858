package provisioning

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Trigger is a reason for which the owner of an account is not to use it any more.
// The triggers are those of the table of events in "How Application Provisioning
// works in Microsoft Entra ID", with the two that it keeps apart in its log.
type Trigger string

// The triggers.
const (
	Unassigned     Trigger = "unassigned"      // no assignment is left, or none with the role that is needed
	FilteredOut    Trigger = "filtered-out"    // the scoping filters exclude the person
	SourceDisabled Trigger = "source-disabled" // the person's account in the directory is disabled
	SoftDeleted    Trigger = "soft-deleted"    // the person is deleted in the directory and can be restored
	HardDeleted    Trigger = "hard-deleted"    // the person was removed from the directory for good
)

// Triggers returns all triggers, in the order in which they are listed to people.
func Triggers() []Trigger {
	return []Trigger{Unassigned, FilteredOut, SourceDisabled, SoftDeleted, HardDeleted}
}

// LeaveAction is what becomes of the account of somebody who leaves.
type LeaveAction string

// The actions.
const (
	LeaveDisable LeaveAction = "disable"
	LeaveDelete  LeaveAction = "delete" // where the target cannot delete: disable
	LeaveNothing LeaveAction = "nothing"
)

// LeaveActions returns all actions, the weakest first.
func LeaveActions() []LeaveAction { return []LeaveAction{LeaveNothing, LeaveDisable, LeaveDelete} }

// strength orders actions: of several that apply to one person the strongest counts.
func (a LeaveAction) strength() int { return slices.Index(LeaveActions(), a) }

// Leaving is what a job does with the accounts of people who leave. The zero
// Leaving does what is usual: an account is deleted when its owner was removed from
// the directory for good, else disabled, at once.
type Leaving struct {
	Actions map[Trigger]LeaveAction   `json:"actions,omitzero"` // where it differs from what is usual
	Grace   time.Duration             `json:"grace,omitzero"`   // how long an account is kept after its owner left
	GraceOn map[Trigger]time.Duration `json:"graceOn,omitzero"` // where it differs from Grace; 0 is at once
}

// Action returns what is done on a trigger.
func (l Leaving) Action(trigger Trigger) LeaveAction {
	if action, found := l.Actions[trigger]; found {
		return action
	}
	if trigger == HardDeleted {
		return LeaveDelete
	}
	return LeaveDisable
}

// GraceFor returns how long an account is kept after a trigger.
func (l Leaving) GraceFor(trigger Trigger) time.Duration {
	if grace, found := l.GraceOn[trigger]; found {
		return grace
	}
	return l.Grace
}

// With returns the settings with another action for a trigger.
func (l Leaving) With(trigger Trigger, action LeaveAction) Leaving {
	l.Actions = maps.Clone(l.Actions)
	if l.Actions == nil {
		l.Actions = make(map[Trigger]LeaveAction, 1)
	}
	l.Actions[trigger] = action
	if action == (Leaving{}).Action(trigger) {
		delete(l.Actions, trigger)
	}
	return l
}

// WithGrace returns the settings with a grace period of its own for a trigger.
func (l Leaving) WithGrace(trigger Trigger, grace time.Duration) Leaving {
	l.GraceOn = maps.Clone(l.GraceOn)
	if l.GraceOn == nil {
		l.GraceOn = make(map[Trigger]time.Duration, 1)
	}
	l.GraceOn[trigger] = grace
	return l
}

// WithoutGrace returns the settings with the usual grace period for a trigger.
func (l Leaving) WithoutGrace(trigger Trigger) Leaving {
	l.GraceOn = maps.Clone(l.GraceOn)
	delete(l.GraceOn, trigger)
	return l
}

// Leave is what the settings ask for one person who leaves.
type Leave struct {
	Action  LeaveAction
	Trigger Trigger       // that asks for the action; empty when there is none
	Grace   time.Duration // how long the account is kept from when the person left
}

// LeaveAction returns what is done on a trigger. SkipOutOfScopeDeletions leaves
// accounts alone on all but HardDeleted, whatever else is set.
func (s Settings) LeaveAction(trigger Trigger) LeaveAction {
	if s.SkipOutOfScopeDeletions && trigger != HardDeleted {
		return LeaveNothing
	}
	return s.Leaving.Action(trigger)
}

// Leave returns what is to become of the account of somebody for whom these
// triggers hold: the strongest of their actions, after the shortest grace period of
// those that ask for anything. So one trigger never protects an account from
// another one.
func (s Settings) Leave(triggers []Trigger) Leave {
	leave := Leave{Action: LeaveNothing}
	for _, trigger := range triggers {
		action := s.LeaveAction(trigger)
		if action == LeaveNothing {
			continue
		}
		grace := s.Leaving.GraceFor(trigger)
		if leave.Trigger != "" {
			grace = min(grace, leave.Grace)
		}
		leave.Grace = grace
		if action.strength() > leave.Action.strength() {
			leave.Action, leave.Trigger = action, trigger
		}
	}
	return leave
}

// DeletesKnown reports whether an account that was disabled before may have to be
// deleted although its owner is still in the directory.
func (s Settings) DeletesKnown() bool {
	return slices.ContainsFunc(Triggers(), func(t Trigger) bool { return t != HardDeleted && s.LeaveAction(t) == LeaveDelete })
}

// Check returns what is wrong with the settings: a trigger or an action that there
// is none of, or a grace period below zero.
func (l Leaving) Check() error {
	for trigger, action := range l.Actions {
		if !slices.Contains(Triggers(), trigger) || !slices.Contains(LeaveActions(), action) {
			return fmt.Errorf("%q on %q: the actions are %s, the triggers %s", action, trigger, listed(LeaveActions()), listed(Triggers()))
		}
	}
	for trigger, grace := range l.GraceOn {
		if !slices.Contains(Triggers(), trigger) || grace < 0 {
			return fmt.Errorf("a grace period of %s on %q: the triggers are %s, and a period is 0 or more", grace, trigger, listed(Triggers()))
		}
	}
	if l.Grace < 0 {
		return fmt.Errorf("a grace period of %s: it is 0 or more", l.Grace)
	}
	return nil
}

func listed[T ~string](items []T) string {
	names := make([]string, len(items))
	for i, item := range items {
		names[i] = string(item)
	}
	return strings.Join(names, ", ")
}

// takesMoreThan reports whether these settings take accounts away that others leave
// alone, do more to them, or do it at another time.
func (s Settings) takesMoreThan(other Settings) bool {
	return slices.ContainsFunc(Triggers(), func(t Trigger) bool {
		return s.LeaveAction(t).strength() > other.LeaveAction(t).strength() || s.Leaving.GraceFor(t) != other.Leaving.GraceFor(t)
	})
}
