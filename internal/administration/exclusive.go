package administration

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/google/uuid"
)

const (
	// exclusiveFor is how long a job stays with a process that died.
	exclusiveFor = 20 * time.Second
	// exclusiveAgain is how often a process asks for a job
	// that somebody else has.
	exclusiveAgain = time.Second
)

// Exclusively does work while no cycle of the job runs, in this process or in another
// one. It waits for one that does, after it called waiting once, if that is not nil.
func (s *Service) Exclusively(ctx context.Context, jobID string, waiting func(), work func() error) (err error) {
	id, err := uuid.NewRandom()
	if err != nil {
		return fmt.Errorf("name the holder of the job: %w", err)
	}
	host, _ := os.Hostname() // for people who look at the table
	holder := "command/" + host + "/" + id.String()
	for told := false; ; {
		taken, err := s.Store.Lease(ctx, jobID, holder, exclusiveFor)
		if err != nil {
			return err
		}
		if taken {
			break
		}
		if !told && waiting != nil {
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
		s.keep(keeping, jobID, holder)
	}()
	defer func() {
		stop()
		<-over
		release, cancel := context.WithTimeout(context.WithoutCancel(ctx), exclusiveFor)
		defer cancel()
		err = errors.Join(err, s.Store.Release(release, jobID, holder))
	}()
	return work()
}

// keep renews a lease until the context ends. A renewal that fails is tried again:
// the fencing token of the cycle holds in any case.
func (s *Service) keep(ctx context.Context, jobID, holder string) {
	ticker := time.NewTicker(exclusiveFor / 6)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if _, err := s.Store.Lease(ctx, jobID, holder, exclusiveFor); err != nil && ctx.Err() == nil {
			s.log().WarnContext(ctx, "renew lease", "job_id", jobID, "error", err.Error())
		}
	}
}

// patience is how long an act that somebody waits for waits for a cycle to end.
const patience = 20 * time.Second

// BetweenCycles does work while no cycle of the job runs, as Exclusively does, but
// gives up when a cycle goes on for too long: that is a Refusal with the code
// AlreadyUnderWay.
func (s *Service) BetweenCycles(ctx context.Context, jobID string, work func() error) error {
	running := refuse(AlreadyUnderWay, "", "a cycle of this application is running").advising("Try again when it is over.")
	return Patiently(ctx, patience, running, func(ctx context.Context, work func() error) error {
		return s.Exclusively(ctx, jobID, nil, work)
	}, work)
}

// Patiently does work by a function that waits until it can be done, and gives up after
// some time: then refused comes back, and the work is not done.
func Patiently(ctx context.Context, patience time.Duration, refused error, exclusively func(context.Context, func() error) error, work func() error) error {
	waiting, giveUp := context.WithCancelCause(ctx)
	defer giveUp(nil)
	timer := time.AfterFunc(patience, func() { giveUp(refused) })
	defer timer.Stop()
	return exclusively(waiting, func() error {
		if !timer.Stop() {
			return refused
		}
		return work()
	})
}
