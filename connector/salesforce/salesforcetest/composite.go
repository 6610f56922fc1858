package salesforcetest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// Limits of the composite resources.
const (
	maximumSubrequests = 25
	maximumCollections = 5 // queries and collections in one composite request
	maximumGraphs      = 75
	maximumNodes       = 500
	maximumDepth       = 15 // nodes that refer to each other in a row
)

// compositeResource answers /composite/….
func (o *Org) compositeResource(c *call, path []string) *answer {
	if len(path) > 0 && strings.EqualFold(path[0], "sobjects") {
		return o.collections(c, path[1:])
	}
	if len(path) > 1 || len(path) == 1 && !strings.EqualFold(path[0], "batch") && !strings.EqualFold(path[0], "graph") {
		return refuse(notFound())
	}
	if c.method != http.MethodPost {
		return refuse(methodNotAllowed(c.method, "POST"))
	}
	if c.tx != nil || c.top != c {
		return refuse(newError(http.StatusBadRequest, "INVALID_REQUEST", "Composite requests cannot be nested"))
	}
	switch {
	case len(path) == 0:
		return o.composite(c)
	case strings.EqualFold(path[0], "batch"):
		return o.batch(c)
	}
	return o.graph(c)
}

// subrequest is one entry of a composite request.
type subrequest struct {
	method, url, reference string
	body                   any
	headers                []member
}

// readSubrequests reads a list of subrequests. Every referenceId is needed and
// may occur once.
func readSubrequests(members []member, list string) ([]subrequest, *apiError) {
	value, _ := find(members, list)
	items, ok := value.([]any)
	if !ok {
		return nil, malformedJSON("The request has no %s", list)
	}
	requests := make([]subrequest, len(items))
	seen := map[string]bool{}
	for i, item := range items {
		fields, ok := item.([]member)
		if !ok {
			return nil, malformedJSON("An entry of %s is no object", list)
		}
		r := subrequest{
			method: strings.ToUpper(findText(fields, "method")), url: findText(fields, "url"), reference: findText(fields, "referenceId"),
		}
		r.body, _ = find(fields, "body")
		headers, _ := find(fields, "httpHeaders")
		r.headers, _ = headers.([]member)
		if seen[r.reference] || r.reference == "" {
			return nil, newError(http.StatusBadRequest, "JSON_PARSER_ERROR", fmt.Sprintf("Provided referenceId ('%s') must be unique and not empty", r.reference))
		}
		seen[r.reference] = true
		requests[i] = r
	}
	return requests, nil
}

// depthOf is the longest row of subrequests that refer to each other.
func depthOf(requests []subrequest) int {
	depths, deepest := map[string]int{}, 0
	for _, r := range requests {
		depth := 1
		text := r.url + string(appendJSON(nil, r.body))
		for i := strings.Index(text, "@{"); i >= 0; i = strings.Index(text, "@{") {
			text = text[i+2:]
			expression, _, _ := strings.Cut(text, "}")
			depth = max(depth, depths[referenceOf(expression)]+1)
		}
		depths[r.reference] = depth
		deepest = max(deepest, depth)
	}
	return deepest
}

// subresult is what became of a subrequest.
type subresult struct {
	reference string
	answer    *answer
	value     any // the decoded body, for references
}

// composite carries out up to 25 subrequests in order, each of which may refer to
// the answers before it (REST API Developer Guide, Composite). Together they cost
// one request of the allocation.
func (o *Org) composite(c *call) *answer {
	members, err := c.object()
	if err != nil {
		return refuse(err)
	}
	requests, err := readSubrequests(members, "compositeRequest")
	if err == nil {
		err = checkComposite(requests)
	}
	if err != nil {
		return refuse(err)
	}
	allOrNone := findBoolean(members, "allOrNone")
	results, aborted := o.runSubrequests(c, requests, allOrNone)
	if aborted != nil {
		return aborted
	}
	return reply(http.StatusOK, []member{{"compositeResponse", compositeResults(results)}})
}

