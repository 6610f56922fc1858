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

// inspect looks at the page with rules of axe-core, all if none is named, and whether it
// is wider than the window. Whatever is serious or critical is a fault of the test.
func (w *window) inspect(what string, rules ...string) {
	w.t.Helper()
	w.script("window.axe || (function () {" + w.axe + "})()")
	options := `{resultTypes: ["violations"]}`
	if len(rules) > 0 {
		options = `{resultTypes: ["violations"], runOnly: ["` + strings.Join(rules, `", "`) + `"]}`
	}
	found, err := ask[findings](w, `axe.run(document, `+options+`).then(function (r) {
		return {violations: r.violations.map(function (v) { return {id: v.id, impact: v.impact, help: v.help, nodes: v.nodes.slice(0, 8).map(function (n) { return {html: n.html.slice(0, 300), failureSummary: n.failureSummary}; })}; }),
			wide: document.documentElement.scrollWidth - document.documentElement.clientWidth}; })`, chromedp.EvalAwaitPromise)
	if err != nil {
		w.t.Fatalf("at %s: axe: %v", w.where(), err)
	}
	if found.Wide > 1 {
		w.t.Errorf("%s is %d pixels wider than the window", what, found.Wide)
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
