package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"iter"
	"strings"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/store"
)

// GroupsByID yields all groups by id; see store.Relations.
func (s *Store) GroupsByID(ctx context.Context, after string) iter.Seq2[directory.Group, error] {
	return pages("list groups", func(last directory.Group, started bool, limit int) ([]directory.Group, error) {
		from := after
		if started {
			from = last.ID
		}
		return s.database.queries().groups(ctx, `select `+groupColumns+` from groups where id > $1 order by id limit $2`, clean(from), int64(limit))
	})
}

// CountGroups counts groups; see store.Relations.
func (s *Store) CountGroups(ctx context.Context) (int, error) {
	return s.database.queries().count(ctx, `select count(*) from groups where deleted_at = 0`)
}

// MembersAfter yields members of a group; see store.Relations.
func (s *Store) MembersAfter(ctx context.Context, groupID, after string) iter.Seq2[directory.Member, error] {
	return pages("list members", func(last directory.Member, started bool, limit int) ([]directory.Member, error) {
		from := after
		if started {
			from = last.Member
		}
		return s.database.queries().members(ctx, `select group_id, member_id, member_type from members
			where group_id = $1 and member_id > $2 order by member_id limit $3`, clean(groupID), clean(from), int64(limit))
	})
}

// MemberOf returns the groups of a member; see store.Relations.
func (s *Store) MemberOf(ctx context.Context, id string) ([]directory.Group, error) {
	groups, err := s.database.queries().groups(ctx, `select g.id, g.display_name, g.security_enabled, g.deleted_at, g.created_at, g.attributes
		from members m join groups g on g.id = m.group_id where m.member_id = $1 and g.deleted_at = 0 order by g.id`, clean(id))
	return groups, wrapped("list groups of "+id, err)
}

// Reports returns who is managed by somebody; see store.Relations.
func (s *Store) Reports(ctx context.Context, managerID string) ([]directory.User, error) {
	users, err := s.database.queries().users(ctx, `select `+userColumns+` from users where manager_id = $1 and manager_id <> '' and deleted_at = 0 order by id`,
		clean(managerID))
	return users, wrapped("list reports of "+managerID, err)
}

// Owners returns the owners of an object; see store.Relations.
func (s *Store) Owners(ctx context.Context, objectID string) ([]directory.Owner, error) {
	owners, err := s.database.queries().owners(ctx, clean(objectID))
	return owners, wrapped("list owners of "+objectID, err)
}

func (s session) owners(ctx context.Context, objectID string) ([]directory.Owner, error) {
	var owners []directory.Owner
	err := s.each(ctx, func(rows *sql.Rows) error {
		var o directory.Owner
		err := rows.Scan(&o.ID, &o.Type)
		owners = append(owners, o)
		return err
	}, `select owner_id, owner_type from owners where object_id = $1 order by owner_id`, objectID)
	return owners, err
}

// Owned returns what somebody owns; see store.Relations.
func (s *Store) Owned(ctx context.Context, ownerID string) ([]string, error) {
	ids, err := s.database.queries().texts(ctx, `select object_id from owners where owner_id = $1 order by object_id`, clean(ownerID))
	return ids, wrapped("list what "+ownerID+" owns", err)
}

const registrationColumns = `id, object_id, app_id, template_id, display_name, created_at, principal, attributes, principal_attributes`

// registrations runs a query of registrationColumns.
func (s session) registrations(ctx context.Context, text string, arguments ...any) ([]directory.Registration, error) {
	var registrations []directory.Registration
	err := s.each(ctx, func(rows *sql.Rows) error {
		var (
			r         directory.Registration
			createdAt int64
		)
		err := rows.Scan(&r.ID, &r.ObjectID, &r.AppID, &r.TemplateID, &r.DisplayName, &createdAt, &r.Principal, &r.Details, &r.PrincipalDetails)
		r.CreatedAt = moment(createdAt)
		registrations = append(registrations, r)
		return err
	}, text, arguments...)
	return registrations, err
}

