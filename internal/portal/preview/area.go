package preview

import (
	"context"
	"embed"
	"errors"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/change"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/portal/progress"
	"github.com/usher-id/usher/internal/store"
)

//go:embed *.tmpl
var files embed.FS

// Area is the preview of an application, and its operations.
type Area struct {
	Administration *administration.Service
	Operations     *administration.Operations

	list        page.Page[listData]
	plan        page.Page[planData]
	item        page.Page[itemData]
	applying    page.Page[applyData]
	removal     page.Page[removalData]
	operation   page.Page[operationData]
	undo        page.Page[undoData]
	compare     page.Page[compareData]
	differences page.Page[comparisonData]
	forgetting  page.Page[forgettingData]
}

// New returns the area. Operations run what takes long; nil shows samples alone.
func New(service *administration.Service, operations *administration.Operations) *Area {
	return &Area{
		Administration: service, Operations: operations,
		list:        page.Parse[listData]("list.tmpl", files),
		plan:        page.Parse[planData]("plan.tmpl", files, change.Files),
		item:        page.Parse[itemData]("item.tmpl", files, change.Files),
		applying:    page.Parse[applyData]("apply.tmpl", files),
		removal:     page.Parse[removalData]("remove.tmpl", files),
		operation:   page.Parse[operationData]("operation.tmpl", files, progress.Files),
		undo:        page.Parse[undoData]("undo.tmpl", files, change.Files),
		compare:     page.Parse[compareData]("compare.tmpl", files),
		differences: page.Parse[comparisonData]("comparison.tmpl", files),
		forgetting:  page.Parse[forgettingData]("forgetting.tmpl", files),
	}
}

// Mount puts the routes of the area on the router.
func (a *Area) Mount(r *page.Router) {
	const app = "/applications/{application}"
	r.Get(app+"/preview", a.showList)
	r.Post(app+"/preview", store.RoleOperator, a.make)
	r.Get(app+"/preview/{plan}", a.showPlan)
	r.SlowGet(app+"/preview/{plan}/download", a.download)
	r.SlowGet(app+"/preview/{plan}/items/{person}", a.showItem)
	r.GetFor(app+"/preview/{plan}/apply", store.RoleOperator, a.askApply)
	r.Post(app+"/preview/{plan}/apply", store.RoleOperator, a.apply)
	r.GetFor(app+"/preview/{plan}/remove", store.RoleAdministrator, a.askRemoval)
	r.Post(app+"/preview/{plan}/remove", store.RoleAdministrator, a.remove)
	r.Get(app+"/preview/{plan}/compare", a.askCompare)
	r.SlowPost(app+"/preview/{plan}/compare", store.RoleOperator, a.compareLog)
	r.Get(app+"/preview/{plan}/comparisons/{comparison}", a.showComparison)
	r.SlowGet(app+"/preview/{plan}/comparisons/{comparison}/download", a.downloadComparison)
	r.Post(app+"/preview/{plan}/comparisons/{comparison}/remove", store.RoleOperator, a.removeComparison)
	r.Get(app+"/operations/{operation}", a.showOperation)
	r.Post(app+"/operations/{operation}/stop", store.RoleOperator, a.stop)
	r.GetFor(app+"/cycles/{cycle}/undo", store.RoleOperator, a.askUndo)
	r.Post(app+"/cycles/{cycle}/undo", store.RoleOperator, a.makeUndo)
}

// kept returns the application and the plan that a path names, by the id of the plan or
// the beginning of it.
func (a *Area) kept(ctx context.Context, r *page.Request) (page.Application, administration.KeptPlan, error) {
	app, err := r.Application(ctx)
	if err != nil {
		return app, administration.KeptPlan{}, err
	}
	id := r.Path("plan")
	kept, err := a.Administration.Plan(ctx, id)
	switch {
	case errors.Is(err, store.ErrConflict):
		return app, kept, page.Refused("Several previews begin with that", "More than one preview begins with “"+page.Short(id, 60)+"”.", "Give more of its name, or choose it from the list.")
	case errors.Is(err, store.ErrNotFound), err == nil && kept.ApplicationID != app.ID:
		fault := page.NotFound("%s has no preview “%s”.", app.DisplayName, page.Short(id, 60))
		fault.Advice = "A preview is kept for 30 days. Make a new one."
		return app, kept, fault
	}
	return app, kept, err
}
