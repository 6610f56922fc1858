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
	Path     string
	Plan     string
	Name     string // of the application
	Counts   provisioning.Counts
	Open     int
	Done     int // items that an earlier attempt is through with
	Cannot   int
	Removals int
	Guard    string // why the removals have to be allowed, empty when they need not be
	Notes    []string
	Short    []seatRow // licences of which seats are missing
	Calls    engine.PlannedCalls
	Applied  bool
	Pauses   bool // provisioning would be turned off
	Faults   page.Faults
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
		Path: full.Paths.Apply, Plan: full.Paths.Self, Name: app.DisplayName, Counts: kept.Counts, Open: full.Open, Cannot: kept.Items[engine.ItemNone],
		Done: kept.Items[engine.ItemDone] + kept.Items[engine.ItemRefused] + kept.Items[engine.ItemFailed], Removals: full.Removals, Guard: full.Guard, Notes: full.Notes,
		Calls: kept.Calls, Applied: kept.State == engine.PlanApplied, Pauses: full.Undo && app.On(),
	}
	for _, row := range full.Seats {
		if row.Short > 0 {
			data.Short = append(data.Short, row)
		}
	}
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
	begun, err := a.Operations.ApplyPlan(ctx, r.Visitor.Actor(), app.Application, kept.Plan, how)
	if faults, ok := page.FaultsOf(err); ok {
		data := newApplyData(app, kept)
		data.Faults = faults
		return a.applying.Show(applyHead(app, kept), data).With(http.StatusUnprocessableEntity), nil
	}
	if err != nil {
		return page.Answer{}, err
	}
	return page.Redirect(operationPath(app, begun.ID), page.Notice{}), nil
}

// removalData asks whether a plan is to be forgotten.
type removalData struct {
	Path, Plan string
	ID         string
	Open       int
	State      page.State
}

func removalHead(app page.Application, kept administration.KeptPlan) page.Head {
	return planHead(app, kept).Below("Remove the preview", planPath(app, kept.ID, ""), kindTitle(kept.Kind))
}

func newRemovalData(app page.Application, kept administration.KeptPlan) removalData {
	return removalData{planPath(app, kept.ID, "remove"), planPath(app, kept.ID, ""), shortID(kept.ID), kept.Items[engine.ItemOpen], stateOf(kept)}
}

func (a *Area) askRemoval(ctx context.Context, r *page.Request) (page.Answer, error) {
	app, kept, err := a.kept(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	return a.removal.Show(removalHead(app, kept), newRemovalData(app, kept)), nil
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
	if err := r.Acts().RemovePlan(ctx, app.Application, kept.Plan); err != nil {
		return page.Answer{}, err
	}
	return page.Redirect(app.Path("preview"), page.Success("The preview %s was removed. What it did stays as it is.", shortID(kept.ID))), nil
}
