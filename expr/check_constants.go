package expr

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/usher-id/usher/attr"
)

// constantChecker looks at the constant arguments of one call whose number of
// arguments is right.
type constantChecker struct {
	faults *faults
	node   Node
	args   []Node
}

// constantCheck returns what checks the constants of a function, nil when
// nothing does.
func constantCheck(name string) func(*constantChecker) {
	switch name {
	case "Replace":
		return checkReplace
	case "FormatDateTime":
		return checkFormatDateTime
	case "DateAdd", "DateDiff":
		return func(c *constantChecker) { c.text(0, checkInterval) }
	case "CDate", "NumFromDate":
		return func(c *constantChecker) { c.text(0, checkDate) }
	case "ToLower", "ToUpper":
		return func(c *constantChecker) {
			c.text(1, func(text string) error { _, err := specialCase(text); return err })
		}
	case "InStr":
		return func(c *constantChecker) { c.word(3, keywordTextCompare, keywordBinaryCompare); c.least(2, 1) }
	case "Contains":
		return func(c *constantChecker) { c.word(2, keywordTextCompare, keywordBinaryCompare) }
	case "ConvertFromBase64":
		return func(c *constantChecker) { c.word(1, keywordUnicode, keywordUTF8, keywordASCII) }
	case "Item":
		return func(c *constantChecker) { c.least(1, 1) }
	case "Mid":
		return func(c *constantChecker) { c.least(1, 1); c.least(2, 0) }
	case "Split":
		return func(c *constantChecker) { c.text(1, notEmpty) }
	case "RandomString":
		return checkRandomString
	}
	return nil
}

// text applies a test to argument i when it is a text constant.
func (c *constantChecker) text(i int, test func(string) error) {
	if i < len(c.args) && c.args[i].Kind == Text {
		if err := test(c.args[i].Text); err != nil {
			c.faults.add(c.args[i].Pos, "%v", err)
		}
	}
}

// word makes sure that argument i, when it is a word or a text, is one of some.
func (c *constantChecker) word(i int, words ...string) {
	if i >= len(c.args) {
		return
	}
	arg := c.args[i]
	name := arg.Name
	if arg.Kind == Text {
		name = arg.Text
	}
	if (arg.Kind == Keyword || arg.Kind == Text) && !slices.Contains(words, name) {
		c.faults.add(arg.Pos, "%s is none of %s", shorten(Print(arg)), strings.Join(words, ", "))
	}
}

// least makes sure that argument i, when it is a constant number, is not less.
func (c *constantChecker) least(i int, least int64) {
	if number, ok := c.number(i); ok && number < least {
		c.faults.add(c.args[i].Pos, "%d is less than %d", number, least)
	}
}

// number returns argument i when it is a constant number.
func (c *constantChecker) number(i int) (int64, bool) {
	if i >= len(c.args) {
		return 0, false
	}
	switch c.args[i].Kind {
	case Number:
		return c.args[i].Number, true
	case Text:
		return integerOf(textValue(c.args[i]))
	case Omitted, Attribute, Keyword, Call, Compare, Concat:
	}
	return 0, false
}

func textValue(node Node) attr.Value { return attr.Text(node.Text) }

func notEmpty(text string) error {
	if text == "" {
		return errors.New("the text is empty")
	}
	return nil
}

func checkInterval(text string) error {
	if !isInterval(text) {
		return fmt.Errorf("the interval %q is none of yyyy, m, d, ww, h, n, s", shorten(text))
	}
	return nil
}

func checkDate(text string) error {
	if text == "" {
		return nil
	}
	if _, err := parseDate(text); err != nil {
		return fmt.Errorf("%q is not a date: %w", shorten(text), err)
	}
	return nil
}

func checkReplace(c *constantChecker) {
	mode, err := replaceModeOf(c.args)
	if err != nil {
		c.faults.add(c.node.Pos, "Replace: %v", err)
	}
	if !replaceHas(c.args, replacePattern) || c.args[replacePattern].Kind != Text {
		return
	}
	pattern, err := compilePattern(c.args[replacePattern].Text)
	if err != nil {
		c.faults.add(c.args[replacePattern].Pos, "%v", err)
		return
	}
	if (mode == replaceGroups || mode == replaceEmptySource) && c.args[replaceGroup].Kind == Text {
		if err := hasGroup(pattern, c.args[replaceGroup].Text); err != nil {
			c.faults.add(c.args[replaceGroup].Pos, "%v", err)
		}
	}
}

func checkFormatDateTime(c *constantChecker) {
	c.text(1, func(text string) error { _, err := parseDateStyles(text); return err })
	for i := 2; i < 4; i++ {
		c.text(i, func(text string) error { _, err := compileDateFormat(text); return err })
	}
}

func checkRandomString(c *constantChecker) {
	var numbers [5]int64
	for i := range numbers {
		number, ok := c.number(i)
		if !ok {
			return
		}
		numbers[i] = number
	}
	if err := checkRandomLengths(numbers); err != nil {
		c.faults.add(c.node.Pos, "RandomString: %v", err)
	}
}
