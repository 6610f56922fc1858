package sqlstore

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/usher-id/usher/attr"
)

// The attributes of a user or group are kept as a JSON object from attribute name
// to value, each in the canonical JSON of package attr. Attributes without a value
// are not kept: in the directory null and absent are the same.

// normalize returns attributes as they are kept, as those of this object.
func normalize(attributes attr.Object, objectType, id string) attr.Object {
	builder := attr.NewBuilder(objectType, id, attributes.Len())
	for name, value := range attributes.All() {
		if !value.IsNull() {
			builder.Set(name, value)
		}
	}
	return builder.Object()
}

func encodeAttributes(attributes attr.Object) string {
	b := make([]byte, 0, 32*(1+attributes.Len()))
	b = append(b, '{')
	for name, value := range attributes.All() {
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = attr.Text(name).AppendJSON(b)
		b = append(b, ':')
		b = value.AppendJSON(b)
	}
	return string(append(b, '}'))
}

// decodeAttributes reads what encodeAttributes wrote. Reading users is most of what
// a cycle asks of the database, so texts without escapes, booleans, numbers and
// lists of them, which is nearly all there is, are read here; anything else is left
// to encoding/json.
func decodeAttributes(text, objectType, id string) (attr.Object, error) {
	builder := attr.NewBuilder(objectType, id, strings.Count(text, `":`))
	if scanAttributes(text, builder) {
		return builder.Object(), nil
	}
	var values map[string]attr.Value
	if err := json.Unmarshal([]byte(text), &values); err != nil {
		return attr.Object{}, fmt.Errorf("read attributes of %s %s: %w", objectType, id, err)
	}
	return attr.New(objectType, id, values), nil
}

// scanAttributes reports false for what it does not know how to read.
func scanAttributes(text string, builder *attr.Builder) bool {
	rest, ok := strings.CutPrefix(text, "{")
	if !ok {
		return false
	}
	if rest == "}" {
		return true
	}
	for {
		name, after, ok := scanText(rest)
		if !ok || after == "" || after[0] != ':' {
			return false
		}
		value, after, ok := scanValue(after[1:])
		if !ok || after == "" {
			return false
		}
		builder.Set(name, value)
		if after == "}" {
			return true
		}
		if after[0] != ',' {
			return false
		}
		rest = after[1:]
	}
}

func scanValue(text string) (value attr.Value, rest string, ok bool) {
	if text == "" {
		return attr.Value{}, "", false
	}
	switch c := text[0]; {
	case c == '"':
		plain, rest, ok := scanText(text)
		return attr.Text(plain), rest, ok
	case strings.HasPrefix(text, "true"):
		return attr.Bool(true), text[4:], true
	case strings.HasPrefix(text, "false"):
		return attr.Bool(false), text[5:], true
	case c == '-' || '0' <= c && c <= '9':
		return scanNumber(text)
	case c == '[':
		return scanList(text[1:])
	}
	return attr.Value{}, "", false
}

func scanText(text string) (plain, rest string, ok bool) {
	if text == "" || text[0] != '"' {
		return "", "", false
	}
	end := strings.IndexByte(text[1:], '"')
	if end < 0 {
		return "", "", false
	}
	plain = text[1 : 1+end]
	return plain, text[end+2:], strings.IndexByte(plain, '\\') < 0
}

func scanNumber(text string) (value attr.Value, rest string, ok bool) {
	end := strings.IndexAny(text, ",]}")
	if end < 0 {
		return attr.Value{}, "", false
	}
	number, err := strconv.ParseInt(text[:end], 10, 64)
	return attr.Int(number), text[end:], err == nil
}

func scanList(text string) (value attr.Value, rest string, ok bool) {
	if rest, ok := strings.CutPrefix(text, "]"); ok {
		return attr.Values(), rest, true
	}
	var items []attr.Value
	for {
		item, rest, ok := scanValue(text)
		if !ok || rest == "" {
			return attr.Value{}, "", false
		}
		items = append(items, item)
		switch rest[0] {
		case ']':
			return attr.Values(items...), rest[1:], true
		case ',':
			text = rest[1:]
		default:
			return attr.Value{}, "", false
		}
	}
}
