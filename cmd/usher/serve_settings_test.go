package main

import (
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/usher-id/usher/internal/secret"
	"github.com/usher-id/usher/internal/settings"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/internal/store/sqlstore"
	"github.com/usher-id/usher/provisioning"
)

// liveSettings opens the settings of a new database as usher serve with these arguments
// does.
func liveSettings(t *testing.T, arguments ...string) *settings.Live {
	t.Helper()
	keyring, err := secret.Create()
	if err != nil {
		t.Fatal(err)
	}
	opened, err := sqlstore.Open(t.Context(), sqlstore.Config{Path: filepath.Join(t.TempDir(), "usher.db"), Sealer: keyring})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := opened.Close(); err != nil {
			t.Error(err)
		}
	})
	var flags serveFlags
	command := &cobra.Command{}
	flags.register(command.Flags())
	if err := command.ParseFlags(arguments); err != nil {
		t.Fatal(err)
	}
	live, err := flags.openSettings(t.Context(), &workspace{store: opened}, command.Flags(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return live
}

func set(t *testing.T, live *settings.Live, change func(s *store.Settings)) {
	t.Helper()
	_, err := live.Update(t.Context(), "ann", settings.AnyVersion, func(s store.Settings) (store.Settings, error) {
		change(&s)
		return s, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestFlagsOfServeGoBeforeTheSettings(t *testing.T) {
	for _, name := range []string{"USHER_SMTP_ADDRESS", "USHER_SMTP_FROM", "USHER_SMTP_USERNAME", "USHER_SMTP_SECURITY", "USHER_SMTP_PASSWORD"} {
		t.Setenv(name, "")
	}
	t.Setenv("USHER_WEBHOOK_SECRET", "0123456789abcdef0123456789abcdef")
	live := liveSettings(t, "--smtp-address", "localhost:25", "--smtp-from", "flag@contoso.com", "--smtp-security", "none", "--base-url", "https://flag.contoso.com", "--log-days", "0")
	now := live.Effective()
	for field, flag := range map[settings.Field]string{
		settings.MailAddress: "--smtp-address", settings.MailPassword: "--smtp-address", settings.WebhookSecret: "USHER_WEBHOOK_SECRET",
		settings.PublicURL: "--base-url", settings.LogDays: "--log-days", settings.OpenIDIssuer: "",
	} {
		if got := now.Origin(field); got.Flag != flag || got.Fixed() != (flag != "") {
			t.Errorf("%s comes from %+v, want %q", field, got, flag)
		}
	}
	if now.LogKept() != 0 || now.Mail.From != "flag@contoso.com" || now.PublicURL != "https://flag.contoso.com" {
		t.Errorf("%+v", now.Settings)
	}
	if without := liveSettings(t).Effective(); without.LogKept() != 30*24*time.Hour || without.Mail != (store.MailServer{}) {
		t.Errorf("without flags: %+v", without.Settings)
	}
}

func TestNoticesGoTheWayThatIsSetAtTheMoment(t *testing.T) {
	for _, name := range []string{"USHER_SMTP_ADDRESS", "USHER_WEBHOOK_SECRET"} {
		t.Setenv(name, "")
	}
	var signature string
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { signature = r.Header.Get("Webhook-Signature") }))
	t.Cleanup(hook.Close)
	live := liveSettings(t)
	notifier := &currentNotifier{settings: live}
	notice := provisioning.TestNotice(time.Now())
	if err := notifier.Post(t.Context(), hook.URL, notice); err != nil || signature != "" {
		t.Errorf("signature %q, error %v", signature, err)
	}
	if err := notifier.Mail(t.Context(), "ann@contoso.com", notice); !errors.Is(err, provisioning.ErrUndeliverable) {
		t.Errorf("without a mail server: error %v", err)
	}
	set(t, live, func(s *store.Settings) {
		s.WebhookSecret = provisioning.NewSecret("0123456789abcdef0123456789abcdef")
		s.Mail = store.MailServer{Address: "127.0.0.1:1", From: "usher@contoso.com", Security: store.MailPlain}
	})
	if err := notifier.Post(t.Context(), hook.URL, notice); err != nil || !strings.HasPrefix(signature, "v1,") {
		t.Errorf("signature %q, error %v", signature, err)
	}
	if err := notifier.Mail(t.Context(), "ann@contoso.com", notice); err == nil || !strings.Contains(err.Error(), "127.0.0.1:1") {
		t.Errorf("with a mail server that does not answer: error %v", err)
	}
}
