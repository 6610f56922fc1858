package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/google/uuid"
)

const (
	// exclusiveFor is how long a job stays with a command that died.
	exclusiveFor = 20 * time.Second
	// exclusiveAgain is how often the command says that it lives, or asks for a job
	// that somebody else has.
	exclusiveAgain = time.Second
)

// exclusively does work while no other cycle of the job runs, here or in usher serve.
// It waits for one that does, after it called waiting once.
func (w *workspace) exclusively(ctx context.Context, jobID string, waiting func(), work func() error) (err error) {
	id, err := uuid.NewRandom()
	if err != nil {
		return fmt.Errorf("name this command: %w", err)
	}
	host, _ := os.Hostname() // for people who look at the table
	holder := "command/" + host + "/" + id.String()
	for told := false; ; {
		taken, err := w.store.Lease(ctx, jobID, holder, exclusiveFor)
		if err != nil {
			return err
		}
		if taken {
			break
		}
		if !told {
			told = true
			waiting()
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(exclusiveAgain):
		}
	}
	keeping, stop := context.WithCancel(ctx)
	over := make(chan struct{})
	go func() {
		defer close(over)
		w.keep(keeping, jobID, holder)
	}()
	defer func() {
		stop()
		<-over
		release, cancel := context.WithTimeout(context.WithoutCancel(ctx), exclusiveFor)
		defer cancel()
		err = errors.Join(err, w.store.Release(release, jobID, holder))
	}()
	return work()
}

// keep renews a lease until the context ends. A renewal that fails is tried again:
// the fencing token of the cycle holds in any case.
func (w *workspace) keep(ctx context.Context, jobID, holder string) {
	ticker := time.NewTicker(exclusiveFor / 6)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if _, err := w.store.Lease(ctx, jobID, holder, exclusiveFor); err != nil && ctx.Err() == nil {
			w.runner.Engine.Log.WarnContext(ctx, "renew lease", "job_id", jobID, "error", err.Error())
		}
	}
}
