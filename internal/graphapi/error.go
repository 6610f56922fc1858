package graphapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/store"
)

// Codes of the error envelope, as Microsoft Graph sends them.
const (
	codeBadRequest       = "Request_BadRequest"
	codeBadSegment       = "BadRequest"
	codeUnsupportedQuery = "Request_UnsupportedQuery"
	codeUnauthenticated  = "InvalidAuthenticationToken"
	codeDenied           = "Authorization_RequestDenied"
	codeNotFound         = "Request_ResourceNotFound"
	codeConflict         = "Request_MultipleObjectsWithSameKeyValue"
	codeStateNotFound    = "syncStateNotFound"
	codeTooManyRequests  = "TooManyRequests"
	codeTooLarge         = "RequestEntityTooLarge"
	codeMediaType        = "UnsupportedMediaType"
	codeNotImplemented   = "NotImplemented"
	codeInternal         = "InternalServerError"
	codeUnavailable      = "ServiceUnavailable"
)

// Error is an error that a client is told: a status, a code of Microsoft Graph, and
// a message that says what is wrong and, where that helps, what to do.
type Error struct {
	Status     int
	Code       string
	Message    string
	Details    []Detail      // more than one fault, or which member is at fault
	Location   string        // where to begin anew, for a 410
	RetryAfter time.Duration // when to come again, for a 429 or 503

	allow string // methods that there are, for a 405
}

// Detail is one of several faults.
type Detail struct {
	Code    string `json:"code"`
	Target  string `json:"target,omitzero"` // the member of the body that is at fault
	Message string `json:"message"`
}

// Error returns code and message.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// badRequest is a 400 for a body or a parameter that cannot be taken.
func badRequest(format string, arguments ...any) error {
	return &Error{Status: http.StatusBadRequest, Code: codeBadRequest, Message: fmt.Sprintf(format, arguments...)}
}

// unsupportedQuery is a 400 for a query option that cannot be answered.
func unsupportedQuery(format string, arguments ...any) error {
	return &Error{Status: http.StatusBadRequest, Code: codeUnsupportedQuery, Message: fmt.Sprintf(format, arguments...)}
}

// notFound is a 404 in the words that clients compare.
func notFound(id string) error {
	return &Error{
		Status: http.StatusNotFound, Code: codeNotFound,
		Message: "Resource '" + id + "' does not exist or one of its queried reference-property objects are not present.",
	}
}

// conflict is a 409. Some clients repeat a request that got one, so it is only for
// what may be gone the next time; a value that is taken is a [taken].
func conflict(format string, arguments ...any) error {
	return &Error{Status: http.StatusConflict, Code: "Conflict", Message: fmt.Sprintf(format, arguments...)}
}

// taken is a 400 for a value that another object has, in the words that clients
// compare.
func taken(property string) error {
	return &Error{
		Status: http.StatusBadRequest, Code: codeBadRequest,
		Message: "Another object with the same value for property " + property + " already exists. " +
			"A conflicting object with one or more of the specified property values is present in the directory.",
		Details: []Detail{{Code: "ObjectConflict", Target: property, Message: "Another object with the same value for property " + property + " already exists."}},
	}
}

// denied is a 403.
func denied(needs store.Role) error {
	return &Error{
		Status: http.StatusForbidden, Code: codeDenied,
		Message: "Insufficient privileges to complete the operation: it needs the role " + string(needs) + ".",
	}
}

// asError makes an error what the client is told. An error that is neither one of
// this package nor of the store is a 500 that says nothing of its cause.
func asError(err error, id string) *Error {
	if own, ok := errors.AsType[*Error](err); ok {
		return own
	}
	if refusal, ok := errors.AsType[*administration.Refusal](err); ok {
		return refusalError(refusal)
	}
	var told error
	switch {
	case errors.Is(err, store.ErrNotFound):
		told = notFound(id)
	case errors.Is(err, store.ErrConflict):
		told = &Error{Status: http.StatusConflict, Code: codeConflict, Message: sentence(err)}
	case errors.Is(err, store.ErrInvalid):
		told = badRequest("%s", sentence(err))
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, store.ErrBusy):
		return &Error{
			Status: http.StatusServiceUnavailable, Code: codeUnavailable, RetryAfter: 5 * time.Second,
			Message: "The service is too busy to answer in time. Try again later.",
		}
	default:
		return &Error{Status: http.StatusInternalServerError, Code: codeInternal, Message: "An error inside the service. Its log has the cause under the request id."}
	}
	own, _ := errors.AsType[*Error](told)
	return own
}

// refusalError makes what administration refuses what the client is told: a 409 where
// it may be possible later, a 400 for what was asked for.
func refusalError(refusal *administration.Refusal) *Error {
	told := &Error{Status: http.StatusBadRequest, Code: codeBadRequest, Message: sentence(errors.New(refusal.Message))}
	switch refusal.Code { //nolint:exhaustive // all others are about the request.
	case administration.TurnedOn, administration.AccountInUse, administration.RemovalsPending, administration.AlreadyUnderWay, administration.NoSteadyState:
		told.Status, told.Code = http.StatusConflict, "Conflict"
	}
	if refusal.Advice != "" {
		told.Message += " " + refusal.Advice
	}
	for _, fault := range refusal.Faults {
		told.Details = append(told.Details, Detail{Code: string(refusal.Code), Target: fault.Field, Message: fault.Message})
	}
	return told
}

// sentence makes an error's text one that begins with a capital and ends with a stop.
func sentence(err error) string {
	text := err.Error()
	return strings.ToUpper(text[:1]) + text[1:] + "."
}

// envelope is the body of an error, as OData and Microsoft Graph have it.
type envelope struct {
	Error struct {
		Code    string   `json:"code"`
		Message string   `json:"message"`
		Details []Detail `json:"details,omitzero"`
		Inner   struct {
			Date            string `json:"date"`
			RequestID       string `json:"request-id"`
			ClientRequestID string `json:"client-request-id"`
		} `json:"innerError"`
	} `json:"error"`
}

func (e *Error) envelope(now time.Time, requestID, clientRequestID string) envelope {
	var body envelope
	body.Error.Code, body.Error.Message, body.Error.Details = e.Code, e.Message, e.Details
	body.Error.Inner.Date = now.UTC().Format("2006-01-02T15:04:05")
	body.Error.Inner.RequestID, body.Error.Inner.ClientRequestID = requestID, clientRequestID
	return body
}
