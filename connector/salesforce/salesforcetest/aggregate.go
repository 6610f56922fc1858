package salesforcetest

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/usher-id/usher/connector/salesforce/soql"
)

// isAggregate tells whether a query sums up rows. The answer then has no records of
// an object but rows of the type AggregateResult (SOQL and SOSL Reference, GROUP BY).
func isAggregate(query *soql.Query) bool {
	return len(query.GroupBy) > 0 || slices.ContainsFunc(query.Columns, func(c soql.Column) bool { return c.Operand.IsAggregate() })
}

// isCount tells whether a query is SELECT COUNT() FROM …, whose answer is totalSize
// alone. COUNT(Id) is another thing: it answers with a row.
func isCount(query *soql.Query) bool {
	return len(query.Columns) == 1 && query.Columns[0].Operand.Function == "COUNT" && len(query.Columns[0].Operand.Path) == 0
}

// aggregation sums up the rows of a query by groups.
type aggregation struct {
	run   *queryRun
	query *soql.Query
	paths map[string]path // by pathKey
}

// aggregate returns the rows of the answer as JSON.
func (q *queryRun) aggregate(t *object, query *soql.Query) ([][]byte, *apiError) {
	a := &aggregation{run: q, query: query, paths: map[string]path{}}
	if err := a.resolve(t); err != nil {
		return nil, err
	}
	// Order and limits are those of the groups, not of the records below them.
	all := *query
	all.OrderBy, all.Limit, all.Offset = nil, nil, nil
	rows, err := q.rows(t, &all)
	if err != nil {
		return nil, err
	}
	groups, err := a.groups(rows)
	if err != nil {
		return nil, err
	}
	if query.Offset != nil {
		groups = groups[min(*query.Offset, len(groups)):]
	}
	if query.Limit != nil {
		groups = groups[:min(*query.Limit, len(groups))]
	}
	// Such a result has one page: there is no cursor for what was summed up.
	if len(groups) > defaultPage {
		return nil, newError(http.StatusBadRequest, "EXCEEDED_ID_LIMIT",
			"Aggregate query does not support queryMore(), use LIMIT to restrict the results to a single batch")
	}
	lines := make([][]byte, len(groups))
	for i, group := range groups {
		lines[i] = a.render(group)
	}
	return lines, nil
}

// resolve finds every operand, and refuses fields that are neither grouped nor summed up.
func (a *aggregation) resolve(t *object) *apiError {
	operands := slices.Clone(a.query.GroupBy)
	for _, column := range a.query.Columns {
		if column.Operand.IsZero() {
			return a.run.fault(a.query.From.Position, "MALFORMED_QUERY", "Grouped query cannot use child relationships, TYPEOF or FIELDS() in the SELECT list")
		}
		grouped := slices.ContainsFunc(a.query.GroupBy, func(g soql.Operand) bool { return strings.EqualFold(g.String(), column.Operand.String()) })
		if !grouped && !column.Operand.IsAggregate() {
			return a.run.fault(column.Operand.Position, "MALFORMED_QUERY", "Field must be grouped or aggregated: "+column.Operand.Name())
		}
		operands = append(operands, column.Operand)
	}
	for _, order := range a.query.OrderBy {
		operands = append(operands, order.Operand)
	}
	operands = append(operands, operandsOf(a.query.Having)...)
	for i, operand := range operands {
		if len(operand.Path) == 0 {
			continue
		}
		var p path
		var err *apiError
		switch {
		case operand.IsAggregate():
			p, err = a.run.resolve(t, operand)
		case i < len(a.query.GroupBy):
			p, err = a.run.usable(t, operand, "grouped")
		default:
			p, err = a.run.operandPath(t, operand)
		}
		if err != nil {
			return err
		}
		a.paths[pathKey(operand)] = p
	}
	return nil
}

// pathKey is what the paths of a query go by. COUNT(Id) and Id share one;
// CALENDAR_YEAR(CreatedDate) and CreatedDate do not.
func pathKey(operand soql.Operand) string {
	if operand.IsAggregate() {
		return strings.ToLower(operand.Name())
	}
	return strings.ToLower(operand.String())
}

// operandsOf lists what a HAVING clause looks at.
func operandsOf(condition soql.Condition) []soql.Operand {
	var operands []soql.Operand
	switch c := condition.(type) {
	case soql.And:
		for _, term := range c.Terms {
			operands = append(operands, operandsOf(term)...)
		}
	case soql.Or:
		for _, term := range c.Terms {
			operands = append(operands, operandsOf(term)...)
		}
	case soql.Not:
		return operandsOf(c.Term)
	case soql.Comparison:
		return []soql.Operand{c.Operand}
	}
	return operands
}

