package sqlstore

import (
	"context"
	"database/sql"
	"iter"
	"strings"

	"github.com/google/uuid"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/store"
)

const assignmentColumns = `id, application_id, principal_id, principal_type, app_role_id, created_at`

// defaultAccessName is what the role without a role is called.
const defaultAccessName = "Default Access"

func defaultAccess(applicationID string) directory.AppRole {
	return directory.AppRole{ID: directory.DefaultAccess, ApplicationID: applicationID, DisplayName: defaultAccessName, Enabled: true}
}

// assignments runs a query of assignmentColumns.
func (s session) assignments(ctx context.Context, text string, arguments ...any) ([]directory.Assignment, error) {
	var assignments []directory.Assignment
	err := s.each(ctx, func(rows *sql.Rows) error {
		var (
			a         directory.Assignment
			createdAt int64
		)
		err := rows.Scan(&a.ID, &a.ApplicationID, &a.PrincipalID, &a.PrincipalType, &a.AppRoleID, &createdAt)
		a.CreatedAt = moment(createdAt)
		assignments = append(assignments, a)
		return err
	}, text, arguments...)
	return assignments, err
}

// resolver finds what assignment requests name. It remembers applications and their
// roles, of which an import names the same over and over.
type resolver struct {
	session
	applications map[string]directory.Application
	roles        map[string][]directory.AppRole
}

func newResolver(s session) *resolver {
	return &resolver{session: s, applications: map[string]directory.Application{}, roles: map[string][]directory.AppRole{}}
}

// resolve returns the assignment that a request names, without id and moment. It
// has no role id when the request names no role, which on removal means any.
func (r *resolver) resolve(ctx context.Context, request directory.AssignmentRequest) (directory.Assignment, error) {
	application, ok := r.applications[request.Application]
	if !ok {
		found, err := r.application(ctx, request.Application)
		if err != nil {
			return directory.Assignment{}, err
		}
		application = found
		r.applications[request.Application] = found
	}
	assignment := directory.Assignment{ApplicationID: application.ID}
	var err error
	if assignment.PrincipalType, assignment.PrincipalID, err = r.principal(ctx, request.PrincipalType, request.Principal); err != nil {
		return assignment, err
	}
	if request.Role == "" {
		return assignment, nil
	}
	roles, ok := r.roles[application.ID]
	if !ok {
		if roles, err = r.applicationRoles(ctx, application.ID); err != nil {
			return assignment, err
		}
		r.roles[application.ID] = roles
	}
	assignment.AppRoleID, err = chooseRole(roles, request.Role)
	return assignment, err
}

// chooseRole finds a role by id or display name. Among roles of one name those that
// are enabled count.
func chooseRole(roles []directory.AppRole, idOrName string) (string, error) {
	if idOrName == directory.DefaultAccess || strings.EqualFold(idOrName, defaultAccessName) {
		return directory.DefaultAccess, nil
	}
	var enabled, disabled []directory.AppRole
	for _, role := range roles {
		switch {
		case role.ID == idOrName:
			return role.ID, nil
		case key(role.DisplayName) != key(idOrName):
		case role.Enabled:
			enabled = append(enabled, role)
		default:
			disabled = append(disabled, role)
		}
	}
	if len(enabled) == 0 {
		enabled = disabled
	}
	switch len(enabled) {
	case 0:
		return "", notFound("role", idOrName)
	case 1:
		return enabled[0].ID, nil
	}
	return "", errorf(store.ErrConflict, "%d roles are named %q, give the id of the one", len(enabled), idOrName)
}

