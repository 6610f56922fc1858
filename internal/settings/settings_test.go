package settings_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/usher-id/usher/internal/settings"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/internal/store/sqlstore"
	"github.com/usher-id/usher/journal"
	"github.com/usher-id/usher/provisioning"
)

const canary = "Canary-Setting-Secret-9b21"

// plainSealer seals nothing, which is enough where what is sealed is not looked at.
type plainSealer struct{}

func (plainSealer) Seal(plain, _ []byte) ([]byte, error)  { return plain, nil }
func (plainSealer) Open(sealed, _ []byte) ([]byte, error) { return sealed, nil }

func openStore(t *testing.T) *sqlstore.Store {
	t.Helper()
	opened, err := sqlstore.Open(t.Context(), sqlstore.Config{Path: filepath.Join(t.TempDir(), "usher.db"), Sealer: plainSealer{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := opened.Close(); err != nil {
			t.Error(err)
		}
	})
	return opened
}

func open(t *testing.T, kept store.ServiceSettings, overrides ...settings.Override) *settings.Live {
	t.Helper()
	live, err := settings.Open(t.Context(), settings.Config{Store: kept, Overrides: overrides})
	if err != nil {
		t.Fatal(err)
	}
	return live
}

// mailServer is a mail server that settings can name.
func mailServer() store.MailServer {
	return store.MailServer{Address: "smtp.contoso.com:587", From: "usher@contoso.com", Security: store.MailStartTLS, Username: "usher", Password: provisioning.NewSecret(canary)}
}

func withMail(s store.Settings) (store.Settings, error) {
	s.Mail = mailServer()
	return s, nil
}

func audits(t *testing.T, kept *sqlstore.Store) []journal.Audit {
	t.Helper()
	var found []journal.Audit
	for audit, err := range kept.Audits(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, audit)
	}
	return found
}

