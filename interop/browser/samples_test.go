package browser

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// lanes are the windows that look at the pages beside one another.
const lanes = 3

// Every page that the portal has, with made-up data, is one that nobody is kept out of:
// light and dark, on a desk and on a telephone.
func TestEveryPageIsOpenToEverybody(t *testing.T) {
	t.Parallel()
	binary, err := build()
	if err != nil {
		t.Fatal(err)
	}
	for lane := range lanes {
		t.Run("lane "+strconv.Itoa(lane), func(t *testing.T) {
			t.Parallel()
			preview := &world{t: t, folder: t.TempDir(), binary: binary}
			line, _, _ := preview.start(regexp.MustCompile("the pages are at"), "portal-preview", "--listen", "127.0.0.1:0")
			preview.URL = regexp.MustCompile(`http://[^/]+`).FindString(line)
			window := preview.open(options{})
			window.do(chromedp.Navigate(preview.URL + "/samples"))
			names, err := ask[[]string](window, `Array.from(document.querySelectorAll("li a")).map(function (a) { return a.textContent; })`)
			if err != nil || len(names) < 100 {
				t.Fatalf("there are %d samples, too few: %v", len(names), err)
			}
			for number := lane; number < len(names); number += lanes {
				window.lookAtSample(number, names[number])
			}
		})
	}
}

// lookAtSample looks at one page in all the ways in which it can be seen. What depends
// neither on colours nor on the width is looked at once.
func (w *window) lookAtSample(number int, name string) {
	w.t.Helper()
	w.light(true)
	w.do(chromedp.EmulateViewport(1280, 900), chromedp.Navigate(w.base+"/samples/"+strconv.Itoa(number)), chromedp.WaitReady("body"))
	w.settle()
	w.inspect(name)
	if !strings.Contains(name, ": hostile") { // their names are longer than any table
		w.fits(name)
	}
	if !strings.HasSuffix(name, ": hostile") && !strings.HasSuffix(name, ": empty") { // these have no colours of their own
		w.light(false)
		w.inspect(name+", dark", "color-contrast", "link-in-text-block")
	}
	w.do(chromedp.EmulateViewport(390, 844))
	w.inspect(name+", on a telephone", "scrollable-region-focusable", "target-size")
}
