package sqlstore

import (
	"context"
	"database/sql"
	"iter"
	"maps"
	"slices"

	"github.com/usher-id/usher/directory"
)

// Groups inside an assigned group. The queries of this file walk down from groups to
// the groups inside them; a union takes each group once, so groups that contain one
// another in a ring end the walk. A deleted group leads nowhere.

const (
	// The assigned groups of job $1 with all groups inside them.
	nestedGroups = `with recursive inside (group_id) as (
			select g.id from jobs j
				join assignments a on a.application_id = j.application_id and a.principal_type = 'Group'
				join groups g on g.id = a.principal_id and g.deleted_at = 0 and g.security_enabled
				where j.id = $1
			union
			select g.id from inside i
				join members m on m.group_id = i.group_id and m.member_type = 'Group'
				join groups g on g.id = m.member_id and g.deleted_at = 0
		)`

	// Everybody below a group that changed, or that has a role that changed. Whether an
	// assigned group is above it is not asked: it may just have ceased to be. Whoever has
	// nothing to do with the application is found out when they are judged.
	collectTouchedNested = `with recursive below (group_id) as (
			select c.group_id from changes c
				where c.sequence > $4 and c.sequence <= $5 and c.group_id <> '' and c.user_id = ''
				and (c.application_id = '' or c.application_id = (select application_id from jobs where id = $1))
			union
			select a.principal_id from changes c
				join assignments a on a.application_id = c.application_id and a.app_role_id = c.app_role_id and a.principal_type = 'Group'
				where c.sequence > $4 and c.sequence <= $5 and c.app_role_id <> ''
				and c.application_id = (select application_id from jobs where id = $1)
			union
			select m.member_id from below b join members m on m.group_id = b.group_id and m.member_type = 'Group'
		)
		` + touchedInPerson + `
		union
		select m.member_id from below b cross join members m
			where m.group_id = b.group_id and m.member_type = 'User' and m.member_id > $2
		union
		` + touchedOtherwise
)

// nests reports whether a job looks into groups inside assigned groups.
func (s session) nests(ctx context.Context, jobID string) (bool, error) {
	job, err := s.jobByID(ctx, jobID)
	return job.Settings.NestedGroups, err
}

// readNested finds the grants of users through groups inside assigned groups, and
// the path of groups to each. It climbs from the users' groups level by level.
func (p *subjectPage) readNested(ctx context.Context, s session) error {
	tree := groupTree{
		above: map[string][]string{}, groups: map[string]directory.Group{}, assigned: map[string][]grantRow{}, known: map[string][]reached{},
	}
	direct := map[string][]string{} // groups by user
	frontier := map[string]bool{}
	if err := s.pairs(ctx, func(user, group string) {
		direct[user] = append(direct[user], group)
		frontier[group] = true
	}, `select member_id, group_id from members where member_id in list($1) and member_type = 'User' order by member_id, group_id`, p.ids); err != nil {
		return err
	}
	for len(frontier) > 0 {
		next, err := tree.climb(ctx, s, slices.Sorted(maps.Keys(frontier)))
		if err != nil {
			return err
		}
		frontier = next
	}
	if err := tree.readAssigned(ctx, s, p.applicationID); err != nil {
		return err
	}
	for user, groups := range direct {
		p.grants = append(p.grants, tree.grants(p.places[user], groups)...)
	}
	return nil
}

// pairs runs a query of two texts.
func (s session) pairs(ctx context.Context, take func(a, b string), text string, arguments ...any) error {
	return s.each(ctx, func(rows *sql.Rows) error {
		var a, b string
		err := rows.Scan(&a, &b)
		take(a, b)
		return err
	}, text, arguments...)
}

// groupTree is what is known of the groups above the users of a page.
type groupTree struct {
	above    map[string][]string        // by group: the groups that it is a direct member of
	groups   map[string]directory.Group // those that are not deleted
	assigned map[string][]grantRow      // by group: its assignments to the application
	known    map[string][]reached       // by group: the assigned groups that are reached from it
}

// reached is an assigned group with the names of the groups on the way down to
// another one, which is the last of them.
type reached struct {
	group string
	path  []string
}

