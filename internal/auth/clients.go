package auth

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/provisioning"
)

// ErrRevoked says that a client of the API was revoked, which cannot be undone.
var ErrRevoked = errors.New("the API client was revoked, which cannot be undone; make another one")

// Clients makes and ends clients of the API, in the name of an actor. What is done is in
// the audit log, or it was not done.
type Clients struct {
	Store store.APIClients
}

// Issued is a client with what it signs in with.
type Issued struct {
	Client store.APIClient
	Secret provisioning.Secret // kept nowhere: to be shown once; zero for a client with a public key
}

// Create makes a client. With a public key, a PEM text, it has no secret. The error is
// an *InputError of the field name, role or publicKey, or that of the database.
func (c Clients) Create(ctx context.Context, actor, name string, role store.Role, publicKey string) (Issued, error) {
	if !role.Allows(store.RoleReader) {
		return Issued{}, &InputError{Field: "role", Reason: fmt.Sprintf("there is no role %q; there are reader, operator and administrator", role)}
	}
	name = strings.TrimSpace(name)
	if err := checkNames(store.Administrator{Name: name, DisplayName: name}); err != nil {
		return Issued{}, err
	}
	issued, secrets, err := issue(NewClient(name, role), publicKey)
	if err != nil {
		return Issued{}, err
	}
	err = c.Store.AddAPIClient(ctx, issued.Client, secrets, record(actor, "Add API client", issued.Client, "role "+string(role)))
	if errors.Is(err, store.ErrConflict) {
		return Issued{}, &InputError{Field: "name", Reason: fmt.Sprintf("there is an API client %q already", name)}
	}
	if err != nil {
		return Issued{}, err
	}
	return issued, nil
}

// issue gives a client a secret, or a public key in the place of one.
func issue(client store.APIClient, publicKey string) (Issued, []store.APISecret, error) {
	if publicKey != "" {
		key, err := CheckPublicKey(publicKey)
		if err != nil {
			return Issued{}, nil, &InputError{Field: "publicKey", Reason: err.Error()}
		}
		client.PublicKey = key
		return Issued{Client: client}, nil, nil
	}
	client.PublicKey = ""
	secret, kept, err := NewSecret()
	return Issued{Client: client, Secret: secret}, []store.APISecret{kept}, err
}

// Rotate gives a client, by id or name, a new secret, or a public key in the place of
// one. The secrets from before work on for the time of grace. The error is ErrRevoked, an
// *InputError of the field publicKey or grace, store.ErrNotFound, or that of the database.
func (c Clients) Rotate(ctx context.Context, actor, idOrName string, grace time.Duration, publicKey string) (Issued, error) {
	if grace < 0 {
		return Issued{}, &InputError{Field: "grace", Reason: "the time is not negative"}
	}
	client, err := c.Store.APIClient(ctx, idOrName)
	if err != nil {
		return Issued{}, err
	}
	if client.Revoked() {
		return Issued{}, ErrRevoked
	}
	issued, secrets, err := issue(client, publicKey)
	if err != nil {
		return Issued{}, err
	}
	if grace > 0 {
		before, err := c.Store.APISecrets(ctx, client.ID)
		if err != nil {
			return Issued{}, err
		}
		secrets = append(secrets, ending(before, time.Now().UTC().Add(grace))...)
	}
	err = c.Store.ReplaceAPISecrets(ctx, client.ID, issued.Client.PublicKey, secrets,
		record(actor, "Update API client credentials", client, "the ones from before work for "+grace.String()))
	if err != nil {
		return Issued{}, err
	}
	return issued, nil
}

// ending returns the secrets that still work, until a moment at the latest.
func ending(secrets []store.APISecret, until time.Time) []store.APISecret {
	var kept []store.APISecret
	for _, secret := range secrets {
		switch {
		case secret.ExpiresAt.IsZero() || secret.ExpiresAt.After(until):
			secret.ExpiresAt = until
		case secret.ExpiresAt.Before(time.Now()):
			continue
		}
		kept = append(kept, secret)
	}
	return kept
}

// Revoke ends what a client, by id or name, may, at once: its access tokens stop working
// as well. Doing so again changes nothing.
func (c Clients) Revoke(ctx context.Context, actor, idOrName string) (store.APIClient, error) {
	client, err := c.Store.APIClient(ctx, idOrName)
	if err != nil || client.Revoked() {
		return client, err
	}
	if err := c.Store.RevokeAPIClient(ctx, client.ID, record(actor, "Revoke API client", client, "")); err != nil {
		return client, err
	}
	client.RevokedAt = moment()
	return client, nil
}

// record makes the audit record of an act.
func record(actor, activity string, client store.APIClient, detail string) journal.Audit {
	text := "client " + client.ID
	if detail != "" {
		text += ", " + detail
	}
	return journal.Audit{At: time.Now().UTC(), Activity: activity, Actor: actor, Subject: client.Name, Detail: text}
}
