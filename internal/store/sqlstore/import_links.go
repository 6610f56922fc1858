package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/store"
)

// takeMembers adds or removes memberships. Those that name somebody who does not
// exist are tried again at the end of the import when retry is set.
func (i *importer) takeMembers(ctx context.Context, operation directory.Operation, members []directory.Member, retry bool) error {
	resolved := make([]directory.Member, 0, len(members))
	found, err := i.resolveMembers(ctx, members)
	if err != nil {
		return err
	}
	for n, member := range members {
		switch err := found[n].err; {
		case err == nil:
			resolved = append(resolved, found[n].member)
		case errors.Is(err, store.ErrNotFound) && retry:
			if err := i.postpone(ctx, operation, lateDelta{Member: &member}); err != nil {
				return err
			}
		case errors.Is(err, store.ErrNotFound) && operation == directory.Remove:
		case isFault(err):
			i.faults.add(fmt.Errorf("member %s of group %s: %w", member.Member, member.Group, err))
		default:
			return err
		}
	}
	if operation == directory.Remove {
		return i.endMemberships(ctx, resolved)
	}
	return i.putMembers(ctx, resolved)
}

// isFault reports whether an error is about what is imported, and not about the
// database.
func isFault(err error) bool {
	return errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrInvalid) || errors.Is(err, store.ErrConflict)
}

// foundMember is a membership with ids, or why it could not be resolved.
type foundMember struct {
	member directory.Member
	err    error
}

// resolveMembers resolves memberships with one query for all that are named by id.
func (i *importer) resolveMembers(ctx context.Context, members []directory.Member) ([]foundMember, error) {
	groupNames, memberNames := make([]string, 0, len(members)), make([]string, 0, len(members))
	for _, member := range members {
		groupNames, memberNames = append(groupNames, member.Group), append(memberNames, member.Member)
	}
	groups, err := i.idSet(ctx, `select id from groups where id in list($1)`, groupNames)
	if err != nil {
		return nil, err
	}
	users, err := i.idSet(ctx, `select id from users where id in list($1)`, memberNames)
	if err != nil {
		return nil, err
	}
	byName := make(map[string]foundMember) // by what was asked for, of names that come again
	found := make([]foundMember, len(members))
	for n, member := range members {
		group, user := groups[member.Group], users[member.Member]
		if group && user && (member.Type == "User" || member.Type == "") {
			member.Type = "User"
			found[n] = foundMember{member: member}
			continue
		}
		if !group {
			if _, ok := byName[member.Group]; !ok {
				resolved, err := i.group(ctx, member.Group)
				byName[member.Group] = foundMember{directory.Member{Group: resolved.ID}, err}
			}
			if err := byName[member.Group].err; err != nil {
				found[n] = foundMember{err: err}
				continue
			}
			member.Group = byName[member.Group].member.Group
		}
		member.Type, member.Member, err = i.principal(ctx, member.Type, member.Member)
		found[n] = foundMember{member, err}
	}
	return found, ctx.Err()
}

func (s session) idSet(ctx context.Context, text string, ids []string) (map[string]bool, error) {
	found, err := s.texts(ctx, text, ids)
	set := make(map[string]bool, len(found))
	for _, id := range found {
		set[id] = true
	}
	return set, err
}

func (i *importer) putMembers(ctx context.Context, members []directory.Member) error {
	members = lastOf(members, func(m directory.Member) string { return m.Group + "\x00" + m.Member })
	if err := i.seeMembers(ctx, members); err != nil {
		return err
	}
	if err := i.countMembers(ctx); err != nil {
		return err
	}
	known, err := i.knownMembers(ctx, members)
	if err != nil {
		return err
	}
	var values []any
	since := micros(now())
	for _, member := range members {
		if known[[2]string{member.Group, member.Member}] {
			continue
		}
		i.report.Members.Created++
		i.deeds.add("add member", member.Group, member.Member)
		values = append(values, member.Group, member.Member, member.Type, since, i.actor)
		if err := i.touchMember(ctx, member); err != nil {
			return err
		}
	}
	return i.insert(ctx, insertion{into: `members (group_id, member_id, member_type, since, begun_by)`, width: 5, then: `on conflict do nothing`}, values)
}

// countMembers has the database count the memberships again when this import made many.
// PostgreSQL plans by what it counted last, which in a new database is nothing, and then
// reads a whole group for each of its members.
func (i *importer) countMembers(ctx context.Context) error {
	made := i.report.Members.Created
	if i.database.dialect.count == "" || made < 4*max(i.counted, 1000) {
		return nil
	}
	i.counted = made
	_, err := i.exec(ctx, i.database.dialect.count+"members")
	return err
}

// knownMembers returns which memberships exist, as group and member.
func (i *importer) knownMembers(ctx context.Context, members []directory.Member) (map[[2]string]bool, error) {
	memberIDs, groupIDs, groups := make([]string, len(members)), []string(nil), make(map[string]bool)
	for n, member := range members {
		memberIDs[n] = member.Member
		if !groups[member.Group] {
			groups[member.Group] = true
			groupIDs = append(groupIDs, member.Group)
		}
	}
	known := make(map[[2]string]bool)
	// An index of a group's members would be read from end to end: few of them are asked for.
	err := i.each(ctx, func(rows *sql.Rows) error {
		var pair [2]string
		err := rows.Scan(&pair[0], &pair[1])
		known[pair] = true
		return err
	}, `select group_id, member_id from members where member_id in list($1) and group_id || '' in list($2)`, memberIDs, groupIDs)
	return known, err
}

