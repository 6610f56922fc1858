package notify_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"

	"github.com/usher-id/usher/internal/notify"
	"github.com/usher-id/usher/provisioning"
)

const canary = "Canary-Mail-Password-51c7"

func notice(event provisioning.Event) provisioning.Notice {
	at := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	return provisioning.Notice{
		ID: "salesforce.t.1/3/" + string(event), Event: event, At: at, JobID: "salesforce.t.1", ApplicationID: "1", Application: "Salesforce",
		Quarantine: provisioning.Quarantine{
			Reason: provisioning.EncounteredQuarantineException, Message: "INVALID_LOGIN: renew the password.", Began: at, NextAttempt: at.Add(6 * time.Hour),
		},
		Held: 12, Digest: provisioning.Digest{Since: at.AddDate(0, 0, -1), Until: at, Counts: map[string]int{"create success": 4, "disable success": 1}, Late: 1, Retry: 2},
	}
}

// mailServer is an SMTP server on a port of its own.
type mailServer struct {
	mutex    sync.Mutex
	mails    []string // whole messages, with their envelope in front
	signedIn []string
	refuse   map[string]*smtp.SMTPError // by recipient

	address string
	roots   *x509.CertPool
}

// startMailServer starts a server that speaks TLS at once or after STARTTLS.
func startMailServer(t *testing.T, implicit bool) *mailServer {
	t.Helper()
	web := httptest.NewTLSServer(nil) // for its certificate
	web.Close()
	s := &mailServer{refuse: map[string]*smtp.SMTPError{}, roots: x509.NewCertPool()}
	s.roots.AddCert(web.Certificate())
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &mailSession{server: s}, nil }))
	server.Domain = "example.com"
	server.TLSConfig = &tls.Config{Certificates: web.TLS.Certificates, MinVersion: tls.VersionTLS12}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.address = listener.Addr().String()
	if implicit {
		listener = tls.NewListener(listener, server.TLSConfig)
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		if err := <-ended; err != nil && !errors.Is(err, smtp.ErrServerClosed) {
			t.Error(err)
		}
	})
	return s
}

type mailSession struct {
	server *mailServer
	mail   string
}

func (s *mailSession) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *mailSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, username, password string) error {
		if password != canary {
			return errors.New("wrong password")
		}
		s.server.mutex.Lock()
		defer s.server.mutex.Unlock()
		s.server.signedIn = append(s.server.signedIn, username)
		return nil
	}), nil
}

func (s *mailSession) Mail(from string, _ *smtp.MailOptions) error {
	s.mail = "from " + from + "\n"
	return nil
}

func (s *mailSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	if refusal := s.server.refuse[to]; refusal != nil {
		return refusal
	}
	s.mail += "to " + to + "\n"
	return nil
}

func (s *mailSession) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	s.server.mutex.Lock()
	defer s.server.mutex.Unlock()
	s.server.mails = append(s.server.mails, s.mail+string(text))
	return err
}

func (s *mailSession) Reset() {}

func (s *mailSession) Logout() error { return nil }

func newNotifier(t *testing.T, config notify.Config) *notify.Notifier {
	t.Helper()
	notifier, err := notify.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return notifier
}

func (s *mailServer) config(security notify.Security) notify.Config {
	return notify.Config{Server: notify.MailServer{
		Address: s.address, From: "Usher <usher@contoso.example>", Security: security,
		Username: "usher", Password: provisioning.NewSecret(canary), TLS: &tls.Config{RootCAs: s.roots, ServerName: "example.com", MinVersion: tls.VersionTLS12},
	}}
}

