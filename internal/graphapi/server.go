package graphapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/origin"
	"github.com/usher-id/usher/internal/ratelimit"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
)

// Dependencies is what the API needs of the rest of the program.
type Dependencies struct {
	Store Store

	// Runner opens jobs: to test connections, to provision on demand, to explain. Its
	// gallery is what can be instantiated.
	Runner    *engine.Runner
	Catalogue journal.Catalogue // explains the codes of the log

	// Exclusively does work while no cycle of the job runs; it waits for one that does.
	// Without it plans cannot be applied.
	Exclusively func(ctx context.Context, jobID string, work func() error) error

	// Wake has a job looked at now that was created, started or changed; nil: it is
	// found within seconds.
	Wake func(ctx context.Context, applicationID string)

	// Authenticate returns the client whose access token this is, or an error that
	// wraps [ErrUnauthenticated] when the token is no good.
	Authenticate func(ctx context.Context, token string) (store.APIClient, error)

	Log      *slog.Logger
	TokenKey []byte // signs skip tokens and delta tokens; 32 bytes that all nodes share and that outlive a restart

	Origin origin.Origin // under which clients reach the service, for links in answers

	Rate    ratelimit.Rate // of requests of one client
	MaxBody int64          // bytes of a body, compressed and not; 0: 4 MiB
	Timeout time.Duration  // of one request that is not a stream; 0: 30 s

	TenantID string // GUID of the tenant, which is the id of the one organization
}

// Store is what the API needs of the database.
type Store interface {
	administration.Store
	clientLister
}

// ErrUnauthenticated says that an access token is missing, expired or not one of
// this service.
var ErrUnauthenticated = errors.New("access token is missing, expired or not valid")

// api serves requests.
type api struct {
	Dependencies

	service  *administration.Service
	graph    *router // below /v1.0 and /beta
	own      *router // below /usher/v1
	tokens   tokenCoder
	limits   *ratelimit.Limiter // of each client
	onDemand *ratelimit.Limiter // of each job
	lists    chan struct{}      // holds one for each long list that is being made

	uploading sync.Mutex // one bulk upload at a time
}

// New returns the handler of everything below /v1.0, /beta and /usher/v1.
func New(d Dependencies) http.Handler {
	if d.MaxBody == 0 {
		d.MaxBody = 4 << 20
	}
	if d.Timeout == 0 {
		d.Timeout = 30 * time.Second
	}
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	a := &api{
		Dependencies: d, tokens: tokenCoder{d.TokenKey}, limits: ratelimit.New(d.Rate), onDemand: ratelimit.New(onDemandRate()),
		lists: make(chan struct{}, 2*runtime.GOMAXPROCS(0)),
	}
	a.service = &administration.Service{Store: d.Store, Runner: d.Runner, Catalogue: d.Catalogue, Wake: d.Wake, Log: d.Log}
	a.graph, a.own = newRouter(a.graphRoutes()), newRouter(a.ownRoutes())
	return a
}

// ServeHTTP answers one request.
func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	id := uuid.NewString()
	clientID := r.Header.Get("client-request-id")
	if len(clientID) > 128 || strings.ContainsFunc(clientID, func(c rune) bool { return c < ' ' || c > '~' }) {
		clientID = ""
	}
	header := w.Header()
	header.Set("request-id", id)
	if clientID == "" {
		clientID = id
	}
	header.Set("client-request-id", clientID)
	header.Set("Cache-Control", "no-cache")
	header.Set("X-Content-Type-Options", "nosniff")

	caller, err := a.admit(r)
	var answer response
	if err == nil {
		answer, err = a.serve(w, r, caller, id)
	}
	if err != nil {
		answer = a.fail(r, err, lastSegment(r.URL.Path), id, clientID)
	}
	a.write(w, r, answer, id, clientID)
	a.Log.InfoContext(r.Context(), "request", "method", r.Method, "path", r.URL.Path, "status", answer.status,
		"client", caller.Name, "duration", time.Since(began), "request_id", id)
}