func (s session) registration(ctx context.Context, id string) (directory.Registration, error) {
	if err := checkText("application", id); err != nil {
		return directory.Registration{}, errors.Join(notFound("application", id), err)
	}
	found, err := s.registrations(ctx, `select `+registrationColumns+` from applications where id in list($1) or app_id in list($1) or object_id in list($1)`,
		[]string{id, strings.ToLower(id)})
	if err == nil && len(found) == 0 {
		err = notFound("application", id)
	}
	if err != nil {
		return directory.Registration{}, err
	}
	return found[0], nil
}

// Registration returns an application; see store.Registrations.
func (s *Store) Registration(ctx context.Context, id string) (directory.Registration, error) {
	return s.database.queries().registration(ctx, id)
}

// Registrations returns all applications; see store.Registrations.
func (s *Store) Registrations(ctx context.Context) ([]directory.Registration, error) {
	found, err := s.database.queries().registrations(ctx, `select `+registrationColumns+` from applications order by id`)
	return found, wrapped("list applications", err)
}

// Extensions returns declared extensions; see store.Registrations.
func (s *Store) Extensions(ctx context.Context, applicationID string) ([]directory.ExtensionProperty, error) {
	found, err := s.database.queries().extensions(ctx, clean(applicationID))
	return found, wrapped("list extensions", err)
}

func (s session) extensions(ctx context.Context, applicationID string) ([]directory.ExtensionProperty, error) {
	var found []directory.ExtensionProperty
	err := s.each(ctx, func(rows *sql.Rows) error {
		var (
			x       directory.ExtensionProperty
			targets string
		)
		err := rows.Scan(&x.ID, &x.ApplicationID, &x.Name, &x.DataType, &targets, &x.Multivalued)
		x.TargetObjects = strings.Split(targets, ",")
		found = append(found, x)
		return err
	}, `select id, application_id, name, data_type, target_objects, multivalued from extension_properties
		where application_id = $1 or $1 = '' order by id`, applicationID)
	return found, err
}

// AssignmentsAfter yields assignments of an application; see store.Registrations.
func (s *Store) AssignmentsAfter(ctx context.Context, applicationID, after string) iter.Seq2[directory.Assignment, error] {
	return pages("list assignments", func(last directory.Assignment, started bool, limit int) ([]directory.Assignment, error) {
		from := after
		if started {
			from = last.ID
		}
		return s.database.queries().assignments(ctx, `select `+assignmentColumns+` from assignments
			where application_id = $1 and id > $2 order by id limit $3`, clean(applicationID), clean(from), int64(limit))
	})
}

// AssignmentsOf returns the assignments of a principal; see store.Registrations.
func (s *Store) AssignmentsOf(ctx context.Context, principalID string) ([]directory.Assignment, error) {
	found, err := s.database.queries().assignments(ctx, `select `+assignmentColumns+` from assignments where principal_id = $1 order by id`, clean(principalID))
	return found, wrapped("list assignments of "+principalID, err)
}

// Assignment returns one assignment; see store.Registrations.
func (s *Store) Assignment(ctx context.Context, id string) (directory.Assignment, error) {
	found, err := s.database.queries().assignments(ctx, `select `+assignmentColumns+` from assignments where id = $1`, clean(id))
	if err == nil && len(found) == 0 {
		err = notFound("assignment", id)
	}
	if err != nil {
		return directory.Assignment{}, err
	}
	return found[0], nil
}

// DirectoryFeed returns both ends of the change feed; see store.Changes.
func (s *Store) DirectoryFeed(ctx context.Context) (removed, head directory.Cursor, err error) {
	_, err = s.database.queries().one(ctx, []any{&removed, &head}, `select
		(select value from counters where name = 'pruned_changes'), (select value from counters where name = 'changes')`)
	return removed, head, wrapped("read the ends of the change feed", err)
}

