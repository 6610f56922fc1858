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
