package salesforce

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/usher-id/usher/connector"
)

const (
	maxAttempts  = 4
	firstPause   = 250 * time.Millisecond
	longestPause = 8 * time.Second
	// longestRequested is the longest wait that the target may ask for and get here; a
	// longer one is for the engine.
	longestRequested = 30 * time.Second
)

// patiently does something that is safe to repeat until it works, fails for good,
// or has failed too often.
func (c *client) patiently(ctx context.Context, do func() error) error {
	for attempt := 1; ; attempt++ {
		err := do()
		if err == nil || attempt == maxAttempts || !transient(err) {
			return err
		}
		requested := asError(err).RetryAfter
		if requested > longestRequested || !pause(ctx, attempt, requested) {
			return err
		}
	}
}

// transient reports whether trying again soon may help: the connection broke, or
// the catalogue says so.
func transient(err error) bool {
	e := asError(err)
	if errors.Is(err, context.Canceled) {
		return false
	}
	switch e.Code {
	case codeUnreachable, codeTimeout, codeUnexpectedAnswer, codeIncompleteRead:
		return true
	}
	if e.Kind == connector.Throttled {
		return e.TargetCode != targetLoginRateExceeded
	}
	return e.Kind == connector.Unavailable && lookup(e.TargetCode).retry
}

// pause waits before attempt number attempt+1: as long as was requested, else
// longer each time, with jitter so that many do not come back at once. It
// reports whether there is still reason to go on.
func pause(ctx context.Context, attempt int, requested time.Duration) bool {
	wait := requested
	if wait == 0 {
		wait = min(firstPause<<(attempt-1), longestPause)
		wait = wait/2 + rand.N(wait/2+1) //nolint:gosec // jitter needs no secrecy.
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// asError returns the error of the target within err. Every error of the client
// is one.
func asError(err error) *connector.Error {
	if e, ok := errors.AsType[*connector.Error](err); ok {
		return e
	}
	return &connector.Error{Kind: connector.Unavailable, Err: err}
}
