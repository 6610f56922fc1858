package expr

import (
	"math"
	"strings"
	"unicode/utf8"

	"github.com/usher-id/usher/attr"
)

//nolint:gochecknoglobals // compile-time table
var textFunctions = []definition{
	{
		Function: Function{
			Name: "Append", Result: TypeString, Reference: true,
			Summary:    "Puts a text behind another one.",
			Parameters: []FunctionParameter{required("source", TypeString, "Usually an attribute."), required("suffix", TypeString, "What is put behind it.")},
			Example:    Example{Expression: `Append([mailNickname], "@contoso.com")`, Inputs: map[string]string{"mailNickname": "ana"}, Result: "ana@contoso.com"},
		}, build: simple(evalAppend),
	},
	{
		Function: Function{
			Name: "Prepend", Result: TypeString,
			Summary:    "Puts a text in front of another one.",
			Parameters: []FunctionParameter{required("prefix", TypeString, "What is put in front."), required("source", TypeString, "Usually an attribute.")},
			Example:    Example{Expression: `Prepend("EMP-", [employeeId])`, Inputs: map[string]string{"employeeId": "0815"}, Result: "EMP-0815"},
		}, build: buildPrepend,
	},
	{
		Function: Function{
			Name: "Join", Result: TypeString, Reference: true,
			Summary: "Joins texts with a separator between them; empty ones are left out, and every value of a multi-valued one takes part.",
			Parameters: []FunctionParameter{
				required("separator", TypeString, "Stands between the texts; may be empty."),
				{Name: "source", Key: "source", Type: TypeAny, Required: true, Repeats: true, Summary: "What is joined."},
			},
			Example: Example{Expression: `Join(" ", [givenName], [middleName], [surname])`, Inputs: map[string]string{"givenName": "Ana", "surname": "Lima"}, Result: "Ana Lima"},
		}, build: simple(evalJoin),
	},
	{
		Function: Function{
			Name: "Left", Result: TypeString, Reference: true,
			Summary:    "Returns the first characters of a text; all of them when the number is negative or larger than the text.",
			Parameters: []FunctionParameter{required("string", TypeString, "The text."), required("numChars", TypeInteger, "How many characters.")},
			Example:    Example{Expression: `Left([department], 4)`, Inputs: map[string]string{"department": "Research"}, Result: "Rese"},
		}, build: simple(evalLeft),
	},
	{
		Function: Function{
			Name: "Mid", Result: TypeString, Reference: true,
			Summary: "Returns a part of a text; it ends with the text when the length goes beyond.",
			Parameters: []FunctionParameter{
				required("source", TypeString, "The text."), required("start", TypeInteger, "Where the part starts; the first character is 1."),
				required("length", TypeInteger, "How many characters; up to the end when it is not there."),
			},
			Example: Example{Expression: `Mid([userPrincipalName], 1, 8)`, Inputs: map[string]string{"userPrincipalName": "ana.lima@contoso.com"}, Result: "ana.lima"},
		}, build: simple(evalMid),
	},
	{
		Function: Function{
			Name: "InStr", Result: TypeInteger, Reference: true,
			Summary: "Returns where a text occurs in another one: 1 for the first character, 0 when it does not.",
			Parameters: []FunctionParameter{
				required("value1", TypeString, "The text that is searched."), required("value2", TypeString, "The text that is looked for."),
				optional("start", TypeInteger, "Where the search starts; 1 when left out."), compareType(),
			},
			Example: Example{Expression: `InStr([mail], "@")`, Inputs: map[string]string{"mail": "ana@contoso.com"}, Result: "4"},
		}, build: buildInStr,
	},
	{
		Function: Function{
			Name: "StripSpaces", Result: TypeString, Reference: true,
			Summary:    "Removes every space character.",
			Parameters: []FunctionParameter{required("source", TypeString, "The text.")},
			Example:    Example{Expression: `StripSpaces([displayName])`, Inputs: map[string]string{"displayName": "Ana de Lima"}, Result: "AnadeLima"},
		}, build: simple(func(c *call, f *frame) (attr.Value, error) { return c.mapText(f, stripSpaces) }),
	},
	{
		Function: Function{
			Name: "Trim", Result: TypeString,
			Summary:    "Removes white space from both ends; of a multi-valued one, from every value.",
			Parameters: []FunctionParameter{required("value", TypeString, "The text.")},
			Example:    Example{Expression: `Trim([city])`, Inputs: map[string]string{"city": " Porto "}, Result: "Porto"},
		}, build: simple(func(c *call, f *frame) (attr.Value, error) { return c.mapText(f, trim) }),
	},
	{
		Function: Function{
			Name: "Word", Result: TypeString, Reference: true,
			Summary: "Returns one word of a text; empty when there are not that many.",
			Parameters: []FunctionParameter{
				required("string", TypeString, "The text."), required("wordNumber", TypeInteger, "Which word; the first one is 1."),
				required("delimiters", TypeString, "The characters that separate words."),
			},
			Example: Example{Expression: `Word([displayName], 2, " ,")`, Inputs: map[string]string{"displayName": "Lima, Ana"}, Result: "Ana"},
		}, build: simple(evalWord),
	},
}

