package mappings

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/mapping"
)

// schemaData is the schema as a document.
type schemaData struct {
	Bar      bar
	Path     string
	Text     string // the document, or its beginning
	Size     int    // bytes of the whole document
	Cut      bool
	Tag      string
	Upload   page.Field
	Replace  page.Field
	Faults   []string // all that is wrong with what was uploaded
	Summary  string   // of the faults
	ReadOnly bool
}

// shownDocument is how much of a document a page shows.
const shownDocument = 96 << 10

func (a *Area) showSchema(ctx context.Context, r *page.Request) (page.Answer, error) {
	o, err := a.open(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	data, err := newSchemaData(o)
	data.ReadOnly = !r.Visitor.Administers()
	return a.schema.Show(head(o.app, "Schema"), data), err
}

func newSchemaData(o opened) (schemaData, error) {
	data := schemaData{Bar: newBar(o.app, o.draft), Path: o.app.Path("mappings"), Tag: o.draft.Tag}
	text, err := json.MarshalIndent(o.draft.Schema, "", "  ")
	if err != nil {
		return data, err
	}
	data.Size = len(text)
	if len(text) > shownDocument {
		text, data.Cut = text[:shownDocument], true
	}
	data.Text = string(text)
	data.Upload = page.Field{Name: "schema", Label: "Schema document (JSON)", Type: "file", Required: true, Help: "As it was downloaded here, or exported from Microsoft Entra ID."}
	data.Replace = page.Field{Name: "replace", Label: "Replace my unsaved changes", Type: "checkbox", Help: "They are lost: " + page.Plural(len(o.draft.Differences), "change", "changes") + "."}
	return data, nil
}

// downloadSchema sends the document with the visitor's changes, or as it is saved.
func (a *Area) downloadSchema(ctx context.Context, r *page.Request) (page.Answer, error) {
	o, err := a.open(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	schema, name := o.draft.Schema, "schema.json"
	if r.Value("which") == "saved" {
		schema = o.draft.Saved
	} else if o.draft.Changed() {
		name = "schema-with-unsaved-changes.json"
	}
	return page.Download(name, "application/json", func(_ context.Context, w io.Writer) error {
		encoder := json.NewEncoder(w)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		return encoder.Encode(schema)
	}), nil
}

// uploadSchema takes a document into the draft; what differs is shown then. All that is
// wrong with it is told at once.
func (a *Area) uploadSchema(ctx context.Context, r *page.Request) (page.Answer, error) {
	o, err := a.open(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	data, err := newSchemaData(o)
	if err != nil {
		return page.Answer{}, err
	}
	schema, err := a.uploaded(ctx, o, r)
	if err == nil && o.draft.Changed() && !r.Checked("replace") {
		err = page.Invalid("replace", "Check this to put the document in the place of your unsaved changes, or save those first.")
	}
	if err == nil {
		err = o.acts.PutSchema(ctx, o.app.Application, r.Value("tag"), schema)
	}
	if err == nil {
		return page.Redirect(o.app.Path("mappings/review"), kept("The document was read.")), nil
	}
	if refusal, ok := errors.AsType[*administration.Refusal](err); ok && len(refusal.Faults) > 0 {
		data.Summary = "Nothing was taken from the document. It has " + page.Plural(len(refusal.Faults), "fault", "faults") + ":"
		for _, fault := range refusal.Faults {
			data.Faults = append(data.Faults, page.Sentence(fault.String()))
		}
	} else {
		faults, ok := page.FaultsOf(err)
		if !ok {
			return page.Answer{}, err
		}
		data.Upload, data.Replace, data.Summary = faults.Of(data.Upload), faults.Of(data.Replace), faults[""]
	}
	return a.schema.Show(head(o.app, "Schema"), data).With(http.StatusUnprocessableEntity), nil
}

func (a *Area) uploaded(ctx context.Context, o opened, r *page.Request) (mapping.Schema, error) {
	content, _, err := r.File("schema")
	if err != nil {
		return mapping.Schema{}, err
	}
	schema, err := administration.ReadSchema(content)
	if err != nil {
		return schema, err
	}
	// All faults are told, those that the saved schema has as well.
	findings, err := a.Administration.SchemaFindings(ctx, o.app.Application, schema)
	if err != nil {
		return schema, err
	}
	refusal := &administration.Refusal{Code: administration.SchemaFaults, Message: "the document cannot be used"}
	for _, fault := range findings.Faults() {
		refusal.Faults = append(refusal.Faults, administration.Fault{Field: fault.Path, Message: fault.Message})
	}
	if len(refusal.Faults) > 0 {
		return schema, refusal
	}
	return schema, nil
}

// defaultsData is what restoring the default mappings changes.
type defaultsData struct {
	Bar         bar
	Path        string
	Tag         string
	Unsaved     int
	Differences []difference
}

func (a *Area) showDefaults(ctx context.Context, r *page.Request) (page.Answer, error) {
	o, err := a.open(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	standard, err := a.Administration.StandardSchema(ctx, o.app.Application)
	if err != nil {
		return page.Answer{}, err
	}
	return a.defaults.Show(head(o.app, "Restore default mappings"), newDefaultsData(o, standard)), nil
}

func newDefaultsData(o opened, standard mapping.Schema) defaultsData {
	return defaultsData{newBar(o.app, o.draft), o.app.Path("mappings"), o.draft.Tag, len(o.draft.Differences), newDifferences(mapping.Compare(o.draft.Schema, standard))}
}

func (a *Area) restoreDefaults(ctx context.Context, r *page.Request) (page.Answer, error) {
	o, err := a.open(ctx, r)
	if err != nil {
		return page.Answer{}, err
	}
	standard, err := a.Administration.StandardSchema(ctx, o.app.Application)
	if err != nil {
		return page.Answer{}, err
	}
	if err := o.acts.PutSchema(ctx, o.app.Application, r.Value("tag"), standard); err != nil {
		return page.Answer{}, err
	}
	return page.Redirect(o.app.Path("mappings/review"), kept("The mappings are the default ones.")), nil
}
