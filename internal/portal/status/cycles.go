package status

import (
	"context"
	"errors"
	"net/url"
	"time"

	"github.com/usher-id/usher/internal/portal/chart"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/provisioning"
)

const (
	// charted is how many of the last cycles a chart shows.
	charted = 30
	// cyclesShown is how many cycles a page of the list has.
	cyclesShown = 50
)

// cyclesData is the list of cycles.
type cyclesData struct {
	Path   string
	Chart  chart.Figure
	Rows   []cycleRow
	Kind   []page.Option
	State  []page.Option
	Pager  page.Pager
	Chosen bool // a filter is set
}

// cycleRow is a cycle as lists show it.
type cycleRow struct {
	provisioning.CycleRecord

	Path  string
	Title string
	State page.State
	Took  string
}

func newCycleRow(app page.Application, record provisioning.CycleRecord) cycleRow {
	return cycleRow{record, app.Path("cycles/" + url.PathEscape(record.CycleID)), kindTitle(record.Kind), runState(record.State), page.Duration(record.Ended.Sub(record.Began).Round(time.Millisecond))}
}

// runState is the outcome of a cycle with its colour.
func runState(state provisioning.RunState) page.State {
	switch state {
	case provisioning.Succeeded:
		return page.State{Text: "Succeeded", Colour: "success"}
	case provisioning.EntryLevelErrors:
		return page.State{Text: "With failures", Colour: "warning"}
	case provisioning.Failed:
		return page.State{Text: "Failed", Colour: "danger"}
	}
	return page.State{Text: string(state), Colour: "secondary"}
}

func cyclesHead(app page.Application) page.Head {
	head := app.Of("Cycles", "cycles")
	head.Lead = "Each run of provisioning: what it looked at, what it did, and how long it took."
	return head
}

func (a *Area) showCycles(ctx context.Context, r *page.Request) (page.Answer, error) {
	app, err := r.Application(ctx)
	if err != nil {
		return page.Answer{}, err
	}
	search := store.CycleSearch{JobID: app.Job.ID}
	if kind := r.Value("kind"); kind != "" {
		search.Kinds = []provisioning.CycleKind{provisioning.CycleKind(kind)}
	}
	if state := r.Value("state"); state != "" {
		search.States = []provisioning.RunState{provisioning.RunState(state)}
	}
	listing, err := a.Administration.Store.FindCycles(ctx, search, store.Page{Cursor: r.Value("cursor"), Limit: cyclesShown})
	if err != nil {
		return page.Answer{}, err
	}
	figure, err := a.lastCycles(ctx, app)
	if err != nil {
		return page.Answer{}, err
	}
	data := newCyclesData(app, listing.Items, r.Value("kind"), r.Value("state"))
	data.Chart, data.Pager = figure, r.Pager(listing.Previous, listing.Next)
	return a.cycles.Show(cyclesHead(app), data), nil
}

func newCyclesData(app page.Application, records []provisioning.CycleRecord, kind, state string) cyclesData {
	data := cyclesData{
		Path: app.Path("cycles"), Chosen: kind != "" || state != "",
		Kind: page.Options(kind, [2]string{"", "all"}, [2]string{string(provisioning.Initial), kindTitle(provisioning.Initial)}, [2]string{string(provisioning.Incremental), kindTitle(provisioning.Incremental)},
			[2]string{string(provisioning.OnDemand), kindTitle(provisioning.OnDemand)}, [2]string{string(provisioning.FromPlan), kindTitle(provisioning.FromPlan)}),
		State: page.Options(state, [2]string{"", "all"}, [2]string{string(provisioning.Succeeded), "Succeeded"}, [2]string{string(provisioning.EntryLevelErrors), "With failures"}, [2]string{string(provisioning.Failed), "Failed"}),
	}
	for _, record := range records {
		data.Rows = append(data.Rows, newCycleRow(app, record))
	}
	return data
}

// lastCycles charts what the last cycles of an application did.
func (a *Area) lastCycles(ctx context.Context, app page.Application) (chart.Figure, error) {
	last, err := a.Administration.Store.FindCycles(ctx, store.CycleSearch{JobID: app.Job.ID}, store.Page{Limit: charted})
	return cyclesChart(app, last.Items), err
}

func cyclesChart(app page.Application, records []provisioning.CycleRecord) chart.Figure {
	return chart.Cycles("last-cycles", "Last cycles", records, func(id string) string { return app.Path("cycles/" + url.PathEscape(id)) })
}

// cycleData is one cycle.
type cycleData struct {
	cycleRow

	Reasons []cycleReason
	Logs    string
	Undo    string // where it is taken back; empty when it wrote nothing
	Plan    string // page of the plan that was carried out, empty for none
	Held    string
	Advice  string // what to do when it failed
}

// cycleReason is a reason code with how many it concerned.
type cycleReason struct {
	Code  string
	Text  string
	Count int
	Path  string
}

func (a *Area) showCycle(ctx context.Context, r *page.Request) (page.Answer, error) {
	app, err := r.Application(ctx)
	if err != nil {
		return page.Answer{}, err
	}
	record, err := a.Administration.Store.Cycle(ctx, r.Path("cycle"))
	if errors.Is(err, store.ErrNotFound) || err == nil && record.JobID != app.Job.ID {
		return page.Answer{}, page.NotFound("%s has no cycle “%s”, or its record is too old to be kept.", app.DisplayName, page.Short(r.Path("cycle"), 60))
	}
	if err != nil {
		return page.Answer{}, err
	}
	data := newCycleData(app, record)
	if data.Error != "" {
		data.Advice = a.advice(record.Code)
	}
	for n, reason := range data.Reasons {
		data.Reasons[n].Text = page.Sentence(a.Administration.Catalogue.Explain(reason.Code).Text)
	}
	return a.cycle.Show(cyclesHead(app).Below(data.Title, app.Path("cycles"), "Cycles"), data), nil
}

func newCycleData(app page.Application, record provisioning.CycleRecord) cycleData {
	logs := "/logs?application=" + app.ID + "&cycle=" + url.QueryEscape(record.CycleID)
	data := cycleData{cycleRow: newCycleRow(app, record), Logs: logs, Held: page.Sentence(record.Held)}
	for code, count := range record.Counts.Codes {
		data.Reasons = append(data.Reasons, cycleReason{Code: code, Count: count, Path: logs + "&code=" + url.QueryEscape(code)})
	}
	sortReasons(data.Reasons)
	if record.Counts.Writes > 0 || record.Counts.Created+record.Counts.Updated+record.Counts.Disabled+record.Counts.Enabled > 0 {
		data.Undo = app.Path("cycles/" + url.PathEscape(record.CycleID) + "/undo")
	}
	if record.PlanID != "" {
		data.Plan = app.Path("preview/" + url.PathEscape(record.PlanID))
	}
	return data
}
