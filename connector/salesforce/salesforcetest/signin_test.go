package salesforcetest_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/usher-id/usher/connector/salesforce/salesforcetest"
)

// anonymous reaches an org without a token.
func anonymous(tb testing.TB, config salesforcetest.Config) *session {
	tb.Helper()
	org, err := salesforcetest.New(config)
	if err != nil {
		tb.Fatal(err)
	}
	return &session{t: tb, org: org, client: org.Client()}
}

// soap sends an operation of the partner API.
func (s *session) soap(version, header, body string) response {
	s.t.Helper()
	return s.do(http.MethodPost, "/services/Soap/u/"+version, `<?xml version="1.0"?><env:Envelope xmlns:env="http://schemas.xmlsoap.org/soap/envelope/" xmlns:p="urn:partner.soap.sforce.com"><env:Header>`+
		header+`</env:Header><env:Body>`+body+`</env:Body></env:Envelope>`, "Content-Type", "text/xml", "SOAPAction", `""`)
}

func (s *session) login(version, username, password string) response {
	s.t.Helper()
	var name, secret strings.Builder
	_ = xml.EscapeText(&name, []byte(username))
	_ = xml.EscapeText(&secret, []byte(password))
	return s.soap(version, "", "<p:login><p:username>"+name.String()+"</p:username><p:password>"+secret.String()+"</p:password></p:login>")
}

// between returns what stands in an XML element.
func between(text, element string) string {
	_, rest, _ := strings.Cut(text, "<"+element+">")
	inner, _, _ := strings.Cut(rest, "</"+element+">")
	return inner
}

func TestSOAPLoginGivesASessionForREST(t *testing.T) {
	t.Parallel()
	s := anonymous(t, salesforcetest.Config{})
	c := s.org.Credentials()
	answer := s.login("64.0", c.Username, c.Password+c.SecurityToken)
	if answer.status != http.StatusOK || between(answer.text, "passwordExpired") != "false" || between(answer.text, "sandbox") != "false" {
		t.Fatalf("login: %d %s", answer.status, answer.text)
	}
	s.token = between(answer.text, "sessionId")
	server := between(answer.text, "serverUrl")
	if !strings.HasPrefix(s.token, "00D") || !strings.HasPrefix(server, host+"/services/Soap/u/64.0/00D") {
		t.Errorf("session %q at %q", s.token, server)
	}
	if found := s.usernames(""); len(found) != 1 {
		t.Errorf("users: %v", found)
	}
	if again := s.login("64.0", c.Username, c.Password+c.SecurityToken); between(again.text, "sessionId") != s.token {
		t.Error("two logins of a user do not share the session")
	}
	info := s.soap("64.0", "<p:SessionHeader><p:sessionId>"+s.token+"</p:sessionId></p:SessionHeader>", "<p:getUserInfo/>")
	if between(info.text, "userName") != c.Username {
		t.Errorf("getUserInfo: %s", info.text)
	}
	s.soap("64.0", "<p:SessionHeader><p:sessionId>"+s.token+"</p:sessionId></p:SessionHeader>", "<p:logout/>")
	if after := s.do(http.MethodGet, data+"/limits", ""); after.code(t) != "INVALID_SESSION_ID" {
		t.Errorf("after logout: %d %s", after.status, after.text)
	}
}

func TestSOAPLoginFaults(t *testing.T) {
	t.Parallel()
	c := salesforcetest.Credentials{Username: salesforcetest.DefaultUsername, Password: salesforcetest.DefaultPassword, SecurityToken: salesforcetest.DefaultSecurityToken}
	tests := []struct {
		name, version, username, password, code string
		change                                  func(*testing.T, *salesforcetest.Org)
	}{
		{"wrong password", "64.0", c.Username, "nonsense", "INVALID_LOGIN", nil},
		{"unknown user", "64.0", "nobody@example.com", c.Password, "INVALID_LOGIN", nil},
		{"no token", "64.0", c.Username, c.Password, "LOGIN_MUST_USE_SECURITY_TOKEN", nil},
		{"stale token", "64.0", c.Username, c.Password + c.SecurityToken, "LOGIN_MUST_USE_SECURITY_TOKEN", func(t *testing.T, o *salesforcetest.Org) {
			t.Helper()
			if _, err := o.RotateSecurityToken(c.Username); err != nil {
				t.Error(err)
			}
		}},
		{"retired version", "30.0", c.Username, c.Password + c.SecurityToken, "UNSUPPORTED_API_VERSION", nil},
		{"version without login", "65.0", c.Username, c.Password + c.SecurityToken, "INVALID_LOGIN", nil},
		{"switched off", "64.0", c.Username, c.Password + c.SecurityToken, "INVALID_LOGIN", func(_ *testing.T, o *salesforcetest.Org) {
			o.SetSettings(salesforcetest.Settings{SOAPLoginDisabled: true})
		}},
		{"no API in the edition", "64.0", c.Username, c.Password + c.SecurityToken, "API_DISABLED_FOR_ORG", func(_ *testing.T, o *salesforcetest.Org) {
			o.SetSettings(salesforcetest.Settings{APIDisabled: true})
		}},
		{"no API for the profile", "64.0", c.Username, c.Password + c.SecurityToken, "API_CURRENTLY_DISABLED", func(t *testing.T, o *salesforcetest.Org) {
			t.Helper()
			if err := o.SetProfilePermission("System Administrator", "ApiEnabled", false); err != nil {
				t.Error(err)
			}
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := anonymous(t, salesforcetest.Config{})
			if test.change != nil {
				test.change(t, s.org)
			}
			answer := s.login(test.version, test.username, test.password)
			if answer.status != http.StatusInternalServerError || between(answer.text, "sf:exceptionCode") != test.code {
				t.Errorf("got %d %s, want %s", answer.status, answer.text, test.code)
			}
		})
	}
}

