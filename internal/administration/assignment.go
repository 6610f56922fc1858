package administration

import (
	"context"
	"errors"
	"fmt"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/store"
)

// NewAssignment is an assignment to be made.
type NewAssignment struct {
	PrincipalType string // "User" or "Group"
	Principal     string // id, user principal name or group display name
	Role          string // id or display name; empty for default access

	// DefaultAccess allows default access also where the application needs a role: such
	// an assignment provisions nobody.
	DefaultAccess bool
}

func (n NewAssignment) request(app Application) directory.AssignmentRequest {
	return directory.AssignmentRequest{Application: app.ID, PrincipalType: n.PrincipalType, Principal: n.Principal, Role: n.Role}
}

// isDefault reports whether a role as it is given means default access.
func isDefault(role string) bool { return role == "" || role == directory.DefaultAccess }

// DefaultAccessRefused returns why default access is refused, nil where the application
// needs no role.
func (s *Service) DefaultAccessRefused(app Application) error {
	if !s.needsRole(app.Application) {
		return nil
	}
	return refuse(RoleRequired, "role", "whoever is assigned to %s with default access is skipped: there, an account needs a role", app.DisplayName).
		advising("Select one of its roles.")
}

// needsRole reports whether default access is not enough for an account. Of a template that
// there is none of nothing is known.
func (s *Service) needsRole(app directory.Application) bool {
	template, err := s.Runner.Gallery.Find(app.TemplateID)
	return err == nil && template.Descriptor.Capabilities.RequiresRole
}

// Assign gives a user, or the members of a group, an application in a role. Nothing
// happens in the target until the next cycle. Added is false when the assignment was
// there. An unknown user or group is a Refusal with the code UnknownPrincipal, an
// unknown role one with UnknownRole.
func (a Acts) Assign(ctx context.Context, app Application, wanted NewAssignment) (assignment directory.Assignment, added bool, err error) {
	if isDefault(wanted.Role) && !wanted.DefaultAccess {
		if err := a.DefaultAccessRefused(app); err != nil {
			return assignment, false, err
		}
	}
	if err := a.knows(ctx, wanted); err != nil {
		return assignment, false, err
	}
	names, err := a.parties(ctx, app, wanted)
	if err != nil {
		return assignment, false, err
	}
	err = a.Store.Edit(ctx, "assign "+wanted.Principal, func(e store.Editor) error {
		assignment, added, err = e.AddAssignment(ctx, wanted.request(app))
		if err != nil {
			return err
		}
		return e.Audit(ctx, a.Record(ActivityAssign, app.DisplayName, names.detail(wanted)))
	})
	if errors.Is(err, store.ErrNotFound) {
		err = unknownRole(app, wanted.Role, err)
	}
	return assignment, added, err
}

func unknownRole(app Application, role string, cause error) error {
	refusal := refuse(UnknownRole, "role", "%s has no role %q", app.DisplayName, role).advising("Import the roles of the application to see what there is.")
	refusal.Err = cause
	return refusal
}

// knows refuses a user or group that is not in the directory.
func (s *Service) knows(ctx context.Context, wanted NewAssignment) error {
	var err error
	kind := "user"
	if wanted.PrincipalType == "Group" {
		kind = "group"
		_, err = s.Store.Group(ctx, wanted.Principal)
	} else {
		_, err = s.Store.User(ctx, wanted.Principal)
	}
	if errors.Is(err, store.ErrNotFound) {
		refusal := refuse(UnknownPrincipal, "principal", "there is no %s %q in the directory", kind, wanted.Principal)
		refusal.Err = err
		return refusal
	}
	return err
}

// Unassign ends the assignments of a user or group to an application, with a role only
// those in it, and returns how many there were. Whoever has no other one loses the
// account with the next cycle. None at all is a Refusal.
func (a Acts) Unassign(ctx context.Context, app Application, ended NewAssignment) (int, error) {
	if err := a.knows(ctx, ended); err != nil {
		return 0, err
	}
	names, err := a.parties(ctx, app, ended)
	if err != nil {
		return 0, err
	}
	detail, count := names.principals[ended.Principal], 0
	if ended.Role != "" {
		detail = names.detail(ended)
	}
	err = a.Store.Edit(ctx, "unassign "+ended.Principal+" from "+app.DisplayName, func(e store.Editor) (err error) {
		if count, err = e.Unassign(ctx, ended.request(app)); err != nil || count == 0 {
			return err
		}
		return e.Audit(ctx, a.Record(ActivityUnassign, app.DisplayName, detail))
	})
	if err != nil {
		return 0, err
	}
	if count == 0 {
		in := ""
		if ended.Role != "" {
			in = fmt.Sprintf(" as %q", ended.Role)
		}
		return 0, refuse(NotAssigned, "", "%s is not assigned to %s%s", ended.Principal, app.DisplayName, in)
	}
	return count, nil
}

// RemoveAssignments ends assignments of an application by their ids, all or none of
// them. One that is not there is store.ErrNotFound, as is one of another application.
func (a Acts) RemoveAssignments(ctx context.Context, app Application, ids ...string) error {
	assignments, err := a.assignments(ctx, app, ids)
	if err != nil {
		return err
	}
	names, err := a.parties(ctx, app, allAssignedBy(assignments)...)
	if err != nil {
		return err
	}
	return a.Store.Edit(ctx, "end assignments", func(e store.Editor) error {
		for _, assignment := range assignments {
			if err := e.RemoveAssignment(ctx, assignment.ID); err != nil {
				return err
			}
			if err := e.Audit(ctx, a.Record(ActivityUnassign, app.DisplayName, names.detail(assignedBy(assignment)))); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Service) assignments(ctx context.Context, app Application, ids []string) ([]directory.Assignment, error) {
	found := make([]directory.Assignment, len(ids))
	for i, id := range ids {
		assignment, err := s.Store.Assignment(ctx, id)
		if err == nil && assignment.ApplicationID != app.ID {
			err = fmt.Errorf("assignment %s of %s: %w", id, app.DisplayName, store.ErrNotFound)
		}
		if err != nil {
			return nil, err
		}
		found[i] = assignment
	}
	return found, nil
}

// ChangeRole gives the principals of assignments another role, in one transaction:
// nobody is without an assignment in between. Somebody who has the role already keeps
// one assignment in it.
func (a Acts) ChangeRole(ctx context.Context, app Application, role string, ids ...string) error {
	if isDefault(role) {
		if err := a.DefaultAccessRefused(app); err != nil {
			return err
		}
	}
	assignments, err := a.assignments(ctx, app, ids)
	if err != nil {
		return err
	}
	names, err := a.parties(ctx, app, allAssignedBy(assignments)...)
	if err != nil {
		return err
	}
	err = a.Store.Edit(ctx, "change the role of assignments", func(e store.Editor) error {
		for _, assignment := range assignments {
			wanted := NewAssignment{PrincipalType: assignment.PrincipalType, Principal: assignment.PrincipalID, Role: role}
			added, _, err := e.AddAssignment(ctx, wanted.request(app))
			if err == nil && added.ID != assignment.ID {
				err = e.RemoveAssignment(ctx, assignment.ID)
			}
			if err != nil {
				return err
			}
			detail := names.detail(wanted) + ", before role " + names.role(assignment.AppRoleID)
			if err := e.Audit(ctx, a.Record("Update app role assignment", app.DisplayName, detail)); err != nil {
				return err
			}
		}
		return nil
	})
	if errors.Is(err, store.ErrNotFound) {
		err = unknownRole(app, role, err)
	}
	return err
}