// simple is for functions with nothing to prepare.
func simple(evaluate func(*call, *frame) (attr.Value, error)) func(*call) (evaluator, error) {
	return func(c *call) (evaluator, error) {
		return func(f *frame) (attr.Value, error) { return evaluate(c, f) }, nil
	}
}

func required(name string, kind Type, summary string) FunctionParameter {
	return FunctionParameter{Name: name, Key: name, Type: kind, Required: true, Summary: summary}
}

func optional(name string, kind Type, summary string) FunctionParameter {
	return FunctionParameter{Name: name, Key: name, Type: kind, Summary: summary}
}

// keyed gives a parameter the name that Graph knows it by.
func keyed(parameter FunctionParameter, key string) FunctionParameter {
	parameter.Key = key
	return parameter
}

func evalAppend(c *call, f *frame) (attr.Value, error) {
	suffix, err := c.text(f, 1)
	if err != nil {
		return attr.Value{}, err
	}
	return c.mapText(f, func(source string) (string, error) { return source + suffix, nil })
}

func buildPrepend(c *call) (evaluator, error) {
	// The source is the second argument here, the first one everywhere else.
	source := &call{name: c.name, pos: c.pos, args: c.args[1:], nodes: c.nodes[1:]}
	return func(f *frame) (attr.Value, error) {
		prefix, err := c.text(f, 0)
		if err != nil {
			return attr.Value{}, err
		}
		return source.mapText(f, func(text string) (string, error) { return prefix + text, nil })
	}, nil
}

func evalJoin(c *call, f *frame) (attr.Value, error) {
	separator, err := c.text(f, 0)
	if err != nil {
		return attr.Value{}, err
	}
	var joined strings.Builder
	for i := 1; i < len(c.args); i++ {
		source, err := c.value(f, i)
		if err != nil {
			return attr.Value{}, err
		}
		if source.Kind() != attr.List {
			err = c.joinOne(f, &joined, separator, source)
		}
		for _, item := range listItems(source) {
			if err == nil {
				err = c.joinOne(f, &joined, separator, item)
			}
		}
		if err != nil {
			return attr.Value{}, err
		}
	}
	return attr.Text(joined.String()), nil
}

// listItems returns the values of a list, and nothing for any other value.
func listItems(value attr.Value) []attr.Value {
	if value.Kind() != attr.List {
		return nil
	}
	return value.Items()
}

func (c *call) joinOne(f *frame, joined *strings.Builder, separator string, value attr.Value) error {
	text, err := c.textOf(f, value)
	if err != nil || text == "" {
		return err
	}
	if joined.Len() > 0 {
		joined.WriteString(separator)
	}
	joined.WriteString(text)
	if joined.Len() > maxText {
		return c.charge(f, joined.Len())
	}
	return c.charge(f, len(separator)+len(text))
}

func evalLeft(c *call, f *frame) (attr.Value, error) {
	text, err := c.text(f, 0)
	if err != nil {
		return attr.Value{}, err
	}
	number, err := c.integer(f, 1)
	if err != nil {
		return attr.Value{}, err
	}
	if number < 0 {
		return attr.Text(text), nil
	}
	return attr.Text(substring(text, 0, number)), nil
}

