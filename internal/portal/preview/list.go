package preview

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/portal/progress"
	"github.com/usher-id/usher/provisioning"
)

// plansShown is how many plans a page of the list has.
const plansShown = 25

// listData is the list of plans.
type listData struct {
	Name    string
	Path    string
	SetUp   string
	Ready   bool // the application can be signed in to
	Faults  page.Faults
	Running []operationRow
	Ended   []operationRow // the last acts that went wrong
	Rows    []planRow
	Pager   page.Pager
}

// planRow is a plan as the list shows it.
type planRow struct {
	Path   string
	ID     string // shortened
	Kind   string
	At     time.Time
	By     string
	Counts provisioning.Counts
	State  page.State
	Result string // what became of its items, empty before it is applied
}

// operationRow is an operation as lists show it.
type operationRow struct {
	Path  string
	Title string
	By    string
	Began time.Time
	State page.State
	Done  int
	Of    int // 0 when it is not known
	Text  string
}

// idShown is how much of a plan's id is shown, and enough to name it.
const idShown = 12

func shortID(id string) string { return id[:min(len(id), idShown)] }

// kindTitle says what a plan is for.
func kindTitle(kind engine.PlanKind) string {
	switch kind {
	case engine.CyclePlan:
		return "What a cycle would do"
	case engine.UndoPlan:
		return "Undo of a cycle"
	case engine.DriftPlan:
		return "Repair of changes made in the application"
	}
	return string(kind)
}

// stateOf is how far a plan has come. Items may be nil while nothing was applied.
func stateOf(kept administration.KeptPlan) page.State {
	switch kept.State {
	case engine.PlanApplying:
		return page.State{Text: "Begun, not finished", Colour: "warning"}
	case engine.PlanApplied:
		if kept.Items[engine.ItemFailed]+kept.Items[engine.ItemRefused] > 0 {
			return page.State{Text: "Applied, not all of it", Colour: "warning"}
		}
		return page.State{Text: "Applied", Colour: "success"}
	case engine.PlanReady, engine.PlanDraft:
	}
	return page.State{Text: "Not applied", Colour: "info"}
}

func newPlanRow(app page.Application, kept administration.KeptPlan) planRow {
	row := planRow{
		Path: planPath(app, kept.ID, ""), ID: shortID(kept.ID), Kind: kindTitle(kept.Kind), At: kept.At, By: kept.By, Counts: kept.Counts, State: stateOf(kept),
	}
	if kept.State != engine.PlanReady {
		row.Result = resultText(kept.Items)
	}
	return row
}

// planPath is the path of a page of a plan; an empty name is the plan itself.
func planPath(app page.Application, id, name string) string {
	at := app.Path("preview/" + url.PathEscape(id))
	if name != "" {
		at += "/" + name
	}
	return at
}

func listHead(app page.Application) page.Head {
	head := app.Of("Preview", "preview")
	head.Lead = "See what a cycle would do before it does. Making a preview reads the application and writes nothing there; applying one carries out exactly what you looked at."
	return head
}

func newListData(app page.Application, plans []administration.KeptPlan, operations []provisioning.Operation, now time.Time) listData {
	data := listData{Name: app.DisplayName, Path: app.Path("preview"), SetUp: app.Path("provisioning"), Ready: app.Configured()}
	for _, kept := range plans {
		data.Rows = append(data.Rows, newPlanRow(app, kept))
	}
	for _, operation := range operations {
		switch state := operation.StateAt(now); {
		case state == provisioning.OperationRunning:
			data.Running = append(data.Running, newOperationRow(app, operation, now))
		case state != provisioning.OperationDone && now.Sub(operation.Progress.Began) < endedShown && len(data.Ended) < 3:
			data.Ended = append(data.Ended, newOperationRow(app, operation, now))
		}
	}
	return data
}

// endedShown is for how long an act that went wrong is shown beside the plans.
const endedShown = 24 * time.Hour

func newOperationRow(app page.Application, operation provisioning.Operation, now time.Time) operationRow {
	return operationRow{
		Path: operationPath(app, operation.ID), Title: operationTitle(operation.Kind), By: operation.By, Began: operation.Progress.Began,
		State: progress.State(operation.StateAt(now)), Done: operation.Progress.Done(), Of: max(operation.Progress.Expected, 0), Text: page.Sentence(operation.Message),
	}
}

func (a *Area) showList(ctx context.Context, r *page.Request) (page.Answer, error) {
	app, err := r.Application(ctx)
	if err != nil {
		return page.Answer{}, err
	}
	data, err := a.listData(ctx, r, app)
	return a.list.Show(listHead(app), data), err
}

// operationsLooked is how many of the last operations are looked at for those that run.
const operationsLooked = 10

func (a *Area) listData(ctx context.Context, r *page.Request, app page.Application) (listData, error) {
	before := r.Value("before")
	plans, more, err := a.plansBefore(ctx, app, before)
	if err != nil {
		return listData{}, err
	}
	operations, err := a.Administration.Operations(ctx, app.Application, operationsLooked)
	data := newListData(app, plans, operations, time.Now())
	if more {
		data.Pager.Next = data.Path + "?before=" + url.QueryEscape(plans[len(plans)-1].ID)
	}
	if before != "" {
		data.Pager.First = data.Path
	}
	return data, err
}

// plansBefore returns a part of the plans, those that were made before the one with an
// id; of those that were begun to be applied also what became of their items.
func (a *Area) plansBefore(ctx context.Context, app page.Application, before string) (plans []administration.KeptPlan, more bool, err error) {
	passed := before == ""
	for p, err := range a.Administration.Store.Plans(ctx, app.Job.ID) {
		switch {
		case err != nil:
			return nil, false, err
		case !passed:
			passed = p.ID == before
			continue
		case len(plans) == plansShown:
			return plans, true, nil
		}
		kept := administration.KeptPlan{Plan: p}
		if p.State != engine.PlanReady {
			if kept.Items, err = a.Administration.Store.CountPlanItems(ctx, p.Key); err != nil {
				return nil, false, err
			}
		}
		plans = append(plans, kept)
	}
	return plans, false, nil
}

// make begins to make a plan.
func (a *Area) make(ctx context.Context, r *page.Request) (page.Answer, error) {
	app, err := r.Application(ctx)
	if err != nil {
		return page.Answer{}, err
	}
	begun, err := a.Operations.MakePlan(ctx, r.Visitor.Actor(), app.Application, administration.Planning{Full: r.Value("scope") == "everyone"})
	if faults, ok := page.FaultsOf(err); ok {
		data, err := a.listData(ctx, r, app)
		data.Faults = faults
		return a.list.Show(listHead(app), data).With(http.StatusUnprocessableEntity), err
	}
	if err != nil {
		return page.Answer{}, err
	}
	return page.Redirect(operationPath(app, begun.ID), page.Notice{}), nil
}