func TestRequestsThatAreNoSOAP(t *testing.T) {
	t.Parallel()
	s := anonymous(t, salesforcetest.Config{})
	const envelope = `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><login xmlns="urn:partner.soap.sforce.com"><username>a@b.example</username><password>%s</password></login></e:Body></e:Envelope>`
	tests := []struct {
		name, body string
		action     []string
		want       string
	}{
		{"no action", fmt.Sprintf(envelope, "x"), nil, "<faultcode>soapenv:Client</faultcode><faultstring>SOAPAction HTTP header missing</faultstring>"},
		{"an empty action", fmt.Sprintf(envelope, "x"), []string{"SOAPAction", ""}, "<faultcode>sf:INVALID_LOGIN</faultcode>"},
		{"a password that is not escaped", fmt.Sprintf(envelope, "a & b"), []string{"SOAPAction", "login"}, "<sf:UnexpectedErrorFault xsi:type=\"sf:UnexpectedErrorFault\"><sf:exceptionCode>UNKNOWN_EXCEPTION</sf:exceptionCode>"},
		{"half of an envelope", "<e:Envelope", []string{"SOAPAction", "login"}, "<sf:exceptionCode>UNKNOWN_EXCEPTION</sf:exceptionCode>"},
		{"JSON", `{"username":"a@b.example"}`, []string{"SOAPAction", "login"}, "<sf:exceptionCode>UNKNOWN_EXCEPTION</sf:exceptionCode>"},
	}
	for _, test := range tests {
		answer := s.do(http.MethodPost, "/services/Soap/u/64.0", test.body, append([]string{"Content-Type", "text/xml"}, test.action...)...)
		if answer.status != http.StatusInternalServerError || !strings.Contains(answer.text, test.want) {
			t.Errorf("%s: got %d %s, want %s", test.name, answer.status, answer.text, test.want)
		}
	}
}

func TestCommonLoginHostsLeadToTheOwnDomain(t *testing.T) {
	t.Parallel()
	config := salesforcetest.Default()
	config.Sandbox = true
	tests := []struct {
		name, host string
		config     salesforcetest.Config
		server     string
	}{
		{"production", "login.salesforce.com", salesforcetest.Default(), "https://simulated.my.salesforce.com/services/Soap/u/64.0/00D"},
		{"sandbox", "test.salesforce.com", config, "https://simulated--sbx.sandbox.my.salesforce.com/services/Soap/u/64.0/00D"},
		{"production at the host of sandboxes", "test.salesforce.com", salesforcetest.Default(), ""},
		{"sandbox at the host of production", "login.salesforce.com", config, ""},
		{"own domain wanted", "login.salesforce.com", salesforcetest.Config{Settings: salesforcetest.Settings{MyDomainLoginOnly: true}}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := anonymous(t, test.config)
			s.host = "https://" + test.host
			c := s.org.Credentials()
			answer := s.login("64.0", c.Username, c.Password+c.SecurityToken)
			if !strings.HasPrefix(between(answer.text, "serverUrl"), test.server) || (answer.status == http.StatusOK) != (test.server != "") {
				t.Errorf("got %d %s", answer.status, answer.text)
			}
		})
	}
}

