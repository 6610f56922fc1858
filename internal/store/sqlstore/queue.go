package sqlstore

import (
	"context"

	"golang.org/x/sync/semaphore"
)

// queue lets those who want one of a few connections have it in the order in which
// they came. The pool of database/sql draws by lot among those who wait, and where
// many do, some wait several times as long as the others.
type queue struct {
	free *semaphore.Weighted
}

// newQueue makes a queue for a pool with so many connections.
func newQueue(connections int64) *queue {
	return &queue{free: semaphore.NewWeighted(connections)}
}

// enter waits for a connection to be free, and returns the function that says that it is
// free again. The error is that of the context. A nil queue keeps nobody waiting.
func (q *queue) enter(ctx context.Context) (leave func(), err error) {
	if q == nil {
		return func() {}, nil
	}
	if err := q.free.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	return func() { q.free.Release(1) }, nil
}
