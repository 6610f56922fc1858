// Package page is the frame of the web portal: what a page is made of, how a request
// finds the handler that answers it, and the components that pages share. It knows
// who is signed in and what they may; it does not sign anybody in, it reads nothing
// but an application's name and state, and it decides nothing about provisioning.
//
// # How a request travels
//
// [New] gives a [Site], and each area of the portal puts its routes on its [Router]:
//
//	func (a Area) Mount(r *page.Router) {
//		r.Get("/logs", a.list)
//		r.Post("/logs/retry", store.RoleOperator, a.retry)
//	}
//
// For each request the site finds the visitor, refuses who is not signed in or may
// not, reads the form within its limits, and runs the handler:
//
//	func (a Area) list(ctx context.Context, r *page.Request) (page.Answer, error)
//
// A handler gives an [Answer]: a page, a redirect after a form, a download, or a
// stream of events. Errors become pages: [*Fault] as it says, the errors of the store
// and of connectors by their kind, anything else as a page that tells the number under
// which the log has the cause.
//
// # Pages
//
// A page is a template file and a struct with its data. It is parsed once, together
// with the layout, the components and the parts given:
//
//	//go:embed *.tmpl
//	var files embed.FS
//
//	list: page.Parse[listData]("list.tmpl", files)
//
// The file defines "content", and may define "actions" (buttons beside the title).
// Inside, {{with .Data}} makes the dot the struct; $ is the view, and $.Frame what the
// layout knows: the visitor, the application of the page.
//
// A request of htmx that names a target gets the template of that name alone, when the
// page defines it: an element with the id "rows" is refreshed by {{define "rows"}}.
// What htmx does is a comfort: each link and form works without it.
//
// # Rules
//
// A page has no inline script or style: the Content-Security-Policy forbids them. Every
// form field has a label, every page one h1, which the layout writes from Head.Title.
// Dangerous acts have a page of their own that says what they will do, with numbers, and
// are done for exactly that alone: see [Confirmation].
// Moments are shown by {{ago}}, ids by {{template "copy"}}, lists by cursor with
// {{template "pager"}}, and a list without rows by {{template "empty"}} says what to do
// first. Each area gives [Sample] pages with made-up data, empty, full and hostile, for
// its tests and for usher portal-preview.
package page
