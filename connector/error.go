package connector

import (
	"errors"
	"time"
)

// Kind classifies an error of a target: the engine decides on it alone. A Kind is
// itself an error, so that errors.Is(err, connector.Throttled) works.
//
//nolint:errname // a kind reads as a word of the domain: connector.Throttled.
type Kind string

// The kinds of error.
//
//nolint:errname // as above.
const (
	Invalid       Kind = "the target refuses the data"
	Conflict      Kind = "the data clashes with another object of the target"
	NotFound      Kind = "the object does not exist in the target"
	Unauthorized  Kind = "the credentials do not work"
	Forbidden     Kind = "the account lacks a permission in the target"
	Throttled     Kind = "the target asks to slow down"
	QuotaExceeded Kind = "the target's quota is used up"
	Unavailable   Kind = "the target cannot be reached or is out of order"
	Ambiguous     Kind = "the answer was lost: the write may have happened"
	Unsupported   Kind = "the target cannot do this"
)

// Error returns the kind in words.
func (k Kind) Error() string { return string(k) }

// ErrUnsupported is returned for what a target cannot do.
var ErrUnsupported = &Error{Kind: Unsupported}

// Error is an error of a target. Its message holds no secret.
type Error struct {
	Kind       Kind
	Code       string        // code for the provisioning log: "SalesforceLicenseLimitExceeded"
	TargetCode string        // the target's own code: "LICENSE_LIMIT_EXCEEDED"
	Fields     []string      // attributes at fault
	Message    string        // the target's own words
	Advice     string        // what to do about it
	RetryAfter time.Duration // when the target asked for it
	Err        error         // cause, such as a network error
}

// Error returns the target's words, or those of the kind when it said nothing.
func (e *Error) Error() string {
	message := e.Message
	switch {
	case message == "" && e.Err != nil:
		message = string(e.Kind) + ": " + e.Err.Error()
	case message == "":
		message = string(e.Kind)
	}
	if e.TargetCode != "" {
		return e.TargetCode + ": " + message
	}
	return message
}

// Unwrap gives the kind and the cause.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Err}
}

// KindOf returns the kind of an error. An error that is not of a target counts as
// Unavailable: nothing is known of it but that the work was not done.
func KindOf(err error) Kind {
	if kind, ok := errors.AsType[Kind](err); ok {
		return kind
	}
	return Unavailable
}
