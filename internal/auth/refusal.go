package auth

import (
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"
)

// refusal is an error of the token endpoint in the form of the Microsoft identity
// platform: an error code of OAuth 2.0 and a number that its documentation lists
// (Microsoft Entra authentication and authorization error codes).
type refusal struct {
	number     int
	text       string
	retryAfter time.Duration
}

// Error returns number and text.
func (r *refusal) Error() string { return fmt.Sprintf("AADSTS%d: %s", r.number, r.text) }

func refuse(number int, format string, arguments ...any) error {
	return &refusal{number: number, text: fmt.Sprintf(format, arguments...)}
}

// code returns the error code of OAuth 2.0 (RFC 6749, section 5.2) and the status.
func (r *refusal) code() (string, int) {
	switch r.number {
	case 7000215, 7000222, 7000216, 700027, 700024, 700023:
		return "invalid_client", http.StatusUnauthorized
	case 700016:
		return "unauthorized_client", http.StatusBadRequest
	case 70003:
		return "unsupported_grant_type", http.StatusBadRequest
	case 1002012:
		return "invalid_scope", http.StatusBadRequest
	case 90033:
		return "temporarily_unavailable", http.StatusServiceUnavailable
	case 50196:
		return "temporarily_unavailable", http.StatusTooManyRequests
	}
	return "invalid_request", http.StatusBadRequest
}

// refusalBody is what is sent.
type refusalBody struct {
	Error         string `json:"error"`
	Description   string `json:"error_description"`
	Codes         []int  `json:"error_codes"`
	Timestamp     string `json:"timestamp"`
	TraceID       string `json:"trace_id"`
	CorrelationID string `json:"correlation_id"`
}

func (r *refusal) body() refusalBody {
	code, _ := r.code()
	now := time.Now().UTC().Format("2006-01-02 15:04:05Z")
	trace, correlation := uuid.NewString(), uuid.NewString()
	return refusalBody{
		Error: code, Codes: []int{r.number}, Timestamp: now, TraceID: trace, CorrelationID: correlation,
		Description: fmt.Sprintf("%s Trace ID: %s Correlation ID: %s Timestamp: %s", r.Error(), trace, correlation, now),
	}
}
