// Package ratelimit limits how often each client of a server may ask. It counts in
// the memory of one node; it does not know who a client is.
package ratelimit

import (
	"math"
	"sync"
	"time"
)

// Rate is how many requests a client may make. The zero Rate is no limit.
type Rate struct {
	PerSecond float64
	Burst     int
}

// Limiter counts the requests of each client: a bucket that fills at the rate and
// holds the burst. Its methods are safe for concurrent use.
type Limiter struct {
	rate    Rate
	mutex   sync.Mutex
	buckets map[string]bucket
}

type bucket struct {
	tokens float64
	at     time.Time
}

// maxBuckets bounds the memory; full buckets say nothing and are dropped first.
const maxBuckets = 10_000

// New returns a limiter of this rate.
func New(rate Rate) *Limiter {
	return &Limiter{rate: rate, buckets: map[string]bucket{}}
}

// Take takes one request out of the client's bucket. When it is empty it returns how
// long to wait for the next one, else 0.
func (l *Limiter) Take(client string, now time.Time) (wait time.Duration) {
	if l.rate.PerSecond <= 0 {
		return 0
	}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	burst := float64(max(1, l.rate.Burst))
	b, known := l.buckets[client]
	if !known {
		l.makeRoom(now)
		b = bucket{tokens: burst, at: now}
	}
	b.tokens = min(burst, b.tokens+now.Sub(b.at).Seconds()*l.rate.PerSecond)
	b.at = now
	if b.tokens < 1 {
		l.buckets[client] = b
		return time.Duration(math.Ceil((1 - b.tokens) / l.rate.PerSecond * float64(time.Second)))
	}
	b.tokens--
	l.buckets[client] = b
	return 0
}

// makeRoom drops buckets that are full again, and all of them if that is too few.
func (l *Limiter) makeRoom(now time.Time) {
	if len(l.buckets) < maxBuckets {
		return
	}
	for client, b := range l.buckets {
		if b.tokens+now.Sub(b.at).Seconds()*l.rate.PerSecond >= float64(l.rate.Burst) {
			delete(l.buckets, client)
		}
	}
	if len(l.buckets) >= maxBuckets {
		clear(l.buckets)
	}
}
