package notify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/usher-id/usher/provisioning"
)

// The headers of a post, by the Standard Webhooks specification.
const (
	headerID        = "Webhook-Id"
	headerTimestamp = "Webhook-Timestamp"
	headerSignature = "Webhook-Signature"
)

// shortestKey is how many bytes a signing key has at least.
const shortestKey = 24

// signingKey takes a secret as the Standard Webhooks specification writes it,
// "whsec_" and base64, or any other text as it is.
func signingKey(secret provisioning.Secret) ([]byte, error) {
	text := strings.TrimSpace(secret.Reveal())
	if text == "" {
		return nil, nil
	}
	key := []byte(text)
	if encoded, ok := strings.CutPrefix(text, "whsec_"); ok {
		var err error
		if key, err = base64.StdEncoding.DecodeString(encoded); err != nil {
			return nil, errors.New("the webhook secret is not base64 behind whsec_")
		}
	}
	if len(key) < shortestKey {
		return nil, fmt.Errorf("the webhook secret has %d bytes; %d are the least", len(key), shortestKey)
	}
	return key, nil
}

// post is the body of a post.
type post struct {
	Type      provisioning.Event  `json:"type"`
	Timestamp time.Time           `json:"timestamp"`
	Text      string              `json:"text"` // for people; chat services show it
	Data      provisioning.Notice `json:"data"`
}

// Post posts a notice to a webhook, signed if there is a secret. Only an answer of
// 2xx is a success; 410 Gone wraps provisioning.ErrUndeliverable. No error shows more
// of the address than its host, because the rest may be a secret. A post in the clear to
// another machine is undeliverable.
func (n *Notifier) Post(ctx context.Context, webhook string, notice provisioning.Notice) error {
	if err := checkWebhook(webhook); err != nil {
		return undeliverable(err)
	}
	body, err := json.Marshal(post{Type: notice.Event, Timestamp: notice.At, Text: Subject(notice), Data: notice})
	if err != nil {
		return undeliverable(fmt.Errorf("write notice: %w", err))
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, webhook, bytes.NewReader(body))
	if err != nil {
		return undeliverable(errors.New("the webhook is not a URL"))
	}
	id, timestamp := messageID(notice), strconv.FormatInt(time.Now().Unix(), 10)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "Usher")
	request.Header.Set(headerID, id)
	request.Header.Set(headerTimestamp, timestamp)
	if n.key != nil {
		request.Header.Set(headerSignature, "v1,"+sign(n.key, id, timestamp, body))
	}
	response, err := n.client.Do(request)
	if failure, ok := errors.AsType[*url.Error](err); ok {
		err = failure.Err // without the address
	}
	if err != nil {
		return fmt.Errorf("post to the webhook at %s: %w", request.URL.Host, err)
	}
	// What is left of the answer lets the connection be used again.
	_, _ = io.CopyN(io.Discard, response.Body, 64<<10)
	if err := response.Body.Close(); err != nil {
		return fmt.Errorf("post to the webhook at %s: %w", request.URL.Host, err)
	}
	switch {
	case response.StatusCode/100 == 2:
		return nil
	case response.StatusCode == http.StatusGone:
		return undeliverable(fmt.Errorf("the webhook at %s is gone", request.URL.Host))
	}
	return fmt.Errorf("the webhook at %s answers %s", request.URL.Host, response.Status)
}

// sign returns the signature of a post: HMAC-SHA256 over id, timestamp and body,
// which dots separate, in base64.
func sign(key []byte, id, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + timestamp + "."))
	mac.Write(body)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
