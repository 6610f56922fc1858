package page

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/origin"
	"github.com/usher-id/usher/internal/store"
)

// Config is what the frame needs of the rest of the program.
type Config struct {
	Authenticate   Authenticate
	Administration *administration.Service

	// Denied is told that a visitor was refused something, for the audit log; may be nil.
	Denied func(ctx context.Context, v Visitor, what string, needed store.Role)

	Log     *slog.Logger
	Origin  origin.Origin // under which visitors reach the portal
	Version string        // of Usher, for the foot of the pages
}

// Site serves the pages that areas put on its router.
type Site struct {
	Config

	router *Router
	fault  Page[*Fault]
}

// everythingElse is the pattern of what no area serves.
const everythingElse = "/"

// New returns a site without pages. Areas mount themselves on its Router.
func New(config Config) *Site {
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	s := &Site{Config: config, fault: Parse[*Fault]("fault.tmpl", templates)}
	s.router = &Router{site: s, mux: http.NewServeMux()}
	s.router.mux.Handle(everythingElse, http.HandlerFunc(s.unknown))
	s.router.mux.Handle("GET "+staticPath, assets())
	s.router.Open(http.MethodPost, "/theme", chooseTheme)
	return s
}

// Router returns what areas put their routes on.
func (s *Site) Router() *Router { return s.router }

// policy is the Content-Security-Policy of every page: nothing inline, nothing from
// elsewhere. Tabler draws its check marks by data URLs.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"font-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// ServeHTTP answers one request.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Security-Policy", policy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "same-origin")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("Cache-Control", "no-store")
	guard := http.NewCrossOriginProtection()
	if own := s.Origin.Of(r); strings.HasPrefix(own, "http") {
		_ = guard.AddTrustedOrigin(own) // an origin that cannot be parsed is trusted by nobody
	}
	if err := guard.Check(r); err != nil {
		request := &Request{HTTP: r, site: s, id: uuid.NewString()}
		s.Log.WarnContext(r.Context(), "form from elsewhere refused", "path", s.loggedPath(r), "from", r.Header.Get("Origin"), "request_id", request.id)
		s.answer(r.Context(), w, request, Answer{}, &Fault{
			Status: http.StatusForbidden, Title: "This form came from elsewhere", Text: "Forms of the portal are accepted from the portal's own pages alone.",
			Advice: "Open the page in the portal and send the form there.", Err: err,
		})
		return
	}
	s.router.mux.ServeHTTP(w, r)
}

// serve runs the handler of a route for whoever may.
func (s *Site) serve(ctx context.Context, w http.ResponseWriter, r *http.Request, to route) {
	began := time.Now()
	request := &Request{HTTP: r, site: s, id: uuid.NewString()}
	status := 0 // of an answer that was broken off
	defer func() {
		s.Log.InfoContext(ctx, "page", "method", r.Method, "path", s.loggedPath(r), "status", status,
			"visitor", request.Visitor.Name, "duration", time.Since(began), "request_id", request.id)
	}()
	defer forgetForm(r)
	var answer Answer
	err := contained(func() (err error) {
		answer, err = s.run(ctx, w, request, to)
		return err
	})
	status = s.answer(ctx, w, request, answer, err)
}

// contained makes an error of a panic, except of the one that ends a request.
func contained(work func() error) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			if cause == http.ErrAbortHandler { //nolint:errorlint,err113 // net/http compares it so
				panic(cause)
			}
			err = fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
		}
	}()
	return work()
}

// run finds the visitor, and lets the handler answer.
func (s *Site) run(ctx context.Context, w http.ResponseWriter, request *Request, to route) (answer Answer, err error) {
	r := request.HTTP
	request.Visitor, err = s.Authenticate(ctx, r)
	if errors.Is(err, ErrSignedOut) && to.needs == "" {
		err = nil
	}
	if errors.Is(err, ErrSignedOut) {
		return signIn(r), nil
	}
	if err != nil {
		return Answer{}, err
	}
	if to.needs != "" && !request.Visitor.May(to.needs) {
		if s.Denied != nil {
			s.Denied(ctx, request.Visitor, r.Method+" "+s.loggedPath(r), to.needs)
		}
		return Answer{}, forbidden(request.Visitor, to.needs)
	}
	timeout := requestTimeout
	if to.slow {
		timeout = slowTimeout
	}
	if to.large { // a long file may take longer on its way than the server gives a request
		var cancel context.CancelFunc
		ctx, cancel = patient(ctx, w, timeout)
		defer cancel()
	}
	if err := readForm(w, r, to.limit()); err != nil {
		return Answer{}, err
	}
	ctx, cancel := patient(ctx, w, timeout)
	defer cancel()
	return to.handle(ctx, request)
}

