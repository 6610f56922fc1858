package salesforcetest

import (
	"fmt"
	"net/http"
	"strings"
)

// batch carries out independent subrequests. Each counts against the quota, and
// with haltOnError those behind a failure are answered 412 without being tried
// (REST API Developer Guide, Composite Batch).
func (o *Org) batch(c *call) *answer {
	members, err := c.object()
	if err != nil {
		return refuse(err)
	}
	value, _ := find(members, "batchRequests")
	items, ok := value.([]any)
	if !ok {
		return refuse(malformedJSON("The request has no batchRequests"))
	}
	if len(items) > maximumSubrequests {
		return refuse(newError(http.StatusBadRequest, "LIMIT_EXCEEDED", fmt.Sprintf("Cannot have more than %d subrequests", maximumSubrequests)))
	}
	halt, failed := findBoolean(members, "haltOnError"), false
	results := make([]any, len(items))
	for i, item := range items {
		fields, _ := item.([]member)
		a := refuse(newError(http.StatusPreconditionFailed, "BATCH_PROCESSING_HALTED", "Batch processing halted per request"))
		if !failed || !halt {
			a = o.runBatchEntry(c, fields)
		}
		if a.abort {
			return a
		}
		failed = failed || a.status >= http.StatusBadRequest
		results[i] = []member{{"statusCode", a.status}, {"result", bodyOf(a)}}
	}
	return reply(http.StatusOK, []member{{"hasErrors", failed}, {"results", results}})
}

// runBatchEntry carries out one entry. Its address begins with the version; one
// that begins where the addresses of composite requests do is understood as well.
func (o *Org) runBatchEntry(c *call, fields []member) *answer {
	var body []byte
	if input, given := find(fields, "richInput"); given && input != nil {
		body = appendJSON(nil, input)
	}
	address := "/services/data/" + strings.TrimPrefix(findText(fields, "url"), "/services/data/")
	return o.subcall(c, findText(fields, "method"), address, http.Header{}, body, nil)
}

// graph carries out graphs of dependent subrequests. Each graph is one transaction
// and stands or falls alone (REST API Developer Guide, Composite Graph).
func (o *Org) graph(c *call) *answer {
	members, err := c.object()
	if err != nil {
		return refuse(err)
	}
	value, _ := find(members, "graphs")
	items, ok := value.([]any)
	if !ok {
		return refuse(malformedJSON("The request has no graphs"))
	}
	type namedGraph struct {
		id       string
		requests []subrequest
	}
	graphs, nodes, depth := make([]namedGraph, len(items)), 0, 0
	for i, item := range items {
		fields, _ := item.([]member)
		graphs[i].id = findText(fields, "graphId")
		if graphs[i].requests, err = readSubrequests(fields, "compositeRequest"); err != nil {
			return refuse(err)
		}
		nodes += len(graphs[i].requests)
		depth = max(depth, depthOf(graphs[i].requests))
	}
	if len(graphs) > maximumGraphs || nodes > maximumNodes || depth > maximumDepth {
		return refuse(newError(http.StatusBadRequest, "LIMIT_EXCEEDED", fmt.Sprintf(
			"Cannot have more than %d graphs, %d nodes and a depth of %d", maximumGraphs, maximumNodes, maximumDepth)))
	}
	answers := make([]any, len(graphs))
	for i, g := range graphs {
		results, aborted := o.runSubrequests(c, g.requests, true)
		if aborted != nil {
			return aborted
		}
		successful := true
		for _, r := range results {
			successful = successful && r.answer.status < http.StatusBadRequest
		}
		answers[i] = []member{
			{"graphId", g.id}, {"graphResponse", []member{{"compositeResponse", compositeResults(results)}}}, {"isSuccessful", successful},
		}
	}
	return reply(http.StatusOK, []member{{"graphs", answers}})
}
