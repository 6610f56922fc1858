package settings

import (
	"context"
	"errors"
	"net/http"
	"net/mail"
	"net/url"
	"strings"
	"time"

	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/settings"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/provisioning"
)

// notificationsData is how notices are delivered.
type notificationsData struct {
	Form    settingsForm
	Mail    []settingField
	Webhook []settingField
	Links   []settingField
	TestTo  page.Field // of the test mail
	TestURL page.Field // of the test post
	HasMail bool       // a mail server is saved
	Signed  bool       // a secret for webhooks is saved
}

func notificationsHead() page.Head {
	h := head("Notifications")
	h.Lead = "How Usher tells people of failures. Who is told is set for each application under Provisioning."
	return h
}

// notificationSettings are the settings of the page: those of the mail server, of
// webhooks and of links in this order.
func notificationSettings() []setting {
	text := func(of func(s *store.Settings) *string) (func(store.Settings) string, func(*store.Settings, string) error) {
		return func(s store.Settings) string { return *of(&s) }, func(s *store.Settings, text string) error {
			*of(s) = text
			return nil
		}
	}
	plain := func(field settings.Field, shown page.Field, of func(s *store.Settings) *string) setting {
		get, put := text(of)
		return setting{field: field, shown: shown, text: get, put: put}
	}
	security := plain(settings.MailSecurity, page.Field{Label: "Security of the connection", Type: "select"}, func(s *store.Settings) *string { return &s.Mail.Security })
	security.offer = func(value string) []page.Option {
		return page.Options(value,
			[2]string{store.MailStartTLS, "STARTTLS, usual on port 587"},
			[2]string{store.MailTLS, "TLS from the first byte, usual on port 465"},
			[2]string{store.MailPlain, "None, for a mail server on the same machine"})
	}
	return []setting{
		plain(settings.MailAddress, page.Field{Label: "Mail server", Placeholder: "smtp.contoso.com:587", Help: "Host and port. Empty: no mail is sent."}, func(s *store.Settings) *string { return &s.Mail.Address }),
		plain(settings.MailFrom, page.Field{Label: "Sender", Placeholder: "usher@contoso.com", Help: "The address that mail comes from."}, func(s *store.Settings) *string { return &s.Mail.From }),
		security,
		plain(settings.MailUsername, page.Field{Label: "Username", Help: "Empty: without signing in to the mail server."}, func(s *store.Settings) *string { return &s.Mail.Username }),
		{field: settings.MailPassword, shown: page.Field{Label: "Password"}, kept: func(s *store.Settings) *provisioning.Secret { return &s.Mail.Password }},
		{
			field: settings.WebhookSecret, shown: page.Field{Label: "Secret that signs webhooks", Help: "As the Standard Webhooks specification has it: whsec_ and base64, or any text of 24 characters or more. Receivers check with it that a post comes from Usher."},
			kept: func(s *store.Settings) *provisioning.Secret { return &s.WebhookSecret },
		},
		plain(settings.PublicURL, page.Field{Label: "Public URL", Placeholder: "https://usher.contoso.com", Help: "Scheme and host under which people and programs reach Usher: in the links of notices and invitations, and for OpenID Connect. Empty: as the request has it."},
			func(s *store.Settings) *string { return &s.PublicURL }),
	}
}

func newNotificationsData(now settings.Effective, entered map[string]string, faults page.Faults) notificationsData {
	form := newSettingsForm(now, notificationSettings(), entered, faults)
	return notificationsData{
		Form: form, Mail: form.Fields[:5], Webhook: form.Fields[5:6], Links: form.Fields[6:], HasMail: now.Mail.Address != "", Signed: !now.WebhookSecret.IsZero(),
		TestTo:  page.Field{Name: "recipient", Label: "Send a test mail to", Type: "email", Required: true, Placeholder: "ann@contoso.com", Help: "With the settings as they are saved."},
		TestURL: page.Field{Name: "webhook", Label: "Post a test notice to", Type: "url", Required: true, Placeholder: "https://hooks.contoso.com/usher", Help: "With the secret as it is saved. The address is kept nowhere."},
	}
}

func (a *Area) showNotifications(context.Context, *page.Request) (page.Answer, error) {
	return a.notifications.Show(notificationsHead(), newNotificationsData(a.Settings.Effective(), nil, nil)), nil
}

