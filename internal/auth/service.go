package auth

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/usher-id/usher/internal/origin"
	"github.com/usher-id/usher/internal/ratelimit"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
)

// TokenLifetime is how long an access token is good for.
const TokenLifetime = time.Hour

// ErrToken says that an access token is not one of this service, is expired, or
// belongs to a client that was revoked.
var ErrToken = errors.New("the access token is not valid")

// Store is what signing in needs of the database.
type Store interface {
	store.APIClients
	store.ServiceKeys

	// Audit writes to the audit log.
	Audit(ctx context.Context, audit journal.Audit) error
}

// Config is what signing in needs of the rest of the program.
type Config struct {
	Store  Store
	Log    *slog.Logger
	Origin origin.Origin  // under which clients reach the service
	Rate   ratelimit.Rate // of sign-ins of one client
}

// Service signs in clients. Its methods are safe for concurrent use.
type Service struct {
	Config

	tenantID string
	keys     *signingKeys
	used     *usedAssertions
	limits   *ratelimit.Limiter
}

// New makes the service, and the tenant's id and the first signing key if there are
// none.
func New(ctx context.Context, config Config) (*Service, error) {
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	tenantID, err := config.Store.Tenant(ctx)
	if err != nil {
		return nil, err
	}
	s := &Service{
		Config: config, tenantID: tenantID, keys: &signingKeys{store: config.Store}, used: &usedAssertions{ends: map[string]time.Time{}},
		limits: ratelimit.New(config.Rate),
	}
	if _, err := s.keys.newest(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// TenantID returns the id of the one tenant.
func (s *Service) TenantID() string { return s.tenantID }

// Handler returns the handler of the endpoints of sign-in: the discovery documents,
// the keys and the token endpoint. It answers 404 for anything else.
func (s *Service) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metadata/endpoints", s.metadata)
	mux.HandleFunc("GET /{tenant}/v2.0/.well-known/openid-configuration", s.configuration)
	mux.HandleFunc("GET /{tenant}/discovery/v2.0/keys", s.publicKeys)
	mux.HandleFunc("/{tenant}/oauth2/v2.0/token", s.token)
	return mux
}

// Handles reports whether a path is one of the endpoints of sign-in.
func Handles(path string) bool {
	for _, suffix := range []string{"/v2.0/.well-known/openid-configuration", "/discovery/v2.0/keys", "/oauth2/v2.0/token"} {
		if len(path) > len(suffix) && path[len(path)-len(suffix):] == suffix {
			return true
		}
	}
	return path == "/metadata/endpoints"
}
