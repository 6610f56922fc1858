package scope

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/dlclark/regexp2"

	"github.com/usher-id/usher/attr"
)

// Operator is one operator of scoping filters, named as Microsoft Entra's
// administrators and schema files name it.
type Operator struct {
	Name  string
	Unary bool
	Kinds []attr.Kind // kinds of attribute that it can be used on
}

// Operators returns all operators, in the order in which the portal offers them.
func Operators() []Operator {
	texts := []attr.Kind{attr.Integer, attr.String}
	anything := []attr.Kind{attr.Integer, attr.String, attr.Boolean}
	return []Operator{
		{Name: "EQUALS", Kinds: texts},
		{Name: "NOT EQUALS", Kinds: texts},
		{Name: "ENDS_WITH", Kinds: texts},
		{Name: "Includes", Kinds: texts},
		{Name: "&", Kinds: texts},
		{Name: "!&", Kinds: texts},
		{Name: "Greater_Than", Kinds: texts},
		{Name: "Greater_Than_OR_EQUALS", Kinds: texts},
		{Name: "IS TRUE", Unary: true, Kinds: []attr.Kind{attr.Boolean}},
		{Name: "IS FALSE", Unary: true, Kinds: []attr.Kind{attr.Boolean}},
		{Name: isNull, Unary: true, Kinds: anything},
		{Name: isNotNull, Unary: true, Kinds: anything},
		{Name: "REGEX MATCH", Kinds: texts},
		{Name: "NOT REGEX MATCH", Kinds: texts},
	}
}

// The operators that are decided by the absence of a value.
const (
	isNull    = "IS NULL"
	isNotNull = "IS NOT NULL"
)

// FindOperator returns the operator of this name, in exactly this spelling.
func FindOperator(name string) (Operator, bool) {
	for _, operator := range Operators() {
		if operator.Name == name {
			return operator, true
		}
	}
	return Operator{}, false
}

// matchTimeout bounds one regular expression on one value.
const matchTimeout = 100 * time.Millisecond

// test tells whether a clause holds for a value that is not empty.
type test func(value attr.Value) (bool, error)

var errNotInteger = errors.New("is not an integer of 0 or more")

// compileOperator returns the test of a binary operator on a non-empty value.
// Comparison is case-sensitive throughout, and a regular expression has to match
// the whole value: the documented example ([1-9][0-9]) stands for 10 to 99.
func compileOperator(name, operand string) (test, error) {
	switch name {
	case "EQUALS":
		return textTest(func(v string) bool { return v == operand }), nil
	case "NOT EQUALS":
		return textTest(func(v string) bool { return v != operand }), nil
	case "ENDS_WITH":
		return textTest(func(v string) bool { return strings.HasSuffix(v, operand) }), nil
	case "Includes":
		return textTest(func(v string) bool { return strings.Contains(v, operand) }), nil
	case "&":
		return textTest(func(v string) bool { return strings.Contains(operand, v) }), nil
	case "!&":
		return textTest(func(v string) bool { return !strings.Contains(operand, v) }), nil
	case "Greater_Than":
		return compileOrder(operand, func(v, limit uint64) bool { return v > limit })
	case "Greater_Than_OR_EQUALS":
		return compileOrder(operand, func(v, limit uint64) bool { return v >= limit })
	case "REGEX MATCH":
		return compilePattern(operand, true)
	case "NOT REGEX MATCH":
		return compilePattern(operand, false)
	case "IS TRUE":
		return func(v attr.Value) (bool, error) { return isBoolean(v, true), nil }, nil
	case "IS FALSE":
		return func(v attr.Value) (bool, error) { return isBoolean(v, false), nil }, nil
	}
	return nil, fmt.Errorf("there is no operator %q", name)
}

func textTest(holds func(string) bool) test {
	return func(value attr.Value) (bool, error) { return holds(value.String()), nil }
}

func compileOrder(operand string, holds func(v, limit uint64) bool) (test, error) {
	limit, err := strconv.ParseUint(operand, 10, 63)
	if err != nil {
		return nil, fmt.Errorf("%q %w", operand, errNotInteger)
	}
	return func(value attr.Value) (bool, error) {
		number, err := strconv.ParseUint(value.String(), 10, 63)
		if err != nil {
			return false, fmt.Errorf("the value %q %w", value, errNotInteger)
		}
		return holds(number, limit), nil
	}, nil
}

func compilePattern(pattern string, want bool) (test, error) {
	// On its own first: "a)|(?:b" is no expression, and would be one inside the brackets.
	_, err := regexp2.Compile(pattern, regexp2.None)
	if err != nil {
		return nil, fmt.Errorf("the pattern %q is not a regular expression: %w", pattern, err)
	}
	expression, err := regexp2.Compile(`\A(?:`+pattern+`)\z`, regexp2.None)
	if err != nil {
		return nil, fmt.Errorf("the pattern %q cannot be matched against a whole value: %w", pattern, err)
	}
	expression.MatchTimeout = matchTimeout
	return func(value attr.Value) (bool, error) {
		matches, err := expression.MatchString(value.String())
		if err != nil {
			return false, fmt.Errorf("the pattern %q took longer than %s on one value", pattern, matchTimeout)
		}
		return matches == want, nil
	}, nil
}

func isBoolean(value attr.Value, want bool) bool {
	if value.Kind() == attr.Boolean {
		return value.Bool() == want
	}
	return strings.EqualFold(value.String(), strconv.FormatBool(want))
}
