package salesforcetest

import (
	"fmt"
	"net/http"
	"strings"
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
