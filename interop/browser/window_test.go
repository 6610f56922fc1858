package browser

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// window is a window of a browser with cookies of its own.
type window struct {
	t    *testing.T
	ctx  context.Context
	base string
	axe  string          // axe-core, which each page gets with it; empty: pages are not checked
	seen map[string]bool // pages that were checked
}

// options say how a window is.
type options struct {
	width, height int64
	dark          bool
	withoutScript bool
}

// missing ends a test that lacks a program: with USHER_REQUIRE_BROWSER=1 it fails.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("USHER_REQUIRE_BROWSER") == "1" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// open starts a browser with one window on a world.
func (w *world) open(o options) *window {
	t := w.t
	t.Helper()
	program := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			program = path
			break
		}
	}
	if program == "" {
		missing(t, "there is no Chromium; Debian has it in the package chromium")
	}
	source, err := os.ReadFile(filepath.Join("node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		missing(t, "axe-core is not here: npm ci --ignore-scripts --prefix interop/browser")
	}
	if o.width == 0 {
		o.width, o.height = 1280, 900
	}
	flags := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.NoSandbox,
		chromedp.Flag("disable-gpu", true), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.WindowSize(int(o.width), int(o.height)))
	allocator, stop := chromedp.NewExecAllocator(t.Context(), flags...)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(func() { cancel(); stop() })
	win := &window{t: t, ctx: ctx, base: w.URL, axe: string(source), seen: map[string]bool{}}
	win.listen() // starts the browser, whose life is that of the context
	win.do(chromedp.EmulateViewport(o.width, o.height))
	tell(win, log.Enable, cdp.Empty{})
	tell(win, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: win.axe})
	tell(win, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: o.withoutScript})
	win.light(!o.dark)
	if o.withoutScript {
		win.axe = "" // it is a script itself
	}
	return win
}

// light says whether the device is light or dark. Nothing moves: what fades in would be
// looked at when it is half there.
func (w *window) light(light bool) {
	w.t.Helper()
	scheme := "dark"
	if light {
		scheme = "light"
	}
	tell(w, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}})
	w.await("it does not become "+scheme, `return location.protocol === "about:" || document.documentElement.getAttribute("data-bs-theme") !== `+quoted(opposite(scheme))+`;`)
}

func opposite(scheme string) string {
	if scheme == "dark" {
		return "light"
	}
	return "dark"
}

// listen fails the test for what the browser complains of: a script that broke, or
// something that the Content-Security-Policy refused.
func (w *window) listen() {
	w.t.Helper()
	err := chromedp.Listen(w.ctx, func(event any) {
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			w.t.Errorf("a script broke: %+v", e.ExceptionDetails)
		case *log.EventEntryAdded:
			if e.Entry.Level == log.EntryLevelError && e.Entry.Source == log.EntrySourceSecurity {
				w.t.Errorf("the browser refused something: %s (%s)", e.Entry.Text, e.Entry.URL)
			}
		}
	})
	if err != nil {
		w.t.Fatalf("start the browser: %v", err)
	}
}

// tell sends a command to the browser.
func tell[P, R any](w *window, command cdp.Command[P, R], parameters P) R {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	result, err := chromedp.Call(ctx, command, parameters)
	if err != nil {
		w.t.Fatalf("at %s: %v", w.where(), err)
	}
	return result
}

// ask evaluates JavaScript that gives a value.
func ask[T any](w *window, code string, options ...chromedp.EvaluateOption) (T, error) {
	ctx, cancel := context.WithTimeout(w.ctx, 3*patience)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[T](code, options...))
}

// patience is how long a window waits for something to be there.
const patience = 20 * time.Second

func (w *window) do(actions ...chromedp.Action[chromedp.Void]) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, 2*patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		w.t.Fatalf("at %s: %v", w.where(), err)
	}
}

func (w *window) where() string {
	ctx, cancel := context.WithTimeout(w.ctx, time.Second)
	defer cancel()
	at, _ := chromedp.Run(ctx, chromedp.Location())
	return at
}

// visit goes to a path of the portal, or a whole address.
func (w *window) visit(path string) {
	w.t.Helper()
	if strings.HasPrefix(path, "/") {
		path = w.base + path
	}
	w.do(chromedp.Navigate(path), chromedp.WaitReady("body"))
	w.check()
}

// script runs JavaScript.
func (w *window) script(code string) {
	w.t.Helper()
	w.do(chromedp.Evaluate[chromedp.Void](code + "; void 0"))
}

// find is the part of scripts that finds an element by what people call it.
const find = `
function shown(e) { return !!(e.offsetWidth || e.offsetHeight || e.getClientRects().length); }
function nameOf(e) { return (e.getAttribute("aria-label") || e.innerText || e.textContent || "").replace(/\s+/g, " ").trim(); }
function pressable(name) {
  var all = Array.from(document.querySelectorAll("button, a[href], summary, input[type=submit]")).filter(shown);
  return all.find(function (e) { return nameOf(e) === name; }) || all.find(function (e) { return nameOf(e).startsWith(name); });
}
function named(name, selector) {
  var labels = Array.from(document.querySelectorAll("label")).filter(function (l) { return l.control && l.control.matches(selector); });
  var label = labels.find(function (l) { return nameOf(l).replace(/ \*$/, "") === name; }) || labels.find(function (l) { return nameOf(l).startsWith(name); });
  if (label) { return label.control; }
  return Array.from(document.querySelectorAll(selector)).find(function (e) { return (e.getAttribute("aria-label") || "").startsWith(name); });
}
function box(name) { return named(name, "input[type=checkbox], input[type=radio]"); }
function field(name) { return named(name, "select, textarea, input:not([type=checkbox]):not([type=radio])"); }
`

