package chart

import (
	"fmt"
	"html"
	"html/template"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The measures of a drawing, in its own units. It grows with the page by its viewBox.
const (
	narrow = 480.0 // beside another one
	broad  = 980.0 // over the whole page
	height = 220.0
	left   = 58.0 // for the numbers of the axis
	right  = 8.0
	top    = 10.0
	bottom = 26.0 // for the names of the axis
)

// drawing is an SVG that is being written.
type drawing struct{ text strings.Builder }

func (d *drawing) add(format string, arguments ...any) { fmt.Fprintf(&d.text, format, arguments...) }

// begin begins the drawing of a spec: its names, and the patterns of its tones. With
// links it is a group of them, without it is a picture.
func (d *drawing) begin(s Spec, h float64) {
	role := "img"
	for _, point := range s.Points {
		if point.Path != "" {
			role = "group"
		}
	}
	class := "chart-drawing"
	if s.Wide {
		class += " chart-wide"
	}
	d.add(`<svg class="%s" viewBox="0 0 %s %s" role="%s" aria-labelledby="%s-name %s-about">`, class, number(s.width()), number(h), role, escaped(s.ID), escaped(s.ID))
	d.add(`<title id="%s-name">%s</title><desc id="%s-about">%s</desc>`, escaped(s.ID), escaped(s.Title), escaped(s.ID), escaped(s.Description))
}

// patterns defines the patterns of the tones that are used.
func (d *drawing) patterns(s Spec) {
	d.add(`<defs>`)
	seen := map[Tone]bool{}
	for _, series := range s.Series {
		if seen[series.Tone] {
			continue
		}
		seen[series.Tone] = true
		d.add(`<pattern id="%s" width="8" height="8" patternUnits="userSpaceOnUse"><rect width="8" height="8" class="chart-%s"/>%s</pattern>`,
			patternID(s, series.Tone), escaped(string(series.Tone)), strokes(series.Tone))
	}
	d.add(`</defs>`)
}

func patternID(s Spec, tone Tone) string { return escaped(s.ID + "-" + string(tone)) }

// strokes are what tells a tone from others without its colour.
func strokes(tone Tone) string {
	switch tone {
	case Failure, Second:
		return `<path class="chart-stroke" d="M-2 2l4-4M0 8l8-8M6 10l4-4"/>`
	case Warning, Third:
		return `<circle class="chart-dot" cx="2" cy="2" r="1.4"/><circle class="chart-dot" cx="6" cy="6" r="1.4"/>`
	case Held:
		return `<path class="chart-stroke" d="M0 2h8M0 6h8"/>`
	case Skipped:
		return `<path class="chart-stroke" d="M2 0v8M6 0v8"/>`
	case Success, First:
	}
	return ""
}

// axis draws the horizontal lines with their numbers.
func (d *drawing) axis(s Spec, axis scale) {
	for _, tick := range axis.ticks {
		at := y(axis, tick)
		d.add(`<path class="chart-grid" d="M%s %sH%s"/>`, number(left), number(at), number(s.width()-right))
		d.add(`<text class="chart-text" x="%s" y="%s" text-anchor="end">%s</text>`, number(left-6), number(at+4), escaped(s.text(tick)))
	}
}

// names writes the names of the points below the axis, as many as there is room for.
func (d *drawing) names(s Spec) {
	const letter, apart = 6.8, 16.0
	longest := 0
	for _, point := range s.Points {
		longest = max(longest, utf8.RuneCountInString(point.Label))
	}
	room := max(1, int((s.width()-left-right)/(letter*float64(longest)+apart)))
	every := max(1, (len(s.Points)+room-1)/room)
	for at := 0; at < len(s.Points); at += every {
		d.add(`<text class="chart-text" x="%s" y="%s" text-anchor="middle">%s</text>`, number(x(s, at)), number(height-8), escaped(s.Points[at].Label))
	}
}

// point begins what belongs to a point, with its name and values on hover, and returns
// what ends it.
func (d *drawing) point(s Spec, at int) (end string) {
	point := s.Points[at]
	var about strings.Builder
	about.WriteString(point.Name)
	for i, series := range s.Series {
		separator := ", "
		if i == 0 {
			separator = ": "
		}
		about.WriteString(separator + s.text(series.value(at)))
		if len(s.Series) > 1 {
			about.WriteString(" " + series.Name)
		}
	}
	if point.Path != "" {
		d.add(`<a href="%s" aria-label="%s"><title>%s</title>`, escaped(point.Path), escaped(about.String()), escaped(about.String()))
		return `</a>`
	}
	d.add(`<g><title>%s</title>`, escaped(about.String()))
	return `</g>`
}

func (d *drawing) end() template.HTML {
	d.add(`</svg>`)
	return template.HTML(d.text.String()) //nolint:gosec // made of numbers and escaped texts
}

// width is how wide the drawing is.
func (s Spec) width() float64 {
	if s.Wide {
		return broad
	}
	return narrow
}

// slot is how wide the place of a point is.
func slot(s Spec) float64 { return (s.width() - left - right) / float64(max(1, len(s.Points))) }

// x is the middle of the place of a point.
func x(s Spec, at int) float64 { return left + slot(s)*(float64(at)+0.5) }

// y is the height of a value.
func y(axis scale, value float64) float64 {
	return height - bottom - (height-top-bottom)*value/axis.top()
}

func escaped(text string) string { return html.EscapeString(text) }

// number writes a measure, to a tenth.
func number(value float64) string {
	text := strconv.FormatFloat(value, 'f', 1, 64)
	return strings.TrimSuffix(text, ".0")
}
