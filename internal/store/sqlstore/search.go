package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"slices"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/store"
)

// manyRelated is from how many rows of a relation on a list goes through users or
// groups in their order and looks for the relation, and not the other way round.
const manyRelated = 1000

// maxMembers is up to how many members of a group are counted.
const maxMembers = 10_000

// membersColumn counts the direct members of the group g.
const membersColumn = `(select count(*) from (select 1 from members counted where counted.group_id = g.id limit 10001) counted)`

// FindUsers returns users; see store.Search. Their ids are found first, for which both
// databases look at an index alone.
func (s *Store) FindUsers(ctx context.Context, search store.UserSearch, page store.Page) (store.Listing[directory.User], error) {
	q := sequence[placed[string]]{
		columns: "id, name_key", from: "users", order: []string{"name_key", "id"}, place: byNameAndID[string],
		scan: func(rows *sql.Rows) (placed[string], error) {
			var id, name string
			err := rows.Scan(&id, &name)
			return placed[string]{id, []any{name, id}}, err
		},
	}
	switch search.State {
	case store.LivingUsers:
		q.where.addCondition(`deleted_at = 0`)
	case store.EnabledUsers:
		q.where.addCondition(`deleted_at = 0`, `account_enabled`)
	case store.DisabledUsers:
		q.where.addCondition(`deleted_at = 0`, `not account_enabled`)
	case store.DeletedUsers:
		q.where.addCondition(`deleted_at > 0`)
	default:
		return store.Listing[directory.User]{}, errorf(store.ErrInvalid, "the state of users %q", search.State)
	}
	if search.Department != "" {
		q.where.add(`department_key = ?`, clip(fold(clean(search.Department)), maxWord))
	}
	q.where.addWords("words", search.Text)
	session := s.database.queries()
	found, err := listing(ctx, session, page, q)
	if err != nil || len(found.Items) == 0 {
		return store.Listing[directory.User]{Next: found.Next, Previous: found.Previous}, wrapped("find users", err)
	}
	ids := unplaced(found)
	users, err := session.users(ctx, `select `+userColumns+` from users where id in list($1)`, ids.Items)
	slices.SortFunc(users, func(a, b directory.User) int {
		return cmp.Compare(slices.Index(ids.Items, a.ID), slices.Index(ids.Items, b.ID))
	})
	return store.Listing[directory.User]{Items: users, Next: ids.Next, Previous: ids.Previous}, wrapped("find users", err)
}

// foundGroups is the sequence of groups g, which conditions have to be added to.
func foundGroups() sequence[store.FoundGroup] {
	return sequence[store.FoundGroup]{
		columns: `g.id, g.display_name, g.security_enabled, g.deleted_at, g.created_at, g.attributes, ` + membersColumn,
		from:    "groups g", order: []string{"g.display_name_key", "g.id"},
		scan: func(rows *sql.Rows) (store.FoundGroup, error) {
			var (
				g                    store.FoundGroup
				deletedAt, createdAt int64
				attributes           string
				members              int
			)
			err := rows.Scan(&g.ID, &g.DisplayName, &g.SecurityEnabled, &deletedAt, &createdAt, &attributes, &members)
			if err != nil {
				return g, err
			}
			g.DeletedAt, g.CreatedAt, g.Members = moment(deletedAt), moment(createdAt), countOf(members, maxMembers)
			g.Attributes, err = decodeAttributes(attributes, "Group", g.ID)
			return g, err
		},
		place: func(g store.FoundGroup) []any { return []any{key(g.DisplayName), g.ID} },
	}
}

// FindGroups returns groups; see store.Search.
func (s *Store) FindGroups(ctx context.Context, search store.GroupSearch, page store.Page) (store.Listing[store.FoundGroup], error) {
	q := foundGroups()
	if search.Deleted {
		q.where.addCondition(`g.deleted_at > 0`)
	} else {
		q.where.addCondition(`g.deleted_at = 0`)
	}
	switch search.Kind {
	case store.AllGroups:
	case store.SecurityGroups:
		q.where.addCondition(`g.security_enabled`)
	case store.OtherGroups:
		q.where.addCondition(`not g.security_enabled`)
	default:
		return store.Listing[store.FoundGroup]{}, errorf(store.ErrInvalid, "the kind of group %q", search.Kind)
	}
	q.where.addWords("g.words", search.Text)
	found, err := listing(ctx, s.database.queries(), page, q)
	return found, wrapped("find groups", err)
}

// FindMemberOf returns the groups of a member; see store.Search.
func (s *Store) FindMemberOf(ctx context.Context, id string, page store.Page) (store.Listing[store.FoundGroup], error) {
	q := foundGroups()
	q.from = "members m cross join groups g"
	q.where.add(`m.member_id = ?`, clean(id))
	q.where.addCondition(`g.id = m.group_id`, `g.deleted_at = 0`)
	found, err := listing(ctx, s.database.queries(), page, q.sorted())
	return found, wrapped("list groups of "+id, err)
}

// The columns of a store.FoundPrincipal, of the user u and of the group g.
const (
	userPrincipalColumns  = `u.id, 'User', u.display_name, u.user_principal_name, u.account_enabled, u.deleted_at, u.name_key`
	groupPrincipalColumns = `g.id, 'Group', g.display_name, '', g.security_enabled, g.deleted_at, g.display_name_key`
)

