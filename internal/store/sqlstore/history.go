package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/usher-id/usher/attr"
	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/store"
)

// The properties that the history keeps beside those that are compared.
const (
	deletedProperty = "deletedDateTime"
	createdProperty = "createdDateTime"
)

// How much of the history a transaction holds in memory: more as long as nobody told
// who acts.
const (
	remembered          = 1000
	rememberedAnonymous = 50 * remembered
)

// memory is what a transaction has to add to the history.
type memory struct {
	changes     map[directory.ObjectKind][]objectChange
	members     []directory.Membership // that ended
	assignments []directory.RoleTenure // that ended
	count       int                    // of all of them

	begun            map[string][]string // new members by group, while nobody told who acts
	begunAssignments []string
}

// objectChange is what happened to a user or group itself.
type objectChange struct {
	id         string
	objectID   string
	at         time.Time
	kind       directory.EventKind
	actor      string
	properties []directory.PropertyChange
}

// remember notes what happened to a user or group.
func (t *tx) remember(ctx context.Context, object directory.ObjectKind, kind directory.EventKind, id string, properties []directory.PropertyChange) error {
	if t.history.changes == nil {
		t.history.changes = make(map[directory.ObjectKind][]objectChange)
	}
	t.history.changes[object] = append(t.history.changes[object], objectChange{objectID: id, at: now(), kind: kind, properties: properties})
	return t.remembered(ctx, 1)
}

// remembered writes the history as soon as there is much of it.
func (t *tx) remembered(ctx context.Context, count int) error {
	most := remembered
	if t.actor == "" {
		most = rememberedAnonymous
	}
	if t.history.count += count; t.history.count < most {
		return nil
	}
	return t.appendHistory(ctx)
}

// rememberUpdate notes how a user who was there is different.
func (t *tx) rememberUpdate(ctx context.Context, before, after directory.User) error {
	return t.rememberDifference(ctx, directory.UserObject, after.ID, before.DeletedAt, after.DeletedAt, directory.CompareUsers(before, after))
}

// rememberGroup notes how a group that was there is different.
func (t *tx) rememberGroup(ctx context.Context, before, after directory.Group) error {
	return t.rememberDifference(ctx, directory.GroupObject, after.ID, before.DeletedAt, after.DeletedAt, directory.CompareGroups(before, after))
}

func (t *tx) rememberDifference(ctx context.Context, object directory.ObjectKind, id string, deletedBefore, deleted time.Time, properties []directory.PropertyChange) error {
	kind := directory.ObjectUpdated
	if deletedBefore.IsZero() != deleted.IsZero() {
		kind = directory.ObjectRestored
		if !deleted.IsZero() {
			kind = directory.ObjectRemoved
		}
	}
	if !deletedBefore.Equal(deleted) {
		properties = append(properties, deletion(deletedBefore, deleted))
	}
	return t.remember(ctx, object, kind, id, properties)
}

// deletion is the change of whether an object is deleted.
func deletion(before, after time.Time) directory.PropertyChange {
	return directory.PropertyChange{Name: deletedProperty, Old: momentValue(before), New: momentValue(after)}
}

func momentValue(t time.Time) attr.Value {
	if t.IsZero() {
		return attr.Value{}
	}
	return attr.Moment(t)
}

// rememberPurge notes all that was known of a user.
func (t *tx) rememberPurge(ctx context.Context, user directory.User) error {
	properties := append(directory.CompareUsers(user, noUser(user.ID)), deletion(user.DeletedAt, time.Time{}))
	return t.rememberEnd(ctx, directory.UserObject, user.ID, properties)
}

// rememberPurgedGroup notes all that was known of a group.
func (t *tx) rememberPurgedGroup(ctx context.Context, group directory.Group) error {
	properties := append(directory.CompareGroups(group, noGroup(group.ID)), deletion(group.DeletedAt, time.Time{}))
	return t.rememberEnd(ctx, directory.GroupObject, group.ID, properties)
}

func (t *tx) rememberEnd(ctx context.Context, object directory.ObjectKind, id string, properties []directory.PropertyChange) error {
	created, _, err := t.createdAt(ctx, object, id)
	if err != nil {
		return err
	}
	properties = append(properties, directory.PropertyChange{Name: createdProperty, Old: momentValue(moment(created))})
	return t.remember(ctx, object, directory.ObjectPurged, id, properties)
}

func noUser(id string) directory.User {
	return directory.User{ID: id, Attributes: attr.New("User", id, nil)}
}

