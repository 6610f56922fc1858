package provisioning

import "log/slog"

// Redacted is what a secret looks like wherever it is printed.
const Redacted = "[redacted]"

// Secret is a text that no log, error, answer or page may show. It redacts itself
// in every printing; only Reveal gives the text.
type Secret struct {
	text string
}

// NewSecret wraps a text.
func NewSecret(text string) Secret { return Secret{text} }

// Reveal returns the text. Call it only where the secret is used: to sign in, or
// to seal it.
func (s Secret) Reveal() string { return s.text }

// IsZero reports whether the secret is empty.
func (s Secret) IsZero() bool { return s.text == "" }

// String returns the redaction.
func (s Secret) String() string { return Redacted }

// GoString returns the redaction, for %#v.
func (s Secret) GoString() string { return Redacted }

// LogValue returns the redaction, for log/slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(Redacted) }

// MarshalJSON returns the redaction as a JSON string.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + Redacted + `"`), nil }

// MarshalText returns the redaction.
func (s Secret) MarshalText() ([]byte, error) { return []byte(Redacted), nil }
