package jobs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/usher-id/usher/engine"
)

// Service runs jobs until it is stopped. Several may share one PostgreSQL database.
type Service struct {
	Config

	node    string    // names this node in leases
	started time.Time // when it was made
	queue   client
	closer  io.Closer
	running atomic.Bool
	memory  memory
}

// New opens the queue and brings its tables up to date. The caller closes the
// service.
func New(ctx context.Context, config Config) (*Service, error) {
	node, err := uuid.NewRandom()
	if err != nil {
		return nil, fmt.Errorf("name this node: %w", err)
	}
	s := &Service{Config: config.defaults(), node: node.String(), started: time.Now().UTC(), memory: newMemory()}
	s.Runner = patient(config.Runner, s.Grace*2/3)
	workers := river.NewWorkers()
	river.AddWorker(workers, &cycleWorker{service: s})
	river.AddWorker(workers, &noticeWorker{service: s})
	river.AddWorker(workers, &driftWorker{service: s})
	s.queue, s.closer, err = openQueue(ctx, s.Config, workers)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// patient returns a copy of the runner whose connectors end their requests when a
// cycle is stopped.
func patient(runner *engine.Runner, grace time.Duration) *engine.Runner {
	copied := *runner
	next := copied.Environment.Transport
	if next == nil {
		next = http.DefaultTransport //nolint:forbidigo // connectors set limits of their own around it.
	}
	copied.Environment.Transport = finishing{next: next, grace: grace}
	return &copied
}

// Close closes the queue's database; Run must have returned.
func (s *Service) Close() error {
	if err := s.closer.Close(); err != nil {
		return fmt.Errorf("close the queue: %w", err)
	}
	return nil
}

// Run works until the context ends. Then cycles stop at the end of the batch that
// they are at, and Run returns when they have, or with an error when they have not
// within the grace period. What a cycle did not come to is done by the next one.
func (s *Service) Run(ctx context.Context) error {
	// The queue stops by a call, so that what it wrote down is complete.
	if err := s.queue.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("start the queue: %w", err)
	}
	s.running.Store(true)
	var loops sync.WaitGroup
	loops.Go(func() { s.repeat(ctx, s.Sweep, "look at the jobs", s.sweep) })
	loops.Go(func() { s.repeat(ctx, s.Poll, "follow the directory", s.follow) })
	loops.Go(func() { s.repeat(ctx, pruneInterval, "remove old rows", s.prune) })
	<-ctx.Done()
	s.running.Store(false)
	loops.Wait()
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.Grace)
	defer cancel()
	if err := s.queue.StopAndCancel(stop); err != nil {
		return fmt.Errorf("stop: cycles did not come to the end of a batch within %s; the next start goes on from what they wrote down: %w", s.Grace, err)
	}
	return nil
}

// repeat calls a function at once and then at intervals until the context ends. An
// error is logged when it is a new one.
func (s *Service) repeat(ctx context.Context, interval time.Duration, what string, do func(context.Context) error) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	last := ""
	for ctx.Err() == nil {
		text := ""
		if err := do(ctx); err != nil && ctx.Err() == nil {
			text = err.Error()
		}
		if text != "" && text != last {
			s.Log.ErrorContext(ctx, "background work", "work", what, "error", text)
		}
		last = text
		select {
		case <-ctx.Done():
		case <-ticker.C:
		}
	}
}

// errStopped says that Run does not run.
var errStopped = errors.New("the service is not running")

// Ready reports whether jobs are run: the error says why not.
func (s *Service) Ready(ctx context.Context) error {
	if !s.running.Load() {
		return errStopped
	}
	if _, err := s.Runner.Engine.Directory.Head(ctx); err != nil {
		return err
	}
	_, err := s.Waiting(ctx)
	return err
}

// Waiting is the state of the queue: how many tasks are ready to be worked, at most
// waitingCounted, and since when the oldest one waits.
type Waiting struct {
	Tasks  int
	Oldest time.Time // zero when none waits
}

// waitingCounted is how far waiting tasks are counted.
const waitingCounted = 1000

// Waiting looks at the queue.
func (s *Service) Waiting(ctx context.Context) (Waiting, error) {
	found, err := s.queue.JobList(ctx, river.NewJobListParams().States(rivertype.JobStateAvailable).
		OrderBy(river.JobListOrderByScheduledAt, river.SortOrderAsc).First(waitingCounted))
	if err != nil {
		return Waiting{}, fmt.Errorf("look at the queue: %w", err)
	}
	if len(found.Jobs) == 0 {
		return Waiting{}, nil
	}
	return Waiting{Tasks: len(found.Jobs), Oldest: found.Jobs[0].ScheduledAt}, nil
}