func TestTooManyWrongPasswordsLockTheUserOut(t *testing.T) {
	t.Parallel()
	s := anonymous(t, salesforcetest.Config{Settings: salesforcetest.Settings{LockoutAttempts: 3}})
	c := s.org.Credentials()
	for range 3 {
		s.login("64.0", c.Username, "nonsense")
	}
	if answer := s.login("64.0", c.Username, c.Password+c.SecurityToken); between(answer.text, "sf:exceptionCode") != "PASSWORD_LOCKOUT" {
		t.Errorf("got %s", answer.text)
	}
}

func TestAnExpiredPasswordMustBeChangedFirst(t *testing.T) {
	t.Parallel()
	s := anonymous(t, salesforcetest.Config{})
	c := s.org.Credentials()
	if err := s.org.ExpirePassword(c.Username); err != nil {
		t.Fatal(err)
	}
	answer := s.login("64.0", c.Username, c.Password+c.SecurityToken)
	s.token = between(answer.text, "sessionId")
	if between(answer.text, "passwordExpired") != "true" {
		t.Errorf("login: %s", answer.text)
	}
	if refused := s.do(http.MethodGet, data+"/limits", ""); refused.code(t) != "INVALID_OPERATION_WITH_EXPIRED_PASSWORD" {
		t.Errorf("REST: %d %s", refused.status, refused.text)
	}
	header := "<p:SessionHeader><p:sessionId>" + s.token + "</p:sessionId></p:SessionHeader>"
	if refused := s.soap("64.0", header, "<p:getUserInfo/>"); between(refused.text, "sf:exceptionCode") != "INVALID_OPERATION_WITH_EXPIRED_PASSWORD" {
		t.Errorf("SOAP: %s", refused.text)
	}
	s.soap("64.0", header, "<p:setPassword><p:userId>"+between(answer.text, "userId")+"</p:userId><p:password>Another-Password-1</p:password></p:setPassword>")
	c = s.org.Credentials()
	if again := s.login("64.0", c.Username, "Another-Password-1"+c.SecurityToken); between(again.text, "passwordExpired") != "false" {
		t.Errorf("after the change: %s", again.text)
	}
}

// token asks for an access token.
func (s *session) askToken(fields ...string) response {
	s.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return s.do(http.MethodPost, "/services/oauth2/token", form.Encode(), "Content-Type", "application/x-www-form-urlencoded")
}

func TestOAuthFaults(t *testing.T) {
	t.Parallel()
	s := anonymous(t, salesforcetest.Config{})
	c := s.org.Credentials()
	tests := []struct {
		name, want string
		fields     []string
	}{
		{"unknown client", "invalid_client_id: client identifier invalid", []string{"grant_type", "client_credentials", "client_id", "x", "client_secret", "y"}},
		{"wrong secret", "invalid_client: invalid client credentials", []string{"grant_type", "client_credentials", "client_id", c.ClientID, "client_secret", "y"}},
		{"unknown grant", "unsupported_grant_type: grant type not supported", []string{"grant_type", "magic"}},
		{"wrong password", "invalid_grant: authentication failure", []string{"grant_type", "password", "client_id", c.ClientID, "client_secret", c.ClientSecret, "username", c.Username, "password", "x"}},
		{"unknown refresh token", "invalid_grant: expired access/refresh token", []string{"grant_type", "refresh_token", "client_id", c.ClientID, "refresh_token", "x"}},
		{"no assertion", "invalid_grant: invalid assertion", []string{"grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion", "x"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			answer := s.askToken(test.fields...)
			got := fmt.Sprint(answer.object(t)["error"], ": ", answer.object(t)["error_description"])
			if answer.status != http.StatusBadRequest || got != test.want {
				t.Errorf("got %d %s, want %s", answer.status, got, test.want)
			}
		})
	}
}

func TestPasswordAndRefreshGrants(t *testing.T) {
	t.Parallel()
	s := anonymous(t, salesforcetest.Config{})
	c := s.org.Credentials()
	answer := s.askToken("grant_type", "password", "client_id", c.ClientID, "client_secret", c.ClientSecret, "username", c.Username, "password", c.Password+c.SecurityToken).object(t)
	if answer["instance_url"] != host || answer["token_type"] != "Bearer" || answer["expires_in"] != nil {
		t.Errorf("answer: %v", answer)
	}
	s.org.ExpireSessions()
	refreshed := s.askToken("grant_type", "refresh_token", "client_id", c.ClientID, "refresh_token", s.org.IssueRefreshToken(c.Username)).object(t)
	s.token, _ = refreshed["access_token"].(string)
	info := s.do(http.MethodGet, "/services/oauth2/userinfo", "").object(t)
	if info["preferred_username"] != c.Username {
		t.Errorf("userinfo: %v", info)
	}
	identity := s.do(http.MethodGet, strings.TrimPrefix(refreshed["id"].(string), host), "").object(t)
	if identity["username"] != c.Username || identity["active"] != true {
		t.Errorf("identity: %v", identity)
	}
	s.do(http.MethodPost, "/services/oauth2/revoke", "token="+url.QueryEscape(s.token))
	if after := s.do(http.MethodGet, data+"/limits", ""); after.code(t) != "INVALID_SESSION_ID" {
		t.Errorf("after revoke: %s", after.text)
	}
}

