package preview

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/change"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/plan"
)

// compareData asks for the log of the incumbent.
type compareData struct {
	Path       string
	Plan       page.Link
	Log        page.Field
	Properties page.Field
	Faults     page.Faults
	Made       []comparisonRow
}

// comparisonRow is a comparison that was made before.
type comparisonRow struct {
	Path  string
	At    time.Time
	By    string
	Files string
	Text  string
}

func compareHead(app page.Application, kept administration.KeptPlan) page.Head {
	head := planHead(app, kept).Below("Compare with the incumbent", planPath(app, kept.ID, ""), kindTitle(kept.Kind))
	head.Lead = "See how this preview differs from what Microsoft Entra ID did. Nothing is written, neither there nor in the application."
	return head
}

func newCompareData(app page.Application, kept administration.KeptPlan, made []store.Comparison) compareData {
	data := compareData{
		Path: planPath(app, kept.ID, "compare"), Plan: page.Link{Text: shortID(kept.ID), Path: planPath(app, kept.ID, "")},
		Log: page.Field{Name: "log", Label: "Provisioning log", Type: "file", Required: true, Help: "JSON, CSV or ZIP, at most 16 MB together."},
		Properties: page.Field{
			Name: "properties", Label: "Modified properties, if the log is CSV", Type: "file",
			Help: "The file whose name ends in ModifiedProperties. Without it actions are compared, and no values. JSON and ZIP have them already.",
		},
	}
	for _, c := range made {
		data.Made = append(data.Made, comparisonRow{comparisonPath(app, kept, c.ID, ""), c.At, c.By, strings.Join(c.Files, ", "), countsText(c.Counts)})
	}
	return data
}

func comparisonPath(app page.Application, kept administration.KeptPlan, id, name string) string {
	at := planPath(app, kept.ID, "comparisons/"+url.PathEscape(id))
	if name != "" {
		at += "/" + name
	}
	return at
}

// likenesses are the groups of a comparison, in the order in which they are shown.
func likenesses() []struct {
	likeness   journal.Likeness
	text, many string
	colour     string
} {
	return []struct {
		likeness   journal.Likeness
		text, many string
		colour     string
	}{
		{journal.Different, "Different", "different", "warning"},
		{journal.OnlyIncumbent, "Only Entra", "only by Entra", "info"},
		{journal.OnlyPlanned, "Only Usher", "only by Usher", "info"},
		{journal.Same, "Same", "the same", "success"},
	}
}

func countsText(counts map[journal.Likeness]int) string {
	var parts []string
	for _, each := range likenesses() {
		parts = append(parts, page.Number(counts[each.likeness])+" "+each.many)
	}
	return strings.Join(parts, ", ")
}

