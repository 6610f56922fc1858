package browser

import (
	"fmt"
	"strings"

	"github.com/chromedp/chromedp"
)

// findings are what is wrong with a page.
type findings struct {
	Violations []violation `json:"violations"`
	Wide       int         `json:"wide"` // pixels beyond the window
	Widest     []string    `json:"widest"`
}

// violation is what axe-core found.
type violation struct {
	ID     string `json:"id"`
	Impact string `json:"impact"`
	Help   string `json:"help"`
	Nodes  []struct {
		HTML    string `json:"html"`
		Summary string `json:"failureSummary"`
	} `json:"nodes"`
}

// check looks at the page with all rules, once for each kind of page.
func (w *window) check() {
	w.t.Helper()
	if w.axe == "" {
		return
	}
	kind, err := ask[string](w, `location.pathname.replace(/[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{32,}|\d+/g, "ID") + " " + (document.querySelector("h1") || {}).innerText`)
	if err != nil {
		w.t.Fatalf("at %s: %v", w.where(), err)
	}
	if w.seen[kind] {
		return
	}
	w.seen[kind] = true
	w.inspect(kind)
}

// beyond is a script that finds what reaches beyond the window and cannot be scrolled to
// in a part of the page.
const beyond = `
function beyond() {
  var width = document.documentElement.clientWidth;
  return Array.from(document.querySelectorAll("body *")).filter(function (e) {
    if (e.getBoundingClientRect().right <= width + 1) { return false; }
    for (var up = e.parentElement; up; up = up.parentElement) { if (up !== document.body && getComputedStyle(up).overflowX !== "visible") { return false; } }
    return true;
  }).map(function (e) { return e.outerHTML.slice(0, 160); }).slice(0, 12);
}
`

// fits fails when a table of the page, or of a part of it that opens, is wider than its
// place, so that columns are out of sight.
func (w *window) fits(what string) {
	w.t.Helper()
	wide, err := ask[[]string](w, `(function () {
		var closed = Array.from(document.querySelectorAll("details:not([open])"));
		closed.forEach(function (d) { d.open = true; });
		var wide = Array.from(document.querySelectorAll(".table-wrap")).filter(function (e) { return e.scrollWidth > e.clientWidth + 1; })
			.map(function (e) { return e.getAttribute("aria-label") + " by " + (e.scrollWidth - e.clientWidth) + " pixels"; });
		closed.forEach(function (d) { d.open = false; });
		return wide; })()`)
	if err != nil {
		w.t.Fatalf("at %s: %v", w.where(), err)
	}
	if len(wide) > 0 {
		w.t.Errorf("%s has tables that are too wide: %s", what, strings.Join(wide, ", "))
	}
}

// inspect looks at the page with rules of axe-core, all if none is named, and whether it
// is wider than the window. Whatever is serious or critical is a fault of the test.
func (w *window) inspect(what string, rules ...string) {
	w.t.Helper()
	options := `{resultTypes: ["violations"]}`
	if len(rules) > 0 {
		options = `{resultTypes: ["violations"], runOnly: ["` + strings.Join(rules, `", "`) + `"]}`
	}
	found, err := ask[findings](w, beyond+`axe.run(document, `+options+`).then(function (r) {
		return {violations: r.violations.map(function (v) { return {id: v.id, impact: v.impact, help: v.help, nodes: v.nodes.slice(0, 8).map(function (n) { return {html: n.html.slice(0, 300), failureSummary: n.failureSummary}; })}; }),
			wide: document.documentElement.scrollWidth - document.documentElement.clientWidth, widest: beyond()}; })`, chromedp.EvalAwaitPromise)
	if err != nil {
		w.t.Fatalf("at %s: axe: %v", w.where(), err)
	}
	if found.Wide > 1 {
		w.t.Errorf("%s is %d pixels wider than the window:\n  %s", what, found.Wide, strings.Join(found.Widest, "\n  "))
	}
	for _, v := range found.Violations {
		text := fmt.Sprintf("axe at %s: %s (%s): %s", what, v.ID, v.Impact, v.Help)
		for _, node := range v.Nodes {
			text += "\n  " + node.HTML + "\n    " + strings.ReplaceAll(node.Summary, "\n", "\n    ")
		}
		if v.Impact == "serious" || v.Impact == "critical" {
			w.t.Error(text)
		} else {
			w.t.Log(text)
		}
	}
}
