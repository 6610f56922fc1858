package salesforce

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/usher-id/usher/connector"
)

// assertionLife is how long a JWT bearer assertion is valid; Salesforce allows a
// few minutes.
const assertionLife = 2 * time.Minute

// tokenResponse is the answer of the OAuth token endpoint.
type tokenResponse struct {
	AccessToken string `json:"access_token"`
	InstanceURL string `json:"instance_url"`
	ID          string `json:"id"` // https://login.salesforce.com/id/ORG/USER
}

// oauthLogin gets an access token by the flow that the credentials ask for.
func (c *client) oauthLogin(ctx context.Context) (session, error) {
	form, err := c.grant()
	if err != nil {
		return session{}, err
	}
	u := *c.account.host
	u.Path = "/services/oauth2/token"
	a, err := c.send(ctx, request{
		method: http.MethodPost, url: &u, body: []byte(form.Encode()), media: "application/x-www-form-urlencoded",
	})
	if err != nil {
		return session{}, err
	}
	if !a.ok() {
		if f, ok := parseOAuthFault(a.body); ok {
			return session{}, c.oauthFailure(f)
		}
		return session{}, c.refusal(request{}, a)
	}
	var response tokenResponse
	if err := json.Unmarshal(a.body, &response); err != nil || response.AccessToken == "" {
		return session{}, c.own(codeWrongHost, "the host does not answer like Salesforce", err)
	}
	base, err := c.instance(response.InstanceURL)
	if err != nil {
		return session{}, err
	}
	s := session{token: response.AccessToken, base: base, username: c.account.username}
	if c.account.method == methodClientCredentials {
		s.username = "" // the app decides whom it runs as
	}
	if parts := strings.Split(response.ID, "/"); len(parts) >= 2 {
		s.organization, s.userID = longID(parts[len(parts)-2]), longID(parts[len(parts)-1])
	}
	return s, nil
}

// grant makes the form of the token request. Secrets go into the body, never
// into the address.
func (c *client) grant() (url.Values, error) {
	form := url.Values{"client_id": {c.account.clientID}}
	switch c.account.method {
	case methodJWT:
		assertion, err := c.account.assertion(time.Now())
		if err != nil {
			return nil, c.own(codeInvalidPrivateKey, "the private key cannot sign", err)
		}
		return url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {assertion}}, nil
	case methodRefreshToken:
		form.Set("grant_type", "refresh_token")
		form.Set("refresh_token", c.account.refreshToken)
	case methodClientCredentials, methodPassword:
		form.Set("grant_type", "client_credentials")
	}
	if c.account.clientSecret != "" {
		form.Set("client_secret", c.account.clientSecret)
	}
	return form, nil
}

func (c *client) oauthFailure(f oauthFault) *connector.Error {
	e := lookupOAuth(f.Name, f.Description)
	return c.redacted(&connector.Error{
		Kind: e.kind, Code: e.productCode(), TargetCode: f.Name, Message: clean(f.Description), Advice: e.advice,
	})
}

// assertion makes the signed JWT of the bearer flow (RFC 7523, RS256).
func (a account) assertion(now time.Time) (string, error) {
	claims, err := json.Marshal(struct {
		Issuer   string `json:"iss"`
		Subject  string `json:"sub"`
		Audience string `json:"aud"`
		Expires  int64  `json:"exp"`
	}{a.clientID, a.username, a.host.String(), now.Add(assertionLife).Unix()})
	if err != nil {
		return "", fmt.Errorf("write claims: %w", err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	signed := encode([]byte(`{"alg":"RS256","typ":"JWT"}`)) + "." + encode(claims)
	digest := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, a.key, crypto.SHA256, digest[:])
	if err != nil {
		return "", fmt.Errorf("sign assertion: %w", err)
	}
	return signed + "." + encode(signature), nil
}

// parsePrivateKey reads an RSA key in PEM: PKCS #8 or PKCS #1. A key that came
// through an environment variable may have \n for its line breaks. The error
// says nothing of the content.
func parsePrivateKey(text string) (*rsa.PrivateKey, error) {
	block, _ := pem.Decode([]byte(strings.ReplaceAll(strings.TrimSpace(text), `\n`, "\n")))
	if block == nil {
		return nil, invalidKey("it is not in PEM form")
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, invalidKey("it is neither PKCS #8 nor PKCS #1, or it is encrypted")
	}
	key, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return nil, invalidKey("it is not an RSA key")
	}
	return key, nil
}

func invalidKey(why string) error {
	return &connector.Error{
		Kind: connector.Unauthorized, Code: codeInvalidPrivateKey, Fields: []string{keyPrivateKey},
		Message: "the private key cannot be used: " + why, Advice: ownEntry(codeInvalidPrivateKey).advice,
	}
}
