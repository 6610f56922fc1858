package sqlstore

import (
	"context"
	"time"

	"github.com/usher-id/usher/directory"
)

func (i *importer) addUser(user directory.User) error {
	if i.operation == directory.Put {
		checked, err := checkUser(user)
		if err != nil {
			i.faults.add(err)
			return nil
		}
		user = checked
	}
	i.note(user.ID, "name "+key(user.UserPrincipalName))
	i.users = append(i.users, user)
	return nil
}

func (i *importer) addGroup(group directory.Group) error {
	if i.operation == directory.Put {
		checked, err := checkGroup(group)
		if err != nil {
			i.faults.add(err)
			return nil
		}
		group = checked
	}
	i.note(group.ID)
	i.groups = append(i.groups, group)
	return nil
}

func userIDs(users []directory.User) []string {
	ids := make([]string, len(users))
	for n, user := range users {
		ids[n] = user.ID
	}
	return ids
}

// putUsers creates and updates users, none of whom comes twice.
func (i *importer) putUsers(ctx context.Context, users []directory.User) error {
	known, err := i.usersByID(ctx, userIDs(users))
	if err != nil {
		return err
	}
	for n, user := range users {
		if before, exists := known[user.ID]; exists {
			users[n] = i.mergeUser(before, user)
		}
	}
	if err := i.see(ctx, "seen_users", userIDs(users)); err != nil {
		return err
	}
	if err := i.freeNames(ctx, users); err != nil {
		return err
	}
	values := make([]any, 0, 12*len(users))
	var managed, updates []any
	for _, user := range users {
		before, exists := known[user.ID]
		i.countReturn(before, user)
		switch {
		case exists && before.Equal(user):
			continue
		case exists:
			i.report.Users.Updated++
			i.deeds.add(changeOf("user", before.Deleted(), user.Deleted()), user.ID)
			if err := i.rememberUpdate(ctx, before, user); err != nil {
				return err
			}
		default:
			i.report.Users.Created++
			i.deeds.add("create user", user.ID)
		}
		if exists && samePlace(before, user) {
			updates = append(updates, rowOf(user)...)
		} else {
			values = append(values, userValues(user)...)
		}
		if user.ManagerID != "" && user.ManagerID != before.ManagerID {
			managed = append(managed, user.ID)
		}
		if err := i.touchUser(ctx, user.ID); err != nil {
			return err
		}
	}
	if err := i.insert(ctx, userInsertion(), values); err != nil {
		return err
	}
	if err := i.insert(ctx, userUpdate(), updates); err != nil {
		return err
	}
	return i.insert(ctx, insertion{into: `changed_managers (id)`, width: 1, then: `on conflict (id) do nothing`}, managed)
}

// changeOf says what becomes of an object that is there.
func changeOf(kind string, before, after bool) string {
	switch {
	case before && !after:
		return "restore " + kind
	case after && !before:
		return "delete " + kind
	}
	return "update " + kind
}

// countReturn counts who comes back and who might have.
func (i *importer) countReturn(before, user directory.User) {
	switch {
	case before.Deleted() && user.Deleted():
		i.report.StayDeleted++
	case before.Deleted():
		i.report.Restored++
	}
}

// mergeUser returns what becomes of a user who exists. Somebody who was deleted comes
// back when the source knows all of them, or is the truth about who there is.
func (i *importer) mergeUser(before, update directory.User) directory.User {
	merged := before.Merge(update, i.only)
	if i.replace {
		merged.DeletedAt = update.DeletedAt
	}
	return merged
}

func (s session) usersByID(ctx context.Context, ids []string) (map[string]directory.User, error) {
	known := make(map[string]directory.User, len(ids))
	users, err := s.users(ctx, `select `+userColumns+` from users where id in list($1)`, ids)
	for _, user := range users {
		known[user.ID] = user
	}
	return known, err
}

// see notes what was put, for replacing.
func (i *importer) see(ctx context.Context, table string, ids []string) error {
	if !i.replace {
		return nil
	}
	values := make([]any, len(ids))
	for n, id := range ids {
		values[n] = id
	}
	return i.insert(ctx, insertion{into: table + ` (id)`, width: 1, then: `on conflict (id) do nothing`}, values)
}

// freeNames takes names that users of the run are to get away from those who have
// them, for a while: who had a name may get another one later in the import. The
// name of a user who lost it so begins with a space, which no other does.
func (i *importer) freeNames(ctx context.Context, users []directory.User) error {
	claims := make(map[string]string, len(users))
	names := make([]string, len(users))
	for n, user := range users {
		if user.Deleted() {
			continue // who stays deleted claims no name
		}
		names[n] = key(user.UserPrincipalName)
		claims[names[n]] = user.ID
	}
	owners, err := i.tx.users(ctx, `select `+userColumns+` from users where deleted_at = 0 and user_principal_name_key in list($1)`, names)
	if err != nil {
		return err
	}
	for _, owner := range owners {
		if claims[key(owner.UserPrincipalName)] == owner.ID {
			continue
		}
		if _, err := i.exec(ctx, `update users set user_principal_name_key = $1 where id = $2`, " "+owner.ID, owner.ID); err != nil {
			return err
		}
	}
	return nil
}

// robbedNames are the keys of names that were taken from somebody for a while.
const robbedNames = `user_principal_name_key >= ' ' and user_principal_name_key < '!'`

