package sqlstore

import (
	"context"
	"database/sql"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/provisioning"
)

// Tenant returns the id of the tenant; see store.ServiceKeys.
func (s *Store) Tenant(ctx context.Context) (string, error) {
	known, err := s.database.queries().texts(ctx, `select id from tenants`)
	if err != nil || len(known) > 0 {
		return first(known), wrapped("read the tenant's id", err)
	}
	var id string
	err = s.database.write(ctx, "make the tenant's id", func(t *tx) error {
		// Whoever else is about to make one waits for the counter.
		if _, err := t.next(ctx, "edits", 0); err != nil {
			return err
		}
		known, err := t.texts(ctx, `select id from tenants`)
		if err != nil || len(known) > 0 {
			id = first(known)
			return err
		}
		id = uuid.NewString()
		_, err = t.exec(ctx, `insert into tenants (id) values ($1)`, id)
		return err
	})
	return id, err
}

func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

// wrapped says what was tried before an error; it leaves nil alone.
func wrapped(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}

// serviceKeyContext binds a sealed key to its place.
func serviceKeyContext(purpose, id string) []byte {
	return []byte("service key\x00" + purpose + "\x00" + id)
}

// ServiceKeys returns the keys of a purpose; see store.ServiceKeys.
func (s *Store) ServiceKeys(ctx context.Context, purpose string) ([]store.ServiceKey, error) {
	type row struct {
		key    store.ServiceKey
		sealed string
	}
	var rows []row
	err := s.database.queries().each(ctx, func(r *sql.Rows) error {
		var (
			next      row
			createdAt int64
		)
		err := r.Scan(&next.key.ID, &next.sealed, &createdAt)
		next.key.Purpose, next.key.CreatedAt = purpose, moment(createdAt)
		rows = append(rows, next)
		return err
	}, `select id, sealed, created_at from service_keys where purpose = $1 order by created_at desc, id desc`, purpose)
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	keys := make([]store.ServiceKey, 0, len(rows))
	for _, row := range rows {
		if s.sealer == nil {
			return nil, errNoSealer
		}
		data, err := base64.StdEncoding.DecodeString(row.sealed)
		if err != nil {
			return nil, fmt.Errorf("read key %s: %w", row.key.ID, err)
		}
		plain, err := s.sealer.Open(data, serviceKeyContext(purpose, row.key.ID))
		if err != nil {
			return nil, fmt.Errorf("open key %s: %w", row.key.ID, err)
		}
		row.key.Key = provisioning.NewSecret(string(plain))
		keys = append(keys, row.key)
	}
	return keys, nil
}

// AddServiceKey keeps a key; see store.ServiceKeys.
func (s *Store) AddServiceKey(ctx context.Context, key store.ServiceKey, newest string) error {
	if s.sealer == nil {
		return errNoSealer
	}
	sealed, err := s.sealer.Seal([]byte(key.Key.Reveal()), serviceKeyContext(key.Purpose, key.ID))
	if err != nil {
		return fmt.Errorf("seal a key: %w", err)
	}
	return s.database.write(ctx, "add key "+key.ID, func(t *tx) error {
		if _, err := t.next(ctx, "edits", 0); err != nil { // one at a time
			return err
		}
		known, err := t.texts(ctx, `select id from service_keys where purpose = $1 order by created_at desc, id desc limit 1`, key.Purpose)
		if err != nil {
			return err
		}
		if first(known) != newest {
			return errorf(store.ErrConflict, "the newest key is %q already", first(known))
		}
		_, err = t.exec(ctx, `insert into service_keys (id, purpose, sealed, created_at) values ($1, $2, $3, $4)`,
			key.ID, key.Purpose, base64.StdEncoding.EncodeToString(sealed), micros(key.CreatedAt))
		return err
	})
}

// RemoveServiceKeys removes old keys; see store.ServiceKeys.
func (s *Store) RemoveServiceKeys(ctx context.Context, purpose string, before time.Time) error {
	return s.database.write(ctx, "remove old keys", func(t *tx) error {
		_, err := t.exec(ctx, `delete from service_keys where purpose = $1 and created_at < $2`, purpose, micros(before))
		return err
	})
}
