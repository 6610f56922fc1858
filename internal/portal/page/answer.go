package page

import (
	"context"
	"fmt"
	"io"
	"mime"
	"net/http"
	"time"
)

// Answer is what a handler gives.
type Answer struct {
	status   int
	head     Head
	template renderer
	data     any
	location string
	notice   Notice
	cookies  []*http.Cookie
	header   http.Header
	stream   func(ctx context.Context, w http.ResponseWriter) error
	events   func(ctx context.Context, w http.ResponseWriter, goesOn func(context.Context) (bool, error)) error
	part     string // template that is shown to htmx in place of what it asked for
}

// Head is what the layout shows of a page besides its content.
type Head struct {
	Title       string
	Lead        string       // a sentence below the title, or empty
	Section     string       // the entry of the main menu that the page belongs to, by its path
	Application *Application // whose menu is shown, nil for none
	Menu        string       // the entry of that menu, by its name
	Crumbs      []Link       // the way to the page, without the page itself

	// OwnState says that the content shows the state of the application, and keeps it up to
	// date; then the heading does not show it, too.
	OwnState bool

	// Refresh is after how long a browser without scripts loads the page again, 0 for
	// never. With scripts the page keeps itself up to date.
	Refresh time.Duration
}

// Link is a link with its text.
type Link struct{ Text, Path string }

// Of returns the head of a page of an application.
func (a Application) Of(title, menu string) Head {
	return Head{
		Title: title, Section: "/applications", Application: &a, Menu: menu,
		Crumbs: []Link{{"Enterprise applications", "/applications"}, {a.DisplayName, a.Path("")}},
	}
}

// Below returns the head of a page below this one.
func (h Head) Below(title, path, parent string) Head {
	h.Crumbs = append(append([]Link{}, h.Crumbs...), Link{parent, path})
	h.Title = title
	return h
}

// Notice is a sentence that the next page shows once: what a form did.
type Notice struct {
	Kind string `json:"kind"` // "success", "warning", "danger" or "info"
	Text string `json:"text"`
}

// Success is the notice that something was done.
func Success(format string, arguments ...any) Notice {
	return Notice{"success", fmt.Sprintf(format, arguments...)}
}

// Caution is the notice that something was done, and what to mind.
func Caution(format string, arguments ...any) Notice {
	return Notice{"warning", fmt.Sprintf(format, arguments...)}
}

// Redirect sends the visitor to another page after a form was carried out.
func Redirect(location string, notice Notice) Answer {
	return Answer{status: http.StatusSeeOther, location: location, notice: notice}
}

// Away sends the visitor to another site, such as one to sign in at.
func Away(location string) Answer { return Answer{status: http.StatusSeeOther, location: location} }

// Unchanged answers htmx that what it asked for is as it was: nothing is replaced.
func Unchanged() Answer { return Answer{status: http.StatusNoContent} }

// With returns the answer with another status, such as 422 for a form with faults.
func (a Answer) With(status int) Answer {
	a.status = status
	return a
}

// Saying returns the answer with a notice that its page shows at once.
func (a Answer) Saying(notice Notice) Answer {
	a.notice = notice
	return a
}

// Setting returns the answer with a cookie.
func (a Answer) Setting(cookies ...*http.Cookie) Answer {
	a.cookies = append(a.cookies, cookies...)
	return a
}

// Header returns the answer with a header.
func (a Answer) Header(name, value string) Answer {
	a.header = a.header.Clone()
	if a.header == nil {
		a.header = http.Header{}
	}
	a.header.Set(name, value)
	return a
}

// Download is a file that the write function writes. What it reports after it began
// to write breaks the download off, so that no half file looks whole.
func Download(name, contentType string, write func(ctx context.Context, w io.Writer) error) Answer {
	disposition := mime.FormatMediaType("attachment", map[string]string{"filename": name})
	return Answer{
		status: http.StatusOK,
		header: http.Header{"Content-Type": {contentType}, "Content-Disposition": {disposition}},
		stream: func(ctx context.Context, w http.ResponseWriter) error { return write(ctx, w) },
	}
}