// checkComposite counts subrequests, and queries and collections among them.
func checkComposite(requests []subrequest) *apiError {
	if len(requests) > maximumSubrequests {
		return newError(http.StatusBadRequest, "LIMIT_EXCEEDED", fmt.Sprintf("Cannot have more than %d subrequests", maximumSubrequests))
	}
	heavy := 0
	for _, r := range requests {
		path := strings.ToLower(r.url)
		if strings.Contains(path, "/query") || strings.Contains(path, "/composite/sobjects") {
			heavy++
		}
	}
	if heavy > maximumCollections {
		return newError(http.StatusBadRequest, "LIMIT_EXCEEDED", fmt.Sprintf("Cannot have more than %d query or sObject Collections operations", maximumCollections))
	}
	return nil
}

// runSubrequests carries the requests out. With allOrNone the lock is held
// throughout, and the first failure undoes everything. A fault of the schedule
// that concerns the connection ends it all with one answer.
func (o *Org) runSubrequests(c *call, requests []subrequest, allOrNone bool) ([]subresult, *answer) {
	var tx *transaction
	if allOrNone {
		o.mu.Lock()
		defer o.mu.Unlock()
		tx = o.begin(c.user)
	}
	results := make([]subresult, 0, len(requests))
	failed := -1
	for i, r := range requests {
		a := o.runSubrequest(c, r, results, tx)
		if a.abort {
			if tx != nil {
				tx.rollback(0)
			}
			return nil, a
		}
		result := subresult{reference: r.reference, answer: a}
		if len(a.body) > 0 {
			if value, err := decodeJSON(a.body); err == nil {
				result.value = value
			}
		}
		results = append(results, result)
		if tx != nil && (a.status >= http.StatusBadRequest || hasFailedRow(result.value)) {
			failed = i
			break
		}
	}
	if failed < 0 {
		return results, nil
	}
	tx.rollback(0)
	return halted(results, requests, failed), nil
}

// hasFailedRow tells whether the answer of a collection has a row that failed: its
// status is 200 all the same, and allOrNone of the whole request wants to know.
func hasFailedRow(value any) bool {
	rows, _ := value.([]any)
	for _, row := range rows {
		members, _ := row.([]member)
		if success, given := find(members, "success"); given && success == false {
			return true
		}
	}
	return false
}

// halted gives all but the failed subrequest the answer of a halted one.
func halted(results []subresult, requests []subrequest, failed int) []subresult {
	all := make([]subresult, len(requests))
	for i, r := range requests {
		if i == failed {
			all[i] = results[i]
			continue
		}
		all[i] = subresult{reference: r.reference, answer: refuse(newError(http.StatusBadRequest, "PROCESSING_HALTED",
			"The transaction was rolled back since another operation in the same transaction failed."))}
	}
	return all
}

// compositeResults writes the answers of subrequests.
func compositeResults(results []subresult) []any {
	list := make([]any, len(results))
	for i, r := range results {
		headers := []member{}
		for _, name := range []string{"Location"} {
			if value := r.answer.header.Get(name); value != "" {
				headers = append(headers, member{name, value})
			}
		}
		list[i] = []member{
			{"body", bodyOf(r.answer)}, {"httpHeaders", headers}, {"httpStatusCode", r.answer.status}, {"referenceId", r.reference},
		}
	}
	return list
}

// bodyOf is the body of a subrequest: null where a call of its own would have none.
func bodyOf(a *answer) any {
	if len(a.body) == 0 {
		return nil
	}
	return json.RawMessage(a.body)
}

// runSubrequest resolves the references of one subrequest and carries it out.
func (o *Org) runSubrequest(c *call, r subrequest, earlier []subresult, tx *transaction) *answer {
	address, err := resolveText(r.url, earlier)
	if err != nil {
		return refuse(err)
	}
	body, err := resolveValue(r.body, earlier)
	if err != nil {
		return refuse(err)
	}
	var content []byte
	if body != nil {
		content = appendJSON(nil, body)
	}
	header := http.Header{}
	for _, h := range r.headers {
		header.Set(h.name, fmt.Sprint(h.value))
	}
	return o.subcall(c, r.method, address, header, content, tx)
}

