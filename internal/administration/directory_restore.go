package administration

import (
	"context"
	"errors"

	"github.com/usher-id/usher/directory"
	"github.com/usher-id/usher/internal/store"
)

// ActivityRestore is the activity of the audit log for somebody who comes back into the
// directory, or for a group.
const ActivityRestore = "Restore directory object"

// RestoreUser brings a deleted user back, with the memberships and assignments they had.
// Somebody who is not deleted stays as they are. An unknown user is store.ErrNotFound; a
// user principal name that another one has by now is a Refusal with the code Invalid.
func (a Acts) RestoreUser(ctx context.Context, id string) error {
	return a.Store.Edit(ctx, "restore a user", func(e store.Editor) error {
		user, err := e.User(ctx, id)
		if err != nil || !user.Deleted() {
			return err
		}
		err = e.RestoreUser(ctx, user.ID)
		if errors.Is(err, store.ErrConflict) {
			return refuse(Invalid, "user", "somebody else is called %s by now", user.UserPrincipalName).
				advising("Give one of the two another user principal name in what feeds the directory.")
		}
		if err != nil {
			return err
		}
		return e.Audit(ctx, a.Record(ActivityRestore, user.UserPrincipalName, ""))
	})
}

// RestoreGroup brings a deleted group back, with its members. A group that is not deleted
// stays as it is. An unknown one is store.ErrNotFound.
func (a Acts) RestoreGroup(ctx context.Context, id string) error {
	return a.Store.Edit(ctx, "restore a group", func(e store.Editor) error {
		group, err := e.Group(ctx, id)
		if err != nil || !group.Deleted() {
			return err
		}
		group.DeletedAt = directory.Group{}.DeletedAt
		if err := e.PutGroup(ctx, group); err != nil {
			return err
		}
		return e.Audit(ctx, a.Record(ActivityRestore, group.DisplayName, ""))
	})
}
