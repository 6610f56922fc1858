package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/store"
)

// Principals finds users and groups by ids and names; see store.Access.
func (s *Store) Principals(ctx context.Context, idsOrNames []string) (map[string]store.Principals, error) {
	found := make(map[string]store.Principals, len(idsOrNames))
	known := slices.DeleteFunc(slices.Clone(idsOrNames), func(name string) bool { return checkText("name", name) != nil }) // nobody is called so
	for part := range slices.Chunk(known, pageSize) {
		q := s.database.queries()
		users, err := q.usersCalled(ctx, part)
		if err != nil {
			return nil, fmt.Errorf("find users by their names: %w", err)
		}
		groups, err := q.groupsCalled(ctx, part)
		if err != nil {
			return nil, fmt.Errorf("find groups by their names: %w", err)
		}
		for _, name := range part {
			p := store.Principals{User: users.byID[name]}
			if p.User.ID == "" {
				p.User = users.byName[key(name)]
			}
			if group, named := groups.byID[name]; named {
				p.Groups = []directory.Group{group}
			} else {
				p.Groups = groups.byName[key(name)]
				if alive := withoutDeleted(p.Groups); len(alive) > 0 {
					p.Groups = alive
				}
			}
			found[name] = p
		}
	}
	return found, nil
}

// calledUsers are users by their ids, and by their names as they are compared.
type calledUsers struct{ byID, byName map[string]directory.User }

func (s session) usersCalled(ctx context.Context, names []string) (calledUsers, error) {
	found := calledUsers{make(map[string]directory.User), make(map[string]directory.User)}
	const columns = `select id, user_principal_name, display_name, deleted_at from users where `
	read := func(take func(directory.User)) func(*sql.Rows) error {
		return func(rows *sql.Rows) error {
			var (
				user    directory.User
				deleted int64
			)
			err := rows.Scan(&user.ID, &user.UserPrincipalName, &user.DisplayName, &deleted)
			user.DeletedAt = moment(deleted)
			take(user)
			return err
		}
	}
	if err := s.each(ctx, read(func(user directory.User) { found.byID[user.ID] = user }), columns+`id in list($1)`, names); err != nil {
		return found, err
	}
	err := s.each(ctx, read(func(user directory.User) {
		if name := key(user.UserPrincipalName); found.byName[name].ID == "" {
			found.byName[name] = user
		}
	}), columns+`user_principal_name_key in list($1) order by case when deleted_at = 0 then 0 else 1 end, deleted_at desc, id`, keys(names))
	return found, err
}

// calledGroups are groups by their ids, and by their names as they are compared.
type calledGroups struct {
	byID   map[string]directory.Group
	byName map[string][]directory.Group
}

func (s session) groupsCalled(ctx context.Context, names []string) (calledGroups, error) {
	found := calledGroups{make(map[string]directory.Group), make(map[string][]directory.Group)}
	byID, err := s.groups(ctx, `select `+groupColumns+` from groups where id in list($1)`, names)
	for _, group := range byID {
		found.byID[group.ID] = group
	}
	if err != nil {
		return found, err
	}
	byName, err := s.groups(ctx, `select `+groupColumns+` from groups where display_name_key in list($1) order by id`, keys(names))
	for _, group := range byName {
		name := key(group.DisplayName)
		found.byName[name] = append(found.byName[name], group)
	}
	return found, err
}

func keys(names []string) []string {
	found := make([]string, len(names))
	for i, name := range names {
		found[i] = key(name)
	}
	return found
}
