package expr

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/usher-id/usher/attr"
)

// call is one compiled call: where it stands and how its arguments evaluate.
// Trailing omitted arguments are gone; other omitted ones are nil.
type call struct {
	name  string
	pos   Position
	args  []evaluator
	nodes []Node

	function *Function // nil for operators
}

// has reports whether argument i was given.
func (c *call) has(i int) bool { return i < len(c.args) && c.args[i] != nil }

// literal returns argument i when it is a text constant.
func (c *call) literal(i int) (string, bool) {
	if i >= 0 && i < len(c.nodes) && c.nodes[i].Kind == Text {
		return c.nodes[i].Text, true
	}
	return "", false
}

// fail returns an error of this call.
func (c *call) fail(format string, args ...any) error {
	return &EvalError{Function: c.name, Line: c.pos.Line, Column: c.pos.Column, Message: fmt.Sprintf(format, args...)}
}

// value evaluates argument i; an omitted one is null.
func (c *call) value(f *frame, i int) (attr.Value, error) {
	if !c.has(i) {
		return attr.Value{}, nil
	}
	return c.args[i](f)
}

// single evaluates argument i to one value: a list of one is its value, a list
// of none is null, a longer list is an error.
func (c *call) single(f *frame, i int) (attr.Value, error) {
	value, err := c.value(f, i)
	if err != nil || value.Kind() != attr.List {
		return value, err
	}
	switch items := value.Items(); len(items) {
	case 0:
		return attr.Value{}, nil
	case 1:
		return items[0], nil
	default:
		return attr.Value{}, c.fail("%s has %d values where one is needed", c.describe(i), len(items))
	}
}

// text evaluates argument i as text; null is "".
func (c *call) text(f *frame, i int) (string, error) {
	value, err := c.single(f, i)
	if err != nil {
		return "", err
	}
	return c.textOf(f, value)
}

// textOf returns the text form of a value and charges for it.
func (c *call) textOf(f *frame, value attr.Value) (string, error) {
	switch value.Kind() {
	case attr.Complex:
		return "", c.fail("a complex value has no text")
	case attr.List:
		return "", c.fail("a list has no text; use Join")
	case attr.Null, attr.String, attr.Boolean, attr.Integer, attr.Time, attr.Reference:
	}
	text := value.String()
	return text, c.charge(f, len(text))
}

// charge accounts for a text or list of that size.
func (c *call) charge(f *frame, size int) error {
	if size > maxText {
		return c.fail("a text is longer than %d bytes", maxText)
	}
	if !f.charge(size) {
		return c.fail("the expression needs more than %d bytes of work", maxWork)
	}
	return nil
}

// produce makes a text value and charges for it.
func (c *call) produce(f *frame, text string) (attr.Value, error) {
	if err := c.charge(f, len(text)); err != nil {
		return attr.Value{}, err
	}
	return attr.Text(text), nil
}

// produceList makes a list value after checking its length.
func (c *call) produceList(f *frame, items []attr.Value) (attr.Value, error) {
	if len(items) > maxItems {
		return attr.Value{}, c.fail("a list has more than %d values", maxItems)
	}
	if err := c.charge(f, len(items)); err != nil {
		return attr.Value{}, err
	}
	return attr.Values(items...), nil
}

// mapText applies change to the text of argument 0: null stays null, of a list
// every value is changed.
func (c *call) mapText(f *frame, change func(string) (string, error)) (attr.Value, error) {
	source, err := c.value(f, 0)
	if err != nil || source.IsNull() {
		return attr.Value{}, err
	}
	if source.Kind() != attr.List {
		return c.changeText(f, source, change)
	}
	items := make([]attr.Value, 0, min(len(source.Items()), maxItems))
	for _, item := range source.Items() {
		if item.IsNull() {
			continue
		}
		changed, err := c.changeText(f, item, change)
		if err != nil {
			return attr.Value{}, err
		}
		items = append(items, changed)
	}
	return c.produceList(f, items)
}

func (c *call) changeText(f *frame, value attr.Value, change func(string) (string, error)) (attr.Value, error) {
	text, err := c.textOf(f, value)
	if err != nil {
		return attr.Value{}, err
	}
	changed, err := change(text)
	if err != nil {
		return attr.Value{}, err
	}
	if changed == text && value.Kind() == attr.String {
		return value, nil
	}
	return c.produce(f, changed)
}

// integer evaluates argument i as a whole number; text that holds one counts.
func (c *call) integer(f *frame, i int) (int64, error) {
	value, err := c.single(f, i)
	if err != nil {
		return 0, err
	}
	number, ok := integerOf(value)
	if !ok {
		return 0, c.fail("%s needs a whole number, not %s", c.describe(i), display(value))
	}
	return number, nil
}

// moment evaluates argument i as a date and time; text is read as CDate reads
// it. The boolean is false for null and "".
func (c *call) moment(f *frame, i int) (time.Time, bool, error) {
	value, err := c.single(f, i)
	if err != nil || value.IsEmpty() {
		return time.Time{}, false, err
	}
	if value.Kind() == attr.Time {
		return value.Moment(), true, nil
	}
	text, err := c.textOf(f, value)
	if err != nil {
		return time.Time{}, false, err
	}
	moment, err := parseDate(text)
	if err != nil {
		return time.Time{}, false, c.fail("%q is not a date: %v", shorten(text), err)
	}
	return moment, true, nil
}

// describe names argument i in messages.
func (c *call) describe(i int) string {
	if i < len(c.nodes) && c.nodes[i].Kind == Attribute {
		return "[" + c.nodes[i].Name + "]"
	}
	if c.function != nil {
		if parameter, ok := c.function.parameter(i); ok {
			return parameter.Name
		}
	}
	return "argument " + strconv.Itoa(i+1)
}

// display shows a value in a message.
func display(value attr.Value) string {
	switch value.Kind() {
	case attr.Null:
		return "nothing"
	case attr.String:
		return strconv.Quote(shorten(value.String()))
	case attr.List:
		return fmt.Sprintf("a list of %d values", len(value.Items()))
	case attr.Complex:
		return "a complex value"
	case attr.Boolean, attr.Integer, attr.Time, attr.Reference:
	}
	return shorten(value.String())
}

// integerOf converts a value to a whole number where that is possible.
func integerOf(value attr.Value) (int64, bool) {
	switch value.Kind() {
	case attr.Integer:
		return value.Int(), true
	case attr.String:
		number, err := strconv.ParseInt(strings.TrimSpace(value.String()), 10, 64)
		return number, err == nil
	case attr.Null, attr.Boolean, attr.Time, attr.Reference, attr.List, attr.Complex:
	}
	return 0, false
}

// truth converts a value to a condition: True, a number that is not zero, and
// texts of those hold; anything else does not.
func truth(value attr.Value) bool {
	switch value.Kind() {
	case attr.Boolean:
		return value.Bool()
	case attr.Integer:
		return value.Int() != 0
	case attr.String:
		text := strings.TrimSpace(value.String())
		number, err := strconv.ParseInt(text, 10, 64)
		return strings.EqualFold(text, "true") || (err == nil && number != 0)
	case attr.Null, attr.Time, attr.Reference, attr.List, attr.Complex:
	}
	return false
}
