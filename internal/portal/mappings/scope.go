package mappings

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/scope"
)

// scopeData is the scoping filters.
type scopeData struct {
	Bar      bar
	Path     string // of the mappings
	Here     string // of the page
	Mark     string // of the filters when they were opened
	Groups   []scopeGroup
	Kept     int // groups of the other kinds, which the page leaves as they are
	Faults   page.Faults
	Count    countData
	ReadOnly bool
	Sent     bool // the filters were to be kept, so that what is left out is a fault
	Part     bool // the count alone is shown, and what goes with it elsewhere on the page
}

type scopeGroup struct {
	Number  int // from 0
	Title   string
	Clauses []scopeClause
	Empty   bool // it has no clause, so everyone passes it
}

type scopeClause struct {
	Group, Number int
	Attributes    []page.Option
	Operators     []page.Option
	Value         string
	Unary         bool // the operator takes no value
	Fault         string
}

// countData is who is in scope by the filters of the form.
type countData struct {
	Path              string // of the count
	Faults            []string
	Places            []string // of the faults: clauses by their path in the filter
	Incomplete        bool     // a clause has no value yet
	Looked            int
	Complete          bool
	Everyone          bool // all users are provisioned, assigned or not
	In, Out, Before   int
	Entering, Leaving int
	Entrants, Leavers []person
	MoreEntrants      int
	MoreLeavers       int
	Undecided         int
	Why               string
}

const (
	glance   = 40 * time.Millisecond // how long a count takes that a page comes with
	watching = 2 * time.Second       // one that follows the form while it is filled in
	thorough = 20 * time.Second      // and one that is asked for
)

func scopeHead(app page.Application) page.Head {
	h := app.Of("Scoping filters", "scoping")
	h.Lead = "Who of the people assigned is provisioned. Somebody is in scope when all clauses of one filter hold; without a filter, everybody is."
	return h
}