// climb reads groups with what they are members of, and returns those above them
// that were not read yet.
func (t groupTree) climb(ctx context.Context, s session, ids []string) (map[string]bool, error) {
	found, err := s.groups(ctx, `select `+groupColumns+` from groups where id in list($1) and deleted_at = 0`, ids)
	if err != nil {
		return nil, err
	}
	for _, group := range found {
		t.groups[group.ID] = group
	}
	for _, id := range ids {
		t.above[id] = nil
	}
	err = s.pairs(ctx, func(member, group string) { t.above[member] = append(t.above[member], group) },
		`select member_id, group_id from members where member_id in list($1) and member_type = 'Group' order by member_id, group_id`, ids)
	next := map[string]bool{}
	for _, id := range ids {
		for _, group := range t.above[id] {
			if _, read := t.above[group]; !read {
				next[group] = true
			}
		}
	}
	return next, err
}

func (t groupTree) readAssigned(ctx context.Context, s session, applicationID string) error {
	return s.each(ctx, func(rows *sql.Rows) error {
		var row grantRow
		if err := rows.Scan(&row.grant.AssignmentID, &row.grant.GroupID, &row.roleID); err != nil {
			return err
		}
		group := t.groups[row.grant.GroupID]
		if group.SecurityEnabled {
			row.grant.GroupName = group.DisplayName
			t.assigned[group.ID] = append(t.assigned[group.ID], row)
		}
		return nil
	}, `select id, principal_id, app_role_id from assignments
		where application_id = $1 and principal_type = 'Group' and principal_id in list($2)`, applicationID, slices.Sorted(maps.Keys(t.groups)))
}

// grants returns the grants of a user who is a direct member of these groups: each
// assigned group once, by the shortest path.
func (t groupTree) grants(place int, direct []string) []grantRow {
	best := map[string][]string{}
	for _, group := range direct {
		for _, r := range t.reach(group) {
			if path, found := best[r.group]; !found || len(r.path) < len(path) {
				best[r.group] = r.path
			}
		}
	}
	var rows []grantRow
	for group, path := range best {
		for _, row := range t.assigned[group] {
			row.place, row.grant.Path = place, path
			rows = append(rows, row)
		}
	}
	return rows
}

// reach returns the assigned groups that are reached from a group, itself included.
func (t groupTree) reach(from string) []reached {
	if known, found := t.known[from]; found {
		return known
	}
	var all []reached
	seen := map[string]bool{from: true}
	for frontier := []reached{{group: from}}; len(frontier) > 0; {
		var next []reached
		for _, r := range frontier {
			group, living := t.groups[r.group]
			if !living {
				continue
			}
			if len(t.assigned[r.group]) > 0 {
				all = append(all, r)
			}
			for _, above := range t.above[r.group] {
				if !seen[above] {
					seen[above] = true
					next = append(next, reached{above, slices.Concat([]string{group.DisplayName}, r.path)})
				}
			}
		}
		frontier = next
	}
	t.known[from] = all
	return all
}

// MembersBelow yields members of a group and of those inside; see store.Nesting.
func (s *Store) MembersBelow(ctx context.Context, groupID, after string) iter.Seq2[directory.Member, error] {
	return pages("list members of "+groupID, func(last directory.Member, started bool, limit int) ([]directory.Member, error) {
		from := after
		if started {
			from = last.Member
		}
		return s.database.queries().members(ctx, insideGroup+`
			select min(m.group_id), m.member_id, m.member_type from inside i join members m on m.group_id = i.group_id
				where m.member_id > $2 and m.member_id <> $1
				group by m.member_id, m.member_type order by m.member_id limit $3`, clean(groupID), clean(from), int64(limit))
	})
}

// GroupsAbove returns the groups that somebody is in; see store.Nesting.
func (s *Store) GroupsAbove(ctx context.Context, id string) ([]directory.Group, error) {
	groups, err := s.database.queries().groups(ctx, `with recursive above (group_id) as (
			select g.id from members m join groups g on g.id = m.group_id and g.deleted_at = 0 where m.member_id = $1
			union
			select g.id from above a
				join members m on m.member_id = a.group_id and m.member_type = 'Group'
				join groups g on g.id = m.group_id and g.deleted_at = 0
		)
		select `+groupColumns+` from groups where id in (select group_id from above) and id <> $1 order by id`, clean(id))
	return groups, wrapped("list all groups of "+id, err)
}
