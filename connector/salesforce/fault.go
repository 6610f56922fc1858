package salesforce

import (
	"cmp"
	"encoding/json"
	"encoding/xml"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/connector/salesforce/unconfirmed"
)

// fault is one error as Salesforce reports it: of a request (errorCode) or of one
// record of a collection (statusCode).
type fault struct {
	ErrorCode  string   `json:"errorCode"`
	StatusCode string   `json:"statusCode"`
	Message    string   `json:"message"`
	Fields     []string `json:"fields"`
}

func (f fault) code() string { return cmp.Or(f.ErrorCode, f.StatusCode) }

// parseFaults reads the body of a refused REST request. Without faults the body
// is not Salesforce's.
func parseFaults(body []byte) []fault {
	var faults []fault
	if err := json.Unmarshal(body, &faults); err != nil {
		return nil
	}
	if len(faults) == 0 || faults[0].code() == "" {
		return nil
	}
	return faults
}

// oauthFault is the body of a refused OAuth request.
type oauthFault struct {
	Name        string `json:"error"`
	Description string `json:"error_description"`
}

func parseOAuthFault(body []byte) (oauthFault, bool) {
	var f oauthFault
	err := json.Unmarshal(body, &f)
	return f, err == nil && f.Name != ""
}

// soapFault is a fault of the SOAP API.
type soapFault struct {
	Code   string `xml:"faultcode"`
	Text   string `xml:"faultstring"`
	Detail struct {
		Parts []struct {
			Code    string `xml:"exceptionCode"`
			Message string `xml:"exceptionMessage"`
		} `xml:",any"`
	} `xml:"detail"`
}

// fault returns the code and the words. Where the detail is missing, the code is
// that of faultcode behind its namespace.
func (f soapFault) fault() fault {
	_, code, found := strings.Cut(f.Code, ":")
	if !found {
		code = f.Code
	}
	message := strings.TrimPrefix(f.Text, code+": ")
	for _, part := range f.Detail.Parts {
		code, message = cmp.Or(part.Code, code), cmp.Or(part.Message, message)
	}
	return fault{ErrorCode: code, Message: message}
}

func parseSOAPFault(body []byte) (fault, bool) {
	var envelope struct {
		Fault *soapFault `xml:"Body>Fault"`
	}
	if err := xml.Unmarshal(body, &envelope); err != nil || envelope.Fault == nil {
		return fault{}, false
	}
	return envelope.Fault.fault(), true
}

// failure makes the error for a fault. Of several faults the first decides and
// the words of all are kept.
func (c *client) failure(faults ...fault) *connector.Error {
	first := faults[0]
	var messages, fields []string
	for _, f := range faults {
		messages = append(messages, clean(f.Message))
		fields = append(fields, f.Fields...)
	}
	target := first.code()
	switch {
	case target == "REQUEST_LIMIT_EXCEEDED" && unconfirmed.IsConcurrentLimit(first.Message):
		target = targetConcurrentLimit
	case unconfirmed.IsSOAPLoginRestricted(target, first.Message):
		target = targetSOAPLoginDisabled
	case unconfirmed.IsLoginRateExceeded(first.Message):
		target = targetLoginRateExceeded
	}
	e := lookup(target)
	return c.redacted(&connector.Error{
		Kind: e.kind, Code: e.productCode(), TargetCode: first.code(), Fields: fields,
		Message: strings.Join(messages, "; "), Advice: e.advice, RetryAfter: untilWindowMoves(e.kind),
	})
}

// own makes the error for something that is found out here.
func (c *client) own(code, message string, cause error) *connector.Error {
	e := ownEntry(code)
	return c.redacted(&connector.Error{Kind: e.kind, Code: code, Message: message, Advice: e.advice, RetryAfter: untilWindowMoves(e.kind), Err: cause})
}

func ownEntry(code string) entry {
	for _, e := range ownErrors {
		if e.code == code {
			return e
		}
	}
	return entry{code: code, kind: connector.Unavailable}
}

// redacted takes secrets out of the words of an error: a proxy, or a trigger of
// the org, may repeat what was sent.
func (c *client) redacted(e *connector.Error) *connector.Error {
	for _, secret := range append(c.account.secrets(), c.authority.token()) {
		if len(secret) >= 4 {
			e.Message = strings.ReplaceAll(e.Message, secret, "[redacted]")
		}
	}
	return e
}

