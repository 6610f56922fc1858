package administration

import (
	"context"
	"errors"
	"time"

	"github.com/usher-id/usher/connector"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
)

// Role is a role that people can be assigned to.
type Role struct {
	directory.AppRole

	Seats *connector.License // its licence with the seats, when the target was asked for them and the role takes one; else nil
}

// Roles returns the roles of an application as they were imported last, by name. The
// seats of their licences are not known.
func (s *Service) Roles(ctx context.Context, app Application) ([]Role, error) {
	return s.rolesWith(ctx, app, nil)
}

func (s *Service) rolesWith(ctx context.Context, app Application, seats map[string]connector.License) ([]Role, error) {
	found, err := s.Store.Roles(ctx, app.ID)
	if err != nil {
		return nil, err
	}
	roles := make([]Role, len(found))
	for i, role := range found {
		roles[i].AppRole = role
		if license, known := seats[role.TargetID]; known {
			roles[i].Seats = &license
		}
	}
	return roles, nil
}

// RolesWithSeats reads the roles of the target, which are written nowhere, and returns
// those of the application with the seats of their licences. It asks the target.
func (s *Service) RolesWithSeats(ctx context.Context, app Application) ([]Role, error) {
	seats := make(map[string]connector.License)
	err := s.Session(ctx, app.Application, func(session engine.Session) error {
		for role, err := range session.Connector.Roles(ctx) {
			if err != nil {
				return err
			}
			seats[role.ID] = role.License
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return s.rolesWith(ctx, app, seats)
}

// ImportRoles makes the roles of the application those of the target, and returns them
// with the seats of their licences. A role that was renamed there is renamed, one that
// is gone is disabled.
func (a Acts) ImportRoles(ctx context.Context, app Application) ([]Role, error) {
	seats := make(map[string]connector.License)
	err := a.Session(ctx, app.Application, func(session engine.Session) error {
		roles, _, err := a.Runner.ImportRoles(ctx, session)
		for _, role := range roles {
			seats[role.ID] = role.License
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return a.rolesWith(ctx, app, seats)
}

// rolesTimeout bounds the reading of roles on the way of another act.
const rolesTimeout = 20 * time.Second

// FirstRoles makes the roles of the target app roles as soon as it can be signed in
// to, so that people can be assigned before the job is started. Only the first time:
// every cycle does so again. That it cannot be done is no fault of the act on whose way
// it is tried: it is logged, and whoever tests the credentials is told.
func (s *Service) FirstRoles(ctx context.Context, app Application) {
	template, err := s.Template(app)
	if err != nil || !template.Descriptor.Capabilities.ImportsRoles {
		return
	}
	roles, err := s.Store.Roles(ctx, app.ID)
	if err != nil || len(roles) > 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, rolesTimeout)
	defer cancel()
	session, err := s.Runner.Open(ctx, app.ID)
	if err == nil {
		_, _, err = s.Runner.ImportRoles(ctx, session)
		err = errors.Join(err, session.Connector.Close())
	}
	if err != nil {
		s.log().InfoContext(ctx, "the roles are not imported yet", "application_id", app.ID, "error", err.Error())
	}
}
