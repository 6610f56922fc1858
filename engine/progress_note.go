package engine

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/usher-id/usher/provisioning"
)

// ProgressNotes keeps how far cycles have come, so that other processes can tell.
type ProgressNotes interface {
	// PutProgress replaces what was noted about the job.
	PutProgress(ctx context.Context, jobID string, progress provisioning.Progress) error

	// CountAssigned returns how many users are assigned to the application.
	CountAssigned(ctx context.Context, applicationID string) (int, error)
}

const (
	// noteInterval is how often progress is noted at most.
	noteInterval = time.Second
	// noteAlive is how often it is noted that a cycle runs, also when nothing happens.
	noteAlive = 10 * time.Second
)

// noter notes the progress of one cycle from a goroutine of its own: a slow database
// does not hold the cycle up.
type noter struct {
	notes  ProgressNotes
	job    provisioning.Job
	log    *slog.Logger
	mutex  sync.Mutex
	latest Progress
}

// noting returns the request with an observer that notes progress, and what ends that.
func (r *Runner) noting(ctx context.Context, job provisioning.Job, request Run) (Run, func()) {
	if r.Progress == nil || request.DryRun || len(request.Users) > 0 {
		return request, func() {}
	}
	n := &noter{notes: r.Progress, job: job, log: r.Engine.Log}
	observe := request.Observe
	request.Observe = func(progress Progress) {
		n.observe(progress)
		if observe != nil {
			observe(progress)
		}
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var running sync.WaitGroup
	running.Go(func() { n.run(ctx) })
	return request, func() {
		cancel()
		running.Wait()
	}
}

func (n *noter) observe(progress Progress) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	n.latest = progress
}

func (n *noter) run(ctx context.Context) {
	ticker := time.NewTicker(noteInterval)
	defer ticker.Stop()
	expected, noted := -1, provisioning.Progress{}
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		n.mutex.Lock()
		latest := n.latest
		n.mutex.Unlock()
		if latest.CycleID == "" {
			continue
		}
		if expected < 0 {
			expected = n.expected(ctx, latest.Kind)
		}
		now := provisioning.Progress{
			CycleID: latest.CycleID, Kind: latest.Kind, Phase: latest.Phase, Began: latest.Began, At: time.Now().UTC(),
			Expected: max(expected, latest.Counts.Collected), Counts: latest.Counts,
		}
		if now.Phase == noted.Phase && now.Done() == noted.Done() && now.Counts.Writes == noted.Counts.Writes && now.At.Sub(noted.At) < noteAlive {
			continue
		}
		if err := n.notes.PutProgress(ctx, n.job.ID, now); err != nil && ctx.Err() == nil {
			n.log.WarnContext(ctx, "note progress", "job_id", n.job.ID, "error", err.Error())
		}
		noted = now
	}
}

// expected returns how many objects a cycle will come to. How many an incremental one
// collects is known only when it has done so.
func (n *noter) expected(ctx context.Context, kind provisioning.CycleKind) int {
	if kind != provisioning.Initial {
		return 0
	}
	count, err := n.notes.CountAssigned(ctx, n.job.ApplicationID)
	if err != nil {
		return 0
	}
	return count
}