func (a *Area) askCompare(ctx context.Context, r *page.Request) (page.Answer, error) {
	app, kept, err := a.kept(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	made, err := a.Administration.Store.Comparisons(ctx, kept.Key)
	return a.compare.Show(compareHead(app, kept), newCompareData(app, kept, made)), err
}

// compareLog compares with the log that is sent.
func (a *Area) compareLog(ctx context.Context, r *page.Request) (page.Answer, error) {
	app, kept, err := a.kept(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	made, err := a.compared(ctx, r, app, kept)
	if faults, ok := page.FaultsOf(err); ok {
		earlier, err := a.Administration.Store.Comparisons(ctx, kept.Key)
		data := newCompareData(app, kept, earlier)
		data.Log, data.Faults = faults.Of(data.Log), wholeFaults(faults)
		return a.compare.Show(compareHead(app, kept), data).With(http.StatusUnprocessableEntity), err
	}
	if err != nil {
		return page.Answer{}, err
	}
	return page.Redirect(comparisonPath(app, kept, made.ID, ""), page.Success("%s of the log were compared. Nothing was written.", page.Plural(made.Entries, "entry", "entries"))), nil
}

func (a *Area) compared(ctx context.Context, r *page.Request, app page.Application, kept administration.KeptPlan) (store.Comparison, error) {
	content, name, err := r.File("log")
	if err != nil {
		return store.Comparison{}, err
	}
	files := []journal.LogFile{{Name: name, Content: content}}
	if content, name, err = r.File("properties"); err == nil {
		files = append(files, journal.LogFile{Name: name, Content: content})
	} else if _, none := errors.AsType[*page.Fault](err); !none {
		return store.Comparison{}, err
	}
	return r.Acts().Compare(ctx, app.Application, kept.Plan, files)
}

// wholeFaults are those that are not about the field for the log.
func wholeFaults(faults page.Faults) page.Faults {
	whole := page.Faults{}
	for field, text := range faults {
		switch field {
		case "log":
		case "":
			whole[field] = text
		default:
			whole[field] = field + ": " + text // a file as a whole
		}
	}
	return whole
}

// comparisonData is a comparison with a part of what it says.
type comparisonData struct {
	Path    string
	Plan    page.Link
	Again   string
	Remove  string
	Kept    store.Comparison
	Files   string
	Tiles   []tile
	Text    string
	Groups  []page.Option
	Rows    []differenceRow
	Empty   page.Empty
	Pager   page.Pager
	CSV     string
	PlanWas time.Time
}

// differenceRow is what the comparison says of one person.
type differenceRow struct {
	Person change.Party
	Group  page.State
	Reason string
	Entra  sideView
	Usher  sideView
	Fields []fieldRow
	Unlike int // fields that differ
}

// sideView is what one of the two did, or would do.
type sideView struct {
	Text string // empty for nothing
	At   time.Time
}

// fieldRow is an attribute with the values of both.
type fieldRow struct {
	Name         string
	Entra, Usher string
	Note         string // how they compare, in words
	Unlike       bool
}

func comparisonHead(app page.Application, kept administration.KeptPlan) page.Head {
	head := compareHead(app, kept).Below("Comparison with the incumbent", planPath(app, kept.ID, "compare"), "Compare with the incumbent")
	head.Lead = ""
	return head
}

func newComparisonData(app page.Application, kept administration.KeptPlan, c store.Comparison, group journal.Likeness, text string, found store.Listing[store.FoundDifference], later bool) comparisonData {
	self := comparisonPath(app, kept, c.ID, "")
	data := comparisonData{
		Path: self, Plan: page.Link{Text: shortID(kept.ID), Path: planPath(app, kept.ID, "")}, Again: planPath(app, kept.ID, "compare"), Remove: comparisonPath(app, kept, c.ID, "remove"),
		Kept: c, Files: strings.Join(c.Files, ", "), Text: text, PlanWas: kept.At, CSV: self + "/download" + differencesQuery(group, text, ""),
	}
	options := [][2]string{{"", "Everybody"}}
	for _, each := range likenesses() {
		data.Tiles = append(data.Tiles, tile{c.Counts[each.likeness], each.many, self + differencesQuery(each.likeness, "", ""), group == each.likeness && text == ""})
		options = append(options, [2]string{string(each.likeness), each.text})
	}
	data.Groups = page.Options(string(group), options...)
	for _, difference := range found.Items {
		data.Rows = append(data.Rows, newDifferenceRow(difference.Difference))
	}
	if later {
		data.Pager.First = self + differencesQuery(group, text, "")
	}
	if found.Previous != "" {
		data.Pager.Previous = self + differencesQuery(group, text, found.Previous)
	}
	data.Empty = page.Empty{Icon: "search", Title: "Nobody is like that", Text: "Look for another group, or for a part of another name.", Actions: []page.Link{{Text: "Show everybody", Path: self}}}
	if found.Next != "" {
		data.Pager.Next = self + differencesQuery(group, text, found.Next)
		data.Empty = page.Empty{Icon: "search", Title: "Nobody found so far", Text: "A good part of the comparison was searched.", Actions: []page.Link{{Text: "Search on", Path: data.Pager.Next}}}
	}
	return data
}

func differencesQuery(group journal.Likeness, text, cursor string) string {
	query := url.Values{}
	for name, value := range map[string]string{"group": string(group), "text": text, "cursor": cursor} {
		if value != "" {
			query.Set(name, value)
		}
	}
	if len(query) == 0 {
		return ""
	}
	return "?" + query.Encode()
}

func newDifferenceRow(d journal.Difference) differenceRow {
	row := differenceRow{Person: change.Party{Name: d.Person.Name, ID: d.Person.ID}, Group: page.State{Text: string(d.Likeness), Colour: "secondary"}, Reason: page.Sentence(d.Reason), Entra: newSideView(d.Incumbent), Usher: newSideView(d.Planned)}
	for _, name := range []string{d.Person.ID, d.Account.Name, d.Account.ID} {
		if row.Person.Name == "" {
			row.Person.Name = name
		}
	}
	for _, each := range likenesses() {
		if each.likeness == d.Likeness {
			row.Group = page.State{Text: each.text, Colour: each.colour}
		}
	}
	for _, field := range d.Fields {
		shown := fieldRow{Name: field.Name, Entra: shownValue(field.Incumbent), Usher: shownValue(field.Planned), Note: likenessNote(field)}
		if shown.Unlike = field.Likeness != "" && field.Likeness != journal.Same; shown.Unlike {
			row.Unlike++
		}
		row.Fields = append(row.Fields, shown)
	}
	return row
}

func likenessNote(field journal.FieldDifference) string {
	switch {
	case field.Redacted:
		return "redacted, not compared"
	case field.Likeness == journal.Same:
		return "same"
	case field.Likeness == journal.Different:
		return "different"
	case field.Likeness == journal.OnlyIncumbent:
		return "only Entra writes it"
	case field.Likeness == journal.OnlyPlanned:
		return "only Usher writes it"
	}
	return ""
}

func shownValue(value attr.Value) string {
	if value.IsNull() {
		return "–"
	}
	return value.String()
}

func newSideView(side journal.Side) sideView {
	if side == (journal.Side{}) {
		return sideView{}
	}
	text := actionTitle(string(side.Action))
	switch side.Status {
	case plan.Failure:
		text += ", failed"
	case plan.Skipped:
		text = "Left alone"
	case plan.Staged:
		text += ", held"
	case plan.Success, plan.Warning, plan.Planned:
	}
	return sideView{text, side.At}
}

// comparison returns the plan and the comparison that a path names.
func (a *Area) comparison(ctx context.Context, r *page.Request) (page.Application, administration.KeptPlan, store.Comparison, error) {
	app, kept, err := a.kept(ctx, r)
	if err != nil {
		return app, kept, store.Comparison{}, err
	}
	c, err := a.Administration.Store.Comparison(ctx, r.Path("comparison"))
	if errors.Is(err, store.ErrNotFound) || err == nil && c.PlanKey != kept.Key {
		return app, kept, c, page.NotFound("The preview %s has no comparison “%s”.", shortID(kept.ID), page.Short(r.Path("comparison"), 60))
	}
	return app, kept, c, err
}

func (a *Area) showComparison(ctx context.Context, r *page.Request) (page.Answer, error) {
	app, kept, c, err := a.comparison(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	group, text, cursor := journal.Likeness(r.Value("group")), r.Value("text"), r.Value("cursor")
	found, err := a.Administration.Store.FindDifferences(ctx, store.DifferenceSearch{Comparison: c.ID, Likeness: group, Text: text}, store.Page{Cursor: cursor, Limit: itemsShown})
	if errors.Is(err, store.ErrInvalid) {
		return page.Redirect(comparisonPath(app, kept, c.ID, "")+differencesQuery(group, text, ""), page.Notice{}), nil // the cursor of another list
	}
	return a.differences.Show(comparisonHead(app, kept), newComparisonData(app, kept, c, group, text, found, cursor != "")), err
}

func (a *Area) downloadComparison(ctx context.Context, r *page.Request) (page.Answer, error) {
	_, kept, c, err := a.comparison(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	search := store.DifferenceSearch{Comparison: c.ID, Likeness: journal.Likeness(r.Value("group")), Text: r.Value("text")}
	name := "Comparison_" + shortID(kept.ID) + "_" + c.At.UTC().Format("2006-01-02T150405Z") + ".csv"
	return page.Download(name, "text/csv; charset=utf-8", func(ctx context.Context, w io.Writer) error {
		return a.Administration.WriteComparisonCSV(ctx, w, search)
	}), nil
}

// forgettingData asks whether a comparison is to be removed.
type forgettingData struct {
	Confirmation page.Confirmation
	Path, Back   string
	Plan         page.Link
	Kept         store.Comparison
	Files        string
	Text         string // what it says of how many people
	People       int
}

func forgettingHead(app page.Application, kept administration.KeptPlan, c store.Comparison) page.Head {
	return comparisonHead(app, kept).Below("Remove the comparison", comparisonPath(app, kept, c.ID, ""), "Comparison with the incumbent")
}

func newForgettingData(app page.Application, kept administration.KeptPlan, c store.Comparison) forgettingData {
	data := forgettingData{
		Path: comparisonPath(app, kept, c.ID, "remove"), Back: comparisonPath(app, kept, c.ID, ""), Plan: page.Link{Text: shortID(kept.ID), Path: planPath(app, kept.ID, "")},
		Kept: c, Files: strings.Join(c.Files, ", "), Text: countsText(c.Counts), Confirmation: page.Confirm(kept.ID, c.ID, c.Files, c.Entries, c.Counts),
	}
	for _, count := range c.Counts {
		data.People += count
	}
	return data
}

// removeComparison removes a comparison, after that was confirmed.
func (a *Area) removeComparison(ctx context.Context, r *page.Request) (page.Answer, error) {
	app, kept, c, err := a.comparison(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	data := newForgettingData(app, kept, c)
	var confirmed bool
	if data.Confirmation, confirmed = r.Confirms(data.Confirmation); !confirmed {
		answer := a.forgetting.Show(forgettingHead(app, kept, c), data)
		if data.Confirmation.Changed {
			answer = answer.With(http.StatusConflict)
		}
		return answer, nil
	}
	if err := r.Acts().RemoveComparison(ctx, app.Application, kept.Plan, c); err != nil {
		return page.Answer{}, err
	}
	return page.Redirect(planPath(app, kept.ID, "compare"), page.Success("The comparison was removed.")), nil
}
