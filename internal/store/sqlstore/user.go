package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/store"
)

const userColumns = `id, user_principal_name, display_name, account_enabled, manager_id, deleted_at, created_at, attributes`

// userInsertion puts users whose values userValues gives.
func userInsertion() insertion {
	return insertion{
		into: `users (id, user_principal_name, user_principal_name_key, display_name, account_enabled, manager_id, deleted_at, attributes,
			name_key, department_key, words, created_at)`, width: 12,
		then: `on conflict (id) do update set user_principal_name = excluded.user_principal_name,
			user_principal_name_key = excluded.user_principal_name_key, display_name = excluded.display_name,
			account_enabled = excluded.account_enabled, manager_id = excluded.manager_id, deleted_at = excluded.deleted_at,
			attributes = excluded.attributes, name_key = excluded.name_key, department_key = excluded.department_key, words = excluded.words`,
	}
}

// userUpdate is like userInsertion for users who are there and whose place in the list
// of users stays the same: the index of the list is not written.
func userUpdate() insertion {
	return insertion{
		into: `users (id, user_principal_name, user_principal_name_key, display_name, account_enabled, manager_id, deleted_at, attributes)`, width: 8,
		then: `on conflict (id) do update set user_principal_name = excluded.user_principal_name,
			user_principal_name_key = excluded.user_principal_name_key, display_name = excluded.display_name,
			manager_id = excluded.manager_id, attributes = excluded.attributes`,
	}
}

// samePlace reports whether two states of a user are alike in all that the list of users
// is in the order of and selects by.
func samePlace(before, after directory.User) bool {
	return before.DisplayName == after.DisplayName && before.AccountEnabled == after.AccountEnabled && before.DeletedAt.Equal(after.DeletedAt) &&
		before.Get("department").String() == after.Get("department").String() && slices.Equal(searched(before), searched(after))
}

func userValues(u directory.User) []any {
	return append(rowOf(u), nameKey(u.DisplayName), departmentKey(u.Attributes), userWords(u), micros(now()))
}

// rowOf returns the values of a user for userUpdate.
func rowOf(u directory.User) []any {
	return append(make([]any, 0, 12),
		u.ID, u.UserPrincipalName, key(u.UserPrincipalName), u.DisplayName, u.AccountEnabled, u.ManagerID,
		micros(u.DeletedAt), encodeAttributes(u.Attributes),
	)
}

func scanUser(rows *sql.Rows) (directory.User, error) {
	var (
		u                    directory.User
		deletedAt, createdAt int64
		attributes           string
	)
	err := rows.Scan(&u.ID, &u.UserPrincipalName, &u.DisplayName, &u.AccountEnabled, &u.ManagerID, &deletedAt, &createdAt, &attributes)
	if err != nil {
		return u, err
	}
	u.DeletedAt, u.CreatedAt = moment(deletedAt), moment(createdAt)
	u.Attributes, err = decodeAttributes(attributes, "User", u.ID)
	return u, err
}

// users runs a query of userColumns.
func (s session) users(ctx context.Context, text string, arguments ...any) ([]directory.User, error) {
	var users []directory.User
	err := s.each(ctx, func(rows *sql.Rows) error {
		user, err := scanUser(rows)
		users = append(users, user)
		return err
	}, text, arguments...)
	return users, err
}

// user finds a user by id or user principal name. A name may have been that of
// several: the one who is not deleted is meant, or else who was deleted last.
func (s session) user(ctx context.Context, idOrName string) (directory.User, error) {
	if err := checkText("user", idOrName); err != nil {
		return directory.User{}, errors.Join(notFound("user", idOrName), err)
	}
	found, err := s.users(ctx, `select `+userColumns+` from users where id = $1`, idOrName)
	if err == nil && len(found) == 0 {
		found, err = s.users(ctx, `select `+userColumns+` from users where user_principal_name_key = $1
			order by case when deleted_at = 0 then 0 else 1 end, deleted_at desc, id limit 1`, key(idOrName))
	}
	switch {
	case err != nil:
		return directory.User{}, err
	case len(found) == 0:
		return directory.User{}, notFound("user", idOrName)
	}
	return found[0], nil
}

