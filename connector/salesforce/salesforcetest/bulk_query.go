package salesforcetest

import (
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/usher-id/usher/connector/salesforce/soql"
)

// resultPage is how many rows one answer of a query job holds unless asked otherwise.
const resultPage = 50_000

// createQueryJob runs the query at once; a client sees the result at its first poll.
// The answer itself still says UploadComplete, because clients rely on having to
// poll (Bulk API 2.0 and Bulk API Developer Guide, Create a Query Job).
func (o *Org) createQueryJob(c *call, members []member) *answer {
	made := &job{
		kind: "query", operation: findText(members, "operation"), query: findText(members, "query"), user: c.user, state: "UploadComplete",
		version: c.version, delimiter: findText(members, "columnDelimiter"), lineEnding: findText(members, "lineEnding"),
	}
	fill(&made.delimiter, "COMMA")
	fill(&made.lineEnding, "LF")
	if made.operation != "query" && made.operation != "queryAll" {
		return refuse(newError(http.StatusBadRequest, "INVALIDJOB", "The operation is not supported: "+made.operation))
	}
	query, err := soql.Parse(made.query)
	if err != nil {
		return refuse(newError(http.StatusBadRequest, "API_ERROR", err.Error()))
	}
	o.statistics.queried()
	var fault *apiError
	o.read(c, func() {
		if fault = o.fillQueryJob(made, query, c.user); fault == nil {
			o.jobs.add(o.pod, made)
		}
	})
	if fault != nil {
		return refuse(newError(http.StatusBadRequest, "API_ERROR", fault.code+": "+fault.message))
	}
	o.jobs.mu.Lock()
	described := made.describe()
	made.state = "JobComplete"
	o.jobs.mu.Unlock()
	return reply(http.StatusOK, described)
}

// fillQueryJob computes the rows. The caller holds the lock for reading. A job has
// columns only: what would need nested answers is refused (Bulk API 2.0 and Bulk
// API Developer Guide, SOQL Considerations).
func (o *Org) fillQueryJob(made *job, query *soql.Query, user string) *apiError {
	run := &queryRun{org: o, user: user, text: made.query, now: time.Now(), bin: made.operation == "queryAll"}
	t, fault := run.begin(query)
	if fault != nil {
		return fault
	}
	made.object = t.name
	var paths []path
	for _, column := range query.Columns {
		if column.Operand.IsZero() || column.Operand.Function != "" {
			return run.fault(query.From.Position, "MALFORMED_QUERY", "Bulk queries cannot have child relationships, TYPEOF, FIELDS() or aggregates")
		}
		p, fault := run.resolve(t, column.Operand)
		if fault != nil {
			return fault
		}
		var name strings.Builder
		for _, hop := range p.hops {
			name.WriteString(hop.relationship + ".")
		}
		paths, made.header = append(paths, p), append(made.header, name.String()+p.name)
	}
	rows, fault := run.rows(t, query)
	if fault != nil {
		return fault
	}
	made.rows = make([][]string, len(rows))
	for i, r := range rows {
		made.rows[i] = make([]string, len(paths))
		for k := range paths {
			made.rows[i][k] = paths[k].value(o, r)
		}
	}
	return nil
}

// queryResults gives a part of the rows; the locator leads to the next, and the
// word null stands for none.
func (o *Org) queryResults(c *call, j *job, part string) *answer {
	if c.method != http.MethodGet || !strings.EqualFold(part, "results") {
		return refuse(notFound())
	}
	if a := c.consult(o, operation{name: "query", object: j.object, keys: []string{j.query}, page: 1}); a != nil {
		return a
	}
	from, ok := readLocator(c.query.Get("locator"))
	if !ok || from > len(j.rows) {
		return refuse(newError(http.StatusBadRequest, "INVALID_QUERY_LOCATOR", "invalid query locator"))
	}
	size, err := strconv.Atoi(c.query.Get("maxRecords"))
	if err != nil || size <= 0 {
		size = resultPage
	}
	to := min(from+size, len(j.rows))
	shown := j.rows[from:to]
	if c.top.outcome.page == FaultHalfPage {
		shown = shown[:len(shown)/2]
	}
	a := csvAnswer(j.header, shown)
	locator := "null"
	if to < len(j.rows) {
		locator = base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(to)))
	}
	a.header = http.Header{}
	a.header.Set("Sforce-Locator", locator)
	a.header.Set("Sforce-NumberOfRecords", strconv.Itoa(to-from))
	return a
}

// readLocator reads the place where the next part begins. Clients must not look
// into locators, so they are not readable.
func readLocator(locator string) (int, bool) {
	if locator == "" {
		return 0, true
	}
	text, err := base64.RawURLEncoding.DecodeString(locator)
	if err != nil {
		return 0, false
	}
	n, err := strconv.Atoi(string(text))
	return n, err == nil && n >= 0
}
