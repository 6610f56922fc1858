package page

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/usher-id/usher/internal/store"
)

// Handler answers a request.
type Handler func(ctx context.Context, r *Request) (Answer, error)

// Router takes the routes of the areas. Patterns are those of http.ServeMux without
// the method.
type Router struct {
	site     *Site
	mux      *http.ServeMux
	patterns []string
	secrets  []string // beginnings of paths that a token follows
}

// route is a handler with what it needs.
type route struct {
	needs  store.Role // empty: also who is not signed in
	slow   bool
	large  bool // what is sent may be as large as an upload that is kept
	handle Handler
}

// limit is how many bytes may be sent.
func (r route) limit() int64 {
	if r.large {
		return store.MaxUploadSize + formSize
	}
	return formSize
}

// Get routes a page that everybody may see who is signed in.
func (r *Router) Get(pattern string, handle Handler) {
	r.add(http.MethodGet, pattern, route{needs: store.RoleReader, handle: handle})
}

// GetFor routes a page that needs a role.
func (r *Router) GetFor(pattern string, needs store.Role, handle Handler) {
	r.add(http.MethodGet, pattern, route{needs: needs, handle: handle})
}

// Post routes a form.
func (r *Router) Post(pattern string, needs store.Role, handle Handler) {
	r.add(http.MethodPost, pattern, route{needs: needs, handle: handle})
}

// SlowGet routes a page that asks a target, and may take minutes.
func (r *Router) SlowGet(pattern string, handle Handler) {
	r.add(http.MethodGet, pattern, route{needs: store.RoleReader, slow: true, handle: handle})
}

// SlowPost routes a form that asks a target, and may take minutes.
func (r *Router) SlowPost(pattern string, needs store.Role, handle Handler) {
	r.add(http.MethodPost, pattern, route{needs: needs, slow: true, handle: handle})
}

// SlowGetFor routes a page that needs a role, and may take minutes.
func (r *Router) SlowGetFor(pattern string, needs store.Role, handle Handler) {
	r.add(http.MethodGet, pattern, route{needs: needs, slow: true, handle: handle})
}

// Upload routes a form with files as large as store.Uploads keeps, which may take minutes.
func (r *Router) Upload(pattern string, needs store.Role, handle Handler) {
	r.add(http.MethodPost, pattern, route{needs: needs, slow: true, large: true, handle: handle})
}

// Open routes what works for those who are not signed in, too.
func (r *Router) Open(method, pattern string, handle Handler) {
	r.add(method, pattern, route{handle: handle})
}

func (r *Router) add(method, pattern string, to route) {
	if pattern == "/" {
		pattern = "/{$}"
	}
	if before, _, found := strings.Cut(pattern, tokenSegment); found {
		r.secrets = append(r.secrets, before)
	}
	r.patterns = append(r.patterns, method+" "+pattern)
	r.mux.Handle(method+" "+pattern, http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) { r.site.serve(request.Context(), w, request, to) }))
}

// methods returns the methods that a path takes.
func (r *Router) methods(path string) []string {
	return slices.DeleteFunc([]string{http.MethodGet, http.MethodPost}, func(method string) bool { return !r.Leads(method, path) })
}

// Leads reports whether a route takes this method and path.
func (r *Router) Leads(method, path string) bool {
	target, err := url.Parse(path)
	if err != nil {
		return false
	}
	_, pattern := r.mux.Handler(&http.Request{Method: method, URL: target})
	return pattern != "" && pattern != everythingElse
}
