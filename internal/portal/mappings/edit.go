package mappings

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/usher-id/usher/expr"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/mapping"
)

// The kinds of source, as the form names them.
const (
	kindDirect     = "direct"
	kindConstant   = "constant"
	kindExpression = "expression"
	kindNone       = "none"
)

// editData is the form of one attribute mapping.
type editData struct {
	Bar    bar
	Path   string // of the mappings
	Action string // of the form
	Delete string // where the mapping is deleted, empty for a new one
	Mark   string // of the mapping when it was opened
	Was    string // target attribute that it had then, empty for a new one

	Kind       string
	KindFault  string
	Attribute  page.Field
	Constant   page.Field
	Expression page.Field
	Pointed    []pointed
	Default    page.Field
	Target     page.Field
	Matches    page.Field
	Precedence page.Field
	Apply      page.Field
	Clearing   page.Field
	Behavior   page.Field
	Findings   []finding
	Faults     page.Faults
	ReadOnly   bool
}

// entry is what the form holds.
type entry struct {
	Kind, Attribute, Constant, Expression, Default, Target string
	Matches                                                bool
	Precedence, Apply                                      string
	Clearing, Always                                       bool
}

// newEntry fills the form from a mapping.
func newEntry(row mapping.AttributeMapping) entry {
	from := newSource(row.Source)
	e := entry{
		Kind: from.Kind, Target: row.TargetAttributeName, Apply: string(row.FlowType), Clearing: row.ClearWhenNull,
		Always: row.FlowBehavior == mapping.FlowAlways, Matches: row.MatchingPriority > 0,
	}
	switch from.Kind {
	case kindDirect:
		e.Attribute = from.Text
	case kindConstant:
		e.Constant = from.Text
	case kindExpression:
		e.Expression = from.Text
	}
	if row.Source != nil && e.Expression == "" {
		if node, err := mapping.ParseSource(*row.Source); err == nil {
			e.Expression = expr.Print(node)
		}
	}
	if row.DefaultValue != nil {
		e.Default = *row.DefaultValue
	}
	if e.Matches {
		e.Precedence = strconv.Itoa(row.MatchingPriority)
	}
	return e
}

func readEntry(r *page.Request) entry {
	return entry{
		Kind: r.Value("kind"), Attribute: r.Value("attribute"), Constant: r.Raw("constant"), Expression: strings.ReplaceAll(r.Value("expression"), "\r\n", "\n"),
		Default: r.Raw("default"), Target: r.Value("target"), Matches: r.Value("matching") == "yes", Precedence: r.Value("precedence"), Apply: r.Value("apply"),
		Clearing: r.Checked("clearing"), Always: r.Checked("always"),
	}
}

// row returns the mapping that the form asks for; what it does not show stays as it was.
func (e entry) row(was mapping.AttributeMapping) (mapping.AttributeMapping, page.Faults) {
	faults := page.Faults{}
	row := was
	row.TargetAttributeName, row.FlowType, row.ClearWhenNull = e.Target, mapping.FlowType(e.Apply), e.Clearing
	row.FlowBehavior = mapping.FlowWhenChanged
	if e.Always {
		row.FlowBehavior = mapping.FlowAlways
	}
	row.DefaultValue = nil
	if e.Default != "" {
		row.DefaultValue = &e.Default
	}
	row.MatchingPriority = 0
	if e.Matches {
		number, err := strconv.Atoi(e.Precedence)
		if err != nil || number < 1 {
			faults["precedence"] = "The precedence is a number from 1; 1 is tried first."
		}
		row.MatchingPriority = number
	}
	var node expr.Node
	switch e.Kind {
	case kindNone:
		row.Source = nil
		return row, faults
	case kindDirect:
		node = expr.Node{Kind: expr.Attribute, Name: e.Attribute}
		if e.Attribute == "" {
			faults["attribute"] = "Choose the attribute that the value is taken from."
		}
	case kindConstant:
		node = expr.Node{Kind: expr.Text, Text: e.Constant}
		if e.Constant == "" {
			faults["constant"] = "Enter the value that everybody gets."
		}
	case kindExpression:
		var err error
		if node, err = expr.Parse(e.Expression); err != nil {
			faults["expression"] = "The expression cannot be read."
		}
	default:
		faults["kind"] = "Choose where the value comes from."
	}
	given := expr.ToSource(node)
	row.Source = &given
	return row, faults
}

