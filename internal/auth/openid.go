package auth

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/usher-id/usher/internal/store"
)

// OpenIDPath is where the provider sends browsers back to: the path of the redirect URL
// that is registered there.
const OpenIDPath = "/sign-in/openid"

const (
	// openIDLifetime is how long somebody may take at the provider.
	openIDLifetime = 15 * time.Minute
	// clockSkew is how much the clocks of the provider and of Usher may differ.
	clockSkew = 2 * time.Minute
	// maxProviderAnswer bounds what is read of an answer of the provider.
	maxProviderAnswer = 1 << 20
)

// OpenIDError says why somebody could not sign in with OpenID Connect.
type OpenIDError struct {
	Reason string // for people
	Err    error  // the cause, for the log; nil for none
}

// Error returns the reason with its cause.
func (e *OpenIDError) Error() string {
	if e.Err == nil {
		return e.Reason
	}
	return e.Reason + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *OpenIDError) Unwrap() error { return e.Err }

// OpenIDStart is how a sign-in with OpenID Connect begins.
type OpenIDStart struct {
	URL     string    // where to send the browser
	Cookie  string    // sealed; CompleteOpenID wants it back, from the same browser
	Expires time.Time // of the cookie
}

// openIDState is what the cookie holds.
type openIDState struct {
	State    string    `json:"state"`
	Nonce    string    `json:"nonce"`
	Verifier string    `json:"verifier"`
	Issuer   string    `json:"issuer"`
	Redirect string    `json:"redirect"`
	Next     string    `json:"next"`
	Expires  time.Time `json:"expires"`
}

// BeginOpenID begins a sign-in with the OpenID provider. The redirect URL is where the
// provider sends the browser back to, and has to be registered there; next is given
// back by CompleteOpenID. The error is an *OpenIDError, or that of the database.
func (p *People) BeginOpenID(ctx context.Context, redirectURL, next string) (OpenIDStart, error) {
	settings := p.Settings().OpenID
	provider, err := p.openProvider(ctx, settings)
	if err != nil {
		return OpenIDStart{}, err
	}
	state, _, err := newToken()
	if err != nil {
		return OpenIDStart{}, err
	}
	nonce, _, err := newToken()
	if err != nil {
		return OpenIDStart{}, err
	}
	kept := openIDState{
		State: state, Nonce: nonce, Verifier: oauth2.GenerateVerifier(), Issuer: settings.Issuer, Redirect: redirectURL, Next: next,
		Expires: time.Now().UTC().Add(openIDLifetime),
	}
	cookie, err := p.seal(ctx, kept)
	if err != nil {
		return OpenIDStart{}, err
	}
	address := oauthConfig(settings, provider, redirectURL).AuthCodeURL(state, oidc.Nonce(nonce), oauth2.S256ChallengeOption(kept.Verifier))
	return OpenIDStart{URL: address, Cookie: cookie, Expires: kept.Expires}, nil
}

func oauthConfig(settings store.OpenIDProvider, provider *oidc.Provider, redirectURL string) *oauth2.Config {
	scopes := settings.Scopes
	if scopes == nil {
		scopes = []string{"profile", "email"}
	}
	return &oauth2.Config{
		ClientID: settings.ClientID, ClientSecret: settings.ClientSecret.Reveal(), Endpoint: provider.Endpoint(), RedirectURL: redirectURL,
		Scopes: append([]string{oidc.ScopeOpenID}, scopes...),
	}
}

// CompleteOpenID ends a sign-in with the OpenID provider: with the cookie of
// BeginOpenID and the query with which the provider sent the browser back. It returns
// what BeginOpenID was given as next. Who is not known yet becomes an administrator, in
// the role that the claims give; the role of others follows the claims. The error is an
// *OpenIDError, or that of the database.
func (p *People) CompleteOpenID(ctx context.Context, cookie string, query url.Values, from Device) (session Session, next string, err error) {
	settings := p.Settings().OpenID
	state, err := p.unseal(ctx, cookie)
	if err != nil {
		return Session{}, "", err
	}
	if err := state.check(settings, query); err != nil {
		return Session{}, state.Next, p.deniedOpenID(ctx, err, from)
	}
	found, err := p.exchange(ctx, settings, state, query.Get("code"))
	if err != nil {
		return Session{}, state.Next, p.deniedOpenID(ctx, err, from)
	}
	administrator, err := p.provision(ctx, settings, found)
	if err != nil {
		return Session{}, state.Next, errors.Join(p.deniedOpenID(ctx, err, from), p.auditDenial(ctx, err, found, from))
	}
	session, err = p.begin(ctx, administrator, from, "with OpenID Connect of "+settings.Issuer)
	if errors.Is(err, ErrCredentials) {
		err = &OpenIDError{Reason: "the administrator was disabled or removed"}
	}
	return session, state.Next, err
}

