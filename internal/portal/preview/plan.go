package preview

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/change"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

// itemsShown is how many items a part of a plan's list has, each with all its fields.
const itemsShown = 25

// planData is a plan with a part of its items.
type planData struct {
	Paths   planPaths
	ID      string
	Kind    string
	Undo    bool
	Cycle   page.Link // of an undo: what it takes back
	At      time.Time
	By      string
	State   page.State
	Applied time.Time
	Applier string
	Result  string
	Off     bool // it was applied and provisioning is turned off, as an undo does
	Begun   bool // applying it was begun and is not over
	Over    bool // it was applied
	Running page.Link

	Overview string
	Open     int // items that are still to be done
	Removals int
	Guard    string // why the removal guard would hold the removals, empty when it would not
	Notes    []string
	Tiles    []tile
	Outcomes []tile // what became of the items
	Causes   []cause
	Seats    []seatRow
	Calls    engine.PlannedCalls
	Looked   int
	Alone    int    // people who are left alone, of whom the plan keeps the number alone
	Why      string // where to ask about one of them
	OnDemand string

	Filter  filter
	Actions []page.Option
	States  []page.Option
	Reasons []page.Option
	Any     bool
	Rows    []itemRow
	Empty   page.Empty
	Pager   page.Pager
	CSV     string
	JSON    string
}

// planPaths are the pages of a plan.
type planPaths struct{ Self, List, Apply, Remove, Compare string }

// tile is a number that selects items; without a path it selects none.
type tile struct {
	Count  int
	Text   string
	Path   string
	Chosen bool
}

// cause is a reason code with how many it is about.
type cause struct {
	Count  int
	Action string
	Code   string
	Text   string
	Path   string // empty for those that are left alone, who are no items
	Chosen bool
}

// seatRow is what a plan asks of a licence.
type seatRow struct {
	License  string
	Needed   int
	Released int
	Free     string
	Short    int
}

// itemRow is an item of a plan as the list shows it.
type itemRow struct {
	change.View

	Path  string
	State page.State
	Note  string // what became of it, and why
}

// filter selects items of a plan, as the query of the page has it.
type filter struct {
	Text   string
	Action string
	State  string // an engine.ItemState, or planned
	Cause  string
}

// planned selects the items that are, or were, to be carried out.
const planned = "planned"

// states are the choices of what became of an item.
func states() [][2]string {
	return [][2]string{
		{"", "Any"},
		{planned, "To be done, and done"},
		{string(engine.ItemOpen), "Not done yet"},
		{string(engine.ItemDone), "Done"},
		{string(engine.ItemRefused), "Outdated"},
		{string(engine.ItemFailed), "Failed"},
		{string(engine.ItemNone), "Held, or cannot be done"},
	}
}

func readFilter(r *page.Request) filter {
	return filter{Text: r.Value("text"), Action: r.Value("action"), State: r.Value("state"), Cause: r.Value("cause")}
}

// query returns the filter as a query, with more names and values in turn.
func (f filter) query(more ...string) string {
	query := url.Values{}
	for i, pairs := 0, append([]string{"text", f.Text, "action", f.Action, "state", f.State, "cause", f.Cause}, more...); i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			query.Set(pairs[i], pairs[i+1])
		}
	}
	if len(query) == 0 {
		return ""
	}
	return "?" + query.Encode()
}

func (f filter) any() bool { return f != filter{} }

func (f filter) actions() []plan.Action {
	if f.Action == "" {
		return nil
	}
	return []plan.Action{plan.Action(f.Action)}
}

func (f filter) states() []engine.ItemState {
	switch f.State {
	case "":
		return nil
	case planned:
		return []engine.ItemState{engine.ItemOpen, engine.ItemDone, engine.ItemRefused, engine.ItemFailed}
	}
	return []engine.ItemState{engine.ItemState(f.State)}
}

// selection is the filter for a download.
func (f filter) selection() administration.PlanFilter {
	selected := administration.PlanFilter{Actions: f.actions(), States: f.states(), Text: f.Text}
	if f.Cause != "" {
		selected.Causes = []string{f.Cause}
	}
	return selected
}

func planHead(app page.Application, kept administration.KeptPlan) page.Head {
	head := listHead(app)
	head.Lead = ""
	return head.Below(kindTitle(kept.Kind), app.Path("preview"), "Preview")
}

