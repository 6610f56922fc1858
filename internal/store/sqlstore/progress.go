package sqlstore

import (
	"context"

	"github.com/usher-id/usher/provisioning"
)

// PutProgress notes how far a cycle has come; see store.Progress.
func (s *Store) PutProgress(ctx context.Context, jobID string, progress provisioning.Progress) error {
	content, err := encodeJSON("the progress of job "+jobID, progress)
	if err != nil {
		return err
	}
	return s.database.write(ctx, "note the progress of job "+jobID, func(t *tx) error {
		_, err := t.exec(ctx, `insert into progress (job_id, content) values ($1, $2)
			on conflict (job_id) do update set content = excluded.content`, jobID, clean(content))
		return err
	})
}

// Progress returns what was noted last; see store.Progress.
func (s *Store) Progress(ctx context.Context, jobID string) (provisioning.Progress, error) {
	var content string
	var progress provisioning.Progress
	found, err := s.database.queries().one(ctx, []any{&content}, `select content from progress where job_id = $1`, jobID)
	if err != nil || !found {
		return progress, wrapped("read the progress of job "+jobID, err)
	}
	return progress, decodeJSON("the progress of job "+jobID, content, &progress)
}
