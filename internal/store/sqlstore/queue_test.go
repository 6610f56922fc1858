package sqlstore

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
)

// Those who wait for a connection get it in the order in which they came.
func TestReadersTakeTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(1)
		leave, err := q.enter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		order := make(chan int, 50)
		var want []int
		for i := range cap(order) {
			want = append(want, i)
			go func() {
				leave, err := q.enter(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				order <- i
				leave()
			}()
			synctest.Wait() // it stands in the queue before the next one comes
		}
		leave()
		synctest.Wait()
		close(order)
		var got []int
		for i := range order {
			got = append(got, i)
		}
		if !slices.Equal(got, want) {
			t.Errorf("they came in the order %v", got)
		}
	})
}

// Whoever no longer wants to wait leaves the queue, and holds up nobody.
func TestAReaderThatGivesUpLeavesTheQueue(t *testing.T) {
	t.Parallel()
	q := newQueue(1)
	leave, err := q.enter(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := q.enter(gone); !errors.Is(err, context.Canceled) {
		t.Errorf("the error of one who gave up is %v", err)
	}
	leave()
	leave, err = q.enter(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	leave()
}

// A database whose pool needs no queue lets everybody in.
func TestNoQueueKeepsNobodyWaiting(t *testing.T) {
	t.Parallel()
	var none *queue
	for range 2 {
		if _, err := none.enter(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}