func TestMailGoesThroughAServer(t *testing.T) {
	t.Parallel()
	for security, implicit := range map[notify.Security]bool{notify.StartTLS: false, notify.TLS: true} {
		t.Run(string(security), func(t *testing.T) {
			t.Parallel()
			server := startMailServer(t, implicit)
			notifier := newNotifier(t, server.config(security))
			for range 2 { // as after an attempt whose success was not heard of
				if err := notifier.Mail(t.Context(), "admin@contoso.example", notice(provisioning.QuarantineBegan)); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff([]string{"usher", "usher"}, server.signedIn); diff != "" {
				t.Errorf("signed in (-want +got):\n%s", diff)
			}
			envelope, text, _ := strings.Cut(server.mails[0], "to admin@contoso.example\n")
			if envelope != "from usher@contoso.example\n" {
				t.Errorf("envelope %q", envelope)
			}
			message, err := mail.ReadMessage(strings.NewReader(text))
			if err != nil {
				t.Fatal(err)
			}
			header := message.Header
			if got := header.Get("Subject"); got != "Provisioning of Salesforce is in quarantine: EncounteredQuarantineException" {
				t.Errorf("subject %q", got)
			}
			if header.Get("Auto-Submitted") != "auto-generated" || !strings.HasSuffix(header.Get("Message-ID"), "@contoso.example>") {
				t.Errorf("header %v", header)
			}
			second, err := mail.ReadMessage(strings.NewReader(strings.SplitAfterN(server.mails[1], "\n", 3)[2]))
			if err != nil || second.Header.Get("Message-ID") != header.Get("Message-ID") {
				t.Errorf("another attempt has another id: %v, %v", second, err)
			}
			body, err := io.ReadAll(message.Body)
			if err != nil || !strings.Contains(string(body), "renew the password") {
				t.Errorf("body %s, %v", body, err)
			}
		})
	}
}

func TestMailThatIsRefusedForGoodIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	server := startMailServer(t, false)
	server.refuse["gone@contoso.example"] = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user"}
	server.refuse["full@contoso.example"] = &smtp.SMTPError{Code: 452, EnhancedCode: smtp.EnhancedCode{4, 2, 2}, Message: "mailbox full"}
	config := server.config(notify.StartTLS)
	notifier := newNotifier(t, config)
	config.Server.Password = provisioning.NewSecret("wrong-" + canary)
	signedOut := newNotifier(t, config)
	config.Server.Address = "127.0.0.1:1"
	nowhere := newNotifier(t, config)
	untrusted := server.config(notify.StartTLS)
	untrusted.Server.TLS = nil
	tests := []struct {
		name      string
		notifier  *notify.Notifier
		recipient string
		final     bool
	}{
		{name: "the recipient does not exist", notifier: notifier, recipient: "gone@contoso.example", final: true},
		{name: "the mailbox is full", notifier: notifier, recipient: "full@contoso.example"},
		{name: "the password is wrong", notifier: signedOut, recipient: "admin@contoso.example"},
		{name: "the server is away", notifier: nowhere, recipient: "admin@contoso.example"},
		{name: "its certificate is not to be trusted", notifier: newNotifier(t, untrusted), recipient: "admin@contoso.example"},
		{name: "there is no server", notifier: newNotifier(t, notify.Config{}), recipient: "admin@contoso.example", final: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := tt.notifier.Mail(context.WithoutCancel(t.Context()), tt.recipient, notice(provisioning.QuarantineBegan))
			if err == nil || errors.Is(err, provisioning.ErrUndeliverable) != tt.final {
				t.Errorf("got %v, want an error that is final: %v", err, tt.final)
			}
			if err != nil && strings.Contains(err.Error(), canary) {
				t.Errorf("the error shows the password: %v", err)
			}
		})
	}
}

func TestPostsAreSigned(t *testing.T) {
	t.Parallel()
	key := []byte("0123456789abcdef0123456789abcdef")
	for name, secret := range map[string]string{"as text": string(key), "as whsec": "whsec_" + base64.StdEncoding.EncodeToString(key)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var header http.Header
			var body []byte
			server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				header = r.Header
				body, _ = io.ReadAll(r.Body)
			}))
			defer server.Close()
			notifier := newNotifier(t, notify.Config{WebhookSecret: provisioning.NewSecret(secret)})
			if err := notifier.Post(t.Context(), server.URL+"/hook", notice(provisioning.RemovalsStaged)); err != nil {
				t.Fatal(err)
			}
			mac := hmac.New(sha256.New, key)
			mac.Write([]byte(header.Get("webhook-id") + "." + header.Get("webhook-timestamp") + "." + string(body)))
			if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); header.Get("webhook-signature") != want {
				t.Errorf("signature %q, want %q", header.Get("webhook-signature"), want)
			}
			if strings.Contains(header.Get("webhook-id"), ".") {
				t.Errorf("the id %q holds the separator", header.Get("webhook-id"))
			}
			var got struct {
				Type string
				Text string
				Data provisioning.Notice
			}
			if err := json.Unmarshal(body, &got); err != nil {
				t.Fatal(err)
			}
			if got.Type != "removals.staged" || got.Data.Held != 12 || got.Text != "Salesforce: 12 removals wait for you to allow or reject" {
				t.Errorf("body %s", body)
			}
		})
	}
}

