package csv

import (
	"context"
	"fmt"
	"strings"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/directory"
)

// The columns of groups.csv, members.csv and assignments.csv.
const (
	descriptionColumn   = "description"
	nicknameColumn      = "mailNickname"
	securityColumn      = "securityEnabled"
	groupColumn         = "group"
	memberColumn        = "member"
	applicationColumn   = "application"
	principalTypeColumn = "principalType"
	principalColumn     = "principal"
	roleColumn          = "role"
)

func groupsLayout() layout {
	return layout{
		required: []string{idColumn, displayColumn},
		optional: []string{descriptionColumn, nicknameColumn, securityColumn},
	}
}

func membersLayout() layout { return layout{required: []string{groupColumn, memberColumn}} }

func assignmentsLayout() layout {
	return layout{
		required: []string{applicationColumn, principalTypeColumn, principalColumn},
		optional: []string{roleColumn},
	}
}

// collectGroups learns the names of all groups and checks the rows. There are few
// groups, so they are held as they are.
func (r *reading) collectGroups(ctx context.Context, file string) error {
	lines := map[string]int{}
	return r.rows(ctx, file, groupsLayout(), func(row row) error {
		id, name := row.name(idColumn), row.name(displayColumn)
		row.demand(idColumn)
		row.demand(displayColumn)
		row.boolean(securityColumn, true)
		if first, ok := lines[id]; ok && id != "" {
			row.fault(idColumn, "id %q is on line %d already", id, first)
			return nil
		}
		lines[id] = row.line
		r.shared[strings.ToLower(name)]++
		r.groups[strings.ToLower(name)] = id
		r.groups[id] = id
		return nil
	})
}

// checkGroup reports a group that does not exist, or a name that several have.
func (r *reading) checkGroup(ctx context.Context, row row, column string) error {
	name := row.name(column)
	if name == "" {
		return nil // reported as missing
	}
	_, ok, err := r.findGroup(ctx, name)
	if err != nil {
		return err
	}
	if !ok {
		row.fault(column, "group %q does not exist", name)
	}
	if n := r.shared[strings.ToLower(name)]; n > 1 {
		row.fault(column, "%d groups are called %q; name the group by its id", n, name)
	}
	return nil
}

// checkMembers checks that both ends of every membership exist.
func (r *reading) checkMembers(ctx context.Context, file string) error {
	return r.rows(ctx, file, membersLayout(), func(row row) error {
		row.demand(groupColumn)
		row.demand(memberColumn)
		if err := r.checkGroup(ctx, row, groupColumn); err != nil {
			return err
		}
		name := row.name(memberColumn)
		if name == "" {
			return nil
		}
		_, ok, err := r.findMember(ctx, name)
		if err == nil && !ok {
			row.fault(memberColumn, "member %q is neither a user nor a group", name)
		}
		return err
	})
}

// findMember resolves a member: a user or, failing that, a group in a group.
func (r *reading) findMember(ctx context.Context, name string) (resolved, bool, error) {
	if _, ok := r.users.find(name); !ok {
		if id, ok := r.groupID(name); ok {
			return resolved{id, groupKind}, true, nil
		}
	}
	member, ok, err := r.findUser(ctx, name)
	if ok || err != nil {
		return member, ok, err
	}
	return r.findGroup(ctx, name)
}

// checkAssignments checks the rows and that every principal exists. Applications and
// roles are known to whoever takes the assignments in.
func (r *reading) checkAssignments(ctx context.Context, file string) error {
	return r.rows(ctx, file, assignmentsLayout(), func(row row) error {
		row.demand(applicationColumn)
		row.demand(principalColumn)
		if err := r.checkRole(ctx, row); err != nil {
			return err
		}
		name := row.name(principalColumn)
		switch kind := row.name(principalTypeColumn); kind {
		case groupKind:
			return r.checkGroup(ctx, row, principalColumn)
		case userKind:
			_, ok, err := r.findUser(ctx, name)
			if err == nil && !ok && name != "" {
				row.fault(principalColumn, "user %q does not exist", name)
			}
			return err
		default:
			row.fault(principalTypeColumn, "principalType is %q; want User or Group", kind)
			return nil
		}
	})
}

// group makes the group of a valid row.
func (r *reading) group(_ context.Context, row row) (directory.Content, error) {
	attributes := map[string]attr.Value{}
	for _, column := range []string{descriptionColumn, nicknameColumn} {
		if text := row.cell(column).text; text != "" {
			attributes[column] = attr.Text(text)
		}
	}
	id := row.name(idColumn)
	return directory.Group{
		ID:              id,
		DisplayName:     row.name(displayColumn),
		SecurityEnabled: row.boolean(securityColumn, true),
		Attributes:      attr.New(groupKind, id, attributes),
	}, nil
}

// member makes the membership of a valid row.
func (r *reading) member(ctx context.Context, row row) (directory.Content, error) {
	group, _, err := r.findGroup(ctx, row.name(groupColumn))
	if err != nil {
		return nil, err
	}
	member, _, err := r.findMember(ctx, row.name(memberColumn))
	if err != nil {
		return nil, err
	}
	return directory.Member{Group: group.id, Member: member.id, Type: member.kind}, nil
}

// assignment makes the assignment of a valid row.
func (r *reading) assignment(ctx context.Context, row row) (directory.Content, error) {
	find := r.findUser
	if row.name(principalTypeColumn) == groupKind {
		find = r.findGroup
	}
	principal, _, err := find(ctx, row.name(principalColumn))
	if err != nil {
		return nil, err
	}
	return directory.AssignmentRequest{
		Application:   row.name(applicationColumn),
		PrincipalType: principal.kind,
		Principal:     principal.id,
		Role:          row.name(roleColumn),
	}, nil
}

// checkRole asks once for each role of an application whether it can be assigned.
func (r *reading) checkRole(ctx context.Context, row row) error {
	application, role := row.name(applicationColumn), row.name(roleColumn)
	if r.source.applications == nil || application == "" {
		return nil
	}
	question := application + "\x00" + role
	wrong, asked := r.roles[question]
	if !asked {
		var err error
		if wrong, err = r.source.applications.CheckRole(ctx, application, role); err != nil {
			return fmt.Errorf("look up the role %q of %q: %w", role, application, err)
		}
		r.roles[question] = wrong
	}
	if wrong != "" {
		row.fault(applicationColumn, "%s", wrong)
	}
	return nil
}
