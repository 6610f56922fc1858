package administration

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/provisioning"
)

// AddApplication adds an application from a template of the gallery, with its own job,
// schema and roles. Without a name it gets that of the template. A name that another
// application has is a Refusal.
func (a Acts) AddApplication(ctx context.Context, templateName, displayName string) (Application, error) {
	template, err := a.Runner.Gallery.Find(templateName)
	if err != nil {
		return Application{}, &Refusal{Code: Invalid, Field: "template", Message: err.Error(), Err: err}
	}
	if displayName = strings.TrimSpace(displayName); displayName == "" {
		displayName = template.Descriptor.Name
	}
	instance := template.Instantiate(displayName, time.Now().UTC())
	err = a.Store.AddApplication(ctx, instance.Application, instance.Job, instance.Schema,
		a.Record(ActivityAddApplication, displayName, "template "+template.Descriptor.TemplateID))
	if errors.Is(err, store.ErrConflict) {
		refusal := refuse(Taken, "name", "there is an application %q already", displayName).advising("Give this one another name.")
		refusal.Err = err
		return Application{}, refusal
	}
	if err != nil {
		return Application{}, err
	}
	return Application{instance.Application, instance.Job}, nil
}

// LeftBehind is what nobody takes care of any more when an application is removed.
type LeftBehind struct {
	Assigned    int // people who are assigned, in person or through a group
	Connections int // accounts that Usher manages
	Enabled     int // of them, those in use: nobody takes them away any more
}

// LeftBehind tells what is left when an application is removed, to be shown before.
func (s *Service) LeftBehind(ctx context.Context, app Application) (LeftBehind, error) {
	assigned, err := s.Store.CountAssigned(ctx, app.ID)
	if err != nil {
		return LeftBehind{}, err
	}
	links, err := s.Store.CountLinks(ctx, app.Job.ID)
	return LeftBehind{assigned, links.Connections, links.Enabled}, err
}

// RemoveApplication forgets an application with its assignments, roles, credentials
// and connections. Nobody's account is touched, and the log stays.
func (a Acts) RemoveApplication(ctx context.Context, app Application) error {
	return a.Store.RemoveApplication(ctx, app.ID, a.Record(ActivityRemoveApplication, app.DisplayName, ""))
}

// Health is how the provisioning of an application is doing.
type Health struct {
	Healthy  bool // it is turned on, not in quarantine, and its last cycle did not fail
	Assigned int  // people who are assigned, in person or through a group
	Links    store.LinkCount
	Behind   int64                 // changes of the directory that no cycle has worked off
	Progress provisioning.Progress // of the cycle that was heard of last: see Running
	Running  bool                  // that cycle runs
	At       time.Time             // when this was found out
}

// Health looks at the job of an application. It does not ask the target.
func (s *Service) Health(ctx context.Context, app Application) (Health, error) {
	links, err := s.Store.CountLinks(ctx, app.Job.ID)
	if err != nil {
		return Health{}, err
	}
	assigned, err := s.Store.CountAssigned(ctx, app.ID)
	if err != nil {
		return Health{}, err
	}
	head, err := s.Runner.Engine.Directory.Head(ctx)
	if err != nil {
		return Health{}, err
	}
	progress, err := s.Store.Progress(ctx, app.Job.ID)
	now, status := time.Now().UTC(), app.Job.Status
	return Health{
		Assigned: assigned, Links: links, Behind: int64(head - app.Job.Watermark), Progress: progress, Running: progress.Running(status, now), At: now,
		Healthy: app.Job.Schedule.State == provisioning.ScheduleActive && status.Quarantine.Reason == "" &&
			status.Code != provisioning.NotConfigured && status.LastRun.State != provisioning.Failed,
	}, err
}

// Overview is an application as a list shows it.
type Overview struct {
	Application

	Template string // name of what it was made from, such as "Salesforce"; its id when the gallery has none such
	Health   Health
}

// Applications yields all applications that have a job, in the order of display name.
func (s *Service) Applications(ctx context.Context) iter.Seq2[Overview, error] {
	return func(yield func(Overview, error) bool) {
		for found, err := range s.Store.Applications(ctx) {
			var view Overview
			if err == nil {
				view, err = s.overview(ctx, found)
			}
			if errors.Is(err, store.ErrNotFound) {
				continue // it has no job, or was removed meanwhile
			}
			if !yield(view, err) || err != nil {
				return
			}
		}
	}
}

func (s *Service) overview(ctx context.Context, found directory.Application) (Overview, error) {
	job, err := s.Store.Job(ctx, found.ID)
	if err != nil {
		return Overview{}, err
	}
	view := Overview{Application: Application{found, job}, Template: found.TemplateID}
	if template, err := s.Template(view.Application); err == nil {
		view.Template = template.Descriptor.Name
	}
	view.Health, err = s.Health(ctx, view.Application)
	if err != nil {
		return view, fmt.Errorf("look at %s: %w", found.DisplayName, err)
	}
	return view, nil
}
