package auth

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/journal"
)

// maxForm is how large the body of a sign-in may be.
const maxForm = 64 << 10

// metadata tells clients of Azure's clouds where sign-in and Graph are. The members
// are those that the Azure Resource Manager's metadata endpoint has.
func (s *Service) metadata(w http.ResponseWriter, r *http.Request) {
	base := s.Origin.Of(r)
	s.send(w, r, http.StatusOK, map[string]any{
		"name": "Usher", "resourceManager": base, "microsoftGraphResourceId": base, "portal": base, "graphAudience": base,
		"authentication": map[string]any{
			"loginEndpoint": base, "audiences": []string{base}, "tenant": s.tenantID, "identityProvider": "AAD",
		},
		"suffixes": map[string]any{},
	})
}

// configuration is the discovery document of OpenID Connect.
func (s *Service) configuration(w http.ResponseWriter, r *http.Request) {
	if !s.isTenant(r.PathValue("tenant")) {
		s.refuse(w, r, s.unknownTenant(r))
		return
	}
	base, issuer := s.Origin.Of(r), s.issuer(r)
	tenant := base + "/" + s.tenantID
	s.send(w, r, http.StatusOK, map[string]any{
		"issuer": issuer, "token_endpoint": tenant + "/oauth2/v2.0/token", "authorization_endpoint": tenant + "/oauth2/v2.0/authorize",
		"jwks_uri": tenant + "/discovery/v2.0/keys", "response_types_supported": []string{"token"}, "subject_types_supported": []string{"pairwise"},
		"grant_types_supported": []string{"client_credentials"}, "id_token_signing_alg_values_supported": []string{"RS256"},
		"token_endpoint_auth_methods_supported":            []string{"client_secret_post", "client_secret_basic", "private_key_jwt"},
		"token_endpoint_auth_signing_alg_values_supported": []string{"RS256", "PS256", "ES256"},
		"scopes_supported":                                 []string{"openid", "profile", "email", "offline_access"},
		"claims_supported":                                 []string{"sub", "iss", "aud", "exp", "iat", "nbf", "oid", "tid", "appid", "azp", "roles", "scp", "idtyp", "ver", "uti"},
		"msgraph_host":                                     strings.TrimPrefix(strings.TrimPrefix(base, "https://"), "http://"),
		"cloud_instance_name":                              strings.TrimPrefix(strings.TrimPrefix(base, "https://"), "http://"),
		"tenant_region_scope":                              nil,
		"frontchannel_logout_supported":                    false,
	})
}

func (s *Service) publicKeys(w http.ResponseWriter, r *http.Request) {
	keys, err := s.keys.all(r.Context())
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	list := make([]map[string]any, 0, len(keys))
	for _, key := range keys {
		list = append(list, key.webKey())
	}
	s.send(w, r, http.StatusOK, map[string]any{"keys": list})
}

// isTenant reports whether a tenant of a path is the one that there is.
func (s *Service) isTenant(tenant string) bool {
	return strings.EqualFold(tenant, s.tenantID) || strings.EqualFold(tenant, "common") || strings.EqualFold(tenant, "organizations")
}

func (s *Service) unknownTenant(r *http.Request) error {
	return refuse(90002, "Tenant '%s' not found. Its id is printed when a client is made, and by usher api-client list.", r.PathValue("tenant"))
}

func (s *Service) issuer(r *http.Request) string { return s.Origin.Of(r) + "/" + s.tenantID + "/v2.0" }

// token is the token endpoint: the client credentials flow.
func (s *Service) token(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "the token endpoint takes POST", http.StatusMethodNotAllowed)
		return
	}
	if !s.isTenant(r.PathValue("tenant")) {
		s.refuse(w, r, s.unknownTenant(r))
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil || len(r.PostForm) == 0 {
		s.refuse(w, r, refuse(900144, "The request body must be a form (application/x-www-form-urlencoded) with the parameter 'grant_type'."))
		return
	}
	client, err := s.signIn(r.Context(), r)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	audience, err := audienceOf(r.PostForm.Get("scope"))
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	token, err := s.issue(r.Context(), client, s.issuer(r), audience)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	seconds := int(TokenLifetime/time.Second) - 1
	s.send(w, r, http.StatusOK, map[string]any{
		"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds, "access_token": token,
	})
}