// checkNames finds users whose names were taken and who got no other. Those whom
// the import is to remove need none.
func (i *importer) checkNames(ctx context.Context) error {
	condition := ``
	if i.replace {
		condition = ` and exists (select 1 from seen_users s where s.id = users.id)`
	}
	robbed, err := i.tx.users(ctx, `select `+userColumns+` from users where deleted_at = 0 and `+robbedNames+condition+`
		order by user_principal_name_key limit $1`, int64(10*shownFaults))
	if err != nil {
		return err
	}
	for _, owner := range robbed {
		user, err := i.user(ctx, owner.UserPrincipalName)
		if err != nil {
			return err
		}
		i.faults.add(nameTaken(user, owner))
	}
	return nil
}

// checkManagers finds users whose new manager does not exist.
func (i *importer) checkManagers(ctx context.Context) error {
	const from = ` from changed_managers c join users u on u.id = c.id
		where u.manager_id <> '' and not exists (select 1 from users m where m.id = u.manager_id)`
	count, err := i.count(ctx, `select count(*)`+from)
	if err != nil || count == 0 {
		return err
	}
	lost, err := i.tx.users(ctx, `select u.id, u.user_principal_name, u.display_name, u.account_enabled, u.manager_id, u.deleted_at, u.created_at, u.attributes`+
		from+` order by u.id limit $1`, int64(shownFaults))
	if err != nil {
		return err
	}
	for _, user := range lost {
		i.faults.add(unknownManager(user))
	}
	i.faults.count += count - len(lost)
	return nil
}

// removeUsers soft-deletes users, who are named by id or, without one, by user
// principal name.
func (i *importer) removeUsers(ctx context.Context, users []directory.User) error {
	var ids, names []string
	for _, user := range users {
		if user.ID != "" {
			ids = append(ids, user.ID)
		} else {
			names = append(names, key(user.UserPrincipalName))
		}
	}
	found, err := i.texts(ctx, `select id from users where deleted_at = 0 and (id in list($1) or user_principal_name_key in list($2))`, ids, names)
	if err != nil {
		return err
	}
	return i.deleteUsers(ctx, found)
}

func (i *importer) deleteUsers(ctx context.Context, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	deleted := now()
	if _, err := i.exec(ctx, `update users set deleted_at = $1 where id in list($2)`, micros(deleted), ids); err != nil {
		return err
	}
	for _, id := range ids {
		gone := []directory.PropertyChange{deletion(time.Time{}, deleted)}
		if err := i.remember(ctx, directory.UserObject, directory.ObjectRemoved, id, gone); err != nil {
			return err
		}
	}
	i.report.Users.Removed += len(ids)
	if i.deeds != nil {
		i.deeds.removed = append(i.deeds.removed, ids...)
	}
	for _, id := range ids {
		i.deeds.add("remove user", id)
		if err := i.touchUser(ctx, id); err != nil {
			return err
		}
	}
	return i.giveNamesBack(ctx, ids)
}

// giveNamesBack gives removed users the names that were taken from them: they can be
// found by them, and nobody minds.
func (i *importer) giveNamesBack(ctx context.Context, ids []string) error {
	robbed, err := i.tx.users(ctx, `select `+userColumns+` from users where id in list($1) and `+robbedNames, ids)
	if err != nil {
		return err
	}
	for _, user := range robbed {
		if _, err := i.exec(ctx, `update users set user_principal_name_key = $1 where id = $2`, key(user.UserPrincipalName), user.ID); err != nil {
			return err
		}
	}
	return nil
}

// putGroups creates and updates groups, none of which comes twice.
func (i *importer) putGroups(ctx context.Context, groups []directory.Group) error {
	ids := make([]string, len(groups))
	for n, group := range groups {
		ids[n] = group.ID
	}
	if err := i.see(ctx, "seen_groups", ids); err != nil {
		return err
	}
	found, err := i.tx.groups(ctx, `select `+groupColumns+` from groups where id in list($1)`, ids)
	if err != nil {
		return err
	}
	known := make(map[string]directory.Group, len(found))
	for _, group := range found {
		known[group.ID] = group
	}
	var values []any
	for _, group := range groups {
		before, exists := known[group.ID]
		if exists {
			deletedAt := group.DeletedAt
			if group = before.Merge(group, i.only); i.replace {
				group.DeletedAt = deletedAt
			}
		}
		switch {
		case exists && before.Equal(group):
			continue
		case exists:
			i.report.Groups.Updated++
			i.deeds.add(changeOf("group", before.Deleted(), group.Deleted()), group.ID)
			if err := i.rememberGroup(ctx, before, group); err != nil {
				return err
			}
		default:
			i.report.Groups.Created++
			i.deeds.add("create group", group.ID)
		}
		values = append(values, groupValues(group)...)
		changed := change{kind: groupObjectChange, objectID: group.ID}
		if exists && grantsDiffer(before, group) {
			changed = change{kind: groupChange, groupID: group.ID}
		}
		if err := i.touch(ctx, changed); err != nil {
			return err
		}
	}
	return i.insert(ctx, groupInsertion(), values)
}

// removeGroups soft-deletes groups, which are named by id or, without one, by
// display name.
func (i *importer) removeGroups(ctx context.Context, groups []directory.Group) error {
	for _, group := range groups {
		var (
			ids []string
			err error
		)
		if group.ID != "" {
			ids, err = i.texts(ctx, `select id from groups where deleted_at = 0 and id = $1`, group.ID)
		} else {
			ids, err = i.texts(ctx, `select id from groups where deleted_at = 0 and display_name_key = $1`, key(group.DisplayName))
		}
		if err != nil {
			return err
		}
		if err := i.deleteGroups(ctx, ids); err != nil {
			return err
		}
	}
	return nil
}

func (i *importer) deleteGroups(ctx context.Context, ids []string) error {
	for _, id := range ids {
		if err := i.removeGroup(ctx, id); err != nil {
			return err
		}
		i.report.Groups.Removed++
		i.deeds.add("remove group", id)
	}
	return nil
}