// signIn sends whoever is not signed in to the page for it, and from there back. What
// a form held is lost, so they come back to the page that it was on.
func signIn(r *http.Request) Answer {
	back := r.URL.RequestURI()
	if r.Method != http.MethodGet {
		back = "/"
		if referrer, err := url.Parse(r.Referer()); err == nil && referrer.Host == r.Host {
			back = referrer.RequestURI()
		}
	}
	return Redirect("/sign-in?return="+url.QueryEscape(back), Notice{})
}

// Back returns where somebody goes on after signing in: a path of the portal, whatever
// a link says.
func Back(given string) string {
	target, err := url.Parse(given)
	if err != nil || target.IsAbs() || target.Host != "" || !strings.HasPrefix(target.Path, "/") || strings.HasPrefix(given, "//") || strings.ContainsAny(given, "\\\r\n\t") {
		return "/"
	}
	return target.RequestURI()
}

// unknown answers for paths that no area serves.
func (s *Site) unknown(w http.ResponseWriter, r *http.Request) {
	s.serve(r.Context(), w, r, route{needs: store.RoleReader, handle: func(context.Context, *Request) (Answer, error) {
		fault := s.noRoute(r)
		if fault.Status == http.StatusMethodNotAllowed {
			w.Header().Set("Allow", strings.Join(s.router.methods(r.URL.Path), ", "))
		}
		return Answer{}, fault
	}})
}

// noRoute tells a path that there is nothing at from a method that a path does not take.
func (s *Site) noRoute(r *http.Request) *Fault {
	if methods := s.router.methods(r.URL.Path); len(methods) > 0 {
		return &Fault{
			Status: http.StatusMethodNotAllowed, Title: "This is not possible", Text: "The address takes " + strings.Join(methods, " and ") + ", not " + r.Method + ".",
			Advice: "Go back and use the page's buttons.",
		}
	}
	return &Fault{Status: http.StatusNotFound, Title: "There is no such page", Text: "Nothing is at " + s.loggedPath(r) + ".", Advice: "Begin at Home, or search in a list."}
}

// answer writes an answer, or the page about an error, and returns its status.
func (s *Site) answer(ctx context.Context, w http.ResponseWriter, r *Request, answer Answer, err error) int {
	if err != nil {
		answer = s.failed(ctx, r, err)
	}
	for _, cookie := range answer.cookies {
		http.SetCookie(w, cookie)
	}
	switch {
	case answer.stream != nil, answer.events != nil:
		return s.stream(ctx, w, r, answer)
	case answer.location != "":
		s.redirect(w, r, answer)
	case answer.template == nil:
		w.WriteHeader(answer.status)
	default:
		s.render(ctx, w, r, answer)
	}
	return answer.status
}

// failed makes the page about an error; one inside Usher is logged.
func (s *Site) failed(ctx context.Context, r *Request, err error) Answer {
	fault := FaultOf(err, r.id)
	if fault.Status >= http.StatusInternalServerError && !errors.Is(err, context.Canceled) {
		s.Log.ErrorContext(ctx, "page failed", "error", err.Error(), "path", s.loggedPath(r.HTTP), "request_id", r.id)
	}
	answer := s.fault.Show(Head{Title: fault.Title}, fault).With(fault.Status)
	answer.part = faultNotice
	return answer
}

// faultNotice is the template that tells of an error in the place for notices.
const faultNotice = "fault-notice"

// redirect sends the browser on. htmx follows a redirect by itself and would put the
// page into the element it asked for, so it is told to load the page.
func (s *Site) redirect(w http.ResponseWriter, r *Request, answer Answer) {
	if answer.notice.Text != "" {
		http.SetCookie(w, s.noticeCookie(r.HTTP, answer.notice))
	}
	if r.HTTP.Header.Get("HX-Request") == "true" {
		w.Header().Set("HX-Redirect", answer.location)
		w.WriteHeader(http.StatusNoContent)
		return
	}
	w.Header().Set("Location", answer.location)
	w.WriteHeader(answer.status)
}