// subcall carries out a request within a request. It has the session and the
// transaction of the outer one, but headers of its own.
func (o *Org) subcall(c *call, method, address string, header http.Header, body []byte, tx *transaction) *answer {
	target, err := url.Parse(address)
	if err != nil {
		return refuse(newError(http.StatusBadRequest, "INVALID_REQUEST", "The address of a subrequest is malformed"))
	}
	path := segments(target.EscapedPath())
	if len(path) > 2 && strings.EqualFold(path[0], "services") && strings.EqualFold(path[1], "data") {
		path = path[2:]
	}
	if len(path) == 0 {
		return refuse(notFound())
	}
	version, refused := readVersion(path[0])
	if refused != nil {
		return refuse(refused)
	}
	inner := &call{
		context: c.context, method: method, path: path[1:], version: version, query: target.Query(), header: header,
		body: body, base: c.base, user: c.user, token: c.token, tx: tx, top: c.top,
	}
	switch method {
	case http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodPut, http.MethodDelete, http.MethodHead:
		return o.dispatch(inner)
	}
	return refuse(newError(http.StatusBadRequest, "INVALID_HTTP_METHOD", "The HTTP method of a subrequest is invalid: "+method))
}

// resolveValue replaces @{reference.path} in every text.
func resolveValue(value any, earlier []subresult) (any, *apiError) {
	switch v := value.(type) {
	case string:
		return resolveText(v, earlier)
	case []member:
		resolved := make([]member, len(v))
		for i, m := range v {
			inner, err := resolveValue(m.value, earlier)
			if err != nil {
				return nil, err
			}
			resolved[i] = member{m.name, inner}
		}
		return resolved, nil
	case []any:
		resolved := make([]any, len(v))
		for i, item := range v {
			inner, err := resolveValue(item, earlier)
			if err != nil {
				return nil, err
			}
			resolved[i] = inner
		}
		return resolved, nil
	}
	return value, nil
}

// resolveText replaces every @{…} in a text; what refers to nothing stops the
// subrequest.
func resolveText(text string, earlier []subresult) (string, *apiError) {
	var resolved strings.Builder
	for {
		before, after, found := strings.Cut(text, "@{")
		resolved.WriteString(before)
		if !found {
			return resolved.String(), nil
		}
		expression, rest, closed := strings.Cut(after, "}")
		if !closed {
			return "", newError(http.StatusBadRequest, "PROCESSING_HALTED", "Invalid reference specified: @{"+after)
		}
		value, ok := lookUp(expression, earlier)
		if !ok {
			return "", newError(http.StatusBadRequest, "PROCESSING_HALTED",
				"Invalid reference specified. No value for "+expression+" found in "+referenceOf(expression))
		}
		resolved.WriteString(value)
		text = rest
	}
}

// referenceOf is the name in front of the path of a reference.
func referenceOf(expression string) string {
	name, _, _ := strings.Cut(expression, ".")
	name, _, _ = strings.Cut(name, "[")
	return name
}

// lookUp follows reference.member[index].member. The names of members are case
// sensitive: a created record has id, a record that was read has Id.
func lookUp(expression string, earlier []subresult) (string, bool) {
	steps := strings.FieldsFunc(expression, func(r rune) bool { return r == '.' || r == '[' || r == ']' })
	if len(steps) == 0 {
		return "", false
	}
	for _, result := range earlier {
		if result.reference != steps[0] || result.answer.status >= http.StatusBadRequest {
			continue
		}
		value := result.value
		for _, step := range steps[1:] {
			switch v := value.(type) {
			case []member:
				var ok bool
				if value, ok = find(v, step); !ok {
					return "", false
				}
			case []any:
				i, err := strconv.Atoi(step)
				if err != nil || i < 0 || i >= len(v) {
					return "", false
				}
				value = v[i]
			default:
				return "", false
			}
		}
		switch v := value.(type) {
		case string:
			return v, true
		case bool, json.Number:
			return fmt.Sprint(v), true
		}
	}
	return "", false
}
