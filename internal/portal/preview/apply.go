package preview

import (
	"context"
	"net/http"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/provisioning"
)

// applyData asks whether a plan is to be applied.
type applyData struct {
	Confirmation page.Confirmation
	Path         string
	Plan         string
	Name         string // of the application
	Counts       provisioning.Counts
	Open         int
	Done         int // items that an earlier attempt is through with
	Cannot       int
	Held         int // removals that are held already, and left out
	Removals     int
	Guard        string // why the removals have to be allowed, empty when they need not be
	Notes        []string
	Short        []seatRow // licences of which seats are missing
	Calls        engine.PlannedCalls
	Applied      bool
	Pauses       bool // provisioning would be turned off
	Faults       page.Faults
}

func applyHead(app page.Application, kept administration.KeptPlan) page.Head {
	title := "Apply the preview"
	if kept.State == engine.PlanApplying {
		title = "Go on applying the preview"
	}
	return planHead(app, kept).Below(title, planPath(app, kept.ID, ""), kindTitle(kept.Kind))
}

func newApplyData(app page.Application, kept administration.KeptPlan) applyData {
	full := newPlanData(app, kept, filter{}, journal.NewCatalogue())
	data := applyData{
		Path: full.Paths.Apply, Plan: full.Paths.Self, Name: app.DisplayName, Counts: kept.Counts, Open: full.Open, Cannot: kept.Items[engine.ItemNone] - heldIn(kept), Held: heldIn(kept),
		Done: kept.Items[engine.ItemDone] + kept.Items[engine.ItemRefused] + kept.Items[engine.ItemFailed], Removals: full.Removals, Guard: full.Guard, Notes: full.Notes,
		Calls: kept.Calls, Applied: kept.State == engine.PlanApplied, Pauses: full.Undo && app.On(),
	}
	for _, row := range full.Seats {
		if row.Short > 0 {
			data.Short = append(data.Short, row)
		}
	}
	data.Confirmation = page.Confirm(kept.Key, kept.ID, kept.State, data.Counts, data.Open, data.Done, data.Cannot, data.Held, data.Removals, data.Guard, data.Pauses)
	return data
}

func (a *Area) askApply(ctx context.Context, r *page.Request) (page.Answer, error) {
	app, kept, err := a.kept(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	return a.applying.Show(applyHead(app, kept), newApplyData(app, kept)), nil
}

// apply begins to carry a plan out.
func (a *Area) apply(ctx context.Context, r *page.Request) (page.Answer, error) {
	app, kept, err := a.kept(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	how := administration.Applying{AllowRemovals: r.Checked("allow"), KeepRunning: r.Checked("keep")}
	if how.AllowRemovals && !r.Visitor.Administers() {
		return page.Answer{}, &page.Fault{
			Status: http.StatusForbidden, Title: "You may not allow these removals", Text: "Removals that the removal guard would hold are allowed by an " + string(store.RoleAdministrator) + ".",
			Advice: "Ask an administrator to look at the preview and to apply it.",
		}
	}
	data := newApplyData(app, kept)
	var confirmed bool
	if data.Confirmation, confirmed = r.Confirms(data.Confirmation); !confirmed && data.Open > 0 && !data.Applied {
		return a.applying.Show(applyHead(app, kept), data).With(http.StatusConflict), nil
	}
	begun, err := a.Operations.ApplyPlan(ctx, r.Visitor.Actor(), app.Application, kept.Plan, how)
	if faults, ok := page.FaultsOf(err); ok {
		data.Faults = namedAll(faults)
		return a.applying.Show(applyHead(app, kept), data).With(http.StatusUnprocessableEntity), nil
	}
	if err != nil {
		return page.Answer{}, err
	}
	return page.Redirect(operationPath(app, begun.ID), page.Notice{}), nil
}

// removalData asks whether a plan is to be forgotten.
type removalData struct {
	Confirmation page.Confirmation
	Path, Plan   string
	ID           string
	Open         int
	State        page.State
	Comparisons  int // that go with it, 20 for more
}

func removalHead(app page.Application, kept administration.KeptPlan) page.Head {
	return planHead(app, kept).Below("Remove the preview", planPath(app, kept.ID, ""), kindTitle(kept.Kind))
}

func newRemovalData(app page.Application, kept administration.KeptPlan, comparisons int) removalData {
	return removalData{
		page.Confirm(kept.Key, kept.ID, kept.State, kept.Items[engine.ItemOpen], comparisons),
		planPath(app, kept.ID, "remove"), planPath(app, kept.ID, ""), shortID(kept.ID), kept.Items[engine.ItemOpen], stateOf(kept), comparisons,
	}
}

// removalOf reads what goes with a plan.
func (a *Area) removalOf(ctx context.Context, app page.Application, kept administration.KeptPlan) (removalData, error) {
	comparisons, err := a.Administration.Store.Comparisons(ctx, kept.Key)
	return newRemovalData(app, kept, len(comparisons)), err
}

func (a *Area) askRemoval(ctx context.Context, r *page.Request) (page.Answer, error) {
	app, kept, err := a.kept(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	data, err := a.removalOf(ctx, app, kept)
	return a.removal.Show(removalHead(app, kept), data), err
}

func (a *Area) remove(ctx context.Context, r *page.Request) (page.Answer, error) {
	app, kept, err := a.kept(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	running, err := a.beingApplied(ctx, app, kept)
	if err != nil {
		return page.Answer{}, err
	}
	if running.Path != "" {
		return page.Answer{}, page.Refused("It is being applied", "The preview is being applied by "+running.Text+", so it was not removed.", "Stop that first, or wait until it is over.")
	}
	data, err := a.removalOf(ctx, app, kept)
	if err != nil {
		return page.Answer{}, err
	}
	var confirmed bool
	if data.Confirmation, confirmed = r.Confirms(data.Confirmation); !confirmed {
		return a.removal.Show(removalHead(app, kept), data).With(http.StatusConflict), nil
	}
	if err := r.Acts().RemovePlan(ctx, app.Application, kept.Plan); err != nil {
		return page.Answer{}, err
	}
	return page.Redirect(app.Path("preview"), page.Success("The preview %s was removed. What it did stays as it is.", shortID(kept.ID))), nil
}
