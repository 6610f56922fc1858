package store

import (
	"context"
	"time"

	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/provisioning"
)

// Settings are what an administrator sets up of the service as a whole. A zero value
// means that nothing was set; methods say what holds then.
type Settings struct {
	Version int64 `json:"-"` // counts up with each change; 0 before the first

	PublicURL string `json:"publicUrl,omitzero"` // scheme and host under which people and clients reach the service
	LogDays   int    `json:"logDays,omitzero"`   // how long entries of the provisioning log are kept; LogForever; 0: DefaultLogDays

	Mail          MailServer          `json:"mail,omitzero"`
	WebhookSecret provisioning.Secret `json:"-"` // signs posts to webhooks
	SignIn        SignInSettings      `json:"signIn,omitzero"`

	// Unreadable says why the secrets cannot be read, such as another key; they are empty
	// then. They stay as they are until a secret is put, which takes the place of all.
	Unreadable error `json:"-"`
}

// MailServer is the SMTP server that takes mail.
type MailServer struct {
	Address  string              `json:"address,omitzero"`  // host:port; empty: no mail is sent
	From     string              `json:"from,omitzero"`     // address that mail comes from
	Security string              `json:"security,omitzero"` // MailStartTLS, MailTLS or MailPlain
	Username string              `json:"username,omitzero"` // empty: without signing in
	Password provisioning.Secret `json:"-"`
}

// The ways to protect the connection to a mail server.
const (
	MailStartTLS = "starttls" // in the clear at first, then TLS or nothing: usual on port 587
	MailTLS      = "tls"      // TLS from the first byte: usual on port 465
	MailPlain    = "none"     // for a mail server on the same machine
)

// SignInSettings say how people sign in to the portal.
type SignInSettings struct {
	PasswordsOff bool           `json:"passwordsOff,omitzero"` // only OpenID Connect lets in, and links
	IdleMinutes  int            `json:"idleMinutes,omitzero"`  // after so long without use a session ends; 0: DefaultIdle
	MaxHours     int            `json:"maxHours,omitzero"`     // after so long it ends in any case; 0: DefaultLifetime
	OpenID       OpenIDProvider `json:"openId,omitzero"`
}

// How long sessions last unless it is set.
const (
	DefaultIdle     = 8 * time.Hour
	DefaultLifetime = 7 * 24 * time.Hour
)

// How many days entries of the provisioning log are kept.
const (
	DefaultLogDays = 30 // unless it is set
	LogForever     = -1 // none is removed
)

// OpenIDProvider is an OpenID Connect provider that knows who people are.
type OpenIDProvider struct {
	Issuer       string              `json:"issuer,omitzero"`   // URL; empty: there is no provider
	ClientID     string              `json:"clientId,omitzero"` // of Usher at the provider
	ClientSecret provisioning.Secret `json:"-"`
	Label        string              `json:"label,omitzero"`       // for the button: Sign in with LABEL
	Scopes       []string            `json:"scopes,omitempty"`     // besides openid; nil: profile and email
	Claim        string              `json:"claim,omitzero"`       // whose values say which role somebody has; empty: DefaultRole for newcomers
	Roles        map[string]Role     `json:"roles,omitempty"`      // value of the claim to role; of several the greatest counts
	DefaultRole  Role                `json:"defaultRole,omitzero"` // of those whom the claim gives none; empty: they are refused
}

// LogKept returns how long entries of the provisioning log are kept; 0 is for ever.
func (s Settings) LogKept() time.Duration {
	switch s.LogDays {
	case 0:
		return DefaultLogDays * 24 * time.Hour
	case LogForever:
		return 0
	}
	return time.Duration(s.LogDays) * 24 * time.Hour
}

// Idle returns after how long without use a session ends.
func (s SignInSettings) Idle() time.Duration {
	if s.IdleMinutes == 0 {
		return DefaultIdle
	}
	return time.Duration(s.IdleMinutes) * time.Minute
}

// Lifetime returns after how long a session ends in any case.
func (s SignInSettings) Lifetime() time.Duration {
	if s.MaxHours == 0 {
		return DefaultLifetime
	}
	return time.Duration(s.MaxHours) * time.Hour
}

// ServiceSettings keeps the settings of the service. Secrets are sealed where they are
// kept.
type ServiceSettings interface {
	// Settings returns the settings, zero before any were put.
	Settings(ctx context.Context) (Settings, error)

	// SettingsVersion returns the version of the settings, to see whether they changed.
	SettingsVersion(ctx context.Context) (int64, error)

	// UpdateSettings reads the settings, applies the function and writes what it returns
	// with the next version and the audit records, in one transaction, and returns it. An
	// error of the function changes nothing; it must not use the store.
	UpdateSettings(ctx context.Context, change func(Settings) (Settings, []journal.Audit, error)) (Settings, error)
}
