package salesforcetest

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/usher-id/usher/connector/salesforce/unconfirmed"
)

// Largest requests that the API takes: 50 MB, and 150 MB of rows for a bulk job
// (Bulk API 2.0 and Bulk API Developer Guide, limits).
const (
	maximumBody    = 50 << 20
	maximumContent = 150 << 20
)

// maximumURI is the longest request line's target that the API takes.
const maximumURI = 16_384

// call is one request, or one subrequest of a composite one.
type call struct {
	context context.Context //nolint:containedctx // lives exactly as long as the request that it stands for.
	method  string
	path    []string // below /services/data/vXX.0, or the whole path
	version int
	query   url.Values
	header  http.Header
	body    []byte
	base    string // scheme and host that the client used
	xml     bool   // the client wants XML
	user    string // id
	token   string
	address netip.Addr   // of the client
	tx      *transaction // set inside a request that holds the lock
	top     *call        // the request from outside
	outcome outcome      // of the top call only
}

// outcome is what happens besides the answer.
type outcome struct {
	kind  string        // for the statistics
	after FaultKind     // that cuts the answer
	page  FaultKind     // that shortens a page of a query
	delay time.Duration // before the answer
}

// answer is what a call returns.
type answer struct {
	status      int
	header      http.Header
	body        []byte
	contentType string // JSON when empty
	// abort ends the whole request, also from within a composite one.
	abort bool
}

// ServeHTTP answers every address of the org. A request whose client gives up
// while the latency passes is carried out all the same, as it would be by a
// server that has received it.
func (o *Org) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c, a := o.receive(r)
	if a == nil {
		if !strings.HasPrefix(r.URL.Path, "/__sim") && r.URL.Path != "/" {
			o.latency.wait(r.Context())
		}
		a = o.route(c)
	}
	if c.outcome.delay > 0 {
		sleep(r.Context(), c.outcome.delay)
	}
	o.statistics.request(c, a)
	o.send(w, r, c, a)
}

// receive reads and straightens what clients send: doubled and trailing
// slashes, compressed bodies, methods in the query.
func (o *Org) receive(r *http.Request) (*call, *answer) {
	c := &call{
		context: r.Context(), method: r.Method, query: r.URL.Query(), header: r.Header, base: baseOf(r),
		path: segments(r.URL.EscapedPath()), address: addressOf(r),
	}
	c.top = c
	if override := c.query.Get("_HttpMethod"); override != "" && r.Method == http.MethodPost {
		c.method = strings.ToUpper(override)
	}
	if len(r.URL.RequestURI()) > maximumURI {
		return c, refuse(newError(http.StatusRequestURITooLong, unconfirmed.URITooLongCode, "URI Too Long"))
	}
	limit := int64(maximumBody)
	if r.Method == http.MethodPut && len(c.path) > 0 && strings.EqualFold(c.path[len(c.path)-1], "batches") {
		limit = maximumContent
	}
	var body io.Reader = http.MaxBytesReader(nil, r.Body, limit)
	if r.Body == nil {
		body = http.NoBody
	}
	if strings.EqualFold(r.Header.Get("Content-Encoding"), "gzip") {
		unzipped, err := gzip.NewReader(body)
		if err != nil {
			return c, refuse(malformedJSON("the body is not in gzip format"))
		}
		body = http.MaxBytesReader(nil, unzipped, limit)
	}
	content, err := io.ReadAll(body)
	if err != nil {
		if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
			return c, refuse(newError(http.StatusRequestEntityTooLarge, "REQUEST_ENTITY_TOO_LARGE", "Request Entity Too Large"))
		}
		return c, refuse(malformedJSON("the body ended early"))
	}
	c.body = content
	return c, nil
}

// addressOf is where a request comes from; in memory it is this machine.
func addressOf(r *http.Request) netip.Addr {
	if from, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		return from.Addr().Unmap()
	}
	return netip.AddrFrom4([4]byte{127, 0, 0, 1})
}

