package salesforcetest

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/usher-id/usher/connector/salesforce/soql"
)

// Sizes of a page of results, and limits of cursors.
const (
	defaultPage = 2_000
	minimumPage = 200
	openCursors = 10 // of one user; the oldest is dropped
	cursorLife  = 2 * 24 * time.Hour
)

// cursor is a result of which more pages are to come.
type cursor struct {
	id     string
	user   string
	object *object
	list   []*projection
	rows   []*record
	text   string
	opened time.Time
}

// cursors has a lock of its own, taken inside that of the org.
type cursors struct {
	mu     sync.Mutex
	open   []*cursor // oldest first
	serial uint64
}

// add keeps a cursor; the oldest of a user with too many is dropped.
func (s *cursors) add(c *cursor, pod string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.serial++
	c.id, c.opened = makeID("01g", pod, s.serial), time.Now()
	own := 0
	for _, other := range s.open {
		if other.user == c.user {
			own++
		}
	}
	for i := 0; own >= openCursors && i < len(s.open); i++ {
		if s.open[i].user == c.user {
			s.open = append(s.open[:i:i], s.open[i+1:]...)
			own--
			i--
		}
	}
	s.open = append(s.open, c)
}

// find looks a cursor up that belongs to the user and is not too old.
func (s *cursors) find(id, user string) *cursor {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.open {
		if idKey(c.id) == idKey(id) && c.user == user && time.Since(c.opened) < cursorLife {
			return c
		}
	}
	return nil
}

// drop makes every cursor stale.
func (s *cursors) drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open = nil
}

// given is the number of cursors that were ever opened, which their ids count on.
func (s *cursors) given() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.serial
}

// countFrom makes the next id follow the given one.
func (s *cursors) countFrom(serial uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.serial = serial
}

// queryResource answers /query, /queryAll and their next pages. queryAll also finds
// what lies in the recycle bin (REST API Developer Guide, QueryAll).
func (o *Org) queryResource(c *call, bin bool, path []string) *answer {
	if c.method != http.MethodGet && c.method != http.MethodHead {
		return refuse(methodNotAllowed(c.method, "GET", "HEAD"))
	}
	if len(path) > 1 {
		return refuse(notFound())
	}
	if len(path) == 1 {
		return o.nextPage(c, path[0])
	}
	if !c.query.Has("q") {
		return refuse(newError(http.StatusBadRequest, "MALFORMED_QUERY", "A query string has to be specified"))
	}
	text := c.query.Get("q")
	query, err := soql.Parse(text)
	if err != nil {
		return refuse(newError(http.StatusBadRequest, soql.CodeMalformedQuery, err.Error()))
	}
	if a := c.consult(o, operation{name: "query", object: query.From.Name, keys: []string{text}, page: 1}); a != nil {
		return a
	}
	o.statistics.queried()
	var a *answer
	o.read(c, func() { a = o.runQuery(c, text, query, bin) })
	return a
}

// runQuery carries a query out and answers with its first page.
func (o *Org) runQuery(c *call, text string, query *soql.Query, bin bool) *answer {
	run := &queryRun{org: o, user: c.user, text: text, now: time.Now(), bin: bin}
	t, fault := run.begin(query)
	if fault != nil {
		return refuse(fault)
	}
	if fault := typeOfRefusal(c.version, query); fault != nil {
		return refuse(fault)
	}
	if c.query.Get("columns") == "true" {
		return run.columns(t, query)
	}
	if isAggregate(query) && !isCount(query) {
		lines, fault := run.aggregate(t, query)
		if fault != nil {
			return refuse(fault)
		}
		return pageOf(len(lines), "", lines)
	}
	var list []*projection
	if !isCount(query) {
		if list, fault = run.project(t, query); fault != nil {
			return refuse(fault)
		}
	}
	rows, fault := run.rows(t, query)
	switch {
	case fault != nil:
		return refuse(fault)
	case isCount(query):
		return pageOf(len(rows), "", nil)
	}
	return o.firstPage(c, &cursor{user: c.user, object: t, list: list, rows: rows, text: text})
}

// firstPage keeps a cursor only if more pages are to come.
func (o *Org) firstPage(c *call, result *cursor) *answer {
	size := c.pageSize()
	if len(result.rows) > size || c.top.outcome.page == FaultShortPage && len(result.rows) > 1 {
		o.cursors.add(result, o.pod)
	}
	return o.pageFrom(c, result, 0, size)
}

