package sqlstore

import (
	"context"
	"slices"

	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/mapping"
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
	if configuration.Default, err = t.defaultSchema(ctx, configuration.Job.ApplicationID); err != nil {
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
	if before.Default != after.Default {
		if err := t.putDefaultSchema(ctx, before.Job.ApplicationID, after.Default); err != nil {
			return err
		}
	}
	if slices.Equal(before.Credentials, after.Credentials) {
		return nil
	}
	return s.putCredentials(ctx, t, jobID, after.Credentials)
}

// RenewJob puts another job in the place of a job; see store.Configurations.
func (s *Store) RenewJob(ctx context.Context, jobID string, renewed store.Configuration) error {
	return s.database.write(ctx, "renew job "+jobID, func(t *tx) error {
		credentials, unreadable := s.credentials(ctx, t.session, jobID)
		if unreadable != nil {
			credentials = nil // nobody can use them any more
		}
		if err := t.replaceJob(ctx, jobID, renewed); err != nil {
			return err
		}
		return s.putCredentials(ctx, t, renewed.Job.ID, credentials)
	})
}

// ForgetJob puts a job that knows nothing in the place of a job; see
// store.Configurations.
func (s *Store) ForgetJob(ctx context.Context, jobID string, renewed store.Configuration) error {
	return s.database.write(ctx, "forget job "+jobID, func(t *tx) error {
		if err := t.replaceJob(ctx, jobID, renewed); err != nil {
			return err
		}
		return t.putDefaultSchema(ctx, renewed.Job.ApplicationID, nil)
	})
}

// replaceJob puts a job without credentials in the place of another one.
func (t *tx) replaceJob(ctx context.Context, jobID string, renewed store.Configuration) error {
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
	if _, err := t.exec(ctx, `delete from jobs where id = $1`, jobID); err != nil {
		return err
	}
	if err := t.insertJob(ctx, renewed.Job); err != nil {
		return err
	}
	if err := t.putSchema(ctx, renewed.Job.ID, renewed.Schema); err != nil {
		return err
	}
	return t.appendAudits(ctx, renewed.Audits)
}

// DefaultSchema returns what a schema goes back to; see store.Configurations.
func (s *Store) DefaultSchema(ctx context.Context, applicationID string) (*mapping.Schema, error) {
	return s.database.queries().defaultSchema(ctx, applicationID)
}

func (s session) defaultSchema(ctx context.Context, applicationID string) (*mapping.Schema, error) {
	var content string
	found, err := s.one(ctx, []any{&content}, `select content from default_schemas where application_id = $1`, applicationID)
	if err != nil || !found {
		return nil, err
	}
	schema, err := mapping.Parse([]byte(content))
	return &schema, err
}

func (t *tx) putDefaultSchema(ctx context.Context, applicationID string, schema *mapping.Schema) error {
	if schema == nil {
		_, err := t.exec(ctx, `delete from default_schemas where application_id = $1`, applicationID)
		return err
	}
	content, err := encodeJSON("default schema", *schema)
	if err != nil {
		return err
	}
	_, err = t.exec(ctx, `insert into default_schemas (application_id, content) values ($1, $2)
		on conflict (application_id) do update set content = excluded.content`, applicationID, clean(content))
	return err
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
