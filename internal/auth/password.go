package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"github.com/usher-id/usher/provisioning"
)

// How long a password is, in characters.
const (
	MinPassword = 12
	MaxPassword = 256
)

// PasswordCost is what a guess of a password costs, by argon2id (RFC 9106).
type PasswordCost struct {
	Memory  uint32 // KiB
	Passes  uint32
	Threads uint8
}

// DefaultPasswordCost is above the least that the OWASP Password Storage Cheat Sheet
// asks for.
func DefaultPasswordCost() PasswordCost { return PasswordCost{Memory: 46 << 10, Passes: 2, Threads: 1} }

// less reports whether a guess costs less than with another cost.
func (c PasswordCost) less(other PasswordCost) bool {
	return c.Memory < other.Memory || c.Passes < other.Passes
}

const (
	saltLength = 16 // bytes
	keyLength  = 32
	// hashedAtOnce bounds the memory that sign-ins take.
	hashedAtOnce = 2
)

// hasher computes argon2id, a few at the same time.
type hasher struct {
	cost   PasswordCost
	places chan struct{}
	decoy  provisioning.Secret // hash for names that nobody has, so that they take as long as others
}

func newHasher(cost PasswordCost) (*hasher, error) {
	if cost == (PasswordCost{}) {
		cost = DefaultPasswordCost()
	}
	h := &hasher{cost: cost, places: make(chan struct{}, hashedAtOnce)}
	salt, key := make([]byte, saltLength), make([]byte, keyLength)
	_, err := rand.Read(salt)
	_, again := rand.Read(key)
	if err := errors.Join(err, again); err != nil {
		return nil, fmt.Errorf("make a salt: %w", err)
	}
	h.decoy = passwordHash{cost: cost, salt: salt, key: key}.secret()
	return h, nil
}

// hash returns the hash of a password in PHC string format.
func (h *hasher) hash(ctx context.Context, password string) (provisioning.Secret, error) {
	salt := make([]byte, saltLength)
	if _, err := rand.Read(salt); err != nil {
		return provisioning.Secret{}, fmt.Errorf("make a salt: %w", err)
	}
	key, err := h.compute(ctx, password, passwordHash{cost: h.cost, salt: salt, key: make([]byte, keyLength)})
	if err != nil {
		return provisioning.Secret{}, err
	}
	return passwordHash{cost: h.cost, salt: salt, key: key}.secret(), nil
}

// matches reports whether a password is the one of a hash, and whether the hash is one
// of less cost than there is now. An empty hash takes as long and matches nothing.
func (h *hasher) matches(ctx context.Context, hash provisioning.Secret, password string) (match, cheap bool, err error) {
	known := !hash.IsZero()
	if !known {
		hash = h.decoy
	}
	parsed, err := parsePasswordHash(hash.Reveal())
	if err != nil {
		return false, false, err
	}
	key, err := h.compute(ctx, password, parsed)
	if err != nil {
		return false, false, err
	}
	return known && subtle.ConstantTimeCompare(key, parsed.key) == 1, parsed.cost.less(h.cost), nil
}

func (h *hasher) compute(ctx context.Context, password string, of passwordHash) ([]byte, error) {
	select {
	case h.places <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-h.places }()
	return argon2.IDKey([]byte(norm.NFC.String(password)), of.salt, of.cost.Passes, of.cost.Memory, of.cost.Threads, uint32(len(of.key))), nil //nolint:gosec // a hash has a few bytes
}

// passwordHash is a hash in parts.
type passwordHash struct {
	cost PasswordCost
	salt []byte
	key  []byte
}

// phcFormat is the PHC string format of argon2id.
const phcFormat = "$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s"

func (p passwordHash) secret() provisioning.Secret {
	encode := base64.RawStdEncoding.EncodeToString
	return provisioning.NewSecret(fmt.Sprintf(phcFormat, argon2.Version, p.cost.Memory, p.cost.Passes, p.cost.Threads, encode(p.salt), encode(p.key)))
}

// parsePasswordHash takes a PHC string apart. The error does not show it.
func parsePasswordHash(text string) (passwordHash, error) {
	var (
		p       passwordHash
		version int
	)
	parts := strings.Split(text, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return p, errors.New("the hash of a password is not argon2id in PHC string format")
	}
	_, versionErr := fmt.Sscanf(parts[2], "v=%d", &version)
	_, costErr := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &p.cost.Memory, &p.cost.Passes, &p.cost.Threads)
	var saltErr, keyErr error
	p.salt, saltErr = base64.RawStdEncoding.DecodeString(parts[4])
	p.key, keyErr = base64.RawStdEncoding.DecodeString(parts[5])
	if err := errors.Join(versionErr, costErr, saltErr, keyErr); err != nil || version != argon2.Version ||
		p.cost.Passes == 0 || p.cost.Threads == 0 || p.cost.Memory > 1<<20 || p.cost.Passes > 100 || len(p.key) < 16 || len(p.key) > 64 {
		return p, errors.New("the hash of a password is damaged")
	}
	return p, nil
}

// refusedPasswords are long enough and tried first by everybody who guesses.
func refusedPasswords() []string {
	return []string{
		"123456789012", "1234567890123", "12345678901234", "123456781234", "qwertyuiop12", "qwertyuiopas", "qwertyuiop123", "passwordpassword", "password1234", "password12345",
		"password123456", "administrator", "administrator1", "letmeinletmein", "changemechangeme", "iloveyouiloveyou", "usherusherusher", "welcome12345", "contosocontoso",
	}
}

// CheckPassword says what is wrong with a password that somebody chooses, as an
// *InputError of the field password. The names are those of the person.
func CheckPassword(password string, names ...string) error {
	refused := func(reason string) error { return &InputError{Field: "password", Reason: reason} }
	length := utf8.RuneCountInString(password)
	switch {
	case !utf8.ValidString(password):
		return refused("the password is not text")
	case length < MinPassword:
		return refused(fmt.Sprintf("the password has %d characters; %d are the least", length, MinPassword))
	case length > MaxPassword:
		return refused(fmt.Sprintf("the password has %d characters; %d are the most", length, MaxPassword))
	case slices.Contains(refusedPasswords(), strings.ToLower(password)):
		return refused("the password is one of those that are tried first")
	case fewDifferent(password):
		return refused("the password consists of fewer than four different characters")
	}
	for _, name := range names {
		local, _, _ := strings.Cut(name, "@")
		for _, part := range []string{name, local} {
			if part != "" && strings.ReplaceAll(strings.ToLower(password), strings.ToLower(part), "") == "" {
				return refused("the password is the name")
			}
		}
	}
	return nil
}

func fewDifferent(password string) bool {
	different := map[rune]bool{}
	for _, r := range password {
		different[r] = true
	}
	return len(different) < 4
}
