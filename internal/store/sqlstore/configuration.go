package sqlstore

import (
	"context"
	"slices"

	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/provisioning"
)

// JobByID returns a job; see store.Configurations.
func (s *Store) JobByID(ctx context.Context, id string) (provisioning.Job, error) {
	return s.database.queries().jobByID(ctx, id)
}

// Configure changes what an administrator sets up of a job; see
// store.Configurations.
func (s *Store) Configure(ctx context.Context, jobID string, change func(store.Configuration) (store.Configuration, error)) error {
	return s.database.write(ctx, "configure job "+jobID, func(t *tx) error {
		if err := t.lockJob(ctx, jobID); err != nil {
			return err
		}
		before, err := s.configuration(ctx, t, jobID)
		if err != nil {
			return err
		}
		after, err := change(before)
		if err != nil {
			return err
		}
		if err := s.changeConfiguration(ctx, t, before, after); err != nil {
			return err
		}
		return t.appendAudits(ctx, after.Audits)
	})
}

func (s *Store) configuration(ctx context.Context, t *tx, jobID string) (store.Configuration, error) {
	var configuration store.Configuration
	var err error
	if configuration.Job, err = t.jobByID(ctx, jobID); err != nil {
		return configuration, err
	}
	if configuration.Schema, err = t.schema(ctx, jobID); err != nil {
		return configuration, err
	}
	configuration.Credentials, configuration.Unreadable = s.credentials(ctx, t.session, jobID)
	return configuration, ctx.Err()
}

func (s *Store) changeConfiguration(ctx context.Context, t *tx, before, after store.Configuration) error {
	jobID := before.Job.ID
	was, err := encodeJSON("synchronization schema", before.Schema)
	if err != nil {
		return err
	}
	is, err := encodeJSON("synchronization schema", after.Schema)
	if err != nil {
		return err
	}
	if was != is {
		after.Job.Status.InitialDone = false
		if err := t.countRestart(ctx, jobID); err != nil {
			return err
		}
		if err := t.putSchema(ctx, jobID, after.Schema); err != nil {
			return err
		}
	}
	if err := t.updateJob(ctx, before.Job, after.Job); err != nil {
		return err
	}
	if slices.Equal(before.Credentials, after.Credentials) {
		return nil
	}
	return s.putCredentials(ctx, t, jobID, after.Credentials)
}

// RenewJob puts another job in the place of a job; see store.Configurations.
func (s *Store) RenewJob(ctx context.Context, jobID string, renewed store.Configuration) error {
	return s.database.write(ctx, "renew job "+jobID, func(t *tx) error {
		// A cycle that commits a batch holds the lock on the fence; it is waited for here,
		// and finds that the job is gone.
		if err := t.lockJob(ctx, jobID); err != nil {
			return err
		}
		before, err := t.jobByID(ctx, jobID)
		if err != nil {
			return err
		}
		if err := checkRenewed(before, renewed.Job); err != nil {
			return err
		}
		credentials, unreadable := s.credentials(ctx, t.session, jobID)
		if unreadable != nil {
			credentials = nil // nobody can use them any more
		}
		if _, err := t.exec(ctx, `delete from jobs where id = $1`, jobID); err != nil {
			return err
		}
		if err := t.insertJob(ctx, renewed.Job); err != nil {
			return err
		}
		if err := t.putSchema(ctx, renewed.Job.ID, renewed.Schema); err != nil {
			return err
		}
		if err := s.putCredentials(ctx, t, renewed.Job.ID, credentials); err != nil {
			return err
		}
		return t.appendAudits(ctx, renewed.Audits)
	})
}

func checkRenewed(before, renewed provisioning.Job) error {
	switch {
	case renewed.ID == "" || renewed.ID == before.ID:
		return errorf(store.ErrInvalid, "the job that takes the place of %s needs an id of its own", before.ID)
	case renewed.ApplicationID != before.ApplicationID:
		return errorf(store.ErrInvalid, "the job %s is that of application %q", renewed.ID, renewed.ApplicationID)
	}
	return checkText("job", renewed.ID, renewed.TemplateID)
}