// find returns a mapping of the draft by its target attribute.
func (o opened) find(target string) (mapping.AttributeMapping, error) {
	_, object, err := o.draft.Schema.UserMapping()
	if err != nil {
		return mapping.AttributeMapping{}, page.NotFound("%s", page.Sentence(err.Error()))
	}
	at := slices.IndexFunc(object.AttributeMappings, func(m mapping.AttributeMapping) bool { return strings.EqualFold(m.TargetAttributeName, target) })
	if at < 0 {
		return mapping.AttributeMapping{}, page.NotFound("%s is not mapped.", target)
	}
	return object.AttributeMappings[at], nil
}

func (a *Area) showNew(ctx context.Context, r *page.Request) (page.Answer, error) {
	o, err := a.open(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	e := entry{Kind: kindDirect, Apply: string(mapping.FlowAlwaysType), Target: r.Value("target")}
	return a.edit.Show(head(o.app, "Add New Mapping"), newEditData(o, "", "", e, nil)), nil
}

func (a *Area) showMapping(ctx context.Context, r *page.Request) (page.Answer, error) {
	o, err := a.open(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	row, err := o.find(r.Path("attribute"))
	if err != nil {
		return page.Answer{}, err
	}
	data := newEditData(o, row.TargetAttributeName, administration.Mark(row), newEntry(row), nil)
	data.Findings = a.findingsOf(o, row.TargetAttributeName)
	data.ReadOnly = !r.Visitor.Administers()
	return a.edit.Show(editHead(o.app, row.TargetAttributeName), data), nil
}

func editHead(app page.Application, target string) page.Head {
	if target == "" {
		return head(app, "Add New Mapping")
	}
	return head(app, "Edit Attribute: "+target)
}

// findingsOf returns what is wrong or doubtful about one mapping.
func (a *Area) findingsOf(o opened, target string) []finding {
	template, err := a.Administration.Template(o.app.Application)
	if err != nil {
		return nil
	}
	_, object, err := o.draft.Schema.UserMapping()
	if err != nil {
		return nil
	}
	at := slices.IndexFunc(object.AttributeMappings, func(m mapping.AttributeMapping) bool { return m.TargetAttributeName == target })
	return placed(o.draft.Schema, mapping.Check(o.draft.Schema, template.Use(o.app.Job.Settings)))[at]
}

// newEditData makes the form. Was is the target attribute of a mapping that exists.
func newEditData(o opened, was, mark string, e entry, faults page.Faults) editData {
	path := o.app.Path("mappings")
	data := editData{Bar: newBar(o.app, o.draft), Path: path, Action: path + "/new", Mark: mark, Was: was, Kind: e.Kind, Faults: page.Faults{}}
	if was != "" {
		data.Action, data.Delete = rowPath(path, was), rowPath(path, was)+"/delete"
	}
	if text := faults[""]; text != "" {
		data.Faults[""] = text
	}
	data.KindFault = faults["kind"]
	data.Attribute = faults.Of(page.Field{
		Name: "attribute", Label: "Source attribute", Type: "select", Options: sourceOptions(o.draft.Schema, e.Attribute), Help: "An attribute of the person in the directory.",
	})
	data.Constant = faults.Of(page.Field{Name: "constant", Label: "Constant value", Value: e.Constant, Help: "Everybody gets this value."})
	data.Expression = faults.Of(page.Field{
		Name: "expression", Label: "Expression", Type: "textarea", Rows: 5, Value: e.Expression,
		Help: "Functions and source attributes, such as Join(\" \", [givenName], [surname]).",
	})
	data.Default = faults.Of(page.Field{
		Name: "default", Label: "Default value if null (optional)", Value: e.Default,
		Help: "New accounts get it when the source has no value. It does not change an account that has a value.",
	})
	data.Target = faults.Of(page.Field{Name: "target", Label: "Target attribute", Type: "select", Required: true, Options: targetOptions(o.draft.Schema, was, e.Target)})
	matches := "no"
	if e.Matches {
		matches = "yes"
	}
	data.Matches = faults.Of(page.Field{
		Name: "matching", Label: "Match objects using this attribute", Type: "select", Options: page.Options(matches, [2]string{"no", "No"}, [2]string{"yes", "Yes"}),
		Help: "Whether an account that exists is looked up by this attribute.",
	})
	data.Precedence = faults.Of(page.Field{Name: "precedence", Label: "Matching precedence", Type: "number", Value: e.Precedence, Help: "1 is tried first. It counts when objects are matched by the attribute."})
	data.Apply = faults.Of(page.Field{Name: "apply", Label: "Apply this mapping", Type: "select", Options: flowOptions(e.Apply)})
	data.Clearing = faults.Of(page.Field{Name: "clearing", Label: "Empty the attribute when the source has no value", Type: "checkbox", Checked: e.Clearing, Help: "Without this, an account keeps what it has."})
	data.Behavior = faults.Of(page.Field{Name: "always", Label: "Write it along with every other change, also when it is equal", Type: "checkbox", Checked: e.Always})
	return data
}

// sourceOptions are the attributes that a value can be taken from; one that is not
// among them stays to be chosen.
func sourceOptions(schema mapping.Schema, selected string) []page.Option {
	options := []page.Option{{Text: "Choose an attribute", Selected: selected == ""}}
	found := selected == ""
	for _, definition := range sortedDefinitions(schema.SourceAttributes()) {
		options = append(options, page.Option{Value: definition.Name, Text: definition.Name, Selected: definition.Name == selected})
		found = found || definition.Name == selected
	}
	if !found {
		options = append(options, page.Option{Value: selected, Text: selected, Selected: true})
	}
	return options
}

func sortedDefinitions(definitions []mapping.AttributeDefinition) []mapping.AttributeDefinition {
	slices.SortStableFunc(definitions, func(a, b mapping.AttributeDefinition) int {
		return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	})
	return slices.CompactFunc(definitions, func(a, b mapping.AttributeDefinition) bool { return a.Name == b.Name })
}

// targetOptions are the attributes that can be written and are not mapped, and the one
// that is.
func targetOptions(schema mapping.Schema, was, selected string) []page.Option {
	options := []page.Option{{Text: "Choose an attribute", Selected: selected == ""}}
	rule, object, err := schema.UserMapping()
	if err != nil {
		return options
	}
	found := selected == ""
	definition, _ := schema.Object(rule.TargetDirectoryName, object.TargetObjectName)
	for _, attribute := range sortedDefinitions(slices.Clone(definition.Attributes)) {
		mapped := slices.ContainsFunc(object.AttributeMappings, func(m mapping.AttributeMapping) bool { return m.TargetAttributeName == attribute.Name })
		if attribute.Anchor || attribute.Mutability == mapping.ReadOnly || mapped && attribute.Name != was {
			continue
		}
		text := attribute.Name
		if attribute.Type != mapping.StringType {
			text += " (" + string(attribute.Type) + ")"
		}
		options = append(options, page.Option{Value: attribute.Name, Text: text, Selected: attribute.Name == selected})
		found = found || attribute.Name == selected
	}
	if !found {
		options = append(options, page.Option{Value: selected, Text: selected, Selected: true})
	}
	return options
}

func (a *Area) putMapping(ctx context.Context, r *page.Request) (page.Answer, error) {
	o, err := a.open(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	e, was, mark := readEntry(r), r.Path("attribute"), r.Value("mark")
	var before mapping.AttributeMapping
	if was != "" {
		// One that was deleted meanwhile is a conflict, which the edit finds.
		if before, err = o.find(was); err != nil {
			before = mapping.AttributeMapping{}
		}
	}
	row, faults := e.row(before)
	pointedOut := []pointed(nil)
	if e.Kind == kindExpression {
		if pointedOut, err = a.checkExpression(ctx, o, e.Expression); err != nil {
			return page.Answer{}, err
		}
		if len(pointedOut) > 0 {
			faults["expression"] = "The expression cannot be used."
		}
	}
	if len(faults) == 0 {
		err := o.change(ctx, administration.PutMapping(was, mark, row))
		if err == nil {
			return page.Redirect(o.app.Path("mappings"), kept("%s is mapped.", row.TargetAttributeName)), nil
		}
		if clash, ok := errors.AsType[*administration.Refusal](err); ok && clash.Code == administration.ChangedMeanwhile {
			return a.overtakenEdit(ctx, r, was, e, clash)
		}
		found, ok := refused(err, func(place string) string { return fieldOf(place, e.Kind) })
		if !ok {
			return page.Answer{}, err
		}
		faults = found
	}
	data := newEditData(o, was, mark, e, faults)
	data.Pointed = pointedOut
	return a.edit.Show(editHead(o.app, was), data).With(http.StatusUnprocessableEntity), nil
}

// overtakenEdit shows the form again with what was entered, over the mapping as it is
// now: to send it once more puts it in its place.
func (a *Area) overtakenEdit(ctx context.Context, r *page.Request, was string, e entry, clash *administration.Refusal) (page.Answer, error) {
	o, err := a.open(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	faults := page.Faults{"": page.Sentence(clash.Message) + " What you entered is below and not kept yet: keep it to put it in the place of that, or go back to the mappings to leave it."}
	mark := ""
	if row, err := o.find(was); err == nil {
		mark = administration.Mark(row)
	} else {
		was = ""
	}
	return a.edit.Show(editHead(o.app, was), newEditData(o, was, mark, e, faults)).With(http.StatusConflict), nil
}

// checkExpression returns what is wrong with an expression, place by place.
func (a *Area) checkExpression(ctx context.Context, o opened, expression string) ([]pointed, error) {
	outcome, err := a.Administration.TryExpression(ctx, o.app.Application, o.draft.Schema, administration.Trial{Expression: expression})
	return pointOut(expression, outcome.Faults), err
}

// fieldOf returns the field of the form for a place in the schema.
func fieldOf(place, kind string) string {
	if !strings.Contains(place, ".attributeMappings[") {
		return ""
	}
	_, member, found := strings.Cut(place[strings.LastIndex(place, ".attributeMappings["):], "].")
	if !found {
		return ""
	}
	switch {
	case member == "source" && kind == kindDirect:
		return "attribute"
	case member == "source" && kind == kindConstant:
		return "constant"
	case member == "source":
		return "expression"
	case member == "defaultValue":
		return "default"
	case member == "matchingPriority" || member == "targetAttributeName" || member == "flowType" || member == "flowBehavior":
		return map[string]string{"matchingPriority": "matching", "targetAttributeName": "target", "flowType": "apply", "flowBehavior": "always"}[member]
	case strings.Contains(member, "clearWhenNull"):
		return "clearing"
	}
	return ""
}

func (a *Area) deleteMapping(ctx context.Context, r *page.Request) (page.Answer, error) {
	o, err := a.open(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	target := r.Path("attribute")
	err = o.change(ctx, administration.RemoveMapping(target, r.Value("mark")))
	if faults, ok := refused(err, func(string) string { return "" }); ok {
		row, found := o.find(target)
		if found != nil {
			return page.Answer{}, err
		}
		data := newEditData(o, row.TargetAttributeName, administration.Mark(row), newEntry(row), page.Faults{"": "It was not deleted. " + faults[""]})
		return a.edit.Show(editHead(o.app, target), data).With(http.StatusConflict), nil
	}
	if err != nil {
		return page.Answer{}, err
	}
	return page.Redirect(o.app.Path("mappings"), kept("The mapping of %s is deleted.", target)), nil
}
