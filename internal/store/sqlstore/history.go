package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/store"
)

// The properties that the history keeps beside those of directory.CompareUsers.
const (
	deletedProperty = "deletedDateTime"
	createdProperty = "createdDateTime"
)

// remembered is how many changes of users a transaction holds in memory.
const remembered = 1000

// remember notes what happened to a user, for the history.
func (t *tx) remember(ctx context.Context, kind directory.UserChangeKind, userID string, properties []directory.PropertyChange) error {
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("make an id of a change: %w", err)
	}
	t.history = append(t.history, directory.UserChange{ID: id.String(), UserID: userID, At: now(), Kind: kind, Properties: properties})
	if len(t.history) < remembered {
		return nil
	}
	return t.appendHistory(ctx)
}

// rememberUpdate notes how a user who was there is different.
func (t *tx) rememberUpdate(ctx context.Context, before, after directory.User) error {
	kind := directory.UserUpdated
	properties := directory.CompareUsers(before, after)
	if before.Deleted() != after.Deleted() {
		kind = directory.UserRestored
		if after.Deleted() {
			kind = directory.UserRemoved
		}
		properties = append(properties, deletion(before, after))
	}
	return t.remember(ctx, kind, after.ID, properties)
}

// deletion is the change of whether a user is deleted.
func deletion(before, after directory.User) directory.PropertyChange {
	return directory.PropertyChange{Name: deletedProperty, Old: momentValue(before.DeletedAt), New: momentValue(after.DeletedAt)}
}

func momentValue(t time.Time) attr.Value {
	if t.IsZero() {
		return attr.Value{}
	}
	return attr.Moment(t)
}

// rememberPurge notes all that was known of a user.
func (t *tx) rememberPurge(ctx context.Context, user directory.User) error {
	var created int64
	if _, err := t.one(ctx, []any{&created}, `select created_at from users where id = $1`, user.ID); err != nil {
		return err
	}
	gone := directory.User{Attributes: attr.New("User", user.ID, nil)}
	properties := append(directory.CompareUsers(user, gone), deletion(user, gone),
		directory.PropertyChange{Name: createdProperty, Old: momentValue(moment(created))})
	return t.remember(ctx, directory.UserPurged, user.ID, properties)
}

// appendHistory writes what was remembered.
func (t *tx) appendHistory(ctx context.Context) error {
	values := make([]any, 0, 6*len(t.history))
	for _, c := range t.history {
		content, err := encodeJSON("a change of a user", c.Properties)
		if err != nil {
			return err
		}
		values = append(values, c.UserID, c.ID, micros(c.At), string(c.Kind), clean(t.actor), clean(content))
	}
	t.history = t.history[:0]
	if err := t.insert(ctx, insertion{into: `user_changes (user_id, id, at, kind, actor, content)`, width: 6}, values); err != nil {
		return fmt.Errorf("keep what happened to users: %w", err)
	}
	return nil
}

func scanUserChange(rows *sql.Rows) (directory.UserChange, error) {
	var (
		c       directory.UserChange
		at      int64
		content string
	)
	if err := rows.Scan(&c.UserID, &c.ID, &at, &c.Kind, &c.Actor, &content); err != nil {
		return c, err
	}
	c.At = moment(at)
	return c, decodeJSON("a change of a user", content, &c.Properties)
}

const userChangeColumns = `user_id, id, at, kind, actor, content`

