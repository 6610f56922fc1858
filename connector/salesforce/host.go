package salesforce

import (
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/usher-id/usher/connector"
)

// loginURL returns scheme and host to sign in at: those of the tenant URL, or the
// common host.
func loginURL(tenantURL, host string) (*url.URL, error) {
	tenantURL = strings.TrimSpace(tenantURL)
	if tenantURL == "" {
		return &url.URL{Scheme: "https", Host: host}, nil
	}
	if !strings.Contains(tenantURL, "://") {
		tenantURL = "https://" + tenantURL
	}
	u, err := url.Parse(tenantURL)
	switch {
	case err != nil || u.Host == "":
		return nil, invalidTenantURL("it is not a URL")
	case u.User != nil:
		return nil, invalidTenantURL("it holds credentials")
	}
	base, err := secureBase(u)
	if err != nil {
		return nil, invalidTenantURL(err.Error())
	}
	base.Host = apiHost(base.Host)
	return base, nil
}

func invalidTenantURL(why string) error {
	return &connector.Error{
		Kind: connector.Invalid, Code: codeInvalidTenantURL, Fields: []string{keyTenantURL},
		Message: "the Tenant URL cannot be used: " + why,
		Advice:  "Enter the My Domain URL of the org, such as https://contoso.my.salesforce.com.",
	}
}

// secureBase returns scheme and host of a URL that credentials may be sent to:
// https, or plain http to a loopback address.
func secureBase(u *url.URL) (*url.URL, error) {
	switch {
	case u.Scheme == "https":
	case u.Scheme == "http" && isLoopback(u.Hostname()):
	case u.Scheme == "http":
		return nil, fmt.Errorf("%s uses http, and credentials go over https alone", u.Host)
	default:
		return nil, fmt.Errorf("the scheme %q is neither https nor http", u.Scheme)
	}
	if u.Hostname() == "" {
		return nil, fmt.Errorf("%q names no host", u.Host)
	}
	return &url.URL{Scheme: u.Scheme, Host: strings.ToLower(u.Host)}, nil
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// apiHost turns the host of the user interface, which administrators copy from
// the address bar, into that of the API.
func apiHost(host string) string {
	for ui, api := range map[string]string{
		".lightning.force.com":     ".my.salesforce.com",
		".my.salesforce-setup.com": ".my.salesforce.com",
		".lightning.crmforce.mil":  ".my.salesforce.mil",
	} {
		if name, ok := strings.CutSuffix(host, ui); ok {
			return name + api
		}
	}
	return host
}
