package settings

import (
	"encoding/base64"
	"fmt"
	"maps"
	"net"
	"net/mail"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/usher-id/usher/internal/store"
)

// Fault is what is wrong with one setting.
type Fault struct {
	Field  Field
	Reason string // for people
}

// FaultsError is all that is wrong with settings.
type FaultsError struct {
	Faults []Fault
}

// Error lists the faults.
func (e *FaultsError) Error() string {
	texts := make([]string, len(e.Faults))
	for i, fault := range e.Faults {
		texts[i] = string(fault.Field) + ": " + fault.Reason
	}
	return strings.Join(texts, "; ")
}

// faults gathers what is wrong.
type faults []Fault

func (f *faults) add(field Field, format string, arguments ...any) {
	*f = append(*f, Fault{Field: field, Reason: fmt.Sprintf(format, arguments...)})
}

// The bounds of what can be meant.
const (
	maxLogDays       = 36500
	maxIdleMinutes   = 7 * 24 * 60
	maxSessionHours  = 90 * 24
	minWebhookSecret = 24
	maxText          = 500
)

// err returns the faults as an error, nil for none.
func (f *faults) err() error {
	if len(*f) == 0 {
		return nil
	}
	return &FaultsError{Faults: *f}
}

// Check says what is wrong with settings, everything at once, as a *FaultsError.
func Check(s store.Settings) error {
	found := check(s)
	return found.err()
}

func check(s store.Settings) faults {
	var found faults
	if s.PublicURL != "" && !isOrigin(s.PublicURL) {
		found.add(PublicURL, "it is scheme and host, such as https://usher.contoso.com, not %q", s.PublicURL)
	}
	if s.LogDays != store.LogForever && (s.LogDays < 0 || s.LogDays > maxLogDays) {
		found.add(LogDays, "the days are from 1 to %d", maxLogDays)
	}
	checkMail(&found, s.Mail)
	checkWebhookSecret(&found, strings.TrimSpace(s.WebhookSecret.Reveal()))
	checkSignIn(&found, s.SignIn)
	for _, f := range fields() {
		if f.secret == nil && f.name != OpenIDRoles && len(f.text(s)) > maxText {
			found.add(f.name, "it has more than %d characters", maxText)
		}
	}
	return found
}

// checkWebhookSecret takes a secret as the Standard Webhooks specification writes it,
// "whsec_" and base64, or any other text.
func checkWebhookSecret(found *faults, secret string) {
	key := []byte(secret)
	if encoded, ok := strings.CutPrefix(secret, "whsec_"); ok {
		var err error
		if key, err = base64.StdEncoding.DecodeString(encoded); err != nil {
			found.add(WebhookSecret, "it is not base64 behind whsec_")
			return
		}
	}
	if secret != "" && len(key) < minWebhookSecret {
		found.add(WebhookSecret, "it has %d bytes; %d are the least", len(key), minWebhookSecret)
	}
}

func isOrigin(text string) bool {
	base, err := url.Parse(text)
	return err == nil && (base.Scheme == "https" || base.Scheme == "http") && base.Host != "" && (base.Path == "" || base.Path == "/") &&
		base.RawQuery == "" && base.Fragment == "" && base.User == nil
}

func checkMail(found *faults, m store.MailServer) {
	if m.Address == "" {
		if m != (store.MailServer{}) && m != (store.MailServer{Security: m.Security}) {
			found.add(MailAddress, "the mail server is missing: host:port, such as smtp.contoso.com:587")
		}
		return
	}
	host, port, err := net.SplitHostPort(m.Address)
	if number, failure := strconv.Atoi(port); err != nil || failure != nil || host == "" || number < 1 || number > 65535 {
		found.add(MailAddress, "the mail server is host:port, such as smtp.contoso.com:587, not %q", m.Address)
	}
	if _, err := mail.ParseAddress(m.From); err != nil {
		found.add(MailFrom, "the sender is an e-mail address such as usher@contoso.com, not %q", m.From)
	}
	if !slices.Contains([]string{store.MailStartTLS, store.MailTLS, store.MailPlain}, m.Security) {
		found.add(MailSecurity, "it is %s, %s or %s, not %q", store.MailStartTLS, store.MailTLS, store.MailPlain, m.Security)
	}
	if m.Security == store.MailPlain && m.Username != "" && !loopback(host) {
		found.add(MailSecurity, "a password must not go in the clear to another machine: use %s or %s", store.MailStartTLS, store.MailTLS)
	}
	if m.Username == "" && !m.Password.IsZero() {
		found.add(MailUsername, "a password needs a name to sign in with")
	}
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func checkSignIn(found *faults, s store.SignInSettings) {
	if s.IdleMinutes < 0 || s.IdleMinutes > maxIdleMinutes {
		found.add(IdleMinutes, "the minutes are from 1 to %d", maxIdleMinutes)
	}
	if s.MaxHours < 0 || s.MaxHours > maxSessionHours {
		found.add(MaxHours, "the hours are from 1 to %d", maxSessionHours)
	}
	if s.PasswordsOff && s.OpenID.Issuer == "" {
		found.add(PasswordsOff, "without an OpenID provider nobody could sign in any more")
	}
	checkOpenID(found, s.OpenID)
}

func checkOpenID(found *faults, p store.OpenIDProvider) {
	if p.Issuer == "" {
		if p.ClientID != "" || !p.ClientSecret.IsZero() || p.Claim != "" || len(p.Roles) > 0 {
			found.add(OpenIDIssuer, "the issuer is missing: a URL such as https://login.microsoftonline.com/TENANT/v2.0")
		}
		return
	}
	issuer, err := url.Parse(p.Issuer)
	if err != nil || issuer.Host == "" || issuer.RawQuery != "" || issuer.Fragment != "" || issuer.User != nil ||
		issuer.Scheme != "https" && (issuer.Scheme != "http" || !loopback(issuer.Hostname())) {
		found.add(OpenIDIssuer, "the issuer is an https URL; http is for this machine alone")
	}
	if strings.HasSuffix(p.Issuer, "/.well-known/openid-configuration") {
		found.add(OpenIDIssuer, "give the issuer itself, without /.well-known/openid-configuration")
	}
	if p.ClientID == "" {
		found.add(OpenIDClientID, "the client id that Usher has at the provider is missing")
	}
	for _, value := range slices.Sorted(maps.Keys(p.Roles)) {
		if role := p.Roles[value]; value == "" || !role.Allows(store.RoleReader) {
			found.add(OpenIDRoles, "%q gives the role %q; there are reader, operator and administrator", value, role)
		}
	}
	if p.DefaultRole != "" && !p.DefaultRole.Allows(store.RoleReader) {
		found.add(OpenIDDefaultRole, "there is no role %q; there are reader, operator and administrator", p.DefaultRole)
	}
	switch {
	case p.Claim != "" && len(p.Roles) == 0:
		found.add(OpenIDRoles, "say which values of the claim %s give which role", p.Claim)
	case p.Claim == "" && len(p.Roles) > 0:
		found.add(OpenIDClaim, "say which claim holds these values")
	case p.Claim == "" && p.DefaultRole == "":
		found.add(OpenIDDefaultRole, "without a claim newcomers need a default role, or nobody can come in")
	}
}