func TestAnswersOfAWebhook(t *testing.T) {
	t.Parallel()
	for status, final := range map[int]bool{http.StatusInternalServerError: false, http.StatusNotFound: false, http.StatusFound: false, http.StatusGone: true} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			t.Parallel()
			calls := 0
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				calls++
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(status)
			}))
			defer server.Close()
			err := newNotifier(t, notify.Config{}).Post(t.Context(), server.URL+"/"+canary, notice(provisioning.QuarantineLifted))
			if err == nil || errors.Is(err, provisioning.ErrUndeliverable) != final || calls != 1 {
				t.Errorf("got %v after %d calls, want an error that is final: %v", err, calls, final)
			}
			if err != nil && strings.Contains(err.Error(), canary) {
				t.Errorf("the error shows the address: %v", err)
			}
		})
	}
	err := newNotifier(t, notify.Config{}).Post(t.Context(), "http://127.0.0.1:1/"+canary, notice(provisioning.QuarantineLifted))
	if err == nil || strings.Contains(err.Error(), canary) || errors.Is(err, provisioning.ErrUndeliverable) {
		t.Errorf("got %v for a server that is away", err)
	}
}

func TestConfigurationsThatCannotBe(t *testing.T) {
	t.Parallel()
	server := notify.MailServer{Address: "smtp.contoso.example:587", From: "usher@contoso.example", Security: notify.StartTLS}
	tests := []struct {
		name  string
		adapt func(*notify.Config)
		want  string
	}{
		{name: "no port", adapt: func(c *notify.Config) { c.Server.Address = "smtp.contoso.example" }, want: "host:port"},
		{name: "no sender", adapt: func(c *notify.Config) { c.Server.From = "" }, want: "the sender"},
		{name: "unknown security", adapt: func(c *notify.Config) { c.Server.Security = "ssl" }, want: "its security is"},
		{
			name: "a password in the clear", adapt: func(c *notify.Config) { c.Server.Security, c.Server.Username = notify.Plain, "usher" },
			want: "must not go in the clear",
		},
		{name: "a short secret", adapt: func(c *notify.Config) { c.WebhookSecret = provisioning.NewSecret("short") }, want: "5 bytes"},
		{name: "a broken secret", adapt: func(c *notify.Config) { c.WebhookSecret = provisioning.NewSecret("whsec_?") }, want: "not base64"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			config := notify.Config{Server: server}
			tt.adapt(&config)
			if _, err := notify.New(config); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an error that says %q", err, tt.want)
			}
		})
	}
}

func TestRecipientsAreChecked(t *testing.T) {
	t.Parallel()
	good := provisioning.Notify{Recipients: []string{"admin@contoso.example"}, Webhook: "https://hooks.example/x"}
	if err := notify.Check(good); err != nil {
		t.Error(err)
	}
	for _, bad := range []provisioning.Notify{
		{Recipients: []string{"admin"}},
		{Recipients: []string{"Admin <admin@contoso.example>"}},
		{Recipients: []string{"a@b\nBcc: c@d"}},
		{Webhook: "hooks.example"},
		{Webhook: "http://hooks.example/x"},
		{Webhook: "ftp://hooks.example"},
	} {
		if err := notify.Check(bad); err == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
	if err := notify.Check(provisioning.Notify{Webhook: "http://127.0.0.1:9000/x"}); err != nil {
		t.Error(err)
	}
}
