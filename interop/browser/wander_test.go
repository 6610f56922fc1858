package browser

import "github.com/chromedp/chromedp"

// wander follows every link of the portal from where the window is, to one page of each
// kind, looks at each, and returns how many it saw.
func (w *window) wander() int {
	w.t.Helper()
	known := map[string]bool{}
	var waiting []string
	note := func() {
		for _, link := range w.links() {
			if !known[link.Kind] {
				known[link.Kind] = true
				waiting = append(waiting, link.Path)
			}
		}
	}
	note()
	seen := 0
	for ; len(waiting) > 0; waiting = waiting[1:] {
		if !w.isPage(waiting[0]) {
			continue
		}
		w.visit(waiting[0])
		w.settle()
		seen++
		note()
	}
	return seen
}

// link is a link of a page. Pages that differ only in what they are about are of one kind.
type link struct {
	Path string `json:"path"`
	Kind string `json:"kind"`
}

func (w *window) links() []link {
	w.t.Helper()
	found, err := ask[[]link](w, `Array.from(document.querySelectorAll("a[href]")).filter(function (a) { return a.origin === location.origin; }).map(function (a) {
		return {path: a.pathname + a.search, kind: a.pathname.replace(/[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{32,}|\d+/g, "ID") + "?" + Array.from(a.searchParams || new URL(a.href).searchParams).map(function (p) { return p[0]; }).sort().join("&")}; })`)
	if err != nil {
		w.t.Fatalf("at %s: %v", w.where(), err)
	}
	return found
}

// isPage reports whether something is to be looked at: others are downloads.
func (w *window) isPage(path string) bool {
	w.t.Helper()
	found, err := ask[bool](w, `fetch(`+quoted(path)+`, {method: "HEAD"}).then(function (r) {
		return r.ok && (r.headers.get("Content-Type") || "").startsWith("text/html") && !r.headers.get("Content-Disposition"); })`, chromedp.EvalAwaitPromise)
	if err != nil {
		w.t.Fatalf("at %s: ask what %s is: %v", w.where(), path, err)
	}
	return found
}
