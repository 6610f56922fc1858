package sqlstore

import (
	"context"
	"database/sql"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/engine"
	"github.com/usher-id/usher/internal/store"
)

// The columns of a store.FoundAssignment after those of its principal.
const foundAssignmentColumns = `a.id, a.application_id, a.app_role_id, a.created_at`

func scanFoundAssignment(rows *sql.Rows, more ...any) (placed[store.FoundAssignment], error) {
	var (
		f                    store.FoundAssignment
		deletedAt, createdAt int64
		name                 string
	)
	targets := append(principalTargets(&f.Principal, &deletedAt, &name), &f.ID, &f.ApplicationID, &f.Role.ID, &createdAt)
	err := rows.Scan(append(targets, more...)...)
	f.Principal.Deleted = deletedAt > 0
	f.PrincipalID, f.PrincipalType, f.AppRoleID, f.CreatedAt = f.Principal.ID, f.Principal.Type, f.Role.ID, moment(createdAt)
	f.Role.ApplicationID = f.ApplicationID
	return placed[store.FoundAssignment]{f, []any{name, f.PrincipalID, f.AppRoleID}}, err
}

// byNameIDAndRole is the place of an item of a list whose places are a text and two
// ids.
func byNameIDAndRole[T any](item placed[T]) []any {
	if item.place == nil {
		return []any{"", "", ""}
	}
	return item.place
}

// FindAssignments returns assignments; see store.Access.
func (s *Store) FindAssignments(ctx context.Context, search store.AssignmentSearch, page store.Page) (store.Listing[store.FoundAssignment], error) {
	const what = "list assignments"
	session := s.database.queries()
	application, role := clean(search.ApplicationID), clean(search.RoleID)
	users := sequence[placed[store.FoundAssignment]]{
		columns: userPrincipalColumns + `, ` + foundAssignmentColumns + `, 0`, from: "users u cross join assignments a",
		order: []string{"u.name_key", "u.id", "a.app_role_id"}, place: byNameIDAndRole[store.FoundAssignment],
		scan: func(rows *sql.Rows) (placed[store.FoundAssignment], error) {
			members := 0
			found, err := scanFoundAssignment(rows, &members)
			found.item.Members = countOf(members, maxMembers)
			return found, err
		},
	}
	groups := users
	groups.columns = groupPrincipalColumns + `, ` + foundAssignmentColumns + `, ` + membersColumn
	groups.order = []string{"g.display_name_key", "g.id", "a.app_role_id"}
	var sequences []sequence[placed[store.FoundAssignment]]
	for _, part := range []struct {
		kind, alias, table string
		sequence[placed[store.FoundAssignment]]
	}{{"User", "u", "users", users}, {"Group", "g", "groups", groups}} {
		if search.PrincipalType != "" && search.PrincipalType != part.kind {
			continue
		}
		q := part.sequence
		q.from = part.table + " " + part.alias + " cross join assignments a"
		q.where.add(`a.application_id = ?`, application)
		count := `select 1 from assignments where application_id = $1`
		arguments := []any{application}
		if role != "" {
			q.where.add(`a.app_role_id = ?`, role)
			count, arguments = count+` and app_role_id = $2`, append(arguments, role)
		}
		q.where.addCondition(`a.principal_id = `+part.alias+`.id`, `a.principal_type = '`+part.kind+`'`)
		q.where.addWords(part.alias+".words", search.Text)
		many, err := session.capped(ctx, manyRelated, count, arguments...)
		if err != nil {
			return store.Listing[store.FoundAssignment]{}, wrapped(what, err)
		}
		if !many.More {
			q.from = "assignments a cross join " + part.table + " " + part.alias
			q = q.sorted()
		}
		sequences = append(sequences, q)
	}
	if len(sequences) == 0 {
		return store.Listing[store.FoundAssignment]{}, errorf(store.ErrInvalid, "%s: %q is neither User nor Group", what, search.PrincipalType)
	}
	found, err := listing(ctx, session, page, sequences...)
	if err != nil {
		return store.Listing[store.FoundAssignment]{}, wrapped(what, err)
	}
	result := unplaced(found)
	return result, wrapped(what, session.nameAssignments(ctx, result.Items))
}

