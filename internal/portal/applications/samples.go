package applications

import (
	"time"

	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/provisioning"
)

// Samples returns the pages of the area with made-up data.
func (a *Area) Samples() []page.Sample {
	app := page.SampleApplication("Salesforce")
	hostile := page.SampleApplication(page.Hostile)
	full := listData{All: 3, Rows: []listRow{
		{Name: "Salesforce", Path: app.Path(""), Template: "Salesforce", State: page.State{Text: "On", Colour: "success"}, Assigned: 9300, Accounts: 9121, LastRun: time.Now().Add(-3 * time.Minute)},
		{Name: "Salesforce UAT", Path: app.Path(""), Template: "Salesforce Sandbox", State: page.State{Text: "Removals held", Colour: "warning"}, Assigned: 120, Accounts: 118, Held: 31, Failing: 2, LastRun: time.Now().Add(-26 * time.Hour), Running: true},
		{Name: "Service org", Path: app.Path(""), Template: "Salesforce", State: page.State{Text: "Not configured", Colour: "secondary"}},
	}}
	harm := listData{Search: page.Hostile, All: 1, Rows: []listRow{{Name: page.Hostile, Path: hostile.Path(""), Template: page.Hostile, State: page.State{Text: page.Hostile, Colour: "secondary"}}}}
	empty := listData{}
	empty.Empty = empty.empty()
	nothing := listData{All: 3, Search: "workday"}
	nothing.Empty = nothing.empty()
	entry := newGalleryEntry(connector.Descriptor{
		TemplateID: "salesforce", Name: "Salesforce", Description: "Sales and service in the cloud.",
		Settings: []provisioning.Setting{{Label: "Admin Username", Required: true}}, Capabilities: connector.Capabilities{ImportsRoles: true, RequiresRole: true, BatchSize: 200},
	})
	harmful := newGalleryEntry(connector.Descriptor{TemplateID: "x", Name: page.Hostile, Description: page.Hostile})
	harmful.NameField.Fault = page.Hostile
	removal := newRemovalData(app, administration.LeftBehind{Assigned: 9300, Connections: 9200, Enabled: 9121})
	return []page.Sample{
		{Page: "All applications", Case: "full", Path: "/applications", Answer: a.list.Show(listHead(), full)},
		{Page: "All applications", Case: "empty", Path: "/applications", Answer: a.list.Show(listHead(), empty)},
		{Page: "All applications", Case: "nothing found", Path: "/applications", Answer: a.list.Show(listHead(), nothing)},
		{Page: "All applications", Case: "hostile", Path: "/applications", Answer: a.list.Show(listHead(), harm)},
		{Page: "New application", Case: "full", Path: "/applications/new", Answer: a.gallery.Show(galleryHead(), galleryData{Templates: []galleryEntry{entry}})},
		{Page: "New application", Case: "empty", Path: "/applications/new", Answer: a.gallery.Show(galleryHead(), galleryData{Search: "workday"})},
		{Page: "New application", Case: "hostile", Path: "/applications/new", Answer: a.gallery.Show(galleryHead(), galleryData{Search: page.Hostile, Templates: []galleryEntry{harmful}, Chosen: "x"}).With(422)},
		{Page: "Remove an application", Case: "full", Path: app.Path("remove"), Answer: a.removal.Show(removalHead(app), removal)},
		{Page: "Remove an application", Case: "empty", Path: app.Path("remove"), Answer: a.removal.Show(removalHead(app), newRemovalData(app, administration.LeftBehind{}))},
		{Page: "Remove an application", Case: "hostile", Path: hostile.Path("remove"), Answer: a.removal.Show(removalHead(hostile), newRemovalData(hostile, administration.LeftBehind{Enabled: 1}))},
	}
}
