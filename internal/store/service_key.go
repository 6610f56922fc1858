package store

import (
	"context"
	"time"

	"github.com/usher-id/usher/provisioning"
)

// ServiceKey is a key that Usher made for itself, such as one that signs access
// tokens. It is sealed where it is kept.
type ServiceKey struct {
	ID        string // unique among all keys
	Purpose   string // what it is for
	Key       provisioning.Secret
	CreatedAt time.Time
}

// ServiceKeys keeps what the service needs to be the same on all nodes and after a
// restart.
type ServiceKeys interface {
	// Tenant returns the id of the one tenant, a GUID. It is made when it is first asked
	// for and never changes.
	Tenant(ctx context.Context) (string, error)

	// ServiceKeys returns the keys of a purpose, the newest first.
	ServiceKeys(ctx context.Context, purpose string) ([]ServiceKey, error)

	// AddServiceKey keeps a key if the newest one of its purpose is still the one with
	// the id given (empty: there is none), and else is ErrConflict: of several nodes that
	// rotate at the same time, one does.
	AddServiceKey(ctx context.Context, key ServiceKey, newest string) error

	// RemoveServiceKeys removes the keys of a purpose that were made before a moment.
	RemoveServiceKeys(ctx context.Context, purpose string, before time.Time) error
}
