package salesforcetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// member is one name and value of a JSON object, in the order of the text.
// value is nil, bool, json.Number, string, []member or []any.
type member struct {
	name  string
	value any
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

// appendStrings writes a list of texts.
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
