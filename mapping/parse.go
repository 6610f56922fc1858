package mapping

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// Parse reads a schema document and fills in what clients leave out: flowType
// Always, flowBehavior FlowWhenChanged, flowTypes Add,Update,Delete, enabled true,
// type String, mutability ReadWrite. A document that is not JSON or has a wrong
// form gives an error with the places; whether it makes sense is for Compile.
func Parse(data []byte) (Schema, error) {
	var schema Schema
	data = bytes.TrimPrefix(data, []byte("\ufeff")) // as Windows programs put it there
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return schema, errors.New("read synchronization schema: the document is UTF-16; save it as UTF-8")
	}
	err := json.Unmarshal(data, &schema)
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		if places := wrongPlaces(data, wrong); len(places) > 0 {
			return Schema{}, fmt.Errorf("read synchronization schema: %s", strings.Join(places, "; "))
		}
	}
	if err != nil {
		return Schema{}, fmt.Errorf("read synchronization schema: %w", err)
	}
	return schema, nil
}

// wrongPlaces returns every place of the member that the error is about where it has
// the wrong type, with its path: encoding/json tells the first one, and not which
// element of a list it is in.
func wrongPlaces(data []byte, wrong *json.UnmarshalTypeError) []string {
	var document any
	if err := json.Unmarshal(data, &document); err != nil {
		return nil
	}
	kind := wrong.Type.Kind()
	var places []string
	var walk func(path string, value any, members []string)
	walk = func(path string, value any, members []string) {
		list, isList := value.([]any)
		switch object, isObject := value.(map[string]any); {
		case len(members) == 0 && (!isList || kind == reflect.Slice || kind == reflect.Map || kind == reflect.Struct):
			if value != nil && !holds(kind, value) {
				places = append(places, fmt.Sprintf("%s is %s, want %s", path, kindOfJSON(value), kindInJSON(kind)))
			}
		case isList:
			for i, element := range list {
				walk(fmt.Sprintf("%s[%d]", path, i), element, members)
			}
		case isObject && len(members) > 0:
			for name, member := range object {
				if strings.EqualFold(name, members[0]) {
					walk(strings.TrimPrefix(path+"."+name, "."), member, members[1:])
				}
			}
		}
	}
	walk("", document, strings.Split(wrong.Field, "."))
	return places
}

// holds reports whether a member of this kind can hold the JSON value.
func holds(kind reflect.Kind, value any) bool { return kindOfJSON(value) == kindInJSON(kind) }

// kindOfJSON names the type of a JSON value.
func kindOfJSON(value any) string {
	switch value.(type) {
	case string:
		return "a text"
	case bool:
		return "true or false"
	case float64:
		return "a number"
	case []any:
		return "a list"
	case map[string]any:
		return "an object"
	}
	return "null"
}

// kindInJSON names the type of JSON value that a member of this kind takes.
func kindInJSON(kind reflect.Kind) string {
	switch kind { //nolint:exhaustive // the schema has members of these kinds.
	case reflect.String:
		return "a text"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice:
		return "a list"
	case reflect.Struct, reflect.Map:
		return "an object"
	}
	return "a number"
}