// checkUser returns the user as it is kept, or an error that says what is wrong
// with it.
func checkUser(u directory.User) (directory.User, error) {
	switch {
	case u.ID == "":
		return u, errorf(store.ErrInvalid, "user %q has no id", u.UserPrincipalName)
	case u.UserPrincipalName == "":
		return u, errorf(store.ErrInvalid, "user %q has no user principal name", u.ID)
	}
	if err := checkText("user", u.ID, u.UserPrincipalName, u.DisplayName, u.ManagerID); err != nil {
		return u, err
	}
	u.Attributes = normalize(u.Attributes, "User", u.ID)
	return u, nil
}

// PutUser creates a user or makes it exactly this; see store.Users.
func (s *Store) PutUser(ctx context.Context, user directory.User) error {
	return s.database.write(ctx, "put user "+user.UserPrincipalName, func(t *tx) error { return t.putUser(ctx, user) })
}

func (t *tx) putUser(ctx context.Context, user directory.User) error {
	user, err := checkUser(user)
	if err != nil {
		return err
	}
	known, err := t.users(ctx, `select `+userColumns+` from users where id = $1`, user.ID)
	if err != nil || len(known) == 1 && known[0].Equal(user) {
		return err
	}
	if err := t.checkNeighbours(ctx, user); err != nil {
		return err
	}
	if err := t.insert(ctx, userInsertion(), userValues(user)); err != nil {
		return err
	}
	if len(known) == 1 {
		if err := t.rememberUpdate(ctx, known[0], user); err != nil {
			return err
		}
	}
	return t.touchUser(ctx, user.ID)
}

// checkNeighbours checks what a user has to do with others: the name is free, the
// manager exists.
func (t *tx) checkNeighbours(ctx context.Context, user directory.User) error {
	if err := t.checkName(ctx, user); err != nil {
		return err
	}
	if user.ManagerID == "" || user.ManagerID == user.ID {
		return nil
	}
	count, err := t.count(ctx, `select count(*) from users where id = $1`, user.ManagerID)
	if err == nil && count == 0 {
		return unknownManager(user)
	}
	return err
}

// checkName checks that nobody else has the user's name. Deleted users have none.
func (t *tx) checkName(ctx context.Context, user directory.User) error {
	if user.Deleted() {
		return nil
	}
	owners, err := t.users(ctx, `select `+userColumns+` from users where user_principal_name_key = $1 and id <> $2 and deleted_at = 0`,
		key(user.UserPrincipalName), user.ID)
	if err == nil && len(owners) > 0 {
		return nameTaken(user, owners[0])
	}
	return err
}

func nameTaken(user, owner directory.User) error {
	return errorf(store.ErrConflict, "user %s: the user principal name %s is that of the user %s", user.ID, user.UserPrincipalName, owner.ID)
}

func unknownManager(user directory.User) error {
	return errorf(store.ErrInvalid, "user %s: the manager %s does not exist", user.UserPrincipalName, user.ManagerID)
}

// User returns a user; see store.Users.
func (s *Store) User(ctx context.Context, idOrName string) (directory.User, error) {
	return s.database.queries().user(ctx, idOrName)
}

// Users yields all users; see store.Users. The sequence may be ranged over more than
// once, and the store may be used meanwhile.
func (s *Store) Users(ctx context.Context, after string) iter.Seq2[directory.User, error] {
	return pages("list users", func(last directory.User, started bool, limit int) ([]directory.User, error) {
		from := after
		if started {
			from = last.ID
		}
		return s.database.queries().users(ctx, `select `+userColumns+` from users where id > $1 order by id limit $2`, from, int64(limit))
	})
}