// signIn returns the client that proved who it is.
func (s *Service) signIn(ctx context.Context, r *http.Request) (store.APIClient, error) {
	form := r.PostForm
	switch grant := form.Get("grant_type"); grant {
	case "client_credentials":
	case "":
		return store.APIClient{}, refuse(900144, "The request body must contain the following parameter: 'grant_type'.")
	default:
		return store.APIClient{}, refuse(70003, "The app requested an unsupported grant type '%s'. There is client_credentials.", grant)
	}
	id, secret, assertion, err := credentials(r, form)
	if err != nil {
		return store.APIClient{}, err
	}
	if wait := s.limits.Take(strings.ToLower(id), time.Now()); wait > 0 {
		return store.APIClient{}, &refusal{number: 50196, text: "The client signs in too often. Keep the access token until it expires.", retryAfter: wait}
	}
	client, err := s.Store.APIClient(ctx, id)
	// A client is not found by its name, only by its id.
	if errors.Is(err, store.ErrNotFound) || err == nil && (!strings.EqualFold(client.ID, id) || client.Revoked()) {
		return store.APIClient{}, refuse(700016, "Application with identifier '%s' was not found in the directory.", id)
	}
	if err != nil {
		return store.APIClient{}, err
	}
	if assertion != "" {
		base := s.Origin.Of(r)
		err = s.verifyAssertion(client, assertion, []string{base + r.URL.Path, base + "/" + s.tenantID + "/oauth2/v2.0/token", s.issuer(r)})
	} else {
		err = s.verifySecret(ctx, client, secret)
	}
	if failed, ok := errors.AsType[*refusal](err); ok {
		s.logRefusal(ctx, client, failed)
	}
	return client, err
}

// credentials returns what a request proves itself with.
func credentials(r *http.Request, form url.Values) (id, secret, assertion string, err error) {
	id, secret, assertion = form.Get("client_id"), form.Get("client_secret"), form.Get("client_assertion")
	if user, password, ok := r.BasicAuth(); ok && secret == "" && assertion == "" {
		// RFC 6749, section 2.3.1: both are encoded as in a form.
		user, userErr := url.QueryUnescape(user)
		password, passwordErr := url.QueryUnescape(password)
		if userErr == nil && passwordErr == nil && (id == "" || id == user) {
			id, secret = user, password
		}
	}
	if assertion != "" && id == "" {
		id = assertedClient(assertion)
	}
	switch {
	case id == "":
		err = refuse(900144, "The request body must contain the following parameter: 'client_id'.")
	case assertion != "" && form.Get("client_assertion_type") != assertionType:
		err = refuse(900144, "The parameter 'client_assertion_type' must be '%s'.", assertionType)
	case assertion == "" && secret == "":
		err = refuse(7000216, "'client_assertion' or 'client_secret' is required for the 'client_credentials' grant type.")
	}
	return id, secret, assertion, err
}

func (s *Service) verifySecret(ctx context.Context, client store.APIClient, text string) error {
	secrets, err := s.Store.APISecrets(ctx, client.ID)
	if err != nil {
		return err
	}
	secret, found := matchSecret(text, secrets)
	switch {
	case !found:
		return refuse(7000215, "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, for the client '%s'.", client.ID)
	case !secret.ExpiresAt.IsZero() && time.Now().After(secret.ExpiresAt):
		return refuse(7000222, "The provided client secret keys for the client '%s' are expired. Make a new one with usher api-client rotate.", client.ID)
	}
	return nil
}

// audienceOf returns the resource that a scope names.
func audienceOf(scope string) (string, error) {
	audience := ""
	for part := range strings.FieldsSeq(scope) {
		resource, isDefault := strings.CutSuffix(part, "/.default")
		switch {
		case isDefault && resource != "" && audience == "":
			audience = strings.TrimSuffix(resource, "/")
		case part == "openid", part == "profile", part == "email", part == "offline_access":
		default:
			return "", refuse(1002012, "The provided value for scope %s is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier.", strconv.Quote(part))
		}
	}
	if audience == "" {
		return "", refuse(1002012, "The scope must name the resource with the suffix /.default, such as https://HOST/.default.")
	}
	return audience, nil
}

// logRefusal writes to the audit log that a client that exists did not prove who it
// is.
func (s *Service) logRefusal(ctx context.Context, client store.APIClient, refused *refusal) {
	err := s.Store.Audit(ctx, journal.Audit{
		At: time.Now().UTC(), Activity: "Deny API sign-in", Actor: client.Name + " (API client " + client.ID + ")", Subject: "token endpoint",
		Detail: refused.Error(),
	})
	if err != nil {
		s.Log.ErrorContext(ctx, "a denied sign-in could not be written to the audit log", "error", err.Error())
	}
}

// refuse answers an error. The cause of one that is not the client's is logged, and
// not told.
func (s *Service) refuse(w http.ResponseWriter, r *http.Request, err error) {
	told, ok := errors.AsType[*refusal](err)
	if !ok {
		s.Log.ErrorContext(r.Context(), "sign-in failed", "error", err.Error())
		told = &refusal{number: 90033, text: "A transient error has occurred. Please try again.", retryAfter: 5 * time.Second}
	}
	if told.retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int((told.retryAfter+time.Second-1)/time.Second)))
	}
	_, status := told.code()
	s.send(w, r, status, told.body())
}

func (s *Service) send(w http.ResponseWriter, r *http.Request, status int, body any) {
	data, err := json.Marshal(body)
	if err != nil {
		s.Log.ErrorContext(r.Context(), "an answer of sign-in could not be made", "error", err.Error())
		status, data = http.StatusInternalServerError, []byte("{}")
	}
	header := w.Header()
	header.Set("Content-Type", "application/json; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(data) // an error says that whoever asked is gone
}
