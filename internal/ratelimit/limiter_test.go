package ratelimit

import (
	"strconv"
	"testing"
	"time"
)

func TestAClientWaitsForItsOwnRequestsOnly(t *testing.T) {
	t.Parallel()
	l := New(Rate{PerSecond: 2, Burst: 3})
	now := time.Unix(1_000_000, 0)
	for range 3 {
		if wait := l.Take("ana", now); wait != 0 {
			t.Errorf("waits %v within the burst", wait)
		}
	}
	if wait := l.Take("ana", now); wait != 500*time.Millisecond {
		t.Errorf("waits %v, want 500ms", wait)
	}
	if wait := l.Take("ben", now); wait != 0 {
		t.Errorf("another client waits %v", wait)
	}
	if wait := l.Take("ana", now.Add(500*time.Millisecond)); wait != 0 {
		t.Errorf("waits %v although it came when it was told", wait)
	}
}

func TestManyClientsTakeBoundedMemory(t *testing.T) {
	t.Parallel()
	l := New(Rate{PerSecond: 0.001, Burst: 1})
	for i := range 3 * maxBuckets {
		l.Take(strconv.Itoa(i), time.Unix(1_000_000, 0))
	}
	if len(l.buckets) > maxBuckets {
		t.Errorf("%d buckets", len(l.buckets))
	}
}
