package sqlstore

import (
	"context"
	"slices"
	"strings"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/mapping"
	"github.com/usher-id/usher/provisioning"
)

// editor is a transaction as store.Editor has it.
type editor struct{ tx *tx }

var _ store.Editor = editor{}

// Edit changes the directory in one transaction; see store.Edits.
func (s *Store) Edit(ctx context.Context, what string, edit func(e store.Editor) error) error {
	return s.database.edit(ctx, what, func(t *tx) error {
		// PostgreSQL would let two edits look before either has changed anything.
		if _, err := t.next(ctx, "edits", 0); err != nil {
			return err
		}
		return edit(editor{t})
	})
}

// Audit implements store.Editor.
func (e editor) Audit(ctx context.Context, audit journal.Audit) error {
	return e.tx.appendAudits(ctx, []journal.Audit{audit})
}

// User implements store.UserEditor.
func (e editor) User(ctx context.Context, idOrName string) (directory.User, error) {
	return e.tx.user(ctx, idOrName)
}

// PutUser implements store.UserEditor.
func (e editor) PutUser(ctx context.Context, user directory.User) error {
	return e.tx.putUser(ctx, user)
}

// RemoveUser implements store.UserEditor.
func (e editor) RemoveUser(ctx context.Context, id string) error {
	return e.tx.setDeleted(ctx, id, true)
}

// RestoreUser implements store.UserEditor.
func (e editor) RestoreUser(ctx context.Context, id string) error {
	return e.tx.setDeleted(ctx, id, false)
}

// PurgeUser implements store.UserEditor.
func (e editor) PurgeUser(ctx context.Context, id string) error { return e.tx.purgeUser(ctx, id) }

// Group implements store.GroupEditor.
func (e editor) Group(ctx context.Context, idOrName string) (directory.Group, error) {
	return e.tx.group(ctx, idOrName)
}

// PutGroup implements store.GroupEditor.
func (e editor) PutGroup(ctx context.Context, group directory.Group) error {
	return e.tx.putGroup(ctx, group)
}

// RemoveGroup implements store.GroupEditor.
func (e editor) RemoveGroup(ctx context.Context, id string) error {
	group, err := e.tx.group(ctx, id)
	if err != nil || group.Deleted() {
		return err
	}
	return e.tx.removeGroup(ctx, group.ID)
}

// PurgeGroup implements store.GroupEditor.
func (e editor) PurgeGroup(ctx context.Context, id string) error {
	group, err := e.tx.group(ctx, id)
	if err != nil {
		return err
	}
	if err := e.tx.rememberPurgedGroup(ctx, group); err != nil {
		return err
	}
	// Whom it touches is found through the memberships, so they do not just go with it.
	members, err := e.tx.endMembers(ctx, `group_id = $1 or member_id = $1`, group.ID)
	if err != nil {
		return err
	}
	for _, member := range members {
		if err := e.tx.touchMember(ctx, member); err != nil {
			return err
		}
	}
	if _, err := e.tx.endAssignments(ctx, `principal_id = $1 and principal_type = 'Group'`, group.ID); err != nil {
		return err
	}
	for _, text := range []string{
		`delete from owners where object_id = $1`,
		`delete from groups where id = $1`,
	} {
		if _, err := e.tx.exec(ctx, text, group.ID); err != nil {
			return err
		}
	}
	return e.tx.touchObject(ctx, groupObjectChange, group.ID)
}

// GroupsCalled implements store.GroupEditor.
func (e editor) GroupsCalled(ctx context.Context, uniqueName string) ([]directory.Group, error) {
	// The name stands in the JSON of the attributes; what has none is left out early.
	named, err := e.tx.groups(ctx, `select `+groupColumns+` from groups where deleted_at = 0 and attributes like '%"uniqueName"%'`)
	return slices.DeleteFunc(named, func(g directory.Group) bool {
		return key(g.Attributes.Get("uniqueName").String()) != key(uniqueName)
	}), err
}