// newPlanData returns a plan without its items.
func newPlanData(app page.Application, kept administration.KeptPlan, f filter, catalogue journal.Catalogue) planData {
	self := planPath(app, kept.ID, "")
	data := planData{
		Paths: planPaths{Self: self, List: app.Path("preview"), Apply: self + "/apply", Remove: self + "/remove", Compare: self + "/compare"},
		ID:    kept.ID, Kind: kindTitle(kept.Kind), Undo: kept.Kind == engine.UndoPlan, At: kept.At, By: kept.By, State: stateOf(kept), Applied: kept.AppliedAt, Applier: kept.AppliedBy,
		Begun: kept.State == engine.PlanApplying, Over: kept.State == engine.PlanApplied, Open: kept.Items[engine.ItemOpen], Removals: kept.Removals(), Calls: kept.Calls, Looked: kept.Counts.Collected, Filter: f, Any: f.any(),
		Actions: actionOptions(f.Action), States: page.Options(f.State, states()...), Tiles: tilesOf(kept, self, f), Causes: causesOf(kept, self, f, catalogue),
		CSV: self + "/download" + f.query("format", "csv"), JSON: self + "/download" + f.query("format", "json"),
	}
	if kept.Kind == engine.CyclePlan {
		data.Alone, data.Why, data.OnDemand = kept.Counts.Skipped, app.Path("why"), app.Path("on-demand")
	}
	if data.Open == 0 && kept.State == engine.PlanReady {
		data.State = page.State{Text: "Nothing to apply", Colour: "secondary"}
	}
	if data.Undo && kept.Cycle != "" {
		data.Cycle = page.Link{Text: kept.Cycle, Path: app.Path("cycles/" + url.PathEscape(kept.Cycle))}
	}
	if data.Removals > 0 {
		data.Guard = page.Sentence(kept.Guard)
	}
	if kept.State != engine.PlanReady {
		data.Result, data.Outcomes = resultText(kept.Items), outcomesOf(kept, self, f)
	}
	for _, note := range kept.Notes {
		if note != engine.UndoPauses || kept.State == engine.PlanReady {
			data.Notes = append(data.Notes, page.Sentence(note))
		}
	}
	data.Off = data.Undo && kept.State != engine.PlanReady && !app.On()
	data.Overview = app.Path("")
	for _, demand := range kept.Seats {
		data.Seats = append(data.Seats, newSeatRow(demand))
	}
	data.Reasons = reasonOptions(data.Causes, f.Cause)
	return data
}

func actionOptions(chosen string) []page.Option {
	all := [][2]string{{"", "Any action"}}
	for _, action := range change.Actions() {
		if action.Name != string(plan.Skip) {
			all = append(all, [2]string{action.Name, action.Title})
		}
	}
	return page.Options(chosen, all...)
}

func reasonOptions(causes []cause, chosen string) []page.Option {
	all := [][2]string{{"", "Any cause"}}
	for _, each := range causes {
		if each.Path != "" && !slices.ContainsFunc(all, func(known [2]string) bool { return known[0] == each.Code }) {
			all = append(all, [2]string{each.Code, each.Code})
		}
	}
	return page.Options(chosen, all...)
}

// tilesOf counts what a plan would do, by action.
func tilesOf(kept administration.KeptPlan, self string, f filter) []tile {
	counts := kept.Counts
	var tiles []tile
	add := func(count int, text string, to filter) {
		if count > 0 {
			tiles = append(tiles, tile{count, text, self + to.query(), f == to})
		}
	}
	add(counts.Created, "to be created", filter{Action: string(plan.Create), State: planned})
	add(counts.Updated, "to be updated", filter{Action: string(plan.Update), State: planned})
	add(counts.Disabled, "to be disabled", filter{Action: string(plan.Disable), State: planned})
	add(counts.Enabled, "to be enabled", filter{Action: string(plan.Enable), State: planned})
	add(counts.Deleted, "to be deleted", filter{Action: string(plan.Delete), State: planned})
	held := heldIn(kept)
	add(held, "held by the removal guard", filter{State: string(engine.ItemNone), Cause: plan.CodeStaged})
	add(kept.Items[engine.ItemNone]-held, "cannot be done", filter{State: string(engine.ItemNone)})
	if counts.References > 0 {
		tiles = append(tiles, tile{Count: counts.References, Text: "managers, written once both accounts exist"})
	}
	if kept.Kind == engine.CyclePlan {
		tiles = append(tiles, tile{Count: counts.Unchanged, Text: "as they should be"}, tile{Count: counts.Skipped, Text: "left alone"})
	}
	return tiles
}

