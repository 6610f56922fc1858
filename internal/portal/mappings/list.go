package mappings

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/usher-id/usher/expr"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/mapping"
)

// listData is the table of the attribute mappings of users.
type listData struct {
	Bar     bar
	Path    string
	Name    string // of the object mapping, such as "Synchronize users"
	Search  string
	All     int
	Rows    []listRow
	Deleted []string // target attributes whose mappings are deleted and not saved yet
	General []finding
	Actions actions
	Keys    []key
	Order   string // target attributes of the keys, one a line
	Broken  string // why there is no mapping of users, empty when there is one
	Empty   page.Empty
}

type listRow struct {
	Target   string
	Path     string
	Type     string
	Required bool
	Source   source
	Default  string
	NoValue  bool // there is no default
	Matching int  // 0 for none
	Apply    string
	Change   string // "added" or "changed" and not saved, empty for neither
	Findings []finding
}

// source tells where a value comes from.
type source struct {
	Kind string // as in the form: kindDirect and so on
	Text string
}

// actions are the target object actions.
type actions struct {
	Create, Update, Delete bool
	Was                    string
}

// key is a matching attribute in its place.
type key struct {
	Name        string
	Place       int
	First, Last bool
}

func (a *Area) showList(ctx context.Context, r *page.Request) (page.Answer, error) {
	o, err := a.open(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	template, err := a.Administration.Template(o.app.Application)
	if err != nil {
		return page.Answer{}, err
	}
	findings, err := a.notable(ctx, o, mapping.Check(o.draft.Schema, template.Use(o.app.Job.Settings)))
	if err != nil {
		return page.Answer{}, err
	}
	return a.list.Show(head(o.app, ""), newListData(o.app, o.draft, findings, r.Value("search"))), nil
}

func newListData(app page.Application, draft administration.SchemaDraft, findings mapping.Findings, search string) listData {
	data := listData{Bar: newBar(app, draft), Path: app.Path("mappings"), Name: "Synchronize users", Search: search}
	sorted := placed(draft.Schema, findings)
	data.General = sorted[-1]
	rule, object, err := draft.Schema.UserMapping()
	if err != nil {
		data.Broken = page.Sentence(err.Error())
		return data
	}
	if object.Name != nil && *object.Name != "" {
		data.Name = page.NamingDirectory(*object.Name)
	}
	data.Actions = actions{object.FlowTypes.Has(mapping.FlowAdd), object.FlowTypes.Has(mapping.FlowUpdate), object.FlowTypes.Has(mapping.FlowDelete), object.FlowTypes.String()}
	definitions, _ := draft.Schema.Object(rule.TargetDirectoryName, object.TargetObjectName)
	changes := map[string]string{}
	for _, d := range draft.Differences {
		if d.Part != "attribute mapping" {
			continue
		}
		changes[d.Name] = d.Change()
		if d.Change() == "removed" {
			data.Deleted = append(data.Deleted, d.Name)
		}
	}
	data.All = len(object.AttributeMappings)
	for i, mapped := range object.AttributeMappings {
		row := newListRow(data.Path, mapped, definitions.Attributes)
		row.Findings, row.Change = sorted[i], changes[mapped.TargetAttributeName]
		if row.found(search) {
			data.Rows = append(data.Rows, row)
		}
	}
	order := administration.MatchingOrder(object)
	data.Order = strings.Join(order, "\n")
	for i, name := range order {
		data.Keys = append(data.Keys, key{name, i + 1, i == 0, i == len(order)-1})
	}
	data.Empty = data.empty()
	return data
}

func newListRow(path string, mapped mapping.AttributeMapping, definitions []mapping.AttributeDefinition) listRow {
	row := listRow{
		Target: mapped.TargetAttributeName, Path: rowPath(path, mapped.TargetAttributeName), Type: "not in the list",
		Source: newSource(mapped.Source), NoValue: mapped.DefaultValue == nil, Matching: mapped.MatchingPriority, Apply: applyText(mapped),
	}
	if mapped.DefaultValue != nil {
		row.Default = *mapped.DefaultValue
	}
	at := slices.IndexFunc(definitions, func(d mapping.AttributeDefinition) bool { return strings.EqualFold(d.Name, mapped.TargetAttributeName) })
	if at >= 0 {
		row.Type, row.Required = string(definitions[at].Type), definitions[at].Required
		if definitions[at].Multivalued {
			row.Type += ", several"
		}
	}
	return row
}

func rowPath(path, target string) string { return path + "/attributes/" + url.PathEscape(target) }

func (r listRow) found(search string) bool {
	for _, text := range []string{r.Target, r.Source.Text, r.Default} {
		if strings.Contains(strings.ToLower(text), strings.ToLower(search)) {
			return true
		}
	}
	return false
}

// newSource tells what kind of source a mapping has.
func newSource(given *expr.Source) source {
	if given == nil {
		return source{kindNone, ""}
	}
	node, err := mapping.ParseSource(*given)
	if err != nil {
		return source{kindExpression, given.Expression}
	}
	switch node.Kind { //nolint:exhaustive // everything else is an expression.
	case expr.Attribute:
		return source{kindDirect, node.Name}
	case expr.Text:
		return source{kindConstant, node.Text}
	}
	return source{kindExpression, expr.Print(node)}
}

// applyText says when a mapping is applied.
func applyText(mapped mapping.AttributeMapping) string {
	text := flowText(mapped.FlowType)
	if mapped.ClearWhenNull {
		text += "; empties the attribute without a value"
	}
	return text
}

func flowText(flow mapping.FlowType) string {
	for _, choice := range flowChoices() {
		if choice[0] == string(flow) {
			return choice[1]
		}
	}
	return string(flow)
}

// flowChoices are the flow types in words; the first two are Microsoft Entra's.
func flowChoices() [][2]string {
	return [][2]string{
		{string(mapping.FlowAlwaysType), "Always"},
		{string(mapping.ObjectAddOnly), "Only during object creation"},
		{string(mapping.AttributeAddOnly), "Only while the attribute is empty there"},
		{string(mapping.MultiValueAddOnly), "Add values, take none away"},
		{string(mapping.ValueAddOnly), "Add values, take none away (ValueAddOnly)"},
	}
}

// flowOptions are the choices for a mapping with a flow type. ValueAddOnly, which means
// the same as the one before, is there only for a mapping that has it.
func flowOptions(flow string) []page.Option {
	choices := flowChoices()
	if flow != string(mapping.ValueAddOnly) {
		choices = slices.DeleteFunc(choices, func(choice [2]string) bool { return choice[0] == string(mapping.ValueAddOnly) })
	}
	return page.Options(flow, choices...)
}

func (d listData) empty() page.Empty {
	if d.All > 0 {
		return page.Empty{Icon: "search", Title: "No mapping has “" + d.Search + "”", Text: "Look for a part of an attribute, an expression or a default value."}
	}
	return page.Empty{
		Icon: "arrows-left-right", Title: "No attribute is mapped", Text: "Accounts need at least the attribute that identifies them. Add it, or restore the default mappings.",
		Actions: []page.Link{{Text: "Add New Mapping", Path: d.Path + "/new"}, {Text: "Restore default mappings", Path: d.Path + "/defaults"}},
	}
}

func (a *Area) putActions(ctx context.Context, r *page.Request) (page.Answer, error) {
	o, err := a.open(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	var was, flows mapping.FlowTypes
	if err := was.UnmarshalJSON(fmt.Appendf(nil, "%q", r.Value("was"))); err != nil {
		return page.Answer{}, page.Invalid("was", "The form is not one of this page.")
	}
	for _, action := range r.Values("allow") {
		switch action {
		case "create":
			flows |= mapping.FlowAdd
		case "update":
			flows |= mapping.FlowUpdate
		case "delete":
			flows |= mapping.FlowDelete
		}
	}
	if err := o.change(ctx, administration.PutFlowTypes(was, flows)); err != nil {
		return page.Answer{}, err
	}
	return page.Redirect(o.app.Path("mappings"), kept("Target object actions are now %s.", actionsText(flows))), nil
}

func actionsText(flows mapping.FlowTypes) string {
	return strings.NewReplacer("Add", "Create", ",", ", ").Replace(flows.String())
}

func (a *Area) moveMatching(ctx context.Context, r *page.Request) (page.Answer, error) {
	o, err := a.open(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	name, earlier := r.Value("earlier"), true
	if name == "" {
		name, earlier = r.Value("later"), false
	}
	order := strings.Split(strings.ReplaceAll(r.Value("order"), "\r\n", "\n"), "\n")
	if err := o.change(ctx, administration.MoveMatching(name, earlier, order)); err != nil {
		return page.Answer{}, err
	}
	where := "later"
	if earlier {
		where = "earlier"
	}
	return page.Redirect(o.app.Path("mappings")+"#matching", kept("%s is tried %s.", name, where)), nil
}
