package auth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"

	"github.com/usher-id/usher/internal/store"
)

// claims are those of an access token for an application, as the Microsoft identity
// platform has them in version 2.0 tokens, with appid of version 1.0, which clients
// read.
type claims struct {
	jwt.RegisteredClaims
	ApplicationID string   `json:"appid"`
	AuthorizedID  string   `json:"azp"`
	ObjectID      string   `json:"oid"`
	TenantID      string   `json:"tid"`
	Roles         []string `json:"roles"`
	Scopes        string   `json:"scp"` // of people only; clients look for the claim
	Type          string   `json:"idtyp"`
	Version       string   `json:"ver"`
	TokenID       string   `json:"uti"`
}

// issue makes an access token for a client.
func (s *Service) issue(ctx context.Context, client store.APIClient, issuer, audience string) (string, error) {
	key, err := s.keys.newest(ctx)
	if err != nil {
		return "", err
	}
	now := time.Now()
	token := jwt.NewWithClaims(jwt.SigningMethodRS256, claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: issuer, Subject: client.ObjectID, Audience: jwt.ClaimStrings{audience},
			IssuedAt: jwt.NewNumericDate(now), NotBefore: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(TokenLifetime)),
		},
		ApplicationID: client.ID, AuthorizedID: client.ID, ObjectID: client.ObjectID, TenantID: s.tenantID,
		Roles: permissionsOf(client.Role), Type: "app", Version: "2.0", TokenID: uuid.NewString(),
	})
	token.Header["kid"] = key.id
	signed, err := token.SignedString(key.private)
	if err != nil {
		return "", fmt.Errorf("sign an access token: %w", err)
	}
	return signed, nil
}

// Authenticate returns the client whose access token this is, with the role that it
// has now. The error wraps ErrToken when the token is no good; any other error means
// that it could not be found out.
func (s *Service) Authenticate(ctx context.Context, token string) (store.APIClient, error) {
	if len(token) > 16<<10 {
		return store.APIClient{}, fmt.Errorf("%w: it is too long", ErrToken)
	}
	var (
		found  claims
		inside error // of the store, which is not the token's fault
	)
	_, err := jwt.ParseWithClaims(token, &found, func(t *jwt.Token) (any, error) {
		id, _ := t.Header["kid"].(string)
		key, known, err := s.keys.find(ctx, id)
		if err != nil {
			inside = err
			return nil, err
		}
		if !known {
			return nil, errors.New("its key is not known")
		}
		return &key.private.PublicKey, nil
	}, jwt.WithValidMethods([]string{"RS256"}), jwt.WithExpirationRequired())
	switch {
	case inside != nil:
		return store.APIClient{}, inside
	case err != nil:
		return store.APIClient{}, fmt.Errorf("%w: %w", ErrToken, err)
	case found.TenantID != s.tenantID:
		return store.APIClient{}, fmt.Errorf("%w: it is for another tenant", ErrToken)
	}
	client, err := s.Store.APIClient(ctx, found.ApplicationID)
	switch {
	case errors.Is(err, store.ErrNotFound), err == nil && (client.Revoked() || client.ID != found.ApplicationID):
		return store.APIClient{}, fmt.Errorf("%w: its client was revoked", ErrToken)
	case err != nil:
		return store.APIClient{}, fmt.Errorf("read the client of an access token: %w", err)
	}
	return client, nil
}