// admit authenticates a request and counts it against the client's rate.
func (a *api) admit(r *http.Request) (store.APIClient, error) {
	unauthenticated := &Error{Status: http.StatusUnauthorized, Code: codeUnauthenticated, Message: "Access token is empty."}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || strings.TrimSpace(token) == "" {
		return store.APIClient{}, unauthenticated
	}
	caller, err := a.Authenticate(r.Context(), strings.TrimSpace(token))
	if errors.Is(err, ErrUnauthenticated) {
		unauthenticated.Message = "Access token validation failure: the token is expired, was revoked, or is not one of this service."
		return store.APIClient{}, unauthenticated
	}
	if err != nil {
		return store.APIClient{}, fmt.Errorf("authenticate: %w", err)
	}
	if wait := a.limits.Take(caller.ID, time.Now()); wait > 0 {
		return caller, &Error{
			Status: http.StatusTooManyRequests, Code: codeTooManyRequests, RetryAfter: wait,
			Message: "Too many requests. Come again after the time in the header Retry-After.",
		}
	}
	return caller, nil
}

// serve finds the route and runs it. A panic becomes an error.
func (a *api) serve(w http.ResponseWriter, r *http.Request, caller store.APIClient, id string) (answer response, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			if cause == http.ErrAbortHandler { //nolint:errorlint,err113 // net/http compares it so
				panic(cause)
			}
			answer, err = response{}, fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
		}
	}()
	req, found, err := a.prepare(r, caller, id)
	if err != nil {
		return response{}, err
	}
	timeout := a.Timeout
	if found.slow {
		timeout = max(timeout, slowTimeout)
		patiently(w, timeout)
	}
	ctx, cancel := context.WithTimeout(r.Context(), timeout)
	defer cancel()
	return found.answer(ctx, req)
}

// patiently puts the limits off that the server sets for requests and answers. A
// writer that has none, as in tests, has nothing to put off; without a writer it is a
// part of a batch.
func patiently(w http.ResponseWriter, timeout time.Duration) {
	if w == nil {
		return
	}
	controller := http.NewResponseController(w)
	_ = controller.SetReadDeadline(time.Time{})
	_ = controller.SetWriteDeadline(time.Now().Add(timeout + 30*time.Second))
}

// prepare finds the route of a request, checks that the caller may, and parses the
// request.
func (a *api) prepare(r *http.Request, caller store.APIClient, id string) (*request, route, error) {
	segments, ok := parsePath(r.URL.EscapedPath())
	if !ok {
		return nil, route{}, &Error{Status: http.StatusBadRequest, Code: codeBadSegment, Message: "The path of the URL is not properly encoded."}
	}
	version, table, rest := a.table(segments)
	if table == nil {
		return nil, route{}, &Error{
			Status: http.StatusBadRequest, Code: codeBadSegment,
			Message: "Invalid version. The path begins with /v1.0, /beta or /usher/v1.",
		}
	}
	found, where, err := findRoute(table, rest, r.Method)
	if err != nil {
		return nil, route{}, err
	}
	if !caller.Role.Allows(found.needs) {
		a.logDenial(r, caller, found)
		return nil, route{}, denied(found.needs)
	}
	req := &request{api: a, http: r, caller: caller, version: version, base: a.Origin.Of(r), path: r.URL.EscapedPath(), id: id}
	req.keys = make(map[string]segment, len(found.keys))
	for i, name := range found.keys {
		req.keys[name] = where.keys[i]
	}
	if req.query, err = parseQuery(r.URL.RawQuery); err != nil {
		return nil, route{}, err
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		req.body, err = readBody(r, max(a.MaxBody, found.most))
	}
	return req, found, err
}