// check compares what the provider sent back with what the browser was sent with.
func (s openIDState) check(settings store.OpenIDProvider, query url.Values) error {
	switch {
	case time.Now().After(s.Expires):
		return &OpenIDError{Reason: "the sign-in took too long; begin again"}
	case s.Issuer != settings.Issuer:
		return &OpenIDError{Reason: "the OpenID provider was changed meanwhile; begin again"}
	case subtle.ConstantTimeCompare([]byte(s.State), []byte(query.Get("state"))) != 1:
		return &OpenIDError{Reason: "the answer of the OpenID provider does not belong to this sign-in; begin again"}
	case query.Has("iss") && query.Get("iss") != s.Issuer: // RFC 9207
		return &OpenIDError{Reason: "the answer comes from another OpenID provider"}
	case query.Get("error") != "":
		reason := "the OpenID provider refuses the sign-in: " + shortened(query.Get("error"))
		if description := query.Get("error_description"); description != "" {
			reason += ": " + shortened(description)
		}
		return &OpenIDError{Reason: reason}
	case query.Get("code") == "":
		return &OpenIDError{Reason: "the answer of the OpenID provider holds no code"}
	}
	return nil
}

// shortened bounds what others wrote.
func shortened(text string) string {
	const most = 300
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "..."
	}
	return text
}

// claimSet is what the provider says of somebody.
type claimSet struct {
	issuer, subject string
	all             map[string]any
}

// exchange trades the code for an ID token, verifies it, and asks for what it lacks.
func (p *People) exchange(ctx context.Context, settings store.OpenIDProvider, state openIDState, code string) (claimSet, error) {
	provider, err := p.openProvider(ctx, settings)
	if err != nil {
		return claimSet{}, err
	}
	ctx = oidc.ClientContext(ctx, p.Client)
	token, err := oauthConfig(settings, provider, state.Redirect).Exchange(ctx, code, oauth2.VerifierOption(state.Verifier))
	if err != nil {
		return claimSet{}, exchangeError(err)
	}
	text, _ := token.Extra("id_token").(string)
	if text == "" {
		return claimSet{}, &OpenIDError{Reason: "the OpenID provider gives no ID token"}
	}
	verified, err := provider.Verifier(&oidc.Config{
		ClientID: settings.ClientID, Now: func() time.Time { return time.Now().Add(-clockSkew) },
	}).Verify(ctx, text)
	if err != nil {
		return claimSet{}, verifyError(err)
	}
	if subtle.ConstantTimeCompare([]byte(verified.Nonce), []byte(state.Nonce)) != 1 {
		return claimSet{}, &OpenIDError{Reason: "the ID token belongs to another sign-in; begin again"}
	}
	found := claimSet{issuer: verified.Issuer, subject: verified.Subject}
	if err := verified.Claims(&found.all); err != nil {
		return claimSet{}, &OpenIDError{Reason: "the ID token cannot be read", Err: err}
	}
	if verified.Subject == "" {
		return claimSet{}, &OpenIDError{Reason: "the ID token names no subject"}
	}
	return found, p.askForMore(ctx, settings, provider, token, found)
}

// exchangeError says what the token endpoint refused, without its whole answer.
func exchangeError(err error) error {
	refusal, ok := errors.AsType[*oauth2.RetrieveError](err)
	switch {
	case !ok:
		return &OpenIDError{Reason: "the token endpoint of the OpenID provider cannot be reached", Err: withoutAddress(err)}
	case refusal.ErrorCode == "invalid_client":
		return &OpenIDError{Reason: "the OpenID provider does not know the client id with this secret"}
	case refusal.ErrorCode != "":
		return &OpenIDError{Reason: "the OpenID provider refuses the code: " + shortened(refusal.ErrorCode+": "+refusal.ErrorDescription)}
	}
	return &OpenIDError{Reason: "the token endpoint of the OpenID provider answers " + refusal.Response.Status}
}

// withoutAddress takes the address away from an error of HTTP, which may be long.
func withoutAddress(err error) error {
	if failure, ok := errors.AsType[*url.Error](err); ok {
		return failure.Err
	}
	return err
}

