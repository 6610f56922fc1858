package salesforcetest

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/usher-id/usher/connector/salesforce/unconfirmed"
)

// newSecurityToken makes what Salesforce would send to the user by e-mail.
func newSecurityToken() string { return rand.Text()[:24] }

// oauth answers /services/oauth2/….
func (o *Org) oauth(c *call, path []string) *answer {
	c.outcome.kind = "oauth"
	if len(path) != 1 {
		return refuse(notFound())
	}
	switch strings.ToLower(path[0]) {
	case "token":
		return o.issueToken(c)
	case "authorize":
		return o.authorize(c)
	case "revoke":
		return o.revoke(c)
	case "userinfo":
		return o.userinfo(c)
	case "introspect":
		return o.introspect(c)
	case "singleaccess":
		return o.singleAccess(c)
	}
	return refuse(notFound())
}

// oauthFault has the form of RFC 6749 and the texts of Salesforce.
func oauthFault(code, description string) *answer {
	return reply(http.StatusBadRequest, []member{{"error", code}, {"error_description", description}})
}

// invalidGrant is what most refusals are; only the description tells them apart.
func invalidGrant(description string) *answer {
	return oauthFault("invalid_grant", description)
}

// form reads the parameters of the body, and of the address as a fallback.
func (c *call) form() url.Values {
	values, err := url.ParseQuery(string(c.body))
	if err != nil {
		values = url.Values{}
	}
	for name, given := range c.query {
		if !values.Has(name) {
			values[name] = given
		}
	}
	return values
}

// issueToken answers the token endpoint.
func (o *Org) issueToken(c *call) *answer {
	c.outcome.kind = "token"
	if c.method != http.MethodPost {
		return oauthFault("invalid_request", "must use HTTP POST")
	}
	form := c.form()
	op := operation{name: "token", keys: []string{form.Get("username"), form.Get("client_id")}}
	if a := c.consult(o, op); a != nil {
		a.body = oauthFault("server_error", http.StatusText(a.status)).body
		return a
	}
	if refused := o.rowFault(op); refused != nil {
		return oauthFault(refused.code, refused.message)
	}
	grants := map[string]func(*call, url.Values) *answer{
		"client_credentials": o.clientCredentials, "password": o.passwordGrant, "refresh_token": o.refreshGrant, "authorization_code": o.codeGrant,
		"urn:ietf:params:oauth:grant-type:jwt-bearer": o.bearerGrant,
	}
	grant, known := grants[form.Get("grant_type")]
	if !known {
		return oauthFault("unsupported_grant_type", "grant type not supported")
	}
	return grant(c, form)
}

// application finds the client app and checks its secret, from the body or from
// Basic authentication.
func (o *Org) application(c *call, form url.Values, secretNeeded bool) (Application, *answer) {
	id, secret := form.Get("client_id"), form.Get("client_secret")
	request := http.Request{Header: c.header}
	if user, password, ok := request.BasicAuth(); ok {
		id, secret = user, password
	}
	for _, app := range o.config.Applications {
		if app.ClientID != id {
			continue
		}
		if (secretNeeded || secret != "") && subtle.ConstantTimeCompare([]byte(secret), []byte(app.ClientSecret)) == 0 {
			return Application{}, oauthFault("invalid_client", "invalid client credentials")
		}
		return app, nil
	}
	return Application{}, oauthFault("invalid_client_id", "client identifier invalid")
}

