package sqlstore

import (
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/provisioning"
)

const jobColumns = `j.id, j.application_id, j.template_id, j.draft, j.schedule_interval_nanoseconds, j.schedule_state, j.settings, j.status, j.watermark, f.fence`

// job runs a query of jobColumns that has one row or none.
func (s session) job(ctx context.Context, text string, arguments ...any) (job provisioning.Job, found bool, err error) {
	var (
		interval         int64
		settings, status string
	)
	found, err = s.one(ctx, []any{
		&job.ID, &job.ApplicationID, &job.TemplateID, &job.Draft, &interval, &job.Schedule.State, &settings, &status, &job.Watermark, &job.Fence,
	}, text, arguments...)
	if err != nil || !found {
		return job, false, err
	}
	job.Schedule.Interval = time.Duration(interval)
	if err := decodeJSON("the job's settings", settings, &job.Settings); err != nil {
		return job, false, err
	}
	return job, true, decodeJSON("the job's status", status, &job.Status)
}

func (s session) jobByID(ctx context.Context, id string) (provisioning.Job, error) {
	job, found, err := s.job(ctx, `select `+jobColumns+` from jobs j join fences f on f.job_id = j.id where j.id = $1`, id)
	if err == nil && !found {
		err = notFound("job", id)
	}
	return job, err
}

func jobTexts(job provisioning.Job) (settings, status string, err error) {
	if settings, err = encodeJSON("the job's settings", job.Settings); err != nil {
		return "", "", err
	}
	status, err = encodeJSON("the job's status", job.Status)
	return settings, status, err
}

