package preview

import (
	"context"
	"strconv"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/change"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/journal"
)

// itemData is what a plan has about one person.
type itemData struct {
	Plan  page.Link
	Items []itemRow
	Done  []change.View // what applying the plan did, as the log has it
	Steps string        // path on which the steps are worked out
	Now   []change.View // what a cycle would do now, with its steps; one at most
	Fault string        // why that cannot be told
	Name  string        // of the application
}

// mostOfPerson is how many items and how many entries of one person are shown.
const mostOfPerson = 20

func itemHead(app page.Application, kept administration.KeptPlan, items []engine.PlanItem) page.Head {
	name := ""
	for _, item := range items {
		if name = item.Change.Source.Name; name == "" {
			name = item.Change.Source.ID
		}
	}
	return planHead(app, kept).Below(name, planPath(app, kept.ID, ""), kindTitle(kept.Kind))
}

func newItemData(app page.Application, kept administration.KeptPlan, items []engine.PlanItem, entries []journal.Entry, catalogue journal.Catalogue) itemData {
	data := itemData{Plan: page.Link{Text: shortID(kept.ID), Path: planPath(app, kept.ID, "")}, Name: app.DisplayName}
	named := change.Application{ID: app.ID, Name: app.DisplayName}
	for n, item := range items {
		row := newItemRow(app, kept.ID, item, catalogue)
		row.View = row.Anchored("item-" + strconv.Itoa(n))
		data.Items = append(data.Items, row)
		data.Steps = row.Path + "?steps=now"
	}
	for _, entry := range entries {
		data.Done = append(data.Done, change.OfEntry(entry, named, catalogue))
	}
	return data
}

func (a *Area) showItem(ctx context.Context, r *page.Request) (page.Answer, error) {
	app, kept, err := a.kept(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	items, err := a.Administration.PlanItemsOf(ctx, kept.Plan, r.Path("person"))
	if err != nil {
		return page.Answer{}, err
	}
	if len(items) == 0 {
		return page.Answer{}, page.NotFound("The preview %s has no change of “%s”.", shortID(kept.ID), page.Short(r.Path("person"), 100))
	}
	items = items[:min(len(items), mostOfPerson)]
	var entries []journal.Entry
	if kept.State != engine.PlanReady {
		query := journal.Query{JobID: app.Job.ID, PlanID: kept.ID, SourceID: items[0].Change.Source.ID, OldestFirst: true, Limit: mostOfPerson}
		for entry, err := range a.Administration.Store.Entries(ctx, query) {
			if err != nil {
				return page.Answer{}, err
			}
			entries = append(entries, entry)
		}
	}
	data := newItemData(app, kept, items, entries, a.Administration.Catalogue)
	if r.Value("steps") == "now" {
		data.Now, data.Fault = a.decidedNow(ctx, app, items[0].Change.Source.ID)
	}
	return a.item.Show(itemHead(app, kept, items), data), nil
}

// decidedNow works out what a cycle would do for a person, or says why it cannot. It
// reads the target and writes nothing.
func (a *Area) decidedNow(ctx context.Context, app page.Application, id string) (now []change.View, fault string) {
	user, err := a.Administration.Person(ctx, app.Application, id)
	var why administration.Why
	if err == nil {
		why, err = a.Administration.Why(ctx, app.Application, user)
	}
	if err == nil {
		err = why.Fault
	}
	if err != nil {
		return nil, page.Sentence(administration.Told(err))
	}
	view := change.New(why.Change, change.Application{ID: app.ID, Name: app.DisplayName}, a.Administration.Catalogue)
	return []change.View{view.Anchored("now")}, ""
}
