package notify

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/wneessen/go-mail"

	"github.com/usher-id/usher/provisioning"
)

// Mail sends a notice to one recipient. The error wraps
// provisioning.ErrUndeliverable when there is no mail server, or when the server
// refuses the recipient, the sender or the message for good.
func (n *Notifier) Mail(ctx context.Context, recipient string, notice provisioning.Notice) error {
	if n.server.Address == "" {
		return undeliverable(errors.New("no mail server is configured"))
	}
	message, err := n.message(recipient, notice)
	if err != nil {
		return undeliverable(err)
	}
	client, err := mail.NewClient(n.host, n.clientOptions()...)
	if err != nil {
		return undeliverable(fmt.Errorf("prepare mail: %w", err))
	}
	err = client.DialAndSendWithContext(ctx, message)
	if refusal, ok := errors.AsType[*mail.SendError](err); ok && refusal.ErrorCode() >= 500 {
		return undeliverable(fmt.Errorf("the mail server refuses the mail: %w", advised(err)))
	}
	if err != nil {
		return fmt.Errorf("send mail through %s: %w", n.server.Address, advised(err))
	}
	return nil
}

func (n *Notifier) clientOptions() []mail.Option {
	options := []mail.Option{mail.WithPort(n.port), mail.WithTimeout(timeout)}
	if n.server.TLS != nil {
		options = append(options, mail.WithTLSConfig(n.server.TLS))
	}
	switch n.server.Security {
	case TLS:
		options = append(options, mail.WithSSL())
	case StartTLS:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	case Plain:
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	}
	if n.server.Username == "" {
		return options
	}
	mechanism := mail.SMTPAuthAutoDiscover
	if n.server.Security == Plain {
		mechanism = mail.SMTPAuthPlainNoEnc // on this machine alone; see check
	}
	return append(options, mail.WithSMTPAuth(mechanism),
		mail.WithUsername(n.server.Username), mail.WithPassword(n.server.Password.Reveal()))
}

func (n *Notifier) message(recipient string, notice provisioning.Notice) (*mail.Msg, error) {
	message := mail.NewMsg()
	if err := message.From(n.server.From); err != nil {
		return nil, fmt.Errorf("address mail: %w", err)
	}
	if err := message.To(recipient); err != nil {
		return nil, fmt.Errorf("address mail: %w", err)
	}
	message.Subject(Subject(notice))
	message.SetDateWithValue(notice.At)
	// Every attempt has the same id, so that a mailbox shows a mail once.
	_, domain, _ := strings.Cut(n.server.From, "@")
	message.SetMessageIDWithValue(messageID(notice) + "@" + cmp.Or(strings.TrimRight(domain, "> "), "usher.invalid"))
	message.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no answer is wanted
	message.SetBodyString(mail.TypeTextPlain, Text(notice))
	return message, nil
}

// messageID makes an id of letters and digits from that of the notice.
func messageID(notice provisioning.Notice) string {
	sum := sha256.Sum256([]byte(notice.ID))
	return "msg_" + hex.EncodeToString(sum[:16])
}
