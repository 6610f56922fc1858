package graphapi

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

func TestOnDemandWaitsForACycleButNotForLong(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		cycle time.Duration // how long the cycle goes on
		done  bool
	}{
		{name: "no cycle", done: true},
		{name: "a short cycle", cycle: onDemandPatience - time.Second, done: true},
		{name: "a long cycle", cycle: time.Hour},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a := &api{Dependencies: Dependencies{Exclusively: func(ctx context.Context, _ string, work func() error) error {
					select {
					case <-ctx.Done():
						return context.Cause(ctx)
					case <-time.After(tt.cycle):
						return work()
					}
				}}}
				done := false
				err := a.betweenCycles(t.Context(), "job", func() error {
					time.Sleep(2 * onDemandPatience) // the work itself may take its time
					done = true
					return nil
				})
				if done != tt.done {
					t.Errorf("done is %t, want %t", done, tt.done)
				}
				told, refused := errors.AsType[*Error](err)
				if refused == tt.done || refused && told.Status != http.StatusConflict {
					t.Errorf("the error is %v", err)
				}
			})
		})
	}
}
