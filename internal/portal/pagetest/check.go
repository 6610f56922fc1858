// Package pagetest checks pages of the portal: what html/template cannot promise, such
// as labels of form fields and links that lead somewhere, and what a test wants to find
// by a selector. It opens no browser.
package pagetest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/andybalholm/cascadia"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/usher-id/usher/internal/portal/page"
)

// MaxSize is how large a page may be, in bytes, without its style sheets and scripts.
const MaxSize = 200 << 10

// Document is a parsed page.
type Document struct {
	root *html.Node
	Text string // the page as it was sent
}

// Read parses a page.
func Read(tb testing.TB, text string) Document {
	tb.Helper()
	root, err := html.Parse(strings.NewReader(text))
	if err != nil {
		tb.Fatalf("the page cannot be parsed: %v", err)
	}
	return Document{root, text}
}

// Show gives a sample as a site shows it, and its status.
func Show(tb testing.TB, site *page.Site, sample page.Sample) (Document, int) {
	tb.Helper()
	at := sample.Path
	if at == "" {
		at = "/"
	}
	recorder := httptest.NewRecorder()
	site.Show(recorder, httptest.NewRequestWithContext(tb.Context(), http.MethodGet, at, http.NoBody), sample)
	return Read(tb, recorder.Body.String()), recorder.Code
}

// All returns the elements that a CSS selector finds.
func (d Document) All(selector string) []*html.Node {
	return cascadia.QueryAll(d.root, cascadia.MustCompile(selector))
}

// Count returns how many elements a selector finds.
func (d Document) Count(selector string) int { return len(d.All(selector)) }

// Texts returns the texts of the elements that a selector finds, white space folded.
func (d Document) Texts(selector string) []string {
	var texts []string
	for _, node := range d.All(selector) {
		texts = append(texts, Text(node))
	}
	return texts
}

// TextOf returns the text of the first element that a selector finds, empty for none.
func (d Document) TextOf(selector string) string {
	if texts := d.Texts(selector); len(texts) > 0 {
		return texts[0]
	}
	return ""
}

// Attributes returns an attribute of each element that a selector finds.
func (d Document) Attributes(selector, name string) []string {
	var values []string
	for _, node := range d.All(selector) {
		value, _ := Attribute(node, name)
		values = append(values, value)
	}
	return values
}

// Text returns the text below a node, white space folded, as somebody reads it.
func Text(node *html.Node) string {
	var text strings.Builder
	for n := range node.Descendants() {
		if n.Type != html.TextNode {
			continue
		}
		text.WriteString(n.Data)
		if n.NextSibling == nil || n.NextSibling.DataAtom != atom.Wbr { // a word goes on behind it
			text.WriteByte(' ')
		}
	}
	return strings.Join(strings.Fields(text.String()), " ")
}

// Attribute returns an attribute of a node.
func Attribute(node *html.Node, name string) (value string, found bool) {
	at := slices.IndexFunc(node.Attr, func(a html.Attribute) bool { return a.Key == name })
	if at < 0 {
		return "", false
	}
	return node.Attr[at].Val, true
}

// Faults returns what is wrong with a page, whatever it shows; nil for nothing. Leads
// says whether a method and path are served.
func (d Document) Faults(path string, leads func(method, path string) bool) []string {
	c := checker{Document: d, path: path, leads: leads}
	if len(d.Text) > MaxSize {
		c.fault("the page has %d bytes, more than %d", len(d.Text), MaxSize)
	}
	if n := d.Count("h1"); n != 1 {
		c.fault("%d h1 instead of one", n)
	}
	if strings.TrimSpace(d.TextOf("title")) == "" || len(d.Attributes("html[lang]", "lang")) == 0 {
		c.fault("no title, or no language")
	}
	c.ids()
	c.inline()
	c.fields()
	c.names()
	c.links()
	c.tables()
	c.landmarks()
	return c.faults
}

// landmarks checks that the parts of a page that one can go to have names of their own.
func (c *checker) landmarks() {
	seen := map[string]bool{}
	for _, node := range c.All("section, [role=region], [role=search], nav") {
		role, given := Attribute(node, "role")
		switch {
		case given:
		case node.Data == "nav":
			role = "navigation"
		default:
			role = "region"
		}
		name, _ := Attribute(node, "aria-label")
		if by, found := Attribute(node, "aria-labelledby"); found {
			name = c.TextOf(`[id="` + by + `"]`)
		}
		if name == "" {
			continue // a section without a name is no landmark
		}
		if strings.Contains(name, page.Hostile) {
			continue // everything has the same name on a hostile page
		}
		if seen[role+" "+name] {
			c.fault("two landmarks %s are called %q", role, name)
		}
		seen[role+" "+name] = true
	}
}

type checker struct {
	Document

	path   string
	leads  func(method, path string) bool
	faults []string
}

func (c *checker) fault(format string, arguments ...any) {
	c.faults = append(c.faults, fmt.Sprintf(format, arguments...))
}