// heldIn is how many removals of a plan are held, so that it does not carry them out.
func heldIn(kept administration.KeptPlan) int {
	return min(kept.Counts.Staged, kept.Items[engine.ItemNone])
}

// outcomesOf counts what became of the items.
func outcomesOf(kept administration.KeptPlan, self string, f filter) []tile {
	var tiles []tile
	for _, each := range []struct {
		state engine.ItemState
		text  string
	}{{engine.ItemDone, "done"}, {engine.ItemRefused, "outdated, not done"}, {engine.ItemFailed, "failed"}, {engine.ItemOpen, "not done yet"}} {
		if count := kept.Items[each.state]; count > 0 || each.state == engine.ItemDone {
			to := filter{State: string(each.state)}
			tiles = append(tiles, tile{count, each.text, self + to.query(), f == to})
		}
	}
	return tiles
}

// causesOf groups the items of a plan by action and reason code, the most frequent first,
// and after them whom it leaves alone.
func causesOf(kept administration.KeptPlan, self string, f filter, catalogue journal.Catalogue) []cause {
	var causes []cause
	known := map[string]bool{}
	for reason, count := range kept.Reasons {
		action, code, found := strings.Cut(reason, " ")
		if !found || count == 0 {
			continue
		}
		known[code] = true
		to := filter{Action: action, Cause: code}
		causes = append(causes, cause{count, actionTitle(action), code, meaning(catalogue, code), self + to.query(), f == to})
	}
	for _, code := range slices.Sorted(maps.Keys(kept.Counts.Codes)) {
		if !known[code] {
			causes = append(causes, cause{Count: kept.Counts.Codes[code], Action: "Left alone", Code: code, Text: meaning(catalogue, code)})
		}
	}
	slices.SortStableFunc(causes, func(a, b cause) int {
		return cmp.Or(cmp.Compare(b2i(a.Path == ""), b2i(b.Path == "")), cmp.Compare(b.Count, a.Count), cmp.Compare(a.Code+a.Action, b.Code+b.Action))
	})
	return causes
}

