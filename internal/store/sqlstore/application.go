package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"iter"
	"slices"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/provisioning"
)

const applicationColumns = `id, object_id, app_id, template_id, display_name, created_at`

// AddApplication keeps a new application; see store.Applications.
func (s *Store) AddApplication(ctx context.Context, application directory.Application, job provisioning.Job, schema mapping.Schema, audits ...journal.Audit) error {
	return s.database.write(ctx, "add application "+application.DisplayName, func(t *tx) error {
		if err := t.addRegistration(ctx, directory.Registration{Application: application, Principal: true}, job, schema); err != nil {
			return err
		}
		return t.appendAudits(ctx, audits)
	})
}

func (t *tx) addRegistration(ctx context.Context, registration directory.Registration, job provisioning.Job, schema mapping.Schema) error {
	application := registration.Application
	if err := checkApplication(application, job); err != nil {
		return err
	}
	if err := t.checkApplicationName(ctx, application.ID, application.DisplayName); err != nil {
		return err
	}
	created := application.CreatedAt
	if created.IsZero() {
		created = now()
	}
	if _, err := t.exec(ctx, `insert into applications (id, object_id, app_id, template_id, display_name, display_name_key, created_at, principal,
		attributes, principal_attributes) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`, application.ID, application.ObjectID, application.AppID,
		application.TemplateID, application.DisplayName, key(application.DisplayName), micros(created), registration.Principal,
		cmp.Or(registration.Details, "{}"), cmp.Or(registration.PrincipalDetails, "{}")); err != nil {
		return err
	}
	if err := t.insertJob(ctx, job); err != nil {
		return err
	}
	if err := t.putSchema(ctx, job.ID, schema); err != nil {
		return err
	}
	return t.touchApplication(ctx, application)
}

// touchApplication notes a change of an application for those who follow the
// directory. Both of its ids are noted, because one day it is gone.
func (t *tx) touchApplication(ctx context.Context, a directory.Application) error {
	return t.touch(ctx, change{kind: applicationObjectChange, objectID: a.ID, relatedID: a.ObjectID})
}

func checkApplication(application directory.Application, job provisioning.Job) error {
	if slices.Contains([]string{application.ID, application.ObjectID, application.AppID, application.DisplayName, job.ID}, "") {
		return errorf(store.ErrInvalid, "an application needs an id, an object id, an app id, a display name, and a job with an id")
	}
	if job.ApplicationID != application.ID {
		return errorf(store.ErrInvalid, "the job %s is that of application %q", job.ID, job.ApplicationID)
	}
	return checkText("application", application.ID, application.ObjectID, application.AppID, application.TemplateID, application.DisplayName,
		job.ID, job.TemplateID)
}

// checkApplicationName checks that no other application has the name.
func (t *tx) checkApplicationName(ctx context.Context, id, name string) error {
	count, err := t.count(ctx, `select count(*) from applications where display_name_key = $1 and id <> $2`, key(name), id)
	if err == nil && count > 0 {
		return errorf(store.ErrConflict, "there is an application %q", name)
	}
	return err
}

// applications runs a query of applicationColumns.
func (s session) applications(ctx context.Context, text string, arguments ...any) ([]directory.Application, error) {
	var applications []directory.Application
	err := s.each(ctx, func(rows *sql.Rows) error {
		var (
			a         directory.Application
			createdAt int64
		)
		err := rows.Scan(&a.ID, &a.ObjectID, &a.AppID, &a.TemplateID, &a.DisplayName, &createdAt)
		a.CreatedAt = moment(createdAt)
		applications = append(applications, a)
		return err
	}, text, arguments...)
	return applications, err
}

// application finds an application by one of its ids or its display name.
func (s session) application(ctx context.Context, idOrName string) (directory.Application, error) {
	if err := checkText("application", idOrName); err != nil {
		return directory.Application{}, errors.Join(notFound("application", idOrName), err)
	}
	for _, text := range []string{
		`select ` + applicationColumns + ` from applications where id = $1`,
		`select ` + applicationColumns + ` from applications where app_id = $1 or object_id = $1`,
		`select ` + applicationColumns + ` from applications where display_name_key = $1`,
	} {
		found, err := s.applications(ctx, text, key(idOrName))
		if err == nil && len(found) == 0 {
			found, err = s.applications(ctx, text, idOrName)
		}
		if err != nil {
			return directory.Application{}, err
		}
		if len(found) > 0 {
			return found[0], nil
		}
	}
	return directory.Application{}, notFound("application", idOrName)
}

// Application returns an application; see store.Applications. The object id finds
// it as well.
func (s *Store) Application(ctx context.Context, idOrName string) (directory.Application, error) {
	return s.database.queries().application(ctx, idOrName)
}

// Applications yields all applications; see store.Applications.
func (s *Store) Applications(ctx context.Context) iter.Seq2[directory.Application, error] {
	return pages("list applications", func(last directory.Application, _ bool, limit int) ([]directory.Application, error) {
		return s.database.queries().applications(ctx, `select `+applicationColumns+` from applications
			where display_name_key > $1 order by display_name_key limit $2`, key(last.DisplayName), int64(limit))
	})
}

// RemoveApplication removes an application with all that belongs to it; see
// store.Applications.
func (s *Store) RemoveApplication(ctx context.Context, id string, audits ...journal.Audit) error {
	return s.database.write(ctx, "remove application "+id, func(t *tx) error {
		if err := t.removeApplication(ctx, id); err != nil {
			return err
		}
		return t.appendAudits(ctx, audits)
	})
}

func (t *tx) removeApplication(ctx context.Context, id string) error {
	application, err := t.application(ctx, id)
	if err != nil {
		return err
	}
	// A cycle that commits a batch holds the lock on the fence; it is waited for here.
	if _, err := t.exec(ctx, `update fences set fence = fence + 1
		where job_id in (select id from jobs where application_id = $1)`, application.ID); err != nil {
		return err
	}
	if err := t.touchOwned(ctx, application.ID, "ServicePrincipal"); err != nil {
		return err
	}
	if _, err := t.exec(ctx, `delete from owners where object_id in list($1) or owner_id = $2`,
		[]string{application.ID, application.ObjectID}, application.ID); err != nil {
		return err
	}
	if _, err := t.endAssignments(ctx, `application_id = $1`, application.ID); err != nil {
		return err
	}
	if _, err := t.exec(ctx, `delete from applications where id = $1`, application.ID); err != nil {
		return err
	}
	return t.touchApplication(ctx, application)
}

const roleColumns = `id, application_id, display_name, value, description, enabled, target_id, license`

// roles runs a query of roleColumns.
func (s session) roles(ctx context.Context, text string, arguments ...any) ([]directory.AppRole, error) {
	var roles []directory.AppRole
	err := s.each(ctx, func(rows *sql.Rows) error {
		var r directory.AppRole
		err := rows.Scan(&r.ID, &r.ApplicationID, &r.DisplayName, &r.Value, &r.Description, &r.Enabled, &r.TargetID, &r.License)
		roles = append(roles, r)
		return err
	}, text, arguments...)
	return roles, err
}

// Roles returns the roles of an application; see store.Applications.
func (s *Store) Roles(ctx context.Context, applicationID string) ([]directory.AppRole, error) {
	return s.database.queries().applicationRoles(ctx, applicationID)
}

func (s session) applicationRoles(ctx context.Context, applicationID string) ([]directory.AppRole, error) {
	return s.roles(ctx, `select `+roleColumns+` from app_roles where application_id = $1 order by display_name_key, id`, applicationID)
}
