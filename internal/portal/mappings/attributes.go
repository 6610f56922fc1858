package mappings

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/mapping"
)

// attributesData is the list of the attributes that accounts have.
type attributesData struct {
	Bar      bar
	Path     string
	Here     string
	Target   string // name of the target directory
	Search   string
	Rows     []attributeRow
	All      int
	Form     attributeForm
	Faults   page.Faults
	ReadOnly bool
}

type attributeRow struct {
	Name   string
	Type   string
	Notes  string // "required, several values"
	Length int
	Mapped string // path of its mapping, empty when it is not mapped
	Map    string // path where it can be mapped, empty when it cannot
	Own    bool   // not one of the connector's: it can be removed
	Change string
}

type attributeForm struct {
	Name, Type, Required, Multivalued, CaseExact, Length, Mutability, References page.Field
}

func (a *Area) showAttributes(ctx context.Context, r *page.Request) (page.Answer, error) {
	o, err := a.open(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	data, err := a.newAttributesData(o, r.Value("search"), attributeEntry{Type: string(mapping.StringType), Mutability: string(mapping.ReadWrite)}, nil)
	data.ReadOnly = !r.Visitor.Administers()
	return a.attributes.Show(head(o.app, "Edit Attribute List"), data), err
}

// attributeEntry is what the form of a new attribute holds.
type attributeEntry struct {
	Name, Type, Length, Mutability, References string
	Required, Multivalued, CaseExact           bool
}

func readAttribute(r *page.Request) attributeEntry {
	return attributeEntry{
		Name: r.Value("name"), Type: r.Value("type"), Length: r.Value("maximum"), Mutability: r.Value("mutability"), References: r.Value("references"),
		Required: r.Checked("required"), Multivalued: r.Checked("multivalued"), CaseExact: r.Checked("caseExact"),
	}
}

func (e attributeEntry) definition() (mapping.AttributeDefinition, page.Faults) {
	faults := page.Faults{}
	definition := mapping.AttributeDefinition{
		Name: e.Name, Type: mapping.AttributeType(e.Type), Mutability: mapping.Mutability(e.Mutability), Required: e.Required, Multivalued: e.Multivalued,
		CaseExact: e.CaseExact, ReferencedObjects: []mapping.ReferencedObject{}, Metadata: []mapping.Metadata{},
	}
	if e.Name == "" {
		faults["name"] = "Enter the name that the attribute has in the application."
	}
	if !slices.ContainsFunc(attributeTypes(), func(pair [2]string) bool { return pair[0] == e.Type }) {
		faults["type"] = "Choose a type."
	}
	if !slices.ContainsFunc(mutabilities(), func(pair [2]string) bool { return pair[0] == e.Mutability }) {
		faults["mutability"] = "Choose what can be done with it."
	}
	if e.Length != "" {
		length, err := strconv.Atoi(e.Length)
		if err != nil || length < 1 {
			faults["maximum"] = "The length is a number of characters, from 1."
		} else {
			definition.Metadata = append(definition.Metadata, mapping.MaximumLength(length))
		}
	}
	switch {
	case definition.Type == mapping.ReferenceType && e.References == "":
		faults["references"] = "Enter what the reference points to, such as User."
	case definition.Type == mapping.ReferenceType:
		definition.ReferencedObjects = append(definition.ReferencedObjects, mapping.ReferencedObject{ReferencedObjectName: e.References})
	}
	return definition, faults
}

func attributeTypes() [][2]string {
	return [][2]string{
		{string(mapping.StringType), "String"},
		{string(mapping.IntegerType), "Integer"},
		{string(mapping.BooleanType), "Boolean"},
		{string(mapping.DateTimeType), "DateTime"},
		{string(mapping.BinaryType), "Binary"},
		{string(mapping.ReferenceType), "Reference"},
	}
}

func mutabilities() [][2]string {
	return [][2]string{
		{string(mapping.ReadWrite), "Read and write"},
		{string(mapping.Immutable), "Set when the account is made, never changed"},
		{string(mapping.WriteOnly), "Write only: it cannot be read"},
		{string(mapping.ReadOnly), "Read only"},
	}
}

func (a *Area) newAttributesData(o opened, search string, e attributeEntry, faults page.Faults) (attributesData, error) {
	path := o.app.Path("mappings")
	data := attributesData{Bar: newBar(o.app, o.draft), Path: path, Here: path + "/target-attributes", Search: search, Faults: page.Faults{}}
	if text := faults[""]; text != "" {
		data.Faults[""] = text
	}
	data.Form = newAttributeForm(e, faults)
	rule, object, err := o.draft.Schema.UserMapping()
	if err != nil {
		return data, page.NotFound("%s", page.Sentence(err.Error()))
	}
	data.Target = rule.TargetDirectoryName
	standard, err := a.standardAttributes(o)
	if err != nil {
		return data, err
	}
	definition, _ := o.draft.Schema.Object(rule.TargetDirectoryName, object.TargetObjectName)
	data.All = len(definition.Attributes)
	for _, attribute := range sortedDefinitions(slices.Clone(definition.Attributes)) {
		if strings.Contains(strings.ToLower(attribute.Name), strings.ToLower(search)) {
			data.Rows = append(data.Rows, newAttributeRow(path, attribute, object, standard, o.draft.Differences))
		}
	}
	return data, nil
}

func newAttributeForm(e attributeEntry, faults page.Faults) attributeForm {
	return attributeForm{
		Name:        faults.Of(page.Field{Name: "name", Label: "Name", Value: e.Name, Required: true, Help: "As the application's API calls it, such as officeCode__c."}),
		Type:        faults.Of(page.Field{Name: "type", Label: "Type", Type: "select", Options: page.Options(e.Type, attributeTypes()...)}),
		Required:    faults.Of(page.Field{Name: "required", Label: "Required: an account cannot be made without it", Type: "checkbox", Checked: e.Required}),
		Multivalued: faults.Of(page.Field{Name: "multivalued", Label: "Multi-value", Type: "checkbox", Checked: e.Multivalued}),
		CaseExact:   faults.Of(page.Field{Name: "caseExact", Label: "Exact case: a difference in letter case is a change", Type: "checkbox", Checked: e.CaseExact}),
		Length:      faults.Of(page.Field{Name: "maximum", Label: "Maximum length (optional)", Type: "number", Value: e.Length}),
		Mutability:  faults.Of(page.Field{Name: "mutability", Label: "What can be done with it", Type: "select", Options: page.Options(e.Mutability, mutabilities()...)}),
		References:  faults.Of(page.Field{Name: "references", Label: "Referenced object attribute", Value: e.References, Help: "For a reference alone: the type of object that it points to."}),
	}
}

// standardAttributes returns the names of the attributes that the connector knows.
func (a *Area) standardAttributes(o opened) ([]string, error) {
	template, err := a.Administration.Template(o.app.Application)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, definition := range template.Use(o.app.Job.Settings).Target {
		names = append(names, definition.Name)
	}
	return names, nil
}

func newAttributeRow(path string, attribute mapping.AttributeDefinition, object *mapping.ObjectMapping, standard []string, differences []mapping.Difference) attributeRow {
	row := attributeRow{Name: attribute.Name, Type: string(attribute.Type), Length: attribute.MaximumLength(), Own: !slices.Contains(standard, attribute.Name)}
	text := attribute.String()
	if _, rest, more := strings.Cut(text, ", "); more {
		row.Notes = rest
	}
	for _, mapped := range object.AttributeMappings {
		if mapped.TargetAttributeName == attribute.Name {
			row.Mapped = rowPath(path, attribute.Name)
		}
	}
	if row.Mapped == "" && !attribute.Anchor && attribute.Mutability != mapping.ReadOnly {
		row.Map = path + "/new"
	}
	for _, d := range differences {
		if d.Part == "target attribute" && d.Name == attribute.Name {
			row.Change = d.Change()
		}
	}
	return row
}

func (a *Area) addAttribute(ctx context.Context, r *page.Request) (page.Answer, error) {
	o, err := a.open(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	e := readAttribute(r)
	definition, faults := e.definition()
	if len(faults) == 0 {
		err := o.change(ctx, administration.AddTargetAttribute(definition))
		if err == nil {
			return page.Redirect(o.app.Path("mappings/target-attributes"), kept("The attribute %s is added; it can be mapped now.", definition.Name)), nil
		}
		var ok bool
		if faults, ok = refused(err, func(string) string { return "" }); !ok {
			return page.Answer{}, err
		}
	}
	data, err := a.newAttributesData(o, "", e, faults)
	return a.attributes.Show(head(o.app, "Edit Attribute List"), data).With(http.StatusUnprocessableEntity), err
}

func (a *Area) removeAttribute(ctx context.Context, r *page.Request) (page.Answer, error) {
	o, err := a.open(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	standard, err := a.standardAttributes(o)
	if err != nil {
		return page.Answer{}, err
	}
	name := r.Value("attribute")
	if slices.Contains(standard, name) {
		return page.Answer{}, page.Refused("This attribute stays", name+" is one of the application's own attributes.", "It does no harm in the list: an attribute that is not mapped is not written.")
	}
	if err := o.change(ctx, administration.RemoveTargetAttribute(name)); err != nil {
		return page.Answer{}, err
	}
	return page.Redirect(o.app.Path("mappings/target-attributes"), kept("The attribute %s is taken off the list.", name)), nil
}