// assign adds an assignment; created says whether it is new.
func (t *tx) assign(ctx context.Context, r *resolver, request directory.AssignmentRequest) (assignment directory.Assignment, created bool, err error) {
	if assignment, err = r.resolve(ctx, request); err != nil {
		return assignment, false, err
	}
	if assignment.AppRoleID == "" {
		assignment.AppRoleID = directory.DefaultAccess
	}
	if assignment.PrincipalType == "Group" {
		group, err := t.group(ctx, assignment.PrincipalID)
		if err != nil {
			return assignment, false, err
		}
		if !group.SecurityEnabled {
			return assignment, false, errorf(store.ErrInvalid, "group %q is no security group, and only those can be assigned", group.DisplayName)
		}
	}
	id, err := uuid.NewV7()
	if err != nil {
		return assignment, false, err
	}
	assignment.ID, assignment.CreatedAt = id.String(), now()
	count, err := t.exec(ctx, `insert into assignments (id, application_id, principal_id, principal_type, app_role_id, created_at, since, begun_by)
		values ($1, $2, $3, $4, $5, $6, $6, $7) on conflict (application_id, principal_id, app_role_id) do nothing`, assignment.ID, assignment.ApplicationID,
		assignment.PrincipalID, assignment.PrincipalType, assignment.AppRoleID, micros(assignment.CreatedAt), clean(t.actor))
	switch {
	case err != nil:
		return assignment, false, err
	case count == 0:
		known, err := t.assignments(ctx, `select `+assignmentColumns+` from assignments
			where application_id = $1 and principal_id = $2 and app_role_id = $3`, assignment.ApplicationID, assignment.PrincipalID, assignment.AppRoleID)
		if err != nil || len(known) == 0 {
			return assignment, false, err
		}
		return known[0], false, nil
	}
	t.beganAssignment(assignment.ID)
	return assignment, true, t.touchAssignment(ctx, assignment)
}

// touchAssignment notes that an assignment began or ended.
func (t *tx) touchAssignment(ctx context.Context, a directory.Assignment) error {
	c := change{kind: assignmentChange, applicationID: a.ApplicationID}
	if a.PrincipalType == "Group" {
		c.groupID = a.PrincipalID
	} else {
		c.userID = a.PrincipalID
	}
	return t.touch(ctx, c)
}

// unassign removes assignments and returns those that there were.
func (t *tx) unassign(ctx context.Context, r *resolver, request directory.AssignmentRequest) ([]directory.Assignment, error) {
	assignment, err := r.resolve(ctx, request)
	if err != nil {
		return nil, err
	}
	condition, arguments := `application_id = $1 and principal_id = $2`, []any{assignment.ApplicationID, assignment.PrincipalID}
	if assignment.AppRoleID != "" {
		condition, arguments = condition+` and app_role_id = $3`, append(arguments, assignment.AppRoleID)
	}
	gone, err := t.endAssignments(ctx, condition, arguments...)
	if err != nil || len(gone) == 0 {
		return nil, err
	}
	return gone, t.touchAssignment(ctx, assignment)
}

// Assign adds an assignment; see store.Assignments.
func (s *Store) Assign(ctx context.Context, request directory.AssignmentRequest) (directory.Assignment, error) {
	var assignment directory.Assignment
	err := s.database.write(ctx, "assign "+request.Principal+" to "+request.Application, func(t *tx) error {
		var err error
		assignment, _, err = t.assign(ctx, newResolver(t.session), request)
		return err
	})
	return assignment, err
}

// Unassign removes assignments; see store.Assignments.
func (s *Store) Unassign(ctx context.Context, request directory.AssignmentRequest) (int, error) {
	count := 0
	err := s.database.write(ctx, "unassign "+request.Principal+" from "+request.Application, func(t *tx) error {
		gone, err := t.unassign(ctx, newResolver(t.session), request)
		count = len(gone)
		return err
	})
	return count, err
}

// Assignments yields the assignments of an application; see store.Assignments.
func (s *Store) Assignments(ctx context.Context, applicationID string) iter.Seq2[directory.Assignment, error] {
	return pages("list assignments", func(last directory.Assignment, _ bool, limit int) ([]directory.Assignment, error) {
		return s.database.queries().assignments(ctx, `select `+assignmentColumns+` from assignments
			where application_id = $1 and id > $2 order by id limit $3`, applicationID, last.ID, int64(limit))
	})
}
