package sqlstore

import (
	"context"
	"database/sql"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/store"
)

// beganMember notes that a membership begins, by whom becomes known later.
func (t *tx) beganMember(member directory.Member) {
	if t.actor != "" {
		return // the row tells it
	}
	if t.history.begun == nil {
		t.history.begun = make(map[string][]string)
	}
	t.history.begun[member.Group] = append(t.history.begun[member.Group], member.Member)
}

// beganAssignment is beganMember for an assignment.
func (t *tx) beganAssignment(id string) {
	if t.actor == "" {
		t.history.begunAssignments = append(t.history.begunAssignments, id)
	}
}

// nameBeginners writes who began what a transaction began before it was told.
func (t *tx) nameBeginners(ctx context.Context) error {
	if t.actor == "" {
		return nil
	}
	for group, members := range t.history.begun {
		if _, err := t.exec(ctx, `update members set begun_by = $1 where group_id = $2 and member_id in list($3) and begun_by = ''`,
			clean(t.actor), group, members); err != nil {
			return err
		}
	}
	if len(t.history.begunAssignments) == 0 {
		return nil
	}
	_, err := t.exec(ctx, `update assignments set begun_by = $1 where id in list($2)`, clean(t.actor), t.history.begunAssignments)
	return err
}

// endMembers ends memberships, those that a condition names, and returns them.
func (t *tx) endMembers(ctx context.Context, condition string, arguments ...any) ([]directory.Member, error) {
	var gone []directory.Member
	ended := now()
	err := t.each(ctx, func(rows *sql.Rows) error {
		m := directory.Membership{Period: directory.Period{Until: ended}}
		since := int64(0)
		if err := rows.Scan(&m.GroupID, &m.MemberID, &m.MemberType, &since, &m.BegunBy); err != nil {
			return err
		}
		m.Since = moment(since)
		t.history.members = append(t.history.members, m)
		gone = append(gone, directory.Member{Group: m.GroupID, Member: m.MemberID, Type: m.MemberType})
		return nil
	}, `delete from members where `+condition+` returning group_id, member_id, member_type, since, begun_by`, arguments...)
	if err != nil {
		return nil, err
	}
	return gone, t.remembered(ctx, len(gone))
}

// endAssignments ends assignments, those that a condition names, and returns them.
func (t *tx) endAssignments(ctx context.Context, condition string, arguments ...any) ([]directory.Assignment, error) {
	var gone []directory.Assignment
	ended := now()
	err := t.each(ctx, func(rows *sql.Rows) error {
		r := directory.RoleTenure{Period: directory.Period{Until: ended}}
		var createdAt, since int64
		if err := rows.Scan(&r.ID, &r.ApplicationID, &r.PrincipalID, &r.PrincipalType, &r.AppRoleID, &createdAt, &since, &r.BegunBy,
			&r.ApplicationName, &r.RoleName); err != nil {
			return err
		}
		r.CreatedAt, r.Since = moment(createdAt), moment(since)
		t.history.assignments = append(t.history.assignments, r)
		gone = append(gone, r.Assignment)
		return nil
	}, `delete from assignments where `+condition+` returning `+assignmentColumns+`, since, begun_by,
		coalesce((select p.display_name from applications p where p.id = application_id), ''),
		coalesce((select r.display_name from app_roles r where r.id = app_role_id), '')`, arguments...)
	if err != nil {
		return nil, err
	}
	return gone, t.remembered(ctx, len(gone))
}

// beginnerOf returns who began what ends, which may be who is about to be named.
func (t *tx) beginnerOf(m directory.Membership) string {
	if m.BegunBy == "" && slices.Contains(t.history.begun[m.GroupID], m.MemberID) {
		return t.actor
	}
	return m.BegunBy
}

func (t *tx) appendPastMembers(ctx context.Context) error {
	values := make([]any, 0, 8*len(t.history.members))
	for _, m := range t.history.members {
		id, err := uuid.NewV7()
		if err != nil {
			return err
		}
		values = append(values, id.String(), m.GroupID, m.MemberID, m.MemberType, micros(m.Since), micros(m.Until), clean(t.beginnerOf(m)), clean(t.actor))
	}
	return t.insert(ctx, insertion{into: `past_members (id, group_id, member_id, member_type, since, until, begun_by, ended_by)`, width: 8}, values)
}