func TestAChangeHoldsAtOnceAndIsInTheAuditLogWithoutSecrets(t *testing.T) {
	t.Parallel()
	kept := openStore(t)
	live := open(t, kept)
	if got := live.Effective(); got.LogKept() != 30*24*time.Hour || got.Origin(settings.LogDays).Source != settings.FromDefault {
		t.Errorf("at first the log is kept for %v, from %v", got.LogKept(), got.Origin(settings.LogDays))
	}
	now, err := live.Update(t.Context(), "ann (administrator)", 0, func(s store.Settings) (store.Settings, error) {
		s.LogDays = 90
		return withMail(s)
	})
	if err != nil || now.LogKept() != 90*24*time.Hour || now.Version != 1 || live.Effective().Mail != mailServer() {
		t.Fatalf("%+v, error %v", now, err)
	}
	if now.Origin(settings.LogDays) != (settings.Origin{Source: settings.FromDatabase}) || now.Origin(settings.PublicURL).Source != settings.FromDefault {
		t.Errorf("origins %v and %v", now.Origin(settings.LogDays), now.Origin(settings.PublicURL))
	}
	_, err = live.Update(t.Context(), "ann", settings.AnyVersion, func(s store.Settings) (store.Settings, error) {
		s.Mail.Password = provisioning.NewSecret("another " + canary)
		s.LogDays = store.LogForever
		return s, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	found := audits(t, kept)
	if len(found) != 2 || found[1].Actor != "ann (administrator)" || found[1].Activity != "Update service settings" ||
		found[0].Detail != "logDays for ever, before 90; mail.password changed" {
		t.Errorf("audit log %+v", found)
	}
	for _, audit := range found {
		if strings.Contains(audit.Detail, canary) {
			t.Errorf("the audit log shows a secret: %v", audit)
		}
	}
}

func TestSomebodyElsesChangeIsNotOverwritten(t *testing.T) {
	t.Parallel()
	kept := openStore(t)
	live := open(t, kept)
	if _, err := live.Update(t.Context(), "ann", 0, withMail); err != nil {
		t.Fatal(err)
	}
	if _, err := live.Update(t.Context(), "bob", 0, func(s store.Settings) (store.Settings, error) {
		s.LogDays = 1
		return s, nil
	}); !errors.Is(err, settings.ErrChanged) {
		t.Errorf("error %v", err)
	}
	same, err := live.Update(t.Context(), "bob", 1, withMail) // what is there already
	if err != nil || same.Version != 1 || len(audits(t, kept)) != 1 {
		t.Errorf("version %d, error %v", same.Version, err)
	}
}

func TestFlagsGoBeforeTheDatabase(t *testing.T) {
	t.Parallel()
	kept := openStore(t)
	if _, err := open(t, kept).Update(t.Context(), "ann", 0, func(s store.Settings) (store.Settings, error) {
		s.LogDays = 90
		return withMail(s)
	}); err != nil {
		t.Fatal(err)
	}
	live := open(t, kept, settings.Override{Source: "--smtp-address", Fields: settings.MailFields(), Apply: func(s store.Settings) store.Settings {
		s.Mail = store.MailServer{Address: "localhost:25", From: "flag@contoso.com", Security: store.MailPlain}
		return s
	}})
	now := live.Effective()
	if now.Mail.Address != "localhost:25" || !now.Mail.Password.IsZero() || now.LogDays != 90 || now.Kept.Mail != mailServer() {
		t.Errorf("%+v", now)
	}
	if origin := now.Origin(settings.MailPassword); origin != (settings.Origin{Source: settings.FromFlag, Flag: "--smtp-address"}) || !origin.Fixed() {
		t.Errorf("origin %v", origin)
	}
	_, err := live.Update(t.Context(), "ann", now.Version, func(s store.Settings) (store.Settings, error) {
		s.Mail.From, s.LogDays = "other@contoso.com", -7
		return s, nil
	})
	faults, ok := errors.AsType[*settings.FaultsError](err)
	if !ok || len(faults.Faults) != 2 || faults.Faults[0].Field != settings.MailFrom || !strings.Contains(faults.Faults[0].Reason, "--smtp-address") ||
		faults.Faults[1].Field != settings.LogDays {
		t.Errorf("error %v", err)
	}
	if now, err := live.Update(t.Context(), "ann", now.Version, func(s store.Settings) (store.Settings, error) {
		s.LogDays = 7
		return s, nil
	}); err != nil || now.Mail.Address != "localhost:25" || now.LogDays != 7 {
		t.Errorf("%+v, error %v", now, err)
	}
}

func TestWhatAnotherProcessChangesIsFollowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept := openStore(t)
		here, there := open(t, kept), open(t, kept)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- here.Run(ctx) }()
		if _, err := there.Update(t.Context(), "ann", 0, withMail); err != nil {
			t.Fatal(err)
		}
		if here.Effective().Mail.Address != "" {
			t.Error("the change is known before anybody looked")
		}
		time.Sleep(3 * time.Second)
		if here.Effective().Mail != mailServer() {
			t.Errorf("after three seconds there is %+v", here.Effective().Mail)
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func TestWhatIsWrongIsSaidOfEachField(t *testing.T) {
	t.Parallel()
	openID := func(change func(p *store.OpenIDProvider)) store.Settings {
		p := store.OpenIDProvider{
			Issuer: "https://login.microsoftonline.com/t/v2.0", ClientID: "usher", Claim: "roles", Roles: map[string]store.Role{"Usher.Admin": store.RoleAdministrator},
		}
		change(&p)
		return store.Settings{SignIn: store.SignInSettings{OpenID: p}}
	}
	mail := func(change func(m *store.MailServer)) store.Settings {
		m := mailServer()
		change(&m)
		return store.Settings{Mail: m}
	}
	for _, test := range []struct {
		name     string
		settings store.Settings
		want     []settings.Field
	}{
		{"nothing", store.Settings{}, nil},
		{"all right", openID(func(p *store.OpenIDProvider) {}), nil},
		{"a mail server", mail(func(*store.MailServer) {}), nil},
		{"no scheme", store.Settings{PublicURL: "usher.contoso.com"}, []settings.Field{settings.PublicURL}},
		{"a path", store.Settings{PublicURL: "https://usher.contoso.com/portal"}, []settings.Field{settings.PublicURL}},
		{"too many days", store.Settings{LogDays: 40000}, []settings.Field{settings.LogDays}},
		{"a short secret", store.Settings{WebhookSecret: provisioning.NewSecret("short")}, []settings.Field{settings.WebhookSecret}},
		{"a secret that is no base64", store.Settings{WebhookSecret: provisioning.NewSecret("whsec_" + canary)}, []settings.Field{settings.WebhookSecret}},
		{"a good secret", store.Settings{WebhookSecret: provisioning.NewSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")}, nil},
		{"no server", mail(func(m *store.MailServer) { m.Address = "" }), []settings.Field{settings.MailAddress}},
		{"everything of a server", store.Settings{Mail: store.MailServer{Address: "smtp", From: "x", Security: "ssl", Password: provisioning.NewSecret(canary)}}, []settings.Field{
			settings.MailAddress, settings.MailFrom, settings.MailSecurity, settings.MailUsername,
		}},
		{"a password in the clear", mail(func(m *store.MailServer) { m.Security = store.MailPlain }), []settings.Field{settings.MailSecurity}},
		{"a password in the clear on this machine", mail(func(m *store.MailServer) { m.Security, m.Address = store.MailPlain, "localhost:25" }), nil},
		{"sessions", store.Settings{SignIn: store.SignInSettings{IdleMinutes: -1, MaxHours: 1 << 20}}, []settings.Field{settings.IdleMinutes, settings.MaxHours}},
		{"nobody could sign in", store.Settings{SignIn: store.SignInSettings{PasswordsOff: true}}, []settings.Field{settings.PasswordsOff}},
		{"no issuer", openID(func(p *store.OpenIDProvider) { p.Issuer = "" }), []settings.Field{settings.OpenIDIssuer}},
		{"an issuer in the clear", openID(func(p *store.OpenIDProvider) { p.Issuer = "http://id.contoso.com" }), []settings.Field{settings.OpenIDIssuer}},
		{"an issuer on this machine", openID(func(p *store.OpenIDProvider) { p.Issuer = "http://127.0.0.1:5556" }), nil},
		{"the discovery document", openID(func(p *store.OpenIDProvider) { p.Issuer += "/.well-known/openid-configuration" }), []settings.Field{settings.OpenIDIssuer}},
		{"no client", openID(func(p *store.OpenIDProvider) { p.ClientID = "" }), []settings.Field{settings.OpenIDClientID}},
		{"an unknown role", openID(func(p *store.OpenIDProvider) { p.Roles["x"], p.DefaultRole = "king", "queen" }), []settings.Field{settings.OpenIDRoles, settings.OpenIDDefaultRole}},
		{"a claim without values", openID(func(p *store.OpenIDProvider) { p.Roles = nil }), []settings.Field{settings.OpenIDRoles}},
		{"values without a claim", openID(func(p *store.OpenIDProvider) { p.Claim = "" }), []settings.Field{settings.OpenIDClaim}},
		{"no role for anybody", openID(func(p *store.OpenIDProvider) { p.Claim, p.Roles = "", nil }), []settings.Field{settings.OpenIDDefaultRole}},
		{"a long text", openID(func(p *store.OpenIDProvider) { p.Label = strings.Repeat("x", 600) }), []settings.Field{settings.OpenIDLabel}},
	} {
		var got []settings.Field
		err := settings.Check(test.settings)
		if faults, ok := errors.AsType[*settings.FaultsError](err); ok {
			for _, fault := range faults.Faults {
				got = append(got, fault.Field)
			}
		}
		if !slices.Equal(got, test.want) || (err == nil) != (test.want == nil) {
			t.Errorf("%s: faults of %v, want %v: %v", test.name, got, test.want, err)
		}
		if err != nil && strings.Contains(err.Error(), canary) {
			t.Errorf("%s: the error shows a secret: %v", test.name, err)
		}
	}
}
