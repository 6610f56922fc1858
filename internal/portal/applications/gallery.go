package applications

import (
	"context"
	"net/http"

	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/internal/portal/page"
)

// galleryData is the gallery: what can be added.
type galleryData struct {
	Search    string
	Templates []galleryEntry
	Chosen    string // id of the template whose form had faults
	Name      page.Field
	Faults    page.Faults
}

// galleryEntry is a template with what it needs and can do.
type galleryEntry struct {
	ID          string
	Name        string
	Description string
	Needs       []string // labels of the settings that it cannot do without
	Can         []string
	NameField   page.Field
}

func galleryHead() page.Head {
	return page.Head{
		Title: "New application", Section: "/applications", Crumbs: []page.Link{{Text: "Enterprise applications", Path: "/applications"}},
		Lead: "Choose an application from the gallery. It is added with its default mappings and turned off: nothing is written to it before you turn provisioning on.",
	}
}

func (a *Area) showGallery(_ context.Context, r *page.Request) (page.Answer, error) {
	return a.gallery.Show(galleryHead(), a.newGalleryData(r.Value("search"), "", "", nil)), nil
}

func (a *Area) newGalleryData(search, chosen, name string, faults page.Faults) galleryData {
	data := galleryData{Search: search, Chosen: chosen, Faults: faults}
	for _, template := range a.Administration.Runner.Gallery {
		entry := newGalleryEntry(template.Descriptor)
		if entry.ID == chosen {
			entry.NameField.Value, entry.NameField.Fault = name, faults["name"]
		}
		if contains(entry.Name, search) || contains(entry.Description, search) || entry.ID == chosen {
			data.Templates = append(data.Templates, entry)
		}
	}
	return data
}

func newGalleryEntry(d connector.Descriptor) galleryEntry {
	entry := galleryEntry{ID: d.TemplateID, Name: d.Name, Description: d.Description, NameField: page.Field{
		Name: "name", Label: "Name of the application", Value: d.Name, Help: "As people here call it. Several can be made of one kind, under different names.",
	}}
	for _, setting := range d.Settings {
		if setting.Required {
			entry.Needs = append(entry.Needs, setting.Label)
		}
	}
	can := d.Capabilities
	for _, ability := range []struct {
		has  bool
		text string
	}{
		{true, "create, update, disable and enable accounts"},
		{can.Deletes, "delete accounts"},
		{can.ImportsRoles, "import roles"},
		{can.RequiresRole, "needs a role for each assignment"},
		{can.BatchSize > 1, "writes " + page.Plural(can.BatchSize, "account", "accounts") + " in one request"},
	} {
		if ability.has {
			entry.Can = append(entry.Can, ability.text)
		}
	}
	return entry
}

func (a *Area) add(ctx context.Context, r *page.Request) (page.Answer, error) {
	added, err := r.Acts().AddApplication(ctx, r.Value("template"), r.Value("name"))
	if faults, ok := page.FaultsOf(err); ok {
		data := a.newGalleryData("", r.Value("template"), r.Value("name"), faults)
		return a.gallery.Show(galleryHead(), data).With(http.StatusUnprocessableEntity), nil
	}
	if err != nil {
		return page.Answer{}, err
	}
	app := page.Application{Application: added}
	return page.Redirect(app.Path("provisioning"), page.Success("%s was added. Next, tell Usher what to sign in with.", added.DisplayName)), nil
}