// UserTexts gives visit the first users after an id; see store.UserTexts.
func (s *Store) UserTexts(ctx context.Context, after string, limit int, visit func(user store.UserText) (more bool)) error {
	var (
		text                 store.UserText
		deletedAt, createdAt int64
	)
	u := &text.User
	targets := []any{&u.ID, &u.UserPrincipalName, &u.DisplayName, &u.AccountEnabled, &u.ManagerID, &deletedAt, &createdAt, &text.Attributes}
	err := s.database.queries().each(ctx, func(rows *sql.Rows) error {
		if err := rows.Scan(targets...); err != nil {
			return err
		}
		u.DeletedAt, u.CreatedAt = moment(deletedAt), moment(createdAt)
		if !visit(text) {
			return errEnough
		}
		return nil
	}, `select `+userColumns+` from users where id > $1 order by id limit $2`, after, int64(limit))
	if err != nil && !errors.Is(err, errEnough) {
		return fmt.Errorf("list users: %w", err)
	}
	return nil
}

// errEnough ends a query whose other rows nobody wants.
var errEnough = errors.New("enough")

// RemoveUser soft-deletes a user; see store.Users.
func (s *Store) RemoveUser(ctx context.Context, id string) error {
	return s.setDeleted(ctx, "remove user ", id, true)
}

// RestoreUser undoes RemoveUser; see store.Users.
func (s *Store) RestoreUser(ctx context.Context, id string) error {
	return s.setDeleted(ctx, "restore user ", id, false)
}

func (s *Store) setDeleted(ctx context.Context, what, id string, deleted bool) error {
	return s.database.write(ctx, what+id, func(t *tx) error { return t.setDeleted(ctx, id, deleted) })
}

func (t *tx) setDeleted(ctx context.Context, id string, deleted bool) error {
	user, err := t.user(ctx, id)
	if err != nil || user.Deleted() == deleted {
		return err
	}
	before := user
	user.DeletedAt = time.Time{}
	if deleted {
		user.DeletedAt = now()
	}
	if err := t.checkName(ctx, user); err != nil {
		return err
	}
	if _, err := t.exec(ctx, `update users set deleted_at = $1 where id = $2`, micros(user.DeletedAt), user.ID); err != nil {
		return err
	}
	if err := t.rememberUpdate(ctx, before, user); err != nil {
		return err
	}
	return t.touchUser(ctx, user.ID)
}

// PurgeUser removes a user for good; see store.Users. Who had the user as manager
// has none.
func (s *Store) PurgeUser(ctx context.Context, id string) error {
	return s.database.write(ctx, "purge user "+id, func(t *tx) error { return t.purgeUser(ctx, id) })
}

func (t *tx) purgeUser(ctx context.Context, id string) error {
	user, err := t.user(ctx, id)
	if err != nil {
		return err
	}
	reports, err := t.texts(ctx, `update users set manager_id = '' where manager_id = $1 returning id`, user.ID)
	if err != nil {
		return err
	}
	if err := t.rememberPurge(ctx, user); err != nil {
		return err
	}
	for _, report := range reports {
		lost := []directory.PropertyChange{{Name: "manager", Old: attr.Text(user.ID), New: attr.Text("")}}
		if err := t.remember(ctx, directory.UserObject, directory.ObjectUpdated, report, lost); err != nil {
			return err
		}
	}
	for _, report := range append(reports, user.ID) {
		if err := t.touchUser(ctx, report); err != nil {
			return err
		}
	}
	if err := t.touchOwned(ctx, user.ID, "User"); err != nil {
		return err
	}
	if _, err := t.endMembers(ctx, `member_id = $1 and member_type = 'User'`, user.ID); err != nil {
		return err
	}
	if _, err := t.endAssignments(ctx, `principal_id = $1 and principal_type = 'User'`, user.ID); err != nil {
		return err
	}
	for _, text := range []string{
		`delete from owners where owner_id = $1 and owner_type = 'User'`,
		`delete from users where id = $1`,
	} {
		if _, err := t.exec(ctx, text, user.ID); err != nil {
			return err
		}
	}
	return nil
}

// CountUsers counts users; see store.Users.
func (s *Store) CountUsers(ctx context.Context) (int, error) {
	return s.database.queries().count(ctx, `select count(*) from users where deleted_at = 0`)
}