// table returns the routes of the version that a path begins with, nil for none.
func (a *api) table(segments []segment) (version string, table *router, rest []segment) {
	at := func(i int, name string) bool { return len(segments) > i && strings.EqualFold(segments[i].text, name) }
	switch {
	case at(0, "v1.0"), at(0, "beta"):
		return strings.ToLower(segments[0].text), a.graph, segments[1:]
	case at(0, "usher") && at(1, "v1"):
		return "usher/v1", a.own, segments[2:]
	}
	return "", nil, nil
}

func findRoute(table *router, rest []segment, method string) (route, match, error) {
	where := table.find(rest, nil, 0)
	if len(where.routes) == 0 {
		at := ""
		if len(rest) > 0 {
			at = rest[min(where.depth, len(rest)-1)].text
		}
		return route{}, where, &Error{
			Status: http.StatusBadRequest, Code: codeBadSegment, Message: "Resource not found for the segment '" + at + "'.",
		}
	}
	wanted := method
	if wanted == http.MethodHead {
		wanted = http.MethodGet
	}
	found, ok := where.routes[wanted]
	if !ok {
		return route{}, where, &Error{
			Status: http.StatusMethodNotAllowed, Code: codeBadRequest, allow: where.allowed(),
			Message: "Specified HTTP method is not allowed for the request target. Allowed: " + where.allowed() + ".",
		}
	}
	return found, where, nil
}

// fail makes the response to an error. The cause of an error inside is logged, and
// not told. The subject is what a store's "not found" is about.
func (a *api) fail(r *http.Request, err error, subject, id, clientID string) response {
	told := asError(err, subject)
	if told.Status >= http.StatusInternalServerError && !errors.Is(err, context.Canceled) {
		a.Log.ErrorContext(r.Context(), "request failed", "error", err.Error(), "request_id", id)
	}
	return told.respond(time.Now(), id, clientID)
}

func lastSegment(path string) string {
	path = strings.TrimRight(path, "/")
	return path[strings.LastIndexByte(path, '/')+1:]
}

func (a *api) write(w http.ResponseWriter, r *http.Request, answer response, id, clientID string) {
	if answer.stream != nil {
		if err := answer.stream(r.Context(), w); err != nil && r.Context().Err() == nil {
			a.Log.WarnContext(r.Context(), "stream ended", "error", err.Error(), "request_id", id)
		}
		return
	}
	body, err := answer.encode()
	if err != nil {
		answer = a.fail(r, fmt.Errorf("encode the answer: %w", err), "", id, clientID)
		body, _ = answer.encode() // the envelope is made of texts
	}
	header := w.Header()
	maps.Copy(header, answer.header)
	if len(body) > 0 && header.Get("Content-Type") == "" {
		header.Set("Content-Type", answer.contentType())
	}
	w.WriteHeader(answer.status)
	_, _ = w.Write(body) //nolint:gosec // JSON or a number, sent as such and with nosniff; an error says that whoever asked is gone
}

// logDenial writes to the audit log that a client was refused.
func (a *api) logDenial(r *http.Request, caller store.APIClient, refused route) {
	record := journal.Audit{
		At: time.Now().UTC(), Activity: "Deny API request", Actor: actor(caller), Subject: r.Method + " " + r.URL.Path,
		Detail: fmt.Sprintf("the client is %s, and this needs %s", caller.Role, refused.needs),
	}
	if err := a.Store.Audit(r.Context(), record); err != nil {
		a.Log.ErrorContext(r.Context(), "a denial could not be written to the audit log", "error", err.Error())
	}
}

// actor is how the audit log names a client.
func actor(caller store.APIClient) string { return caller.Name + " (API client " + caller.ID + ")" }

// acts is what the client of a request does.
func (r *request) acts() administration.Acts { return r.api.service.By(actor(r.caller)) }

// audit writes what a client did to the audit log.
func (r *request) audit(ctx context.Context, activity, subject, detail string) error {
	return r.acts().Audit(ctx, activity, subject, detail)
}
