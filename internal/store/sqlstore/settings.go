package sqlstore

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/provisioning"
)

// settingsContext binds the sealed secrets of the settings to their place.
const settingsContext = "settings\x00service"

// settingsSecrets are the secrets of the settings, as they are sealed.
type settingsSecrets struct {
	MailPassword  string `json:"mailPassword,omitzero"`
	WebhookSecret string `json:"webhookSecret,omitzero"`
	ClientSecret  string `json:"clientSecret,omitzero"`
}

// settingsRow is the row of the settings.
type settingsRow struct {
	version         int64
	content, sealed string
}

func (s session) settingsRow(ctx context.Context) (settingsRow, error) {
	row := settingsRow{content: "{}"}
	_, err := s.one(ctx, []any{&row.version, &row.content, &row.sealed}, `select version, content, sealed from settings where id = 'service'`)
	return row, err
}

// Settings returns the settings; see store.ServiceSettings.
func (s *Store) Settings(ctx context.Context) (store.Settings, error) {
	row, err := s.database.queries().settingsRow(ctx)
	if err != nil {
		return store.Settings{}, fmt.Errorf("read settings: %w", err)
	}
	return s.settings(row)
}

// SettingsVersion returns the version of the settings; see store.ServiceSettings.
func (s *Store) SettingsVersion(ctx context.Context) (int64, error) {
	row, err := s.database.queries().settingsRow(ctx)
	return row.version, wrapped("read the version of the settings", err)
}

func (s *Store) settings(row settingsRow) (store.Settings, error) {
	settings := store.Settings{Version: row.version}
	if err := decodeJSON("settings", row.content, &settings); err != nil {
		return settings, err
	}
	if row.sealed == "" {
		return settings, nil
	}
	secrets, err := s.unsealSettings(row.sealed)
	settings.Unreadable = wrapped("open the secrets of the settings", err)
	settings.Mail.Password = provisioning.NewSecret(secrets.MailPassword)
	settings.WebhookSecret = provisioning.NewSecret(secrets.WebhookSecret)
	settings.SignIn.OpenID.ClientSecret = provisioning.NewSecret(secrets.ClientSecret)
	return settings, nil
}

func (s *Store) unsealSettings(sealed string) (settingsSecrets, error) {
	var secrets settingsSecrets
	if s.sealer == nil {
		return secrets, errNoSealer
	}
	data, err := base64.StdEncoding.DecodeString(sealed)
	if err != nil {
		return secrets, err
	}
	plain, err := s.sealer.Open(data, []byte(settingsContext))
	if err != nil {
		return secrets, err
	}
	return secrets, json.Unmarshal(plain, &secrets)
}

// sealSettings returns the secrets sealed, the empty text when there are none.
func (s *Store) sealSettings(settings store.Settings) (string, error) {
	secrets := settingsSecrets{
		MailPassword: settings.Mail.Password.Reveal(), WebhookSecret: settings.WebhookSecret.Reveal(),
		ClientSecret: settings.SignIn.OpenID.ClientSecret.Reveal(),
	}
	if secrets == (settingsSecrets{}) {
		return "", nil
	}
	if s.sealer == nil {
		return "", errNoSealer
	}
	plain, err := encodeJSON("the secrets of the settings", secrets)
	if err != nil {
		return "", err
	}
	sealed, err := s.sealer.Seal([]byte(plain), []byte(settingsContext))
	if err != nil {
		return "", fmt.Errorf("seal the secrets of the settings: %w", err)
	}
	return base64.StdEncoding.EncodeToString(sealed), nil
}

// UpdateSettings changes the settings; see store.ServiceSettings.
func (s *Store) UpdateSettings(ctx context.Context, change func(store.Settings) (store.Settings, []journal.Audit, error)) (store.Settings, error) {
	var after store.Settings
	err := s.changePeople(ctx, "change settings", func(t *tx) error {
		row, err := t.settingsRow(ctx)
		if err != nil {
			return err
		}
		before, err := s.settings(row)
		if err != nil {
			return err
		}
		changed, audits, err := change(before)
		if err != nil {
			return err
		}
		next, err := s.nextSettings(row, changed, before.Unreadable != nil)
		if err != nil {
			return err
		}
		if _, err := t.exec(ctx, `insert into settings (id, version, content, sealed) values ('service', $1, $2, $3)
			on conflict (id) do update set version = excluded.version, content = excluded.content, sealed = excluded.sealed`,
			next.version, next.content, next.sealed); err != nil {
			return err
		}
		if after, err = s.settings(next); err != nil {
			return err
		}
		return t.appendAudits(ctx, audits)
	})
	return after, err
}

// nextSettings returns the row that follows another one. Secrets that could not be read
// stay, unless there is one in their place.
func (s *Store) nextSettings(row settingsRow, changed store.Settings, unreadable bool) (settingsRow, error) {
	content, err := encodeJSON("settings", changed)
	if err != nil {
		return row, err
	}
	if err := checkText("settings", content); err != nil {
		return row, err
	}
	sealed, err := s.sealSettings(changed)
	if err != nil {
		return row, err
	}
	if sealed == "" && unreadable {
		sealed = row.sealed
	}
	return settingsRow{version: row.version + 1, content: content, sealed: sealed}, nil
}
