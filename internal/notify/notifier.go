package notify

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/mail"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/usher-id/usher/provisioning"
)

// Security says how the connection to a mail server is protected.
type Security string

// The ways to protect a connection.
const (
	StartTLS Security = "starttls" // in the clear at first, then TLS or nothing: usual on port 587
	TLS      Security = "tls"      // TLS from the first byte: usual on port 465
	Plain    Security = "none"     // for a mail server on the same machine
)

// Config says how notices are delivered. The zero Config delivers posts without a
// signature and no mail.
type Config struct {
	Server        MailServer
	WebhookSecret provisioning.Secret // signs posts; empty: they are not signed
	Transport     http.RoundTripper   // for posts; nil: http.DefaultTransport
}

// MailServer is the SMTP server that takes the mail.
type MailServer struct {
	Address  string // host:port; empty: no mail is sent
	From     string // address of the sender
	Security Security
	Username string // empty: without signing in
	Password provisioning.Secret
	TLS      *tls.Config // nil: the system's
}

// Notifier delivers notices. It is safe for concurrent use.
type Notifier struct {
	server MailServer
	host   string
	port   int
	key    []byte
	client *http.Client
}

// timeout is how long one delivery may take.
const timeout = 30 * time.Second

// New checks the configuration. It does no I/O.
func New(config Config) (*Notifier, error) {
	n := &Notifier{server: config.Server, client: &http.Client{
		Transport: config.Transport, Timeout: timeout,
		// A redirect would take the post to an address that nobody configured.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	var err error
	if n.key, err = signingKey(config.WebhookSecret); err != nil {
		return nil, err
	}
	if config.Server.Address == "" {
		return n, nil
	}
	if n.host, n.port, err = config.Server.check(); err != nil {
		return nil, fmt.Errorf("the mail server: %w", err)
	}
	return n, nil
}

func (m MailServer) check() (host string, port int, err error) {
	host, service, err := net.SplitHostPort(m.Address)
	if err != nil || host == "" {
		return "", 0, fmt.Errorf("its address is host:port, such as smtp.contoso.com:587, not %q", m.Address)
	}
	port, err = strconv.Atoi(service)
	if err != nil || port < 1 || port > 65535 {
		return "", 0, fmt.Errorf("its port is a number, not %q", service)
	}
	if _, err := mail.ParseAddress(m.From); err != nil {
		return "", 0, fmt.Errorf("the sender is an e-mail address, not %q", m.From)
	}
	if !slices.Contains([]Security{StartTLS, TLS, Plain}, m.Security) {
		return "", 0, fmt.Errorf("its security is %s, %s or %s, not %q", StartTLS, TLS, Plain, m.Security)
	}
	if m.Username != "" && m.Security == Plain && !loopback(host) {
		return "", 0, fmt.Errorf("a password must not go in the clear to another machine: use %s or %s", StartTLS, TLS)
	}
	return host, port, nil
}

// Check tells what is wrong with the recipients and the webhook of a job.
func Check(to provisioning.Notify) error {
	var faults []error
	for _, recipient := range to.Recipients {
		if address, err := mail.ParseAddress(recipient); err != nil || address.Address != recipient {
			faults = append(faults, fmt.Errorf("%q is not an e-mail address such as admin@contoso.com", recipient))
		}
	}
	if to.Webhook != "" {
		faults = append(faults, checkWebhook(to.Webhook))
	}
	return errors.Join(faults...)
}

func checkWebhook(address string) error {
	location, err := url.Parse(address)
	switch {
	case err != nil, location.Host == "":
		return errors.New("the webhook is a URL such as https://hooks.contoso.com/usher") // what was given may hold a secret
	case location.Scheme == "https", location.Scheme == "http" && loopback(location.Hostname()):
		return nil
	}
	return errors.New("the webhook must be an https URL; http is for this machine alone")
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// undeliverable makes an error final.
func undeliverable(err error) error {
	return fmt.Errorf("%w: %w", provisioning.ErrUndeliverable, err)
}