// FindUserChanges returns what happened to a user; see store.History.
func (s *Store) FindUserChanges(ctx context.Context, id string, page store.Page) (store.Listing[directory.UserChange], error) {
	what := "list what happened to " + id
	session := s.database.queries()
	q := sequence[directory.UserChange]{
		columns: userChangeColumns, from: "user_changes", order: []string{"id"}, descending: true, scan: scanUserChange,
		place: func(c directory.UserChange) []any { return []any{c.ID} },
	}
	q.where.add(`user_id = ?`, clean(id))
	found, err := listing(ctx, session, page, q)
	if err != nil {
		return store.Listing[directory.UserChange]{}, wrapped(what, err)
	}
	for i, c := range found.Items {
		found.Items[i].Properties = shownProperties(c.Properties)
	}
	if found.Next != "" {
		return found, nil
	}
	_, created, exists, err := session.lifeOf(ctx, id)
	if err == nil && exists && created > 0 && !outlived(found.Items, created) {
		found.Items = append(found.Items, directory.UserChange{UserID: id, At: moment(created), Kind: directory.UserCreated})
	}
	return found, wrapped(what, err)
}

// outlived reports whether a user was created anew after older changes, in which case
// the creation stands where it belongs only if it is told with them.
func outlived(changes []directory.UserChange, created int64) bool {
	return len(changes) > 0 && micros(changes[len(changes)-1].At) < created
}

// shownProperties leaves out what only the history itself needs.
func shownProperties(properties []directory.PropertyChange) []directory.PropertyChange {
	shown := make([]directory.PropertyChange, 0, len(properties))
	for _, p := range properties {
		if p.Name != createdProperty {
			shown = append(shown, p)
		}
	}
	return shown
}

// lifeOf returns a user, by id, and since when it is there.
func (s session) lifeOf(ctx context.Context, id string) (user directory.User, created int64, exists bool, err error) {
	found, err := s.users(ctx, `select `+userColumns+` from users where id = $1`, clean(id))
	if err != nil || len(found) == 0 {
		return directory.User{}, 0, false, err
	}
	_, err = s.one(ctx, []any{&created}, `select created_at from users where id = $1`, clean(id))
	return found[0], created, true, err
}

// UserAsOf returns a user as it was; see store.History. It begins with the user as it is
// and undoes what happened since, the newest first.
func (s *Store) UserAsOf(ctx context.Context, id string, at time.Time) (directory.User, error) {
	var (
		user    directory.User
		created int64
		exists  bool
	)
	err := s.database.read(ctx, "read what was known of "+id, func(s session) error {
		since, err := s.count(ctx, `select value from counters where name = 'history'`)
		switch {
		case err != nil:
			return err
		case at.UnixMicro() < int64(since):
			return errorf(store.ErrGone, "what was known before %s", moment(int64(since)).Format(time.RFC3339))
		}
		if user, created, exists, err = s.lifeOf(ctx, id); err != nil {
			return err
		}
		return s.each(ctx, func(rows *sql.Rows) error {
			c, err := scanUserChange(rows)
			if err != nil {
				return err
			}
			if c.Kind == directory.UserPurged {
				user, created, exists = directory.User{ID: id, Attributes: attr.New("User", id, nil)}, 0, true
			}
			user = undo(user, c.Properties, &created)
			return nil
		}, `select `+userChangeColumns+` from user_changes where user_id = $1 and at > $2 order by id desc`, clean(id), at.UnixMicro())
	})
	if err == nil && (!exists || created > at.UnixMicro()) {
		err = notFound("user", id)
	}
	if err != nil {
		return directory.User{}, err
	}
	return user, nil
}

// undo returns the user as before a change.
func undo(user directory.User, properties []directory.PropertyChange, created *int64) directory.User {
	for _, p := range properties {
		switch p.Name {
		case deletedProperty:
			user.DeletedAt = p.Old.Moment()
			if p.Old.IsNull() {
				user.DeletedAt = time.Time{}
			}
		case createdProperty:
			*created = 0
			if !p.Old.IsNull() {
				*created = micros(p.Old.Moment())
			}
		default:
			user = user.Undo([]directory.PropertyChange{p})
		}
	}
	return user
}

// beginHistory notes since when the history is kept.
func beginHistory(ctx context.Context, t *tx) error {
	_, err := t.exec(ctx, `update counters set value = $1 where name = 'history'`, micros(now()))
	return err
}