// pageFrom renders the rows of a result from a place on.
func (o *Org) pageFrom(c *call, result *cursor, from, size int) *answer {
	to := min(from+size, len(result.rows))
	shown := result.rows[from:to]
	if fault := c.top.outcome.page; fault != "" && len(shown) > 1 {
		shown = shown[:len(shown)/2]
		if fault == FaultShortPage {
			to = from + len(shown)
		}
	}
	w := renderer{org: o, prefix: c.prefix()}
	lines := make([][]byte, len(shown))
	for i, r := range shown {
		lines[i] = w.record(nil, result.object, r, result.list)
	}
	next := ""
	if to < len(result.rows) {
		next = fmt.Sprintf("%s/query/%s-%d", c.prefix(), result.id, to)
	}
	return pageOf(len(result.rows), next, lines)
}

// pageOf writes the envelope of a page.
func pageOf(total int, next string, lines [][]byte) *answer {
	body := appendJSON([]byte(`{"totalSize":`), total)
	body = append(body, `,"done":`...)
	body = append(body, truth(next == "")...)
	if next != "" {
		body = append(body, `,"nextRecordsUrl":`...)
		body = appendString(body, next)
	}
	body = append(body, `,"records":[`...)
	for i, line := range lines {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, line...)
	}
	return &answer{status: http.StatusOK, body: append(body, "]}"...)}
}

// pageSize reads Sforce-Query-Options: batchSize=n, which is a wish: what lies
// outside of 200 to 2,000 is brought inside (REST API Developer Guide, Query
// Options Header).
func (c *call) pageSize() int {
	for option := range strings.SplitSeq(c.header.Get("Sforce-Query-Options"), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(option), "=")
		if n, err := strconv.Atoi(value); err == nil && strings.EqualFold(name, "batchSize") {
			return min(max(n, minimumPage), defaultPage)
		}
	}
	return defaultPage
}

// nextPage goes on with a cursor: 01g…-2000. A cursor that was dropped, or that
// belongs to another user, is unknown; a client then has to begin anew.
func (o *Org) nextPage(c *call, locator string) *answer {
	id, place, _ := strings.Cut(locator, "-")
	from, err := strconv.Atoi(place)
	result := o.cursors.find(id, c.user)
	if err != nil || result == nil || from < 0 || from > len(result.rows) {
		return refuse(newError(http.StatusBadRequest, "INVALID_QUERY_LOCATOR", "invalid query locator"))
	}
	op := operation{name: "query", object: result.object.name, keys: []string{result.text}, page: from/c.pageSize() + 1}
	if a := c.consult(o, op); a != nil {
		return a
	}
	var a *answer
	o.read(c, func() { a = o.pageFrom(c, result, from, c.pageSize()) })
	return a
}

// columns describes the columns of a query instead of running it. The parameter is
// not documented; the Salesforce CLI sends it before every query and reads what
// stands here.
func (q *queryRun) columns(t *object, query *soql.Query) *answer {
	list := []any{}
	idSelected := false
	for _, column := range query.Columns {
		if column.Operand.IsAggregate() {
			name := column.Alias
			fill(&name, "expr"+strconv.Itoa(len(list)))
			list = append(list, columnMetadata(name, &field{kind: typeInteger}, true, nil))
			continue
		}
		if column.Operand.IsZero() {
			continue
		}
		p, err := q.resolve(t, column.Operand)
		if err != nil {
			return refuse(err)
		}
		leaf := p.leaf
		if leaf == nil {
			leaf = &field{name: p.name, kind: p.kind}
		}
		idSelected = idSelected || len(p.hops) == 0 && leaf == t.idCol
		described := any(columnMetadata(leaf.name, leaf, false, nil))
		for _, v := range slices.Backward(p.hops) {
			described = columnMetadata(v.relationship, &field{kind: typeReference}, false, []any{described})
		}
		list = append(list, described)
	}
	return reply(http.StatusOK, []member{
		{"columnMetadata", list}, {"entityName", t.name}, {"groupBy", len(query.GroupBy) > 0}, {"idSelected", idSelected}, {"keyPrefix", t.prefix},
	})
}

// columnMetadata describes a column in the form that the Salesforce CLI reads.
func columnMetadata(name string, f *field, aggregate bool, joined []any) []member {
	apex := map[fieldType]string{
		typeID: "Id", typeReference: "Id", typeBoolean: "Boolean", typeInteger: "Integer", typeDouble: "Double", typeDate: "Date", typeDateTime: "Datetime",
	}[f.kind]
	fill(&apex, "String")
	if joined == nil {
		joined = []any{}
	}
	return []member{
		{"aggregate", aggregate},
		{"apexType", apex},
		{"booleanType", f.kind == typeBoolean},
		{"columnName", name},
		{"custom", f.custom},
		{"displayName", name},
		{"foreignKeyName", nil},
		{"insertable", f.createable},
		{"joinColumns", joined},
		{"numberType", f.kind == typeInteger || f.kind == typeDouble},
		{"textType", f.isText()},
		{"updatable", f.updateable},
	}
}