func (a *Area) saveNotifications(ctx context.Context, r *page.Request) (page.Answer, error) {
	all := notificationSettings()
	status, faults, err := a.update(ctx, r, all, func(before, after store.Settings) page.Faults {
		if mailPlace(before.Mail) == mailPlace(after.Mail) || after.Mail.Password.IsZero() {
			return nil
		}
		return elsewhere(r, settings.MailPassword)
	})
	switch {
	case err != nil:
		return page.Answer{}, err
	case status != 0:
		return a.notifications.Show(notificationsHead(), newNotificationsData(a.Settings.Effective(), given(r, all), faults)).With(status), nil
	}
	return page.Redirect(notificationsPath, page.Success("The settings were saved. They hold from now on.")), nil
}

// mailPlace is where a password goes and how: the address with the protection and the
// name that it belongs to.
func mailPlace(m store.MailServer) store.MailServer {
	return store.MailServer{Address: m.Address, Security: m.Security, Username: m.Username}
}

// elsewhere refuses to send a saved secret to another place: nobody who does not know it
// shall see it by having it sent to a server of their own.
func elsewhere(r *page.Request, field settings.Field) page.Faults {
	if entersSecret(r, field) {
		return nil
	}
	return page.Faults{nameOf(field): "A saved secret is not sent elsewhere. Enter it again for the other place, or forget it."}
}

// testMail sends a mail with the settings that are saved.
func (a *Area) testMail(ctx context.Context, r *page.Request) (page.Answer, error) {
	recipient := r.Value("recipient")
	again := func(text string) (page.Answer, error) {
		data := newNotificationsData(a.Settings.Effective(), nil, nil)
		data.TestTo.Value, data.TestTo.Fault = recipient, text
		return a.notifications.Show(notificationsHead(), data).With(http.StatusUnprocessableEntity), nil
	}
	if address, err := mail.ParseAddress(recipient); err != nil || address.Address != recipient {
		return again("This is not an e-mail address.")
	}
	if a.Settings.Effective().Mail.Address == "" {
		return again("No mail server is saved. Save one first.")
	}
	err := a.Notifier.Mail(ctx, recipient, provisioning.TestNotice(time.Now().UTC()))
	if audit := a.audited(ctx, r, recipient, "e-mail", err); audit != nil {
		return page.Answer{}, audit
	}
	if err != nil {
		return again("The mail was not taken: " + page.Sentence(err.Error()) + retrying(err))
	}
	return page.Redirect(notificationsPath, page.Success("The mail server took the test mail for %s. Look whether it arrives.", recipient)), nil
}

// testWebhook posts a notice with the secret that is saved. The address, which may hold
// a secret, is not shown again.
func (a *Area) testWebhook(ctx context.Context, r *page.Request) (page.Answer, error) {
	again := func(text string) (page.Answer, error) {
		data := newNotificationsData(a.Settings.Effective(), nil, nil)
		data.TestURL.Fault = text
		return a.notifications.Show(notificationsHead(), data).With(http.StatusUnprocessableEntity), nil
	}
	webhook, err := url.Parse(r.Value("webhook"))
	if err != nil || webhook.Host == "" || webhook.Scheme != "https" && webhook.Scheme != "http" {
		return again("This is not an address such as https://hooks.contoso.com/usher.")
	}
	err = a.Notifier.Post(ctx, r.Value("webhook"), provisioning.TestNotice(time.Now().UTC()))
	if audit := a.audited(ctx, r, webhook.Host, "webhook", err); audit != nil {
		return page.Answer{}, audit
	}
	if err != nil {
		return again("The post was not taken: " + page.Sentence(err.Error()) + retrying(err) + " Enter the address once more to try again.")
	}
	return page.Redirect(notificationsPath, page.Success("%s took the test notice.", webhook.Host)), nil
}

func retrying(err error) string {
	if errors.Is(err, provisioning.ErrUndeliverable) {
		return ""
	}
	return " It may be different in a while."
}

// audited writes a test to the audit log.
func (a *Area) audited(ctx context.Context, r *page.Request, to, how string, failed error) error {
	detail := how + ", taken"
	if failed != nil {
		detail = how + ", not taken"
	}
	return a.Administration.By(by(r).Actor()).Audit(ctx, "Send test notification", strings.TrimSpace(to), detail)
}