// AddMember implements store.RelationEditor.
func (e editor) AddMember(ctx context.Context, member directory.Member) (bool, error) {
	if err := e.exists(ctx, "groups", "group", member.Group); err != nil {
		return false, err
	}
	table, what := "users", "user"
	if member.Type == "Group" {
		table, what = "groups", "group"
	}
	if err := e.exists(ctx, table, what, member.Member); err != nil {
		return false, err
	}
	return e.tx.addMember(ctx, member)
}

// exists is ErrNotFound for an id that a table does not have.
func (e editor) exists(ctx context.Context, table, what, id string) error {
	return e.found(ctx, `select count(*) from `+table+` where id = $1`, what, id)
}

// found refuses an id that a query counts none of.
func (e editor) found(ctx context.Context, query, what, id string) error {
	if err := checkText(what, id); err != nil {
		return notFound(what, id)
	}
	count, err := e.tx.count(ctx, query, id)
	if err == nil && count == 0 {
		return notFound(what, id)
	}
	return err
}

// RemoveMember implements store.RelationEditor.
func (e editor) RemoveMember(ctx context.Context, member directory.Member) (bool, error) {
	gone, err := e.tx.removeMembers(ctx, member.Group, member.Member)
	return len(gone) > 0, err
}

// AddOwner implements store.RelationEditor.
func (e editor) AddOwner(ctx context.Context, objectID string, owner directory.Owner) (bool, error) {
	query := `select count(*) from users where id = $1`
	if owner.Type == "ServicePrincipal" {
		query = `select (select count(*) from applications where id = $1) + (select count(*) from api_clients where object_id = $1)`
	}
	if err := e.found(ctx, query, "owner", owner.ID); err != nil {
		return false, err
	}
	count, err := e.tx.exec(ctx, `insert into owners (object_id, owner_id, owner_type) values ($1, $2, $3) on conflict do nothing`,
		objectID, owner.ID, owner.Type)
	if err != nil || count == 0 {
		return false, err
	}
	return true, e.tx.touchOwner(ctx, objectID, owner.ID)
}

// RemoveOwner implements store.RelationEditor.
func (e editor) RemoveOwner(ctx context.Context, objectID, ownerID string) (bool, error) {
	count, err := e.tx.exec(ctx, `delete from owners where object_id = $1 and owner_id = $2`, objectID, ownerID)
	if err != nil || count == 0 {
		return false, err
	}
	return true, e.tx.touchOwner(ctx, objectID, ownerID)
}

// Registration implements store.ApplicationEditor.
func (e editor) Registration(ctx context.Context, id string) (directory.Registration, error) {
	return e.tx.registration(ctx, id)
}

// AddRegistration implements store.ApplicationEditor.
func (e editor) AddRegistration(ctx context.Context, registration directory.Registration, job provisioning.Job, schema mapping.Schema) error {
	return e.tx.addRegistration(ctx, registration, job, schema)
}

// UpdateRegistration implements store.ApplicationEditor.
func (e editor) UpdateRegistration(ctx context.Context, r directory.Registration) error {
	if err := checkText("application", r.DisplayName, r.Details, r.PrincipalDetails); err != nil {
		return err
	}
	if r.DisplayName == "" {
		return errorf(store.ErrInvalid, "the application %s has no display name", r.ID)
	}
	if err := e.tx.checkApplicationName(ctx, r.ID, r.DisplayName); err != nil {
		return err
	}
	count, err := e.tx.exec(ctx, `update applications set display_name = $1, display_name_key = $2, principal = $3, attributes = $4,
		principal_attributes = $5 where id = $6`, r.DisplayName, key(r.DisplayName), r.Principal, r.Details, r.PrincipalDetails, r.ID)
	if err != nil {
		return err
	}
	if count == 0 {
		return notFound("application", r.ID)
	}
	return e.tx.touchApplication(ctx, r.Application)
}

