package mappings

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/change"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/plan"
	"github.com/usher-id/usher/provisioning"
)

// reviewData is what is saved, and what it means for everybody.
type reviewData struct {
	Bar         bar
	Path        string
	Tag         string
	Differences []difference
	Faults      []finding // that keep the changes from being saved
	Warnings    []finding
	Clashes     []clash // parts that somebody else changed, too, and saved
	Refusal     page.Faults
	On          bool // provisioning is turned on
	Impact      impactData
	Loss        lossData

	// Confirmation is of the save: from which schema to which, and who loses the account.
	Confirmation page.Confirmation
	Part         bool // the impact alone is shown, and what goes with it elsewhere on the page
}

// clash is a part that two people changed.
type clash struct{ Part, Name, Base, Mine, Theirs string }

// impactData is for whom the changes change something.
type impactData struct {
	Path     string
	Tag      string
	Begun    bool
	Complete bool
	Looked   int
	Expected int
	Changed  int
	Rows     []impactRow
	Guard    string
	Failed   string // why it cannot be found out
	Advice   string
	Table    change.Table
	Pager    page.Pager
	Asking   bool // the next look is asked for by itself
}

// impactRow is one action with how often a cycle over everybody would take it.
type impactRow struct {
	Name          string
	Before, After int
	Removes       bool
}

const (
	firstLook    = 2 * time.Second // how long people are looked at before the page tells of it
	nextLook     = 8 * time.Second
	lastLook     = 5 * time.Second // before what was looked at is saved
	changesShown = 25
)