// placed is something with its place in the order of a list.
type placed[T any] struct {
	item  T
	place []any
}

// byNameAndID is the place of an item of a list whose places are a text and an id.
func byNameAndID[T any](item placed[T]) []any {
	if item.place == nil {
		return []any{"", ""}
	}
	return item.place
}

// unplaced returns a listing without the places.
func unplaced[T any](found store.Listing[placed[T]]) store.Listing[T] {
	items := make([]T, len(found.Items))
	for i, item := range found.Items {
		items[i] = item.item
	}
	return store.Listing[T]{Items: items, Next: found.Next, Previous: found.Previous}
}

// principalTargets are where the columns of a store.FoundPrincipal go.
func principalTargets(p *store.FoundPrincipal, deletedAt *int64, name *string) []any {
	return []any{&p.ID, &p.Type, &p.DisplayName, &p.Name, &p.Enabled, deletedAt, name}
}

func scanPrincipal(rows *sql.Rows) (placed[store.FoundPrincipal], error) {
	var (
		p         store.FoundPrincipal
		deletedAt int64
		name      string
	)
	err := rows.Scan(principalTargets(&p, &deletedAt, &name)...)
	p.Deleted = deletedAt > 0
	return placed[store.FoundPrincipal]{p, []any{name, p.ID}}, err
}

// FindMembers returns members of a group; see store.Search.
func (s *Store) FindMembers(ctx context.Context, groupID, text string, page store.Page) (store.Listing[store.FoundPrincipal], error) {
	session := s.database.queries()
	users := sequence[placed[store.FoundPrincipal]]{
		columns: userPrincipalColumns, from: "users u cross join members m", order: []string{"u.name_key", "u.id"},
		scan: scanPrincipal, place: byNameAndID[store.FoundPrincipal],
	}
	groups := users
	groups.columns, groups.from, groups.order = groupPrincipalColumns, "groups g cross join members m", []string{"g.display_name_key", "g.id"}
	users.where.add(`m.group_id = ?`, clean(groupID))
	groups.where.add(`m.group_id = ?`, clean(groupID))
	users.where.addCondition(`m.member_id = u.id`, `m.member_type = 'User'`)
	groups.where.addCondition(`m.member_id = g.id`, `m.member_type = 'Group'`)
	users.where.addWords("u.words", text)
	groups.where.addWords("g.words", text)
	count, err := session.capped(ctx, manyRelated, `select 1 from members where group_id = $1`, clean(groupID))
	if err != nil {
		return store.Listing[store.FoundPrincipal]{}, wrapped("list members", err)
	}
	// Groups inside a group are few.
	groups.from = "members m cross join groups g"
	groups = groups.sorted()
	if !count.More {
		users.from = "members m cross join users u"
		users = users.sorted()
	}
	found, err := listing(ctx, session, page, users, groups)
	return unplaced(found), wrapped("list members", err)
}

// FindReports returns who reports to somebody; see store.Search.
func (s *Store) FindReports(ctx context.Context, managerID string, page store.Page) (store.Listing[directory.User], error) {
	q := sequence[directory.User]{
		columns: userColumns, from: "users", order: []string{"name_key", "id"}, scan: scanUser,
		place: func(u directory.User) []any { return []any{nameKey(u.DisplayName), u.ID} },
	}
	q.where.addCondition(`manager_id <> ''`, `deleted_at = 0`)
	q.where.add(`manager_id = ?`, clean(managerID))
	found, err := listing(ctx, s.database.queries(), page, q)
	return found, wrapped("find reports of "+managerID, err)
}

// insideGroup are the ids of a group, the first argument, and of the groups inside it.
const insideGroup = `with recursive inside (group_id) as (
		select id from groups where id = $1 and deleted_at = 0
		union
		select g.id from inside i
			join members m on m.group_id = i.group_id and m.member_type = 'Group'
			join groups g on g.id = m.member_id and g.deleted_at = 0
	)`

// CountPeople counts the people in a group; see store.Search.
func (s *Store) CountPeople(ctx context.Context, groupID string, nested bool) (store.Count, error) {
	session, id := s.database.queries(), clean(groupID)
	if nested {
		inside, err := session.capped(ctx, 0, `select 1 from members where group_id = $1 and member_type = 'Group'`, id)
		if err != nil {
			return store.Count{}, wrapped("count the people of "+groupID, err)
		}
		nested = inside.More
	}
	// All members are counted, and then those taken off that are no living user, which are
	// few. To look up each of the others would cost ten times as much.
	with, members, from := "", "select 1 from members where group_id = $1", "m.group_id = $1"
	if nested { // somebody may be in several of the groups
		with = insideGroup + " "
		members, from = "select distinct m.member_id from inside i cross join members m where m.group_id = i.group_id", "m.group_id in (select group_id from inside)"
	}
	absent, err := session.count(ctx, with+`select (select count(distinct m.member_id) from members m where m.member_type = 'Group' and `+from+`)
		+ (select count(distinct m.member_id) from users u cross join members m where u.deleted_at > 0 and u.id > '' and m.member_id = u.id and `+from+`)`, id)
	if err != nil {
		return store.Count{}, wrapped("count the people of "+groupID, err)
	}
	count, err := session.count(ctx, with+`select count(*) from (`+members+` limit $2) counted`, id, int64(maxMembers+1+absent))
	return countOf(count-absent, maxMembers), wrapped("count the people of "+groupID, err)
}
