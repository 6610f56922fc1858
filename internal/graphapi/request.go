package graphapi

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/usher-id/usher/internal/store"
)

// request is one request to a route, authenticated and parsed.
type request struct {
	api     *api
	http    *http.Request
	caller  store.APIClient
	version string // "v1.0", "beta" or "usher/v1"
	base    string // scheme and host of the service: "https://usher.contoso.com"
	path    string // escaped path as it was sent
	keys    map[string]segment
	query   query
	body    []byte // uncompressed
	id      string // request-id
}

// key returns a key of the path. Use it where alternate keys are served, else text.
func (r *request) key(name string) segment { return r.keys[name] }

// text returns a key of the path by its value. An alternate key is an error.
func (r *request) text(name string) (string, error) {
	key := r.keys[name]
	if key.alternate != "" {
		return "", badRequest("The key '%s' is not one that this resource is found by.", key.alternate)
	}
	return key.text, nil
}

// context returns an @odata.context: "users/$entity" becomes the URL of the metadata
// with that fragment.
func (r *request) context(fragment string) string {
	return r.base + "/" + r.version + "/$metadata#" + fragment
}

// link returns the absolute URL of a path below the version.
func (r *request) link(path string) string { return r.base + "/" + r.version + path }

// mediaType returns the type of the body in lower case, without parameters; empty
// when the client did not say.
func (r *request) mediaType() string {
	value := r.http.Header.Get("Content-Type")
	if value == "" {
		return ""
	}
	parsed, _, err := mime.ParseMediaType(value)
	if err != nil {
		return strings.ToLower(value)
	}
	return parsed
}

// decode reads the body, a JSON object, into a struct. Members that the struct does
// not have are ignored; names are taken whatever their letter case.
func (r *request) decode(target any) error {
	if err := r.checkJSON(); err != nil {
		return err
	}
	if err := json.Unmarshal(r.body, target); err != nil {
		return bodyError(err)
	}
	return nil
}

// checkJSON checks that the body is a JSON object in UTF-8.
func (r *request) checkJSON() error {
	switch r.mediaType() {
	case "", "application/json", "text/json":
	default:
		return &Error{
			Status: http.StatusUnsupportedMediaType, Code: codeMediaType,
			Message: "The body must be application/json, not " + r.mediaType() + ".",
		}
	}
	if len(bytes.TrimSpace(r.body)) == 0 {
		return badRequest("Empty Payload. JSON content expected.")
	}
	if !utf8.Valid(r.body) {
		return badRequest("Unable to read JSON request payload: it is not valid UTF-8.")
	}
	if !bytes.HasPrefix(bytes.TrimSpace(r.body), []byte("{")) {
		return badRequest("Unable to read JSON request payload: it must be a JSON object.")
	}
	return nil
}

func bodyError(err error) error {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return badRequest("Invalid value specified for property '%s': it must be a %s, not a %s.", wrong.Field, jsonKind(wrong.Type), wrong.Value)
	}
	if wrong, ok := errors.AsType[*json.SyntaxError](err); ok {
		return badRequest("Unable to read JSON request payload: at position %d: %s.", wrong.Offset, wrong.Error())
	}
	return badRequest("Unable to read JSON request payload: %s.", err.Error())
}

// jsonKind names a type of Go as people who write JSON know it.
func jsonKind(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "boolean"
	case reflect.Slice, reflect.Array:
		return "array"
	case reflect.Struct, reflect.Map, reflect.Pointer:
		return "object"
	default:
		return "number"
	}
}

// fields is a JSON object whose members are taken one by one, where it matters which
// of them are there. Names are in lower case.
type fields map[string]json.RawMessage

// fields reads the body as fields.
func (r *request) fields() (fields, error) {
	var object map[string]json.RawMessage
	if err := r.decode(&object); err != nil {
		return nil, err
	}
	result := make(fields, len(object))
	for name, value := range object {
		lower := strings.ToLower(name)
		if _, twice := result[lower]; twice {
			return nil, badRequest("The property '%s' is in the body more than once.", name)
		}
		result[lower] = value
	}
	return result, nil
}

// member reads a member of a body. A null gives the zero value, and there is true.
func member[T any](f fields, name string) (value T, there bool, err error) {
	raw, there := f[strings.ToLower(name)]
	if !there {
		return value, false, nil
	}
	if err := json.Unmarshal(raw, &value); err != nil {
		return value, true, badRequest("Invalid value specified for property '%s'.", name)
	}
	return value, true, nil
}

// readBody reads the body of a request, uncompressed, up to a limit.
func readBody(r *http.Request, limit int64) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	source := io.LimitReader(r.Body, limit+1)
	switch encoding := strings.ToLower(strings.TrimSpace(r.Header.Get("Content-Encoding"))); encoding {
	case "", "identity":
	case "gzip":
		unzipped, err := gzip.NewReader(source)
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		if err != nil {
			return nil, badRequest("The body is not properly compressed with gzip.")
		}
		source = io.LimitReader(unzipped, limit+1)
	default:
		return nil, &Error{
			Status: http.StatusUnsupportedMediaType, Code: codeMediaType,
			Message: "The content encoding '" + encoding + "' is not supported; send gzip or none.",
		}
	}
	body, err := io.ReadAll(source)
	if err != nil {
		return nil, badRequest("The body could not be read to its end.")
	}
	if int64(len(body)) > limit {
		return nil, &Error{
			Status: http.StatusRequestEntityTooLarge, Code: codeTooLarge,
			Message: "The body is larger than the service takes.",
		}
	}
	return body, nil
}

// printableText reports whether a text is UTF-8 without NUL bytes.
func printableText(text string) bool {
	return utf8.ValidString(text) && strings.IndexByte(text, 0) < 0
}
