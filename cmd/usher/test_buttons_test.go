package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/portaltest"
	pages "github.com/usher-id/usher/internal/portal/settings"
	"github.com/usher-id/usher/internal/settings"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/provisioning"
)

// mailPassword is like nothing else, so that it can be looked for.
const mailPassword = "Canary-Mail-Password-41c7"

// mailHouse is an SMTP server that offers STARTTLS, unless it is told not to, and wants a
// password.
type mailHouse struct {
	address string
	roots   *x509.CertPool
	mutex   sync.Mutex
	mails   []string
}

func openMailHouse(t *testing.T, encrypted bool) *mailHouse {
	t.Helper()
	web := httptest.NewTLSServer(nil) // for its certificate
	web.Close()
	house := &mailHouse{roots: x509.NewCertPool()}
	house.roots.AddCert(web.Certificate())
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &mailTalk{house: house}, nil }))
	server.Domain = "example.com"
	if encrypted {
		server.TLSConfig = &tls.Config{Certificates: web.TLS.Certificates, MinVersion: tls.VersionTLS12}
	}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	house.address = listener.Addr().String()
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	t.Cleanup(func() {
		if err := errors.Join(server.Close(), ignored(<-ended)); err != nil {
			t.Error(err)
		}
	})
	return house
}

// ignored is nothing for the error of a server that was closed.
func ignored(err error) error {
	if errors.Is(err, smtp.ErrServerClosed) {
		return nil
	}
	return err
}

type mailTalk struct{ house *mailHouse }

func (*mailTalk) AuthMechanisms() []string { return []string{sasl.Plain} }

func (*mailTalk) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, username, password string) error {
		if username != "usher" || password != mailPassword {
			return errors.New("authentication failed")
		}
		return nil
	}), nil
}

func (*mailTalk) Mail(string, *smtp.MailOptions) error { return nil }

func (*mailTalk) Rcpt(to string, _ *smtp.RcptOptions) error {
	switch to {
	case "gone@contoso.com":
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user here"}
	case "full@contoso.com":
		return &smtp.SMTPError{Code: 452, EnhancedCode: smtp.EnhancedCode{4, 2, 2}, Message: "mailbox full"}
	}
	return nil
}

func (m *mailTalk) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	m.house.mutex.Lock()
	defer m.house.mutex.Unlock()
	m.house.mails = append(m.house.mails, string(text))
	return err
}

func (*mailTalk) Reset()        {}
func (*mailTalk) Logout() error { return nil }

// buttons is the page of notifications, with what delivers in the service.
type buttons struct {
	*portaltest.World

	live     *settings.Live
	notifier *currentNotifier
}

func newButtons(t *testing.T) *buttons {
	t.Helper()
	b := &buttons{}
	b.World = portaltest.New(t, func(service *administration.Service) []portaltest.Area {
		kept, ok := service.Store.(interface {
			pages.Store
			store.ServiceSettings
		})
		if !ok {
			t.Fatal("the store of the world keeps no settings")
		}
		var err error
		if b.live, err = settings.Open(t.Context(), settings.Config{Store: struct {
			store.ServiceSettings
		}{kept}}); err != nil {
			t.Fatal(err)
		}
		b.notifier = &currentNotifier{settings: b.live}
		return []portaltest.Area{pages.New(pages.Config{Administration: service, Store: kept, Settings: b.live, Notifier: b.notifier})}
	})
	return b
}

// press sends a form of the page, and returns what the page says.
func (b *buttons) press(button, field, value string) string {
	b.TB.Helper()
	answer := b.Post(store.RoleAdministrator, "/settings/notifications/"+button, url.Values{field: {value}})
	said := answer.Notice
	if answer.Status != http.StatusSeeOther {
		said = strings.Join(answer.Texts(".invalid-feedback"), " ")
	}
	if strings.Contains(answer.Text+said, mailPassword) {
		b.TB.Errorf("the page shows the password: %s", said)
	}
	return said
}

