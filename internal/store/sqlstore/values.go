package sqlstore

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/usher-id/usher/internal/store"
)

// micros returns a moment as it is kept: microseconds since 1970, 0 for the zero time.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// moment is the inverse of micros.
func moment(microseconds int64) time.Time {
	if microseconds == 0 {
		return time.Time{}
	}
	return time.UnixMicro(microseconds).UTC()
}

// now returns the present moment as precisely as it is kept.
func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// key returns a name as it is looked up whatever its letter case.
func key(name string) string { return strings.ToLower(name) }

// checkText refuses what PostgreSQL cannot keep, so that both databases take the
// same.
func checkText(what string, texts ...string) error {
	for _, text := range texts {
		if strings.ContainsRune(text, 0) {
			return errorf(store.ErrInvalid, "%s %q holds a NUL byte", what, text)
		}
		if !utf8.ValidString(text) {
			return errorf(store.ErrInvalid, "%s %q is not UTF-8", what, text)
		}
	}
	return nil
}

// clean makes a text that others wrote, such as a message of a target, fit to be
// kept.
func clean(text string) string {
	if strings.IndexByte(text, 0) < 0 && utf8.ValidString(text) {
		return text
	}
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
}

func encodeJSON(what string, value any) (string, error) {
	data, err := json.Marshal(value)
	if err != nil {
		return "", fmt.Errorf("write %s: %w", what, err)
	}
	return string(data), nil
}

func decodeJSON(what, text string, value any) error {
	if err := json.Unmarshal([]byte(text), value); err != nil {
		return fmt.Errorf("read %s: %w", what, err)
	}
	return nil
}
