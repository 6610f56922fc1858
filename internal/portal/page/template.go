package page

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"slices"
)

//go:embed *.tmpl
var templates embed.FS

// Page is a page's template; T is its data.
type Page[T any] struct{ set *template.Template }

// renderer is a Page without its type.
type renderer interface {
	execute(name string, v view) ([]byte, error)
	defines(name string) bool
}

// Parse parses the page in the first of the folders that has it, with the layout, the
// components, and every part ("*_part.tmpl") of the folders. The files are embedded: one
// that does not parse is a fault of the program, and panics.
func Parse[T any](name string, folders ...fs.FS) Page[T] {
	set := template.New(name).Funcs(functions())
	set = template.Must(set.ParseFS(templates, "layout.tmpl", "components.tmpl"))
	for _, folder := range folders {
		if parts, err := fs.Glob(folder, "*_part.tmpl"); err == nil && len(parts) > 0 {
			set = template.Must(set.ParseFS(folder, parts...))
		}
	}
	for _, folder := range folders {
		if _, err := fs.Stat(folder, name); err == nil {
			return Page[T]{template.Must(set.ParseFS(folder, name))}
		}
	}
	panic("page: no folder has the template " + name)
}

// Show answers with the page.
func (p Page[T]) Show(head Head, data T) Answer {
	return Answer{status: http.StatusOK, head: head, template: p, data: data}
}

// Part executes one template of the page without the layout, for a stream of events.
func (p Page[T]) Part(r *Request, head Head, name string, data T) (string, error) {
	text, err := p.execute(name, r.site.view(r, head, data))
	return string(text), err
}

func (p Page[T]) execute(name string, v view) ([]byte, error) {
	var out bytes.Buffer
	if err := p.set.ExecuteTemplate(&out, name, v); err != nil {
		return nil, fmt.Errorf("show %s: %w", p.set.Name(), err)
	}
	return out.Bytes(), nil
}

func (p Page[T]) defines(name string) bool { return p.set.Lookup(name) != nil }

// view is what a template gets.
type view struct {
	Frame Frame
	Data  any
}

// Frame is what the layout and the components know.
type Frame struct {
	Head

	Visitor Visitor
	Notice  Notice
	Theme   string
	Here    string // path and query of the page
	Version string
	Entries []Entry // of the main menu
}

// entries is the main menu.
func entries(v Visitor) []Entry {
	menu := []Entry{
		{Name: "/", Title: "Home", Icon: "home", Path: "/"},
		{Name: "/applications", Title: "Enterprise applications", Icon: "apps", Path: "/applications"},
		{Name: "/users", Title: "Users", Icon: "user", Path: "/users"},
		{Name: "/groups", Title: "Groups", Icon: "users-group", Path: "/groups"},
		{Name: "/logs", Title: "Provisioning logs", Icon: "list-details", Path: "/logs"},
		{Name: "/insights", Title: "Insights", Icon: "chart-bar", Path: "/insights"},
		{Name: "/settings", Title: "Settings", Icon: "settings", Path: "/settings"},
	}
	if !v.Known() {
		return nil
	}
	return menu
}

// here is where a page can be loaded again: one that answers a form may have no address
// of its own.
func (s *Site) here(r *http.Request) string {
	if r.Method == http.MethodGet || r.Method == http.MethodHead || s.router.Leads(http.MethodGet, r.URL.Path) {
		return r.URL.RequestURI()
	}
	return "/"
}

func (s *Site) view(r *Request, head Head, data any) view {
	return view{
		Frame: Frame{
			Head: head, Visitor: r.Visitor, Theme: theme(r.HTTP), Here: s.here(r.HTTP), Version: s.Version, Entries: entries(r.Visitor),
		},
		Data: data,
	}
}

// render writes a page, or the part of it that htmx asks for.
func (s *Site) render(ctx context.Context, w http.ResponseWriter, r *Request, answer Answer) {
	v := s.view(r, answer.head, answer.data)
	name := "layout"
	if answer.part != "" && r.HTTP.Header.Get("HX-Request") == "true" {
		name = answer.part
		w.Header().Set("HX-Retarget", "#notice")
		w.Header().Set("HX-Reswap", "innerHTML")
	} else if target := r.target(); target != "" && answer.template.defines(target) && !slices.Contains([]string{"layout", "content", "actions"}, target) {
		name = target
	}
	if name == "layout" {
		v.Frame.Notice = answer.notice
		if answer.notice.Text == "" {
			v.Frame.Notice = s.takeNotice(w, r.HTTP)
		}
	}
	text, err := answer.template.execute(name, v)
	if err != nil {
		s.Log.ErrorContext(ctx, "page failed", "error", err.Error(), "path", s.loggedPath(r.HTTP), "request_id", r.id)
		http.Error(w, "This page cannot be shown. The log of the service has the cause under the number "+r.id+".", http.StatusInternalServerError)
		return
	}
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Add("Vary", "HX-Request")
	w.WriteHeader(answer.status)
	_, _ = w.Write(text) // an error says that whoever asked is gone
}
