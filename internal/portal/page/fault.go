package page

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/store"
)

// Fault is an error that a visitor is told of: what happened, why, and what to do.
//
//nolint:errname // it reads as a word of the domain: page.Fault.
type Fault struct {
	Status int
	Title  string   // what happened, as a headline
	Text   string   // why
	Advice string   // what to do next
	Field  string   // the field of the form that is wrong, empty for none
	Faults []string // all that is wrong, when that is more than one thing
	Err    error    // the cause, which is logged and not told
}

// Error returns the text.
func (f *Fault) Error() string {
	if f.Err != nil {
		return f.Text + ": " + f.Err.Error()
	}
	return f.Text
}

// Unwrap returns the cause.
func (f *Fault) Unwrap() error { return f.Err }

// NotFound says that what a path names is not there.
func NotFound(format string, arguments ...any) *Fault {
	return &Fault{
		Status: http.StatusNotFound, Title: "Not found", Text: fmt.Sprintf(format, arguments...),
		Advice: "It may have been removed. Look for it in the list it belongs to.",
	}
}

// Invalid says that a field of a form is wrong.
func Invalid(field, format string, arguments ...any) *Fault {
	return &Fault{
		Status: http.StatusUnprocessableEntity, Title: "This cannot be saved yet", Text: fmt.Sprintf(format, arguments...), Field: field,
		Advice: "Go back, correct it and send it again.",
	}
}

// Refused says that what was asked for is not done, and what to do instead.
func Refused(title, text, advice string) *Fault {
	return &Fault{Status: http.StatusConflict, Title: title, Text: text, Advice: advice}
}

// forbidden says that the visitor's role does not allow something.
func forbidden(v Visitor, needed store.Role) *Fault {
	return &Fault{
		Status: http.StatusForbidden, Title: "You may not do this",
		Text:   fmt.Sprintf("You are signed in as %s with the role %s; this needs the role %s.", v.Name, v.Role, needed),
		Advice: "Ask an administrator to do it, or to give you the role under Settings > Administrators.",
	}
}

// FaultOf returns what a visitor is told of an error. An error that is nobody's to
// mend here is told as a number that the log has, too.
func FaultOf(err error, id string) *Fault {
	if fault, ok := errors.AsType[*Fault](err); ok {
		return fault
	}
	if refusal, ok := errors.AsType[*administration.Refusal](err); ok {
		return faultOfRefusal(refusal)
	}
	if opening, ok := errors.AsType[*administration.OpenError](err); ok {
		fault := &Fault{
			Status: http.StatusConflict, Title: opening.Application.DisplayName + " cannot be reached yet", Text: Sentence(opening.Error()),
			Advice: "Complete the admin credentials and the mappings of the application.", Err: err,
		}
		if target, ok := errors.AsType[*connector.Error](err); ok && target.Advice != "" {
			fault.Advice = target.Advice
		}
		return fault
	}
	if target, ok := errors.AsType[*connector.Error](err); ok {
		return &Fault{Status: http.StatusBadGateway, Title: "The application did not do it", Text: Sentence(target.Error()), Advice: target.Advice, Err: err}
	}
	switch {
	case errors.Is(err, store.ErrNotFound):
		return &Fault{Status: http.StatusNotFound, Title: "Not found", Text: Sentence(err.Error()), Advice: "It may have been removed meanwhile.", Err: err}
	case errors.Is(err, store.ErrConflict):
		return &Fault{Status: http.StatusConflict, Title: "This clashes with what is there", Text: Sentence(err.Error()), Advice: "Somebody may have changed it meanwhile. Look at it again.", Err: err}
	case errors.Is(err, store.ErrInvalid):
		return &Fault{Status: http.StatusUnprocessableEntity, Title: "This is not valid", Text: Sentence(err.Error()), Advice: "Go back and correct it.", Err: err}
	case errors.Is(err, store.ErrBusy):
		return &Fault{Status: http.StatusServiceUnavailable, Title: "The database is busy", Text: "Somebody else is writing to it.", Advice: "Try again in a moment.", Err: err}
	case errors.Is(err, context.DeadlineExceeded):
		return &Fault{Status: http.StatusGatewayTimeout, Title: "This took too long", Text: "It was given up; what was done until then stays.", Advice: "Try again, or look at the provisioning logs.", Err: err}
	}
	return &Fault{
		Status: http.StatusInternalServerError, Title: "Something is wrong inside Usher", Text: "The log of the service has the cause under the number " + id + ".",
		Advice: "Try again. If it happens again, give the number to whoever runs the service.", Err: err,
	}
}

// faultOfRefusal tells a refusal in the words that it has.
func faultOfRefusal(refusal *administration.Refusal) *Fault {
	fault := &Fault{
		Status: http.StatusConflict, Title: "This was not done", Text: Sentence(refusal.Message), Advice: Sentence(refusal.Advice), Field: refusal.Field, Err: refusal.Err,
	}
	if refusal.Field != "" || len(refusal.Faults) > 0 {
		fault.Status, fault.Title = http.StatusUnprocessableEntity, "This cannot be saved yet"
	}
	for _, each := range refusal.Faults {
		fault.Faults = append(fault.Faults, Sentence(each.String()))
	}
	return fault
}