func noGroup(id string) directory.Group {
	return directory.Group{ID: id, Attributes: attr.New("Group", id, nil)}
}

// createdAt returns since when a user or group is there, 0 when that was not kept.
func (s session) createdAt(ctx context.Context, object directory.ObjectKind, id string) (created int64, exists bool, err error) {
	text := `select created_at from users where id = $1`
	if object == directory.GroupObject {
		text = `select created_at from groups where id = $1`
	}
	exists, err = s.one(ctx, []any{&created}, text, id)
	return created, exists, err
}

// changesTable is where the changes of a kind of object are.
func changesTable(object directory.ObjectKind) (table, id string) {
	if object == directory.GroupObject {
		return "group_changes", "group_id"
	}
	return "user_changes", "user_id"
}

// appendHistory writes what was remembered.
func (t *tx) appendHistory(ctx context.Context) error {
	for object, changes := range t.history.changes {
		if err := t.appendObjectChanges(ctx, object, changes); err != nil {
			return fmt.Errorf("keep what happened to the directory: %w", err)
		}
	}
	for _, write := range []func(context.Context) error{t.appendPastMembers, t.appendPastAssignments, t.nameBeginners} {
		if err := write(ctx); err != nil {
			return fmt.Errorf("keep what happened to the directory: %w", err)
		}
	}
	t.history = memory{}
	return nil
}

func (t *tx) appendObjectChanges(ctx context.Context, object directory.ObjectKind, changes []objectChange) error {
	values := make([]any, 0, 6*len(changes))
	for _, c := range changes {
		id, err := uuid.NewV7()
		if err != nil {
			return err
		}
		content, err := encodeJSON("a change of the directory", c.properties)
		if err != nil {
			return err
		}
		values = append(values, c.objectID, id.String(), micros(c.at), string(c.kind), clean(t.actor), clean(content))
	}
	table, column := changesTable(object)
	return t.insert(ctx, insertion{into: table + ` (` + column + `, id, at, kind, actor, content)`, width: 6}, values)
}

func scanObjectChange(rows *sql.Rows, more ...any) (objectChange, error) {
	var (
		c       objectChange
		at      int64
		content string
	)
	if err := rows.Scan(append([]any{&c.id, &at, &c.kind, &c.actor, &content}, more...)...); err != nil {
		return c, err
	}
	c.at = moment(at)
	return c, decodeJSON("a change of the directory", content, &c.properties)
}

const objectChangeColumns = `id, at, kind, actor, content`

// The counters that tell since when a history is complete.
const (
	userHistory = "history"
	linkHistory = "link_history"
)

// reaches is ErrGone for a moment before a history begins.
func (s session) reaches(ctx context.Context, history string, at time.Time) error {
	since, err := s.count(ctx, `select value from counters where name = $1`, history)
	if err == nil && at.UnixMicro() < int64(since) {
		return errorf(store.ErrGone, "what was known before %s", moment(int64(since)).Format(time.RFC3339))
	}
	return err
}

// life is an object whose changes are undone, the newest first.
type life struct {
	exists    bool
	created   int64
	deletedAt time.Time
	begin     func() // anew, of one who was removed for good
	undo      func(c []directory.PropertyChange)
}

// rewind undoes what happened to an object after a moment, and reports whether it was
// there then.
func (s session) rewind(ctx context.Context, object directory.ObjectKind, id string, at time.Time, l *life) (bool, error) {
	table, column := changesTable(object)
	err := s.each(ctx, func(rows *sql.Rows) error {
		c, err := scanObjectChange(rows)
		if err != nil {
			return err
		}
		if c.kind == directory.ObjectPurged {
			l.exists, l.created, l.deletedAt = true, 0, time.Time{}
			l.begin()
		}
		l.undoAll(c.properties)
		return nil
	}, `select `+objectChangeColumns+` from `+table+` where `+column+` = $1 and at > $2 order by id desc`, id, at.UnixMicro())
	return l.exists && l.created <= at.UnixMicro(), err
}

func (l *life) undoAll(properties []directory.PropertyChange) {
	for i, p := range properties {
		switch p.Name {
		case deletedProperty:
			l.deletedAt = momentOf(p.Old)
		case createdProperty:
			l.created = micros(momentOf(p.Old))
		default:
			l.undo(properties[i : i+1])
		}
	}
}

// momentOf is the inverse of momentValue.
func momentOf(value attr.Value) time.Time {
	if value.IsNull() {
		return time.Time{}
	}
	return value.Moment()
}

