package graphapi

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// maxBatch is how many requests Microsoft Graph takes in one batch.
const maxBatch = 20

// batchRequest is one request of a batch.
type batchRequest struct {
	ID        string            `json:"id"`
	Method    string            `json:"method"`
	URL       string            `json:"url"`
	Headers   map[string]string `json:"headers"`
	Body      json.RawMessage   `json:"body"`
	DependsOn []string          `json:"dependsOn"`
}

// batchResponse is the answer to it.
type batchResponse struct {
	ID      string            `json:"id"`
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers,omitzero"`
	Body    json.RawMessage   `json:"body,omitzero"`
}

// batch answers several requests at once, one after the other. A request that
// depends on one that failed is not run: 424.
func (a *api) batch(ctx context.Context, r *request) (response, error) {
	var body struct {
		Requests []batchRequest `json:"requests"`
	}
	if err := r.decode(&body); err != nil {
		return response{}, err
	}
	ordered, err := orderBatch(body.Requests)
	if err != nil {
		return response{}, err
	}
	answers := make([]batchResponse, 0, len(ordered))
	failed := map[string]bool{}
	for _, one := range ordered {
		answer := a.batchOne(ctx, r, one, slices.ContainsFunc(one.DependsOn, func(id string) bool { return failed[id] }))
		failed[one.ID] = answer.Status >= http.StatusBadRequest
		answers = append(answers, answer)
	}
	return ok(map[string]any{"responses": answers}), nil
}

// orderBatch checks the requests of a batch and puts each after those that it
// depends on.
func orderBatch(requests []batchRequest) ([]batchRequest, error) {
	if len(requests) == 0 || len(requests) > maxBatch {
		return nil, badRequest("A batch has from 1 to %d requests, not %d.", maxBatch, len(requests))
	}
	byID := map[string]batchRequest{}
	for _, one := range requests {
		_, twice := byID[one.ID]
		switch {
		case one.ID == "" || twice:
			return nil, badRequest("Each request of a batch needs an id of its own; '%s' is not.", one.ID)
		case one.Method == "" || one.URL == "":
			return nil, badRequest("The request '%s' of the batch has no method or no url.", one.ID)
		}
		byID[one.ID] = one
	}
	var ordered []batchRequest
	for len(ordered) < len(requests) {
		before := len(ordered)
		for _, one := range requests {
			placed := func(id string) bool {
				return slices.ContainsFunc(ordered, func(o batchRequest) bool { return o.ID == id })
			}
			if !placed(one.ID) && !slices.ContainsFunc(one.DependsOn, func(id string) bool { return !placed(id) }) {
				ordered = append(ordered, one)
			}
		}
		if len(ordered) == before {
			return nil, badRequest("The requests of the batch depend on each other in a circle, or on ids that the batch does not have.")
		}
	}
	return ordered, nil
}

func (a *api) batchOne(ctx context.Context, r *request, one batchRequest, blocked bool) batchResponse {
	if blocked {
		return a.batchAnswer(r, one, response{}, &Error{
			Status: http.StatusFailedDependency, Code: "FailedDependency", Message: "A request that this one depends on failed.",
		})
	}
	inner, err := innerRequest(ctx, r, one)
	if err != nil {
		return a.batchAnswer(r, one, response{}, err)
	}
	if wait := a.limits.Take(r.caller.ID, time.Now()); wait > 0 {
		return a.batchAnswer(r, one, response{}, &Error{
			Status: http.StatusTooManyRequests, Code: codeTooManyRequests, RetryAfter: wait, Message: "Too many requests.",
		})
	}
	answer, err := a.serve(nil, inner, r.caller, r.id)
	if err == nil && answer.stream != nil {
		err = badRequest("A stream cannot be part of a batch.")
	}
	return a.batchAnswer(r, one, answer, err)
}

// innerRequest makes a request of a part of a batch.
func innerRequest(ctx context.Context, r *request, one batchRequest) (*http.Request, error) {
	path := "/" + r.version + "/" + strings.TrimPrefix(one.URL, "/")
	target, err := url.Parse(path)
	if err != nil || strings.Contains(strings.ToLower(target.Path), "$batch") {
		return nil, badRequest("The url of the request is not a relative one, or it is a batch itself.")
	}
	var body io.Reader = http.NoBody
	if len(one.Body) > 0 {
		body = bytes.NewReader(one.Body)
	}
	inner, err := http.NewRequestWithContext(ctx, strings.ToUpper(one.Method), target.String(), body) //nolint:gosec // it goes to a handler of this package, never over a network
	if err != nil {
		return nil, badRequest("The method or the url of the request is not valid.")
	}
	inner.Host, inner.TLS = r.http.Host, r.http.TLS
	for _, name := range []string{"X-Forwarded-Proto", "X-Forwarded-Host"} {
		if value := r.http.Header.Get(name); value != "" {
			inner.Header.Set(name, value)
		}
	}
	for name, value := range one.Headers {
		inner.Header.Set(name, value)
	}
	return inner, nil
}

func (a *api) batchAnswer(r *request, one batchRequest, answer response, err error) batchResponse {
	if err != nil {
		path, _, _ := strings.Cut(one.URL, "?")
		answer = a.fail(r.http, err, lastSegment(path), r.id, r.id)
	}
	body, err := answer.encode()
	if err != nil {
		answer = a.fail(r.http, err, "", r.id, r.id)
		body, _ = answer.encode() // the envelope is made of texts
	}
	result := batchResponse{ID: one.ID, Status: answer.status, Body: body}
	for name := range answer.header {
		result.set(name, answer.header.Get(name))
	}
	if len(body) > 0 {
		result.set("Content-Type", answer.contentType())
	}
	return result
}

func (b *batchResponse) set(name, value string) {
	if b.Headers == nil {
		b.Headers = map[string]string{}
	}
	b.Headers[name] = value
}
