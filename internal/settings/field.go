package settings

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/provisioning"
)

// Field names a setting.
type Field string

// The settings.
const (
	PublicURL          Field = "publicUrl"
	LogDays            Field = "logDays"
	MailAddress        Field = "mail.address"
	MailFrom           Field = "mail.from"
	MailSecurity       Field = "mail.security"
	MailUsername       Field = "mail.username"
	MailPassword       Field = "mail.password"
	WebhookSecret      Field = "webhookSecret"
	PasswordsOff       Field = "signIn.passwordsOff"
	IdleMinutes        Field = "signIn.idleMinutes"
	MaxHours           Field = "signIn.maxHours"
	OpenIDIssuer       Field = "signIn.openId.issuer"
	OpenIDClientID     Field = "signIn.openId.clientId"
	OpenIDClientSecret Field = "signIn.openId.clientSecret" //nolint:gosec // the name of a setting
	OpenIDLabel        Field = "signIn.openId.label"
	OpenIDScopes       Field = "signIn.openId.scopes"
	OpenIDClaim        Field = "signIn.openId.claim"
	OpenIDRoles        Field = "signIn.openId.roles"
	OpenIDDefaultRole  Field = "signIn.openId.defaultRole"
)

// MailFields returns the settings of the mail server, which belong together.
func MailFields() []Field {
	return []Field{MailAddress, MailFrom, MailSecurity, MailUsername, MailPassword}
}

// field is a setting with its value as text, empty when it is not set.
type field struct {
	name   Field
	text   func(s store.Settings) string
	secret func(s store.Settings) provisioning.Secret // instead of text
}

func fields() []field {
	return []field{
		{name: PublicURL, text: func(s store.Settings) string { return s.PublicURL }},
		{name: LogDays, text: func(s store.Settings) string { return days(s.LogDays) }},
		{name: MailAddress, text: func(s store.Settings) string { return s.Mail.Address }},
		{name: MailFrom, text: func(s store.Settings) string { return s.Mail.From }},
		{name: MailSecurity, text: func(s store.Settings) string { return s.Mail.Security }},
		{name: MailUsername, text: func(s store.Settings) string { return s.Mail.Username }},
		{name: MailPassword, secret: func(s store.Settings) provisioning.Secret { return s.Mail.Password }},
		{name: WebhookSecret, secret: func(s store.Settings) provisioning.Secret { return s.WebhookSecret }},
		{name: PasswordsOff, text: func(s store.Settings) string { return yes(s.SignIn.PasswordsOff) }},
		{name: IdleMinutes, text: func(s store.Settings) string { return number(s.SignIn.IdleMinutes) }},
		{name: MaxHours, text: func(s store.Settings) string { return number(s.SignIn.MaxHours) }},
		{name: OpenIDIssuer, text: func(s store.Settings) string { return s.SignIn.OpenID.Issuer }},
		{name: OpenIDClientID, text: func(s store.Settings) string { return s.SignIn.OpenID.ClientID }},
		{name: OpenIDClientSecret, secret: func(s store.Settings) provisioning.Secret { return s.SignIn.OpenID.ClientSecret }},
		{name: OpenIDLabel, text: func(s store.Settings) string { return s.SignIn.OpenID.Label }},
		{name: OpenIDScopes, text: func(s store.Settings) string { return strings.Join(s.SignIn.OpenID.Scopes, " ") }},
		{name: OpenIDClaim, text: func(s store.Settings) string { return s.SignIn.OpenID.Claim }},
		{name: OpenIDRoles, text: func(s store.Settings) string { return mappings(s.SignIn.OpenID.Roles) }},
		{name: OpenIDDefaultRole, text: func(s store.Settings) string { return string(s.SignIn.OpenID.DefaultRole) }},
	}
}

func days(count int) string {
	if count == store.LogForever {
		return "for ever"
	}
	return number(count)
}

func number(count int) string {
	if count == 0 {
		return ""
	}
	return strconv.Itoa(count)
}

func yes(set bool) string {
	if set {
		return "yes"
	}
	return ""
}

func mappings(roles map[string]store.Role) string {
	var parts []string
	for _, value := range slices.Sorted(maps.Keys(roles)) {
		parts = append(parts, fmt.Sprintf("%s: %s", value, roles[value]))
	}
	return strings.Join(parts, ", ")
}

// set reports whether the field has a value.
func (f field) set(s store.Settings) bool {
	if f.secret != nil {
		return !f.secret(s).IsZero()
	}
	return f.text(s) != ""
}

// differs reports whether the field has another value.
func (f field) differs(before, after store.Settings) bool {
	if f.secret != nil {
		return f.secret(before) != f.secret(after)
	}
	return f.text(before) != f.text(after)
}

// change says what became of the field, without secrets.
func (f field) change(before, after store.Settings) string {
	if f.secret != nil {
		if !f.set(after) {
			return string(f.name) + " removed"
		}
		return string(f.name) + " changed"
	}
	show := func(s store.Settings) string {
		if !f.set(s) {
			return "not set"
		}
		return f.text(s)
	}
	return fmt.Sprintf("%s %s, before %s", f.name, show(after), show(before))
}

// Changed returns which settings differ.
func Changed(before, after store.Settings) []Field {
	var changed []Field
	for _, f := range fields() {
		if f.differs(before, after) {
			changed = append(changed, f.name)
		}
	}
	return changed
}

// describe says what changed, for the audit log.
func describe(before, after store.Settings) string {
	var parts []string
	for _, f := range fields() {
		if f.differs(before, after) {
			parts = append(parts, f.change(before, after))
		}
	}
	return strings.Join(parts, "; ")
}
