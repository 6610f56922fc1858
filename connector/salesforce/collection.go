package salesforce

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/usher-id/usher/connector"
)

const (
	mediaJSON = "application/json"
	partName  = "part" // with a number behind, of the parts of a composite request
)

// part is one collection of records to be written: of one object, with one
// method.
type part struct {
	method string
	query  string // of the address, for deletions
	body   []byte // in JSON; nil for deletions
}

// partAnswer is the answer to one part, or why there is none.
type partAnswer struct {
	body []byte
	err  *connector.Error
}

// compositeResponse is the answer to a composite request.
type compositeResponse struct {
	Parts []struct {
		Body   json.RawMessage `json:"body"`
		Status int             `json:"httpStatusCode"`
		Name   string          `json:"referenceId"`
	} `json:"compositeResponse"`
}

// writeParts sends up to five collections with one call: by itself when there is
// one, else as parts of a composite request. They are carried out one after the
// other, and none depends on the success of another. There is an answer for each
// part, in order.
func (c *client) writeParts(ctx context.Context, parts []part) []partAnswer {
	answers := make([]partAnswer, len(parts))
	a, err := c.write(ctx, func(s session) request {
		if len(parts) == 1 {
			return parts[0].alone(s)
		}
		return together(s, parts)
	})
	if err == nil && len(parts) == 1 {
		answers[0].body = a.body
		return answers
	}
	var response compositeResponse
	if err == nil {
		if malformed := json.Unmarshal(a.body, &response); malformed != nil {
			err = c.unreadable(malformed)
		}
	}
	for i := range answers {
		answers[i].err = c.unreadable(nil)
		if err != nil {
			answers[i].err = asError(err)
		}
	}
	for _, answered := range response.Parts {
		i, malformed := strconv.Atoi(strings.TrimPrefix(answered.Name, partName))
		switch {
		case malformed != nil || i < 0 || i >= len(parts):
		case answered.Status >= 200 && answered.Status < 300:
			answers[i] = partAnswer{body: answered.Body}
		default:
			answers[i] = partAnswer{err: c.refusal(request{write: true}, answer{status: answered.Status, body: answered.Body})}
		}
	}
	return answers
}

// alone is the request for a part by itself.
func (p part) alone(s session) request {
	return request{method: p.method, url: s.url("/composite/sobjects", p.query), body: p.body, media: mediaJSON, write: true}
}

// together is the composite request for several parts.
func together(s session, parts []part) request {
	path := s.url("/composite/sobjects", "").Path
	body := append([]byte(nil), `{"allOrNone":false,"collateSubrequests":false,"compositeRequest":[`...)
	for i, p := range parts {
		if i > 0 {
			body = append(body, ',')
		}
		address := path
		if p.query != "" {
			address += "?" + p.query
		}
		body = fmt.Appendf(body, `{"method":%q,"referenceId":"%s%d","url":%q`, p.method, partName, i, address)
		if p.body != nil {
			body = append(append(body, `,"body":`...), p.body...)
		}
		body = append(body, '}')
	}
	return request{method: http.MethodPost, url: s.url("/composite", ""), body: append(body, `]}`...), media: mediaJSON, write: true}
}

// unreadable is the error for a write whose answer came and says nothing.
func (c *client) unreadable(cause error) *connector.Error {
	return c.own(codeAnswerLost, "the answer to a write cannot be read", cause)
}

// write makes a request that writes. It is sent again only where nothing can
// have happened: no connection was made, or Salesforce turned it away unseen.
func (c *client) write(ctx context.Context, build func(session) request) (answer, error) {
	var a answer
	err := c.patiently(ctx, func() error {
		var err error
		a, err = c.call(ctx, build)
		return err
	})
	return a, err
}

// appendCollection writes the body of a collection.
func appendCollection(b []byte, records [][]byte) []byte {
	size := 0
	for _, r := range records {
		size += len(r) + 1
	}
	b = slices.Grow(b, size+len(`{"allOrNone":false,"records":[]}`))
	b = append(b, `{"allOrNone":false,"records":[`...)
	for i, r := range records {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, r...)
	}
	return append(b, `]}`...)
}
