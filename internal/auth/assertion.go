package auth

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/usher-id/usher/internal/store"
)

// assertionType is the only type of client assertion (RFC 7523).
const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// maxAssertionLifetime bounds how long an assertion may be good for, and with that
// how long it has to be remembered.
const maxAssertionLifetime = 24 * time.Hour

// assertedClient returns the client id that an assertion names, before anything about
// it is verified.
func assertedClient(assertion string) string {
	var claims jwt.RegisteredClaims
	if _, _, err := jwt.NewParser().ParseUnverified(assertion, &claims); err != nil {
		return ""
	}
	return claims.Subject
}

// verifyAssertion checks a signed assertion of a client: its signature, that issuer
// and subject are the client (RFC 7523, section 3), that it is meant for one of the
// audiences, and that it was not used before.
func (s *Service) verifyAssertion(client store.APIClient, assertion string, audiences []string) error {
	key, err := parsePublicKey(client.PublicKey)
	if err != nil {
		return refuse(700027, "The client has no public key that assertions could be verified with.")
	}
	var claims jwt.RegisteredClaims
	_, err = jwt.ParseWithClaims(assertion, &claims, func(*jwt.Token) (any, error) { return key, nil },
		jwt.WithValidMethods([]string{"RS256", "PS256", "ES256", "ES384", "RS384", "RS512", "PS384", "PS512", "ES512"}),
		jwt.WithExpirationRequired(), jwt.WithIssuer(client.ID), jwt.WithSubject(client.ID), jwt.WithLeeway(time.Minute))
	switch {
	case errors.Is(err, jwt.ErrTokenExpired), errors.Is(err, jwt.ErrTokenNotValidYet), errors.Is(err, jwt.ErrTokenUsedBeforeIssued):
		return refuse(700024, "The client assertion is not within its valid time range.")
	case err != nil:
		return refuse(700027, "The client assertion failed its validation: signature, issuer and subject must be those of the client.")
	case !slices.ContainsFunc(claims.Audience, func(a string) bool {
		return slices.ContainsFunc(audiences, func(b string) bool { return strings.EqualFold(a, b) })
	}):
		return refuse(700023, "The audience of the client assertion must be the token endpoint: %s.", audiences[0])
	case time.Until(claims.ExpiresAt.Time) > maxAssertionLifetime:
		return refuse(700024, "The client assertion is good for more than a day; make it short-lived.")
	case !s.used.first(assertion, claims.ExpiresAt.Time):
		return refuse(700024, "The client assertion was used before.")
	}
	return nil
}

// usedAssertions remembers assertions until they end, so that each is taken once. It
// is the memory of one node. Its methods are safe for concurrent use.
type usedAssertions struct {
	mutex sync.Mutex
	ends  map[string]time.Time // by the hash of the assertion
}

// first reports whether the assertion was not seen before.
func (u *usedAssertions) first(assertion string, ends time.Time) bool {
	sum := sha256.Sum256([]byte(assertion))
	key := hex.EncodeToString(sum[:])
	u.mutex.Lock()
	defer u.mutex.Unlock()
	now := time.Now()
	for known, end := range u.ends {
		if now.After(end.Add(2 * time.Minute)) {
			delete(u.ends, known)
		}
	}
	if _, seen := u.ends[key]; seen {
		return false
	}
	u.ends[key] = ends
	return true
}
