package sqlstore

import (
	"context"
	"fmt"
)

// The kinds of a row of the change feed.
const (
	userChange       = "user"
	memberChange     = "member"
	assignmentChange = "assignment"
	groupChange      = "group" // removed, restored, or another kind of group
	roleChange       = "role"  // renamed, enabled or disabled

	groupObjectChange       = "groupObject"       // anything about a group; touches nobody
	applicationObjectChange = "applicationObject" // anything about an application; touches nobody
	ownerChange             = "owner"             // somebody became an owner of an object, or ceased to be; touches nobody
)

// change is a row of the change feed. It names whom it touches: a user, the direct
// members of a group, or all who are assigned in a role.
type change struct {
	kind          string
	userID        string
	groupID       string
	applicationID string // when it concerns one application only
	roleID        string
	objectID      string // what changed, of the kinds that touch nobody
	relatedID     string
}

// spillAt is how many changes a transaction holds in memory.
const spillAt = 10_000

func changeInsertion(table string) insertion {
	return insertion{into: table + " (sequence, kind, user_id, group_id, application_id, app_role_id, object_id, related_id)", width: 8}
}

// touch notes a change for the feed.
func (t *tx) touch(ctx context.Context, c change) error {
	t.changes = append(t.changes, c)
	if len(t.changes) < spillAt {
		return nil
	}
	return t.spill(ctx)
}

// spill moves the changes in memory to a temporary table: a large import takes
// bounded memory, and takes numbers for the feed only at its end all the same.
func (t *tx) spill(ctx context.Context) error {
	if t.spilled == 0 {
		if err := t.temporary(ctx, "spilled_changes", `sequence bigint primary key, kind text not null,
			user_id text not null, group_id text not null, application_id text not null, app_role_id text not null,
			object_id text not null, related_id text not null`); err != nil {
			return err
		}
	}
	if err := t.insert(ctx, changeInsertion("spilled_changes"), changeValues(t.changes, t.spilled)); err != nil {
		return fmt.Errorf("keep changes: %w", err)
	}
	t.spilled += len(t.changes)
	t.changes = t.changes[:0]
	return nil
}

// temporary makes an empty table that only this connection sees.
func (t *tx) temporary(ctx context.Context, name, columns string) error {
	if _, err := t.exec(ctx, "create temporary table if not exists "+name+" ("+columns+")"); err != nil {
		return fmt.Errorf("make a working table: %w", err)
	}
	if _, err := t.exec(ctx, "delete from "+name); err != nil {
		return fmt.Errorf("empty a working table: %w", err)
	}
	return nil
}

// appendChanges writes what the transaction touched to the change feed.
func (t *tx) appendChanges(ctx context.Context) error {
	if err := t.appendHistory(ctx); err != nil {
		return err
	}
	count := t.spilled + len(t.changes)
	if count == 0 {
		return nil
	}
	last, err := t.next(ctx, "changes", count)
	if err != nil {
		return fmt.Errorf("number the changes: %w", err)
	}
	if _, err := t.exec(ctx, `insert into feed_times (sequence, at) values ($1, $2)`, last, micros(now())); err != nil {
		return fmt.Errorf("note when the changes were made: %w", err)
	}
	first := last - int64(count)
	if t.spilled > 0 {
		if _, err := t.exec(ctx, `insert into changes (sequence, kind, user_id, group_id, application_id, app_role_id, object_id, related_id)
			select sequence + $1, kind, user_id, group_id, application_id, app_role_id, object_id, related_id from spilled_changes order by sequence`,
			first); err != nil {
			return fmt.Errorf("append the changes: %w", err)
		}
		if _, err := t.exec(ctx, `delete from spilled_changes`); err != nil {
			return fmt.Errorf("append the changes: %w", err)
		}
	}
	values := changeValues(t.changes, int(first)+t.spilled)
	if err := t.insert(ctx, changeInsertion("changes"), values); err != nil {
		return fmt.Errorf("append the changes: %w", err)
	}
	return nil
}

func changeValues(changes []change, after int) []any {
	values := make([]any, 0, 8*len(changes))
	for i, c := range changes {
		values = append(values, int64(after+i+1), c.kind, c.userID, c.groupID, c.applicationID, c.roleID, c.objectID, c.relatedID)
	}
	return values
}

func (t *tx) touchUser(ctx context.Context, userID string) error {
	return t.touch(ctx, change{kind: userChange, userID: userID})
}

// touchObject notes a change of an object that is nobody's account, for those who
// follow the directory.
func (t *tx) touchObject(ctx context.Context, kind, id string) error {
	return t.touch(ctx, change{kind: kind, objectID: id})
}
