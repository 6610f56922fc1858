package salesforcetest

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/usher-id/usher/connector/salesforce/unconfirmed"
)

// Versions of the API that the org serves.
const (
	oldestVersion       = 31 // 21 to 30 are retired
	firstRetiredVersion = 21
	newestVersion       = 67
	lastSOAPLogin       = 64 // login() does not exist from 65.0
)

// soap answers the SOAP API: /services/Soap/{u|c|m}/VERSION[/ORG]. Faults come with
// status 500, whatever their reason (SOAP API Developer Guide, Handling Errors).
func (o *Org) soap(c *call, path []string) *answer {
	c.outcome.kind = "soap"
	if len(path) < 2 || c.method != http.MethodPost {
		return refuse(notFound())
	}
	if len(c.header.Values("SOAPAction")) == 0 {
		return missingAction()
	}
	s := soapCall{org: o, call: c, flavour: strings.ToLower(path[0]), version: path[1]}
	major, _, _ := strings.Cut(path[1], ".")
	number, err := strconv.Atoi(major)
	if err != nil || number < oldestVersion || number > newestVersion {
		return s.fault("UNSUPPORTED_API_VERSION", "Invalid Api version specified on URL", false)
	}
	s.number = number
	if s.body, err = readEnvelope(c.body); err != nil {
		return s.fault("UNKNOWN_EXCEPTION", "The request is not a SOAP envelope: "+err.Error(), false)
	}
	switch s.body.operation {
	case "login":
		return s.login()
	case "":
		return s.fault("INVALID_OPERATION", "No operation available for request", false)
	}
	return s.authenticated()
}

type soapCall struct {
	org     *Org
	call    *call
	flavour string // u: partner, c: enterprise, m: metadata
	version string
	number  int
	body    envelope
}

// envelope is what the org needs of a SOAP request: names without prefixes.
type envelope struct {
	operation string
	texts     map[string]string // by local name, from the header and the body
}

// readEnvelope accepts any prefixes and any order.
func readEnvelope(content []byte) (envelope, error) {
	decoder := xml.NewDecoder(bytes.NewReader(content))
	e := envelope{texts: map[string]string{}}
	var path []string
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			if e.operation == "" && len(e.texts) == 0 {
				return e, errors.New("no body")
			}
			return e, nil
		}
		if err != nil {
			return e, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			path = append(path, t.Name.Local)
			if len(path) == 3 && path[1] == "Body" {
				e.operation = t.Name.Local
			}
		case xml.EndElement:
			path = path[:len(path)-1]
		case xml.CharData:
			if len(path) > 3 {
				e.texts[path[len(path)-1]] += string(t)
			}
		}
	}
}

// namespace is that of the answers of the flavour that was asked.
func (s *soapCall) namespace() string {
	switch s.flavour {
	case "c":
		return "urn:enterprise.soap.sforce.com"
	case "m":
		return "http://soap.sforce.com/2006/04/metadata"
	}
	return "urn:partner.soap.sforce.com"
}

// faultNamespace is that of the details of faults.
func (s *soapCall) faultNamespace() string {
	if s.flavour == "c" {
		return "urn:fault.enterprise.soap.sforce.com"
	}
	return "urn:fault.partner.soap.sforce.com"
}

// fault writes a SOAP fault, which always comes with status 500.
func (s *soapCall) fault(code, message string, login bool) *answer {
	kind := "UnexpectedErrorFault"
	if login {
		kind = "LoginFault"
	}
	body := `<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:sf="` +
		s.faultNamespace() + `" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body><soapenv:Fault><faultcode>sf:` + code +
		`</faultcode><faultstring>` + escapeXML(code+": "+message) + `</faultstring><detail><sf:` + kind + ` xsi:type="sf:` + kind +
		`"><sf:exceptionCode>` + code + `</sf:exceptionCode><sf:exceptionMessage>` + escapeXML(message) +
		`</sf:exceptionMessage></sf:` + kind + `></detail></soapenv:Fault></soapenv:Body></soapenv:Envelope>`
	return &answer{status: http.StatusInternalServerError, body: []byte(body), contentType: "text/xml;charset=UTF-8"}
}

// missingAction refuses a request without the header SOAPAction, whose value does
// not matter. The words are those of the server below the API.
func missingAction() *answer {
	const body = `<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><soapenv:Fault>` +
		`<faultcode>soapenv:Client</faultcode><faultstring>SOAPAction HTTP header missing</faultstring></soapenv:Fault></soapenv:Body></soapenv:Envelope>`
	return &answer{status: http.StatusInternalServerError, body: []byte(body), contentType: "text/xml;charset=UTF-8"}
}

