package insights

import (
	"context"
	"io"
	"math"
	"net/url"
	"strconv"
	"time"

	"github.com/usher-id/usher/internal/portal/chart"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

// data is the page.
type data struct {
	Periods      []page.Option
	Applications []page.Option
	Tiles        []tile
	Cards        []card
	Note         string // what the figures leave out, empty for nothing
}

// tile is one figure of the whole time.
type tile struct {
	Value string
	Text  string
	Path  string // where more is told, empty for none
}

// card is a chart with what is to be known about it.
type card struct {
	Figure chart.Figure
	Text   string
	Wide   bool
}

// selection is what somebody wants to see.
type selection struct {
	Period      string
	Application string // id, empty for all
}

// path returns the path of a page about the selection.
func (s selection) path(at string, more ...string) string {
	query := url.Values{}
	for i := 0; i+1 < len(more); i += 2 {
		query.Set(more[i], more[i+1])
	}
	if s.Period != "" {
		query.Set("period", s.Period)
	}
	if s.Application != "" {
		query.Set("application", s.Application)
	}
	if len(query) == 0 {
		return at
	}
	return at + "?" + query.Encode()
}

// material is what the store knows about a selection.
type material struct {
	tallies []store.Tally
	causes  []store.Cause
	cycles  []provisioning.CycleRecord // the newest first
	cut     bool                       // there are more cycles than these
}

const (
	mostCauses = 10
	mostCycles = 1000 // of which a page shows anything
)

func head() page.Head {
	return page.Head{Title: "Insights", Section: "/insights", Lead: "How provisioning does over time. Each chart has its numbers in a table below it."}
}

func (a *Area) show(ctx context.Context, r *page.Request) (page.Answer, error) {
	chosen, apps, at, err := a.read(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	found, err := a.find(ctx, chosen, at)
	if err != nil {
		return page.Answer{}, err
	}
	return a.insights.Show(head(), newData(chosen, at, apps, found)), nil
}

// download writes the numbers of one chart.
func (a *Area) download(ctx context.Context, r *page.Request) (page.Answer, error) {
	chosen, apps, at, err := a.read(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	found, err := a.find(ctx, chosen, at)
	if err != nil {
		return page.Answer{}, err
	}
	wanted := r.Value("chart")
	for _, card := range newData(chosen, at, apps, found).Cards {
		if card.Figure.ID == wanted {
			return page.Download("insights-"+wanted+"-"+at.Name+".csv", "text/csv; charset=utf-8", func(_ context.Context, w io.Writer) error { return card.Figure.WriteCSV(w) }), nil
		}
	}
	return page.Answer{}, page.NotFound("There is no chart “%s” of this time.", wanted)
}

// read returns what is asked for, with all applications as links by their ids.
func (a *Area) read(ctx context.Context, r *page.Request) (chosen selection, apps []page.Link, at span, err error) {
	chosen = selection{r.Value("period"), r.Value("application")}
	p, found := periodNamed(chosen.Period)
	if !found {
		return chosen, nil, span{}, page.NotFound("There is no period “%s”: it is 24h, 7d or 30d.", chosen.Period)
	}
	known := chosen.Application == ""
	for app, err := range a.Administration.Store.Applications(ctx) {
		if err != nil {
			return chosen, nil, span{}, err
		}
		apps = append(apps, page.Link{Text: app.DisplayName, Path: app.ID})
		known = known || app.ID == chosen.Application
	}
	if !known {
		return chosen, nil, span{}, page.NotFound("There is no application “%s”.", chosen.Application)
	}
	return chosen, apps, p.until(time.Now()), nil
}

// find asks the store.
func (a *Area) find(ctx context.Context, chosen selection, at span) (m material, err error) {
	search := store.TallySearch{ApplicationID: chosen.Application, Since: at.since(), Until: at.end(), Step: at.step}
	if m.tallies, err = a.Administration.Store.Tallies(ctx, search); err != nil {
		return m, err
	}
	if m.causes, err = a.Administration.Store.Causes(ctx, search, mostCauses); err != nil {
		return m, err
	}
	part := store.Page{Limit: 500}
	for len(m.cycles) < mostCycles {
		found, err := a.Administration.Store.FindCycles(ctx, store.CycleSearch{ApplicationID: chosen.Application, Since: at.since()}, part)
		if err != nil {
			return m, err
		}
		m.cycles = append(m.cycles, found.Items...)
		if part.Cursor = found.Next; part.Cursor == "" {
			return m, nil
		}
	}
	m.cut = true
	return m, nil
}

// newData makes the page.
func newData(chosen selection, at span, apps []page.Link, m material) data {
	d := data{Tiles: tiles(chosen, at, m), Applications: []page.Option{{Text: "All applications"}}}
	for _, p := range periods() {
		d.Periods = append(d.Periods, page.Option{Value: p.Name, Text: p.Text, Selected: p.Name == at.Name})
	}
	for _, app := range apps {
		d.Applications = append(d.Applications, page.Option{Value: app.Path, Text: app.Text, Selected: app.Path == chosen.Application})
	}
	if m.cut {
		d.Note = "There were more cycles than are drawn: the charts of cycles show the newest " + page.Number(len(m.cycles)) + ". Choose an application or a shorter time."
	}
	if told := len(targets(apps, m)); chosen.Application == "" && told > mostTargets {
		d.Note += " Seats and budget of " + page.Number(mostTargets) + " of " + page.Number(told) + " applications are shown: choose one to see those of another."
	}
	d.Cards = activity(chosen, at, m)
	d.Cards = append(d.Cards, causes(chosen, at, apps, m))
	d.Cards = append(d.Cards, timing(chosen, at, m)...)
	d.Cards = append(d.Cards, usage(chosen, at, apps, m)...)
	return d
}

// tiles sum up the whole time.
func tiles(chosen selection, at span, m material) []tile {
	made, failed := 0, 0
	for _, tally := range m.tallies {
		if done(tally) {
			made += tally.Count
		}
		if tally.Status == plan.Failure {
			failed += tally.Count
		}
	}
	logs := func(more ...string) string {
		return selection{Application: chosen.Application}.path("/logs", append(more, "from", at.since().Format(time.DateOnly))...)
	}
	all := []tile{
		counted(made, "change made", "changes made", logs("action", "changes")),
		counted(failed, "failure", "failures", logs("status", "failure")),
		counted(len(m.cycles), "cycle", "cycles", ""),
	}
	if made+failed > 0 {
		all = append(all, tile{page.Percent(made, made+failed), "of the changes succeeded", ""})
	}
	var waits []weighted
	for _, cycle := range m.cycles {
		if cycle.Latency.Count > 0 {
			waits = append(waits, weighted{cycle.Latency.Median.Seconds(), cycle.Latency.Count})
		}
	}
	if median := medianOf(waits); !math.IsNaN(median) {
		all = append(all, tile{chart.Seconds(median), "typical time from a change to the account", ""})
	}
	return all
}

// counted is a tile with a number of things.
func counted(n int, one, many, path string) tile {
	if n == 1 {
		many = one
	}
	return tile{page.Number(n), many, path}
}

// spec begins a chart over time.
func (s span) spec(chosen selection, id, title, about string, series []chart.Series) chart.Spec {
	return chart.Spec{
		ID: id, Title: title, Description: about, Column: s.column, Points: s.points(), Series: series, Download: chosen.path("/insights/download", "chart", id),
	}
}

func activity(chosen selection, at span, m material) []card {
	actions := at.spec(chosen, "actions", "Actions and failures", "What was done to accounts over time, by action, and what failed.", at.actionSeries(m.tallies))
	actions.Wide = true
	rate := at.spec(chosen, "success-rate", "Success rate", "How many of 100 changes that were tried were made, over time.", at.rateSeries(m.tallies))
	rate.Unit = chart.Percent
	return []card{
		{chart.StackedBars(actions), "", true},
		{chart.StackedBars(at.spec(chosen, "statuses", "Entries by status", "What became of everyone who was looked at, over time.", at.statusSeries(m.tallies))), "Everyone in the log, also those whose account was left alone.", false},
		{chart.Lines(rate), "Of the changes that were tried; nothing is drawn where none were.", false},
	}
}

// causes are the reasons of failures, the most frequent first.
func causes(chosen selection, at span, apps []page.Link, m material) card {
	s := chart.Spec{
		ID: "causes", Title: "Top causes of failures", Description: "How often changes failed for each reason, the most frequent first.", Column: "Cause",
		Series: []chart.Series{{Name: "failures", Tone: chart.Failure}}, Download: chosen.path("/insights/download", "chart", "causes"),
	}
	for _, cause := range m.causes {
		name := cause.Code
		if name == "" {
			name = "without a code"
		}
		label := name
		if chosen.Application == "" && len(apps) > 1 {
			name += " in " + nameOf(cause.ApplicationID, apps)
		}
		at := selection{Application: cause.ApplicationID}.path("/logs", "status", "failure", "code", cause.Code, "from", at.since().Format(time.DateOnly))
		s.Points = append(s.Points, chart.Point{Label: label, Name: name, Path: at})
		s.Series[0].Values = append(s.Series[0].Values, float64(cause.Count))
	}
	return card{chart.HorizontalBars(s), "Each leads to its entries of the log.", false}
}

func nameOf(id string, apps []page.Link) string {
	for _, app := range apps {
		if app.Path == id {
			return app.Text
		}
	}
	return "an application that was removed"
}

// timing is how long things take.
func timing(chosen selection, at span, m material) []card {
	durations := at.spec(chosen, "durations", "Duration of cycles", "How long the cycles took that began in each step: the median and the longest.", at.durationSeries(m.cycles))
	durations.Unit = chart.Seconds
	latency := at.spec(chosen, "latency", "From change to account", "How long it took from a change in the directory until the account was changed.", at.latencySeries(m.cycles))
	latency.Unit = chart.Seconds
	return []card{
		{chart.Lines(durations), "Of all kinds of cycle, also those that failed.", false},
		{chart.Lines(latency), "Measured by incremental cycles, for people whose account changed because they did.", false},
	}
}

// mostTargets is how many applications are shown with their seats and their budget when
// none is chosen.
const mostTargets = 20

// usage is what is used of what a target gives. Only the seats and the budget of one
// target make sense together, so each application has charts of its own.
func usage(chosen selection, at span, apps []page.Link, m material) []card {
	cards := []card{{
		chart.StackedBars(at.spec(chosen, "calls", "API requests by Usher", "How many requests the cycles made that began in each step.", at.callSeries(m.cycles))), "", false,
	}}
	if chosen.Application != "" || len(apps) == 1 {
		return append(cards, targetCards(chosen, at, m.cycles, named{})...)
	}
	for i, app := range first(mostTargets, targets(apps, m)) {
		var cycles []provisioning.CycleRecord
		for _, cycle := range m.cycles {
			if cycle.ApplicationID == app.Path {
				cycles = append(cycles, cycle)
			}
		}
		cards = append(cards, targetCards(selection{Period: chosen.Period, Application: app.Path}, at, cycles, named{app.Text, "-" + strconv.Itoa(i+1)})...)
	}
	return cards
}

func first[T any](most int, items []T) []T { return items[:min(most, len(items))] }

// targets are the applications that told of seats or of a budget.
func targets(apps []page.Link, m material) []page.Link {
	told := make(map[string]bool)
	for _, cycle := range m.cycles {
		if len(cycle.Licenses) > 0 || cycle.Quota.Limit > 0 {
			told[cycle.ApplicationID] = true
		}
	}
	var found []page.Link
	for _, app := range apps {
		if told[app.Path] {
			found = append(found, app)
		}
	}
	return found
}

// named tells the charts of an application from those of others on the page.
type named struct {
	name   string // empty: there are no others
	suffix string // of their ids
}

// targetCards are the budget and the seats of one application.
func targetCards(chosen selection, at span, cycles []provisioning.CycleRecord, of named) []card {
	budget := at.spec(chosen, "budget", "API budget", "How many requests everybody together made within a day, and how many the application allows.", at.budgetSeries(cycles))
	licences := seats(chosen, cycles)
	if of.name != "" {
		for _, s := range []*chart.Spec{&budget, &licences} {
			s.ID += of.suffix
			s.Title += " of " + of.name
			s.Description = of.name + ": " + s.Description
		}
	}
	return []card{
		{chart.Lines(budget), "Requests of the last 24 hours by everybody, as the application counts them.", false},
		{chart.HorizontalBars(licences), "As the application told when the last cycle began.", false},
	}
}

// seats are the licences of the newest cycle that was told of any.
func seats(chosen selection, cycles []provisioning.CycleRecord) chart.Spec {
	s := chart.Spec{
		ID: "seats", Title: "Licence seats", Description: "How many seats of each licence are used and free.", Column: "Licence",
		Series: []chart.Series{{Name: "used", Tone: chart.First}, {Name: "free", Tone: chart.Skipped}}, Download: chosen.path("/insights/download", "chart", "seats"),
	}
	for _, cycle := range cycles {
		for _, licence := range cycle.Licenses {
			name, free := licence.Name, float64(max(0, licence.Total-licence.Used))
			if licence.Total == provisioning.UnlimitedSeats {
				name, free = name+" (without limit)", math.NaN()
			}
			s.Points = append(s.Points, chart.Point{Label: licence.Name, Name: name})
			s.Series[0].Values = append(s.Series[0].Values, float64(licence.Used))
			s.Series[1].Values = append(s.Series[1].Values, free)
		}
		if len(cycle.Licenses) > 0 {
			break
		}
	}
	return s
}
