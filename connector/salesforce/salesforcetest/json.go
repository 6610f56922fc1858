package salesforcetest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// member is one name and value of a JSON object, in the order of the text.
// value is nil, bool, json.Number, string, []member or []any.
type member struct {
	name  string
	value any
}

// decodeJSON reads one JSON value, keeping the order of members.
func decodeJSON(body []byte) (any, *apiError) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	value, err := decodeValue(decoder, 0)
	if err == nil {
		if _, trailing := decoder.Token(); !errors.Is(trailing, io.EOF) {
			err = errors.New("content after the end of the value")
		}
	}
	if err == nil {
		return value, nil
	}
	line, column := 1+bytes.Count(body[:decoder.InputOffset()], []byte{'\n'}), 1
	if at := bytes.LastIndexByte(body[:decoder.InputOffset()], '\n'); at >= 0 {
		column = int(decoder.InputOffset()) - at
	} else {
		column += int(decoder.InputOffset())
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, malformedJSON("Unexpected end-of-input at [line:%d, column:%d]", line, column)
	}
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok && syntax.Offset > 0 && int(syntax.Offset) <= len(body) {
		c, _ := utf8.DecodeRune(body[syntax.Offset-1:])
		return nil, malformedJSON("Unexpected character ('%c' (code %d)) at [line:%d, column:%d]", c, c, line, column)
	}
	return nil, malformedJSON("Unexpected content (%v) at [line:%d, column:%d]", err, line, column)
}

func decodeValue(decoder *json.Decoder, depth int) (any, error) {
	if depth > 100 {
		return nil, errors.New("nested too deeply")
	}
	token, err := decoder.Token()
	if err != nil {
		return nil, err
	}
	delimiter, nested := token.(json.Delim)
	if !nested {
		return token, nil
	}
	if delimiter == '[' {
		list := []any{}
		for decoder.More() {
			value, err := decodeValue(decoder, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, value)
		}
		_, err = decoder.Token()
		return list, err
	}
	members := []member{}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		value, err := decodeValue(decoder, depth+1)
		if err != nil {
			return nil, err
		}
		members = append(members, member{name.(string), value})
	}
	_, err = decoder.Token()
	return members, err
}

// find returns the value of a member by its name in any case.
func find(members []member, name string) (any, bool) {
	for _, m := range members {
		if strings.EqualFold(m.name, name) {
			return m.value, true
		}
	}
	return nil, false
}

// findText returns a member as text; numbers and booleans too.
func findText(members []member, name string) string {
	value, _ := find(members, name)
	switch v := value.(type) {
	case string:
		return v
	case json.Number, bool:
		return fmt.Sprint(v)
	}
	return ""
}

// findBoolean reads true and "true".
func findBoolean(members []member, name string) bool {
	return strings.EqualFold(findText(members, name), "true")
}

// appendString writes a JSON string.
func appendString(buffer []byte, text string) []byte {
	plain := true
	for i := range len(text) {
		if c := text[i]; c < 0x20 || c >= 0x7f || c == '"' || c == '\\' {
			plain = false
			break
		}
	}
	if plain {
		buffer = append(buffer, '"')
		buffer = append(buffer, text...)
		return append(buffer, '"')
	}
	var quoted bytes.Buffer
	encoder := json.NewEncoder(&quoted)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(text); err != nil {
		return append(buffer, `""`...)
	}
	return append(buffer, bytes.TrimSuffix(quoted.Bytes(), []byte{'\n'})...)
}

func appendStrings(buffer []byte, list []string) []byte {
	buffer = append(buffer, '[')
	for i, text := range list {
		if i > 0 {
			buffer = append(buffer, ',')
		}
		buffer = appendString(buffer, text)
	}
	return append(buffer, ']')
}

// appendJSON writes a decoded value, or one made of members, lists, texts,
// numbers, booleans and ready JSON.
func appendJSON(buffer []byte, value any) []byte {
	switch v := value.(type) {
	case []member:
		buffer = append(buffer, '{')
		for i, m := range v {
			if i > 0 {
				buffer = append(buffer, ',')
			}
			buffer = appendString(buffer, m.name)
			buffer = append(buffer, ':')
			buffer = appendJSON(buffer, m.value)
		}
		return append(buffer, '}')
	case []any:
		buffer = append(buffer, '[')
		for i, item := range v {
			if i > 0 {
				buffer = append(buffer, ',')
			}
			buffer = appendJSON(buffer, item)
		}
		return append(buffer, ']')
	case string:
		return appendString(buffer, v)
	case json.Number:
		return append(buffer, v...)
	case bool:
		return append(buffer, truth(v)...)
	case int:
		return strconv.AppendInt(buffer, int64(v), 10)
	case []string:
		return appendStrings(buffer, v)
	case json.RawMessage:
		return append(buffer, v...)
	}
	return append(buffer, "null"...)
}
