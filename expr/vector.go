package expr

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/usher-id/usher/attr"
)

// Vector is one row of a file of test vectors: an expression, what it is given
// and what it must come to.
//
// Such a file has tab-separated columns, named by its first row; function,
// expression, inputs and expected are needed, others are remarks. Blank lines and
// lines that start with # are skipped.
//
// Inputs is a JSON object of attributes (see [ReadInput]). Expected is the value
// as JSON, {"$flow": "ignore-attribute"}, {"$flow": "ignore-object"}, or
// {"$error": "..."} for an error whose message contains the text. A boolean or
// number and its text are the same, as they are in the language.
type Vector struct {
	Line                                   int
	Function, Expression, Inputs, Expected string
}

// ReadVectors reads a file of test vectors.
func ReadVectors(r io.Reader) ([]Vector, error) {
	scanner := bufio.NewScanner(r)
	scanner.Buffer(nil, maxText)
	var columns map[string]int
	var vectors []Vector
	for line := 1; scanner.Scan(); line++ {
		text := strings.TrimSuffix(scanner.Text(), "\r")
		if strings.TrimSpace(text) == "" || strings.HasPrefix(text, "#") {
			continue
		}
		cells := strings.Split(text, "\t")
		if columns == nil {
			var err error
			if columns, err = vectorColumns(cells); err != nil {
				return nil, fmt.Errorf("read test vectors: line %d: %w", line, err)
			}
			continue
		}
		vector, err := newVector(line, cells, columns)
		if err != nil {
			return nil, fmt.Errorf("read test vectors: line %d: %w", line, err)
		}
		vectors = append(vectors, vector)
	}
	if err := scanner.Err(); err != nil {
		return nil, fmt.Errorf("read test vectors: %w", err)
	}
	if columns == nil {
		return nil, errors.New("read test vectors: the first row with the names of the columns is missing")
	}
	return vectors, nil
}

func vectorColumns(cells []string) (map[string]int, error) {
	columns := make(map[string]int, len(cells))
	for i, name := range cells {
		columns[strings.TrimSpace(name)] = i
	}
	for _, name := range []string{"function", "expression", "inputs", "expected"} {
		if _, ok := columns[name]; !ok {
			return nil, fmt.Errorf("there is no column %q", name)
		}
	}
	return columns, nil
}

func newVector(line int, cells []string, columns map[string]int) (Vector, error) {
	cell := func(name string) string {
		if i := columns[name]; i < len(cells) {
			return cells[i]
		}
		return ""
	}
	vector := Vector{Line: line, Function: cell("function"), Expression: cell("expression"), Inputs: cell("inputs"), Expected: cell("expected")}
	if vector.Expression == "" || vector.Expected == "" {
		return Vector{}, errors.New("expression or expected is empty")
	}
	return vector, nil
}

// Run evaluates the vector and returns an error that says what it came to when
// that is not what was expected.
func (v Vector) Run() error {
	expected, err := decodeJSON([]byte(v.Expected))
	if err != nil {
		return fmt.Errorf("expected: %w", err)
	}
	result, err := v.evaluate()
	if err != nil {
		wanted, ok := special(expected, "$error")
		if !ok || !strings.Contains(err.Error(), wanted) {
			return err
		}
		return nil
	}
	if flow, ok := special(expected, "$flow"); ok && flow == result.Flow.String() {
		return nil
	}
	got := displayResult(result)
	if result.Flow == FlowValue && sameAsJSON(result.Value, expected) {
		return nil
	}
	return fmt.Errorf("got %s, expected %s", got, v.Expected)
}

func (v Vector) evaluate() (Result, error) {
	node, err := Parse(v.Expression)
	if err != nil {
		return Result{}, err
	}
	if err := Check(node, Environment{}); err != nil {
		return Result{}, err
	}
	program, err := Compile(node)
	if err != nil {
		return Result{}, err
	}
	input, err := ReadInput([]byte(v.Inputs))
	if err != nil {
		return Result{}, err
	}
	return program.Eval(input)
}

// displayResult returns the value as JSON, or the flow in the form of a vector.
func displayResult(result Result) string {
	if result.Flow != FlowValue {
		return fmt.Sprintf(`{"$flow": %q}`, result.Flow.String())
	}
	return string(result.Value.AppendJSON(nil))
}

// special returns the text of an object with this one member.
func special(expected any, member string) (string, bool) {
	object, ok := expected.(map[string]any)
	if !ok || len(object) != 1 {
		return "", false
	}
	text, ok := object[member].(string)
	return text, ok
}

