package salesforcetest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"syscall"
	"time"
)

// Client returns a client that reaches the org in memory, whatever the host of
// the address is. It opens no socket, so it works in the bubbles of
// testing/synctest. The org answers on the goroutine that asks.
func (o *Org) Client() *http.Client { return &http.Client{Transport: transport{handler: o}} }

type transport struct{ handler http.Handler }

// RoundTrip serves one request. A connection that a scheduled fault cuts gives
// the errors that the net package would give.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	served := r.Clone(r.Context())
	served.RequestURI = r.URL.RequestURI()
	if served.Body == nil {
		served.Body = http.NoBody
	}
	defer served.Body.Close() //nolint:errcheck // nothing depends on it.
	if served.Host == "" {
		served.Host = r.URL.Host
	}
	recorder := &memoryWriter{header: http.Header{}}
	aborted := serveRecovering(t.handler, recorder, served)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if aborted && recorder.status == 0 {
		return nil, &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
	}
	return recorder.response(r, aborted), nil
}

// serveRecovering tells whether the handler cut the connection.
func serveRecovering(handler http.Handler, w http.ResponseWriter, r *http.Request) (aborted bool) {
	defer func() {
		switch cause := recover(); cause {
		case nil:
		case http.ErrAbortHandler:
			aborted = true
		default:
			panic(cause)
		}
	}()
	handler.ServeHTTP(w, r)
	return false
}

type memoryWriter struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header is part of http.ResponseWriter.
func (w *memoryWriter) Header() http.Header { return w.header }

// WriteHeader is part of http.ResponseWriter; only the first status counts.
func (w *memoryWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
}

// Write is part of http.ResponseWriter.
func (w *memoryWriter) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(p)
}

// response is what a client reads; a body that was cut ends as a connection does.
func (w *memoryWriter) response(r *http.Request, cut bool) *http.Response {
	length, err := strconv.ParseInt(w.header.Get("Content-Length"), 10, 64)
	if err != nil {
		length = int64(w.body.Len())
	}
	var body io.Reader = &w.body
	if cut {
		body = io.MultiReader(body, cutReader{})
	}
	return &http.Response{
		Status: fmt.Sprintf("%d %s", w.status, http.StatusText(w.status)), StatusCode: w.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.header, Body: io.NopCloser(body), ContentLength: length, Request: r,
	}
}

type cutReader struct{}

// Read ends a body as the net package ends one whose connection was cut.
func (cutReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// Server is an org on a socket.
type Server struct {
	URL    string // without a slash at the end
	server *http.Server
	done   chan struct{}
}

// Listen serves the org on an address such as 127.0.0.1:0 until Close. A client
// signs in at URL and finds every other address in the answers.
func (o *Org) Listen(address string) (*Server, error) {
	var config net.ListenConfig
	listener, err := config.Listen(context.Background(), "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen for the simulated org: %w", err)
	}
	s := &Server{
		URL: "http://" + listener.Addr().String(), done: make(chan struct{}),
		server: &http.Server{Handler: o, ReadHeaderTimeout: 10 * time.Second},
	}
	go func() {
		defer close(s.done)
		_ = s.server.Serve(listener) // It ends with ErrServerClosed, by Close.
	}()
	return s, nil
}

// Close cuts all connections and waits for the server to end.
func (s *Server) Close() error {
	err := s.server.Close()
	<-s.done
	if err != nil {
		return fmt.Errorf("close the simulated org: %w", err)
	}
	return nil
}
