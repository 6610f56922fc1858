package notify

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/wneessen/go-mail"
)

// advised adds to an error of a mail server what to do about it, where that is known.
func advised(err error) error {
	if advice := adviceOn(err); advice != "" {
		return fmt.Errorf("%w; %s", err, advice)
	}
	return err
}

// adviceOn says what to do, empty where nobody can tell.
func adviceOn(err error) string {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "the server's certificate is not trusted on this machine: use the host name that it was made for, or have the machine trust who signed it"
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return "the server does not begin with TLS, as is usual on port 465: choose STARTTLS, which is usual on port 587"
	}
	if refusal, ok := errors.AsType[*mail.SendError](err); ok && refusal.Reason == mail.ErrSMTPRcptTo && refusal.ErrorCode() >= 500 {
		return "check the address of the recipient, and whether the server lets the sender send to it"
	}
	// The library has no errors of its own for these.
	switch text := err.Error(); {
	case strings.Contains(text, "STARTTLS"):
		return "the server does not offer STARTTLS here: choose TLS if it begins with TLS, as is usual on port 465, or another port"
	case strings.Contains(text, "AUTH"):
		return "check the user name and the password, and whether the server lets this account sign in here"
	}
	if _, ok := errors.AsType[*net.OpError](err); ok {
		return "check the host and port, and whether a firewall is in between"
	}
	return ""
}
