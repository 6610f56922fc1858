package administration

import (
	"context"
	"strings"

	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/provisioning"
)

// PausedForUndo is the reason that the audit log has when provisioning is turned off by
// applying a plan that takes back what a cycle wrote.
const PausedForUndo = "before a plan is applied that takes back what a cycle wrote"

// Paused returns the audit record of the act that turned an application's provisioning
// off. False: it is on, it was never on, Usher turned it off itself, or the record
// cannot be told for certain from the latest ones of the audit log.
func (s *Service) Paused(ctx context.Context, app Application) (journal.Audit, bool, error) {
	if app.Job.Schedule.State != provisioning.SchedulePaused {
		return journal.Audit{}, false, nil
	}
	paused, found, err := s.latest(ctx, app, store.AuditSearch{Activity: ActivityPause, Text: app.DisplayName}, "")
	if err != nil || !found {
		return paused, false, err
	}
	// An act after it may have turned it on and off again.
	for activity, detail := range map[string]string{ActivityStart: "", ActivityConfigure: "schedule "} {
		later, found, err := s.latest(ctx, app, store.AuditSearch{Activity: activity, Text: app.DisplayName, Since: paused.At}, detail)
		if err != nil || found && later.ID > paused.ID {
			return journal.Audit{}, false, err
		}
	}
	return paused, true, nil
}

// latestLooked is how many records are looked at for the latest one of an application:
// others may have a name that contains its name.
const latestLooked = 20

// latest returns the latest record of an application whose detail has a part.
func (s *Service) latest(ctx context.Context, app Application, search store.AuditSearch, detail string) (journal.Audit, bool, error) {
	found, err := s.Store.FindAudits(ctx, search, store.Page{Limit: latestLooked})
	if err != nil {
		return journal.Audit{}, false, err
	}
	for _, audit := range found.Items {
		if audit.Subject == app.DisplayName && strings.Contains(audit.Detail, detail) {
			return audit, true, nil
		}
	}
	return journal.Audit{}, false, nil
}
