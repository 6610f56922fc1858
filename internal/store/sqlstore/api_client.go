package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
)

const clientColumns = `id, object_id, name, role, public_key, created_at, revoked_at`

// apiClients runs a query of clientColumns.
func (s session) apiClients(ctx context.Context, text string, arguments ...any) ([]store.APIClient, error) {
	var clients []store.APIClient
	err := s.each(ctx, func(rows *sql.Rows) error {
		var (
			c                store.APIClient
			created, revoked int64
		)
		err := rows.Scan(&c.ID, &c.ObjectID, &c.Name, &c.Role, &c.PublicKey, &created, &revoked)
		c.CreatedAt, c.RevokedAt = moment(created), moment(revoked)
		clients = append(clients, c)
		return err
	}, text, arguments...)
	return clients, err
}

func (s session) apiClient(ctx context.Context, idOrName string) (store.APIClient, error) {
	if err := checkText("API client", idOrName); err != nil {
		return store.APIClient{}, errors.Join(notFound("API client", idOrName), err)
	}
	for _, text := range []string{
		`select ` + clientColumns + ` from api_clients where id = $1`,
		`select ` + clientColumns + ` from api_clients where name_key = $1 order by case when revoked_at = 0 then 0 else 1 end, revoked_at desc limit 1`,
	} {
		found, err := s.apiClients(ctx, text, key(idOrName))
		if err != nil {
			return store.APIClient{}, err
		}
		if len(found) > 0 {
			return found[0], nil
		}
	}
	return store.APIClient{}, notFound("API client", idOrName)
}

// AddAPIClient keeps a new client; see store.APIClients.
func (s *Store) AddAPIClient(ctx context.Context, client store.APIClient, secrets []store.APISecret, audits ...journal.Audit) error {
	return s.database.write(ctx, "add API client "+client.Name, func(t *tx) error {
		if client.ID == "" || client.ID != key(client.ID) || client.ObjectID == "" || client.Name == "" || !client.Role.Allows(store.RoleReader) {
			return errorf(store.ErrInvalid, "a client needs a name, a role and ids in lower case")
		}
		if err := checkText("API client", client.ID, client.ObjectID, client.Name, client.PublicKey); err != nil {
			return err
		}
		count, err := t.count(ctx, `select count(*) from api_clients where name_key = $1 and revoked_at = 0`, key(client.Name))
		if err != nil {
			return err
		}
		if count > 0 {
			return errorf(store.ErrConflict, "there is an API client %q", client.Name)
		}
		if _, err := t.exec(ctx, `insert into api_clients (id, object_id, name, name_key, role, public_key, created_at, revoked_at)
			values ($1, $2, $3, $4, $5, $6, $7, $8)`, client.ID, client.ObjectID, client.Name, key(client.Name), string(client.Role),
			client.PublicKey, micros(client.CreatedAt), micros(client.RevokedAt)); err != nil {
			return err
		}
		if err := t.insertAPISecrets(ctx, client.ID, secrets); err != nil {
			return err
		}
		return t.appendAudits(ctx, audits)
	})
}

func (t *tx) insertAPISecrets(ctx context.Context, clientID string, secrets []store.APISecret) error {
	for _, secret := range secrets {
		if _, err := t.exec(ctx, `insert into api_secrets (client_id, hash, hint, created_at, expires_at) values ($1, $2, $3, $4, $5)`,
			clientID, secret.Hash, secret.Hint, micros(secret.CreatedAt), micros(secret.ExpiresAt)); err != nil {
			return err
		}
	}
	return nil
}

// APIClient returns a client; see store.APIClients.
func (s *Store) APIClient(ctx context.Context, idOrName string) (store.APIClient, error) {
	return s.database.queries().apiClient(ctx, idOrName)
}

// APIClients returns all clients; see store.APIClients.
func (s *Store) APIClients(ctx context.Context) ([]store.APIClient, error) {
	clients, err := s.database.queries().apiClients(ctx, `select `+clientColumns+` from api_clients order by name_key, id`)
	return clients, wrapped("list API clients", err)
}

// APISecrets returns the secrets of a client; see store.APIClients.
func (s *Store) APISecrets(ctx context.Context, clientID string) ([]store.APISecret, error) {
	var secrets []store.APISecret
	err := s.database.queries().each(ctx, func(rows *sql.Rows) error {
		var (
			secret           store.APISecret
			created, expires int64
		)
		err := rows.Scan(&secret.Hash, &secret.Hint, &created, &expires)
		secret.CreatedAt, secret.ExpiresAt = moment(created), moment(expires)
		secrets = append(secrets, secret)
		return err
	}, `select hash, hint, created_at, expires_at from api_secrets where client_id = $1 order by created_at desc, hash`, clientID)
	if err != nil {
		return nil, fmt.Errorf("read secrets of API client %s: %w", clientID, err)
	}
	return secrets, nil
}

// ReplaceAPISecrets replaces what a client signs in with; see store.APIClients.
func (s *Store) ReplaceAPISecrets(ctx context.Context, clientID, publicKey string, secrets []store.APISecret, audits ...journal.Audit) error {
	return s.database.write(ctx, "replace secrets of API client "+clientID, func(t *tx) error {
		count, err := t.exec(ctx, `update api_clients set public_key = $1 where id = $2 and revoked_at = 0`, publicKey, clientID)
		if err != nil {
			return err
		}
		if count == 0 {
			return notFound("API client that is not revoked", clientID)
		}
		if _, err := t.exec(ctx, `delete from api_secrets where client_id = $1`, clientID); err != nil {
			return err
		}
		if err := t.insertAPISecrets(ctx, clientID, secrets); err != nil {
			return err
		}
		return t.appendAudits(ctx, audits)
	})
}

// RevokeAPIClient ends what a client may; see store.APIClients.
func (s *Store) RevokeAPIClient(ctx context.Context, clientID string, audits ...journal.Audit) error {
	return s.database.write(ctx, "revoke API client "+clientID, func(t *tx) error {
		client, err := t.apiClient(ctx, clientID)
		if err != nil || client.Revoked() {
			return err
		}
		if _, err := t.exec(ctx, `update api_clients set revoked_at = $1 where id = $2`, micros(now()), client.ID); err != nil {
			return err
		}
		if _, err = t.exec(ctx, `delete from api_secrets where client_id = $1`, client.ID); err != nil {
			return err
		}
		return t.appendAudits(ctx, audits)
	})
}