// nameAssignments fills in the roles and the names of the applications.
func (s session) nameAssignments(ctx context.Context, found []store.FoundAssignment) error {
	var roleIDs, applicationIDs []string
	for _, f := range found {
		roleIDs, applicationIDs = append(roleIDs, f.AppRoleID), append(applicationIDs, f.ApplicationID)
	}
	roles, err := s.roles(ctx, `select `+roleColumns+` from app_roles where id in list($1)`, roleIDs)
	if err != nil {
		return err
	}
	byID := make(map[string]directory.AppRole, len(roles))
	for _, role := range roles {
		byID[role.ID] = role
	}
	names := make(map[string]string)
	if err := s.pairs(ctx, func(id, name string) { names[id] = name },
		`select id, display_name from applications where id in list($1)`, applicationIDs); err != nil {
		return err
	}
	for i := range found {
		f := &found[i]
		f.ApplicationName = names[f.ApplicationID]
		if f.AppRoleID == directory.DefaultAccess {
			f.Role = defaultAccess(f.ApplicationID)
		} else if role, known := byID[f.AppRoleID]; known {
			f.Role = role
		}
	}
	return nil
}

// AssignmentsOfPrincipal returns what is assigned to a user or group; see store.Access.
func (s *Store) AssignmentsOfPrincipal(ctx context.Context, principalID string) ([]store.FoundAssignment, error) {
	what := "list assignments of " + principalID
	session := s.database.queries()
	var found []store.FoundAssignment
	scan := func(rows *sql.Rows) error {
		f, err := scanFoundAssignment(rows)
		found = append(found, f.item)
		return err
	}
	const rest = `, ` + foundAssignmentColumns + ` from assignments a cross join applications p cross join `
	for _, text := range []string{
		`select ` + userPrincipalColumns + rest + `users u where a.principal_type = 'User' and u.id = a.principal_id`,
		`select ` + groupPrincipalColumns + rest + `groups g where a.principal_type = 'Group' and g.id = a.principal_id`,
	} {
		if err := session.each(ctx, scan, text+` and a.principal_id = $1 and p.id = a.application_id order by p.display_name_key, a.app_role_id`,
			clean(principalID)); err != nil {
			return nil, wrapped(what, err)
		}
	}
	return found, wrapped(what, session.nameAssignments(ctx, found))
}

// assignedGroups is the list of the groups that are assigned to the application of job
// $1, and of those inside them.
const (
	assignedGroups = `select g.id from jobs j
		join assignments a on a.application_id = j.application_id and a.principal_type = 'Group'
		join groups g on g.id = a.principal_id and g.deleted_at = 0 and g.security_enabled
		where j.id = $1`
	assignedGroupsNested = nestedGroups + ` select group_id from inside`
)

func (s session) assignedGroups(ctx context.Context, jobID string, nested bool) ([]string, error) {
	text := assignedGroups
	if nested {
		text = assignedGroupsNested
	}
	groups, err := s.texts(ctx, text, jobID)
	if groups == nil {
		groups = []string{}
	}
	return groups, err
}

// isAssigned tells that the column is the id of a user who is assigned to the
// application of a job, or is a member of one of the groups.
func (c *conditions) isAssigned(column, applicationID string, groups []string) string {
	return `(exists (select 1 from assignments direct where direct.application_id = ` + c.argument(applicationID) + ` and direct.principal_id = ` + column + `)
		or exists (select 1 from members through where through.member_id = ` + column + ` and through.group_id in list(` + c.argument(groups) + `)))`
}

