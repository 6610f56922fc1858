package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"github.com/usher-id/usher/internal/auth"
	"github.com/usher-id/usher/internal/graphapi"
	"github.com/usher-id/usher/internal/jobs"
	"github.com/usher-id/usher/internal/origin"
	"github.com/usher-id/usher/internal/ratelimit"
	"github.com/usher-id/usher/internal/secret"
	"github.com/usher-id/usher/internal/store"
)

// signInRate is how often one client may sign in: a token lasts for an hour.
func signInRate() ratelimit.Rate { return ratelimit.Rate{PerSecond: 2, Burst: 20} }

// newAPI makes the handler of the API with its sign-in. Without the key that sealed
// the signing keys the service runs all the same, and the API says that it cannot.
func newAPI(ctx context.Context, w *workspace, running *jobs.Service, from origin.Origin, perSecond float64, log *slog.Logger) (http.Handler, error) {
	handler, err := openAPI(ctx, w, running, from, perSecond, log)
	if errors.Is(err, secret.ErrWrongKey) {
		log.ErrorContext(ctx, "the API is off: its keys cannot be read", "error", err.Error())
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			answer(w, http.StatusServiceUnavailable, "the API is off; the log says why")
		}), nil
	}
	return handler, err
}

func openAPI(ctx context.Context, w *workspace, running *jobs.Service, from origin.Origin, perSecond float64, log *slog.Logger) (http.Handler, error) {
	signIn, err := auth.New(ctx, auth.Config{Store: w.store, Log: log, Origin: from, Rate: signInRate()})
	if err != nil {
		return nil, err
	}
	linkKey, err := auth.LinkKey(ctx, w.store)
	if err != nil {
		return nil, err
	}
	api := graphapi.New(graphapi.Dependencies{
		Store: w.store, Log: log, TokenKey: linkKey, Origin: from, TenantID: signIn.TenantID(), Runner: w.runner, Catalogue: w.catalogue,
		Rate: ratelimit.Rate{PerSecond: perSecond, Burst: int(2 * perSecond)}, Wake: running.Wake,
		Exclusively: func(ctx context.Context, jobID string, work func() error) error {
			return w.service.Exclusively(ctx, jobID, func() {}, work)
		},
		Authenticate: func(ctx context.Context, token string) (store.APIClient, error) {
			client, err := signIn.Authenticate(ctx, token)
			if errors.Is(err, auth.ErrToken) {
				err = fmt.Errorf("%w: %w", graphapi.ErrUnauthenticated, err)
			}
			return client, err
		},
	})
	endpoints := signIn.Handler()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if auth.Handles(r.URL.Path) {
			endpoints.ServeHTTP(w, r)
			return
		}
		api.ServeHTTP(w, r)
	}), nil
}

// isService reports whether a path is one of the endpoints about the service itself.
// They are told apart before a mux sees the path, because it would redirect the
// doubled slashes that some clients of Microsoft Graph send.
func isService(path string) bool {
	return strings.HasPrefix(path, "/healthz") || strings.HasPrefix(path, "/readyz") || strings.HasPrefix(path, "/metrics")
}