func verifyError(err error) error {
	if expired, ok := errors.AsType[*oidc.TokenExpiredError](err); ok {
		return &OpenIDError{Reason: fmt.Sprintf("the ID token ended at %s, and here it is %s: the clocks of the OpenID provider and of Usher differ",
			expired.Expiry.UTC().Format(time.RFC3339), time.Now().UTC().Format(time.RFC3339))}
	}
	return &OpenIDError{Reason: "the ID token is not valid", Err: err}
}

// askForMore adds what the user info endpoint says, when the ID token lacks the name or
// the claim that gives the role.
func (p *People) askForMore(ctx context.Context, settings store.OpenIDProvider, provider *oidc.Provider, token *oauth2.Token, found claimSet) error {
	_, hasClaim := found.lookUp(settings.Claim)
	if provider.UserInfoEndpoint() == "" || found.text("preferred_username", "email") != "" && (settings.Claim == "" || hasClaim) {
		return nil
	}
	information, err := provider.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return &OpenIDError{Reason: "the user info endpoint of the OpenID provider does not answer", Err: withoutAddress(err)}
	}
	if information.Subject != found.subject {
		return &OpenIDError{Reason: "the user info endpoint of the OpenID provider answers for another subject"}
	}
	var more map[string]any
	if err := information.Claims(&more); err != nil {
		return &OpenIDError{Reason: "the answer of the user info endpoint cannot be read", Err: err}
	}
	for name, value := range more {
		if _, known := found.all[name]; !known {
			found.all[name] = value
		}
	}
	return nil
}

// knownProvider is a provider whose discovery document was read.
type knownProvider struct {
	issuer   string
	provider *oidc.Provider
	read     time.Time
}

// providerFresh is how long a discovery document is used. Keys are read when one is
// not known.
const providerFresh = time.Hour

// openProvider reads the discovery document of the provider, or returns the one that
// was read lately.
func (p *People) openProvider(ctx context.Context, settings store.OpenIDProvider) (*oidc.Provider, error) {
	if settings.Issuer == "" {
		return nil, &OpenIDError{Reason: "there is no OpenID provider in the settings"}
	}
	p.mutex.Lock()
	known := p.provider
	p.mutex.Unlock()
	if known.issuer == settings.Issuer && time.Since(known.read) < providerFresh {
		return known.provider, nil
	}
	provider, err := p.discover(ctx, settings.Issuer)
	if err != nil {
		return nil, err
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.provider = knownProvider{issuer: settings.Issuer, provider: provider, read: time.Now()}
	return provider, nil
}

func (p *People) discover(ctx context.Context, issuer string) (*oidc.Provider, error) {
	// The provider keeps the context for reading keys, so it must not end with the request.
	provider, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), p.Client), issuer)
	if err != nil {
		return nil, &OpenIDError{Reason: fmt.Sprintf("the OpenID provider %s does not give its discovery document", issuer), Err: withoutAddress(err)}
	}
	var metadata struct {
		AuthorizationEndpoint string `json:"authorization_endpoint"`
		TokenEndpoint         string `json:"token_endpoint"`
		Keys                  string `json:"jwks_uri"`
	}
	if err := provider.Claims(&metadata); err != nil || metadata.AuthorizationEndpoint == "" || metadata.TokenEndpoint == "" || metadata.Keys == "" {
		return nil, &OpenIDError{Reason: fmt.Sprintf("the discovery document of %s names no authorization endpoint, token endpoint or keys", issuer), Err: err}
	}
	return provider, nil
}

// CheckOpenID tries an OpenID provider as far as that goes without a person: it reads
// the discovery document. The error is an *OpenIDError.
func (p *People) CheckOpenID(ctx context.Context, provider store.OpenIDProvider) error {
	_, err := p.discover(ctx, provider.Issuer)
	return err
}

// newProviderClient makes the client that talks to the provider.
func newProviderClient() *http.Client {
	return &http.Client{Timeout: 10 * time.Second, Transport: boundedTransport{}}
}

// boundedTransport reads no more of an answer than maxProviderAnswer.
type boundedTransport struct{}

// RoundTrip implements http.RoundTripper.
func (boundedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := http.DefaultTransport.RoundTrip(r) //nolint:forbidigo // the client around it has a time limit
	if err == nil {
		response.Body = http.MaxBytesReader(nil, response.Body, maxProviderAnswer)
	}
	return response, err
}

// decodeState reads what a cookie holds.
func decodeState(plain []byte) (openIDState, error) {
	var state openIDState
	err := json.Unmarshal(plain, &state)
	return state, err
}