// clean makes a message of the target fit for one line: no markup, no breaks.
func clean(message string) string {
	message = strings.ReplaceAll(message, "<br>", " ")
	message = strings.Join(strings.Fields(message), " ")
	const limit = 600
	if runes := []rune(message); len(runes) > limit {
		return string(runes[:limit]) + "…"
	}
	return message
}

// rowFailure makes the error for a record of a collection that was not written.
// What Salesforce cannot say of one record it cannot mean for all: such a fault
// concerns this record alone and is tried again in a later cycle.
func (c *client) rowFailure(r row, faults []fault) *connector.Error {
	err := c.failure(faults...)
	switch {
	case err.TargetCode == "UNKNOWN_EXCEPTION":
		err.Kind = connector.Conflict
	case !r.create && ownIDRefused(err):
		e := ownEntry(codeInvalidAnchor)
		err.Kind, err.Code, err.Fields, err.Advice = e.kind, e.code, nil, e.advice
	}
	return err
}

// ownIDRefused reports whether an error is about the id of the record itself and
// not about one that it refers to.
func ownIDRefused(err *connector.Error) bool {
	switch err.TargetCode {
	case "INVALID_CROSS_REFERENCE_KEY":
		return len(err.Fields) == 0
	case "MALFORMED_ID":
		return len(err.Fields) == 0 || slices.Equal(err.Fields, []string{attributeID})
	}
	return false
}

// refusal makes the error for an answer with a status that is not a success.
func (c *client) refusal(r request, a answer) *connector.Error {
	if faults := parseFaults(a.body); faults != nil {
		err := c.failure(faults...)
		err.RetryAfter = cmp.Or(a.retryAfter(), err.RetryAfter)
		if r.write && mayHaveHappened(a.status, err.TargetCode) {
			err.Kind = connector.Ambiguous
		}
		if err.Kind == connector.Invalid && !r.write && err.TargetCode != "INVALID_FIELD" {
			err.Kind = connector.Unavailable // a read has no data that could be wrong
		}
		return err
	}
	err := c.strangeRefusal(r, a)
	err.RetryAfter = cmp.Or(a.retryAfter(), err.RetryAfter)
	return err
}

// untilWindowMoves is how long there is nothing to be done when the requests of the
// day are used up, 0 for any other error.
func untilWindowMoves(kind connector.Kind) time.Duration {
	if kind != connector.QuotaExceeded {
		return 0
	}
	now := time.Now()
	return unconfirmed.WindowMoves(now).Sub(now)
}

// mayHaveHappened reports whether a refused write may have been carried out in
// part or whole: Salesforce failed on it, or gave up.
func mayHaveHappened(status int, code string) bool {
	return status >= http.StatusInternalServerError && !refusedUnseen(code) || code == "REQUEST_RUNNING_TOO_LONG"
}

// refusedUnseen reports whether a code of status 503 says that the request was
// not looked at.
func refusedUnseen(code string) bool {
	return code == "SERVER_UNAVAILABLE" || code == "ORG_IN_MAINTENANCE" || code == "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE"
}

// strangeRefusal makes the error for a refusal that is not in Salesforce's form:
// from a proxy, a load balancer or another web server.
func (c *client) strangeRefusal(r request, a answer) *connector.Error {
	status := http.StatusText(a.status)
	switch {
	case r.write && a.status >= http.StatusInternalServerError:
		return c.own(codeAnswerLost, "the answer was "+status, nil)
	case a.status >= http.StatusInternalServerError:
		return c.failure(fault{ErrorCode: "SERVER_UNAVAILABLE", Message: status})
	case a.status == http.StatusTooManyRequests:
		return c.failure(fault{ErrorCode: targetConcurrentLimit, Message: status})
	case a.status == http.StatusUnauthorized:
		return c.failure(fault{ErrorCode: "INVALID_SESSION_ID", Message: status})
	case a.status == http.StatusGone:
		return c.failure(fault{ErrorCode: "UNSUPPORTED_API_VERSION", Message: status})
	case a.status == http.StatusRequestURITooLong:
		return c.failure(fault{ErrorCode: targetURITooLong, Message: status})
	case a.status == 420: // Salesforce's own status for an org that was deleted or has expired
		return c.failure(fault{ErrorCode: "ORG_LOCKED", Message: "the org was deleted or has expired"})
	}
	return c.own(codeWrongHost, "the host answered "+status+", which is not an answer of Salesforce", nil)
}
