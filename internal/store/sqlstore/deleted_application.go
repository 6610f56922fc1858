package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/provisioning"
)

// shelved is what is kept of a deleted application.
type shelved struct {
	Registration directory.Registration        `json:"registration"`
	Roles        []directory.AppRole           `json:"roles"`
	Assignments  []directory.Assignment        `json:"assignments"`
	Owners       map[string][]directory.Owner  `json:"owners"` // by the id of what they own
	Extensions   []directory.ExtensionProperty `json:"extensions"`
	Job          provisioning.Job              `json:"job"`
	Schema       mapping.Schema                `json:"schema"`
	Default      *mapping.Schema               `json:"default,omitempty"`
}

// DeleteApplication implements store.DeletedApplicationEditor.
func (e editor) DeleteApplication(ctx context.Context, id string) error {
	registration, err := e.tx.registration(ctx, id)
	if err != nil {
		return err
	}
	kept, err := e.tx.shelve(ctx, registration)
	if err != nil {
		return err
	}
	content, err := encodeJSON("deleted application", kept)
	if err != nil {
		return err
	}
	if _, err := e.tx.exec(ctx, `insert into deleted_applications (object_id, id, deleted_at, content) values ($1, $2, $3, $4)`,
		registration.ObjectID, registration.ID, micros(now()), clean(content)); err != nil {
		return err
	}
	return e.tx.removeApplication(ctx, registration.ID)
}

func (t *tx) shelve(ctx context.Context, registration directory.Registration) (kept shelved, err error) {
	id := registration.ID
	kept.Registration, kept.Owners = registration, map[string][]directory.Owner{}
	if kept.Roles, err = t.applicationRoles(ctx, id); err != nil {
		return kept, err
	}
	if kept.Assignments, err = t.assignments(ctx, `select `+assignmentColumns+` from assignments where application_id = $1 order by id`, id); err != nil {
		return kept, err
	}
	for _, owned := range []string{id, registration.ObjectID} {
		if kept.Owners[owned], err = t.owners(ctx, owned); err != nil {
			return kept, err
		}
	}
	if kept.Extensions, err = t.extensions(ctx, id); err != nil {
		return kept, err
	}
	var found bool
	kept.Job, found, err = t.job(ctx, `select `+jobColumns+` from jobs j join fences f on f.job_id = j.id where j.application_id = $1`, id)
	if err == nil && !found {
		err = notFound("job of application", id)
	}
	if err != nil {
		return kept, err
	}
	if kept.Schema, err = t.schema(ctx, kept.Job.ID); err != nil {
		return kept, err
	}
	kept.Default, err = t.defaultSchema(ctx, id)
	return kept, err
}

// RestoreApplication implements store.DeletedApplicationEditor.
func (e editor) RestoreApplication(ctx context.Context, objectID string) (directory.Registration, error) {
	_, kept, err := e.tx.deletedApplication(ctx, objectID)
	if err != nil {
		return directory.Registration{}, err
	}
	return kept.Registration, errors.Join(e.restore(ctx, kept), e.PurgeApplication(ctx, objectID))
}

func (e editor) restore(ctx context.Context, kept shelved) error {
	id := kept.Registration.ID
	if err := e.tx.addRegistration(ctx, kept.Registration, unused(kept.Job), kept.Schema); err != nil {
		return err
	}
	if err := e.tx.putDefaultSchema(ctx, id, kept.Default); err != nil {
		return err
	}
	for _, role := range kept.Roles {
		if err := e.PutRole(ctx, role); err != nil {
			return err
		}
	}
	for _, x := range kept.Extensions {
		if err := e.AddExtension(ctx, x); err != nil {
			return err
		}
	}
	for _, assignment := range kept.Assignments {
		if err := e.reassign(ctx, assignment); err != nil {
			return err
		}
	}
	for owned, owners := range kept.Owners {
		for _, owner := range owners {
			if _, err := e.AddOwner(ctx, owned, owner); err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
		}
	}
	return nil
}

// unused returns a job with its settings that knows nothing of its past.
func unused(job provisioning.Job) provisioning.Job {
	fresh := provisioning.Job{
		ID: job.ID, ApplicationID: job.ApplicationID, TemplateID: job.TemplateID, Draft: job.Draft, Schedule: job.Schedule, Settings: job.Settings,
		Status: provisioning.Status{Code: provisioning.NotConfigured},
	}
	fresh.Schedule.State = provisioning.ScheduleDisabled
	return fresh
}

// reassign restores an assignment, if there still is whom it is for.
func (e editor) reassign(ctx context.Context, a directory.Assignment) error {
	table := "users"
	if a.PrincipalType == "Group" {
		table = "groups"
	}
	count, err := e.tx.exec(ctx, `insert into assignments (id, application_id, principal_id, principal_type, app_role_id, created_at, since, begun_by)
		select $1, $2, id, $4, $5, $6, $7, $8 from `+table+` where id = $3`, a.ID, a.ApplicationID, a.PrincipalID, a.PrincipalType, a.AppRoleID,
		micros(a.CreatedAt), micros(now()), clean(e.tx.actor))
	if err != nil || count == 0 {
		return err
	}
	e.tx.beganAssignment(a.ID)
	return e.tx.touchAssignment(ctx, a)
}

// DeletedApplication implements store.DeletedApplicationEditor.
func (e editor) DeletedApplication(ctx context.Context, objectID string) (store.DeletedApplication, error) {
	found, _, err := e.tx.deletedApplication(ctx, objectID)
	return found, err
}

// PurgeApplication implements store.DeletedApplicationEditor.
func (e editor) PurgeApplication(ctx context.Context, objectID string) error {
	count, err := e.tx.exec(ctx, `delete from deleted_applications where object_id = $1`, clean(objectID))
	if err == nil && count == 0 {
		err = notFound("deleted application", objectID)
	}
	return err
}

// DeletedApplications returns deleted applications; see store.DeletedApplications.
func (s *Store) DeletedApplications(ctx context.Context) ([]store.DeletedApplication, error) {
	found, _, err := s.database.queries().deletedApplications(ctx, `select deleted_at, content from deleted_applications order by object_id`)
	return found, wrapped("list deleted applications", err)
}

// DeletedApplication returns a deleted application; see store.DeletedApplications.
func (s *Store) DeletedApplication(ctx context.Context, objectID string) (store.DeletedApplication, error) {
	found, _, err := s.database.queries().deletedApplication(ctx, objectID)
	return found, err
}

func (s session) deletedApplication(ctx context.Context, objectID string) (store.DeletedApplication, shelved, error) {
	found, kept, err := s.deletedApplications(ctx, `select deleted_at, content from deleted_applications where object_id in list($1)`,
		[]string{clean(objectID), strings.ToLower(clean(objectID))})
	if err == nil && len(found) == 0 {
		err = notFound("deleted application", objectID)
	}
	if err != nil {
		return store.DeletedApplication{}, shelved{}, err
	}
	return found[0], kept[0], nil
}

func (s session) deletedApplications(ctx context.Context, text string, arguments ...any) (found []store.DeletedApplication, kept []shelved, err error) {
	err = s.each(ctx, func(rows *sql.Rows) error {
		var (
			at      int64
			content string
			one     shelved
		)
		if err := rows.Scan(&at, &content); err != nil {
			return err
		}
		if err := decodeJSON("the deleted application", content, &one); err != nil {
			return err
		}
		kept = append(kept, one)
		found = append(found, store.DeletedApplication{Registration: one.Registration, Roles: one.Roles, DeletedAt: moment(at)})
		return nil
	}, text, arguments...)
	return found, kept, err
}