func (i *importer) seeMembers(ctx context.Context, members []directory.Member) error {
	if !i.replace {
		return nil
	}
	values := make([]any, 0, 2*len(members))
	for _, member := range members {
		values = append(values, member.Group, member.Member)
	}
	return i.insert(ctx, insertion{into: `seen_members (group_id, member_id)`, width: 2, then: `on conflict (group_id, member_id) do nothing`}, values)
}

// endMemberships ends memberships, those of each group at once.
func (i *importer) endMemberships(ctx context.Context, members []directory.Member) error {
	byGroup := make(map[string][]string)
	for _, member := range members {
		byGroup[member.Group] = append(byGroup[member.Group], member.Member)
	}
	for _, group := range slices.Sorted(maps.Keys(byGroup)) {
		gone, err := i.removeMembers(ctx, group, byGroup[group]...)
		if err != nil {
			return err
		}
		i.report.Members.Removed += len(gone)
		i.deeds.members("end member", gone)
	}
	return nil
}

// takeAssignments adds or removes assignments.
func (i *importer) takeAssignments(ctx context.Context, operation directory.Operation, requests []directory.AssignmentRequest, retry bool) error {
	for _, request := range requests {
		err := i.takeAssignment(ctx, operation, request)
		switch {
		case err == nil:
		case errors.Is(err, store.ErrNotFound) && retry:
			if err := i.postpone(ctx, operation, lateDelta{Assignment: &request}); err != nil {
				return err
			}
		case errors.Is(err, store.ErrNotFound) && operation == directory.Remove:
		case isFault(err):
			i.faults.add(fmt.Errorf("assignment of %s to %s: %w", request.Principal, request.Application, err))
		default:
			return err
		}
	}
	return nil
}

func (i *importer) takeAssignment(ctx context.Context, operation directory.Operation, request directory.AssignmentRequest) error {
	if operation == directory.Remove {
		gone, err := i.unassign(ctx, i.resolver, request)
		i.report.Assignments.Removed += len(gone)
		i.deeds.assignments("unassign", gone...)
		return err
	}
	assignment, created, err := i.assign(ctx, i.resolver, request)
	if created {
		i.report.Assignments.Created++
		i.deeds.assignments("assign", assignment)
	}
	return err
}

// lateDelta is a member or an assignment that is tried again at the end.
type lateDelta struct {
	Member     *directory.Member            `json:"member,omitempty"`
	Assignment *directory.AssignmentRequest `json:"assignment,omitempty"`
}

func (i *importer) postpone(ctx context.Context, operation directory.Operation, delta lateDelta) error {
	content, err := json.Marshal(delta)
	if err != nil {
		return err
	}
	i.late++
	_, err = i.exec(ctx, `insert into late_deltas (position, operation, content) values ($1, $2, $3)`,
		int64(i.late), int64(operation), string(content))
	return err
}

// takeLate tries again what named somebody who did not exist yet.
func (i *importer) takeLate(ctx context.Context) error {
	for position := 0; position < i.late; position += importBatch {
		var deltas []lateDelta
		var operations []directory.Operation
		err := i.each(ctx, func(rows *sql.Rows) error {
			var (
				delta     lateDelta
				operation directory.Operation
				content   string
			)
			if err := rows.Scan(&operation, &content); err != nil {
				return err
			}
			deltas, operations = append(deltas, delta), append(operations, operation)
			return decodeJSON("a late delta", content, &deltas[len(deltas)-1])
		}, `select operation, content from late_deltas where position > $1 order by position limit $2`, int64(position), int64(importBatch))
		if err != nil {
			return err
		}
		for n, delta := range deltas {
			switch {
			case delta.Member != nil:
				err = i.takeMembers(ctx, operations[n], []directory.Member{*delta.Member}, false)
			case delta.Assignment != nil:
				err = i.takeAssignments(ctx, operations[n], []directory.AssignmentRequest{*delta.Assignment}, false)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// removeUnseen removes what the import did not put, of the kinds that it did put.
func (i *importer) removeUnseen(ctx context.Context) error {
	if i.puts.Members.Read > 0 {
		if err := i.removeUnseenMembers(ctx); err != nil {
			return err
		}
	}
	if i.puts.Groups.Read > 0 {
		ids, err := i.texts(ctx, `select id from groups
			where deleted_at = 0 and not exists (select 1 from seen_groups s where s.id = groups.id) order by id`)
		if err != nil {
			return err
		}
		if err := i.deleteGroups(ctx, ids); err != nil {
			return err
		}
	}
	if i.puts.Users.Read == 0 {
		return nil
	}
	for after := ""; ; {
		ids, err := i.texts(ctx, `select id from users
			where deleted_at = 0 and id > $1 and not exists (select 1 from seen_users s where s.id = users.id) order by id limit $2`,
			after, int64(importBatch))
		if err != nil || len(ids) == 0 {
			return err
		}
		if err := i.deleteUsers(ctx, ids); err != nil {
			return err
		}
		after = ids[len(ids)-1]
	}
}

func (i *importer) removeUnseenMembers(ctx context.Context) error {
	for last := (directory.Member{}); ; {
		members, err := i.tx.members(ctx, `select group_id, member_id, member_type from members
			where (group_id, member_id) > ($1, $2)
			and not exists (select 1 from seen_members s where s.group_id = members.group_id and s.member_id = members.member_id)
			order by group_id, member_id limit $3`, last.Group, last.Member, int64(importBatch))
		if err != nil || len(members) == 0 {
			return err
		}
		last = members[len(members)-1]
		if err := i.endMemberships(ctx, members); err != nil {
			return err
		}
	}
}
