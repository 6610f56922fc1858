// Package authtest is an OpenID Connect provider for tests, small and strict: discovery,
// keys, authorization code flow with PKCE, user info. It is an http.Handler that knows
// nothing of Usher, so that sign-in is tested against somebody else's reading of the
// specification (OpenID Connect Core 1.0, Discovery 1.0, RFC 7636, RFC 9207).
//
// It asks nobody for a password: whoever comes is the person that the test signed in
// last, or chooses one on a page with a button for each.
package authtest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Client is what is registered at the issuer.
type Client struct {
	ID           string
	Secret       string
	RedirectURLs []string // those that the issuer sends codes to; empty: any
}

// Person is somebody whom the issuer knows.
type Person struct {
	Subject string
	Claims  map[string]any // besides those about the token, such as preferred_username and groups
	Hidden  map[string]any // claims that only the user info endpoint gives
}

// Config says what an issuer knows and how it misbehaves.
type Config struct {
	Client Client
	People []Person

	Clock func() time.Time                  // of the issuer; nil: time.Now
	Alter func(claims jwt.MapClaims)        // changes each ID token before it is signed; nil: leaves it
	Sign  func(claims jwt.MapClaims) string // signs ID tokens in another way; nil: with the issuer's key
	Query func(query url.Values)            // changes what a browser is sent back with; nil: leaves it
}

// Issuer is a running OpenID provider. Its methods are safe for concurrent use.
type Issuer struct {
	URL string // the issuer identifier, and the address that it answers at

	key    *rsa.PrivateKey
	mutex  sync.Mutex
	config Config
	signed string // subject of who is signed in; empty: a page asks
	codes  map[string]grant
	tokens map[string]string // access token to subject
}

// grant is what a code stands for.
type grant struct {
	subject, redirect, challenge, nonce string
	expires                             time.Time
}

// keyID names the issuer's key.
const keyID = "authtest"

// New makes an issuer that will answer at an address.
func New(address string, config Config) (*Issuer, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, fmt.Errorf("make the key of the issuer: %w", err)
	}
	if config.Clock == nil {
		config.Clock = time.Now
	}
	return &Issuer{URL: strings.TrimRight(address, "/"), key: key, config: config, codes: map[string]grant{}, tokens: map[string]string{}}, nil
}

// Start starts an issuer on a port of its own. The caller closes the server.
func Start(config Config) (*Issuer, *httptest.Server, error) {
	server := httptest.NewUnstartedServer(nil)
	issuer, err := New("http://"+server.Listener.Addr().String(), config)
	if err != nil {
		server.Close()
		return nil, nil, err
	}
	server.Config.Handler = issuer
	server.Start()
	return issuer, server, nil
}

// SignIn makes a person the one who is signed in at the issuer; the empty subject makes
// it ask.
func (i *Issuer) SignIn(subject string) {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	i.signed = subject
}

// Change changes what the issuer knows.
func (i *Issuer) Change(change func(config *Config)) {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	change(&i.config)
}

// ServeHTTP implements http.Handler.
func (i *Issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	switch r.URL.Path {
	case "/.well-known/openid-configuration":
		answer(w, http.StatusOK, map[string]any{
			"issuer": i.URL, "authorization_endpoint": i.URL + "/authorize", "token_endpoint": i.URL + "/token", "jwks_uri": i.URL + "/keys",
			"userinfo_endpoint": i.URL + "/userinfo", "response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"},
			"id_token_signing_alg_values_supported": []string{"RS256"}, "code_challenge_methods_supported": []string{"S256"},
			"authorization_response_iss_parameter_supported": true,
		})
	case "/keys":
		answer(w, http.StatusOK, map[string]any{"keys": []map[string]string{{
			"kty": "RSA", "use": "sig", "alg": "RS256", "kid": keyID, "n": base64.RawURLEncoding.EncodeToString(i.key.N.Bytes()),
			"e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(i.key.E)).Bytes()),
		}}})
	case "/authorize":
		i.authorize(w, r)
	case "/token":
		i.token(w, r)
	case "/userinfo":
		i.userInfo(w, r)
	default:
		http.NotFound(w, r)
	}
}

// authorize is the authorization endpoint.
func (i *Issuer) authorize(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	redirect := query.Get("redirect_uri")
	if err := i.checkRequest(query); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest) // not to an address that nobody vouches for
		return
	}
	subject := i.signed
	if subject == "" {
		subject = query.Get("as")
	}
	back := url.Values{"state": {query.Get("state")}, "iss": {i.URL}}
	switch subject {
	case "":
		i.ask(w, query)
		return
	case "deny":
		back.Set("error", "access_denied")
		back.Set("error_description", "The person said no.")
	default:
		code := rand.Text()
		i.codes[code] = grant{
			subject: subject, redirect: redirect, challenge: query.Get("code_challenge"), nonce: query.Get("nonce"), expires: i.config.Clock().Add(time.Minute),
		}
		back.Set("code", code)
	}
	if i.config.Query != nil {
		i.config.Query(back)
	}
	separator := "?"
	if strings.Contains(redirect, "?") {
		separator = "&"
	}
	http.Redirect(w, r, redirect+separator+back.Encode(), http.StatusFound) //nolint:gosec // an issuer of tests; checkRequest has looked at it
}

