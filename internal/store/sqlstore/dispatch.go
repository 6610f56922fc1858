package sqlstore

import (
	"context"
	"time"

	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/provisioning"
)

// Lease takes or keeps a job; see store.Dispatch. The clocks of the nodes decide
// when a lease is over; where they differ, the fencing token still holds.
func (s *Store) Lease(ctx context.Context, jobID, holder string, duration time.Duration) (bool, error) {
	taken := false
	err := s.database.write(ctx, "lease job "+jobID, func(t *tx) error {
		moment := now()
		count, err := t.exec(ctx, `insert into leases (job_id, holder, until) values ($1, $2, $3)
			on conflict (job_id) do update set holder = excluded.holder, until = excluded.until
			where leases.holder = excluded.holder or leases.until <= $4`, jobID, holder, micros(moment.Add(duration)), micros(moment))
		taken = count > 0
		return err
	})
	return taken, err
}

// Release gives a job back; see store.Dispatch.
func (s *Store) Release(ctx context.Context, jobID, holder string) error {
	return s.database.write(ctx, "release job "+jobID, func(t *tx) error {
		_, err := t.exec(ctx, `delete from leases where job_id = $1 and holder = $2`, jobID, holder)
		return err
	})
}

// CountDue counts what came due; see store.Dispatch.
func (s *Store) CountDue(ctx context.Context, jobID string, after, until time.Time) (engine.Due, error) {
	var due engine.Due
	_, err := s.database.queries().one(ctx, []any{&due.Escrows, &due.References, &due.Leavers}, `select
		(select count(*) from escrows where job_id = $1 and next_at > $2 and next_at <= $3),
		(select count(*) from waiting_references where job_id = $1 and ready and attempts > 0 and next_at > $2 and next_at <= $3),
		(select count(*) from leavers where job_id = $1 and due_at > $2 and due_at <= $3)`,
		jobID, micros(after), micros(until))
	return due, err
}

// Told returns what people know of a job; see store.Dispatch.
func (s *Store) Told(ctx context.Context, jobID string) (provisioning.Told, error) {
	return s.database.queries().told(ctx, jobID)
}

func (s session) told(ctx context.Context, jobID string) (told provisioning.Told, err error) {
	var content string
	found, err := s.one(ctx, []any{&content}, `select content from told where job_id = $1`, jobID)
	if err != nil || !found {
		return told, err
	}
	err = decodeJSON("what was told", content, &told)
	return told, err
}

// Tell replaces what people know of a job; see store.Dispatch.
func (s *Store) Tell(ctx context.Context, jobID string, told provisioning.Told) (bool, error) {
	written := false
	err := s.database.write(ctx, "note what was told of job "+jobID, func(t *tx) error {
		if err := t.lockJob(ctx, jobID); err != nil {
			return err
		}
		before, err := t.told(ctx, jobID)
		if err != nil || before.Version != told.Version {
			return err
		}
		told.Version++
		content, err := encodeJSON("what was told", told)
		if err != nil {
			return err
		}
		_, err = t.exec(ctx, `insert into told (job_id, content) values ($1, $2)
			on conflict (job_id) do update set content = excluded.content`, jobID, clean(content))
		written = err == nil
		return err
	})
	return written, err
}