func TestTheWebServerFlowWithAProofKey(t *testing.T) {
	t.Parallel()
	s := anonymous(t, salesforcetest.Config{})
	s.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c := s.org.Credentials()
	const redirect, verifier = "http://localhost:1717/callback", "a-long-and-random-verifier"
	hashed := sha256.Sum256([]byte(verifier))
	form := url.Values{
		"response_type": {"code"}, "client_id": {c.ClientID}, "redirect_uri": {redirect}, "state": {"s&1"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(hashed[:])}, "code_challenge_method": {"S256"},
	}
	page := s.do(http.MethodGet, "/services/oauth2/authorize?"+form.Encode(), "")
	if page.status != http.StatusOK || !strings.Contains(page.text, `name="state" value="s&amp;1"`) {
		t.Fatalf("form: %d %s", page.status, page.text)
	}
	form.Set("username", c.Username)
	form.Set("password", c.Password)
	signedIn := s.do(http.MethodPost, "/services/oauth2/authorize", form.Encode(), "Content-Type", "application/x-www-form-urlencoded")
	target, err := url.Parse(signedIn.header.Get("Location"))
	if err != nil || target.Query().Get("state") != "s&1" {
		t.Fatalf("redirect: %d %v", signedIn.status, signedIn.header)
	}
	exchange := []string{"grant_type", "authorization_code", "client_id", c.ClientID, "redirect_uri", redirect, "code", target.Query().Get("code"), "code_verifier", verifier}
	answer := s.askToken(exchange...).object(t)
	if answer["access_token"] == nil || answer["refresh_token"] == nil {
		t.Errorf("answer: %v", answer)
	}
	if again := s.askToken(exchange...).object(t); again["error_description"] != "expired authorization code" {
		t.Errorf("a code worked twice: %v", again)
	}
}

func TestJWTBearer(t *testing.T) {
	t.Parallel()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	public := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	s := anonymous(t, salesforcetest.Config{Applications: []salesforcetest.Application{{ClientID: "app", Certificate: public}}})
	tests := []struct{ name, issuer, subject, audience, want string }{
		{"login host", "app", salesforcetest.DefaultUsername, "https://login.salesforce.com", ""},
		{"sandbox login host", "app", salesforcetest.DefaultUsername, "https://test.salesforce.com", ""},
		{"own address", "app", salesforcetest.DefaultUsername, host, ""},
		{"token endpoint", "app", salesforcetest.DefaultUsername, host + "/services/oauth2/token", ""},
		{"other audience", "app", salesforcetest.DefaultUsername, "https://example.com", "audience is invalid"},
		{"unknown user", "app", "nobody@example.com", host, "user hasn't approved this consumer"},
		{"unknown app", "other", salesforcetest.DefaultUsername, host, "client identifier invalid"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			claims := jwt.RegisteredClaims{
				Issuer: test.issuer, Subject: test.subject, Audience: jwt.ClaimStrings{test.audience}, ExpiresAt: jwt.NewNumericDate(time.Now().Add(3 * time.Minute)),
			}
			assertion, err := jwt.NewWithClaims(jwt.SigningMethodRS256, claims).SignedString(key)
			if err != nil {
				t.Fatal(err)
			}
			answer := s.askToken("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion", assertion).object(t)
			if got, _ := answer["error_description"].(string); got != test.want || (answer["access_token"] == nil) != (test.want != "") {
				t.Errorf("got %v, want %q", answer, test.want)
			}
		})
	}
}

func TestSessionsTimeOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := signIn(t, salesforcetest.Config{})
		works := func() bool { return s.do(http.MethodGet, data+"/limits", "").status == http.StatusOK }
		time.Sleep(50 * time.Minute)
		if !works() {
			t.Error("a session ended within its life")
		}
		time.Sleep(65 * time.Minute) // The use in the first half did not count.
		if !works() {
			t.Error("a session ended before two hours without use")
		}
		time.Sleep(119 * time.Minute) // The use in the second half did.
		if !works() {
			t.Error("a session that was used ended")
		}
		time.Sleep(121 * time.Minute)
		if works() {
			t.Error("a session lived on without use")
		}
	})
}