func (t *tx) insertJob(ctx context.Context, job provisioning.Job) error {
	settings, status, err := jobTexts(job)
	if err != nil {
		return err
	}
	if _, err := t.exec(ctx, `insert into jobs
		(id, application_id, template_id, draft, schedule_interval_nanoseconds, schedule_state, settings, status, watermark)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, job.ID, job.ApplicationID, job.TemplateID, job.Draft, int64(job.Schedule.Interval),
		string(job.Schedule.State), settings, clean(status), int64(job.Watermark)); err != nil {
		return err
	}
	_, err = t.exec(ctx, `insert into fences (job_id, fence, restarts, begun_restarts) values ($1, $2, 0, 0)`, job.ID, job.Fence)
	return err
}

// Job returns the job of an application; see store.Jobs.
func (s *Store) Job(ctx context.Context, applicationID string) (provisioning.Job, error) {
	job, found, err := s.database.queries().job(ctx,
		`select `+jobColumns+` from jobs j join fences f on f.job_id = j.id where j.application_id = $1`, applicationID)
	if err == nil && !found {
		err = notFound("job of application", applicationID)
	}
	return job, err
}

// UpdateJob changes a job; see store.Jobs. Its ids and its fence stay as they are. A
// cycle that is under way while the job is told to begin anew does not undo that
// when it ends.
func (s *Store) UpdateJob(ctx context.Context, jobID string, update func(provisioning.Job) (provisioning.Job, error)) error {
	return s.database.write(ctx, "update job "+jobID, func(t *tx) error {
		if err := t.lockJob(ctx, jobID); err != nil {
			return err
		}
		before, err := t.jobByID(ctx, jobID)
		if err != nil {
			return err
		}
		after, err := update(before)
		if err != nil {
			return err
		}
		return t.updateJob(ctx, before, after)
	})
}

// updateJob writes what an administrator changed of a job.
func (t *tx) updateJob(ctx context.Context, before, after provisioning.Job) error {
	if err := after.Settings.Leaving.Check(); err != nil {
		return errorf(store.ErrInvalid, "%s", err.Error())
	}
	anew := before.Settings.NeedsFullCycle(after.Settings)
	if anew {
		after.Status = after.Status.Anew().Hastened()
	}
	if anew || before.Status.InitialDone && !after.Status.InitialDone || after.Watermark < before.Watermark {
		if err := t.countRestart(ctx, before.ID); err != nil {
			return err
		}
		after.Status.Resume = provisioning.Resume{}
	}
	settings, status, err := jobTexts(after)
	if err != nil {
		return err
	}
	_, err = t.exec(ctx, `update jobs set draft = $1, schedule_interval_nanoseconds = $2, schedule_state = $3, settings = $4, status = $5, watermark = $6
		where id = $7`, after.Draft, int64(after.Schedule.Interval), string(after.Schedule.State), settings, status, int64(after.Watermark), before.ID)
	return err
}

// lockJob makes others who want to change the job, and cycles that want to commit,
// wait until the transaction ends.
func (t *tx) lockJob(ctx context.Context, jobID string) error {
	count, err := t.exec(ctx, `update fences set fence = fence where job_id = $1`, jobID)
	if err == nil && count == 0 {
		err = notFound("job", jobID)
	}
	return err
}

func (t *tx) countRestart(ctx context.Context, jobID string) error {
	_, err := t.exec(ctx, `update fences set restarts = restarts + 1 where job_id = $1`, jobID)
	return err
}

// Schema returns a job's schema; see store.Jobs.
func (s *Store) Schema(ctx context.Context, jobID string) (mapping.Schema, error) {
	return s.database.queries().schema(ctx, jobID)
}

func (s session) schema(ctx context.Context, jobID string) (mapping.Schema, error) {
	var content string
	found, err := s.one(ctx, []any{&content}, `select content from schemas where job_id = $1`, jobID)
	switch {
	case err != nil:
		return mapping.Schema{}, err
	case !found:
		return mapping.Schema{}, notFound("schema of job", jobID)
	}
	return mapping.Parse([]byte(content))
}

// PutSchema replaces a job's schema, and makes the next cycle an initial one; see
// store.Jobs. A cycle that is under way goes on with the schema that it has.
func (s *Store) PutSchema(ctx context.Context, jobID string, schema mapping.Schema) error {
	return s.database.write(ctx, "put schema of job "+jobID, func(t *tx) error {
		if err := t.lockJob(ctx, jobID); err != nil {
			return err
		}
		if err := t.countRestart(ctx, jobID); err != nil {
			return err
		}
		job, err := t.jobByID(ctx, jobID)
		if err != nil {
			return err
		}
		job.Status = job.Status.Anew().Hastened()
		if err := t.putStatus(ctx, job); err != nil {
			return err
		}
		return t.putSchema(ctx, jobID, schema)
	})
}

func (t *tx) putStatus(ctx context.Context, job provisioning.Job) error {
	status, err := encodeJSON("the job's status", job.Status)
	if err != nil {
		return err
	}
	_, err = t.exec(ctx, `update jobs set status = $1, watermark = $2 where id = $3`, status, int64(job.Watermark), job.ID)
	return err
}

func (t *tx) putSchema(ctx context.Context, jobID string, schema mapping.Schema) error {
	content, err := encodeJSON("synchronization schema", schema)
	if err != nil {
		return err
	}
	_, err = t.exec(ctx, `insert into schemas (job_id, content) values ($1, $2)
		on conflict (job_id) do update set content = excluded.content`, jobID, clean(content))
	return err
}

// errNoSealer says that the store was opened without a key.
var errNoSealer = errors.New("no key for secrets is configured")

// credentialContext binds a sealed value to its place: moved to another job or
// setting it does not open.
func credentialContext(jobID, name string) []byte {
	return []byte("credential\x00" + strconv.Itoa(len(jobID)) + "\x00" + jobID + "\x00" + name)
}

type sealedRow struct{ name, sealed string }

// Credentials returns a job's credentials; see store.Jobs.
func (s *Store) Credentials(ctx context.Context, jobID string) (provisioning.Credentials, error) {
	session := s.database.queries()
	count, err := session.count(ctx, `select count(*) from jobs where id = $1`, jobID)
	switch {
	case err != nil:
		return nil, err
	case count == 0:
		return nil, notFound("job", jobID)
	}
	return s.credentials(ctx, session, jobID)
}

func (s *Store) credentials(ctx context.Context, session session, jobID string) (provisioning.Credentials, error) {
	var rows []sealedRow
	err := session.each(ctx, func(r *sql.Rows) error {
		var row sealedRow
		err := r.Scan(&row.name, &row.sealed)
		rows = append(rows, row)
		return err
	}, `select name, sealed from credentials where job_id = $1 order by position`, jobID)
	if err != nil {
		return nil, err
	}
	credentials := make(provisioning.Credentials, 0, len(rows))
	for _, row := range rows {
		plain, err := s.unseal(jobID, row.name, row.sealed)
		if err != nil {
			return nil, fmt.Errorf("open the %s of job %s: %w", row.name, jobID, err)
		}
		credentials = append(credentials, provisioning.Credential{Key: row.name, Value: provisioning.NewSecret(plain)})
	}
	return credentials, nil
}

func (s *Store) unseal(jobID, name, sealed string) (string, error) {
	if s.sealer == nil {
		return "", errNoSealer
	}
	data, err := base64.StdEncoding.DecodeString(sealed)
	if err != nil {
		return "", err
	}
	plain, err := s.sealer.Open(data, credentialContext(jobID, name))
	return string(plain), err
}

// PutCredentials replaces a job's credentials; see store.Jobs.
func (s *Store) PutCredentials(ctx context.Context, jobID string, credentials provisioning.Credentials) error {
	return s.database.write(ctx, "put credentials of job "+jobID, func(t *tx) error {
		if err := t.lockJob(ctx, jobID); err != nil {
			return err
		}
		return s.putCredentials(ctx, t, jobID, credentials)
	})
}

func (s *Store) putCredentials(ctx context.Context, t *tx, jobID string, credentials provisioning.Credentials) error {
	if _, err := t.exec(ctx, `delete from credentials where job_id = $1`, jobID); err != nil {
		return err
	}
	for i, credential := range credentials {
		if s.sealer == nil {
			return errNoSealer
		}
		sealed, err := s.sealer.Seal([]byte(credential.Value.Reveal()), credentialContext(jobID, credential.Key))
		if err != nil {
			return fmt.Errorf("seal the %s: %w", credential.Key, err)
		}
		if _, err := t.exec(ctx, `insert into credentials (job_id, position, name, sealed) values ($1, $2, $3, $4)`,
			jobID, int64(i), credential.Key, base64.StdEncoding.EncodeToString(sealed)); err != nil {
			return err
		}
	}
	return nil
}