// UserAsOf returns a user as it was; see store.History. It begins with the user as it is
// and undoes what happened since.
func (s *Store) UserAsOf(ctx context.Context, id string, at time.Time) (user directory.User, err error) {
	id = clean(id)
	err = s.database.read(ctx, "read what was known of "+id, func(s session) error {
		if err := s.reaches(ctx, userHistory, at); err != nil {
			return err
		}
		found, err := s.users(ctx, `select `+userColumns+` from users where id = $1`, id)
		if err != nil {
			return err
		}
		l := life{begin: func() { user = noUser(id) }, undo: func(p []directory.PropertyChange) { user = user.Undo(p) }}
		if len(found) > 0 {
			user, l.deletedAt = found[0], found[0].DeletedAt
		}
		if l.created, l.exists, err = s.createdAt(ctx, directory.UserObject, id); err != nil {
			return err
		}
		there, err := s.rewind(ctx, directory.UserObject, id, at, &l)
		if err == nil && !there {
			err = notFound("user", id)
		}
		user.DeletedAt, user.CreatedAt = l.deletedAt, moment(l.created)
		return err
	})
	if err != nil {
		return directory.User{}, err
	}
	return user, nil
}

// GroupAsOf returns a group as it was; see store.History.
func (s *Store) GroupAsOf(ctx context.Context, id string, at time.Time) (group directory.Group, err error) {
	id = clean(id)
	err = s.database.read(ctx, "read what was known of "+id, func(s session) error {
		if err := s.reaches(ctx, linkHistory, at); err != nil {
			return err
		}
		found, err := s.groups(ctx, `select `+groupColumns+` from groups where id = $1`, id)
		if err != nil {
			return err
		}
		l := life{begin: func() { group = noGroup(id) }, undo: func(p []directory.PropertyChange) { group = group.Undo(p) }}
		if len(found) > 0 {
			group, l.deletedAt = found[0], found[0].DeletedAt
		}
		if l.created, l.exists, err = s.createdAt(ctx, directory.GroupObject, id); err != nil {
			return err
		}
		there, err := s.rewind(ctx, directory.GroupObject, id, at, &l)
		if err == nil && !there {
			err = notFound("group", id)
		}
		group.DeletedAt, group.CreatedAt = l.deletedAt, moment(l.created)
		return err
	})
	if err != nil {
		return directory.Group{}, err
	}
	return group, nil
}

// beginHistory notes since when the history of users is kept.
func beginHistory(ctx context.Context, t *tx) error { return t.begin(ctx, userHistory) }

// beginLinkHistory notes since when that of groups, memberships and assignments is kept.
func beginLinkHistory(ctx context.Context, t *tx) error { return t.begin(ctx, linkHistory) }

func (t *tx) begin(ctx context.Context, history string) error {
	return t.beginLater(ctx, history, now())
}

// beginLater notes that a history is complete from a moment on only.
func (t *tx) beginLater(ctx context.Context, history string, at time.Time) error {
	_, err := t.exec(ctx, `update counters set value = $1 where name = $2 and value < $1`, micros(at), history)
	return err
}

// ChangedProperties returns what changed of objects; see store.History.
func (s *Store) ChangedProperties(ctx context.Context, kind directory.ObjectKind, ids []string, since time.Time) (map[string][]string, error) {
	changed := make(map[string][]string)
	err := s.database.read(ctx, "read which properties changed", func(s session) error {
		history, text := userHistory, `select id from users where created_at < $1 and id in list($2)`
		if kind == directory.GroupObject {
			history, text = linkHistory, `select id from groups where created_at < $1 and id in list($2)`
		}
		if err := s.reaches(ctx, history, since); errors.Is(err, store.ErrGone) {
			return nil
		} else if err != nil {
			return err
		}
		known, err := s.texts(ctx, text, since.UnixMicro(), cleaned(ids))
		if err != nil {
			return err
		}
		for _, id := range known {
			changed[id] = []string{}
		}
		table, column := changesTable(kind)
		return s.each(ctx, func(rows *sql.Rows) error {
			var id string
			c, err := scanObjectChange(rows, &id)
			names, certain := changed[id]
			switch {
			case c.kind != directory.ObjectUpdated:
				delete(changed, id)
			case certain:
				for _, p := range c.properties {
					names = append(names, p.Name)
				}
				changed[id] = names
			}
			return err
		}, `select `+objectChangeColumns+`, `+column+` from `+table+` where `+column+` in list($1) and at >= $2`, known, since.UnixMicro())
	})
	return changed, err
}