// RemoveApplication implements store.ApplicationEditor.
func (e editor) RemoveApplication(ctx context.Context, id string) error {
	return e.tx.removeApplication(ctx, id)
}

// AddExtension implements store.ApplicationEditor.
func (e editor) AddExtension(ctx context.Context, x directory.ExtensionProperty) error {
	if err := checkText("extension", x.ID, x.Name, x.DataType, strings.Join(x.TargetObjects, "")); err != nil {
		return err
	}
	count, err := e.tx.exec(ctx, `insert into extension_properties (id, application_id, name, data_type, target_objects, multivalued)
		values ($1, $2, $3, $4, $5, $6) on conflict (name) do nothing`, x.ID, x.ApplicationID, x.Name, x.DataType, strings.Join(x.TargetObjects, ","), x.Multivalued)
	if err == nil && count == 0 {
		return errorf(store.ErrConflict, "there is an extension %s", x.Name)
	}
	return err
}

// RemoveExtension implements store.ApplicationEditor.
func (e editor) RemoveExtension(ctx context.Context, applicationID, id string) error {
	count, err := e.tx.exec(ctx, `delete from extension_properties where application_id = $1 and id = $2`, applicationID, id)
	if err == nil && count == 0 {
		return notFound("extension", id)
	}
	return err
}

// Roles implements store.RoleEditor.
func (e editor) Roles(ctx context.Context, applicationID string) ([]directory.AppRole, error) {
	return e.tx.applicationRoles(ctx, applicationID)
}

// PutRole implements store.RoleEditor.
func (e editor) PutRole(ctx context.Context, role directory.AppRole) error {
	if err := checkText("role", role.ID, role.DisplayName, role.Value, role.Description); err != nil {
		return err
	}
	known, err := e.tx.roles(ctx, `select `+roleColumns+` from app_roles where id = $1`, role.ID)
	if err != nil {
		return err
	}
	difference := roleDifference{after: role}
	if len(known) == 1 {
		if known[0] == role {
			return nil
		}
		if known[0].ApplicationID != role.ApplicationID {
			return errorf(store.ErrConflict, "the role %s is one of another application", role.ID)
		}
		difference.before = known[0]
	}
	_, err = e.tx.putRole(ctx, directory.Application{ID: role.ApplicationID}, difference)
	return err
}

// RemoveRole implements store.RoleEditor.
func (e editor) RemoveRole(ctx context.Context, applicationID, id string) error {
	gone, err := e.tx.endAssignments(ctx, `application_id = $1 and app_role_id = $2`, applicationID, id)
	if err != nil {
		return err
	}
	for _, assignment := range gone {
		if err := e.tx.touchAssignment(ctx, assignment); err != nil {
			return err
		}
	}
	count, err := e.tx.exec(ctx, `delete from app_roles where application_id = $1 and id = $2`, applicationID, id)
	if err == nil && count == 0 {
		err = notFound("role", id)
	}
	if err != nil {
		return err
	}
	return e.tx.touchObject(ctx, applicationObjectChange, applicationID)
}

// AddAssignment implements store.AssignmentEditor.
func (e editor) AddAssignment(ctx context.Context, request directory.AssignmentRequest) (directory.Assignment, bool, error) {
	return e.tx.assign(ctx, newResolver(e.tx.session), request)
}

// RemoveAssignment implements store.AssignmentEditor.
func (e editor) RemoveAssignment(ctx context.Context, id string) error {
	gone, err := e.tx.endAssignments(ctx, `id = $1`, id)
	if err == nil && len(gone) == 0 {
		err = notFound("assignment", id)
	}
	if err != nil {
		return err
	}
	return e.tx.touchAssignment(ctx, gone[0])
}

// Unassign implements store.AssignmentEditor.
func (e editor) Unassign(ctx context.Context, request directory.AssignmentRequest) (int, error) {
	gone, err := e.tx.unassign(ctx, newResolver(e.tx.session), request)
	return len(gone), err
}