// The button sends a mail through a real server, and says what one says that does not
// take it.
func TestTheMailButtonSaysWhatTheServerSays(t *testing.T) {
	t.Parallel()
	house, plain := openMailHouse(t, true), openMailHouse(t, false)
	closed := httptest.NewServer(nil)
	closed.Close()
	good := store.MailServer{Address: house.address, From: "usher@contoso.com", Security: store.MailStartTLS, Username: "usher", Password: provisioning.NewSecret(mailPassword)}
	with := func(change func(*store.MailServer)) store.MailServer {
		server := good
		change(&server)
		return server
	}
	for name, test := range map[string]struct {
		server    store.MailServer
		stranger  bool // nobody trusts the server's certificate
		recipient string
		want      []string
	}{
		"taken":             {good, false, "ann@contoso.com", []string{"took the test mail for ann@contoso.com"}},
		"wrong password":    {with(func(m *store.MailServer) { m.Password = provisioning.NewSecret("wrong" + mailPassword) }), false, "ann@contoso.com", []string{"not taken", "user name and the password"}},
		"without STARTTLS":  {with(func(m *store.MailServer) { m.Address = plain.address }), false, "ann@contoso.com", []string{"not taken", "STARTTLS"}},
		"TLS at once":       {with(func(m *store.MailServer) { m.Security = store.MailTLS }), false, "ann@contoso.com", []string{"not taken", "port 465"}},
		"not trusted":       {good, true, "ann@contoso.com", []string{"not taken", "certificate"}},
		"unknown recipient": {good, false, "gone@contoso.com", []string{"not taken", "no such user here", "address"}},
		"for a while":       {good, false, "full@contoso.com", []string{"not taken", "mailbox full", "It may be different in a while."}},
		"nobody answers":    {with(func(m *store.MailServer) { m.Address = closed.Listener.Addr().String() }), false, "ann@contoso.com", []string{"not taken", "refused", "host and port"}},
		"no such host":      {with(func(m *store.MailServer) { m.Address = "smtp.usher.invalid:587" }), false, "ann@contoso.com", []string{"not taken", "smtp.usher.invalid", "host and port"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newButtons(t)
			if !test.stranger {
				b.notifier.tls = &tls.Config{RootCAs: house.roots, ServerName: "example.com", MinVersion: tls.VersionTLS12}
			}
			set(t, b.live, func(s *store.Settings) { s.Mail = test.server })
			said := b.press("test-mail", "recipient", test.recipient)
			for _, part := range test.want {
				b.Contains(said, part)
			}
			b.Contains(b.Audits(1)[0], "Send test notification")
		})
	}
	t.Cleanup(func() {
		if len(house.mails) != 1 || !strings.Contains(house.mails[0], "Subject: ") {
			t.Errorf("the server took %q", house.mails)
		}
	})
}

// The button posts to a real server, signed, follows no redirect, and goes in the clear
// to nobody but this machine.
func TestTheWebhookButtonSaysWhatTheServerSays(t *testing.T) {
	t.Parallel()
	const secret = "0123456789abcdef0123456789abcdef"
	var mutex sync.Mutex
	var verified, followed int
	mux := http.NewServeMux()
	mux.HandleFunc("POST /taken/{token}", func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte(r.Header.Get("Webhook-Id") + "." + r.Header.Get("Webhook-Timestamp") + "." + string(body)))
		mutex.Lock()
		defer mutex.Unlock()
		if r.Header.Get("Webhook-Signature") == "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)) {
			verified++
		}
	})
	mux.HandleFunc("/elsewhere", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/followed", http.StatusTemporaryRedirect)
	})
	mux.HandleFunc("/followed", func(http.ResponseWriter, *http.Request) {
		mutex.Lock()
		defer mutex.Unlock()
		followed++
	})
	mux.HandleFunc("/gone", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGone) })
	mux.HandleFunc("/broken", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "x", http.StatusBadGateway) })
	mux.HandleFunc("/never", func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	})
	clear, encrypted, closed := httptest.NewServer(mux), httptest.NewTLSServer(mux), httptest.NewServer(nil)
	closed.Close()
	t.Cleanup(clear.Close)
	t.Cleanup(encrypted.Close)
	b := newButtons(t)
	set(t, b.live, func(s *store.Settings) { s.WebhookSecret = provisioning.NewSecret(secret) })
	const token = "Canary-Webhook-Token-93d1"
	for _, test := range []struct{ address, want string }{
		{clear.URL + "/taken/" + token, "took the test notice"},
		{clear.URL + "/elsewhere?" + token, "answers 307 Temporary Redirect"},
		{clear.URL + "/gone?" + token, "is gone"},
		{clear.URL + "/broken?" + token, "answers 502 Bad Gateway"},
		{encrypted.URL + "/taken/" + token, "certificate"},
		{closed.URL + "/" + token, "refused"},
		{"http://hooks.contoso.example/" + token, "must be an https URL; http is for this machine alone"},
		{"https://hooks.usher.invalid/" + token, "hooks.usher.invalid"},
	} {
		said := b.press("test-webhook", "webhook", test.address)
		b.Contains(said, test.want)
		if strings.Contains(said, token) {
			t.Errorf("%s: the token is told: %s", test.want, said)
		}
	}
	b.notifier.transport = encrypted.Client().Transport
	set(t, b.live, func(s *store.Settings) { s.LogDays = 12 })
	b.Contains(b.press("test-webhook", "webhook", encrypted.URL+"/taken/"+token), "took the test notice")
	b.notifier.transport = impatient{}
	set(t, b.live, func(s *store.Settings) { s.LogDays = 13 })
	b.Contains(b.press("test-webhook", "webhook", clear.URL+"/never"), "It may be different in a while.")
	if verified != 2 || followed != 0 {
		t.Errorf("%d posts had the right signature, %d redirects were followed", verified, followed)
	}
	for _, record := range b.Audits(0) {
		if strings.Contains(record, token) || strings.Contains(record, secret) {
			t.Errorf("the audit log tells a secret: %s", record)
		}
	}
}

// impatient waits for an answer for a moment.
type impatient struct{}

func (impatient) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(r.Context(), 0)
	defer cancel()
	return new(http.Transport).RoundTrip(r.WithContext(ctx))
}
