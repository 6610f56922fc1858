package salesforcetest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/usher-id/usher/connector/salesforce/soql"
)

// filter tells whether a record belongs to a result.
type filter func(*record) bool

// compile turns a condition into a filter once, so that each record costs only the
// comparisons.
func (q *queryRun) compile(t *object, condition soql.Condition) (filter, *apiError) {
	switch c := condition.(type) {
	case soql.And:
		terms, err := q.compileAll(t, c.Terms)
		return func(r *record) bool {
			for _, term := range terms {
				if !term(r) {
					return false
				}
			}
			return true
		}, err
	case soql.Or:
		terms, err := q.compileAll(t, c.Terms)
		return func(r *record) bool {
			for _, term := range terms {
				if term(r) {
					return true
				}
			}
			return false
		}, err
	case soql.Not:
		term, err := q.compile(t, c.Term)
		return func(r *record) bool { return !term(r) }, err
	case soql.Comparison:
		return q.comparison(t, c)
	case soql.Membership:
		return q.membership(t, c)
	}
	return func(*record) bool { return true }, nil
}

// compileAll compiles the terms of AND and OR.
func (q *queryRun) compileAll(t *object, conditions []soql.Condition) ([]filter, *apiError) {
	filters := make([]filter, len(conditions))
	for i, condition := range conditions {
		var err *apiError
		if filters[i], err = q.compile(t, condition); err != nil {
			return nil, err
		}
	}
	return filters, nil
}

// comparison compiles an operator with one value. A period (a date literal) is a
// range: = means within it, > behind its end.
func (q *queryRun) comparison(t *object, c soql.Comparison) (filter, *apiError) {
	p, err := q.usable(t, c.Operand, "filtered")
	if err != nil {
		return nil, err
	}
	if c.Operator == soql.Like {
		return q.like(p, c)
	}
	lower, upper, err := q.bounds(&p, c.Operand, c.Value)
	if err != nil {
		return nil, err
	}
	// Ids have an order, by which large extracts are cut into ranges of them.
	if p.kind == typeBoolean && c.Operator != soql.Equal && c.Operator != soql.NotEqual {
		return nil, q.fault(c.Operand.Position, "INVALID_QUERY_FILTER_OPERATOR", "invalid operator")
	}
	key := keyOf(&p)
	order := strings.Compare
	if p.kind == typeInteger || p.kind == typeDouble {
		order = compareNumbers
	}
	read := func(r *record) string { return key(p.value(q.org, r)) }
	switch c.Operator {
	case soql.Equal:
		if lower == upper {
			return func(r *record) bool { return read(r) == lower }, nil
		}
		return func(r *record) bool { v := read(r); return v != "" && v >= lower && v < upper }, nil
	case soql.NotEqual:
		if lower == upper {
			return func(r *record) bool { return read(r) != lower }, nil
		}
		return func(r *record) bool { v := read(r); return v == "" || v < lower || v >= upper }, nil
	case soql.Less:
		return func(r *record) bool { v := read(r); return v != "" && order(v, lower) < 0 }, nil
	case soql.GreaterOrEqual:
		return func(r *record) bool { v := read(r); return v != "" && order(v, lower) >= 0 }, nil
	case soql.LessOrEqual:
		if lower == upper {
			return func(r *record) bool { v := read(r); return v != "" && order(v, lower) <= 0 }, nil
		}
		return func(r *record) bool { v := read(r); return v != "" && v < upper }, nil
	case soql.Greater:
		if lower == upper {
			return func(r *record) bool { v := read(r); return v != "" && order(v, lower) > 0 }, nil
		}
		return func(r *record) bool { v := read(r); return v >= upper }, nil
	case soql.Like, soql.In, soql.NotIn, soql.Includes, soql.Excludes:
	}
	return nil, q.fault(c.Operand.Position, "INVALID_QUERY_FILTER_OPERATOR", "invalid operator")
}