func (a *Area) showScope(ctx context.Context, r *page.Request) (page.Answer, error) {
	o, err := a.open(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	_, object, err := o.draft.Schema.UserMapping()
	if err != nil {
		return page.Answer{}, page.NotFound("%s", page.Sentence(err.Error()))
	}
	count, err := a.count(ctx, o, object.Scope, glance)
	if err != nil {
		return page.Answer{}, err
	}
	return a.scope.Show(scopeHead(o.app), newScopeData(o, object.Scope, administration.Mark(object.Scope), count, !r.Visitor.Administers())), nil
}

func newScopeData(o opened, filter *scope.Filter, mark string, count countData, readOnly bool) scopeData {
	data := scopeData{Bar: newBar(o.app, o.draft), Path: o.app.Path("mappings"), Here: o.app.Path("scoping"), Mark: mark, Count: count, ReadOnly: readOnly, Faults: page.Faults{}}
	if filter == nil {
		return data
	}
	data.Kept = len(filter.InputFilterGroups) + len(filter.CategoryFilterGroups)
	faults := map[string]string{}
	for _, fault := range filter.Faults() {
		faults[fault.Path] = page.Sentence(fault.Message)
	}
	attributes := filterable(o.draft.Schema)
	for i, group := range filter.Groups {
		shown := scopeGroup{Number: i, Title: group.Name, Empty: len(group.Clauses) == 0}
		for j, clause := range group.Clauses {
			shown.Clauses = append(shown.Clauses, newScopeClause(i, j, clause, attributes, faults[clausePath(i, j)]))
		}
		data.Groups = append(data.Groups, shown)
	}
	return data
}

// unsent leaves out what is missing while the form is filled in: it is a fault only when
// the filters are to be kept.
func (d scopeData) unsent() scopeData {
	for i := range d.Groups {
		for j := range d.Groups[i].Clauses {
			clause := &d.Groups[i].Clauses[j]
			if clause.Fault == "" || clause.Value != "" {
				continue
			}
			clause.Fault, d.Count.Incomplete = "", true
			if at := slices.Index(d.Count.Places, clausePath(i, j)); at >= 0 {
				d.Count.Faults, d.Count.Places = slices.Delete(d.Count.Faults, at, at+1), slices.Delete(d.Count.Places, at, at+1)
			}
		}
	}
	return d
}

func clausePath(group, clause int) string {
	return fmt.Sprintf("groups[%d].clauses[%d]", group, clause)
}

func newScopeClause(group, number int, clause scope.Clause, attributes []string, fault string) scopeClause {
	shown := scopeClause{Group: group, Number: number, Value: clause.Value(), Fault: fault}
	shown.Attributes = choices(attributes, clause.SourceOperandName)
	names := make([]string, 0, len(scope.Operators()))
	for _, operator := range scope.Operators() {
		names = append(names, operator.Name)
		shown.Unary = shown.Unary || operator.Unary && operator.Name == clause.OperatorName
	}
	shown.Operators = choices(names, clause.OperatorName)
	return shown
}

// choices are the options of a select; what is chosen stays, whatever it is.
func choices(names []string, selected string) []page.Option {
	options := make([]page.Option, 0, len(names)+1)
	if !slices.Contains(names, selected) {
		options = append(options, page.Option{Value: selected, Text: selected, Selected: true})
	}
	for _, name := range names {
		options = append(options, page.Option{Value: name, Text: name, Selected: name == selected})
	}
	return options
}

// filterable are the attributes that a clause can take.
func filterable(schema mapping.Schema) []string {
	var names []string
	for _, definition := range sortedDefinitions(schema.SourceAttributes()) {
		several := definition.Multivalued || definition.Type == mapping.ReferenceType || definition.Type == mapping.DateTimeType
		if !several && scope.Refused(definition.Name) == "" && definition.Name != "IsSoftDeleted" {
			names = append(names, definition.Name)
		}
	}
	return names
}

// The most that a form may hold.
const (
	mostGroups  = 100
	mostClauses = 100
)

// readFilter returns the filters of the form; those of the other kinds stay.
func readFilter(r *page.Request, before *scope.Filter) (scope.Filter, error) {
	var filter scope.Filter
	if before != nil {
		filter.InputFilterGroups, filter.CategoryFilterGroups = before.InputFilterGroups, before.CategoryFilterGroups
	}
	groups := r.Number("groups", 0)
	if groups < 0 || groups > mostGroups {
		return filter, page.Invalid("groups", "The page takes up to %d filters; upload a schema with more.", mostGroups)
	}
	filter.Groups = make([]scope.FilterGroup, groups)
	for i := range filter.Groups {
		clauses := r.Number(fmt.Sprintf("clauses-%d", i), 0)
		if clauses < 0 || clauses > mostClauses {
			return filter, page.Invalid("groups", "A filter takes up to %d clauses here; upload a schema with more.", mostClauses)
		}
		group := scope.FilterGroup{Name: r.Value(fmt.Sprintf("title-%d", i)), Clauses: make([]scope.Clause, clauses)}
		for j := range group.Clauses {
			field := func(name string) string { return fmt.Sprintf("%s-%d-%d", name, i, j) }
			group.Clauses[j] = newClause(r.Value(field("attribute")), r.Value(field("operator")), r.Raw(field("value")))
		}
		filter.Groups[i] = group
	}
	return filter, nil
}

func newClause(attribute, operator, value string) scope.Clause {
	clause := scope.Clause{SourceOperandName: attribute, OperatorName: operator}
	if known, found := scope.FindOperator(operator); value != "" && (!found || !known.Unary) {
		clause.TargetOperand = &scope.Operand{Values: []string{value}}
	}
	return clause
}

// arranged carries out a button that adds or removes a part of the form, and reports
// whether it was one.
func arranged(filter scope.Filter, do string) (scope.Filter, bool) {
	what, rest, _ := strings.Cut(do, ":")
	first, second, _ := strings.Cut(rest, ":")
	i, err := strconv.Atoi(first)
	inside := err == nil && i >= 0 && i < len(filter.Groups)
	fresh := scope.Clause{SourceOperandName: "department", OperatorName: "EQUALS"}
	switch {
	case what == "add-filter":
		filter.Groups = append(filter.Groups, scope.FilterGroup{Name: fmt.Sprintf("Filter %d", len(filter.Groups)+1), Clauses: []scope.Clause{fresh}})
	case what == "add-clause" && inside:
		filter.Groups[i].Clauses = append(filter.Groups[i].Clauses, fresh)
	case what == "remove-filter" && inside:
		filter.Groups = slices.Delete(filter.Groups, i, i+1)
	case what == "remove-clause" && inside:
		if j, err := strconv.Atoi(second); err == nil && j >= 0 && j < len(filter.Groups[i].Clauses) {
			filter.Groups[i].Clauses = slices.Delete(filter.Groups[i].Clauses, j, j+1)
		}
	default:
		return filter, false
	}
	return filter, true
}

// putScope keeps the filters in the draft, or adds or removes a part of the form.
func (a *Area) putScope(ctx context.Context, r *page.Request) (page.Answer, error) {
	o, filter, err := a.readScope(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	filter, again := arranged(filter, r.Value("do"))
	mark, faults, status := r.Value("mark"), page.Faults{}, http.StatusOK
	if !again {
		var put *scope.Filter
		if len(filter.Groups)+len(filter.InputFilterGroups)+len(filter.CategoryFilterGroups) > 0 {
			put = &filter
		}
		err := o.change(ctx, administration.PutScope(mark, put))
		if err == nil {
			return page.Redirect(o.app.Path("scoping"), kept("The scoping filters are kept.")), nil
		}
		var ok bool
		if faults, ok = refused(err, atClause); !ok {
			return page.Answer{}, err
		}
		status = http.StatusUnprocessableEntity
		if clash, is := errors.AsType[*administration.Refusal](err); is && clash.Code == administration.ChangedMeanwhile {
			status = http.StatusConflict
			if mark, err = a.markNow(ctx, r); err != nil {
				return page.Answer{}, err
			}
			faults = page.Faults{"": page.Sentence(clash.Message) + " What you entered is below and not kept yet: keep it to put it in their place, or load the page again to see them as they are."}
		}
	}
	count, err := a.count(ctx, o, &filter, glance)
	if err != nil {
		return page.Answer{}, err
	}
	data := newScopeData(o, &filter, mark, count, false)
	data.Faults, data.Sent = faults, !again || r.Value("sent") != ""
	if !data.Sent {
		data = data.unsent()
	}
	return a.scope.Show(scopeHead(o.app), data).With(status), nil
}

// atClause leaves out the faults that the form shows beside their clauses.
func atClause(place string) string {
	if strings.Contains(place, ".scope.groups[") && strings.Contains(place, ".clauses[") {
		return "clause"
	}
	return ""
}

func (a *Area) markNow(ctx context.Context, r *page.Request) (string, error) {
	o, err := a.open(ctx, r)
	if err != nil {
		return "", err
	}
	_, object, err := o.draft.Schema.UserMapping()
	if err != nil {
		return "", err
	}
	return administration.Mark(object.Scope), nil
}

func (a *Area) readScope(ctx context.Context, r *page.Request) (opened, scope.Filter, error) {
	o, err := a.open(ctx, r)
	if err != nil {
		return o, scope.Filter{}, err
	}
	_, object, err := o.draft.Schema.UserMapping()
	if err != nil {
		return o, scope.Filter{}, page.NotFound("%s", page.Sentence(err.Error()))
	}
	if !r.Visitor.Administers() { // the form is to be looked at, and is not sent
		if object.Scope == nil {
			return o, scope.Filter{}, nil
		}
		return o, *object.Scope, nil
	}
	filter, err := readFilter(r, object.Scope)
	return o, filter, err
}

// countScope counts who is in scope by the filters of the form.
func (a *Area) countScope(ctx context.Context, r *page.Request) (page.Answer, error) {
	o, filter, err := a.readScope(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	duration := watching
	if r.Value("do") == "count" {
		duration = thorough
	}
	count, err := a.count(ctx, o, &filter, duration)
	if err != nil {
		return page.Answer{}, err
	}
	data := newScopeData(o, &filter, r.Value("mark"), count, !r.Visitor.Administers())
	data.Sent, data.Part = r.Value("sent") != "", r.Partial("count")
	if !data.Sent {
		data = data.unsent()
	}
	return a.scope.Show(scopeHead(o.app), data), nil
}

func (a *Area) count(ctx context.Context, o opened, filter *scope.Filter, duration time.Duration) (countData, error) {
	data := countData{Path: o.app.Path("scoping/count"), Everyone: o.app.Job.Settings.SyncAll}
	var saved *scope.Filter
	if _, object, err := o.draft.Saved.UserMapping(); err == nil {
		saved = object.Scope
	}
	count, err := a.Administration.CountScope(ctx, o.app.Application, saved, filter, duration)
	if refusal, ok := errors.AsType[*administration.Refusal](err); ok {
		for _, fault := range refusal.Faults {
			data.Faults, data.Places = append(data.Faults, page.Sentence(fault.Message)), append(data.Places, fault.Field)
		}
		return data, nil
	}
	if err != nil {
		return data, err
	}
	return newCountData(data, count), nil
}

func newCountData(data countData, count administration.ScopeCount) countData {
	data.Looked, data.Complete, data.In, data.Out, data.Before = count.Looked, count.Complete, count.After, count.Out(), count.Before
	data.Entering, data.Leaving, data.Undecided, data.Why = count.Entering, count.Leaving, count.Undecided, page.Sentence(count.Why)
	for _, user := range count.Entrants {
		data.Entrants = append(data.Entrants, newPerson(user))
	}
	for _, user := range count.Leavers {
		data.Leavers = append(data.Leavers, newPerson(user))
	}
	data.MoreEntrants, data.MoreLeavers = count.Entering-len(count.Entrants), count.Leaving-len(count.Leavers)
	return data
}
