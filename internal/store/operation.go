package store

import (
	"context"

	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/provisioning"
)

// Operations keeps acts that run in the background. They go with their application; those
// of the directory have none, and its id is empty.
type Operations interface {
	// BeginOperation keeps an operation that begins. It is ErrConflict while one of the
	// same application and kind runs and was heard of (provisioning.OperationHeard), and
	// ErrNotFound for an unknown application. Operations that ended 30 days ago go.
	BeginOperation(ctx context.Context, operation provisioning.Operation) error

	// NoteOperation replaces what is known of an operation, and reports whether somebody
	// asked to stop it. One that is not there any more is ErrNotFound.
	NoteOperation(ctx context.Context, operation provisioning.Operation) (stop bool, err error)

	// StopOperation asks for an operation to be stopped: whoever runs it learns that with
	// the next note.
	StopOperation(ctx context.Context, id string, audits ...journal.Audit) error

	// Operation returns an operation, or ErrNotFound; Operations those of an application,
	// the newest first, at most limit of them.
	Operation(ctx context.Context, id string) (provisioning.Operation, error)
	Operations(ctx context.Context, applicationID string, limit int) ([]provisioning.Operation, error)
}
