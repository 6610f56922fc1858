package salesforcetest

import (
	"context"
	"sync/atomic"
	"time"
)

// latency is how long every request takes. No lock is held while it passes.
type latency struct{ nanoseconds atomic.Int64 }

func (l *latency) set(d time.Duration) { l.nanoseconds.Store(int64(d)) }

func (l *latency) get() time.Duration { return time.Duration(l.nanoseconds.Load()) }

func (l *latency) wait(ctx context.Context) { sleep(ctx, l.get()) }

// sleep waits for d or for the end of ctx.
func sleep(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
