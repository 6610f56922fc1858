package chart

import (
	"embed"
	"encoding/csv"
	"fmt"
	"html/template"
	"io"
	"math"
	"strconv"

	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/journal"
)

// Files has the template part.
//
//go:embed *.tmpl
var Files embed.FS

// Spec says what to draw.
type Spec struct {
	ID          string // what the ids of the figure begin with; two on one page need different ones
	Title       string
	Description string // a sentence for who does not see the drawing
	Column      string // what the points are, as the heading of the table: "Day"
	Points      []Point
	Series      []Series // the first is drawn at the bottom
	Unit        Unit     // how values read; nil: Whole
	Download    string   // path of the numbers as CSV, empty for none
	Wide        bool     // it is as wide as the page, not half of it
}

// Point is a place on the axis, or a name beside a bar.
type Point struct {
	Label string // short, for the axis
	Name  string // exact, for the table
	Path  string // where more is told, empty for none
}

// Series are values that belong together, one for each point. A value that is not
// known is NaN.
type Series struct {
	Name   string
	Tone   Tone
	Values []float64
}

// Tone is a colour with a pattern. The names are those of the classes in portal.css.
type Tone string

// The tones. The first ones are for what happened, the others for things that are
// neither good nor bad.
const (
	Success Tone = "success"
	Failure Tone = "failure"
	Warning Tone = "warning"
	Held    Tone = "held"
	Skipped Tone = "skipped"
	First   Tone = "first"
	Second  Tone = "second"
	Third   Tone = "third"
)

// Figure is a chart as a template shows it.
type Figure struct {
	ID       string
	Title    string
	Drawing  template.HTML // empty when there is nothing to draw
	Legend   []Key         // empty when there is one series
	Heading  []string
	Rows     []Row
	Download string

	columns []column
}

// Key is an entry of the legend.
type Key struct {
	Name   string
	Sample template.HTML
}

// Row is a row of the table behind a chart.
type Row struct {
	Name  string
	Path  string
	Cells []string
}

// column are the exact values of a series, for files.
type column []float64

// figure makes a figure of a drawing, with the table of all values.
func figure(s Spec, drawing template.HTML, sample func(at int) template.HTML) Figure {
	f := Figure{ID: s.ID, Title: s.Title, Drawing: drawing, Heading: []string{s.Column}, Download: s.Download}
	if !s.any() {
		f.Drawing = ""
	}
	for at, series := range s.Series {
		f.Heading = append(f.Heading, series.Name)
		f.columns = append(f.columns, series.Values)
		if len(s.Series) > 1 {
			f.Legend = append(f.Legend, Key{series.Name, sample(at)})
		}
	}
	for at, point := range s.Points {
		row := Row{Name: point.Name, Path: point.Path}
		for _, series := range s.Series {
			row.Cells = append(row.Cells, s.text(series.value(at)))
		}
		f.Rows = append(f.Rows, row)
	}
	return f
}

// WriteCSV writes the table with exact numbers.
func (f Figure) WriteCSV(w io.Writer) error {
	writer := csv.NewWriter(w)
	if err := writer.Write(journal.Guarded(f.Heading)); err != nil {
		return fmt.Errorf("write the numbers of a chart: %w", err)
	}
	for at, row := range f.Rows {
		cells := []string{row.Name}
		for _, column := range f.columns {
			text := ""
			if value := (Series{Values: column}).value(at); !math.IsNaN(value) {
				text = strconv.FormatFloat(value, 'f', -1, 64)
			}
			cells = append(cells, text)
		}
		if err := writer.Write(journal.Guarded(cells)); err != nil {
			return fmt.Errorf("write the numbers of a chart: %w", err)
		}
	}
	writer.Flush()
	if err := writer.Error(); err != nil {
		return fmt.Errorf("write the numbers of a chart: %w", err)
	}
	return nil
}

// any reports whether there is anything to draw.
func (s Spec) any() bool {
	for _, series := range s.Series {
		for at := range s.Points {
			if value := series.value(at); !math.IsNaN(value) && value != 0 {
				return true
			}
		}
	}
	return false
}

func (s Series) value(at int) float64 {
	if at < len(s.Values) {
		return s.Values[at]
	}
	return math.NaN()
}

func (s Spec) text(value float64) string {
	switch {
	case math.IsNaN(value):
		return "–"
	case s.Unit == nil:
		return Whole(value)
	}
	return s.Unit(value)
}

// Unit writes a value for people.
type Unit func(value float64) string

// Whole writes a count: 12,345.
func Whole(value float64) string { return page.Number(int64(math.Round(value))) }

// Percent writes a share between 0 and 100.
func Percent(value float64) string { return trimmed(value) + " %" }

// Seconds writes a time in seconds, in the unit that suits it.
func Seconds(value float64) string {
	switch {
	case value < 120:
		return trimmed(value) + " s"
	case value < 7200:
		return trimmed(value/60) + " min"
	}
	return trimmed(value/3600) + " h"
}

// trimmed writes a number with one decimal where it has one.
func trimmed(value float64) string {
	rounded := math.Round(value*10) / 10
	if rounded >= 1000 {
		return Whole(rounded)
	}
	return strconv.FormatFloat(rounded, 'f', -1, 64)
}
