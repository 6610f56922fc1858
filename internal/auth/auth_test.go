package auth_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/usher-id/usher/internal/auth"
	"github.com/usher-id/usher/internal/origin"
	"github.com/usher-id/usher/internal/ratelimit"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/internal/store/sqlstore"
)

const host = "https://usher.example"

// plainSealer seals nothing, which is enough where what is sealed is not looked at.
type plainSealer struct{}

func (plainSealer) Seal(plain, _ []byte) ([]byte, error)  { return plain, nil }
func (plainSealer) Open(sealed, _ []byte) ([]byte, error) { return sealed, nil }

// world is the service with one client that has a secret.
type world struct {
	t      *testing.T
	store  *sqlstore.Store
	auth   *auth.Service
	client store.APIClient
	secret string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	opened, err := sqlstore.Open(t.Context(), sqlstore.Config{Path: filepath.Join(t.TempDir(), "usher.db"), Sealer: plainSealer{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := opened.Close(); err != nil {
			t.Error(err)
		}
	})
	w := &world{t: t, store: opened}
	w.restart()
	w.client = auth.NewClient("script", store.RoleOperator)
	secret, kept, err := auth.NewSecret()
	if err != nil {
		t.Fatal(err)
	}
	w.secret = secret.Reveal()
	if err := opened.AddAPIClient(t.Context(), w.client, []store.APISecret{kept}); err != nil {
		t.Fatal(err)
	}
	return w
}

// restart makes the service anew on the same database.
func (w *world) restart() {
	w.t.Helper()
	service, err := auth.New(w.t.Context(), auth.Config{Store: w.store, Origin: origin.Origin{URL: host}, Rate: ratelimit.Rate{PerSecond: 1, Burst: 50}})
	if err != nil {
		w.t.Fatal(err)
	}
	w.auth = service
}

func (w *world) do(method, path string, form url.Values, adapt func(r *http.Request)) (int, map[string]any) {
	w.t.Helper()
	request := httptest.NewRequestWithContext(w.t.Context(), method, host+path, strings.NewReader(form.Encode()))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if adapt != nil {
		adapt(request)
	}
	recorder := httptest.NewRecorder()
	w.auth.Handler().ServeHTTP(recorder, request)
	var body map[string]any
	if err := json.Unmarshal(recorder.Body.Bytes(), &body); err != nil {
		w.t.Fatalf("%s %s gives %d and no JSON: %s", method, path, recorder.Code, recorder.Body)
	}
	if strings.Contains(recorder.Body.String(), w.secret) && w.secret != "" {
		w.t.Errorf("the answer shows the secret: %s", recorder.Body)
	}
	return recorder.Code, body
}

// form is a sign-in with the secret; pairs replace its parameters.
func (w *world) form(pairs ...string) url.Values {
	form := url.Values{
		"grant_type": {"client_credentials"}, "client_id": {w.client.ID}, "client_secret": {w.secret}, "scope": {host + "/.default"},
	}
	for pair := range slices.Chunk(pairs, 2) {
		form.Set(pair[0], pair[1])
	}
	return form
}

func (w *world) signIn(pairs ...string) (int, map[string]any) {
	w.t.Helper()
	return w.do(http.MethodPost, "/"+w.auth.TenantID()+"/oauth2/v2.0/token", w.form(pairs...), nil)
}

func (w *world) mustToken(pairs ...string) string {
	w.t.Helper()
	status, body := w.signIn(pairs...)
	token, _ := body["access_token"].(string)
	if status != http.StatusOK || token == "" {
		w.t.Fatalf("sign-in gives %d: %v", status, body)
	}
	return token
}

func TestAClientGetsATokenWithTheClaimsThatClientsRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	status, body := w.signIn("scope", host+"/.default openid offline_access profile")
	if status != http.StatusOK || body["token_type"] != "Bearer" || body["expires_in"] != 3599.0 {
		t.Fatalf("sign-in gives %d: %v", status, body)
	}
	text, _ := body["access_token"].(string)
	var claims jwt.MapClaims
	if _, _, err := jwt.NewParser().ParseUnverified(text, &claims); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{
		"iss": host + "/" + w.auth.TenantID() + "/v2.0", "aud": []any{host}, "sub": w.client.ObjectID, "oid": w.client.ObjectID,
		"appid": w.client.ID, "azp": w.client.ID, "tid": w.auth.TenantID(), "idtyp": "app", "ver": "2.0", "scp": "",
	} {
		got := claims[name]
		if list, ok := got.([]any); ok && name == "aud" {
			got, want = list[0], host
		}
		if got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	roles, _ := claims["roles"].([]any)
	if !slices.Contains(roles, any("Synchronization.Read.All")) || slices.Contains(roles, any("User.ReadWrite.All")) {
		t.Errorf("an operator has the permissions %v", roles)
	}
	client, err := w.auth.Authenticate(t.Context(), text)
	if err != nil || client.ID != w.client.ID || client.Role != store.RoleOperator {
		t.Errorf("the token is that of %v, error %v", client, err)
	}
}

func TestASignInThatIsNotRightIsRefusedWithItsNumber(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, test := range []struct {
		name   string
		pairs  []string
		status int
		code   string
		number float64
	}{
		{"a wrong secret", []string{"client_secret", w.secret + "x"}, 401, "invalid_client", 7000215},
		{"no secret", []string{"client_secret", ""}, 401, "invalid_client", 7000216},
		{"an unknown client", []string{"client_id", "00000000-0000-0000-0000-000000000000"}, 400, "unauthorized_client", 700016},
		{"the name instead of the id", []string{"client_id", "script"}, 400, "unauthorized_client", 700016},
		{"no client", []string{"client_id", ""}, 400, "invalid_request", 900144},
		{"another grant", []string{"grant_type", "password"}, 400, "unsupported_grant_type", 70003},
		{"no grant", []string{"grant_type", ""}, 400, "invalid_request", 900144},
		{"no scope", []string{"scope", ""}, 400, "invalid_scope", 1002012},
		{"a single permission", []string{"scope", "User.Read.All"}, 400, "invalid_scope", 1002012},
		{"two resources", []string{"scope", "https://a/.default https://b/.default"}, 400, "invalid_scope", 1002012},
		{"an assertion of no type", []string{"client_secret", "", "client_assertion", "a.b.c"}, 400, "invalid_request", 900144},
		{"a NUL byte", []string{"client_id", "a\x00"}, 400, "unauthorized_client", 700016},
	} {
		status, body := w.signIn(test.pairs...)
		numbers, _ := body["error_codes"].([]any)
		if status != test.status || body["error"] != test.code || len(numbers) != 1 || numbers[0] != test.number {
			t.Errorf("%s: %d %v", test.name, status, body)
		}
	}
	status, body := w.do(http.MethodPost, "/other/oauth2/v2.0/token", w.form(), nil)
	if status != http.StatusBadRequest || !strings.HasPrefix(body["error_description"].(string), "AADSTS90002") { //nolint:forcetypeassert // a panic says enough
		t.Errorf("another tenant: %d %v", status, body)
	}
	denials := 0
	for record, err := range w.store.Audits(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(record.Detail, w.secret) {
			t.Errorf("the audit log shows the secret: %v", record)
		}
		if record.Activity == "Deny API sign-in" {
			denials++
		}
	}
	if denials != 1 {
		t.Errorf("%d denials of a client that exists in the audit log, want 1", denials)
	}
}

func TestTheSecretMayComeInTheHeader(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	form := w.form()
	form.Del("client_id")
	form.Del("client_secret")
	status, body := w.do(http.MethodPost, "/organizations/oauth2/v2.0/token", form, func(r *http.Request) { r.SetBasicAuth(w.client.ID, w.secret) })
	if status != http.StatusOK {
		t.Errorf("%d: %v", status, body)
	}
}

func TestTooManySignInsHaveToWait(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var status int
	for range 60 {
		if status, _ = w.signIn("client_secret", "wrong"); status == http.StatusTooManyRequests {
			return
		}
	}
	t.Errorf("the last of 60 sign-ins gives %d", status)
}

func TestARevokedClientIsOutAtOnceAndARotatedSecretLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.mustToken()
	_, kept, err := auth.NewSecret()
	if err != nil {
		t.Fatal(err)
	}
	secrets, err := w.store.APISecrets(t.Context(), w.client.ID)
	if err != nil {
		t.Fatal(err)
	}
	secrets[0].ExpiresAt = time.Now().Add(-time.Second)
	if err := w.store.ReplaceAPISecrets(t.Context(), w.client.ID, "", append(secrets, kept)); err != nil {
		t.Fatal(err)
	}
	if _, body := w.signIn(); !strings.HasPrefix(body["error_description"].(string), "AADSTS7000222") { //nolint:forcetypeassert // a panic says enough
		t.Errorf("an expired secret gives %v", body)
	}
	if _, err := w.auth.Authenticate(t.Context(), token); err != nil {
		t.Errorf("the token from before gives the error %v", err)
	}
	if err := w.store.RevokeAPIClient(t.Context(), w.client.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := w.auth.Authenticate(t.Context(), token); !errors.Is(err, auth.ErrToken) {
		t.Errorf("the token of a revoked client gives the error %v", err)
	}
}

func TestATokenThatIsNotOursIsRefused(t *testing.T) {
	t.Parallel()
	w, other := newWorld(t), newWorld(t)
	token := w.mustToken()
	head, rest, _ := strings.Cut(token, ".")
	body, signature, _ := strings.Cut(rest, ".")
	none, err := jwt.NewWithClaims(jwt.SigningMethodNone, jwt.MapClaims{"appid": w.client.ID, "tid": w.auth.TenantID(), "exp": time.Now().Add(time.Hour).Unix()}).
		SignedString(jwt.UnsafeAllowNoneSignatureType)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"empty": "", "not a token": "abc", "another service's": other.mustToken(), "without signature": head + "." + body + ".",
		"altered": head + "." + body[:len(body)-4] + "AAAA." + signature, "unsigned": none, "huge": strings.Repeat("a", 20<<10),
	} {
		if _, err := w.auth.Authenticate(t.Context(), text); !errors.Is(err, auth.ErrToken) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestDiscoveryLeadsToTheTokenEndpointAndTheKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, metadata := w.do(http.MethodGet, "/metadata/endpoints?api-version=2022-09-01", nil, nil)
	if metadata["microsoftGraphResourceId"] != host || metadata["resourceManager"] != host || metadata["name"] == "" {
		t.Errorf("metadata %v", metadata)
	}
	_, configuration := w.do(http.MethodGet, "/"+w.auth.TenantID()+"/v2.0/.well-known/openid-configuration", nil, nil)
	if configuration["token_endpoint"] != host+"/"+w.auth.TenantID()+"/oauth2/v2.0/token" || configuration["authorization_endpoint"] == nil {
		t.Errorf("configuration %v", configuration)
	}
	address, _ := configuration["jwks_uri"].(string)
	_, keys := w.do(http.MethodGet, strings.TrimPrefix(address, host), nil, nil)
	list, _ := keys["keys"].([]any)
	token, _, err := jwt.NewParser().ParseUnverified(w.mustToken(), jwt.MapClaims{})
	if err != nil || len(list) != 1 {
		t.Fatalf("keys %v, error %v", keys, err)
	}
	key, _ := list[0].(map[string]any)
	if key["kid"] != token.Header["kid"] || key["kty"] != "RSA" || key["d"] != nil {
		t.Errorf("key %v for a token with the header %v", key, token.Header)
	}
}

func TestKeysAreRotatedAndOldOnesVerifyUntilTheirTokensEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		kid := func(text string) any {
			token, _, err := jwt.NewParser().ParseUnverified(text, jwt.MapClaims{})
			if err != nil {
				t.Fatal(err)
			}
			return token.Header["kid"]
		}
		time.Sleep(30*24*time.Hour - time.Minute)
		before := w.mustToken()
		time.Sleep(2 * time.Minute)
		after := w.mustToken()
		if kid(before) == kid(after) {
			t.Error("the key is the same after 30 days")
		}
		w.restart() // another node knows both
		for _, token := range []string{before, after} {
			if _, err := w.auth.Authenticate(t.Context(), token); err != nil {
				t.Errorf("a token gives the error %v", err)
			}
		}
		time.Sleep(time.Hour)
		if _, err := w.auth.Authenticate(t.Context(), before); !errors.Is(err, auth.ErrToken) {
			t.Errorf("an expired token gives the error %v", err)
		}
		time.Sleep(30 * 24 * time.Hour)
		w.mustToken()
		time.Sleep(30 * 24 * time.Hour)
		w.mustToken()
		keys, err := w.store.ServiceKeys(t.Context(), "access tokens")
		if err != nil || len(keys) != 2 {
			t.Errorf("%d keys are kept, want the one that signs and the one before; error %v", len(keys), err)
		}
	})
}