func (i *Issuer) checkRequest(query url.Values) error {
	known := i.config.Client
	switch {
	case query.Get("client_id") != known.ID:
		return errors.New("the client is not registered")
	case query.Get("redirect_uri") == "" || len(known.RedirectURLs) > 0 && !slices.Contains(known.RedirectURLs, query.Get("redirect_uri")):
		return fmt.Errorf("the redirect URI %q is not registered", query.Get("redirect_uri"))
	case query.Get("response_type") != "code":
		return errors.New("the response type is not code")
	case !slices.Contains(strings.Fields(query.Get("scope")), "openid"):
		return errors.New("the scope openid is missing")
	case query.Get("code_challenge_method") != "S256" || len(query.Get("code_challenge")) != 43:
		return errors.New("PKCE with S256 is required")
	}
	return nil
}

// page lets a person be chosen.
const page = `<!doctype html><title>Test issuer</title><h1>Sign in as</h1>
<form>{{range $name, $values := .Query}}{{range $values}}<input type="hidden" name="{{$name}}" value="{{.}}">{{end}}{{end}}
{{range .Subjects}}<button name="as" value="{{.}}">{{.}}</button> {{end}}<button name="as" value="deny">Nobody</button></form>`

func (i *Issuer) ask(w http.ResponseWriter, query url.Values) {
	subjects := make([]string, len(i.config.People))
	for n, person := range i.config.People {
		subjects[n] = person.Subject
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = template.Must(template.New("choose").Parse(page)).Execute(w, map[string]any{"Query": query, "Subjects": subjects}) // an error says that the browser is gone
}

// token is the token endpoint.
func (i *Issuer) token(w http.ResponseWriter, r *http.Request) {
	refuse := func(status int, code, description string) {
		answer(w, status, map[string]string{"error": code, "error_description": description})
	}
	if r.Method != http.MethodPost || r.ParseForm() != nil {
		refuse(http.StatusBadRequest, "invalid_request", "the token endpoint takes a form")
		return
	}
	if !i.isClient(r) {
		refuse(http.StatusUnauthorized, "invalid_client", "the client is not known, or its secret is wrong")
		return
	}
	code := r.PostForm.Get("code")
	granted, found := i.codes[code]
	delete(i.codes, code) // a code is good for one try
	sum := sha256.Sum256([]byte(r.PostForm.Get("code_verifier")))
	switch {
	case r.PostForm.Get("grant_type") != "authorization_code":
		refuse(http.StatusBadRequest, "unsupported_grant_type", "there is authorization_code")
		return
	case !found || i.config.Clock().After(granted.expires):
		refuse(http.StatusBadRequest, "invalid_grant", "the code is not known")
		return
	case granted.redirect != r.PostForm.Get("redirect_uri"):
		refuse(http.StatusBadRequest, "invalid_grant", "the redirect URI is another one")
		return
	case base64.RawURLEncoding.EncodeToString(sum[:]) != granted.challenge:
		refuse(http.StatusBadRequest, "invalid_grant", "the code verifier does not fit the challenge")
		return
	}
	access := rand.Text()
	i.tokens[access] = granted.subject
	text, err := i.idToken(granted)
	if err != nil {
		refuse(http.StatusInternalServerError, "server_error", err.Error())
		return
	}
	answer(w, http.StatusOK, map[string]any{"access_token": access, "token_type": "Bearer", "expires_in": 300, "id_token": text})
}

// isClient reports whether the client proves itself, in the header or in the form.
func (i *Issuer) isClient(r *http.Request) bool {
	id, secret := r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	if user, password, ok := r.BasicAuth(); ok {
		var userErr, passwordErr error
		id, userErr = url.QueryUnescape(user)
		secret, passwordErr = url.QueryUnescape(password)
		if userErr != nil || passwordErr != nil {
			return false
		}
	}
	return id == i.config.Client.ID && subtle.ConstantTimeCompare([]byte(secret), []byte(i.config.Client.Secret)) == 1
}

func (i *Issuer) idToken(granted grant) (string, error) {
	now := i.config.Clock()
	claims := jwt.MapClaims{}
	if person, found := i.person(granted.subject); found {
		maps.Copy(claims, person.Claims)
	}
	maps.Copy(claims, jwt.MapClaims{
		"iss": i.URL, "sub": granted.subject, "aud": i.config.Client.ID, "nonce": granted.nonce, "iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix(),
	})
	if i.config.Alter != nil {
		i.config.Alter(claims)
	}
	if i.config.Sign != nil {
		return i.config.Sign(claims), nil
	}
	token := jwt.NewWithClaims(jwt.SigningMethodRS256, claims)
	token.Header["kid"] = keyID
	return token.SignedString(i.key)
}

func (i *Issuer) person(subject string) (Person, bool) {
	for _, person := range i.config.People {
		if person.Subject == subject {
			return person, true
		}
	}
	return Person{}, false
}

// userInfo is the user info endpoint.
func (i *Issuer) userInfo(w http.ResponseWriter, r *http.Request) {
	bearer, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	subject, found := i.tokens[bearer]
	if !found {
		http.Error(w, "the access token is not known", http.StatusUnauthorized)
		return
	}
	claims := map[string]any{"sub": subject}
	if person, found := i.person(subject); found {
		maps.Copy(claims, person.Claims)
		maps.Copy(claims, person.Hidden)
	}
	answer(w, http.StatusOK, claims)
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // an error says that whoever asked is gone
}
