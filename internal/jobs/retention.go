package jobs

import (
	"context"
	"errors"
	"time"

	"github.com/usher-id/usher/engine"
)

// Pruner removes what is not needed any more.
type Pruner interface {
	PruneEntries(ctx context.Context, before time.Time, limit int) (int, error)
	PruneChanges(ctx context.Context, now time.Time, settled time.Duration, limit int) (int, error)
	RemovePlansBefore(ctx context.Context, before time.Time) (int, error)
	RemoveUploads(ctx context.Context, now time.Time) error
}

const (
	// pruneInterval is how often a node looks for what can go.
	pruneInterval = 10 * time.Minute
	// prunedAtOnce bounds the work of one time, so that a long backlog is worked off
	// beside cycles.
	prunedAtOnce = 20_000
	// feedSettled is how old a position of the change feed is before what lies below may
	// go: no cycle lasts that long, and whoever follows the directory through the API has
	// a week, as with Microsoft Graph.
	feedSettled = 7*24*time.Hour + longestCycle
)

// prune removes old entries of the log, plans that are too old to be applied, uploads that
// nobody confirmed, and what every job is through with from the change feed. Several nodes may do so at the same time.
func (s *Service) prune(ctx context.Context) error {
	if s.Pruner == nil {
		return nil
	}
	now := time.Now().UTC()
	var entries, changes, plans int
	var faults [4]error
	if kept := s.LogKept(); kept > 0 {
		entries, faults[0] = s.Pruner.PruneEntries(ctx, now.Add(-kept), prunedAtOnce)
	}
	changes, faults[1] = s.Pruner.PruneChanges(ctx, now, feedSettled, prunedAtOnce)
	plans, faults[2] = s.Pruner.RemovePlansBefore(ctx, now.Add(-engine.PlanKept))
	faults[3] = s.Pruner.RemoveUploads(ctx, now)
	if entries+changes+plans > 0 {
		s.Log.InfoContext(ctx, "old rows removed", "log_entries", entries, "changes", changes, "plans", plans)
	}
	return errors.Join(faults[:]...)
}