func publicPEM(t *testing.T, key any) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

func TestASignedAssertionIsAsGoodAsASecretAndGoodForOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	text, err := auth.CheckPublicKey(publicPEM(t, &private.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.store.ReplaceAPISecrets(t.Context(), w.client.ID, text, nil); err != nil {
		t.Fatal(err)
	}
	endpoint := host + "/" + w.auth.TenantID() + "/oauth2/v2.0/token"
	assert := func(key *ecdsa.PrivateKey, adapt func(c *jwt.RegisteredClaims)) (int, map[string]any) {
		claims := jwt.RegisteredClaims{
			Issuer: w.client.ID, Subject: w.client.ID, Audience: jwt.ClaimStrings{endpoint}, ExpiresAt: jwt.NewNumericDate(time.Now().Add(10 * time.Minute)),
		}
		if adapt != nil {
			adapt(&claims)
		}
		signed, err := jwt.NewWithClaims(jwt.SigningMethodES256, claims).SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		form := w.form("client_assertion", signed, "client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
		form.Del("client_secret")
		form.Del("client_id")
		status, body := w.do(http.MethodPost, "/"+w.auth.TenantID()+"/oauth2/v2.0/token", form, nil)
		if status == http.StatusOK {
			again, _ := w.do(http.MethodPost, "/"+w.auth.TenantID()+"/oauth2/v2.0/token", form, nil)
			if again != http.StatusUnauthorized {
				t.Errorf("the same assertion again gives %d", again)
			}
		}
		return status, body
	}
	if status, body := assert(private, nil); status != http.StatusOK {
		t.Errorf("%d: %v", status, body)
	}
	for name, adapt := range map[string]func(c *jwt.RegisteredClaims){
		"expired":          func(c *jwt.RegisteredClaims) { c.ExpiresAt = jwt.NewNumericDate(time.Now().Add(-time.Hour)) },
		"without end":      func(c *jwt.RegisteredClaims) { c.ExpiresAt = nil },
		"for years":        func(c *jwt.RegisteredClaims) { c.ExpiresAt = jwt.NewNumericDate(time.Now().Add(10_000 * time.Hour)) },
		"another audience": func(c *jwt.RegisteredClaims) { c.Audience = jwt.ClaimStrings{"https://elsewhere.example"} },
		"another issuer":   func(c *jwt.RegisteredClaims) { c.Issuer = "somebody" },
	} {
		if status, body := assert(private, adapt); status != http.StatusUnauthorized {
			t.Errorf("%s: %d %v", name, status, body)
		}
	}
	if status, body := assert(stranger, nil); status != http.StatusUnauthorized {
		t.Errorf("signed by a stranger: %d %v", status, body)
	}
	if status, _ := w.signIn(); status != http.StatusUnauthorized {
		t.Errorf("the secret that was replaced gives %d", status)
	}
}

func TestKeysThatCannotVerifyAreRefused(t *testing.T) {
	t.Parallel()
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"nothing": "", "text": "hello", "weak": publicPEM(t, &weak.PublicKey), "private": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
		"damaged": "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
	} {
		if _, err := auth.CheckPublicKey(text); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

func TestPermissionsOfMicrosoftGraphStandForRoles(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]store.Role{
		"reader": store.RoleReader, "Operator": store.RoleOperator, "ADMINISTRATOR": store.RoleAdministrator,
		"Directory.Read.All": store.RoleReader, "Synchronization.ReadWrite.All": store.RoleAdministrator,
	} {
		if got, err := auth.ParseRole(name); err != nil || got != want {
			t.Errorf("%s is %q, error %v", name, got, err)
		}
	}
	if _, err := auth.ParseRole("king"); err == nil {
		t.Error("king is a role")
	}
}