// usable resolves an operand that is filtered, sorted or grouped, which long texts
// cannot be (Object Reference, properties of fields).
func (q *queryRun) usable(t *object, operand soql.Operand, use string) (path, *apiError) {
	p, err := q.operandPath(t, operand)
	if err == nil && p.leaf != nil && p.leaf.isLong() {
		err = q.fault(operand.Position, "INVALID_FIELD", fmt.Sprintf("field '%s' can not be %s in a query call", p.leaf.name, use))
	}
	return p, err
}

// compareNumbers orders canonical numbers by value, not by text.
func compareNumbers(a, b string) int {
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	switch {
	case errX != nil || errY != nil:
		return strings.Compare(a, b)
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

// keyOf returns the form in which values of the field are compared. Ids are
// compared by their 15 characters, digits before upper case before lower case,
// which is the order of their bytes.
func keyOf(p *path) func(string) string {
	switch p.kind {
	case typeID, typeReference:
		return idKey
	case typeString, typeTextArea, typeEmail, typePhone, typeURL, typePicklist:
		if !p.cased() {
			return strings.ToLower
		}
	case typeBoolean, typeInteger, typeDouble, typeDate, typeDateTime:
	}
	return func(v string) string { return v }
}

// bounds turns a literal into the value that is compared. A date literal, or a
// date compared with a datetime, is a period: from lower up to, and without, upper.
func (q *queryRun) bounds(p *path, operand soql.Operand, l soql.Literal) (lower, upper string, err *apiError) {
	if l.Kind == soql.Null {
		return "", "", nil
	}
	switch p.kind {
	case typeBoolean:
		if l.Kind == soql.Boolean {
			return l.Raw, l.Raw, nil
		}
	case typeInteger, typeDouble:
		if l.Kind == soql.Number {
			return normalNumber(l.Raw), normalNumber(l.Raw), nil
		}
	case typeDate, typeDateTime:
		if from, to, ok := q.period(p.kind, l); ok {
			return from, to, nil
		}
	case typeID, typeReference:
		if l.Kind == soql.String {
			text := l.Text()
			if text != "" && !isID(text) {
				return "", "", q.fault(operand.Position, "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: "+text)
			}
			return idKey(text), idKey(text), nil
		}
	case typeString, typeTextArea, typeEmail, typePhone, typeURL, typePicklist:
		if l.Kind == soql.String {
			text := keyOf(p)(l.Text())
			return text, text, nil
		}
		return "", "", q.fault(operand.Position, "INVALID_FIELD", fmt.Sprintf(
			"value of filter criterion for field '%s' must be of type string and should be enclosed in quotes", p.name))
	}
	kind := string(p.kind)
	if p.kind == typeDateTime {
		kind = "dateTime"
	}
	if p.kind == typeID || p.kind == typeReference {
		return "", "", q.fault(operand.Position, "INVALID_FIELD", fmt.Sprintf(
			"value of filter criterion for field '%s' must be of type ID and should be enclosed in quotes", p.name))
	}
	return "", "", q.fault(operand.Position, "INVALID_FIELD", fmt.Sprintf(
		"value of filter criterion for field '%s' must be of type %s and should not be enclosed in quotes", p.name, kind))
}

// normalNumber writes a number of a query as records keep it.
func normalNumber(raw string) string {
	number, err := strconv.ParseFloat(raw, 64)
	if err != nil {
		return raw
	}
	return strconv.FormatFloat(number, 'f', -1, 64)
}

// period turns dates, datetimes and date literals into values of the field.
func (q *queryRun) period(kind fieldType, l soql.Literal) (from, to string, ok bool) {
	write := func(t time.Time) string {
		if kind == typeDate {
			return t.Format(time.DateOnly)
		}
		return formatTime(t.UnixMilli())
	}
	switch l.Kind {
	case soql.DateLiteral:
		start, end := literalPeriod(q.now, l.Raw, l.Count)
		return write(start), write(end), true
	case soql.Date:
		t, err := soql.ParseTime(l.Raw)
		if kind == typeDateTime {
			return "", "", false
		}
		return write(t), write(t), err == nil
	case soql.DateTime:
		t, err := soql.ParseTime(l.Raw)
		if kind == typeDate {
			return "", "", false
		}
		return write(t), write(t), err == nil
	case soql.Null, soql.Boolean, soql.String, soql.Number:
	}
	return "", "", false
}

// literalPeriod returns the start and the end (exclusive) of a date literal, by
// the calendar in UTC; weeks begin on Sunday, as in the locale en_US.
func literalPeriod(now time.Time, name string, count int) (start, end time.Time) {
	today := now.UTC().Truncate(24 * time.Hour)
	unit := name[strings.LastIndexByte(name, '_')+1:]
	if before, isAgo := strings.CutSuffix(name, "_AGO"); isAgo {
		unit = before[strings.LastIndexByte(before, '_')+1:]
		start = step(startOf(today, unit), unit, -count)
		return start, step(start, unit, 1)
	}
	switch name {
	case "TODAY":
		return today, today.AddDate(0, 0, 1)
	case "YESTERDAY":
		return today.AddDate(0, 0, -1), today
	case "TOMORROW":
		return today.AddDate(0, 0, 1), today.AddDate(0, 0, 2)
	case "LAST_90_DAYS":
		return today.AddDate(0, 0, -90), today.AddDate(0, 0, 1)
	case "NEXT_90_DAYS":
		return today.AddDate(0, 0, 1), today.AddDate(0, 0, 91)
	case "LAST_N_DAYS":
		return today.AddDate(0, 0, -count), today.AddDate(0, 0, 1)
	case "NEXT_N_DAYS":
		return today.AddDate(0, 0, 1), today.AddDate(0, 0, count+1)
	}
	current := startOf(today, unit)
	if !strings.Contains(name, "_N_") {
		count = 1
	}
	switch {
	case strings.HasPrefix(name, "LAST_"):
		return step(current, unit, -count), current
	case strings.HasPrefix(name, "NEXT_"):
		return step(current, unit, 1), step(current, unit, 1+count)
	}
	return current, step(current, unit, 1)
}

// startOf returns the first day of the unit that the day lies in.
func startOf(day time.Time, unit string) time.Time {
	switch strings.TrimSuffix(unit, "S") {
	case "WEEK":
		return day.AddDate(0, 0, -int(day.Weekday()))
	case "MONTH":
		return day.AddDate(0, 0, 1-day.Day())
	case "QUARTER":
		return time.Date(day.Year(), (day.Month()-1)/3*3+1, 1, 0, 0, 0, 0, time.UTC)
	case "YEAR":
		return time.Date(day.Year(), 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return day
}

// step moves a day by n units.
func step(day time.Time, unit string, n int) time.Time {
	switch strings.TrimSuffix(unit, "S") {
	case "WEEK":
		return day.AddDate(0, 0, 7*n)
	case "MONTH":
		return day.AddDate(0, n, 0)
	case "QUARTER":
		return day.AddDate(0, 3*n, 0)
	case "YEAR":
		return day.AddDate(n, 0, 0)
	}
	return day.AddDate(0, 0, n)
}

// like compiles a pattern of % (anything) and _ (one character). Case never counts
// in it, not even for fields where it counts in =.
func (q *queryRun) like(p path, c soql.Comparison) (filter, *apiError) {
	switch {
	case c.Value.Kind != soql.String:
		return nil, q.fault(c.Operand.Position, "INVALID_FIELD", fmt.Sprintf(
			"value of filter criterion for field '%s' must be of type string and should be enclosed in quotes", p.name))
	case !(&field{kind: p.kind}).isText():
		return nil, q.fault(c.Operand.Position, "INVALID_QUERY_FILTER_OPERATOR", "invalid operator")
	}
	pattern := likePattern(strings.ToLower(c.Value.Raw))
	return func(r *record) bool { return matchLike(pattern, []rune(strings.ToLower(p.value(q.org, r)))) }, nil
}

// likeRune is one element of a pattern.
type likeRune struct {
	char      rune
	any, many bool
}

// likePattern reads a pattern; a backslash makes the next character literal.
func likePattern(raw string) []likeRune {
	var pattern []likeRune
	escaped := false
	for _, c := range raw {
		switch {
		case escaped:
			pattern, escaped = append(pattern, likeRune{char: c}), false
		case c == '\\':
			escaped = true
		case c == '%':
			pattern = append(pattern, likeRune{many: true})
		case c == '_':
			pattern = append(pattern, likeRune{any: true})
		default:
			pattern = append(pattern, likeRune{char: c})
		}
	}
	return pattern
}

// matchLike goes back to the last % only, so it takes time in the product of
// the lengths at most.
func matchLike(pattern []likeRune, text []rune) bool {
	p, t, star, resume := 0, 0, -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p].many:
			star, resume = p, t
			p++
		case p < len(pattern) && (pattern[p].any || pattern[p].char == text[t]):
			p++
			t++
		case star >= 0:
			resume++
			p, t = star+1, resume
		default:
			return false
		}
	}
	return !slices.ContainsFunc(pattern[p:], func(l likeRune) bool { return !l.many })
}

// membership compiles IN and NOT IN, with values or with a query.
func (q *queryRun) membership(t *object, m soql.Membership) (filter, *apiError) {
	p, err := q.usable(t, m.Operand, "filtered")
	if err != nil {
		return nil, err
	}
	if m.Operator == soql.Includes || m.Operator == soql.Excludes {
		return nil, q.fault(m.Operand.Position, "INVALID_QUERY_FILTER_OPERATOR", "includes or excludes operator only valid on multipicklist field")
	}
	set := map[string]struct{}{}
	if m.Query != nil {
		if set, err = q.semiJoin(&p, m); err != nil {
			return nil, err
		}
	}
	for _, value := range m.Values {
		lower, upper, err := q.bounds(&p, m.Operand, value)
		if err != nil {
			return nil, err
		}
		if lower != upper {
			return nil, q.fault(m.Operand.Position, "INVALID_QUERY_FILTER_OPERATOR", "invalid operator")
		}
		set[lower] = struct{}{}
	}
	key, wanted := keyOf(&p), m.Operator == soql.In
	return func(r *record) bool {
		_, found := set[key(p.value(q.org, r))]
		return found == wanted
	}, nil
}

// semiJoin runs the nested query and collects the values of its one field, which
// must be an id or a reference (SOQL and SOSL Reference, Comparison Operators:
// semi-joins).
func (q *queryRun) semiJoin(p *path, m soql.Membership) (map[string]struct{}, *apiError) {
	if len(m.Query.Columns) != 1 || m.Query.Columns[0].Operand.IsZero() || m.Query.Columns[0].Operand.Function != "" {
		return nil, q.fault(m.Query.From.Position, "MALFORMED_QUERY", "Nesting of semi join sub-selects must select exactly one field")
	}
	if p.kind != typeID && p.kind != typeReference {
		return nil, q.fault(m.Operand.Position, "INVALID_QUERY_FILTER_OPERATOR", "Semi join field must be an ID or a reference field: "+p.name)
	}
	inner := &queryRun{org: q.org, user: q.user, text: q.text, now: q.now}
	t, err := inner.begin(m.Query)
	if err != nil {
		return nil, err
	}
	column, err := inner.resolve(t, m.Query.Columns[0].Operand)
	if err != nil {
		return nil, err
	}
	if column.kind != typeID && column.kind != typeReference {
		return nil, q.fault(m.Query.Columns[0].Operand.Position, "MALFORMED_QUERY", "The selected field in a semi join sub-select must be an ID or a reference field: "+column.name)
	}
	rows, err := inner.rows(t, m.Query)
	if err != nil {
		return nil, err
	}
	set := make(map[string]struct{}, len(rows))
	for _, r := range rows {
		if v := column.value(q.org, r); v != "" {
			set[idKey(v)] = struct{}{}
		}
	}
	return set, nil
}
