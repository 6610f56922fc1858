package salesforce

import (
	"context"
	"encoding/xml"
	"net/http"
	"strings"
)

// soapVersion is the newest version with login(): Salesforce removed the call
// from 65.0 on, and retires it everywhere with the Summer '27 release.
const soapVersion = "64.0"

// loginResponse is the part of the partner WSDL's LoginResult that is used.
type loginResponse struct {
	Result *struct {
		PasswordExpired bool   `xml:"passwordExpired"`
		Sandbox         bool   `xml:"sandbox"`
		ServerURL       string `xml:"serverUrl"`
		SessionID       string `xml:"sessionId"`
		UserID          string `xml:"userId"`
		UserInfo        struct {
			OrganizationID string `xml:"organizationId"`
			UserName       string `xml:"userName"`
		} `xml:"userInfo"`
	} `xml:"Body>loginResponse>result"`
}

// soapLogin signs in with username, password and security token.
func (c *client) soapLogin(ctx context.Context) (session, error) {
	u := *c.account.host
	u.Path = "/services/Soap/u/" + soapVersion
	a, err := c.send(ctx, request{
		method: http.MethodPost, url: &u, body: loginEnvelope(c.options.Client, c.account.username, c.account.password+c.account.token),
		media: "text/xml; charset=UTF-8", soap: true,
	})
	if err != nil {
		return session{}, err
	}
	if f, ok := parseSOAPFault(a.body); ok {
		return session{}, c.failure(f)
	}
	if !a.ok() {
		return session{}, c.refusal(request{}, a)
	}
	var response loginResponse
	if err := xml.Unmarshal(a.body, &response); err != nil || response.Result == nil {
		return session{}, c.own(codeWrongHost, "the host does not answer like Salesforce", err)
	}
	result := response.Result
	if result.PasswordExpired {
		return session{}, c.failure(fault{ErrorCode: "INVALID_OPERATION_WITH_EXPIRED_PASSWORD", Message: "the password has expired"})
	}
	base, err := c.instance(result.ServerURL)
	if err != nil {
		return session{}, err
	}
	if result.SessionID == "" {
		return session{}, c.own(codeUnexpectedAnswer, "the sign-in gave no session", nil)
	}
	return session{
		token: result.SessionID, base: base, userID: longID(result.UserID), organization: longID(result.UserInfo.OrganizationID),
		username: result.UserInfo.UserName, sandbox: result.Sandbox, told: true,
	}, nil
}

// loginEnvelope writes the request of login(). The password is that of the user
// with the security token right behind it.
func loginEnvelope(client, username, password string) []byte {
	var b strings.Builder
	b.WriteString(xml.Header)
	b.WriteString(`<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:urn="urn:partner.soap.sforce.com">`)
	b.WriteString(`<soapenv:Header><urn:CallOptions><urn:client>`)
	writeEscaped(&b, client)
	b.WriteString(`</urn:client></urn:CallOptions></soapenv:Header><soapenv:Body><urn:login><urn:username>`)
	writeEscaped(&b, username)
	b.WriteString(`</urn:username><urn:password>`)
	writeEscaped(&b, password)
	b.WriteString(`</urn:password></urn:login></soapenv:Body></soapenv:Envelope>`)
	return []byte(b.String())
}

func writeEscaped(b *strings.Builder, text string) {
	_ = xml.EscapeText(b, []byte(text)) // a Builder takes everything
}
