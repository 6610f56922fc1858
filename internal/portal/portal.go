package portal

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/klauspost/compress/gzhttp"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/auth"
	"github.com/usher-id/usher/internal/origin"
	"github.com/usher-id/usher/internal/portal/accounts"
	"github.com/usher-id/usher/internal/portal/applications"
	"github.com/usher-id/usher/internal/portal/assignments"
	"github.com/usher-id/usher/internal/portal/configuration"
	"github.com/usher-id/usher/internal/portal/failures"
	"github.com/usher-id/usher/internal/portal/imports"
	"github.com/usher-id/usher/internal/portal/insights"
	"github.com/usher-id/usher/internal/portal/logs"
	"github.com/usher-id/usher/internal/portal/mappings"
	"github.com/usher-id/usher/internal/portal/ondemand"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/portal/people"
	"github.com/usher-id/usher/internal/portal/preview"
	"github.com/usher-id/usher/internal/portal/removals"
	settingspages "github.com/usher-id/usher/internal/portal/settings"
	"github.com/usher-id/usher/internal/portal/signin"
	"github.com/usher-id/usher/internal/portal/status"
	"github.com/usher-id/usher/internal/portal/why"
	"github.com/usher-id/usher/internal/settings"
	"github.com/usher-id/usher/provisioning"
)

// Dependencies is what the portal needs of the rest of the program.
type Dependencies struct {
	Administration *administration.Service
	Operations     *administration.Operations // what takes longer than a browser waits
	Authenticate   page.Authenticate
	People         *auth.People // signs people in
	Settings       *settings.Live
	Clients        settingspages.Store    // keeps the clients of the API
	Notifier       settingspages.Notifier // delivers test notices
	Node           string                 // id of this process among those that serve

	// OpenFiles opens what people upload to fill the directory.
	OpenFiles imports.Open

	// NextRun returns when a job's next cycle is due, the zero time for never.
	NextRun func(job provisioning.Job, now time.Time) time.Time

	Log     *slog.Logger
	Origin  origin.Origin // under which visitors reach the portal
	Version string        // of Usher
}

// area is a part of the portal.
type area interface {
	Mount(r *page.Router)
	Samples() []page.Sample
}

// areas returns all areas, in the order of the menus.
func areas(d Dependencies) []area {
	return []area{
		signin.New(d.People, d.Origin),
		status.New(d.Administration, d.NextRun),
		applications.New(d.Administration),
		assignments.New(d.Administration, d.Operations),
		configuration.New(d.Administration),
		logs.New(d.Administration),
		ondemand.New(d.Administration),
		insights.New(d.Administration),
		mappings.New(d.Administration),
		people.New(d.Administration),
		imports.New(d.Administration, d.Operations, d.OpenFiles),
		accounts.New(d.Administration, d.Operations),
		removals.New(d.Administration),
		failures.New(d.Administration),
		why.New(d.Administration),
		preview.New(d.Administration, d.Operations),
		settingspages.New(settingspages.Config{
			Administration: d.Administration, Store: d.Clients, People: d.People, Settings: d.Settings, Notifier: d.Notifier, Version: d.Version, Node: d.Node,
		}),
	}
}

// smallest is the size in bytes from which on a page is compressed.
const smallest = 1024

// New returns the handler of the portal: every path that is not of the API, nor about
// the service itself.
func New(d Dependencies) (http.Handler, error) {
	site := page.New(page.Config{
		Authenticate: d.Authenticate, Administration: d.Administration, Denied: denied(d.Administration), Log: d.Log, Origin: d.Origin, Version: d.Version,
	})
	for _, area := range areas(d) {
		area.Mount(site.Router())
	}
	return compressed(site)
}

// compressed compresses what is worth it. A stream of events is not: it would wait to be
// flushed.
func compressed(handler http.Handler) (http.Handler, error) {
	wrap, err := gzhttp.NewWrapper(gzhttp.MinSize(smallest), gzhttp.ExceptContentTypes([]string{"text/event-stream"}))
	if err != nil {
		return nil, err
	}
	return wrap(handler), nil
}
