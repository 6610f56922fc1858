package sqlstore

import (
	"context"

	"github.com/usher-id/usher/provisioning"
)

// Restart makes a job forget what the scope names; see store.Jobs.
func (s *Store) Restart(ctx context.Context, jobID string, scope provisioning.RestartScope) error {
	return s.database.write(ctx, "restart job "+jobID, func(t *tx) error {
		if err := t.lockJob(ctx, jobID); err != nil {
			return err
		}
		for _, step := range []struct {
			scope provisioning.RestartScope
			texts []string
		}{
			{provisioning.RestartEscrows, []string{`delete from escrows where job_id = $1`}},
			{provisioning.RestartConnectorDataStore, []string{
				`delete from connections where job_id = $1`, `delete from waiting_references where job_id = $1`, `delete from removals where job_id = $1`,
			}},
			{provisioning.RestartForceDeletes, []string{`update removals set state = 'allowed' where job_id = $1 and state = 'staged'`}},
		} {
			if !scope.Has(step.scope) {
				continue
			}
			for _, text := range step.texts {
				if _, err := t.exec(ctx, text, jobID); err != nil {
					return err
				}
			}
		}
		return t.restartStatus(ctx, jobID, scope)
	})
}

func (t *tx) restartStatus(ctx context.Context, jobID string, scope provisioning.RestartScope) error {
	job, err := t.jobByID(ctx, jobID)
	if err != nil {
		return err
	}
	if scope.Has(provisioning.RestartWatermark) || scope.Has(provisioning.RestartConnectorDataStore) {
		if err := t.countRestart(ctx, jobID); err != nil {
			return err
		}
		job.Watermark, job.Status.InitialDone = 0, false
	}
	if scope.Has(provisioning.RestartQuarantineState) {
		job.Status.Quarantine = provisioning.Quarantine{}
		if job.Status.Code == provisioning.Quarantined {
			job.Status.Code = provisioning.Active
		}
	}
	return t.putStatus(ctx, job)
}
