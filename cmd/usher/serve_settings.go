package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/spf13/pflag"

	"github.com/usher-id/usher/internal/auth"
	"github.com/usher-id/usher/internal/notify"
	"github.com/usher-id/usher/internal/settings"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/provisioning"
)

// overrides returns what flags and the environment say of the settings. The mail server
// is theirs as a whole or not at all: a password of the database is not for a server that
// a flag names.
func (f *serveFlags) overrides(given *pflag.FlagSet) ([]settings.Override, error) {
	var all []settings.Override
	config, err := f.notifyConfig()
	if err != nil {
		return nil, err
	}
	if config.Server.Address != "" {
		all = append(all, settings.Override{
			Source: sourceOf(given, "smtp-address", "USHER_SMTP_ADDRESS"), Fields: settings.MailFields(),
			Apply: func(s store.Settings) store.Settings {
				m := config.Server
				s.Mail = store.MailServer{Address: m.Address, From: m.From, Security: string(m.Security), Username: m.Username, Password: m.Password}
				return s
			},
		})
	}
	if !config.WebhookSecret.IsZero() {
		all = append(all, settings.Override{
			Source: sourceOf(given, "webhook-secret-file", "USHER_WEBHOOK_SECRET"), Fields: []settings.Field{settings.WebhookSecret},
			Apply: func(s store.Settings) store.Settings {
				s.WebhookSecret = config.WebhookSecret
				return s
			},
		})
	}
	if f.listen.origin.URL != "" {
		all = append(all, settings.Override{Source: "--base-url", Fields: []settings.Field{settings.PublicURL}, Apply: func(s store.Settings) store.Settings {
			s.PublicURL = f.listen.origin.URL
			return s
		}})
	}
	if given.Changed("log-days") {
		all = append(all, settings.Override{Source: "--log-days", Fields: []settings.Field{settings.LogDays}, Apply: func(s store.Settings) store.Settings {
			s.LogDays = f.logDays
			if f.logDays == 0 {
				s.LogDays = store.LogForever
			}
			return s
		}})
	}
	return all, nil
}

// sourceOf names what a value comes from: the flag if it was given, else the variable.
func sourceOf(given *pflag.FlagSet, flag, variable string) string {
	if given.Changed(flag) || os.Getenv(variable) == "" {
		return "--" + flag
	}
	return variable
}

// currentNotifier delivers notices with the settings as they are at the moment.
type currentNotifier struct {
	settings  *settings.Live
	tls       *tls.Config       // of the mail server; nil: the system's
	transport http.RoundTripper // of posts; nil: http.DefaultTransport

	mutex   sync.Mutex
	version int64
	made    *notify.Notifier // of this version; nil before the first
}

// notifier returns what delivers now.
func (n *currentNotifier) notifier() (*notify.Notifier, error) {
	now := n.settings.Effective()
	n.mutex.Lock()
	defer n.mutex.Unlock()
	if n.made != nil && n.version == now.Version {
		return n.made, nil
	}
	made, err := notify.New(notify.Config{
		Server: notify.MailServer{
			Address: now.Mail.Address, From: now.Mail.From, Security: notify.Security(now.Mail.Security), Username: now.Mail.Username, Password: now.Mail.Password,
			TLS: n.tls,
		},
		WebhookSecret: now.WebhookSecret, Transport: n.transport,
	})
	if err != nil {
		return nil, fmt.Errorf("deliver notices: %w", err)
	}
	n.made, n.version = made, now.Version
	return made, nil
}

// Mail implements jobs.Notifier.
func (n *currentNotifier) Mail(ctx context.Context, recipient string, notice provisioning.Notice) error {
	notifier, err := n.notifier()
	if err != nil {
		return err
	}
	return notifier.Mail(ctx, recipient, notice)
}

// Post implements jobs.Notifier.
func (n *currentNotifier) Post(ctx context.Context, webhook string, notice provisioning.Notice) error {
	notifier, err := n.notifier()
	if err != nil {
		return err
	}
	return notifier.Post(ctx, webhook, notice)
}

// openSettings reads the settings that hold while the service runs.
func (f *serveFlags) openSettings(ctx context.Context, w *workspace, given *pflag.FlagSet, log *slog.Logger) (*settings.Live, error) {
	overrides, err := f.overrides(given)
	if err != nil {
		return nil, err
	}
	return settings.Open(ctx, settings.Config{Store: w.store, Overrides: overrides, Log: log})
}

// newPeople makes the sign-in of people with the settings as they are at the moment.
func newPeople(w *workspace, live *settings.Live, log *slog.Logger) (*auth.People, error) {
	return auth.NewPeople(auth.PeopleConfig{Store: w.store, Log: log, Settings: func() store.SignInSettings { return live.Effective().SignIn }})
}

// offerSetup shows the link that makes the first administrator, while there is none.
func (s *service) offerSetup(ctx context.Context, out io.Writer, address string) error {
	link, made, err := s.people.SetupLink(ctx)
	if err != nil || !made {
		return err
	}
	_, err = fmt.Fprintf(out, "Nobody can sign in to the portal yet. This link makes the first administrator. It is good once, until %s:\n  %s\n",
		link.Expires.Local().Format(time.DateTime), link.URL(address))
	return err
}

// address returns scheme and host under which people reach the service: as it is set, or
// as it listens.
func (s *service) address(listener net.Listener, encrypted bool) string {
	if set := s.settings.Effective().PublicURL; set != "" {
		return set
	}
	scheme := "http"
	if encrypted {
		scheme = "https"
	}
	return scheme + "://" + listener.Addr().String()
}
