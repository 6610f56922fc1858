package store

import (
	"context"
	"time"

	"github.com/usher-id/usher/journal"
)

// APIClient is a program that may use the API: what Microsoft Entra ID calls an
// application registration with its credentials.
type APIClient struct {
	ID        string // client id, a GUID
	ObjectID  string // the id in its tokens, a GUID
	Name      string // unique, whatever the letter case
	Role      Role
	PublicKey string // PEM, for signed assertions; empty for a client that has a secret alone
	CreatedAt time.Time
	RevokedAt time.Time // zero for a client that may sign in
}

// Revoked reports whether the client may not sign in any more.
func (c APIClient) Revoked() bool { return !c.RevokedAt.IsZero() }

// APISecret is a secret of a client, as a hash: the secret itself is not kept.
type APISecret struct {
	Hash      string // hexadecimal SHA-256 of the secret
	Hint      string // first characters of the secret, to tell several apart
	CreatedAt time.Time
	ExpiresAt time.Time // zero for one that does not expire
}

// APIClients keeps the clients of the API. Audit records are written with the change or
// not at all.
type APIClients interface {
	// AddAPIClient keeps a new client. A name that another client has who is not revoked
	// is ErrConflict.
	AddAPIClient(ctx context.Context, client APIClient, secrets []APISecret, audits ...journal.Audit) error

	// APIClient returns the client with this id or name, or ErrNotFound. Of several with
	// the name it is the one who is not revoked.
	APIClient(ctx context.Context, idOrName string) (APIClient, error)

	// APIClients returns all clients in the order of name, revoked ones too.
	APIClients(ctx context.Context) ([]APIClient, error)

	// APISecrets returns the secrets of a client, the newest first.
	APISecrets(ctx context.Context, clientID string) ([]APISecret, error)

	// ReplaceAPISecrets makes the client's secrets these, and its public key the one
	// given.
	ReplaceAPISecrets(ctx context.Context, clientID, publicKey string, secrets []APISecret, audits ...journal.Audit) error

	// RevokeAPIClient ends what the client may; its secrets are removed. Doing so again
	// changes nothing, and writes no audit record.
	RevokeAPIClient(ctx context.Context, clientID string, audits ...journal.Audit) error
}
