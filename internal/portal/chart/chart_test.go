package chart_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/usher-id/usher/internal/portal/chart"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/portal/pagetest"
	"github.com/usher-id/usher/provisioning"
)

var update = flag.Bool("update", false, "rewrite the drawings in testdata") //nolint:gochecknoglobals // a flag of the test.

// days are points of a week.
func days() []chart.Point {
	var points []chart.Point
	for at := range 7 {
		day := time.Date(2026, 11, 23+at, 0, 0, 0, 0, time.UTC)
		points = append(points, chart.Point{Label: day.Format("2 Jan"), Name: day.Format(time.DateOnly)})
	}
	return points
}

func stacked() chart.Spec {
	return chart.Spec{
		ID: "actions", Title: "Entries of the log", Description: "A bar for each day.", Column: "Day", Points: days(), Download: "/insights/download?chart=actions",
		Series: []chart.Series{
			{Name: "failure", Tone: chart.Failure, Values: []float64{0, 3, 1, 0, 12, 0, 0}},
			{Name: "held", Tone: chart.Held, Values: []float64{0, 0, 31, 0, 0, 0, 0}},
			{Name: "skipped", Tone: chart.Skipped, Values: []float64{10, 9, 11, 12, 10, 0, 3}},
			{Name: "success", Tone: chart.Success, Values: []float64{1204, 96, 88, 143, 61, 0, 17}},
		},
	}
}

func lines() chart.Spec {
	return chart.Spec{
		ID: "latency", Title: "Seconds from change to account", Description: "A line for each measure.", Column: "Cycle", Points: days(), Unit: chart.Seconds,
		Series: []chart.Series{
			{Name: "median", Tone: chart.First, Values: []float64{1.2, 1.4, math.NaN(), 1.1, 0.9, 1.6, 1.3}},
			{Name: "95 of 100", Tone: chart.Second, Values: []float64{4.2, 5.4, math.NaN(), 4.1, 3.9, 66, 4.3}},
			{Name: "longest", Tone: chart.Third, Values: []float64{9, 8}},
		},
	}
}

func ranked() chart.Spec {
	return chart.Spec{
		ID: "causes", Title: "Top causes", Description: "A bar for each reason code.", Column: "Cause",
		Points: []chart.Point{
			{Label: "SalesforceLicenseLimitExceeded", Name: "SalesforceLicenseLimitExceeded", Path: "/logs?code=SalesforceLicenseLimitExceeded&status=failure"},
			{Label: "SalesforceDuplicateUserNameOfSomebodyElse", Name: "SalesforceDuplicateUserNameOfSomebodyElse", Path: "/logs?code=b"},
			{Label: "Timeout", Name: "Timeout", Path: "/logs?code=Timeout"},
		},
		Series: []chart.Series{{Name: "failures", Tone: chart.Failure, Values: []float64{214, 31, 1}}},
	}
}

func cycles() []provisioning.CycleRecord {
	began := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	record := func(at int, kind provisioning.CycleKind, counts provisioning.Counts) provisioning.CycleRecord {
		run := provisioning.Run{CycleID: fmt.Sprintf("cycle-%d", at), Kind: kind, Began: began.Add(time.Duration(at) * 40 * time.Minute), Counts: counts}
		return provisioning.CycleRecord{Run: run}
	}
	return []provisioning.CycleRecord{
		record(2, provisioning.Incremental, provisioning.Counts{Updated: 4, Disabled: 1, Staged: 2, Failed: 1}),
		record(1, provisioning.Incremental, provisioning.Counts{}),
		record(0, provisioning.Initial, provisioning.Counts{Created: 40}),
	}
}

func figures() []chart.Figure {
	nothing := stacked()
	nothing.ID, nothing.Title, nothing.Series = "nothing", "Nothing", []chart.Series{{Name: "success", Tone: chart.Success, Values: make([]float64, 7)}}
	return []chart.Figure{
		chart.StackedBars(stacked()), chart.Lines(lines()), chart.HorizontalBars(ranked()), chart.StackedBars(nothing),
		chart.Cycles("cycles", "Last cycles", cycles(), func(id string) string { return "/cycles/" + id }),
	}
}

