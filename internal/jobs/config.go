package jobs

import (
	"cmp"
	"context"
	"iter"
	"log/slog"
	"time"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/provisioning"
)

// Config is what a Service runs on. Runner, Store, Journal, Queue and Log must be
// there; what else is zero gets the value that its comment names.
type Config struct {
	Runner   *engine.Runner
	Store    Store
	Journal  Journal
	Drift    Drift // nil: nobody looks for changes made in the targets
	Queue    Queue
	Notifier Notifier // nil: nobody is notified
	Observer Observer // nil: nobody is told
	Pruner   Pruner   // nil: nothing is removed
	Log      *slog.Logger

	Cycles int           // how many cycles run at the same time on this node; 8
	Poll   time.Duration // how often the head of the change feed is read; 500 ms
	Sweep  time.Duration // how often every job is looked at; 5 s
	Fetch  time.Duration // how often the queue is asked for tasks instead of being listened to; 0: it is listened to
	Gap    time.Duration // how long after a notice about a job the next one comes at the earliest; 5 min

	// LogKept returns how long entries of the provisioning log are kept; 0, or no function: for ever.
	LogKept func() time.Duration

	Grace time.Duration // how long cycles may take to come to the end of a batch when the service stops; 10 s
}

// Queue says which database holds the tasks.
type Queue struct {
	Path string // SQLite file of the queue alone, which is made if it does not exist
	URL  string // PostgreSQL; it may be the database that holds everything else
}

// Store is what is read and kept of jobs.
type Store interface {
	Applications(ctx context.Context) iter.Seq2[directory.Application, error]
	Job(ctx context.Context, applicationID string) (provisioning.Job, error)
	Lease(ctx context.Context, jobID, holder string, duration time.Duration) (bool, error)
	Release(ctx context.Context, jobID, holder string) error
	CountDue(ctx context.Context, jobID string, after, until time.Time) (engine.Due, error)
	Told(ctx context.Context, jobID string) (provisioning.Told, error)
	Tell(ctx context.Context, jobID string, told provisioning.Told) (bool, error)
}

// Journal is what digests are made of.
type Journal interface {
	Entries(ctx context.Context, query journal.Query) iter.Seq2[journal.Entry, error]
}

// Notifier delivers notices. An error that wraps provisioning.ErrUndeliverable is
// final; after any other one the delivery is tried again.
type Notifier interface {
	Mail(ctx context.Context, recipient string, notice provisioning.Notice) error
	Post(ctx context.Context, webhook string, notice provisioning.Notice) error
}

// Observer is told what the service did, for metrics. Its methods are called from
// several goroutines and must not block.
type Observer interface {
	// CycleEnded tells about a cycle that ran on this node.
	CycleEnded(job provisioning.Job, run provisioning.Run)
	// Delivered tells about an attempt to deliver a notice by mail or webhook.
	Delivered(event provisioning.Event, channel string, err error)
}

// defaults fills in what is zero.
func (c Config) defaults() Config {
	c.Cycles = cmp.Or(c.Cycles, 8)
	c.Poll = cmp.Or(c.Poll, 500*time.Millisecond)
	c.Sweep = cmp.Or(c.Sweep, 5*time.Second)
	c.Gap = cmp.Or(c.Gap, 5*time.Minute)
	c.Grace = cmp.Or(c.Grace, 10*time.Second)
	if c.Observer == nil {
		c.Observer = nobody{}
	}
	if c.LogKept == nil {
		c.LogKept = func() time.Duration { return 0 }
	}
	return c
}

// nobody observes nothing.
type nobody struct{}

func (nobody) CycleEnded(provisioning.Job, provisioning.Run) {}
func (nobody) Delivered(provisioning.Event, string, error)   {}