// Changed returns what changed; see store.Changes.
func (s *Store) Changed(ctx context.Context, kind directory.ObjectKind, since, until directory.Cursor, after string, limit int) ([]string, error) {
	var text string
	switch kind {
	case directory.UserObject:
		text = `select distinct user_id from changes where sequence > $1 and sequence <= $2 and kind = 'user' and user_id > $3 order by user_id limit $4`
	case directory.GroupObject:
		text = `select distinct id from (
			select case when object_id <> '' then object_id else group_id end as id from changes
				where sequence > $1 and sequence <= $2 and kind in ('group', 'groupObject', 'member')
			union select g.id from changes c join groups g on g.id = c.object_id
				where c.sequence > $1 and c.sequence <= $2 and c.kind = 'owner'
			) changed where id > $3 order by id limit $4`
	case directory.PrincipalObject:
		text = `select distinct id from (` + changedPrincipals + `
			union select a.id, '' from changes c join applications a on a.id = c.object_id
				where c.sequence > $1 and c.sequence <= $2 and c.kind = 'owner'
			) changed where id > $3 order by id limit $4`
	case directory.ApplicationObject:
		// What is gone by now left its other id in the feed.
		text = `select distinct object_id from (
			select coalesce(a.object_id, changed.related_id) as object_id from (` + changedPrincipals + `) changed
				left join applications a on a.id = changed.id
			union select a.object_id from changes c join applications a on a.object_id = c.object_id
				where c.sequence > $1 and c.sequence <= $2 and c.kind = 'owner'
			) changed where object_id > $3 order by object_id limit $4`
	default:
		return nil, errorf(store.ErrInvalid, "the kind of object %q", kind)
	}
	pruned, err := s.database.queries().count(ctx, `select count(*) from counters where name = 'pruned_changes' and value > $1`, int64(since))
	switch {
	case err != nil:
		return nil, wrapped("read what changed", err)
	case pruned > 0:
		return nil, errorf(store.ErrGone, "the change feed after position %d", since)
	}
	ids, err := s.database.queries().texts(ctx, text, int64(since), int64(until), clean(after), int64(limit))
	return ids, wrapped("read what changed", err)
}

const changedPrincipals = `select case when object_id <> '' then object_id else application_id end as id, related_id from changes
	where sequence > $1 and sequence <= $2 and kind in ('applicationObject', 'role')`

// ChangedMembers returns memberships that changed; see store.Changes.
func (s *Store) ChangedMembers(ctx context.Context, groupID string, since, until directory.Cursor) ([]directory.MemberChange, error) {
	var found []directory.MemberChange
	err := s.database.queries().each(ctx, func(rows *sql.Rows) error {
		m := directory.MemberChange{Group: groupID}
		err := rows.Scan(&m.Member, &m.Type)
		found = append(found, m)
		return err
	}, `select distinct case when user_id <> '' then user_id else related_id end as id, case when user_id <> '' then 'User' else 'Group' end
		from changes where sequence > $1 and sequence <= $2 and kind = 'member' and (group_id = $3 and user_id <> '' or object_id = $3)
		order by 1`, int64(since), int64(until), clean(groupID))
	return found, wrapped("read which members changed", err)
}

// ChangedOwners returns owners that changed; see store.Changes.
func (s *Store) ChangedOwners(ctx context.Context, objectID string, since, until directory.Cursor) ([]string, error) {
	ids, err := s.database.queries().texts(ctx, `select distinct related_id from changes
		where sequence > $1 and sequence <= $2 and kind = 'owner' and object_id = $3 order by related_id`, int64(since), int64(until), clean(objectID))
	return ids, wrapped("read which owners changed", err)
}

// touchOwned notes that somebody who is about to be removed ceases to be the owner of
// what they own.
func (t *tx) touchOwned(ctx context.Context, ownerID, ownerType string) error {
	owned, err := t.texts(ctx, `select object_id from owners where owner_id = $1 and owner_type = $2`, ownerID, ownerType)
	if err != nil {
		return err
	}
	for _, id := range owned {
		if err := t.touchOwner(ctx, id, ownerID); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) touchOwner(ctx context.Context, objectID, ownerID string) error {
	return t.touch(ctx, change{kind: ownerChange, objectID: objectID, relatedID: ownerID})
}
