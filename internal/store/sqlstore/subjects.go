package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"strings"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
)

// Subjects returns what is known about users; see engine.Directory. It runs the
// same few queries for any number of them.
func (c cycles) Subjects(ctx context.Context, jobID string, userIDs []string) ([]engine.Subject, error) {
	if len(userIDs) == 0 {
		return nil, nil
	}
	page := newSubjectPage(jobID, userIDs)
	err := c.database().read(ctx, "read users", func(s session) error {
		for _, read := range []func(context.Context, session) error{
			page.readJob, page.readUsers, page.readAssignments, page.readRoles, page.readConnections, page.readEscrows, page.readRemovals, page.readAcceptances, page.readLeavers,
		} {
			if err := read(ctx, s); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return page.finish(), nil
}

// subjectPage gathers the subjects of one call.
type subjectPage struct {
	jobID         string
	applicationID string
	nested        bool // groups inside assigned groups count
	ids           []string
	subjects      []engine.Subject
	places        map[string]int // user id -> index of the subject
	grants        []grantRow
	roles         map[string]directory.AppRole
	connections   map[string]engine.Connection
}

// grantRow is a grant of the user at a place, with the id of its role.
type grantRow struct {
	place  int
	roleID string
	grant  directory.Grant
}

func newSubjectPage(jobID string, userIDs []string) *subjectPage {
	p := &subjectPage{
		jobID: jobID, ids: userIDs, subjects: make([]engine.Subject, len(userIDs)), places: make(map[string]int, len(userIDs)),
		roles: map[string]directory.AppRole{}, connections: make(map[string]engine.Connection, len(userIDs)),
		grants: make([]grantRow, 0, len(userIDs)),
	}
	for i, id := range userIDs {
		p.subjects[i] = engine.Subject{User: directory.User{ID: id}, Gone: true}
		p.places[id] = i
	}
	return p
}

func (p *subjectPage) readJob(ctx context.Context, s session) error {
	job, err := s.jobByID(ctx, p.jobID)
	p.applicationID, p.nested = job.ApplicationID, job.Settings.NestedGroups
	return err
}

func (p *subjectPage) readUsers(ctx context.Context, s session) error {
	return s.each(ctx, func(rows *sql.Rows) error {
		user, err := scanUser(rows)
		if err != nil {
			return err
		}
		subject := &p.subjects[p.places[user.ID]]
		subject.User, subject.Gone = user, false
		return nil
	}, `select `+userColumns+` from users where id in list($1)`, p.ids)
}

func (p *subjectPage) readAssignments(ctx context.Context, s session) error {
	scan := func(rows *sql.Rows) error {
		var (
			userID string
			row    grantRow
		)
		if err := rows.Scan(&userID, &row.grant.AssignmentID, &row.roleID, &row.grant.GroupID, &row.grant.GroupName); err != nil {
			return err
		}
		row.place = p.places[userID]
		p.grants = append(p.grants, row)
		return nil
	}
	if err := s.each(ctx, scan, `select principal_id, id, app_role_id, '', '' from assignments
		where application_id = $1 and principal_type = 'User' and principal_id in list($2)`, p.applicationID, p.ids); err != nil {
		return err
	}
	if p.nested {
		return p.readNested(ctx, s)
	}
	return s.each(ctx, scan, `select m.member_id, a.id, a.app_role_id, g.id, g.display_name
		from members m cross join assignments a cross join groups g
		where m.member_id in list($2) and m.member_type = 'User'
		and a.application_id = $1 and a.principal_id = m.group_id and a.principal_type = 'Group'
		and g.id = m.group_id and g.deleted_at = 0 and g.security_enabled`, p.applicationID, p.ids)
}

func (p *subjectPage) readRoles(ctx context.Context, s session) error {
	var wanted []string
	for _, row := range p.grants {
		if _, ok := p.roles[row.roleID]; !ok {
			p.roles[row.roleID] = directory.AppRole{ID: row.roleID, ApplicationID: p.applicationID}
			wanted = append(wanted, row.roleID)
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	roles, err := s.roles(ctx, `select `+roleColumns+` from app_roles where id in list($1)`, wanted)
	for _, role := range roles {
		p.roles[role.ID] = role
	}
	p.roles[directory.DefaultAccess] = defaultAccess(p.applicationID)
	return err
}

// readConnections reads the connections of the users and of their managers.
func (p *subjectPage) readConnections(ctx context.Context, s session) error {
	wanted := slices.Clone(p.ids)
	managers := make(map[string]bool)
	for _, subject := range p.subjects {
		manager := subject.User.ManagerID
		if _, asked := p.places[manager]; manager != "" && !asked && !managers[manager] {
			managers[manager] = true
			wanted = append(wanted, manager)
		}
	}
	found, err := s.connections(ctx, `select `+connectionColumns+` from connections where job_id = $1 and source_id in list($2)`, p.jobID, wanted)
	for _, connection := range found {
		p.connections[connection.SourceID] = connection
	}
	return err
}

func (p *subjectPage) readEscrows(ctx context.Context, s session) error {
	return s.each(ctx, func(rows *sql.Rows) error {
		escrow, err := scanEscrow(rows)
		if err == nil {
			p.subjects[p.places[escrow.SourceID]].Escrow = escrow
		}
		return err
	}, `select `+escrowColumns+` from escrows where job_id = $1 and source_id in list($2)`, p.jobID, p.ids)
}

func (p *subjectPage) readRemovals(ctx context.Context, s session) error {
	return s.each(ctx, func(rows *sql.Rows) error {
		removal, err := scanRemoval(rows)
		if err == nil {
			p.subjects[p.places[removal.SourceID]].Removal = removal
		}
		return err
	}, `select source_id, state, reason, since from removals where job_id = $1 and source_id in list($2)`, p.jobID, p.ids)
}

func (p *subjectPage) readLeavers(ctx context.Context, s session) error {
	leavers, err := s.leavers(ctx, `select source_id, '', since, due_at, reason from leavers where job_id = $1 and source_id in list($2)`, p.jobID, p.ids)
	for _, leaver := range leavers {
		p.subjects[p.places[leaver.SourceID]].Leaver = leaver
	}
	return err
}

// finish puts the parts together: direct grants first, then groups by name.
func (p *subjectPage) finish() []engine.Subject {
	slices.SortFunc(p.grants, func(a, b grantRow) int {
		return cmp.Or(
			cmp.Compare(a.place, b.place),
			strings.Compare(a.grant.GroupName, b.grant.GroupName),
			strings.Compare(a.grant.GroupID, b.grant.GroupID),
			strings.Compare(a.grant.AssignmentID, b.grant.AssignmentID),
		)
	})
	for first := 0; first < len(p.grants); {
		last := first
		for last < len(p.grants) && p.grants[last].place == p.grants[first].place {
			last++
		}
		grants := make([]directory.Grant, 0, last-first)
		for _, row := range p.grants[first:last] {
			row.grant.Role = p.roles[row.roleID]
			grants = append(grants, row.grant)
		}
		p.subjects[p.grants[first].place].Grants = grants
		first = last
	}
	for i := range p.subjects {
		subject := &p.subjects[i]
		subject.Connection = p.connections[subject.User.ID]
		if subject.User.ManagerID != "" {
			subject.Manager = p.connections[subject.User.ManagerID]
		}
	}
	// An id that was given more than once has everything at its last place.
	for i, id := range p.ids {
		if place := p.places[id]; place != i {
			p.subjects[i] = p.subjects[place]
		}
	}
	return p.subjects
}
