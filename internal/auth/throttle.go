package auth

import (
	"sync"
	"time"
)

// throttle makes whoever fails wait, longer each time. It counts in the memory of one
// node, for a bounded number of keys. Its methods are safe for concurrent use.
type throttle struct {
	free    int           // attempts without a wait
	longest time.Duration // the waits double from one second up to this
	mutex   sync.Mutex
	tries   map[string]tries
}

// tries are the attempts of a key that did not succeed, or of which is not known yet
// whether they do.
type tries struct {
	count int
	until time.Time // no further attempt before
}

const (
	maxThrottled = 10_000
	// throttledFor is how long after the last wait failures are forgotten.
	throttledFor = time.Hour
)

func newThrottle(free int, longest time.Duration) *throttle {
	return &throttle{free: free, longest: longest, tries: map[string]tries{}}
}

// take counts an attempt, before it is known how it ends, so that many at the same time
// do not slip through. Or it returns how long to wait for the next one.
func (t *throttle) take(key string, now time.Time) (wait time.Duration) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	known := t.tries[key]
	if wait := known.until.Sub(now); wait > 0 {
		return wait
	}
	if now.Sub(known.until) > throttledFor && !known.until.IsZero() {
		known = tries{}
	}
	if known.count == 0 {
		t.makeRoom(now)
	}
	known.count++
	known.until = now
	if over := known.count - t.free; over >= 0 {
		known.until = now.Add(t.delay(over))
	}
	t.tries[key] = known
	return 0
}

// delay doubles from one second.
func (t *throttle) delay(doublings int) time.Duration {
	if doublings > 20 {
		return t.longest
	}
	return min(t.longest, time.Second<<doublings)
}

// forget forgets all attempts of a key.
func (t *throttle) forget(key string) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	delete(t.tries, key)
}

// undo forgets one attempt of a key, and its wait.
func (t *throttle) undo(key string, now time.Time) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	known, found := t.tries[key]
	if !found {
		return
	}
	known.count, known.until = known.count-1, now
	if known.count <= 0 {
		delete(t.tries, key)
		return
	}
	t.tries[key] = known
}

// makeRoom drops what is forgotten anyway, then whoever does not wait, then all.
func (t *throttle) makeRoom(now time.Time) {
	if len(t.tries) < maxThrottled {
		return
	}
	for _, drop := range []func(known tries) bool{
		func(known tries) bool { return now.Sub(known.until) > throttledFor },
		func(known tries) bool { return !now.Before(known.until) },
		func(tries) bool { return true },
	} {
		for key, known := range t.tries {
			if drop(known) {
				delete(t.tries, key)
			}
		}
		if len(t.tries) < maxThrottled {
			return
		}
	}
}
