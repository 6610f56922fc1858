package salesforce

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/usher-id/usher/connector"
)

const (
	// maxAnswer bounds what is read of one answer, decompressed: a page of 2,000 users
	// takes a few megabytes.
	maxAnswer = 64 << 20
	// compressFrom is the size of a body from which compressing it pays.
	compressFrom = 2 << 10
	userAgent    = "Usher (+https://github.com/usher-id/usher)"
)

// client talks HTTP to one org. It is safe for concurrent use.
type client struct {
	http      *http.Client
	options   Options
	account   account
	authority *authority
	gzip      sync.Pool // of *gzip.Writer, which are costly to make

	calls, limit, limitUsed atomic.Int64
	limitNoted              atomic.Int64 // when the org last told, in milliseconds since 1970
}

func newClient(a account, options Options, transport http.RoundTripper) *client {
	if transport == nil {
		transport = newTransport()
	}
	return &client{
		account: a, options: options, authority: newAuthority(),
		http: &http.Client{
			Transport: transport,
			// The API does not redirect; a redirection leads to a login page or to another host,
			// and neither may see the credentials.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

func newTransport() *http.Transport {
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: 15 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout: 15 * time.Second,
		TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: 8,
		IdleConnTimeout:     90 * time.Second,
	}
}

// request is one request to the org.
type request struct {
	method string
	url    *url.URL // complete
	body   []byte
	media  string // content type of the body
	token  string // session; empty: none is sent
	soap   bool
	accept string // content type of the answer; empty: that of the API
	asItIs bool   // the body is never compressed, because not every resource takes that
	write  bool   // it changes something in the target
	since  string // Last-Modified of what is known already; the answer may then be that nothing changed
}

// answer is a complete answer.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) ok() bool { return a.status >= 200 && a.status < 300 }

// same reports whether the org says that what is known already still holds.
func (a answer) same() bool { return a.status == http.StatusNotModified }

// retryAfter returns how long the target asks to wait. Salesforce does not ask,
// but what stands before it may.
func (a answer) retryAfter() time.Duration {
	seconds, err := strconv.Atoi(a.header.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return time.Duration(seconds) * time.Second
}

// send makes one request and reads the answer whatever its status is. An error is
// a *connector.Error and means that there is no complete answer.
func (c *client) send(ctx context.Context, r request) (answer, error) {
	if err := ctx.Err(); err != nil {
		return answer{}, c.own(codeTimeout, "stopped before the request was sent", err)
	}
	ctx, cancel := context.WithTimeout(ctx, c.options.Timeout)
	defer cancel()
	httpRequest, err := c.build(ctx, r)
	if err != nil {
		return answer{}, c.own(codeUnreachable, "the request cannot be made", err)
	}
	c.calls.Add(1)
	response, err := c.http.Do(httpRequest)
	if err != nil {
		return answer{}, c.lost(r, err)
	}
	defer response.Body.Close() //nolint:errcheck // the body was read to its end, or is given up.
	body, err := readBody(response)
	if err != nil {
		return answer{}, c.lost(r, err)
	}
	c.noteLimit(response.Header.Get("Sforce-Limit-Info"))
	return answer{response.StatusCode, response.Header, body}, nil
}

func (c *client) build(ctx context.Context, r request) (*http.Request, error) {
	// Compressing costs more than it saves where nothing leaves the machine.
	near := isLoopback(r.url.Hostname())
	body, compressed := r.body, false
	if len(body) >= compressFrom && !near && !r.asItIs {
		var err error
		if body, err = c.compress(body); err != nil {
			return nil, err
		}
		compressed = true
	}
	// A nil reader, and not one of no bytes, makes a request without a body.
	var reader io.Reader
	if len(body) > 0 {
		reader = bytes.NewReader(body)
	}
	httpRequest, err := http.NewRequestWithContext(ctx, r.method, r.url.String(), reader)
	if err != nil {
		return nil, err
	}
	header := httpRequest.Header
	header.Set("User-Agent", userAgent)
	header.Set("Accept-Encoding", "gzip")
	if near {
		header.Set("Accept-Encoding", "identity")
	}
	header.Set("Accept", cmp.Or(r.accept, mediaJSON))
	if r.soap {
		header.Set("Accept", "text/xml")
		header.Set("SOAPAction", `"login"`)
	}
	if len(body) > 0 {
		header.Set("Content-Type", r.media)
	}
	if compressed {
		header.Set("Content-Encoding", "gzip")
	}
	if r.since != "" {
		header.Set("If-Modified-Since", r.since)
	}
	if r.token != "" {
		header.Set("Authorization", "Bearer "+r.token)
		header.Set("Sforce-Call-Options", "client="+c.options.Client)
	}
	return httpRequest, nil
}

func (c *client) compress(body []byte) ([]byte, error) {
	writer, ok := c.gzip.Get().(*gzip.Writer)
	if !ok {
		writer, _ = gzip.NewWriterLevel(nil, gzip.BestSpeed) // the level is valid
	}
	defer c.gzip.Put(writer)
	var buffer bytes.Buffer
	writer.Reset(&buffer)
	if _, err := writer.Write(body); err != nil {
		return nil, fmt.Errorf("compress request: %w", err)
	}
	if err := writer.Close(); err != nil {
		return nil, fmt.Errorf("compress request: %w", err)
	}
	return buffer.Bytes(), nil
}

// readBody reads a whole body, decompressed, up to the bound.
func readBody(response *http.Response) ([]byte, error) {
	var reader io.Reader = response.Body
	if strings.EqualFold(response.Header.Get("Content-Encoding"), "gzip") && !response.Uncompressed {
		decompressor, err := gzip.NewReader(response.Body)
		if errors.Is(err, io.EOF) {
			return nil, nil // no body at all, as in 204
		}
		if err != nil {
			return nil, fmt.Errorf("decompress answer: %w", err)
		}
		reader = decompressor
	}
	body, err := io.ReadAll(io.LimitReader(reader, maxAnswer+1))
	if err != nil {
		return nil, fmt.Errorf("read answer: %w", err)
	}
	if len(body) > maxAnswer {
		return nil, fmt.Errorf("read answer: it is longer than %d bytes", maxAnswer)
	}
	return body, nil
}

// lost makes the error for a request without a complete answer. A write that was
// sent may have happened.
func (c *client) lost(r request, err error) *connector.Error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err // the rest of it is the address
	}
	code := codeUnreachable
	switch dns, isDNS := errors.AsType[*net.DNSError](err); {
	case isDNS && dns.IsNotFound:
		return c.own(codeHostNotFound, "there is no host "+r.url.Hostname(), err)
	case isDNS:
		return c.own(codeUnreachable, "the host name "+r.url.Hostname()+" cannot be resolved now", err)
	case isTLS(err):
		return c.own(codeTLS, "no encrypted connection to "+r.url.Hostname()+": "+err.Error(), err)
	case neverSent(err):
		return c.own(codeUnreachable, "no connection to "+r.url.Host, err)
	case r.write:
		return c.own(codeAnswerLost, "the answer was lost: "+err.Error(), err)
	case errors.Is(err, context.DeadlineExceeded):
		code = codeTimeout
	}
	return c.own(code, "no answer from "+r.url.Host+": "+err.Error(), err)
}

// neverSent reports whether the connection was not made, so that nothing of the
// request has reached the target.
func neverSent(err error) bool {
	operation, ok := errors.AsType[*net.OpError](err)
	return ok && (operation.Op == "dial" || operation.Op == "proxyconnect")
}

// isTLS reports whether the handshake failed, before anything was sent.
func isTLS(err error) bool {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return true
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return true
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return true
	}
	_, ok := errors.AsType[x509.HostnameError](err)
	return ok
}

// noteLimit remembers what Salesforce says of the day's requests:
// "api-usage=18/15000".
func (c *client) noteLimit(header string) {
	for part := range strings.SplitSeq(header, ",") {
		usage, ok := strings.CutPrefix(strings.TrimSpace(part), "api-usage=")
		if !ok {
			continue
		}
		used, limit, _ := strings.Cut(usage, "/")
		usedNumber, errUsed := strconv.ParseInt(used, 10, 64)
		limitNumber, errLimit := strconv.ParseInt(limit, 10, 64)
		if errUsed == nil && errLimit == nil {
			c.setLimit(usedNumber, limitNumber)
		}
	}
}