// clientCredentials signs in as the user that the app runs as. The common login
// hosts do not offer this grant, because they cannot tell which org is meant (Help:
// OAuth 2.0 Client Credentials Flow).
func (o *Org) clientCredentials(c *call, form url.Values) *answer {
	app, refused := o.application(c, form, true)
	if refused != nil {
		return refused
	}
	if isLoginHost(c.base) {
		return oauthFault("invalid_grant", "request not supported on this domain")
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	user := o.tables["User"].get(o.configured[strings.ToLower(app.RunAs)])
	if user == nil {
		return invalidGrant(unconfirmed.NoRunAsUser)
	}
	return o.grant(c, user, "")
}

// passwordGrant takes the password with the security token behind it, as SOAP does.
func (o *Org) passwordGrant(c *call, form url.Values) *answer {
	if _, refused := o.application(c, form, true); refused != nil {
		return refused
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.config.Settings.PasswordFlow || o.wrongLoginHost(c) { // Both are told alike.
		return invalidGrant("authentication failure")
	}
	user, fault := o.checkPassword(c, form.Get("username"), form.Get("password"))
	if fault != nil {
		return invalidGrant(fault.oauth)
	}
	return o.grant(c, user, "") // This flow gives no refresh token.
}

// refreshGrant issues another access token; the refresh token stays as it is.
func (o *Org) refreshGrant(c *call, form url.Values) *answer {
	app, refused := o.application(c, form, false)
	if refused != nil {
		return refused
	}
	token, known := o.sessions.findRefresh(form.Get("refresh_token"))
	if !known || token.clientID != app.ClientID {
		return invalidGrant("expired access/refresh token")
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.grant(c, o.tables["User"].get(token.user), "")
}

// bearerGrant checks an assertion that is signed with the key of the app (Help:
// OAuth 2.0 JWT Bearer Flow). Whoever is named in it needs to have approved the app
// beforehand; here every active user has.
func (o *Org) bearerGrant(c *call, form url.Values) *answer {
	claims := jwt.RegisteredClaims{}
	var app Application
	_, err := jwt.ParseWithClaims(form.Get("assertion"), &claims, func(*jwt.Token) (any, error) {
		for _, candidate := range o.config.Applications {
			if candidate.ClientID == claims.Issuer && candidate.Certificate != "" {
				app = candidate
				return publicKey(candidate.Certificate)
			}
		}
		return nil, jwt.ErrTokenUnverifiable
	}, jwt.WithValidMethods([]string{"RS256"}), jwt.WithExpirationRequired(), jwt.WithLeeway(time.Minute))
	switch {
	case app.ClientID == "" && claims.Issuer != "":
		return oauthFault("invalid_client_id", "client identifier invalid")
	case err != nil:
		return invalidGrant("invalid assertion")
	case !o.acceptsAudience(c, claims.Audience):
		return invalidGrant("audience is invalid")
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	user := o.userNamed(claims.Subject)
	if user == nil {
		return invalidGrant("user hasn't approved this consumer")
	}
	return o.grant(c, user, "")
}

// publicKey reads a certificate or a public key.
func publicKey(pem string) (*rsa.PublicKey, error) { return jwt.ParseRSAPublicKeyFromPEM([]byte(pem)) }

// acceptsAudience takes the login hosts, the own address, and the own token endpoint.
func (o *Org) acceptsAudience(c *call, audiences []string) bool {
	for _, audience := range audiences {
		audience = strings.TrimSuffix(strings.TrimSuffix(audience, "/"), "/services/oauth2/token")
		switch strings.TrimSuffix(audience, "/") {
		case "https://login.salesforce.com", "https://test.salesforce.com", c.base, "https://" + o.host():
			return true
		}
	}
	return false
}

// grant issues an access token. The caller holds the lock. The answer has no
// expires_in: clients learn of the end of a session when it has come.
func (o *Org) grant(c *call, user *record, refresh string) *answer {
	if fault := o.checkUser(c, user); fault != nil {
		return invalidGrant(fault.oauth)
	}
	o.noteLogin(user, "i", "Success")
	opened := o.open(user.id, false, false, o.config.Settings.SessionTimeout)
	identity := c.base + "/id/" + o.id + "/" + user.id
	issued := strconv.FormatInt(time.Now().UnixMilli(), 10)
	signature := hmac.New(sha256.New, []byte(o.id))
	signature.Write([]byte(identity + issued))
	members := []member{{"access_token", opened.token}}
	if refresh != "" {
		members = append(members, member{"refresh_token", refresh})
	}
	return reply(http.StatusOK, append(members,
		member{"signature", base64.StdEncoding.EncodeToString(signature.Sum(nil))}, member{"scope", "id api refresh_token"},
		member{"instance_url", o.instance(c)}, member{"id", identity}, member{"token_type", "Bearer"}, member{"issued_at", issued},
		member{"api_instance_url", "https://api.salesforce.com"}))
}

// revoke ends an access token or a refresh token.
func (o *Org) revoke(c *call) *answer {
	if !o.sessions.end(c.form().Get("token")) {
		return oauthFault("unsupported_token_type", "this token type is not supported")
	}
	return &answer{status: http.StatusOK}
}

// introspect tells an app about a token.
func (o *Org) introspect(c *call) *answer {
	form := c.form()
	if _, refused := o.application(c, form, true); refused != nil {
		return refused
	}
	user, _, ok := o.sessions.use(form.Get("token"))
	if !ok {
		return reply(http.StatusOK, []member{{"active", false}})
	}
	o.mu.RLock()
	defer o.mu.RUnlock()
	username, _ := o.tables["User"].get(user).stored(o.user.username)
	return reply(http.StatusOK, []member{{"active", true}, {"token_type", "access_token"}, {"username", username}, {"scope", "id api"}})
}

// singleAccess turns a token into an address that signs a browser in.
func (o *Org) singleAccess(c *call) *answer {
	if _, refused := o.authenticate(c); refused != nil {
		return refused
	}
	return reply(http.StatusOK, []member{{"frontdoor_uri", c.base + "/secur/frontdoor.jsp?otp=" + rand.Text()}})
}

// bearer reads the access token of a request.
func (c *call) bearer() (token string, given bool) {
	scheme, token, _ := strings.Cut(c.header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "Bearer") || strings.EqualFold(scheme, "OAuth") {
		return strings.TrimSpace(token), token != ""
	}
	return "", false
}

// authenticate finds the user of a request.
func (o *Org) authenticate(c *call) (user string, refused *answer) {
	token, given := c.bearer()
	if !given && c.header.Get("Authorization") == "" && c.query.Has("oauth_token") {
		token, given = c.query.Get("oauth_token"), true
	}
	if !given {
		if c.header.Get("Authorization") != "" {
			return "", refuse(newError(http.StatusUnauthorized, "INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE"))
		}
		return "", refuse(sessionExpired())
	}
	user, restricted, ok := o.sessions.use(token)
	switch {
	case !ok:
		return "", refuse(sessionExpired())
	case restricted:
		return "", refuse(newError(http.StatusUnauthorized, "INVALID_OPERATION_WITH_EXPIRED_PASSWORD", unconfirmed.PasswordExpired))
	}
	c.token = token
	return user, nil
}
