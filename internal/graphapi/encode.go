package graphapi

import (
	"encoding/json"
	"slices"
	"strconv"

	"github.com/usher-id/usher/attr"
)

// appendJSON appends the entity as JSON, its members in order. Long lists are most of
// what is sent, and encoding/json takes several times as long for a map.
func (e entity) appendJSON(b []byte) ([]byte, error) {
	names := make([]string, 0, len(e))
	for name := range e {
		names = append(names, name)
	}
	slices.Sort(names)
	b = append(b, '{')
	for i, name := range names {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(attr.Text(name).AppendJSON(b), ':')
		var err error
		if b, err = appendValue(b, e[name]); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}

func appendValue(b []byte, value any) ([]byte, error) {
	switch value := value.(type) {
	case nil:
		return append(b, "null"...), nil
	case string:
		return attr.Text(value).AppendJSON(b), nil
	case bool:
		return strconv.AppendBool(b, value), nil
	case int:
		return strconv.AppendInt(b, int64(value), 10), nil
	case int64:
		return strconv.AppendInt(b, value, 10), nil
	case encoded:
		return append(b, value...), nil
	case entity:
		if value == nil {
			return append(b, "null"...), nil
		}
		return value.appendJSON(b)
	case []entity:
		return appendList(b, value, entity.appendTo)
	case []any:
		return appendList(b, value, func(item any, b []byte) ([]byte, error) { return appendValue(b, item) })
	default:
		data, err := json.Marshal(value)
		return append(b, data...), err
	}
}

func (e entity) appendTo(b []byte) ([]byte, error) { return appendValue(b, e) }

func appendList[T any](b []byte, items []T, add func(item T, b []byte) ([]byte, error)) ([]byte, error) {
	b = append(b, '[')
	for i, item := range items {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = add(item, b); err != nil {
			return nil, err
		}
	}
	return append(b, ']'), nil
}
