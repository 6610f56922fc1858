package mappings

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/expr"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/mapping"
)

// builderData is the expression builder.
type builderData struct {
	Bar        bar
	Path       string // of the mappings
	Target     string // attribute that the expression is for, empty for none
	From       string // the mapping that the builder was opened from, empty for a new one
	Expression string
	Person     person // whom it is tried for; none without an id
	Search     string
	People     []person
	Searched   bool
	Outcome    outcome
	Functions  []function
	Attributes []string
	Hidden     []page.Field // what else the form held that the builder was opened from
}

type person struct{ ID, Name, UserPrincipalName string }

func newPerson(user directory.User) person {
	return person{user.ID, user.DisplayName, user.UserPrincipalName}
}

// outcome is what became of the expression.
type outcome struct {
	Empty     bool // there is no expression
	Pointed   []pointed
	Evaluated bool
	Value     shownValue
	Steps     []*step // the whole expression, with its parts below
	Left      int     // parts that are not shown
	Warnings  []string
	Unfit     string
	Failed    bool
}

// shownValue is a value as a page shows it.
type shownValue struct {
	Text  string
	Note  string   // instead of a text: "no value"
	Items []string // of a list
	More  int      // items or characters that are not shown
}

// step is a part of the expression with its value.
type step struct {
	Expression string
	Value      shownValue
	Failed     string
	Parts      []*step
}

// function is a function of the language, for the reference and for completion.
type function struct {
	Name, Signature, Summary, Example, Result string
	Parameters                                []string
}

func newFunctions() []function {
	all := expr.Functions()
	shown := make([]function, len(all))
	for i, f := range all {
		shown[i] = function{Name: f.Name, Signature: f.Signature(), Summary: f.Summary, Example: f.Example.Expression, Result: f.Example.Result}
		for _, parameter := range f.Parameters {
			shown[i].Parameters = append(shown[i].Parameters, parameter.Name+": "+parameter.Summary)
		}
	}
	return shown
}

// carried are the fields of the form of a mapping that the builder brings back.
func carried() []string {
	return []string{"mark", "default", "matching", "precedence", "apply", "clearing", "always"}
}