// result writes the answer of an operation.
func (s *soapCall) result(operation, content string) *answer {
	body := `<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns="` +
		s.namespace() + `" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body><` + operation + `Response>` + content +
		`</` + operation + `Response></soapenv:Body></soapenv:Envelope>`
	return &answer{status: http.StatusOK, body: []byte(body), contentType: "text/xml;charset=UTF-8"}
}

// escapeXML makes a text safe within an element.
func escapeXML(text string) string {
	var escaped bytes.Buffer
	_ = xml.EscapeText(&escaped, []byte(text)) // A buffer takes everything.
	return escaped.String()
}

// element writes one element; an empty value is nil.
func element(name, value string) string {
	if value == "" {
		return "<" + name + ` xsi:nil="true"/>`
	}
	return "<" + name + ">" + escapeXML(value) + "</" + name + ">"
}

// login signs in with a password and a security token, with nothing between the
// two (SOAP API Developer Guide, login). Why a sign-in is refused is told by the
// code; the text is nearly always the same, so as to help nobody who guesses.
func (s *soapCall) login() *answer {
	o, c := s.org, s.call
	c.outcome.kind = "login"
	if a := c.consult(o, operation{name: "login", keys: []string{s.body.texts["username"]}}); a != nil {
		return s.scheduled(a)
	}
	if refused := o.rowFault(operation{name: "login", keys: []string{s.body.texts["username"]}}); refused != nil {
		return s.fault(refused.code, refused.message, true)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case s.number > lastSOAPLogin || o.config.Settings.SOAPLoginDisabled:
		return s.fault("INVALID_LOGIN", unconfirmed.SOAPLoginRestricted, true)
	case o.wrongLoginHost(c):
		return s.fault("INVALID_LOGIN", invalidLogin, true)
	}
	user, refused := o.checkPassword(c, s.body.texts["username"], s.body.texts["password"])
	if refused != nil {
		return s.fault(refused.code, refused.message, true)
	}
	if o.tooManyLogins(user) {
		return s.fault("INVALID_LOGIN", unconfirmed.LoginRateExceeded, true)
	}
	o.noteLogin(user, "3", "Success")
	expired := o.signIn(user.id).expired
	opened := o.open(user.id, true, expired, o.config.Settings.SessionTimeout)
	server := func(flavour string) string {
		return o.instance(c) + "/services/Soap/" + flavour + "/" + s.version + "/" + o.id[:15]
	}
	return s.result("login", "<result>"+element("metadataServerUrl", server("m"))+element("passwordExpired", truth(expired))+
		element("sandbox", truth(o.config.Sandbox))+element("serverUrl", server(s.flavour))+element("sessionId", opened.token)+
		element("userId", user.id)+"<userInfo>"+s.userInfo(user)+"</userInfo></result>")
}

// wrongLoginHost tells whether the org cannot be signed in to at a common login
// host: sandboxes are at test.salesforce.com, others at login.salesforce.com,
// and an org may want its own domain only.
func (o *Org) wrongLoginHost(c *call) bool {
	if !isLoginHost(c.base) {
		return false
	}
	return o.config.Settings.MyDomainLoginOnly || o.config.Sandbox != strings.Contains(c.base, "://test.")
}

// scheduled gives an answer of the schedule of faults the form of SOAP.
func (s *soapCall) scheduled(a *answer) *answer {
	var told *answer
	switch a.status {
	case http.StatusInternalServerError:
		told = s.fault("UNKNOWN_EXCEPTION", "UNKNOWN_EXCEPTION: An unexpected error occurred.", false)
	case http.StatusForbidden:
		told = s.fault("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", false)
	case http.StatusServiceUnavailable:
		told = s.fault("SERVER_UNAVAILABLE", "SERVER_UNAVAILABLE", false)
		told.status = http.StatusServiceUnavailable
	default:
		return a
	}
	told.abort = true
	return told
}

// instance is the address that a client goes on with after its sign-in.
func (o *Org) instance(c *call) string {
	scheme, _, _ := strings.Cut(c.base, "://")
	if isLoginHost(c.base) {
		return scheme + "://" + o.host()
	}
	return c.base
}

// isLoginHost tells whether an address is one of the hosts that all orgs share.
func isLoginHost(base string) bool {
	_, host, _ := strings.Cut(base, "://")
	return strings.HasPrefix(host, "login.salesforce.com") || strings.HasPrefix(host, "test.salesforce.com")
}