// meaning is what a code means, empty for one that is not explained.
func meaning(catalogue journal.Catalogue, code string) string {
	documented, _ := catalogue.Find(code)
	return page.Sentence(documented.Text)
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func actionTitle(name string) string {
	for _, action := range change.Actions() {
		if action.Name == name {
			return action.Title
		}
	}
	return name
}

func newSeatRow(demand provisioning.SeatDemand) seatRow {
	row := seatRow{License: demand.License, Needed: demand.Needed(), Released: demand.Released, Short: demand.Short(), Free: page.Number(demand.Free)}
	if demand.Free == provisioning.UnlimitedSeats {
		row.Free = "not limited"
	}
	return row
}

// itemState is what became of an item, in words.
func itemState(item engine.PlanItem) page.State {
	switch item.State {
	case engine.ItemOpen:
		return page.State{Text: "Planned", Colour: "info"}
	case engine.ItemDone:
		return page.State{Text: "Done", Colour: "success"}
	case engine.ItemRefused:
		return page.State{Text: "Outdated", Colour: "warning"}
	case engine.ItemFailed:
		return page.State{Text: "Failed", Colour: "danger"}
	case engine.ItemNone:
		if item.Change.Status == plan.Staged {
			return page.State{Text: "Held", Colour: "warning"}
		}
		return page.State{Text: "Cannot be done", Colour: "danger"}
	}
	return page.State{Text: string(item.State), Colour: "secondary"}
}

// resultText counts what became of items, in words.
func resultText(items map[engine.ItemState]int) string {
	var parts []string
	for _, each := range []struct {
		state engine.ItemState
		text  string
	}{{engine.ItemDone, "done"}, {engine.ItemRefused, "outdated"}, {engine.ItemFailed, "failed"}, {engine.ItemOpen, "not done yet"}} {
		if count := items[each.state]; count > 0 {
			parts = append(parts, page.Number(count)+" "+each.text)
		}
	}
	return strings.Join(parts, ", ")
}

func newItemRow(app page.Application, id string, item engine.PlanItem, catalogue journal.Catalogue) itemRow {
	row := itemRow{
		View:  change.New(item.Change, change.Application{ID: app.ID, Name: app.DisplayName}, catalogue),
		State: itemState(item), Note: page.Sentence(item.Note),
	}
	if item.Change.Source.ID != "" {
		row.Path = itemPath(app, id, item.Change.Source.ID)
	}
	return row
}

func itemPath(app page.Application, id, person string) string {
	return planPath(app, id, "items/"+url.PathEscape(person))
}

// with returns the data with a part of the items.
func (d planData) with(app page.Application, found store.Listing[engine.PlanItem], later bool, catalogue journal.Catalogue) planData {
	for _, item := range found.Items {
		d.Rows = append(d.Rows, newItemRow(app, d.ID, item, catalogue))
	}
	if later {
		d.Pager.First = d.Paths.Self + d.Filter.query()
	}
	if found.Previous != "" {
		d.Pager.Previous = d.Paths.Self + d.Filter.query("cursor", found.Previous)
	}
	if found.Next != "" {
		d.Pager.Next = d.Paths.Self + d.Filter.query("cursor", found.Next)
	}
	if len(d.Rows) > 0 {
		d.Pager.Shown = page.Plural(len(d.Rows), "change", "changes") + " on this page"
	}
	switch {
	case found.Next != "":
		d.Empty = page.Empty{Icon: "search", Title: "Nothing found so far", Text: "A good part of the preview was searched. What is looked for may be further on.", Actions: []page.Link{{Text: "Search on", Path: d.Pager.Next}}}
	case d.Any:
		d.Empty = page.Empty{Icon: "search", Title: "No change is like that", Text: "Look for less: another action, another cause, a part of a name.", Actions: []page.Link{{Text: "Show all changes", Path: d.Paths.Self}}}
	default:
		d.Empty = page.Empty{Icon: "check", Title: "Nothing would be changed", Text: "Every account that was looked at is as it should be."}
	}
	return d
}

func (a *Area) showPlan(ctx context.Context, r *page.Request) (page.Answer, error) {
	app, kept, err := a.kept(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	f := readFilter(r)
	part := store.Page{Cursor: r.Value("cursor"), Limit: itemsShown}
	search := store.PlanItemSearch{Key: kept.Key, Text: f.Text, Actions: f.actions(), States: f.states(), Code: f.Cause}
	found, err := a.Administration.Store.FindPlanItems(ctx, search, part)
	if errors.Is(err, store.ErrInvalid) {
		return page.Redirect(planPath(app, kept.ID, "")+f.query(), page.Notice{}), nil // the cursor of another list
	}
	if err != nil {
		return page.Answer{}, err
	}
	data := newPlanData(app, kept, f, a.Administration.Catalogue).with(app, found, part.Cursor != "", a.Administration.Catalogue)
	if kept.State != engine.PlanApplied {
		if data.Running, err = a.beingApplied(ctx, app, kept); err != nil {
			return page.Answer{}, err
		}
	}
	return a.plan.Show(planHead(app, kept), data), nil
}

// beingApplied returns the operation that carries a plan out at present, without a path
// when none does.
func (a *Area) beingApplied(ctx context.Context, app page.Application, kept administration.KeptPlan) (page.Link, error) {
	operations, err := a.Administration.Operations(ctx, app.Application, operationsLooked)
	now := time.Now()
	for _, operation := range operations {
		if operation.Kind == provisioning.ApplyingPlan && operation.PlanID == kept.ID && operation.StateAt(now) == provisioning.OperationRunning {
			return page.Link{Text: operation.By, Path: operationPath(app, operation.ID)}, err
		}
	}
	return page.Link{}, err
}

// download writes the items that the filter selects.
func (a *Area) download(ctx context.Context, r *page.Request) (page.Answer, error) {
	_, kept, err := a.kept(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	selected := readFilter(r).selection()
	name := fmt.Sprintf("Preview_%s_%s", shortID(kept.ID), kept.At.UTC().Format("2006-01-02T150405Z"))
	switch format := r.Value("format"); format {
	case "csv":
		return page.Download(name+".csv", "text/csv; charset=utf-8", func(ctx context.Context, w io.Writer) error {
			return a.Administration.WritePlanCSV(ctx, w, kept.Plan, selected)
		}), nil
	case "json":
		return page.Download(name+".json", "application/json", func(ctx context.Context, w io.Writer) error {
			return a.Administration.WritePlanJSON(ctx, w, kept.Plan, selected)
		}), nil
	default:
		return page.Answer{}, page.NotFound("There is no download as “%s”: it is csv or json.", page.Short(format, 20))
	}
}
