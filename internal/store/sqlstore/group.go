package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"iter"
	"time"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/store"
)

const groupColumns = `id, display_name, security_enabled, deleted_at, created_at, attributes`

func groupInsertion() insertion {
	return insertion{
		into: `groups (id, display_name, display_name_key, security_enabled, deleted_at, attributes, words, created_at)`, width: 8,
		then: `on conflict (id) do update set display_name = excluded.display_name, display_name_key = excluded.display_name_key,
			security_enabled = excluded.security_enabled, deleted_at = excluded.deleted_at, attributes = excluded.attributes,
			words = excluded.words`,
	}
}

func groupValues(g directory.Group) []any {
	return []any{g.ID, g.DisplayName, key(g.DisplayName), g.SecurityEnabled, micros(g.DeletedAt), encodeAttributes(g.Attributes), groupWords(g), micros(now())}
}

// groups runs a query of groupColumns.
func (s session) groups(ctx context.Context, text string, arguments ...any) ([]directory.Group, error) {
	var groups []directory.Group
	err := s.each(ctx, func(rows *sql.Rows) error {
		var (
			g                    directory.Group
			deletedAt, createdAt int64
			attributes           string
		)
		err := rows.Scan(&g.ID, &g.DisplayName, &g.SecurityEnabled, &deletedAt, &createdAt, &attributes)
		if err != nil {
			return err
		}
		g.DeletedAt, g.CreatedAt = moment(deletedAt), moment(createdAt)
		g.Attributes, err = decodeAttributes(attributes, "Group", g.ID)
		groups = append(groups, g)
		return err
	}, text, arguments...)
	return groups, err
}

// group finds a group by id or display name. Among groups of one name those that
// are not deleted count.
func (s session) group(ctx context.Context, idOrName string) (directory.Group, error) {
	if err := checkText("group", idOrName); err != nil {
		return directory.Group{}, errors.Join(notFound("group", idOrName), err)
	}
	found, err := s.groups(ctx, `select `+groupColumns+` from groups where id = $1`, idOrName)
	if err == nil && len(found) == 0 {
		found, err = s.groups(ctx, `select `+groupColumns+` from groups where display_name_key = $1 order by id limit 100`, key(idOrName))
	}
	if err != nil {
		return directory.Group{}, err
	}
	return chooseGroup(found, idOrName)
}

func chooseGroup(found []directory.Group, name string) (directory.Group, error) {
	if alive := withoutDeleted(found); len(alive) > 0 {
		found = alive
	}
	switch len(found) {
	case 0:
		return directory.Group{}, notFound("group", name)
	case 1:
		return found[0], nil
	}
	return directory.Group{}, errorf(store.ErrConflict, "%d groups are named %q, give the id of the one", len(found), name)
}

func withoutDeleted(groups []directory.Group) []directory.Group {
	var alive []directory.Group
	for _, group := range groups {
		if !group.Deleted() {
			alive = append(alive, group)
		}
	}
	return alive
}

// checkGroup returns the group as it is kept, or an error that says what is wrong
// with it.
func checkGroup(g directory.Group) (directory.Group, error) {
	switch {
	case g.ID == "":
		return g, errorf(store.ErrInvalid, "group %q has no id", g.DisplayName)
	case g.DisplayName == "":
		return g, errorf(store.ErrInvalid, "group %q has no display name", g.ID)
	}
	if err := checkText("group", g.ID, g.DisplayName); err != nil {
		return g, err
	}
	g.Attributes = normalize(g.Attributes, "Group", g.ID)
	return g, nil
}

// grantsDiffer reports whether the members have something through one of the two and
// not through the other: only security groups that are not deleted grant anything.
func grantsDiffer(a, b directory.Group) bool {
	return (a.SecurityEnabled && !a.Deleted()) != (b.SecurityEnabled && !b.Deleted())
}

// PutGroup creates a group or makes it exactly this; see store.Groups.
func (s *Store) PutGroup(ctx context.Context, group directory.Group) error {
	return s.database.write(ctx, "put group "+group.DisplayName, func(t *tx) error { return t.putGroup(ctx, group) })
}

func (t *tx) putGroup(ctx context.Context, group directory.Group) error {
	group, err := checkGroup(group)
	if err != nil {
		return err
	}
	known, err := t.groups(ctx, `select `+groupColumns+` from groups where id = $1`, group.ID)
	if err != nil || len(known) == 1 && known[0].Equal(group) {
		return err
	}
	if err := t.insert(ctx, groupInsertion(), groupValues(group)); err != nil {
		return err
	}
	if len(known) == 1 {
		if err := t.rememberGroup(ctx, known[0], group); err != nil {
			return err
		}
	}
	if len(known) == 1 && grantsDiffer(known[0], group) {
		return t.touch(ctx, change{kind: groupChange, groupID: group.ID})
	}
	return t.touchObject(ctx, groupObjectChange, group.ID)
}

// Group returns a group; see store.Groups.
func (s *Store) Group(ctx context.Context, idOrName string) (directory.Group, error) {
	return s.database.queries().group(ctx, idOrName)
}

