package browser

import (
	"bytes"
	"cmp"
	"flag"
	"image"
	"image/color"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/chromedp/cdproto/page"
)

// screenshots is the folder that pictures for the documents are written to.
var screenshots = flag.String("screenshots", "", "folder for pictures of the pages; empty: none are taken")

// shoot takes a picture of the page, from its top, for the documents.
func (w *window) shoot(name string) {
	w.t.Helper()
	if *screenshots == "" {
		return
	}
	w.script("window.scrollTo(0, 0); document.activeElement.blur()")
	w.keep(name)
}

// shootAt takes a picture with the heading of a part of the page at its top.
func (w *window) shootAt(name, heading string) {
	w.t.Helper()
	if *screenshots == "" {
		return
	}
	w.script(`var part = Array.from(document.querySelectorAll("main h2")).find(function (h) { return h.innerText.startsWith(` + quoted(heading) + `); });
		window.scrollTo(0, part.getBoundingClientRect().top + window.scrollY - 16); document.activeElement.blur()`)
	w.keep(name)
}

// shootAround takes a picture with the first element that a selector finds in its middle.
func (w *window) shootAround(name, selector string) {
	w.t.Helper()
	if *screenshots == "" {
		return
	}
	w.script(`document.querySelector(` + quoted(selector) + `).scrollIntoView({block: "center"}); document.activeElement.blur()`)
	w.keep(name)
}

// keep writes what the window shows into the folder of pictures.
func (w *window) keep(name string) {
	w.t.Helper()
	taken := tell(w, page.CaptureScreenshot, page.CaptureScreenshotParams{Format: page.CaptureScreenshotFormatPng})
	small, err := palette(taken.Data)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := os.MkdirAll(*screenshots, 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(*screenshots, name+".png"), small, 0o644); err != nil {
		w.t.Fatal(err)
	}
}

// palette writes a picture with the 256 colours that it has most of, which halves its
// size. Pages have few colours; what differs is the edge of letters.
func palette(picture []byte) ([]byte, error) {
	source, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		return nil, err
	}
	count := map[color.RGBA]int{}
	bounds := source.Bounds()
	at := func(x, y int) color.RGBA { return color.RGBAModel.Convert(source.At(x, y)).(color.RGBA) }
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			count[at(x, y)]++
		}
	}
	most := slices.SortedFunc(maps.Keys(count), func(a, b color.RGBA) int {
		return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a.R, b.R), cmp.Compare(a.G, b.G), cmp.Compare(a.B, b.B))
	})
	colours := make(color.Palette, 0, 256)
	for _, colour := range most[:min(256, len(most))] {
		colours = append(colours, colour)
	}
	nearest := map[color.RGBA]uint8{}
	for colour := range count {
		nearest[colour] = uint8(colours.Index(colour))
	}
	result := image.NewPaletted(bounds, colours)
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			result.SetColorIndex(x, y, nearest[at(x, y)])
		}
	}
	var small bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&small, result); err != nil {
		return nil, err
	}
	return small.Bytes(), nil
}
