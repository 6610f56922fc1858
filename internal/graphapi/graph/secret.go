package graph

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/usher-id/usher/nearest"
	"github.com/usher-id/usher/provisioning"
)

// Secret is Graph's synchronizationSecretKeyStringValuePair. Its value may be a
// secret in clear, so it is never printed.
type Secret struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// String keeps the value out of logs and errors.
func (s Secret) String() string { return s.Key + "=" + provisioning.Redacted }

// GoString is String.
func (s Secret) GoString() string { return s.String() }

// Masked is what Graph shows in place of a sensitive value.
const Masked = "*"

// The keys of secrets that are settings of the job.
const (
	secretSyncAll       = "SyncAll"
	secretSkipDeletions = "SkipOutOfScopeDeletions"
	secretNotification  = "SyncNotificationSettings"
)

// secretKeys are the values of Graph's synchronizationSecret enumeration but None,
// which are case-sensitive.
func secretKeys() []string {
	return []string{
		"UserName", "Password", "SecretToken", "AppKey", "BaseAddress", "ClientIdentifier", "ClientSecret", "SingleSignOnType",
		"Sandbox", "Url", "Domain", "ConsumerKey", "ConsumerSecret", "TokenKey", "TokenExpiration", "Oauth2AccessToken",
		"Oauth2AccessTokenCreationTime", "Oauth2RefreshToken", secretSyncAll, "InstanceName", "Oauth2ClientId", "Oauth2ClientSecret",
		"CompanyId", "UpdateKeyOnSoftDelete", "SynchronizationSchedule", "SystemOfRecord", "SandboxName", "EnforceDomain",
		secretNotification, secretSkipDeletions, "Oauth2AuthorizationCode", "Oauth2RedirectUri", "ApplicationTemplateIdentifier",
		"Oauth2TokenExchangeUri", "Oauth2AuthorizationUri", "AuthenticationType", "Server", "PerformInboundEntitlementGrants",
		"HardDeletesEnabled", "SyncAgentCompatibilityKey", "SyncAgentADContainer", "ValidateDomain", "TestReferences", "ConnectionString",
	}
}

// clearKeys are the keys of the enumeration that name no secret. Every other one is
// masked, unless the connector declares it as a setting that may be shown.
func clearKeys() []string {
	return []string{
		"UserName", "BaseAddress", "Url", "Domain", secretSyncAll, secretNotification, secretSkipDeletions, "Sandbox", "SandboxName",
		"InstanceName", "CompanyId", "EnforceDomain", "ValidateDomain", "SingleSignOnType", "AuthenticationType", "Server",
		"SystemOfRecord", "SynchronizationSchedule", "HardDeletesEnabled", "ApplicationTemplateIdentifier",
	}
}

// Secrets is what the secrets of a service principal stand for: credentials of its
// job, and settings of the job that Graph keeps among them.
type Secrets struct {
	Credentials provisioning.Credentials
	Settings    provisioning.Settings
}

// Put returns the secrets after those given were put: new keys come last, an empty
// value removes a key, and the mask leaves what is there. Keys that belong to neither the enumeration nor the
// connector, and values that do not fit, are errors that name no value.
func (s Secrets) Put(given []Secret, declared []provisioning.Setting) (Secrets, error) {
	s.Credentials = slices.Clone(s.Credentials)
	for _, secret := range given {
		if !slices.Contains(secretKeys(), secret.Key) && !slices.ContainsFunc(declared, func(d provisioning.Setting) bool { return d.Key == secret.Key }) {
			return s, fmt.Errorf("there is no secret key %.60q; keys are case-sensitive%s", secret.Key, meant(secret.Key, declared))
		}
		if secret.Value == Masked && s.Credentials.Get(secret.Key) != "" {
			continue
		}
		settings, err := putSetting(s.Settings, secret)
		if err != nil {
			return s, err
		}
		s.Settings = settings
		s.Credentials = s.Credentials.With(secret.Key, secret.Value)
	}
	return s, nil
}

// meant proposes a key that exists.
func meant(key string, declared []provisioning.Setting) string {
	known := secretKeys()
	for _, setting := range declared {
		known = append(known, setting.Key)
	}
	if proposal := nearest.Name(key, known); proposal != "" {
		return fmt.Sprintf("; did you mean %q?", proposal)
	}
	return ""
}

func keysOf(declared []provisioning.Setting) string {
	keys := make([]string, 0, len(declared)+3)
	for _, setting := range declared {
		keys = append(keys, setting.Key)
	}
	return strings.Join(append(keys, secretSyncAll, secretSkipDeletions, secretNotification), ", ")
}

// putSetting applies a secret that is a setting of the job; without a value it is
// as it is in a new job.
func putSetting(settings provisioning.Settings, secret Secret) (provisioning.Settings, error) {
	var err error
	pair := KeyValue{secret.Key, secret.Value}
	if secret.Value == "" {
		pair.Value = "false"
	}
	switch secret.Key {
	case secretSyncAll:
		settings.SyncAll, err = truth(pair)
	case secretSkipDeletions:
		settings.SkipOutOfScopeDeletions, err = truth(pair)
	case secretNotification:
		return putNotification(settings, secret.Value)
	}
	return settings, err
}