// ids finds ids that are there twice, and references to ids that are not there.
func (c *checker) ids() {
	seen := map[string]bool{}
	for _, id := range c.Attributes("[id]", "id") {
		if seen[id] {
			c.fault("the id %q is there twice", id)
		}
		seen[id] = true
	}
	for _, name := range []string{"for", "aria-describedby", "aria-labelledby", "aria-controls", "list"} {
		for _, value := range c.Attributes("["+name+"]", name) {
			for id := range strings.FieldsSeq(value) {
				if !seen[id] {
					c.fault("%s names %q, which is not there", name, id)
				}
			}
		}
	}
}

// inline finds what the Content-Security-Policy forbids, and what hostile data would
// look like that was not escaped.
func (c *checker) inline() {
	for range c.All("script:not([src]), style, iframe, object, embed, base") {
		c.fault("inline script or style, or an element that is not wanted")
	}
	for n := range c.root.Descendants() {
		for _, a := range n.Attr {
			value := strings.ToLower(strings.TrimSpace(a.Val))
			switch {
			case a.Key == "style", strings.HasPrefix(a.Key, "on"):
				c.fault("the attribute %s of <%s>: %.40s", a.Key, n.Data, a.Val)
			case strings.HasPrefix(value, "javascript:"), strings.HasPrefix(value, "data:text"):
				c.fault("a script as address of <%s>", n.Data)
			}
		}
	}
	for _, src := range c.Attributes("script[src], img[src], link[href]", "src") {
		if src != "" && !strings.HasPrefix(src, "/") {
			c.fault("%s is loaded from elsewhere", src)
		}
	}
	if strings.Contains(c.Text, "ZgotmplZ") || strings.Contains(c.Text, "<no value>") || strings.Contains(c.Text, "%!") {
		c.fault("a template could not make sense of a value")
	}
}

// fields finds form fields without a label.
func (c *checker) fields() {
	for _, node := range c.All("input, select, textarea") {
		kind, _ := Attribute(node, "type")
		if kind == "hidden" || kind == "submit" {
			continue
		}
		_, named := Attribute(node, "aria-label")
		_, labelled := Attribute(node, "aria-labelledby")
		id, hasID := Attribute(node, "id")
		if named || labelled || inside(node, "label") || hasID && slices.Contains(c.Attributes("label[for]", "for"), id) {
			continue
		}
		name, _ := Attribute(node, "name")
		c.fault("the field %q has no label", name)
	}
}

func inside(node *html.Node, element string) bool {
	for above := range node.Ancestors() {
		if above.Type == html.ElementNode && above.Data == element {
			return true
		}
	}
	return false
}

// names finds buttons, links and pictures that a screen reader cannot name.
func (c *checker) names() {
	for _, node := range c.All("button, a[href], summary") {
		label, _ := Attribute(node, "aria-label")
		if Text(node) == "" && label == "" {
			c.fault("a <%s> without a name", node.Data)
		}
	}
	for _, node := range c.All("img:not([alt])") {
		src, _ := Attribute(node, "src")
		c.fault("the picture %s has no alt", src)
	}
	for _, node := range c.All("nav:not([aria-label])") {
		c.fault("a <nav> without a name: %.40s", Text(node))
	}
}

// links finds links and forms that lead nowhere.
func (c *checker) links() {
	for _, href := range c.Attributes("a[href]", "href") {
		c.lead(http.MethodGet, href)
	}
	for _, node := range c.All("form") {
		method, _ := Attribute(node, "method")
		action, _ := Attribute(node, "action")
		c.lead(strings.ToUpper(method), action)
	}
	for _, method := range []string{"get", "post"} {
		for _, at := range c.Attributes("[hx-"+method+"]", "hx-"+method) {
			c.lead(strings.ToUpper(method), at)
		}
	}
	for _, at := range c.Attributes("[sse-connect]", "sse-connect") {
		c.lead(http.MethodGet, at)
	}
	for _, at := range c.Attributes("button[formaction]", "formaction") {
		c.lead(http.MethodPost, at)
	}
}

func (c *checker) lead(method, to string) {
	if method == "" {
		method = http.MethodGet
	}
	if strings.HasPrefix(to, "#") || strings.HasPrefix(to, "mailto:") || strings.HasPrefix(to, "https://") {
		return
	}
	base, err := url.Parse("http://usher" + c.path)
	if err != nil {
		c.fault("the path of the page, %s: %v", c.path, err)
		return
	}
	target, err := base.Parse(to)
	if err != nil || target.Host != "usher" || !c.leads(method, target.RequestURI()) {
		c.fault("%s %q leads nowhere", method, to)
	}
}

// tables finds tables without headings, and those that make a narrow page wide.
func (c *checker) tables() {
	for _, node := range c.All("table") {
		if len(cascadia.QueryAll(node, cascadia.MustCompile("th"))) == 0 {
			c.fault("a table without headings")
		}
		wrapped := false
		for above := range node.Ancestors() {
			class, _ := Attribute(above, "class")
			wrapped = wrapped || slices.Contains(strings.Fields(class), "table-wrap")
		}
		if !wrapped {
			c.fault("a table outside a .table-wrap")
		}
	}
}