// userInfo lists the elements in the order of the partner WSDL.
func (s *soapCall) userInfo(r *record) string {
	o := s.org
	t := o.schema.object("User")
	get := func(name string) string { return o.value(t, r, t.field(name)) }
	var b strings.Builder
	for _, e := range [][2]string{
		{"accessibilityMode", "false"},
		{"chatterExternal", truth(get("UserType") == "CsnOnly")},
		{"currencySymbol", "$"},
		{"orgAttachmentFileSizeLimit", "5242880"},
		{"orgDefaultCurrencyIsoCode", "USD"},
		{"orgDefaultCurrencyLocale", "en_US"},
		{"orgDisallowHtmlAttachments", "false"},
		{"orgHasPersonAccounts", "false"},
		{"organizationId", o.id},
		{"organizationMultiCurrency", "false"},
		{"organizationName", o.config.Name},
		{"profileId", get("ProfileId")},
		{"roleId", get("UserRoleId")},
		{"sessionSecondsValid", strconv.Itoa(int(o.config.Settings.SessionTimeout / time.Second))},
		{"userDefaultCurrencyIsoCode", ""},
		{"userEmail", get("Email")},
		{"userFullName", get("Name")},
		{"userId", r.id},
		{"userLanguage", get("LanguageLocaleKey")},
		{"userLocale", get("LocaleSidKey")},
		{"userName", get("Username")},
		{"userTimeZone", get("TimeZoneSidKey")},
		{"userType", get("UserType")},
		{"userUiSkin", "Theme3"},
	} {
		b.WriteString(element(e[0], e[1]))
	}
	return b.String()
}

// authenticated carries out the operations that need a session: the few that
// clients call around their sign-in. Data goes over REST.
func (s *soapCall) authenticated() *answer {
	o := s.org
	token := strings.TrimSpace(s.body.texts["sessionId"])
	user, restricted, ok := o.sessions.use(token)
	switch {
	case !ok:
		return s.fault("INVALID_SESSION_ID", "Invalid Session ID found in SessionHeader: Illegal Session", false)
	case restricted && s.body.operation != "setPassword":
		return s.fault("INVALID_OPERATION_WITH_EXPIRED_PASSWORD", unconfirmed.PasswordExpired, false)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	switch s.body.operation {
	case "logout":
		o.sessions.end(token)
		return s.result("logout", "")
	case "getUserInfo":
		return s.result("getUserInfo", "<result>"+s.userInfo(o.tables["User"].get(user))+"</result>")
	case "getServerTimestamp":
		return s.result("getServerTimestamp", "<result>"+element("timestamp", time.Now().UTC().Format("2006-01-02T15:04:05.000Z"))+"</result>")
	case "setPassword":
		target := o.tables["User"].get(strings.TrimSpace(s.body.texts["userId"]))
		if target == nil {
			return s.fault("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", false)
		}
		if err := o.setPassword(user, target, s.body.texts["password"]); err != nil {
			return s.fault(err.code, err.message, false)
		}
		return s.result("setPassword", "<result/>")
	case "describeMetadata":
		return s.result("describeMetadata", "<result>"+element("organizationNamespace", "")+element("partialSaveAllowed", "true")+
			element("testRequired", "false")+"</result>")
	}
	return s.fault("INVALID_OPERATION", fmt.Sprintf("No operation available for request {%s}%s", s.namespace(), s.body.operation), false)
}

// setPassword gives a user a password and ends the other sessions. The caller
// holds the lock. The security token changes with the password.
func (o *Org) setPassword(by string, target *record, password string) *apiError {
	if by != target.id && !o.may(by, permissionResetPasswords) {
		return newError(http.StatusForbidden, "INSUFFICIENT_ACCESS", unconfirmed.InsufficientAccess)
	}
	if len(password) < 8 {
		return newError(http.StatusBadRequest, "INVALID_NEW_PASSWORD", "Your password must be at least 8 characters long.")
	}
	s := o.signIns[target.id]
	if s.password == password {
		return newError(http.StatusBadRequest, "INVALID_NEW_PASSWORD", "invalid repeated password")
	}
	s.password, s.expired, s.failures, s.locked, s.passwordAt = password, false, 0, false, time.Now().UnixMilli()
	if s.token != "" {
		s.token = newSecurityToken()
	}
	o.signIns[target.id] = s
	o.endSessions(target.id)
	return nil
}
