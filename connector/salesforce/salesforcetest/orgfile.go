package salesforcetest

import (
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// FileError is one thing that is wrong with an org file.
type FileError struct {
	Line    int // from 1; 0 when it concerns the whole file
	Message string
}

// FileErrors is everything that is wrong with an org file, in the order of lines.
type FileErrors []FileError

// Error lists the faults, one in a line.
func (f FileErrors) Error() string {
	texts := make([]string, len(f))
	for i, fault := range f {
		texts[i] = fmt.Sprintf("line %d: %s", fault.Line, fault.Message)
	}
	return strings.Join(texts, "\n")
}

// ReadConfig reads an org file: YAML with the keys of [Config]. What the file
// leaves out is that of [Default]. All faults are reported at once: the error is
// FileErrors unless reading itself fails.
func ReadConfig(file io.Reader) (Config, error) {
	var config Config
	err := readFile(file, &config, func(r *fileReader) { r.check(config) })
	if err != nil {
		return Config{}, err
	}
	return config, nil
}

// ReadFaults reads a schedule of faults: a list in YAML, or in JSON, whose
// entries have the keys of [Fault]. Errors are those of [ReadConfig].
func ReadFaults(file io.Reader) ([]Fault, error) {
	var faults []Fault
	err := readFile(file, &faults, func(r *fileReader) { r.checkFaults("", faults) })
	if err != nil {
		return nil, err
	}
	return faults, nil
}

// readFile decodes the one document of a file, and has it checked if that went well.
func readFile(file io.Reader, into any, check func(*fileReader)) error {
	content, err := io.ReadAll(file)
	if err != nil {
		return fmt.Errorf("read file of the simulated org: %w", err)
	}
	parsed, err := parser.ParseBytes(content, 0)
	if err != nil {
		return FileErrors{{Message: yaml.FormatError(err, false, false)}}
	}
	r := &fileReader{lines: map[string]int{}}
	if len(parsed.Docs) > 1 {
		r.fault(parsed.Docs[1].Start.Position.Line, "the file must have one document")
	}
	if len(parsed.Docs) > 0 && parsed.Docs[0].Body != nil {
		r.decode(parsed.Docs[0].Body, reflect.ValueOf(into).Elem(), "")
	}
	if len(r.faults) == 0 {
		check(r)
	}
	if len(r.faults) == 0 {
		return nil
	}
	slices.SortStableFunc(r.faults, func(a, b FileError) int { return a.Line - b.Line })
	return r.faults
}

// fileReader decodes the tree of a file and remembers where everything stood.
type fileReader struct {
	faults FileErrors
	lines  map[string]int // by path, such as users[2].profile
}

// fault notes what is wrong at a line.
func (r *fileReader) fault(line int, format string, arguments ...any) {
	r.faults = append(r.faults, FileError{Line: line, Message: fmt.Sprintf(format, arguments...)})
}

// lineOf is the line on which a node begins.
func lineOf(node ast.Node) int {
	if token := node.GetToken(); token != nil && token.Position != nil {
		return token.Position.Line
	}
	return 0
}

// decode fills a value from a node. It goes on after a fault.
func (r *fileReader) decode(node ast.Node, into reflect.Value, path string) {
	r.lines[path] = lineOf(node)
	if node.Type() == ast.NullType {
		return
	}
	switch into.Kind() {
	case reflect.Struct:
		r.decodeStruct(node, into, path)
	case reflect.Slice:
		r.decodeSlice(node, into, path)
	case reflect.Map:
		r.decodeMap(node, into, path)
	default:
		r.decodeScalar(node, into, path)
	}
}

// decodeStruct fills the fields by their yaml names.
func (r *fileReader) decodeStruct(node ast.Node, into reflect.Value, path string) {
	mapping, ok := node.(ast.MapNode)
	if !ok {
		r.fault(lineOf(node), "%s must be a mapping", shown(path))
		return
	}
	for pairs := mapping.MapRange(); pairs.Next(); {
		key := pairs.Key().GetToken().Value // without quotes
		field, found := fieldByKey(into.Type(), key)
		if !found {
			r.fault(lineOf(pairs.Key()), "unknown key %q in %s; known are %s", key, shown(path), strings.Join(yamlKeys(into.Type()), ", "))
			continue
		}
		r.decode(pairs.Value(), into.FieldByIndex(field.Index), joinPath(path, key))
	}
}

// joinPath names a member of what path names.
func joinPath(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// shown is a path as people read it.
func shown(path string) string {
	if path == "" {
		return "the file"
	}
	return path
}

// fieldByKey finds the field of a key. A field without a key is not for files.
func fieldByKey(t reflect.Type, key string) (reflect.StructField, bool) {
	for field := range t.Fields() {
		if field.Tag.Get("yaml") == key && key != "-" {
			return field, true
		}
	}
	return reflect.StructField{}, false
}

// yamlKeys lists the keys that a mapping may have.
func yamlKeys(t reflect.Type) []string {
	var keys []string
	for field := range t.Fields() {
		if key := field.Tag.Get("yaml"); key != "-" && key != "" {
			keys = append(keys, key)
		}
	}
	return keys
}

// decodeSlice fills a list, each entry for itself.
func (r *fileReader) decodeSlice(node ast.Node, into reflect.Value, path string) {
	sequence, ok := node.(*ast.SequenceNode)
	if !ok {
		r.fault(lineOf(node), "%s must be a list", shown(path))
		return
	}
	list := reflect.MakeSlice(into.Type(), len(sequence.Values), len(sequence.Values))
	for i, item := range sequence.Values {
		r.decode(item, list.Index(i), fmt.Sprintf("%s[%d]", path, i))
	}
	into.Set(list)
}

// decodeMap fills a mapping of scalars by free names.
func (r *fileReader) decodeMap(node ast.Node, into reflect.Value, path string) {
	mapping, ok := node.(ast.MapNode)
	if !ok {
		r.fault(lineOf(node), "%s must be a mapping", shown(path))
		return
	}
	into.Set(reflect.MakeMap(into.Type()))
	for pairs := mapping.MapRange(); pairs.Next(); {
		key := pairs.Key().GetToken().Value // without quotes
		value := reflect.New(into.Type().Elem()).Elem()
		r.lines[joinPath(path, key)] = lineOf(pairs.Key())
		r.decodeScalar(pairs.Value(), value, joinPath(path, key))
		into.SetMapIndex(reflect.ValueOf(key), value)
	}
}

// decodeScalar reads texts, numbers, booleans and durations.
func (r *fileReader) decodeScalar(node ast.Node, into reflect.Value, path string) {
	var value any
	if err := yaml.NodeToValue(node, &value); err != nil {
		r.fault(lineOf(node), "%s: %s", shown(path), err)
		return
	}
	switch target := into.Addr().Interface().(type) {
	case *time.Duration:
		d, err := time.ParseDuration(fmt.Sprint(value))
		if err != nil || d < 0 {
			r.fault(lineOf(node), "%s must be a duration such as 20ms, not %v", shown(path), value)
		}
		*target = d
		return
	case *any:
		*target = value
		return
	}
	given := reflect.ValueOf(value)
	switch into.Kind() {
	case reflect.String:
		switch value.(type) {
		case string, uint64, int64, float64:
			into.SetString(fmt.Sprint(value))
			return
		}
	case reflect.Bool:
		if given.Kind() == reflect.Bool {
			into.SetBool(given.Bool())
			return
		}
	case reflect.Int:
		if given.CanInt() {
			into.SetInt(given.Int())
			return
		}
		if given.CanUint() {
			into.SetInt(int64(given.Uint())) //nolint:gosec // counts of seats.
			return
		}
	default:
	}
	r.fault(lineOf(node), "%s must be a %s, not %v", shown(path), wordFor(into.Kind()), value)
}

// wordFor is a kind of value as people call it.
func wordFor(kind reflect.Kind) string {
	switch kind {
	case reflect.Bool:
		return "boolean"
	case reflect.Int:
		return "whole number"
	default:
		return "text"
	}
}
