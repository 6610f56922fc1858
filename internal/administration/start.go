package administration

import (
	"context"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/provisioning"
)

// StartMeaning is what the first cycle works on after provisioning is turned on. While it
// is off, only people change that.
type StartMeaning struct {
	Assigned   int // people, in person or through a group
	Enabled    int // accounts in use
	Allowed    int // removals that were held, and are carried out
	Schema     string
	Settings   provisioning.Settings
	First      bool // no cycle was complete yet
	Quarantine provisioning.QuarantineReason
}

// MeaningOfStart tells what turning provisioning on works on. Whoever confirms it relies
// on all of it.
func (s *Service) MeaningOfStart(ctx context.Context, app Application) (StartMeaning, error) {
	assigned, err := s.Store.CountAssigned(ctx, app.ID)
	if err != nil {
		return StartMeaning{}, err
	}
	links, err := s.Store.CountLinks(ctx, app.Job.ID)
	if err != nil {
		return StartMeaning{}, err
	}
	schema, err := s.Store.Schema(ctx, app.Job.ID)
	if err != nil {
		return StartMeaning{}, err
	}
	hash, err := engine.SchemaHash(schema)
	if err != nil {
		return StartMeaning{}, err
	}
	removals, err := s.Runner.Engine.Removals.Count(ctx, app.Job.ID)
	return StartMeaning{
		Assigned: assigned, Enabled: links.Enabled, Allowed: removals.Allowed, Schema: hash, Settings: app.Job.Settings,
		First: !app.Job.Status.InitialDone, Quarantine: app.Job.Status.Quarantine.Reason,
	}, err
}
