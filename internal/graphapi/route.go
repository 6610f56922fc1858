package graphapi

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/usher-id/usher/internal/store"
)

// handler answers one request. It returns either a response or an error, which
// becomes the error envelope: an *Error as it is, an error of package store as
// [asError] translates it, any other as a 500 that is logged.
type handler func(ctx context.Context, r *request) (response, error)

// route is one row of the table of what is served.
type route struct {
	method  string
	pattern string     // segments joined by "/"; {name} stands for a key
	needs   store.Role // the least role that may
	answer  handler
	keys    []string // names of the keys of the pattern, in order
	most    int64    // bytes of a body where that is more than usual
	slow    bool     // it looks at everybody, or talks to a target: it may take as long as slowTimeout
}

// slowTimeout is how long a request to a slow route may take.
const slowTimeout = 15 * time.Minute

// slowly marks a route as slow.
func slowly(r route) route {
	r.slow = true
	return r
}

func get(pattern string, answer handler) route {
	return route{method: http.MethodGet, pattern: pattern, needs: store.RoleReader, answer: answer}
}

func post(pattern string, needs store.Role, answer handler) route {
	return route{method: http.MethodPost, pattern: pattern, needs: needs, answer: answer}
}

func put(pattern string, answer handler) route {
	return route{method: http.MethodPut, pattern: pattern, needs: store.RoleAdministrator, answer: answer}
}

func patch(pattern string, answer handler) route {
	return route{method: http.MethodPatch, pattern: pattern, needs: store.RoleAdministrator, answer: answer}
}

func remove(pattern string, answer handler) route {
	return route{method: http.MethodDelete, pattern: pattern, needs: store.RoleAdministrator, answer: answer}
}

// router finds the route of a path. Names are compared whatever their letter case;
// a name that stands in the table is preferred to a key.
type router struct {
	names  map[string]*router
	key    *router
	routes map[string]route // by method
}

func newRouter(routes []route) *router {
	root := &router{}
	for _, r := range routes {
		root.add(r)
	}
	return root
}

func (n *router) add(r route) {
	for part := range strings.SplitSeq(strings.Trim(r.pattern, "/"), "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			r.keys = append(r.keys, strings.TrimSuffix(name, "}"))
			if n.key == nil {
				n.key = &router{}
			}
			n = n.key
			continue
		}
		name := strings.ToLower(part)
		if n.names == nil {
			n.names = map[string]*router{}
		}
		if n.names[name] == nil {
			n.names[name] = &router{}
		}
		n = n.names[name]
	}
	if n.routes == nil {
		n.routes = map[string]route{}
	}
	n.routes[r.method] = r
}

// match is where a path leads to.
type match struct {
	routes map[string]route // by method; empty when the path leads nowhere
	keys   []segment
	depth  int // how many segments fit, for the message about the one that does not
}

// find follows the segments. Of several ways it takes the first one that ends at a
// route.
func (n *router) find(segments []segment, keys []segment, depth int) match {
	if len(segments) == 0 {
		return match{routes: n.routes, keys: keys, depth: depth}
	}
	best := match{depth: depth}
	next, rest := segments[0], segments[1:]
	for _, name := range namesOf(next) {
		if below := n.names[name]; below != nil {
			if found := below.find(rest, keys, depth+1); found.routes != nil {
				return found
			} else if found.depth > best.depth {
				best = found
			}
		}
	}
	if n.key != nil && !next.qualified {
		found := n.key.find(rest, append(slices.Clip(keys), next), depth+1)
		if found.routes != nil || found.depth > best.depth {
			best = found
		}
	}
	return best
}

// namesOf returns under which names of the table a segment may be found.
func namesOf(s segment) []string {
	if s.isKey {
		return nil
	}
	name := strings.ToLower(s.text)
	if s.qualified {
		return []string{name, strings.TrimPrefix(name, namespace)}
	}
	if kind, short := strings.CutPrefix(name, shortNamespace); short {
		return []string{name, namespace + kind}
	}
	return []string{name}
}

// allowed returns the methods of a match in order, for the header Allow.
func (m match) allowed() string {
	methods := make([]string, 0, len(m.routes)+1)
	for method := range m.routes {
		methods = append(methods, method)
		if method == http.MethodGet {
			methods = append(methods, http.MethodHead)
		}
	}
	slices.Sort(methods)
	return strings.Join(methods, ", ")
}
