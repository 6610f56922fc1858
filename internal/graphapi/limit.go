package graphapi

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

// limiter counts the requests of each client: a bucket that fills at the rate and
// holds the burst. Its methods are safe for concurrent use.
type limiter struct {
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

// take takes one request out of the client's bucket. When it is empty it returns how
// long to wait for the next one.
func (l *limiter) take(client string, now time.Time) (wait time.Duration) {
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
	if b.tokens >= 1 {
		b.tokens--
		l.buckets[client] = b
		return 0
	}
	l.buckets[client] = b
	return time.Duration(math.Ceil((1 - b.tokens) / l.rate.PerSecond * float64(time.Second)))
}

func (l *limiter) makeRoom(now time.Time) {
	if l.buckets == nil {
		l.buckets = map[string]bucket{}
	}
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
