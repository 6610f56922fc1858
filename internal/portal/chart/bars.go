package chart

import (
	"fmt"
	"html/template"
	"math"
)

// leastBar is how high a bar is that stands for something, so that one failure among
// ten thousand accounts is seen.
const leastBar = 2.0

// StackedBars draws the series on top of one another, a bar for each point.
func StackedBars(s Spec) Figure {
	var d drawing
	axis := scaleOf(highestStack(s), s.Unit == nil)
	d.begin(s, height)
	d.patterns(s)
	d.axis(s, axis)
	d.names(s)
	wide := math.Min(40, slot(s)*0.72)
	for at := range s.Points {
		end := d.point(s, at)
		d.add(`<rect class="chart-hit" x="%s" y="%s" width="%s" height="%s"/>`, number(x(s, at)-slot(s)/2), number(top), number(slot(s)), number(height-top-bottom))
		base := y(axis, 0)
		for _, series := range s.Series {
			value := series.value(at)
			if math.IsNaN(value) || value <= 0 {
				continue
			}
			high := math.Max(leastBar, y(axis, 0)-y(axis, value))
			base -= high
			d.add(`<rect x="%s" y="%s" width="%s" height="%s" fill="url(#%s)"/>`, number(x(s, at)-wide/2), number(base), number(wide), number(high), patternID(s, series.Tone))
		}
		d.add("%s", end)
	}
	return figure(s, d.end(), func(at int) template.HTML { return swatch(s, s.Series[at].Tone) })
}

func highestStack(s Spec) float64 {
	most := 0.0
	for at := range s.Points {
		sum := 0.0
		for _, series := range s.Series {
			if value := series.value(at); !math.IsNaN(value) {
				sum += math.Max(0, value)
			}
		}
		most = math.Max(most, sum)
	}
	return most
}

// swatch is a piece of a pattern for the legend. It uses the one that the drawing
// defines.
func swatch(s Spec, tone Tone) template.HTML {
	return template.HTML(fmt.Sprintf( //nolint:gosec // made of escaped texts
		`<svg class="chart-key" viewBox="0 0 16 16" aria-hidden="true"><rect width="16" height="16" rx="3" fill="url(#%s)"/></svg>`, patternID(s, tone)))
}

// HorizontalBars draws a bar beside the name of each point, of the first series.
func HorizontalBars(s Spec) Figure {
	const line, names, values = 28.0, 222.0, 56.0
	var d drawing
	most := highestStack(s)
	d.begin(s, math.Max(line, line*float64(len(s.Points))))
	d.patterns(s)
	for at, point := range s.Points {
		end := d.point(s, at)
		middle := line * (float64(at) + 0.5)
		d.add(`<rect class="chart-hit" x="0" y="%s" width="%s" height="%s"/>`, number(middle-line/2), number(s.width()), number(line))
		along := 0.0
		for _, series := range s.Series {
			value := series.value(at)
			if math.IsNaN(value) || value <= 0 || most == 0 {
				continue
			}
			long := math.Max(leastBar, (s.width()-names-values)*value/most)
			d.add(`<rect x="%s" y="%s" width="%s" height="%s" fill="url(#%s)"/>`, number(names+along), number(middle-8), number(long), number(16), patternID(s, series.Tone))
			along += long
		}
		d.add("%s", end)
		// The link is named by what stands beside it, in full; it is not to be read twice.
		d.add(`<text class="chart-text chart-beside" aria-hidden="true" x="%s" y="%s" text-anchor="end">%s</text>`, number(names-8), number(middle+4), escaped(shortened(point.Label)))
		d.add(`<text class="chart-text chart-beside" aria-hidden="true" x="%s" y="%s">%s</text>`, number(names+along+6), number(middle+4), escaped(s.sumText(at)))
	}
	return figure(s, d.end(), func(at int) template.HTML { return swatch(s, s.Series[at].Tone) })
}

// sumText is the value beside a bar.
func (s Spec) sumText(at int) string {
	sum := 0.0
	for _, series := range s.Series {
		if value := series.value(at); !math.IsNaN(value) {
			sum += value
		}
	}
	return s.text(sum)
}

// shortened cuts a name to what there is room for; the title has all of it.
func shortened(name string) string {
	const room = 30
	if runes := []rune(name); len(runes) > room {
		return string(runes[:room-1]) + "…"
	}
	return name
}