// call runs a function of find with a name and waits until it gives something.
func (w *window) await(what, code string) {
	w.t.Helper()
	until := time.Now().Add(patience)
	for {
		found, err := ask[bool](w, "(function () {"+find+code+"})()")
		if err == nil && found {
			return
		}
		if time.Now().After(until) {
			w.t.Fatalf("at %s: %s (%v). The page says:\n%s", w.where(), what, err, w.text("body"))
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func quoted(text string) string {
	encoded, _ := json.Marshal(text)
	return string(encoded)
}

// press presses the button or link that is called so, and waits for the page that
// comes of it, if one does.
func (w *window) press(name string) {
	w.t.Helper()
	w.await("there is nothing to press that is called "+quoted(name), "return !!pressable("+quoted(name)+");")
	w.script("(function () {" + find + "window.left = false; var e = pressable(" + quoted(name) + "); e.scrollIntoView({block: 'center'}); e.focus(); e.click(); })()")
	w.settle()
	w.check()
}

// settle waits until no page is being loaded and htmx has nothing under way.
func (w *window) settle() {
	w.t.Helper()
	time.Sleep(80 * time.Millisecond)
	w.await("the page does not come to rest", `return document.readyState === "complete" && !document.querySelector(".htmx-request, form.sending");`)
}

// fill puts a value into the field that is labelled so, key by key as far as a page
// can tell.
func (w *window) fill(label, value string) {
	w.t.Helper()
	w.await("there is no field "+quoted(label), "return !!field("+quoted(label)+");")
	w.script("(function () {" + find + "var e = field(" + quoted(label) + "); e.focus(); e.value = " + quoted(value) +
		"; e.dispatchEvent(new Event('input', {bubbles: true})); e.dispatchEvent(new Event('change', {bubbles: true})); })()")
}

// choose chooses the option that begins so.
func (w *window) choose(label, option string) {
	w.t.Helper()
	w.await("there is no choice "+quoted(option)+" of "+quoted(label), "var e = field("+quoted(label)+"); return !!e && Array.from(e.options).some(function (o) { return o.text.trim().startsWith("+quoted(option)+"); });")
	w.script("(function () {" + find + "var e = field(" + quoted(label) + "); var o = Array.from(e.options).find(function (o) { return o.text.trim().startsWith(" + quoted(option) +
		"); }); e.value = o.value; e.dispatchEvent(new Event('input', {bubbles: true})); e.dispatchEvent(new Event('change', {bubbles: true})); })()")
	w.settle()
}

// tick switches the check box or radio button that is labelled so.
func (w *window) tick(label string) {
	w.t.Helper()
	w.await("there is no box "+quoted(label), "return !!box("+quoted(label)+");")
	w.script("(function () {" + find + "box(" + quoted(label) + ").click(); })()")
}

// inView checks that an element begins in the part of the page that the window shows.
func (w *window) inView(selector string) {
	w.t.Helper()
	w.await(selector+" is not in view", "var e = document.querySelector("+quoted(selector)+"); if (!e) { return false; } var top = e.getBoundingClientRect().top; return top >= 0 && top < window.innerHeight;")
}

// upload chooses a file in the field with this name.
func (w *window) upload(name, file string) {
	w.t.Helper()
	w.do(chromedp.SetUploadFiles(`input[type=file][name=`+name+`]`, []string{file}))
}

// follow presses the first link of the page whose address has this part.
func (w *window) follow(part string) {
	w.t.Helper()
	w.pressBeside("", part)
}

// pressBeside presses the link whose address has this part, in the row of a table that
// says something.
func (w *window) pressBeside(text, part string) {
	w.t.Helper()
	link := `var link = Array.from(document.querySelectorAll("main tr")).filter(function (row) { return row.innerText.includes(` + quoted(text) + `); })
		.map(function (row) { return row.querySelector('a[href*="` + part + `"]'); }).find(Boolean);`
	w.await("no row with "+quoted(text)+" has a link to "+part, link+" return !!link;")
	w.script("(function () {" + link + " link.click(); })()")
	w.settle()
	w.check()
}

// text returns the visible text of the first element that a selector finds.
func (w *window) text(selector string) string {
	w.t.Helper()
	text, _ := ask[string](w, "(document.querySelector("+quoted(selector)+") || {}).innerText || ''")
	return text
}

// sees waits until the page says something.
func (w *window) sees(texts ...string) {
	w.t.Helper()
	for _, text := range texts {
		w.await("it does not say "+quoted(text), "return document.body.innerText.replace(/\\s+/g, ' ').includes("+quoted(text)+");")
	}
}

// says reports whether the page says something now.
func (w *window) says(text string) bool {
	w.t.Helper()
	return strings.Contains(strings.Join(strings.Fields(w.text("body")), " "), text)
}

// loses waits until the page does not say something any more.
func (w *window) loses(text string) {
	w.t.Helper()
	w.await("it still says "+quoted(text), "return !document.body.innerText.replace(/\\s+/g, ' ').includes("+quoted(text)+");")
}

// misses fails when the page says something.
func (w *window) misses(text string) {
	w.t.Helper()
	if w.says(text) {
		w.t.Fatalf("at %s: it says %q", w.where(), text)
	}
}

// titled waits for a page with this heading.
func (w *window) titled(title string) {
	w.t.Helper()
	w.await("no page "+quoted(title), "var h = document.querySelector('h1'); return !!h && nameOf(h).startsWith("+quoted(title)+");")
}
