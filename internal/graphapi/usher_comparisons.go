package graphapi

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
)

// mostLog is how many bytes a request with the log of an incumbent may have.
const mostLog = 32 << 20

func (a *api) comparisonRoutes(app string) []route {
	const comparison = "/comparisons/{comparison}"
	plan := app + "/plans/{plan}"
	compare := slowly(post(plan+"/comparisons", store.RoleOperator, a.makeComparison))
	compare.most = mostLog
	return []route{
		get(plan+"/comparisons", a.listComparisons),
		compare,
		get(plan+comparison, a.getComparison),
		get(plan+comparison+"/differences", a.listDifferences),
		{method: http.MethodDelete, pattern: plan + comparison, needs: store.RoleOperator, answer: a.deleteComparison},
	}
}

func (a *api) comparisons() resource {
	return resource{set: "plans/comparisons", kind: newKind("usherComparison", "createdDateTime", "createdBy", "files", "entries", "fromDateTime", "untilDateTime", "counts")}
}

func comparisonEntity(c store.Comparison) entity {
	counts := entity{}
	for _, likeness := range []journal.Likeness{journal.Same, journal.Different, journal.OnlyIncumbent, journal.OnlyPlanned} {
		counts[string(likeness)] = c.Counts[likeness]
	}
	return entity{
		"id": c.ID, "createdDateTime": moment(c.At), "createdBy": c.By, "files": c.Files, "entries": c.Entries,
		"fromDateTime": moment(c.From), "untilDateTime": moment(c.Until), "counts": counts,
	}
}

func (a *api) listComparisons(ctx context.Context, r *request) (response, error) {
	_, p, err := a.ownPlan(ctx, r)
	if err != nil {
		return response{}, err
	}
	made, err := a.service.Comparisons(ctx, p.Plan)
	if err != nil {
		return response{}, err
	}
	items := make([]entity, len(made))
	for i, c := range made {
		items[i] = comparisonEntity(c)
	}
	return r.answerPage(ctx, collection{resource: a.comparisons(), after: listed(items...)})
}

// makeComparison compares a plan with the log of an incumbent, and keeps the result.
func (a *api) makeComparison(ctx context.Context, r *request) (response, error) {
	var body struct {
		Files []struct {
			Name    string `json:"name"`
			Content []byte `json:"contentBytes"` // Base64
		} `json:"files"`
	}
	if err := r.decode(&body); err != nil {
		return response{}, err
	}
	if len(body.Files) == 0 {
		return response{}, badRequest("The property 'files' is missing.")
	}
	files := make([]journal.LogFile, len(body.Files))
	for i, file := range body.Files {
		if file.Name == "" {
			return response{}, badRequest("The property 'name' of a file is missing.")
		}
		files[i] = journal.LogFile{Name: file.Name, Content: file.Content}
	}
	app, p, err := a.ownPlan(ctx, r)
	if err != nil {
		return response{}, err
	}
	made, err := r.acts().Compare(ctx, app, p.Plan, files)
	if refusal, ok := errors.AsType[*administration.Refusal](err); ok && refusal.Code == administration.Invalid {
		return response{}, logFaults(refusal)
	}
	if err != nil {
		return response{}, a.actError(err)
	}
	answer, err := r.answerEntity(ctx, a.comparisons(), comparisonEntity(made))
	answer.status = http.StatusCreated
	answer.header = http.Header{"Location": {r.link("/applications/" + app.ID + "/plans/" + p.ID + "/comparisons/" + made.ID)}}
	return answer, err
}

// logFaults tells what is wrong with the files of a log.
func logFaults(refusal *administration.Refusal) error {
	fault := &Error{Status: http.StatusBadRequest, Code: codeBadRequest, Message: "The log cannot be read: " + sentence(refusal)}
	for _, each := range refusal.Faults {
		fault.Details = append(fault.Details, Detail{Code: codeBadRequest, Message: each.String()})
	}
	return fault
}

// ownComparison returns the comparison of the path.
func (a *api) ownComparison(ctx context.Context, r *request) (administration.Application, administration.KeptPlan, store.Comparison, error) {
	app, p, err := a.ownPlan(ctx, r)
	if err != nil {
		return app, p, store.Comparison{}, err
	}
	id, err := r.text("comparison")
	if err != nil {
		return app, p, store.Comparison{}, err
	}
	c, err := a.service.Comparison(ctx, p.Plan, id)
	if errors.Is(err, store.ErrNotFound) {
		err = notFound(id)
	}
	return app, p, c, err
}

func (a *api) getComparison(ctx context.Context, r *request) (response, error) {
	_, _, c, err := a.ownComparison(ctx, r)
	if err != nil {
		return response{}, err
	}
	return r.answerEntity(ctx, a.comparisons(), comparisonEntity(c))
}

// personDifference is what a comparison says of one person.
type personDifference struct {
	journal.Difference

	ID string `json:"id"`
}

func (a *api) listDifferences(ctx context.Context, r *request) (response, error) {
	_, _, c, err := a.ownComparison(ctx, r)
	if err != nil {
		return response{}, err
	}
	kind := newKind("usherDifference", "likeness", "reason", "person/", "account/", "incumbent/", "planned/", "fields")
	return r.answerPage(ctx, collection{
		resource: resource{set: "plans/comparisons/differences", kind: kind},
		after: func(ctx context.Context, position string) iter.Seq2[entity, error] {
			return entities(a.service.Differences(ctx, store.DifferenceSearch{Comparison: c.ID}), position, func(found store.FoundDifference) (entity, error) {
				return asEntity(personDifference{found.Difference, fmt.Sprintf("%08d", found.Number)})
			})
		},
	})
}

func (a *api) deleteComparison(ctx context.Context, r *request) (response, error) {
	app, p, c, err := a.ownComparison(ctx, r)
	if err != nil {
		return response{}, err
	}
	return noContent(), r.acts().RemoveComparison(ctx, app, p.Plan, c)
}
