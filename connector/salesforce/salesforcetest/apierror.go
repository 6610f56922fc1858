package salesforcetest

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/usher-id/usher/connector/salesforce/unconfirmed"
)

// apiError is one fault as Salesforce words it. Single calls report its code as
// errorCode, collections as statusCode.
type apiError struct {
	status  int
	code    string
	message string
	fields  []string
}

// Error makes it an error; the text is for logs of tests.
func (e *apiError) Error() string { return e.code + ": " + e.message }

// newError makes a fault of a whole call. The fields are left out of the answer
// unless some are given, as in faults that are not about data.
func newError(status int, code, message string, fields ...string) *apiError {
	return &apiError{status: status, code: code, message: message, fields: fields}
}

// rowError is a fault of one record: always 400 in a single call.
func rowError(code, message string, fields ...string) *apiError {
	if fields == nil {
		fields = []string{}
	}
	return newError(http.StatusBadRequest, code, message, fields...)
}

// notFound is the answer for every address that does not exist.
func notFound() *apiError {
	return newError(http.StatusNotFound, "NOT_FOUND", "The requested resource does not exist")
}

// methodNotAllowed names the methods that the resource has.
func methodNotAllowed(method string, allowed ...string) *apiError {
	return newError(http.StatusMethodNotAllowed, "METHOD_NOT_ALLOWED",
		fmt.Sprintf("HTTP Method '%s' not allowed. Allowed are %s", method, strings.Join(allowed, ",")))
}

// malformedJSON is a body that cannot be read, or does not fit the object.
func malformedJSON(format string, arguments ...any) *apiError {
	return newError(http.StatusBadRequest, "JSON_PARSER_ERROR", fmt.Sprintf(format, arguments...))
}

// noSuchColumn is the refusal of an unknown field in a body; queries have words
// of their own.
func noSuchColumn(name string, o *object) *apiError {
	return newError(http.StatusBadRequest, "INVALID_FIELD", fmt.Sprintf("No such column '%s' on sobject of type %s", name, o.name))
}

// preconditionFailed is the refusal of a write or a read whose condition does not
// hold.
func preconditionFailed() *apiError {
	return newError(http.StatusPreconditionFailed, unconfirmed.PreconditionFailedCode, unconfirmed.PreconditionFailed)
}

// unableTo refuses an operation that the object does not have at all.
func unableTo(o *object, verb string) *apiError {
	code, message := unconfirmed.UnableTo(verb, o.name, o.label)
	return rowError(code, message)
}

// apiRefusal is how REST refuses an org, or a user, without the API.
func apiRefusal(ofOrg bool) *apiError {
	if ofOrg {
		return newError(http.StatusForbidden, "API_DISABLED_FOR_ORG", "The REST API is not enabled for this Organization.")
	}
	return newError(http.StatusForbidden, "API_CURRENTLY_DISABLED", unconfirmed.APIDisabledForUser)
}

// body renders the errors as a single REST call does.
func errorBody(errors []*apiError) []byte {
	buffer := []byte{'['}
	for i, e := range errors {
		if i > 0 {
			buffer = append(buffer, ',')
		}
		buffer = append(buffer, `{"message":`...)
		buffer = appendString(buffer, e.message)
		buffer = append(buffer, `,"errorCode":`...)
		buffer = appendString(buffer, e.code)
		if e.fields != nil {
			buffer = append(buffer, `,"fields":`...)
			buffer = appendStrings(buffer, e.fields)
		}
		buffer = append(buffer, '}')
	}
	return append(buffer, ']')
}

// appendRowErrors renders the errors as a row of a collection does.
func appendRowErrors(buffer []byte, errors []*apiError) []byte {
	buffer = append(buffer, '[')
	for i, e := range errors {
		if i > 0 {
			buffer = append(buffer, ',')
		}
		buffer = append(buffer, `{"statusCode":`...)
		buffer = appendString(buffer, e.code)
		buffer = append(buffer, `,"message":`...)
		buffer = appendString(buffer, e.message)
		buffer = append(buffer, `,"fields":`...)
		buffer = appendStrings(buffer, e.fields)
		buffer = append(buffer, '}')
	}
	return append(buffer, ']')
}
