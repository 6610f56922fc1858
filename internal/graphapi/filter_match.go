package graphapi

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// check reports the first property that the kind does not have.
func (f filter) check(k kind) error {
	return f.checkWithin(k, nil)
}

func (f filter) checkWithin(k kind, variables []string) error {
	if f.op == opAny {
		variables = append(slices.Clip(variables), f.variable)
	}
	if len(f.path) > 0 && !slices.Contains(variables, strings.ToLower(f.path[0])) {
		p, found := k.find(f.path[0])
		if !found || len(f.path) > 1 && !p.complex {
			return badRequest("Invalid filter clause: could not find a property named '%s' on type 'microsoft.graph.%s'.", strings.Join(f.path, "/"), k.name)
		}
	}
	for _, below := range f.below {
		if err := below.checkWithin(k, variables); err != nil {
			return err
		}
	}
	return nil
}

// isAdvanced reports whether the directory answers the filter only with the header
// ConsistencyLevel: eventual and $count=true, and which operator is the reason.
func (f filter) isAdvanced() (reason operator, advanced bool) {
	f.each(func(node filter) {
		if node.op == opNotEqual || node.op == opNot || node.op == opEndsWith {
			reason, advanced = node.op, true
		}
	})
	return reason, advanced
}

// equality returns the text that the filter demands of a property, when nothing
// else can match: the whole filter, or a part of its outermost and, is a comparison
// with eq.
func (f filter) equality(property string) (string, bool) {
	switch f.op {
	case opEqual:
		if len(f.path) == 1 && strings.EqualFold(f.path[0], property) {
			value, isText := f.literals[0].value.(string)
			return value, isText
		}
	case opAnd:
		for _, below := range f.below {
			if value, found := below.equality(property); found {
				return value, true
			}
		}
	default:
	}
	return "", false
}

// matcher decides whether entities match a filter.
type matcher struct {
	caseExact bool
	variables map[string]any // range variables of any
}

func (m matcher) matches(f filter, e entity) bool {
	switch f.op {
	case opAnd:
		return !slices.ContainsFunc(f.below, func(below filter) bool { return !m.matches(below, e) })
	case opOr:
		return slices.ContainsFunc(f.below, func(below filter) bool { return m.matches(below, e) })
	case opNot:
		return !m.matches(f.below[0], e)
	case opAny:
		return m.any(f, e)
	case opIn:
		return slices.ContainsFunc(f.literals, func(l literal) bool { return m.compare(m.value(f.path, e), l) == 0 })
	default:
		return m.test(f.op, m.value(f.path, e), f.literals[0])
	}
}

// any reports whether one of the values at the path meets the condition.
func (m matcher) any(f filter, e entity) bool {
	var items []any
	switch list := m.value(f.path, e).(type) {
	case []any:
		items = list
	case []string:
		for _, item := range list {
			items = append(items, item)
		}
	case []entity:
		for _, item := range list {
			items = append(items, item)
		}
	}
	return slices.ContainsFunc(items, func(item any) bool {
		inner := matcher{caseExact: m.caseExact, variables: map[string]any{f.variable: item}}
		for name, value := range m.variables {
			if name != f.variable {
				inner.variables[name] = value
			}
		}
		return inner.matches(f.below[0], e)
	})
}

// value returns what is at a path, which may begin with a range variable.
func (m matcher) value(path []string, e entity) any {
	value, bound := m.variables[strings.ToLower(path[0])]
	if !bound {
		return e.lookup(path)
	}
	if object, ok := value.(entity); ok {
		return object.lookup(path[1:])
	}
	if len(path) > 1 {
		return nil
	}
	return value
}

// test compares one value. What has no order is neither smaller nor greater.
func (m matcher) test(op operator, value any, l literal) bool {
	if op == opStartsWith || op == opEndsWith || op == opContains {
		return m.testText(op, value, l)
	}
	order := m.compare(value, l)
	switch op {
	case opEqual:
		return order == 0
	case opNotEqual:
		return order != 0
	case opGreater:
		return order == 1
	case opGreaterEqual:
		return order == 1 || order == 0
	case opLess:
		return order == -1
	case opLessEqual:
		return order == -1 || order == 0
	default:
		return false
	}
}

func (m matcher) testText(op operator, value any, l literal) bool {
	text, isText := value.(string)
	part, _ := l.value.(string)
	if !isText {
		return false
	}
	if !m.caseExact {
		text, part = strings.ToLower(text), strings.ToLower(part)
	}
	switch op {
	case opStartsWith:
		return strings.HasPrefix(text, part)
	case opEndsWith:
		return strings.HasSuffix(text, part)
	default:
		return strings.Contains(text, part)
	}
}

// incomparable is what compare gives for values that have no order.
const incomparable = 2

// compare returns -1, 0 or 1, or incomparable.
func (m matcher) compare(value any, l literal) int {
	switch want := l.value.(type) {
	case nil:
		if value == nil {
			return 0
		}
	case bool:
		if got, ok := value.(bool); ok && got == want {
			return 0
		}
	case float64:
		switch got := value.(type) {
		case int64:
			return cmp.Compare(float64(got), want)
		case int:
			return cmp.Compare(float64(got), want)
		case float64:
			return cmp.Compare(got, want)
		case string: // a text of digits that was not quoted
			return m.compareText(got, fmt.Sprint(want))
		}
	case time.Time:
		if got, ok := value.(string); ok {
			if at, ok := parseMoment(got); ok {
				return at.Compare(want)
			}
		}
	case string:
		if got, ok := value.(string); ok {
			return m.compareText(got, want)
		}
	}
	return incomparable
}

func (m matcher) compareText(got, want string) int {
	if !m.caseExact {
		got, want = strings.ToLower(got), strings.ToLower(want)
	}
	return cmp.Compare(got, want)
}