func (t *tx) appendPastAssignments(ctx context.Context) error {
	values := make([]any, 0, 13*len(t.history.assignments))
	for _, r := range t.history.assignments {
		id, err := uuid.NewV7()
		if err != nil {
			return err
		}
		if r.BegunBy == "" && slices.Contains(t.history.begunAssignments, r.ID) {
			r.BegunBy = t.actor
		}
		values = append(values, id.String(), r.ID, r.ApplicationID, clean(r.ApplicationName), r.PrincipalID, r.PrincipalType, r.AppRoleID, clean(r.RoleName),
			micros(r.CreatedAt), micros(r.Since), micros(r.Until), clean(r.BegunBy), clean(t.actor))
	}
	return t.insert(ctx, insertion{into: `past_assignments (id, assignment_id, application_id, application_name, principal_id, principal_type, app_role_id,
		role_name, created_at, since, until, begun_by, ended_by)`, width: 13}, values)
}

// prunePast removes some of what ended before a moment, the oldest first. As with the
// changes of users, the history then begins at that moment.
func (t *tx) prunePast(ctx context.Context, table string, before time.Time, limit int) (int, error) {
	count, err := t.exec(ctx, `delete from `+table+` where id in (select id from `+table+` where id < $1 order by id limit $2)`, firstID(before), int64(limit))
	if err != nil || count == 0 {
		return count, err
	}
	return count, t.beginLater(ctx, linkHistory, before)
}

// firstID is before the ids of version 7 (RFC 9562) that are made at a moment or later,
// and after those from before its millisecond.
func firstID(at time.Time) string {
	var id uuid.UUID
	milliseconds := uint64(max(0, at.UnixMilli()))
	for i := range 6 {
		id[i] = byte(milliseconds >> (8 * (5 - i))) //nolint:gosec // the lowest byte is meant
	}
	return id.String()
}

// A period of a member, in the order of membershipColumns.
const membershipColumns = `group_id, member_id, member_type, since, until, begun_by, ended_by`

// nowMembers are the columns of a membership that lasts.
const nowMembers = `group_id, member_id, member_type, since, 0, begun_by, ''`

func membershipTargets(m *directory.Membership, since, until *int64) []any {
	return []any{&m.GroupID, &m.MemberID, &m.MemberType, since, until, &m.BegunBy, &m.EndedBy}
}

const (
	tenureColumns = `assignment_id, application_id, principal_id, principal_type, app_role_id, created_at, since, until, begun_by, ended_by,
		application_name, role_name`
	nowTenures = `id, application_id, principal_id, principal_type, app_role_id, created_at, since, 0, begun_by, '',
		coalesce((select p.display_name from applications p where p.id = application_id), ''),
		coalesce((select r.display_name from app_roles r where r.id = app_role_id), '')`
)

func tenureTargets(r *directory.RoleTenure, created, since, until *int64) []any {
	return []any{
		&r.ID, &r.ApplicationID, &r.PrincipalID, &r.PrincipalType, &r.AppRoleID, created, since, until, &r.BegunBy, &r.EndedBy,
		&r.ApplicationName, &r.RoleName,
	}
}

// wasThen is that a row of the past was so at moment $1.
const wasThen = `since <= $1 and until > $1`

// MembershipsAsOf returns memberships as they were; see store.History.
func (s *Store) MembershipsAsOf(ctx context.Context, memberIDs []string, at time.Time) ([]directory.Membership, error) {
	var found []directory.Membership
	err := s.database.read(ctx, "read who was a member", func(s session) error {
		if err := s.reaches(ctx, linkHistory, at); err != nil {
			return err
		}
		err := s.each(ctx, func(rows *sql.Rows) error {
			var (
				m            directory.Membership
				since, until int64
			)
			err := rows.Scan(membershipTargets(&m, &since, &until)...)
			m.Since, m.Until = moment(since), moment(until)
			found = append(found, m)
			return err
		}, `select `+nowMembers+` from members where member_id in list($2) and since <= $1
			union all select `+membershipColumns+` from past_members where member_id in list($2) and `+wasThen+` order by 1, 2`, at.UnixMicro(), cleaned(memberIDs))
		if err != nil {
			return err
		}
		return nameMemberships(ctx, s, found, func(m *directory.Membership) *directory.Membership { return m })
	})
	return found, err
}

func cleaned(texts []string) []string {
	list := make([]string, len(texts))
	for i, text := range texts {
		list[i] = clean(text)
	}
	return list
}