// FindAssigned returns who is assigned; see store.Access.
func (s *Store) FindAssigned(ctx context.Context, applicationID, text string, page store.Page) (store.Listing[engine.Subject], error) {
	what := "list who is assigned to " + applicationID
	job, err := s.Job(ctx, applicationID)
	if err != nil {
		return store.Listing[engine.Subject]{}, wrapped(what, err)
	}
	session := s.database.queries()
	groups, err := session.assignedGroups(ctx, job.ID, job.Settings.NestedGroups)
	if err != nil {
		return store.Listing[engine.Subject]{}, wrapped(what, err)
	}
	q := sequence[placed[string]]{
		columns: "u.id, u.name_key", from: "users u", order: []string{"u.name_key", "u.id"}, place: byNameAndID[string],
		scan: func(rows *sql.Rows) (placed[string], error) {
			var id, name string
			err := rows.Scan(&id, &name)
			return placed[string]{id, []any{name, id}}, err
		},
	}
	q.where.addCondition(`u.deleted_at = 0`)
	q.where.addWords("u.words", text)
	few, err := session.texts(ctx, `select principal_id from assignments where application_id = $1 and principal_type = 'User'
		union all select member_id from members where group_id in list($2) and member_type = 'User' limit $3`, applicationID, groups, int64(manyRelated+1))
	if err != nil {
		return store.Listing[engine.Subject]{}, wrapped(what, err)
	}
	if len(few) <= manyRelated {
		q.where.add(`u.id in list(?)`, few)
		q = q.sorted()
	} else {
		q.where.addCondition(q.where.isAssigned("u.id", applicationID, groups))
	}
	found, err := listing(ctx, session, page, q)
	if err != nil {
		return store.Listing[engine.Subject]{}, wrapped(what, err)
	}
	subjects, err := s.subjectsOf(ctx, job.ID, unplaced(found))
	return subjects, wrapped(what, err)
}

// subjectsOf makes a listing of people one of subjects.
func (s *Store) subjectsOf(ctx context.Context, jobID string, ids store.Listing[string]) (store.Listing[engine.Subject], error) {
	subjects, err := cycles{s}.Subjects(ctx, jobID, ids.Items)
	return store.Listing[engine.Subject]{Items: subjects, Next: ids.Next, Previous: ids.Previous}, err
}

// AccessOf returns what a user has; see store.Access. The applications are found
// first, so that those that have nothing to do with the user cost nothing.
func (s *Store) AccessOf(ctx context.Context, userID string) ([]store.UserAccess, error) {
	what := "look up the applications of " + userID
	var found []store.UserAccess
	err := s.database.queries().each(ctx, func(rows *sql.Rows) error {
		var (
			access    store.UserAccess
			a         = &access.Application
			createdAt int64
		)
		err := rows.Scan(&a.ID, &a.ObjectID, &a.AppID, &a.TemplateID, &a.DisplayName, &createdAt, &access.JobID)
		a.CreatedAt = moment(createdAt)
		found = append(found, access)
		return err
	}, `with recursive above (id) as (
			select cast($1 as key_text)
			union
			select m.group_id from above join members m on m.member_id = above.id
		)
		select p.id, p.object_id, p.app_id, p.template_id, p.display_name, p.created_at, j.id from applications p join jobs j on j.application_id = p.id
		where exists (select 1 from connections c where c.job_id = j.id and c.source_id = $1)
			or exists (select 1 from escrows e where e.job_id = j.id and e.source_id = $1)
			or p.id in (select a.application_id from above cross join assignments a where a.principal_id = above.id)
		order by p.display_name_key`, clean(userID))
	if err != nil {
		return nil, wrapped(what, err)
	}
	kept := found[:0]
	for _, access := range found {
		subjects, err := cycles{s}.Subjects(ctx, access.JobID, []string{userID})
		if err != nil {
			return nil, wrapped(what, err)
		}
		access.Subject = subjects[0]
		if len(access.Subject.Grants) > 0 || !access.Subject.Connection.IsZero() || !access.Subject.Escrow.IsZero() {
			kept = append(kept, access)
		}
	}
	return kept, nil
}
