package page

import (
	"context"
	"errors"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/provisioning"
)

// Application is an application with what its menu and its header show.
type Application struct {
	administration.Application

	Links store.LinkCount // without connections, unless it says otherwise where it comes from
}

// Path returns the path of a page of the application, such as "provisioning"; an empty
// name is its overview.
func (a Application) Path(name string) string {
	path := "/applications/" + a.ID
	if name != "" {
		path += "/" + name
	}
	return path
}

// On reports whether provisioning is turned on.
func (a Application) On() bool { return a.Job.Schedule.State == provisioning.ScheduleActive }

// Configured reports whether there is something to sign in with.
func (a Application) Configured() bool { return a.Job.Status.Code != provisioning.NotConfigured }

// State is how provisioning is doing, in one word of the portal.
func (a Application) State() State { return StateOf(a.Job) }

// State is a state with the colour that it is shown in.
type State struct {
	Text   string
	Colour string // "success", "warning", "danger", "secondary" or "info"
}

// StateOf tells how a job is doing.
func StateOf(job provisioning.Job) State {
	status := job.Status
	switch {
	case status.Code == provisioning.NotConfigured:
		return State{"Not configured", "secondary"}
	case status.Quarantine.Reason == provisioning.TooManyDeletes:
		return State{"Removals held", "warning"}
	case status.Quarantine.Reason != "":
		return State{"In quarantine", "danger"}
	case job.Schedule.State != provisioning.ScheduleActive:
		return State{"Off", "secondary"}
	case status.LastRun.State == provisioning.Failed:
		return State{"Last cycle failed", "danger"}
	case status.LastRun.State == provisioning.EntryLevelErrors:
		return State{"On, with failures", "warning"}
	case status.LastRun.CycleID == "":
		return State{"On, not run yet", "info"}
	}
	return State{"On", "success"}
}

// Entry is an entry of a menu.
type Entry struct {
	Name  string
	Title string
	Icon  string
	Path  string
	Count int // shown beside the title unless it is 0
}

// MenuGroup is a part of an application's menu.
type MenuGroup struct {
	Title   string
	Entries []Entry
}

// Menu returns the menu of the application: every page about it.
func (a Application) Menu() []MenuGroup {
	entry := func(name, title, icon string, count int) Entry { return Entry{name, title, icon, a.Path(name), count} }
	return []MenuGroup{
		{"", []Entry{
			entry("", "Overview", "heart-rate-monitor", 0),
		}},
		{"Manage", []Entry{
			entry("users-and-groups", "Users and groups", "users-group", 0),
			entry("provisioning", "Provisioning", "adjustments", 0),
			entry("mappings", "Mappings", "arrows-left-right", 0),
			entry("scoping", "Scoping filters", "filter", 0),
		}},
		{"Try and run", []Entry{
			entry("on-demand", "Provision on demand", "bolt", 0),
			entry("preview", "Preview", "eye", 0),
		}},
		{"Monitor", []Entry{
			{"logs", "Provisioning logs", "list-details", "/logs?application=" + a.ID, 0},
			entry("cycles", "Cycles", "history", 0),
			entry("accounts", "Accounts", "id", 0),
			entry("drift", "Drift", "arrows-diff", 0),
		}},
		{"Needs a person", []Entry{
			entry("removals", "Staged removals", "user-minus", a.Links.Staged),
			entry("failures", "Failures", "alert-triangle", a.Links.Escrows),
			entry("why", "Why", "message-question", 0),
		}},
	}
}

// Application returns the application of the path segment {application}, by its id or
// its name. None is a page that says so.
func (r *Request) Application(ctx context.Context) (Application, error) {
	return r.ApplicationNamed(ctx, r.Path("application"))
}

// ApplicationNamed returns an application by its id or its name, for a page that has it
// in its query. None is a page that says so.
func (r *Request) ApplicationNamed(ctx context.Context, name string) (Application, error) {
	return r.site.application(ctx, name)
}

// ApplicationWithAccounts is Application with its accounts counted, which takes a while
// where there are many.
func (r *Request) ApplicationWithAccounts(ctx context.Context) (Application, error) {
	app, err := r.Application(ctx)
	if err == nil {
		app.Links, err = r.site.Administration.Store.CountLinks(ctx, app.Job.ID)
	}
	return app, err
}

func (s *Site) application(ctx context.Context, name string) (Application, error) {
	app, err := s.Administration.Application(ctx, name)
	if errors.Is(err, store.ErrNotFound) {
		return Application{}, NotFound("There is no application “%s”.", name)
	}
	if err != nil {
		return Application{}, err
	}
	waiting, err := s.Administration.Store.CountWaiting(ctx, app.Job.ID)
	return Application{app, waiting}, err
}

// Acts returns what the visitor does: the logs have it under their name.
func (r *Request) Acts() administration.Acts { return r.site.Administration.By(r.Visitor.Actor()) }