// MembersAsOf returns the members that a group had; see store.History.
func (s *Store) MembersAsOf(ctx context.Context, groupID string, at time.Time, page store.Page) (store.Listing[directory.Membership], error) {
	var result store.Listing[directory.Membership]
	err := s.database.read(ctx, "read who was a member of "+groupID, func(s session) error {
		if err := s.reaches(ctx, linkHistory, at); err != nil {
			return err
		}
		current := sequence[placed[directory.Membership]]{
			columns: nowMembers + `, member_id`, from: "members", order: []string{"since", "member_id"}, descending: true, place: byMomentAndID[directory.Membership],
			scan: func(rows *sql.Rows) (placed[directory.Membership], error) {
				var (
					m            directory.Membership
					since, until int64
					id           string
				)
				err := rows.Scan(append(membershipTargets(&m, &since, &until), &id)...)
				m.Since, m.Until = moment(since), moment(until)
				return placed[directory.Membership]{m, []any{since, id}}, err
			},
		}
		past := current
		// At a moment somebody is a member once. What ends meanwhile so keeps its place.
		past.columns, past.from = membershipColumns+`, member_id`, "past_members"
		current.where.add(`group_id = ?`, clean(groupID))
		current.where.add(`since <= ?`, at.UnixMicro())
		past.where = current.where.clone()
		past.where.add(`until > ?`, at.UnixMicro())
		found, err := listing(ctx, s, page, current, past)
		if err != nil {
			return err
		}
		result = unplaced(found)
		return nameMemberships(ctx, s, result.Items, func(m *directory.Membership) *directory.Membership { return m })
	})
	return result, err
}

// byMomentAndID is the place of an item of a list whose places are a moment and an id.
func byMomentAndID[T any](item placed[T]) []any {
	if item.place == nil {
		return []any{int64(0), ""}
	}
	return item.place
}

// AssignmentsAsOf returns assignments as they were; see store.History.
func (s *Store) AssignmentsAsOf(ctx context.Context, principalIDs []string, at time.Time) ([]directory.RoleTenure, error) {
	var found []directory.RoleTenure
	err := s.database.read(ctx, "read who was assigned", func(s session) error {
		if err := s.reaches(ctx, linkHistory, at); err != nil {
			return err
		}
		return s.each(ctx, func(rows *sql.Rows) error {
			r, err := scanTenure(rows)
			found = append(found, r)
			return err
		}, `select `+nowTenures+` from assignments where principal_id in list($2) and since <= $1
			union all select `+tenureColumns+` from past_assignments where principal_id in list($2) and `+wasThen, at.UnixMicro(), cleaned(principalIDs))
	})
	slices.SortFunc(found, func(a, b directory.RoleTenure) int {
		return strings.Compare(key(a.ApplicationName)+"\x00"+key(a.RoleName)+"\x00"+a.ID, key(b.ApplicationName)+"\x00"+key(b.RoleName)+"\x00"+b.ID)
	})
	return found, err
}

func scanTenure(rows *sql.Rows, more ...any) (directory.RoleTenure, error) {
	var (
		r                     directory.RoleTenure
		created, since, until int64
	)
	err := rows.Scan(append(tenureTargets(&r, &created, &since, &until), more...)...)
	r.CreatedAt, r.Since, r.Until = moment(created), moment(since), moment(until)
	return r, err
}

// nameMemberships fills in the names of groups and members: those of today, or, of what
// was removed for good, the last ones.
func nameMemberships[T any](ctx context.Context, s session, items []T, of func(item *T) *directory.Membership) error {
	users, groups := make(map[string]string), make(map[string]string)
	for i := range items {
		m := of(&items[i])
		if m.GroupID != "" {
			groups[m.GroupID] = ""
		}
		if m.MemberType == "Group" {
			groups[m.MemberID] = ""
		} else if m.MemberID != "" {
			users[m.MemberID] = ""
		}
	}
	for object, names := range map[directory.ObjectKind]map[string]string{directory.UserObject: users, directory.GroupObject: groups} {
		if err := s.lastNames(ctx, object, names); err != nil {
			return err
		}
	}
	for i := range items {
		m := of(&items[i])
		m.GroupName, m.MemberName = groups[m.GroupID], users[m.MemberID]
		if m.MemberType == "Group" {
			m.MemberName = groups[m.MemberID]
		}
	}
	return nil
}

// lastNames fills in the display names of objects by id.
func (s session) lastNames(ctx context.Context, object directory.ObjectKind, names map[string]string) error {
	if len(names) == 0 {
		return nil
	}
	text := `select id, display_name from users where id in list($1)`
	if object == directory.GroupObject {
		text = `select id, display_name from groups where id in list($1)`
	}
	gone := maps.Clone(names)
	if err := s.pairs(ctx, func(id, name string) {
		names[id] = name
		delete(gone, id)
	}, text, slices.Collect(maps.Keys(names))); err != nil || len(gone) == 0 {
		return err
	}
	table, column := changesTable(object)
	return s.each(ctx, func(rows *sql.Rows) error {
		var id string
		c, err := scanObjectChange(rows, &id)
		for _, p := range c.properties {
			if p.Name == "displayName" {
				names[id] = p.Old.String()
			}
		}
		return err
	}, `select `+objectChangeColumns+`, `+column+` from `+table+` where `+column+` in list($1) and kind = 'purged' order by id`, slices.Collect(maps.Keys(gone)))
}