// Groups yields all groups; see store.Groups. The sequence may be ranged over more
// than once.
func (s *Store) Groups(ctx context.Context) iter.Seq2[directory.Group, error] {
	return pages("list groups", func(last directory.Group, _ bool, limit int) ([]directory.Group, error) {
		return s.database.queries().groups(ctx, `select `+groupColumns+` from groups
			where (display_name_key, id) > ($1, $2) order by display_name_key, id limit $3`, key(last.DisplayName), last.ID, int64(limit))
	})
}

// RemoveGroup soft-deletes a group; see store.Groups.
func (s *Store) RemoveGroup(ctx context.Context, id string) error {
	return s.database.write(ctx, "remove group "+id, func(t *tx) error {
		group, err := t.group(ctx, id)
		if err != nil || group.Deleted() {
			return err
		}
		return t.removeGroup(ctx, group.ID)
	})
}

func (t *tx) removeGroup(ctx context.Context, id string) error {
	deleted := now()
	if _, err := t.exec(ctx, `update groups set deleted_at = $1 where id = $2`, micros(deleted), id); err != nil {
		return err
	}
	gone := []directory.PropertyChange{deletion(time.Time{}, deleted)}
	if err := t.remember(ctx, directory.GroupObject, directory.ObjectRemoved, id, gone); err != nil {
		return err
	}
	return t.touch(ctx, change{kind: groupChange, groupID: id})
}

// Members yields the direct members of a group; see store.Groups.
func (s *Store) Members(ctx context.Context, groupID string) iter.Seq2[directory.Member, error] {
	return pages("list members", func(last directory.Member, _ bool, limit int) ([]directory.Member, error) {
		return s.database.queries().members(ctx, `select group_id, member_id, member_type from members
			where group_id = $1 and member_id > $2 order by member_id limit $3`, groupID, last.Member, int64(limit))
	})
}

func (s session) members(ctx context.Context, text string, arguments ...any) ([]directory.Member, error) {
	var members []directory.Member
	err := s.each(ctx, func(rows *sql.Rows) error {
		var m directory.Member
		err := rows.Scan(&m.Group, &m.Member, &m.Type)
		members = append(members, m)
		return err
	}, text, arguments...)
	return members, err
}

// resolveMember returns the membership with ids.
func (s session) resolveMember(ctx context.Context, member directory.Member) (directory.Member, error) {
	group, err := s.group(ctx, member.Group)
	if err != nil {
		return member, err
	}
	member.Group = group.ID
	member.Type, member.Member, err = s.principal(ctx, member.Type, member.Member)
	return member, err
}

// principal finds a user or a group and returns its type and id. Without a type it
// is a user.
func (s session) principal(ctx context.Context, principalType, idOrName string) (string, string, error) {
	switch principalType {
	case "", "User":
		user, err := s.user(ctx, idOrName)
		return "User", user.ID, err
	case "Group":
		group, err := s.group(ctx, idOrName)
		return "Group", group.ID, err
	}
	return "", "", errorf(store.ErrInvalid, "%q is neither User nor Group", principalType)
}

// PutMember adds a member to a group; see store.Groups.
func (s *Store) PutMember(ctx context.Context, member directory.Member) error {
	return s.database.write(ctx, "add member "+member.Member+" to group "+member.Group, func(t *tx) error {
		member, err := t.resolveMember(ctx, member)
		if err != nil {
			return err
		}
		_, err = t.addMember(ctx, member)
		return err
	})
}

// addMember begins a membership, which is given with ids, and reports whether it is
// new.
func (t *tx) addMember(ctx context.Context, member directory.Member) (bool, error) {
	count, err := t.exec(ctx, `insert into members (group_id, member_id, member_type, since, begun_by) values ($1, $2, $3, $4, $5) on conflict do nothing`,
		member.Group, member.Member, member.Type, micros(now()), clean(t.actor))
	if err != nil || count == 0 {
		return false, err
	}
	t.beganMember(member)
	return true, t.touchMember(ctx, member)
}

// RemoveMember takes a member out of a group; see store.Groups.
func (s *Store) RemoveMember(ctx context.Context, member directory.Member) error {
	return s.database.write(ctx, "remove member "+member.Member+" from group "+member.Group, func(t *tx) error {
		member, err := t.resolveMember(ctx, member)
		if err != nil {
			return err
		}
		_, err = t.removeMembers(ctx, member.Group, member.Member)
		return err
	})
}

// removeMembers ends memberships of one group and returns those that there were.
func (t *tx) removeMembers(ctx context.Context, group string, members ...string) ([]directory.Member, error) {
	gone, err := t.endMembers(ctx, `group_id = $1 and member_id in list($2)`, group, members)
	if err != nil {
		return nil, err
	}
	for _, member := range gone {
		if err := t.touchMember(ctx, member); err != nil {
			return nil, err
		}
	}
	return gone, nil
}

// touchMember notes that a membership began or ended. That of a group in a group
// touches everybody below it, in jobs that look into groups inside groups.
func (t *tx) touchMember(ctx context.Context, member directory.Member) error {
	if member.Type != "User" {
		return t.touch(ctx, change{kind: memberChange, groupID: member.Member, objectID: member.Group, relatedID: member.Member})
	}
	return t.touch(ctx, change{kind: memberChange, userID: member.Member, groupID: member.Group})
}