// showBuilder shows the builder, and tries the expression for whoever is chosen. It
// changes nothing: the form is posted because expressions can be long.
func (a *Area) showBuilder(ctx context.Context, r *page.Request) (page.Answer, error) {
	o, err := a.open(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	data := builderData{
		Bar: newBar(o.app, o.draft), Path: o.app.Path("mappings"), Target: r.Value("target"), From: r.Value("from"), Search: r.Value("search"),
		Expression: strings.ReplaceAll(r.Value("expression"), "\r\n", "\n"), Functions: newFunctions(),
	}
	for _, definition := range sortedDefinitions(o.draft.Schema.SourceAttributes()) {
		data.Attributes = append(data.Attributes, definition.Name)
	}
	for _, name := range carried() {
		if value := r.Raw(name); value != "" {
			data.Hidden = append(data.Hidden, page.Field{Name: name, Value: value})
		}
	}
	if data.Expression == "" && !r.Has("expression") && data.Target != "" {
		if row, err := o.find(data.Target); err == nil {
			data.Expression, data.From = newEntry(row).Expression, row.TargetAttributeName
		}
	}
	if err := a.choosePerson(ctx, r, &data); err != nil {
		return page.Answer{}, err
	}
	data.Outcome, err = a.try(ctx, o, data)
	if err != nil {
		return page.Answer{}, err
	}
	return a.builder.Show(builderHead(o.app, data.Target), data), nil
}

func builderHead(app page.Application, target string) page.Head {
	h := head(app, "Expression builder")
	if target != "" {
		h.Lead = "For the target attribute " + target + "."
	}
	return h
}

// peopleFound is how many people a search shows.
const peopleFound = 8

func (a *Area) choosePerson(ctx context.Context, r *page.Request, data *builderData) error {
	// A button that chooses somebody comes after the field with who was chosen before.
	if ids := r.Values("user"); len(ids) > 0 {
		user, err := a.Administration.Store.User(ctx, ids[len(ids)-1])
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if err == nil {
			data.Person = newPerson(user)
		}
	}
	data.Searched = data.Search != ""
	people, _, err := a.Administration.FindPeople(ctx, data.Search, peopleFound)
	for _, user := range people {
		data.People = append(data.People, newPerson(user))
	}
	return err
}

func (a *Area) try(ctx context.Context, o opened, data builderData) (outcome, error) {
	if data.Expression == "" {
		return outcome{Empty: true}, nil
	}
	found, err := a.Administration.TryExpression(ctx, o.app.Application, o.draft.Schema, administration.Trial{Expression: data.Expression, Target: data.Target, UserID: data.Person.ID})
	if err != nil {
		return outcome{}, err
	}
	return newOutcome(data.Expression, found), nil
}

// mostSteps is how many parts of an expression are shown with their values.
const mostSteps = 200

// bounds are how much of a value is shown: one can be a megabyte.
type bounds struct{ items, characters int }

func ofResult() bounds { return bounds{50, 500} }

func ofStep() bounds { return bounds{5, 100} }

func newOutcome(expression string, found administration.Outcome) outcome {
	shown := outcome{Pointed: pointOut(expression, found.Faults), Evaluated: found.Evaluated, Unfit: page.Sentence(found.Unfit)}
	for _, warning := range found.Warnings {
		shown.Warnings = append(shown.Warnings, page.Sentence(warning))
	}
	shown.Steps, shown.Left = newSteps(found.Steps)
	if failure := found.Failure; failure != nil {
		message := failure.Message
		if failure.Function != "" {
			message = failure.Function + ": " + message
		}
		shown.Failed, shown.Pointed = true, pointOut(expression, []expr.Fault{{Line: failure.Line, Column: failure.Column, Message: message}})
		return shown
	}
	shown.Value = newValue(found.Value, found.Flow, ofResult())
	if found.Redacted {
		shown.Value = shownValue{Note: "redacted: the value is written and not shown"}
	}
	return shown
}

// newSteps makes a tree of the steps, of which at most so many are shown.
func newSteps(steps []expr.Step) (tree []*step, left int) {
	var above []*step // the step last seen at each depth
	for i, s := range steps {
		if i == mostSteps {
			return tree, len(steps) - i
		}
		next := &step{Expression: page.Short(s.Expression, 160), Value: newValue(s.Value, s.Flow, ofStep())}
		if s.Value.Kind() == attr.String && next.Value.Text != "" {
			next.Value.Text = strconv.Quote(next.Value.Text) // a blank would not be seen
		}
		if s.Redacted {
			next.Value = shownValue{Note: "redacted"}
		}
		if s.Err != nil {
			next.Failed, next.Value = "no value, because of an error", shownValue{}
		}
		depth := min(s.Depth, len(above))
		above = append(above[:depth], next)
		if depth == 0 {
			tree = append(tree, next)
			continue
		}
		parent := above[depth-1]
		parent.Parts = append(parent.Parts, next)
	}
	return tree, 0
}

// newValue shows a value within bounds.
func newValue(value attr.Value, flow expr.Flow, most bounds) shownValue {
	switch {
	case flow == expr.FlowIgnoreAttribute:
		return shownValue{Note: "the attribute is left alone"}
	case flow == expr.FlowIgnoreObject:
		return shownValue{Note: "the whole account is left alone"}
	case value.IsNull():
		return shownValue{Note: "no value"}
	case value.Kind() == attr.List:
		items := value.Items()
		shown := shownValue{More: max(0, len(items)-most.items)}
		for _, item := range items[:min(most.items, len(items))] {
			shown.Items = append(shown.Items, page.Short(textOf(item), most.characters))
		}
		if len(items) == 0 {
			shown.Note = "an empty list"
		}
		return shown
	}
	text := textOf(value)
	if text == "" {
		return shownValue{Note: "an empty text"}
	}
	return shownValue{Text: page.Short(text, most.characters), More: max(0, len([]rune(text))-most.characters)}
}

// textOf shows a value on its own; of a role assignment, which has parts, the name.
func textOf(value attr.Value) string {
	if value.Kind() != attr.Complex {
		return value.String()
	}
	if name := value.Nested().Get("displayName"); !name.IsEmpty() {
		return name.String()
	}
	return string(value.AppendJSON(nil))
}

// useExpression takes the expression to the form of its mapping. It changes nothing.
func (a *Area) useExpression(ctx context.Context, r *page.Request) (page.Answer, error) {
	o, err := a.open(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	from, target := r.Value("from"), r.Value("target")
	e, mark := readEntry(r), r.Value("mark")
	if row, err := o.find(from); from != "" && err == nil {
		if !r.Has("apply") { // the builder was not opened from the form
			e = newEntry(row)
		}
		if mark == "" {
			mark = administration.Mark(row)
		}
	} else {
		from, mark = "", ""
	}
	if e.Apply == "" {
		e.Apply = string(mapping.FlowAlwaysType)
	}
	e.Kind, e.Expression, e.Target = kindExpression, strings.ReplaceAll(r.Value("expression"), "\r\n", "\n"), target
	data := newEditData(o, from, mark, e, nil)
	if data.Pointed, err = a.checkExpression(ctx, o, e.Expression); err != nil {
		return page.Answer{}, err
	}
	status := http.StatusOK
	if len(data.Pointed) > 0 {
		data.Expression.Fault, status = "The expression cannot be used.", http.StatusUnprocessableEntity
	}
	return a.edit.Show(editHead(o.app, from), data).With(status).Saying(page.Notice{Kind: "info", Text: "The expression is in the form. Keep it to change the mapping."}), nil
}

// Lines is how many lines the field of the expression has.
func (d builderData) Lines() string {
	return strconv.Itoa(min(14, max(4, 2+strings.Count(d.Expression, "\n"))))
}

// Known reports whether somebody is chosen.
func (p person) Known() bool { return p.ID != "" }
