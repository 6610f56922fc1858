package sqlstore

import (
	"context"

	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/provisioning"
)

// outOfTheWay tells of a connection c whether its person is gone, deleted, disabled
// or not assigned; $2 says that the job looks at everyone, assigned or not.
func outOfTheWay(job provisioning.Job) string {
	if !job.Settings.NestedGroups {
		return notAssigned + `))`
	}
	return notAssigned + ` or exists (select 1 from members m where m.member_id = u.id and m.member_type = 'User'
		and m.group_id in (` + nestedGroups + ` select group_id from inside))))`
}

const notAssigned = `not exists (select 1 from users u where u.id = c.source_id and u.deleted_at = 0 and u.account_enabled and ($2
	or exists (select 1 from jobs j join assignments a on a.application_id = j.application_id
		where j.id = c.job_id and a.principal_id = u.id and a.principal_type = 'User')
	or exists (select 1 from members m
		join groups g on g.id = m.group_id and g.deleted_at = 0 and g.security_enabled
		join assignments a on a.principal_id = g.id and a.principal_type = 'Group'
		join jobs j on j.application_id = a.application_id
		where m.member_id = u.id and m.member_type = 'User' and j.id = c.job_id)`

// Restart makes a job forget what the scope names; see store.Jobs.
func (s *Store) Restart(ctx context.Context, jobID string, scope provisioning.RestartScope, audits ...journal.Audit) error {
	return s.database.write(ctx, "restart job "+jobID, func(t *tx) error {
		if err := t.lockJob(ctx, jobID); err != nil {
			return err
		}
		job, err := t.jobByID(ctx, jobID)
		if err != nil {
			return err
		}
		if scope.Has(provisioning.RestartConnectorDataStore) {
			if err := t.forgetConnections(ctx, job); err != nil {
				return err
			}
		}
		if scope.Has(provisioning.RestartEscrows) {
			if _, err := t.exec(ctx, `delete from escrows where job_id = $1`, jobID); err != nil {
				return err
			}
		}
		if scope.Has(provisioning.RestartForceDeletes) {
			if _, err := t.exec(ctx, `update removals set state = 'allowed' where job_id = $1 and state = 'staged'`, jobID); err != nil {
				return err
			}
		}
		if err := t.restartStatus(ctx, job, scope); err != nil {
			return err
		}
		return t.appendAudits(ctx, audits)
	})
}

// forgetConnections forgets which account belongs to whom. An account whose
// connection is forgotten is never taken away, so it refuses while any is to be, and
// it keeps what a leaver who was not found yet is found by.
func (t *tx) forgetConnections(ctx context.Context, job provisioning.Job) error {
	if err := t.checkLeavers(ctx, job); err != nil {
		return err
	}
	if _, err := t.exec(ctx, `delete from connections where job_id = $1 and source_id not in
		(select c.source_id from connections c where c.job_id = $1 and c.enabled and `+outOfTheWay(job)+`)
		and source_id not in (select source_id from leavers where job_id = $1)`, job.ID, job.Settings.SyncAll); err != nil {
		return err
	}
	for _, text := range []string{
		`delete from waiting_references where job_id = $1`,
		`delete from leavers where job_id = $1 and source_id not in (select source_id from connections where job_id = $1)`,
		`delete from removals where job_id = $1 and source_id not in (select source_id from connections where job_id = $1)`,
	} {
		if _, err := t.exec(ctx, text, job.ID); err != nil {
			return err
		}
	}
	return nil
}

// checkLeavers refuses while accounts are still to be taken away.
func (t *tx) checkLeavers(ctx context.Context, job provisioning.Job) error {
	listed, err := t.count(ctx, `select count(*) from removals where job_id = $1 and state <> 'rejected'`, job.ID)
	if err != nil {
		return err
	}
	failed, err := t.count(ctx, `select count(*) from connections c where c.job_id = $1 and c.enabled and `+outOfTheWay(job)+`
		and exists (select 1 from escrows e where e.job_id = c.job_id and e.source_id = c.source_id)
		and not exists (select 1 from removals r where r.job_id = c.job_id and r.source_id = c.source_id)`, job.ID, job.Settings.SyncAll)
	if err != nil || listed+failed == 0 {
		return err
	}
	return errorf(store.ErrConflict, "accounts that are still to be taken away: %d (%d on the list of removals, %d to be tried again); once the connections "+
		"are forgotten nothing takes them away: allow or reject the removals that are held, run a cycle, and restart then", listed+failed, listed, failed)
}

func (t *tx) restartStatus(ctx context.Context, job provisioning.Job, scope provisioning.RestartScope) error {
	if scope.Has(provisioning.RestartWatermark) || scope.Has(provisioning.RestartConnectorDataStore) {
		if err := t.countRestart(ctx, job.ID); err != nil {
			return err
		}
		job.Watermark, job.Status = 0, job.Status.Anew()
	}
	if scope.Has(provisioning.RestartQuarantineState) {
		job.Status.Quarantine, job.Status.EscrowsPruned = provisioning.Quarantine{}, false
		if job.Status.Code == provisioning.Quarantined {
			job.Status.Code = provisioning.Paused // a restart does not turn provisioning on
			if job.Schedule.State == provisioning.ScheduleActive {
				job.Status.Code = provisioning.Active
			}
		}
	}
	return t.putStatus(ctx, job)
}