func evalMid(c *call, f *frame) (attr.Value, error) {
	text, err := c.text(f, 0)
	if err != nil {
		return attr.Value{}, err
	}
	start, err := c.integer(f, 1)
	if err != nil {
		return attr.Value{}, err
	}
	length := int64(math.MaxInt64)
	if c.has(2) {
		length, err = c.integer(f, 2)
	}
	switch {
	case err != nil:
		return attr.Value{}, err
	case start < 1:
		return attr.Value{}, c.fail("start is %d, but the first character is 1", start)
	case length < 0:
		return attr.Value{}, c.fail("length is %d, but cannot be negative", length)
	}
	return attr.Text(substring(text, start-1, length)), nil
}

// substring returns length characters from the one at start, which counts from
// 0, or what there is of them. It shares memory with the text.
func substring(text string, start, length int64) string {
	from := offsetOf(text, start)
	rest := text[from:]
	return rest[:offsetOf(rest, length)]
}

// offsetOf returns the byte offset of the n-th character, at most the length.
func offsetOf(text string, n int64) int {
	if n >= int64(len(text)) {
		return len(text)
	}
	offset := 0
	for ; n > 0 && offset < len(text); n-- {
		_, size := utf8.DecodeRuneInString(text[offset:])
		offset += size
	}
	return offset
}

func stripSpaces(text string) (string, error) { return strings.ReplaceAll(text, " ", ""), nil }

func trim(text string) (string, error) { return strings.TrimSpace(text), nil }

func evalWord(c *call, f *frame) (attr.Value, error) {
	text, err := c.text(f, 0)
	if err != nil {
		return attr.Value{}, err
	}
	number, err := c.integer(f, 1)
	if err != nil {
		return attr.Value{}, err
	}
	delimiters, err := c.text(f, 2)
	if err != nil {
		return attr.Value{}, err
	}
	words := strings.FieldsFuncSeq(text, oneOf(delimiters))
	for word := range words {
		if number--; number == 0 {
			return attr.Text(word), nil
		}
	}
	return attr.Text(""), nil
}

// oneOf returns a test for the characters of a text.
func oneOf(characters string) func(rune) bool {
	const few = 16
	if len(characters) <= few {
		return func(r rune) bool { return strings.ContainsRune(characters, r) }
	}
	set := make(map[rune]bool, len(characters))
	for _, r := range characters {
		set[r] = true
	}
	return func(r rune) bool { return set[r] }
}

// compareType is the parameter of InStr and Contains.
func compareType() FunctionParameter {
	return optional("compareType", TypeKeyword, "vbBinaryCompare for exact letter case, which is the default, or vbTextCompare for any letter case.")
}

// anyCase evaluates the compareType argument at i.
func (c *call) anyCase(f *frame, i int) (bool, error) {
	name, err := c.text(f, i)
	switch {
	case err != nil:
		return false, err
	case name == "" || name == keywordBinaryCompare:
		return false, nil
	case name == keywordTextCompare:
		return true, nil
	}
	return false, c.fail("compareType is %s or %s, not %q", keywordTextCompare, keywordBinaryCompare, shorten(name))
}

func buildInStr(c *call) (evaluator, error) {
	return func(f *frame) (attr.Value, error) {
		text, err := c.text(f, 0)
		if err != nil {
			return attr.Value{}, err
		}
		wanted, err := c.text(f, 1)
		if err != nil {
			return attr.Value{}, err
		}
		start := int64(1)
		if c.has(2) {
			if start, err = c.integer(f, 2); err != nil {
				return attr.Value{}, err
			}
		}
		if start < 1 {
			return attr.Value{}, c.fail("start is %d, but the first character is 1", start)
		}
		anyCase, err := c.anyCase(f, 3)
		if err != nil {
			return attr.Value{}, err
		}
		return attr.Int(indexFrom(text, wanted, start, anyCase)), nil
	}, nil
}

// indexFrom returns the place of wanted in text at or behind start, counting
// characters from 1, and 0 when it is not there.
func indexFrom(text, wanted string, start int64, anyCase bool) int64 {
	if anyCase {
		text, wanted = strings.ToLower(text), strings.ToLower(wanted)
	}
	from := offsetOf(text, start-1)
	index := strings.Index(text[from:], wanted)
	if index < 0 || text == "" || start > int64(utf8.RuneCountInString(text)) {
		return 0
	}
	return start + int64(utf8.RuneCountInString(text[from:from+index]))
}