func TestDrawingsAreAsTheyWere(t *testing.T) {
	t.Parallel()
	for _, figure := range figures() {
		path := filepath.Join("testdata", figure.ID+".svg")
		got := strings.ReplaceAll(string(figure.Drawing), "><", ">\n<") + "\n"
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
}

// area shows figures as pages do.
type area struct{}

func (area) Mount(*page.Router) {}

func (area) Samples() []page.Sample {
	all := page.Parse[[]chart.Figure]("all.tmpl", os.DirFS("testdata"), chart.Files)
	h := page.Hostile
	hostile := chart.Spec{
		ID: "hostile", Title: h, Description: h, Column: h, Points: []chart.Point{{Label: h, Name: h, Path: "/logs?code=x"}, {Label: h, Name: h}},
		Series: []chart.Series{{Name: h, Tone: chart.First, Values: []float64{1, 2}}, {Name: h, Tone: chart.Second, Values: []float64{1}}},
	}
	harm := []chart.Figure{chart.StackedBars(hostile)}
	hostile.ID = "hostile-lines"
	harm = append(harm, chart.Lines(hostile))
	hostile.ID = "hostile-bars"
	harm = append(harm, chart.HorizontalBars(hostile))
	return []page.Sample{
		{Page: "Charts", Case: "full", Answer: all.Show(page.Head{Title: "Charts"}, figures())},
		{Page: "Charts", Case: "empty", Answer: all.Show(page.Head{Title: "Charts"}, []chart.Figure{chart.StackedBars(chart.Spec{ID: "a"}), chart.Lines(chart.Spec{ID: "b"}), chart.HorizontalBars(chart.Spec{ID: "c"})})},
		{Page: "Charts", Case: "hostile", Answer: all.Show(page.Head{Title: "Charts"}, harm)},
	}
}

func TestSamples(t *testing.T) {
	t.Parallel()
	pagetest.Samples(t, area{})
}

func TestAChartHasItsNumbersInATable(t *testing.T) {
	t.Parallel()
	site := page.New(page.Config{Authenticate: page.SampleAuthenticate})
	document, _ := pagetest.Show(t, site, area{}.Samples()[0])
	if got := document.Texts("h2.card-title + *"); len(got) != 0 {
		t.Errorf("beside a title stands %q", got)
	}
	tables := document.All("table")
	if len(tables) != len(figures()) {
		t.Fatalf("%d tables for %d charts", len(tables), len(figures()))
	}
	rows := strings.Fields(pagetest.Text(tables[0]))
	if want := strings.Fields("Day failure held skipped success 2026-11-23 0 0 10 1,204"); !cmp.Equal(rows[:len(want)], want) {
		t.Errorf("the table begins with %q", rows[:len(want)])
	}
	if got := pagetest.Text(tables[1]); !strings.Contains(got, "2026-11-25 – – –") || !strings.Contains(got, "66 s") {
		t.Errorf("values that are not known: %q", got)
	}
	if got := document.TextOf(".chart-nothing"); got == "" {
		t.Error("a chart without anything to draw does not say so")
	}
	if links := document.Attributes("svg a", "href"); len(links) != 6 || links[5] != "/cycles/cycle-2" {
		t.Errorf("the links in drawings are %q", links)
	}
}

func TestAFileHasExactNumbersAndNoFormulas(t *testing.T) {
	t.Parallel()
	spec := lines()
	spec.Points[0].Name = "=1+1"
	var file bytes.Buffer
	if err := chart.Lines(spec).WriteCSV(&file); err != nil {
		t.Fatal(err)
	}
	want := "Cycle,median,95 of 100,longest\n'=1+1,1.2,4.2,9\n2026-11-24,1.4,5.4,8\n2026-11-25,,,\n"
	if !strings.HasPrefix(file.String(), want) {
		t.Errorf("the file is\n%s", file.String())
	}
}

func TestUnits(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ got, want string }{
		{chart.Whole(12345), "12,345"},
		{chart.Percent(99.94), "99.9 %"},
		{chart.Percent(100), "100 %"},
		{chart.Seconds(0.44), "0.4 s"},
		{chart.Seconds(119), "119 s"},
		{chart.Seconds(150), "2.5 min"},
		{chart.Seconds(7200), "2 h"},
		{chart.Seconds(36e6), "10,000 h"},
	} {
		if test.got != test.want {
			t.Errorf("got %q, want %q", test.got, test.want)
		}
	}
}

// TestADrawingIsWellFormedWhateverTheNumbersAre draws anything, and looks for measures
// that are none.
func TestADrawingIsWellFormedWhateverTheNumbersAre(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		spec := chart.Spec{ID: "any", Title: rapid.String().Draw(r, "title")}
		if rapid.Bool().Draw(r, "unit") {
			spec.Unit = chart.Seconds
		}
		for range rapid.IntRange(0, 40).Draw(r, "points") {
			spec.Points = append(spec.Points, chart.Point{Label: rapid.StringMatching(`[ -~]*`).Draw(r, "label")})
		}
		for range rapid.IntRange(0, 4).Draw(r, "series") {
			values := rapid.SliceOfN(rapid.OneOf(rapid.Just(math.NaN()), rapid.Float64Range(0, 1e12), rapid.Just(0.0)), 0, 50).Draw(r, "values")
			spec.Series = append(spec.Series, chart.Series{Name: "s", Tone: chart.First, Values: values})
		}
		spec.Title = strings.ToValidUTF8(strings.Map(printable, spec.Title), "")
		for _, draw := range []func(chart.Spec) chart.Figure{chart.StackedBars, chart.Lines, chart.HorizontalBars} {
			figure := draw(spec)
			wellFormed(r, string(figure.Drawing))
			if strings.Contains(string(figure.Drawing), "NaN") || strings.Contains(string(figure.Drawing), "Inf") {
				r.Fatalf("a measure is no number: %s", figure.Drawing)
			}
			if len(figure.Rows) != len(spec.Points) {
				r.Fatalf("%d rows for %d points", len(figure.Rows), len(spec.Points))
			}
		}
	})
}

// printable leaves out what XML cannot hold.
func printable(r rune) rune {
	if r < ' ' || r == 0xFFFE || r == 0xFFFF {
		return -1
	}
	return r
}

func wellFormed(r *rapid.T, text string) {
	decoder := xml.NewDecoder(strings.NewReader(text))
	for {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			r.Fatalf("%v in %s", err, text)
		}
	}
}
