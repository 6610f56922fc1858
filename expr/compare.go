package expr

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/usher-id/usher/attr"
)

// comparison compiles left = right and its five companions.
//
// Null and "" are the same in a comparison. A number compares with a text that
// holds a number; a boolean with the texts True and False in any letter case; a
// date with a text that holds a date. Everything else compares as text, with
// exact letter case. < <= > >= do not hold when a side has no value.
func comparison(c *call, operator string) evaluator {
	return func(f *frame) (attr.Value, error) {
		left, err := c.single(f, 0)
		if err != nil {
			return attr.Value{}, err
		}
		right, err := c.single(f, 1)
		if err != nil {
			return attr.Value{}, err
		}
		order, err := c.compare(f, left, right, operator != "=" && operator != "<>")
		if err != nil {
			return attr.Value{}, err
		}
		missing := left.IsEmpty() || right.IsEmpty()
		return attr.Bool(holds(operator, order, missing)), nil
	}
}

// holds reports whether the operator holds for values in this order.
func holds(operator string, order int, missing bool) bool {
	switch operator {
	case "=":
		return order == 0
	case "<>":
		return order != 0
	case "<":
		return order < 0 && !missing
	case "<=":
		return order <= 0 && !missing
	case ">":
		return order > 0 && !missing
	case ">=":
		return order >= 0 && !missing
	}
	return false
}

// compare orders two values. Two texts that hold numbers are compared as numbers
// when their order is asked for, but not for equality: "007" is not "7".
func (c *call) compare(f *frame, left, right attr.Value, ordering bool) (int, error) {
	if left.IsEmpty() || right.IsEmpty() {
		return cmp.Compare(present(left), present(right)), nil
	}
	texts := left.Kind() == attr.String && right.Kind() == attr.String
	if order, ok := compareTyped(left, right); ok && (ordering || !texts) {
		return order, nil
	}
	leftText, err := c.textOf(f, left)
	if err != nil {
		return 0, err
	}
	rightText, err := c.textOf(f, right)
	if err != nil {
		return 0, err
	}
	return strings.Compare(leftText, rightText), nil
}

func present(value attr.Value) int {
	if value.IsEmpty() {
		return 0
	}
	return 1
}

// compareTyped compares two values as something better than texts, when one of
// them calls for it and the other one can follow.
func compareTyped(left, right attr.Value) (int, bool) {
	switch {
	case left.Kind() == attr.Time || right.Kind() == attr.Time:
		a, okA := momentOf(left)
		b, okB := momentOf(right)
		return cmp.Compare(a, b), okA && okB
	case left.Kind() == attr.Boolean || right.Kind() == attr.Boolean:
		a, okA := booleanOf(left)
		b, okB := booleanOf(right)
		return cmp.Compare(a, b), okA && okB
	case left.Kind() == attr.Reference || right.Kind() == attr.Reference:
		return 0, false
	}
	a, okA := integerOf(left)
	b, okB := integerOf(right)
	return cmp.Compare(a, b), okA && okB
}

func momentOf(value attr.Value) (int64, bool) {
	switch value.Kind() {
	case attr.Time:
		return value.Moment().UnixMicro(), true
	case attr.String:
		moment, err := parseDate(value.String())
		return moment.UnixMicro(), err == nil
	case attr.Null, attr.Boolean, attr.Integer, attr.Reference, attr.List, attr.Complex:
	}
	return 0, false
}

// booleanOf returns 1 for true and 0 for false.
func booleanOf(value attr.Value) (int, bool) {
	truths := map[bool]int{true: 1}
	switch value.Kind() {
	case attr.Boolean:
		return truths[value.Bool()], true
	case attr.Integer:
		return truths[value.Int() != 0], true
	case attr.String:
		text := strings.TrimSpace(value.String())
		if number, err := strconv.ParseInt(text, 10, 64); err == nil {
			return truths[number != 0], true
		}
		return truths[strings.EqualFold(text, "true")], strings.EqualFold(text, "true") || strings.EqualFold(text, "false")
	case attr.Null, attr.Time, attr.Reference, attr.List, attr.Complex:
	}
	return 0, false
}

// concatenation compiles left & right: the texts of both, null as "".
func concatenation(c *call) evaluator {
	return func(f *frame) (attr.Value, error) {
		var joined strings.Builder
		for i := range c.args {
			text, err := c.text(f, i)
			if err != nil {
				return attr.Value{}, err
			}
			if err := c.charge(f, joined.Len()+len(text)); err != nil {
				return attr.Value{}, err
			}
			joined.WriteString(text)
		}
		return attr.Text(joined.String()), nil
	}
}
