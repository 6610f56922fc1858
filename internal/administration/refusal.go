package administration

import (
	"fmt"
	"strings"
)

// Code names why something is refused, for callers that say it in words of their own.
type Code string

// The codes.
const (
	Invalid          Code = "Invalid"          // what was given cannot be taken; Field or Faults say where
	Taken            Code = "Taken"            // something else has the name
	NotConfigured    Code = "NotConfigured"    // there is nothing to sign in with
	ConnectionFails  Code = "ConnectionFails"  // credentials do not work; Err has what the target said
	RoleRequired     Code = "RoleRequired"     // default access is not enough
	UnknownRole      Code = "UnknownRole"      // the application has no such role
	UnknownPrincipal Code = "UnknownPrincipal" // nobody of that name is in the directory
	NotAssigned      Code = "NotAssigned"      // there is no such assignment to end
	ChangedMeanwhile Code = "ChangedMeanwhile" // somebody else changed it since it was looked at
	NotLookedAt      Code = "NotLookedAt"      // what it would do was not looked at before
	SchemaFaults     Code = "SchemaFaults"     // a synchronization schema cannot be used; Faults are all that is wrong
	TurnedOn         Code = "TurnedOn"         // provisioning has to be turned off first
	AccountInUse     Code = "AccountInUse"     // the account is in use and its owner left
	RemovalsPending  Code = "RemovalsPending"  // accounts are still to be taken away
	PlanTooOld       Code = "PlanTooOld"       // a plan is kept too long to be applied
	PlanApplied      Code = "PlanApplied"      // a plan is applied once
	PlanAltered      Code = "PlanAltered"      // the plan is not the one that was made under this name
	PlanSchema       Code = "PlanSchema"       // the schema was changed since the plan was made
	PlanRemovals     Code = "PlanRemovals"     // the removal guard would hold removals that were not allowed
	NothingToUndo    Code = "NothingToUndo"    // the cycle wrote nothing
	NoSteadyState    Code = "NoSteadyState"    // no cycle was complete yet
	NotMapped        Code = "NotMapped"        // the attribute is not written anyway
	AlreadyUnderWay  Code = "AlreadyUnderWay"  // the same act of the application runs already
	TooMany          Code = "TooMany"          // more than can be done at once
	Unavailable      Code = "Unavailable"      // the service cannot do it at present
)

// Refusal is why an act was not done. Nothing was changed.
//
//nolint:errname // it reads as a word of the domain: administration.Refusal.
type Refusal struct {
	Code    Code
	Field   string  // what was filled in that is at fault, empty when it is no single thing
	Message string  // what is wrong, as part of a sentence: "the application has no role \"Sales\""
	Advice  string  // what to do about it, as a sentence of its own; empty when the message says it
	Faults  []Fault // all that is wrong, when that is more than one thing
	Err     error   // the cause, nil when there is none
}

// Fault is one of several things that are wrong with what was given.
type Fault struct {
	Line    int    `json:"line,omitzero"`  // of a file, from 1
	Field   string `json:"field,omitzero"` // a setting, a column or a place in a schema
	Message string `json:"message"`
}

// String tells the place and what is wrong there.
func (f Fault) String() string {
	switch {
	case f.Line > 0 && f.Field != "":
		return fmt.Sprintf("line %d, %s: %s", f.Line, f.Field, f.Message)
	case f.Line > 0:
		return fmt.Sprintf("line %d: %s", f.Line, f.Message)
	case f.Field != "":
		return f.Field + ": " + f.Message
	}
	return f.Message
}

// Error returns what is wrong and what to do about it.
func (r *Refusal) Error() string {
	var text strings.Builder
	text.WriteString(r.Message)
	if len(r.Faults) > 0 {
		text.WriteString(":")
	}
	for _, fault := range r.Faults {
		text.WriteString("\n  " + fault.String())
	}
	if r.Advice != "" {
		text.WriteString(". " + strings.TrimSuffix(r.Advice, "."))
	}
	return text.String()
}

// Unwrap returns the cause.
func (r *Refusal) Unwrap() error { return r.Err }

// refuse makes a refusal with a message.
func refuse(code Code, field, format string, arguments ...any) *Refusal {
	return &Refusal{Code: code, Field: field, Message: fmt.Sprintf(format, arguments...)}
}

// advising returns the refusal with what to do about it.
func (r *Refusal) advising(advice string) *Refusal {
	r.Advice = advice
	return r
}

// refuseAll makes one refusal of all faults, nil when there are none.
func refuseAll(message string, faults []Fault) error {
	switch len(faults) {
	case 0:
		return nil
	case 1:
		return &Refusal{Code: Invalid, Field: faults[0].Field, Message: message, Faults: faults}
	}
	return &Refusal{Code: Invalid, Message: message, Faults: faults}
}
