package page

import (
	"context"
	"errors"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Request is a request with who makes it. Its form is read.
type Request struct {
	Visitor Visitor
	HTTP    *http.Request

	site *Site
	id   string
}

// Path returns a segment of the path by the name that the route gives it.
func (r *Request) Path(name string) string { return r.HTTP.PathValue(name) }

// Value returns a field of the form or of the query, without white space around it.
func (r *Request) Value(name string) string { return strings.TrimSpace(r.HTTP.Form.Get(name)) }

// Raw returns a field of the form as it was sent: for secrets and free texts.
func (r *Request) Raw(name string) string { return r.HTTP.Form.Get(name) }

// Values returns all values of a field, without empty ones.
func (r *Request) Values(name string) []string {
	return slices.DeleteFunc(slices.Clone(r.HTTP.Form[name]), func(v string) bool { return strings.TrimSpace(v) == "" })
}

// Has reports whether the field was sent, even empty.
func (r *Request) Has(name string) bool { return r.HTTP.Form.Has(name) }

// Checked reports whether a check box is on.
func (r *Request) Checked(name string) bool { return r.Value(name) != "" }

// Number returns a field as a number, or otherwise when it is none.
func (r *Request) Number(name string, otherwise int) int {
	if number, err := strconv.Atoi(r.Value(name)); err == nil {
		return number
	}
	return otherwise
}

// Query returns the query of the URL with one field set, for links of the same list.
func (r *Request) Query(name, value string) string {
	query := r.HTTP.URL.Query()
	query.Set(name, value)
	if value == "" {
		query.Del(name)
	}
	return "?" + query.Encode()
}

// Partial reports whether only the element with this id is asked for.
func (r *Request) Partial(id string) bool { return r.target() == id && id != "" }

// target is the id of the element that htmx replaces, empty without htmx.
func (r *Request) target() string {
	if r.HTTP.Header.Get("HX-Request") != "true" {
		return ""
	}
	return r.HTTP.Header.Get("HX-Target")
}

// Address is scheme and host under which visitors reach the portal.
func (r *Request) Address() string { return r.site.Origin.Of(r.HTTP) }

// formSize is how many bytes a form may have, with its files.
const formSize = 16 << 20

// Sent reports whether a file was chosen in a field.
func (r *Request) Sent(field string) bool {
	if r.HTTP.MultipartForm == nil {
		return false
	}
	headers := r.HTTP.MultipartForm.File[field]
	return len(headers) > 0 && (headers[0].Size > 0 || headers[0].Filename != "")
}

// File returns the content of an uploaded file and its name. None is a Fault that
// names the field.
func (r *Request) File(field string) (content []byte, name string, err error) {
	if !r.Sent(field) {
		return nil, "", Invalid(field, "Choose a file first.")
	}
	header := r.HTTP.MultipartForm.File[field][0]
	content, err = readFile(header)
	return content, header.Filename, err
}

func readFile(header *multipart.FileHeader) (content []byte, err error) {
	file, err := header.Open()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return io.ReadAll(file)
}

// readForm reads the form of a request within its limits.
func readForm(w http.ResponseWriter, r *http.Request, limit int64) error {
	if !validQuery(r.URL) {
		return &Fault{Status: http.StatusBadRequest, Title: "This address is not valid", Text: "The query of the address cannot be read.", Advice: "Follow a link of the portal instead."}
	}
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return r.ParseForm()
	}
	r.Body = http.MaxBytesReader(w, r.Body, limit)
	err := r.ParseForm() // ParseMultipartForm would not tell what is wrong with a plain form
	if media, _, unknown := mime.ParseMediaType(r.Header.Get("Content-Type")); err == nil && unknown == nil && media == "multipart/form-data" {
		err = r.ParseMultipartForm(1 << 20)
	}
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return &Fault{
			Status: http.StatusRequestEntityTooLarge, Title: "This is too large", Text: "More than " + strconv.FormatInt(tooLarge.Limit>>20, 10) + " MB were sent.",
			Advice: "Send a smaller file, or use the command line.",
		}
	}
	if err != nil {
		return &Fault{Status: http.StatusBadRequest, Title: "The form cannot be read", Text: "What was sent is not a form.", Advice: "Go back and send it again."}
	}
	return nil
}

// forgetForm removes the files that a form was too large for the memory for.
func forgetForm(r *http.Request) {
	if r.MultipartForm != nil {
		_ = r.MultipartForm.RemoveAll() // they are in the folder for temporary files
	}
}

func validQuery(u *url.URL) bool {
	_, err := url.ParseQuery(u.RawQuery)
	return err == nil
}

// requestTimeout is how long a handler has; a slow one asks a target.
const (
	requestTimeout = 30 * time.Second
	slowTimeout    = 3 * time.Minute
)

// patient gives a slow handler its time, beyond what the server allows.
func patient(ctx context.Context, w http.ResponseWriter, timeout time.Duration) (context.Context, context.CancelFunc) {
	controller := http.NewResponseController(w)
	_ = controller.SetReadDeadline(time.Time{}) // a writer that has no deadlines has nothing to put off
	_ = controller.SetWriteDeadline(time.Now().Add(timeout + requestTimeout))
	return context.WithTimeout(ctx, timeout)
}

// Pager makes the links of a list by the cursors of its neighbours, empty for none.
func (r *Request) Pager(previous, next string) Pager {
	var pager Pager
	if r.Value("cursor") != "" {
		pager.First = r.Query("cursor", "")
	}
	if previous != "" {
		pager.Previous = r.Query("cursor", previous)
	}
	if next != "" {
		pager.Next = r.Query("cursor", next)
	}
	return pager
}

// PagerAt is Pager for a list that the answer to a form shows, too, which has another
// address: the links lead to the path of the list, with the fields that are kept.
func (r *Request) PagerAt(path string, kept url.Values, previous, next string) Pager {
	at := func(cursor string) string {
		query := maps.Clone(kept)
		query.Set("cursor", cursor)
		if cursor == "" {
			query.Del("cursor")
		}
		return strings.TrimSuffix(path+"?"+query.Encode(), "?")
	}
	var pager Pager
	if r.Value("cursor") != "" {
		pager.First = at("")
	}
	if previous != "" {
		pager.Previous = at(previous)
	}
	if next != "" {
		pager.Next = at(next)
	}
	return pager
}

// UserPath returns the path of the page about a user of the directory.
func UserPath(id string) string { return "/users/" + url.PathEscape(id) }

// GroupPath returns the path of the page about a group.
func GroupPath(id string) string { return "/groups/" + url.PathEscape(id) }

// QueryValue escapes a value for the query of a path.
func QueryValue(value string) string { return url.QueryEscape(value) }

// tokenSegment is the segment of a route's pattern that lets its bearer in.
const tokenSegment = "{token}"

// loggedPath is the path of a request as logs and pages have it: without what follows
// where a route has a {token}, which lets its bearer in, and whatever else the request
// has that no route takes.
func (s *Site) loggedPath(r *http.Request) string {
	for _, secret := range s.router.secrets {
		if len(r.URL.Path) > len(secret) && strings.EqualFold(r.URL.Path[:len(secret)], secret) {
			return secret + "…"
		}
	}
	return r.URL.Path
}
