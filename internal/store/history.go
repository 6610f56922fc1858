package store

import (
	"context"
	"time"

	"github.com/usher-id/usher/directory"
)

// History tells what was known of users before. It begins when the database was made,
// or came to keep it, and is kept as long as the provisioning log.
type History interface {
	// UserAsOf returns a user as the directory had it at a moment, by id, or ErrNotFound
	// when it had no such user then. What was before the history begins is ErrGone.
	UserAsOf(ctx context.Context, id string, moment time.Time) (directory.User, error)

	// FindUserChanges returns a part of what happened to a user, by id, the newest first.
	// The creation is among it unless it was before the history begins.
	FindUserChanges(ctx context.Context, id string, page Page) (Listing[directory.UserChange], error)
}
