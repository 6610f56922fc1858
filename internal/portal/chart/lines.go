package chart

import (
	"fmt"
	"html/template"
	"math"
	"strings"
)

// Lines draws a line for each series. It is broken where values are not known.
func Lines(s Spec) Figure {
	var d drawing
	axis := scaleOf(highest(s), s.Unit == nil)
	d.begin(s, height)
	d.axis(s, axis)
	d.names(s)
	for at, series := range s.Series {
		d.add(`<path class="chart-line chart-%s-line" fill="none" d="%s"%s/>`, escaped(string(series.Tone)), path(s, axis, series), dash(at))
	}
	for at := range s.Points {
		end := d.point(s, at)
		d.add(`<rect class="chart-hit" x="%s" y="%s" width="%s" height="%s"/>`, number(x(s, at)-slot(s)/2), number(top), number(slot(s)), number(height-top-bottom))
		for i, series := range s.Series {
			if value := series.value(at); !math.IsNaN(value) {
				d.add("%s", marker(i, series.Tone, x(s, at), y(axis, value)))
			}
		}
		d.add("%s", end)
	}
	return figure(s, d.end(), func(at int) template.HTML {
		tone := s.Series[at].Tone
		return template.HTML(fmt.Sprintf( //nolint:gosec // made of numbers and escaped texts
			`<svg class="chart-key chart-key-line" viewBox="0 0 28 16" aria-hidden="true"><path class="chart-line chart-%s-line" fill="none" d="M0 8H28"%s/>%s</svg>`,
			escaped(string(tone)), dash(at), marker(at, tone, 14, 8)))
	})
}

func highest(s Spec) float64 {
	most := 0.0
	for _, series := range s.Series {
		for at := range s.Points {
			if value := series.value(at); !math.IsNaN(value) {
				most = math.Max(most, value)
			}
		}
	}
	return most
}

// path is a line through the values that are known.
func path(s Spec, axis scale, series Series) string {
	var text strings.Builder
	command := "M"
	for at := range s.Points {
		value := series.value(at)
		if math.IsNaN(value) {
			command = "M"
			continue
		}
		fmt.Fprintf(&text, "%s%s %s", command, number(x(s, at)), number(y(axis, value)))
		command = "L"
	}
	return text.String()
}

// dash tells the line of a series from the others.
func dash(series int) string {
	return []string{"", ` stroke-dasharray="7 4"`, ` stroke-dasharray="2 3"`}[series%3]
}

// marker is a value on a line: a circle, a square or a triangle.
func marker(series int, tone Tone, x, y float64) string {
	class := escaped(string(tone))
	switch series % 3 {
	case 1:
		return fmt.Sprintf(`<rect class="chart-%s" x="%s" y="%s" width="6" height="6"/>`, class, number(x-3), number(y-3))
	case 2:
		return fmt.Sprintf(`<path class="chart-%s" d="M%s %sl4 7h-8z"/>`, class, number(x), number(y-4))
	}
	return fmt.Sprintf(`<circle class="chart-%s" cx="%s" cy="%s" r="3"/>`, class, number(x), number(y))
}