// groups sorts the rows into groups, filters them by HAVING and orders them.
func (a *aggregation) groups(rows []*record) ([][]*record, *apiError) {
	if len(a.query.GroupBy) == 0 {
		return [][]*record{rows}, nil
	}
	places := map[string]int{}
	var groups [][]*record
	for _, r := range rows {
		var key strings.Builder
		for _, operand := range a.query.GroupBy {
			p := a.paths[pathKey(operand)]
			key.WriteString(strconv.Quote(keyOf(&p)(p.value(a.run.org, r))))
		}
		place, known := places[key.String()]
		if !known {
			place = len(groups)
			places[key.String()] = place
			groups = append(groups, nil)
		}
		groups[place] = append(groups[place], r)
	}
	var failed *apiError
	groups = slices.DeleteFunc(groups, func(group []*record) bool {
		holds, err := a.having(a.query.Having, group)
		if err != nil {
			failed = err
		}
		return !holds
	})
	slices.SortStableFunc(groups, func(x, y []*record) int {
		for _, order := range a.query.OrderBy {
			vx, kind := a.sum(order.Operand, x)
			vy, _ := a.sum(order.Operand, y)
			if c := ordering(order, kind)(vx, vy); c != 0 {
				return c
			}
		}
		return 0
	})
	return groups, failed
}

// having evaluates HAVING for one group. Only comparisons of sums and of grouped
// fields can stand there.
func (a *aggregation) having(condition soql.Condition, group []*record) (bool, *apiError) {
	switch c := condition.(type) {
	case soql.And:
		for _, term := range c.Terms {
			if holds, err := a.having(term, group); err != nil || !holds {
				return false, err
			}
		}
	case soql.Or:
		for _, term := range c.Terms {
			if holds, err := a.having(term, group); err != nil || holds {
				return holds, err
			}
		}
		return false, nil
	case soql.Not:
		holds, err := a.having(c.Term, group)
		return !holds, err
	case soql.Comparison:
		v, kind := a.sum(c.Operand, group)
		compared := strings.Compare(v, c.Value.Text())
		if kind == typeInteger || kind == typeDouble {
			compared = compareNumbers(v, normalNumber(c.Value.Raw))
		}
		switch c.Operator {
		case soql.Equal:
			return compared == 0, nil
		case soql.NotEqual:
			return compared != 0, nil
		case soql.Less:
			return compared < 0, nil
		case soql.LessOrEqual:
			return compared <= 0, nil
		case soql.Greater:
			return compared > 0, nil
		case soql.GreaterOrEqual:
			return compared >= 0, nil
		case soql.Like, soql.In, soql.NotIn, soql.Includes, soql.Excludes:
		}
		return false, a.run.fault(c.Operand.Position, "INVALID_QUERY_FILTER_OPERATOR", "invalid operator")
	case soql.Membership:
		return false, a.run.fault(c.Operand.Position, "INVALID_QUERY_FILTER_OPERATOR", "invalid operator")
	}
	return true, nil
}

// sum returns the value of an operand for a group, and its type.
func (a *aggregation) sum(operand soql.Operand, group []*record) (string, fieldType) {
	if len(operand.Path) == 0 {
		return strconv.Itoa(len(group)), typeInteger
	}
	p := a.paths[pathKey(operand)]
	if !operand.IsAggregate() {
		if len(group) == 0 {
			return "", p.kind
		}
		return p.value(a.run.org, group[0]), p.kind
	}
	key := keyOf(&p)
	var values []string
	for _, r := range group {
		if v := p.value(a.run.org, r); v != "" {
			values = append(values, v)
		}
	}
	order := ordering(soql.Order{}, p.kind)
	byKey := func(x, y string) int { return order(key(x), key(y)) }
	switch operand.Function {
	case "COUNT":
		return strconv.Itoa(len(values)), typeInteger
	case "COUNT_DISTINCT":
		slices.SortFunc(values, byKey)
		return strconv.Itoa(len(slices.CompactFunc(values, func(x, y string) bool { return key(x) == key(y) }))), typeInteger
	case "MIN", "MAX":
		if len(values) == 0 {
			return "", p.kind
		}
		if operand.Function == "MIN" {
			return slices.MinFunc(values, byKey), p.kind
		}
		return slices.MaxFunc(values, byKey), p.kind
	}
	total := 0.0
	for _, v := range values {
		n, err := strconv.ParseFloat(v, 64)
		if err == nil {
			total += n
		}
	}
	if operand.Function == "AVG" && len(values) > 0 {
		total /= float64(len(values))
	}
	return strconv.FormatFloat(total, 'f', -1, 64), typeDouble
}

// render writes one group.
func (a *aggregation) render(group []*record) []byte {
	buffer := []byte(`{"attributes":{"type":"AggregateResult"}`)
	unnamed := 0
	for _, column := range a.query.Columns {
		name := column.Alias
		if name == "" && column.Operand.Function != "" {
			name = fmt.Sprintf("expr%d", unnamed)
			unnamed++
		}
		value, kind := a.sum(column.Operand, group)
		if name == "" {
			name = a.paths[pathKey(column.Operand)].name
		}
		buffer = append(buffer, ',')
		buffer = appendString(buffer, name)
		buffer = append(buffer, ':')
		buffer = appendField(buffer, &field{kind: kind}, value)
	}
	return append(buffer, '}')
}