// segments cuts an escaped path, ignoring empty parts. The parts are decoded one
// by one, because the value of an external id may have a slash of its own.
func segments(path string) []string {
	parts := strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
	for i, part := range parts {
		if decoded, err := url.PathUnescape(part); err == nil {
			parts[i] = decoded
		}
	}
	return parts
}

// baseOf is the address that the client used, which every link is built on.
func baseOf(r *http.Request) string {
	scheme := "http"
	if r.TLS != nil || r.URL.Scheme == "https" || r.Header.Get("X-Forwarded-Proto") == "https" {
		scheme = "https"
	}
	return scheme + "://" + r.Host
}

// route leads to the parts of the org. Everything but the control endpoints and the
// page has the address that a real org gives it, in any case.
func (o *Org) route(c *call) *answer {
	p := c.path
	is := func(words ...string) bool {
		if len(p) < len(words) {
			return false
		}
		for i, word := range words {
			if !strings.EqualFold(p[i], word) {
				return false
			}
		}
		return true
	}
	switch {
	case len(p) == 0:
		return o.page(c)
	case is("__sim"):
		return o.control(c, p[1:])
	case is("services", "Soap"):
		return o.soap(c, p[2:])
	case is("services", "oauth2"):
		return o.oauth(c, p[2:])
	case is("id") && len(p) == 3:
		return o.identity(c, p[1], p[2])
	case is("services", "data"):
		c.path = p[2:]
		c.format()
		a := o.rest(c)
		if c.xml {
			return a.inXML()
		}
		return a
	}
	return refuse(notFound())
}

// reply is an answer in JSON.
func reply(status int, value any) *answer {
	return &answer{status: status, body: appendJSON(nil, value)}
}

// refuse is an answer with errors, in the form of the REST API.
func refuse(faults ...*apiError) *answer {
	return &answer{status: faults[0].status, body: errorBody(faults)}
}

// send writes the answer, or what a scheduled fault leaves of it.
func (o *Org) send(w http.ResponseWriter, r *http.Request, c *call, a *answer) {
	if c.outcome.after == FaultReset || c.outcome.after == FaultResponseLost {
		panic(http.ErrAbortHandler)
	}
	header := w.Header()
	maps.Copy(header, a.header)
	if len(a.body) > 0 && header.Get("Content-Type") == "" {
		header.Set("Content-Type", "application/json;charset=UTF-8")
		if a.contentType != "" {
			header.Set("Content-Type", a.contentType)
		}
	}
	body := a.body
	if len(body) > 0 && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") && len(body) > 1_024 {
		body = compress(body)
		header.Set("Content-Encoding", "gzip")
	}
	if a.status != http.StatusNoContent && a.status != http.StatusNotModified {
		header.Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(a.status)
	if r.Method == http.MethodHead {
		return
	}
	if c.outcome.after == FaultTruncatedBody && len(body) > 0 {
		_, _ = w.Write(body[:len(body)/2])
		_ = http.NewResponseController(w).Flush() // In memory nothing waits to be sent.
		panic(http.ErrAbortHandler)
	}
	_, _ = w.Write(body)
}

// compress zips a body, with more regard for time than for size; if that fails the
// body is sent as it is, which gzip then does not name.
func compress(body []byte) []byte {
	var zipped bytes.Buffer
	writer, err := gzip.NewWriterLevel(&zipped, gzip.BestSpeed)
	if err != nil {
		return body
	}
	if _, err = writer.Write(body); err != nil {
		return body
	}
	if err = writer.Close(); err != nil {
		return body
	}
	return zipped.Bytes()
}

// write runs f with the lock held. Within a request that holds it already, f
// joins the transaction of that request.
func (o *Org) write(c *call, f func(tx *transaction)) {
	if c.tx != nil {
		f(c.tx)
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	f(o.begin(c.user))
}

// read runs f with at least the lock for reading held.
func (o *Org) read(c *call, f func()) {
	if c.tx == nil {
		o.mu.RLock()
		defer o.mu.RUnlock()
	}
	f()
}