func (a *Area) showReview(ctx context.Context, r *page.Request) (page.Answer, error) {
	o, err := a.open(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	data, err := a.newReview(ctx, o, r.Number("after", 0))
	if err != nil {
		return page.Answer{}, err
	}
	data.Impact.Asking = !data.Impact.Begun && len(data.Faults) == 0 && !o.draft.Overtaken
	return a.review.Show(reviewHead(o.app), data), nil
}

func reviewHead(app page.Application) page.Head { return head(app, "Review and save") }

func (a *Area) newReview(ctx context.Context, o opened, after int) (reviewData, error) {
	data := reviewData{
		Bar: newBar(o.app, o.draft), Path: o.app.Path("mappings"), Tag: o.draft.Tag, Differences: newDifferences(o.draft.Differences), On: o.app.On(), Refusal: page.Faults{},
	}
	data.Bar.Changes = 0 // the page itself is what the bar leads to
	if !o.draft.Changed() {
		return data, nil
	}
	findings, err := a.Administration.SchemaFindings(ctx, o.app.Application, o.draft.Schema)
	if err != nil {
		return data, err
	}
	if findings, err = a.notable(ctx, o, findings); err != nil {
		return data, err
	}
	for _, found := range findings {
		if shown := newFinding(found); shown.Fault {
			data.Faults = append(data.Faults, shown)
		} else {
			data.Warnings = append(data.Warnings, shown)
		}
	}
	if o.draft.Overtaken {
		_, clashes := mapping.Merge(o.draft.Base, o.draft.Schema, o.draft.Saved, true)
		for _, c := range clashes {
			data.Clashes = append(data.Clashes, clash{c.Part, c.Name, c.Base, c.Mine, c.Theirs})
		}
	}
	impact, err := o.acts.DraftImpact(ctx, o.app.Application)
	if err != nil {
		return data, err
	}
	data.Loss, data.Confirmation = newLossData(o.app, impact), confirmation(o.draft, impact)
	data.Impact, err = a.newImpact(ctx, o, impact, after)
	return data, err
}

func (a *Area) newImpact(ctx context.Context, o opened, impact administration.Impact, after int) (impactData, error) {
	after = max(0, after)
	changes, err := o.acts.DraftChanges(ctx, o.app.Application, after, changesShown)
	return newImpactData(o.app, o.draft.Tag, impact, after, changes, a.Administration.Catalogue), err
}

func newImpactData(app page.Application, tag string, impact administration.Impact, after int, changes []store.DraftChange, catalogue journal.Catalogue) impactData {
	path := app.Path("mappings")
	data := impactData{
		Path: path, Tag: tag, Begun: impact.Looked > 0 || impact.Complete, Complete: impact.Complete, Looked: impact.Looked, Expected: impact.Expected,
		Changed: impact.Changed, Guard: page.Sentence(impact.Guard), Rows: newImpactRows(impact.Before, impact.After),
		Table: change.Table{Label: "People for whom something changes", Values: true},
	}
	about := change.Application{ID: app.ID, Name: app.DisplayName}
	for _, c := range changes {
		data.Table.Rows = append(data.Table.Rows, change.New(onlyNew(c), about, catalogue))
	}
	if len(changes) == 0 {
		return data
	}
	last := changes[len(changes)-1].Number
	data.Pager.Shown = page.Number(changes[0].Number) + " to " + page.Number(last) + " of " + page.Plural(impact.Changed, "person", "people")
	if after > 0 {
		data.Pager.First = path + "/review#impact"
		data.Pager.Previous = path + "/review?after=" + strconv.Itoa(max(0, after-changesShown)) + "#impact"
	}
	if len(changes) == changesShown && last < impact.Changed {
		data.Pager.Next = path + "/review?after=" + strconv.Itoa(last) + "#impact"
	}
	return data
}

// onlyNew leaves out of what would be done what would be done anyway, so that what the
// changes of the schema do stands alone. When that is another action, all of it counts.
func onlyNew(c store.DraftChange) plan.Change {
	shown := c.After
	if c.Before.Action == c.After.Action {
		shown.Fields = nil
		for _, field := range c.After.Fields {
			if !anyway(field, c.Before.Fields) {
				shown.Fields = append(shown.Fields, field)
			}
		}
	}
	if len(shown.Fields) == 0 && shown.Reason.Text == "" {
		shown.Reason.Text = "Before the change: " + string(c.Before.Action)
	}
	return shown
}

func anyway(field plan.Field, before []plan.Field) bool {
	for _, was := range before {
		if was.Name == field.Name && was.New.String() == field.New.String() && !field.Redacted {
			return true
		}
	}
	return false
}

func newImpactRows(before, after provisioning.Counts) []impactRow {
	return []impactRow{
		{"Created", before.Created, after.Created, false},
		{"Updated", before.Updated, after.Updated, false},
		{"Enabled", before.Enabled, after.Enabled, false},
		{"Disabled or deleted", administration.Removals(before), administration.Removals(after), true},
		{"Failures", before.Failed, after.Failed, false},
		{"Left alone", before.Skipped, after.Skipped, false},
		{"As they should be", before.Unchanged, after.Unchanged, false},
	}
}

// lookOn looks at more people. The part of the page that it answers with asks for the
// next look by itself, so that no request takes long, and nothing goes on that nobody
// watches.
func (a *Area) lookOn(ctx context.Context, r *page.Request) (page.Answer, error) {
	o, err := a.open(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	duration := nextLook
	if r.Value("first") != "" {
		duration = firstLook
	}
	impact, failure := o.acts.LookOn(ctx, o.app.Application, r.Value("tag"), duration)
	if failure == nil && !r.Partial("impact") {
		return page.Redirect(o.app.Path("mappings/review")+"#impact", page.Notice{}), nil
	}
	if failure != nil {
		data, err := a.newReview(ctx, o, 0)
		if err != nil {
			return page.Answer{}, err
		}
		fault := page.FaultOf(failure, "")
		if fault.Status == http.StatusInternalServerError {
			return page.Answer{}, failure
		}
		data.Impact.Failed, data.Impact.Advice = fault.Text, fault.Advice
		return a.review.Show(reviewHead(o.app), data), nil
	}
	data := reviewData{
		Path: o.app.Path("mappings"), Tag: o.draft.Tag, Part: true, On: o.app.On(), Loss: newLossData(o.app, impact), Confirmation: confirmation(o.draft, impact),
	}
	if data.Impact, err = a.newImpact(ctx, o, impact, 0); err != nil {
		return page.Answer{}, err
	}
	data.Impact.Asking = !impact.Complete
	return a.review.Show(reviewHead(o.app), data), nil
}

// save saves the visitor's changes, if they mean for people what the page said that was
// sent, and still do.
func (a *Area) save(ctx context.Context, r *page.Request) (page.Answer, error) {
	o, err := a.open(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	data, err := a.newReview(ctx, o, 0)
	if err != nil {
		return page.Answer{}, err
	}
	unseen := r.Checked("unseen")
	if o.draft.Changed() && !o.draft.Overtaken && len(data.Faults) == 0 {
		if answer, confirmed, err := a.confirmed(ctx, r, o, data); err != nil || !confirmed {
			return answer, err
		}
	}
	err = o.acts.SaveSchemaDraft(ctx, o.app.Application, r.Value("tag"), unseen)
	if faults, ok := refused(err, func(string) string { return "" }); ok {
		if o, err = a.open(ctx, r); err != nil {
			return page.Answer{}, err
		}
		if data, err = a.newReview(ctx, o, 0); err != nil {
			return page.Answer{}, err
		}
		data.Refusal = faults
		return a.review.Show(reviewHead(o.app), data).With(http.StatusUnprocessableEntity), nil
	}
	if err != nil {
		return page.Answer{}, err
	}
	return page.Redirect(o.app.Path("mappings"), saved(o.app, data.Loss)), nil
}

// confirmed reports whether a save was sent for what it means, and that is still so. If
// not, the answer shows what it means.
func (a *Area) confirmed(ctx context.Context, r *page.Request, o opened, data reviewData) (page.Answer, bool, error) {
	var confirmed bool
	if data.Confirmation, confirmed = r.Confirms(data.Confirmation); !confirmed {
		data.Confirmation.Changed = true
		return a.review.Show(reviewHead(o.app), data).With(http.StatusConflict), false, nil
	}
	if r.Checked("unseen") {
		return page.Answer{}, true, nil
	}
	if data.Loss.Known && data.Loss.Asks() && !r.Checked("meant") {
		data.Refusal = page.Faults{"": "Nothing was saved: " + page.Plural(data.Loss.Count, "person loses the account", "people lose their accounts") + " by it. Check that you looked at this, and that it is meant."}
		return a.review.Show(reviewHead(o.app), data).With(http.StatusUnprocessableEntity), false, nil
	}
	same, failure := o.acts.LookAgain(ctx, o.app.Application, o.draft.Tag, lastLook)
	if same && failure == nil {
		return page.Answer{}, true, nil
	}
	if failure != nil {
		answer, err := a.notLookedAgain(o, data, failure)
		return answer, false, err
	}
	answer, err := a.changed(ctx, r)
	return answer, false, err
}

// saved is the notice after a save.
func saved(app page.Application, loss lossData) page.Notice {
	text := "The mappings are saved. The next cycle looks at everyone."
	if !app.On() {
		text = "The mappings are saved. When provisioning is started, the next cycle looks at everyone."
	}
	if loss.Count == 0 {
		return page.Success("%s", text)
	}
	return page.Caution("%s %s by it.", text, page.Plural(loss.Count, "person loses the account", "people lose their accounts"))
}

// changed shows what the changes mean now, which is not what was confirmed.
func (a *Area) changed(ctx context.Context, r *page.Request) (page.Answer, error) {
	o, err := a.open(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	data, err := a.newReview(ctx, o, 0)
	data.Confirmation.Changed = true
	return a.review.Show(reviewHead(o.app), data).With(http.StatusConflict), err
}

// notLookedAgain tells why it cannot be found out whether what was confirmed still holds.
// Nothing is saved then, unless the visitor wants it unseen.
func (a *Area) notLookedAgain(o opened, data reviewData, failure error) (page.Answer, error) {
	fault := page.FaultOf(failure, "")
	if fault.Status == http.StatusInternalServerError {
		return page.Answer{}, failure
	}
	data.Loss.Known = false
	data.Refusal = page.Faults{"": "Nothing was saved: whether this is still what it does could not be found out. " + fault.Text + " " + fault.Advice}
	return a.review.Show(reviewHead(o.app), data).With(http.StatusConflict), nil
}

// takeAlong takes the visitor's changes to the schema that is saved now.
func (a *Area) takeAlong(ctx context.Context, r *page.Request) (page.Answer, error) {
	o, err := a.open(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	if err := o.acts.RebaseSchemaDraft(ctx, o.app.Application, r.Value("prefer") != "theirs"); err != nil {
		return page.Answer{}, err
	}
	return page.Redirect(o.app.Path("mappings/review"), kept("Your changes are now changes of the schema that is saved.")), nil
}

// discardData is what is lost when the changes are discarded.
type discardData struct {
	Path        string
	Tag         string
	Differences []difference
}

func (a *Area) showDiscard(ctx context.Context, r *page.Request) (page.Answer, error) {
	o, err := a.open(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	return a.discard.Show(head(o.app, "Discard unsaved changes"), discardData{o.app.Path("mappings"), o.draft.Tag, newDifferences(o.draft.Differences)}), nil
}

func (a *Area) discardDraft(ctx context.Context, r *page.Request) (page.Answer, error) {
	o, err := a.open(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	if err := o.acts.DiscardSchemaDraft(ctx, o.app.Application, r.Value("tag")); err != nil {
		return page.Answer{}, err
	}
	return page.Redirect(o.app.Path("mappings"), page.Success("Your changes are discarded. The mappings are as they are saved.")), nil
}