func TestTheDailyLimitIsEnforcedForADay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := signIn(t, salesforcetest.Config{DailyLimit: 2})
		s.do(http.MethodGet, data+"/limits", "")
		s.do(http.MethodGet, data+"/limits", "")
		answer := s.do(http.MethodGet, data+"/limits", "")
		if answer.status != http.StatusForbidden || answer.code(t) != "REQUEST_LIMIT_EXCEEDED" || answer.header.Get("Retry-After") != "" {
			t.Errorf("got %d %s", answer.status, answer.text)
		}
		time.Sleep(25 * time.Hour)
		s = signInTo(t, s.org)
		if answer := s.do(http.MethodGet, data+"/limits", ""); answer.header.Get("Sforce-Limit-Info") != "api-usage=1/2" {
			t.Errorf("after a day: %d %v", answer.status, answer.header)
		}
	})
}

func TestDeactivatedAndFrozenUsersCannotSignIn(t *testing.T) {
	t.Parallel()
	config := salesforcetest.Default()
	config.Users = append(config.Users, salesforcetest.UserConfig{Username: "second@sim.example", Password: "Password-2", Profile: "System Administrator"})
	s := signIn(t, config)
	second := func() response { return s.login("64.0", "second@sim.example", "Password-2") }
	if answer := second(); answer.status != http.StatusOK {
		t.Fatal(answer.text)
	}
	login := s.query("SELECT Id, UserId FROM UserLogin WHERE User.Username = 'second@sim.example'")[0]
	path := data + "/sobjects/UserLogin/" + login["Id"].(string)
	if answer := s.do(http.MethodPatch, path, `{"IsFrozen":true}`); answer.status != http.StatusNoContent {
		t.Fatalf("freeze: %d %s", answer.status, answer.text)
	}
	if user, _ := s.org.User("second@sim.example"); !user.IsFrozen || !user.IsActive || second().status == http.StatusOK {
		t.Error("a frozen user can sign in")
	}
	s.do(http.MethodPatch, path, `{"IsFrozen":false}`)
	if answer := second(); answer.status != http.StatusOK {
		t.Error("a thawed user cannot sign in")
	}
	s.do(http.MethodPatch, data+"/sobjects/User/"+login["UserId"].(string), `{"IsActive":false}`)
	if second().status == http.StatusOK {
		t.Error("a deactivated user can sign in")
	}
}

// Profiles restrict when and from where their users sign in. The time is that of
// the bubble, which begins at midnight.
func TestSignInsOutsideOfHoursAndNetworks(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, hours, network, code, oauth string }{
		{"within", "00:00-06:00", "127.0.0.0/8", "", ""},
		{"over midnight", "22:00-06:00", "", "", ""},
		{"too early", "08:00-18:00", "", "LOGIN_DURING_RESTRICTED_TIME", "authentication failure"},
		{"over midnight, at another time", "22:00-00:00", "", "LOGIN_DURING_RESTRICTED_TIME", "authentication failure"},
		{"elsewhere", "", "10.0.0.0/8", "LOGIN_DURING_RESTRICTED_DOMAIN", "ip restricted"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				config := salesforcetest.Default()
				config.Profiles[0].LoginHours = test.hours
				if test.network != "" {
					config.Profiles[0].LoginRanges = []string{test.network}
				}
				s := anonymous(t, config)
				c := s.org.Credentials()
				if answer := s.login("64.0", c.Username, c.Password+c.SecurityToken); between(answer.text, "sf:exceptionCode") != test.code {
					t.Errorf("SOAP: %d %s", answer.status, answer.text)
				}
				form := url.Values{"grant_type": {"client_credentials"}, "client_id": {c.ClientID}, "client_secret": {c.ClientSecret}}
				answer := s.do(http.MethodPost, "/services/oauth2/token", form.Encode(), "Content-Type", "application/x-www-form-urlencoded")
				if told, _ := answer.object(t)["error_description"].(string); told != test.oauth {
					t.Errorf("OAuth: %d %s", answer.status, answer.text)
				}
			})
		})
	}
	for _, profile := range []salesforcetest.Profile{{LoginHours: "early"}, {LoginRanges: []string{"home"}}} {
		config := salesforcetest.Default()
		config.Profiles[0].LoginHours, config.Profiles[0].LoginRanges = profile.LoginHours, profile.LoginRanges
		if _, err := salesforcetest.New(config); err == nil || !strings.Contains(err.Error(), `profile "System Administrator": `) {
			t.Errorf("%+v: %v", profile, err)
		}
	}
}