// notification is the JSON text of SyncNotificationSettings. Members that are left
// out change nothing.
type notification struct {
	Enabled                *bool   `json:"Enabled,omitempty"`
	Recipients             *string `json:"Recipients,omitempty"` // addresses, separated by commas or semicolons
	DeleteThresholdEnabled *bool   `json:"DeleteThresholdEnabled,omitempty"`
	DeleteThresholdValue   *int    `json:"DeleteThresholdValue,omitempty"`
}

// putNotification applies SyncNotificationSettings. Without a value nobody is
// notified any more; the removal guard stays as it is.
func putNotification(settings provisioning.Settings, text string) (provisioning.Settings, error) {
	if text == "" {
		settings.Notify.Recipients = nil
		return settings, nil
	}
	var wanted notification
	if err := json.Unmarshal([]byte(text), &wanted); err != nil {
		return settings, fmt.Errorf(`%s is a JSON text such as {"Enabled":true,"Recipients":"ana@contoso.com","DeleteThresholdEnabled":true,"DeleteThresholdValue":500}: %w`, secretNotification, err)
	}
	if wanted.Recipients != nil {
		settings.Notify.Recipients = recipients(*wanted.Recipients)
	}
	if wanted.Enabled != nil && !*wanted.Enabled {
		settings.Notify.Recipients = nil
	}
	if value := wanted.DeleteThresholdValue; value != nil {
		if *value < 0 || *value > 1_000_000_000 {
			return settings, fmt.Errorf("%s: DeleteThresholdValue is 0 or more", secretNotification)
		}
		settings.RemovalLimit = *value
	}
	if wanted.DeleteThresholdEnabled != nil && !*wanted.DeleteThresholdEnabled {
		settings.RemovalLimit = 0
	}
	return settings, nil
}

func recipients(text string) []string {
	var addresses []string
	for address := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ',' || r == ';' || r == ' ' }) {
		addresses = append(addresses, address)
	}
	return addresses
}

// SignIn reports whether there is anything to sign in with: a key that is no setting
// of the job.
func (s Secrets) SignIn() bool {
	return slices.ContainsFunc(s.Credentials, func(c provisioning.Credential) bool {
		return c.Key != secretSyncAll && c.Key != secretSkipDeletions && c.Key != secretNotification
	})
}

// List returns exactly the keys that were put, in that order, with sensitive
// values masked. A setting of the job that was changed elsewhere since shows what
// it is now.
func (s Secrets) List(declared []provisioning.Setting) []Secret {
	list := make([]Secret, len(s.Credentials))
	for i, credential := range s.Credentials {
		list[i] = Secret{credential.Key, Masked}
		if shown(credential.Key, declared) {
			list[i].Value = withoutUserinfo(s.current(credential))
		}
	}
	return list
}

// current returns the text that was put for as long as it says what holds.
func (s Secrets) current(credential provisioning.Credential) string {
	text := credential.Value.Reveal()
	var now string
	switch credential.Key {
	case secretSyncAll:
		now = strconv.FormatBool(s.Settings.SyncAll)
	case secretSkipDeletions:
		now = strconv.FormatBool(s.Settings.SkipOutOfScopeDeletions)
	case secretNotification:
		now = notificationText(s.Settings)
	default:
		return text
	}
	put, err := putSetting(s.Settings, Secret{credential.Key, text})
	if err == nil && slices.Equal(Settings(put), Settings(s.Settings)) && slices.Equal(put.Notify.Recipients, s.Settings.Notify.Recipients) {
		return text
	}
	return now
}

func notificationText(settings provisioning.Settings) string {
	data, err := json.Marshal(notification{
		Enabled: new(len(settings.Notify.Recipients) > 0), Recipients: new(strings.Join(settings.Notify.Recipients, ",")),
		DeleteThresholdEnabled: new(settings.RemovalLimit > 0), DeleteThresholdValue: new(settings.RemovalLimit),
	})
	if err != nil {
		return ""
	}
	return string(data)
}

// shown reports whether the value of a key may be seen.
func shown(key string, declared []provisioning.Setting) bool {
	for _, setting := range declared {
		if setting.Key == key {
			return !setting.Secret
		}
	}
	return slices.Contains(clearKeys(), key)
}

// withoutUserinfo masks an address that carries a password.
func withoutUserinfo(value string) string {
	if parsed, err := url.Parse(value); err == nil && parsed.User != nil {
		return Masked
	}
	return value
}

// Changed returns the keys in which two lists of credentials differ, for the audit
// log: names alone.
func Changed(before, after provisioning.Credentials) []string {
	var keys []string
	for _, credential := range slices.Concat(after, before) {
		if before.Get(credential.Key) != after.Get(credential.Key) && !slices.Contains(keys, credential.Key) {
			keys = append(keys, credential.Key)
		}
	}
	return keys
}