// sameAsJSON compares a value with decoded JSON.
func sameAsJSON(value attr.Value, expected any) bool {
	switch expected := expected.(type) {
	case nil:
		return value.IsNull()
	case string:
		return value.Kind() != attr.Null && value.Kind() != attr.List && value.Kind() != attr.Complex && value.String() == expected
	case bool:
		return (value.Kind() == attr.Boolean || value.Kind() == attr.String) && value.String() == attr.Bool(expected).String()
	case json.Number:
		return (value.Kind() == attr.Integer || value.Kind() == attr.String) && value.String() == expected.String()
	case []any:
		return value.Kind() == attr.List && slices.EqualFunc(value.Items(), expected, sameAsJSON)
	case map[string]any:
		return value.Kind() == attr.Complex && sameAsObject(value.Nested(), expected)
	}
	return false
}

func sameAsObject(object attr.Object, expected map[string]any) bool {
	if object.Len() != len(expected) {
		return false
	}
	for name, value := range object.All() {
		if wanted, ok := expected[name]; !ok || !sameAsJSON(value, wanted) {
			return false
		}
	}
	return true
}

// ReadInput makes an input of a JSON object: every member is an attribute of the
// source object; null is an attribute without value, a list a multi-valued one,
// an object a complex value. Members that start with $ set what is not an
// attribute: $now (the time, RFC 3339), $existing (the values that the target
// already has, for SelectUniqueValue) and $domain (the default domain). An empty
// text is an empty object. Without $now the time is zero.
func ReadInput(data []byte) (Input, error) {
	input := Input{}
	if len(bytes.TrimSpace(data)) == 0 {
		return input, nil
	}
	decoded, err := decodeJSON(data)
	if err != nil {
		return Input{}, fmt.Errorf("read inputs: %w", err)
	}
	object, ok := decoded.(map[string]any)
	if !ok {
		return Input{}, errors.New("read inputs: they must be a JSON object")
	}
	builder := attr.NewBuilder("", "", len(object))
	for name, member := range object {
		if strings.HasPrefix(name, "$") {
			err = input.set(name, member)
		} else {
			var value attr.Value
			value, err = valueOfJSON(member)
			builder.Set(name, value)
		}
		if err != nil {
			return Input{}, fmt.Errorf("read inputs: %s: %w", name, err)
		}
	}
	input.Source = builder.Object()
	return input, nil
}

// set sets one of the members that start with $.
func (in *Input) set(name string, member any) error {
	text, isText := member.(string)
	switch {
	case name == "$now" && isText:
		now, err := time.Parse(time.RFC3339, text)
		in.Now = now
		return err
	case name == "$domain" && isText:
		in.DefaultDomain = text
		return nil
	case name == "$existing":
		value, err := valueOfJSON(member)
		in.Exists = func(candidate string) (bool, error) {
			return slices.ContainsFunc(value.Items(), func(item attr.Value) bool { return strings.EqualFold(item.String(), candidate) }), nil
		}
		return err
	case name == "$now" || name == "$domain":
		return errors.New("it must be a text")
	}
	return errors.New("there is no such member; known are $now, $existing and $domain")
}

func decodeJSON(data []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var decoded any
	if err := decoder.Decode(&decoded); err != nil {
		return nil, err
	}
	if decoder.More() {
		return nil, errors.New("there is more than one JSON value")
	}
	return decoded, nil
}

func valueOfJSON(decoded any) (attr.Value, error) {
	switch decoded := decoded.(type) {
	case string:
		return attr.Text(decoded), nil
	case bool:
		return attr.Bool(decoded), nil
	case json.Number:
		number, err := decoded.Int64()
		if err != nil {
			return attr.Value{}, fmt.Errorf("%s is not a whole number of 64 bits", decoded)
		}
		return attr.Int(number), nil
	case []any:
		items := make([]attr.Value, len(decoded))
		for i, item := range decoded {
			var err error
			if items[i], err = valueOfJSON(item); err != nil {
				return attr.Value{}, err
			}
		}
		return attr.Values(items...), nil
	case map[string]any:
		builder := attr.NewBuilder("", "", len(decoded))
		for name, member := range decoded {
			value, err := valueOfJSON(member)
			if err != nil {
				return attr.Value{}, err
			}
			builder.Set(name, value)
		}
		return attr.Nested(builder.Object()), nil
	}
	return attr.Value{}, nil
}
