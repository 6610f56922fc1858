package graphapi

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// response is what a handler answers.
type response struct {
	status int
	header http.Header
	body   any  // marshalled as JSON; nil for an empty body
	plain  bool // the body is sent as text/plain

	// stream writes the body itself, for server-sent events; body is then nil. It ends
	// when the context does.
	stream func(ctx context.Context, w http.ResponseWriter) error
}

// ok is a 200 with a body.
func ok(body any) response { return response{status: http.StatusOK, body: body} }

// created is a 201 with the new object and where it is.
func created(body any, location string) response {
	return response{status: http.StatusCreated, body: body, header: http.Header{"Location": {location}}}
}

// noContent is a 204.
func noContent() response { return response{status: http.StatusNoContent} }

// contentType is what Microsoft Graph sends; some clients compare its beginning.
const contentType = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"

// respond makes the response to an error.
func (e *Error) respond(now time.Time, requestID, clientRequestID string) response {
	header := http.Header{}
	if e.Location != "" {
		header.Set("Location", e.Location)
	}
	if e.allow != "" {
		header.Set("Allow", e.allow)
	}
	if e.RetryAfter > 0 {
		header.Set("Retry-After", strconv.Itoa(int((e.RetryAfter+time.Second-1)/time.Second)))
	}
	if e.Status == http.StatusUnauthorized {
		header.Set("WWW-Authenticate", `Bearer realm="usher", error="invalid_token"`)
	}
	return response{status: e.Status, header: header, body: e.envelope(now, requestID, clientRequestID)}
}

func (r response) contentType() string {
	if r.plain {
		return "text/plain"
	}
	return contentType
}

// encode returns the body as JSON.
func (r response) encode() ([]byte, error) {
	if r.body == nil {
		return nil, nil
	}
	if e, ok := r.body.(entity); ok {
		return e.appendJSON(nil)
	}
	return json.Marshal(r.body)
}
